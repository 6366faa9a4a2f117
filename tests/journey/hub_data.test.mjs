// Everything that a consent shares, as the TPP app shows it: lists, terms, sealed rates, errors.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CompactEncrypt } from 'jose';
import { startPages } from './hub_pages.mjs';

const CODE = '042917';
const PERMISSIONS = [
    'ReadAccountsBasic',
    'ReadBalances',
    'ReadTransactionsBasic',
    'ReadStatements',
    'ReadStandingOrdersBasic',
    'ReadDirectDebits',
    'ReadScheduledPaymentsBasic',
    'ReadBeneficiariesBasic',
    'ReadProduct',
    'ReadProductFinanceRates',
    'ReadPartyUser',
    'ReadParty',
];

let pages, sealed;
before(async () => {
    sealed = await seal({ RateType: 'FixedProfit', Rate: 3.49, Notes: 'Agreed <i>once</i>' });
    pages = await startPages(answer);
});
after(() => pages?.stop());

/** As a bank seals rates with a one-time code; fewer rounds than prescribed, the test is in a hurry. */
function seal(rates, seconds = 1800) {
    const now = Math.floor(Date.now() / 1000);
    const payload = { FinanceRates: rates, iat: now, exp: now + seconds };
    return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(payload)))
        .setProtectedHeader({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', kid: 'OneTimeCode' })
        .setKeyManagementParameters({ p2c: 2000 })
        .encrypt(new TextEncoder().encode(CODE));
}

// ---- what the bank holds -----------------------------------------------------------------------

const AED = (amount) => ({ amount, currency: 'AED' });
const PascalAED = (Amount) => ({ Amount, Currency: 'AED' });
const balance = (Amount) => ({ CreditDebitIndicator: 'Credit', Amount: PascalAED(Amount) });

function statement(month) {
    return {
        StatementId: `s${month}`,
        StatementDate: `2026-0${month + 1}-01`,
        OpeningDate: `2026-0${month}-01`,
        ClosingDate: `2026-0${month}-28`,
        OpeningBalance: balance('100.00'),
        ClosingBalance: balance('12345678.5'),
        Summary: [
            {
                CreditDebitIndicator: 'Debit',
                TransactionType: 'POS',
                SubTransactionType: 'Purchase',
                Amount: PascalAED('1234.5'),
                Count: 7,
            },
        ],
    };
}

const CUSTOMER = {
    id: 'c1',
    customerCategory: 'Retail',
    verifiedClaims: [
        {
            verification: { trustFramework: 'FI' },
            claims: {
                identityType: 'Person',
                fullName: 'Layla Hassan Alfalan',
                givenName: 'Layla',
                familyName: 'Alfalan',
                emiratesId: '784-1990-0000000-1',
                emiratesIdExpiryDate: '2031-05-14',
                residentialAddress: {
                    addressType: 'Residential',
                    addressLine: ['1 Sample Street'],
                    country: 'AE',
                    countrySubDivision: 'RasAlKhaimah',
                },
            },
        },
    ],
};

const lists = {
    '/accounts': [{ id: 'first', status: 'Active', accountSubType: 'CurrentAccount' }],
    '/accounts/first/balances': [
        {
            accountId: 'first',
            balanceType: 'InterimAvailable',
            creditDebitIndicator: 'Credit',
            amount: AED('10.00'),
            timestamp: '2026-10-31T09:00:00Z',
        },
    ],
    '/accounts/first/transactions': [],
    '/accounts/first/standing-orders': [
        {
            accountId: 'first',
            standingOrderId: 'o1',
            frequency: 'IntervalMonthDay:1:27',
            firstPaymentDateTime: '2025-01-27T08:00:00+04:00',
            firstPaymentAmount: AED('4500.00'),
            standingOrderStatusCode: 'Active',
            accountHolderName: 'Sample Landlord',
        },
    ],
    '/accounts/first/direct-debits': [
        {
            accountId: 'first',
            directDebitId: 'd1',
            mandateIdentification: 'm1',
            directDebitStatusCode: 'Inactive',
            name: 'Example Water',
            frequency: 'HalfYearly',
        },
    ],
    '/accounts/first/beneficiaries': [
        {
            accountId: 'first',
            beneficiaryId: 'b1',
            beneficiaryType: 'NotActivated',
            addedViaOF: true,
            accountHolderName: 'Saif Almathal',
            creditorAccount: [{ schemeName: 'IBAN', identification: 'AE070999123456789012345' }],
        },
    ],
    '/accounts/first/customer': [{ ...CUSTOMER, customerType: 'Joint', accountRole: 'SecondaryOwner' }],
};

function product() {
    return {
        AccountId: 'first',
        IsSecured: false,
        Tenor: { OriginalTenor: 'P3Y6M' },
        Charges: [
            {
                Name: 'Monthly fee',
                Description: 'Each month',
                Type: 'MonthlyFees',
                Charge: [{ Amount: PascalAED('25.00') }],
            },
        ],
        FinanceRates: sealed,
    };
}

let products = () => ({ status: 200, body: { data: [product()], meta: { totalPages: 1, totalRecords: 1 } } });

function answer({ pathname, searchParams }) {
    if (pathname === '/accounts/first/products') {
        return products();
    }
    if (pathname === '/accounts/first/statements') {
        const all = [6, 5, 4].map(statement);
        const from = searchParams.get('fromStatementDate') ?? '';
        const Statements = all.filter(({ StatementDate }) => StatementDate >= from);
        const data = { AccountId: 'first', AccountSubType: 'CurrentAccount', Statements };
        const meta = { paginated: true, totalPages: 1, totalRecords: Statements.length };
        return { status: 200, body: { data, meta } };
    }
    if (pathname === '/accounts/first') {
        return { status: 200, body: { data: lists['/accounts'][0], meta: {} } };
    }
    if (pathname === '/customer') {
        return { status: 200, body: { data: CUSTOMER, meta: {} } };
    }
    const data = lists[pathname];
    return data
        ? { status: 200, body: { data, meta: { totalPages: 1, totalRecords: data.length } } }
        : { status: 501, body: { errorMessage: 'Not implemented.' } };
}

async function openData(width) {
    const options = { permissions: PERMISSIONS, accountIds: ['first'] };
    const { page, location, consentId } = await pages.share('Authorized', { ...options, width });
    await page.goto(location);
    await page.getByTestId('tpp-customer-record').first().waitFor();
    return { page, consentId, panel: page.getByTestId('tpp-panel') };
}

// ---- the tabs ----------------------------------------------------------------------------------

test('each permitted resource has a tab and is readable', async () => {
    const { page, panel, consentId } = await openData(1000);
    const shows = async (tab, ...texts) => {
        await page.getByTestId(`tpp-tab-${tab}`).click();
        for (const text of texts) {
            await panel.getByText(text).first().waitFor();
        }
        await pages.check(page, `data-${tab}`);
    };
    await shows('transactions', 'No transactions.');
    await shows('balances', 'Interim available', 'AED 10.00');
    await shows('statements', '1 June 2026 to 28 June 2026', 'AED 12,345,678.50', '−AED 1,234.50');
    await shows('standing-orders', 'Sample Landlord', 'every month, on day 27');
    await shows('direct-debits', 'Example Water', 'never collected');
    await shows('beneficiaries', 'AE07 0999 1234 5678 9012 345', 'added by an app');
    await shows('products', '3 years 6 months', 'Monthly fee', 'AED 25.00');
    await shows('customer', 'Layla Hassan Alfalan', 'Joint · Secondary owner · Retail');
    assert.equal(await panel.getByText('Ras Al Khaimah').count(), 0, 'ReadParty covers the name alone');
    await page.getByTestId('tpp-customer').getByText('Ras Al Khaimah').waitFor();
    await shows('details', 'Current account');
    await shows('scheduled-payments', '500'); // a bank that does not offer it
    assert.deepEqual(page.problems, []);
    assert.deepEqual(await pages.hub.findings(consentId), []);
    await page.context().close();
});

test('tabs move by the arrow keys', async () => {
    const { page } = await openData();
    await page.getByTestId('tpp-tab-transactions').focus();
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.getByTestId('tpp-tab-balances').getAttribute('aria-selected'), 'true');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await page.getByTestId('tpp-tab-details').getAttribute('aria-selected'), 'true');
    await page.context().close();
});

test('statements are narrowed by date, on a narrow screen too', async () => {
    const { page, panel } = await openData(320);
    await page.getByTestId('tpp-tab-statements').click();
    await panel.getByRole('heading', { name: '1 April 2026 to 28 April 2026' }).waitFor();
    await panel.getByLabel('From').fill('2026-06-01');
    await page.getByTestId('tpp-filter').click();
    await panel.getByRole('heading', { name: '1 April 2026 to 28 April 2026' }).waitFor({ state: 'detached' });
    await panel.getByRole('heading', { name: '1 May 2026 to 28 May 2026' }).waitFor();
    await pages.finish(page, 'data-narrow');
});

test('the whole last day is meant by a filter on transactions', async () => {
    const { page, panel } = await openData();
    await panel.getByLabel('From').fill('2026-01-01');
    await panel.getByLabel('To').fill('2026-01-31');
    const asked = page.waitForRequest((request) => request.postData()?.includes('toBookingDateTime'));
    await page.getByTestId('tpp-filter').click();
    const { query } = (await asked).postDataJSON();
    const sent = new URLSearchParams(query);
    assert.equal(sent.get('fromBookingDateTime'), '2026-01-01T00:00:00');
    assert.equal(sent.get('toBookingDateTime'), '2026-01-31T23:59:59.999');
    await page.context().close();
});

// ---- sealed rates ------------------------------------------------------------------------------

test('sealed rates open with the code of the customer only', async () => {
    const { page, panel } = await openData();
    await page.getByTestId('tpp-tab-products').click();
    await page.getByTestId('tpp-rates-code').fill('111111');
    await page.getByTestId('tpp-rates-open').click();
    await panel.getByText('This code does not open them.').waitFor();
    await page.getByTestId('tpp-rates-code').fill(CODE);
    await page.getByTestId('tpp-rates-open').click();
    await panel.getByText('3.49 %').waitFor();
    await panel.getByText('Agreed <i>once</i>').waitFor();
    assert.deepEqual(page.problems, []);
    await pages.finish(page, 'data-rates');
});

test('rates that have expired stay closed', async () => {
    sealed = await seal({ RateType: 'FixedProfit', Rate: 3.49 }, -1);
    const { page, panel } = await openData();
    await page.getByTestId('tpp-tab-products').click();
    await page.getByTestId('tpp-rates-code').fill(CODE);
    await page.getByTestId('tpp-rates-open').click();
    await panel.getByText('The code has expired').waitFor();
    await page.context().close();
});

test('a pause that the bank asks for is shown', async () => {
    products = () => ({ status: 429, body: '', headers: { 'retry-after': '47' } });
    const { page, panel } = await openData();
    await page.getByTestId('tpp-tab-products').click();
    await panel.getByText('Try again in 47 seconds.').waitFor();
    await pages.finish(page, 'data-pause');
});

test('a consent that is not there is said to be so', async () => {
    const page = await pages.open('/data.html?consent=nothing');
    await page.getByTestId('tpp-not-ours').waitFor();
    await pages.finish(page, 'data-unknown');
});
