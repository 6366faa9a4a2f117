// A customer of an insurer decides which policies to share, in both languages, and stops it again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { startPolicy } from '../support/quotes.mjs';
import { assertAccessible, assertFits, browser, demo, useDemo } from '../support/suite.mjs';
import {
    arrive, changes, consentAtHub, providerOf, requestConsent, shoot, signInAsCustomer, userOf,
} from './support.mjs';

const PROVIDER = 'dhowinsurance';
const SECTORS = ['Employment', 'Health', 'Home', 'Life', 'Motor', 'Renters', 'Travel'];
const RIGHTS = ['ReadInsurancePolicies', 'ReadCustomerBasic', 'ReadCustomerDetail', 'ReadInsuranceProduct',
    'ReadCustomerClaims', 'ReadInsurancePremium', 'ReadCustomerPaymentDetails'];
const RUNNING = ['New', 'Renewed', 'InForce', 'PaidUp'];
const EXPIRES = new Date(Date.now() + 300 * 86_400_000).toISOString();

let customer;

useDemo();

const policyholder = (login) => userOf(demo, { providerId: PROVIDER, login, accounts: 0 });

function terms(sectors = SECTORS, rights = RIGHTS, more = {}) {
    return {
        Permissions: sectors.map((InsuranceType) => ({ InsuranceType, Permissions: rights })),
        ExpirationDateTime: EXPIRES,
        ...more,
    };
}

const ask = (consent = terms()) => requestConsent(demo, { providerId: PROVIDER, type: 'insurance', consent });

/** At the review of a request; `customer` is the browser. */
async function review(login, consent, options) {
    const request = await ask(consent);
    customer = await arrive(browser, demo, request, options);
    await customer.toReview(policyholder(login));
    return request;
}

const offered = () => customer.page.locator('input[name=policy]').evaluateAll((all) => all.map((one) => one.value));

test('approves: policies of every kind are offered, and those chosen reach the Hub', async () => {
    const user = policyholder('imran');
    const request = await ask(terms(SECTORS, RIGHTS, { OnBehalfOf: {
        TradingName: 'Palm Cover', LegalName: 'Palm Cover LLC', IdentifierType: 'Other', Identifier: 'P-1',
    } }));
    customer = await arrive(browser, demo, request);
    const { page, at } = customer;
    await at('sign-in-user').waitFor();
    await page.getByText('Palm Cover would like to see some of your insurance information').waitFor();
    await customer.signIn(user);
    await at('second-factor').waitFor();
    await customer.decideInApp();
    await at('approve').waitFor();
    await shoot(page, 'insurance-review');
    await assertAccessible(page, 'insurance review');
    await assertFits(page, 'insurance review');
    const running = user.policies.filter(({ status }) => RUNNING.includes(status));
    const ended = user.policies.filter(({ status }) => !RUNNING.includes(status));
    assert.deepEqual((await offered()).toSorted(), user.policies.map(({ id }) => id).toSorted());
    for (const { id } of running) assert.ok(await at(`policy-${id}`).isVisible());
    for (const { id } of ended) assert.ok(!(await at(`policy-${id}`).isVisible()));
    for (const sector of SECTORS) {
        await at(`sector-${sector}`).locator('summary').click();
        assert.equal(await at(`sector-${sector}`).getByTestId('permission-group').count(), RIGHTS.length);
    }
    await assertAccessible(page, 'insurance permissions');
    await shoot(page, 'insurance-review-permissions');

    await at('approve').click();
    await at('review-error').waitFor();
    const [first, second] = running;
    await at(`policy-${first.id}`).check();
    await at(`policy-${second.id}`).check();
    await at('approve').click();
    const { code, state, error } = await customer.back();
    assert.ok(code && state && !error);
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), ['PATCH Authorized', 'doConfirm']);
    assert.deepEqual(kept.findings, []);
    assert.equal(kept.consent.status, 'Authorized');
    assert.deepEqual(kept.consent.insurancePolicyIds.toSorted(), [first.id, second.id].toSorted());
    assert.deepEqual(kept.consent.psuIdentifiers, { userId: user.userId });
    const patch = kept.exchanges.find(({ method }) => method === 'PATCH');
    assert.equal(JSON.parse(patch.requestBody).accountIds, undefined);
    assert.deepEqual(customer.complaints, []);
});

test('by keyboard alone, in Arabic: a policy that has ended is chosen', async () => {
    const user = policyholder('imran');
    const [expired] = user.policies.filter(({ status }) => status === 'Expired');
    const request = await review('imran', undefined, { locale: 'ar-AE' });
    const { page, at } = customer;
    assert.equal(await page.locator('html').getAttribute('dir'), 'rtl');
    await shoot(page, 'insurance-review-ar');
    await assertAccessible(page, 'insurance review in Arabic');
    await assertFits(page, 'insurance review in Arabic');
    const tabTo = async (test) => {
        for (let presses = 0; presses < 80; presses++) {
            await page.keyboard.press('Tab');
            if (await page.evaluate(test)) return;
        }
        assert.fail(`not reached by keyboard: ${test}`);
    };
    await tabTo("document.activeElement.matches('.ended summary')");
    await page.keyboard.press('Enter');
    await tabTo(`document.activeElement.value === ${JSON.stringify(expired.id)}`);
    await page.keyboard.press('Space');
    await tabTo("document.activeElement.dataset.testid === 'approve'");
    assert.ok(await at(`policy-${expired.id}`).isChecked());
    await page.keyboard.press('Enter');
    assert.ok((await customer.back()).code);
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(kept.consent.insurancePolicyIds, [expired.id]);
    assert.deepEqual(customer.complaints, []);
});

test('only kinds of insurance that were asked for are offered, in that order', async () => {
    const user = policyholder('imran');
    await review('imran', terms(['Travel', 'Home'], ['ReadInsurancePolicies', 'ReadInsurancePremium']));
    const of = (type) => user.policies.filter((policy) => policy.type === type).map(({ id }) => id);
    assert.deepEqual(await offered(), [...of('Travel'), ...of('Home')]);
    assert.ok(await customer.at('permission-Travel-ReadInsurancePremium').isVisible());
    assert.equal(await customer.at('permission-group').count(), 4);
});

test('all policies of the customer have ended: they are unfolded, and can be shared', async () => {
    const { users } = providerOf(demo, PROVIDER);
    const user = users.find(({ policies }) => policies?.length > 0 && policies.every(({ status }) => !RUNNING.includes(status)));
    const request = await review(user.login);
    const [{ id }] = user.policies;
    await customer.at(`policy-${id}`).check();
    await shoot(customer.page, 'insurance-review-ended');
    await customer.at('approve').click();
    await customer.back();
    assert.deepEqual((await consentAtHub(demo, request.consentId)).consent.insurancePolicyIds, [id]);
});

test('130 policies: found by number, counted, all chosen at once', async () => {
    const { users } = providerOf(demo, PROVIDER);
    const user = users.find(({ policies }) => policies?.length >= 130);
    const request = await review(user.login, terms(['Travel']));
    const { at, page } = customer;
    const count = (await offered()).length;
    await at('review-search').fill('no such policy');
    await page.getByText('No policy fits your search.').waitFor();
    await at('review-search').fill('');
    await at('review-all').check();
    await page.getByText(`${count} of ${count} selected`).waitFor();
    await shoot(page, 'insurance-review-many');
    await at('approve').click();
    await customer.back();
    assert.equal((await consentAtHub(demo, request.consentId)).consent.insurancePolicyIds.length, count);
});

test('a policy made of a quote is offered with the others, in the group of those that run', async () => {
    const user = policyholder('marek');
    const hub = new HubClient(demo, PROVIDER);
    const { id, issued } = await startPolicy(hub, 'Travel', user.emiratesId);
    await issued();
    hub.close();
    const request = await review('marek', terms(['Travel']));
    const { at, page } = customer;
    assert.ok((await offered()).includes(id));
    assert.ok(await at(`policy-${id}`).isVisible());
    await shoot(page, 'insurance-review-quoted');
    await at(`policy-${id}`).check();
    await at('approve').click();
    await customer.back();
    assert.deepEqual((await consentAtHub(demo, request.consentId)).consent.insurancePolicyIds, [id]);
    const other = await review('noura.falahi', terms(['Travel', 'Motor']));
    assert.ok(!(await offered()).includes(id));
    await customer.at('cancel').click();
    await customer.back();
    assert.deepEqual(changes(await consentAtHub(demo, other.consentId)).slice(0, 1), ['PATCH Rejected']);
});

for (const [what, login, sectors] of [
    ['no policy at all', 'rasha', SECTORS],
    ['no policy of the kind asked for', 'marek', ['Life']],
]) {
    test(`${what}: PATCH Rejected, then doFail user_lacks_eligible_policies`, async () => {
        const request = await ask(terms(sectors));
        customer = await arrive(browser, demo, request);
        await customer.signIn(policyholder(login));
        await customer.at('second-factor').waitFor();
        await customer.decideInApp();
        await customer.at('refused-title').waitFor();
        await shoot(customer.page, 'insurance-no-policies');
        const { error, error_description: description } = await customer.back();
        assert.deepEqual([error, description], ['invalid_request', 'user_lacks_eligible_policies']);
        const kept = await consentAtHub(demo, request.consentId);
        assert.deepEqual(changes(kept), ['PATCH Rejected', 'doFail invalid_request user_lacks_eligible_policies']);
        assert.deepEqual(kept.findings, []);
    });
}

test('somebody else’s policy, one of a kind not asked for, or an account is refused; nothing is patched', async () => {
    const request = await review('imran', terms(['Motor']));
    const { page, context } = customer;
    const call = async (body) => {
        const { journey } = await (await context.request.post(`${demo.publicBaseUrl}/journey/state`, {
            data: {}, headers: { origin: demo.publicBaseUrl },
        })).json();
        const answer = await context.request.post(`${demo.publicBaseUrl}/journey/approve`, {
            data: { journey, ...body }, headers: { origin: demo.publicBaseUrl },
        });
        return [answer.status(), (await answer.json()).error];
    };
    const own = policyholder('imran').policies;
    const motor = own.find(({ type }) => type === 'Motor').id;
    const home = own.find(({ type }) => type === 'Home').id;
    const foreign = policyholder('noura.falahi').policies.find(({ type }) => type === 'Motor').id;
    for (const policyIds of [[foreign], [home], [motor, home], ['unknown']]) {
        assert.deepEqual(await call({ policyIds }), [400, 'JOURNEY-POLICIES'], `${policyIds}`);
    }
    assert.deepEqual(await call({}), [400, 'JOURNEY-BODY']);
    assert.deepEqual(await call({ policyIds: [motor], accountIds: ['a'] }), [400, 'JOURNEY-BODY']);
    assert.deepEqual(changes(await consentAtHub(demo, request.consentId)), []);
    await page.goto(`${demo.publicBaseUrl}/journey`);
    await customer.at(`policy-${motor}`).check();
    await customer.at('approve').click();
    await customer.back();
});

test('cancels: PATCH Rejected, then doFail user_rejected_consent', async () => {
    const request = await review('imran');
    await customer.at('cancel').click();
    assert.equal((await customer.back()).error_description, 'user_rejected_consent');
    assert.deepEqual(changes(await consentAtHub(demo, request.consentId)),
        ['PATCH Rejected', 'doFail access_denied user_rejected_consent']);
});

test('own consents: the policies, what is shared of them, and stopping it', async () => {
    const user = policyholder('noura.falahi');
    const motor = user.policies.filter(({ type }) => type === 'Motor').map(({ id }) => id);
    const request = await review(user.login, terms(['Motor'], RIGHTS, {
        OpenFinanceBilling: { Purpose: 'ClaimHistory' },
    }));
    for (const id of motor) {
        await customer.page.locator('.ended').evaluate((part) => { part.open = true; });
        await customer.at(`policy-${id}`).check();
    }
    await customer.at('approve').click();
    await customer.back();

    const { page, at } = customer;
    await signInAsCustomer(customer, demo, user, PROVIDER);
    for (const language of ['ar', 'en']) {
        await customer.context.addCookies([{ name: 'language', value: language, url: demo.publicBaseUrl }]);
        await page.goto(`${demo.publicBaseUrl}/consents`);
        await at(`cmi-consent-${request.consentId}`).waitFor();
        await assertAccessible(page, `own consents, ${language}`);
        await at(`cmi-consent-${request.consentId}`).click();
        await at('cmi-permissions').click();
        assert.equal(await at('cmi-policy').count(), motor.length);
        assert.equal(await at('permission-group').count(), RIGHTS.length);
        await assertAccessible(page, `own consent, ${language}`);
        for (const width of [1280, 768, 320]) {
            await page.setViewportSize({ width, height: 800 });
            await assertFits(page, `own consent, ${language} at ${width}`);
            await shoot(page, `insurance-own-consent-${language}-${width}`);
        }
        await at('cmi-back').click();
        await at(`cmi-consent-${request.consentId}`).waitFor();
        for (const width of [320, 768, 1280]) {
            await page.setViewportSize({ width, height: 800 });
            await assertFits(page, `own consents, ${language} at ${width}`);
            await shoot(page, `insurance-own-${language}-${width}`);
        }
        await at(`cmi-consent-${request.consentId}`).click();
        await at('cmi-permissions').click();
    }
    await page.getByText(`${motor.length} Policies Connected`).waitFor();
    await page.getByText('To look at the claims you have made').waitFor();
    await at('cmi-revoke').click();
    await page.getByText('will no longer receive data about your policies').waitFor();
    await at('cmi-revoke-confirm').click();
    await at('cmi-done').waitFor();
    const kept = await consentAtHub(demo, request.consentId);
    assert.equal(kept.consent.status, 'Revoked');
    assert.deepEqual(kept.findings, []);
    assert.deepEqual(customer.complaints, []);
});
