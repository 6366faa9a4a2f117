// The list of known places: it is what the data gives, and the running bank shows at each place
// what the list says. Every login is used.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeProtectedHeader } from 'jose';
import { HubClient } from '../support/client.mjs';
import { Customer, newConsent } from '../support/customer.mjs';
import { BUILD_DIR, ROOT, startDemo } from '../support/demo.mjs';
import { BankClock } from '../support/operator.mjs';
import { consentToPolicies } from '../support/policies.mjs';
import { Bank } from './hub_support.mjs';
import { isDecided, STEERED, steered } from './places_steered.mjs';

const FIXTURES = join(ROOT, 'fixtures');
const TEMPORARY = [403, 'Consent.AccountTemporarilyBlocked'];
const PERMANENT = [403, 'Consent.PermanentAccountAccessFailure'];
const TWO_YEARS_AGO = '2024-06-30'; // before the anchor of the data

let demo;
let banks; // by segment
let bankAtHub;

const list = (...options) =>
    execFileSync(join(BUILD_DIR, 'bin/lfi-fixtures'), ['places', '--from', FIXTURES, ...options], {
        encoding: 'utf8',
        maxBuffer: 1 << 24,
    });
const everything = JSON.parse(list('--json'));
const AT_CAAP = 'lite';
// The rows of the payment tables are visited on a clock that a test moves: unit.test_payments_rails.
const places = everything.filter(({ segment }) => segment);

before(async () => {
    demo = await startDemo();
    banks = Object.fromEntries(
        demo.providers.map((provider) => [
            provider.segment,
            { ...provider, client: new HubClient(demo, provider.providerId) },
        ]),
    );
    Object.assign(steered, { demo, banks, clock: new BankClock(demo) });
    const base = { base: demo.portBase, config: { https: { clientCa: demo.ozoneConnect.caFile } } };
    bankAtHub = new Bank(base, { who: demo.bank });
});

after(async () => {
    Object.values(banks).forEach(({ client }) => client.close());
    bankAtHub?.close();
    await demo?.stop();
});

/* --- asking ----------------------------------------------------------------------------------- */

const resource = (name) => (name ? `/${name}` : '');

function get({ segment, userId, id }, name, { query, ...more } = {}) {
    const paged = name ? { page: 1, 'page-size': 1000, ...query } : query;
    return banks[segment].client.get(`/accounts/${id}${resource(name)}`, {
        query: paged, userId, ...more,
    });
}

async function data(place, name, more) {
    const reply = await get(place, name, more);
    assert.equal(reply.status, 200, reply.text);
    return reply.json.data;
}

/** All records of a paged list. */
async function all(place, name = 'transactions', query = {}) {
    const records = [];
    for (let page = 1, last = 1; page <= last; page++) {
        const { json } = await get(place, name, { query: { page, ...query } });
        records.push(...(json.data.Statements ?? json.data));
        last = json.meta.totalPages;
    }
    return records;
}

async function listed({ segment, userId, id }) {
    const query = { accountIds: id, page: 1, 'page-size': 10 };
    const reply = await banks[segment].client.get('/accounts', { query, userId });
    return reply.status === 200 ? reply.json.data[0] : assertRefused(reply, PERMANENT);
}

async function askPayee({ segment, number, id }) {
    const { client } = banks[segment];
    return client.call('POST', '/customers/action/cop-query', {
        query: { page: 1, 'page-size': 10 },
        headers: { 'o3-consent-id': undefined, 'o3-psu-identifier': undefined },
        body: {
            data: {
                account: {
                    schemeName: 'IBAN',
                    identification: number ?? id,
                    name: { fullName: 'Somebody' },
                },
            },
        },
    });
}

async function openData({ segment }, path, query) {
    const headers = {
        'o3-consent-id': undefined,
        'o3-psu-identifier': undefined,
        'x-fapi-customer-ip-address': '192.0.2.7',
    };
    const reply = await banks[segment].client.get(path, { query, headers });
    assert.equal(reply.status, 200, reply.text);
    return reply.json.data;
}

function assertRefused(reply, [status, errorCode]) {
    assert.equal(reply.status, status, reply.text);
    assert.equal(reply.json.errorCode, errorCode);
}

/** A customer with a consent to decide on. */
async function journey({ segment }) {
    const { providerId } = banks[segment];
    const consent = await newConsent(demo, ['ReadAccountsBasic'], { providerId });
    const customer = await Customer.arrive(demo, consent);
    return { customer, consent };
}

async function review(place) {
    const { customer } = await journey(place);
    return customer.reachReview(place);
}

const SECTORS = ['Employment', 'Health', 'Home', 'Life', 'Motor', 'Renters', 'Travel'];

/** At the review of a consent to insurance of every type; the policies there, and the consent. */
async function offeredPolicies(place) {
    const { providerId } = banks[place.segment];
    const permissions = SECTORS.map((InsuranceType) =>
        ({ InsuranceType, Permissions: ['ReadInsurancePolicies'] }));
    const consent = await newConsent(demo, permissions, { providerId, type: 'insurance' });
    const customer = await Customer.arrive(demo, consent);
    const { policies } = await customer.reachReview(place);
    return { policies, consent };
}

const offersPolicy = (fits, least = 1) => async (place) => {
    const { policies } = await offeredPolicies(place);
    assert.ok(policies.filter(fits).length >= least, JSON.stringify(policies));
};
const offersSector = (name) => offersPolicy(({ sector }) => sector === name);

/** How the Hub was told that a journey ended. */
async function endOf({ consentId }) {
    const reply = await fetch(`${demo.hub.baseUrl}/sim/consents/${consentId}`);
    const { exchanges } = await reply.json();
    const { requestBody } = exchanges.find(({ path }) => path.endsWith('/doFail'));
    return Object.fromEntries(new URLSearchParams(requestBody));
}

/* --- what is to be seen ----------------------------------------------------------------------- */

const reads = (status) => async (place) => {
    assert.equal((await listed(place)).status, status);
    assert.equal((await data(place)).status, status);
    await data(place, 'transactions');
};

const isListedOnly = (status, refusal) => async (place) => {
    assert.equal((await listed(place)).status, status);
    for (const name of [undefined, 'balances', 'transactions', 'statements', 'customer']) {
        assertRefused(await get(place, name), refusal);
    }
};

const isHidden = async (place) => {
    const userId = place.userId ?? banks[place.segment].users[0].userId;
    await listed({ ...place, userId });
    assertRefused(await get({ ...place, userId }), PERMANENT);
    assertRefused(await get({ ...place, userId }, 'balances'), PERMANENT);
};

const isAccount = (fits) => async (place) => {
    const account = await data(place);
    assert.ok(fits(account), JSON.stringify(account));
};
const hasSubType = (subType, member) => async (place) => {
    await isAccount(({ accountSubType }) => accountSubType === subType)(place);
    const balances = await data(place, 'balances');
    assert.ok(!member || balances.some((balance) => balance[member]?.length > 0));
};
const hasCurrency = (currency, amount) => async (place) => {
    await isAccount((account) => account.currency === currency)(place);
    for (const entry of await all(place)) {
        assert.equal(entry.amount.currency, currency);
        assert.match(entry.amount.amount, amount);
    }
};

/** Some record, or with `count` so many records, of a list. */
const some = (name, fits, count = 1) => async (place) => {
    const found = (await all(place, name)).filter((record) => fits(record));
    assert.ok(found.length >= count, `${found.length} of ${name}`);
};
const none = (name) => async (place) => assert.deepEqual(await all(place, name), []);

const hasCustomer = (role, type) => some('customer', ({ accountRole, customerType }) =>
    (!role || accountRole === role) && (!type || customerType === type));

const balance = (type, direction) => async (place) => {
    const balances = await data(place, 'balances');
    const { creditDebitIndicator, amount } = balances.find(({ balanceType }) => balanceType === type);
    assert.equal(creditDebitIndicator, direction);
    return amount.amount;
};

const counts = (number) => async (place) => {
    const { json } = await get(place, 'transactions', { query: { 'page-size': 100 } });
    const { totalRecords, totalPages } = json.meta;
    assert.deepEqual([totalRecords, totalPages], [number, Math.ceil(number / 100)]);
};

const instants = async (place) => {
    const perInstant = new Map();
    for (const { bookingDateTime } of await all(place)) {
        perInstant.set(bookingDateTime, (perInstant.get(bookingDateTime) ?? 0) + 1);
    }
    assert.ok(Math.max(...perInstant.values()) >= 400);
};

const flag = (name) => some('transactions', ({ flags }) => flags?.includes(name));
const bookedAt = (text) =>
    some('transactions', ({ bookingDateTime }) => bookingDateTime.includes(text));
const amountOf = (text) => some('transactions', ({ amount }) => amount.amount === text);
const order = (frequency) => some('standing-orders', (one) => one.frequency.startsWith(frequency));
const payeeBy = (scheme) => some('beneficiaries', ({ creditorAccount }) =>
    creditorAccount?.some(({ schemeName }) => schemeName === scheme));

/** The account's products as a TPP gets them that may see finance rates. */
async function products(place) {
    const { providerId } = banks[place.segment];
    const permissions = ['ReadAccountsBasic', 'ReadProduct', 'ReadProductFinanceRates'];
    const { consentId } = await newConsent(demo, permissions, { providerId });
    return data(place, 'products', { consentId });
}
const product = (fits) => async (place) => {
    const found = await products(place);
    assert.equal(found.length, 1);
    assert.ok(fits(found[0]), JSON.stringify(found));
};

const nobody = async (place) => {
    const reply = await askPayee(place);
    assert.deepEqual([reply.status, reply.json.data], [200, []]);
};
const payees = (number, member) => async (place) => {
    const { status, json } = await askPayee(place);
    assert.equal(status, 200);
    assert.equal(json.data.length, number);
    assert.ok(json.data.every(({ verifiedClaims: [claim] }) => claim[member]));
};
const refusesPayee = (refusal) => async (place) => assertRefused(await askPayee(place), refusal);

const offer = (fits) => async (place) => {
    const brands = await openData(place, '/products', { page: 1, 'page-size': 1000 });
    const found = brands.flatMap((brand) => brand.Products).find((one) => one.ProductId === place.id);
    assert.ok(fits(found), JSON.stringify(found));
};
const category = (name) => offer((found) => found.ProductCategory === name);
const atm = (fits) => async (place) => {
    const found = (await openData(place, '/atm')).find(({ ATMId }) => ATMId === place.id);
    assert.ok(fits(found), JSON.stringify(found));
};

const actsAs = (role) => async (place) => {
    const { accountIds } = banks[place.segment].users.find(({ login }) => login === place.login);
    const { json } = await banks[place.segment].client.get('/customer', place);
    assert.ok(json.data.id);
    assert.ok((await review(place)).accounts.some(({ id }) => accountIds.includes(id)), role);
};

const isOpenedForNobody = async (place) => {
    const { AccountId } = await isDecided(place);
    const userId = place.userId ?? banks[place.segment].users[0].userId;
    assertRefused(await get({ ...place, userId, id: AccountId }), PERMANENT);
};

/** What the Hub gets of the premium of each of the customer's policies. */
async function premiums(place) {
    const { userId, policies } = banks[place.segment].users.find(({ login }) => login === place.login);
    const insurancePolicyIds = policies.map(({ id }) => id);
    const consentId = await consentToPolicies(demo, bankAtHub, { types: SECTORS, userId, insurancePolicyIds });
    return Promise.all(policies.map(async ({ type, id }) => {
        const path = `/${type.toLowerCase()}-insurance-policies/${id}`;
        const { status, text, json } = await banks[place.segment].client.get(path, { userId, consentId });
        assert.equal(status, 200, text);
        return json.data.Premium;
    }));
}
const hasPremium = (fits) => async (place) => {
    const found = await premiums(place);
    assert.ok(found.some(fits), JSON.stringify(found));
};

const VISITS = {
    'login-accounts': async (place) => assert.ok((await review(place)).accounts.length > 0),
    'login-no-accounts': async (place) => {
        const { customer, consent } = await journey(place);
        await customer.reachReview(place);
        const { error_description: why } = await endOf(consent);
        assert.equal(why, 'user_lacks_eligible_accounts');
    },
    'login-barred': async (place) => {
        const { customer, consent } = await journey(place);
        const wrong = await customer.signIn({ ...place, password: 'wrong' });
        assert.equal(wrong.view, 'sign-in');
        await customer.signIn(place);
        assert.equal((await endOf(consent)).error_description, 'user_account_blocked');
    },
    'login-130-accounts': async (place) => {
        const { accounts } = await review(place);
        assert.ok(accounts.length >= 130);
    },
    'login-attorney': actsAs('PowerOfAttorney'),
    'login-official': actsAs('SeniorManagingOfficial'),
    'login-administrator': actsAs('Administrator'),

    'policies': offersPolicy(() => true),
    'policies-every-type': async (place) => {
        const { policies } = await offeredPolicies(place);
        assert.deepEqual([...new Set(policies.map(({ sector }) => sector))], SECTORS);
    },
    'policies-employment': offersSector('Employment'),
    'policies-health': offersSector('Health'),
    'policies-home': offersSector('Home'),
    'policies-life': offersSector('Life'),
    'policies-motor': offersSector('Motor'),
    'policies-renters': offersSector('Renters'),
    'policies-travel': offersSector('Travel'),
    'policies-lapsed': offersPolicy(({ status }) => status === 'Lapsed'),
    'policies-cancelled': offersPolicy(({ status }) => status === 'Cancelled'),
    'policies-ended': async (place) => {
        const { policies } = await offeredPolicies(place);
        assert.ok(policies.length > 0 && policies.every(({ status }) =>
            ['Expired', 'Lapsed', 'Cancelled', 'Surrendered', 'Converted', 'DeathClaim', 'RiderClaim'].includes(status)));
    },
    'premium-clear': hasPremium((premium) => premium.TotalPremiumAmount?.Amount),
    'premium-encrypted': hasPremium((premium) =>
        typeof premium === 'string' && decodeProtectedHeader(premium).kid === 'OneTimeCode'),
    'policies-130': offersPolicy(() => true, 130),
    'policies-none': async (place) => {
        const { consent } = await offeredPolicies(place);
        assert.equal((await endOf(consent)).error_description, 'user_lacks_eligible_policies');
    },

    'status-active': reads('Active'),
    'status-inactive': reads('Inactive'),
    'status-dormant': reads('Dormant'),
    'status-suspended': isListedOnly('Suspended', TEMPORARY),
    'status-unclaimed': isListedOnly('Unclaimed', PERMANENT),
    'status-deceased': isListedOnly('Deceased', PERMANENT),
    'status-closed': isListedOnly('Closed', PERMANENT),
    'account-of-another': isHidden,
    'account-of-other-segment': isHidden,
    'account-never-issued': isHidden,
    'user-unknown': async ({ segment, id }) => {
        const [{ accountIds: [accountId] }] = banks[segment].users;
        const refusal = [400, 'Consent.InvalidUserIdentifier'];
        assertRefused(await get({ segment, userId: id, id: accountId }), refusal);
        assertRefused(await banks[segment].client.get('/customer', { userId: id }), refusal);
    },

    'current-account': hasSubType('CurrentAccount'),
    'savings': hasSubType('Savings'),
    'credit-card': hasSubType('CreditCard', 'creditLines'),
    'mortgage': hasSubType('Mortgage', 'components'),
    'finance': hasSubType('Finance', 'components'),
    'joint': some('customer', ({ customerType }) => customerType === 'Joint', 2),
    'minor': hasCustomer('CustodianForMinor'),
    'power-of-attorney': hasCustomer('PowerOfAttorney'),
    'successor': isListedOnly('Deceased', PERMANENT),
    'delegate': hasCustomer(undefined, 'Delegate'),
    'multi-auth': isAccount(({ multiAuth }) => multiAuth === true),
    'arabic': isAccount(({ accountHolderName }) => /[\u0600-\u06ff]/.test(accountHolderName)),
    'negative-balance': balance('InterimBooked', 'Debit'),
    'zero-balance': async (place) =>
        assert.match(await balance('InterimBooked', 'Credit')(place), /^0(\.0+)?$/),
    'negative-available': async (place) => {
        await balance('InterimBooked', 'Credit')(place);
        await balance('InterimAvailable', 'Debit')(place);
    },
    'over-limit': async (place) => {
        const owed = await balance('InterimBooked', 'Debit')(place);
        const lines = (await data(place, 'balances')).flatMap((one) => one.creditLines ?? []);
        const { amount } = lines.find(({ creditType }) => creditType === 'Credit');
        assert.ok(Number(owed) > Number(amount.amount));
    },
    'emergency-line': some('balances', ({ creditLines }) =>
        creditLines?.some(({ creditType }) => creditType === 'Emergency')),
    'usd': hasCurrency('USD', /^\d+\.\d\d$/),
    'eur': hasCurrency('EUR', /^\d+\.\d\d$/),
    'gbp': hasCurrency('GBP', /^\d+\.\d\d$/),
    'jpy': hasCurrency('JPY', /^\d+$/),
    'kwd': hasCurrency('KWD', /^\d+\.\d{3}$/),
    'bhd': hasCurrency('BHD', /^\d+\.\d{3}$/),
    'omr': hasCurrency('OMR', /^\d+\.\d{3}$/),

    'entries-0': counts(0),
    'entries-1': counts(1),
    'entries-99': counts(99),
    'entries-100': counts(100),
    'entries-101': counts(101),
    'entries-200': counts(200),
    'entries-12000': async (place) => assert.ok((await all(place)).length >= 12_000),
    'entries-100000': async (place) => {
        const query = { page: 1000, 'page-size': 100 };
        const { json } = await get(place, 'transactions', { query });
        assert.ok(json.meta.totalRecords >= 100_000);
        assert.equal(json.data.length, 100);
    },
    'one-instant': instants,
    'old-entries': async (place) => {
        const until = { toBookingDateTime: `${TWO_YEARS_AGO}T12:00:00Z` };
        assert.ok((await all(place, 'transactions', until)).length > 0);
    },
    'only-old-entries': async (place) => {
        const since = { fromBookingDateTime: `${TWO_YEARS_AGO}T12:00:00Z` };
        assert.deepEqual(await all(place, 'transactions', since), []);
        assert.ok((await all(place)).length > 0);
    },
    'day-end': bookedAt('T23:59:59.999'),
    'leap-day': bookedAt('-02-29T'),
    'small-hours': bookedAt('T02:00:00'),
    'fx': async (place) => {
        const headers = { 'o3-fx-transactions': 'true' };
        const entries = await data(place, 'transactions', { headers });
        assert.ok(entries.length > 0 && entries.every((entry) => entry.currencyExchange));
    },
    'pending': some('transactions', ({ status }) => status === 'Pending'),
    'rejected': some('transactions', ({ status }) => status === 'Rejected'),
    'largest-amount': amountOf('9999999999999.99999'),
    'smallest-amount': amountOf('0.01'),
    'payroll': flag('Payroll'),
    'dividend': flag('Dividend'),
    'cashback': flag('Cashback'),
    'open-finance': flag('OpenFinance'),

    'no-statement': none('statements'),
    'partial-statement': async (place) => {
        const [first] = (await all(place, 'statements')).slice(-1);
        assert.ok(!first.OpeningDate.endsWith('-01'), first.OpeningDate);
    },
    'statements-60': some('statements', () => true, 60),
    'minimum-payment': some('statements', ({ NextPayment }) =>
        NextPayment?.some(({ Type }) => Type === 'Minimum')),

    'no-beneficiaries': none('beneficiaries'),
    'beneficiaries-30': some('beneficiaries', () => true, 30),
    'beneficiary-not-activated': some('beneficiaries', ({ beneficiaryType }) =>
        beneficiaryType === 'NotActivated'),
    'beneficiary-open-finance': some('beneficiaries', ({ addedViaOF }) => addedViaOF),
    'beneficiary-mobile': payeeBy('MobileNumber'),
    'beneficiary-utility': payeeBy('UtilityName'),
    'beneficiary-wallet': payeeBy('EWallet'),
    'beneficiary-card': payeeBy('MaskedPAN'),
    'no-direct-debits': none('direct-debits'),
    'direct-debit-inactive': some('direct-debits', ({ directDebitStatusCode }) =>
        directDebitStatusCode === 'Inactive'),
    'direct-debit-unused': some('direct-debits', (one) => !one.previousPaymentDateTime),
    'no-scheduled-payments': none('scheduled-payments'),
    'scheduled-payment': some('scheduled-payments', () => true),
    'scheduled-arrival': some('scheduled-payments', ({ scheduledType }) =>
        scheduledType === 'Arrival'),
    'no-standing-orders': none('standing-orders'),
    'order-unknown': order('NotKnown'),
    'order-daily': order('EveryDay'),
    'order-working-days': order('EveryWorkingDay'),
    'order-days': order('IntervalDay:'),
    'order-weeks': order('IntervalWeekDay:'),
    'order-week-in-month': order('WeekInMonthDay:'),
    'order-months': order('IntervalMonthDay:1:'),
    'order-month-end': order('IntervalMonthDay:3:-1'),
    'order-yearly': order('IntervalMonthDay:12:'),
    'order-quarter': order('QuarterDay:RECEIVED'),
    'order-ended': some('standing-orders', ({ standingOrderStatusCode }) =>
        standingOrderStatusCode === 'Inactive'),
    'order-ahead': some('standing-orders', (one) =>
        !one.lastPaymentDateTime && one.firstPaymentDateTime > '2026-06-30T12:00:00+04:00'),
    'order-numbered': some('standing-orders', (one) => /^\d+$/.test(one.numberOfPayments)),

    'no-product': none('products'),
    'rates-clear': product(({ FinanceRates }) => FinanceRates.RateType),
    'rates-encrypted': product(({ FinanceRates }) => FinanceRates.split('.').length === 5),
    'rates-none': product((found) => !('FinanceRates' in found)),
    'deposit-rates': product(({ DepositRates }) => DepositRates),
    'sharia': product(({ ShariaStructure }) => ShariaStructure),
    'asset-backed': product(({ AssetBacked }) => AssetBacked.length > 0),
    'rewards': product(({ RewardsBenefits }) => RewardsBenefits.length > 0),

    'payee-person': payees(1, 'claims'),
    'payee-business': payees(1, 'organisationClaims'),
    'payee-joint': payees(2, 'claims'),
    'payee-opted-out': nobody,
    'payee-suspended': refusesPayee(TEMPORARY),
    'payee-closed': refusesPayee(PERMANENT),
    'pay-from': isAccount(({ accountSubType, currency }) =>
        accountSubType === 'CurrentAccount' && currency === 'AED'),
    'pay-limit': isAccount(({ accountSubType, currency }) => // journey.payments sees the limit itself
        accountSubType === 'CurrentAccount' && currency === 'AED'),
    'pay-intra-bank': isAccount(({ accountSubType, currency }) =>
        accountSubType === 'Savings' && currency === 'AED'),
    'pay-creditor-closed': refusesPayee(PERMANENT),
    'payee-blocked': async (place) => {
        await reads('Active')(place);
        await refusesPayee(TEMPORARY)(place);
    },
    'payee-barred': async (place) => {
        await reads('Active')(place);
        await refusesPayee(PERMANENT)(place);
    },
    'payee-other-segment': nobody,
    'payee-card': nobody,
    'payee-unknown': nobody,
    'payee-other-bank': nobody,
    'payee-wrong-digits': nobody,

    'offer-current-account': category('CurrentAccount'),
    'offer-savings': category('SavingsAccount'),
    'offer-credit-card': category('CreditCard'),
    'offer-finance': category('Finance'),
    'offer-mortgage': category('Mortgage'),
    'offer-sharia': offer(({ IsShariaCompliant }) => IsShariaCompliant),
    'offer-rate-options': offer(({ Product }) =>
        Product.FinanceRates.RateType.endsWith('RateOptions')),
    'offer-future': offer(({ EffectiveFromDateTime }) =>
        Date.parse(EffectiveFromDateTime) > Date.now()),
    'offer-over': offer((found) => found === undefined),
    'atm-available': atm(({ Availability }) => Availability.Status === 'Available'),
    'atm-unavailable': atm(({ Availability }) => Availability.Status === 'Unavailable'),
    'atm-maintenance': atm(({ Availability }) => Availability.Status === 'UnderMaintenance'),
    'atm-bare': atm(({ Services }) => !Services),
    'atm-own-service': atm(({ Services }) => Services.some((name) => name.startsWith('DhowBank.'))),

    'opening-customer': async (place) => {
        const { AccountId } = await isDecided(place);
        assert.equal((await data({ ...place, id: AccountId })).status, 'Active');
    },
    'opening-barred': isOpenedForNobody,
    'opening-stranger': isOpenedForNobody,
    'opening-business': isOpenedForNobody,
    ...STEERED,
};

test('the page is what the data gives', () => {
    const page = readFileSync(join(FIXTURES, 'PLACES.md'), 'utf8');
    assert.equal(page, list(), 'lfi-fixtures places --from fixtures > fixtures/PLACES.md');
});

test('every place is visited, and no other', () => {
    const listed = new Set(places.map(({ place }) => place));
    assert.deepEqual([...listed].sort(), Object.keys(VISITS).sort());
});

for (const place of places) {
    test(`${place.place}, ${place.segment}: ${place.shows}`, () => VISITS[place.place](place));
}

/** The logins that the authored data bars. */
function barredLogins(segment) {
    const folder = join(FIXTURES, segment);
    const users = readdirSync(folder).flatMap((file) =>
        JSON.parse(readFileSync(join(folder, file), 'utf8')).users);
    return users.filter(({ blocked }) => blocked).map(({ login }) => login);
}

test('every login is somebody, and its journey goes as far as its customer may', async () => {
    for (const [segment, { users, client }] of Object.entries(banks)) {
        const barred = barredLogins(segment);
        assert.ok(barred.length > 0);
        for (const user of users) {
            const reply = await client.get('/customer', { userId: user.userId });
            assert.equal(reply.status, 200, user.login);
            if (segment === AT_CAAP) {
                continue; // the bank has no pages for them: journey.caap
            }
            const { customer, consent } = await journey({ segment });
            const { view } = await customer.signIn(user);
            if (barred.includes(user.login)) {
                assert.equal((await endOf(consent)).error_description, 'user_account_blocked');
            } else {
                assert.equal(view, 'approval', user.login);
            }
        }
    }
});

test('wrong options are refused', () => {
    const program = join(BUILD_DIR, 'bin/lfi-fixtures');
    for (const options of [[], ['--json'], ['--from', join(ROOT, randomUUID())]]) {
        assert.throws(
            () => execFileSync(program, ['places', ...options], { stdio: 'pipe' }),
            ({ status }) => status === (options.includes('--from') ? 1 : 2),
        );
    }
});
