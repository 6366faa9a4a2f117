// A bank that has consents to share data confirmed once more at the moment of approval.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, browser, demo, useDemo } from '../support/suite.mjs';
import {
    arrive, arriveWithDevice, changes, consentAtHub, requestConsent, shoot,
    signInAsCustomer, userOf,
} from './support.mjs';

const FAILED = ['PATCH Rejected', 'doFail access_denied user_failed_step_up_authentication'];

let customer;

useDemo({ adjustServer: '.journey.stepUp = ["payments", "data-sharing"]' });

/** Up to the moment where the decision is to be confirmed. */
async function decide(login = 'leonie') {
    await customer.toReview(userOf(demo, { login }));
    await customer.page.locator('input[name=account]').first().check();
    await customer.at('approve').click();
    await customer.at('step-up').waitFor();
}

async function expectEnd(request, expected) {
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), expected);
    assert.deepEqual(kept.findings, []);
    assert.deepEqual(customer.complaints, []);
}

test('nothing is shared before it is confirmed in the app, which says what for', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await decide();
    await shoot(customer.page, 'step-up');
    await assertAccessible(customer.page, 'step-up');
    assert.deepEqual(changes(await consentAtHub(demo, request.consentId)), []);
    const [app] = await Promise.all([
        customer.context.waitForEvent('page'), customer.at('open-app').click(),
    ]);
    await app.getByText('Number of accounts: 1').waitFor();
    await shoot(app, 'app-step-up');
    await app.getByTestId('app-approve').click();
    assert.ok((await customer.back()).code);
    await expectEnd(request, ['PATCH Authorized', 'doConfirm']);
});

test('refused in the app', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await decide();
    await customer.decideInApp('app-deny');
    assert.equal((await customer.back()).error_description, 'user_failed_step_up_authentication');
    await expectEnd(request, FAILED);
});

test('left by the customer instead', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await decide();
    await customer.at('leave').click();
    assert.equal((await customer.back()).error_description, 'user_rejected_consent');
    await expectEnd(request, ['PATCH Rejected', 'doFail access_denied user_rejected_consent']);
});

test('a page loaded again goes on where it was', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await decide();
    await customer.page.reload();
    await customer.at('step-up').waitFor();
    await customer.decideInApp();
    assert.ok((await customer.back()).code);
    await expectEnd(request, ['PATCH Authorized', 'doConfirm']);
});

test('confirmed by a passkey; a copy of it fails', async () => {
    const user = userOf(demo, { login: 'leonie' });
    let request = await requestConsent(demo);
    customer = await arriveWithDevice(browser, demo, request);
    await signInAsCustomer(customer, demo, user);
    await customer.page.goto(`${demo.publicBaseUrl}/passkeys`);
    await customer.at('passkey-add').click();
    await customer.at('passkey').waitFor();
    await customer.page.goto(request.authorizeUrl);
    await customer.at('passkey-sign-in').click();
    await customer.page.locator('input[name=account]').first().check();
    await customer.at('approve').click();
    await customer.at('step-up-passkey').click();
    assert.ok((await customer.back()).code);
    await expectEnd(request, ['PATCH Authorized', 'doConfirm']);

    request = await requestConsent(demo);
    await customer.page.goto(request.authorizeUrl);
    await decide();
    const [credential] = (await customer.device('getCredentials')).credentials;
    await customer.device('clearCredentials');
    await customer.device('addCredential', { credential: { ...credential, signCount: 0 } });
    await customer.at('step-up-passkey').click();
    assert.equal((await customer.back()).error_description, 'user_failed_step_up_authentication');
    await expectEnd(request, FAILED);
});
