// A customer decides on payments: what leaves which account, to whom, when and how often.
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { signPii } from '../support/pii.mjs';
import { assertAccessible, assertFits, browser, demo, useDemo } from '../support/suite.mjs';
import { CONTROL_PARAMETERS, creditorOf } from '../support/payments.mjs';
import { arrive, changes, consentAtHub, post, requestConsent, shoot, userOf } from './support.mjs';

const SMALL = { width: 320, height: 640 };
const PAYEE = 'Zumurrud Trading';

let customer;

useDemo();

/** Asks for payments as a TPP, whose personal data the simulator seals for the bank. */
function askFor(type, { creditors = [creditorOf(1)], debtor, control, ...more } = {}) {
    const Initiation = {
        ...(debtor && { DebtorAccount: { SchemeName: 'IBAN', Identification: debtor } }),
        ...(creditors.length > 0 && { Creditor: creditors }),
    };
    return requestConsent(demo, {
        type: 'payment',
        consent: {
            ControlParameters: control ?? CONTROL_PARAMETERS[type],
            PersonalIdentifiableInformation: { Initiation },
            PaymentPurposeCode: 'SAL',
            DebtorReference: 'Invoice 117',
            Permissions: ['ReadAccountsBasic', 'ReadBalances'],
            ExpirationDateTime: '2030-06-01T00:00:00.000Z',
            ...more,
        },
    });
}

/** Of an account of the bank; leonie has the joint one. */
function numberOf(wanted) {
    const places = JSON.parse(readFileSync(join(demo.dir, 'places.json'), 'utf8'));
    return places.find(({ place, segment }) => place === wanted && segment === 'retail').number;
}

/** A creditor with a verdict of Confirmation of Payee, by the key of the Hub that signs them. */
async function creditorWith(word) {
    const read = (name) => readFileSync(join(demo.dir, 'pki/hub/dhowretail', name), 'utf8');
    const payload = { message: { Data: { NameMatchIndicator: `ConfirmationOfPayee.${word}` } } };
    const key = { privateKey: createPrivateKey(read('Sig2.key')) };
    return { ...creditorOf(1), ConfirmationOfPayeeResponse: await signPii(payload, key, { kid: read('Sig2.kid').trim() }) };
}

async function review(request, options) {
    customer = await arrive(browser, demo, request, options);
    await customer.toReview(userOf(demo, { login: 'leonie' }));
}

/** Whether a line is not covered by the buttons at the bottom. */
async function expectInSight(id) {
    const line = await customer.at(id).boundingBox();
    const buttons = await customer.page.locator('.sticky').boundingBox();
    assert.ok(line.y >= 0 && line.y + line.height <= buttons.y, `${JSON.stringify(line)} ${JSON.stringify(buttons)}`);
}

/** Whether the page can be used by all and fits a narrow screen. */
async function expectSound(name) {
    await assertAccessible(customer.page, name);
    await assertFits(customer.page, name);
    await shoot(customer.page, name);
}

/** A line that ends within an amount ends after a comma: what is in it is no other amount. */
async function expectWholeAmounts(testId) {
    const lines = await customer.at(testId).evaluate((one) => {
        const range = document.createRange();
        const found = [];
        let bottom = -Infinity;
        const texts = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
        for (let node = texts.nextNode(); node; node = texts.nextNode()) {
            [...node.data].forEach((letter, at) => {
                range.setStart(node, at);
                range.setEnd(node, at + 1);
                const box = range.getBoundingClientRect();
                if (box.top >= bottom - 1) found.push('');
                bottom = Math.max(bottom, box.bottom);
                found[found.length - 1] += letter;
            });
        }
        return found;
    });
    lines.slice(1).forEach((line, at) => assert.ok(!/[\d.]$/.test(lines[at]) || !/^[\d.,]/.test(line), lines.join('\n')));
}

const said = async (testId) => (await customer.at(testId).allTextContents()).join(' | ');
const chosen = () => customer.page.locator('input[name=account]').first();

async function expectEnd(request, expected) {
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), expected);
    assert.deepEqual(kept.findings, []);
    assert.deepEqual(customer.complaints, []);
    return kept.consent;
}

test('a single payment is authorized from one account, once the app has named it', async () => {
    const request = await askFor('SingleInstantPayment', {
        creditors: [await creditorWith('Yes')], SponsoredTPPInformation: { Name: 'Yaqut Market', Identification: 'yaqut' },
    });
    await review(request, { viewport: SMALL });
    assert.equal(await customer.at('payee-match').getAttribute('aria-label'), 'The payee’s name matches the IBAN.');
    assert.equal(await customer.at('payee-mismatch').count(), 0);
    assert.equal(await said('payment-sponsored'), 'This is a service of Yaqut Market, provided through Karak Money.');
    assert.match(await said('payment-amount'), /AED.10\.00/);
    assert.equal(await said('payee-name'), PAYEE);
    assert.match(await said('payee-iban'), /^AE\d{21}$/);
    assert.equal(await said('payment-reference'), 'Invoice 117');
    assert.equal(await said('payment-purpose'), 'Salary (SAL)');
    await expectSound('payment-single');
    await customer.at('approve').click();
    await customer.at('payment-error').getByText('select the account').waitFor();
    await chosen().check();
    assert.match(await said('payment-from'), /AED.10\.00 from /);
    await customer.at('approve').click();
    await customer.at('step-up').waitFor();
    assert.match(await said('step-up-payment'), new RegExp(`AED.10\\.00 to ${PAYEE}`));
    const [app] = await Promise.all([customer.context.waitForEvent('page'), customer.at('open-app').click()]);
    await app.getByText(new RegExp(`AED.10\\.00 to .*${PAYEE}`)).waitFor();
    await shoot(app, 'app-payment');
    await app.getByTestId('app-approve').click();
    assert.ok((await customer.back()).code);
    const consent = await expectEnd(request, ['PATCH Authorized', 'doConfirm']);
    assert.equal(consent.accountIds.length, 1);
});

for (const [locale, alert] of [['en-GB', /^Duplicate Payment Alert/], ['ar-AE', /^تنبيه بدفعة مكررة/]]) {
    test(`the same amount to the same payee within 24 hours is warned of: ${locale}`, async () => {
        const creditors = [creditorOf(locale === 'ar-AE' ? 78 : 77)];
        const first = await askFor('SingleInstantPayment', { creditors });
        await review(first, { viewport: SMALL });
        await chosen().check();
        assert.ok(await customer.at('payment-warning').isHidden());
        await customer.at('approve').click();
        await customer.decideInApp();
        assert.ok((await customer.back()).code);
        const paid = await post(`${demo.hub.baseUrl}/sim/consents/${first.consentId}/payments`,
            { amount: '10.00', pii: { Initiation: creditors[0], Risk: {} } });
        assert.equal(paid.body.status, 201, JSON.stringify(paid.body));
        await review(await askFor('SingleInstantPayment', { creditors }), { viewport: SMALL, locale });
        await chosen().check();
        assert.match(await said('payment-warning'), alert);
        await expectInSight('payment-warning');
        await expectSound(`payment-repeated-${locale}`);
        assert.ok(await customer.at('approve').isEnabled());
        // an overdraft does not hide it
        customer = await arrive(browser, demo, await askFor('SingleInstantPayment', { creditors }), { viewport: SMALL, locale });
        await customer.page.route('**/journey/**', async (route) => {
            const reply = await route.fetch();
            const body = (await reply.text()).replace(/"balance":\{[^}]*\}/g, '"balance":{"value":"1.00","currency":"AED"}');
            await route.fulfill({ response: reply, body });
        });
        await customer.toReview(userOf(demo, { login: 'leonie' }));
        await chosen().check();
        assert.match(await said('payment-warning-more'), alert);
        assert.ok(await customer.at('payment-warning').isVisible());
        await expectInSight('payment-warning-more');
        await shoot(customer.page, `payment-overdraft-repeated-${locale}`);
        await customer.page.unroute('**/journey/**');
        await review(await askFor('SingleInstantPayment', { creditors: [creditorOf(79)] }), { viewport: SMALL, locale });
        await chosen().check();
        assert.ok(await customer.at('payment-warning').isHidden());
    });
}

test('the button to authorize is one line', async () => {
    await review(await askFor('VariableOnDemand'), { viewport: SMALL });
    const height = () => customer.at('approve').evaluate((one) => one.getBoundingClientRect().height);
    for (const width of [320, 768, 1280]) {
        await customer.page.setViewportSize({ width, height: 900 });
        assert.ok((await height()) <= 48, `${width}: ${await height()}`);
    }
    await customer.page.setViewportSize(SMALL);
    await assertFits(customer.page, 'payment-button');
});

test('the account that the TPP named, and no other', async () => {
    const request = await askFor('SingleInstantPayment', { debtor: numberOf('joint') });
    await review(request);
    await customer.page.getByText('Account selected for the payment').waitFor();
    assert.equal(await customer.page.locator('input[name=account]').count(), 1);
    assert.ok(await chosen().isChecked());
    await customer.at('cancel').click();
    assert.equal((await customer.back()).error_description, 'user_rejected_consent');
    await expectEnd(request, ['PATCH Rejected', 'doFail access_denied user_rejected_consent']);
});

test('more than the customer’s own limit is warned of', async () => {
    const request = await askFor('SingleInstantPayment', {
        debtor: numberOf('pay-limit'),
        control: { ConsentSchedule: { SinglePayment: {
            Type: 'SingleInstantPayment', Amount: { Amount: '500.01', Currency: 'AED' },
        } } },
    });
    customer = await arrive(browser, demo, request);
    await customer.toReview(userOf(demo, { login: 'jericho' }));
    await customer.page.getByText(/you have set a limit of AED.500\.00/).waitFor();
    await expectSound('payment-own-limit');
    await customer.at('cancel').click();
    assert.equal((await customer.back()).error_description, 'user_rejected_consent');
});

test('somebody else’s account, which the TPP named', async () => {
    const request = await askFor('SingleInstantPayment', { debtor: numberOf('current-account') });
    customer = await arrive(browser, demo, request);
    await customer.signIn(userOf(demo, { login: 'leonie' }));
    await customer.decideInApp();
    await customer.at('refused-title').waitFor();
    assert.match(await customer.page.locator('#view').textContent(), /none of your accounts here/);
    await expectSound('payment-not-debtor');
    assert.equal((await customer.back()).error_description, 'user_does_not_own_debtor_account');
    await expectEnd(request, ['PATCH Rejected', 'doFail invalid_request user_does_not_own_debtor_account']);
});

const dates = Array.from({ length: 12 }, (_, i) => `2030-${String(i + 1).padStart(2, '0')}-01`);
const TYPES = [
    {
        name: 'VariableOnDemand', creditors: [],
        glance: [/^Up to 3 payments per month$/, /^حتى 3 دفعات في الشهر$/],
        rules: { 'rule-period-count': '3', 'rule-max': '', 'rule-total': '' },
    },
    {
        name: 'FixedDefinedSchedule',
        control: { ConsentSchedule: { MultiPayment: { PeriodicSchedule: {
            Type: 'FixedDefinedSchedule',
            Schedule: dates.map((PaymentExecutionDate) => ({ PaymentExecutionDate, Amount: { Amount: '9999999999999999.99', Currency: 'AED' } })),
        } } } },
        expires: '2030-12-01T00:00:00.000Z',
        glance: [/^12 payments$/, /^12 دفعة$/], shown: 5,
        rules: { 'payment-when': 'AED\u00a0119,999,999,999,999,999.88 in all, from 1 January 2030 to 1 December 2030' },
    },
    { name: 'FixedOnDemand', long: true, glance: [/^AED.10\.00 each time$/, /في كل مرة$/], rules: { 'rule-period-count': '3' } },
    {
        name: 'VariableOnDemand', long: true, creditors: [1, 2, 3].map((number) => creditorOf(number)),
        glance: [/^Up to 3 payments per month$/, /^حتى 3 دفعات في الشهر$/],
        rules: { 'payee-name': [PAYEE, PAYEE, PAYEE].join(' | ') },
    },
    { name: 'FixedPeriodicSchedule', long: true, glance: [/^AED.10\.00 every month$/, /كل شهر$/], rules: { 'rule-period': 'Month' } },
    { name: 'VariablePeriodicSchedule', long: true, glance: [/^Up to AED.10\.00 every month$/, /كل شهر$/], rules: {} },
    { name: 'VariableDefinedSchedule', long: true, glance: [/^1 payment$/, /^دفعة واحدة$/], rules: {}, shown: 1 },
    {
        name: 'DelegatedAuthentication', long: true, glance: [/asks you before each payment$/, /قبل كل دفعة$/],
        rules: { 'rule-expires': 'Permission to make payments from this account will last until 1 June 2030' },
    },
];

for (const { name, creditors, control, glance, rules, shown, long } of TYPES) {
    test(`${name}${creditors ? ` with ${creditors.length} payees` : ''}`, { skip: long && !process.env.LFI_LONG }, async () => {
        const request = await askFor(name, { creditors, control });
        await review(request, { viewport: SMALL });
        assert.match(await said('payment-amount'), glance[0]);
        for (const [testId, expected] of Object.entries(rules)) {
            assert.equal(await said(testId), expected, testId);
        }
        assert.equal(await customer.at('payment-date').count(), shown ?? 0);
        if (shown === 5) {
            await customer.at('more-dates').click();
            assert.equal(await customer.at('payment-date').count(), 10);
            assert.equal(await said('more-dates'), 'Show 2 more');
        }
        await expectWholeAmounts('payment-when');
        await expectSound(`payment-${name}-en`);
        await customer.at('language-ar').click();
        await customer.page.locator('html[lang=ar]').waitFor();
        await customer.at('payment-amount').waitFor();
        assert.match((await said('payment-amount')).replace(/[\u2066-\u2069]/g, ''), glance[1]);
        await expectSound(`payment-${name}-ar`);
        await chosen().check();
        await customer.at('approve').click();
        await customer.at('step-up').waitFor();
        await customer.decideInApp();
        assert.ok((await customer.back()).code);
        await expectEnd(request, ['PATCH Authorized', 'doConfirm']);
    });
}
