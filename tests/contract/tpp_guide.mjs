// The steps of the TPP guide in Python, by a program that knows nothing of this one.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Customer } from '../support/customer.mjs';
import { approve } from '../support/tpp.mjs';
import { demo, tpp } from './tpp_shared.mjs';

const GUIDE = fileURLToPath(new URL('tpp_clients/guide.py', import.meta.url));

test('a client in Python goes the steps of the guide', async (t) => {
    if (spawnSync('python3', ['--version']).status !== 0) {
        return t.skip('needs python3');
    }
    const [{ discoveryUrl, resourceBaseUrl, users }] = demo.providers;
    const client = spawn('python3', [GUIDE], {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: {
            ...process.env,
            CA_FILE: demo.hub.caFile,
            TRANSPORT_CERT: tpp.transportCert,
            TRANSPORT_KEY: tpp.transportKey,
            SIGNING_KEY: tpp.signingKey,
            KID: tpp.kid,
            CLIENT_ID: tpp.clientId,
            REDIRECT_URI: tpp.redirectUri,
            DISCOVERY_URL: discoveryUrl,
            RESOURCES: resourceBaseUrl,
        },
    });
    const lines = createInterface(client.stdout)[Symbol.asyncIterator]();
    const { value: authorizeUrl } = await lines.next();
    assert.ok(authorizeUrl, 'the client has pushed its request');
    const customer = await Customer.arrive(demo, { authorizeUrl });
    client.stdin.end(`${await approve(customer, users[0])}\n`);
    const { value: result } = await lines.next();
    const { expiresIn, accounts, balances } = JSON.parse(result ?? 'null');
    assert.equal(expiresIn, 600);
    assert.ok(accounts[0].AccountId);
    assert.equal(balances.length, accounts.length);
    const [code] = client.exitCode === null ? await once(client, 'exit') : [client.exitCode];
    assert.equal(code, 0);
});
