// Journeys that end without consent because of the customer or the accounts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, demo, useDemo } from '../support/suite.mjs';
import {
    arrive, changes, consentAtHub, requestConsent, shoot, terms, userOf,
} from './support.mjs';

const FAILED = ['doFail access_denied user_failed_to_authenticate'];

let customer;

useDemo();

/** The customer reads why, and goes back; the Hub is told as the rules want. */
async function expectEnd(request, title, description, expected) {
    const { at } = customer;
    await at('refused-title').waitFor();
    assert.equal(await at('refused-title').textContent(), title);
    assert.match(await customer.page.locator('#view').textContent(), /None of your data is shared/);
    assert.equal(await at('refused-return').textContent(), 'Return to Karak Money now');
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
        await customer.page.getByText(`${left} attempt`).waitFor();
    }
    await shoot(customer.page, 'sign-in-error');
    assert.match(await customer.at('sign-in-error').textContent(), /do not match/);
    await customer.signIn(wrong);
    await expectEnd(request, 'You could not be signed in', 'user_failed_to_authenticate', FAILED);
});

test('an unknown login looks like a wrong password', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await customer.signIn({ login: 'nobody', password: 'nothing' });
    await customer.page.getByText('2 attempts left').waitFor();
    assert.match(await customer.at('sign-in-error').textContent(), /do not match/);
});

test('a blocked customer is not tied to the consent', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await customer.signIn(userOf(demo, { login: 'ghassan' }));
    await expectEnd(request, 'You cannot use this service', 'user_account_blocked', ['doFail access_denied user_account_blocked']);
});

test('an approval refused in the app ends the attempt', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await customer.signIn(userOf(demo, { login: 'leonie' }));
    await customer.decideInApp('app-deny');
    await expectEnd(request, 'You could not be signed in', 'user_failed_to_authenticate', FAILED);
});

test('a customer without accounts', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await customer.signIn(userOf(demo, { login: 'lanqing' }));
    await customer.decideInApp();
    await expectEnd(request, 'No account was found', 'user_lacks_eligible_accounts', [
        'PATCH Rejected',
        'doFail invalid_request user_lacks_eligible_accounts',
    ]);
});

test('the countdown can be stopped; without that the customer goes back by it', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    const { page, at } = customer;
    await customer.signIn(userOf(demo, { login: 'ghassan' }));
    await at('refused-countdown').waitFor();
    await shoot(page, 'refused');
    await at('refused-stay').click();
    assert.equal(await at('refused-countdown').count(), 0);
    await page.reload(); // why is said again, without haste
    assert.equal(await at('refused-title').textContent(), 'You cannot use this service');
    assert.equal(await at('refused-countdown').count(), 0);
    await customer.close();
    customer = await arrive(browser, demo, await requestConsent(demo));
    await customer.signIn(userOf(demo, { login: 'ghassan' }));
    await customer.page.waitForURL(/tpp\/callback/, { timeout: 20_000 });
});

test('no account of the sub-types asked for', async () => {
    const request = await requestConsent(demo, { consent: terms({ AccountSubType: ['Mortgage'] }) });
    customer = await arrive(browser, demo, request);
    await customer.signIn(userOf(demo, { login: 'leonie' }));
    await customer.decideInApp();
    await expectEnd(request, 'No account was found', 'user_lacks_eligible_accounts', [
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
    await expectEnd(request, 'You could not be confirmed', 'user_failed_to_authenticate', FAILED);
});
