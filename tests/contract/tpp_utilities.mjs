// The utilities that public collections use: texts that a Hub signs and encrypts for a client, its
// environment, and the receiver of events with what it got.
import assert from 'node:assert/strict';
import { createPrivateKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test as plainTest } from 'node:test';
import { compactDecrypt, createLocalJWKSet, jwtVerify } from 'jose';
import { accountAccess, Tpp } from '../support/tpp.mjs';
import { until } from '../support/webhooks.mjs';
import { assertRefused, demo, now, other, own, ownFaults, switched, tpp } from './tpp_shared.mjs';

const SIGNATURE = '/o3/v1.0/message-signature', ENCRYPTION = '/o3/v1.0/message-encryption';
const ENVIRONMENT = '/o3/v1.0/postman/environment';
const RECEIVER = '/mock-event-receiver', REVIEW = '/review-emitted-events';

const test = (name, work) => plainTest(name, () => switched({ utilities: true }, work));

const pem = readFileSync(tpp.signingKey, 'utf8');
/** A body as the collections send it: a comment, and the lines of the key in one. */
const bodyOf = (claims, { header = {}, ...more } = {}) => `{ // what is to be signed
    "header": ${JSON.stringify({ alg: 'PS256', kid: tpp.kid, ...header })},
    "body": ${JSON.stringify(claims)}, // https://no.comment.example
    "signingKeyPEM": ${JSON.stringify(pem.replaceAll('\n', '\\n'))}${Object.entries(more).map(([name, value]) =>
    `,\n    ${JSON.stringify(name)}: ${JSON.stringify(value)}`).join('')}
}`;
/** A GET with a body, as these calls want it. */
const ask = (path, text, who = tpp) => who.call('GET', path, undefined,
    { text, headers: { 'content-type': 'text/plain', 'content-length': `${Buffer.byteLength(text)}` } });
const ownKeys = async () => createLocalJWKSet((await tpp.send('GET',
    `${new URL(tpp.metadata.jwks_uri).origin}/${tpp.softwareStatementId}/application.jwks`)).json);

test('a text is signed as it was given, with the key that came with it', async () => {
    const claims = { iss: 'x', exp: now() + 60.125, note: 'https://tpp.example/ // no comment', deep: [{ a: null }] };
    const { status, headers, text } = await ask(SIGNATURE, bodyOf(claims));
    assert.equal(status, 200, text);
    assert.match(headers['content-type'], /^text\/plain/);
    const { payload, protectedHeader } = await jwtVerify(text, await ownKeys(), { algorithms: ['PS256'], currentDate: new Date(now() * 1000) });
    assert.deepEqual(payload, claims);
    assert.deepEqual(protectedHeader, { alg: 'PS256', kid: tpp.kid });
    const typed = await ask(SIGNATURE, bodyOf(claims, { header: { typ: 'JWT' } }));
    assert.equal(JSON.parse(Buffer.from(typed.text.split('.')[0], 'base64url')).typ, 'JWT');
    const plain = JSON.stringify({ header: { alg: 'PS256', kid: tpp.kid }, body: claims, signingKeyPEM: pem });
    assert.equal((await ask(SIGNATURE, plain)).status, 200, 'without comments, and with its lines');
});

test('a text is signed, and encrypted for the bank', async () => {
    const claims = { Initiation: { Creditor: [{ Name: 'Huda' }] } };
    const { status, text } = await ask(ENCRYPTION, bodyOf(claims, { jwksUrl: tpp.metadata.jwks_uri }));
    assert.equal(status, 200, text);
    const bankKey = createPrivateKey(readFileSync(join(demo.dir, 'pki/bank/Enc1.key')));
    const { plaintext, protectedHeader } = await compactDecrypt(text, bankKey);
    assert.deepEqual(protectedHeader, {
        alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', kid: demo.providers[0].encryption.kid,
    });
    const { payload } = await jwtVerify(plaintext, await ownKeys(), { algorithms: ['PS256'] });
    assert.deepEqual(payload, claims);
});

test('with texts made so, a client goes from discovery to its tokens', async () => {
    const times = { iat: now() - 10.5, nbf: now() - 10.5, exp: now() + 300 - 0.5 };
    const assertion = async () => (await ask(SIGNATURE,
        bodyOf({ iss: tpp.clientId, sub: tpp.clientId, aud: tpp.issuer, jti: randomUUID(), ...times }))).text;
    const { claims } = await tpp.requestObject(accountAccess());
    const request = (await ask(SIGNATURE, bodyOf({ ...claims, nbf: times.nbf, exp: times.exp }))).text;
    const pushed = await tpp.push({ request }, { client_assertion: await assertion() });
    assert.equal(pushed.status, 201, pushed.text);
    const token = await tpp.token({
        grant_type: 'client_credentials', scope: 'accounts', client_assertion: await assertion(),
    });
    assert.equal(token.status, 200, token.text);
});

const without = (name) => {
    const whole = { header: { alg: 'PS256', kid: tpp.kid }, body: {}, signingKeyPEM: pem, jwksUrl: tpp.metadata.jwks_uri };
    delete whole[name];
    return JSON.stringify(whole);
};
const set = (jwksUrl) => bodyOf({}, { jwksUrl });
const origin = new URL(tpp.metadata.jwks_uri).origin;
const REFUSED = [
    ['no body', SIGNATURE, '', 'UTILITY-BODY'],
    ['no JSON', SIGNATURE, 'x', 'UTILITY-BODY'],
    ['a list', SIGNATURE, '[]', 'UTILITY-BODY'],
    ...['header', 'body', 'signingKeyPEM'].map((name) => [`no ${name}`, SIGNATURE, without(name), 'UTILITY-BODY']),
    ['another alg', SIGNATURE, bodyOf({}, { header: { alg: 'RS256' } }), 'UTILITY-HEADER'],
    ['no kid', SIGNATURE, bodyOf({}, { header: { kid: '' } }), 'UTILITY-HEADER'],
    ['no key', SIGNATURE, JSON.stringify({ header: { alg: 'PS256', kid: 'x' }, body: {}, signingKeyPEM: 'x' }), 'UTILITY-KEY'],
    ['no jwksUrl', ENCRYPTION, without('jwksUrl'), 'UTILITY-JWKS'],
    ['a jwksUrl elsewhere', ENCRYPTION, set('https://attacker.example/application.jwks'), 'UTILITY-JWKS'],
    ['a jwksUrl that begins so', ENCRYPTION, set(`${origin}.attacker.example/x/application.jwks`), 'UTILITY-JWKS'],
    ['an unknown set', ENCRYPTION, set(`${origin}/x/application.jwks`), 'UTILITY-JWKS'],
    ['a set without such a key', ENCRYPTION, set(`${origin}/directory/application.jwks`), 'UTILITY-JWKS'],
    ['a path too long', ENCRYPTION, set(`${tpp.metadata.jwks_uri}/application.jwks/x`), 'UTILITY-JWKS'],
];
for (const [name, path, text, id] of REFUSED) {
    test(`refused by ${path.split('-').at(-1)}: ${name}`, async () =>
        assertRefused(await ask(path, text), 400, 'Body.InvalidFormat', id));
}

test('a client has its environment, with the addresses that discovery has', async () => {
    const { status, json } = await tpp.call('GET', ENVIRONMENT);
    assert.equal(status, 200);
    const { metadata } = tpp;
    const { auth, token } = { auth: metadata.authorization_endpoint, token: metadata.token_endpoint };
    assert.deepEqual(Object.fromEntries(json.values.map(({ key, value }) => [key, value])), {
        rs: tpp.resources, issuer: tpp.issuer, 'auth-endpoint': auth, authEndpoint: auth,
        'par-endpoint': metadata.pushed_authorization_request_endpoint, 'token-endpoint': token, tokenEndpoint: token,
        'jwks-uri': metadata.jwks_uri, jwksUrl: metadata.jwks_uri, _clientId: tpp.clientId, 'kid-local': tpp.kid,
        'pem-local': '', redirectUrl: json.values.find(({ key }) => key === 'redirectUrl').value, userId: '',
    });
    assert.ok(tpp.redirectUris.includes(json.values.find(({ key }) => key === 'redirectUrl').value));
    assert.deepEqual(json.values.filter(({ type }) => type === 'secret').map(({ key }) => key), ['pem-local']);
    const named = await tpp.call('GET', `${ENVIRONMENT}?client_id=${encodeURIComponent(other.clientId)}`);
    assert.equal(named.json.values.find(({ key }) => key === '_clientId').value, other.clientId);
    const unknown = await tpp.call('GET', `${ENVIRONMENT}?client_id=x`);
    await assertRefused(unknown, 400, 'Resource.InvalidFormat', 'UTILITY-CLIENT');
});

test('they need a client certificate, and no more', async () => {
    const open = await Tpp.start(demo, { certificate: {} });
    for (const path of [SIGNATURE, ENCRYPTION, ENVIRONMENT]) {
        await assertRefused(await open.call('GET', path), 401, '', 'TPP-TOKEN');
        await assertRefused(await tpp.call('POST', path, own), 405, '', 'ROUTE-METHOD');
    }
    open.close();
});

const review = (query = '', token = own, who = tpp) => who.call('GET', REVIEW + query, token);
const ofConsent = (events, consentId) => events.filter(({ message }) => message.Meta.ConsentId === consentId);

test('the mock receiver gets the events of a subscription, and its TPP reviews them', async () => {
    const subscription = { Webhook: { Url: `${tpp.resources}${RECEIVER}`, IsActive: true } };
    const { consentId } = await tpp.connect({ ...accountAccess(), subscription });
    const events = await until(async () => {
        const { status, json, text } = await review('?minutesInPast=10');
        assert.equal(status, 200, text);
        return ofConsent(json, consentId).length > 0 && ofConsent(json, consentId);
    }, 'an event');
    assert.deepEqual(events.map(({ message }) => message.Data.Status), ['Authorized']);
    assert.ok(Math.abs(Date.parse(events[0].ReceivedDateTime) - Date.now()) < 600_000);
    await tpp.call('PATCH', `/open-finance/account-information/v2.1/account-access-consents/${consentId}`, own,
        { json: { Data: { Status: 'Revoked', RevokedBy: 'TPP' } } });
    await until(async () => ofConsent((await review()).json, consentId).length === 2, 'two events');
    const all = (await review()).json;
    assert.deepEqual(ofConsent(all, consentId).map(({ message }) => message.Data.Status), ['Authorized', 'Revoked']);
    const times = all.map(({ ReceivedDateTime }) => ReceivedDateTime);
    assert.deepEqual(times, [...times].sort());
    const theirs = (await review('', await other.ownToken('accounts'), other)).json;
    assert.deepEqual(ofConsent(theirs, consentId), []);
});

test('the mock receiver takes events alone, and a review is for a TPP that reads accounts', async () => {
    const post = (text, type) => tpp.call('POST', RECEIVER, undefined, { text, headers: { 'content-type': type } });
    await assertRefused(await post('x', 'application/jwe'), 400, 'Body.InvalidFormat', 'SIM-WEBHOOK-JWE');
    await assertRefused(await post('x', 'application/jwt'), 415, '', 'TPP-MEDIA');
    await assertRefused(await tpp.call('GET', RECEIVER, own), 405, '', 'ROUTE-METHOD');
    await assertRefused(await review('', null), 401, '', 'TPP-TOKEN');
    await assertRefused(await review('', await tpp.ownToken('payments')), 403, 'AccessToken.InvalidScope', 'TPP-SCOPE');
    for (const minutes of ['0', 'x', '525601']) {
        await assertRefused(await review(`?minutesInPast=${minutes}`), 400, 'Resource.InvalidFormat', 'TPP-REQUEST');
    }
    await assertRefused(await tpp.call('POST', REVIEW, own), 405, '', 'ROUTE-METHOD');
});

plainTest('without the switch there are none, whoever asks', () => switched({ utilities: false }, async () => {
    const body = bodyOf({ iss: 'x' }, { jwksUrl: tpp.metadata.jwks_uri });
    const event = { text: 'x', headers: { 'content-type': 'application/jwe' } };
    for (const reply of [await ask(SIGNATURE, body), await ask(ENCRYPTION, body),
        await tpp.call('GET', `${ENVIRONMENT}?client_id=${tpp.clientId}`, undefined),
        await tpp.call('POST', RECEIVER, undefined, event), await review(),
        await review('', await tpp.ownToken('payments'))]) {
        await assertRefused(reply, 404, '', 'UTILITY-OFF');
    }
}));

test('a key that was sent is in no log, and none of this made the Hub break its own contract', () => {
    const [, line] = pem.split('\n');
    assert.equal(demo.readLog('hub.log').includes(line), false);
    assert.deepEqual(ownFaults(), []);
});
