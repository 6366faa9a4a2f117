// The installed demonstration, run by an ordinary user for whom there is no source tree.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
    chmodSync,
    chownSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Customer, newConsent } from '../support/customer.mjs';
import { assertNoSanitizerReport, BUILD_DIR, freePortBase, ROOT } from '../support/demo.mjs';

const READY_MS = 120_000;
const NOBODY = 65534;
const asRoot = process.getuid() === 0;

const dir = mkdtempSync(join(tmpdir(), 'lfi-installed-'));
const prefix = join(dir, 'prefix');
const empty = join(dir, 'empty');
const home = join(dir, 'home');
const data = join(home, '.local/state/lfi/demo'); // the default of an installed tools/run

/** The arguments of unshare that run a command as an ordinary user, with ROOT an empty folder. */
function withoutSources(...command) {
    const user = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
    const script = 'mount --bind "$1" "$2" && cd / && shift 2 && exec "$@"';
    return [...(asRoot ? ['--mount'] : ['--mount', '--map-root-user']),
        'bash', '-euc', script, '-', empty, ROOT, ...(asRoot ? user : []), ...command];
}

const options = { env: { PATH: process.env.PATH, HOME: home }, encoding: 'utf8' };

before(() => {
    chmodSync(dir, 0o755);
    mkdirSync(empty);
    mkdirSync(home);
    if (asRoot) {
        chownSync(home, NOBODY, NOBODY);
    }
    execFileSync('cmake', ['--install', BUILD_DIR, '--prefix', prefix]);
});
after(() => rmSync(dir, { recursive: true }));

/** Starts it and waits for demo.json. */
async function start() {
    const run = join(prefix, 'share/lfi/tools/run');
    const base = await freePortBase();
    const child = spawn('unshare', withoutSources(run, '--port-base', `${base}`), options);
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

test('the source tree cannot be seen', () => {
    const seen = spawnSync('unshare', withoutSources('ls', '-A', ROOT), options);
    assert.equal(seen.status, 0, seen.stderr);
    assert.equal(seen.stdout, '');
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
    } finally {
        const { code, output } = await demo.stop();
        assert.equal(code, 0, output);
        for (const name of ['server.log', 'hub.log']) {
            assertNoSanitizerReport(readFileSync(join(data, name), 'utf8'));
        }
    }
});
