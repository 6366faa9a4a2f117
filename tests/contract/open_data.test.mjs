// Cash machines, catalogue and leads: answers are compared with what was authored in fixtures/, and
// a lead must outlive the server that took it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { BUILD_DIR, ROOT, startDemo } from '../support/demo.mjs';
import { asOlder } from '../support/versions.mjs';

const NO_CONSENT = {
    'o3-consent-id': undefined, 'o3-psu-identifier': undefined, 'o3-aspsp-id': undefined,
};
const FROM_PHONE = { ...NO_CONSENT, 'x-fapi-customer-ip-address': '192.0.2.7' };
const authored = (name) => JSON.parse(readFileSync(join(ROOT, 'fixtures/open-data', name), 'utf8'));
const MACHINES = authored('atms.json');
const OFFERS = asOlder(authored('products.json'));
const EXPIRED = 'regatta-saver';
const UNDATED = 'payroll-current';

let demo;
const clients = {};

before(async () => {
    demo = await startDemo();
    for (const { providerId } of demo.providers) {
        clients[providerId] = new HubClient(demo, providerId);
    }
});

after(async () => {
    Object.values(clients).forEach((client) => client.close());
    await demo?.stop();
});

const retail = () => clients.dhowretail;
const getProducts = (query, client = retail(), headers = {}) =>
    client.get('/products', { query, headers: { ...FROM_PHONE, ...headers } });
const bytes = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const instant = (text) => (text === undefined ? undefined : Date.parse(text));

/* --- machines -------------------------------------------------------------------------------- */

test('every machine at once, by id, under the code of the provider', async () => {
    for (const { providerId } of demo.providers) {
        const reply = await clients[providerId].get('/atm', { headers: NO_CONSENT });
        assert.equal(reply.status, 200, reply.text);
        const { data, meta, ...rest } = reply.json;
        assert.deepEqual(rest, {});
        const expected = MACHINES.map(({ atm }) => ({ LFIId: providerId, ...atm }))
            .sort((a, b) => bytes(a.ATMId, b.ATMId));
        assert.deepEqual(data, expected);
        assert.deepEqual(Object.keys(meta).sort(), ['LastUpdatedDateTime', 'TotalRecords']);
        assert.equal(meta.TotalRecords, MACHINES.length);
        const newest = Math.max(...MACHINES.map(({ updated }) => Date.parse(updated)));
        assert.equal(Date.parse(meta.LastUpdatedDateTime), newest);
        assert.match(meta.LastUpdatedDateTime, /\+04:00$/);
    }
    const emirates = new Set(MACHINES.map(
        ({ atm }) => atm.Location.PostalAddress.CountrySubDivision));
    assert.equal(emirates.size, 7);
});

test('nothing is asked for machines but who is calling', async () => {
    for (const headers of [{}, { 'x-fapi-customer-ip-address': undefined }]) {
        const reply = await retail().get('/atm', { headers: { ...NO_CONSENT, ...headers } });
        assert.equal(reply.status, 200);
    }
    const all = (await retail().get('/atm', { headers: NO_CONSENT })).text;
    const paged = await retail().get('/atm', { headers: NO_CONSENT, query: 'page=2&page-size=1' });
    assert.equal(paged.text, all, 'there are no pages');
    const nameless = { ...NO_CONSENT, 'o3-caller-org-id': undefined };
    const refused = await retail().get('/atm', { headers: nameless });
    assert.equal(refused.status, 400);
    assert.equal(refused.json.errorCode, 'Body.InvalidFormat');
    assert.equal((await retail().get('/atms', { headers: NO_CONSENT })).status, 404);
    assert.equal((await retail().call('POST', '/atm', { headers: NO_CONSENT })).status, 405);
});

/* --- catalogue ------------------------------------------------------------------------------- */

/** What the segment offers, as {brand, product}, filtered and in the order asked for. */
function expectedOffers(segment, query = {}) {
    const since = instant(query.LastUpdatedDateTime);
    const down = query.SortOrder === 'desc' ? -1 : 1;
    const changed = ({ product }) => instant(product.LastUpdatedDateTime);
    const byId = (a, b) => bytes(a.product.ProductId, b.product.ProductId);
    const byChange = (a, b) => {
        if ((changed(a) === undefined) !== (changed(b) === undefined)) {
            return changed(a) === undefined ? 1 : -1;
        }
        return changed(a) === changed(b) ? byId(a, b) : down * (changed(a) - changed(b));
    };
    return OFFERS.filter(({ segments, product }) =>
        segments.includes(segment) && product.ProductId !== EXPIRED &&
        [undefined, product.ProductCategory].includes(query.ProductCategory) &&
        [undefined, `${product.IsShariaCompliant === true}`].includes(query.IsShariaCompliant) &&
        (since === undefined || changed({ product }) >= since))
        .sort(query.SortField === 'ProductId' ? (a, b) => down * byId(a, b) : byChange);
}

/** A page of offers as the answer groups it: an element for each brand, in order of appearance. */
function byBrand(providerId, offers) {
    const brands = [...new Set(offers.map(({ brand }) => brand))];
    return brands.map((brand) => ({
        LFIId: providerId,
        LFIBrandId: brand,
        Products: offers.filter((offer) => offer.brand === brand).map(({ product }) => product),
    }));
}

const QUERIES = [
    {},
    { SortOrder: 'asc' },
    { SortOrder: 'desc' },
    { SortField: 'ProductId' },
    { SortField: 'ProductId', SortOrder: 'desc' },
    { SortField: 'LastUpdatedDateTime', SortOrder: 'desc' },
    { ProductCategory: 'SavingsAccount' },
    { ProductCategory: 'CurrentAccount', SortOrder: 'desc' },
    { ProductCategory: 'CreditCard' },
    { ProductCategory: 'Finance', IsShariaCompliant: 'true' },
    { ProductCategory: 'Mortgage', IsShariaCompliant: 'false' },
    { IsShariaCompliant: 'true' },
    { IsShariaCompliant: 'false' },
    { LastUpdatedDateTime: '2026-06-10T09:00:00+04:00' },
    { LastUpdatedDateTime: '2026-06-10T05:00:00Z' },
    { LastUpdatedDateTime: '2026-06-10T05:00:00.001Z' },
    { LastUpdatedDateTime: '2040-01-01T00:00:00Z' },
];

for (const query of QUERIES) {
    test(`products: ${JSON.stringify(query)}`, async () => {
        for (const { providerId, segment } of demo.providers) {
            const expected = expectedOffers(segment, query);
            const reply = await getProducts(query, clients[providerId]);
            assert.equal(reply.status, 200, reply.text);
            assert.deepEqual(reply.json, {
                data: byBrand(providerId, expected),
                meta: {
                    totalPages: expected.length > 0 ? 1 : 0,
                    totalRecords: expected.length,
                },
            });
        }
    });
}

test('the filter by change counts instants: the same one in another zone is the same', async () => {
    const at = '2026-06-10T09:00:00+04:00';
    const equal = OFFERS.filter(({ product }) => product.LastUpdatedDateTime === at);
    assert.equal(equal.length, 2, 'two products that changed at once');
    const [here, there, later] = await Promise.all(
        [at, '2026-06-10T05:00:00Z', '2026-06-10T09:00:01+04:00']
            .map((LastUpdatedDateTime) => getProducts({ LastUpdatedDateTime })));
    assert.equal(here.text, there.text);
    assert.equal(here.json.meta.totalRecords - later.json.meta.totalRecords, 2);
});

test('what has ended is hidden, what is announced is shown, what has no date comes last', async () => {
    const ids = (reply) => reply.json.data.flatMap(
        ({ Products }) => Products.map(({ ProductId }) => ProductId));
    const all = ids(await getProducts({}));
    assert.ok(!all.includes(EXPIRED));
    assert.ok(all.includes('lighthouse-saver'));
    for (const SortOrder of ['asc', 'desc']) {
        const last = await getProducts({ SortOrder, page: all.length, 'page-size': 1 });
        assert.deepEqual(ids(last), [UNDATED]);
    }
});

test('products are paged, and each page groups its own by brand', async () => {
    for (const query of [{}, { SortField: 'ProductId' }, { IsShariaCompliant: 'false' }]) {
        const expected = expectedOffers('retail', query);
        for (const size of [1, 2, 3, 7, expected.length - 1]) {
            const pages = Math.ceil(expected.length / size);
            for (let page = 1; page <= pages + 1; page++) {
                const reply = await getProducts({ ...query, page, 'page-size': size });
                assert.equal(reply.status, 200, reply.text);
                assert.deepEqual(reply.json, {
                    data: byBrand('dhowretail', expected.slice((page - 1) * size, page * size)),
                    meta: { paginated: true, totalPages: pages, totalRecords: expected.length },
                });
            }
        }
    }
    const largest = await getProducts({ page: '9223372036854775807', 'page-size': '1000' });
    assert.deepEqual(largest.json.data, []);
});

test('parameters of the catalogue are refused when they are wrong', async () => {
    for (const query of [
        'ProductCategory=Savings', 'ProductCategory=creditcard', 'ProductCategory=',
        'ProductCategory=Finance&ProductCategory=Mortgage', 'IsShariaCompliant=yes',
        'IsShariaCompliant=True', 'IsShariaCompliant=1', 'IsShariaCompliant=',
        'LastUpdatedDateTime=2026-06-10', 'LastUpdatedDateTime=2026-06-10T05:00:00',
        'LastUpdatedDateTime=2026-02-30T05:00:00Z', 'LastUpdatedDateTime=yesterday',
        'LastUpdatedDateTime=2026-06-10T25:00:00Z', 'LastUpdatedDateTime=2026-06-10T05:00:00+99:00',
        'SortOrder=up', 'SortOrder=DESC', 'SortField=ProductName', 'SortField=productid',
        'page=0', 'page=-1', 'page=one', 'page-size=0', 'page-size=1e3',
    ]) {
        const reply = await getProducts(query);
        assert.equal(reply.status, 400, query);
        assert.equal(reply.json.errorCode, 'Resource.InvalidFormat', query);
    }
    const unknown = await getProducts('productCategory=CreditCard&PAGE=9');
    assert.equal(unknown.text, (await getProducts()).text, 'names are told apart by case');
});

test('products and leads want to know where the customer is', async () => {
    for (const address of ['192.0.2.1', '2001:db8::1']) {
        const headers = { 'x-fapi-customer-ip-address': address };
        assert.equal((await getProducts({}, retail(), headers)).status, 200, address);
    }
    const headers = { ...FROM_PHONE, 'x-fapi-customer-ip-address': undefined };
    for (const [method, path, body] of [['GET', '/products'], ['POST', '/leads', lead()]]) {
        const reply = await retail().call(method, path, { headers, body });
        assert.equal(reply.status, 400, path);
        assert.equal(reply.json.errorCode, 'Body.InvalidFormat');
        assert.ok(reply.json.errorMessage.includes('x-fapi-customer-ip-address'), reply.text);
    }
});

/* --- leads ----------------------------------------------------------------------------------- */

const PERSON = {
    Email: 'zahra.lead@mail.example.org',
    Name: { GivenName: 'Zahra', LastName: 'Leadington' },
    EmiratesId: '784-1991-0000808-8',
    MarketingOptOut: true,
    ProductCategories: ['Mortgage', 'Finance'],
};
const lead = (change = {}) => ({ data: { ...PERSON, ...change } });
const postLead = (body, { client = retail(), headers = {}, ...more } = {}) =>
    client.call('POST', '/leads', { body, headers: { ...FROM_PHONE, ...headers }, ...more });

function keptLeads(dir, segment) {
    const dump = execFileSync(
        join(BUILD_DIR, 'bin/lfi-fixtures'),
        ['dump', '--store', join(dir, 'store', segment), '--segment', segment],
        { encoding: 'utf8', maxBuffer: 1 << 30 },
    );
    return dump.split('\n').filter((line) => line.startsWith('{"record":"lead"'))
        .map((line) => JSON.parse(line).value);
}

const FULL = {
    PhoneNumber: '+971500000808',
    Nationality: 'ARE',
    ResidentialAddress: {
        AddressType: 'Residential',
        AddressLine: ['Flat 8', 'Lead Tower'],
        BuildingName: 'Lead Tower',
        PostBox: '90808',
        TownName: 'Dubai',
        CountrySubDivision: 'Dubai',
        Country: 'AE',
    },
    LeadInformation: 'Call after six, "please" — شكرا \\ 🙂',
};

test('a lead is answered with its id and what was sent, and kept', async () => {
    const bodies = [
        lead(), lead(FULL), lead({ Name: { FullName: 'Zahra Leadington' } }),
        lead({ Name: { BusinessName: 'Lead & Sons LLC' }, MarketingOptOut: false }),
        lead({ Name: { FullName: 'N'.repeat(140) } }),
        lead({ ProductCategories: ['SavingsAccount', 'CurrentAccount', 'CreditCard'] }),
        lead(), // a repeated lead is a new lead
    ];
    const ids = [];
    for (const { providerId, segment } of demo.providers) {
        const own = [];
        for (const body of bodies) {
            const reply = await postLead(body, { client: clients[providerId] });
            assert.equal(reply.status, 201, reply.text);
            const { data: { LeadId, ...echo }, ...rest } = reply.json;
            assert.deepEqual(rest, {});
            assert.deepEqual(echo, body.data);
            own.push([LeadId, body.data]);
        }
        const kept = new Map(keptLeads(demo.dir, segment).map((one) => [one.leadId, one]));
        for (const [id, data] of own) {
            assert.deepEqual(kept.get(id).lead, data);
            assert.ok(Math.abs(kept.get(id).createdAt - Date.now() / 1000) < 120);
        }
        ids.push(...own.map(([id]) => id));
    }
    assert.equal(new Set(ids).size, demo.providers.length * bodies.length);
});

test('a wrong lead is refused with the place of what is wrong, and not kept', async () => {
    const without = (name) => lead({ [name]: undefined });
    const address = (change) => lead({
        ResidentialAddress: { AddressLine: ['x'], Country: 'AE', ...change },
    });
    const cases = [
        ['', '$'], ['{', '$'], ['[]', '$'], ['{}', '$.data'], [{ data: [] }, '$.data'],
        [{ data: {} }, '$.data'],
        [{ ...lead(), meta: {} }, 'meta'],
        [without('Email'), 'Email'], [without('Name'), 'Name'],
        [without('EmiratesId'), 'EmiratesId'], [without('MarketingOptOut'), 'MarketingOptOut'],
        [without('ProductCategories'), 'ProductCategories'],
        [lead({ LeadId: 'mine' }), '$.data'],
        [lead({ Salary: '1' }), 'Salary'],
        [lead({ Email: 'nobody' }), '$.data.Email'],
        [lead({ Email: 7 }), '$.data.Email'],
        [lead({ EmiratesId: null }), '$.data.EmiratesId'],
        [lead({ MarketingOptOut: 'true' }), '$.data.MarketingOptOut'],
        [lead({ PhoneNumber: '0500000808' }), '$.data.PhoneNumber'],
        [lead({ PhoneNumber: '+0500000808' }), '$.data.PhoneNumber'],
        [lead({ PhoneNumber: `+${'9'.repeat(16)}` }), '$.data.PhoneNumber'],
        [lead({ ProductCategories: [] }), '$.data.ProductCategories'],
        [lead({ ProductCategories: ['Savings'] }), '$.data.ProductCategories[0]'],
        [lead({ ProductCategories: ['Finance', 5] }), '$.data.ProductCategories[1]'],
        [lead({ ProductCategories: 'Finance' }), '$.data.ProductCategories'],
        [lead({ Name: 'Zahra' }), '$.data.Name'],
        [lead({ Name: {} }), '$.data.Name'],
        [lead({ Name: { GivenName: 'Zahra' } }), '$.data.Name'],
        [lead({ Name: { ...PERSON.Name, FullName: 'Zahra' } }), '$.data.Name'],
        [lead({ Name: { FullName: 'Z', BusinessName: 'Z' } }), '$.data.Name'],
        [lead({ Name: { FullName: '' } }), '$.data.Name'],
        [lead({ Name: { FullName: 'N'.repeat(141) } }), '$.data.Name'],
        [lead({ Name: { GivenName: 'N'.repeat(71), LastName: 'L' } }), '$.data.Name'],
        [address({ AddressLine: undefined }), '$.data.ResidentialAddress'],
        [address({ AddressLine: [] }), '$.data.ResidentialAddress.AddressLine'],
        [address({ AddressLine: Array(8).fill('x') }), '$.data.ResidentialAddress.AddressLine'],
        [address({ AddressLine: ['x'.repeat(71)] }), '$.data.ResidentialAddress.AddressLine[0]'],
        [address({ Country: 'UAE' }), '$.data.ResidentialAddress.Country'],
        [address({ Country: undefined }), '$.data.ResidentialAddress'],
        [address({ AddressType: 'Business' }), '$.data.ResidentialAddress.AddressType'],
        [address({ CountrySubDivision: 'Abu Dhabi' }), 'ResidentialAddress.CountrySubDivision'],
        [address({ Street: 'x' }), '$.data.ResidentialAddress'],
        [lead({ LeadInformation: 'x'.repeat(32 * 1024) }), '$.data'],
        [JSON.stringify(lead()).replace('"Email"', '"Email":"a@b.example","Email"'), '$.data'],
    ];
    const before_ = keptLeads(demo.dir, 'retail').length;
    for (const [body, where] of cases) {
        const sent = (typeof body === 'string' ? body : JSON.stringify(body)).slice(0, 300);
        const reply = await postLead(body);
        assert.equal(reply.status, 400, sent);
        assert.equal(reply.json.errorCode, 'Body.InvalidFormat', sent);
        assert.ok(reply.json.errorMessage.includes(where), `${sent}: ${reply.text}`);
        assert.ok(!reply.text.includes(PERSON.Email) && !reply.text.includes('Zahra'), reply.text);
    }
    const missing = await postLead(undefined);
    assert.equal(missing.status, 400);
    assert.equal(keptLeads(demo.dir, 'retail').length, before_);
});

test('nothing of a lead is in the log, and nothing of a wrong one', async () => {
    const log = JSON.stringify(demo.serverLog());
    for (const secret of [PERSON.Email, PERSON.EmiratesId, 'Zahra', 'Leadington', 'Lead Tower',
        FULL.PhoneNumber, 'after six', 'nobody', '0500000808', '192.0.2.7']) {
        assert.ok(!log.includes(secret), secret);
    }
    for (const refused of ['LEAD-BODY', 'LEAD-LARGE', 'CONTRACT-REQUEST']) {
        assert.ok(log.includes(refused), refused);
    }
});

/* --- all together ----------------------------------------------------------------------------- */

const ALL = [['GET', '/atm'], ['GET', '/products'], ['POST', '/leads']];
const call = (client, [method, path], { headers = {}, ...more } = {}) =>
    client.call(method, path, {
        body: method === 'POST' ? lead() : undefined,
        headers: { ...FROM_PHONE, ...headers },
        ...more,
    });

test('strangers are refused, other banks and other segments too', async () => {
    for (const operation of ALL) {
        assert.equal((await call(retail(), operation, { token: null })).status, 401);
        const unknown = await call(retail(), operation, { headers: { 'o3-provider-id': 'unknown' } });
        assert.equal(unknown.status, 403);
        assert.equal(unknown.json.errorCode, 'GenericError');
    }
});

test('a lead that was answered is there after the server was killed', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'lfi-leads-'));
    const ids = [];
    for (let round = 0; round < 3; round++) {
        const doomed = await startDemo({ dir });
        const client = new HubClient(doomed, 'dhowretail');
        const reply = await postLead(lead({ LeadInformation: `round ${round}` }), { client });
        process.kill(doomed.serverPid, 'SIGKILL');
        assert.equal(reply.status, 201);
        ids.push(reply.json.data.LeadId);
        client.close();
        const { code } = await doomed.exited;
        assert.notEqual(code, 0);
    }
    const kept = new Map(keptLeads(dir, 'retail').map((one) => [one.leadId, one.lead]));
    ids.forEach((id, round) => {
        assert.deepEqual(kept.get(id), lead({ LeadInformation: `round ${round}` }).data);
    });
    rmSync(dir, { recursive: true });
});

test('without keys it is our fault, not the caller\'s', async () => {
    const dead = await startDemo({ adjustServer: '.caller.jwksBase = "https://localhost:1"' });
    const client = new HubClient(dead, 'dhowretail');
    for (const operation of ALL) {
        const reply = await call(client, operation);
        assert.equal(reply.status, 500, operation.join(' '));
        assert.equal(reply.json.errorCode, 'GenericRecoverableError');
    }
    client.close();
    await dead.stop();
});
