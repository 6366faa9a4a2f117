// Callers who send the costliest credentials that are refused, as fast as they can: others notice them
// no more than as many callers who are let in.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubClient, hubHeaders, makeToken } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';

const CONNECTIONS = 8; // of the callers who are refused
const CALLS = process.env.LFI_LONG ? 1000 : 40; // of the one who is measured, beside each of them
const METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

let demo;
let honest;
let others;
const hubs = {};

before(async () => {
    demo = await startDemo({
        adjustServer: `.providers |= map(if .callerAuth.clients
            then .callerAuth.clients.methods = ${JSON.stringify(METHODS)} else . end)`,
    });
    for (const provider of demo.providers) {
        hubs[provider.callerAuth] ??= provider;
    }
    honest = new HubClient(demo, hubs.jwt.providerId);
    others = fork(new URL('../support/repeat.mjs', import.meta.url).pathname);
});

after(async () => {
    honest?.close();
    others?.kill();
    await demo?.stop();
});

/** A read by that Hub. */
function read({ providerId, users }, authorization, more) {
    const { userId, accountIds: [id] } = users.find(({ accountIds }) => accountIds.length > 0);
    const path = `/accounts/${id}/balances`;
    const headers = { ...hubHeaders({ providerId, userId, path }), authorization, ...more };
    return { method: 'GET', path, headers };
}

/** A request of the token endpoint. */
function askToken(parameters) {
    return {
        method: 'POST',
        path: '/token',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        content: new URLSearchParams({ grant_type: 'client_credentials', ...parameters }).toString(),
    };
}

const rogueKey = () => demo.rogue.otherOrganisation.signingKey;

function signedByAnother({ providerId }) {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: providerId, sub: providerId, iat: now, exp: now + 60, jti: randomUUID() };
    return makeToken(hubs['client-credentials'], demo.ozoneConnect.baseUrl,
        { claims, header: { typ: 'JWT', cty: undefined }, key: rogueKey() });
}

/** What each of them sends, by whose certificate, and how it is answered. */
async function makeWays() {
    const { jwt, 'api-key': keyed, 'client-credentials': client } = hubs;
    const bearer = async (options) => `Bearer ${await honest.token(options)}`;
    const unknownKid = await bearer({ header: { kid: 'unknown' } });
    const forged = await bearer({ key: rogueKey() });
    const assertion = {
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await signedByAnother(client),
    };
    const secret = { client_id: client.token.clientId, client_secret: 'x'.repeat(8000) };
    return {
        'a header of 64 KB': [431, jwt, read(jwt, `Bearer ${'x'.repeat(65_536)}`)],
        'a kid that is in no key set': [401, jwt, read(jwt, unknownKid)],
        'a token signed by another': [401, jwt, read(jwt, forged)],
        'a token for no provider': [401, jwt, read(jwt, forged, { 'o3-provider-id': 'nobody' })],
        'a wrong API key': [401, keyed, read(keyed, 'k'.repeat(256))],
        'a made up access token': [401, client, read(client, `Bearer ${'x'.repeat(4096)}`)],
        'a wrong client secret': [401, client, askToken(secret)],
        'an assertion signed by another': [401, client, askToken(assertion)],
    };
}

/** The middle time of a read by the honest caller, in ms. */
async function measure() {
    const times = [];
    for (let i = 0; i < CALLS; i++) {
        const { method, path, headers } = read(hubs.jwt, `Bearer ${await honest.token()}`);
        const begun = performance.now();
        const { status, text } = await honest.send(method, path, { headers });
        times.push(performance.now() - begun);
        assert.equal(status, 200, text);
    }
    return times.sort((a, b) => a - b)[CALLS / 2];
}

/** The honest caller's time while others send `what`; every answer to them must have this status. */
async function measureBeside(name, { clientCert, clientKey }, status, what) {
    let told = {};
    const listen = (message) => (told = message.name === name ? message.statuses : told);
    others.on('message', listen);
    others.send({ base: demo.ozoneConnect.baseUrl, ca: demo.ozoneConnect.caFile, cert: clientCert,
        key: clientKey, count: CONNECTIONS, name, ...what });
    for (let i = 0; !told[status]; i++) {
        assert.ok(i < 500, `${name} is not answered by ${status}: ${JSON.stringify(told)}`);
        await sleep(20);
    }
    const ms = await measure();
    others.off('message', listen);
    others.send(null);
    assert.deepEqual(Object.keys(told), [`${status}`]);
    return { ms, answers: told[status] };
}

test('a caller who is refused slows others no more than one who is let in', async (t) => {
    t.diagnostic(`alone: ${(await measure()).toFixed(1)} ms`);
    const keyed = new HubClient(demo, hubs['api-key'].providerId);
    const letIn = await measureBeside('let in', hubs['api-key'], 200, read(hubs['api-key'], keyed.token()));
    t.diagnostic(`beside ${letIn.answers} answers to who is let in: ${letIn.ms.toFixed(1)} ms`);
    for (const [way, [status, hub, what]] of Object.entries(await makeWays())) {
        const { ms, answers } = await measureBeside(way, hub, status, what);
        t.diagnostic(`beside ${answers} refusals of ${way}: ${ms.toFixed(1)} ms`);
        assert.ok(ms < 5 * letIn.ms + 20, `${way}: ${ms} ms instead of ${letIn.ms}`);
    }
});
