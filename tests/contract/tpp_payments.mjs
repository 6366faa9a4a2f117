// Payments through a Hub's resource server: signed both ways, made once, and what became of them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Payer, PAYMENTS as BASE } from '../support/payer.mjs';
import { CONTROL_PARAMETERS, dayAhead } from '../support/payments.mjs';
import { assertRefused, demo, now, other, own, tpp } from './tpp_shared.mjs';

const payer = new Payer(tpp);

const amountOf = (Amount, Currency = 'AED') => ({ Instruction: { Amount: { Amount, Currency } } });

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
    const differs = ['Consent.FailsControlParameters', 'SIM-PAYMENT-TERMS'];
    const cases = [
        [payer.post(token, { Data: { ...Data, ConsentId: randomUUID() } }), 'Consent.Invalid', 'TPP-CONSENT'],
        [payer.post(token, { Data: { ...Data, Colour: 'red' } }), 'Body.InvalidFormat', 'TPP-BODY'],
        [payer.post(token, { Data }, { claims: { aud: 'x' } }), 'JWS.InvalidClaim', 'JWS-AUD'],
        [payer.post(token, { Data }, { claims: { message: undefined } }), 'Body.InvalidFormat', 'TPP-BODY'],
        [payer.post(token, { Data }, { key: null }), 'Resource.InvalidFormat', 'TPP-REQUEST'],
        [payer.post(token, { Data: { ...Data, ...amountOf('10.01') } }), 'Consent.FailsControlParameters', 'SIM-PAYMENT-AMOUNT'],
        [payer.post(token, { Data: { ...Data, ...amountOf('10.00', 'USD') } }), 'Consent.FailsControlParameters',
            'SIM-PAYMENT-CURRENCY'],
        [payer.post(token, { Data: { ...Data, PaymentPurposeCode: 'XYZ' } }), 'Body.InvalidFormat', 'SIM-PAYMENT-PURPOSE'],
        [payer.post(token, { Data: { ...Data, PaymentPurposeCode: 'SAL' } }), ...differs],
        [payer.post(token, { Data: { ...Data, DebtorReference: 'Another' } }), ...differs],
        [payer.post(token, { Data: { ...Data, CreditorReference: 'Another' } }), ...differs],
    ];
    for (const [answer, code, id] of cases) {
        const reply = await answer;
        await assertRefused(reply, 400, code, id);
        const { Errors: [{ Code }] } = await payer.messageOf(reply, 400); // errors of payments are signed, too
        assert.equal(Code, code);
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

// --- the rules of the Hub -----------------------------------------------------------------------

const inDays = (days) => new Date(now() * 1000 + days * 86_400_000).toISOString();
const endOf = (days) => ({ ExpirationDateTime: `${dayAhead(days)}T23:59:59+04:00` });
/** ControlParameters of a type, of whose schedule and of the cap beside it members are replaced. */
function controlsOf(type, schedule = {}, caps = {}) {
    const controls = structuredClone(CONTROL_PARAMETERS[type]);
    const { MultiPayment: multi, SinglePayment: single } = controls.ConsentSchedule;
    Object.assign(multi?.PeriodicSchedule ?? single, schedule);
    Object.assign(multi ?? {}, caps);
    return controls;
}
const single = CONTROL_PARAMETERS.SingleInstantPayment;
const datesOf = (...days) => controlsOf('FixedDefinedSchedule', { Schedule: days.map((day) => (
    { PaymentExecutionDate: dayAhead(day), Amount: { Amount: '10.00', Currency: 'AED' } })) });

/** Name, ControlParameters, members of the consent, id of the refusal. */
const TERMS = [
    ['an end in the past', single, { ExpirationDateTime: inDays(-1) }, 'SIM-TERMS-EXPIRY'],
    ['an end in two years', single, { ExpirationDateTime: inDays(730) }, 'SIM-TERMS-EXPIRY'],
    ['no type', {}, {}, 'SIM-TERMS-TYPE'],
    ['a delegated payment with a schedule', { ...single, IsDelegatedAuthentication: true }, {}, 'SIM-TERMS-TYPE'],
    ['a deadline in the past', single, { AuthorizationExpirationDateTime: inDays(-1) }, 'SIM-TERMS-DEADLINE'],
    ['a deadline after the end', single, { AuthorizationExpirationDateTime: inDays(40) }, 'SIM-TERMS-DEADLINE'],
    ['balances without the account', single, { Permissions: ['ReadBalances'] }, 'SIM-TERMS-PERMISSION'],
    ['an unknown purpose', single, { PaymentPurposeCode: 'XYZ' }, 'SIM-TERMS-PURPOSE'],
    ['personal data that is no JWE', single, { PersonalIdentifiableInformation: 'a.b.c' }, 'PAR-DETAILS-FORM'],
    ['another currency', controlsOf('SingleInstantPayment', { Amount: { Amount: '10.00', Currency: 'USD' } }), {},
        'SIM-TERMS-CURRENCY'],
    ['a periodic schedule without end', controlsOf('FixedPeriodicSchedule', {},
        { MaximumCumulativeNumberOfPayments: undefined }), {}, 'SIM-TERMS-COUNT'],
    ['a start in the past', controlsOf('VariableOnDemand', { PeriodStartDate: dayAhead(-2) }), {}, 'SIM-TERMS-START'],
    ['a start after the end', controlsOf('VariableOnDemand', { PeriodStartDate: dayAhead(40) }), {}, 'SIM-TERMS-START'],
    ['a date twice', datesOf(2, 2), endOf(2), 'SIM-TERMS-DATES'],
    ['a date in the past', datesOf(-2, 2), endOf(2), 'SIM-TERMS-DATES'],
    ['an end after the last date', datesOf(2), endOf(3), 'SIM-TERMS-LAST-DATE'],
];

for (const [name, controls, consent, id] of TERMS) {
    test(`refused in a pushed consent to payments: ${name}`, async () => {
        const details = await payer.details(controls, consent);
        await assertRefused(await tpp.push(await tpp.requestObject(details)), 400, 'invalid_request', id);
        const read = await tpp.call('GET', `${BASE}/payment-consents/${details.consent.ConsentId}`, own);
        await assertRefused(read, 404, '', 'TPP-CONSENT');
    });
}

/** Name, ControlParameters, members of the consent, then payments: amount and id of the refusal, if any. */
const PAID = [
    ['on a date that is not today\'s', datesOf(2), endOf(2), ['10.00', 'SIM-PAYMENT-DATE']],
    ['of another amount than today\'s, and twice', datesOf(0), endOf(0), ['9.99', 'SIM-PAYMENT-AMOUNT'], ['10.00'],
        ['10.00', 'SIM-PAYMENT-USED']],
    ['before the first period', controlsOf('FixedPeriodicSchedule', { PeriodStartDate: dayAhead(2) }), {},
        ['10.00', 'SIM-PAYMENT-DATE']],
    ['above the maximum, and twice in a period', CONTROL_PARAMETERS.VariablePeriodicSchedule, {},
        ['10.01', 'SIM-PAYMENT-AMOUNT'], ['9.00'], ['1.00', 'SIM-PAYMENT-USED']],
    ['of another amount than the consent\'s, and once too often', controlsOf('FixedOnDemand', {},
        { MaximumCumulativeNumberOfPayments: 1 }), {}, ['9.99', 'SIM-PAYMENT-AMOUNT'], ['10.00'],
        ['10.00', 'SIM-PAYMENT-COUNT']],
];

for (const [name, controls, consent, ...payments] of PAID) {
    test(`refused as a payment of a series: ${name}`, async () => {
        const { access_token: token, consentId } = await payer.connect(controls, consent);
        for (const [amount, id] of payments) {
            const reply = await payer.post(token, { Data: await payer.paymentOf(consentId, amountOf(amount)) });
            const code = id === 'SIM-PAYMENT-USED' ? 'Consent.BusinessRuleViolation' : 'Consent.FailsControlParameters';
            await (id ? assertRefused(reply, 400, code, id) : payer.messageOf(reply, 201));
        }
    });
}
