// The TPP app pays at the demo bank: form, bank pages, second factor, payment and what becomes of it, all
// of the TPP's part over the side of the Hub that TPPs call.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { creditorOf } from '../support/payments.mjs';
import { assertAccessible, assertFits, browser, demo, useDemo } from '../support/suite.mjs';
import { arrive, consentAtHub, shoot, userOf } from './support.mjs';

const NAME = 'Zumurrud Trading';
const { CreditorAccount: { Identification: IBAN } } = creditorOf(1); // accepted by the payee's bank
const LOGIN = 'rohan';

useDemo();

const openApp = (page, options) => arrive(browser, demo, { authorizeUrl: `${demo.hub.baseUrl}/${page}` }, options);

/** Fills what this type needs, and goes to the bank. */
async function ask(customer, type) {
    const { page, at } = customer;
    await page.locator('[data-testid=tpp-submit]:enabled').waitFor();
    await at(`pay-type-${type}`).check();
    await at('pay-name-1').fill(NAME);
    await at('pay-iban-1').fill(IBAN);
    if (await at('pay-amount').isVisible()) {
        await at('pay-amount').fill('10');
    }
    if (await at('pay-date-1').isVisible()) {
        await at('pay-date-1').fill(await page.locator('#first').getAttribute('min')); // today
    }
    await at('tpp-submit').click();
    await at('tpp-leave').click();
}

/** The customer signs in, chooses an account and approves twice; the app has them back. */
async function approve(customer, { byHand = false } = {}) {
    const user = userOf(demo, { login: LOGIN });
    if (byHand) {
        await customer.signIn(user);
        await customer.decideInApp();
        await customer.at('approve').waitFor();
    } else {
        await customer.toReview(user);
    }
    await customer.page.locator('input[name=account]').first().check();
    await customer.at('approve').click();
    await customer.at('open-app').waitFor();
    await customer.decideInApp();
    await customer.back();
    await customer.at('tpp-consent-status').waitFor();
    return new URL(await customer.at('tpp-inspect').evaluate(({ href }) => href)).searchParams.get('consent');
}

async function pay({ page, at }) {
    const amount = at('tpp-pay-amount');
    if (await amount.isEditable()) {
        await amount.fill('10');
    }
    await at('tpp-pay-now').click();
    await page.locator('.payment [data-status=AcceptedWithoutPosting]').waitFor();
}

test('a customer pays once: from the form to the end that the bank tells', async () => {
    const customer = await openApp('pay.html');
    await customer.page.getByText('More of what a TPP may ask').click();
    await customer.at('pay-refund').check();
    await ask(customer, 'SingleInstantPayment');
    const consentId = await approve(customer, { byHand: true });
    await pay(customer);
    await customer.at('tpp-consent-status').getByText('Consumed').waitFor();
    await customer.at('tpp-refund').click();
    await customer.page.getByText(/AE\d\d 9\d\d/).last().waitFor();
    await assertAccessible(customer.page, 'app-paid');
    for (const width of [320, 768, 1280]) {
        await customer.page.setViewportSize({ width, height: 844 });
        await assertFits(customer.page, `app-paid-${width}`);
        await shoot(customer.page, `app-paid-${width}`);
    }
    const { consent, findings } = await consentAtHub(demo, consentId);
    assert.equal(consent.status, 'Consumed');
    assert.deepEqual(findings, []);
    assert.deepEqual(customer.complaints, []);
    await customer.close();
});

/** Sets what goes wrong at the simulator, or with null nothing. */
const setFault = (fault) => fetch(`${demo.hub.baseUrl}/sim/faults`, fault
    ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(fault) }
    : { method: 'DELETE' });

test('a payment whose answer is lost is repeated with its key, and made once', async () => {
    const customer = await openApp('pay.html');
    await ask(customer, 'SingleInstantPayment');
    const consentId = await approve(customer);
    const { page, at } = customer;
    assert.equal((await setFault({ target: 'payments', kind: 'lost' })).status, 204);
    await at('tpp-pay-now').click();
    await at('tpp-pay-unanswered').waitFor();
    assert.equal(await at('tpp-pay-now').count(), 0, 'no other payment meanwhile');
    await page.reload(); // the page of the way back, whose code was redeemed
    await at('tpp-pay-unanswered').waitFor();
    await assertAccessible(page, 'app-unanswered');
    await page.setViewportSize({ width: 320, height: 844 });
    await assertFits(page, 'app-unanswered');
    await shoot(page, 'app-unanswered-320');
    await setFault(null);
    await at('tpp-pay-again').click();
    await at('tpp-pay-unanswered').waitFor({ state: 'detached' });
    await page.locator('.payment [data-status=AcceptedWithoutPosting]').waitFor();
    assert.equal(await page.locator('.payment').count(), 1);
    const wire = await page.evaluate(async (id) => (await (await fetch(`/tpp/app/consents/${id}`)).json()).wire, consentId);
    const sent = wire.filter(({ step }) => step === 'payment');
    assert.deepEqual(sent.map(({ status }) => status), [0, 201]);
    assert.equal(sent[0].headers['x-idempotency-key'], sent[1].headers['x-idempotency-key']);
    assert.deepEqual(sent[0].signed.claims.message, sent[1].signed.claims.message);
    const { exchanges } = await consentAtHub(demo, consentId);
    assert.equal(exchanges.filter(({ method, path }) => method === 'POST' && path.endsWith('/payments')).length, 1);
    await customer.close();
});

test('a customer pays in Arabic, up to a limit, more than once', async () => {
    const customer = await openApp('pay.html', { locale: 'ar-AE', viewport: { width: 320, height: 640 } });
    await customer.page.locator('[data-testid=tpp-submit]:enabled').waitFor();
    await customer.at('pay-type-VariableOnDemand').check();
    await customer.page.locator('#per-period').fill('2');
    await ask(customer, 'VariableOnDemand');
    await approve(customer, { byHand: true });
    await pay(customer);
    await customer.page.locator('.payment').nth(0).getByText('قبلها بنك المستفيد').waitFor();
    await pay(customer);
    await customer.page.locator('.payment').nth(1).waitFor();
    await customer.at('tpp-pay-now').click();
    await customer.at('tpp-problem').getByText('لا تسمح الموافقة بدفعات أخرى.').waitFor(); // two in a month
    assert.doesNotMatch(await customer.at('tpp-problem').locator('p').first().innerText(), /[A-Za-z]/);
    await customer.page.getByText('2 من دفعتين').first().waitFor();
    await customer.page.locator('.payment [data-status=AcceptedWithoutPosting]').nth(1).waitFor();
    await assertAccessible(customer.page, 'app-paid-arabic');
    await assertFits(customer.page, 'app-paid-arabic');
    await shoot(customer.page, 'app-paid-arabic-320');
    await customer.close();
});

for (const type of ['FixedOnDemand', 'FixedPeriodicSchedule', 'VariablePeriodicSchedule', 'FixedDefinedSchedule',
    'VariableDefinedSchedule', 'DelegatedAuthentication']) {
    test(`a customer pays by ${type}`, async () => {
        const customer = await openApp('pay.html');
        await ask(customer, type);
        const consentId = await approve(customer);
        await pay(customer);
        assert.deepEqual((await consentAtHub(demo, consentId)).findings, []);
        await customer.close();
    });
}

test('a story of the presenter leads through the phone to a payment in the app', async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' });
    const page = await context.newPage();
    const problems = [];
    page.on('pageerror', (error) => problems.push(`${error}`));
    await page.goto(`${demo.hub.baseUrl}/presenter.html`);
    const [phone] = await Promise.all([context.waitForEvent('page'), page.getByTestId('story-pay').click()]);
    const at = (testId) => phone.getByTestId(testId);
    const decide = async () => {
        const [app] = await Promise.all([context.waitForEvent('page'), at('open-app').click()]);
        await app.getByTestId('app-approve').click();
        await app.getByTestId('app-close').waitFor();
        await app.close();
    };
    const [login, password] = await Promise.all(['login', 'password'].map((what) => page.locator(`[data-testid^=copy-${what}-]`).textContent()));
    await at('sign-in-user').fill(login);
    await at('sign-in-password').fill(password);
    await at('sign-in-submit').click();
    await decide();
    await at('approve').waitFor();
    await phone.locator('input[name=account]').first().check();
    await at('approve').click();
    await at('open-app').waitFor();
    await decide();
    await at('tpp-pay-now').waitFor();
    const [again] = await Promise.all([context.waitForEvent('page'), page.getByTestId('presenter-open').click()]);
    await again.getByTestId('tpp-pay-now').click();
    await again.locator('.payment [data-status=AcceptedWithoutPosting]').waitFor();
    assert.ok(new URL(again.url()).pathname.endsWith('/payments.html'));
    for (const chapter of ['The TPP asks', 'The customer decides at the bank', 'Back at the TPP', 'The TPP pays', 'The TPP asks how payments end', 'The bank tells how payments end']) {
        await page.locator('#rows .phase').getByText(chapter, { exact: true }).first().waitFor();
    }
    await page.getByTestId('presenter-now').getByText('The consent: Consumed').waitFor();
    await shoot(page, 'presenter-paid');
    await page.getByTestId('presenter-inspect').click();
    assert.match(await page.getByTestId('inspector-row').first().textContent(), /Pushed authorization request/);
    await page.getByTestId('inspector-row').first().click();
    await page.getByTestId('inspector-panel').waitFor();
    await shoot(page, 'inspector-paid');
    assert.deepEqual(problems, []);
    await context.close();
});
