// What an account has besides balances and transactions, compared with the bank's own books:
// beneficiaries, mandates, orders, statements, customers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { readBooks } from './books.mjs';

const LISTS = {
    beneficiaries: 'beneficiary',
    'direct-debits': 'directDebit',
    'scheduled-payments': 'scheduledPayment',
    'standing-orders': 'standingOrder',
    customer: 'customer',
};
const ARRANGED = Object.keys(LISTS).filter((resource) => resource !== 'customer');
const READABLE = ['Active', 'Inactive', 'Dormant'];
const ALL = { page: 1, 'page-size': 1000 };

let demo;
const banks = [];

before(async () => {
    demo = await startDemo();
    for (const provider of demo.providers) {
        const client = new HubClient(demo, provider.providerId);
        banks.push({ ...provider, client, books: readBooks(demo, provider.segment) });
    }
});

after(async () => {
    banks.forEach(({ client }) => client.close());
    await demo?.stop();
});

const SEGMENTS_OF_PERSONS = ['retail', 'private', 'insurance', 'lite'];

/** Every readable account once, with one who holds it. */
function* held(bank) {
    const done = new Set();
    for (const { userId, accountIds } of bank.users) {
        for (const id of accountIds) {
            const book = bank.books.get(id);
            if (!done.has(id) && READABLE.includes(book.account.status)) {
                done.add(id);
                yield { bank, userId, id, book };
            }
        }
    }
}

const everywhere = () => banks.flatMap((bank) => [...held(bank)]);

function find(wanted, what) {
    const found = everywhere().find(wanted);
    assert.ok(found, `no account with ${what}`);
    return found;
}

const read = ({ bank, userId, id }, resource, query = ALL) =>
    bank.client.get(`/accounts/${id}/${resource}`, { query, userId });

async function statements(one, query = ALL) {
    const reply = await read(one, 'statements', query);
    assert.equal(reply.status, 200, reply.text);
    return reply.json;
}

test('every list of every account is what the books hold', async () => {
    const seen = new Set();
    for (const one of everywhere()) {
        for (const [resource, record] of Object.entries(LISTS)) {
            const reply = await read(one, resource);
            assert.equal(reply.status, 200, `${resource} ${reply.text}`);
            const wanted = one.book[record];
            const { data, meta } = reply.json;
            assert.deepEqual(data, wanted);
            assert.deepEqual(meta, {
                totalPages: wanted.length === 0 ? 0 : 1,
                totalRecords: wanted.length,
            });
            if (wanted.length > 0) {
                seen.add(resource);
            }
        }
    }
    assert.deepEqual([...seen].sort(), Object.keys(LISTS).sort());
});

test('arrangements belong to current and savings accounts; others have none', async () => {
    const kinds = new Set();
    for (const { book } of everywhere()) {
        const { accountSubType } = book.account;
        const count = ARRANGED.flatMap((resource) => book[LISTS[resource]]).length;
        if (!['CurrentAccount', 'Savings'].includes(accountSubType)) {
            assert.equal(count, 0, accountSubType);
            kinds.add(accountSubType);
        }
    }
    assert.deepEqual([...kinds].sort(), ['CreditCard', 'Finance', 'Mortgage']);
});

test('lists are ordered by id and can be paged', async () => {
    const one = find(({ book }) => book.beneficiary.length >= 30, 'thirty beneficiaries');
    const ids = one.book.beneficiary.map(({ beneficiaryId }) => beneficiaryId);
    assert.deepEqual(ids, [...ids].sort());
    const seen = [];
    for (let page = 1; seen.length < ids.length; page++) {
        const { data, meta } = (await read(one, 'beneficiaries', { page, 'page-size': 7 })).json;
        assert.deepEqual(meta, {
            paginated: true,
            totalPages: Math.ceil(ids.length / 7),
            totalRecords: ids.length,
        });
        seen.push(...data.map(({ beneficiaryId }) => beneficiaryId));
    }
    assert.deepEqual(seen, ids);
    const beyond = await read(one, 'beneficiaries', { page: 99, 'page-size': 7 });
    assert.deepEqual(beyond.json.data, []);
    assert.equal(beyond.json.meta.totalRecords, ids.length);
});

test('the account of thirty beneficiaries has each kind of payee account', () => {
    const one = find(({ book }) => book.beneficiary.length >= 30, 'thirty beneficiaries');
    const schemes = one.book.beneficiary.flatMap((b) => b.creditorAccount.map((c) => c.schemeName));
    assert.deepEqual([...new Set(schemes)].sort(),
        ['AccountNumber', 'EWallet', 'IBAN', 'MaskedPAN', 'MobileNumber', 'UtilityName']);
    assert.ok(one.book.beneficiary.some((b) => b.addedViaOF));
    assert.ok(one.book.beneficiary.some((b) => b.beneficiaryType === 'NotActivated'));
});

test('what was last paid by mandate or order is an entry of the account', () => {
    let payments = 0;
    for (const { book } of everywhere()) {
        const booked = book.transaction.filter(({ status }) => status === 'Booked');
        const isEntry = (at, amount) => booked.some((t) =>
            t.bookingDateTime === at && t.creditDebitIndicator === 'Debit' &&
            t.amount.amount === amount.amount && t.amount.currency === amount.currency);
        for (const d of book.directDebit.filter((debit) => debit.previousPaymentDateTime)) {
            assert.ok(isEntry(d.previousPaymentDateTime, d.previousPaymentAmount), JSON.stringify(d));
            payments++;
        }
        for (const o of book.standingOrder) {
            if (o.lastPaymentDateTime) {
                assert.ok(isEntry(o.lastPaymentDateTime, o.lastPaymentAmount), JSON.stringify(o));
                payments++;
            }
            const active = o.standingOrderStatusCode === 'Active';
            assert.equal(o.nextPaymentDateTime !== undefined, active, JSON.stringify(o));
        }
    }
    assert.ok(payments > 20);
});

test('orders and mandates come in every state', () => {
    const all = everywhere();
    const orders = all.flatMap(({ book }) => book.standingOrder);
    const debits = all.flatMap(({ book }) => book.directDebit);
    const form = /^(NotKnown|EveryDay|EveryWorkingDay|IntervalDay:([2-9]|[12]\d|3[01])|IntervalWeekDay:[1-5]:[1-7]|WeekInMonthDay:[1-5]:[1-7]|IntervalMonthDay:(0?[1-6]|12|24):(-[1-5]|[1-9]|[12]\d|3[01])|QuarterDay:RECEIVED)$/;
    orders.forEach(({ frequency }) => assert.match(frequency, form));
    assert.deepEqual([...new Set(orders.map(({ frequency }) => frequency.split(':')[0]))].sort(),
        ['EveryDay', 'EveryWorkingDay', 'IntervalDay', 'IntervalMonthDay', 'IntervalWeekDay',
            'NotKnown', 'QuarterDay', 'WeekInMonthDay']);
    const anchor = '2026-06-30T12';
    assert.ok(orders.some((o) => o.finalPaymentDateTime < anchor), 'ended');
    assert.ok(orders.some((o) => o.numberOfPayments && o.standingOrderStatusCode === 'Inactive'));
    assert.ok(orders.some((o) => o.firstPaymentDateTime > anchor && !o.lastPaymentDateTime));
    assert.ok(debits.some((d) => d.directDebitStatusCode === 'Inactive'));
    assert.ok(debits.some((d) => !d.previousPaymentDateTime && !d.previousPaymentAmount));
});

test('an account tells of each of its holders, with claims of their kind', () => {
    const types = new Set();
    for (const { book } of everywhere()) {
        const { account, customer } = book;
        const business = account.accountType !== 'Retail';
        const holders = account.customers ?? account.businessCustomer;
        const ids = customer.map(({ id }) => id);
        holders.forEach(({ id }) => assert.ok(ids.includes(id), id));
        assert.equal(business, account.businessCustomer !== undefined);
        for (const { customerType, accountRole, customerCategory, verifiedClaims } of customer) {
            types.add(`${customerType} ${accountRole}`);
            assert.equal(customerCategory, account.accountType);
            for (const { claims, verification } of verifiedClaims) {
                assert.equal(claims.identityType, business ? 'Business' : 'Person');
                assert.equal(verification.trustFramework, 'FI');
            }
        }
    }
    for (const wanted of ['Sole Principal', 'Joint Principal', 'Joint SecondaryOwner',
        'Sole CustodianForMinor', 'Sole PowerOfAttorney',
        'Delegate PowerOfAttorney']) {
        assert.ok(types.has(wanted), `${wanted} of ${[...types]}`);
    }
});

test('/customer is the one whom the identifier names, whatever the consent', async () => {
    const known = new Map(everywhere().flatMap(({ bank, book }) =>
        book.customer.map((customer) => [`${bank.segment} ${customer.id}`, customer])));
    for (const bank of banks) {
        for (const { userId, accountIds } of bank.users) {
            const reply = await bank.client.get('/customer', { userId });
            assert.equal(reply.status, 200, reply.text);
            const other = await bank.client.get('/customer', { userId, consentId: 'any-other' });
            assert.equal(other.text, reply.text);
            const { data, meta } = reply.json;
            assert.deepEqual(meta, {});
            assert.equal(data.customerCategory === 'Retail', SEGMENTS_OF_PERSONS.includes(bank.segment));
            assert.equal(data.accountRole, undefined);
            const seen = known.get(`${bank.segment} ${data.id}`);
            assert.ok(seen || accountIds.every((id) => !READABLE.includes(bank.books.get(id).account.status)));
            assert.deepEqual(data.verifiedClaims, seen?.verifiedClaims ?? data.verifiedClaims);
        }
    }
});

/* --- statements ------------------------------------------------------------------------------ */

/** Exact sums of decimal texts. */
const micro = (text) => BigInt(text.split('.')[0]) * 100000n +
    BigInt((text.split('.')[1] ?? '').padEnd(5, '0'));
const signed = ({ CreditDebitIndicator: side, Amount }) =>
    side === 'Credit' ? micro(Amount.Amount) : -micro(Amount.Amount);

test('statements are what the books hold, newest first, with the account around them', async () => {
    for (const one of everywhere()) {
        const { data, meta } = await statements(one);
        const wanted = one.book.statement;
        assert.deepEqual(data, {
            AccountId: one.id,
            AccountSubType: one.book.account.accountSubType,
            Statements: wanted,
        });
        const dates = wanted.map(({ OpeningDate }) => OpeningDate);
        assert.deepEqual(dates, [...dates].sort().reverse());
        assert.equal(meta.paginated, true);
        assert.equal(meta.totalRecords, wanted.length);
        assert.equal(meta.totalPages, wanted.length === 0 ? 0 : 1);
        assert.equal(meta.lastAvailableDateTime?.slice(0, 10), dates[0]);
        assert.equal(meta.firstAvailableDateTime?.slice(0, 10), dates.at(-1));
    }
});

test('statements add up from the transactions on the wire', async () => {
    let checked = 0;
    for (const one of everywhere()) {
        if (one.book.transaction.length > 3000) {
            continue;
        }
        const entries = [];
        for (let page = 1, pages = 1; page <= pages; page++) {
            const { data, meta } = (await read(one, 'transactions', { page, 'page-size': 1000 })).json;
            pages = meta.totalPages;
            entries.push(...data.filter(({ status }) => status === 'Booked'));
        }
        let previous;
        for (const statement of [...one.book.statement].reverse()) {
            const { OpeningDate: from, ClosingDate: to } = statement;
            const inside = entries.filter(({ bookingDateTime: at }) =>
                at.slice(0, 10) >= from && at.slice(0, 10) <= to);
            checkSummary(statement, inside);
            const sum = inside.reduce((total, t) =>
                total + (t.creditDebitIndicator === 'Credit' ? 1n : -1n) * micro(t.amount.amount), 0n);
            assert.equal(signed(statement.ClosingBalance), signed(statement.OpeningBalance) + sum);
            for (const balance of [statement.OpeningBalance, statement.ClosingBalance]) {
                const parts = balance.Components?.reduce((total, c) => total + micro(c.Amount.Amount), 0n);
                assert.ok(parts === undefined || parts === -signed(balance) || signed(balance) >= 0n,
                    JSON.stringify(statement));
            }
            if (previous) {
                assert.deepEqual(statement.OpeningBalance, previous.ClosingBalance);
                assert.equal(Date.parse(from) - Date.parse(previous.ClosingDate), 86_400_000);
            }
            previous = statement;
            checked++;
        }
    }
    assert.ok(checked > 1000);
});

function checkSummary({ Summary, StatementId }, entries) {
    const lines = new Map();
    for (const t of entries) {
        const key = [t.creditDebitIndicator, t.transactionType, t.subTransactionType].join();
        const line = lines.get(key) ?? { amount: 0n, count: 0 };
        lines.set(key, { amount: line.amount + micro(t.amount.amount), count: line.count + 1 });
    }
    assert.equal(Summary.length, lines.size, StatementId);
    for (const s of Summary) {
        const key = [s.CreditDebitIndicator, s.TransactionType, s.SubTransactionType].join();
        assert.deepEqual({ amount: micro(s.Amount.Amount), count: s.Count }, lines.get(key));
    }
}

test('entries name the statement that lists them', async () => {
    let named = 0;
    for (const { book } of everywhere()) {
        const byId = new Map(book.statement.map((s) => [s.StatementId, s]));
        for (const { statementReference, bookingDateTime } of book.transaction) {
            for (const id of statementReference ?? []) {
                const day = bookingDateTime.slice(0, 10);
                const { OpeningDate, ClosingDate } = byId.get(id);
                assert.ok(day >= OpeningDate && day <= ClosingDate);
                named++;
            }
        }
    }
    assert.ok(named > 1000);
});

test('card statements close on the cycle day and say what is due', () => {
    const cards = everywhere().filter(({ book }) => book.account.accountSubType === 'CreditCard');
    assert.ok(cards.length > 2);
    let due = 0;
    let cycles = 0;
    for (const { book } of cards) {
        for (const s of book.statement) {
            assert.ok(s.CreditLine, s.StatementId);
            cycles += s.ClosingDate.slice(8) < '28';
            const owes = s.ClosingBalance.CreditDebitIndicator === 'Debit';
            for (const payment of s.NextPayment ?? []) {
                assert.equal(payment.Type, 'Minimum');
                assert.ok(owes && payment.Date > s.ClosingDate);
                assert.ok(micro(payment.Amount.Amount) <= -signed(s.ClosingBalance));
                due++;
            }
        }
    }
    assert.ok(due > 10 && cycles > 10);
});

test('statement bounds are inclusive on the opening date, and each is optional', async () => {
    const one = find(({ book }) => book.statement.length >= 60, 'sixty statements');
    const dates = one.book.statement.map(({ OpeningDate }) => OpeningDate);
    const got = async (query) =>
        (await statements(one, { ...ALL, ...query })).data.Statements.map((s) => s.OpeningDate);
    const [to, from] = [dates[10], dates[20]];
    assert.deepEqual(await got({ fromStatementDate: from, toStatementDate: to }), dates.slice(10, 21));
    assert.deepEqual(await got({ fromStatementDate: from }), dates.slice(0, 21));
    assert.deepEqual(await got({ toStatementDate: to }), dates.slice(10));
    assert.deepEqual(await got({ fromStatementDate: to, toStatementDate: to }), [to]);
    const none = await statements(one, { ...ALL, fromStatementDate: '2099-01-01' });
    assert.deepEqual(none.data.Statements, []);
    const { firstAvailableDateTime, lastAvailableDateTime, ...counts } = none.meta;
    assert.deepEqual(counts, { paginated: true, totalPages: 0, totalRecords: 0 });
    assert.equal(firstAvailableDateTime.slice(0, 10), dates.at(-1));
    assert.equal(lastAvailableDateTime.slice(0, 10), dates[0]);

    const seen = [];
    for (let page = 1; page <= Math.ceil(dates.length / 7); page++) {
        const { data, meta } = await statements(one, { page, 'page-size': 7 });
        assert.equal(meta.totalRecords, dates.length);
        seen.push(...data.Statements.map((s) => s.OpeningDate));
    }
    assert.deepEqual(seen, dates);
});

test('a provider may filter statements by their own date', async () => {
    const other = await startDemo({ adjustServer: '.providers[0].statementsBy = "StatementDate"' });
    const client = new HubClient(other, 'dhowretail');
    const one = find(({ book, id, userId }) => book.statement.length >= 60 &&
        client.provider.users.some((user) => user.userId === userId && user.accountIds.includes(id)));
    const { StatementDate: day } = one.book.statement[10];
    const query = { ...ALL, fromStatementDate: day, toStatementDate: day };
    const reply = await client.get(`/accounts/${one.id}/statements`, { userId: one.userId, query });
    assert.deepEqual(reply.json.data.Statements.map((s) => s.StatementDate), [day]);
    const newest = one.book.statement[0].StatementDate;
    assert.equal(reply.json.meta.lastAvailableDateTime.slice(0, 10), newest);
    client.close();
    await other.stop();
});

test('accounts without a statement yet answer the object with an empty list', async () => {
    const one = find(({ book }) => book.statement.length === 0, 'no statement');
    const { data, meta } = await statements(one);
    assert.deepEqual(data.Statements, []);
    assert.deepEqual(meta, { paginated: true, totalPages: 0, totalRecords: 0 });
    find(({ book }) => {
        const first = book.statement.at(-1);
        return first && !first.OpeningDate.endsWith('-01') && book.account.accountSubType === 'CurrentAccount';
    }, 'a first statement of less than a month');
});

test('statement dates that are none, and bounds the wrong way round, are refused', async () => {
    const one = find(() => true);
    for (const wrong of [
        'fromStatementDate=2026-02-30', 'fromStatementDate=', 'toStatementDate=June',
        'toStatementDate=2026-06-01T00:00:00Z', 'fromStatementDate=2026-6-1',
        'fromStatementDate=2026-06-02&toStatementDate=2026-06-01', 'page=0', 'page-size=-1',
    ]) {
        const reply = await read(one, 'statements', wrong);
        assert.equal(reply.status, 400, wrong);
        assert.equal(reply.json.errorCode, 'Resource.InvalidFormat', wrong);
    }
});

/* --- refusals -------------------------------------------------------------------------------- */

test('each status and each stranger is answered as on the account itself', async () => {
    const codes = new Set();
    for (const bank of banks) {
        for (const { userId, accountIds } of bank.users) {
            for (const id of accountIds.filter((one) =>
                !READABLE.includes(bank.books.get(one).account.status))) {
                const one = { bank, userId, id };
                const { json } = await bank.client.get(`/accounts/${id}`, { userId });
                for (const resource of [...Object.keys(LISTS), 'statements', 'products']) {
                    const reply = await read(one, resource);
                    assert.equal(reply.status, 403, resource);
                    assert.deepEqual(reply.json, json);
                }
                codes.add(json.errorCode);
            }
        }
        const [user] = bank.users;
        for (const resource of [...Object.keys(LISTS), 'statements', 'products']) {
            const reply = await read({ bank, userId: user.userId, id: 'never-issued' }, resource);
            assert.equal(reply.status, 403, resource);
            assert.equal(reply.json.errorCode, 'Consent.PermanentAccountAccessFailure');
        }
    }
    assert.equal(codes.size, 2);
});

test('pages that are none and users that are none are refused', async () => {
    const one = find(() => true);
    for (const resource of [...Object.keys(LISTS), 'products']) {
        for (const wrong of ['page=0', 'page=x', 'page-size=0', 'page-size=1.5']) {
            const reply = await read(one, resource, wrong);
            assert.equal(reply.status, 400, `${resource}?${wrong}`);
            assert.equal(reply.json.errorCode, 'Resource.InvalidFormat');
        }
        const reply = await read({ ...one, userId: 'nobody' }, resource);
        assert.equal(reply.status, 400);
        assert.equal(reply.json.errorCode, 'Consent.InvalidUserIdentifier');
    }
    const nobody = await one.bank.client.get('/customer', { userId: 'nobody' });
    assert.equal(nobody.json.errorCode, 'Consent.InvalidUserIdentifier');
    const wrongBank = await one.bank.client.get('/customer', {
        userId: one.userId,
        headers: { 'o3-provider-id': 'unknown' },
    });
    assert.equal(wrongBank.status, 403);
});

test('without keys every list is our fault, not the caller\'s', async () => {
    const dead = await startDemo({ adjustServer: '.caller.jwksBase = "https://localhost:1"' });
    const client = new HubClient(dead, 'dhowretail');
    const user = dead.providers[0].users.find(({ accountIds }) => accountIds.length > 0);
    const paths = [...Object.keys(LISTS), 'statements', 'products']
        .map((resource) => `/accounts/${user.accountIds[0]}/${resource}`);
    for (const path of [...paths, '/customer']) {
        assert.equal((await client.get(path, { userId: user.userId })).status, 500, path);
        const stranger = await client.get(path, { userId: user.userId, token: null });
        assert.equal(stranger.status, 401, path);
    }
    client.close();
    await dead.stop();
});
