// Payments in the TPP app: what is asked for in words becomes a consent of the right type, and its
// personal data leaves the app sealed for the bank alone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { compactDecrypt, decodeJwt, importPKCS8 } from 'jose';
import { sharedPki } from '../support/demo.mjs';
import { startPages } from './hub_pages.mjs';

const IBAN = 'AE219900000000000000001';
const REFUND_ACCOUNT = { schemeName: 'IBAN', identification: 'AE070999123456789012345', name: { en: 'Sample Holder' } };
const AMOUNT = { Amount: '125.50', Currency: 'AED' };
const multi = (PeriodicSchedule, more) => ({ ConsentSchedule: { MultiPayment: { ...more, PeriodicSchedule } } });

let pages;
let key;

const payments = new Map(); // that the bank has, by id

/** The bank takes each payment, but for one amount, and tells what becomes of it. */
function answer({ pathname }) {
    const [, id] = /^\/payments\/(.+)$/.exec(pathname) ?? [];
    if (id) {
        return { status: 200, body: { meta: {}, data: payments.get(id) } };
    }
    if (/^\/payment-consents\/[^/]+\/refund$/.test(pathname)) {
        return { status: 200, body: { meta: {}, data: { refundAccount: REFUND_ACCOUNT } } };
    }
    if (pathname !== '/payments') {
        return { status: 500, body: {} };
    }
    pages.fake.paid = pages.fake.seen.body;
    const { ConsentId, Instruction: { Amount: { Amount: amount, Currency: currency } } } = JSON.parse(pages.fake.paid).request.Data;
    if (amount === '9.99') {
        return { status: 400, body: { errorCode: 'GenericError', errorMessage: 'Payment rejected due to insufficient funds' } };
    }
    const now = new Date().toISOString();
    const data = {
        id: `00000000-0000-4000-8000-00000000000${payments.size + 1}`, consentId: ConsentId, status: 'Pending', creationDateTime: now,
        statusUpdateDateTime: now, paymentPurposeCode: 'ACM', instruction: { Amount: { amount, currency } },
        openFinanceBilling: { Type: 'PushP2P' },
    };
    payments.set(data.id, data);
    return { status: 201, body: { meta: {}, data } };
}

before(async () => {
    pages = await startPages(answer);
    key = await importPKCS8(readFileSync(join(sharedPki(), 'bank/Enc1.key'), 'utf8'), 'RSA-OAEP-256');
});
after(() => pages?.stop());

async function openForm(type, options) {
    const page = await pages.open('/pay.html', options);
    await page.getByTestId(`pay-type-${type}`).check();
    return page;
}

async function fill(page, { name = 'Zumurrud Trading', iban = IBAN, amount = '125.5' } = {}) {
    await page.getByTestId('pay-name-1').fill(name);
    await page.getByTestId('pay-iban-1').fill(iban);
    if (await page.getByTestId('pay-amount').isVisible()) {
        await page.getByTestId('pay-amount').fill(amount);
    }
}

/** Sends the form; the consent as the Hub has it, and what is inside its personal data. */
async function send(page) {
    await pages.stay(page);
    const made = page.waitForResponse((response) => response.url().endsWith('/tpp/app/consents') && response.request().method() === 'POST');
    await page.getByTestId('tpp-submit').click();
    const { consentId } = await (await made).json();
    await pages.pressLeave(page);
    const { consent } = await (await fetch(`${pages.hub.url}/sim/consents/${consentId}`)).json();
    const { PersonalIdentifiableInformation: sealed, ConsentId, ...terms } = consent.request.consent;
    assert.equal(ConsentId, consentId);
    const { plaintext } = await compactDecrypt(sealed, key);
    return { terms, consent, inside: decodeJwt(new TextDecoder().decode(plaintext)) };
}

const period = (day) => ({ PeriodType: 'Month', PeriodStartDate: day });
const dates = (days, name) => days.map((day) => ({ PaymentExecutionDate: day, [name]: AMOUNT }));
const ONE_EACH = { MaximumCumulativeNumberOfPaymentsPerPeriod: 1 };
const TWELVE = { MaximumCumulativeNumberOfPayments: 12 };
const TYPES = {
    SingleInstantPayment: () => ({ ConsentSchedule: { SinglePayment: { Type: 'SingleInstantPayment', Amount: AMOUNT } } }),
    FixedOnDemand: ([day]) => multi({ Type: 'FixedOnDemand', ...period(day), Amount: AMOUNT, Controls: ONE_EACH }),
    VariableOnDemand: ([day]) => multi({ Type: 'VariableOnDemand', ...period(day), Controls: { MaximumIndividualAmount: AMOUNT } }),
    FixedPeriodicSchedule: ([day]) => multi({ Type: 'FixedPeriodicSchedule', ...period(day), Amount: AMOUNT }, TWELVE),
    VariablePeriodicSchedule: ([day]) =>
        multi({ Type: 'VariablePeriodicSchedule', ...period(day), MaximumIndividualAmount: AMOUNT }, TWELVE),
    FixedDefinedSchedule: ([, ...days]) => multi({ Type: 'FixedDefinedSchedule', Schedule: dates(days, 'Amount') }),
    VariableDefinedSchedule: ([, ...days]) =>
        multi({ Type: 'VariableDefinedSchedule', Schedule: dates(days, 'MaximumIndividualAmount') }),
    DelegatedAuthentication: () => ({ IsDelegatedAuthentication: true }),
};

/* Together they have every field of the form. */
const PICTURED = ['VariableOnDemand', 'FixedDefinedSchedule'];

test('each type in words is a consent of that type, its payee sealed', async () => {
    for (const [type, control] of Object.entries(TYPES)) {
        const page = await openForm(type);
        await fill(page);
        await page.getByTestId('tpp-provider-dhowretail').waitFor();
        assert.equal(await page.getByTestId('tpp-provider-dhowinsurance').count(), 0); // it has no accounts
        const days = [await page.locator('#first').inputValue(), ...await page.locator('.date').evaluateAll((all) => all.map(({ value }) => value))];
        if (PICTURED.includes(type)) {
            await pages.check(page, `pay-${type}`);
        }
        const { terms, consent, inside } = await send(page);
        assert.deepEqual(terms.ControlParameters, control(days), type);
        assert.equal(consent.consentType, 'cbuae-service-initiation-consents');
        assert.equal(consent.consentBody.Data.PersonalIdentifiableInformation, undefined);
        const account = { SchemeName: 'IBAN', Identification: IBAN, Name: { en: 'Zumurrud Trading' } };
        assert.deepEqual(inside.Initiation, { Creditor: [{ CreditorAccount: account }] }, type);
        assert.equal(inside.iss, consent.tpp.clientId);
        assert.deepEqual(page.problems, []);
        await page.context().close();
    }
});

test('several payees, or none yet, where a type allows it', async () => {
    const page = await openForm('VariableOnDemand');
    await fill(page, { name: 'شركة الزمرد', iban: 'ae21 9900 0000 0000 0000 001' });
    await page.getByTestId('pay-add-payee').click();
    await page.getByTestId('pay-name-2').fill('Another');
    await page.getByTestId('pay-iban-2').fill('AE919900000000000000002');
    const { inside } = await send(page);
    assert.deepEqual(inside.Initiation.Creditor.map(({ CreditorAccount: { Identification, Name } }) => [Identification, Name]),
        [[IBAN, { ar: 'شركة الزمرد' }], ['AE919900000000000000002', { en: 'Another' }]]);
    await page.context().close();
    const open = await openForm('DelegatedAuthentication');
    assert.deepEqual((await send(open)).inside.Initiation, {});
    await open.context().close();
});

test('what is missing is said before anything is sent', async () => {
    const page = await openForm('SingleInstantPayment');
    for (const [given, said, field] of [
        [{ name: '', iban: '' }, 'Say whom to pay.', 'name-1'],
        [{ amount: '' }, 'Say how much to pay.', 'amount'],
        [{ amount: 'much' }, 'Write the amount in dirhams, as 125.50.', 'amount'],
    ]) {
        await fill(page, given);
        await page.getByTestId('tpp-submit').click();
        const alert = page.getByRole('alert');
        await alert.waitFor();
        assert.equal(await alert.textContent(), said);
        assert.equal(await page.evaluate(() => document.activeElement.id), field, 'the keyboard goes on where it is missing');
    }
    await pages.finish(page, 'pay-problem');
});

/** Back from the bank after this decision, in the browser that asked. */
async function comeBack(page, { consentId, consent }, { status = 'Authorized', ending } = {}) {
    const query = (await pages.hub.consent(consentId)).steps.find(({ interface: name }) => name === 'redirect').query;
    const known = { consentId, providerId: 'dhowretail', query };
    const interactionId = await pages.bank.begin(known);
    await pages.bank.decide(known, status, { accountIds: ['first'] });
    const { headers } = await pages.bank.end(known, interactionId, ending ? 'doFail' : 'doConfirm', ending);
    await page.goto(headers.location);
    assert.equal(consent.status, 'AwaitingAuthorization');
    return known;
}

/** The bank tells the Hub, and answers so from then on. */
const tell = async (paymentId, patch) => {
    Object.assign(payments.get(paymentId), patch);
    const json = Object.fromEntries(Object.entries(patch).map(([name, value]) => [`paymentResponse.${name}`, value]));
    const { status, text } = await pages.bank.consents('PATCH', `/payment-log/${paymentId}`, { json });
    assert.equal(status, 204, text);
};

test('payments are made in the app, and their ends are shown as the bank tells them', async () => {
    const page = await openForm('VariableOnDemand');
    await fill(page, { amount: '60' });
    await page.locator('#per-period').fill('3');
    await page.locator('#per-period-amount').fill('100');
    const { consent } = await send(page);
    await comeBack(page, { consentId: consent.id, consent });
    await page.getByTestId('tpp-consent-status').getByText('Authorized').waitFor();
    const pay = async (amount) => {
        await page.getByTestId('tpp-pay-amount').fill(amount);
        await page.getByTestId('tpp-pay-now').click();
    };
    await pay('60.01');
    await page.getByText('The consent allows another amount.').waitFor();
    await pay('9.99');
    await page.getByText('Payment rejected due to insufficient funds').waitFor();
    await pay('50');
    const first = page.locator('.payment').first();
    await first.getByText('On its way').waitFor();
    await page.getByText('AED 50.00 of AED 100.00').waitFor();
    await pay('10.5');
    await page.getByText('2 of 3 payments').waitFor();
    const [one, two] = [...payments.keys()];
    await tell(one, { status: 'AcceptedWithoutPosting', paymentTransactionId: 'AANI-1' });
    await tell(two, { status: 'Rejected', rejectReasonCode: [{ code: 'AANI.AC06', message: 'The account is blocked.' }] });
    await page.getByTestId(`tpp-payment-${one}`).getByText("Accepted by the payee's bank").waitFor();
    await page.getByTestId(`tpp-payment-${two}`).getByText('The account is blocked.').waitFor();
    await page.getByText('1 of 3 payments').waitFor();
    await page.getByTestId('tpp-told').locator('[data-status="Rejected"]').waitFor();
    const told = await page.getByTestId('tpp-told').locator('li').evaluateAll((all) => all.map(({ dataset }) => dataset.status));
    assert.deepEqual(told, ['Rejected', 'AcceptedWithoutPosting', 'Authorized']);
    assert.deepEqual(page.problems.filter((problem) => !/400/.test(problem)), []);
    await pages.check(page, 'pay-live');
    await page.getByTestId('language-ar').click();
    await page.getByTestId('tpp-payments').getByText('قبلها بنك المستفيد').waitFor();
    await pages.check(page, 'pay-live-arabic');
    await page.goto(`${pages.hub.url}/inspector.html?consent=${consent.id}`);
    await page.getByText('The bank tells how payments end').first().waitFor();
    await page.getByText('The Hub tells the TPP').first().waitFor();
    assert.equal(await page.getByTestId('inspector-broken').textContent(), '1'); // the Hub refused 60.01
    await page.getByTestId('inspector-row').filter({ hasText: 'POST /payments' }).last().click();
    await page.getByText('An amount that the consent allows').first().waitFor();
    await pages.check(page, 'pay-inspected');
    await page.getByTestId('inspector-row').filter({ hasText: 'POST /tpp/webhook' }).last().click();
    await page.getByText('"Resource.Updated"').waitFor();
    await pages.finish(page, 'pay-told');
});

const exchange = (page, step, index = 0) => pages.textOf(page.getByTestId(`tpp-wire-${step}`).nth(index));

test('what goes over the wire is shown: personal data closed, secrets masked, the payment signed', async () => {
    const page = await openForm('SingleInstantPayment');
    await fill(page, { name: 'Zumurrud Hidden' });
    const { consent } = await send(page);
    await comeBack(page, { consentId: consent.id, consent });
    await page.getByTestId('tpp-pay-now').click();
    await page.locator('.payment').first().waitFor();
    await page.getByTestId('tpp-consent-status').getByText('Consumed').waitFor();
    const steps = await page.getByTestId('tpp-wire').locator('details').evaluateAll((all) => all.map(({ dataset }) => dataset.testid));
    const order = ['discovery', 'keys', 'par', 'token', 'token', 'resource', 'payment', 'resource', 'resource'];
    assert.deepEqual(steps.slice(0, order.length), order.map((step) => `tpp-wire-${step}`));

    const pushed = await exchange(page, 'par');
    for (const part of ['urn:openfinanceuae:service-initiation-consent:v2.1', '"scope": "openid payments"', '"encrypted": {', '"RSA-OAEP-256"', consent.id]) {
        assert.ok(pushed.includes(part), `${part} in ${pushed}`);
    }
    const paid = await exchange(page, 'payment');
    for (const part of ['/open-finance/payment/v2.1/payments', 'x-idempotency-key: ', 'content-type: application/jwt', 'Bearer (masked)', '"message"', '"125.50"', '"PaymentId"']) {
        assert.ok(paid.includes(part), `${part} in ${paid}`);
    }
    assert.doesNotMatch(paid, /x-fapi-auth-date/);
    assert.match(await exchange(page, 'token', 1), /"grant_type": "client_credentials"/);
    const wire = await page.evaluate(async (path) => JSON.stringify((await (await fetch(path)).json()).wire), `/tpp/app/consents/${consent.id}`);
    assert.doesNotMatch(wire, /Zumurrud Hidden|AE219900|eyJ[\w-]+\./);
    assert.ok(!wire.includes(new URL(page.url()).searchParams.get('code')), 'the code is masked');
    assert.deepEqual((await pages.hub.consent(consent.id)).findings, []);
    assert.deepEqual(page.problems, []);
    for (const width of [320, 768, 1280]) {
        await page.setViewportSize({ width, height: 844 });
        await pages.check(page, `pay-own-${width}`);
    }
    await page.getByTestId('language-ar').click();
    await page.locator('.payment').first().waitFor();
    await pages.check(page, 'pay-own-arabic-1280');
    await page.setViewportSize({ width: 320, height: 844 });
    await pages.finish(page, 'pay-own-arabic-320');
});

test('the account for money back is asked for where the consent lets the app know it', async () => {
    const page = await openForm('SingleInstantPayment');
    await fill(page);
    await page.getByText('More of what a TPP may ask').click();
    await page.getByTestId('pay-refund').check();
    const { consent, terms } = await send(page);
    assert.deepEqual(terms.Permissions, ['ReadRefundAccount']);
    await comeBack(page, { consentId: consent.id, consent });
    await page.getByTestId('tpp-refund').click();
    await page.getByText('AE07 0999 1234 5678 9012 345').waitFor();
    await pages.finish(page, 'pay-refund');
});

test('a payment that the app confirms itself comes with its proof', async () => {
    const page = await openForm('DelegatedAuthentication');
    await fill(page);
    const { consent } = await send(page);
    await comeBack(page, { consentId: consent.id, consent });
    await page.getByTestId('tpp-pay-amount').fill('12');
    await page.getByTestId('tpp-pay-now').click();
    await page.getByText('The bank has taken the payment.').waitFor();
    const { request, requestHeaders } = JSON.parse(pages.fake.paid);
    const { plaintext } = await compactDecrypt(request.Data.PersonalIdentifiableInformation, key);
    const { Initiation, Risk } = decodeJwt(new TextDecoder().decode(plaintext));
    assert.equal(Initiation.CreditorAccount.Identification, IBAN);
    const { ChallengeOutcome, ChallengeDateTime } = Risk.DebtorIndicators.Authentication;
    assert.equal(ChallengeOutcome, 'Pass');
    assert.equal(new Date(requestHeaders['x-fapi-auth-date']).getTime(), Math.floor(Date.parse(ChallengeDateTime) / 1000) * 1000);
    await page.context().close();
});

test('a consent that the customer refuses is shown so, and nothing can be paid', async () => {
    const page = await openForm('SingleInstantPayment');
    await fill(page);
    const { consent } = await send(page);
    const ending = { error: 'access_denied', error_description: 'user_rejected_consent' };
    await comeBack(page, { consentId: consent.id, consent }, { status: 'Rejected', ending });
    await page.getByText('You declined at your bank.').waitFor();
    await page.goto(`${pages.hub.url}/payments.html?consent=${consent.id}`);
    await page.getByTestId('tpp-consent-status').getByText('Rejected').waitFor();
    assert.ok(await page.getByTestId('tpp-pay-now').isHidden());
    await page.context().close();
    const stranger = await pages.open(`/payments.html?consent=${consent.id}`);
    await stranger.getByTestId('tpp-not-ours').waitFor();
    await pages.finish(stranger, 'pay-not-ours');
});

test('in Arabic, on a narrow screen, in the dark', async () => {
    const page = await openForm('FixedOnDemand', { width: 320, colorScheme: 'dark', locale: 'ar-AE' });
    await pages.check(page, 'pay-arabic');
    const latin = await page.locator('main').evaluate((main) => main.innerText.match(/[A-Za-z]{4,}/g) ?? []);
    assert.deepEqual(latin.filter((word) => !/^(Karak|Money|Dune|Ledger|Pearl|Home|Loans|IBAN)$/.test(word)), []);
    await pages.finish(page, 'pay-arabic');
});
