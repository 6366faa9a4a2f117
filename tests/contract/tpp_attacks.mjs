// What somebody who means harm sends to the side that TPPs see: tokens that are signed by other means,
// parameters where they do not belong, texts that would be headers or paths. None of it is accepted.
import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, createPublicKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CompactSign } from 'jose';
import { accountAccess, now } from '../support/tpp.mjs';
import { assertRefused, own, ownFaults, tpp, whole } from './tpp_shared.mjs';

const BASE = '/open-finance/account-information/v2.1';
const encode = (part) => Buffer.from(part).toString('base64url');
const claims = async () => (await tpp.requestObject(accountAccess())).claims;
const asserted = () => ({
    iss: tpp.clientId, sub: tpp.clientId, aud: tpp.issuer, jti: randomUUID(), iat: now(), exp: now() + 60,
});
const clientCredentials = (form) => tpp.token({ grant_type: 'client_credentials', scope: 'accounts', ...form });

/** A JWS whose secret is the published key of the TPP. */
function byPublicKey(payload, format) {
    const key = createPublicKey(readFileSync(tpp.signingKey));
    const secret = format === 'pem' ? key.export({ type: 'spki', format }) : key.export({ type: 'spki', format: 'der' });
    const text = `${encode(JSON.stringify({ alg: 'HS256', kid: tpp.kid }))}.${encode(JSON.stringify(payload))}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

for (const format of ['pem', 'der']) {
    test(`the published key (${format}) is no secret to sign with`, async () => {
        const client_assertion = byPublicKey(asserted(), format);
        await assertRefused(await clientCredentials({ client_assertion }), 400, 'invalid_client', 'CLIENT-ASSERTION-ALG');
        const request = byPublicKey(await claims(), format);
        await assertRefused(await tpp.push({ request }), 400, 'invalid_request_object', 'REQUEST-OBJECT-ALG');
    });
}

for (const header of [{ x5u: 'https://keys.example/' }, { x5c: ['AA=='] }, { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } }]) {
    test(`a key that comes with the token is not used: ${Object.keys(header)}`, async () => {
        const client_assertion = await tpp.assertion({ header });
        await assertRefused(await clientCredentials({ client_assertion }), 400, 'invalid_client', 'CLIENT-ASSERTION-KEY');
        const request = await tpp.sign(await claims(), { header });
        await assertRefused(await tpp.push({ request }), 400, 'invalid_request_object', 'REQUEST-OBJECT-KEY');
    });
}

test('a signature does not cover another header or payload', async () => {
    const [header, payload, signature] = (await tpp.assertion()).split('.');
    const changed = encode(JSON.stringify({ ...asserted(), exp: now() + 200 }));
    const heading = encode(JSON.stringify({ alg: 'PS256', kid: tpp.kid, typ: 'JWT' }));
    for (const parts of [[header, changed, signature], [heading, payload, signature], [header, payload, '']]) {
        const reply = await clientCredentials({ client_assertion: parts.join('.') });
        assert.equal(reply.status, 400, reply.text);
        assert.equal(reply.json.error, 'invalid_client');
    }
});

test('a genuine request object is good once when it names itself', async () => {
    const object = await tpp.requestObject(accountAccess(), { claims: { jti: randomUUID() } });
    assert.equal((await tpp.push(object)).status, 201);
    await assertRefused(await tpp.push(object), 400, 'invalid_request_object', 'REQUEST-OBJECT-REPLAY');
});

test('dates that are no dates of this century are refused', async () => {
    for (const iat of [1e308, 4e9, '1']) {
        const object = await tpp.requestObject(accountAccess(), { claims: { iat } });
        await assertRefused(await tpp.push(object), 400, 'invalid_request_object', 'REQUEST-OBJECT-IAT');
    }
});

test('the query of an endpoint is no form', async () => {
    const form = new URLSearchParams(await tpp.authenticated({ grant_type: 'client_credentials', scope: 'accounts' }));
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const reply = await tpp.send('POST', `${tpp.metadata.token_endpoint}?${form}`, { text: '', headers });
    await assertRefused(reply, 400, 'invalid_request', 'CLIENT-FORM');
    const object = await tpp.requestObject(accountAccess());
    const { pushed_authorization_request_endpoint: url } = tpp.metadata;
    const pushed = await tpp.send('POST', `${url}?request=${object.request}`, { form: await tpp.authenticated({}) });
    await assertRefused(pushed, 400, 'invalid_request', 'PAR-REQUEST');
});

test('each parameter comes once', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { pushed_authorization_request_endpoint: par, token_endpoint: token } = tpp.metadata;
    for (const [url, name] of [[par, 'request'], [par, 'client_assertion'], [token, 'scope'], [token, 'code_verifier']]) {
        const text = `${new URLSearchParams(await tpp.authenticated({}))}&${name}=a&${name}=b`;
        await assertRefused(await tpp.send('POST', url, { text, headers }), 400, 'invalid_request', 'CLIENT-FORM');
    }
});

test('authorization_details may be deep or long without harm', async () => {
    const deep = '['.repeat(5000) + ']'.repeat(5000);
    const payload = JSON.stringify(await claims()).replace('"Permissions":[', `"Colour":${deep},"Permissions":[`);
    const reply = await tpp.push({ request: await signText(payload) });
    await assertRefused(reply, 400, 'invalid_request_object', 'REQUEST-OBJECT-FORM');
    const Permissions = Array.from({ length: 5000 }, () => 'ReadBalances');
    const long = await tpp.push(await tpp.requestObject(accountAccess({ Permissions })));
    await assertRefused(long, 400, 'invalid_request', 'PAR-PERMISSIONS');
    assert.equal((await tpp.push(await tpp.requestObject(accountAccess()))).status, 201);
});

async function signText(payload) {
    const key = createPrivateKey(readFileSync(tpp.signingKey));
    return new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg: 'PS256', kid: tpp.kid }).sign(key);
}

test('a claim that comes twice is refused', async () => {
    const payload = JSON.stringify(await claims());
    const twice = payload.replace('{', `{"redirect_uri":"https://attacker.example/callback",`);
    await assertRefused(await tpp.push({ request: await signText(twice) }), 400, 'invalid_request_object',
        'REQUEST-OBJECT-FORM');
});

test('lines in a consent become no headers for the bank', async () => {
    const line = '\r\no3-psu-identifier: attacker';
    for (const change of [{ ConsentId: randomUUID() + line }, { BaseConsentId: randomUUID() + line },
        { OpenFinanceBilling: { UserType: `Retail${line}`, Purpose: 'AccountAggregation' } }]) {
        const reply = await tpp.push(await tpp.requestObject(accountAccess(change)));
        await assertRefused(reply, 400, 'invalid_request', 'PAR-DETAILS-FORM');
    }
});

test('the Authorization header comes once', async () => {
    const url = `${tpp.resources}${BASE}/accounts`;
    const bearer = `Bearer ${whole.access_token}`;
    for (const authorization of [[bearer, bearer], [bearer, 'Bearer x'], ['Basic eDp4', bearer]]) {
        await assertRefused(await tpp.send('GET', url, { headers: { authorization } }), 401, '', 'TPP-TOKEN');
    }
});

test('what else the Hub or the TPP has signed is no access token', async () => {
    const { request } = await tpp.requestObject(accountAccess());
    for (const token of [whole.id_token, request, await tpp.assertion(), `${whole.access_token}x`]) {
        await assertRefused(await tpp.call('GET', `${BASE}/accounts`, token), 401, '', 'TPP-TOKEN');
    }
});

test('an id that is a path leads nowhere else', async () => {
    for (const id of ['..%2f..%2fsim%2fconsents', '%2e%2e', '..%5c..', 'x%0d%0ao3-consent-id:%20x', `${'x'.repeat(3000)}`]) {
        for (const path of [`/accounts/${id}/balances`, `/account-access-consents/${id}`]) {
            const token = path.startsWith('/accounts') ? whole.access_token : own;
            const { status, text } = await tpp.call('GET', `${BASE}${path}`, token);
            assert.ok([400, 403, 404, 414].includes(status), `${path.slice(0, 80)}: ${status} ${text}`);
        }
    }
});

test('methods that are not offered are refused at every endpoint', async () => {
    const { pushed_authorization_request_endpoint: par, token_endpoint: token, jwks_uri: keys } = tpp.metadata;
    for (const url of [par, token]) {
        for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
            await assertRefused(await tpp.send(method, url), 405, '', 'ROUTE-METHOD');
        }
    }
    for (const method of ['POST', 'PUT', 'DELETE']) {
        const { status, text } = await tpp.send(method, keys);
        assert.equal(status, 405, `${method}: ${text}`);
    }
});

test('none of this made the Hub break its own contract', () => assert.deepEqual(ownFaults(), []));
