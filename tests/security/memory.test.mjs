// A password is gone from the server's memory once it was judged: all that the process can write
// to is searched for it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Customer, newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';

let demo;

before(async () => {
    demo = await startDemo();
});
after(() => demo?.stop());

const PIECE = 16 * 1024 * 1024;
const SHADOW = 8n << 30n; // larger mappings are a sanitizer's own: most of their pages do not exist

/** The writable mappings of a process but for the store's files: [from, to, name]. */
function mappings(pid) {
    return readFileSync(`/proc/${pid}/maps`, 'utf8')
        .split('\n')
        .map((line) => /^(\w+)-(\w+) rw\S+ \S+ \S+ \S+\s*(.*)$/.exec(line))
        .filter((found) => found && !found[3].endsWith('.mdb'))
        .map(([, from, to, name]) => [BigInt(`0x${from}`), BigInt(`0x${to}`), name])
        .filter(([from, to]) => to - from < SHADOW);
}

/** Where the text stands in memory that the process can write to. */
function findInMemory(pid, text) {
    const needle = Buffer.from(text);
    const found = [];
    const piece = Buffer.alloc(PIECE + needle.length); // texts across two pieces are seen too
    const memory = openSync(`/proc/${pid}/mem`, 'r');
    for (const [from, to, name] of mappings(pid)) {
        for (let at = from; at < to; at += BigInt(PIECE)) {
            const wanted = Number(to - at < BigInt(piece.length) ? to - at : BigInt(piece.length));
            let got;
            try {
                got = readSync(memory, piece, 0, wanted, at);
            } catch {
                break; // unmapped meanwhile
            }
            for (let i = piece.indexOf(needle); i >= 0 && i < got; i = piece.indexOf(needle, i + 1)) {
                found.push(`${name || 'heap or stack'} ${(at + BigInt(i)).toString(16)}`);
            }
        }
    }
    closeSync(memory);
    return found;
}

test('a password that was sent stays nowhere', async () => {
    const { users } = demo.providers.find(({ providerId }) => providerId === 'dhowretail');
    const customer = await Customer.arrive(demo, await newConsent(demo, ['ReadAccountsBasic']));
    const secret = `secret-${randomBytes(12).toString('hex')}`;
    const { problem } = await customer.signIn({ ...users[0], password: secret });
    assert.equal(problem, 'wrong-credentials');
    assert.equal((await customer.reachReview(users[0])).view, 'review');
    assert.ok(findInMemory(demo.serverPid, 'dhowretail').length > 0, 'memory can be searched');
    assert.deepEqual(findInMemory(demo.serverPid, secret), []);
    assert.deepEqual(findInMemory(demo.serverPid, `"password":"${users[0].password}"`), []);
});
