// Payments through a Hub's resource server: signed both ways, made once, and what became of them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Payer, PAYMENTS as BASE } from '../support/payer.mjs';
import { demo, now, other, own, tpp } from './tpp_shared.mjs';

const payer = new Payer(tpp);
const errorOf = async (reply, status = 400) => (await payer.messageOf(reply, status)).Errors[0].Code;

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
    assert.match(await errorOf(await payer.post(token, { Data })), /^Consent\./);
    const stranger = await other.call('GET', `${BASE}/payments/${PaymentId}`, await other.ownToken('payments'));
    assert.deepEqual([stranger.status, stranger.text], [404, '']);
});

test('the account for money back is told when the consent says so', async () => {
    const { consentId } = await payer.connect(undefined, { Permissions: ['ReadRefundAccount'] });
    const path = `${BASE}/payment-consents/${consentId}/refund`;
    const { Data, Links } = await payer.messageOf(await tpp.call('GET', path, own), 200);
    assert.match(Data.RefundAccount.Identification, /^AE/);
    assert.deepEqual(Links, { Self: `${tpp.resources}${path}`, Related: [] });
    const { consentId: without } = await payer.connect();
    const reply = await tpp.call('GET', `${BASE}/payment-consents/${without}/refund`, own);
    assert.equal(await errorOf(reply, 403), 'AccessToken.InvalidScope');
});

test('a payment that is not as it must be reaches no bank', async () => {
    const { access_token: token, consentId } = await payer.connect();
    const Data = await payer.paymentOf(consentId);
    const amount = { Instruction: { Amount: { Amount: '10.01', Currency: 'AED' } } };
    const cases = [
        [payer.post(token, { Data: { ...Data, ConsentId: randomUUID() } }), 'Consent.Invalid'],
        [payer.post(token, { Data: { ...Data, Colour: 'red' } }), 'Body.InvalidFormat'],
        [payer.post(token, { Data }, { claims: { aud: 'x' } }), 'JWS.InvalidClaim'],
        [payer.post(token, { Data }, { claims: { message: undefined } }), 'Body.InvalidFormat'],
        [payer.post(token, { Data }, { key: null }), 'Resource.InvalidFormat'],
        [payer.post(token, { Data: { ...Data, ...amount } }), 'Consent.FailsControlParameters'],
    ];
    for (const [answer, code] of cases) {
        const reply = await answer;
        const { Errors } = reply.json ?? (await payer.messageOf(reply, 400));
        assert.equal(Errors[0].Code, code, reply.text);
    }
    assert.equal((await payer.messageOf(await payer.post(own, { Data }), 403)).Errors[0].Code, 'AccessToken.InvalidScope');
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
    assert.equal(await errorOf(refused), 'Consent.Invalid');
});
