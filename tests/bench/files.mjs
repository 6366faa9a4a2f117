// What a file of payments costs the whole server, from the TLS record to the flushed disk, against
// a running demonstration, beside the core's reader alone:
//
//   node files.mjs DEMO-FOLDER OUT-FOLDER READER [TIMES] [COUNT] [MIB]
//
// Sends a pain.001 of COUNT instructions and MIB mebibytes (100,000 and 96) TIMES (3), each under a
// consent of its own, and pays the last. READER is the program bench-files. Prints one JSON object:
// megabytes a second by the clock and by the server's processor time, the reader's own, how much the
// server's memory grew at most while a file came, and how long a file took to be processed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FilePayer } from '../support/file_payer.mjs';
import { PAIN, writeLargePain } from '../support/files.mjs';

const [dir, out, reader, times = '3', count = '100000', mib = '96'] = process.argv.slice(2);
const POLL_MS = 5;
const bytes = Number(mib) * 1024 * 1024;
const demo = JSON.parse(readFileSync(join(dir, 'demo.json'), 'utf8'));
const pid = demo.serverPid;
demo.portBase = Number(new URL(demo.hub.baseUrl).port) - 10; // as tools/run lays ports out

/** KiB of the server's memory: all of it, and what is no mapped file. */
function memory() {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const read = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]);
    return { all: read('VmRSS'), own: read('RssAnon') };
}

/** Seconds of processor time that the server has used. */
function processorTime() {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const ns = tasks.map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]));
    return ns.reduce((sum, one) => sum + one, 0) / 1e9;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

async function send(payer, { chunks, terms }) {
    const consent = await payer.stage(terms);
    const before = memory();
    const most = { ...before };
    const timer = setInterval(() => {
        const { all, own } = memory();
        most.all = Math.max(most.all, all);
        most.own = Math.max(most.own, own);
    }, POLL_MS);
    const cpu = processorTime();
    const begun = performance.now();
    const reply = await payer.stream(consent, { 'content-length': bytes }, (outgoing) => Readable.from(chunks).pipe(outgoing));
    const seconds = (performance.now() - begun) / 1000;
    const spent = processorTime() - cpu;
    clearInterval(timer);
    assert.equal(reply.status, 204, JSON.stringify(reply));
    return {
        consent,
        byClock: bytes / 1e6 / seconds,
        byProcessor: bytes / 1e6 / spent,
        grewKib: most.all - before.all,
        grewOwnKib: most.own - before.own,
    };
}

async function pay(payer, consent) {
    await payer.authorize(consent);
    const made = await payer.pay(consent);
    assert.equal(made.status, 201, made.text);
    const cpu = processorTime();
    const end = await payer.processed(consent, made.json.data.id);
    assert.equal(end.openFinanceBilling.NumberOfSuccessfulTransactions, Number(count));
    return processorTime() - cpu;
}

const large = writeLargePain({ bytes, count: Number(count) });
const file = join(out, 'payments.xml');
writeFileSync(file, Buffer.concat(large.chunks));
const alone = JSON.parse(execFileSync(reader, [file, PAIN], { encoding: 'utf8' }));
const payer = await FilePayer.prepare(demo);
const samples = [];
for (let i = 0; i < Number(times); i++) {
    samples.push(await send(payer, large));
}
const processingS = await pay(payer, samples.at(-1).consent);
payer.close();
const of = (name) => median(samples.map((sample) => sample[name]));
console.log(JSON.stringify({
    bytes, count: Number(count), reader: alone.reader, hashed: alone.hashed,
    byClock: of('byClock'), byProcessor: of('byProcessor'),
    grewKib: Math.max(...samples.map(({ grewKib }) => grewKib)),
    grewOwnKib: Math.max(...samples.map(({ grewOwnKib }) => grewOwnKib)),
    firstKib: samples[0].grewKib,
    processingS,
}));
