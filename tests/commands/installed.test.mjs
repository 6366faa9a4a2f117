// The installed demonstration, run by an ordinary user, without anything of the source tree.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
    chmodSync,
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    readlinkSync,
    rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Customer, newConsent } from '../support/customer.mjs';
import {
    assertNoSanitizerReport,
    BUILD_DIR,
    freePortBase,
    ROOT,
    sharedPki,
    sharedStore,
} from '../support/demo.mjs';

const READY_MS = 120_000;
const NOBODY = 65534;
const asRoot = process.getuid() === 0;

const dir = mkdtempSync(join(tmpdir(), 'lfi-installed-'));
const prefix = join(dir, 'prefix');
const home = join(dir, 'home');
const data = join(home, '.local/state/lfi/demo'); // the default of an installed tools/run

const user = asRoot ? { uid: NOBODY, gid: NOBODY } : {};
const options = { ...user, cwd: '/', env: { PATH: process.env.PATH, HOME: home } };

before(() => {
    chmodSync(dir, 0o755);
    mkdirSync(data, { recursive: true });
    cpSync(sharedPki(), join(data, 'pki'), { recursive: true });
    cpSync(sharedStore(), join(data, 'store'), { recursive: true });
    if (asRoot) {
        execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, home]);
    }
    execFileSync('cmake', ['--install', BUILD_DIR, '--prefix', prefix]);
});
after(() => rmSync(dir, { recursive: true }));

/** Starts it and waits for demo.json. */
async function start() {
    const run = join(prefix, 'share/lfi/tools/run');
    const base = await freePortBase();
    const child = spawn(run, ['--port-base', `${base}`], options);
    const end = () => child.kill('SIGTERM');
    process.once('exit', end);
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const exited = new Promise((resolve) => child.once('close', (code) => {
        process.off('exit', end);
        resolve({ code, output });
    }));
    const deadline = Date.now() + READY_MS;
    while (!existsSync(join(data, 'demo.json'))) {
        assert.equal(child.exitCode, null, output);
        assert.ok(Date.now() < deadline, `not ready: ${output}`);
        await sleep(50);
    }
    const stop = () => {
        end();
        return exited;
    };
    return { ...JSON.parse(readFileSync(join(data, 'demo.json'), 'utf8')), stop };
}

/** The lines of /proc that name what a process has mapped, opened and was started with. */
function usedBy(pid) {
    const proc = `/proc/${pid}`;
    const open = readdirSync(join(proc, 'fd')).map((fd) => readlinkSync(join(proc, 'fd', fd)));
    const texts = ['maps', 'cmdline', 'environ'].map((name) => readFileSync(join(proc, name), 'utf8'));
    return [...open, ...texts].join('\n');
}

test('no installed script, list or page names the source tree', () => {
    const named = spawnSync('grep', ['-rlIF', ROOT, prefix], { encoding: 'utf8' });
    assert.equal(named.status, 1, named.stdout + named.stderr);
});

test('an ordinary user runs it: a journey ends with the TPP reading a balance', async () => {
    const demo = await start();
    try {
        const [user] = demo.providers.find(({ providerId }) => providerId === 'dhowretail').users;
        const consent = await newConsent(demo, ['ReadAccountsBasic', 'ReadBalances']);
        const customer = await Customer.arrive(demo, consent);
        const review = await customer.reachReview(user);
        const accountIds = review.accounts.map(({ id }) => id);
        const approved = { journey: customer.journey, accountIds };
        const end = await customer.post('/journey/approve', approved);
        assert.match(end.redirect, /[?&]code=/);
        const reply = await fetch(`${demo.hub.baseUrl}/sim/call`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({
                consentId: consent.consentId,
                method: 'GET',
                path: `/accounts/${accountIds[0]}/balances`,
            }),
        });
        const { status, body } = await reply.json();
        assert.equal(status, 200, JSON.stringify(body));
        assert.ok(body.data.length > 0);
        for (const pid of [demo.serverPid, demo.hubPid]) {
            const used = usedBy(pid);
            assert.ok(used.includes(prefix) && !used.includes(ROOT), used);
        }
        const { authorization } = JSON.parse(readFileSync(join(data, 'demonstration.json'), 'utf8'));
        const credential = spawnSync('bash', ['-c', `${authorization} --provider dhowretail`], { ...options, encoding: 'utf8' });
        assert.match(credential.stdout, /^Bearer /, credential.stderr);
        for (const name of ['server.json', 'hub.json', 'demo.json', 'demonstration.json']) {
            assert.ok(!readFileSync(join(data, name), 'utf8').includes(ROOT), name);
        }
    } finally {
        const { code, output } = await demo.stop();
        assert.equal(code, 0, output);
        for (const name of ['server.log', 'hub.log']) {
            assertNoSanitizerReport(readFileSync(join(data, name), 'utf8'));
        }
    }
});
