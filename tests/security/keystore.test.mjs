// The key store in good and bad days: how often the bank asks it, and what callers get meanwhile.
// The tests follow each other; the server keeps what it has learnt.
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';

const FAILURE_KEPT_MS = 1100; // how long the server answers from memory that the key store is down
const REFETCH_GAP_MS = 3100; // how far apart unknown kids cause fetches
const CROWD = 50;

// What the key store does at the moment, and how often it was asked.
const keyStore = { answer: null, requests: 0 };
const server = createServer((request, response) => {
    keyStore.requests++;
    keyStore.answer(response);
});
const answers = {
    serve: (response, keys = [...published.values()]) => response.end(JSON.stringify({ keys })),
    serveSlowly: (response) => setTimeout(() => answers.serve(response), 300),
    refuse: (response) => response.socket.destroy(),
    fail: (response) => response.writeHead(500).end(),
    redirect: (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    hang: () => {},
    garble: (response) => response.end('<html>'),
    serveNone: (response) => answers.serve(response, []),
    flood: (response) => response.end(`{"keys":[],"x":"${'x'.repeat(1_100_000)}"}`),
};
const published = new Map();

let demo;
let client;

function publish(kid, pem) {
    const jwk = createPublicKey(pem).export({ format: 'jwk' });
    published.set(kid, { ...jwk, use: 'sig', alg: 'PS256', kid });
}

before(async () => {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${server.address().port}/keys`;
    demo = await startDemo({
        adjustServer: `.caller.jwksOverride = "${address}" | del(.caller.jwksCa, .encryption.payeeVerdicts)
            | .caller.replayEntries = 1000`,
    });
    client = new HubClient(demo, 'dhowretail');
    publish(client.identity.kid, readFileSync(client.identity.signingKey));
    keyStore.answer = answers.serve;
});

after(async () => {
    client?.close();
    await demo?.stop();
    server.closeAllConnections();
    server.close();
});

async function send(token) {
    const interactionId = randomUUID();
    const [{ userId, accountIds }] = client.provider.users;
    const reply = await client.get('/accounts', {
        userId,
        query: { accountIds: accountIds.join(',') },
        token,
        headers: { 'o3-ozone-interaction-id': interactionId },
    });
    return { status: reply.status, json: reply.json, interactionId };
}

/** The replies with what the log says of them. It is read once: waiting for it takes a while. */
function explained(replies) {
    const lines = demo.serverLog();
    return replies.map(({ status, json, interactionId }) => {
        const { refused, detail } = lines.find(({ interaction }) => interaction === interactionId);
        return { status, json, refused, detail };
    });
}

async function ask(token) {
    return explained([await send(token)])[0];
}

// Does it, and says how often the key store was asked for it.
async function counting(action) {
    const before = keyStore.requests;
    const outcome = await action();
    return { outcome, requests: keyStore.requests - before };
}

async function crowd(makeToken) {
    return explained(
        await Promise.all(Array.from({ length: CROWD }, async () => send(await makeToken()))),
    );
}

for (const fault of ['refuse', 'fail', 'redirect', 'hang', 'garble', 'flood']) {
    test(`no keys at the start (${fault}): 500, try again`, async () => {
        keyStore.answer = answers[fault];
        const began = Date.now();
        const { outcome, requests } = await counting(() => ask());
        assert.ok(Date.now() - began < 4000);
        assert.deepEqual([outcome.status, outcome.refused], [500, 'JWKS-UNAVAILABLE']);
        assert.equal(outcome.json.errorCode, 'GenericRecoverableError');
        assert.doesNotMatch(outcome.json.errorMessage, /127\.0\.0\.1|http/);
        assert.ok(requests === 1 || requests === 2); // a broken connection may be tried once more
        await sleep(FAILURE_KEPT_MS);
    });
}

test('a dead key store is asked once for a crowd', async () => {
    keyStore.answer = answers.fail;
    const { outcome, requests } = await counting(() => crowd(() => client.token()));
    assert.deepEqual(new Set(outcome.map(({ status }) => status)), new Set([500]));
    assert.equal(requests, 1);
    await sleep(FAILURE_KEPT_MS);
});

test('bad tokens are refused without the key store', async () => {
    const { outcome, requests } = await counting(async () => [
        await ask(null),
        await ask('a.b.c'),
        await ask(await client.token({ claims: { aud: 'palmbank' } })),
    ]);
    assert.deepEqual(new Set(outcome.map(({ status }) => status)), new Set([401]));
    assert.equal(requests, 0);
});

test('fifty first callers share one fetch', async () => {
    keyStore.answer = answers.serveSlowly;
    const { outcome, requests } = await counting(() => crowd(() => client.token()));
    assert.deepEqual(new Set(outcome.map(({ status }) => status)), new Set([200]));
    assert.equal(requests, 1);
});

test('with the keys at hand the key store may be down', async () => {
    keyStore.answer = answers.refuse;
    const { outcome, requests } = await counting(() => ask());
    assert.equal(outcome.status, 200);
    assert.equal(requests, 0);
});

test('a token counts once where replays are remembered', async () => {
    const token = await client.token();
    assert.equal((await ask(token)).status, 200);
    const again = await ask(token);
    assert.deepEqual([again.status, again.refused], [401, 'JWT-REPLAY']);
});

async function reload(adjust) {
    const file = `${demo.dir}/server.json`;
    const config = JSON.parse(readFileSync(file, 'utf8'));
    adjust(config);
    writeFileSync(file, JSON.stringify(config));
    const reloads = () => demo.serverLog().filter(({ event }) => event.startsWith('reload'));
    const count = reloads().length;
    process.kill(demo.serverPid, 'SIGHUP');
    for (let i = 0; reloads().length === count && i < 100; i++) {
        await sleep(50);
    }
    assert.equal(reloads().at(-1).event, 'reloaded');
}

for (const [change, entries] of [['the same', 1000], ['more', 2000], ['less', 50]]) {
    test(`after a reload with ${change} room for token ids a used token stays used, and no key is fetched`, async () => {
        const token = await client.token();
        assert.equal((await ask(token)).status, 200);
        keyStore.answer = answers.refuse;
        const { outcome, requests } = await counting(async () => {
            await reload((config) => (config.caller.replayEntries = entries));
            return [await ask(token), await ask()];
        });
        assert.deepEqual(outcome.map(({ status, refused }) => [status, refused]),
            [[401, 'JWT-REPLAY'], [200, undefined]]);
        assert.equal(requests, 0);
    });
}

test('fifty callers with an unknown kid cause one fetch', async () => {
    keyStore.answer = answers.serveSlowly;
    const forge = () => client.token({ header: { kid: 'unknown' } });
    const { outcome, requests } = await counting(() => crowd(forge));
    assert.deepEqual(new Set(outcome.map(({ status }) => status)), new Set([401]));
    assert.deepEqual(new Set(outcome.map(({ refused }) => refused)), new Set(['JWT-KID-UNKNOWN']));
    assert.equal(requests, 1);
});

test('a newly published key waits a few seconds at most', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const key = `${demo.dir}/new-signing.key`;
    writeFileSync(key, pem);
    publish('new', pem);
    keyStore.answer = answers.serve;
    const askWithNew = () => client.token({ header: { kid: 'new' }, key }).then(ask);
    const early = await counting(askWithNew);
    assert.deepEqual([early.outcome.status, early.outcome.refused], [401, 'JWT-KID-UNKNOWN']);
    assert.equal(early.requests, 0);
    await sleep(REFETCH_GAP_MS);
    const late = await counting(askWithNew);
    assert.equal(late.outcome.status, 200);
    assert.equal(late.requests, 1);
});

// Moves the bank's clock so far that what it holds is too old.
let seconds = 0;
async function growOld() {
    seconds += 700;
    const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    const reply = await fetch(`${demo.adminBaseUrl}/operator/clock`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ offsetSeconds: seconds }),
    });
    assert.equal(reply.status, 204);
}

async function askLater(header) {
    const now = Math.floor(Date.now() / 1000) + seconds;
    return ask(await client.token({ header, claims: { iat: now, exp: now + 30 } }));
}

test('doubled and unusable entries of a key set fail nobody else', async () => {
    const good = published.get(client.identity.kid);
    const two = [published.get('new'), { ...good, kid: 'new' }];
    const others = Array.from({ length: 200 }, (_, i) => ({ ...good, use: 'enc', kid: `enc-${i}` }));
    keyStore.answer = (response) => answers.serve(response, [7, ...others, good, ...two, good]);
    await growOld();
    assert.equal((await askLater()).status, 200);
    const ambiguous = await askLater({ kid: 'new' });
    assert.deepEqual([ambiguous.status, ambiguous.refused], [401, 'JWT-KID-UNKNOWN']);
    const fetched = demo.serverLog().findLast(({ event }) => event === 'jwks-fetched');
    assert.deepEqual([fetched.keys, fetched.leftOut], [1, 202]);
    assert.match(fetched.reasons, /enc-0: use is not sig/);
});

test('a key set without a usable key: 401, and the log has the reason', async () => {
    keyStore.answer = answers.serveNone;
    await growOld();
    const outcome = await askLater();
    assert.deepEqual([outcome.status, outcome.refused], [401, 'JWT-KID-UNKNOWN']);
    assert.match(outcome.detail, /the key set has no usable key/);
});
