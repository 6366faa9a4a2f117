// Base paths of API families, and two versions of the standard side by side: one provider serves
// both, the other the older one alone of products and ATMs, and takes no new consents in it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../journey/support.mjs';
import { HubClient } from '../support/client.mjs';
import { newConsent } from '../support/customer.mjs';
import { ROOT, startDemo } from '../support/demo.mjs';
import { runProgram, writeConfig } from '../support/program.mjs';
import { asOlder, laterIn } from '../support/versions.mjs';
import { readBooks } from './books.mjs';

const BASE_PATHS = {
    dataSharing: '/data-sharing', products: '/open/v2.2', openData: '/open/v2.2',
    serviceInitiation: '/pay',
    consentEvents: '/events', healthCheck: '/health',
};
const FROM_PHONE = {
    'o3-consent-id': undefined, 'o3-psu-identifier': undefined, 'o3-aspsp-id': undefined,
    'x-fapi-customer-ip-address': '192.0.2.7',
};
const uri = (version) => ({ 'o3-api-uri': `/open-finance/family/${version}/path` });

let demo;
const clients = {};

before(async () => {
    demo = await startDemo({
        adjustServer: `.hubListener.basePaths = ${JSON.stringify(BASE_PATHS)}
            | .providers[0].offers = {standardVersions: ["v2.1", "v2.2"]} | .providers[0].quoteLog = "v2.2"
            | .providers[1].offers = {standardVersions: ["v2.1", "v2.2"], closingVersions: ["v2.1"],
                                      familyVersions: {products: ["v2.1"], openData: ["v2.1"]}}`,
    });
    for (const { providerId } of demo.providers) {
        clients[providerId] = new HubClient(demo, providerId);
    }
});

after(async () => {
    Object.values(clients).forEach((client) => client.close());
    await demo?.stop();
});

const retail = () => clients.dhowretail;
const user = () => demo.providers[0].users.find(({ login }) => login === 'rohan');

/* --- base paths ------------------------------------------------------------------------------ */

test('a family is reached below its base path and nowhere else', async () => {
    const status = async (path) => (await retail().get(path, { headers: FROM_PHONE })).status;
    for (const [path, expected] of [
        ['/open/v2.2/atm', 200], ['/atm', 404], ['/data-sharing/atm', 404], ['/open/atm', 404],
        ['/health/hello', 200], ['/hello', 404],
    ]) {
        assert.equal(await status(path), expected, path);
    }
    const { json } = await retail().get('/');
    assert.equal(json.health, '/health/hello');
});

test('tools/call and the simulator follow the configuration', async () => {
    const called = (...args) =>
        spawnSync(join(ROOT, 'tools/call'), ['--data', demo.dir, ...args], { encoding: 'utf8' });
    const accounts = called('--as', 'rohan', 'GET', '/accounts');
    assert.equal(accounts.stdout.split('\n')[0], '200', accounts.stdout + accounts.stderr);
    for (const path of ['/atm', '/products?page=1&page-size=1', '/hello']) {
        assert.equal(called('GET', path).stdout.split('\n')[0], '200', path);
    }
    const simulated = async (path, body) => {
        const reply = await fetch(`${demo.hub.baseUrl}${path}`, {
            method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
        });
        return { status: reply.status, json: await reply.json() };
    };
    const call = { providerId: 'dhowretail', method: 'GET', path: '/atm' };
    const { json } = await simulated('/sim/call', call);
    assert.equal(json.status, 200, JSON.stringify(json));
    assert.equal(json.finding, undefined);
    // the simulator asks the bank to validate it
    const consent = await simulated('/sim/consents', {
        providerId: 'dhowretail', type: 'data-sharing', consent: { Permissions: ['ReadBalances'] },
    });
    assert.equal(consent.status, 201, JSON.stringify(consent.json));
});

test('base paths that let two families claim a path are refused with their line', async () => {
    const config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
    const { file } = await writeConfig(demo, config, 'same.json', (own) => {
        own.hubListener.basePaths = { products: '/accounts' };
    });
    const { status, stderr } = runProgram('--config', file, '--check');
    assert.equal(status, 2);
    assert.match(stderr, /same\.json:\d+: \$\.hubListener\.basePaths: GET \/accounts\/\{accountId\} and \/accounts\/products are the same path/);
});

test('a version that is a draft or not known is logged', async () => {
    const config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
    const { file } = await writeConfig(demo, config, 'versions.json', (own) => {
        own.providers[0].offers.standardVersions = ['v2.1', 'v2.2', 'v3.0'];
        own.providers[1].offers = { familyVersions: { products: ['v2.2'] } };
    });
    const { stderr } = runProgram('--config', file, '--check');
    const told = stderr.split('\n').filter((line) => /Versions/.test(line));
    assert.equal(told.length, 3, stderr);
    assert.match(told[0], /warning: \$\.providers\[0\]\.offers\.standardVersions: v2\.2 is a draft/);
    assert.match(told[1], /v3\.0 is not known here/);
    assert.match(told[2], /\$\.providers\[1\]\.offers\.familyVersions\.products: v2\.2 is a draft/);
});

test('the operator is told which versions each provider serves', async () => {
    const reply = await fetch(`${demo.adminBaseUrl}/operator/providers`, {
        headers: { authorization: `Bearer ${readFileSync(demo.operatorTokenFile, 'utf8').trim()}` },
    });
    const { providers } = await reply.json();
    const told = Object.fromEntries(providers.map((one) => [one.provider, one]));
    const both = ['v2.1', 'v2.2'];
    const everywhere = (list) => ({ dataSharing: list, products: list, openData: list, serviceInitiation: list, insurance: list });
    assert.deepEqual(told.dhowretail.versions, everywhere(both));
    assert.deepEqual(told.dhowretail.closing, []);
    assert.deepEqual(told.dhowbusiness.versions, { ...everywhere(both), products: ['v2.1'], openData: ['v2.1'] });
    assert.deepEqual(told.dhowbusiness.closing, ['v2.1']);
    assert.deepEqual(told.dhowprivate.versions, everywhere(['v2.1']));
    assert.deepEqual([told.dhowretail.paymentLog, told.dhowretail.quoteLog], ['v2.1', 'v2.2']);
});

/* --- versions -------------------------------------------------------------------------------- */

const payees = (client, version, name) =>
    client.call('POST', '/data-sharing/customers/action/cop-query', {
        query: { page: 1, 'page-size': 100 }, headers: { ...FROM_PHONE, ...uri(version) },
        body: { data: { account: { schemeName: 'IBAN', identification: 'AE070331234567890123456', name } } },
    });

test('each family of APIs is served in its own versions', async () => {
    const business = clients.dhowbusiness;
    const products = async (version) => (await business.get('/open/v2.2/products', {
        query: { page: 1, 'page-size': 1 }, headers: { ...FROM_PHONE, ...uri(version) },
    })).status;
    assert.equal(await products('v2.1'), 200);
    assert.equal(await products('v2.2'), 400);
    assert.equal((await payees(business, 'v2.2')).status, 200); // without a name: that is v2.2
});

test('a version that is closing is served, but no new consents are taken in it', async () => {
    assert.equal((await payees(clients.dhowbusiness, 'v2.1', { fullName: 'Nobody' })).status, 200);
    const ask = async (providerId) => (await fetch(`${demo.hub.baseUrl}/sim/consents`, {
        method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ providerId, type: 'data-sharing', consent: { Permissions: ['ReadBalances'] } }),
    })).json();
    assert.equal((await ask('dhowbusiness')).body.data.code, 'UnsupportedVersion');
    assert.ok((await ask('dhowretail')).consentId);
});

test('log and metrics show the version of a request and its source', async () => {
    const atms = async (address) => (await retail().get('/open/v2.2/atm', {
        headers: { ...FROM_PHONE, 'o3-api-uri': address },
    })).status;
    await atms('/open-finance/atm/v2.0/atms');
    await atms('/atms');
    await atms('/open-finance/atm/v9.9/atms');
    await retail().get('/data-sharing/accounts', { userId: user().userId, headers: { 'o3-api-uri': '/accounts' } });
    const told = demo.serverLog().filter(({ versionFrom }) => versionFrom).slice(-4)
        .map(({ version, asked, versionFrom }) => [version, asked, versionFrom]);
    assert.deepEqual(told, [
        ['v2.1', 'v2.0', 'uri'], ['v2.2', 'v2.2', 'basePath'], [undefined, 'v9.9', 'uri'], ['v2.1', 'v2.1', 'default'],
    ]);
    const metrics = await (await fetch(`${demo.adminBaseUrl}/metrics`)).text();
    for (const [version, from] of [['v2.1', 'uri'], ['v2.2', 'basePath'], ['none', 'uri'], ['v2.1', 'default']]) {
        assert.match(metrics, new RegExp(
            `^lfi_version_requests_total{provider="dhowretail",version="${version}",from="${from}"} [1-9]`, 'm'));
    }
});

const lead = (change = {}) => ({
    data: {
        Email: 'zahra.lead@mail.example.org', Name: { FullName: 'Zahra Leadington' },
        EmiratesId: '784-1991-0000808-8', MarketingOptOut: true, ProductCategories: ['Mortgage'], ...change,
    },
});
const postLead = (headers, body, client = retail()) =>
    client.call('POST', '/open/v2.2/leads', { body, headers: { ...FROM_PHONE, ...headers } });

test('a lead is judged by the version that the TPP called', async () => {
    for (const change of [
        { EmiratesId: '784/1991' }, { Name: { FullName: 'Zoë' } },
        { Name: { GivenName: 'زهرة', LastName: 'L' } }, { Name: { BusinessName: 'A; B' } },
        { ResidentialAddress: { AddressLine: ['Villa 7', 'Sidr Close; block B'], Country: 'AE' } },
        { ResidentialAddress: { AddressLine: ['شارع السدر ٧'], Country: 'AE' } },
    ]) {
        const older = await postLead(uri('v2.1'), lead(change));
        assert.equal(older.status, 201, older.text);
        const newer = await postLead(uri('v2.2'), lead(change));
        assert.equal(newer.status, 400, JSON.stringify(change));
        assert.equal(newer.json.errorCode, 'Body.InvalidFormat');
    }
    assert.equal((await postLead(uri('v2.2'), lead())).status, 201);
    const plain = { ResidentialAddress: { AddressLine: ["Villa 7/B (east), O'Neil Close"], Country: 'AE' } };
    assert.equal((await postLead(uri('v2.2'), lead(plain))).status, 201);
    // without a version in o3-api-uri the base path tells it
    assert.equal((await postLead({ 'o3-api-uri': '/leads' }, lead({ EmiratesId: '1' }))).status, 400);
});

test('a version that the provider does not serve is refused', async () => {
    const dull = { EmiratesId: '1' };
    const cases = [
        [clients.dhowbusiness, 'v2.1', 201], [clients.dhowbusiness, 'v2.2', 400],
        [clients.dhowbusiness, 'v2.0', 201], [retail(), 'v2.0', 201], [retail(), 'v2.3', 400],
        [retail(), 'v1.2', 400],
    ];
    for (const [client, version, status] of cases) {
        const reply = await postLead(uri(version), lead(dull), client);
        assert.equal(reply.status, status, version);
        if (status === 400) {
            assert.deepEqual(reply.json,
                { errorCode: 'GenericError', errorMessage: 'The version is not served.' });
        }
    }
});

test('a date-time has one strict form since v2.2', async () => {
    const since = (version, LastUpdatedDateTime) => retail().get('/open/v2.2/products', {
        query: { page: 1, 'page-size': 1, LastUpdatedDateTime }, headers: { ...FROM_PHONE, ...uri(version) },
    });
    for (const [text, older, newer] of [
        ['2026-01-01T00:00:00Z', 200, 200], ['2026-01-01T04:00:00.5+04:00', 200, 200],
        ['2026-01-01T00:00:00-00:30', 200, 400], ['2026-01-01T00:00:00-13:00', 200, 400],
        ['2026-01-01T00:00:00', 400, 400],
    ]) {
        assert.equal((await since('v2.1', text)).status, older, text);
        assert.equal((await since('v2.2', text)).status, newer, text);
    }
    // a + that was not encoded arrives as a blank
    const raw = await retail().get('/open/v2.2/products?page=1&page-size=1&LastUpdatedDateTime=2026-01-01T00:00:00+04:00',
        { headers: { ...FROM_PHONE, ...uri('v2.2') } });
    assert.equal(raw.status, 200, raw.text);
});

test('confirmation of payee asks for a name before v2.2 and gives names alone since', async () => {
    const { userId, accountIds } = user();
    const account = await retail().get(`/data-sharing/accounts/${accountIds[0]}`, { userId });
    const [{ identification }] = account.json.data.accountNumbers;
    const ask = (version, name) => retail().call('POST', '/data-sharing/customers/action/cop-query', {
        query: { page: 1, 'page-size': 100 }, headers: { ...FROM_PHONE, ...uri(version) },
        body: { data: { account: { schemeName: 'IBAN', identification, name } } },
    });
    assert.equal((await ask('v2.1')).status, 400);
    const older = await ask('v2.1', { fullName: 'Nobody' });
    const newer = await ask('v2.2');
    assert.equal(newer.status, 200, newer.text);
    assert.equal(newer.json.data.length, older.json.data.length);
    newer.json.data.forEach(({ id, name, ...rest }, i) => {
        const { id: olderId, verifiedClaims: [{ claims }] } = older.json.data[i];
        assert.deepEqual(rest, {});
        assert.equal(id, olderId);
        assert.equal(name.fullName, claims.fullName);
        assert.equal(name.firstName, claims.givenName);
        assert.equal(name.lastName, claims.familyName);
    });
    assert.deepEqual(newer.json.meta, older.json.meta);
});

const askPayee = (client, iban, version, name) => client.call('POST', '/data-sharing/customers/action/cop-query', {
    query: { page: 1, 'page-size': 100 }, headers: { ...FROM_PHONE, ...uri(version) },
    body: { data: { account: { schemeName: 'IBAN', identification: iban, name } } },
});

test('an account that cannot receive is refused in both versions', async () => {
    const seen = new Set();
    for (const { account } of readBooks(demo, demo.providers[0].segment).values()) {
        const [{ schemeName, identification }] = account.accountNumbers;
        if (schemeName !== 'IBAN' || !(/^Active, can/.test(account.nickName) ||
            ['Suspended', 'Closed', 'Deceased', 'Unclaimed'].includes(account.status))) continue;
        const older = await askPayee(retail(), identification, 'v2.1', { fullName: 'Nobody' });
        const newer = await askPayee(retail(), identification, 'v2.2');
        assert.deepEqual([newer.status, newer.text], [older.status, older.text]);
        if (older.status === 200) {
            assert.deepEqual(older.json.data, [], 'opted out'); // before any block
            continue;
        }
        assert.equal(older.status, 403, older.text);
        seen.add(`${account.status} ${older.json.errorCode}`);
    }
    assert.deepEqual([...seen].sort(), [
        'Active Consent.AccountTemporarilyBlocked', 'Active Consent.PermanentAccountAccessFailure',
        'Closed Consent.PermanentAccountAccessFailure', 'Deceased Consent.PermanentAccountAccessFailure',
        'Suspended Consent.AccountTemporarilyBlocked', 'Unclaimed Consent.PermanentAccountAccessFailure',
    ]);
});

/** All records of a paged list, as the pages have them. */
async function walk(path, userId, version, size, listOf) {
    const records = [];
    for (let page = 1, pages = 1; page <= pages; page++) {
        const reply = await retail().get(path, { userId, query: { page, 'page-size': size }, headers: uri(version) });
        assert.equal(reply.status, 200, reply.text);
        pages = reply.json.meta.totalPages;
        records.push(...listOf(reply.json.data));
    }
    return records;
}

const isDescending = (keys) => keys.every((key, i) => i === 0 || keys[i - 1] > key);

test('entries of one instant come by id over the borders of pages, statements by opening date', async () => {
    const books = readBooks(demo, demo.providers[0].segment);
    const { userId, accountIds } = demo.providers[0].users.find(({ login }) => login === 'badr');
    const many = accountIds.find((id) => {
        const times = books.get(id).transaction.map(({ bookingDateTime }) => bookingDateTime);
        return times.length > new Set(times).size + 400;
    });
    assert.ok(many, 'an account with entries of one instant');
    for (const version of ['v2.1', 'v2.2']) {
        const entries = await walk(`/data-sharing/accounts/${many}/transactions`, userId, version, 97, (data) => data);
        assert.equal(entries.length, books.get(many).transaction.length);
        assert.ok(isDescending(entries.map(({ bookingDateTime, transactionId }) => `${bookingDateTime} ${transactionId}`)),
            version);
        let statements = 0;
        for (const id of user().accountIds) {
            if (books.get(id).account.status !== 'Active') continue;
            const list = await walk(`/data-sharing/accounts/${id}/statements`, user().userId, version, 1,
                ({ Statements }) => Statements);
            assert.ok(isDescending(list.map(({ OpeningDate, StatementId }) => `${OpeningDate} ${StatementId}`)), version);
            statements += list.length;
        }
        assert.ok(statements > 2, `${statements}`);
    }
});

test('Arabic and other names of a payee are told since v2.2, where the bank holds them', async () => {
    const namesOf = async (provider, login, accounts = () => true) => {
        const books = readBooks(demo, provider.segment);
        const { accountIds } = provider.users.find((one) => one.login === login);
        const told = [];
        for (const { account } of accountIds.map((id) => books.get(id))) {
            const [{ schemeName, identification }] = account.accountNumbers;
            if (schemeName !== 'IBAN' || !accounts(account)) continue;
            const client = clients[provider.providerId];
            const older = await askPayee(client, identification, 'v2.1', { fullName: 'Nobody' });
            assert.equal(older.status, 200, older.text);
            assert.doesNotMatch(older.text, /Ar"|alsoKnownAs|arabicName|otherNames|[\u0600-\u06ff]/);
            const newer = await askPayee(client, identification, 'v2.2');
            assert.equal(newer.status, 200, newer.text);
            assert.equal(newer.json.data.length, older.json.data.length);
            told.push(newer.json.data.map(({ name }) => name));
        }
        return told;
    };
    const [retailBank, business] = demo.providers;
    const joint = (await namesOf(retailBank, 'kwame')).find((names) => names.length === 2);
    assert.deepEqual(joint, [
        {
            fullName: 'Leonie Brancourt-Desmoulins', firstName: 'Leonie', lastName: 'Brancourt-Desmoulins',
            fullNameAr: 'ليوني برانكور ديمولان', alsoKnownAs: ['Leonie Desmoulins', 'Léonie Brancourt'],
        },
        {
            fullName: 'Kwame Kofi Asantewo', firstName: 'Kwame', middleName: 'Kofi', lastName: 'Asantewo',
            fullNameAr: 'كوامي كوفي أسانتيو',
        },
    ]);
    assert.deepEqual((await namesOf(business, 'siraj.owner'))[0], [{
        businessName: 'Siraj & Daughters Lighting Trading LLC', businessNameAr: 'سراج وبناته لتجارة الإنارة ذ.م.م',
        alsoKnownAs: ['Siraj Lights'],
    }]);
    const sparse = (await namesOf(retailBank, 'kathir')).flat();
    assert.ok(sparse.length > 0);
    assert.ok(sparse.every((name) => name.fullName && !name.fullNameAr && !name.alsoKnownAs), JSON.stringify(sparse));
    assert.deepEqual(demo.serverLog().filter(({ event }) => event === 'contract-response'), []);
});

test('no handler reads the version of a request, and insurance needs no other handlers for v2.2', () => {
    for (const room of ['connect', 'consent', 'payments', 'psu']) {
        const folder = join(ROOT, 'server', room);
        for (const file of readdirSync(folder).filter((name) => name.endsWith('.c') && name !== 'listener.c')) {
            assert.doesNotMatch(readFileSync(join(folder, file), 'utf8'), /call->version|version_of_address/, file);
        }
    }
    const insurance = readFileSync(join(ROOT, 'openapi/v2.2/insurance.yaml'), 'utf8').split(/^ {2}- in: /m).slice(1);
    assert.ok(insurance.length > 40);
    for (const edit of insurance) assert.doesNotMatch(edit, /x-lfi/);
});

/** Who holds an account whose product has the member in v2.2. */
async function holderOf(member) {
    for (const { userId, accountIds } of demo.providers[0].users) {
        for (const accountId of accountIds) {
            const { json } = await retail().get(`/data-sharing/accounts/${accountId}/products`, {
                userId, query: { page: 1, 'page-size': 100 }, headers: uri('v2.2'),
            });
            const later = json.data?.find((product) => member in product);
            if (later) return { userId, accountId, later };
        }
    }
    return assert.fail(`nobody holds a product with ${member}`);
}

test('members that v2.2 adds are left out of answers in v2.1, and nothing else differs', async () => {
    const permitted = await newConsent(demo, ['ReadAccountsBasic', 'ReadProduct', 'ReadProductFinanceRates']);
    const without = await newConsent(demo, ['ReadAccountsBasic', 'ReadProduct']);
    const found = new Set();
    const compare = async (path, options) => {
        const read = (version) => retail().get(path, { ...options, headers: { ...options.headers, ...uri(version) } });
        const [older, newer] = [await read('v2.1'), await read('v2.2')];
        assert.deepEqual([older.status, newer.status], [200, 200], newer.text);
        assert.deepEqual(older.json, asOlder(newer.json), path);
        laterIn(newer.json, found);
        return newer.json;
    };
    const query = { page: 1, 'page-size': 100 };
    await compare('/open/v2.2/products', { query, headers: FROM_PHONE });
    const { userId, accountId, later } = await holderOf('TakafulRequired');
    for (const list of ['balances', 'products']) {
        await compare(`/data-sharing/accounts/${accountId}/${list}`, { userId, query, consentId: permitted.consentId });
    }
    assert.equal(later.ShariaFinanceRates, undefined); // as FinanceRates, only when the customer permits it
    const bare = await compare(`/data-sharing/accounts/${accountId}/products`, { userId, query, consentId: without.consentId });
    assert.ok(!/FinanceRates/.test(JSON.stringify(bare)));
    for (const holder of demo.providers[0].users) {
        for (const id of found.size < 6 ? holder.accountIds : []) {
            const reply = await retail().get(`/data-sharing/accounts/${id}/balances`, { userId: holder.userId, query, headers: uri('v2.2') });
            if (laterIn(reply.json).size > 0) {
                await compare(`/data-sharing/accounts/${id}/balances`, { userId: holder.userId, query });
            }
        }
    }
    assert.deepEqual([...found].sort(), ['BalanceDescription', 'ExpectedProfitRates', 'ProfitCalculationMethod',
        'ShariaFinanceRates', 'TakafulDescription', 'TakafulRequired']);
});

test('the charge method of a Sharia-compliant product has another name before v2.2', async () => {
    const query = { page: 1, 'page-size': 100 };
    const methodsOf = (products) => products.flatMap(({ Product, ...product }) =>
        Object.values(Product ?? { product }).flatMap(({ Charges = [] }) => Charges))
        .flatMap(({ Charge }) => Charge)
        .flatMap(({ InterestCalculationMethod, ProfitCalculationMethod }) =>
            (InterestCalculationMethod ?? ProfitCalculationMethod
                ? [{ InterestCalculationMethod, ProfitCalculationMethod }] : []));
    const none = undefined;
    const older = [{ InterestCalculationMethod: 'OutstandingBalance', ProfitCalculationMethod: none }];
    const newer = [{ InterestCalculationMethod: none, ProfitCalculationMethod: 'OutstandingBalance' }];
    const { userId, accountId } = await holderOf('TakafulRequired');
    for (const [version, methods] of [['v2.1', older], ['v2.2', newer]]) {
        const catalogue = await retail().get('/open/v2.2/products', { query, headers: { ...FROM_PHONE, ...uri(version) } });
        const offered = catalogue.json.data.flatMap(({ Products }) => Products);
        assert.deepEqual(methodsOf(offered.filter(({ IsShariaCompliant }) => IsShariaCompliant)), methods);
        // a charge of interest has its name in both
        assert.deepEqual(methodsOf(offered.filter(({ IsShariaCompliant }) => !IsShariaCompliant)), older);
        const held = await retail().get(`/data-sharing/accounts/${accountId}/products`, { userId, query, headers: uri(version) });
        assert.deepEqual(methodsOf(held.json.data), methods, held.text);
    }
});

test('what an answer lacks in its version is explained by its interaction', async () => {
    const { userId, accountId } = await holderOf('TakafulRequired');
    const headersOf = (version) => ({ ...uri(version), 'o3-ozone-interaction-id': randomUUID() });
    const explain = async (headers) => {
        const reply = await fetch(`${demo.adminBaseUrl}/explain/${headers['o3-ozone-interaction-id']}`, {
            headers: { authorization: `Bearer ${readFileSync(demo.operatorTokenFile, 'utf8').trim()}` },
        });
        return { status: reply.status, json: await reply.json() };
    };
    const read = async (version, path = `/data-sharing/accounts/${accountId}/products`) => {
        const headers = headersOf(version);
        await retail().get(path, { userId, query: { page: 1, 'page-size': 100 }, headers });
        return explain(headers);
    };
    const { json: { findings: [finding, ...more] } } = await read('v2.1');
    assert.deepEqual(more, []);
    const { provider, operation, version, check, status, detail } = finding;
    assert.deepEqual([provider, operation, version, check, status],
        ['dhowretail', 'findProducts', 'v2.1', 'VERSION-CUT', undefined]);
    assert.match(detail, /^left out: .*TakafulRequired/);
    assert.match(detail, /ProfitCalculationMethod as InterestCalculationMethod/);
    assert.equal((await read('v2.2')).status, 404); // nothing to explain
    // a refusal names the version, too
    const refused = await read('v2.1', '/data-sharing/accounts/none/products');
    assert.deepEqual(refused.json.findings.map(({ version: one, status: code }) => [one, code >= 400]), [['v2.1', true]]);
});

test('a call of another version than its consent or its base path is served, counted and logged', async () => {
    const count = async () => Number(/^lfi_version_mixed_total (\d+)$/m.exec(
        await (await fetch(`${demo.adminBaseUrl}/metrics`)).text())[1]);
    const { userId, accountIds } = user();
    const { consentId } = await newConsent(demo, ['ReadAccountsBasic', 'ReadBalances']); // of v2.1: validated, so known
    const before = await count();
    const read = (version) => retail().get(`/data-sharing/accounts/${accountIds[0]}/balances`, {
        userId, consentId, query: { page: 1, 'page-size': 100 }, headers: uri(version),
    });
    const [same, other] = [await read('v2.1'), await read('v2.2')];
    assert.deepEqual([same.status, other.status], [200, 200]);
    assert.equal(await count(), before + 1);
    const lines = demo.serverLog().filter(({ consent, asked }) => consent === consentId && asked);
    assert.deepEqual(lines.map(({ asked, otherVersion }) => [asked, otherVersion]), [['v2.1', undefined], ['v2.2', 'v2.1']]);
    await retail().get('/open/v2.2/atm', { headers: { ...FROM_PHONE, ...uri('v2.1') } });
    assert.equal(await count(), before + 2);
    // an event that is refused, of another consent than its header names, leaves nothing behind
    const { consent } = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${consentId}`)).json();
    const event = (id) => retail().call('POST', '/events/consent/event/patch',
        { consentId, body: { ...consent, id, standardVersion: 'v2.2' }, headers: { 'o3-psu-identifier': undefined } });
    const { status, json } = await event(randomUUID());
    assert.deepEqual([status, json.errorCode], [400, 'Consent.Invalid']);
    assert.equal((await read('v2.1')).status, 200);
    assert.equal(await count(), before + 2);
    assert.equal((await event(consentId)).status, 204);
    assert.equal((await read('v2.1')).status, 200);
    assert.equal(await count(), before + 3);
});

test('what a customer holds is answered in both versions', async () => {
    const { userId, accountIds } = user();
    for (const version of ['v2.1', 'v2.2']) {
        for (const accountId of accountIds) {
            for (const list of ['balances', 'transactions', 'products', 'statements', 'customer']) {
                const reply = await retail().get(`/data-sharing/accounts/${accountId}/${list}`, {
                    userId, query: { page: 1, 'page-size': 1000 }, headers: uri(version),
                });
                assert.ok(reply.status === 200 || list === 'statements',
                    `${version} ${accountId} ${list}: ${reply.text}`);
            }
        }
    }
    assert.deepEqual(demo.serverLog().filter(({ event }) => event === 'contract-response'), []);
});

test('every customer, and every holder of an account, is named in both versions', async () => {
    let answered = 0;
    // zoe's names do not fit v2.2: names.test.mjs
    for (const { userId, accountIds } of demo.providers[0].users.filter(({ login }) => login !== 'zoe')) {
        const newer = await retail().get('/data-sharing/customer', { userId, headers: uri('v2.2') });
        const older = await retail().get('/data-sharing/customer', { userId, headers: uri('v2.1') });
        assert.deepEqual([newer.status, newer.json], [200, older.json], newer.text);
        for (const accountId of accountIds) {
            const path = `/data-sharing/accounts/${accountId}`;
            const holders = (version) => retail().get(`${path}/customer`, {
                userId, query: { page: 1, 'page-size': 100 }, headers: uri(version),
            });
            const [old, since] = [await holders('v2.1'), await holders('v2.2')];
            assert.deepEqual([since.status, since.json.data], [old.status, old.json.data], since.text);
            if (since.status !== 200) {
                assert.match(since.json.errorCode, /^Consent\.(PermanentAccountAccessFailure|AccountTemporarilyBlocked)$/);
                continue;
            }
            answered += 1;
            const { json: { data: { accountNumbers } } } = await retail().get(path, { userId, headers: uri('v2.2') });
            const iban = accountNumbers.find(({ schemeName }) => schemeName === 'IBAN');
            if (!iban) continue;
            const named = await retail().call('POST', '/data-sharing/customers/action/cop-query', {
                query: { page: 1, 'page-size': 100 }, headers: { ...FROM_PHONE, ...uri('v2.2') },
                body: { data: { account: { schemeName: 'IBAN', identification: iban.identification } } },
            });
            assert.ok([200, 403].includes(named.status), named.text);
            for (const { name } of named.json.data ?? []) {
                assert.match(name.fullName ?? name.businessName, /^[A-Za-z0-9 &'.,()/-]+$/);
            }
        }
    }
    assert.ok(answered > 50, `${answered}`);
    assert.deepEqual(demo.serverLog().filter(({ event }) => event === 'contract-response'), []);
});

/* --- other versions while it runs ------------------------------------------------------------ */

test('a provider that serves both answers in v2.1 as one that serves v2.1 alone, byte for byte', async () => {
    const query = { page: 1, 'page-size': 100 };
    const answers = async () => {
        const told = [];
        for (const { userId, accountIds } of demo.providers[0].users.slice(0, 12)) {
            for (const path of ['accounts', ...accountIds.flatMap((id) =>
                ['balances', 'transactions', 'products', 'statements', 'customer'].map((list) => `accounts/${id}/${list}`))]) {
                const reply = await retail().get(`/data-sharing/${path}`, { userId, query, headers: uri('v2.1') });
                told.push([path, reply.status, reply.text]);
            }
        }
        for (const path of ['products', 'atm']) {
            const reply = await retail().get(`/open/v2.2/${path}`, { query, headers: { ...FROM_PHONE, ...uri('v2.1') } });
            told.push([path, reply.status, reply.text]);
        }
        return told;
    };
    const both = await answers();
    assert.ok(both.length > 100, `${both.length}`);
    await serve({ standardVersions: ['v2.1'] });
    assert.equal((await payees(retail(), 'v2.2')).status, 400);
    assert.deepEqual(await answers(), both);
    await serve({ standardVersions: ['v2.1', 'v2.2'] });
});

/** Reloads the first provider's versions; resolves when they are in force. */
async function serve(offers) {
    const file = join(demo.dir, 'server.json');
    // not readLog(): it would wait, and let nothing else run, while requests are logged
    const reloads = () => readFileSync(join(demo.dir, 'server.log'), 'utf8').match(/"event":"reload(ed|-failed)"/g) ?? [];
    const before = reloads().length;
    const config = JSON.parse(readFileSync(file, 'utf8'));
    config.providers[0].offers = offers;
    writeFileSync(file, JSON.stringify(config, null, 2));
    process.kill(demo.serverPid, 'SIGHUP');
    await until(() => reloads().length > before, 'a reload', 60_000);
    assert.match(reloads().at(-1), /"reloaded"/);
}

test('the versions served change under a thousand requests, none of which is refused or mixed', async () => {
    const { userId, accountId } = await holderOf('TakafulRequired');
    const lists = [['v2.2'], ['v2.1', 'v2.2'], ['v2.2', 'v2.1']]; // a request for v2.1 is served by each
    const forms = {}; // by the version that is in force
    const client = new HubClient(demo, 'dhowretail');
    client.record = () => {}; // an answer in the form of v2.2 would be judged by what the request names
    const read = () => client.get(`/data-sharing/accounts/${accountId}/products`, {
        userId, query: { page: 1, 'page-size': 100 }, headers: { ...uri('v2.1'), connection: 'close' },
    });
    for (const standardVersions of lists) {
        await serve({ standardVersions });
        forms[standardVersions] = (await read()).text;
    }
    assert.equal(new Set(Object.values(forms)).size, 2);
    const seen = new Set();
    let asked = 0;
    let done = false;
    const ask = async () => {
        while (asked < 1000 || !done) {
            asked += 1;
            const { status, text } = await read();
            assert.equal(status, 200, text);
            assert.ok(Object.values(forms).includes(text), text);
            seen.add(text);
        }
    };
    const asking = Promise.all(Array.from({ length: 8 }, ask));
    try {
        for (let i = 0; i < 9 || asked < 1000; i++) {
            await serve({ standardVersions: lists[i % lists.length] });
        }
    } finally {
        done = true;
        await asking;
    }
    assert.equal(seen.size, 2);
    await serve({ standardVersions: ['v2.1', 'v2.2'] });
    // what is shown, and what is validated, follow
    await serve({ standardVersions: ['v2.1', 'v2.2'], closingVersions: ['v2.1'] });
    const reply = await fetch(`${demo.adminBaseUrl}/operator/providers`, {
        headers: { authorization: `Bearer ${readFileSync(demo.operatorTokenFile, 'utf8').trim()}` },
    });
    assert.deepEqual((await reply.json()).providers[0].closing, ['v2.1']);
    const consent = await fetch(`${demo.hub.baseUrl}/sim/consents`, {
        method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ providerId: 'dhowretail', type: 'data-sharing', consent: { Permissions: ['ReadBalances'] } }),
    });
    assert.equal((await consent.json()).body.data.code, 'UnsupportedVersion');
});
