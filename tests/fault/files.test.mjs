// Files of payments that meet a fault: the process that reads one is killed, two come at once, one
// is cut, one is as large as may be. What was not answered counts for nothing, and can come again.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../journey/support.mjs';
import { startDemo } from '../support/demo.mjs';
import { FilePayer } from '../support/file_payer.mjs';
import { instructionsOf, painOf, writeLargePain } from '../support/files.mjs';
import { SecondInstance } from '../support/second.mjs';

const KILLS = process.env.LFI_LONG ? 100 : 8;
const INSTRUCTIONS = 1500;
const MIB = 1024 * 1024;
const LIMIT = 200 * MIB;
const LARGE_INSTRUCTIONS = 150_000;
const LARGE_MS = 240_000;
// Of the build with sanitizers, whose allocator keeps what was freed: far below the file's size.
const GROWTH_KIB = 32 * 1024;

const instructions = instructionsOf(INSTRUCTIONS, { minor: 2 });
const file = Buffer.from(painOf(instructions));
let demo;
let second;
let payer; // through the instance that is killed
let steady; // through the one that lives

before(async () => {
    demo = await startDemo();
    second = await SecondInstance.prepare(demo);
    await second.start();
    payer = await FilePayer.prepare(demo, second.demo);
    steady = await FilePayer.prepare(demo);
});

after(async () => {
    second?.child?.kill('SIGKILL'); // when a test has failed
    payer?.close();
    steady?.close();
    await demo?.stop();
});

const keptFiles = () => readdirSync(join(demo.dir, 'store/retail.payments/files'));
const uploadsOf = (pid) => keptFiles().filter((name) => name.startsWith(`${pid}-`));

/** Sends a part of the file and goes on when the instance has begun to read it. */
async function sendPart(consent, bytes) {
    let outgoing;
    const { pid } = second.child;
    const had = uploadsOf(pid).length;
    const ended = payer.stream(consent, { 'content-length': file.length }, (made) => {
        outgoing = made;
        outgoing.write(file.subarray(0, bytes));
    });
    await until(() => uploadsOf(pid).length > had, 'the upload is under way');
    return { outgoing, ended };
}

async function restart() {
    const { pid } = second.child;
    await second.end('SIGKILL');
    await second.start();
    return pid;
}

async function expectPaid(consent, count = INSTRUCTIONS) {
    await steady.authorize(consent);
    const made = await steady.pay(consent);
    assert.equal(made.status, 201, made.text);
    const end = await steady.processed(consent, made.json.data.id);
    assert.equal(end.openFinanceBilling.NumberOfSuccessfulTransactions, count);
}

async function expectNoFile(consent) {
    await steady.authorize(consent);
    const refused = await steady.pay(consent);
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.json.errorMessage, /No file was taken/);
}

test('kill -9 in the middle of an upload: nothing of it counts', async () => {
    const consent = await payer.waiting(file, instructions);
    const { ended } = await sendPart(consent, file.length >> 1);
    const pid = await restart();
    assert.ok((await ended).error, 'no answer');
    assert.deepEqual(uploadsOf(pid), [], 'nothing is left of the upload');
    await expectNoFile(consent);
});

test('kill -9 at any moment of an upload: it can be repeated, and is paid once', async (t) => {
    let answered = 0;
    for (let kill = 0; kill < KILLS; kill++) {
        const consent = await payer.waiting(file, instructions);
        const part = Math.ceil((file.length * (kill + 1)) / (KILLS + 1));
        const { outgoing, ended } = await sendPart(consent, part);
        if (kill % 2) {
            outgoing.end(file.subarray(part));
            await Promise.race([ended, sleep(5 * kill)]);
        }
        const pid = await restart();
        answered += (await ended).status === 204;
        assert.deepEqual(uploadsOf(pid), []);
        const again = await payer.upload(consent, file);
        assert.equal(again.status, 204, again.text);
        await expectPaid(consent);
    }
    t.diagnostic(`${KILLS} kills, ${answered} of them after the answer`);
    assert.ok(answered < KILLS, 'no kill met an upload');
});

test('what was answered with 204 before a kill is there', async () => {
    const consent = await payer.waiting(file, instructions);
    assert.equal((await payer.upload(consent, file)).status, 204);
    await restart();
    await expectPaid(consent);
});

test('two uploads at once by two instances, and a third that is cut', async () => {
    const consent = await payer.waiting(file, instructions);
    const half = file.length >> 1;
    const cut = await sendPart(consent, half);
    const slow = await sendPart(consent, half);
    const other = steady.stream(consent, { 'transfer-encoding': 'chunked' }, (outgoing) => outgoing.end(file));
    cut.outgoing.destroy();
    slow.outgoing.end(file.subarray(half));
    assert.ok((await cut.ended).error);
    assert.equal((await slow.ended).status, 204);
    assert.equal((await other).status, 204);
    await until(() => uploadsOf(second.child.pid).length === 0, 'the cut upload is forgotten');
    await expectPaid(consent);
});

const residentKib = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

/** Sends these bytes and watches the memory of the server while they are on the way. */
async function sendLarge(consent, chunks, headers, pid) {
    let most = residentKib(pid);
    const start = most;
    const timer = setInterval(() => (most = Math.max(most, residentKib(pid))), 20);
    const reply = await steady.stream(consent, headers, (outgoing) => {
        Readable.from(chunks).pipe(outgoing);
    });
    clearInterval(timer);
    return { ...reply, growth: most - start };
}

test('a file of 200 MiB is taken, one of a byte more is not, and memory stays', { timeout: LARGE_MS }, async (t) => {
    const pid = demo.serverPid;
    const { chunks, terms } = writeLargePain({ bytes: LIMIT, count: LARGE_INSTRUCTIONS });
    assert.equal(chunks.reduce((sum, { length }) => sum + length, 0), LIMIT);
    assert.equal(chunks.reduce((hash, chunk) => hash.update(chunk), createHash('sha256')).digest('base64'), terms.FileHash);
    await sleep(20); // for what ended while the file was written to be seen as ended
    const consent = await steady.stage(terms);
    const more = await sendLarge(consent, [...chunks, Buffer.from('\n')], { 'transfer-encoding': 'chunked' }, pid);
    assert.equal(more.status, 413, JSON.stringify(more));
    const declared = await steady.stream(consent, { 'content-length': LIMIT + 1 }, (outgoing) => outgoing.flushHeaders());
    assert.equal(declared.status, 413);
    const taken = await sendLarge(consent, chunks, { 'content-length': LIMIT }, pid);
    assert.equal(taken.status, 204, JSON.stringify(taken));
    t.diagnostic(`memory grew by ${more.growth} and ${taken.growth} KiB`);
    assert.ok(Math.max(more.growth, taken.growth) < GROWTH_KIB, `${more.growth}, ${taken.growth} KiB`);
    await expectPaid(consent, LARGE_INSTRUCTIONS);
});
