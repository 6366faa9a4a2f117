// Certificates and keys change while calls come in, and no call is refused: the bank's own (S4, C3,
// Sig4), the Hub's (C4, Sig3) and the authorities.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { HubClient } from '../support/client.mjs';
import { ROOT, sharedPki, startDemo } from '../support/demo.mjs';

const CALL_GAP_MS = 60;

let demo;
let load;
const pki = (name) => join(demo.dir, 'pki', name);
const read = (name) => readFileSync(pki(name), 'utf8');
const renew = (...args) => execFileSync(join(ROOT, 'tools/pki'), ['renew', ...args], { stdio: 'pipe' });
const renewHere = (...names) => renew(join(demo.dir, 'pki'), ...names);

/** The provider's Hub with other files of its folder: C4 or Sig3, "previous" ones for example. */
function identity(providerId, { c4 = 'C4', sig3 = 'Sig3', folder = providerId } = {}) {
    const at = `hub/${folder}`;
    return {
        providerId,
        clientCert: pki(`${at}/${c4}.pem`),
        clientKey: pki(`${at}/${c4}.key`),
        signingKey: pki(`${at}/${sig3}.key`),
        kid: read(`${at}/${sig3}.kid`).trim(),
    };
}

/** One read. */
async function call(client) {
    const { userId, accountIds } = client.provider.users[0];
    const reply = await client.get(`/accounts/${accountIds[0]}/balances`, { userId });
    assert.equal(reply.status, 200, reply.text);
}

/** Calls without a pause on kept and on new connections, and journeys that begin at the Hub. */
function startLoad() {
    const state = { running: true, calls: 0, journeys: 0, failures: [] };
    const clients = [
        new HubClient(demo, 'dhowretail'),
        new HubClient(demo, 'dhowretail', { tls: { keepAlive: false, maxCachedSessions: 0 } }),
        new HubClient(demo, 'dhowbusiness', { tls: { keepAlive: false } }),
    ];
    const repeat = async (step) => {
        while (state.running) {
            await step().catch((error) => state.failures.push(`${error.code ?? ''} ${error.message}`));
            await sleep(CALL_GAP_MS);
        }
    };
    const loops = clients.map((client) =>
        repeat(async () => {
            await call(client);
            state.calls++;
        }),
    );
    const authorize = `${demo.publicBaseUrl}/authorize/dhowretail?client_id=none&request_uri=urn:none`;
    loops.push(repeat(async () => {
        await fetch(authorize, { redirect: 'manual' });
        state.journeys++;
        await sleep(10 * CALL_GAP_MS);
    }));
    state.trust = (ca) => clients.forEach(({ agent }) => (agent.options.ca = ca));
    state.stop = async () => {
        state.running = false;
        await Promise.all(loops);
        clients.forEach((client) => client.close());
    };
    return state;
}

/** The serial number of the certificate that the Hub's listener presents to a new connection. */
function presented() {
    const { port } = new URL(demo.ozoneConnect.baseUrl);
    const own = identity('dhowretail');
    return new Promise((resolve, reject) => {
        const socket = connect({
            host: 'localhost', port, ca: read('ca/bundle.pem'),
            cert: readFileSync(own.clientCert), key: readFileSync(own.clientKey),
        }, () => {
            resolve(socket.getPeerCertificate().serialNumber);
            socket.end();
        });
        socket.on('error', reject);
    });
}

const serial = (name) =>
    execFileSync('openssl', ['x509', '-noout', '-serial', '-in', pki(`${name}.pem`)], { encoding: 'utf8' })
        .trim().replace('serial=', '');

/** Waits for the outcome of the next reload, which `step` brings about. */
async function outcomeOf(step) {
    const outcomes = () => demo.serverLog().filter(({ event }) => /^reload(ed|-failed)$/.test(event));
    const before = outcomes().length;
    step();
    for (let i = 0; ; i++) {
        const now = outcomes();
        if (now.length > before) {
            return now.at(-1);
        }
        assert.ok(i < 150, 'no reload');
        await sleep(100);
    }
}

const signal = () => process.kill(demo.serverPid, 'SIGHUP');

function configure(change) {
    const file = join(demo.dir, 'server.json');
    const config = JSON.parse(readFileSync(file, 'utf8'));
    change(config);
    writeFileSync(file, JSON.stringify(config, null, 2));
}

async function reloadBy(step) {
    const outcome = await outcomeOf(step);
    assert.equal(outcome.event, 'reloaded', outcome.reason);
    return outcome.cause;
}

before(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'lfi-rotation-'));
    cpSync(sharedPki(), join(dir, 'pki'), { recursive: true });
    renew(join(dir, 'pki'), 'hub/dhowretail/Sig3'); // the key store has both from the start
    renew('--next', join(dir, 'pki'), 'bank/Sig4');
    demo = await startDemo({ dir });
    load = startLoad();
});

after(async () => {
    await load?.stop();
    await demo?.stop();
    rmSync(demo.dir, { recursive: true, force: true });
});

describe('no call is refused while', () => {
    test('S4 is overwritten', async () => {
        const before = await presented();
        renewHere('bank/S4');
        assert.equal(await presented(), before, 'files alone change nothing');
        assert.equal(await reloadBy(signal), 'signal');
        assert.equal(await presented(), serial('bank/S4'));
        assert.notEqual(await presented(), before);
    });

    test('the next S4 takes effect, without a signal', async () => {
        const before = await presented();
        // It counts a minute after its beginning.
        renew('--next', '--from', '-56 seconds', '--until', '40 days', join(demo.dir, 'pki'), 'bank/S4');
        configure((c) => (c.hubListener.next = {
            certificate: 'pki/bank/S4.next.pem', key: 'pki/bank/S4.next.key',
        }));
        let turn = await reloadBy(signal);
        if (turn === 'signal' && (await presented()) === before) {
            turn = await reloadBy(() => {});
        }
        assert.equal(turn, 'dates');
        assert.equal(await presented(), serial('bank/S4.next'));
        const metrics = await (await fetch(`${demo.adminBaseUrl}/metrics`)).text();
        assert.match(metrics, /^lfi_certificate_days_left\{setting="hubListener\.next\.certificate",.*\} 39$/m);
        assert.match(metrics, /^lfi_certificate_days_left\{setting="hubListener\.certificate",.*\} 39\d$/m);
    });

    test('C3 is replaced, then Sig4 by the key that was published before', async () => {
        renewHere('bank/C3');
        await reloadBy(signal);
        configure((c) => Object.assign(c.hub, {
            signingKey: 'pki/bank/Sig4.next.key', kid: read('bank/Sig4.next.kid').trim(),
        }));
        await reloadBy(signal);
        const journeys = load.journeys;
        for (let i = 0; load.journeys < journeys + 2; i++) {
            assert.ok(i < 100);
            await sleep(100);
        }
        const calls = demo.serverLog().filter(({ event }) => event === 'hub-call');
        assert.ok(calls.length > 2);
        assert.deepEqual(calls.filter(({ outcome }) => outcome === 'unreachable'), []);
    });

    test('the authorities are replaced: old and new C4 are let in side by side', async () => {
        renewHere('ca');
        await reloadBy(signal);
        load.trust(read('ca/bundle.pem'));
        demo.ozoneConnect.caFile = pki('ca/bundle.pem');
        renewHere('hub/dhowretail/C4');
        for (const c4 of ['C4.previous', 'C4']) {
            const client = new HubClient(demo, 'dhowretail', { identity: identity('dhowretail', { c4 }) });
            await call(client);
            client.close();
        }
    });

    test('the Hub has a certificate with another CN under the same OU', async () => {
        const other = identity('dhowretail', { folder: 'dhowbusiness' });
        const client = new HubClient(demo, 'dhowretail', { identity: other });
        await call(client);
        client.close();
    });

    test('the Hub signs with its old key and with its new one', async () => {
        for (const sig3 of ['Sig3.previous', 'Sig3']) {
            const client = new HubClient(demo, 'dhowretail', { identity: identity('dhowretail', { sig3 }) });
            await call(client);
            client.close();
        }
    });

    test('files that are watched change, whole ones and half ones', async () => {
        configure((c) => {
            c.watchFiles = true;
            delete c.hubListener.next;
        });
        await reloadBy(signal);
        assert.equal(await reloadBy(() => renewHere('bank/S4')), 'files');
        const before = await presented();
        assert.equal(before, serial('bank/S4'));

        const failed = await outcomeOf(() => {
            renameSync(pki('bank/S4.key'), pki('bank/S4.away'));
            cpSync(pki('bank/C3.key'), pki('bank/S4.key'));
        });
        assert.equal(failed.event, 'reload-failed');
        assert.match(failed.reason, /hubListener\.key: the key is not that of the certificate: .*bank\/S4\.key/);
        assert.match(failed.reason, /CN=[0-9a-f-]{36}, \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d/);
        assert.equal(await presented(), before, 'the old one goes on');
        const mended = () => renameSync(pki('bank/S4.away'), pki('bank/S4.key'));
        assert.equal(await reloadBy(mended), 'files');
    });
});

test('calls came in all the while, and each was answered', async () => {
    await load.stop();
    assert.deepEqual(load.failures, []);
    assert.ok(load.calls > 100, `${load.calls} calls`);
});

test('once the old authorities are taken out, only the new C4 is let in', async () => {
    const old = () => {
        writeFileSync(pki('ca/new.pem'), read('ca/issuing.pem') + read('ca/root.pem'));
        configure((c) => (c.hubListener.clientCa = 'pki/ca/new.pem'));
        signal();
    };
    await reloadBy(old);
    const fresh = new HubClient(demo, 'dhowretail', { identity: identity('dhowretail') });
    await call(fresh);
    const stale = new HubClient(demo, 'dhowretail', { identity: identity('dhowretail', { c4: 'C4.previous' }) });
    await assert.rejects(call(stale), /alert|ECONNRESET|EPIPE|socket hang up/i);
    fresh.close();
    stale.close();
});
