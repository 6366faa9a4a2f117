// The customer's own consents: list, tabs, filters, one consent, its chain, and ending it.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { Bank } from '../contract/hub_support.mjs';
import { Customer, newConsent } from '../support/customer.mjs';
import { creditorOf, dayAhead } from '../support/payments.mjs';
import { assertAccessible, assertFits, browser, demo, useDemo } from '../support/suite.mjs';
import {
    breakHub, consentAtHub, healHub, post, requestConsent, shoot, signInAsCustomer, until, userOf,
} from './support.mjs';

const PERMISSIONS = ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadBalances'];
const YEAR = () => new Date(Date.now() + 300 * 86_400_000).toISOString();

let context;

useDemo({ adjustServer: '.hub.timeoutMs = 1500' });
afterEach(() => healHub(demo));

/** A consent that `user` has decided on, without a browser. */
async function decided(user, { accounts = 1, approve = true, ...consent } = {}) {
    const request = await newConsent(demo, PERMISSIONS, { ExpirationDateTime: YEAR(), ...consent });
    const customer = await Customer.arrive(demo, request);
    const review = await customer.reachReview(user);
    const { journey } = customer;
    const accountIds = review.accounts
        .sort((a, b) => (b.subType === 'CurrentAccount') - (a.subType === 'CurrentAccount'))
        .slice(0, accounts)
        .map(({ id }) => id);
    await (approve
        ? customer.post('/journey/approve', { journey, accountIds })
        : customer.post('/journey/cancel', { journey }));
    return { id: request.consentId, accountIds };
}

async function signInByHand(page, user) {
    await page.goto(`${demo.publicBaseUrl}/consents`);
    await page.getByTestId('provider-dhowretail').click();
    await page.getByTestId('sign-in-user').fill(user.login);
    await page.getByTestId('sign-in-password').fill(user.password);
    await page.getByTestId('sign-in-submit').click();
    const [app] = await Promise.all([context.waitForEvent('page'), page.getByTestId('open-app').click()]);
    await app.getByTestId('app-approve').click();
    await app.getByRole('status').waitFor();
    await app.close();
}

/** The page of a signed-in customer. */
async function signedIn(user, { byHand = false, width = 390, ...options } = {}) {
    context = await browser.newContext({ viewport: { width, height: 844 }, locale: 'en-GB', ...options });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    page.complaints = [];
    page.on('pageerror', (error) => page.complaints.push(`${error}`));
    if (byHand) {
        await signInByHand(page, user);
    } else {
        await signInAsCustomer({ context }, demo, user);
        await page.goto(`${demo.publicBaseUrl}/consents`);
    }
    await page.getByTestId('cmi-tab-current').waitFor();
    return page;
}

async function assertFine(page, name) {
    await assertAccessible(page, name);
    await assertFits(page, name);
    assert.deepEqual(page.complaints, [], name);
    await shoot(page, `own-${name}`);
}

test('lists current and past consents, each with its label, and none of anybody else', async () => {
    const user = userOf(demo, { login: 'rohan', accounts: 2 });
    const active = await decided(user, { accounts: 2 });
    const rejected = await decided(user, { approve: false });
    const foreign = await decided(userOf(demo, { login: 'leonie' }));
    const page = await signedIn(user, { byHand: true });
    const card = page.getByTestId(`cmi-consent-${active.id}`);
    await card.waitFor();
    const words = await card.textContent();
    for (const part of ['Karak Money', 'Active', '2 Accounts Connected', 'Data Sharing', 'Connection expires']) {
        assert.ok(words.includes(part), `${part} in ${words}`);
    }
    assert.equal(await page.getByTestId(`cmi-consent-${foreign.id}`).count(), 0);
    assert.equal(await page.getByTestId(`cmi-consent-${rejected.id}`).count(), 0);
    await assertFine(page, 'current');
    await page.getByTestId('cmi-tab-history').click();
    await page.getByTestId(`cmi-consent-${rejected.id}`).waitFor();
    assert.equal(await page.getByTestId(`cmi-consent-${rejected.id}`).getByTestId('cmi-status').textContent(), 'Rejected');
    assert.doesNotMatch(await page.getByTestId(`cmi-consent-${rejected.id}`).textContent(), /Connected|expires|received/);
    await page.getByTestId('cmi-tab-history').press('ArrowLeft');
    await page.getByTestId(`cmi-consent-${active.id}`).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), 'cmi-tab-current');
    await page.getByTestId('cmi-tab-current').press('End');
    await page.getByTestId(`cmi-consent-${rejected.id}`).waitFor();
    await assertFine(page, 'history');
});

test('shows one consent in full, and ends it after one question', async () => {
    const user = userOf(demo, { login: 'hessa' });
    const { id } = await decided(user);
    const page = await signedIn(user, { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByTestId(`cmi-consent-${id}`).click();
    await page.getByTestId('cmi-id').waitFor();
    assert.equal(await page.getByTestId('cmi-id').textContent(), `${id.slice(0, 8)}...${id.slice(-4)}`);
    await page.getByTestId('cmi-copy').click();
    await page.getByText('Copied').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), id);
    assert.match(await page.getByTestId('cmi-account').textContent(), /AE\d{21}/);
    await page.getByTestId('cmi-permissions').click();
    assert.equal(await page.getByTestId('permission-group').count(), 2);
    await assertFine(page, 'consent');
    await page.getByTestId('cmi-revoke').click();
    await page.getByRole('heading', { name: 'Stop sharing' }).waitFor();
    await assertFine(page, 'question');
    const focused = () => page.evaluate(() => document.activeElement.dataset.testid);
    await page.getByTestId('cmi-revoke-back').click();
    await page.getByTestId('cmi-revoke').waitFor();
    assert.equal(await focused(), 'cmi-revoke');
    await page.keyboard.press('Enter');
    await page.getByTestId('cmi-revoke-confirm').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('cmi-revoke').waitFor();
    assert.equal(await focused(), 'cmi-revoke');
    await page.keyboard.press('Escape'); // asks nothing any more
    await page.getByTestId('cmi-revoke').click();
    await page.getByTestId('cmi-revoke-confirm').click();
    await page.getByTestId('cmi-done').waitFor();
    await page.getByText('Cancelled', { exact: true }).waitFor();
    await page.getByText(/^Cancelled on \d/).waitFor();
    assert.doesNotMatch(await page.locator('#view').textContent(), /Account Connected|Connection expires/);
    await assertFine(page, 'cancelled');
    assert.equal(await page.getByTestId('cmi-revoke').count(), 0);
    const { consent, exchanges } = await consentAtHub(demo, id);
    assert.equal(consent.status, 'Revoked');
    const revokes = exchanges.filter(({ path }) => path.endsWith('/action/revoke'));
    assert.deepEqual(revokes.map(({ requestBody }) => JSON.parse(requestBody)), [{ revokedBy: 'LFI.InitiatedByUser' }]);
    await page.getByTestId('cmi-back').click();
    await page.getByTestId('cmi-tab-history').click();
    await page.getByTestId(`cmi-consent-${id}`).waitFor();
});

test('a renewed consent lists its updates', async () => {
    const user = userOf(demo, { login: 'leonie' });
    const base = await decided(user);
    const renewal = await decided(user, { BaseConsentId: base.id });
    const page = await signedIn(user);
    await page.getByTestId(`cmi-consent-${renewal.id}`).click();
    await page.getByTestId('cmi-updates').click();
    const update = page.getByTestId(`cmi-consent-${base.id}`);
    await update.waitFor();
    assert.equal(await update.getByTestId('cmi-status').count(), 0);
    await assertFine(page, 'updates');
    await update.click();
    await page.getByText(`${base.id.slice(0, 8)}...${base.id.slice(-4)}`).waitFor();
});

test('filters by company', async () => {
    const user = userOf(demo, { login: 'jericho' });
    for (const name of ['Marigold Lending', 'Pearl', 'Pearl']) {
        await decided(user, { OnBehalfOf: { TradingName: name } });
    }
    await decided(user, { approve: false });
    const page = await signedIn(user, { width: 1280 });
    const cards = page.getByTestId(/^cmi-consent-/);
    await cards.first().waitFor();
    assert.equal(await cards.count(), 3);
    await page.getByTestId('cmi-filter-tpp').selectOption('Marigold Lending');
    assert.equal(await cards.count(), 1);
    await page.getByTestId('cmi-tab-history').click();
    await cards.first().waitFor();
    assert.equal(await cards.count(), 1);
    await assertFine(page, 'wide');
});

test('the Hub down is said, and the page goes on when it is back', async () => {
    const user = userOf(demo, { login: 'rohan', accounts: 2 });
    const { id } = await decided(user);
    const page = await signedIn(user);
    await breakHub(demo, 'consent-manager', 'down');
    await page.getByTestId(`cmi-consent-${id}`).click();
    await page.getByTestId('error-title').waitFor();
    assert.match(await page.getByTestId('error-title').textContent(), /cannot be reached/);
    await assertFine(page, 'hub-down');
    await healHub(demo);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByTestId(`cmi-consent-${id}`).waitFor();
});

test('ended while the Hub is down: kept, said so, and the Hub is told later', async () => {
    const user = userOf(demo, { login: 'yusra' });
    const { id } = await decided(user);
    const page = await signedIn(user);
    await page.getByTestId(`cmi-consent-${id}`).click();
    await page.getByTestId('cmi-revoke').click();
    await breakHub(demo, 'consent-manager', 'down');
    await page.getByTestId('cmi-revoke-confirm').click();
    await page.getByTestId('cmi-pending').waitFor();
    await assertFine(page, 'pending');
    await page.getByTestId('cmi-back').click(); // and what was decided is not taken back by the list
    await page.getByTestId('error-title').waitFor();
    assert.match(await page.locator('#view').textContent(), /What you have cancelled stays cancelled/);
    assert.equal((await consentAtHub(demo, id)).consent.status, 'Authorized');
    await healHub(demo);
    await until(async () => (await consentAtHub(demo, id)).consent.status === 'Revoked', 'revoked at the Hub');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByTestId('cmi-tab-history').click();
    await page.getByTestId(`cmi-consent-${id}`).waitFor();
});

test('signs out for good: the cookie opens nothing any more', async () => {
    const user = userOf(demo, { login: 'rohan', accounts: 2 });
    const page = await signedIn(user);
    const kept = await context.cookies();
    await page.getByTestId('sign-out').click();
    await page.getByTestId('signed-out').waitFor();
    await assertFine(page, 'signed-out');
    await context.addCookies(kept);
    await page.reload();
    await page.getByTestId('signed-out').waitFor();
});

test('HTML in names is text', async () => {
    const user = userOf(demo, { login: 'rohan', accounts: 2 });
    const name = '<img src=x onerror="document.title=1">evil';
    const { id } = await decided(user, { OnBehalfOf: { TradingName: `\u202e${name}\u2066` } });
    const page = await signedIn(user);
    assert.ok((await page.getByTestId(`cmi-consent-${id}`).textContent()).includes(name));
    assert.equal(await page.locator('#view img[src="x"]').count(), 0);
    await page.getByTestId(`cmi-consent-${id}`).click();
    await page.getByRole('heading', { name }).waitFor();
});

const AED = (Amount) => ({ Amount, Currency: 'AED' });
const RULES = { ConsentSchedule: { MultiPayment: {
    MaximumCumulativeNumberOfPayments: 10, MaximumCumulativeValueOfPayments: AED('20000.00'),
    PeriodicSchedule: {
        Type: 'VariableOnDemand', PeriodType: 'Month', PeriodStartDate: dayAhead(0),
        Controls: { MaximumCumulativeNumberOfPaymentsPerPeriod: 3 },
    },
} } };

/** A permission to pay, which `user` has given in the bank's channels. */
async function permitted(user, ControlParameters, creditors = [creditorOf(77)]) {
    const request = await requestConsent(demo, { type: 'payment', consent: {
        ControlParameters, PaymentPurposeCode: 'SAL', ExpirationDateTime: YEAR(),
        PersonalIdentifiableInformation: { Initiation: creditors.length > 0 ? { Creditor: creditors } : {} },
    } });
    const bank = new Bank({ base: demo.portBase, config: { https: { clientCa: demo.ozoneConnect.caFile } } }, { who: demo.bank });
    const { accounts } = await (await Customer.arrive(demo, request)).reachReview(user);
    const { id } = accounts.find(({ subType }) => subType === 'CurrentAccount');
    const held = { providerId: 'dhowretail', consentId: request.consentId };
    await bank.decide(held, 'Authorized', { userId: user.userId, accountIds: [id] });
    bank.close();
    return request.consentId;
}

/** As a TPP pays through the Hub. */
async function pay(consentId, amount, more) {
    const url = `${demo.hub.baseUrl}/sim/consents/${consentId}/payments`;
    const made = await post(url, { amount, pii: { Initiation: creditorOf(77), Risk: {} }, ...more });
    assert.equal(made.body.status, 201, JSON.stringify(made.body));
    await until(async () => {
        const { payments } = await (await fetch(url)).json();
        return payments.every(({ paymentResponse: { status } }) => status !== 'Pending');
    }, 'the payment has ended', 30_000);
}

for (const [locale, labels, used] of [
    ['en-GB', ['Failed', 'Successful'], '1 of 3'], ['ar-AE', ['فشلت', 'ناجحة'], '1 من 3'],
]) {
    test(`a permission to pay: its rules, what is used, what was paid, and its end (${locale})`, async () => {
        const user = userOf(demo, { login: 'rohan' });
        const id = await permitted(user, RULES);
        await pay(id, '12.34');
        await pay(id, '9014.14', { creditorReference: 'Invoice 117' }); // the receiving bank refuses it
        const page = await signedIn(user, { width: 320, locale });
        const said = async (testId) =>
            (await page.getByTestId(testId).allTextContents()).join(' | ').replace(/[\u2066-\u2069]/g, '');
        let isDown = true;
        await page.route('**/consents/api/payments', (route) => (isDown
            ? route.fulfill({ status: 503, json: { view: 'error', bank: 'x', error: 'HUB-DOWN' } }) : route.continue()));
        await page.getByTestId(`cmi-consent-${id}`).focus();
        await page.keyboard.press('Enter');
        await page.getByTestId('cmi-payments-error').waitFor();
        assert.equal(await said('payee-name'), 'Zumurrud Trading', 'the rest of the page is there');
        await assertFine(page, `payments-unknown-${locale}`);
        isDown = false;
        await page.getByTestId('cmi-more').focus();
        await page.keyboard.press('Enter');
        await page.getByTestId('cmi-payment').first().waitFor();
        assert.deepEqual(await page.getByTestId('cmi-payment').locator('.badge').allTextContents(), labels, 'the newest first');
        assert.match(await page.getByTestId('cmi-payment').first().textContent(), /9,014\.14.*20\d\d.*Invoice 117/s);
        assert.match(await said('cmi-paid'), /12\.34/);
        assert.equal(await said('cmi-used-periodCount'), used);
        assert.match(await said('cmi-used-value'), /12\.34.*20,000\.00/);
        assert.equal(await said('rule-period-count'), '3');
        assert.match(await said('cmi-account'), /AE\d\d/);
        await assertFine(page, `payments-${locale}`);
        await page.getByTestId('cmi-revoke').click();
        await page.getByTestId('cmi-revoke-confirm').click();
        await page.getByTestId('cmi-done').waitFor();
        await assertFine(page, `payments-cancelled-${locale}`);
        assert.equal((await consentAtHub(demo, id)).consent.status, 'Revoked');
    });
}

test('a single payment that was made is told by how it ended', async () => {
    const user = userOf(demo, { login: 'rohan' });
    const amount = { ConsentSchedule: { SinglePayment: { Type: 'SingleInstantPayment', Amount: AED('33.50') } } };
    const id = await permitted(user, amount);
    await pay(id, '33.50');
    const page = await signedIn(user);
    await page.getByTestId('cmi-tab-history').click();
    await page.getByTestId(`cmi-consent-${id}`).click();
    await page.getByTestId('cmi-payment').waitFor();
    assert.equal(await page.getByTestId('cmi-status').textContent(), 'Successful');
    assert.equal(await page.getByTestId('payment-when').textContent(), 'One payment');
    assert.equal(await page.getByTestId('cmi-revoke').count(), 0);
    await assertFine(page, 'payment-made');
});
