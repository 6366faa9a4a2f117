// Passkeys in a real browser with a virtual authenticator: made, used to sign in, refused, removed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, demo, useDemo } from '../support/suite.mjs';
import {
    arrive, arriveWithDevice, changes, consentAtHub, requestConsent, shoot, signInAsCustomer, until, userOf,
} from './support.mjs';

const FAILED = ['doFail access_denied user_failed_to_authenticate'];
let customer;

useDemo();

/** Signs in to the bank's own pages and adds a passkey there. */
async function addPasskey(user) {
    await signInAsCustomer(customer, demo, user);
    await customer.page.goto(`${demo.publicBaseUrl}/passkeys`);
    await customer.at('passkey-add').click();
    await customer.at('passkey').waitFor();
}

async function removeAll() {
    await customer.page.goto(`${demo.publicBaseUrl}/passkeys`);
    await customer.at('passkey-add').waitFor();
    for (let left = await customer.at('passkey').count(); left > 0; left -= 1) {
        await customer.at('passkey-remove').first().click();
        await customer.at('passkey-remove-confirm').click();
        await customer.page.waitForFunction(
            (count) => document.querySelector('[data-testid=passkey-add]') &&
                document.querySelectorAll('[data-testid=passkey]').length === count, left - 1);
    }
}

test('a passkey is made, signs in without password and app, and leads to the review', async () => {
    const user = userOf(demo, { login: 'leonie' });
    const request = await requestConsent(demo);
    customer = await arriveWithDevice(browser, demo, request);
    await addPasskey(user);
    await shoot(customer.page, 'passkeys');
    const { credentials } = await customer.device('getCredentials');
    assert.equal(credentials.length, 1);
    assert.equal(credentials[0].rpId, 'localhost');
    assert.equal(Buffer.from(credentials[0].userHandle, 'base64').toString(), user.userId);

    await customer.page.goto(request.authorizeUrl);
    await shoot(customer.page, 'sign-in-passkey');
    await customer.at('passkey-sign-in').click();
    await customer.at('approve').waitFor();
    await customer.page.locator('input[name=account]').first().check();
    await customer.at('approve').click();
    assert.ok((await customer.back()).code);
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), ['PATCH Authorized', 'doConfirm']);
    assert.deepEqual(kept.findings, []);
    assert.deepEqual(customer.complaints, []);
    await removeAll();
});

test('nobody is let in whom the device did not verify, and no try is lost by it', async () => {
    const request = await requestConsent(demo);
    customer = await arriveWithDevice(browser, demo, request);
    await addPasskey(userOf(demo, { login: 'leonie' }));
    await customer.page.goto(request.authorizeUrl);
    await customer.device('setUserVerified', { isUserVerified: false });
    await customer.at('passkey-sign-in').click();
    await customer.page.getByText('No passkey was used').waitFor();
    await customer.device('setUserVerified', { isUserVerified: true });
    await customer.at('passkey-sign-in').click();
    await customer.at('approve').waitFor();
    await removeAll();
});

test('a removed passkey and a copied one are refused alike, three times', async () => {
    const request = await requestConsent(demo);
    customer = await arriveWithDevice(browser, demo, request);
    await addPasskey(userOf(demo, { login: 'leonie' }));
    const [credential] = (await customer.device('getCredentials')).credentials;
    await customer.device('clearCredentials');
    await customer.device('addCredential', { credential: { ...credential, signCount: 0 } });

    await customer.page.goto(request.authorizeUrl);
    await customer.at('passkey-sign-in').click(); // counts 1, as when it was made
    await customer.page.getByText('2 attempts left').waitFor();
    const copied = await customer.at('sign-in-error').textContent();
    await removeAll();

    await customer.page.goto(request.authorizeUrl);
    await customer.at('passkey-sign-in').click();
    await customer.page.getByText('1 attempt left').waitFor();
    const removed = await customer.at('sign-in-error').textContent();
    assert.equal(removed.replace('1 attempt', '2 attempts'), copied);
    await customer.at('passkey-sign-in').click();
    assert.equal((await customer.back()).error_description, 'user_failed_to_authenticate');
    assert.deepEqual(changes(await consentAtHub(demo, request.consentId)), FAILED);
});

test('each outcome of adding one has its words, and removing asks first', async () => {
    customer = await arriveWithDevice(browser, demo, await requestConsent(demo));
    const { page, at } = customer;
    await addPasskey(userOf(demo, { login: 'leonie' }));
    const problem = async () => (await at('passkey-problem').textContent()).trim();
    await at('passkey-add').click();
    await at('passkey-problem').waitFor();
    assert.equal(await problem(), 'This device has a passkey for you already.');
    for (const [name, words] of [['NotAllowedError', /cancelled/], ['SecurityError', /could not make/], ['NotSupportedError', /cannot make/]]) {
        await page.evaluate((kind) => {
            navigator.credentials.create = () => Promise.reject(new DOMException('', kind));
        }, name);
        await at('passkey-add').click();
        await until(async () => words.test(await problem()), name);
    }
    await at('passkey-remove').click();
    await at('passkey-keep').click();
    assert.equal(await at('passkey').count(), 1);
    await customer.page.keyboard.press('Enter'); // on the button that asked
    await at('passkey-keep').waitFor();
    await customer.page.keyboard.press('Escape');
    await at('passkey-remove').waitFor();
    assert.equal(await customer.page.evaluate(() => document.activeElement.dataset.testid), 'passkey-remove');
    await removeAll();
});

test('a passkey is known to the segment only in which it was made', async () => {
    const request = await requestConsent(demo, { providerId: 'dhowbusiness' });
    customer = await arriveWithDevice(browser, demo, request);
    await addPasskey(userOf(demo, { login: 'leonie' }));
    await customer.page.goto(request.authorizeUrl);
    await customer.at('passkey-sign-in').click();
    await customer.page.getByText('2 attempts left').waitFor();
    await removeAll();
});

test('the bank\'s own pages take a passkey too, and lead to the list of passkeys', async () => {
    customer = await arriveWithDevice(browser, demo, await requestConsent(demo));
    await addPasskey(userOf(demo, { login: 'leonie' }));
    await customer.context.clearCookies();
    await customer.page.goto(`${demo.publicBaseUrl}/consents`);
    await customer.at('provider-dhowretail').click();
    await customer.at('passkey-sign-in').click();
    await customer.at('passkeys-link').click();
    await customer.page.getByText('Last used').waitFor();
    await removeAll();
});

test('the page of passkeys is for those who signed in', async () => {
    customer = await arrive(browser, demo, await requestConsent(demo));
    await customer.page.goto(`${demo.publicBaseUrl}/passkeys`);
    await customer.page.waitForURL(`${demo.publicBaseUrl}/consents`);
});
