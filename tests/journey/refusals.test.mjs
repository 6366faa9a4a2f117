// Journeys that end without consent because of the customer or the accounts.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startDemo } from '../support/demo.mjs';
import {
    arrive, changes, consentAtHub, openBrowser, requestConsent, shoot, terms, userOf,
} from './support.mjs';

const FAILED = ['doFail access_denied user_failed_to_authenticate'];

let demo;
let browser;
let customer;

before(async () => {
    demo = await startDemo();
    browser = await openBrowser();
});
after(async () => {
    await browser?.close();
    await demo?.stop();
});
afterEach(() => customer?.close());

async function expectEnd(request, description, expected) {
    assert.equal((await customer.back()).error_description, description);
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), expected);
    assert.deepEqual(kept.findings, []);
}

test('three wrong passwords end the attempt', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    const wrong = { ...userOf(demo), password: 'not it' };
    for (const left of [2, 1]) {
        await customer.signIn(wrong);
        await customer.page.getByText(`Tries left: ${left}`).waitFor();
    }
    await shoot(customer.page, 'sign-in-error');
    assert.match(await customer.at('sign-in-error').textContent(), /do not match/);
    await customer.signIn(wrong);
    await expectEnd(request, 'user_failed_to_authenticate', FAILED);
});

test('an unknown login looks like a wrong password', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await customer.signIn({ login: 'nobody', password: 'nothing' });
    await customer.page.getByText('Tries left: 2').waitFor();
    assert.match(await customer.at('sign-in-error').textContent(), /do not match/);
});

test('a blocked customer is not tied to the consent', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await customer.signIn(userOf(demo, { login: 'ghassan' }));
    await expectEnd(request, 'user_account_blocked', ['doFail access_denied user_account_blocked']);
});

test('an approval refused in the app ends the attempt', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await customer.signIn(userOf(demo, { login: 'leonie' }));
    await customer.decideInApp('app-deny');
    await expectEnd(request, 'user_failed_to_authenticate', FAILED);
});

test('a customer without accounts', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await customer.signIn(userOf(demo, { login: 'lanqing' }));
    await customer.decideInApp();
    await expectEnd(request, 'user_lacks_eligible_accounts', [
        'PATCH Rejected',
        'doFail invalid_request user_lacks_eligible_accounts',
    ]);
});

test('no account of the sub-types asked for', async () => {
    const request = await requestConsent(demo, { consent: terms({ AccountSubType: ['Mortgage'] }) });
    customer = await arrive(browser, demo, request);
    await customer.signIn(userOf(demo, { login: 'leonie' }));
    await customer.decideInApp();
    await expectEnd(request, 'user_lacks_eligible_accounts', [
        'PATCH Rejected',
        'doFail invalid_request user_lacks_eligible_accounts',
    ]);
});

test('a renewal by somebody else is refused', async () => {
    const base = await requestConsent(demo);
    customer = await arrive(browser, demo, base);
    await customer.toReview(userOf(demo, { login: 'leonie' }));
    await customer.page.locator('input[name=account]').first().check();
    await customer.at('approve').click();
    await customer.back();
    await customer.close();
    const request = await requestConsent(demo, { consent: terms({ BaseConsentId: base.consentId }) });
    customer = await arrive(browser, demo, request);
    await customer.signIn(userOf(demo, { login: 'rohan' }));
    await customer.decideInApp();
    await expectEnd(request, 'user_failed_to_authenticate', FAILED);
});
