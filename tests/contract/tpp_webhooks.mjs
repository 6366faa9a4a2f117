// Events from a Hub to a TPP: sealed for it, signed, in order, sent again when they are not taken.
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CompactEncrypt, SignJWT } from 'jose';
import { Payer, PAYMENTS } from '../support/payer.mjs';
import { creditorOf } from '../support/payments.mjs';
import { accountAccess } from '../support/tpp.mjs';
import { openEvent, Receiver, until } from '../support/webhooks.mjs';
import { demo, now, other, own, RETRY_MS, tpp } from './tpp_shared.mjs';

const CONSENTS = '/open-finance/account-information/v2.1/account-access-consents';
const payer = new Payer(tpp);

const receivers = [];
async function receive(options) {
    const receiver = await Receiver.start(options);
    receivers.push(receiver);
    return receiver;
}
after(() => Promise.all(receivers.map((receiver) => receiver.stop())));

const open = async (call) => openEvent(call, tpp, await payer.keys());
/** What the calls say, as "state of what". */
const toldBy = (calls) => Promise.all(calls.map(async (call) => {
    const { Meta, Data } = (await open(call)).claims.message;
    return `${Meta.EventResource.split('/').at(-2)} ${Data.Status}`;
}));
const connect = (subscription) => tpp.connect({ ...accountAccess(), ...(subscription && { subscription }) });
const patch = (consentId, json) => tpp.call('PATCH', `${CONSENTS}/${consentId}`, own, { json });
const revoke = async (consentId) =>
    assert.equal((await patch(consentId, { Data: { Status: 'Revoked', RevokedBy: 'TPP' } })).status, 204);
const ask = async (method, path, body) => {
    const reply = await fetch(demo.hub.baseUrl + path, {
        method, headers: { connection: 'close', 'content-type': 'application/json' }, body: body && JSON.stringify(body),
    });
    const text = await reply.text();
    assert.ok(reply.ok, text);
    return text ? JSON.parse(text) : undefined;
};
/** The Hub's tries to send events of a consent: [status, refusal]. */
const tries = async (consentId) => (await ask('GET', `/sim/consents/${consentId}`)).steps
    .filter((step) => step.interface === 'webhook').map(({ status, refused }) => [status, refused]);

/** The same, but for when exactly. */
function assertSame({ StatusUpdateDateTime: toldAt, ...told }, { StatusUpdateDateTime: at, ...known }) {
    assert.deepEqual(told, known);
    assert.ok(Math.abs(Date.parse(toldAt) - Date.parse(at)) < 60_000, `${toldAt}, ${at}`);
}

test('a consent that is given and taken back is told, sealed and signed', async () => {
    const receiver = await receive();
    const { consentId } = await connect(receiver.subscription());
    const [call] = await receiver.reach(1);
    assert.deepEqual([call.method, call.url, call.headers['content-type']], ['POST', '/hook?of=tpp', 'application/jwe']);
    assert.match(call.headers['x-fapi-interaction-id'], /^[0-9a-f-]{36}$/);

    const { jwe, jws, claims } = await open(call);
    assert.deepEqual(jwe, { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', kid: tpp.encryptionKid });
    const published = `${new URL(tpp.metadata.jwks_uri).origin}/${tpp.softwareStatementId}/application.jwks`;
    const { keys } = (await tpp.send('GET', published)).json;
    assert.deepEqual(keys.filter(({ use }) => use === 'enc').map(({ kid, alg }) => [kid, alg]), [[jwe.kid, jwe.alg]]);
    assert.equal(jws.alg, 'PS256');
    assert.ok((await payer.keys()).some(({ kid, use }) => kid === jws.kid && use === 'sig'));
    assert.deepEqual(Object.keys(claims).sort(), ['aud', 'exp', 'iat', 'iss', 'message', 'nbf']);
    assert.deepEqual([claims.aud, claims.exp - claims.iat, claims.nbf], [[tpp.clientId], 3600, claims.iat]);
    const { Meta, Data } = claims.message;
    const resource = `${tpp.resources}${CONSENTS}/${consentId}`;
    const { EventDateTime, ...meta } = Meta;
    assert.deepEqual(meta, { EventResource: resource, EventType: 'Resource.Updated', ConsentId: consentId });
    assert.ok(Math.abs(Date.parse(EventDateTime) - Date.now()) < 600_000);
    assert.equal(Data.Status, 'Authorized');
    assertSame(Data, (await tpp.call('GET', resource, own)).json.Data);

    await revoke(consentId);
    const [, last] = await receiver.reach(2);
    const { Data: ended } = (await open(last)).claims.message;
    assert.deepEqual([ended.Status, ended.RevokedBy], ['Revoked', 'TPP']);
    assert.deepEqual(await until(async () => (await tries(consentId)).length === 2 && tries(consentId), 'two tries'),
        [[202, undefined], [202, undefined]]);
});

test('each status of a payment is told, behind those of its consent', async () => {
    const receiver = await receive();
    const pii = async (Initiation) => ({ PersonalIdentifiableInformation: await payer.seal({ Initiation, Risk: {} }) });
    const { access_token: token, consentId } = await payer.connect(undefined, await pii({ Creditor: [creditorOf(2)] }),
        { subscription: receiver.subscription() });
    const Data = await payer.paymentOf(consentId, await pii(creditorOf(2)));
    const { PaymentId } = (await payer.messageOf(await payer.post(token, { Data }), 201)).Data;
    const calls = await receiver.reach(4); // this creditor's bank settles after two seconds, and accepts two later
    assert.deepEqual(await toldBy(calls), ['payment-consents Authorized', 'payment-consents Consumed',
        'payments AcceptedSettlementCompleted', 'payments AcceptedWithoutPosting']);
    const { message } = (await open(calls[3])).claims;
    assert.equal(message.Meta.EventResource, `${tpp.resources}${PAYMENTS}/payments/${PaymentId}`);
    assert.equal(message.Meta.ConsentId, consentId);
    const read = await payer.read(`/payments/${PaymentId}`, own);
    assertSame(message.Data, read.Data);
});

test('what is not taken is sent again, and what comes later waits for it', async () => {
    const receiver = await receive();
    receiver.answers = [500, 200]; // 200 is no acknowledgement
    const { consentId } = await connect(receiver.subscription());
    await revoke(consentId);
    const calls = await receiver.reach(4);
    assert.deepEqual(calls.map(({ status }) => status), [500, 200, 202, 202]);
    const resource = 'account-access-consents';
    assert.deepEqual(await toldBy(calls), [...Array(3).fill(`${resource} Authorized`), `${resource} Revoked`]);
    const noted = await until(async () => (await tries(consentId)).length === 4 && tries(consentId), 'four tries');
    assert.deepEqual(noted, [[500, 'WEBHOOK-REFUSED'], [200, 'WEBHOOK-REFUSED'], [202, undefined], [202, undefined]]);
});

test('what is refused to the end is given up, and the next event goes out', async () => {
    const receiver = await receive();
    receiver.answers = [307, 404, 503, 400]; // a redirect is not followed
    const { consentId } = await connect(receiver.subscription());
    await receiver.reach(1 + RETRY_MS.length);
    await revoke(consentId);
    await receiver.reach(2 + RETRY_MS.length);
    const noted = await until(async () => (await tries(consentId)).length === 5 && tries(consentId), 'five tries');
    assert.deepEqual(noted, [[307, 'WEBHOOK-REFUSED'], [404, 'WEBHOOK-REFUSED'], [503, 'WEBHOOK-REFUSED'],
        [400, 'WEBHOOK-GIVEN-UP'], [202, undefined]]);
    assert.match((await toldBy(receiver.calls)).at(-1), /Revoked$/);
});

test('a receiver that is not there is tried as often', async () => {
    const receiver = await receive();
    const subscription = receiver.subscription();
    await receiver.stop();
    const { consentId } = await connect(subscription);
    const noted = await until(async () => (await tries(consentId)).length === 4 && tries(consentId), 'four tries');
    assert.deepEqual(noted.map(([status]) => status), [0, 0, 0, 0]);
    assert.equal(noted.at(-1)[1], 'WEBHOOK-GIVEN-UP');
});

test('nothing is told of a consent without an active subscription, and one may begin and end', async () => {
    const receiver = await receive();
    const silent = [await connect(), await connect(receiver.subscription(false))];
    for (const { consentId } of silent) {
        await revoke(consentId);
    }
    const { consentId } = await connect(receiver.subscription(false));
    assert.equal((await patch(consentId, { Subscription: { Webhook: { IsActive: true } } })).status, 204);
    await revoke(consentId);
    await receiver.reach(1); // events go out in the order in which they came about
    for (const one of silent) {
        assert.deepEqual(await tries(one.consentId), []);
    }
    const ended = await connect(receiver.subscription());
    await receiver.reach(2);
    assert.equal((await patch(ended.consentId, { Subscription: { Webhook: { IsActive: false } } })).status, 204);
    const { json } = await tpp.call('GET', `${CONSENTS}/${ended.consentId}`, own);
    assert.deepEqual(json.Subscription, receiver.subscription(false));
    await revoke(ended.consentId);
    await connect(receiver.subscription());
    assert.equal((await receiver.reach(3)).length, 3);
    assert.deepEqual((await toldBy(receiver.calls)).map((text) => text.split(' ')[1]), ['Revoked', 'Authorized', 'Authorized']);
});

test('an event is sent over TLS to a receiver that is trusted, and to no other', async () => {
    const files = (name) => ({ cert: readFileSync(join(demo.dir, `pki/${name}.pem`)), key: readFileSync(join(demo.dir, `pki/${name}.key`)) });
    const trusted = await receive({ tls: files('bank/S4') });
    const stranger = await receive({ tls: files('rogue/otherCa/C4') });
    await connect(trusted.subscription());
    await trusted.reach(1);
    const { consentId } = await connect(stranger.subscription());
    await until(async () => (await tries(consentId)).at(-1)?.[1] === 'WEBHOOK-GIVEN-UP', 'given up');
    assert.deepEqual(stranger.calls, []);
});

const URLS = ['', 'x', 'ftp://tpp.example/hook', 'http://tpp.example/hook', 'http://localhost.tpp.example/hook',
    'http://127.0.0.1@tpp.example/', 'https://', 'https://:9000/', 'https:///hook', 'https://user@tpp.example/hook', 'https://tpp.example/a b',
    'https://tpp.example/#x', 'https://tpp.example/\u00e9', `https://tpp.example/${'x'.repeat(1001 - 20)}`];
/** Enough for a change. */
const PARTS = [{ Webhook: {} }, { Webhook: { Url: 'https://tpp.example/' } }];
const MALFORMED = [{}, { Webhook: { IsActive: true } },
    { Webhook: { Url: 7, IsActive: true } }, { Webhook: { Url: 'https://tpp.example/', IsActive: 'true' } },
    { Webhook: { Url: 'https://tpp.example/', IsActive: true, Secret: 'x' } },
    { Webhook: { Url: 'https://tpp.example/', IsActive: true }, Email: 'x' }, 'https://tpp.example/'];

test('a malformed subscription is refused with the consent, and as a change of it', async () => {
    const push = async (subscription) =>
        tpp.push(await tpp.requestObject({ ...accountAccess(), subscription }));
    const { consentId } = await connect();
    const longest = `https://tpp.example/${'x'.repeat(1000 - 20)}`;
    assert.equal((await push({ Webhook: { Url: longest, IsActive: true } })).status, 201);
    for (const subscription of [...PARTS, ...MALFORMED, ...URLS.map((Url) => ({ Webhook: { Url, IsActive: true } }))]) {
        const what = JSON.stringify(subscription).slice(0, 90);
        const pushed = await push(subscription);
        assert.deepEqual([pushed.status, pushed.json.error], [400, 'invalid_request'], what);
        if (PARTS.includes(subscription)) {
            continue;
        }
        const patched = await patch(consentId, { Subscription: subscription });
        assert.deepEqual([patched.status, patched.json?.Errors[0].Code], [400, 'Body.InvalidFormat'], what);
    }
    const { json } = await tpp.call('GET', `${CONSENTS}/${consentId}`, own);
    assert.equal('Subscription' in json, false);
    assert.ok(demo.hubLog().some(({ refused }) => refused === 'PAR-WEBHOOK'));
    assert.ok(demo.hubLog().some(({ refused }) => refused === 'TPP-WEBHOOK'));
});

// --- the simulated TPPs' own receiver -----------------------------------------------------------

const hook = `${demo.hub.baseUrl}/tpp/webhook`;
const events = async (consentId) => (await ask('GET', `/sim/consents/${consentId}/events`)).events;

test('the simulated TPP receives events, also after it failed or its answer was lost', async () => {
    const { consentId } = await connect({ Webhook: { Url: hook, IsActive: true } });
    const [event] = await until(async () => (await events(consentId)).length === 1 && events(consentId), 'an event');
    assert.equal(event.message.Data.Status, 'Authorized');
    assert.equal(event.message.Meta.ConsentId, consentId);
    await ask('POST', '/sim/faults', { target: 'webhook', kind: '500', times: 1, then: 'lost' });
    await revoke(consentId);
    const refused = await until(async () => (await tries(consentId)).length >= 3 && tries(consentId), 'three tries');
    await ask('DELETE', '/sim/faults');
    assert.deepEqual(refused.slice(0, 3), [[202, undefined], [500, 'WEBHOOK-REFUSED'], [0, 'WEBHOOK-REFUSED']]);
    const all = await until(async () => (await events(consentId)).length > 1 && events(consentId), 'two events');
    assert.ok(all.slice(1).every(({ message }) => message.Data.Status === 'Revoked'), 'lost ones come again');
});

test('the simulated TPP takes what its Hub has sealed for it, and nothing else', async () => {
    const { consentId } = await connect();
    const hubKey = { path: join(demo.dir, 'pki/hub/dhowretail/Sig2'), issuer: tpp.issuer };
    const kidOf = (path) => readFileSync(`${path}.kid`, 'utf8').trim();
    const message = { Meta: { ConsentId: consentId }, Data: {} };
    const make = async ({ claims = {}, signer = hubKey.path, kid, header = {}, to = tpp, sealed } = {}) => {
        const all = { iss: hubKey.issuer, aud: [tpp.clientId], nbf: now(), exp: now() + 60, message, ...claims };
        const jws = await new SignJWT(all).setProtectedHeader({ alg: 'PS256', kid: kid ?? kidOf(signer) })
            .sign(createPrivateKey(readFileSync(`${signer}.key`)));
        return new CompactEncrypt(new TextEncoder().encode(sealed ?? jws))
            .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', kid: to.encryptionKid, ...header })
            .encrypt(createPublicKey(createPrivateKey(readFileSync(to.encryptionKey))));
    };
    const send = async (body, type = 'application/jwe') => {
        const reply = await fetch(hook, { method: 'POST', headers: { 'content-type': type, connection: 'close' }, body });
        const text = await reply.text();
        return [reply.status, text && JSON.parse(text).errorCode];
    };
    const cut = (jwe, part) => jwe.split('.').map((text, at) => (at === part ? text.slice(4) : text)).join('.');
    const cases = [
        [make(), [202, '']],
        ['x', [400, 'SIM-WEBHOOK-JWE']],
        [make().then((jwe) => cut(jwe, 1)), [400, 'SIM-WEBHOOK-JWE']],
        [make().then((jwe) => cut(jwe, 3)), [400, 'SIM-WEBHOOK-JWE']],
        [make({ header: { kid: 'x' } }), [400, 'SIM-WEBHOOK-JWE']],
        [make({ header: { kid: other.encryptionKid } }), [400, 'SIM-WEBHOOK-JWE']],
        [make({ header: { enc: 'A128GCM' } }), [400, 'SIM-WEBHOOK-JWE']],
        [make({ header: { alg: 'RSA-OAEP' } }), [400, 'SIM-WEBHOOK-JWE']],
        [make({ header: { cty: undefined } }), [400, 'SIM-WEBHOOK-JWE']],
        [make({ sealed: '{}' }), [400, 'SIM-WEBHOOK-JWS']],
        [make({ signer: join(demo.dir, 'pki/tpp/karak/Sig1') }), [400, 'SIM-WEBHOOK-JWS']],
        [make({ signer: join(demo.dir, 'pki/tpp/karak/Sig1'), kid: kidOf(hubKey.path) }), [400, 'SIM-WEBHOOK-JWS']],
        [make({ claims: { iss: 'https://hub.example' } }), [400, 'SIM-WEBHOOK-JWS']],
        [make({ claims: { aud: [other.clientId] } }), [400, 'SIM-WEBHOOK-JWS']],
        [make({ to: other }), [400, 'SIM-WEBHOOK-JWS']],
        [make({ claims: { exp: now() - 60 } }), [400, 'SIM-WEBHOOK-JWS']],
        [make({ claims: { nbf: now() + 60 } }), [400, 'SIM-WEBHOOK-JWS']],
        [make({ claims: { message: undefined } }), [400, 'SIM-WEBHOOK-CONSENT']],
        [make({ claims: { message: { Meta: { ConsentId: randomUUID() } } } }), [400, 'SIM-WEBHOOK-CONSENT']],
        [make({ claims: { aud: [other.clientId] }, to: other }), [400, 'SIM-WEBHOOK-CONSENT']],
    ];
    for (const [body, expected] of cases) {
        assert.deepEqual(await send(await body), expected);
    }
    assert.deepEqual(await send(await make(), 'application/jwt'), [415, 'SIM-WEBHOOK-TYPE']);
    assert.deepEqual((await events(consentId)).map((event) => event.message), [message]);
});
