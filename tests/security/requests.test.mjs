// Requests as RFC 9110 and 9112 have them, and as they do not: on every listener the same answers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';

let demo;
let listeners;

before(async () => {
    demo = await startDemo();
    const [provider] = demo.providers;
    const certificate = {
        ca: readFileSync(demo.ozoneConnect.caFile),
        cert: readFileSync(provider.clientCert),
        key: readFileSync(provider.clientKey),
    };
    listeners = {
        hub: { url: demo.ozoneConnect.baseUrl, tls: certificate, path: '/hello' },
        public: { url: demo.publicBaseUrl, path: '/consents' },
        admin: { url: demo.adminBaseUrl, path: '/healthz' },
        simulator: { url: demo.hub.baseUrl, path: '/connect.html' },
    };
});

after(() => demo?.stop());

/** What comes back until the end of the connection, which the caller has said its last on. */
function exchange({ url, tls }, bytes) {
    const { port } = new URL(url);
    return new Promise((resolve, reject) => {
        const options = { host: 'localhost', port, ...tls };
        const socket = tls ? connectTls(options) : connectPlain(options);
        let text = '';
        socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')));
        socket.on('data', (chunk) => (text += chunk));
        socket.on('error', reject);
        socket.on('close', () => resolve(text));
        socket.write(bytes);
    });
}

const host = 'Host: localhost\r\n';
const end = 'Connection: close\r\n\r\n';

/** name: [request, status]; PATH stands for one that the listener serves. */
const rows = {
    'a path': [`GET PATH HTTP/1.1\r\n${host}${end}`, 200],
    'absolute form (RFC 9112, 3.2.2)': [`GET http://localhost:1PATH HTTP/1.1\r\n${host}${end}`, 200],
    'absolute form of https': [`GET https://localhostPATH HTTP/1.1\r\n${host}${end}`, 200],
    'absolute form without Host': [`GET http://localhostPATH HTTP/1.1\r\n${end}`, 400],
    'absolute form with a user': [`GET http://me@localhostPATH HTTP/1.1\r\n${host}${end}`, 400],
    'another scheme': [`GET ftp://localhostPATH HTTP/1.1\r\n${host}${end}`, 400],
    'authority form': [`GET localhost:80 HTTP/1.1\r\n${host}${end}`, 400],
    'CONNECT (RFC 9110, 9.3.6)': [`CONNECT localhost:80 HTTP/1.1\r\n${host}${end}`, 501],
    'OPTIONS of the server (RFC 9110, 9.3.7)': [`OPTIONS * HTTP/1.1\r\n${host}${end}`, 501],
    'an asterisk for GET': [`GET * HTTP/1.1\r\n${host}${end}`, 400],
    'a later minor version (RFC 9110, 6.2)': [`GET PATH HTTP/1.2\r\n${host}${end}`, 200],
    'HTTP/1.0': [`GET PATH HTTP/1.0\r\n\r\n`, 200],
    'HTTP/2.0 (RFC 9110, 15.6.6)': [`GET PATH HTTP/2.0\r\n${host}${end}`, 505],
    'HTTP/0.9': [`GET PATH HTTP/0.9\r\n${host}${end}`, 505],
    'no version': [`GET PATH\r\n${host}${end}`, 400],
    'TRACE (RFC 9110, 9.1)': [`TRACE PATH HTTP/1.1\r\n${host}${end}`, 501],
    'an unknown method': [`BREW PATH HTTP/1.1\r\n${host}${end}`, 501],
    'methods are case-sensitive': [`get PATH HTTP/1.1\r\n${host}${end}`, 501],
    'no Host (RFC 9112, 3.2)': [`GET PATH HTTP/1.1\r\n${end}`, 400],
    'two Hosts': [`GET PATH HTTP/1.1\r\n${host}${host}${end}`, 400],
    'Host with a blank': [`GET PATH HTTP/1.1\r\nHost: local host\r\n${end}`, 400],
    'a blank before a colon (RFC 9112, 5.1)': [`GET PATH HTTP/1.1\r\n${host}X : y\r\n${end}`, 400],
    'a folded header (RFC 9112, 5.2)': [`GET PATH HTTP/1.1\r\n${host}X: y\r\n z\r\n${end}`, 400],
    'length and chunks (RFC 9112, 6.3)': [
        `POST PATH HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n${end}0\r\n\r\n`, 400],
    'an unknown coding (RFC 9112, 6.1)': [`POST PATH HTTP/1.1\r\n${host}Transfer-Encoding: gzip\r\n${end}`, 400],
};

describe('the same on every listener', () => {
    for (const [name, [request, status]] of Object.entries(rows)) {
        test(name, async () => {
            for (const [where, listener] of Object.entries(listeners)) {
                const bytes = request.replace('PATH', listener.path);
                const text = await exchange(listener, bytes);
                assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `), `${where}: ${text.slice(0, 400)}`);
                assert.match(text, /^Connection: close\r$/m, where);
            }
        });
    }
});

test('the admin listener judges the host of the target, not the header (ADMIN-HOST)', async () => {
    const ask = (target, name) =>
        exchange(listeners.admin, `GET ${target}/healthz HTTP/1.1\r\nHost: ${name}\r\n${end}`);
    assert.match(await ask('http://evil.example', 'localhost'), /^HTTP\/1\.1 421 /);
    assert.match(await ask('http://localhost', 'evil.example'), /^HTTP\/1\.1 200 /);
});

test('a method that a path does not have is told which it has (RFC 9110, 15.5.6)', async () => {
    const { public: pages, admin, simulator } = listeners;
    for (const [where, { url, path }] of Object.entries({ pages, admin, simulator })) {
        const reply = await fetch(url + path, { method: 'DELETE' });
        assert.equal(reply.status, 405, where);
        assert.match(reply.headers.get('allow'), /GET/, where);
    }
    const page = await (await fetch(listeners.public.url)).text();
    const files = page.match(/\/(assets|brand)\/[^"]+\.\w+(?=")/g);
    assert.ok(files.some((file) => file.startsWith('/brand/')), page);
    for (const file of files) {
        const reply = await fetch(listeners.public.url + file, { method: 'DELETE' });
        assert.equal(reply.status, 405, file);
        assert.equal(reply.headers.get('allow'), 'GET, HEAD', file);
    }
    const client = new HubClient(demo, 'dhowretail');
    const reply = await client.call('DELETE', '/accounts');
    assert.equal(reply.status, 405);
    assert.equal(reply.headers.allow, 'GET, POST');
    client.close();
});

test('the 200 accounts of a consent fit a query, beyond its limit is 414', async () => {
    const hub = new HubClient(demo, 'dhowretail');
    const { userId } = hub.identity.users[0];
    const ids = (count) => Array.from({ length: count }, (_, i) => `${i}`.padStart(40, 'a')).join(',');
    const ask = (accountIds) => hub.get('/accounts', { userId, query: `accountIds=${accountIds}` });
    assert.equal((await ask(ids(200))).status, 403); // they are nobody's, but they are read
    const fill = 12 * 1024 - 'accountIds='.length;
    assert.notEqual((await ask('a'.repeat(fill))).status, 414);
    const refused = await ask('a'.repeat(fill + 1));
    assert.equal(refused.status, 414);
    assert.equal(refused.json.errorCode, 'GenericError');
    hub.close();
});
