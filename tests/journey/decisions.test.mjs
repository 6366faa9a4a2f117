// A customer decides: approve, cancel, twice, going back, in two tabs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, assertFits, browser, demo, useDemo } from '../support/suite.mjs';
import {
    arrive, changes, consentAtHub, requestConsent, shoot, terms, userOf,
} from './support.mjs';
import { testClients } from './tpp_clients.mjs';

let customer;

useDemo();

async function assertFine(page, name) {
    await assertAccessible(page, name);
    await assertFits(page, name);
}

for (const providerId of ['dhowretail', 'dhowbusiness']) {
    test(`approves at ${providerId}: one PATCH, then one doConfirm, then back untouched`, async () => {
        const user = userOf(demo, { providerId, accounts: 2 });
        const request = await requestConsent(demo, { providerId });
        customer = await arrive(browser, demo, request);
        const { page, at } = customer;
        await at('sign-in-user').waitFor();
        await shoot(page, `${providerId}-sign-in`);
        await assertFine(page, 'sign-in');
        await customer.signIn(user);
        await at('second-factor').waitFor();
        await shoot(page, `${providerId}-second-factor`);
        await assertFine(page, 'second factor');
        await customer.decideInApp();
        await at('approve').waitFor();
        await shoot(page, `${providerId}-review`);
        await assertFine(page, 'review');
        assert.equal(await at('permission-group').count(), 3);
        const offered = await page.locator('input[name=account]').evaluateAll((all) => all.map((one) => one.value));
        assert.ok(offered.length > 0);
        assert.ok(offered.every((id) => user.accountIds.includes(id)), `offered ${offered}`);

        await at('approve').click();
        await at('review-error').waitFor();
        await at(`account-${offered[0]}`).check();
        await at('approve').click();
        const { code, state, error } = await customer.back();
        assert.ok(code && state && !error);
        const kept = await consentAtHub(demo, request.consentId);
        assert.deepEqual(changes(kept), ['PATCH Authorized', 'doConfirm']);
        assert.deepEqual(kept.findings, []);
        assert.equal(kept.consent.status, 'Authorized');
        assert.deepEqual(kept.consent.accountIds, [offered[0]]);
        assert.deepEqual(kept.consent.psuIdentifiers, { userId: user.userId });
        assert.equal(kept.consent.authorizationChannel, 'Web');
        assert.deepEqual(customer.complaints, []);
    });
}

test('cancels: PATCH Rejected, then doFail user_rejected_consent', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await customer.toReview(userOf(demo));
    await customer.at('cancel').click();
    assert.equal((await customer.back()).error_description, 'user_rejected_consent');
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), ['PATCH Rejected', 'doFail access_denied user_rejected_consent']);
    assert.deepEqual(kept.findings, []);
});

test('leaves before signing in: no PATCH', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await customer.at('leave').click();
    assert.equal((await customer.back()).error_description, 'user_failed_to_authenticate');
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), ['doFail access_denied user_failed_to_authenticate']);
    assert.deepEqual(kept.findings, []);
});

test('a double submit is one PATCH and one doConfirm, with one redirect', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    const user = userOf(demo);
    await customer.toReview(user);
    const views = await customer.page.evaluate(async (accountId) => {
        const state = await (await fetch('/journey/state', {
            method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}',
        })).json();
        const submit = async () => (await fetch('/journey/approve', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ journey: state.journey, accountIds: [accountId] }),
        })).json();
        const together = await Promise.all(Array.from({ length: 6 }, submit));
        return [...together, await submit()];
    }, await customer.page.locator('input[name=account]').first().inputValue());
    const redirects = views.filter(({ view }) => view === 'redirect').map(({ redirect }) => redirect);
    assert.ok(redirects.length >= 2, JSON.stringify(views));
    assert.equal(new Set(redirects).size, 1);
    assert.ok(views.every(({ view }) => view === 'redirect' || view === 'working'));
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), ['PATCH Authorized', 'doConfirm']);
    assert.deepEqual(kept.findings, []);
});

test('back and reload go on with the journey; the Hub is asked once', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    const { page, at } = customer;
    await customer.toReview(userOf(demo));
    await page.goto(request.authorizeUrl);
    await at('approve').waitFor();
    await page.reload();
    await at('approve').waitFor();
    await page.locator('input[name=account]').first().check();
    await at('approve').click();
    const { code } = await customer.back();
    await page.goBack();
    await page.getByRole('heading', { name: 'This request is finished' }).waitFor();
    await shoot(page, 'ended');
    await page.goto(request.authorizeUrl);
    await page.getByRole('link', { name: 'Go back' }).click();
    assert.equal((await customer.back()).code, code);
    const kept = await consentAtHub(demo, request.consentId);
    assert.equal(kept.exchanges.filter(({ path }) => path.endsWith('/auth')).length, 1);
    assert.deepEqual(changes(kept), ['PATCH Authorized', 'doConfirm']);
    assert.deepEqual(kept.findings, []);
});

test('a cookie that was changed opens nothing', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    const { page, context, at } = customer;
    await customer.toReview(userOf(demo));
    const cookie = (await context.cookies()).find(({ name }) => name === 'journey');
    assert.ok(cookie.httpOnly && cookie.sameSite === 'Lax');
    const flipped = cookie.value.at(-1) === 'A' ? 'B' : 'A';
    await context.addCookies([{ ...cookie, value: cookie.value.slice(0, -1) + flipped }]);
    await page.locator('input[name=account]').first().check();
    await at('approve').click();
    assert.equal(await at('error-title').textContent(), 'There is nothing to decide here');
    await shoot(page, 'error-session');
    assert.deepEqual(changes(await consentAtHub(demo, request.consentId)), []);
});

test('two requests in one browser: only the newest can be decided', async () => {
    const first = await requestConsent(demo);
    customer = await arrive(browser, demo, first);
    await customer.toReview(userOf(demo));
    const second = await requestConsent(demo);
    const other = await customer.context.newPage();
    await other.goto(second.authorizeUrl);
    await other.getByTestId('sign-in-user').waitFor();
    await customer.page.locator('input[name=account]').first().check();
    await customer.at('approve').click();
    assert.equal(await customer.at('error-title').textContent(), 'Another request is open');
    assert.deepEqual(changes(await consentAtHub(demo, first.consentId)), []);
    assert.deepEqual(changes(await consentAtHub(demo, second.consentId)), []);
});

test('names whom the TPP acts for, and offers only the account types asked for', async () => {
    const consent = terms({
        OnBehalfOf: { TradingName: 'Marigold <b>Lending</b>' },
        AccountSubType: ['Mortgage'],
        FromDate: '2025-01-01',
    });
    const request = await requestConsent(demo, { consent });
    customer = await arrive(browser, demo, request);
    await customer.toReview(userOf(demo, { login: 'hessa' }));
    assert.equal(await customer.at('consent-tpp').textContent(), 'Marigold <b>Lending</b>');
    assert.equal(await customer.page.locator('input[name=account]').count(), 1);
    assert.match(await customer.at('consent-expiry').textContent(), /^\d{1,2} \w+ 20\d\d \(in \d+ months\)$/);
    await shoot(customer.page, 'review-on-behalf-of');
});

test('works by keyboard alone', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request, { viewport: { width: 320, height: 640 } });
    const { page, at } = customer;
    const user = userOf(demo);
    await at('sign-in-user').waitFor();
    await page.keyboard.type(user.login);
    await page.keyboard.press('Tab');
    await page.keyboard.type(user.password);
    await page.keyboard.press('Enter');
    await customer.decideInApp();
    await at('approve').waitFor();
    await assertFine(page, 'review at 320 px');
    const focused = () => page.evaluate(() => document.activeElement?.dataset?.testid ?? '');
    for (let i = 0; i < 20 && !(await focused()).startsWith('account-'); i++) {
        await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Space');
    for (let i = 0; i < 20 && (await focused()) !== 'approve'; i++) {
        await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    assert.ok((await customer.back()).code);
});

test('all that the page loads for signing in is below 60 KB and ours', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await customer.at('sign-in-user').waitFor();
    const loaded = await customer.page.evaluate(() =>
        performance.getEntriesByType('resource').map(({ name, decodedBodySize }) => [name, decodedBodySize]));
    const bytes = loaded.reduce((sum, [, size]) => sum + size, 0);
    assert.ok(bytes > 5_000 && bytes < 60_000, `${bytes} bytes`);
    assert.ok(loaded.every(([name]) => name.startsWith(demo.publicBaseUrl)));
});

testClients(() => ({ demo, browser }));
