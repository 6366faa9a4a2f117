// What customers meet beside the straight way: no connection, no scripts, no session, large text,
// forced colours, less motion, many accounts, accounts of others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, assertFits, browser, demo, useDemo } from '../support/suite.mjs';
import { arrive, requestConsent, shoot, terms, until, userOf } from './support.mjs';

let customer;

useDemo();

test('without a connection the waiting page says so, and goes on afterwards', async () => {
    customer = await arrive(browser, demo, await requestConsent(demo));
    const { page, at, context } = customer;
    await customer.signIn(userOf(demo, { login: 'idris' }));
    await at('second-factor').waitFor();
    await context.setOffline(true);
    await at('offline').waitFor();
    await shoot(page, 'offline-waiting');
    await at('leave').click();
    await at('error-title').waitFor();
    assert.ok(await page.locator('svg.sign').isVisible(), 'the picture needs no connection');
    assert.equal(await page.locator('#view img').count(), 0);
    await context.setOffline(false);
    await page.getByRole('button', { name: 'Try again' }).click();
    await at('second-factor').waitFor();
    await context.setOffline(true);
    await at('offline').waitFor();
    await context.setOffline(false);
    await at('offline').waitFor({ state: 'detached' });
});

test('a bank that is busy for a moment costs the customer a moment, not the step', async () => {
    customer = await arrive(browser, demo, await requestConsent(demo));
    const { page, at } = customer;
    let asked = 0;
    await page.route('**/journey/sign-in', (route) => (asked++ < 2
        ? route.fulfill({ status: 503, json: { view: 'error', error: 'PROVIDER-BUSY' } })
        : route.continue()));
    await customer.signIn(userOf(demo, { login: 'gulzar' }));
    await at('second-factor').waitFor();
    assert.equal(asked, 3);
});

test('without scripts every page says what it needs, and nothing turns for ever', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    for (const path of ['/journey', '/phone', '/consents', '/passkeys', '/bank-app']) {
        await page.goto(demo.publicBaseUrl + path);
        assert.ok(await page.locator('#view noscript p').isVisible(), path);
        assert.ok(!(await page.locator('.waiting').isVisible()), path);
    }
    await page.goto(`${demo.publicBaseUrl}/`);
    assert.ok(await page.getByTestId('start-own').isVisible());
    await context.close();
});

test('every address has a way on', async () => {
    const context = await browser.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    for (const path of ['/foo', '/authorize', '/login', '/authorize/dhowretail', '/journey', '/phone#nothing']) {
        await page.goto(demo.publicBaseUrl + path);
        await page.getByTestId('error-start').waitFor();
        const reference = page.locator('.reference');
        assert.ok((await reference.count()) === 0 || !(await reference.isVisible()) || /[0-9a-f]{8}-/.test(await reference.textContent()), path);
        assert.ok(path !== '/journey' || !(await page.locator('.steps').isVisible()), 'no step was made');
        await assertAccessible(page, path);
    }
    await page.getByTestId('error-start').click();
    await page.getByTestId('start-dhowbusiness').click();
    await page.getByTestId('segment').waitFor();
    assert.equal(await page.getByTestId('segment').textContent(), 'Business banking');
    await context.clearCookies();
    await page.goto(`${demo.publicBaseUrl}/`);
    await page.goto(`${demo.publicBaseUrl}/consents#nobody`);
    await page.getByTestId('provider-dhowretail').waitFor();
    await context.close();
});

test('less motion, forced colours and text of twice the size', async () => {
    customer = await arrive(browser, demo, await requestConsent(demo), { reducedMotion: 'reduce', forcedColors: 'active' });
    const { page, at } = customer;
    await customer.signIn(userOf(demo, { login: 'leonie' }));
    await at('second-factor').waitFor();
    const animation = await page.locator('.waiting').evaluate((one) => getComputedStyle(one, '::before').animationName);
    assert.equal(animation, 'none');
    await customer.decideInApp();
    await at('approve').waitFor();
    const look = (testid) => at(testid).evaluate((one) => getComputedStyle(one).backgroundColor);
    assert.notEqual(await look('approve'), await look('cancel'), 'the main button can be told');
    assert.equal(await page.locator('.card').evaluate((one) => getComputedStyle(one).borderTopWidth), '1px');
    await shoot(page, 'forced-colours');
    await page.emulateMedia({ forcedColors: 'none' });
    await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
    await assertFits(page, 'text of twice the size');
    const lines = await page.locator('.bank').evaluate((one) => one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight));
    assert.ok(lines < 2.5, `the bank's name takes ${lines} lines`);
    const { width, height } = await page.locator('.mark').boundingBox();
    assert.equal(width, height, 'the logo is not squeezed');
    await shoot(page, 'text-200');
});

test('130 accounts: found by name or number, counted, and the decision always in reach', async () => {
    customer = await arrive(browser, demo, await requestConsent(demo));
    const { page, at } = customer;
    await customer.toReview(userOf(demo, { login: 'esra' }));
    assert.equal(await page.locator('input[name=account]').count(), 130);
    const inView = (locator) => locator.evaluate((one) => {
        const { top, bottom } = one.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
    });
    assert.ok(await inView(at('approve')) && await inView(at('cancel')));
    assert.equal(await at('permissions').getAttribute('open'), null, 'folded below many accounts');
    const last = page.locator('label.account').last();
    const number = (await last.locator('.number').textContent()).slice(-6);
    await at('review-search').fill(`${number.slice(0, 3)} ${number.slice(3)}`);
    await until(async () => (await page.locator('label.account:visible').count()) === 1, 'one fits');
    await page.locator('label.account:visible').click();
    await at('review-search').fill('');
    assert.equal(await at('review-count').textContent(), '1 of 130 selected');
    await at('review-search').fill('no such account');
    await page.getByText('No account fits').waitFor();
    await assertAccessible(page, 'nothing found');
    await at('approve').click();
    assert.ok((await customer.back()).code);
});

// Who looks, what is said above the accounts, and what on them.
for (const [providerId, login, above, chips] of [
    ['dhowretail', 'leonie', 'Your accounts', ['Joint', 'On behalf of Nia Brancourt Asantewo']],
    ['dhowretail', 'rami', 'Your accounts', ['On behalf of Zubaida Omar Tahnouni']],
    ['dhowbusiness', 'siraj.attorney', 'Accounts of Siraj & Daughters Lighting Trading LLC', []],
]) {
    test(`whose accounts: ${login}`, async () => {
        customer = await arrive(browser, demo, await requestConsent(demo, { providerId }));
        const { page } = customer;
        await customer.toReview(userOf(demo, { providerId, login }));
        assert.equal(await page.locator('legend').textContent(), above);
        assert.deepEqual((await page.locator('.chip').allTextContents()).map((text) => text.replace(/[\u2066-\u2069]/g, '')), chips);
        assert.match(await page.locator('.account .number').first().textContent(), /^AE\d{21}$/);
        assert.match(await page.locator('.balance').first().textContent(), /^Balance AED\s[\d,]+\.\d\d$/);
    });
}

test('accounts that cannot be shared are listed with the reason', async () => {
    customer = await arrive(browser, demo, await requestConsent(demo, { providerId: 'dhowbusiness' }));
    const { page, at } = customer;
    await customer.toReview(userOf(demo, { providerId: 'dhowbusiness', login: 'harf' }));
    await at('unavailable').locator('summary').click();
    const reasons = (await at('unavailable-account').allTextContents()).join('\n');
    for (const words of [/Suspended: its data cannot be read/, /Closed: /, /Unclaimed: /, /Holder deceased: /]) {
        assert.match(reasons, words);
    }
    await assertAccessible(page, 'unavailable');
    await customer.close();
    customer = await arrive(browser, demo, await requestConsent(demo, { consent: terms({ AccountSubType: ['Mortgage'] }) }));
    await customer.toReview(userOf(demo, { login: 'hessa' }));
    await customer.at('unavailable').locator('summary').click();
    assert.match(await customer.at('unavailable-account').first().textContent(), /Karak Money did not ask for accounts of this kind/);
});

test('current accounts come first, then savings, cards and finance', async () => {
    customer = await arrive(browser, demo, await requestConsent(demo));
    await customer.toReview(userOf(demo, { login: 'hessa' }));
    const kinds = await customer.page.locator('.account .about').evaluateAll((all) =>
        all.map((one) => ['Current account', 'Savings account', 'Credit card', 'Mortgage', 'Finance'].findIndex((kind) => one.textContent.includes(kind))));
    assert.deepEqual(kinds, [...kinds].sort());
    assert.ok(new Set(kinds).size > 1);
});

test('the scheme is named above every page and in the main button, and the TPP when leaving', async () => {
    customer = await arrive(browser, demo, await requestConsent(demo));
    const { page, at } = customer;
    await customer.toReview(userOf(demo));
    assert.ok(await page.locator('.scheme img').evaluate((image) => image.complete && image.naturalWidth > 0));
    assert.ok(await at('approve').locator('img').evaluate((image) => image.complete && image.naturalWidth > 0));
    assert.match(await page.getByRole('heading', { level: 1 }).textContent(), /^Choose the accounts to share with Karak Money$/);
    assert.equal((await at('gist').textContent()).replaceAll('\u00a0', ' '), 'Account details · Balances · Transactions');
    const order = await page.evaluate(() => ['.account', '[data-testid=permissions]', '[data-testid=consent-expiry]', '[data-testid=approve]']
        .map((one) => [...document.querySelectorAll('*')].indexOf(document.querySelector(one))));
    assert.deepEqual(order, [...order].sort((a, b) => a - b));
    await page.route(/tpp\/callback/, (route) => route.fulfill({ status: 204 })); // stays here
    await page.locator('input[name=account]').first().check();
    await at('approve').click();
    await at('leaving-title').waitFor();
    assert.equal(await at('leaving-title').textContent(), 'Taking you back to Karak Money…');
    assert.equal(await page.locator('[aria-current=step]').textContent(), 'Complete');
    await page.getByText('Do not close this window').waitFor();
    for (const path of ['/consents', '/nothing', '/', '/passkeys']) {
        await page.goto(demo.publicBaseUrl + path);
        await page.locator('.scheme img').waitFor(); // where there is no session, of the page that follows
    }
});
