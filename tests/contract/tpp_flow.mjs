// The Hub's authorization server, as a TPP that follows the guides calls it: what it is told, the
// whole flow, and what is refused.
import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, randomUUID, sign as signBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { accountAccess, cancel, now, pkce, Tpp } from '../support/tpp.mjs';
import { demo, other, ownFaults, reader, tpp } from './tpp_shared.mjs';

/** Verifies with the Hub's published keys, which an independent library picks by kid. */
async function verified(jwt, audience) {
    const { keys } = (await tpp.send('GET', tpp.metadata.jwks_uri)).json;
    const { payload, protectedHeader } = await jwtVerify(jwt, createLocalJWKSet({ keys }), {
        issuer: tpp.issuer,
        audience,
        algorithms: ['PS256'],
    });
    return { ...payload, header: protectedHeader };
}

// --- what it says of itself ---------------------------------------------------------------------

test('the configuration is readable without a client certificate, and true', async () => {
    const open = await Tpp.start(demo, { certificate: {} });
    const { metadata } = open;
    assert.deepEqual(metadata, tpp.metadata);
    assert.equal(metadata.authorization_endpoint, `${demo.publicBaseUrl}/authorize/dhowretail`);
    assert.equal(metadata.mtls_endpoint_aliases.token_endpoint, metadata.token_endpoint);
    for (const alg of ['id_token', 'request_object', 'token_endpoint_auth']) {
        assert.deepEqual(metadata[`${alg}_signing_alg_values_supported`], ['PS256']);
    }
    const { status, headers } = await open.send('GET', demo.providers[0].discoveryUrl);
    assert.equal(status, 200);
    assert.equal(headers['cache-control'], 'max-age=900');
    const { keys } = (await open.send('GET', metadata.jwks_uri)).json;
    assert.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length, 'a kid names one key');
    assert.ok(keys.some(({ use }) => use === 'enc'), 'TPPs find the key for personal data');
    open.close();
});

test('each Hub has an issuer of its own', async () => {
    for (const { providerId, discoveryUrl } of demo.providers) {
        const { json } = await tpp.send('GET', discoveryUrl);
        assert.equal(discoveryUrl, `${json.issuer}/.well-known/openid-configuration`);
        assert.ok(json.issuer.endsWith(`/auth1.${providerId}.apihub`));
    }
});

test('the directory leads to the issuers, and to the keys of each TPP', async () => {
    const { origin } = new URL(tpp.metadata.jwks_uri);
    const { json } = await tpp.send('GET', `${origin}/participants`);
    const issuers = json.flatMap(({ AuthorisationServers }) => AuthorisationServers.map(({ Issuer }) => Issuer));
    assert.equal(issuers.length, demo.providers.length);
    assert.ok(issuers.includes(tpp.issuer));
    const roles = (one) => json.find(({ OrganisationId }) => OrganisationId === one.organisationId)
        .OrgDomainRoleClaims.map(({ Role }) => Role);
    assert.deepEqual(roles(tpp), ['BDSP', 'BSIP']);
    assert.deepEqual(roles(reader), ['BDSP']);
    for (const id of [tpp.organisationId, tpp.softwareStatementId]) {
        const { keys } = (await tpp.send('GET', `${origin}/${id}/application.jwks`)).json;
        assert.deepEqual(keys.map(({ kid }) => kid), [tpp.kid]);
    }
});

test('a TPP of the directory registers, and does so again', async () => {
    for (const path of ['/tpp-registration', '/open-finance/onboarding/v2.1/tpp-registration']) {
        assert.equal((await tpp.call('POST', path)).status, 204);
    }
});

// --- the flow -----------------------------------------------------------------------------------

test('an approved consent leads to tokens that are what the request asked for', async () => {
    const details = accountAccess();
    const back = await tpp.authorize(details, { claims: { max_age: 3600 } });
    assert.equal(back.location.href.split('?')[0], tpp.redirectUri);
    assert.equal(back.state, back.claims.state);
    assert.equal(back.iss, tpp.issuer);
    const { status, headers, json } = await tpp.exchange(back.code, back.verifier);
    assert.equal(status, 200);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(json.token_type, 'Bearer');
    assert.equal(json.expires_in, 600);
    assert.equal(json.scope, 'openid accounts');
    const [{ type, consent }] = json.authorization_details;
    assert.equal(type, details.type);
    assert.equal(consent.Data.ConsentId, details.consent.ConsentId);
    assert.equal(consent.Data.Status, 'Authorized');
    const claims = await verified(json.id_token, tpp.clientId);
    assert.equal(claims.nonce, back.claims.nonce);
    assert.ok(Math.abs(claims.auth_time - now()) < 60);
});

test('the pages of a request can be loaded again until it is completed, and not after', async () => {
    const object = await tpp.requestObject(accountAccess());
    const { json } = await tpp.push(object);
    const url = tpp.authorizeUrl(json.request_uri);
    for (let i = 0; i < 2; i++) {
        const page = await fetch(url, { redirect: 'manual' });
        assert.notEqual(new URL(page.headers.get('location') ?? url, url).origin, new URL(tpp.redirectUri).origin);
    }
    const again = await tpp.authorize(accountAccess());
    assert.ok(again.code);
});

test('a customer who cancels comes back with access_denied, state and iss', async () => {
    const back = await tpp.authorize(accountAccess(), { decide: cancel });
    assert.equal(back.error, 'access_denied');
    assert.equal(back.error_description, 'user_rejected_consent');
    assert.equal(back.state, back.claims.state);
    assert.equal(back.iss, tpp.issuer);
    assert.equal(back.code, undefined);
});

test('state and nonce come back as they were sent, or not at all', async () => {
    const state = 'x~&=%+ "ß'.repeat(7).slice(0, 64);
    const back = await tpp.authorize(accountAccess(), { claims: { state, nonce: undefined } });
    assert.equal(back.state, state);
    const { json } = await tpp.exchange(back.code, back.verifier);
    assert.equal('nonce' in (await verified(json.id_token, tpp.clientId)), false);
    const without = await tpp.authorize(accountAccess(), { claims: { state: undefined }, decide: cancel });
    assert.equal('state' in without, false);
});

test('a refresh token is replaced by each use, and good for the same consent', async () => {
    const first = await tpp.connect();
    const refresh = (refresh_token) => tpp.token({ grant_type: 'refresh_token', refresh_token });
    const second = (await refresh(first.refresh_token)).json;
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.equal(second.authorization_details[0].consent.Data.ConsentId, first.consentId);
    const rotated = await refresh(first.refresh_token);
    assert.deepEqual([rotated.status, rotated.json.error], [400, 'invalid_grant']);
    assert.equal((await refresh(second.refresh_token)).status, 200);
    const stolen = await other.token({ grant_type: 'refresh_token', refresh_token: second.refresh_token });
    assert.equal(stolen.json.error, 'invalid_grant');
});

test('a TPP gets tokens for itself, of the scopes of its roles', async () => {
    const { json, status } = await tpp.token({ grant_type: 'client_credentials', scope: 'openid payments' });
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(json).sort(), ['access_token', 'expires_in', 'scope', 'token_type']);
});

// --- what is refused: authentication of the client ----------------------------------------------

const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const weakly = (alg) => async (one, claims) => { // signed, but not by PS256
    const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const text = `${encode({ alg, kid: one.kid })}.${encode(claims)}`;
    const key = readFileSync(one.signingKey);
    const signature = alg === 'none' ? '' : signBytes('sha256', text, { key, padding: constants.RSA_PKCS1_PADDING });
    return `${text}.${Buffer.from(signature).toString('base64url')}`;
};
const basics = () => ({
    iss: tpp.clientId, sub: tpp.clientId, aud: tpp.issuer, jti: randomUUID(), iat: now(), exp: now() + 60,
});

/** Name, form that replaces the right one, error. Functions are called when it is their turn. */
const CLIENTS = [
    ['no assertion', { client_assertion: undefined }, 'invalid_request'],
    ['an assertion of another type', { client_assertion_type: 'urn:x' }, 'invalid_request'],
    ['an assertion that is no JWS', { client_assertion: 'x.y' }, 'invalid_client'],
    ['an unsigned assertion', () => weakly('none')(tpp, basics()), 'invalid_client'],
    ['an assertion by RS256', () => weakly('RS256')(tpp, basics()), 'invalid_client'],
    ['an assertion by a stranger\'s key', () => tpp.assertion({ key: stranger }), 'invalid_client'],
    ['an assertion by another TPP\'s key', () => tpp.assertion({ key: other.signingKey, header: { kid: other.kid } }),
        'invalid_client'],
    ['an assertion without kid', () => tpp.assertion({ header: { kid: undefined } }), 'invalid_client'],
    ['an assertion that names its key', () => tpp.assertion({ header: { jku: 'https://keys.example/' } }),
        'invalid_client'],
    ['an assertion of a request object\'s typ', () => tpp.assertion({ header: { typ: 'oauth-authz-req+jwt' } }),
        'invalid_client'],
    ...[
        ['iss', undefined], ['iss', 'x'], ['sub', undefined], ['sub', 'x'], ['aud', undefined],
        ['aud', 'https://other.example'], ['exp', undefined], ['exp', 'soon'], ['jti', undefined],
        ['jti', 'x'.repeat(129)],
    ].map(([name, value]) => [`an assertion with ${name} ${`${value}`.slice(0, 24)}`,
        () => tpp.assertion({ claims: { [name]: value } }), 'invalid_client']),
    ['an assertion whose aud is a list', () => tpp.assertion({ claims: { aud: [tpp.issuer] } }), 'invalid_client'],
    ['an assertion for the endpoint', () => tpp.assertion({ claims: { aud: tpp.metadata.token_endpoint } }),
        'invalid_client'],
    ['an expired assertion', () => tpp.assertion({ claims: { iat: now() - 90, exp: now() - 30 } }), 'invalid_client'],
    ['an assertion of the future', () => tpp.assertion({ claims: { nbf: now() + 90 } }), 'invalid_client'],
    ['an assertion made in the future', () => tpp.assertion({ claims: { iat: now() + 90 } }), 'invalid_client'],
    ['an assertion for too long', () => tpp.assertion({ claims: { exp: now() + 600 } }), 'invalid_client'],
    ['another client\'s id', { client_id: '5f0c1b7e-2d0a-4c53-9a3e-6f1f6f0b9a12' }, 'invalid_client'],
];

async function clientForm(change) {
    return typeof change === 'function' ? { client_assertion: await change() } : change;
}

for (const [name, change, error] of CLIENTS) {
    test(`refused at both endpoints: ${name}`, async () => {
        const pushed = await tpp.push(await tpp.requestObject(accountAccess()), await clientForm(change));
        assert.deepEqual([pushed.status, pushed.json.error], [400, error], pushed.text);
        assert.equal(pushed.headers['www-authenticate'], undefined);
        const form = { grant_type: 'client_credentials', scope: 'accounts', ...(await clientForm(change)) };
        const token = await tpp.token(form);
        assert.deepEqual([token.status, token.json.error], [400, error], token.text);
    });
}

test('an assertion is good once at each endpoint', async () => {
    const client_assertion = await tpp.assertion();
    const ask = () => tpp.token({ grant_type: 'client_credentials', scope: 'accounts', client_assertion });
    assert.equal((await tpp.push(await tpp.requestObject(accountAccess()), { client_assertion })).status, 201);
    assert.equal((await ask()).status, 200);
    assert.equal((await ask()).json.error, 'invalid_client');
    const again = await tpp.push(await tpp.requestObject(accountAccess()), { client_assertion });
    assert.equal(again.json.error, 'invalid_client');
});

test('times may have fractions, and the clock of a TPP be a little ahead', async () => {
    const at = Date.now() / 1000;
    const client_assertion = await tpp.assertion({ claims: { iat: at - 10, nbf: at + 5, exp: at + 300 } });
    const claims = { nbf: at - 9.5, exp: at + 300.25, iat: at, jti: randomUUID() };
    const object = await tpp.requestObject(accountAccess(), { claims });
    assert.equal((await tpp.push(object, { client_assertion })).status, 201);
});

test('the client certificate must be there, and be the client\'s', async () => {
    for (const certificate of [{}, other]) {
        const one = await Tpp.start(demo, { certificate });
        const { status, json } = await one.token({ grant_type: 'client_credentials', scope: 'accounts' });
        assert.deepEqual([status, json.error], [400, 'invalid_client']);
        one.close();
    }
    const { clientCert: transportCert, clientKey: transportKey } = demo.rogue.otherCa;
    await assert.rejects(Tpp.start(demo, { certificate: { transportCert, transportKey } }));
});

// --- what is refused: the pushed request --------------------------------------------------------

const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();

/** Name, what replaces claims (or the whole request object), error. */
const OBJECTS = [
    ['no request object', () => ({ request: undefined }), 'invalid_request'],
    ['a pushed request_uri', () => ({ request_uri: 'urn:x' }), 'invalid_request'],
    ['an unsigned request object', async () => ({ request: await weakly('none')(tpp, await claims()) })],
    ['a request object by RS256', async () => ({ request: await weakly('RS256')(tpp, await claims()) })],
    ['a request object by a stranger', async () => ({ request: await tpp.sign(await claims(), { key: stranger }) })],
    ['a client assertion as request object', async () => ({ request: await tpp.assertion() })],
    ['another typ', async () => ({ request: await tpp.sign(await claims(), { header: { typ: 'at+jwt' } }) })],
    ['iss of another', { iss: 'x' }],
    ['client_id of another', { client_id: 'x' }],
    ['aud of another', { aud: 'https://other.example' }],
    ['aud that is a list', () => claimsOf({ aud: [tpp.issuer] })],
    ['no exp', { exp: undefined }],
    ['no nbf', { nbf: undefined }],
    ['what has expired', () => claimsOf({ nbf: now() - 120, exp: now() - 60 })],
    ['what is not yet', () => claimsOf({ nbf: now() + 120, exp: now() + 180 })],
    ['what is too old', () => claimsOf({ nbf: now() - 700 })],
    ['what is good for too long', () => claimsOf({ exp: now() + 3600 })],
    ['another response_type', { response_type: 'code id_token' }, 'invalid_request'],
    ['another response_mode', { response_mode: 'fragment' }, 'invalid_request'],
    ['a request object in a request object', { request: 'x' }, 'invalid_request'],
    ['no redirect_uri', { redirect_uri: undefined }, 'invalid_request'],
    ['a redirect_uri with one slash more', () => claimsOf({ redirect_uri: `${tpp.redirectUri}/` }), 'invalid_request'],
    ['a redirect_uri of another host', { redirect_uri: 'https://attacker.example/callback' }, 'invalid_request'],
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a challenge that is too short', { code_challenge: 'x' }, 'invalid_request'],
    ['a state of 201 characters', { state: 'x'.repeat(201) }, 'invalid_request'],
    ['max_age over an hour', { max_age: 3601 }, 'invalid_request'],
    ['no scope', { scope: undefined }, 'invalid_scope'],
    ['an unknown scope', { scope: 'openid accounts everything' }, 'invalid_scope'],
    ['a scope that does not fit the type', { scope: 'openid payments' }, 'invalid_scope'],
    ['payments in scope for a consent to accounts', { scope: 'openid accounts payments' }, 'invalid_scope'],
    ['no authorization_details', { authorization_details: undefined }, 'invalid_request'],
    ['two authorization_details', () => claimsOf({ authorization_details: [accountAccess(), accountAccess()] }),
        'invalid_request'],
    ['a type of another version', () => details({ type: 'urn:openfinanceuae:account-access-consent:v1.2' }),
        'invalid_request'],
    ['a type that is not served', () => details({ type: 'urn:openfinanceuae:insurance-consent:v2.1' }),
        'invalid_request'],
    ['an unknown member', () => consent({ Colour: 'red' }), 'invalid_request'],
    ['no ConsentId', () => consent({ ConsentId: undefined }), 'invalid_request'],
    ['no permissions', () => consent({ Permissions: [] }), 'invalid_request'],
    ['an unknown permission', () => consent({ Permissions: ['ReadAccountsBasic', 'ReadMind'] }), 'invalid_request'],
    ['permissions without the account', () => consent({ Permissions: ['ReadBalances'] }), 'invalid_request'],
    ['an end in the past', () => consent({ ExpirationDateTime: new Date(0).toISOString() }), 'invalid_request'],
    ['an end in two years', () => consent({ ExpirationDateTime: `${new Date().getFullYear() + 2}-01-01T00:00:00Z` }),
        'invalid_request'],
    ['a base consent of nobody', () => consent({ BaseConsentId: randomUUID() }), 'invalid_request'],
];
const claims = async () => (await tpp.requestObject(accountAccess())).claims;
const claimsOf = (some) => ({ claims: some });
const details = (some) => claimsOf({ authorization_details: [{ ...accountAccess(), ...some }] });
const consent = (some) => claimsOf({ authorization_details: [accountAccess({ ExpirationDateTime: tomorrow(), ...some })] });

for (const [name, change, error = 'invalid_request_object'] of OBJECTS) {
    test(`refused in a pushed request: ${name}`, async () => {
        const { claims: some, ...form } = typeof change === 'function' ? await change() : claimsOf(change);
        const { status, json, text } = await tpp.push(await tpp.requestObject(accountAccess(), { claims: some }), form);
        assert.deepEqual([status, json?.error], [400, error], text);
        assert.match(json.error_description, /^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
    });
}

test('a ConsentId is used once', async () => {
    const object = accountAccess();
    assert.equal((await tpp.push(await tpp.requestObject(object))).status, 201);
    const again = await tpp.push(await tpp.requestObject(object));
    assert.deepEqual([again.status, again.json.error], [400, 'invalid_request']);
});

test('a form with a parameter twice, and a body that is none, are refused', async () => {
    const url = tpp.metadata.token_endpoint;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const how of [{ text: 'grant_type=x&grant_type=y', headers }, { json: { grant_type: 'x' } }]) {
        const { status, json } = await tpp.send('POST', url, how);
        assert.deepEqual([status, json.error], [400, 'invalid_request']);
    }
    assert.equal((await tpp.send('GET', url)).status, 405);
    assert.equal((await tpp.send('GET', `${tpp.issuer}/nothing`)).status, 404);
});

test('payments need the role for them', async () => {
    const { status, json } = await reader.token({ grant_type: 'client_credentials', scope: 'payments' });
    assert.deepEqual([status, json.error], [400, 'invalid_scope']);
    const object = await reader.requestObject(accountAccess(), {
        claims: {
            scope: 'openid accounts',
            authorization_details: [{ type: 'urn:openfinanceuae:service-initiation-consent:v2.1', consent: {} }],
        },
    });
    assert.equal((await reader.push(object)).json.error, 'unauthorized_client');
});

// --- what is refused: the token request ---------------------------------------------------------

test('a code is for its own client, redirect_uri and verifier', async () => {
    const back = await tpp.authorize(accountAccess());
    const { code, verifier } = back;
    const wrong = [
        [other.exchange(code, verifier, { redirect_uri: tpp.redirectUri }), 'invalid_grant'],
        [tpp.exchange(code, verifier, { redirect_uri: `${tpp.redirectUri}/` }), 'invalid_grant'],
        [tpp.exchange(code, pkce().verifier), 'invalid_grant'],
        [tpp.exchange(code, undefined), 'invalid_grant'],
        [tpp.exchange(code, 'short'), 'invalid_grant'],
        [tpp.exchange(randomUUID(), verifier), 'invalid_grant'],
        [tpp.exchange(undefined, verifier), 'invalid_request'],
        [tpp.exchange(code, verifier, { redirect_uri: undefined }), 'invalid_request'],
        [tpp.exchange(code, verifier, { grant_type: undefined }), 'invalid_request'],
        [tpp.exchange(code, verifier, { grant_type: 'password' }), 'unsupported_grant_type'],
    ];
    for (const [answer, error] of wrong) {
        const { status, json, text } = await answer;
        assert.deepEqual([status, json?.error], [400, error], text);
    }
    assert.equal((await tpp.exchange(code, verifier)).status, 200, 'none of them used it up');
});

test('a code that comes twice voids the tokens it gave', async () => {
    const { code, verifier, refresh_token, access_token } = await tpp.connect();
    assert.equal((await tpp.exchange(code, verifier)).json.error, 'invalid_grant');
    assert.equal((await tpp.token({ grant_type: 'refresh_token', refresh_token })).json.error, 'invalid_grant');
    assert.equal((await tpp.call('GET', '/open-finance/account-information/v2.1/accounts', access_token)).status, 401);
});

for (const [name, refresh_token] of [['missing', undefined], ['made up', 'x'.repeat(200)]]) {
    test(`a refresh token that is ${name} is refused`, async () => {
        const { status, json } = await tpp.token({ grant_type: 'refresh_token', refresh_token });
        assert.deepEqual([status, json.error], [400, refresh_token ? 'invalid_grant' : 'invalid_request']);
    });
}

test('neither tokens nor codes nor assertions are in the log', async () => {
    const { access_token, refresh_token, id_token, code } = await tpp.connect();
    const log = demo.readLog('hub.log');
    for (const secret of [access_token, refresh_token, id_token, code]) {
        assert.equal(log.includes(secret), false);
    }
    assert.deepEqual(ownFaults(), []);
});
