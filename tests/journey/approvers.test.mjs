// Payments that several people of a company approve, each in a sign-in of their own.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { FIRST_TPP, PAYEE, Quotes, controlOf, currencyRequest, payeeAbroad } from '../support/exchange.mjs';
import { BankClock } from '../support/operator.mjs';
import { operate } from '../support/operator.mjs';
import { CONTROL_PARAMETERS, creditorOf, sealPii } from '../support/payments.mjs';
import { assertAccessible, assertFits, browser, demo, useDemo } from '../support/suite.mjs';
import { arrive, changes, consentAtHub, requestConsent, shoot, signInAsCustomer, until, userOf } from './support.mjs';

const PROVIDER = 'dhowbusiness';
const SMALL = { width: 320, height: 640 };
const CFO = 'manara.cfo';
const TREASURER = 'manara.treasurer';

useDemo();

const askFor = (more = {}) => requestConsent(demo, {
    providerId: PROVIDER,
    type: 'payment',
    consent: {
        ControlParameters: CONTROL_PARAMETERS.SingleInstantPayment,
        PersonalIdentifiableInformation: { Initiation: { Creditor: [creditorOf(77)] } },
        PaymentPurposeCode: 'SAL',
        ...more,
    },
});
const user = (login) => userOf(demo, { providerId: PROVIDER, login });

/** The first who approves, by the TPP's redirect. */
async function approveFirst(request, { locale = 'en-GB' } = {}) {
    const customer = await arrive(browser, demo, request, { viewport: SMALL, locale });
    await customer.toReview(user(CFO));
    await customer.page.locator('input[name=account]').first().check();
    await assertAccessible(customer.page, 'several-review');
    await shoot(customer.page, `several-review-${locale}`);
    await customer.at('approve').click();
    await customer.decideInApp();
    await customer.at('others-title').waitFor();
    await assertAccessible(customer.page, 'several-others');
    await assertFits(customer.page, 'several-others');
    await shoot(customer.page, `several-others-${locale}`);
    await customer.at('others-return').click();
    assert.ok((await customer.back()).code);
}

/** Another of them, on the own pages. */
async function signIn(login, locale = 'en-GB') {
    const context = await browser.newContext({ viewport: SMALL, locale });
    const page = await context.newPage();
    await signInAsCustomer({ context }, demo, user(login), PROVIDER);
    await page.goto(`${demo.publicBaseUrl}/consents`);
    await page.getByTestId('sign-out').waitFor();
    return { context, page, at: (testId) => page.getByTestId(testId) };
}

async function open(login, request, locale) {
    const person = await signIn(login, locale);
    await person.at(`cmi-waiting-${request.consentId}`).click();
    await person.at('authorize-standing').waitFor();
    return person;
}

async function confirmInApp({ context, at }, asked = /AED.10\.00 to .*Zumurrud Trading/) {
    const [app] = await Promise.all([context.waitForEvent('page'), at('open-app').click()]);
    await app.getByText(asked).waitFor();
    await app.getByTestId('app-approve').click();
    await app.getByTestId('app-close').waitFor();
    await app.close();
}

const statusOf = async ({ consentId }) => (await consentAtHub(demo, consentId)).consent.status;
const listOf = async ({ consentId }) => {
    const { consentBody } = (await consentAtHub(demo, consentId)).consent;
    return Object.fromEntries(consentBody.Meta.Authorizations
        .map(({ AuthorizerId, AuthorizationStatus }) => [AuthorizerId, AuthorizationStatus]));
};

test('the first approval authorizes nothing, the last one does', async () => {
    const request = await askFor();
    await approveFirst(request);
    const { consent, exchanges, findings } = await consentAtHub(demo, request.consentId);
    assert.equal(consent.status, 'AwaitingAuthorization');
    assert.equal(consent.accountIds.length, 1);
    const patch = JSON.parse(exchanges.find(({ method }) => method === 'PATCH').requestBody);
    assert.deepEqual(Object.keys(patch).sort(),
        ['accountIds', 'authorizationChannel', 'consentBody.Meta.MultipleAuthorizers', 'psuIdentifiers']);
    const { TotalRequired, Authorizations } = patch['consentBody.Meta.MultipleAuthorizers'];
    assert.equal(TotalRequired, 2);
    const first = Authorizations.find(({ AuthorizerId }) => AuthorizerId === user(CFO).userId);
    assert.equal(first.AuthorizationStatus, 'Approved');
    assert.match(first.AuthorizationDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
    assert.ok(Authorizations.filter((one) => one !== first).every(({ AuthorizationStatus, AuthorizationDate }) =>
        AuthorizationStatus === 'Pending' && AuthorizationDate === undefined));
    assert.deepEqual(findings, []);

    const refused = await pay(request);
    assert.equal(refused.status, 400, refused.text);

    const second = await open(TREASURER, request);
    assert.match(await second.at('payment-amount').textContent(), /AED.10\.00/);
    assert.equal(await second.at('authorizer').filter({ hasText: 'Approved' }).count(), 1);
    await assertAccessible(second.page, 'several-decide');
    await assertFits(second.page, 'several-decide');
    await shoot(second.page, 'several-decide');
    await second.at('authorize-approve').click();
    await confirmInApp(second);
    await second.at('authorize-standing').filter({ hasText: 'Everybody needed' }).waitFor();
    await shoot(second.page, 'several-done');
    assert.equal(await statusOf(request), 'Authorized');
    assert.equal((await listOf(request))[user(TREASURER).userId], 'Approved');
    const told = await consentAtHub(demo, request.consentId);
    assert.equal(changes(told).length, 3); // PATCH, doConfirm, PATCH
    assert.deepEqual(told.findings, []);
    assert.equal((await pay(request)).status, 201);
});

async function pay({ consentId }) {
    const hub = new HubClient(demo, PROVIDER);
    const id = randomUUID();
    const reply = await hub.call('POST', '/payments', {
        userId: user(CFO).userId,
        consentId,
        body: {
            paymentType: 'cbuae-payment',
            request: { Data: {
                ConsentId: consentId,
                Instruction: { Amount: { Amount: '10.00', Currency: 'AED' } },
                PersonalIdentifiableInformation: await sealPii(
                    { Initiation: creditorOf(77), Risk: {} },
                    demo.providers.find(({ providerId }) => providerId === PROVIDER),
                ),
                PaymentPurposeCode: 'SAL',
                OpenFinanceBilling: { Type: 'PushP2P' },
            } },
            requestHeaders: { 'x-idempotency-key': id, 'x-fapi-customer-ip-address': '192.0.2.7' },
            tpp: { clientId: id, orgId: id, softwareStatementId: id, tppId: id, tppName: 'T', decodedSsa: {} },
        },
    });
    hub.close();
    return reply;
}

test('one who refuses ends it, in Arabic', async () => {
    const request = await askFor();
    await approveFirst(request, { locale: 'ar' });
    const second = await open(TREASURER, request, 'ar');
    await assertFits(second.page, 'several-decide-ar');
    await shoot(second.page, 'several-decide-ar');
    await second.at('authorize-refuse').click();
    await second.at('authorize-standing').filter({ hasText: 'رُفض الطلب' }).waitFor();
    assert.equal(await statusOf(request), 'Rejected');
    assert.equal((await listOf(request))[user(TREASURER).userId], 'Rejected');
});

test('whoever may not approve sees nothing of it', async () => {
    const request = await askFor();
    await approveFirst(request);
    for (const login of [CFO, 'siraj.owner']) {
        const other = await signIn(login);
        assert.equal(await other.at(`cmi-waiting-${request.consentId}`).count(), 0, login);
    }
    const { context } = await signIn('siraj.owner');
    const ask = (path, data) => context.request.post(`${demo.publicBaseUrl}${path}`,
        { data, headers: { origin: demo.publicBaseUrl } }).then((answer) => answer.json());
    const { journey } = await ask('/consents/api/state', {});
    for (const [path, more] of [['waiting', {}], ['authorize', { approve: false }]]) {
        const { error } = await ask(`/consents/api/${path}`, { journey, consentId: request.consentId, ...more });
        assert.equal(error, 'CONSENT-UNKNOWN', path);
    }
    assert.equal(await statusOf(request), 'AwaitingAuthorization');
});

test('a TPP that takes one approval only is offered no such account', async () => {
    const request = await askFor({ IsSingleAuthorization: true });
    const customer = await arrive(browser, demo, request);
    await customer.signIn(user(CFO));
    await customer.decideInApp();
    await customer.at('refused-title').waitFor();
    assert.equal((await customer.back()).error_description, 'user_lacks_eligible_accounts');
});

// --- into another currency ----------------------------------------------------------------------

/** Under a quote of the bank, which the first has approved; a minute before the rate is gone. */
async function approvedFirst(locale) {
    const client = new HubClient(demo, PROVIDER);
    const clock = new BankClock(demo);
    const quote = await new Quotes(clock, client, FIRST_TPP).accepted();
    client.close();
    const left = Math.ceil((Date.parse(quote.ExpirationDateTime) - Date.now()) / 1000);
    const request = await askFor({
        ControlParameters: controlOf(quote),
        CurrencyRequest: currencyRequest(quote),
        PersonalIdentifiableInformation: { Initiation: { Creditor: [payeeAbroad()] } },
        ExpirationDateTime: '2030-06-01T00:00:00.000Z',
    });
    await approveFirst(request, { locale });
    await clock.move(left - 60);
    return { request, quote, expire: () => clock.move(left + 1), end: () => clock.move(0) };
}

/** The consent ends at the Hub by a rejection, and only by that; the second has decided nothing. */
async function assertEnded(request, end) {
    await until(async () => (await statusOf(request)) === 'Rejected', 'the rejection');
    await end();
    assert.equal((await listOf(request))[user(TREASURER).userId], 'Pending');
    const told = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(told), ['PATCH undefined', 'doConfirm', 'PATCH Rejected']);
    assert.deepEqual(told.findings, []);
    const refused = await pay(request);
    assert.equal(refused.status, 400, refused.text);
}

const GONE = { 'en-GB': /The exchange rate has expired.*Nothing is paid/, ar: /انتهت صلاحية سعر الصرف/ };

async function seesNoRate({ page, at }, locale, name) {
    await at('authorize-standing').filter({ hasText: GONE[locale] }).waitFor();
    assert.equal(await at('authorize-approve').count(), 0);
    await assertAccessible(page, name);
    for (const width of [320, 768, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        await assertFits(page, `${name}-${width}`);
        await shoot(page, `${name}-${width}`);
    }
}

test('the second approves while the rate holds', async () => {
    const { request, end } = await approvedFirst('en-GB');
    const second = await open(TREASURER, request);
    await second.at('authorize-approve').click();
    await confirmInApp(second, new RegExp(`1,026\\.25 to .*${PAYEE}`));
    await second.at('authorize-standing').filter({ hasText: 'Everybody needed' }).waitFor();
    assert.equal(await statusOf(request), 'Authorized');
    await end();
});

for (const locale of ['en-GB', 'ar']) {
    test(`the second who decides when the rate is gone is told so, and the consent ends: ${locale}`, async () => {
        const { request, expire, end } = await approvedFirst(locale);
        const second = await open(TREASURER, request, locale);
        await second.at('exchange-rate').waitFor();
        await expire();
        await second.at('authorize-approve').click();
        await seesNoRate(second, locale, `several-quote-${locale}`);
        await assertEnded(request, end);
    });

    test(`so is one whose confirmation in the app comes when it is gone: ${locale}`, async () => {
        const { request, expire, end } = await approvedFirst(locale);
        const second = await open(TREASURER, request, locale);
        await second.at('authorize-approve').click();
        await second.at('open-app').waitFor();
        await expire();
        await confirmInApp(second, new RegExp(PAYEE));
        await seesNoRate(second, locale, `several-quote-app-${locale}`);
        await assertEnded(request, end);
    });
}

test('without anybody looking the consent ends with the rate', async () => {
    const { request, expire, end } = await approvedFirst('en-GB');
    await expire();
    await assertEnded(request, end);
});

test('without the others in time it is rejected', async () => {
    const request = await askFor({ AuthorizationExpirationDateTime: new Date(Date.now() + 3_600_000).toISOString() });
    await approveFirst(request);
    await operate(demo, 'PUT', '/operator/clock', { offsetSeconds: 3_700 });
    await until(async () => (await statusOf(request)) === 'Rejected', 'the rejection');
});
