// Payments through a Hub's resource server: signed both ways, made once, and what became of them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Payer, PAYMENTS as BASE } from '../support/payer.mjs';
import { assertRefused, demo, now, other, own, tpp } from './tpp_shared.mjs';

const payer = new Payer(tpp);

test('a payment is made once, found by its id and its key, and consumes its consent', async () => {
    const { access_token: token, consentId } = await payer.connect();
    const key = randomUUID();
    const Data = await payer.paymentOf(consentId);
    const made = await payer.post(token, { Data }, { key });
    const message = await payer.messageOf(made, 201);
    const { PaymentId } = message.Data;
    assert.equal(message.Data.ConsentId, consentId);
    assert.deepEqual(message.Data.Instruction, Data.Instruction);
    assert.equal('PersonalIdentifiableInformation' in message.Data, false);
    assert.equal(message.Links.Related, `${tpp.resources}${BASE}/payment-consents/${consentId}`);
    assert.deepEqual([made.headers.location, made.headers['x-idempotency-key']], [PaymentId, key]);

    const again = await payer.post(token, { Data }, { key });
    assert.equal((await payer.messageOf(again, 201)).Data.PaymentId, PaymentId);
    const read = await payer.read(`/payments/${PaymentId}`, own);
    assert.equal(read.Data.PaymentId, PaymentId);
    const headers = { 'x-idempotency-key': key };
    const found = await payer.read('/payments', own, { headers });
    assert.equal(found.Links.Self, `${tpp.resources}${BASE}/payments/${PaymentId}`);

    const consent = await payer.read(`/payment-consents/${consentId}`, own);
    assert.equal(consent.Data.Status, 'Consumed');
    assert.deepEqual(consent.Links.Related, [found.Links.Self]);
    assert.equal('PersonalIdentifiableInformation' in consent.Data, false);
    await assertRefused(await payer.post(token, { Data }), 400, 'Consent.BusinessRuleViolation', 'SIM-PAYMENT-USED');
    const stranger = await other.call('GET', `${BASE}/payments/${PaymentId}`, await other.ownToken('payments'));
    await assertRefused(stranger, 404, '', 'TPP-PAYMENT');
});

test('the account for money back is told when the consent says so', async () => {
    const { consentId } = await payer.connect(undefined, { Permissions: ['ReadRefundAccount'] });
    const path = `${BASE}/payment-consents/${consentId}/refund`;
    const { Data, Links } = await payer.messageOf(await tpp.call('GET', path, own), 200);
    assert.match(Data.RefundAccount.Identification, /^AE/);
    assert.deepEqual(Links, { Self: `${tpp.resources}${path}`, Related: [] });
    const { consentId: without } = await payer.connect();
    const reply = await tpp.call('GET', `${BASE}/payment-consents/${without}/refund`, own);
    await assertRefused(reply, 403, 'AccessToken.InvalidScope', 'TPP-PERMISSION');
});

test('a payment that is not as it must be reaches no bank', async () => {
    const { access_token: token, consentId } = await payer.connect();
    const Data = await payer.paymentOf(consentId);
    const amount = { Instruction: { Amount: { Amount: '10.01', Currency: 'AED' } } };
    const cases = [
        [payer.post(token, { Data: { ...Data, ConsentId: randomUUID() } }), 'Consent.Invalid', 'TPP-CONSENT'],
        [payer.post(token, { Data: { ...Data, Colour: 'red' } }), 'Body.InvalidFormat', 'TPP-BODY'],
        [payer.post(token, { Data }, { claims: { aud: 'x' } }), 'JWS.InvalidClaim', 'JWS-AUD'],
        [payer.post(token, { Data }, { claims: { message: undefined } }), 'Body.InvalidFormat', 'TPP-BODY'],
        [payer.post(token, { Data }, { key: null }), 'Resource.InvalidFormat', 'TPP-REQUEST'],
        [payer.post(token, { Data: { ...Data, ...amount } }), 'Consent.FailsControlParameters', 'SIM-PAYMENT-AMOUNT'],
    ];
    for (const [answer, code, id] of cases) {
        await assertRefused(await answer, 400, code, id);
    }
    await assertRefused(await payer.post(own, { Data }), 403, 'AccessToken.InvalidScope', 'TPP-SCOPE');
    const { exchanges } = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${consentId}`)).json();
    assert.deepEqual(exchanges.filter(({ path }) => path.endsWith('/payments')), []);
});

test('consents to payments are listed, signed, and taken back', async () => {
    const { consentId, access_token: token } = await payer.connect();
    const list = async (query) => payer.read(`/payment-consents${query}`, own);
    assert.deepEqual((await list(`?baseConsentId=${consentId}`)).map(({ Data }) => Data.ConsentId), [consentId]);
    assert.ok((await list('')).length > 1);
    const message = { Data: { Status: 'Revoked', RevokedBy: 'TPP' } };
    const text = await tpp.sign({ iss: tpp.clientId, aud: tpp.issuer, nbf: 0, exp: now() + 300, message });
    const headers = { 'content-type': 'application/jwt' };
    const path = `${BASE}/payment-consents/${consentId}`;
    assert.equal((await tpp.call('PATCH', path, own, { text, headers })).status, 204);
    assert.equal((await payer.messageOf(await tpp.call('GET', path, own), 200)).Data.Status, 'Revoked');
    const refused = await payer.post(token, { Data: await payer.paymentOf(consentId) });
    await assertRefused(refused, 400, 'Consent.Invalid', 'TPP-CONSENT');
});
