// The addresses of the listeners: one that is taken, those of IPv6.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { assertNoSanitizerReport, BUILD_DIR, startDemo } from '../support/demo.mjs';
import { runProgram, startProgram, writeConfig } from '../support/program.mjs';

const LISTENERS = { hub: 'hubListener', public: 'publicListener', admin: 'adminListener' };

let demo;
let config;

before(async () => {
    demo = await startDemo();
    config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
});

after(() => demo?.stop());

function listen(host) {
    return new Promise((resolve) => {
        const server = createServer().listen(0, host, () => resolve(server));
    });
}

/** Why a program could not start, by its log. */
function failureIn(log) {
    const lines = log.split('\n').filter((line) => line.includes('"event":"start-failed"'));
    assert.equal(lines.length, 1, log);
    return JSON.parse(lines[0]).reason;
}

describe('a port that is taken ends the start, and is told', () => {
    for (const [name, member] of Object.entries(LISTENERS)) {
        for (const address of ['127.0.0.1', '::1', 'localhost']) {
            test(`${name} on ${address}`, async () => {
                const other = await listen(address === 'localhost' ? '::1' : address);
                const { port } = other.address();
                const { file } = await writeConfig(demo, config, 'taken.json', (own) => {
                    Object.assign(own[member], { address, port });
                });
                const { status, stderr } = runProgram('--config', file);
                other.close();
                assert.equal(status, 1);
                const reason = `${name} listener: cannot listen on ${address} port ${port}: already in use`;
                assert.equal(failureIn(stderr), reason);
                assertNoSanitizerReport(stderr);
            });
        }
    }

    test('the simulator, where another runs already', () => {
        const other = JSON.parse(readFileSync(join(demo.dir, 'hub.json'), 'utf8'));
        other.stateFolder = 'hub-other';
        const config = join(demo.dir, 'hub-other.json');
        writeFileSync(config, JSON.stringify(other));
        const options = { encoding: 'utf8', timeout: 20_000 };
        const { status, stderr } = spawnSync(join(BUILD_DIR, 'bin/hub-sim'), ['--config', config], options);
        assert.equal(status, 1, stderr);
        assert.match(stderr, /cannot listen on localhost port \d+: already in use/);
    });

    test('two listeners on one port', async () => {
        const { file, config: own } = await writeConfig(demo, config, 'twice.json', (other) => {
            other.adminListener.port = other.publicListener.port;
        });
        const { status, stderr } = runProgram('--config', file);
        assert.ok(status === 1 || status === 2, stderr);
        assert.match(stderr, new RegExp(`${own.adminListener.port}|adminListener`));
    });

    test('an address that this machine does not have', async () => {
        const { file } = await writeConfig(demo, config, 'elsewhere.json', (own) => {
            own.publicListener.address = '192.0.2.1';
        });
        const { status, stderr } = runProgram('--config', file);
        assert.equal(status, 1);
        assert.match(stderr, /public listener: cannot listen on 192\.0\.2\.1 port \d+: Cannot assign/);
    });
});

/** What a listener answers on `host` to a GET of `path`. */
function ask(host, port, path) {
    return new Promise((resolve, reject) => {
        const socket = connect(port, host, () =>
            socket.write(`GET ${path} HTTP/1.1\r\nHost: [::1]:${port}\r\nConnection: close\r\n\r\n`),
        );
        let text = '';
        socket.on('data', (chunk) => (text += chunk));
        socket.on('error', reject);
        socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])));
    });
}

const BOTH = ['127.0.0.1', '::1'];

for (const [address, hosts] of Object.entries({ '::1': ['::1'], '::': BOTH, localhost: BOTH })) {
    test(`every listener on ${address} answers on ${hosts.join(' and ')}`, async () => {
        const written = await writeConfig(demo, config, 'six.json', (own) => {
            own.hubListener.address = own.publicListener.address = address;
            own.adminListener.address = address === '::' ? '::1' : address;
            own.publicListener.url = `http://[::1]:${own.publicListener.port}`;
        });
        const { hubListener, publicListener, adminListener } = written.config;
        const program = await startProgram({ ...written, admin: `http://[::1]:${adminListener.port}` });
        for (const host of hosts) {
            assert.equal(await ask(host, publicListener.port, '/consents'), 200);
            await readAs(host, hubListener.port);
        }
        assert.equal(await ask('::1', adminListener.port, '/healthz'), 200);
        program.child.kill('SIGTERM');
        assert.deepEqual(await program.ended, { code: 0, signal: null });
        assertNoSanitizerReport(program.log);
        assertRemotes(program.log, hosts);
    });
}

test('the demonstration answers on both loopback addresses', async () => {
    for (const url of [demo.publicBaseUrl, demo.adminBaseUrl, demo.hub.baseUrl]) {
        const { port } = new URL(url);
        for (const host of BOTH) {
            assert.equal(await ask(host, port, '/'), 200, `${host} ${port}`);
        }
    }
    await Promise.all(BOTH.map((host) => readAs(host, new URL(demo.ozoneConnect.baseUrl).port)));
});

/** The certificate names localhost, whatever address is called. */
async function readAs(host, port) {
    const baseUrl = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const seen = { ...demo, ozoneConnect: { ...demo.ozoneConnect, baseUrl } };
    const hub = new HubClient(seen, 'dhowretail', { tls: { servername: 'localhost' } });
    const { userId, accountIds } = hub.identity.users[0];
    assert.equal((await hub.get(`/accounts/${accountIds[0]}/balances`, { userId })).status, 200);
    assert.equal((await hub.get('/accounts', { userId, headers: { host: 'a b' } })).status, 400);
    hub.close();
}

/** Addresses in the log are as they were called from, IPv4 never in its IPv6 form. */
function assertRemotes(log, hosts) {
    const lines = log.split('\n').filter((line) => line.includes('"event":"refused"')).map(JSON.parse);
    assert.deepEqual([...new Set(lines.map(({ remote }) => remote))].sort(), [...hosts].sort());
}
