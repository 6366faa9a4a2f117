// Real handshakes with the Hub listener, and what a certificate alone is good for.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { HubClient, subjectOf } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';

const REQUEST = 'GET /echo-cert HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

let demo;
let hub;

before(async () => {
    demo = await startDemo();
    hub = demo.providers.find(({ providerId }) => providerId === 'dhowretail');
});

after(() => demo?.stop());

function pem({ clientCert, clientKey }) {
    return { cert: readFileSync(clientCert), key: readFileSync(clientKey) };
}

// Connects, asks for /echo-cert and resolves to what came: {protocol, resumed, session, text, error}.
function exchange(options) {
    return new Promise((resolve) => {
        const outcome = { text: '' };
        const { port } = new URL(demo.ozoneConnect.baseUrl);
        const ca = readFileSync(demo.ozoneConnect.caFile);
        const socket = connect({ host: 'localhost', port, ca, ...options }, () => {
            outcome.protocol = socket.getProtocol();
            outcome.resumed = socket.isSessionReused();
            socket.write(REQUEST);
        });
        socket.setTimeout(10_000, () => socket.destroy(new Error('no answer in time')));
        socket.on('session', (session) => (outcome.session = session));
        socket.on('data', (chunk) => (outcome.text += chunk));
        socket.on('error', (error) => (outcome.error = error));
        socket.on('close', () => resolve(outcome));
    });
}

async function assertServed(options) {
    const outcome = await exchange(options);
    assert.equal(outcome.error, undefined);
    assert.match(outcome.text, /^HTTP\/1\.1 200 /);
    return outcome;
}

// With TLS 1.3 the client may finish its own handshake and see the alert only afterwards.
async function assertRefused(options) {
    const outcome = await exchange(options);
    assert.ok(outcome.error, 'the connection fails');
    assert.notEqual(outcome.error.message, 'no answer in time');
    assert.equal(outcome.text, '');
    return outcome.error;
}

describe('versions and ciphers', () => {
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
        test(`${version} is served`, async () => {
            const versions = { minVersion: version, maxVersion: version };
            const { protocol } = await assertServed({ ...pem(hub), ...versions });
            assert.equal(protocol, version);
        });
    }

    for (const version of ['TLSv1', 'TLSv1.1']) {
        test(`${version} is refused`, async () => {
            const error = await assertRefused({
                ...pem(hub),
                minVersion: version,
                maxVersion: version,
                ciphers: 'ALL:@SECLEVEL=0',
            });
            assert.match(error.code, /ALERT_PROTOCOL_VERSION/); // the server's word, not our own
        });
    }

    for (const ciphers of ['AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA', 'ECDHE-RSA-AES256-SHA384']) {
        test(`TLS 1.2 with ${ciphers} is refused`, async () => {
            const error = await assertRefused({ ...pem(hub), maxVersion: 'TLSv1.2', ciphers });
            assert.match(error.code, /ALERT_HANDSHAKE_FAILURE/);
        });
    }

    test('plain HTTP gets no answer of the bank', async () => {
        const { port } = new URL(demo.ozoneConnect.baseUrl);
        const text = await new Promise((resolve) => {
            let got = '';
            const socket = connectPlain(port, 'localhost', () => socket.write(REQUEST));
            socket.on('data', (chunk) => (got += chunk));
            socket.on('error', () => {});
            socket.on('close', () => resolve(got));
        });
        assert.doesNotMatch(text, / 200 |connectionEstablished/);
    });
});

describe('client certificates', () => {
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
        const refusals = {
            'no certificate': () => ({}),
            'a certificate of another authority': () => pem(demo.rogue.otherCa),
            'an expired certificate': () => pem(demo.rogue.expired),
            'a server certificate of the right authority': () =>
                pem({
                    clientCert: `${demo.dir}/pki/bank/S4.pem`,
                    clientKey: `${demo.dir}/pki/bank/S4.key`,
                }),
        };
        for (const [name, certificate] of Object.entries(refusals)) {
            test(`${version}: ${name} is refused in the handshake`, async () => {
                const versions = { minVersion: version, maxVersion: version };
                const error = await assertRefused({ ...certificate(), ...versions });
                assert.match(`${error.code}`, /ALERT|ECONNRESET|EPIPE/);
            });
        }

        test(`${version}: a resumed session still knows whose it is`, async () => {
            const options = { ...pem(hub), minVersion: version, maxVersion: version };
            const { session } = await assertServed(options);
            const { text, resumed } = await assertServed({ ...options, session });
            assert.ok(resumed);
            assert.ok(text.includes(subjectOf(hub.clientCert).CN));
        });
    }
});

describe('what a certificate alone is good for', () => {
    const clients = [];
    function clientWith(certificate) {
        const client = new HubClient(demo, hub.providerId, { identity: { ...hub, ...certificate } });
        clients.push(client);
        return client;
    }

    after(() => clients.forEach((client) => client.close()));

    const userId = () => hub.users[0].userId;

    test('echo-cert says who calls, most general attribute first', async () => {
        const reply = await clientWith({}).send('GET', '/echo-cert');
        const { C, O, OU, CN } = subjectOf(hub.clientCert);
        assert.equal(reply.status, 200);
        assert.equal(reply.json.clientCertificate.subject, `C=${C}, O=${O}, OU=${OU}, CN=${CN}`);
        assert.match(reply.json.clientCertificate.issuer, /^C=AE, O=.+, OU=.+, CN=.+$/);
    });

    test('another organisation gets 401 from the health checks, without errorCode', async () => {
        for (const path of ['/hello-mtls', '/echo-cert']) {
            const reply = await clientWith(demo.rogue.otherOrganisation).send('GET', path);
            assert.equal(reply.status, 401);
            assert.deepEqual(Object.keys(reply.json), ['errorMessage']);
        }
    });

    test('hello looks at no organisation', async () => {
        const reply = await clientWith(demo.rogue.otherOrganisation).send('GET', '/hello');
        assert.equal(reply.status, 200);
        assert.equal(reply.json.mtlsStatus, 'not-checked');
    });

    test('another organisation gets 403 from everything else', async () => {
        const client = clientWith(demo.rogue.otherOrganisation);
        for (const path of ['/accounts', '/no-such-path']) {
            const reply = await client.get(path, { userId: userId() });
            assert.equal(reply.status, 403);
            assert.equal(reply.json.errorCode, 'GenericError');
        }
    });

    test('a certificate without CN passes the health checks, but finds no keys', async () => {
        const client = clientWith(demo.rogue.noCn);
        assert.equal((await client.send('GET', '/hello-mtls')).status, 200);
        assert.equal((await client.get('/accounts', { userId: userId() })).status, 401);
    });

    test('headers that a proxy would set mean nothing', async () => {
        const certificate = readFileSync(hub.clientCert, 'utf8');
        const { O, OU, CN } = subjectOf(hub.clientCert);
        const subject = `C=AE, O=${O}, OU=${OU}, CN=${CN}`;
        const forged = {
            'ssl-client-cert': encodeURIComponent(certificate),
            'ssl-client-verify': 'SUCCESS',
            'ssl-client-subject-dn': subject,
            'x-ssl-client-cert': encodeURIComponent(certificate),
            'x-client-cert': Buffer.from(certificate).toString('base64'),
            'x-forwarded-client-cert': `Subject="${subject}"`,
        };
        const client = clientWith(demo.rogue.otherOrganisation);
        const reply = await client.get('/accounts', { userId: userId(), headers: forged });
        assert.equal(reply.status, 403);
        assert.equal((await client.send('GET', '/hello-mtls', { headers: forged })).status, 401);
    });
});
