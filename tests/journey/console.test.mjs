// The operator's console in a browser: sign-in, what runs, the calls live, and the controls.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import AxeBuilder from '@axe-core/playwright';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { openBrowser, requestConsent } from './support.mjs';

const PROVIDER = 'dhowretail';
let demo;
let hub;
let browser;
let page;
let token;

before(async () => {
    [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
    hub = new HubClient(demo, PROVIDER);
    token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    page = await (await browser.newContext()).newPage();
});

after(async () => {
    hub?.close();
    await browser?.close();
    await demo?.stop();
});

const view = async (name) => {
    await page.getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
};
const rows = () => page.getByTestId('console-request');

/** A call with the cookie of this browser, from wherever `headers` say. */
async function byCookie(path, { method = 'GET', headers = {}, body } = {}) {
    const cookies = await page.context().cookies();
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const answer = await fetch(demo.adminBaseUrl + path, { method, headers: { cookie, ...headers }, body });
    return { status: answer.status, text: await answer.text() };
}

async function assertAccessible(what) {
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => [what, id, nodes[0].html]), []);
}

test('without the token nothing is shown, and a wrong one is told', async () => {
    await page.goto(demo.consoleUrl);
    const form = page.getByTestId('console-login');
    await form.waitFor();
    await assertAccessible('sign-in');
    await form.getByLabel('Operator’s token').fill('0123456789abcdef-wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: "This is not the operator's token." }).waitFor();
    assert.equal(await page.getByRole('navigation').isVisible(), false);
    for (const path of ['/operator/calls', '/operator/figures', '/operator/demonstration']) {
        assert.equal((await byCookie(path)).status, 401, path);
    }
});

test('after the sign-in it shows what runs, and what ends when', async () => {
    await page.getByLabel('Operator’s token').fill(token);
    await page.keyboard.press('Enter');
    await page.getByText('core dhowretail').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main', 'the keyboard goes on in what is shown');
    const certificates = page.getByTestId('console-certificate');
    assert.ok((await certificates.count()) >= 5);
    assert.match(await certificates.first().innerText(), /hubListener\.certificate/);
    const corporate = page.getByRole('row').filter({ hasText: 'dhowcorporate' }).first();
    assert.match(await corporate.innerText(), /access token[^]*client dhowcorporate[^]*client_secret_basic[^]*scope ozone-connect/);
    const retail = page.getByTestId('console-provider').filter({ hasText: 'dhowretail' });
    assert.match(await retail.innerText(), /on its pages[^]*insurance, quotes/); // not offered
    assert.match(await retail.innerText(), /v2\.1\s+log of payments v2\.1\s+log of quotes v2\.1/);
    const insurer = page.getByTestId('console-provider').filter({ hasText: 'dhowinsurance' });
    assert.match(await insurer.innerText(), /nothing/);
    assert.match(await page.getByTestId('console-provider').filter({ hasText: 'dhowlite' }).innerText(), /at CAAP/);
    await assertAccessible('overview');
    const [cookie] = await page.context().cookies();
    assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict']);
    assert.equal(await page.evaluate(() => document.cookie), '');
});

test('a call of the Hub appears by itself, with the check that refused it', async () => {
    await view('Calls');
    const { accountIds, userId } = hub.provider.users[0];
    await hub.get(`/accounts/${accountIds[0]}`, { userId });
    const withStatus = (status) => rows().filter({ has: page.getByRole('cell', { name: status, exact: true }) });
    await withStatus('200').filter({ hasText: 'findByAccountId' }).first().waitFor();
    await hub.get('/accounts/never-issued', { userId });
    const refused = withStatus('403').first();
    await refused.waitFor();
    assert.match(await refused.innerText(), /ACCOUNT-/);
    await assertAccessible('calls');
    await page.getByLabel('refused or failed only').check();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
    await refused.getByTitle('Only calls of this consent').click();
    assert.match(await page.getByLabel('Consent id').inputValue(), /^[0-9a-f-]{36}$/);
});

/** Tabs on until the control with this name has the keyboard, which must be seen there. */
async function tabTo(name) {
    for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab');
        const [at, outline] = await page.evaluate(() => {
            const { activeElement: one } = document;
            return [one.labels?.[0]?.innerText.trim() || one.innerText.trim(), parseFloat(getComputedStyle(one).outlineWidth)];
        });
        if (at.startsWith(name)) {
            assert.ok(outline >= 2, `${name}: no visible focus`);
            return;
        }
    }
    assert.fail(`no way by keyboard to ${name}`);
}
const hasFocus = (locator) => locator.evaluate((node) => node === document.activeElement);

test('calls are opened, walked and closed by keyboard alone', async () => {
    await page.reload();
    await rows().first().waitFor();
    for (const name of ['Overview', 'Calls', 'Consents', 'Controls', 'Logins', 'Operations', 'Reference', 'Sign out',
        'Direction', 'Provider', 'Interaction id', 'Consent id', 'refused or failed only', 'pause']) {
        await tabTo(name); // in the order in which they are seen
    }
    await page.keyboard.press('Space'); // no call comes between
    const heads = rows().locator('[aria-expanded]');
    await tabTo(await heads.first().innerText());
    assert.ok(await hasFocus(heads.first()));
    await page.keyboard.press('Enter');
    const opened = page.locator('.opened');
    await opened.getByText('Time (UTC)').waitFor();
    assert.equal(await heads.first().getAttribute('aria-expanded'), 'true');
    await opened.getByText('ACCOUNT-').first().waitFor();
    await assertAccessible('an open call');
    await page.keyboard.press('ArrowDown');
    assert.ok(await hasFocus(heads.nth(1)));
    await page.keyboard.press('ArrowUp');
    assert.ok(await hasFocus(heads.first()));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Escape');
    assert.equal(await opened.count(), 0);
    assert.ok(await hasFocus(heads.first()), 'back at the call that was open');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    assert.equal(await opened.count(), 0);
    await page.getByLabel('pause').uncheck();
});

test('many calls are read on, narrowed down and repeated', async () => {
    const { accountIds, userId } = hub.provider.users[0];
    for (let at = 0; at < 210; at++) {
        await hub.get(`/accounts/${accountIds[0]}`, { userId });
    }
    await page.getByRole('button', { name: 'Clear filters' }).click();
    assert.deepEqual([await page.getByLabel('Consent id').inputValue(), await page.getByLabel('refused or failed only').isChecked()], ['', false]);
    const older = page.getByRole('button', { name: 'Older calls' });
    await older.waitFor();
    assert.equal(await rows().count(), 200);
    await older.click();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length > 210);
    const numbers = await rows().evaluateAll((all) => all.map(({ dataset }) => Number(dataset.number)));
    assert.deepEqual(numbers, numbers.toSorted((a, b) => b - a));
    assert.equal(new Set(numbers).size, numbers.length);
    await page.getByLabel('Provider').selectOption('dhowbusiness');
    await page.getByText('No call yet that fits.').waitFor();
    assert.equal(await older.isVisible(), false);
    await page.getByLabel('Provider').selectOption('dhowretail');
    await page.getByLabel('Interaction id').fill('never-given'); // no key that ends it is needed
    await page.getByText('No call yet that fits.').waitFor();
    await page.getByLabel('Interaction id').fill('');
    await rows().first().waitFor();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await rows().filter({ hasText: 'findByAccountId' }).first().getByRole('button', { name: 'Copy as curl' }).click();
    await page.locator('#said').filter({ hasText: 'Command copied' }).waitFor();
    const ran = spawnSync('bash', ['-c', await page.evaluate(() => navigator.clipboard.readText())], { encoding: 'utf8' });
    assert.ok(JSON.parse(ran.stdout).data, ran.stderr);
});

test('speed and availability are those of this month, kept by the server', async () => {
    await view('Overview');
    const figure = page.getByTestId('console-figure').filter({ hasText: 'findByAccountId' });
    await figure.waitFor();
    assert.match(await figure.innerText(), /≤ [\d.]+ ms[^]*100\.00 %/);
    await assertAccessible('figures');
});

test('controls change what the next call gets', async () => {
    await view('Controls');
    await assertAccessible('controls');
    const override = page.getByTestId('console-override');
    await override.getByLabel('Operation').selectOption('findByAccountId');
    await override.getByLabel('Status').fill('503');
    await override.getByRole('button', { name: 'Add' }).click();
    await override.getByRole('cell', { name: 'findByAccountId' }).waitFor();
    const { accountIds, userId } = hub.provider.users[0];
    assert.equal((await hub.get(`/accounts/${accountIds[0]}`, { userId })).status, 503);
    assert.equal((await hub.get(`/accounts/${accountIds[0]}`, { userId })).status, 200);
    const clock = page.getByTestId('console-clock');
    await clock.getByRole('button', { name: '+1 day' }).click();
    await clock.getByText('moved by 86400 s').waitFor();
    await clock.getByRole('button', { name: 'Back to' }).click();
    await clock.getByText('as the system does').waitFor();
    await page.getByLabel('Account id').fill('never-issued');
    await page.getByRole('button', { name: 'Show', exact: true }).first().click();
    await page.getByRole('alert').waitFor();
    const [question] = await Promise.all([
        page.waitForEvent('dialog').then(async (dialog) => {
            await dialog.dismiss();
            return dialog.message();
        }),
        page.getByRole('button', { name: 'Reset this provider' }).click(),
    ]);
    assert.match(question, /^Reset dhowretail\?/);
    assert.equal(await page.locator('#said').filter({ hasText: 'Reset' }).count(), 0);
});

test('controls are worked by keyboard alone', async () => {
    await page.locator('#main').focus();
    await tabTo('Seconds ahead');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('60');
    await page.keyboard.press('Enter');
    await page.getByText('moved by 60 s').waitFor();
    await tabTo('Set');
    await tabTo('+1 day');
    await tabTo('Back to the system');
    await page.keyboard.press('Enter');
    await page.getByText('as the system does').waitFor();
    await tabTo('Provider');
    await tabTo('Operation');
    await page.keyboard.type('findBalancesByAccountId');
    for (const name of ['Status', 'Delay, ms', 'Times', 'end the connection', 'Add']) {
        await tabTo(name);
    }
    await page.keyboard.press('Enter');
    const override = page.getByTestId('console-override');
    await override.getByRole('cell', { name: 'findBalancesByAccountId' }).waitFor();
    assert.ok(await hasFocus(override.getByRole('button', { name: 'Add' })));
    await tabTo('Forget all');
    await page.keyboard.press('Enter');
    await override.getByText('No override waits for a reply.').waitFor();
    for (const name of ['Provider', 'Account id', 'Show', 'Status', 'Credit block', 'Set', 'Show the newest', 'Show', 'Reset this provider']) {
        await tabTo(name);
    }
});

test('consents are counted by version, type, TPP and state', async () => {
    const made = [await requestConsent(demo), await requestConsent(demo)];
    await view('Consents');
    await page.getByRole('button', { name: 'Count' }).click();
    const row = page.getByTestId('console-consents-row');
    await row.first().waitFor();
    assert.match(await page.getByTestId('console-consents-sum').innerText(), /^\d+ active, 0 of them of an older version; \d+ created from /);
    const { consent } = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${made[0].consentId}`)).json();
    const words = await row.filter({ hasText: consent.tpp.tppName }).innerText();
    assert.match(words, /^v2\.1\s+data sharing\s/);
    assert.ok(Number(words.match(/AwaitingAuthorization (\d+)/)[1]) >= made.length);
    await assertAccessible('consents');
    await page.getByLabel('Created from').fill('2999-01-01');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'createdFrom is after createdTo' }).waitFor();
});

test('logins are found by situation, operations by provider', async () => {
    await view('Logins');
    await page.getByLabel('Search').fill('barred retail');
    const places = page.getByTestId('console-place');
    assert.match(await places.first().innerText(), /hamdan/);
    await assertAccessible('logins');
    await view('Operations');
    await page.getByRole('cell', { name: '/accounts/{accountId}/balances' }).waitFor();
    const operation = (name) => page.getByTestId('console-operation').filter({ hasText: name });
    assert.match(await operation('CreateMotorInsuranceQuoteOperation').innerText(), /not by this core/);
    assert.match(await operation('caapFindAccounts').innerText(), /by where customers decide/);
    assert.match(await operation('findBalancesByAccountId').innerText(), /yes/);
    await page.getByLabel('offered only').check();
    await operation('CreateMotorInsuranceQuoteOperation').waitFor({ state: 'hidden' });
    await page.getByLabel('Search').fill('GET balances');
    await page.getByText(/^1 of \d+$/).waitFor();
    await assertAccessible('operations');
});

test('a sample is sent as the Hub, and copied as a command that runs', async () => {
    const row = page.getByTestId('console-operation').filter({ hasText: 'findBalancesByAccountId' });
    await row.getByRole('button', { name: 'Send as Hub' }).click();
    const answer = page.getByTestId('console-answer');
    await answer.getByText('"CreditDebitIndicator"', { exact: false }).or(answer.getByText('accountId', { exact: false })).first().waitFor();
    assert.match(await answer.innerText(), /^200/);
    await assertAccessible('answer');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await row.getByRole('button', { name: 'Copy as curl' }).click();
    await page.locator('#said').filter({ hasText: 'curl command copied' }).waitFor({ state: 'attached' });
    const command = await page.evaluate(() => navigator.clipboard.readText());
    const ran = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
    assert.ok(JSON.parse(ran.stdout).data, ran.stderr);
});

test('the reference unfolds to schemas and examples, and is downloaded', async () => {
    await view('Reference');
    await page.getByLabel('Search').fill('balances');
    const operation = page.getByTestId('console-reference-operation');
    await operation.locator('summary').first().press('Enter');
    await operation.getByText('Example from the demonstration').waitFor();
    assert.match(await operation.locator('pre').innerText(), /"data"/);
    await assertAccessible('reference');
    const save = async (name) => {
        const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
        return readFileSync(await download.path(), 'utf8');
    };
    assert.ok(JSON.parse(await save('Download JSON')).paths['/accounts']);
    assert.match(await save('Download YAML'), /^openapi: "?3\.0/);
    assert.ok(JSON.parse(await save('Collection (Postman, Bruno)')).item.length >= 6);
    assert.match(await save('Collection (.http)'), /^GET \{\{baseUrl\}\}\/customer$/m);
});

test('a narrow window stacks the rows, and scrolls nothing sideways', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    for (const name of ['Overview', 'Calls', 'Consents', 'Controls', 'Logins', 'Operations', 'Reference']) {
        await view(name);
        if (name === 'Calls') {
            await rows().first().waitFor();
        }
        const wide = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll('.card')]
            .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map((one) => one.innerText.slice(0, 200)));
        assert.deepEqual(wide, [], name);
        const covered = await page.locator('td[data-label]').evaluateAll((all) =>
            all.filter((cell) => parseFloat(getComputedStyle(cell).paddingInlineStart) < 100).map((cell) => cell.dataset.label));
        assert.deepEqual(covered, [], `${name}: a label is beside what it names`);
        await assertAccessible(`${name}, narrow`);
    }
    await view('Calls');
    const cell = rows().first().getByRole('cell').nth(1);
    assert.equal(await cell.evaluate((node) => getComputedStyle(node, '::before').content), '"Direction"');
});

test('the session counts on the own page only, and ends', async () => {
    const evil = { origin: 'http://evil.example' };
    const body = JSON.stringify({ offsetSeconds: 1 });
    assert.equal((await byCookie('/operator/clock')).status, 200);
    assert.equal((await byCookie('/operator/clock', { headers: { 'sec-fetch-site': 'cross-site' } })).status, 403);
    for (const headers of [evil, {}, { origin: demo.hub.baseUrl }]) {
        const refused = await byCookie('/operator/clock', { method: 'PUT', headers, body });
        assert.equal(refused.status, 403, refused.text);
    }
    const send = JSON.stringify({ providerId: PROVIDER, method: 'GET', path: '/hello' });
    assert.equal((await byCookie('/operator/send', { method: 'POST', headers: evil, body: send })).status, 403);
    const session = { method: 'POST', body: JSON.stringify({ token }) };
    assert.equal((await byCookie('/operator/session', { ...session, headers: evil })).status, 403);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByTestId('console-login').waitFor();
    assert.equal((await byCookie('/operator/clock')).status, 401);
    assert.ok(!demo.readLog('server.log').includes(token));
});

test('an address that is not there answers with a page that leads on', async () => {
    const answer = await page.goto(`${demo.adminBaseUrl}/nothing/here`);
    assert.equal(answer.status(), 404);
    await page.getByRole('link', { name: 'The console' }).click();
    await page.getByTestId('console-login').waitFor();
});
