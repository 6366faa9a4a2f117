// The Hub's authorization server, as a TPP that follows the guides calls it: what it is told, the
// whole flow, and what is refused.
import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, randomUUID, sign as signBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { accountAccess, cancel, now, pkce, Tpp } from '../support/tpp.mjs';
import { assertRefused, demo, other, ownFaults, reader, tpp } from './tpp_shared.mjs';

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
    assert.deepEqual(roles(tpp), ['BDSP', 'BSIP', 'ISP']);
    assert.deepEqual(roles(reader), ['BDSP']);
    for (const id of [tpp.organisationId, tpp.softwareStatementId]) {
        const { keys } = (await tpp.send('GET', `${origin}/${id}/application.jwks`)).json;
        assert.deepEqual(keys.map(({ kid, use }) => [kid, use]), [[tpp.kid, 'sig'], [tpp.encryptionKid, 'enc']]);
    }
});

const statementOf = (organisation, software) => {
    const path = `/organisations/${organisation}/softwarestatements/${software}/assertion`;
    return tpp.send('GET', new URL(path, tpp.metadata.jwks_uri).href);
};

test('the directory signs what it says of a TPP, and the bank is told the same', async () => {
    const { origin } = new URL(tpp.metadata.jwks_uri);
    const keys = createLocalJWKSet((await tpp.send('GET', `${origin}/directory/application.jwks`)).json);
    for (const [one, roles] of [[tpp, ['BDSP', 'BSIP', 'ISP']], [reader, ['BDSP']]]) {
        const { status, headers, text } = await statementOf(one.organisationId, one.softwareStatementId);
        assert.equal(status, 200);
        assert.match(headers['content-type'], /^application\/jwt/);
        const { payload } = await jwtVerify(text, keys, { issuer: origin, algorithms: ['PS256'] });
        const { iss, iat, software_id: software, ...statement } = payload;
        assert.equal(software, one.softwareStatementId);
        assert.deepEqual([statement.client_id, statement.organisation_id], [one.clientId, one.organisationId]);
        assert.deepEqual(statement.roles, roles);
        assert.deepEqual(statement.redirect_uris, one.redirectUris);
        assert.equal((await tpp.send('GET', statement.jwks_uri)).json.keys[0].kid, one.kid);
        const details = accountAccess();
        assert.equal((await one.push(await one.requestObject(details))).status, 201);
        const known = await fetch(`${demo.hub.baseUrl}/sim/consents/${details.consent.ConsentId}`);
        assert.deepEqual((await known.json()).consent.tpp.decodedSsa, statement);
    }
});

test('there is no statement of another organisation\'s software', async () => {
    for (const [organisation, software] of [[tpp.organisationId, other.softwareStatementId], ['x', 'y']]) {
        assert.equal((await statementOf(organisation, software)).status, 404);
    }
});

test('a TPP of the directory registers, and does so again', async () => {
    for (const path of ['/tpp-registration', '/open-finance/onboarding/v2.1/tpp-registration']) {
        assert.equal((await tpp.call('POST', path)).status, 204);
    }
});

test('who is no TPP of the directory does not register', async () => {
    const { clientCert: transportCert, clientKey: transportKey } = demo.rogue.otherOrganisation;
    const cases = [[{ transportCert, transportKey }, 400, 'Resource.InvalidFormat', 'TPP-CERTIFICATE'],
        [{}, 401, '', 'TPP-TOKEN']];
    for (const [certificate, ...expected] of cases) {
        const one = await Tpp.start(demo, { certificate });
        await assertRefused(await one.call('POST', '/tpp-registration'), ...expected);
        one.close();
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

test('a refresh token is good for its consent and its client, again and again', async () => {
    const first = await tpp.connect();
    const second = (await tpp.token({ grant_type: 'refresh_token', refresh_token: first.refresh_token })).json;
    assert.equal(second.refresh_token, first.refresh_token);
    assert.equal(second.authorization_details[0].consent.Data.ConsentId, first.consentId);
    const stolen = await other.token({ grant_type: 'refresh_token', refresh_token: second.refresh_token });
    await assertRefused(stolen, 400, 'invalid_grant', 'REFRESH-UNKNOWN');
});

test('a refresh may name the scopes that were granted, and no others', async () => {
    const { refresh_token, scope } = await tpp.connect();
    const refresh = (asked) => tpp.token({ grant_type: 'refresh_token', refresh_token, scope: asked });
    for (const asked of ['', 'accounts', scope]) {
        assert.equal((await refresh(asked)).status, 200, asked);
    }
    for (const asked of [`${scope} payments`, 'openid insurance', 'ACCOUNTS', 'account']) {
        await assertRefused(await refresh(asked), 400, 'invalid_scope', 'REFRESH-SCOPE');
    }
});

test('a TPP gets tokens for itself, of the scopes of its roles', async () => {
    const { json, status } = await tpp.token({ grant_type: 'client_credentials', scope: 'openid payments' });
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(json).sort(), ['access_token', 'expires_in', 'scope', 'token_type']);
});

const tellOf = (endpoint) => async (one, token, form = {}) =>
    one.send('POST', one.metadata[endpoint], { form: await one.authenticated({ token, ...form }) });
const introspect = tellOf('introspection_endpoint');
const revoke = tellOf('revocation_endpoint');

test('a token is described to its TPP alone, and ends with its consent\'s tokens when revoked', async () => {
    const { access_token: access, refresh_token: refresh, scope } = await tpp.connect();
    const { status, json } = await introspect(tpp, access);
    assert.equal(status, 200);
    const { active, exp, cnf, ...rest } = json;
    assert.ok(active && exp > Date.now() / 1000 && cnf['x5t#S256']);
    assert.deepEqual(rest, { scope, client_id: tpp.clientId, iss: tpp.issuer, token_type: 'Bearer' });
    assert.equal((await introspect(tpp, refresh)).json.active, true);
    assert.deepEqual((await introspect(other, access)).json, { active: false });
    assert.deepEqual((await introspect(tpp, 'no-token')).json, { active: false });
    assert.equal((await revoke(other, access)).status, 200); // and nothing happens
    assert.equal((await introspect(tpp, access)).json.active, true);

    assert.equal((await revoke(tpp, refresh)).status, 200);
    for (const token of [access, refresh]) {
        assert.deepEqual((await introspect(tpp, token)).json, { active: false });
    }
    assert.equal((await tpp.call('GET', '/account-information/v2.1/accounts', access)).status, 401);
    await assertRefused(await tpp.token({ grant_type: 'refresh_token', refresh_token: refresh }), 400, 'invalid_grant', 'REFRESH-UNKNOWN');
    assert.equal((await revoke(tpp, refresh)).status, 200);
    assert.equal((await revoke(tpp, 'no-token')).status, 200);
});

test('introspection and revocation want an authenticated TPP and a token of a consent', async () => {
    const own = await tpp.ownToken('accounts');
    assert.equal((await introspect(tpp, own)).json.active, true);
    await assertRefused(await revoke(tpp, own), 400, 'unsupported_token_type', 'TOKEN-TYPE');
    for (const ask of [introspect, revoke]) {
        await assertRefused(await ask(tpp, undefined), 400, 'invalid_request', 'TOKEN-FORM');
        await assertRefused(await ask(tpp, own, { client_assertion: undefined }), 400, 'invalid_request', 'CLIENT-FORM');
        await assertRefused(await ask(tpp, own, { client_assertion: 'x.y' }), 400, 'invalid_client', 'CLIENT-ASSERTION-FORM');
    }
});

// --- what is refused: authentication of the client ----------------------------------------------

const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const weakly = (alg, signed = true) => async (one, claims) => { // not by PS256
    const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const text = `${encode({ alg, kid: one.kid })}.${encode(claims)}`;
    const key = readFileSync(one.signingKey);
    const signature = !signed ? '' : signBytes('sha256', text, { key, padding: constants.RSA_PKCS1_PADDING });
    return `${text}.${Buffer.from(signature).toString('base64url')}`;
};
const EXTENDED = { crit: ['b64'], b64: true }; // which changes nothing, but must be understood
const basics = () => ({
    iss: tpp.clientId, sub: tpp.clientId, aud: tpp.issuer, jti: randomUUID(), iat: now(), exp: now() + 60,
});

/** Name, form that replaces the right one, id of the refusal. Functions are called when it is their turn. */
const CLIENTS = [
    ['no assertion', { client_assertion: undefined }, 'CLIENT-FORM'],
    ['an assertion of another type', { client_assertion_type: 'urn:x' }, 'CLIENT-FORM'],
    ['an assertion that is no JWS', { client_assertion: 'x.y' }, 'CLIENT-ASSERTION-FORM'],
    ['an unsigned assertion', () => weakly('none', false)(tpp, basics()), 'CLIENT-ASSERTION-FORM'],
    ['an assertion whose alg is none', () => weakly('none')(tpp, basics()), 'CLIENT-ASSERTION-ALG'],
    ['an assertion by RS256', () => weakly('RS256')(tpp, basics()), 'CLIENT-ASSERTION-ALG'],
    ['an assertion by a stranger\'s key', () => tpp.assertion({ key: stranger }), 'CLIENT-ASSERTION-SIGNATURE'],
    ['an assertion by another TPP\'s key', () => tpp.assertion({ key: other.signingKey, header: { kid: other.kid } }),
        'CLIENT-ASSERTION-KID'],
    ['an assertion without kid', () => tpp.assertion({ header: { kid: undefined } }), 'CLIENT-ASSERTION-KID'],
    ['an assertion that names its key', () => tpp.assertion({ header: { jku: 'https://keys.example/' } }),
        'CLIENT-ASSERTION-KEY'],
    ['an assertion with an extension that must be understood', () => tpp.assertion({ header: EXTENDED }),
        'CLIENT-ASSERTION-CRIT'],
    ['an assertion of a request object\'s typ', () => tpp.assertion({ header: { typ: 'oauth-authz-req+jwt' } }),
        'CLIENT-ASSERTION-TYP'],
    ...[
        ['iss', undefined], ['iss', 'x'], ['sub', undefined], ['sub', 'x', 'CLIENT-UNKNOWN'], ['aud', undefined],
        ['aud', 'https://other.example'], ['exp', undefined], ['exp', 'soon'], ['jti', undefined],
        ['jti', 'x'.repeat(129)],
    ].map(([name, value, id = `CLIENT-ASSERTION-${name.toUpperCase()}`]) => [
        `an assertion with ${name} ${`${value}`.slice(0, 24)}`,
        () => tpp.assertion({ claims: { [name]: value } }), id,
    ]),
    ['an assertion whose aud is a list', () => tpp.assertion({ claims: { aud: [tpp.issuer] } }),
        'CLIENT-ASSERTION-AUD'],
    ['an assertion for the endpoint', () => tpp.assertion({ claims: { aud: tpp.metadata.token_endpoint } }),
        'CLIENT-ASSERTION-AUD'],
    ['an expired assertion', () => tpp.assertion({ claims: { iat: now() - 90, exp: now() - 30 } }),
        'CLIENT-ASSERTION-EXP'],
    ['an assertion of the future', () => tpp.assertion({ claims: { nbf: now() + 90 } }), 'CLIENT-ASSERTION-NBF'],
    ['an assertion made in the future', () => tpp.assertion({ claims: { iat: now() + 90 } }), 'CLIENT-ASSERTION-IAT'],
    ['an assertion for too long', () => tpp.assertion({ claims: { exp: now() + 600 } }), 'CLIENT-ASSERTION-LIFE'],
    ['another client\'s id', { client_id: '5f0c1b7e-2d0a-4c53-9a3e-6f1f6f0b9a12' }, 'CLIENT-ID'],
];

async function clientForm(change) {
    return typeof change === 'function' ? { client_assertion: await change() } : change;
}

for (const [name, change, id] of CLIENTS) {
    const error = id === 'CLIENT-FORM' ? 'invalid_request' : 'invalid_client';
    test(`refused at both endpoints: ${name}`, async () => {
        const pushed = await tpp.push(await tpp.requestObject(accountAccess()), await clientForm(change));
        await assertRefused(pushed, 400, error, id);
        assert.equal(pushed.headers['www-authenticate'], undefined);
        const form = { grant_type: 'client_credentials', scope: 'accounts', ...(await clientForm(change)) };
        await assertRefused(await tpp.token(form), 400, error, id);
    });
}

test('an assertion is good once at each endpoint', async () => {
    const client_assertion = await tpp.assertion();
    const ask = () => tpp.token({ grant_type: 'client_credentials', scope: 'accounts', client_assertion });
    assert.equal((await tpp.push(await tpp.requestObject(accountAccess()), { client_assertion })).status, 201);
    assert.equal((await ask()).status, 200);
    await assertRefused(await ask(), 400, 'invalid_client', 'CLIENT-ASSERTION-REPLAY');
    const again = await tpp.push(await tpp.requestObject(accountAccess()), { client_assertion });
    await assertRefused(again, 400, 'invalid_client', 'CLIENT-ASSERTION-REPLAY');
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
        const token = await one.token({ grant_type: 'client_credentials', scope: 'accounts' });
        await assertRefused(token, 400, 'invalid_client', 'CLIENT-CERTIFICATE');
        one.close();
    }
    const { clientCert: transportCert, clientKey: transportKey } = demo.rogue.otherCa;
    await assert.rejects(Tpp.start(demo, { certificate: { transportCert, transportKey } }));
});

// --- what is refused: the pushed request --------------------------------------------------------

const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();

/** Name, what replaces claims (or the whole request object), id of the refusal. */
const OBJECTS = [
    ['no request object', () => ({ request: undefined }), 'PAR-REQUEST'],
    ['a pushed request_uri', () => ({ request_uri: 'urn:x' }), 'PAR-REQUEST-URI'],
    ['an unsigned request object', async () => ({ request: await weakly('none', false)(tpp, await claims()) }),
        'REQUEST-OBJECT-FORM'],
    ['a request object whose alg is none', async () => ({ request: await weakly('none')(tpp, await claims()) }),
        'REQUEST-OBJECT-ALG'],
    ['a request object by RS256', async () => ({ request: await weakly('RS256')(tpp, await claims()) }),
        'REQUEST-OBJECT-ALG'],
    ['a request object by a stranger', async () => ({ request: await tpp.sign(await claims(), { key: stranger }) }),
        'REQUEST-OBJECT-SIGNATURE'],
    ['a client assertion as request object', async () => ({ request: await tpp.assertion() }), 'REQUEST-OBJECT-CLIENT'],
    ['another typ', async () => ({ request: await tpp.sign(await claims(), { header: { typ: 'at+jwt' } }) }),
        'REQUEST-OBJECT-TYP'],
    ['a request object without kid', () => objectOf({ header: { kid: undefined } }), 'REQUEST-OBJECT-KID'],
    ['a request object by another TPP\'s key', () => objectOf({ key: other.signingKey, header: { kid: other.kid } }),
        'REQUEST-OBJECT-KID'],
    ['a request object that names its key', () => objectOf({ header: { jku: 'https://keys.example/' } }),
        'REQUEST-OBJECT-KEY'],
    ['an extension that must be understood', () => objectOf({ header: EXTENDED }), 'REQUEST-OBJECT-CRIT'],
    ['a jti of 129 characters', { jti: 'x'.repeat(129) }, 'REQUEST-OBJECT-JTI'],
    ['iat in the future', () => claimsOf({ iat: now() + 90 }), 'REQUEST-OBJECT-IAT'],
    ['iss of another', { iss: 'x' }, 'REQUEST-OBJECT-ISS'],
    ['client_id of another', { client_id: 'x' }, 'REQUEST-OBJECT-CLIENT'],
    ['aud of another', { aud: 'https://other.example' }, 'REQUEST-OBJECT-AUD'],
    ['aud that is a list', () => claimsOf({ aud: [tpp.issuer] }), 'REQUEST-OBJECT-AUD'],
    ['no exp', { exp: undefined }, 'REQUEST-OBJECT-EXP'],
    ['no nbf', { nbf: undefined }, 'REQUEST-OBJECT-NBF'],
    ['what has expired', () => claimsOf({ nbf: now() - 120, exp: now() - 60 }), 'REQUEST-OBJECT-EXP'],
    ['what is not yet', () => claimsOf({ nbf: now() + 120, exp: now() + 180 }), 'REQUEST-OBJECT-NBF'],
    ['what is too old', () => claimsOf({ nbf: now() - 700 }), 'REQUEST-OBJECT-NBF'],
    ['what is good for too long', () => claimsOf({ exp: now() + 3600 }), 'REQUEST-OBJECT-LIFE'],
    ['another response_type', { response_type: 'code id_token' }, 'PAR-RESPONSE-TYPE'],
    ['another response_mode', { response_mode: 'fragment' }, 'PAR-RESPONSE-MODE'],
    ['a request object in a request object', { request: 'x' }, 'PAR-NESTED'],
    ['no redirect_uri', { redirect_uri: undefined }, 'PAR-REDIRECT-URI'],
    ['a redirect_uri with one slash more', () => claimsOf({ redirect_uri: `${tpp.redirectUri}/` }), 'PAR-REDIRECT-URI'],
    ['a redirect_uri of another host', { redirect_uri: 'https://attacker.example/callback' }, 'PAR-REDIRECT-URI'],
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'PAR-PKCE'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'PAR-PKCE'],
    ['a challenge that is too short', { code_challenge: 'x' }, 'PAR-PKCE'],
    ['a state of 201 characters', { state: 'x'.repeat(201) }, 'PAR-STATE'],
    ['a nonce of 201 characters', { nonce: 'x'.repeat(201) }, 'PAR-NONCE'],
    ['max_age over an hour', { max_age: 3601 }, 'PAR-MAX-AGE'],
    ['no scope', { scope: undefined }, 'PAR-SCOPE'],
    ['an unknown scope', { scope: 'openid accounts everything' }, 'PAR-SCOPE'],
    ['a scope that does not fit the type', { scope: 'openid payments' }, 'PAR-SCOPE'],
    ['payments in scope for a consent to accounts', { scope: 'openid accounts payments' }, 'PAR-SCOPE'],
    ['no authorization_details', { authorization_details: undefined }, 'PAR-DETAILS'],
    ['two authorization_details', () => claimsOf({ authorization_details: [accountAccess(), accountAccess()] }),
        'PAR-DETAILS'],
    ['a type of another version', () => details({ type: 'urn:openfinanceuae:account-access-consent:v1.2' }),
        'PAR-DETAILS-TYPE'],
    ['a type that is not served', () => details({ type: 'urn:openfinanceuae:pension-consent:v2.1' }),
        'PAR-DETAILS-TYPE'],
    ['an unknown member', () => consent({ Colour: 'red' }), 'PAR-DETAILS-FORM'],
    ['no ConsentId', () => consent({ ConsentId: undefined }), 'PAR-DETAILS-FORM'],
    ['no permissions', () => consent({ Permissions: [] }), 'PAR-DETAILS-FORM'],
    ['an unknown permission', () => consent({ Permissions: ['ReadAccountsBasic', 'ReadMind'] }), 'PAR-DETAILS-FORM'],
    ['permissions without the account', () => consent({ Permissions: ['ReadBalances'] }), 'PAR-PERMISSIONS'],
    ['an end in the past', () => consent({ ExpirationDateTime: new Date(0).toISOString() }), 'PAR-EXPIRY'],
    ['an end in two years', () => consent({ ExpirationDateTime: `${new Date().getFullYear() + 2}-01-01T00:00:00Z` }),
        'PAR-EXPIRY'],
    ['a base consent of nobody', () => consent({ BaseConsentId: randomUUID() }), 'PAR-BASE-CONSENT'],
];
const claims = async () => (await tpp.requestObject(accountAccess())).claims;
const claimsOf = (some) => ({ claims: some });
const objectOf = async (how) => ({ request: await tpp.sign(await claims(), how) });
const details = (some) => claimsOf({ authorization_details: [{ ...accountAccess(), ...some }] });
const consent = (some) => claimsOf({ authorization_details: [accountAccess({ ExpirationDateTime: tomorrow(), ...some })] });

const errorOf = (id) => (id === 'PAR-SCOPE' ? 'invalid_scope'
    : id.startsWith('PAR-') ? 'invalid_request' : 'invalid_request_object');

for (const [name, change, id] of OBJECTS) {
    test(`refused in a pushed request: ${name}`, async () => {
        const { claims: some, ...form } = typeof change === 'function' ? await change() : claimsOf(change);
        const reply = await tpp.push(await tpp.requestObject(accountAccess(), { claims: some }), form);
        await assertRefused(reply, 400, errorOf(id), id);
        assert.match(reply.json.error_description, /^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
    });
}

test('a ConsentId is used once', async () => {
    const object = accountAccess();
    assert.equal((await tpp.push(await tpp.requestObject(object))).status, 201);
    const again = await tpp.push(await tpp.requestObject(object));
    await assertRefused(again, 400, 'invalid_request', 'PAR-CONSENT-ID');
});

test('a form with a parameter twice, one that is too long, and a body that is none, are refused', async () => {
    const url = tpp.metadata.token_endpoint;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const how of [{ text: 'grant_type=x&grant_type=y', headers }, { json: { grant_type: 'x' } }]) {
        await assertRefused(await tpp.send('POST', url, how), 400, 'invalid_request', 'CLIENT-FORM');
    }
    for (const endpoint of [url, tpp.metadata.pushed_authorization_request_endpoint]) {
        const long = await tpp.send('POST', endpoint, { form: { request: 'x'.repeat(600_000) } });
        await assertRefused(long, 413, '', 'CLIENT-FORM');
    }
    await assertRefused(await tpp.send('GET', url), 405, '', 'ROUTE-METHOD');
    await assertRefused(await tpp.send('GET', `${tpp.issuer}/nothing`), 404, '', 'ROUTE-PATH');
});

test('payments need the role for them', async () => {
    const token = await reader.token({ grant_type: 'client_credentials', scope: 'payments' });
    await assertRefused(token, 400, 'invalid_scope', 'TOKEN-SCOPE');
    const object = await reader.requestObject(accountAccess(), {
        claims: {
            scope: 'openid accounts',
            authorization_details: [{ type: 'urn:openfinanceuae:service-initiation-consent:v2.1', consent: {} }],
        },
    });
    await assertRefused(await reader.push(object), 400, 'unauthorized_client', 'PAR-ROLE');
});

// --- what is refused: the token request ---------------------------------------------------------

test('a code is for its own client, redirect_uri and verifier', async () => {
    const back = await tpp.authorize(accountAccess());
    const { code, verifier } = back;
    const wrong = [
        [other.exchange(code, verifier, { redirect_uri: tpp.redirectUri }), 'CODE-UNKNOWN'],
        [tpp.exchange(code, verifier, { redirect_uri: `${tpp.redirectUri}/` }), 'CODE-REDIRECT-URI'],
        [tpp.exchange(code, pkce().verifier), 'CODE-VERIFIER'],
        [tpp.exchange(code, undefined), 'CODE-VERIFIER'],
        [tpp.exchange(code, 'short'), 'CODE-VERIFIER'],
        [tpp.exchange(randomUUID(), verifier), 'CODE-UNKNOWN'],
        [tpp.exchange(undefined, verifier), 'TOKEN-FORM', 'invalid_request'],
        [tpp.exchange(code, verifier, { redirect_uri: undefined }), 'TOKEN-FORM', 'invalid_request'],
        [tpp.exchange(code, verifier, { grant_type: undefined }), 'TOKEN-FORM', 'invalid_request'],
        [tpp.exchange(code, verifier, { grant_type: 'password' }), 'TOKEN-GRANT', 'unsupported_grant_type'],
    ];
    for (const [answer, id, error = 'invalid_grant'] of wrong) {
        await assertRefused(await answer, 400, error, id);
    }
    assert.equal((await tpp.exchange(code, verifier)).status, 200, 'none of them used it up');
    const { steps } = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${back.consentId}`)).json();
    const tried = steps.filter(({ interface: name }) => name === 'token');
    assert.deepEqual(tried.map(({ status, refused }) => refused ?? status).sort(), [200, 'CODE-REDIRECT-URI', 'CODE-VERIFIER',
        'CODE-VERIFIER', 'CODE-VERIFIER', 'TOKEN-FORM', 'TOKEN-FORM', 'TOKEN-GRANT'], 'those of its own client that have the code');
    const { replyBody } = tried.find(({ refused }) => refused === 'CODE-REDIRECT-URI');
    assert.deepEqual(JSON.parse(replyBody), { error: 'invalid_grant', error_description: 'redirect_uri is not that of the request' });
    assert.ok(!JSON.stringify(tried).includes(code));
});

test('a code that comes twice voids the tokens it gave', async () => {
    const { code, verifier, refresh_token, access_token, consentId } = await tpp.connect();
    await assertRefused(await tpp.exchange(code, verifier), 400, 'invalid_grant', 'CODE-USED');
    const refreshed = await tpp.token({ grant_type: 'refresh_token', refresh_token });
    await assertRefused(refreshed, 400, 'invalid_grant', 'REFRESH-UNKNOWN');
    const { steps } = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${consentId}`)).json();
    assert.deepEqual(steps.flatMap(({ refused = [] }) => refused), ['CODE-USED', 'REFRESH-UNKNOWN']);
    assert.ok(!JSON.stringify(steps).includes(refresh_token));
    const read = await tpp.call('GET', '/open-finance/account-information/v2.1/accounts', access_token);
    await assertRefused(read, 401, '', 'TPP-TOKEN');
});

for (const [name, refresh_token] of [['missing', undefined], ['made up', 'x'.repeat(200)]]) {
    test(`a refresh token that is ${name} is refused`, async () => {
        const [error, id] = refresh_token ? ['invalid_grant', 'REFRESH-UNKNOWN'] : ['invalid_request', 'TOKEN-FORM'];
        await assertRefused(await tpp.token({ grant_type: 'refresh_token', refresh_token }), 400, error, id);
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
