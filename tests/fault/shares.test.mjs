// A core or a key store that hangs takes neither the workers of others nor the end of the program,
// and a core that asks learns that nobody waits for it.
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { cpSync, readFileSync, truncateSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubClient, subjectOf } from '../support/client.mjs';
import { Customer, newConsent } from '../support/customer.mjs';
import { BUILD_DIR, startDemo } from '../support/demo.mjs';
import { startProgram, writeConfig } from '../support/program.mjs';

const HANG_MS = 60_000; // longer than anything here waits
const THREADS = 8;
const SKELETON_USER = '5f0c6d0e-7a51-4a39-9d0c-1d6f2f1c0001'; // in cores/skeleton

const programs = [];
let demo;
let config;
let token;
let keyStore;

before(async () => {
    demo = await startDemo();
    config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
    token = readFileSync(join(demo.dir, config.adminListener.operatorToken), 'utf8').trim();
});

after(async () => {
    programs.forEach(({ child }) => child.kill('SIGKILL')); // those of tests that failed
    keyStore?.stop();
    await demo?.stop();
});

async function start(written) {
    const program = await startProgram(written);
    programs.push(program);
    return program;
}

/** The accounts of a customer who has some. */
function getAccounts(client, { users }) {
    const { userId, accountIds } = users.find((user) => user.accountIds.length > 0);
    return client.get('/accounts', { userId, query: { accountIds: accountIds[0] } });
}

/** A customer at the pages of the server that was written. */
async function arrive(written, { providerId }) {
    const made = await newConsent(demo, ['ReadAccountsBasic'], { providerId });
    const { pathname, search } = new URL(made.authorizeUrl);
    const authorizeUrl = written.publicUrl + pathname + search;
    return Customer.arrive(demo, { authorizeUrl }, written.publicUrl);
}

async function hang(written, provider, operation, times) {
    const reply = await fetch(`${written.admin}/operator/overrides`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ provider, operation, delayMs: HANG_MS, times }),
    });
    assert.equal(reply.status, 204, await reply.text());
}

test('a hung core leaves the other provider its workers, and the program its end', async () => {
    const written = await writeConfig(demo, config, 'shares.json', (c) => {
        c.providers.length = 2;
        c.hubListener.threads = THREADS;
        c.limits = { ...c.limits, drainMs: 500 };
    });
    const program = await start(written);
    const seenBy = { ...demo, ozoneConnect: { ...demo.ozoneConnect, baseUrl: written.hub } };
    const [hung, other] = demo.providers;
    const slow = new HubClient(seenBy, hung.providerId);
    assert.equal((await getAccounts(slow, hung)).status, 200); // the Hub's keys are at hand
    await hang(written, hung.providerId, 'findAccounts', 100);
    const answers = [];
    const calls = Array.from({ length: 20 }, () =>
        getAccounts(slow, hung).then(
            (reply) => answers.push(reply),
            () => {},
        ),
    );
    for (let i = 0; answers.length < 20 - THREADS; i++) {
        assert.ok(i < 100, `${answers.length} answers`);
        await sleep(50);
    }
    for (const { status, headers, json } of answers) {
        assert.equal(status, 500, JSON.stringify(json));
        assert.equal(json.errorCode, 'GenericRecoverableError');
        assert.equal(headers['retry-after'], '1');
    }
    const quick = new HubClient(seenBy, other.providerId);
    for (let i = 0; i < 20; i++) {
        const begun = Date.now();
        const reply = await getAccounts(quick, other);
        assert.equal(reply.status, 200, reply.text);
        assert.ok(Date.now() - begun < 3000);
    }
    const metrics = await (await fetch(`${written.admin}/metrics`)).text();
    assert.ok(Number(/^lfi_refused_share_total\{listener="hub"\} (\d+)$/m.exec(metrics)[1]) >= 20 - THREADS);
    quick.close();
    const begun = Date.now();
    program.child.kill('SIGTERM');
    await program.ended;
    assert.ok(Date.now() - begun < 6000, `${Date.now() - begun} ms`);
    slow.close();
    await Promise.all(calls);
});

test('a hung core leaves the other provider its pages, and both the calls of the Hub', async () => {
    const written = await writeConfig(demo, config, 'pages.json', (c) => {
        c.providers.length = 2;
        c.publicListener.threads = THREADS;
        c.limits = { ...c.limits, drainMs: 500 };
    });
    const program = await start(written);
    const [hung, other] = demo.providers;
    const customer = await arrive(written, hung);
    await hang(written, hung.providerId, 'journey/state', 100);
    const answers = [];
    const calls = Array.from({ length: 20 }, () =>
        customer.post('/journey/state', {}).then(
            (view) => answers.push(view),
            () => {},
        ),
    );
    for (let i = 0; answers.length < 20 - THREADS; i++) {
        assert.ok(i < 100, `${answers.length} answers`);
        await sleep(50);
    }
    assert.ok(answers.every(({ error }) => error === 'PROVIDER-BUSY'), JSON.stringify(answers));
    const begun = Date.now();
    const { view } = await (await arrive(written, other)).signIn(other.users[0]);
    assert.equal(view, 'approval');
    const seenBy = { ...demo, ozoneConnect: { ...demo.ozoneConnect, baseUrl: written.hub } };
    for (const provider of [hung, other]) {
        const client = new HubClient(seenBy, provider.providerId);
        assert.equal((await getAccounts(client, provider)).status, 200);
        client.close();
    }
    assert.ok(Date.now() - begun < 5000, `${Date.now() - begun} ms`);
    const metrics = await (await fetch(`${written.admin}/metrics`)).text();
    assert.match(metrics, /^lfi_refused_share_total\{listener="public"\} [1-9]/m);
    assert.match(metrics, /^lfi_refused_share_total\{listener="hub"\} 0$/m);
    assert.match(metrics, new RegExp(`^lfi_workers\\{listener="public"\\} ${THREADS}$`, 'm'));
    const busy = /^lfi_workers_busy\{listener="public"\} (\d+)$/m.exec(metrics)[1];
    assert.ok(Number(busy) >= THREADS * 3 / 4, `${busy} workers`);
    program.child.kill('SIGTERM');
    await program.ended;
    await Promise.all(calls);
});

/** A key store with the key of that identity; it answers nothing at addresses that match `hangs`. */
async function startKeyStore({ signingKey, kid }) {
    const jwk = createPublicKey(readFileSync(signingKey)).export({ format: 'jwk' });
    const store = { hangs: /^$/ };
    const server = createServer(({ url }, reply) => {
        if (!store.hangs.test(decodeURIComponent(url))) {
            reply.end(JSON.stringify({ keys: [{ ...jwk, use: 'sig', alg: 'PS256', kid }] }));
        }
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    store.url = `http://127.0.0.1:${server.address().port}`;
    store.stop = () => {
        server.closeAllConnections();
        server.close();
    };
    return store;
}

test('callers whose keys cannot be fetched leave the others their workers', async () => {
    const [provider] = demo.providers;
    const { otherOrganisation } = demo.rogue;
    const { OU } = subjectOf(otherOrganisation.clientCert);
    keyStore = await startKeyStore(provider);
    const written = await writeConfig(demo, config, 'keys.json', (c) => {
        c.providers.length = 2;
        c.hubListener.threads = THREADS;
        c.caller.jwksBase = keyStore.url;
        delete c.caller.jwksCa; // it is without TLS
        delete c.encryption.payeeVerdicts;
        c.caller.organisationUnits.push(OU);
        c.limits = { ...c.limits, drainMs: 500 };
    });
    const program = await start(written);
    const seenBy = { ...demo, ozoneConnect: { ...demo.ozoneConnect, baseUrl: written.hub } };
    const honest = new HubClient(seenBy, provider.providerId);
    assert.equal((await getAccounts(honest, provider)).status, 200);

    keyStore.hangs = /./;
    const stranger = new HubClient(seenBy, provider.providerId, { identity: otherOrganisation });
    const unknownKid = () => honest.token({ header: { kid: 'unknown' } });
    const refused = [
        ...Array.from({ length: 20 }, () => ({ client: stranger, make: () => stranger.token() })),
        ...Array.from({ length: 20 }, () => ({ client: honest, make: unknownKid })),
    ];
    const statuses = [];
    let going = true;
    const flood = refused.map(async ({ client, make }) => {
        while (going) {
            const token = await make();
            const reply = await client.get('/accounts', { token }).catch(() => null);
            statuses.push(reply?.status);
            await sleep(20);
        }
    });
    await sleep(200);
    const quick = new HubClient(seenBy, provider.providerId);
    try {
        for (let i = 0; i < 15; i++) {
            const begun = Date.now();
            const reply = await getAccounts(quick, provider);
            assert.equal(reply.status, 200, reply.text);
            assert.ok(Date.now() - begun < 1000, `${Date.now() - begun} ms`);
            await sleep(100);
        }
    } finally {
        going = false;
        await Promise.all(flood);
    }
    assert.ok(statuses.length > 40 && !statuses.includes(200), statuses.join());
    program.child.kill('SIGTERM');
    await program.ended;
    [honest, stranger, quick].forEach((client) => client.close());
});

test('a crash leaves a line that names the signal, and the log before it', async () => {
    const written = await writeConfig(demo, config, 'crash.json');
    const program = await start(written);
    program.child.kill('SIGSEGV');
    const { code, signal } = await program.ended;
    assert.ok(signal === 'SIGSEGV' || code !== 0);
    await sleep(100);
    assert.match(program.log, /"event":"started"/);
    assert.match(program.log, /\{"ts":"\d{4}-\d\d-\d\dT[^"]+Z","level":"error","event":"crashed","signal":"SIGSEGV"\}\n/);
});

describe('a core at work is told that nobody waits', () => {
    let written, program, client, call;
    beforeEach(async () => {
        const { providerId } = demo.providers[0];
        written = await writeConfig(demo, config, 'slow.json', (c) => {
            const library = join(BUILD_DIR, 'tests/unit/libcrashing.so');
            c.providers.find(({ id }) => id === providerId).core = { library };
            c.limits = { ...c.limits, drainMs: 200 };
        });
        program = await start(written);
        const seenBy = { ...demo, ozoneConnect: { ...demo.ozoneConnect, baseUrl: written.hub } };
        client = new HubClient(seenBy, providerId);
        call = client.get('/accounts', { userId: SKELETON_USER, query: { accountIds: 'slow' } });
        call.catch(() => {});
        await logged(/"event":"core",[^\n]*a slow account/);
    });
    afterEach(() => program.child.kill('SIGKILL'));

    // Well within the 8 seconds after which its deadline would end it.
    const logged = async (pattern) => {
        for (let i = 0; !pattern.test(program.log); i++) {
            assert.ok(i < 200, program.log);
            await sleep(25);
        }
    };
    const cancelled = /"status":500,[^\n]*"refused":"CALL-CANCELLED","detail":"core crashing: cancelled, before its deadline"/;

    test('by the end of the connection', async () => {
        client.close();
        await assert.rejects(call);
        await logged(cancelled);
        const metrics = await (await fetch(`${written.admin}/metrics`)).text();
        assert.match(metrics, /^lfi_core_unavailable_total 0$/m);
    });

    test('by the end of the server', async () => {
        program.child.kill('SIGTERM');
        await logged(cancelled);
        assert.deepEqual(await program.ended, { code: 0, signal: null });
        assert.match(program.log, /"level":"info","event":"stopped"/); // with every thread ended
        client.close();
    });
});

describe('a core that crashes leaves a line that names what was asked, and not by whom', () => {
    const crash = async (name, ask, operation) => {
        const { providerId } = demo.providers[0];
        const written = await writeConfig(demo, config, name, (c) => {
            const library = join(BUILD_DIR, 'tests/unit/libcrashing.so');
            c.providers.find(({ id }) => id === providerId).core = { library };
        });
        const program = await start(written);
        const answer = await ask(written, providerId).catch(() => null);
        assert.equal(answer, null, 'it did not crash');
        const { code, signal } = await program.ended;
        assert.ok(signal === 'SIGSEGV' || code !== 0);
        await sleep(100);
        const { ts, ...line } = JSON.parse(/\{[^\n]*"event":"crashed"[^\n]*\}/.exec(program.log)[0]);
        assert.ok(Date.parse(ts) > 0);
        assert.deepEqual(line, {
            level: 'error', event: 'crashed', signal: 'SIGSEGV', provider: providerId, operation,
        });
    };

    test('at a wild pointer, on the pages', () =>
        crash('wild.json', async (written, providerId) => {
            const customer = await arrive(written, { providerId });
            return customer.signIn({ login: 'crash', password: 'irrelevant' });
        }, 'journey/sign-in'));

    test('with its stack full, in a call of the Hub', () =>
        crash('deep.json', async (written, providerId) => {
            const seenBy = { ...demo, ozoneConnect: { ...demo.ozoneConnect, baseUrl: written.hub } };
            const client = new HubClient(seenBy, providerId);
            const query = { accountIds: 'overflow' };
            return client.get('/accounts', { userId: SKELETON_USER, query }).finally(() => client.close());
        }, 'findAccounts'));
});

test('a store that was cut short leaves a line that names its file and provider', async () => {
    const file = join(demo.dir, 'store/cut/data.mdb');
    cpSync(join(demo.dir, 'store/retail'), join(demo.dir, 'store/cut'), { recursive: true });
    const written = await writeConfig(demo, config, 'cut.json', (c) => {
        c.providers[0].core.settings.store = 'store/cut';
    });
    const program = await start(written);
    const seenBy = { ...demo, ozoneConnect: { ...demo.ozoneConnect, baseUrl: written.hub } };
    const client = new HubClient(seenBy, demo.providers[0].providerId);
    truncateSync(file, 0);
    await getAccounts(client, demo.providers[0]).catch(() => {});
    const { code, signal } = await program.ended;
    client.close();
    assert.ok(signal === 'SIGBUS' || code !== 0);
    await sleep(100);
    const line = JSON.parse(/\{[^\n]*"event":"crashed"[^\n]*\}/.exec(program.log)[0]);
    assert.equal(line.signal, 'SIGBUS');
    assert.equal(line.file, file);
    assert.equal(line.provider, demo.providers[0].providerId);
});
