// Threads: a server built with the thread sanitizer, under callers of every kind, with reloads and
// a drain in between, reports no race.
import assert from 'node:assert/strict';
import { fork, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { HubClient } from '../support/client.mjs';
import { assertNoSanitizerReport, BUILD_DIR, ROOT, startDemo } from '../support/demo.mjs';
import { startProgram, writeConfig } from '../support/program.mjs';

const skip = process.env.LFI_LONG ? false : 'needs LFI_LONG=1';
const TSAN_DIR = join(ROOT, 'build/tsan');
const RUN_MS = 30_000;
const HELLO = 'GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n';
// Fewer workers than kept connections, so that connections go back and forth.
const LIMITS = { requestMs: 2000, idleMs: 1000, queueMs: 2000, connectionSeconds: 3, drainMs: 8000 };
const THREADS = 6;

let demo;
let program;
let written;
let seen;
let stopping = false; // the server is told to end, and may fail callers
let running = true;
const done = { read: 0, fresh: 0, pipelined: 0, cut: 0, page: 0, body: 0, metrics: 0, reload: 0 };

before(async () => {
    if (skip) {
        return;
    }
    const built = spawnSync(join(ROOT, 'tools/build'), ['tsan'], { encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    demo = await startDemo();
    const text = readFileSync(join(demo.dir, 'server.json'), 'utf8');
    const config = JSON.parse(text.replaceAll(BUILD_DIR, TSAN_DIR));
    written = await writeConfig(demo, config, 'tsan.json', (own) => {
        own.limits = LIMITS;
        own.hubListener.threads = THREADS;
        own.publicListener.threads = THREADS;
    });
    seen = { ...demo, ozoneConnect: { ...demo.ozoneConnect, baseUrl: written.hub } };
    const suppressions = join(ROOT, 'tests/support/tsan.supp');
    program = await startProgram(written, {
        path: join(TSAN_DIR, 'bin/lfi-server'),
        env: { TSAN_OPTIONS: `suppressions=${suppressions} history_size=4` },
    });
});

after(async () => {
    running = false;
    stopping = true;
    program?.child.kill('SIGKILL');
    await demo?.stop();
});

/** Runs `step` again and again until the run ends. That a connection breaks is no failure here. */
async function repeat(name, pauseMs, step) {
    while (running) {
        try {
            await step();
            done[name]++;
        } catch (error) {
            if (!stopping && error instanceof assert.AssertionError) {
                throw error;
            }
        }
        await sleep(Math.random() * pauseMs);
    }
}

/** Answered, or refused because no worker is free: of the listener (503), or of the provider's share (500). */
function assertServed(status, json) {
    const busy = status === 503 || (status === 500 && json?.errorCode === 'GenericRecoverableError');
    assert.ok(busy || [200, 404].includes(status), `${status}`);
}

async function read(client) {
    const { userId, accountIds } = client.identity.users[0];
    const path = ['balances', 'transactions', 'beneficiaries'][Math.floor(Math.random() * 3)];
    const reply = await client.get(`/accounts/${accountIds[0]}/${path}`, { userId });
    assertServed(reply.status, reply.json);
}

async function readFresh() {
    const client = new HubClient(seen, 'dhowretail');
    try {
        await read(client);
    } finally {
        client.close();
    }
}

function open() {
    const { providers, ozoneConnect } = demo;
    const { port } = new URL(written.hub);
    return new Promise((resolve, reject) => {
        const options = {
            host: 'localhost',
            port,
            ca: readFileSync(ozoneConnect.caFile),
            cert: readFileSync(providers[0].clientCert),
            key: readFileSync(providers[0].clientKey),
        };
        const socket = connect(options, () => resolve(socket));
        socket.text = '';
        socket.on('data', (bytes) => (socket.text += bytes));
        socket.on('error', reject);
        socket.ended = new Promise((ended) => socket.on('close', ended));
    });
}

/** Several requests in one write, the last in two pieces. */
async function pipeline() {
    const socket = await open();
    socket.write(HELLO.repeat(4) + HELLO.slice(0, 20));
    await sleep(30);
    socket.end(HELLO.slice(20));
    await socket.ended;
    const statuses = [...socket.text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status);
    if (statuses.length === 0) {
        throw new Error('the caller was too late');
    }
    statuses.forEach((status) => assertServed(Number(status)));
}

async function cut() {
    const socket = await open();
    socket.write(HELLO.repeat(3) + HELLO.slice(0, 30));
    await sleep(Math.random() * 20);
    socket.destroy();
}

/** A body that comes slowly is read by a worker. */
async function sendBody() {
    const body = new ReadableStream({
        async start(controller) {
            controller.enqueue(new Uint8Array(60_000).fill(32));
            await sleep(100);
            controller.enqueue(new Uint8Array(60_000).fill(32));
            controller.close();
        },
    });
    const options = { method: 'POST', body, duplex: 'half' };
    const reply = await fetch(`${written.publicUrl}/journey/state`, options);
    await reply.text();
    assert.ok(reply.status >= 400, `${reply.status}`);
}

async function look(url) {
    const reply = await fetch(url);
    await reply.text();
}

function several(count, name, pauseMs, step) {
    return Array.from({ length: count }, () => repeat(name, pauseMs, step));
}

function startFlood() {
    const { hubListener, publicListener, adminListener } = written.config;
    const targets = [`tls:${hubListener.port}`, `plain:${publicListener.port}`, `plain:${adminListener.port}`];
    return fork(new URL('../support/flood.mjs', import.meta.url).pathname, [60, ...targets]);
}

test('no race in the server, from the first caller to the drain', { skip }, async (t) => {
    const kept = Array.from({ length: 3 * THREADS }, () => new HubClient(seen, 'dhowretail'));
    const flood = startFlood();
    const callers = [
        ...kept.map((client) => repeat('read', 100, () => read(client))),
        ...several(3, 'fresh', 50, readFresh),
        ...several(3, 'pipelined', 50, pipeline),
        ...several(3, 'cut', 50, cut),
        ...several(3, 'page', 100, () => look(`${written.publicUrl}/consents`)),
        ...several(3, 'body', 100, sendBody),
        repeat('metrics', 200, () => look(`${written.admin}/metrics`)),
        repeat('reload', 1500, async () => program.child.kill('SIGHUP')),
    ];
    await sleep(RUN_MS);
    stopping = true;
    program.child.kill('SIGTERM');
    const end = await Promise.race([program.ended, sleep(20_000, 'late', { ref: false })]);
    running = false;
    flood.kill();
    kept.forEach((client) => client.close());
    await Promise.all(callers);
    t.diagnostic(JSON.stringify(done));
    assertNoSanitizerReport(program.log);
    assert.deepEqual(end, { code: 0, signal: null }, program.log.slice(-2000));
    for (const [name, count] of Object.entries(done)) {
        assert.ok(count > 10, `${name}: ${count}`);
    }
});
