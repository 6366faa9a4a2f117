// Slow, malformed and numerous requests to the running server: the Hub does not notice them.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { connect as connectPlain } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';

const REQUEST_MS = 1500;
const IDLE_MS = 5000;
const THREADS = 48;
const SLACK_MS = 1500; // sanitizers on a busy machine
const ADJUST =
    `.limits = {requestMs: ${REQUEST_MS}, idleMs: ${IDLE_MS}} | .hubListener.threads = ${THREADS}`;
const HELLO = 'GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n';

let demo;
let hub;

before(async () => {
    demo = await startDemo({ adjustServer: ADJUST });
    hub = new HubClient(demo, 'dhowretail');
});

after(async () => {
    hub?.close();
    await demo?.stop();
});

const port = () => new URL(demo.ozoneConnect.baseUrl).port;

// A connection with the Hub's certificate; text grows, ended resolves to when it was closed.
function open({ plain = false } = {}) {
    return new Promise((resolve, reject) => {
        const ready = () => resolve(socket);
        const socket = plain
            ? connectPlain(port(), '127.0.0.1', ready)
            : connect(
                  {
                      host: 'localhost',
                      port: port(),
                      ca: readFileSync(demo.ozoneConnect.caFile),
                      cert: readFileSync(hub.identity.clientCert),
                      key: readFileSync(hub.identity.clientKey),
                  },
                  ready,
              );
        socket.text = '';
        socket.on('data', (chunk) => (socket.text += chunk));
        socket.on('error', reject);
        socket.ended = new Promise((done) => socket.on('close', () => done(Date.now())));
    });
}

async function until(condition, explain = () => 'in time') {
    const deadline = Date.now() + 5000;
    while (!condition()) {
        assert.ok(Date.now() < deadline, explain());
        await sleep(10);
    }
}

// The longest of some requests, one after the other on new connections.
async function slowestHello() {
    let slowest = 0;
    for (let i = 0; i < 10; i++) {
        const begun = Date.now();
        const caller = await open();
        caller.write(HELLO);
        await until(() => caller.text.includes('connectionEstablished'));
        slowest = Math.max(slowest, Date.now() - begun);
        assert.match(caller.text, /^HTTP\/1\.1 200 /);
        caller.destroy();
    }
    return slowest;
}

async function drip(caller, text) {
    const begun = Date.now();
    for (let i = 0; !caller.endedAt && Date.now() - begun < REQUEST_MS + SLACK_MS; i++) {
        if (caller.writable) {
            caller.write(text[i] ?? 'x');
        }
        await Promise.race([sleep(100), caller.ended.then((at) => (caller.endedAt = at))]);
    }
    assert.ok(caller.endedAt, 'the connection was ended');
    return caller.endedAt - begun;
}

describe('one byte at a time', () => {
    const cases = {
        head: 'GET /hello HTTP/1.1\r\nHost: localhost\r\nX: ',
        body: 'POST /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n',
        chunk: 'POST /hello HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1;',
    };
    for (const [name, text] of Object.entries(cases)) {
        test(`a ${name} has the request's time and no more`, async () => {
            const caller = await open();
            caller.on('error', () => {});
            if (name !== 'head') {
                caller.write(text);
            }
            const took = await drip(caller, name === 'head' ? text : '');
            assert.match(caller.text, /^HTTP\/1\.1 408 /);
            assert.match(caller.text, /"errorCode":"GenericError"/);
            assert.ok(took > REQUEST_MS - 300 && took < REQUEST_MS + SLACK_MS, `${took} ms`);
        });
    }

    test('a handshake too', async () => {
        const caller = await open({ plain: true });
        caller.on('error', () => {});
        const took = await drip(caller, '\x16\x03\x01\x40\x00');
        assert.ok(took < REQUEST_MS + SLACK_MS, `${took} ms`);
    });
});

test('a caller that has closed its sending side gets its answer', async () => {
    const caller = await open();
    caller.end(HELLO);
    await caller.ended;
    assert.match(caller.text, /^HTTP\/1\.1 200 /);
});

test('200 idle connections do not keep the Hub waiting', async () => {
    const idle = [];
    for (let i = 0; i < 200; i++) {
        const caller = await open();
        caller.on('error', () => {});
        caller.write(HELLO);
        idle.push(caller);
    }
    const slowest = await slowestHello();
    assert.ok(slowest < SLACK_MS, `${slowest} ms`);
    const served = idle.filter(({ text }) => text.startsWith('HTTP/1.1 200 ')).length;
    assert.equal(served, idle.length);
    idle.forEach((caller) => caller.destroy());
});

test('200 silent connections do not either', async () => {
    const silent = await Promise.all(Array.from({ length: 200 }, () => open({ plain: true })));
    silent.forEach((caller) => caller.on('error', () => {}));
    await sleep(100);
    assert.ok((await slowestHello()) < 5 * SLACK_MS);
    silent.forEach((caller) => caller.destroy());
});

test('refusals are logged with their id, and without what was sent', async () => {
    const caller = await open();
    caller.write('GET /hello?secret=1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
    await caller.ended;
    assert.match(caller.text, /^HTTP\/1\.1 400 /);
    const line = demo.serverLog().findLast(({ event }) => event === 'refused');
    assert.equal(line.id, 'HTTP-HOST');
    assert.equal(line.listener, 'hub');
    assert.ok(!JSON.stringify(line).includes('secret'));
    const metrics = await (await fetch(`${demo.adminBaseUrl}/metrics`)).text();
    assert.match(metrics, /^lfi_refused_malformed_total\{listener="hub"\} [1-9]/m);
});

describe('SIGHUP', () => {
    const reloaded = async (event) => {
        const log = () => JSON.stringify(demo.serverLog().slice(-3));
        const before = demo.serverLog().filter((line) => line.event === event).length;
        process.kill(demo.serverPid, 'SIGHUP');
        await until(() => demo.serverLog().filter((line) => line.event === event).length > before, log);
        return demo.serverLog().findLast((line) => line.event === event);
    };

    test('disturbs no request', async () => {
        let running = true;
        const busy = new HubClient(demo, 'dhowretail'); // whose connections are not about to end for being idle
        const callers = [1, 2, 3].map(async () => {
            for (let i = 0; running; i++) {
                assert.equal((await busy.get('/accounts', { userId: 'nobody' })).status < 500, true);
            }
        });
        for (let i = 0; i < 5; i++) {
            await reloaded('reloaded');
        }
        running = false;
        await Promise.all(callers);
        busy.close();
    });

    test('refuses a configuration that is wrong or needs a restart, and goes on', async () => {
        const file = `${demo.dir}/server.json`;
        const good = readFileSync(file, 'utf8');
        writeFileSync(file, '{');
        assert.match((await reloaded('reload-failed')).reason, /server\.json:/);
        const other = JSON.parse(good);
        other.hubListener.port += 1000;
        writeFileSync(file, JSON.stringify(other));
        assert.match((await reloaded('reload-failed')).reason, /hubListener\.port/);
        writeFileSync(file, good);
        await reloaded('reloaded');
        assert.ok((await slowestHello()) < SLACK_MS);
    });

    test('changes who may call', async () => {
        const file = `${demo.dir}/server.json`;
        const good = readFileSync(file, 'utf8');
        const other = JSON.parse(good);
        other.caller.organisationUnits = ['00000000-0000-4000-8000-000000000000'];
        other.providers.forEach((provider) => delete provider.callers); // those that name the Hub themselves
        writeFileSync(file, JSON.stringify(other));
        await reloaded('reloaded');
        assert.equal((await hub.send('GET', '/hello-mtls')).status, 401);
        writeFileSync(file, good);
        await reloaded('reloaded');
        assert.equal((await hub.send('GET', '/hello-mtls')).status, 200);
    });
});

test('the operator sees health, readiness and nothing else', async () => {
    const get = async (path, init) => {
        const reply = await fetch(demo.adminBaseUrl + path, init);
        return [reply.status, await reply.text()];
    };
    assert.deepEqual(await get('/healthz'), [200, 'ok\n']);
    assert.equal((await get('/readyz'))[0], 200);
    assert.equal((await get('/metrics'))[0], 200);
    assert.equal((await get('/other'))[0], 404);
    assert.equal((await get('/healthz', { method: 'POST' }))[0], 405);
});

// A page of another site can make its own name point to this machine.
test('the admin listener answers to its own names only (ADMIN-HOST)', async () => {
    const { port } = new URL(demo.adminBaseUrl);
    const statusFor = (host, path) =>
        new Promise((resolve, reject) => {
            const options = { host: '127.0.0.1', port, path, headers: { Host: host } };
            getPlain(options, (reply) => resolve(reply.resume().statusCode)).on('error', reject);
        });
    const table = {
        localhost: 200, 'LOCALHOST:1': 200, '127.0.0.1': 200, [`127.0.0.1:${port}`]: 200,
        '[::1]': 200, '[::1]:80': 200,
        'evil.example': 421, 'localhost.evil.example': 421, '127.0.0.1.evil.example': 421,
        'evil.example:9441': 421, '127.0.0.2': 421, '10.0.0.1': 421,
    };
    for (const [host, status] of Object.entries(table)) {
        assert.equal(await statusFor(host, '/metrics'), status, `Host: ${host}`);
    }
    assert.equal(await statusFor('evil.example', '/operator/clock'), 421);
});
