// A bank that has consents to share data confirmed once more at the moment of approval.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, assertFits, browser, demo, useDemo } from '../support/suite.mjs';
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

/* --- insurance -------------------------------------------------------------------------------- */

const INSURER = 'dhowinsurance';

/** At the review of a consent to policies; two of them are ticked. */
async function reviewPolicies(options) {
    const request = await requestConsent(demo, {
        providerId: INSURER, type: 'insurance',
        consent: {
            Permissions: ['Motor', 'Home'].map((InsuranceType) =>
                ({ InsuranceType, Permissions: ['ReadInsurancePolicies', 'ReadInsurancePremium'] })),
            ExpirationDateTime: new Date(Date.now() + 300 * 86_400_000).toISOString(),
        },
    });
    const user = userOf(demo, { providerId: INSURER, login: 'imran', accounts: 0 });
    const ids = ['Motor', 'Home'].map((wanted) => user.policies.find(({ type }) => type === wanted).id);
    customer = await arrive(browser, demo, request, options);
    await customer.toReview(user);
    for (const id of ids) {
        await customer.at(`policy-${id}`).check();
    }
    return { request, ids };
}

for (const [locale, told, direction] of [
    ['en', 'Number of policies: 2', 'ltr'], ['ar-AE', 'عدد الوثائق: 2', 'rtl'],
]) {
    test(`policies, ${locale}: nothing is shared before it is confirmed in the app, which counts them`, async () => {
        const { request, ids } = await reviewPolicies({ locale });
        const { page, at, context } = customer;
        await at('approve').click();
        await at('step-up').waitFor();
        assert.equal(await page.locator('html').getAttribute('dir') ?? 'ltr', direction);
        for (const width of [1280, 768, 320]) {
            await page.setViewportSize({ width, height: 800 });
            await assertFits(page, `step-up of policies at ${width}`);
            await shoot(page, `insurance-step-up-${locale}-${width}`);
        }
        await assertAccessible(page, 'step-up of policies');
        assert.deepEqual(changes(await consentAtHub(demo, request.consentId)), []);
        const [app] = await Promise.all([context.waitForEvent('page'), at('open-app').click()]);
        await app.getByText(told).waitFor();
        await shoot(app, `insurance-app-step-up-${locale}`);
        await app.getByTestId('app-approve').click();
        assert.ok((await customer.back()).code);
        await expectEnd(request, ['PATCH Authorized', 'doConfirm']);
        const { consent } = await consentAtHub(demo, request.consentId);
        assert.deepEqual(consent.insurancePolicyIds.toSorted(), ids.toSorted());
    });
}

test('policies: refused in the app, nothing is shared', async () => {
    const { request } = await reviewPolicies();
    await customer.at('approve').click();
    await customer.at('step-up').waitFor();
    await customer.decideInApp('app-deny');
    assert.equal((await customer.back()).error_description, 'user_failed_step_up_authentication');
    await expectEnd(request, FAILED);
    assert.equal((await consentAtHub(demo, request.consentId)).consent.insurancePolicyIds, undefined);
});

test('policies: what is confirmed is what was chosen; another choice is not taken', async () => {
    const { request, ids } = await reviewPolicies();
    await customer.at('approve').click();
    await customer.at('step-up').waitFor();
    const headers = { origin: demo.publicBaseUrl };
    const { journey } = await (await customer.context.request.post(`${demo.publicBaseUrl}/journey/state`,
        { data: {}, headers })).json();
    const other = await customer.context.request.post(`${demo.publicBaseUrl}/journey/approve`,
        { data: { journey, policyIds: ids.slice(0, 1) }, headers });
    assert.ok(other.status() >= 400, `${other.status()}`);
    await customer.decideInApp();
    assert.ok((await customer.back()).code);
    const { consent } = await consentAtHub(demo, request.consentId);
    assert.deepEqual(consent.insurancePolicyIds.toSorted(), ids.toSorted());
});
