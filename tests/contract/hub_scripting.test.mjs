// The simulator's calls for scripts: what the help says is there, and what a request may hold.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { HUB_SIM, startHub } from './hub_support.mjs';

const STANDARD_TYPE = 'urn:openfinanceuae:account-access-consent:v2.1';
const CALLS = [
    'GET /sim/consents', 'POST /sim/consents', 'GET /sim/consents/{consentId}',
    'GET /sim/consents/{consentId}/payments', 'POST /sim/consents/{consentId}/payments',
    'POST /sim/consents/{consentId}/file', 'GET /sim/consents/{consentId}/payments/{paymentId}/report',
    'GET /sim/consents/{consentId}/events', 'GET /tpp/app/consents', 'POST /tpp/app/consents', 'POST /tpp/app/arrivals',
    'GET /tpp/app/consents/{consentId}', 'POST /tpp/app/reads', 'POST /tpp/app/payments', 'POST /tpp/app/payees', 'GET /sim/callbacks/{state}', 'POST /sim/call',
    'POST /sim/send', 'POST /sim/caap/journeys', 'POST /sim/caap/calls', 'POST /sim/caap/decisions',
    'POST /sim/payee-check', 'POST /sim/faults', 'DELETE /sim/faults', 'GET /sim/switches',
    'PATCH /sim/switches', 'GET /sim/setup',
    'GET /sim/places', 'GET /sim/findings', 'GET /sim/exchanges', 'GET /tpp/callback', 'POST /tpp/webhook',
    'GET /keystore/participants',
    'GET /keystore/{OU}/{CN}/application.jwks', 'GET /keystore/{softwareStatementId}/application.jwks',
    'GET /keystore/organisations/{OrganisationId}/softwarestatements/{softwareStatementId}/assertion',
];

let hub;
before(async () => (hub = await startHub()));
after(() => hub?.stop());

const create = (more) =>
    hub.script('POST', '/sim/consents', {
        providerId: 'dhowretail', type: 'data-sharing', consent: { Permissions: ['ReadAccountsBasic'] }, ...more,
    });

test('the help names every call, and every call that it names is answered', async () => {
    const { status, stdout } = spawnSync(HUB_SIM, ['--help'], { encoding: 'utf8' });
    assert.equal(status, 0);
    const named = [...stdout.matchAll(/^ {2}([A-Z]+) +(\/\S+)\n {9}\S/gm)].map(([, method, path]) => `${method} ${path}`);
    assert.deepEqual(named, CALLS);
    for (const call of named.filter((one) => one.includes('/sim/'))) {
        const [method, path] = call.split(' ');
        const body = method === 'POST' ? {} : undefined;
        const { json } = await hub.script(method, path.replace(/\{\w+\}/, 'x'), body);
        assert.notEqual(json?.errorCode, 'SIM-ROUTE', call);
    }
});

test('a site whose name was made to point here reaches nothing', async () => {
    const { port, hostname } = new URL(hub.url);
    const call = (method, path, host) => new Promise((resolve, reject) => { // fetch decides on Host itself
        const sent = request({ method, port, hostname, path, agent: false, headers: { host } }, (got) => {
            got.resume().on('end', () => resolve(got.statusCode));
        });
        sent.once('error', reject).end();
    });
    for (const [method, path, status] of [['GET', '/', 200], ['GET', '/sim/setup', 200], ['DELETE', '/sim/faults', 204]]) {
        for (const host of ['localhost', `LOCALHOST:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
            assert.equal(await call(method, path, host), status, `${method} ${path} ${host}`);
        }
        for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '127.0.0.1.evil.example']) {
            assert.equal(await call(method, path, host), 421, `${method} ${path} ${host}`);
        }
    }
});

test('a body that a call does not take is left alone', async () => {
    const { port, hostname } = new URL(hub.url);
    for (const [method, path, status] of [['GET', '/sim/consents', 200], ['DELETE', '/sim/faults', 204]]) {
        const reply = await new Promise((resolve, reject) => { // fetch sends no body with GET
            const call = request({ method, port, hostname, path, agent: false }, (got) => got.resume().on('end', () => resolve(got)));
            call.once('error', reject).end('no JSON');
        });
        assert.equal(reply.statusCode, status, `${method} ${path}`);
    }
});

test('a refusal names the right methods, or where the list of paths is', async () => {
    for (const [method, path, allow] of [
        ['DELETE', '/sim/consents', 'GET, POST'], ['PUT', '/sim/faults', 'POST, DELETE'],
        ['POST', '/sim/consents/x', 'GET'], ['POST', '/tpp/callback', 'GET'], ['POST', '/', 'GET'],
    ]) {
        const reply = await fetch(hub.url + path, { method });
        assert.equal(reply.status, 405, `${method} ${path}`);
        assert.equal(reply.headers.get('allow'), allow);
        assert.equal((await reply.text()).includes('SIM-METHOD'), path !== '/');
    }
    for (const path of ['/sim/', '/sim/none', '/sim/setup/', '/sim/consents/x/y', '/sim/consents/']) {
        const { status, json } = await hub.script('GET', path);
        assert.equal(status, 404, path);
        assert.equal(json.errorCode, 'SIM-ROUTE');
        assert.match(json.errorMessage, /hub-sim --help lists them/);
    }
});

test('parameters are checked as bodies are', async () => {
    const { consentId } = (await create()).json;
    for (const [since, status] of [['0', 200], ['7', 200], ['-1', 400], ['x', 400], ['1&since=2', 400]]) {
        const { status: got, json } = await hub.script('GET', `/sim/consents/${consentId}?since=${since}`);
        assert.equal(got, status, since);
        assert.equal(json.errorCode, status === 200 ? undefined : 'SIM-PARAMETER');
    }
    assert.equal((await hub.script('GET', '/sim/consents/%zz')).status, 400);
});

test("the standard's type makes a consent like the short one", async () => {
    const consent = {
        ConsentId: '7b1f7e0c-3a52-4e0e-9c1d-0c4c5b7f1a01',
        Permissions: ['ReadAccountsBasic'],
        ExpirationDateTime: new Date(Date.now() + 86_400_000).toISOString(),
        OpenFinanceBilling: { UserType: 'Retail', Purpose: 'AccountAggregation' },
    };
    const { status, json } = await create({ type: STANDARD_TYPE, consent });
    assert.equal(status, 201, JSON.stringify(json));
    assert.equal(json.consentId, consent.ConsentId);
    assert.equal((await create({ type: 'urn:openfinanceuae:account-access-consent:v9' })).status, 400);
});

test('the address for people holds what the Hub needs and no probe', async () => {
    const query = async (more) => [...new URL((await create(more)).json.authorizeUrl).searchParams.keys()];
    const needed = ['client_id', 'response_type', 'scope', 'request_uri'];
    assert.deepEqual(await query({}), needed);
    assert.deepEqual(await query({ probes: true }), [...needed, 'hint', 'hint', 'flag', 'empty']);
});

test('a consent that would have ended already is refused with the reason', async () => {
    const ended = { Permissions: ['ReadAccountsBasic'], ExpirationDateTime: new Date(Date.now() - 1000).toISOString() };
    const { status, json } = await create({ consent: ended });
    assert.equal(status, 400);
    assert.equal(json.errorCode, 'SIM-TERMS');
    assert.equal(json.errorMessage, 'ExpirationDateTime must lie in the future');
});
