// Payments through a Hub's resource server: signed both ways, made once, and what became of them.
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { CONTROL_PARAMETERS, creditorOf } from '../support/payments.mjs';
import { encryptPii, signPii } from '../support/pii.mjs';
import { now, SERVICE_INITIATION } from '../support/tpp.mjs';
import { demo, other, own, tpp } from './tpp_shared.mjs';

const BASE = '/open-finance/payment/v2.1';
const keysOf = async () => (await tpp.send('GET', tpp.metadata.jwks_uri)).json.keys;

/** Personal data as a TPP sends it, encrypted with the key that the Hub's key set has for it. */
async function seal(payload) {
    const { kid, publicKeyFile } = demo.providers[0].encryption;
    assert.ok((await keysOf()).some((key) => key.use === 'enc' && key.kid === kid));
    const claims = { iss: tpp.clientId, aud: tpp.issuer, iat: now(), exp: now() + 300, jti: randomUUID(), ...payload };
    const privateKey = createPrivateKey(readFileSync(tpp.signingKey));
    const signed = await signPii(claims, { privateKey }, { kid: tpp.kid });
    return encryptPii(signed, { publicKey: createPublicKey(readFileSync(publicKeyFile)) }, { kid });
}

async function details(controls = CONTROL_PARAMETERS.SingleInstantPayment, consent = {}) {
    return {
        type: SERVICE_INITIATION,
        consent: {
            ConsentId: randomUUID(),
            ControlParameters: controls,
            PersonalIdentifiableInformation: await seal({ Initiation: { Creditor: [creditorOf(1)] }, Risk: {} }),
            PaymentPurposeCode: 'ACM',
            ExpirationDateTime: new Date(Date.now() + 30 * 86_400_000).toISOString(),
            ...consent,
        },
    };
}

const payer = demo.providers[0].users.find(({ login }) => login === 'rohan');
const connect = async (...how) => tpp.connect(await details(...how), { user: payer });

async function paymentOf(consentId, more = {}) {
    return {
        ConsentId: consentId,
        Instruction: { Amount: { Amount: '10.00', Currency: 'AED' } },
        PaymentPurposeCode: 'ACM',
        OpenFinanceBilling: { Type: 'PushP2P' },
        PersonalIdentifiableInformation: await seal({ Initiation: creditorOf(1), Risk: {} }),
        ...more,
    };
}

async function post(token, message, { key = randomUUID(), claims = {}, headers = {} } = {}) {
    const text = await tpp.sign({ iss: tpp.clientId, aud: [tpp.issuer], nbf: 0, exp: now() + 300, message, ...claims });
    return tpp.call('POST', `${BASE}/payments`, token, {
        text,
        headers: {
            'content-type': 'application/jwt', 'x-idempotency-key': key ?? undefined,
            'x-fapi-customer-ip-address': '192.0.2.30', 'x-fapi-auth-date': new Date().toUTCString(), ...headers,
        },
    });
}

async function messageOf({ status, text }, expected) {
    assert.equal(status, expected, text);
    const options = { issuer: tpp.issuer, audience: tpp.clientId, algorithms: ['PS256'] };
    return (await jwtVerify(text, createLocalJWKSet({ keys: await keysOf() }), options)).payload.message;
}

const errorOf = async (reply, status = 400) => (await messageOf(reply, status)).Errors[0].Code;

test('a payment is made once, found by its id and its key, and consumes its consent', async () => {
    const { access_token: token, consentId } = await connect();
    const key = randomUUID();
    const Data = await paymentOf(consentId);
    const made = await post(token, { Data }, { key });
    const message = await messageOf(made, 201);
    const { PaymentId } = message.Data;
    assert.equal(message.Data.ConsentId, consentId);
    assert.deepEqual(message.Data.Instruction, Data.Instruction);
    assert.equal('PersonalIdentifiableInformation' in message.Data, false);
    assert.equal(message.Links.Related, `${tpp.resources}${BASE}/payment-consents/${consentId}`);
    assert.deepEqual([made.headers.location, made.headers['x-idempotency-key']], [PaymentId, key]);

    const again = await post(token, { Data }, { key });
    assert.equal((await messageOf(again, 201)).Data.PaymentId, PaymentId);
    const read = await messageOf(await tpp.call('GET', `${BASE}/payments/${PaymentId}`, own), 200);
    assert.equal(read.Data.PaymentId, PaymentId);
    const headers = { 'x-idempotency-key': key };
    const found = await messageOf(await tpp.call('GET', `${BASE}/payments`, own, { headers }), 200);
    assert.equal(found.Links.Self, `${tpp.resources}${BASE}/payments/${PaymentId}`);

    const consent = await messageOf(await tpp.call('GET', `${BASE}/payment-consents/${consentId}`, own), 200);
    assert.equal(consent.Data.Status, 'Consumed');
    assert.deepEqual(consent.Links.Related, [found.Links.Self]);
    assert.equal('PersonalIdentifiableInformation' in consent.Data, false);
    assert.match(await errorOf(await post(token, { Data })), /^Consent\./);
    const stranger = await other.call('GET', `${BASE}/payments/${PaymentId}`, await other.ownToken('payments'));
    assert.deepEqual([stranger.status, stranger.text], [404, '']);
});

test('the account for money back is told when the consent says so', async () => {
    const { consentId } = await connect(undefined, { Permissions: ['ReadRefundAccount'] });
    const path = `${BASE}/payment-consents/${consentId}/refund`;
    const { Data } = await messageOf(await tpp.call('GET', path, own), 200);
    assert.match(Data.RefundAccount.Identification, /^AE/);
    const { consentId: without } = await connect();
    const reply = await tpp.call('GET', `${BASE}/payment-consents/${without}/refund`, own);
    assert.equal(await errorOf(reply, 403), 'AccessToken.InvalidScope');
});

test('a payment that is not as it must be reaches no bank', async () => {
    const { access_token: token, consentId } = await connect();
    const Data = await paymentOf(consentId);
    const amount = { Instruction: { Amount: { Amount: '10.01', Currency: 'AED' } } };
    const cases = [
        [post(token, { Data: { ...Data, ConsentId: randomUUID() } }), 'Consent.Invalid'],
        [post(token, { Data: { ...Data, Colour: 'red' } }), 'Body.InvalidFormat'],
        [post(token, { Data }, { claims: { aud: 'x' } }), 'JWS.InvalidClaim'],
        [post(token, { Data }, { claims: { message: undefined } }), 'Body.InvalidFormat'],
        [post(token, { Data }, { key: null }), 'Resource.InvalidFormat'],
        [post(token, { Data: { ...Data, ...amount } }), 'Consent.FailsControlParameters'],
    ];
    for (const [answer, code] of cases) {
        const reply = await answer;
        const { Errors } = reply.json ?? (await messageOf(reply, 400));
        assert.equal(Errors[0].Code, code, reply.text);
    }
    assert.equal((await messageOf(await post(own, { Data }), 403)).Errors[0].Code, 'AccessToken.InvalidScope');
    const { exchanges } = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${consentId}`)).json();
    assert.deepEqual(exchanges.filter(({ path }) => path.endsWith('/payments')), []);
});

test('consents to payments are listed, signed, and taken back', async () => {
    const { consentId, access_token: token } = await connect();
    const list = async (query) => messageOf(await tpp.call('GET', `${BASE}/payment-consents${query}`, own), 200);
    assert.deepEqual((await list(`?baseConsentId=${consentId}`)).map(({ Data }) => Data.ConsentId), [consentId]);
    assert.ok((await list('')).length > 1);
    const message = { Data: { Status: 'Revoked', RevokedBy: 'TPP' } };
    const text = await tpp.sign({ iss: tpp.clientId, aud: tpp.issuer, nbf: 0, exp: now() + 300, message });
    const headers = { 'content-type': 'application/jwt' };
    const path = `${BASE}/payment-consents/${consentId}`;
    assert.equal((await tpp.call('PATCH', path, own, { text, headers })).status, 204);
    assert.equal((await messageOf(await tpp.call('GET', path, own), 200)).Data.Status, 'Revoked');
    const refused = await post(token, { Data: await paymentOf(consentId) });
    assert.equal(await errorOf(refused), 'Consent.Invalid');
});
