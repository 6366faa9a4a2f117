// tools/run: starting, ending, and what becomes of one program when the other is gone.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createPublicKey, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AS_OF, BUILD_DIR, freePortBase, ROOT, sharedStore, startDemo } from '../support/demo.mjs';
import { Payer } from '../support/payer.mjs';
import { accountAccess, Tpp } from '../support/tpp.mjs';

const RUN = join(ROOT, 'tools/run');
const ACCOUNTS = '/open-finance/account-information/v2.1';
const STOP_MS = 5000;
const QUICK_MS = 10_000; // a start with everything made, by programs with sanitizers

const dir = mkdtempSync(join(tmpdir(), 'lfi-run-'));
after(() => rmSync(dir, { recursive: true }));

const run = (...args) => spawnSync(RUN, args, { encoding: 'utf8', timeout: 60_000 });

/** The same, while this process goes on to serve. */
function runBeside(...args) {
    const child = spawn(RUN, args);
    let output = '';
    child.stderr.on('data', (chunk) => (output += chunk));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

/** A zombie process does not count as running. */
function isAlive(pid) {
    try {
        return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
        return false;
    }
}

// Waits for tools/run and checks that nothing of the demonstration is left.
async function assertAllEnds(demo) {
    const start = Date.now();
    const { code, output } = await demo.exited;
    assert.ok(Date.now() - start < STOP_MS, `took ${Date.now() - start} ms`);
    assert.ok(!isAlive(demo.serverPid) && !isAlive(demo.hubPid));
    assert.ok(!existsSync(join(dir, 'demo.json')));
    return { code, output };
}

test('wrong usage', () => {
    const wrong = [['--bogus'], ['extra'], ['--data'], ['--data', ''], ['--port-base', '0'],
        ['--port-base', '65530'], ['--port-base', '94x0'], ['--port-base'], ['--core'],
        ['--core', 'dhowretail'], ['--core', 'nobody=libcore-mine.so']];
    for (const args of wrong) {
        const result = run(...args);
        assert.equal(result.status, 2, args.join(' '));
        assert.match(result.stderr, /tools\/run \[--data DIR\]/);
        assert.equal(result.stdout, '');
    }
});

test('a malformed date is refused, with what would be right', () => {
    for (const date of ['30-06-2026', '2026-6-30', '2026-02-30', '2026-13-01', 'today', '2026-06-30T12:00', '']) {
        const result = run('--data', dir, '--as-of', date);
        assert.equal(result.status, 2, date);
        assert.match(result.stderr, date === '' ? /--as-of needs a value/ : /--as-of must be a date, as 2026-06-30/);
        assert.ok(!existsSync(join(dir, 'store')));
    }
});

test('demo.json is there when both programs answer', async () => {
    const demo = await startDemo({ dir });
    assert.equal((await fetch(`${demo.adminBaseUrl}/readyz`)).status, 200);
    assert.equal((await fetch(demo.hub.baseUrl)).status, 200);
    assert.ok(existsSync(demo.stateFolder));
    const keys = new Map();
    for (const { encryption: { jwksUrl, kid, publicKeyFile } } of demo.providers) {
        const set = JSON.parse(execFileSync('curl', ['-fs', '--cacert', demo.hub.caFile, jwksUrl]));
        const { n } = createPublicKey(readFileSync(publicKeyFile)).export({ format: 'jwk' });
        keys.set(kid, set.keys.filter((key) => key.use === 'enc' && key.kid === kid && key.n === n).length);
    }
    assert.deepEqual([...keys.values()], [1], 'one key to encrypt for the bank, as it is published');
    for (const provider of demo.providers) {
        assert.ok(provider.users.length > 0, provider.providerId);
        assert.ok(existsSync(provider.clientCert) && existsSync(provider.signingKey));
    }
    assert.ok(demo.tpps.every(({ signingKey, kid }) => existsSync(signingKey) && kid));
    const own = ['http', 'https'].map((scheme) => `${scheme}://localhost:3000/callback`); // of clients that try it
    assert.deepEqual(demo.tpps[0].redirectUris, [`${demo.hub.baseUrl}/tpp/callback`, ...own]);
    for (const { clientId } of demo.tpps) {
        const body = JSON.stringify({ providerId: 'dhowretail', type: 'data-sharing', clientId,
            consent: { Permissions: ['ReadAccountsBasic'] } });
        const headers = { 'content-type': 'application/json' };
        const made = await fetch(`${demo.hub.baseUrl}/sim/consents`, { method: 'POST', headers, body });
        assert.equal(made.status, 201, await made.text());
    }
    await demo.stop();
    assert.ok(!existsSync(join(dir, 'demo.json')));
    const { output } = await demo.exited;
    const printed = [demo.hub.baseUrl, demo.ozoneConnect.baseUrl, `${demo.publicBaseUrl}/consents`,
        demo.adminBaseUrl, demo.operatorTokenFile, join(dir, 'demo.json'), 'fixtures/PLACES.md',
        ...demo.providers.map(({ users: [{ login, password }] }) => `${login} / ${password}`)];
    for (const text of printed) {
        assert.ok(output.includes(text), `${text} in ${output}`);
    }
});

/** Has the Hubs replace refresh tokens, which they do not by themselves. */
async function rotateTokens(demo) {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ refreshRotation: true });
    assert.equal((await fetch(`${demo.hub.baseUrl}/sim/switches`, { method: 'PATCH', headers, body })).status, 200);
}

/** What a TPP does with a demonstration before it is stopped, and what it has in hand then. */
async function useAsTpp(demo) {
    await rotateTokens(demo);
    const tpp = await Tpp.start(demo);
    const payer = new Payer(tpp);
    const shared = await tpp.connect();
    const { json: refreshed } = await tpp.token({ grant_type: 'refresh_token', refresh_token: shared.refresh_token });
    const waiting = accountAccess({ BaseConsentId: shared.consentId });
    assert.equal((await tpp.push(await tpp.requestObject(waiting))).status, 201);
    const paying = await payer.connect();
    const key = randomUUID();
    const Data = await payer.paymentOf(paying.consentId);
    const made = await payer.messageOf(await payer.post(paying.access_token, { Data }, { key }), 201);
    const accounts = await tpp.call('GET', `${ACCOUNTS}/accounts`, refreshed.access_token);
    assert.equal(accounts.status, 200);
    tpp.close();
    return { shared, refreshed, waiting, paying, key, Data, made, accounts };
}

async function assertStillThere(demo, known) {
    await rotateTokens(demo);
    const tpp = await Tpp.start(demo);
    const payer = new Payer(tpp);
    const { shared, refreshed, waiting, paying } = known;
    const own = await tpp.ownToken('accounts payments');
    const read = (path, token) => tpp.call('GET', `${ACCOUNTS}${path}`, token);
    const refusal = async (form) => {
        const { status, json } = await tpp.token(form);
        return [status, json.error_description];
    };
    assert.deepEqual((await read('/accounts', refreshed.access_token)).json.Data, known.accounts.json.Data);
    const consents = (await read(`/account-access-consents?baseConsentId=${shared.consentId}`, own)).json;
    assert.deepEqual(consents.map(({ Data }) => [Data.ConsentId, Data.Status]),
        [[waiting.consent.ConsentId, 'AwaitingAuthorization'], [shared.consentId, 'Authorized']]);
    assert.equal((await payer.read(`/payment-consents/${paying.consentId}`, own)).Data.Status, 'Consumed');
    const { PaymentId } = known.made.Data;
    assert.equal((await payer.read(`/payments/${PaymentId}`, own)).Data.PaymentId, PaymentId);
    const again = await payer.post(paying.access_token, { Data: known.Data }, { key: known.key });
    assert.equal((await payer.messageOf(again, 201)).Data.PaymentId, PaymentId);

    const rotated = { grant_type: 'refresh_token', refresh_token: shared.refresh_token };
    assert.deepEqual(await refusal(rotated), [400, 'the refresh token was replaced by a newer one']);
    const next = await tpp.token({ grant_type: 'refresh_token', refresh_token: refreshed.refresh_token });
    assert.equal((await read('/accounts', next.json.access_token)).status, 200);
    const { status, json } = await tpp.exchange(shared.code, shared.verifier);
    assert.deepEqual([status, json.error_description], [400, 'the code was used before']);
    assert.equal((await read('/accounts', next.json.access_token)).status, 401, 'and voids what it gave');
    tpp.close();
}

test('a run that is stopped and started again is quick, and knows consents, payments, tokens', async () => {
    const before = readFileSync(join(dir, 'pki/pki.json'), 'utf8');
    let known, portBase;
    for (const [signal, use] of [['SIGTERM', async (demo) => (known = await useAsTpp(demo))],
        ['SIGINT', (demo) => assertStillThere(demo, known)]]) {
        const start = Date.now();
        const demo = await startDemo({ dir, portBase });
        assert.ok(Date.now() - start < QUICK_MS, `took ${Date.now() - start} ms`);
        assert.equal(readFileSync(join(dir, 'pki/pki.json'), 'utf8'), before);
        await use(demo);
        demo.process.kill(signal);
        const { code, output } = await assertAllEnds(demo);
        assert.equal(code, 0, output);
        ({ portBase } = demo);
    }
});

for (const [name, other] of [['hub', 'server'], ['server', 'hub']]) {
    test(`when the ${name} dies the ${other} is stopped`, async () => {
        const demo = await startDemo({ dir });
        process.kill(demo[`${name}Pid`], 'SIGKILL');
        const { code, output } = await assertAllEnds(demo);
        assert.equal(code, 1);
        assert.match(output, /ended with status 137/);
    });
}

test('a program that does not start is reported with the end of its log', async () => {
    const result = run('--data', dir, '--port-base', `${await freePortBase()}`,
        '--build-dir', BUILD_DIR, '--adjust-hub', '.bogus = true');
    assert.equal(result.status, 1);
    assert.match(result.stderr, /the Hub simulator ended with status 2/);
    assert.match(result.stderr, /bogus/);
    assert.ok(!existsSync(join(dir, 'demo.json')));
});

test('a port that is taken is named, with the way out', async () => {
    const base = await freePortBase();
    for (const offset of [0, 13]) {
        const other = createServer().listen(base + offset, '127.0.0.1');
        await new Promise((resolve) => other.once('listening', resolve));
        const result = await runBeside('--data', dir, '--port-base', `${base}`, '--build-dir', BUILD_DIR);
        assert.equal(result.code, 1);
        assert.match(result.output, new RegExp(`port ${base + offset} is taken; .*--port-base`));
        await new Promise((resolve) => other.close(resolve));
    }
});

test('a folder that cannot be written to is named, with the way out', () => {
    const result = run('--data', '/proc/version/demo');
    assert.equal(result.status, 1);
    assert.match(result.stderr, /cannot write to \/proc\/version\/demo \(Not a directory\); .*--data/);
});

test('a core that is not there, or has settings that are none, is named', () => {
    const missing = run('--data', dir, '--build-dir', BUILD_DIR, '--core', 'dhowretail=none.so');
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /there is no core none\.so/);
    const wrong = run('--data', dir, '--build-dir', BUILD_DIR, '--core',
        `dhowretail=${BUILD_DIR}/lib/libcore-skeleton.so,${ROOT}/LICENSE`);
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /LICENSE must hold one JSON object/);
});

test('what a killed run has left behind is named and ended by the next', async (t) => {
    const killed = await startDemo({ dir });
    const left = [killed.serverPid, killed.hubPid];
    t.after(() => left.filter(isAlive).forEach((pid) => process.kill(pid, 'SIGKILL')));
    const gone = new Promise((resolve) => killed.process.once('exit', resolve));
    killed.process.kill('SIGKILL');
    await gone;
    assert.ok(left.every(isAlive));
    rmSync(join(dir, 'demo.json')); // the killed run's
    const next = await startDemo({ dir, portBase: killed.portBase });
    assert.ok(!left.some(isAlive));
    await next.stop();
    const { output } = await next.exited;
    assert.match(output, new RegExp(`killed; ending its lfi-server \\(process ${killed.serverPid}\\)`));
    assert.match(output, new RegExp(`killed; ending its hub-sim \\(process ${killed.hubPid}\\)`));
});

test('a process that is not ours is left alone, whatever the folder says', async (t) => {
    const other = spawn('sleep', ['60']);
    t.after(() => other.kill());
    writeFileSync(join(dir, 'pids'), `${other.pid} lfi-server ${join(dir, 'server.json')}\n`);
    const demo = await startDemo({ dir });
    assert.ok(isAlive(other.pid));
    await demo.stop();
});

test('a child that outlives a killed run for a moment does not keep its folder', async () => {
    const child = spawn('flock', [join(dir, 'lock'), 'bash', '-c', 'echo; sleep 1']);
    await once(child.stdout, 'data');
    const demo = await startDemo({ dir });
    await demo.stop();
});

test('a folder serves one run at a time', async () => {
    const demo = await startDemo({ dir });
    const result = run('--data', dir, '--build-dir', BUILD_DIR);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /in use/);
    assert.equal((await fetch(`${demo.adminBaseUrl}/readyz`)).status, 200);
    await demo.stop();
});

test('--fresh starts anew and touches nothing that is not its own', async () => {
    const before = readFileSync(join(dir, 'pki/pki.json'), 'utf8');
    const foreign = join(dir, 'notes.txt');
    writeFileSync(foreign, '');
    const demo = await startDemo({ dir, args: ['--fresh'] });
    assert.ok(existsSync(foreign));
    assert.notEqual(readFileSync(join(dir, 'pki/pki.json'), 'utf8'), before);
    await demo.stop();
});

test('a folder of before the bank had a provider is refused, with the way out', () => {
    for (const [part, message] of [
        ['pki/hub/dhowcorporate', /pki lacks hub\/dhowcorporate\/Sig2, .* tools\/run --fresh/],
        ['store/corporate', /store lacks the segment corporate: .*tools\/run --fresh/],
    ]) {
        renameSync(join(dir, part), join(dir, 'aside'));
        const result = run('--data', dir, '--build-dir', BUILD_DIR);
        renameSync(join(dir, 'aside'), join(dir, part));
        assert.equal(result.status, 1);
        assert.match(result.stderr, message);
    }
});

/** All that a store of the business bank holds, as text. */
function dump(store) {
    const { status, stdout, stderr } = spawnSync(join(BUILD_DIR, 'bin/lfi-fixtures'), ['dump', '--segment', 'sme', '--store', store],
        { encoding: 'utf8', maxBuffer: 1 << 30 });
    assert.equal(status, 0, stderr);
    return stdout;
}

test('the same date gives the same data, and a store of another date is refused', () => {
    assert.equal(readFileSync(join(dir, 'store/as-of'), 'utf8'), `${AS_OF}\n`); // loaded by the test before
    const data = dump(join(dir, 'store/sme'));
    assert.ok(data.length > 1_000_000);
    assert.ok(data === dump(join(sharedStore(), 'sme')), 'loaded twice as of one day');
    const other = run('--data', dir, '--build-dir', BUILD_DIR, '--as-of', '2026-07-01');
    assert.equal(other.status, 1);
    assert.match(other.stderr, /are as of 2026-06-30, not 2026-07-01; --fresh loads them anew/);
    assert.equal(readFileSync(join(dir, 'store/as-of'), 'utf8'), `${AS_OF}\n`);
});
