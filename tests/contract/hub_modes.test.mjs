// How the simulated Hub of each provider proves itself to the bank, and misuses that on request.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
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

test('an access token that is near its end is renewed before it is used', async () => {
    const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    const move = async (offsetSeconds) => {
        const moved = await fetch(`${demo.adminBaseUrl}/operator/clock`, {
            method: 'PUT',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
            body: JSON.stringify({ offsetSeconds }),
        });
        assert.equal(moved.status, 204);
    };
    await move(295); // of 300
    try {
        assert.equal(await products('dhowcorporate'), 200);
        const requests = demo.serverLog().filter(({ event }) => ['token-request', 'request'].includes(event));
        assert.deepEqual(requests.slice(-2).map(({ event, status }) => [event, status]),
            [['token-request', 200], ['request', 200]]);
    } finally {
        await move(0);
    }
});

for (const kind of ['no-credential', 'wrong-credential', 'other-provider']) {
    test(`${kind}: refused as often as was asked for, then right again`, async () => {
        for (const providerId of ['dhowretail', 'dhowcorporate']) {
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

test('tools/call gets an access token', () => {
    const call = (...args) =>
        execFileSync(join(ROOT, 'tools/call'), ['--data', demo.dir, '--provider', 'dhowcorporate', ...args], {
            encoding: 'utf8',
        });
    assert.match(call('GET', '/customer'), /^200\n/);
    assert.match(call('--curl', 'GET', '/customer'), /Authorization: Bearer /);
});
