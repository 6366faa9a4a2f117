// A customer decides on a file of payments, the TPP pays it, and the Hub hears what went through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvOf, decimal, instructionsOf, painOf, sumOf, termsOf } from '../support/files.mjs';
import { dayAhead } from '../support/payments.mjs';
import { assertAccessible, assertFits, browser, demo, useDemo } from '../support/suite.mjs';
import {
    arrive, changes, consentAtHub, post, requestConsent, shoot, signInAsCustomer, until, userOf,
} from './support.mjs';

const BUSINESS = 'dhowbusiness';
const WIDTHS = [320, 768, 1280];
const END_MS = 30_000;
const COMPLETED = 'AcceptedCreditSettlementCompleted';
const CSV = { FileType: 'CSV' };
const NO_IBAN = { iban: 'AE000000000000000000000' };

useDemo();

/** Asks for the payment of a file as a TPP. */
function askFor(terms, { providerId, ...more } = {}) {
    return requestConsent(demo, {
        providerId,
        type: 'payment',
        consent: {
            ControlParameters: { ConsentSchedule: { FilePayment: terms } },
            PersonalIdentifiableInformation: { Initiation: {} },
            PaymentPurposeCode: 'SAL',
            DebtorReference: 'Salaries 01',
            ExpirationDateTime: '2030-06-01T00:00:00.000Z',
            ...more,
        },
    });
}

const simulator = ({ consentId }, path) => `${demo.hub.baseUrl}/sim/consents/${consentId}/${path}`;

async function upload(request, file, contentType = 'application/xml') {
    const { status, body } = await post(simulator(request, 'file'), { file: `${file}`, contentType });
    assert.equal(status, 200, JSON.stringify(body));
    return body;
}

/** A request whose file the bank has. */
async function askWithFile(instructions, { make = painOf, contentType, terms = {}, ...more } = {}) {
    const file = make(instructions);
    const request = await askFor(termsOf(file, instructions, terms), more);
    const taken = await upload(request, file, contentType);
    assert.equal(taken.status, 204, JSON.stringify(taken));
    return request;
}

async function pay(request) {
    const { body } = await post(simulator(request, 'payments'), { file: true });
    return body;
}

/** The payment in the Hub's log, once the bank has told its outcome. */
async function outcomeAtHub(request) {
    let payment;
    await until(async () => {
        [payment] = (await (await fetch(simulator(request, 'payments'))).json()).payments;
        return payment.patches.length > 0;
    }, 'the outcome of the file', END_MS);
    return payment;
}

async function report(request, { id }) {
    const { status, body } = await post(simulator(request, `payments/${id}/report`), undefined, 'GET');
    assert.equal(status, 200);
    assert.equal(body.status, 200);
    return body.body.trim().split('\r\n');
}

async function expectSound(page, name) {
    await assertAccessible(page, name);
    for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        await assertFits(page, name);
        await shoot(page, `${name}-${width}`);
    }
}

const said = async ({ at }, testId) => (await at(testId).textContent()).replace(/[\u2066-\u2069]/g, '');

async function review(request, user, locale = 'en-GB') {
    const customer = await arrive(browser, demo, request, { locale });
    await customer.toReview(user);
    return customer;
}

async function approve(customer) {
    await customer.page.locator('input[name=account]').first().check();
    await customer.at('approve').click();
    await customer.at('step-up').waitFor();
}

const FOUR = [...instructionsOf(3), { ...instructionsOf(1)[0], id: 'NO-ACCOUNT', ...NO_IBAN }];

test('a file is reviewed, approved and paid; the Hub hears how many of its payments went through', async () => {
    const request = await askWithFile(FOUR);
    const customer = await review(request, userOf(demo, { login: 'leonie' }));
    assert.match(await said(customer, 'payment-amount'), /^AED.40\.03$/);
    assert.equal(await said(customer, 'payment-when'), '4 payments, once, as soon as Karak Money asks for it');
    assert.equal(await said(customer, 'file-count'), '4');
    assert.equal(await said(customer, 'file-type'), 'pain.001.001.09');
    assert.equal(await said(customer, 'file-reference'), 'Salaries of January');
    assert.equal(await said(customer, 'payment-reference'), 'Salaries 01');
    assert.equal(await said(customer, 'payment-purpose'), 'Salary (SAL)');
    await expectSound(customer.page, 'file-review');
    await customer.at('approve').click();
    await customer.at('payment-error').getByText('select the account').waitFor();
    await customer.page.locator('input[name=account]').first().check();
    assert.match(await said(customer, 'payment-from'), /AED.40\.03 from /);
    await approve(customer);
    assert.match(await said(customer, 'step-up-payment'), /^AED.40\.03 in all: a file of 4 payments$/);
    await expectSound(customer.page, 'file-step-up');
    const [app] = await Promise.all([customer.context.waitForEvent('page'), customer.at('open-app').click()]);
    await app.getByText(/^4 payments, AED.40\.03 in all, asked for by Karak Money/).waitFor();
    await expectSound(app, 'file-app');
    await app.getByTestId('app-approve').click();
    assert.ok((await customer.back()).code);
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), ['PATCH Authorized', 'doConfirm']);
    assert.equal(kept.consent.accountIds.length, 1);

    const made = await pay(request);
    assert.equal(made.status, 201, JSON.stringify(made));
    assert.equal(made.body.data.status, 'Received');
    const payment = await outcomeAtHub(request);
    const [{ patch }] = payment.patches;
    assert.equal(patch['paymentResponse.status'], COMPLETED);
    assert.deepEqual(patch['paymentResponse.OpenFinanceBilling'], { NumberOfSuccessfulTransactions: 3 });
    assert.deepEqual(await report(request, made.body.data), [
        'Number,EndToEndId,Amount,Currency,Status,Reason',
        '1,SALARY-1,10.00,AED,Accepted,', '2,SALARY-2,10.01,AED,Accepted,', '3,SALARY-3,10.02,AED,Accepted,',
        '4,NO-ACCOUNT,10.00,AED,Rejected,InvalidIban']);
    assert.deepEqual((await consentAtHub(demo, request.consentId)).findings, []);
    assert.deepEqual(customer.complaints, []);
});

test('a file of later, in Arabic', async () => {
    const date = dayAhead(30);
    const request = await askWithFile(instructionsOf(1200), {
        make: csvOf, contentType: 'text/csv', terms: { ...CSV, RequestedExecutionDate: date, FileReference: 'رواتب يناير' },
    });
    const customer = await review(request, userOf(demo, { login: 'leonie' }), 'ar');
    await customer.page.locator('html[lang=ar]').waitFor();
    assert.match(await said(customer, 'payment-amount'), /19,194\.00/);
    assert.match(await said(customer, 'payment-when'), new RegExp(`^1,200 دفعة، مرة واحدة، في .*${date.slice(0, 4)}`));
    assert.equal(await said(customer, 'file-count'), '1,200');
    assert.equal(await said(customer, 'file-type'), 'CSV');
    assert.equal(await said(customer, 'file-reference'), 'رواتب يناير');
    assert.equal((await said(customer, 'file-date')).includes(date.slice(0, 4)), true);
    await expectSound(customer.page, 'file-review-ar');
    await customer.at('cancel').click();
    assert.equal((await customer.back()).error_description, 'user_rejected_consent');
    assert.deepEqual(changes(await consentAtHub(demo, request.consentId)),
        ['PATCH Rejected', 'doFail access_denied user_rejected_consent']);
});

test('a file of which nothing goes through is told as rejected', async () => {
    const request = await askWithFile(instructionsOf(2, NO_IBAN));
    const customer = await review(request, userOf(demo, { login: 'leonie' }));
    await approve(customer);
    await customer.decideInApp();
    assert.ok((await customer.back()).code);
    const made = await pay(request);
    assert.equal(made.status, 201, JSON.stringify(made));
    const [{ patch }] = (await outcomeAtHub(request)).patches;
    assert.equal(patch['paymentResponse.status'], 'Rejected');
    assert.equal(patch['paymentResponse.rejectReasonCode'][0].code, 'LFI.NoInstructionExecuted');
    assert.deepEqual(patch['paymentResponse.OpenFinanceBilling'], { NumberOfSuccessfulTransactions: 0 });
});

test('nobody decides on a file that has not come', async () => {
    const instructions = instructionsOf(2);
    const request = await askFor(termsOf(painOf(instructions), instructions));
    const customer = await arrive(browser, demo, request);
    await customer.signIn(userOf(demo, { login: 'leonie' }));
    await customer.decideInApp();
    await customer.at('refused-title').getByText('The payment file is missing').waitFor();
    await expectSound(customer.page, 'file-missing');
    assert.ok((await customer.back()).error);
    assert.deepEqual(changes(await consentAtHub(demo, request.consentId)).filter((change) => /Authorized|doConfirm/.test(change)), []);
});

/** Another of the company, on the own pages, who opens the request. */
async function open(login, request, locale = 'en-GB') {
    const context = await browser.newContext({ viewport: { width: 320, height: 640 }, locale });
    const page = await context.newPage();
    await signInAsCustomer({ context }, demo, userOf(demo, { providerId: BUSINESS, login }), BUSINESS);
    await page.goto(`${demo.publicBaseUrl}/consents`);
    await page.getByTestId(`cmi-waiting-${request.consentId}`).click();
    await page.getByTestId('authorize-standing').waitFor();
    return { context, page, at: (testId) => page.getByTestId(testId) };
}

/** The first approval of two. */
async function approveFirst(request) {
    const customer = await review(request, userOf(demo, { providerId: BUSINESS, login: 'manara.cfo' }));
    await approve(customer);
    await customer.decideInApp();
    await customer.at('others-title').waitFor();
    await expectSound(customer.page, 'file-others');
    await customer.at('others-return').click();
    assert.ok((await customer.back()).code);
}

test('of a company several approve a file, and only then is it paid', async () => {
    const instructions = instructionsOf(25);
    const request = await askWithFile(instructions, { providerId: BUSINESS });
    await approveFirst(request);
    assert.equal((await consentAtHub(demo, request.consentId)).consent.status, 'AwaitingAuthorization');
    const early = await pay(request);
    assert.notEqual(early.status, 201, 'paid after one approval');

    const second = await open('manara.treasurer', request);
    const total = decimal(sumOf(instructions));
    assert.ok((await said(second, 'payment-amount')).includes(total), total);
    assert.equal(await said(second, 'file-count'), '25');
    await expectSound(second.page, 'file-second');
    await second.at('authorize-approve').click();
    const [app] = await Promise.all([second.context.waitForEvent('page'), second.at('open-app').click()]);
    await app.getByRole('heading', { name: new RegExp(`Pay a file of AED.${total}`) }).waitFor();
    await app.getByTestId('app-approve').click();
    await app.getByTestId('app-close').waitFor();
    await app.close();
    await second.at('authorize-standing').filter({ hasText: 'Everybody needed' }).waitFor();
    assert.equal((await consentAtHub(demo, request.consentId)).consent.status, 'Authorized');

    const made = await pay(request);
    assert.equal(made.status, 201, JSON.stringify(made));
    const [{ patch }] = (await outcomeAtHub(request)).patches;
    assert.deepEqual(patch['paymentResponse.OpenFinanceBilling'], { NumberOfSuccessfulTransactions: 25 });
});

test('one of several who refuses ends a file, in Arabic', async () => {
    const request = await askWithFile(instructionsOf(2), { providerId: BUSINESS });
    await approveFirst(request);
    const second = await open('manara.treasurer', request, 'ar');
    await expectSound(second.page, 'file-second-ar');
    await second.at('authorize-refuse').click();
    await second.at('authorize-standing').filter({ hasText: 'رُفض الطلب' }).waitFor();
    assert.equal((await consentAtHub(demo, request.consentId)).consent.status, 'Rejected');
    const made = await pay(request);
    assert.notEqual(made.status, 201);
});
