// Passwords, API keys and client secrets are gone from the server's memory once they were judged:
// all that the process can write to is searched for them.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { Customer, newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';

let demo;

before(async () => {
    demo = await startDemo();
});
after(() => demo?.stop());

const CLEARED_MS = 5000;
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

/** Where one of the texts stands in memory that the process can write to. */
function findInMemory(pid, ...texts) {
    const needles = texts.map((text) => Buffer.from(text));
    const found = [];
    const longest = Math.max(...needles.map(({ length }) => length));
    const piece = Buffer.alloc(PIECE + longest); // texts across two pieces are seen too
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
            const present = piece.subarray(0, got);
            for (const [number, needle] of needles.entries()) {
                for (let i = present.indexOf(needle); i >= 0; i = present.indexOf(needle, i + 1)) {
                    found.push(`text ${number}: ${name || 'heap or stack'} ${(at + BigInt(i)).toString(16)}`);
                }
            }
        }
    }
    closeSync(memory);
    return found;
}

/** A thread clears what it read once it has answered, which may be a little after the answer is here. */
async function assertGone(...texts) {
    const deadline = Date.now() + CLEARED_MS;
    let found;
    do {
        found = findInMemory(demo.serverPid, ...texts);
    } while (found.length > 0 && Date.now() < deadline);
    assert.deepEqual(found, []);
}

test('a password that was sent stays nowhere', async () => {
    const { users } = demo.providers.find(({ providerId }) => providerId === 'dhowretail');
    const customer = await Customer.arrive(demo, await newConsent(demo, ['ReadAccountsBasic']));
    const secret = `secret-${randomBytes(12).toString('hex')}`;
    const { problem } = await customer.signIn({ ...users[0], password: secret });
    assert.equal(problem, 'wrong-credentials');
    assert.equal((await customer.reachReview(users[0])).view, 'review');
    assert.ok(findInMemory(demo.serverPid, 'dhowretail').length > 0, 'memory can be searched');
    await assertGone(secret, `"password":"${users[0].password}"`);
});

/** What the Hub of a provider of this mode knows, read from the file that `demo` names. */
function secretOf(mode, fileOf) {
    const provider = demo.providers.find(({ callerAuth }) => callerAuth === mode);
    return { provider, secret: readFileSync(fileOf(provider), 'utf8').trim() };
}

const wrong = (secret) => randomBytes(secret.length).toString('hex').slice(0, secret.length);

test('API keys that were sent stay nowhere, the right one and a wrong one', async () => {
    const { provider, secret } = secretOf('api-key', ({ apiKeyFile }) => apiKeyFile);
    const client = new HubClient(demo, provider.providerId);
    const other = wrong(secret);
    assert.equal((await client.get('/accounts', { token: other })).status, 401);
    assert.notEqual((await client.get('/accounts', { token: secret })).status, 401);
    await assertGone(secret, other);
    client.close();
});

test('client secrets and access tokens that were sent stay nowhere', async () => {
    const { provider, secret } = secretOf('client-credentials', ({ token }) => token.clientSecretFile);
    const { clientId } = provider.token;
    const client = new HubClient(demo, provider.providerId);
    const other = wrong(secret);
    const askToken = (authorization, parameters) => client.send('POST', '/token', {
        headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
        content: new URLSearchParams({ grant_type: 'client_credentials', ...parameters }).toString(),
    });
    const basic = Buffer.from(`${clientId}:${secret}`).toString('base64');
    const { access_token: token } = (await askToken(`Basic ${basic}`)).json;
    await assertGone(token); // also out of what was sent
    assert.equal((await askToken([], { client_id: clientId, client_secret: other })).status, 401);
    assert.notEqual((await client.get('/accounts', { token })).status, 401);
    await assertGone(secret, other, basic, token);
    client.close();
});
