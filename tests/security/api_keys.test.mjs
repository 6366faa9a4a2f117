// API keys against the running server, and what a credential of one provider is worth at another.
// The catalogue is api-key-cases.json. A case says how GET /accounts differs from the good call:
//   provider      keyed (default), or prefixed, whose keys follow "ApiKey "
//   certificate   otherOrganisation: not the Hub's own
//   value         the Authorization headers; {key}, {next}, … stand for values
//   headers, query  more of them
// and what must come of it: status (401 by default), and in the log the id of the refusal.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubClient, makeToken } from '../support/client.mjs';
import { BUILD_DIR, startDemo } from '../support/demo.mjs';

const cases = JSON.parse(readFileSync(new URL('api-key-cases.json', import.meta.url), 'utf8'));
const PROVIDERS = { keyed: 'dhowprivate', prefixed: 'dhowbusiness' };
const REFUSED = { errorCode: 'GenericError', errorMessage: 'The request is not authenticated.' };
const folder = mkdtempSync(join(tmpdir(), 'lfi-api-keys-'));
const file = join(folder, 'keyed.keys');
const values = {};
const clients = {};
const connectKey = randomBytes(32);
let demo;

/** A line of the file of keys, made as its header says (server/caller/secrets.h). */
function lineOf(id, secret, { from = -600, to = 3_000_000, end = '' } = {}) {
    const salt = randomBytes(16);
    const hash = createHash('sha256').update(salt).update(secret).digest('base64url');
    const at = (seconds) => new Date(Date.now() + 1000 * seconds).toISOString();
    return `${id} ${salt.toString('base64url')} ${hash} ${at(from)} ${at(to)}${end}\n`;
}

function newKey(id) {
    const made = spawnSync(join(BUILD_DIR, 'bin/lfi-server'), ['key', 'new', '--file', file, '--id', id],
        { encoding: 'utf8' });
    assert.equal(made.status, 0, made.stderr);
    return made.stdout.trim();
}

function makeKeys() {
    for (const name of ['key', 'retired', 'expired', 'future', 'prefixed', 'other']) {
        values[name] = randomBytes(32).toString('base64url');
    }
    const { key } = values;
    const line = lineOf('first', key);
    writeFileSync(file, line + lineOf('gone', values.retired, { end: ' retired' }) +
        lineOf('over', values.expired, { to: -1 }) + lineOf('later', values.future, { from: 3000 }), { mode: 0o600 });
    writeFileSync(join(folder, 'prefixed.keys'), lineOf('soon-over', values.prefixed, { to: 864_000 }),
        { mode: 0o600 });
    Object.assign(values, {
        next: newKey('second'),
        line: line.trim(),
        hash: line.split(' ')[2],
        basic: Buffer.from(`hub:${key}`).toString('base64'),
        short: key.slice(0, -1),
        changed: (key[0] === 'A' ? 'B' : 'A') + key.slice(1),
        swapped: key.replace(/[a-z]/gi, (c) => (c < 'a' ? c.toLowerCase() : c.toUpperCase())),
        spaced: `${key.slice(0, 20)} ${key.slice(20)}`,
        long256: 'k'.repeat(256),
        long257: 'k'.repeat(257),
    });
}

before(async () => {
    makeKeys();
    const auths = {
        dhowprivate: { mode: 'api-key', apiKeys: { file }, connectTokens: true },
        dhowbusiness: { mode: 'api-key', apiKeys: { file: join(folder, 'prefixed.keys'), prefix: 'ApiKey ' } },
        dhowinsurance: { mode: 'mtls' },
    };
    const connectTokenKey = join(folder, 'connect.key');
    writeFileSync(connectTokenKey, connectKey, { mode: 0o600 });
    demo = await startDemo({
        adjustServer: `.caller.connectTokenKey = ${JSON.stringify(connectTokenKey)}
            | .providers |= map(${JSON.stringify(auths)}[.id] as $auth
            | if $auth then .callerAuth = $auth else . end)`,
    });
    for (const { providerId } of demo.providers) {
        clients[providerId] = new HubClient(demo, providerId);
    }
    clients.otherOrganisation = new HubClient(demo, PROVIDERS.keyed, { identity: demo.rogue.otherOrganisation });
});

after(async () => {
    Object.values(clients).forEach((client) => client.close());
    await demo?.stop();
    rmSync(folder, { recursive: true });
});

const fill = (text) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

async function callAccounts(providerId, { certificate, value, headers = {}, query = '' }) {
    const { users } = demo.providers.find((provider) => provider.providerId === providerId);
    const { userId, accountIds } = users.find((user) => user.accountIds.length > 0) ?? users[0];
    const interactionId = randomUUID();
    const reply = await clients[certificate ?? providerId].call('GET', '/accounts', {
        userId,
        query: `accountIds=${accountIds.join(',')}&${fill(query)}`,
        token: null,
        headers: {
            ...Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, fill(text)])),
            authorization: value.length > 0 ? value.map(fill) : undefined,
            'o3-provider-id': providerId,
            'o3-aspsp-id': providerId,
            'o3-ozone-interaction-id': interactionId,
        },
    });
    return { reply, interactionId };
}

const logOf = () => readFileSync(join(demo.dir, 'server.log'), 'utf8');
const logged = (event) => logOf().trim().split('\n').filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line)).filter((line) => line.event === event);

async function refusedOf(interactionId) {
    for (let i = 0; i < 50; i++) {
        const line = logged('request').find(({ interaction }) => interaction === interactionId);
        if (line) {
            return line.refused;
        }
        await sleep(20);
    }
    return assert.fail(`no line of ${interactionId} in the log`);
}

for (const it of cases) {
    test(it.name, async () => {
        const { reply, interactionId } = await callAccounts(PROVIDERS[it.provider ?? 'keyed'], it);
        assert.equal(reply.status, it.status ?? 401, reply.text);
        if (reply.status === 401) {
            assert.deepEqual(reply.json, REFUSED);
        }
        assert.equal(await refusedOf(interactionId), it.refused);
    });
}

// --- providers of different modes ----------------------------------------------------------------

/** Authorization as each provider's own Hub sends it. */
const credentials = {
    dhowretail: async () => [`Bearer ${await makeToken(clients.dhowretail.identity, 'dhowretail')}`],
    dhowprivate: async () => [values.key],
    dhowbusiness: async () => [`ApiKey ${values.prefixed}`],
    dhowcorporate: async () => [`Bearer ${await clients.dhowcorporate.token()}`],
    dhowinsurance: async () => [],
};

test('each Hub is let in by its own credential', async () => {
    for (const [providerId, credential] of Object.entries(credentials)) {
        const { reply } = await callAccounts(providerId, { value: await credential() });
        assert.notEqual(reply.status, 401, `${providerId}: ${reply.text}`);
    }
});

test('a credential of one provider is worth nothing at another', async () => {
    for (const [from, credential] of Object.entries(credentials)) {
        for (const to of Object.keys(credentials)) {
            if (from !== to && to !== 'dhowinsurance') { // its certificate is all that is asked for
                const { reply } = await callAccounts(to, { value: await credential(), certificate: from });
                assert.equal(reply.status, 401, `${from} at ${to}: ${reply.text}`);
                assert.deepEqual(reply.json, REFUSED);
            }
        }
    }
});

test('a key at a provider that is not served gets no more than 403', async () => {
    const { reply } = await callAccounts('dhowprivate', { value: ['{key}'], headers: {} });
    assert.equal(reply.status, 200);
    for (const [value, status] of [[values.key, 403], [values.other, 403]]) {
        // A provider of mode mtls is served too: its certificate lets every Hub's caller come this far.
        const answer = await clients.dhowprivate.call('GET', '/accounts', {
            token: null, headers: { authorization: value, 'o3-provider-id': 'nobody' },
        });
        assert.equal(answer.status, status, answer.text);
    }
});

test('a ConnectToken opens POST /payments alone, under its own consent', async () => {
    const consentId = randomUUID();
    const tokenOf = (provider, consent) => createHmac('sha256', connectKey)
        .update(`connect-token\0${provider}\0${consent}`).digest('base64url');
    const ask = async (method, path, token, providerId = 'dhowprivate') => {
        const headers = { authorization: `Bearer ${token}` };
        const body = method === 'POST' ? {} : undefined;
        return (await clients[providerId].call(method, path, { consentId, token: null, headers, body })).status;
    };
    values.connectToken = tokenOf('dhowprivate', consentId);
    assert.notEqual(await ask('POST', '/payments', values.connectToken), 401);
    for (const [method, path, token, provider] of [
        ['POST', '/payments', tokenOf('dhowprivate', randomUUID())],
        ['POST', '/payments', tokenOf('dhowbusiness', consentId)],
        ['POST', '/payments', values.connectToken.slice(1)],
        ['POST', '/payments', tokenOf('dhowbusiness', consentId), 'dhowbusiness'], // takes none
        ['GET', '/accounts', values.connectToken],
        ['GET', `/payments/${randomUUID()}`, values.connectToken],
    ]) {
        assert.equal(await ask(method, path, token, provider), 401, `${method} ${path} ${provider}`);
    }
});

// --- rotation ------------------------------------------------------------------------------------

test('an old key in use after the new one is logged once', async () => {
    await callAccounts('dhowprivate', { value: ['{next}'] });
    for (let i = 0; i < 3; i++) {
        const { reply } = await callAccounts('dhowprivate', { value: ['{key}'] });
        assert.equal(reply.status, 200);
    }
    const { interactionId } = await callAccounts('dhowprivate', { value: ['{next}'] });
    await refusedOf(interactionId);
    const lines = logged('secret-old');
    assert.deepEqual(lines.map(({ provider, secret }) => [provider, secret]), [['dhowprivate', 'first']]);
});

test('keys that expire soon are reported by log and metrics, with the days left', async () => {
    const metrics = await (await fetch(`${demo.adminBaseUrl}/metrics`)).text();
    assert.match(metrics, /^lfi_secret_days_left\{setting="providers\[1\]\.callerAuth\.apiKeys\.file",subject="soon-over",serial=""\} (9|10)$/m);
    assert.match(metrics, /^lfi_secret_days_left\{setting="providers\[2\]\.callerAuth\.apiKeys\.file",subject="second",serial=""\} (399|400)$/m);
    assert.doesNotMatch(metrics, /subject="(gone|over)"/);
    const warned = logged('configuration').map(({ cause }) => cause).join('\n');
    assert.match(warned, /the last secret, soon-over, ends in (9|10) days/);
    assert.doesNotMatch(warned, /the last secret, (first|second)/);
    assert.match(metrics, /^lfi_refused_api_key_total [1-9]/m);
});

test('a reload takes new keys and ends retired ones', async () => {
    const third = newKey('third');
    const retired = spawnSync(join(BUILD_DIR, 'bin/lfi-server'), ['key', 'retire', '--file', file, '--id', 'first'],
        { encoding: 'utf8' });
    assert.equal(retired.status, 0, retired.stderr);
    assert.equal((await callAccounts('dhowprivate', { value: [third] })).reply.status, 401);
    process.kill(demo.serverPid, 'SIGHUP');
    for (let i = 0; logged('reloaded').length === 0 && i < 100; i++) {
        await sleep(50);
    }
    assert.equal((await callAccounts('dhowprivate', { value: [third] })).reply.status, 200);
    assert.equal((await callAccounts('dhowprivate', { value: ['{key}'] })).reply.status, 401);
    assert.equal((await callAccounts('dhowprivate', { value: ['{next}'] })).reply.status, 200);
    values.third = third;
});

test('no key is in a log, a metric or an explanation', async () => {
    const metrics = await (await fetch(`${demo.adminBaseUrl}/metrics`)).text();
    const authorization = `Bearer ${readFileSync(demo.operatorTokenFile, 'utf8').trim()}`;
    const explained = await (await fetch(`${demo.adminBaseUrl}/explain`, { headers: { authorization } })).text();
    const everything = logOf() + metrics + explained;
    assert.ok(explained.length > 100);
    for (const name of ['key', 'next', 'third', 'retired', 'expired', 'future', 'prefixed', 'short', 'hash',
        'connectToken']) {
        assert.ok(!everything.includes(values[name]), name);
    }
});
