// /readyz names the part that fails; a reload takes everything or nothing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { HubClient } from '../support/client.mjs';
import { BUILD_DIR, ROOT, startDemo } from '../support/demo.mjs';
import { startProgram, writeConfig } from '../support/program.mjs';

let demo;
let config;
let written;
let program;

before(async () => {
    demo = await startDemo();
    config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
    cpSync(join(demo.dir, 'store/retail'), join(demo.dir, 'store/own'), { recursive: true });
    written = await writeConfig(demo, config, 'own.json', (c) => {
        c.providers[0].core.settings.store = 'store/own';
        c.state.path = 'state-own';
    });
    program = await startProgram(written);
});

after(async () => {
    program?.child.kill('SIGTERM');
    assert.equal((await program.ended).code, 0, program.log);
    await demo?.stop();
});

const ready = async () => {
    const reply = await fetch(`${written.admin}/readyz`);
    return { ...(await reply.json()), status: reply.status };
};

async function until(what, condition, tries = 100) {
    for (let i = 0; ; i++) {
        const seen = await what();
        if (condition(seen)) {
            return seen;
        }
        assert.ok(i < tries, JSON.stringify(seen));
        await sleep(100);
    }
}

test('every part is listed when all is well', async () => {
    const { status, parts } = await ready();
    assert.equal(status, 200);
    assert.ok(parts.every((part) => part.status === 'ok'));
    const names = parts.map(({ part }) => part);
    for (const name of ['listener hub', 'listener public', 'listener admin', 'core dhowretail', 'core dhowbusiness',
        'state', 'tasks dhowretail',
        'certificate hubListener.certificate', 'certificate hub.certificate']) {
        assert.ok(names.includes(name), name);
    }
});

test('metrics show version, certificates, and stores', async () => {
    const text = await (await fetch(`${written.admin}/metrics`)).text();
    assert.match(text, /^lfi_build_info\{version="\d+\.\d+\.\d+"\} 1$/m);
    assert.match(text, /^lfi_certificate_expiry_seconds\{setting="hub\.certificate",subject="[0-9a-f-]+",serial="[0-9A-F]+"\} \d{6,}$/m);
    assert.match(text, /^lfi_certificate_days_left\{setting=\"hubListener\.clientCa\",subject=\"Falaj[^\"]* Issuing CA - G1\",serial=\"[0-9A-F]+\"\} 36\d\d$/m);
    assert.match(text, /^lfi_core_up\{provider="dhowretail"\} 1$/m);
    assert.match(text, /^lfi_store_used_bytes\{provider="dhowretail"\} [1-9]\d+$/m);
    assert.match(text, /^lfi_store_limit_bytes\{provider="dhowretail"\} 8589934592$/m);
    assert.match(text, /^lfi_state_up 1$/m);
    assert.match(text, /^lfi_state_used_bytes [1-9]\d+$/m);
    assert.match(text, /^lfi_state_limit_bytes 1073741824$/m);
    assert.match(text, /^lfi_tasks_limit\{provider="dhowbusiness"\} 100000$/m);
});

test('each listener counts its own requests and shows its limits', async () => {
    const read = async () => {
        const text = await (await fetch(`${written.admin}/metrics`)).text();
        return (name, labels) =>
            Number(new RegExp(`^lfi_${name}\\{${labels}\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
    };
    const before = await read();
    assert.equal((await fetch(`${written.publicUrl}/no-such-page`)).status, 404);
    await fetch(written.hub.replace('https:', 'http:')).catch(() => {}); // no handshake
    const socket = connect(written.config.publicListener.port, '127.0.0.1');
    socket.end('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve).resume());
    const now = await until(read, (get) => get('handshake_failed_total', 'listener="hub"') > 0);
    const grown = (name, labels) => now(name, labels) - before(name, labels);
    assert.equal(grown('listener_requests_total', 'listener="public",status="404"'), 1);
    assert.equal(grown('listener_requests_total', 'listener="public",status="400"'), 1);
    assert.equal(grown('listener_request_duration_seconds_count', 'listener="public"'), 2);
    assert.equal(grown('refused_malformed_total', 'listener="public"'), 1);
    assert.equal(grown('connections_total', 'listener="hub"'), 1);
    assert.equal(grown('handshake_failed_total', 'listener="hub"'), 1);
    for (const name of ['refused_malformed_total', 'listener_request_duration_seconds_count']) {
        assert.equal(grown(name, 'listener="hub"'), 0, name);
    }
    assert.ok(grown('listener_requests_total', 'listener="admin",status="200"') > 0);
    assert.equal(now('workers', 'listener="public"'), 256);
    assert.equal(now('connections_limit', 'listener="public"'), 256 + 1024);
    assert.equal(now('connections_limit', 'listener="hub"'), 256 + 2 * 1024);
    assert.ok(now('connections', 'listener="admin"') > 0);
    await until(read, (get) => get('connections', 'listener="hub"') === 0);
});

for (const [name, folder] of [['core dhowretail', 'store/own'], ['state', 'state-own']]) {
    test(`${name}: a store that was removed makes the server not ready, until it is back`, async () => {
        const file = join(demo.dir, folder, 'data.mdb');
        renameSync(file, `${file}.away`);
        const failing = await until(ready, ({ status }) => status === 503);
        const parts = failing.parts.filter(({ status }) => status === 'failing');
        assert.deepEqual(parts.map(({ part }) => part), [name]);
        assert.match(parts[0].reason, /the store was removed: /);
        assert.equal((await fetch(`${written.admin}/healthz`)).status, 200);
        renameSync(`${file}.away`, file);
        await until(ready, ({ status }) => status === 200);
    });
}

describe('a certificate that ends while it is served', () => {
    const LIVES_S = 15; // long enough for a start on a busy machine
    const own = (name) => join(demo.dir, `ending/${name}`);
    let hub;
    let program;
    let at;
    let kept;

    /** A certificate of the Hub listener that ends so soon. */
    const make = (seconds) => {
        const end = new Date(Date.now() + seconds * 1000).toISOString().replace(/[-:T]|\.\d+/g, '');
        const run = (...args) => execFileSync('openssl', args, { cwd: own('.'), stdio: 'pipe' });
        run('req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'S4.key', '-subj',
            '/CN=localhost', '-config', 'cnf', '-out', 'request');
        run('ca', '-batch', '-config', 'cnf', '-selfsign', '-keyfile', 'S4.key', '-in', 'request',
            '-notext', '-enddate', end, '-out', 'S4.pem');
    };

    /** A new connection of the Hub, or why its handshake failed. */
    const open = () => new Promise((resolve) => {
        const { clientCert, clientKey } = hub.identity;
        const socket = connectTls({
            host: 'localhost',
            port: at.config.hubListener.port,
            ca: readFileSync(own('S4.pem')),
            cert: readFileSync(clientCert),
            key: readFileSync(clientKey),
        }, () => resolve(socket));
        socket.text = '';
        socket.on('data', (chunk) => (socket.text += chunk));
        socket.on('error', ({ code }) => resolve(code));
    });

    const ask = async (socket) => {
        socket.text = '';
        socket.write('GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n');
        await until(async () => socket.text, (text) => text.includes('\r\n\r\n'));
        return Number(/^HTTP\/1.1 (\d+)/.exec(socket.text)[1]);
    };

    const look = async () => {
        const reply = await fetch(`${at.admin}/readyz`);
        return { ...(await reply.json()), status: reply.status };
    };

    before(async () => {
        hub = new HubClient(demo, demo.providers[0].providerId);
        mkdirSync(own('certificates'), { recursive: true });
        writeFileSync(own('index'), '');
        writeFileSync(own('cnf'), `[ca]
default_ca = own
[own]
database = index
new_certs_dir = certificates
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
[req]
distinguished_name = any
[server]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost
`);
        make(LIVES_S);
        at = await writeConfig(demo, config, 'ending.json', (c) => {
            c.hubListener.certificate = 'ending/S4.pem';
            c.hubListener.key = 'ending/S4.key';
            c.limits = { ...c.limits, idleMs: 30_000 };
        });
        program = await startProgram(at);
        kept = await open();
        assert.equal(await ask(kept), 200);
    });

    after(async () => {
        kept?.destroy();
        hub.close();
        program?.child.kill('SIGTERM');
        await program?.ended;
    });

    test('is reported by /readyz, metrics and log without a restart', async () => {
        const { parts } = await until(look, ({ status }) => status === 503, 300);
        const failing = parts.filter(({ status }) => status !== 'ok');
        assert.deepEqual(failing.map(({ part, reason }) => [part, reason]),
            [['certificate hubListener.certificate', 'has expired']]);
        const metrics = await (await fetch(`${at.admin}/metrics`)).text();
        const left = /^lfi_certificate_expiry_seconds\{setting="hubListener.certificate",[^}]*\} (-?\d+)$/m;
        assert.ok(Number(left.exec(metrics)[1]) <= 0, metrics);
        await sleep(4500); // two looks more
        const lines = program.log.split('\n').filter((line) => line.includes('"certificate-expired"'));
        assert.equal(lines.length, 1, program.log);
        assert.equal(JSON.parse(lines[0]).setting, 'hubListener.certificate');
    });

    test('ends new connections at their callers, not those that are open', async () => {
        assert.equal(await open(), 'CERT_HAS_EXPIRED');
        assert.equal(await ask(kept), 200);
        assert.equal((await fetch(`${at.admin}/healthz`)).status, 200);
    });

    test('is reported no more once a new one is loaded', async () => {
        make(3600);
        program.child.kill('SIGHUP');
        await until(look, ({ status }) => status === 200);
        const fresh = await open();
        assert.equal(await ask(fresh), 200);
        fresh.destroy();
    });
});

describe('reload', () => {
    const reloaded = async (change) => {
        const own = structuredClone(written.config);
        change(own);
        writeFileSync(written.file, JSON.stringify(own, null, 2));
        const before = program.log.length;
        program.child.kill('SIGHUP');
        const line = await until(
            async () => program.log.slice(before),
            (text) => /"event":"(reloaded|reload-failed)".*\n/.test(text),
        );
        writeFileSync(written.file, JSON.stringify(written.config, null, 2));
        return /"event":"reload-failed","reason":"([^\n]*)"\}/.exec(line)?.[1] ?? 'reloaded';
    };

    // Each member of the schema: a change, and what a reload says to it.
    const members = {
        watchFiles: { applies: (c) => (c.watchFiles = true) },
        hostName: { restart: (c) => (c.hostName = 'another') },
        'log.level': { applies: (c) => (c.log = { level: 'debug' }) },
        'contract.responses': { applies: (c) => (c.contract = { responses: 'log' }) },
        'adminListener.port': { restart: (c) => c.adminListener.port++ },
        'adminListener.address': { restart: (c) => (c.adminListener.address = '::1') },
        'adminListener.operatorToken': { restart: (c) => delete c.adminListener.operatorToken },
        'adminListener.leversInProduction': {
            restart: (c) => (c.adminListener.leversInProduction = true),
        },
        'caller.mode': { applies: (c) => (c.caller.mode = 'mtls') },
        'caller.organisationUnits': { applies: (c) => c.caller.organisationUnits.push('other') },
        'caller.jwksBase': { applies: (c) => (c.caller.jwksBase = 'https://localhost:1/keys') },
        'caller.jwksOverride': { applies: (c) => (c.caller.jwksOverride = 'https://localhost:1/k') },
        'caller.jwksCa': { applies: (c) => (c.caller.jwksCa = 'pki/ca/root.pem') },
        'caller.maxTokenLifeSeconds': { applies: (c) => (c.caller.maxTokenLifeSeconds = 60) },
        'caller.replayEntries': { applies: (c) => (c.caller.replayEntries = 10) },
        'hub.ca': { applies: (c) => (c.hub.ca = 'pki/ca/root.pem') },
        'hub.timeoutMs': { applies: (c) => (c.hub.timeoutMs = 1234) },
        'hub.kid': { applies: (c) => (c.hub.kid = 'other') },
        'journey.bankName': { restart: (c) => (c.journey.bankName = 'Other Bank') },
        'journey.sessionSeconds': { applies: (c) => (c.journey.sessionSeconds = 600) },
        'journey.maxAttempts': { applies: (c) => (c.journey.maxAttempts = 5) },
        'journey.stepUp': { applies: (c) => (c.journey.stepUp = ['payments', 'data-sharing']) },
        'journey.demoApp': { applies: (c) => (c.journey.demoApp = !c.journey.demoApp) },
        'state.path': { restart: (c) => (c.state.path = 'elsewhere') },
        'state.driver': { restart: (c) => (c.state.driver = 'lmdb') },
        'state.maxMegabytes': { restart: (c) => (c.state.maxMegabytes = 7) },
        'state.maxTasks': { restart: (c) => (c.state.maxTasks = 7) },
        'state.instances': { restart: (c) => (c.state.instances = 7) },
        'publicListener.url': { applies: (c) => (c.publicListener.url = 'http://localhost:1') },
        'publicListener.certificate': {
            restart: (c) => Object.assign(c.publicListener, {
                certificate: 'pki/bank/S4.pem', key: 'pki/bank/S4.key',
            }),
        },
        'hubListener.basePaths': { restart: (c) => (c.hubListener.basePaths = { products: '/p' }) },
        'providers[0].id': { restart: (c) => (c.providers[0].id = 'other') },
        'providers[0].segment': { restart: (c) => (c.providers[0].segment = 'corporate') },
        'providers[0].audience': { restart: (c) => (c.providers[0].audience = 'other') },
        'providers[0].core.library': {
            restart: (c) => (c.providers[0].core.library = join(BUILD_DIR, 'lib/libcore-skeleton.so')),
        },
        'providers[0].core.settings': { restart: (c) => (c.providers[0].core.settings.mapMiB = 1) },
        'providers[0].offers': {
            restart: (c) => (c.providers[0].offers = { standardVersions: ['v2.0'] }),
        },
        'providers[0].authorizePath': { applies: (c) => (c.providers[0].authorizePath = '/other') },
        'providers[0].heimdall': { applies: (c) => (c.providers[0].heimdall = 'https://localhost:1/h') },
        'providers[0].consentManager': {
            applies: (c) => (c.providers[0].consentManager = 'https://localhost:1/c'),
        },
        'providers[0].hubAudience': { applies: (c) => (c.providers[0].hubAudience = 'other') },
        'providers[0].brand': { applies: (c) => (c.providers[0].brand = { name: { en: 'Other' } }) },
    };
    for (const [name, value] of Object.entries({ address: '::1', port: 1, threads: 7, minTls: '1.3' })) {
        members[`hubListener.${name}`] = { restart: (c) => (c.hubListener[name] = value) };
    }
    for (const name of ['certificate', 'key', 'clientCa']) {
        members[`hubListener.${name}`] = {
            applies: (c) => (c.hubListener[name] = `./${c.hubListener[name]}`),
        };
    }
    for (const name of ['hubListener', 'hub']) {
        members[`${name}.next`] = {
            applies: (c) => (c[name].next = { certificate: c[name].certificate, key: c[name].key }),
        };
    }
    for (const name of ['bodyBytes', 'requestMs', 'idleMs', 'queueMs', 'drainMs', 'drainDelayMs',
        'waitingConnections', 'waitingPerAddress', 'connectionSeconds']) {
        members[`limits.${name}`] = { restart: (c) => (c.limits = { ...c.limits, [name]: 2048 }) };
    }

    test('every setting applies, or is refused by its name', async () => {
        for (const [name, change] of Object.entries(members)) {
            const said = await reloaded(change.applies ?? change.restart);
            if (change.applies) {
                assert.equal(said, 'reloaded', name);
            } else {
                assert.match(said, /cannot change without a restart/, name);
                assert.ok(said.includes(`$.${name.split('[')[0]}`), `${name}: ${said}`);
            }
        }
        assert.equal(await reloaded(() => {}), 'reloaded');
    });

    test('the schema has no member that this test does not know', () => {
        const schema = readFileSync(join(ROOT, 'server/config/config.schema.yaml'), 'utf8');
        const limits = /^Limits:\n([\s\S]*?)^\w/m.exec(schema)[1];
        for (const [, name] of limits.matchAll(/^ {4}(\w+):$/gm)) {
            assert.ok(members[`limits.${name}`], name);
        }
    });

    test("the content of the operator's token cannot change without a restart", async () => {
        const file = demo.operatorTokenFile;
        const token = readFileSync(file, 'utf8');
        writeFileSync(file, `${token.trim()}x\n`);
        const said = await reloaded(() => {});
        writeFileSync(file, token);
        assert.match(said, /\$\.adminListener\.operatorToken: its content cannot change without a restart/);
        assert.equal(await reloaded(() => {}), 'reloaded');
    });

    test('a wrong key towards the Hub leaves everything as it was', async () => {
        const said = await reloaded((c) => (c.hub.key = 'pki/bank/S4.key'));
        assert.match(said, /\$\.hub\.key: the key is not that of the certificate/);
        assert.equal((await ready()).status, 200);
    });
});
