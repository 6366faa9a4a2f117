// How the simulated Hub of each provider proves itself to the bank, and misuses that on request.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ahead } from '../support/clock.mjs';
import { ROOT, startDemo } from '../support/demo.mjs';

let demo;
before(async () => {
    // Two more ways on one listener: the certificate alone, and the demo's own.
    const insurance = '(.PART[] | select(.id? == "dhowinsurance" or .providerId? == "dhowinsurance")).callerAuth';
    demo = await startDemo({
        adjustServer: `${insurance.replace('PART', 'providers')} = {mode: "mtls"}`,
        adjustHub: `${insurance.replace('PART', 'hubs')} = {mode: "mtls"}`,
    });
});
after(() => demo?.stop());

async function post(path, body, method = 'POST') {
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(demo.hub.baseUrl + path, { method, headers, body: body && JSON.stringify(body) });
    return { status: reply.status, json: reply.status === 204 ? null : await reply.json() };
}

const products = async (providerId) => {
    const { json } = await post('/sim/call', { providerId, method: 'GET', path: '/products' });
    return json.status;
};

test('every Hub gets in by its own mode', async () => {
    for (const { providerId } of demo.providers) {
        assert.equal(await products(providerId), 200, providerId);
    }
});

test('an access token serves many calls', async () => {
    const issued = demo.serverLog().filter(({ event }) => event === 'token-request').length;
    assert.equal(issued, 1);
    for (let i = 0; i < 3; i++) {
        assert.equal(await products('dhowcorporate'), 200);
    }
    assert.equal(demo.serverLog().filter(({ event }) => event === 'token-request').length, issued);
});

/** The last requests to the bank, the oldest first. */
const lastRequests = (count) =>
    demo.serverLog().filter(({ event }) => ['token-request', 'request'].includes(event))
        .slice(-count).map(({ event, status }) => [event, status]);

test('an access token that is near its end is renewed before it is used', () =>
    ahead(demo, 295, async () => { // of 300
        assert.equal(await products('dhowcorporate'), 200);
        assert.deepEqual(lastRequests(2), [['token-request', 200], ['request', 200]]);
    }));

test('an access token that the bank refuses is replaced, and the call made again', () =>
    ahead(demo, 600, async () => {
        assert.equal((await post('/sim/faults', { target: 'caller', kind: 'expired-token', times: 1 })).status, 204);
        assert.equal(await products('dhowcorporate'), 200);
        assert.deepEqual(lastRequests(3), [['request', 401], ['token-request', 200], ['request', 200]]);
    }));

test('expired-token: a signed one is refused, then right again', async () => {
    assert.equal((await post('/sim/faults', { target: 'caller', kind: 'expired-token', times: 1 })).status, 204);
    assert.equal(await products('dhowretail'), 401);
    assert.equal(await products('dhowretail'), 200);
});

test('retired-key: refused, then right again', async () => {
    assert.equal((await post('/sim/faults', { target: 'caller', kind: 'retired-key', times: 1 })).status, 204);
    assert.equal(await products('dhowprivate'), 401);
    assert.equal(await products('dhowprivate'), 200);
});

for (const kind of ['no-credential', 'wrong-credential', 'other-provider']) {
    test(`${kind}: refused as often as was asked for, then right again`, async () => {
        for (const providerId of ['dhowretail', 'dhowprivate', 'dhowcorporate']) {
            assert.equal((await post('/sim/faults', { target: 'caller', kind, times: 2 })).status, 204);
            assert.equal(await products(providerId), 401, providerId);
            assert.equal(await products(providerId), 401, providerId);
            assert.equal(await products(providerId), 200, providerId);
        }
    });
}

test('a kind of another target is refused', async () => {
    for (const [target, kind] of [['caller', 'down'], ['heimdall', 'no-credential']]) {
        assert.equal((await post('/sim/faults', { target, kind })).status, 400);
    }
});

for (const [providerId, header] of [
    ['dhowcorporate', /'Authorization: Bearer /],
    ['dhowprivate', /'Authorization: (?!Bearer )/],
]) {
    test(`tools/call proves itself to ${providerId}`, () => {
        const call = (...args) =>
            execFileSync(join(ROOT, 'tools/call'), ['--data', demo.dir, '--provider', providerId, ...args], {
                encoding: 'utf8',
            });
        assert.match(call('GET', '/customer'), /^200\n/);
        assert.match(call('--curl', 'GET', '/customer'), header);
    });
}
