// A customer decides on a payment into another currency: both amounts, the rate, what it costs, and
// until when the bank stands by it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { controlOf, currencyRequest, FIRST_TPP, payeeAbroad, PAYEE, Quotes } from '../support/exchange.mjs';
import { BankClock } from '../support/operator.mjs';
import { assertAccessible, assertFits, browser, demo, useDemo } from '../support/suite.mjs';
import { arrive, changes, consentAtHub, requestConsent, shoot, userOf } from './support.mjs';

const WIDTHS = [320, 768, 1280];

let customer;

useDemo();

async function askFor(quote) {
    return requestConsent(demo, { type: 'payment', consent: {
        ControlParameters: controlOf(quote),
        CurrencyRequest: currencyRequest(quote),
        PersonalIdentifiableInformation: { Initiation: { Creditor: [payeeAbroad()] } },
        PaymentPurposeCode: 'TOF',
        DebtorReference: 'For home',
        Permissions: ['ReadAccountsBasic'],
        ExpirationDateTime: '2030-06-01T00:00:00.000Z',
    } });
}

/** Something with quotes of the bank, as the TPP of the consents has them. */
async function withQuotes(work) {
    const client = new HubClient(demo, 'dhowretail');
    const clock = new BankClock(demo);
    try {
        return await work(new Quotes(clock, client, FIRST_TPP), clock);
    } finally {
        client.close();
    }
}

async function review(request, options) {
    customer = await arrive(browser, demo, request, options);
    await customer.toReview(userOf(demo, { login: 'leonie' }));
}

const said = async (testId) => (await customer.at(testId).allTextContents()).join(' | ').replace(/\u00a0/g, ' ');

const amount = ({ Amount, Currency }) => `${Currency} ${new Intl.NumberFormat('en', { minimumFractionDigits: 2 }).format(Amount)}`;

test('both amounts, rate, charges and time are shown, and authorized with what leaves the account', async () => {
    const quote = await withQuotes((quotes) => quotes.accepted());
    const request = await askFor(quote);
    await review(request, { viewport: { width: 320, height: 640 } });
    assert.equal(await said('payment-amount'), 'AED 1,000.00');
    assert.equal(await said('payee-name'), PAYEE);
    assert.equal((await said('payee-account')).replace(/\s/g, ''), '009912345678');
    assert.equal(await said('exchange-sold'), 'AED 1,000.00');
    assert.equal(await said('exchange-bought'), amount(quote.BuyAmount));
    assert.match(await said('exchange-rate'), /^1 AED = \d+\.\d+ INR$/);
    assert.equal(await said('payment-charge'), 'AED 25.00 | AED 1.25');
    assert.equal(await said('exchange-total'), 'AED 1,026.25');
    assert.equal(await said('exchange-country'), 'India');
    assert.equal(await said('exchange-purpose'), 'Support of the family');
    assert.match(await said('exchange-expires'), /\d{1,2}:\d{2}/);
    for (const width of WIDTHS) {
        await customer.page.setViewportSize({ width, height: 900 });
        await assertFits(customer.page, `exchange-${width}`);
        await shoot(customer.page, `exchange-${width}`);
    }
    await assertAccessible(customer.page, 'exchange');
    await customer.page.locator('input[name=account]').first().check();
    assert.match(await said('payment-from'), /AED 1,026\.25 from /);
    await customer.at('approve').click();
    await customer.at('step-up').waitFor();
    assert.match(await said('step-up-payment'), new RegExp(`AED 1,026\\.25 to ${PAYEE}`));
    const [app] = await Promise.all([customer.context.waitForEvent('page'), customer.at('open-app').click()]);
    await app.getByText(new RegExp(`1,026\\.25 to .*${PAYEE}`)).waitFor();
    await app.getByTestId('app-approve').click();
    assert.ok((await customer.back()).code);
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), ['PATCH Authorized', 'doConfirm']);
    assert.deepEqual(kept.findings, []);
    const { ExchangeRate, Charges } = kept.consent.consentBody.Data;
    assert.deepEqual(ExchangeRate, { UnitCurrency: 'AED', ExchangeRate: quote.ExchangeRate, RateType: quote.RateType,
        ExpirationDateTime: quote.ExpirationDateTime });
    assert.deepEqual(Charges.map(({ ChargeBearer, Type, Amount }) => [ChargeBearer, Type, Amount.Amount]),
        [['BorneByDebtor', 'Fees', '25.00'], ['BorneByDebtor', 'VAT', '1.25']]);
    assert.deepEqual(customer.complaints, []);
});

test('in Arabic', async () => {
    const quote = await withQuotes((quotes) => quotes.accepted({ QuotedCurrency: 'USD' }));
    await review(await askFor(quote), { viewport: { width: 320, height: 640 }, locale: 'ar-AE' });
    assert.match(await said('exchange-rate'), /^1 AED = \d\.\d+ USD$/);
    assert.match(await said('exchange-country'), /الهند/);
    for (const width of WIDTHS) {
        await customer.page.setViewportSize({ width, height: 900 });
        await assertFits(customer.page, `exchange-arabic-${width}`);
        await shoot(customer.page, `exchange-arabic-${width}`);
    }
    await assertAccessible(customer.page, 'exchange-arabic');
    await customer.at('cancel').click();
    assert.equal((await customer.back()).error_description, 'user_rejected_consent');
});

test('a quote whose time has passed is said, and nothing is authorized', async () => {
    await withQuotes(async (quotes, clock) => {
        const quote = await quotes.accepted();
        const left = Math.ceil((Date.parse(quote.ExpirationDateTime) - Date.now()) / 1000);
        await clock.move(left - 60);
        const request = await askFor(quote);
        customer = await arrive(browser, demo, request, { viewport: { width: 320, height: 640 } });
        await customer.at('sign-in-user').waitFor();
        await clock.move(left + 1);
        await customer.signIn(userOf(demo, { login: 'leonie' }));
        await customer.decideInApp();
        await customer.page.getByText('The exchange rate has expired').waitFor();
        await shoot(customer.page, 'exchange-expired');
        assert.equal((await customer.back()).error_description, 'session_expired');
        const kept = await consentAtHub(demo, request.consentId);
        assert.deepEqual(changes(kept), ['PATCH Rejected', 'doFail access_denied session_expired']);
        await clock.move(0);
    });
});
