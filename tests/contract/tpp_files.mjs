// Files of payments through a Hub's resource server: the consent, the upload before the customer
// decides, the payment, what became of it and the bank's report.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { until } from '../journey/support.mjs';
import { csvOf, instructionsOf, painOf, termsOf } from '../support/files.mjs';
import { Payer, PAYMENTS as BASE } from '../support/payer.mjs';
import { approve } from '../support/tpp.mjs';
import { assertRefused, demo, other, own, tpp } from './tpp_shared.mjs';

const END_MS = 30_000;
const XML = 'application/xml';
const payer = new Payer(tpp);
const user = demo.providers[0].users.find(({ login }) => login === 'rohan');
const PATH = { path: '/file-payments' };

const detailsOf = async (terms) => payer.details({ ConsentSchedule: { FilePayment: terms } },
    { PersonalIdentifiableInformation: await payer.seal({ Initiation: {}, Risk: {} }) });

const upload = (consentId, file, { token = own, by = tpp, type = XML, key = randomUUID() } = {}) =>
    by.call('POST', `${BASE}/payment-consents/${consentId}/file`, token,
        { text: file, headers: { 'content-type': type, 'x-idempotency-key': key ?? undefined } });

/** A consent that the TPP has pushed and nobody has decided on. */
async function push(terms) {
    const details = await detailsOf(terms);
    const pushed = await tpp.push(await tpp.requestObject(details));
    assert.equal(pushed.status, 201, pushed.text);
    return details.consent.ConsentId;
}

/** The whole way to a token; the file is sent while the customer is on the way to the bank. */
async function connect(file, terms, options) {
    const details = await detailsOf(terms);
    return tpp.connect(details, {
        user,
        decide: async (customer, who) => {
            const taken = await upload(details.consent.ConsentId, file, options);
            assert.deepEqual([taken.status, taken.text], [200, ''], taken.text);
            return approve(customer, who);
        },
    });
}

const dataOf = (consentId, more = {}) => ({ Data: { ConsentId: consentId, PaymentPurposeCode: 'ACM', ...more } });

async function processed(id) {
    let data;
    await until(async () => {
        data = (await payer.read(`/file-payments/${id}`, own)).Data;
        return data.OpenFinanceBilling;
    }, 'the file is processed', END_MS);
    return data;
}

for (const [FileType, make, type] of [['pain.001.001.09', painOf, XML], ['CSV', csvOf, 'text/csv']]) {
    test(`a TPP has a file paid: ${FileType}`, async () => {
        const instructions = [...instructionsOf(2), { ...instructionsOf(1)[0], id: 'NO-ACCOUNT', iban: 'AE000000000000000000000' }];
        const file = make(instructions);
        const terms = termsOf(file, instructions, { FileType });
        const { access_token: token, consentId } = await connect(file, terms, { type });
        const key = randomUUID();
        const made = await payer.post(token, dataOf(consentId, { Instruction: terms, DebtorReference: 'Salaries' }), { key, ...PATH });
        const { Data, Links } = await payer.messageOf(made, 201);
        assert.deepEqual([made.headers.location, made.headers['x-idempotency-key']], [Data.PaymentId, key]);
        assert.equal(Data.Status, 'Received');
        assert.equal(Data.ConsentId, consentId);
        assert.deepEqual(Data.Instruction, terms);
        assert.deepEqual(Links, {
            Self: `${tpp.resources}${BASE}/file-payments/${Data.PaymentId}`,
            Related: `${tpp.resources}${BASE}/payment-consents/${consentId}`,
        });
        const again = await payer.post(token, dataOf(consentId, { Instruction: terms, DebtorReference: 'Salaries' }), { key, ...PATH });
        assert.equal((await payer.messageOf(again, 201)).Data.PaymentId, Data.PaymentId);
        const found = await payer.read('/file-payments', own, { headers: { 'x-idempotency-key': key } });
        assert.equal(found.Links.Self, Links.Self);
        const end = await processed(Data.PaymentId);
        assert.deepEqual([end.Status, end.OpenFinanceBilling], ['Received', { NumberOfSuccessfulTransactions: 2 }]);

        const report = await tpp.call('GET', `${BASE}/file-payments/${Data.PaymentId}/report`, own, { headers: { accept: 'text/csv' } });
        assert.equal(report.status, 200, report.text);
        assert.match(report.headers['content-type'], /^text\/csv/);
        assert.deepEqual(report.text.trim().split('\r\n'), [
            'Number,EndToEndId,Amount,Currency,Status,Reason', '1,SALARY-1,10.00,AED,Accepted,',
            '2,SALARY-2,10.01,AED,Accepted,', '3,NO-ACCOUNT,10.00,AED,Rejected,InvalidIban']);

        const consent = await payer.read(`/payment-consents/${consentId}`, own);
        assert.deepEqual(consent.Data.ControlParameters.ConsentSchedule.FilePayment, terms);
        assert.deepEqual(consent.Links.Related, [Links.Self]);
        const elsewhere = await tpp.call('GET', `${BASE}/payments/${Data.PaymentId}`, own);
        await assertRefused(elsewhere, 404, '', 'TPP-PAYMENT');
        const stranger = await other.ownToken('payments');
        for (const path of [Data.PaymentId, `${Data.PaymentId}/report`]) {
            await assertRefused(await other.call('GET', `${BASE}/file-payments/${path}`, stranger), 404, '', 'TPP-PAYMENT');
        }
    });
}

test('a file of which nothing goes through is rejected', async () => {
    const instructions = instructionsOf(1, { iban: 'AE000000000000000000000' });
    const file = painOf(instructions);
    const { access_token: token, consentId } = await connect(file, termsOf(file, instructions));
    const made = await payer.messageOf(await payer.post(token, dataOf(consentId), PATH), 201);
    assert.deepEqual(made.Data.Instruction, termsOf(file, instructions), 'as the consent has it');
    const end = await processed(made.Data.PaymentId);
    assert.equal(end.Status, 'Rejected');
    assert.equal(end.RejectReasonCode[0].Code, 'LFI.NoInstructionExecuted');
});

test('an upload is for its consent and TPP, and before the decision', async () => {
    const instructions = instructionsOf(2);
    const file = painOf(instructions);
    const terms = termsOf(file, instructions);
    const consentId = await push(terms);
    await assertRefused(await upload(consentId, file, { key: null }), 400, 'Resource.InvalidFormat', 'TPP-REQUEST');
    await assertRefused(await upload(randomUUID(), file), 400, 'Consent.Invalid', 'TPP-CONSENT');
    const stranger = await other.ownToken('payments');
    await assertRefused(await upload(consentId, file, { by: other, token: stranger }), 400, 'Consent.Invalid', 'TPP-CONSENT');
    const accounts = await tpp.ownToken('accounts');
    await assertRefused(await upload(consentId, file, { token: accounts }), 403, 'AccessToken.InvalidScope', 'TPP-SCOPE');
    await assertRefused(await upload(consentId, painOf(instructionsOf(3))), 400, 'Consent.FailsControlParameters', 'TPP-BANK');
    const spaced = `${file}\n`; // the same payments in other bytes, which the hash alone tells
    await assertRefused(await upload(consentId, spaced), 400, 'Consent.FailsControlParameters', 'TPP-BANK');
    await assertRefused(await upload(consentId, file, { type: 'text/plain' }), 400, 'Body.InvalidFormat', 'TPP-BANK');
    assert.equal((await upload(consentId, file)).status, 200);
    assert.equal((await upload(consentId, file)).status, 200, 'the same again');
    const { consentId: decided, access_token: token } = await connect(file, terms);
    await assertRefused(await upload(decided, file), 400, 'Consent.Invalid', 'TPP-CONSENT');
    const Data = await payer.paymentOf(decided);
    await assertRefused(await payer.post(token, { Data }), 400, 'Consent.Invalid', 'TPP-CONSENT');
    const wrong = dataOf(decided, { Instruction: { ...terms, NumberOfTransactions: 3 } });
    await assertRefused(await payer.post(token, wrong, PATH), 400, 'Consent.FailsControlParameters', 'TPP-BANK');
    await assertRefused(await payer.post(token, dataOf(decided, { Colour: 'red' }), PATH), 400, 'Body.InvalidFormat', 'TPP-BODY');
    await payer.messageOf(await payer.post(token, dataOf(decided), PATH), 201);
    await assertRefused(await payer.post(token, dataOf(decided), PATH), 400, 'Consent.BusinessRuleViolation', 'SIM-PAYMENT-USED');
});

test('a single payment takes no file, and a file that the bank does not read no consent', async () => {
    const { access_token: token, consentId } = await payer.connect();
    await assertRefused(await payer.post(token, dataOf(consentId), PATH), 400, 'Consent.Invalid', 'TPP-CONSENT');
    await assertRefused(await upload(consentId, '<a/>'), 400, 'Consent.Invalid', 'TPP-CONSENT');
    const instructions = instructionsOf(1);
    const terms = termsOf(painOf(instructions), instructions, { FileType: 'MT101' });
    const details = await detailsOf(terms);
    const { ConsentId } = details.consent;
    await assertRefused(await tpp.push(await tpp.requestObject(details)), 400, 'invalid_request', 'PAR-BANK');
    const shown = await tpp.call('GET', `${BASE}/payment-consents/${ConsentId}`, own);
    await assertRefused(shown, 404, '', 'TPP-CONSENT');
    details.consent.ControlParameters.ConsentSchedule.FilePayment.FileType = 'pain.001.001.09';
    const better = await tpp.push(await tpp.requestObject(details));
    assert.equal(better.status, 201, 'the ConsentId is free');
    const missing = await tpp.call('GET', `${BASE}/file-payments/${randomUUID()}`, own);
    await assertRefused(missing, 404, '', 'TPP-PAYMENT');
    const unknown = await tpp.call('GET', `${BASE}/file-payments`, own, { headers: { 'x-idempotency-key': randomUUID() } });
    await assertRefused(unknown, 400, 'Resource.InvalidFormat', 'TPP-PAYMENT');
});

test('a file that is larger than other bodies may be', async () => {
    const instructions = instructionsOf(8000);
    const file = painOf(instructions);
    assert.ok(file.length > 2 * 1024 * 1024);
    const consentId = await push(termsOf(file, instructions));
    const taken = await upload(consentId, file);
    assert.equal(taken.status, 200, taken.text);
});
