// Payments through a Hub's resource server: signed both ways, made once, and what became of them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { BASE, connect, errorOf, messageOf, paymentOf, post } from './tpp_paying.mjs';
import { demo, now, other, own, tpp } from './tpp_shared.mjs';

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
    const { Data, Links } = await messageOf(await tpp.call('GET', path, own), 200);
    assert.match(Data.RefundAccount.Identification, /^AE/);
    assert.deepEqual(Links, { Self: `${tpp.resources}${path}`, Related: [] });
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
