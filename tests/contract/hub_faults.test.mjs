// Misbehaviour on demand, and how the simulator starts and ends.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from '../support/demo.mjs';
import { Bank, HUB_SIM, hubConfig, readSubjects, send, startHub, withTppSide } from './hub_support.mjs';

let hub, bank, consent;
before(async () => {
    hub = await startHub();
    bank = new Bank(hub, { recorded: false }); // a Hub that fails breaks its contract
    consent = await hub.newConsent();
});
after(async () => {
    bank?.close();
    await hub?.stop();
});

const targets = {
    heimdall: () => bank.heimdall('GET', '/auth?client_id=unknown'),
    'consent-manager': () => bank.consents('GET', `/consents/${consent.consentId}`),
    keystore: () => {
        const { ou, cn } = readSubjects().bank;
        return send(`https://localhost:${hub.base + 14}/${ou}/${cn}/application.jwks`, {
            ca: readFileSync(hub.config.https.clientCa),
        });
    },
};
const rightStatus = { heimdall: 400, 'consent-manager': 200, keystore: 200 };

async function setFault(fault) {
    assert.equal((await hub.script('POST', '/sim/faults', fault)).status, 204);
}

for (const [target, call] of Object.entries(targets)) {
    test(`${target}: down, 500, garbage and slow, as often as asked`, async () => {
        await setFault({ target, kind: 'down', times: 2 });
        await assert.rejects(call());
        await assert.rejects(call());
        assert.equal((await call()).status, rightStatus[target]);

        await setFault({ target, kind: '500', times: 1 });
        assert.equal((await call()).status, 500);
        assert.equal((await call()).status, rightStatus[target]);

        await setFault({ target, kind: 'garbage', times: 1 });
        const garbage = await call();
        assert.equal(garbage.status, 200);
        assert.throws(() => JSON.parse(garbage.text));

        await setFault({ target, kind: 'slow', times: 1, ms: 300 });
        const start = performance.now();
        assert.equal((await call()).status, rightStatus[target]);
        assert.ok(performance.now() - start >= 300);
    });
}

test('a fault without an end lasts until DELETE and hits its target only', async () => {
    await setFault({ target: 'heimdall', kind: '500' });
    for (let i = 0; i < 3; i++) {
        assert.equal((await targets.heimdall()).status, 500);
    }
    assert.equal((await targets['consent-manager']()).status, 200);
    assert.equal((await hub.script('DELETE', '/sim/faults')).status, 204);
    assert.equal((await targets.heimdall()).status, 400);
});

test('a lost answer, after some calls and before another fault', async () => {
    await setFault({ target: 'heimdall', kind: 'lost', skip: 2, times: 1, then: '500' });
    assert.equal((await targets.heimdall()).status, 400);
    assert.equal((await targets.heimdall()).status, 400);
    await assert.rejects(targets.heimdall());
    assert.equal((await targets.heimdall()).status, 500);
    assert.equal((await targets.heimdall()).status, 500);
    assert.equal((await hub.script('DELETE', '/sim/faults')).status, 204);
    assert.equal((await targets.heimdall()).status, 400);
});

test('a fault that does not exist is refused', async () => {
    for (const fault of [
        { target: 'bank', kind: 'down' },
        { target: 'heimdall', kind: 'sad' },
        { target: 'heimdall', kind: 'down', times: 0 },
        { target: 'heimdall', kind: 'slow', ms: 30_001 },
        { target: 'heimdall', kind: 'lost', skip: 1001 },
        { target: 'heimdall', kind: 'lost', then: 'sad' },
    ]) {
        assert.equal((await hub.script('POST', '/sim/faults', fault)).status, 400);
    }
});

test('SIGTERM ends a simulator at once, even one that is slow to answer', async () => {
    const other = await startHub();
    const slowBank = new Bank(other, { recorded: false });
    const fault = { target: 'heimdall', kind: 'slow', ms: 30_000 };
    await other.script('POST', '/sim/faults', fault);
    const slow = slowBank.heimdall('GET', '/auth?x=1').catch(() => null);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const start = performance.now();
    await other.stop();
    assert.ok(performance.now() - start < 2500);
    await slow;
    slowBank.close();
});

// ---- configuration -----------------------------------------------------------------------------

const run = (...args) => spawnSync(HUB_SIM, args, { encoding: 'utf8' });

function runWith(change) {
    const dir = mkdtempSync(join(tmpdir(), 'lfi-hub-'));
    const file = join(dir, 'hub.json');
    const config = hubConfig(hub.base);
    writeFileSync(file, change(config) ?? JSON.stringify(config, null, 1));
    const result = run('--config', file);
    rmSync(dir, { recursive: true });
    return result;
}

test('wrong usage ends with 2', () => {
    assert.equal(run('--help').status, 0);
    for (const args of [[], ['--config'], ['--what'], ['--config', '/nowhere.json']]) {
        const { status, stderr } = run(...args);
        assert.equal(status, 2);
        assert.ok(stderr);
    }
});

const switchesOf = (switches) => (config) => {
    withTppSide(config);
    config.tppListener.switches = switches;
};

test('a wrong configuration is named with file, line and place', () => {
    const cases = {
        'hub.json:1: \\$': () => 'no json',
        'hub.json:\\d+: \\$\\.http\\.port': (config) => void (config.http.port = 'x'),
        'hub.json:\\d+: \\$\\.hubs\\[0\\]': (config) => void delete config.hubs[0].audience,
        'hub.json:\\d+: \\$': (config) => void (config.colour = 'red'),
        'hub.json:\\d+: \\$\\.tppListener\\.switches\\.colour: is not allowed here': switchesOf({ colour: 'red' }),
        'hub.json:\\d+: \\$\\.tppListener\\.switches\\.parStatus': switchesOf({ parStatus: 202 }),
        'hub.json:\\d+: \\$\\.tppListener\\.switches\\.refreshRotation': switchesOf({ refreshRotation: 'on' }),
        'hub.json:\\d+: \\$\\.tppListener\\.switches\\.replayScope': switchesOf({ replayScope: 'never' }),
        'hub.json:\\d+: \\$\\.tppListener\\.switches\\.profile': switchesOf({ profile: 'lax' }),
        'hub.json: \\$\\.hubs\\[1\\]\\.providerId': (config) =>
            void (config.hubs[1].providerId = 'dhowretail'),
    };
    for (const [pattern, change] of Object.entries(cases)) {
        const { status, stderr } = runWith(change);
        assert.equal(status, 2, pattern);
        assert.match(stderr, new RegExp(pattern));
    }
});

test('the example is right but for the files it names', () => {
    const { status, stderr } = run('--config', join(ROOT, 'tools/hub-sim/config.example.json'));
    assert.equal(status, 1, stderr);
    assert.match(stderr, /start-failed.*C4\.pem/);
});

test('what cannot be opened ends the start with 1', () => {
    for (const change of [
        (config) => void (config.https.certificate = '/nowhere.pem'),
        (config) => void (config.hubs[0].signingKey = config.https.certificate),
        (config) => void (config.published[0].certificate = '/nowhere.pem'),
        (config) => void (config.http.port = hub.base + 10), // taken
    ]) {
        const { status, stderr } = runWith(change);
        assert.equal(status, 1, stderr);
        assert.match(stderr, /start-failed/);
    }
});
