// The TPP app of the Hub simulator in a browser, with a bank that is played by the test.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import { Bank, startFakeBank, startHub } from '../contract/hub_support.mjs';
import { BUILD_DIR } from '../support/demo.mjs';

const PICTURES = join(process.env.LFI_OUTPUT_DIR ?? BUILD_DIR, 'screenshots');
const CHROMIUM = {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
    ],
};
const TRANSACTIONS = 60;

let hub, bank, fake, browser;
before(async () => {
    hub = await startHub();
    bank = new Bank(hub);
    fake = await startFakeBank(hub);
    fake.answer = answer;
    browser = await chromium.launch(CHROMIUM);
    mkdirSync(PICTURES, { recursive: true });
});
after(async () => {
    await browser?.close();
    bank?.close();
    await fake?.stop();
    await hub?.stop();
});

// ---- what the bank holds -----------------------------------------------------------------------

function accountOf(id, accountSubType, identification) {
    return { id, status: 'Active', accountSubType, accountNumbers: [{ schemeName: 'IBAN', identification }] };
}

function transaction(number) {
    const at = new Date(Date.UTC(2026, 9, 31) - number * 7 * 3600_000).toISOString();
    return {
        accountId: 'first',
        transactionId: `t${number}`,
        transactionDateTime: at,
        bookingDateTime: at,
        transactionType: number % 3 ? 'POS' : 'LocalBankTransfer',
        subTransactionType: number % 3 ? 'Purchase' : 'MoneyTransfer',
        creditDebitIndicator: number % 7 ? 'Debit' : 'Credit',
        status: 'Booked',
        transactionInformation: `Entry <b>${number}</b>`,
        amount: { amount: `${1000 + number}.5`, currency: 'AED' },
    };
}

function answer({ pathname, searchParams }) {
    const page = Number(searchParams.get('page'));
    const size = Number(searchParams.get('page-size'));
    const all = Array.from({ length: TRANSACTIONS }, (_, i) => transaction(i));
    const meta = { totalPages: Math.ceil(all.length / size), totalRecords: all.length };
    const bodies = {
        '/accounts': {
            data: [
                accountOf('first', 'CurrentAccount', 'AE070999123456789012345'),
                accountOf('second', 'Savings', 'AE070999123456789012346'),
            ],
            meta: { totalPages: 1, totalRecords: 2 },
        },
        '/accounts/first/balances': {
            data: [
                {
                    accountId: 'first',
                    balanceType: 'InterimAvailable',
                    creditDebitIndicator: 'Debit',
                    amount: { amount: '1234567.8', currency: 'AED' },
                    timestamp: '2026-10-31T09:00:00Z',
                },
            ],
            meta: { totalPages: 1, totalRecords: 1 },
        },
        '/accounts/first/transactions': {
            data: all.slice((page - 1) * size, page * size),
            meta: { ...meta, paginated: true },
        },
    };
    const body = bodies[pathname];
    if (body) {
        return { status: 200, body };
    }
    return { status: 403, body: { errorCode: 'GenericError', errorMessage: 'Not <i>today</i>.' } };
}

// ---- helpers -----------------------------------------------------------------------------------

async function openPage(url, { width = 390, colorScheme = 'light' } = {}) {
    const context = await browser.newContext({ viewport: { width, height: 844 }, colorScheme });
    const page = await context.newPage();
    page.problems = [];
    page.on('pageerror', (error) => page.problems.push(error.message));
    page.on('console', (message) => message.type() === 'error' && page.problems.push(message.text()));
    await page.goto(url);
    return page;
}

async function finish(page, name) {
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes[0].html]), []);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} pixels too wide`);
    await page.screenshot({ path: join(PICTURES, `tpp-${name}.png`), fullPage: true });
    await page.context().close();
}

async function decided(status, ending) {
    const consent = await hub.newConsent({
        consent: { Permissions: ['ReadAccountsBasic', 'ReadBalances', 'ReadTransactionsBasic'] },
    });
    const interactionId = await bank.begin(consent);
    await bank.decide(consent, status, { accountIds: ['first', 'second'] });
    const how = ending ? 'doFail' : 'doConfirm';
    return (await bank.end(consent, interactionId, how, ending)).headers.location;
}

// ---- the pages ---------------------------------------------------------------------------------

test('the form makes the consent that was asked for and goes to the bank', async () => {
    const page = await openPage(hub.url);
    await page.getByText('Dune Ledger').click();
    assert.ok(await page.getByTestId('tpp-provider-dhowbusiness').isChecked());
    await page.getByLabel('Balances').uncheck();
    await page.getByLabel('Saved payees').check();
    await page.getByLabel('For how long?').selectOption('30');
    await page.route('http://bank.test/**', (route) => route.fulfill({ body: 'the bank' }));
    await page.getByTestId('tpp-submit').click();
    await page.waitForURL('http://bank.test/**');

    const consentId = await latestConsent('dhowbusiness');
    const { consent } = await hub.consent(consentId);
    const { Permissions, ExpirationDateTime } = consent.consentBody.Data;
    assert.equal(consent.tpp.tppName, 'Dune Ledger');
    assert.ok(!Permissions.includes('ReadBalances'));
    assert.ok(Permissions.includes('ReadBeneficiariesDetail'));
    const days = (Date.parse(ExpirationDateTime) - Date.now()) / 86_400_000;
    assert.ok(Math.abs(days - 30) < 0.1);
    // The browser hands the bank exactly the query that the Hub expects.
    const query = page.url().split(/\?(.*)/s)[1];
    await bank.begin({ query, providerId: 'dhowbusiness' });
    assert.deepEqual(await hub.findings(consentId), []);
    await page.context().close();
});

async function latestConsent(provider) {
    const { json } = await bank.consents('GET', '/consents?pageSize=1', { provider });
    return json.data[0].id;
}

test('a form without a permission stays and says so', async () => {
    const page = await openPage(hub.url);
    for (const name of ['Accounts', 'Balances', 'Transactions']) {
        await page.getByRole('checkbox', { name }).first().uncheck();
    }
    await page.getByTestId('tpp-submit').click();
    await page.getByRole('alert').waitFor();
    assert.deepEqual(page.problems, []);
    await finish(page, 'no-permission');
});

test('shared data is shown, page by page', async () => {
    const page = await openPage(await decided('Authorized'));
    const card = page.getByTestId('tpp-account-first');
    await card.getByText('−AED 1,234,567.80').waitFor();
    assert.ok(await card.getByText('AE07 0999 1234 5678 9012 345').isVisible());
    await page.getByTestId('tpp-account-second').getByText('Balance not shared').waitFor();
    await page.getByText('Entry <b>0</b>').waitFor();
    assert.ok(await page.getByText('+AED 1,000.50').isVisible());
    assert.ok(await page.getByTestId('tpp-newer').isDisabled());
    await page.getByTestId('tpp-older').click();
    await page.getByText('Page 2 of 3 · 60 in all').waitFor();
    await page.getByTestId('tpp-older').click();
    await page.getByText('Entry <b>59</b>').waitFor();
    assert.ok(await page.getByTestId('tpp-older').isDisabled());
    await page.getByTestId('tpp-account-second').click();
    await page.getByText('Not <i>today</i>.').waitFor();
    assert.deepEqual(page.problems, []);
    await finish(page, 'connected');
});

test('a refusal is explained', async () => {
    const ending = { error: 'access_denied', error_description: 'user_rejected_consent' };
    const page = await openPage(await decided('Rejected', ending));
    await page.getByText('You declined at your bank.').waitFor();
    assert.equal(await page.getByTestId('tpp-error').textContent(), 'access_denied');
    assert.deepEqual(page.problems, []);
    await finish(page, 'refused');
});

for (const [name, options] of Object.entries({
    phone: {},
    narrow: { width: 320 },
    desktop: { width: 1280 },
    dark: { colorScheme: 'dark' },
})) {
    test(`the start page is accessible: ${name}`, async () => {
        const page = await openPage(hub.url, options);
        await page.getByText('Personal').waitFor();
        assert.deepEqual(page.problems, []);
        await finish(page, `start-${name}`);
    });
}
