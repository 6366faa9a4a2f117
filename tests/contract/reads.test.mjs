// Accounts, balances and transactions against the bank's own books: what was loaded is dumped by
// lfi-fixtures and every answer is compared with it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { encodePsu, HubClient } from '../support/client.mjs';
import { BUILD_DIR, startDemo } from '../support/demo.mjs';
import { asOlder } from '../support/versions.mjs';

const GATE = {
    Active: 200,
    Inactive: 200,
    Dormant: 200,
    Suspended: ['Consent.AccountTemporarilyBlocked', 'The account is temporarily blocked.'],
    Unclaimed: ['Consent.PermanentAccountAccessFailure', 'The account is permanently inaccessible.'],
    Deceased: ['Consent.PermanentAccountAccessFailure', 'The account is permanently inaccessible.'],
    Closed: ['Consent.PermanentAccountAccessFailure', 'The account is permanently inaccessible.'],
};

let demo;
const banks = [];

before(async () => {
    demo = await startDemo();
    const holdsAccounts = ({ users }) => users.some(({ accountIds }) => accountIds.length > 0);
    for (const provider of demo.providers.filter(holdsAccounts)) {
        const client = new HubClient(demo, provider.providerId);
        banks.push({ ...provider, client, books: readBooks(provider.segment) });
    }
});

after(async () => {
    banks.forEach(({ client }) => client.close());
    await demo?.stop();
});

/** What the store holds: accounts, balances and transactions by account id, oldest first. */
function readBooks(segment) {
    const store = join(demo.dir, 'store', segment);
    const dump = execFileSync(
        join(BUILD_DIR, 'bin/lfi-fixtures'),
        ['dump', '--store', store, '--segment', segment],
        { encoding: 'utf8', maxBuffer: 1 << 30 },
    );
    const books = new Map();
    for (const line of dump.trim().split('\n')) {
        const { record, ...rest } = JSON.parse(line);
        const value = asOlder(rest.value);
        if (record === 'account') {
            books.set(value.id, { account: value, balances: [], transactions: [] });
        } else if (record === 'balance') {
            books.get(value.accountId).balances.push(value);
        } else if (record === 'transaction') {
            books.get(value.accountId).transactions.push(value);
        }
    }
    return books;
}

const readable = ({ account }) => GATE[account.status] === 200;

/** Every account of a bank with one who holds it and what the books say. */
function* held(bank) {
    for (const user of bank.users) {
        for (const id of user.accountIds) {
            yield { user, id, book: bank.books.get(id) };
        }
    }
}

function holderOf(bank, wanted) {
    for (const one of held(bank)) {
        if (wanted(one.book)) {
            return one;
        }
    }
    throw new Error('no such account in the demo bank');
}

const newestFirst = (a, b) =>
    a.bookingDateTime === b.bookingDateTime
        ? a.transactionId < b.transactionId ? 1 : -1
        : a.bookingDateTime < b.bookingDateTime ? 1 : -1;

async function walk(bank, { user, id }, query = {}, headers = {}) {
    const all = [];
    const consentId = `walk-${Math.random()}`;
    for (let page = 1; ; page++) {
        const reply = await bank.client.get(`/accounts/${id}/transactions`, {
            query: { page, 'page-size': 100, ...query },
            userId: user.userId,
            consentId,
            headers,
        });
        assert.equal(reply.status, 200, reply.text.slice(0, 300));
        const { data, meta } = reply.json;
        assert.equal(meta.paginated, true);
        all.push(...data);
        if (page >= meta.totalPages) {
            assert.equal(meta.totalRecords, all.length);
            return all;
        }
        assert.equal(data.length, Number(query['page-size'] ?? 100));
    }
}

test('the account list gives every held account whatever its status', async () => {
    for (const bank of banks) {
        for (const user of bank.users.filter(({ accountIds }) => accountIds.length > 0)) {
            const ids = [...user.accountIds].reverse();
            const reply = await bank.client.get('/accounts', {
                query: { accountIds: ids.join(','), page: 1, 'page-size': 1000 },
                userId: user.userId,
            });
            assert.equal(reply.status, 200, reply.text);
            const { data, meta } = reply.json;
            assert.deepEqual(data, ids.map((id) => bank.books.get(id).account));
            assert.deepEqual(meta, { totalPages: 1, totalRecords: ids.length });
        }
    }
});

test('blanks around ids and doubled ids do no harm; nothing left is refused', async () => {
    const bank = banks[0];
    const { user, id } = holderOf(bank, readable);
    const list = (accountIds) =>
        bank.client.get('/accounts', {
            query: { accountIds, page: 1, 'page-size': 10 },
            userId: user.userId,
        });
    const reply = await list(` ${id} ,,${id}, `);
    assert.equal(reply.status, 200);
    assert.equal(reply.json.data.length, 1);
    for (const wrong of [',', ' ', ' , ']) {
        const refused = await list(wrong);
        assert.equal(refused.status, 400, wrong);
        assert.equal(refused.json.errorCode, 'Resource.InvalidFormat');
    }
    const mixed = await list(`${id},never-issued`);
    assert.equal(mixed.status, 403);
    assert.equal(mixed.json.errorCode, 'Consent.PermanentAccountAccessFailure');
});

test('the list of 130 accounts is paged', async () => {
    const bank = banks[0];
    const user = bank.users.find(({ accountIds }) => accountIds.length >= 130);
    assert.ok(user, 'a customer with 130 accounts');
    const seen = [];
    for (const page of [1, 2, 3]) {
        const reply = await bank.client.get('/accounts', {
            query: { accountIds: user.accountIds.join(','), page, 'page-size': 50 },
            userId: user.userId,
        });
        const { data, meta } = reply.json;
        seen.push(...data.map((account) => account.id));
        assert.deepEqual(meta, {
            paginated: true,
            totalPages: Math.ceil(user.accountIds.length / 50),
            totalRecords: user.accountIds.length,
        });
    }
    assert.deepEqual(seen, user.accountIds.slice(0, 150));
});

test('each status answers as its row says, on all three resources of the account', async () => {
    const statuses = new Set();
    for (const bank of banks) {
        for (const { user, id, book } of held(bank)) {
            const rule = GATE[book.account.status];
            statuses.add(book.account.status);
            for (const [path, query] of [
                [`/accounts/${id}`, undefined],
                [`/accounts/${id}/balances`, { page: 1, 'page-size': 100 }],
                [`/accounts/${id}/transactions`, { page: 1, 'page-size': 1 }],
            ]) {
                const reply = await bank.client.get(path, { query, userId: user.userId });
                if (rule === 200) {
                    assert.equal(reply.status, 200, `${path} ${reply.text}`);
                } else {
                    assert.equal(reply.status, 403);
                    assert.deepEqual(reply.json, { errorCode: rule[0], errorMessage: rule[1] });
                }
            }
        }
    }
    assert.deepEqual([...statuses].sort(), Object.keys(GATE).sort());
});

test('the single account is the same bytes as in the list, and balances are complete', async () => {
    for (const bank of banks) {
        for (const { user, id, book } of [...held(bank)].filter(({ book: b }) => readable(b))) {
            const { userId } = user;
            const single = await bank.client.get(`/accounts/${id}`, { userId });
            const list = await bank.client.get('/accounts', {
                query: { accountIds: id, page: 1, 'page-size': 100 },
                userId,
            });
            const inner = /^\{"data":(.*),"meta":\{\}\}$/s.exec(single.text)[1];
            assert.ok(list.text.includes(`{"data":[${inner}],`));
            const balances = await bank.client.get(`/accounts/${id}/balances`, {
                query: { page: 1, 'page-size': 100 },
                userId,
            });
            assert.deepEqual(balances.json.data, book.balances);
            assert.equal(balances.json.meta.totalRecords, book.balances.length);
            if (['CurrentAccount', 'Savings'].includes(book.account.accountSubType)) {
                assert.ok(balances.json.data.some((b) => b.balanceType === 'InterimAvailable'));
            }
            const types = balances.json.data.map((b) => b.balanceType);
            assert.equal(new Set(types).size, types.length);
        }
    }
});

test('all pages of every account are its books: no gap, no double, newest first', async () => {
    for (const bank of banks) {
        const done = new Set();
        for (const one of held(bank)) {
            const { book, id } = one;
            if (done.has(id) || !readable(book) || book.transactions.length > 3000) {
                continue;
            }
            done.add(id);
            const all = await walk(bank, one);
            assert.deepEqual(all, [...book.transactions].sort(newestFirst));
            const sizes = await walk(bank, one, { 'page-size': 37 });
            assert.deepEqual(sizes.map((t) => t.transactionId), all.map((t) => t.transactionId));
        }
        assert.ok(done.size > 2);
    }
});

test('the account of many entries is walked in pages of a thousand', async () => {
    const bank = banks[0];
    const one = holderOf(bank, (book) => readable(book) && book.transactions.length >= 12_000);
    const all = await walk(bank, one, { 'page-size': 1000 });
    assert.deepEqual(
        all.map((t) => t.transactionId),
        [...one.book.transactions].sort(newestFirst).map((t) => t.transactionId),
    );
    const clamped = await bank.client.get(`/accounts/${one.id}/transactions`, {
        query: { page: 2, 'page-size': 5000 },
        userId: one.user.userId,
    });
    assert.equal(clamped.json.data.length, 1000);
    assert.equal(clamped.json.meta.totalPages, Math.ceil(one.book.transactions.length / 1000));
    assert.equal(clamped.json.data[0].transactionId, all[1000].transactionId);
});

test('date bounds are inclusive, offsets play no part, a plain date is midnight', async () => {
    const bank = banks[0];
    const one = holderOf(
        bank,
        (book) => readable(book) && book.transactions.length > 200 && book.transactions.length < 3000,
    );
    const sorted = [...one.book.transactions].sort(newestFirst);
    const wall = (text) => text.replace(/(Z|[+-]\d\d:\d\d)$/, '');
    const between = (from, to) => sorted.filter((t) => {
        const at = wall(t.bookingDateTime);
        return (!from || at >= from) && (!to || at <= to);
    });
    const from = wall(sorted[150].bookingDateTime);
    const to = wall(sorted[20].bookingDateTime);
    const ids = (list) => list.map((t) => t.transactionId);
    for (const offset of ['Z', '+04:00', '-11:00']) {
        const got = await walk(bank, one, {
            fromBookingDateTime: from + offset,
            toBookingDateTime: to + offset,
        });
        assert.deepEqual(ids(got), ids(between(from, to)));
    }
    assert.deepEqual(ids(await walk(bank, one, { fromBookingDateTime: `${from}Z` })),
        ids(between(from, null)));
    assert.deepEqual(ids(await walk(bank, one, { toBookingDateTime: `${to}Z` })),
        ids(between(null, to)));
    const day = to.slice(0, 10);
    assert.deepEqual(ids(await walk(bank, one, { toBookingDateTime: day })),
        ids(between(null, `${day}T00:00:00`)));
    assert.deepEqual(ids(await walk(bank, one, { fromBookingDateTime: day })),
        ids(between(`${day}T00:00:00`, null)));
    assert.deepEqual(await walk(bank, one, { fromBookingDateTime: '2099-01-01T00:00:00Z' }), []);
    // an unencoded plus is a blank by the time it is read
    const raw = await bank.client.get(`/accounts/${one.id}/transactions`, {
        query: `page=1&page-size=100&fromBookingDateTime=${from}+04:00`,
        userId: one.user.userId,
    });
    assert.equal(raw.status, 200, raw.text);
    assert.equal(raw.json.meta.totalRecords, between(from, null).length);
});

test('however little is held of an account, each entry tells its kind by a code', () => {
    for (const bank of banks) {
        for (const { account, transactions } of bank.books.values()) {
            for (const entry of transactions) {
                const codes = [entry.bankTransactionCode, entry.proprietaryBankTransactionCode];
                assert.ok(codes.some((code) => code), `${account.id} ${entry.transactionId}`);
            }
        }
    }
});

test('the FX header leaves only what has a currency exchange', async () => {
    const bank = banks[0];
    const isFx = (t) => t.currencyExchange !== undefined;
    const one = holderOf(bank, (book) => readable(book) && book.transactions.some(isFx));
    const sorted = [...one.book.transactions].sort(newestFirst);
    for (const value of ['true', 'TRUE']) {
        const got = await walk(bank, one, { 'page-size': 3 }, { 'o3-fx-transactions': value });
        assert.deepEqual(got, sorted.filter(isFx));
    }
    for (const value of ['false', 'yes', '', undefined]) {
        const reply = await bank.client.get(`/accounts/${one.id}/transactions`, {
            query: { page: 1, 'page-size': 1 },
            userId: one.user.userId,
            headers: { 'o3-fx-transactions': value },
        });
        assert.equal(reply.json.meta.totalRecords, sorted.length, value);
    }
});

test('a page beyond the last is empty and still says how many there are', async () => {
    for (const bank of banks) {
        const one = holderOf(bank, (book) => readable(book) && book.transactions.length > 0);
        for (const page of [1_000_000, '9223372036854775807']) {
            const reply = await bank.client.get(`/accounts/${one.id}/transactions`, {
                query: { page, 'page-size': 100 },
                userId: one.user.userId,
            });
            const { length } = one.book.transactions;
            assert.deepEqual(reply.json, {
                data: [],
                meta: {
                    paginated: true,
                    totalPages: Math.ceil(length / 100),
                    totalRecords: length,
                },
            });
        }
    }
});

test('an account without entries answers an empty, paged list', async () => {
    const bank = banks[0];
    const one = holderOf(bank, (book) => readable(book) && book.transactions.length === 0);
    assert.deepEqual(await walk(bank, one), []);
});

test('page and page-size are optional, whole, positive and given once', async () => {
    const bank = banks[0];
    const one = holderOf(bank, (book) => readable(book) && book.transactions.length > 0);
    const ask = (resource, query) =>
        bank.client.get(`/accounts/${one.id}/${resource}`, { query, userId: one.user.userId });
    for (const resource of ['balances', 'transactions']) {
        assert.equal((await ask(resource, undefined)).status, 200);
        assert.equal((await ask(resource, 'page=1&page-size=10&unknown=x')).status, 200);
        for (const wrong of [
            'page=0', 'page=-1', 'page=1.5', 'page=one', 'page=', 'page=1&page=2', 'page=+1x',
            'page=99999999999999999999', 'page-size=0', 'page-size=-5', 'page-size=ten',
            'page-size=1e3', 'page-size=99999999999999999999', 'page-size=1&page-size=1', 'page=%ZZ',
        ]) {
            const reply = await ask(resource, wrong);
            assert.equal(reply.status, 400, `${resource}?${wrong}`);
            assert.equal(reply.json.errorCode, 'Resource.InvalidFormat', wrong);
        }
    }
});

test('dates that are none, and bounds the wrong way round, are refused', async () => {
    const bank = banks[0];
    const one = holderOf(bank, readable);
    for (const wrong of [
        'fromBookingDateTime=yesterday', 'fromBookingDateTime=2026-02-30', 'fromBookingDateTime=',
        'toBookingDateTime=2026-01-01T25:00:00Z', 'toBookingDateTime=2026-1-1',
        'toBookingDateTime=2026-01-01T00:00:00', 'toBookingDateTime=1767225600',
        'fromBookingDateTime=2026-01-01&fromBookingDateTime=2026-01-02',
        'fromBookingDateTime=2026-02-01&toBookingDateTime=2026-01-01',
    ]) {
        const reply = await bank.client.get(`/accounts/${one.id}/transactions`, {
            query: `page=1&page-size=10&${wrong}`,
            userId: one.user.userId,
        });
        assert.equal(reply.status, 400, wrong);
        assert.equal(reply.json.errorCode, 'Resource.InvalidFormat', wrong);
    }
});

test('each header that the contract demands is demanded and named', async () => {
    const bank = banks[0];
    const { user, id } = holderOf(bank, readable);
    for (const name of [
        'o3-caller-org-id', 'o3-caller-client-id', 'o3-caller-software-statement-id', 'o3-api-uri',
        'o3-api-operation', 'o3-consent-id', 'o3-ozone-interaction-id', 'o3-psu-identifier',
    ]) {
        const reply = await bank.client.get(`/accounts/${id}`, {
            userId: user.userId,
            headers: { [name]: undefined },
        });
        assert.equal(reply.status, 400, name);
        assert.equal(reply.json.errorCode, 'Body.InvalidFormat');
        assert.ok(reply.json.errorMessage.includes(name), reply.text);
    }
    const optional = await bank.client.get(`/accounts/${id}`, {
        userId: user.userId,
        headers: { 'o3-caller-interaction-id': undefined },
    });
    assert.equal(optional.status, 200);
});

test('all that is missing is named in one answer', async () => {
    const all = ['o3-caller-org-id', 'o3-caller-client-id', 'o3-caller-software-statement-id', 'o3-api-uri',
        'o3-api-operation', 'o3-consent-id', 'o3-ozone-interaction-id', 'o3-psu-identifier'];
    const [{ client }] = banks;
    const authorization = `Bearer ${await client.token()}`;
    const bare = await client.send('GET', '/accounts', { headers: { authorization } });
    assert.equal(bare.status, 400);
    for (const name of ['o3-provider-id', ...all, 'accountIds']) {
        assert.ok(bare.json.errorMessage.includes(name), `${name}: ${bare.text}`);
    }
    const headers = { authorization, 'o3-provider-id': client.provider.providerId };
    const named = await client.send('GET', '/customer', { headers });
    assert.equal(named.status, 400);
    assert.ok(all.every((name) => named.json.errorMessage.includes(name)), named.text);
    assert.ok(!named.json.errorMessage.includes('o3-provider-id'));
});

test('a header without a value is as good as missing', async () => {
    const [{ client, users: [user] }] = banks;
    for (const name of ['o3-consent-id', 'o3-caller-org-id', 'o3-psu-identifier']) {
        const reply = await client.get('/customer', { userId: user.userId, headers: { [name]: '' } });
        assert.deepEqual([reply.status, reply.json.errorCode], [400, 'Body.InvalidFormat']);
        assert.equal(reply.json.errorMessage, `The header is invalid: ${name}: is missing.`);
    }
});

test('bounds are compared exactly, whatever their digits', async () => {
    const [bank] = banks;
    const { user: { userId }, id, book } =
        holderOf(bank, (one) => readable(one) && one.transactions.length > 2);
    const booked = book.transactions[1].bookingDateTime;
    const wall = booked.slice(0, 19) + (booked.match(/\.\d+/)?.[0] ?? '.000').padEnd(7, '0');
    const same = book.transactions.filter((one) => one.bookingDateTime === booked).length;
    const count = async (from, to) => {
        const query = { page: 1, 'page-size': 1, fromBookingDateTime: from, toBookingDateTime: to };
        const reply = await bank.client.get(`/accounts/${id}/transactions`, { userId, query });
        assert.equal(reply.status, 200, reply.text);
        return reply.json.meta.totalRecords;
    };
    assert.equal(await count(`${wall}Z`, `${wall}0000000000001Z`), same);
    assert.equal(await count(`${wall}0000Z`, `${wall}Z`), same);
    assert.equal(await count(`${wall}0001Z`, `${wall}0009Z`), 0);
    const query = { fromBookingDateTime: `${wall}0002Z`, toBookingDateTime: `${wall}0001Z` };
    const reply = await bank.client.get(`/accounts/${id}/transactions`, { userId, query });
    assert.equal(reply.status, 400);
    assert.match(reply.json.errorMessage, /fromBookingDateTime must not be after toBookingDateTime/);
});

test('the PSU identifier is Base64 of JSON with a known userId', async () => {
    const bank = banks[0];
    const { user, id } = holderOf(bank, readable);
    const good = encodePsu({ userId: user.userId, segment: 'x~~>>??' });
    const url = good.replaceAll('+', '-').replaceAll('/', '_');
    for (const value of [good, good.replace(/=+$/, ''), url, url.replace(/=+$/, '')]) {
        const reply = await bank.client.get(`/accounts/${id}`, {
            headers: { 'o3-psu-identifier': value },
        });
        assert.equal(reply.status, 200, value);
    }
    const text = (plain) => Buffer.from(plain).toString('base64');
    for (const value of [
        '%%%', text('no json'), text('[]'), text('{}'), text('{"userId":7}'), text('{"userId":""}'),
        text('{"userId":"nobody"}'), text('{"userid":"x"}'), text('null'), user.userId,
        text(`{"userId":"${'x'.repeat(5000)}"}`), text('{"userId":"a\\u0000b"}'),
        text(`{"userId":"${user.userId}","userId":"nobody"}`),
    ]) {
        const reply = await bank.client.get(`/accounts/${id}`, {
            headers: { 'o3-psu-identifier': value },
        });
        assert.equal(reply.status, 400, value);
        assert.equal(reply.json.errorCode, 'Consent.InvalidUserIdentifier', value);
    }
});

test('ids with path characters are ids that were never issued', async () => {
    const bank = banks[0];
    const { user } = holderOf(bank, readable);
    for (const id of ['..%2F..', '..%5C', "a'b", 'a%20b', 'x'.repeat(200), '%F0%9F%8F%A6']) {
        const reply = await bank.client.get(`/accounts/${id}`, { userId: user.userId });
        assert.equal(reply.status, 403, id);
        assert.equal(reply.json.errorCode, 'Consent.PermanentAccountAccessFailure');
    }
});

test('unknown paths and methods, and operations of later', async () => {
    const bank = banks[0];
    const { user, id } = holderOf(bank, readable);
    const { userId } = user;
    const expect = async (method, path, status) => {
        const reply = await bank.client.call(method, path, { userId });
        assert.equal(reply.status, status, `${method} ${path}`);
        assert.equal(reply.headers.allow, status === 405 ? 'GET' : undefined);
        if (method !== 'HEAD') {
            assert.equal(reply.json.errorCode, 'GenericError');
            assert.ok(reply.json.errorMessage.length > 0);
        }
    };
    for (const path of ['/account', '/accounts/', `/accounts/${id}/unknown`, '/ACCOUNTS']) {
        await expect('GET', path, 404);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS']) {
        await expect(method, `/accounts/${id}`, 405);
    }
});

test('health checks', async () => {
    const { client } = banks[0];
    const plain = { headers: {} };
    const hello = await client.send('GET', '/hello', plain);
    assert.equal(hello.status, 200);
    assert.deepEqual(hello.json, {
        connectionEstablished: true, mtlsStatus: 'not-checked', hostName: 'localhost',
    });
    const mtls = await client.send('GET', '/hello-mtls', plain);
    assert.equal(mtls.json.mtlsStatus, 'established');
    const echo = await client.send('GET', '/echo-cert', plain);
    assert.equal(echo.json.mtlsStatus, 'established');
    assert.match(echo.json.clientCertificate.subject, /^C=AE, O=.+, OU=.+, CN=.+$/);
    assert.match(echo.json.clientCertificate.issuer, /^C=AE, O=.+, OU=.+, CN=.+$/);

    const stranger = new HubClient(demo, 'dhowretail', { identity: demo.rogue.otherOrganisation });
    for (const [path, status] of [['/hello', 200], ['/hello-mtls', 401], ['/echo-cert', 401]]) {
        const reply = await stranger.send('GET', path, plain);
        assert.equal(reply.status, status, path);
        if (status === 401) {
            assert.deepEqual(Object.keys(reply.json), ['errorMessage']);
        }
    }
    stranger.close();
});

test('without keys every operation is our fault, not the caller\'s', async () => {
    const dead = await startDemo({ adjustServer: '.caller.jwksBase = "https://localhost:1"' });
    const client = new HubClient(dead, 'dhowretail');
    const [user] = dead.providers[0].users;
    const paths = ['/accounts?accountIds=x', '/accounts/x', '/accounts/x/balances',
        '/accounts/x/transactions'];
    for (const path of paths) {
        const reply = await client.call('GET', path, { userId: user.userId });
        assert.equal(reply.status, 500, path);
        assert.equal(reply.json.errorCode, 'GenericRecoverableError');
        const unauthenticated = await client.call('GET', path, { userId: user.userId, token: null });
        assert.equal(unauthenticated.status, 401);
        assert.equal(unauthenticated.headers['www-authenticate'], 'Bearer');
    }
    client.close();
    await dead.stop();
});
