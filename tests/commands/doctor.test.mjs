// lfi-server --doctor: a line a check, and each check broken once.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { subjectOf } from '../support/client.mjs';
import { assertNoSanitizerReport, BUILD_DIR, ROOT, startDemo } from '../support/demo.mjs';
import { PROGRAM, writeConfig } from '../support/program.mjs';

let demo;
let config;

before(async () => {
    demo = await startDemo();
    config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
    delete config.adminListener.operatorToken; // its levers are warned of
    cpSync(join(demo.dir, 'pki'), join(demo.dir, 'soon'), { recursive: true });
    execFileSync(join(ROOT, 'tools/pki'),
        ['renew', '--until', '20 days', join(demo.dir, 'soon'), 'bank/C3'], { stdio: 'pipe' });
    writeFileSync(join(demo.dir, 'file'), 'x');
});

after(() => demo?.stop());

/** Runs it while this process goes on serving; resolves to {status, lines, find(name)}. */
async function runDoctor(file) {
    const child = spawn(PROGRAM, ['--config', file, '--doctor']);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const status = await new Promise((resolve) => child.once('close', resolve));
    assertNoSanitizerReport(stderr);
    const printed = stdout.trimEnd().split('\n');
    const summary = printed.pop();
    // "core dhowretail, dhowbusiness: answers" is a line for two of a kind.
    const lines = printed.flatMap((line) => {
        const [, grade, names, text] = /^(ok|warn|FAIL) +(.+?): (.*)$/.exec(line) ?? assert.fail(line);
        const [first, ...others] = names.split(', ');
        const kind = first.slice(0, first.lastIndexOf(' ') + 1);
        return [first, ...others.map((other) => kind + other)].map((name) => ({ grade, name, text }));
    });
    const graded = (grade) => lines.filter((line) => line.grade === grade);
    const count = ({ length }, word) => `${length} ${word}${length === 1 ? '' : 's'}`;
    const counts = [count(lines, 'check'), count(graded('warn'), 'warning'), count(graded('FAIL'), 'fault')];
    assert.equal(summary, counts.join(', '));
    return {
        status,
        lines,
        printed,
        graded,
        has: (grade, name, text) => assert.ok(
            lines.some((line) => line.grade === grade && line.name === name && text.test(line.text)),
            `${grade} ${name} ${text}\n${stdout}`,
        ),
    };
}

async function doctor(adjust) {
    const { file } = await writeConfig(demo, config, 'doctor.json', adjust);
    return runDoctor(file);
}

test('all is well, with free ports', async () => {
    const { status, lines, has } = await doctor();
    assert.deepEqual(lines.filter(({ grade }) => grade !== 'ok'), []);
    assert.equal(status, 0);
    has('ok', 'hubListener.certificate', /^[0-9a-f-]{36}, until \d{4}-\d\d-\d\d, 39\d days$/);
    for (const name of ['hubListener', 'publicListener', 'adminListener']) {
        has('ok', name, /port \d+ is free/);
    }
    for (const id of ['dhowretail', 'dhowbusiness']) {
        has('ok', `core ${id}`, /answers/);
        has('ok', `Heimdall of ${id}`, /takes our certificate/);
        has('ok', `Consent Manager of ${id}`, /takes our certificate/);
    }
    has('ok', 'key store', /verifies what hub\.signingKey signs/);
    has('ok', 'state', /can be written/);
    has('ok', 'clock', /agrees/);
    has('ok', 'versions of dhowretail', /^v2\.1$/);
});

test('what is alike is told once, and what counts for several says for which', async () => {
    const { printed } = await doctor();
    const told = printed.map((line) => line.replace(/^(ok +(?:.+ )?)\S+: /, '$1')); // kind and text
    assert.deepEqual(told.filter((text, i) => told.indexOf(text) !== i), []);
    const authorities = printed.filter((line) => /hubListener\.clientCa/.test(line));
    assert.ok(authorities.length > 0);
    authorities.forEach((line) => assert.match(line, /^ok +hubListener\.clientCa, hub\.ca, caller\.jwksCa: /));
    const providers = config.providers.map(({ id }) => id).join(', ');
    assert.ok(printed.includes(`ok    core ${providers}: answers`), printed.join('\n'));
});

test('the Hub is asked for what the server calls it for, no more', async () => {
    const { lines, has } = await doctor((own) => {
        own.providers[0].authorization = 'caap';
        delete own.providers[0].authorizePath;
        for (const name of ['authorizePath', 'heimdall', 'consentManager']) {
            delete own.providers[1][name];
        }
    });
    has('ok', 'Consent Manager of dhowretail', /takes our certificate/);
    has('ok', 'Hub of dhowbusiness', /^not called: authorizePath is not set/);
    const about = lines.filter(({ name }) => / of dhow(retail|business)$/.test(name)).map(({ name }) => name);
    assert.deepEqual(about.filter((name) => !name.startsWith('versions')), ['Consent Manager of dhowretail', 'Hub of dhowbusiness']);
});

test('the versions that each provider serves, and the documents that they follow', async () => {
    const { has } = await doctor((c) => {
        c.providers[0].offers = { standardVersions: ['v2.1', 'v2.2'] };
        c.providers[1].offers = {
            standardVersions: ['v2.1', 'v2.2'], closingVersions: ['v2.1'], familyVersions: { products: ['v2.1', 'v3.0'] },
        };
    });
    has('ok', 'versions of dhowretail', /^v2\.1, v2\.2 \(draft\)$/);
    has('ok', 'versions of dhowbusiness',
        /^v2\.1, v2\.2 \(draft\); products: v2\.1, v3\.0 \(not known\); no new consents in v2\.1$/);
    const sha256 = (...paths) => paths.reduce((hash, path) => hash.update(readFileSync(path)), createHash('sha256')).digest('hex');
    const overlay = ['v2.2.yaml', 'v2.2/insurance.yaml'].map((name) => join(ROOT, 'openapi', name));
    has('ok', 'documents v2.2', new RegExp(`^draft, .*SHA-256 ${sha256(...overlay)}$`));
    const official = process.env.LFI_OFFICIAL_SPECS ?? join(ROOT, '../shared/specs');
    for (const [family, file] of [
        ['dataSharing', 'bank-data-sharing'], ['products', 'bank-products-data'], ['openData', 'bank-open-data'],
        ['serviceInitiation', 'bank-service-initiation'], ['insurance', 'insurance'],
        ['consentEvents', 'consent-events-actions'], ['caap', 'caap-operations'], ['healthCheck', 'health-check'],
    ]) {
        const path = join(official, `ozone-connect/uae-ozone-connect-${file}-openapi.yaml`);
        const known = existsSync(path); // they are not part of this project
        const version = known ? /^ {2}version: (\S+)$/m.exec(readFileSync(path, 'utf8'))[1] : 'v2\\.1\\.\\d+';
        has('ok', `document ${family}`, new RegExp(`^${version}, final, SHA-256 ${known ? sha256(path) : '[0-9a-f]{64}'}$`));
    }
});

test('beside the running server, whose levers it warns of', async () => {
    const { status, has, graded } = await runDoctor(join(demo.dir, 'server.json'));
    assert.equal(status, 1);
    has('warn', 'adminListener.operatorToken', /levers/);
    assert.equal(graded('FAIL').length, 0);
    for (const name of ['hubListener', 'publicListener', 'adminListener']) {
        has('ok', name, /is taken by the running server/);
    }
});

describe('broken', () => {
    test('a certificate about to end, a name that is not in it', async () => {
        const { status, has, graded } = await doctor((c) => {
            c.hostName = 'bank.example';
            Object.assign(c.hub, { certificate: 'soon/bank/C3.pem', key: 'soon/bank/C3.key' });
        });
        assert.equal(status, 1);
        assert.equal(graded('FAIL').length, 0);
        has('warn', 'hubListener.certificate', /is not for bank\.example: .*subjectAltName/);
        const { CN } = subjectOf(join(demo.dir, 'soon/bank/C3.pem'));
        has('warn', 'hub.certificate',
            new RegExp(`expires in (19|20) days, on .*: have it renewed \\(soon/bank/C3\\.pem, CN=${CN}, `));
    });

    test('shared secrets: a row for each, with a warning where the last one ends soon', async () => {
        const keys = (name, ...all) => {
            const file = join(demo.dir, name);
            for (const [id, days] of all) {
                execFileSync(PROGRAM, ['key', 'new', '--file', file, '--id', id, '--days', `${days}`]);
            }
            return file;
        };
        const { status, has, graded } = await doctor((c) => {
            c.providers[0].callerAuth = {
                mode: 'api-key', apiKeys: { file: keys('api.keys', ['last', 20]) },
            };
            c.providers[1].callerAuth = {
                mode: 'client-credentials', clients: { file: keys('clients.keys', ['old', 20], ['new', 300]) },
            };
        });
        assert.equal(status, 1);
        assert.equal(graded('FAIL').length, 0);
        has('warn', 'providers[0].callerAuth.apiKeys.file', /the last secret, last, ends in (19|20) days/);
        has('ok', 'providers[1].callerAuth.clients.file', /^old, until \d{4}-\d\d-\d\d, (19|20) days/);
        has('ok', 'providers[1].callerAuth.clients.file', /^new, until \d{4}-\d\d-\d\d, (299|300) days/);
    });

    test('the keys of another authorisation server', async () => {
        const { OU, CN } = subjectOf(join(demo.dir, 'pki/bank/C3.pem'));
        const jwksUrl = `${config.caller.jwksBase}/${OU}/${CN}/application.jwks`;
        const { status, has, graded } = await doctor((c) => {
            const issuers = [{ jwksUrl }, { jwksUrl, algorithms: ['ES256'] }, { jwksUrl: 'https://localhost:1/jwks' }];
            issuers.forEach((issuer, i) => (c.providers[i].callerAuth = {
                mode: 'client-credentials', issuer: { issuer: 'https://as.example', audience: 'bank', ...issuer },
            }));
        });
        assert.equal(status, 2);
        assert.equal(graded('FAIL').length, 2);
        const [first, second, third] = config.providers.map(({ id }) => `issuer of ${id}`);
        has('ok', first, /application\.jwks has \d keys/);
        has('FAIL', second, /has no key with a kid for callerAuth\.issuer\.algorithms/);
        has('FAIL', third, /localhost:1\/jwks: .*onnect.*see callerAuth\.issuer\.jwksUrl/);
    });

    test('keys, an expired certificate, a stranger\'s port, the state, a core', async () => {
        const taken = createServer().listen(0, '127.0.0.1');
        await new Promise((resolve) => taken.once('listening', resolve));
        const { status, has } = await doctor((c) => {
            c.hubListener.key = 'pki/bank/C3.key';
            c.hubListener.address = '127.0.0.1';
            c.hubListener.port = taken.address().port;
            Object.assign(c.hub, { certificate: 'pki/rogue/expired/C4.pem', key: 'pki/rogue/expired/C4.key' });
            c.hub.signingKey = 'pki/bank/Sig4.pem';
            c.encryption.keys[0].key = 'pki/bank/Enc1.pem';
            c.hub.timeoutMs = 500;
            c.state.path = 'file';
            c.providers[0].core.library = 'file';
        });
        taken.close();
        assert.equal(status, 2);
        has('FAIL', 'files', /hubListener\.key: the key is not that of the certificate: .*pki\/bank\/C3\.key \(pki\/bank\/S4\.pem, CN=/);
        has('FAIL', 'files', /hub\.certificate: the certificate expired on 2025-01-31: .*SIGHUP \(pki\/rogue\/expired\/C4\.pem, CN=.*, 2024-01-01 to 2025-01-31\)/);
        has('FAIL', 'files', /hub\.signingKey: the file has no private key/);
        has('FAIL', 'files', /encryption\.keys\[0\]\.key: the file has no private key/);
        has('FAIL', 'hubListener', /is taken by another program: ss -ltnp/);
        has('FAIL', 'state', /file: is not a folder that can be written/);
        has('FAIL', 'core dhowretail', /file/);
        has('ok', 'core dhowbusiness', /answers/);
        has('warn', 'configuration', /not checked before the above is corrected/);
    });

    test('another environment\'s certificate, and a Hub that cannot be reached', async () => {
        const { status, has } = await doctor((c) => {
            Object.assign(c.hub, { certificate: 'pki/rogue/otherCa/C4.pem', key: 'pki/rogue/otherCa/C4.key' });
            c.providers[0].heimdall = 'https://localhost:1/heimdall';
            c.hub.kid = 'none';
            delete c.encryption;
            c.providers = c.providers.filter(({ authorization }) => authorization !== 'caap'); // it needs encryption
            c.caller.jwksBase = 'https://localhost:1';
        });
        assert.equal(status, 2);
        has('warn', 'providers[0].offers.consentTypes', /without encryption\.keys: every such consent is invalid/);
        has('FAIL', 'hub.certificate', /does not chain to .*self-signed certificate in.*otherCa\/C4\.pem/);
        has('FAIL', 'Heimdall of dhowretail', /localhost:1\/heimdall\/hello-mtls: .*onnect/);
        has('FAIL', 'Consent Manager of dhowretail', /hello-mtls: .*alert/);
        has('FAIL', 'key store', /localhost:1\/.*onnect.*see caller\.jwksBase/);
        has('warn', 'clock', /not compared/);
    });

    test('a key id under which another key is published, or none', async () => {
        const { status, has, graded } = await doctor((c) => (c.hub.kid = 'none'));
        assert.equal(status, 2);
        has('FAIL', 'key store', /the Hub will refuse our tokens: .*hub\.kid/);
        assert.ok(graded('FAIL').some(({ name }) => name.startsWith('Heimdall of')), 'the Hub says so too');
    });

    test('a clock that is off, and a Hub of another name that hangs', async () => {
        const pem = (name) => readFileSync(join(demo.dir, 'pki', name));
        const hub = createHttps({
            cert: pem('hub/S3.pem'), key: pem('hub/S3.key'), ca: pem('ca/bundle.pem'),
            requestCert: true, rejectUnauthorized: true,
        }, (request, reply) => {
            if (request.url.startsWith('/hangs')) {
                return;
            }
            reply.setHeader('Date', new Date(Date.now() + 95_000).toUTCString());
            reply.setHeader('Content-Type', 'application/json');
            reply.end(JSON.stringify({
                connectionEstablished: true, mtlsStatus: 'established', hostName: 'hub',
                clientCertificate: { subject: 'CN=a', issuer: 'CN=b' },
            }));
        }).listen(0);
        await new Promise((resolve) => hub.once('listening', resolve));
        const { port } = hub.address();
        const { status, has } = await doctor((c) => {
            c.hub.timeoutMs = 2500; // half of it may go into connecting
            c.providers[0].consentManager = `https://localhost:${port}/hangs`;
            c.providers[1].heimdall = `https://localhost:${port}/hh`;
            c.providers[1].consentManager = `https://localhost:${port}/cm`;
        });
        hub.closeAllConnections();
        hub.close();
        assert.equal(status, 2);
        has('ok', 'Heimdall of dhowbusiness', /takes our certificate/);
        has('FAIL', 'Consent Manager of dhowretail', /hangs\/hello-mtls: .*timed out/i);
        has('FAIL', 'clock', /9\d s behind the Hub's: tokens are refused beyond 10 s; run NTP/);
    });

    const long = { skip: process.env.LFI_LONG !== '1' && 'needs LFI_LONG=1: it waits for a time-out' };
    test('a core that hangs while it is opened', long, async () => {
        const began = Date.now();
        const { status, has } = await doctor((c) => (c.providers[0].core = {
            library: join(BUILD_DIR, 'tests/unit/libodd.so'), settings: { say: 'hangs' },
        }));
        assert.equal(status, 2);
        assert.ok(Date.now() - began < 30_000);
        has('FAIL', 'core dhowretail', /does not end in time/);
        has('ok', 'core dhowbusiness', /answers/);
        has('ok', 'clock', /agrees/);
    });

    test('a configuration that cannot be read', async () => {
        writeFileSync(join(demo.dir, 'broken.json'), '{"hostName": 1}');
        const { status, lines, has } = await runDoctor(join(demo.dir, 'broken.json'));
        assert.equal(status, 2);
        assert.equal(lines.length, 1); // and the summary says 1 check
        has('FAIL', 'configuration', /broken\.json:1: /);
    });
});
