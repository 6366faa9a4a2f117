// What the Hub simulator knows survives its end, however sudden, and stays readable by its owner.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { Bank, HUB_SIM, hubConfig, startHub, withTppSide } from './hub_support.mjs';

const dir = mkdtempSync(join(tmpdir(), 'lfi-hub-state-'));
const file = join(dir, 'hub/consents.jsonl');
const adjust = (config) => (config.stateFolder = 'hub');
const start = () => startHub({ dir, adjust });

let hub;
afterEach(async () => hub?.stop());
after(() => rmSync(dir, { recursive: true }));

async function kill() {
    hub.process.kill('SIGKILL');
    await hub.exited;
    hub = undefined;
}

/** A consent that went all the way: authorized, confirmed, the customer back at the TPP. */
async function wholeJourney() {
    const bank = new Bank(hub);
    const consent = await hub.newConsent();
    const interactionId = await bank.begin(consent);
    await bank.decide(consent, 'Authorized');
    const { headers } = await bank.end(consent, interactionId, 'doConfirm');
    await fetch(headers.location);
    bank.close();
    return consent;
}

test('a killed simulator knows consents, callbacks and exchanges when it is started again', async () => {
    hub = await start();
    const consent = await wholeJourney();
    const waiting = await hub.newConsent();
    const known = await hub.consent(consent.consentId);
    const { json: callback } = await hub.script('GET', `/sim/callbacks/${consent.state}`);
    await kill();

    hub = await start();
    assert.deepEqual(await hub.consent(consent.consentId), known);
    assert.deepEqual((await hub.script('GET', `/sim/callbacks/${consent.state}`)).json, callback);
    const { json } = await hub.script('GET', '/sim/consents');
    assert.deepEqual(json.consents.map(({ consentId }) => consentId), [waiting.consentId, consent.consentId]);

    // A journey that was under way goes on, and the numbers of the notes too.
    const bank = new Bank(hub);
    await bank.begin({ ...waiting, providerId: 'dhowretail' });
    await bank.decide(waiting, 'Rejected');
    bank.close();
    const { exchanges, steps } = await hub.consent(waiting.consentId);
    const numbers = [...steps, ...exchanges].map(({ n }) => n);
    assert.equal(new Set(numbers).size, numbers.length);
    assert.ok(Math.min(...exchanges.map(({ n }) => n)) > Math.max(...known.steps.map(({ n }) => n)));
});

test('findings and exchanges that belong to no consent are kept too', async () => {
    const read = async () => [await hub.script('GET', '/sim/findings'), await hub.script('GET', '/sim/exchanges')]
        .map(({ json }) => json);
    hub = await start();
    const bank = new Bank(hub);
    await bank.consents('GET', '/consents/unknown', { token: null });
    bank.close();
    const before = await read();
    assert.ok(before[0].findings.length > 0);
    assert.deepEqual(before[1].exchanges.map(({ path, status }) => [path, status]), [['/consents/unknown', 401]]);
    await kill();
    hub = await start();
    assert.deepEqual(await read(), before);
});

test('only its owner reads the state', async () => {
    hub = await start();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(join(dir, 'hub')).mode & 0o777, 0o700);
    assert.doesNotMatch(readFileSync(file, 'utf8'), /eyJ[\w-]+\.eyJ/, 'a token');
});

test('a line that was cut or is not ours costs that line only', async () => {
    hub = await start();
    const consent = await hub.newConsent();
    await hub.stop();
    hub = undefined;
    const strange = [
        'no json', '{}', '[]', '7', '{"consentId":7}', '{"note":1}', '{"note":{},"list":"history"}',
        `{"of":"${consent.consentId}","list":"nothing","note":{"n":1,"at":"x"}}`,
        `{"of":"${consent.consentId}","list":"history","note":{"n":"1"}}`,
        `{"consentId":"${consent.consentId}","providerId":"dhowretail","data":{}}`,
    ];
    appendFileSync(file, `${strange.join('\n')}\n{"consentId":"cut`);
    hub = await start();
    assert.equal((await hub.consent(consent.consentId)).history.length, 1);
    assert.ok(hub.log().some(({ event }) => event === 'state-lines-skipped'));
    assert.doesNotMatch(readFileSync(file, 'utf8'), /no json/);
});

test('two simulators do not share a folder', async () => {
    hub = await start();
    const config = hubConfig(hub.base);
    adjust(config);
    writeFileSync(join(dir, 'second.json'), JSON.stringify(config));
    const second = spawnSync(HUB_SIM, ['--config', join(dir, 'second.json')], { encoding: 'utf8', timeout: 20_000 });
    assert.equal(second.status, 1);
    assert.match(second.stderr, /another hub-sim uses it/);
});

test('a folder that cannot be made is named', async () => {
    const config = hubConfig(20_000);
    config.stateFolder = '/dev/null/hub';
    writeFileSync(join(dir, 'bad.json'), JSON.stringify(config));
    const bad = spawnSync(HUB_SIM, ['--config', join(dir, 'bad.json')], { encoding: 'utf8', timeout: 20_000 });
    assert.equal(bad.status, 1);
    assert.match(bad.stderr, /stateFolder \/dev\/null\/hub: /);
});

test('a killed simulator knows what its TPP app asked for, and the app reads on', async () => {
    const adjustAll = (config) => {
        withTppSide(config);
        adjust(config);
    };
    hub = await startHub({ dir, adjust: adjustAll });
    const { json: { tpps: [{ clientId }] } } = await hub.script('GET', '/sim/setup');
    let cookie;
    const app = async (method, path, body) => {
        const headers = { 'content-type': 'application/json', connection: 'close', ...(cookie && { cookie }) };
        const reply = await fetch(`${hub.url}/tpp/app/${path}`, { method, headers, body: body && JSON.stringify(body) });
        cookie ??= reply.headers.get('set-cookie')?.split(';')[0];
        return { status: reply.status, ...(reply.status === 204 ? {} : await reply.json()) };
    };
    const terms = { Permissions: ['ReadAccountsBasic'], ExpirationDateTime: new Date(Date.now() + 86_400_000).toISOString() };
    const asked = await app('POST', 'consents', { providerId: 'dhowretail', clientId, consent: terms });
    assert.equal(asked.status, 201, JSON.stringify(asked));
    const consent = { ...asked, providerId: 'dhowretail', query: asked.authorizeUrl.split(/\?(.*)/s)[1] };
    const bank = new Bank(hub);
    const interactionId = await bank.begin(consent);
    await bank.decide(consent, 'Authorized');
    const { headers } = await bank.end(consent, interactionId, 'doConfirm');
    bank.close();
    const arrived = await app('POST', 'arrivals', { query: headers.location.split('?')[1] });
    assert.equal(arrived.connected, true, JSON.stringify(arrived));
    const { base } = hub;
    await kill();
    assert.equal(statSync(join(dir, 'hub/app.jsonl')).mode & 0o777, 0o600);

    hub = await startHub({ dir, adjust: adjustAll, base });
    const { consents } = await app('GET', 'consents');
    assert.deepEqual(consents.map(({ consentId, connected, pays }) => ({ consentId, connected, pays })),
        [{ consentId: asked.consentId, connected: true, pays: false }]);
    const read = await app('POST', 'reads', { consentId: asked.consentId, path: `/account-access-consents/${asked.consentId}` });
    assert.equal(read.body.Data.Status, 'Authorized');
    const { wire } = await app('GET', `consents/${asked.consentId}`);
    assert.deepEqual(wire.map(({ n }) => n), wire.map((_, at) => at + 1));
    assert.deepEqual(wire.slice(0, arrived.wire.length), arrived.wire);
    cookie = 'tpp-app=00000000-0000-4000-8000-000000000000';
    assert.deepEqual((await app('GET', 'consents')).consents, [], 'of another browser');
});
