// The library that TPPs in Node use through the whole flow, with its settings for FAPI; the customer is
// at the bank in a browser.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { test } from 'node:test';
import { accountAccess } from '../support/tpp.mjs';
import { arrive } from './support.mjs';

/** fetch with a client certificate, which the built-in one does not offer. */
function fetchOver(agent) {
    return (url, { method = 'GET', headers, body } = {}) =>
        new Promise((resolve, reject) => {
            const call = request(url, { method, agent, headers: Object.fromEntries(new Headers(headers)) }, (reply) => {
                const chunks = [];
                reply.on('data', (chunk) => chunks.push(chunk));
                reply.on('end', () => {
                    const content = reply.statusCode === 204 ? null : Buffer.concat(chunks);
                    resolve(new Response(content, { status: reply.statusCode, headers: reply.headers }));
                });
            });
            call.on('error', reject);
            call.end(body === undefined || body === null ? undefined : `${body}`);
        });
}

async function configure(demo, tpp) {
    globalThis.crypto ??= webcrypto;
    const client = await import('openid-client-6');
    const der = Buffer.from(
        readFileSync(tpp.signingKey, 'utf8').replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const key = await webcrypto.subtle.importKey(
        'pkcs8', der, { name: 'RSA-PSS', hash: 'SHA-256' }, false, ['sign']);
    const agent = new Agent({
        ca: readFileSync(demo.hub.caFile),
        cert: readFileSync(tpp.transportCert),
        key: readFileSync(tpp.transportKey),
    });
    const issuer = new URL(demo.providers[0].discoveryUrl.replace('/.well-known/openid-configuration', ''));
    const config = await client.discovery(
        issuer,
        tpp.clientId,
        { use_mtls_endpoint_aliases: true, id_token_signed_response_alg: 'PS256' },
        client.PrivateKeyJwt({ key, kid: tpp.kid }),
        // The bank's pages of the demonstration are without TLS.
        { [client.customFetch]: fetchOver(agent), execute: [client.allowInsecureRequests] },
    );
    config[client.customFetch] = fetchOver(agent);
    client.enableNonRepudiationChecks(config);
    return { client, config, key: { key, kid: tpp.kid } };
}

/** The customer at the bank: from the address of the TPP to where the bank sends the browser. */
async function authorizeInBrowser({ browser, demo }, authorizeUrl, redirectUri) {
    const customer = await arrive(browser, demo, { authorizeUrl });
    await customer.context.route(`${redirectUri}**`, (route) => route.fulfill({ body: 'back' }));
    await customer.signIn(demo.providers[0].users[0]);
    await customer.decideInApp();
    await customer.at('approve').waitFor();
    for (const box of await customer.page.locator('[data-testid^="account-"]').all()) {
        await box.check();
    }
    await customer.at('approve').click();
    await customer.page.waitForURL(`${redirectUri}**`);
    const back = customer.page.url();
    await customer.context.close();
    return back;
}

/** `at` gives {demo, browser} once they are there. */
export function testClients(at) {
    test('openid-client goes through the whole flow, with its checks for FAPI', async () => {
        const { demo } = at();
        const tpp = demo.tpps[0];
        const { client, config, key } = await configure(demo, tpp);
        const redirect_uri = tpp.redirectUris.at(-1);
        const verifier = client.randomPKCECodeVerifier();
        const [state, nonce] = [client.randomState(), client.randomNonce()];
        const parameters = {
            redirect_uri, state, nonce,
            scope: 'openid accounts',
            code_challenge: await client.calculatePKCECodeChallenge(verifier),
            code_challenge_method: 'S256',
            max_age: '3600',
            authorization_details: JSON.stringify([accountAccess()]),
        };
        const signed = await client.buildAuthorizationUrlWithJAR(config, parameters, key);
        const url = await client.buildAuthorizationUrlWithPAR(config, signed.searchParams);
        const back = new URL(await authorizeInBrowser(at(), url.href, redirect_uri));
        const tokens = await client.authorizationCodeGrant(config, back, {
            pkceCodeVerifier: verifier,
            expectedState: state,
            expectedNonce: nonce,
            maxAge: 3600,
            idTokenExpected: true,
        });
        assert.equal(tokens.expires_in, 600);
        const { resourceBaseUrl } = demo.providers[0];
        const accounts = async (token) => {
            const address = new URL(`${resourceBaseUrl}/open-finance/account-information/v2.1/accounts`);
            return (await client.fetchProtectedResource(config, token, address, 'GET')).json();
        };
        const { Data } = await accounts(tokens.access_token);
        assert.ok(Data.Account[0].AccountId);
        const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
        assert.deepEqual((await accounts(refreshed.access_token)).Data, Data);
        const own = await client.clientCredentialsGrant(config, { scope: 'openid accounts' });
        assert.equal(own.refresh_token, undefined);
    });

    test('the TPP app of the simulator goes the same way, from its form to the data', async () => {
        const { demo, browser } = at();
        const customer = await arrive(browser, demo, { authorizeUrl: `${demo.hub.baseUrl}/connect.html` });
        await customer.at('tpp-submit').click();
        await customer.at('tpp-leave').click();
        await customer.signIn(demo.providers[0].users[0]);
        await customer.decideInApp();
        await customer.at('approve').waitFor();
        await customer.page.locator('[data-testid^="account-"]').first().check();
        await customer.at('approve').click();
        await customer.page.locator('.entry').first().waitFor();
        await customer.at('tpp-wire-resource').nth(3).waitFor();
        assert.deepEqual(customer.complaints, []);
        await customer.close();
    });
}
