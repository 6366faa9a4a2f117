// The TPP app of the Hub simulator in a browser, with a bank that is played by the test.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startPages } from './hub_pages.mjs';

const TRANSACTIONS = 60;

let pages, hub, bank;
before(async () => {
    pages = await startPages(answer);
    ({ hub, bank } = pages);
});
after(() => pages?.stop());

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

const openPage = (...args) => pages.open(...args);
const finish = (...args) => pages.finish(...args);

const PERMISSIONS = ['ReadAccountsDetail', 'ReadBalances', 'ReadTransactionsBasic'];

/** The app's page after the customer has decided. */
async function decided(status, ending) {
    const { page, location } = await pages.share(status, { permissions: PERMISSIONS, ending });
    await page.goto(location);
    return page;
}

// ---- the pages ---------------------------------------------------------------------------------

test('the form makes the consent that was asked for and goes to the bank', async () => {
    const page = await openPage('/connect.html');
    await page.getByText('Dune Ledger').click();
    assert.ok(await page.getByTestId('tpp-provider-dhowbusiness').isChecked());
    await page.getByRole('checkbox', { name: /^Balances/ }).uncheck();
    await page.getByRole('checkbox', { name: /^Saved payees/ }).check();
    await page.getByLabel('For how long?').selectOption('30');
    await pages.stay(page);
    await page.getByRole('button', { name: 'Continue with AlTareq' }).click();
    await page.getByRole('heading', { name: 'We are taking you to Dhow Bank' }).waitFor();
    assert.ok(await page.getByText('brings you back to Dune Ledger').isVisible());
    assert.equal(await currentStep(page), 'Authorize');
    const address = await pages.pressLeave(page);
    await pages.check(page, 'leaving');

    const consentId = await latestConsent('dhowbusiness');
    const { consent } = await hub.consent(consentId);
    const { Permissions, ExpirationDateTime } = consent.consentBody.Data;
    assert.equal(consent.tpp.tppName, 'Dune Ledger');
    assert.ok(!Permissions.includes('ReadBalances'));
    assert.ok(Permissions.includes('ReadBeneficiariesDetail'));
    const days = (Date.parse(ExpirationDateTime) - Date.now()) / 86_400_000;
    assert.ok(Math.abs(days - 30) < 0.1);
    // The browser hands the bank exactly the query that the Hub expects.
    const query = address.split(/\?(.*)/s)[1];
    await bank.begin({ query, providerId: 'dhowbusiness' });
    assert.deepEqual(await hub.findings(consentId), []);
    await page.context().close();
});

const currentStep = (page) => page.locator('.steps [aria-current="step"]').textContent();

test('the way back from the bank leads to the form', async () => {
    const page = await openPage('/connect.html');
    await pages.stay(page);
    assert.equal(await currentStep(page), 'Consent');
    await page.getByTestId('tpp-submit').click();
    await pages.pressLeave(page);
    await page.route('http://bank.test/**', (route) => route.fulfill({ body: 'the bank' }));
    await page.getByTestId('tpp-leave').click();
    await page.waitForURL('http://bank.test/**');
    await page.goBack();
    await page.getByTestId('tpp-submit').waitFor();
    assert.ok(await page.getByTestId('tpp-submit').isEnabled());
    assert.equal(await currentStep(page), 'Consent');
    await page.context().close();
});

async function latestConsent(provider) {
    const { json } = await bank.consents('GET', '/consents?pageSize=1', { provider });
    return json.data[0].id;
}

test('the form asks for everything that a consent can hold', async () => {
    const page = await openPage('/connect.html');
    const base = await hub.newConsent();
    await page.getByText('Choose single permissions').click();
    for (const box of await page.locator('input[name="permission"]').all()) {
        await box.check();
    }
    await page.getByRole('checkbox', { name: 'ReadConsents' }).uncheck();
    await page.getByText('More of what a TPP may ask').click();
    await page.getByRole('checkbox', { name: 'Retail' }).check();
    await page.getByRole('checkbox', { name: 'Credit card' }).check();
    await page.getByLabel('From').fill('2026-01-01');
    await page.getByLabel('Trading name').fill('Sample Trading');
    await page.getByLabel('Identifier').fill('S-1');
    await page.getByLabel('Continues the consent').fill(base.consentId);
    await page.getByLabel('For how long?').selectOption('date');
    const lastDay = new Date(Date.now() + 100 * 86_400_000).toISOString().slice(0, 10);
    await page.getByLabel('Last day').fill(lastDay);
    await pages.check(page, 'form-all');
    await page.route('http://bank.test/**', (route) => route.fulfill({ body: 'the bank' }));
    await page.getByTestId('tpp-submit').click();
    await page.waitForURL('http://bank.test/**');

    const { consent } = await hub.consent(await latestConsent('dhowretail'));
    const { Permissions, ...terms } = consent.request.consent;
    assert.equal(Permissions.length, 20);
    assert.deepEqual(terms.AccountType, ['Retail']);
    assert.deepEqual(terms.AccountSubType, ['CreditCard']);
    assert.equal(terms.FromDate, '2026-01-01');
    assert.equal(terms.ToDate, undefined);
    assert.equal(terms.BaseConsentId, base.consentId);
    assert.equal(consent.consentGroupId, base.consentId);
    assert.equal(terms.ExpirationDateTime, `${lastDay}T23:59:59+04:00`);
    const behalf = { TradingName: 'Sample Trading', IdentifierType: 'Other', Identifier: 'S-1' };
    assert.deepEqual(terms.OnBehalfOf, behalf);
    await page.context().close();
});

test('recent journeys lead to their inspector', async () => {
    const { page, location, consentId } = await pages.share('Authorized', { permissions: ['ReadAccountsBasic'] });
    await page.goto(location);
    await page.getByTestId('tpp-agreed').waitFor();
    await page.goto(`${hub.url}/connect.html`);
    await page.getByRole('link', { name: /^Shared data of Karak Money/ }).waitFor();
    await page.getByRole('link', { name: /^Inspect the journey of Karak Money/ }).first().click();
    await page.waitForURL(`**/inspector.html?consent=${consentId}`);
    await page.context().close();
});

test('a form without a permission stays and says so', async () => {
    const page = await openPage('/connect.html');
    for (const name of [/^Accounts/, /^Balances/, /^Transactions/]) {
        await page.getByRole('checkbox', { name }).uncheck();
    }
    await page.getByTestId('tpp-submit').click();
    await page.getByRole('alert').waitFor();
    assert.deepEqual(page.problems, []);
    await finish(page, 'no-permission');
});

test('shared data is shown, page by page', async () => {
    const page = await decided('Authorized');
    const card = page.getByTestId('tpp-account-first');
    await card.getByText('−AED 1,234,567.80').waitFor();
    assert.ok(await card.getByText('AE07 0999 1234 5678 9012 345').isVisible());
    await page.getByTestId('tpp-account-second').getByText('Balance not shared').waitFor();
    await page.getByText('Entry <b>0</b>').waitFor();
    assert.ok(await page.getByText('+AED 1,000.50').isVisible());
    assert.ok(await page.getByTestId('tpp-newer').isDisabled());
    await page.getByTestId('tpp-older').click();
    for (const number of [2, 3, 4, 5]) {
        await page.getByText(`Page ${number} of 6`).waitFor();
        await page.getByTestId('tpp-older').click();
    }
    await page.getByText('Entry <b>59</b>').waitFor();
    assert.ok(await page.getByTestId('tpp-older').isDisabled());
    await page.getByTestId('tpp-account-second').click();
    await page.getByText('Not <i>today</i>.').waitFor();
    assert.deepEqual(page.problems, []);
    await finish(page, 'connected');
});

test('what was agreed and how to end it stand before the data', async () => {
    const { page, location, consentId } = await pages.share('Authorized', { permissions: PERMISSIONS });
    await page.goto(location);
    await page.getByText('Entry <b>0</b>').waitFor();
    const agreed = page.getByTestId('tpp-agreed');
    const text = await agreed.innerText();
    const { consent } = await hub.consent(consentId);
    const until = new Date(consent.consentBody.Data.ExpirationDateTime);
    const day = until.toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'Asia/Dubai' });
    const expected = ['Karak Money', 'Balances', 'Transactions', day, consentId];
    for (const words of [...expected, 'Current account · AE07 0999 1234 5678 9012 345', 'Savings · AE07']) {
        assert.ok(text.includes(words), `${words} in ${text}`);
    }
    assert.ok(!text.includes('Saved payees'));
    const tops = await page
        .locator('#connected > h1, [data-testid="tpp-agreed"], [data-testid="tpp-end"], .accounts, [data-testid="tpp-panel"]')
        .evaluateAll((nodes) => nodes.map((node) => node.getBoundingClientRect().top));
    assert.equal(tops.length, 5);
    assert.deepEqual(tops, [...tops].sort((a, b) => a - b));
    assert.equal(await currentStep(page), 'Complete');
    await finish(page, 'agreed');
});

test('a consent that was revoked is not said to be running', async () => {
    const { page, ...consent } = await pages.share('Authorized', { permissions: ['ReadAccountsBasic'] });
    await page.goto(consent.location);
    await page.getByTestId('tpp-end').waitFor();
    const json = { revokedBy: 'LFI.InitiatedByUser', revokedByPsu: { userId: 'user-1' } };
    await bank.consents('POST', `/consents/${consent.consentId}/action/revoke`, { json });
    await page.goto(`${hub.url}/data.html?consent=${consent.consentId}`);
    await page.getByTestId('tpp-agreed').waitFor();
    assert.equal(await page.getByTestId('tpp-end').count(), 0);
    await page.getByText('This consent is not in force: Revoked.').waitFor();
    await finish(page, 'revoked');
});

test('a scripted consent is no consent of the app', async () => {
    const { location, consentId } = await pages.decide('Authorized', { permissions: PERMISSIONS });
    const page = await openPage(location);
    await page.getByRole('heading', { name: 'A script asked for this consent' }).waitFor();
    await pages.check(page, 'scripted');
    const calls = [];
    page.on('request', (request) => calls.push(new URL(request.url()).pathname));
    await page.goto(`${hub.url}/data.html?consent=${consentId}`);
    const card = page.getByTestId('tpp-not-ours');
    assert.equal(await card.getByRole('link').getAttribute('href'), `/inspector.html?consent=${consentId}`);
    await page.getByTestId('recent-choice').waitFor();
    assert.deepEqual(calls.filter((path) => path.startsWith('/sim/')), []);
    assert.deepEqual(page.problems, []);
    await finish(page, 'not-ours');
});

test('a refusal is explained', async () => {
    const ending = { error: 'access_denied', error_description: 'user_rejected_consent' };
    const page = await decided('Rejected', ending);
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
    test(`the form is accessible: ${name}`, async () => {
        const page = await openPage('/connect.html', options);
        await page.getByText('Personal').waitFor();
        assert.deepEqual(page.problems, []);
        await finish(page, `form-${name}`);
    });
}
