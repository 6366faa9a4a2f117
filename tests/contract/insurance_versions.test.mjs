// Insurance in two versions of the standard side by side: every operation answers in both, each
// answer has the members that its own document names and no others, and each version takes what it
// knows.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../journey/support.mjs';
import { HubClient } from '../support/client.mjs';
import { ROOT, startDemo } from '../support/demo.mjs';
import { follow, unnamedIn } from '../support/documents.mjs';
import { consentToPolicies } from '../support/policies.mjs';
import { Bank } from './hub_support.mjs';

const PROVIDER = 'dhowinsurance';
const VERSIONS = ['v2.1', 'v2.2'];
const SECTORS = ['employment', 'health', 'home', 'life', 'motor', 'renters', 'travel'];
const NO_CONSENT = { 'o3-aspsp-id': undefined, 'o3-consent-id': undefined, 'o3-psu-identifier': undefined };
// What the TPPs' document names, though the bank's of v2.1 does not: it is told.
const KNOWN_TO_TPPS = /^data\.(Policies\[\d+\]\.PolicyEndDate|Premium\.PremiumAdditionalFees)$/;
const WAIT_MS = 60_000;

const samples = JSON.parse(readFileSync(join(ROOT, 'openapi/samples.json'), 'utf8'));
const documents = {}; // by version and sector
let demo;
let hub;
let bank;
let operator;

before(async () => {
    demo = await startDemo({
        adjustServer: `(.providers[] | select(.id == "${PROVIDER}")) |=
            (.offers += {standardVersions: ["v2.1", "v2.2"]} | .quoteLog = "v2.2")`,
        adjustHub: `(.hubs[] | select(.providerId == "${PROVIDER}")).quoteLog = "v2.2"`,
    });
    hub = new HubClient(demo, PROVIDER);
    bank = new Bank(
        { base: demo.portBase, config: { https: { clientCa: demo.ozoneConnect.caFile } } },
        { who: demo.bank },
    );
    const authorization = `Bearer ${readFileSync(demo.operatorTokenFile, 'utf8').trim()}`;
    operator = (path, body) => fetch(`${demo.adminBaseUrl}${path}`, {
        method: body ? 'POST' : 'GET', body: body && JSON.stringify(body),
        headers: { authorization, 'content-type': 'application/json' },
    });
    for (const version of VERSIONS) {
        for (const sector of SECTORS) {
            const file = version === 'v2.1' ? sector : `${sector}.${version}`;
            const reply = await operator(`/console/reference/${file}.json`);
            assert.equal(reply.status, 200, file);
            (documents[version] ??= {})[sector] = await reply.json();
        }
    }
});

after(async () => {
    hub?.close();
    bank?.close();
    await demo?.stop();
});

const person = (login) => hub.provider.users.find((one) => one.login === login);
const uri = (version) => ({ 'o3-api-uri': `/open-finance/insurance/${version}/x` });

/** An authorised consent to all that the customer holds. */
function consentOf(login) {
    const { userId, policies } = person(login);
    const types = [...new Set(policies.map(({ type }) => type))];
    return consentToPolicies(demo, bank, { types, userId, insurancePolicyIds: policies.map(({ id }) => id) });
}

/** Calls an operation of a sector in a version; its answer must be one of that version's document. */
async function call(version, sector, method, path, { body, headers = NO_CONSENT, ...options } = {}) {
    const reply = await hub.call(method, `/${sector}-insurance-${path}`, {
        body, headers: { ...headers, ...uri(version) }, ...options,
    });
    const template = `/${sector}-insurance-${path.replace(/\/[^/]{20,}/, path.startsWith('p') ? '/{InsurancePolicyId}' : '/{QuoteId}')}`;
    const document = documents[version][sector];
    const responses = document.paths[template][method.toLowerCase()].responses;
    assert.ok(reply.status in responses, `${version} ${method} ${template} ${reply.status}: ${reply.text}`);
    if (reply.status !== 204) {
        const [{ schema }] = Object.values(follow(document, responses[reply.status]).content);
        const unnamed = unnamedIn(document, schema, reply.json).filter((where) => version === 'v2.2' || !where.match(KNOWN_TO_TPPS));
        assert.deepEqual(unnamed, [], `${version} ${method} ${template}`);
    }
    return reply;
}

function requestOf(sector, set = {}) {
    const sample = Object.values(samples).find(({ path, body }) => path === `/${sector}-insurance-quotes` && body);
    const data = structuredClone(sample.body.data);
    if (data.ContentsCoverDetails) {
        data.ContentsCoverDetails.DeclaredValueAmount ??= { Currency: 'AED', Amount: '90000.00' };
    }
    delete data.PropertyDetails?.Construction; // of which no value is in both versions
    return { data: { ...data, QuoteReference: randomUUID(), ...set } };
}

function acceptanceOf(sector, quote, set = {}) {
    const { CommissionAmount, PaymentMethod } = quote.Commission;
    return { data: {
        QuoteStatus: 'ApplicationPending', QuoteReference: quote.QuoteReference, InsuranceSubType: 'Standard',
        Premium: quote.Premium, Commission: { CommissionAmount, PaymentMethod },
        QuoteCreationDateTime: quote.CreationDateTime, ExpirationDateTime: quote.ExpirationDateTime,
        ...(sector === 'health' && { CustomerSalary: 'Over4K' }),
        ...set,
    } };
}

async function quoteOf(version, sector, set) {
    const reply = await call(version, sector, 'POST', 'quotes', { body: requestOf(sector, set) });
    assert.equal(reply.status, 201, reply.text);
    let [quote] = reply.json.data;
    await until(async () => {
        quote = (await call(version, sector, 'GET', `quotes/${quote.QuoteId}`)).json.data;
        return quote.QuoteStatus === 'Available';
    }, 'a price', WAIT_MS);
    return quote;
}

/* --- every operation in both versions --------------------------------------------------------- */

test('policies: list, each policy and its payer, of every customer', async () => {
    const seen = new Set();
    const placed = new Set();
    for (const { login, userId, policies } of hub.provider.users.filter(({ policies }) => policies?.length)) {
        const consentId = await consentOf(login);
        const ids = policies.map(({ id }) => id);
        for (const { type, id } of policies.slice(0, 10)) {
            const sector = type.toLowerCase();
            const read = (version, path, query) =>
                call(version, sector, 'GET', path, { userId, consentId, query, headers: {} });
            const { json: { data } } = await read('v2.1', `policies/${id}`);
            if (typeof data.Premium === 'string') {
                continue; // encrypted: each read sends the customer a code, and too many are refused
            }
            const lists = [];
            for (const version of VERSIONS) {
                const list = await read(version, 'policies',
                    { insurancePolicyIds: ids.join(','), page: 1, 'page-size': 100 });
                assert.equal(list.status, 200, list.text);
                lists.push(list.text);
                assert.equal((await read(version, `policies/${id}`)).status, 200);
                assert.ok([200, 204].includes((await read(version, `policies/${id}/payment-details`)).status));
            }
            assert.equal(lists[0], lists[1]);
            const [older, newer] = [await read('v2.1', `policies/${id}`), await read('v2.2', `policies/${id}`)];
            const without = structuredClone(newer.json);
            const place = without.data.Product?.PropertyDetails?.InsuredPropertyAddress;
            if (place) {
                assert.ok(place.Longitude && place.Latitude, sector);
                for (const name of ['Longitude', 'Latitude', 'UnifiedAddressCode']) delete place[name];
                placed.add(sector);
            }
            for (const adjustment of without.data.Premium?.Adjustments ?? []) {
                assert.equal(adjustment.CreditDebitIndicator, 'Debit');
                delete adjustment.CreditDebitIndicator;
                seen.add(sector);
            }
            assert.deepEqual(older.json, without); // nothing else differs
        }
    }
    assert.deepEqual([...seen].sort(), SECTORS);
    assert.deepEqual([...placed].sort(), ['home', 'renters']);
});

test('quotes: asked, read, accepted, made into a policy', async () => {
    for (const sector of SECTORS) {
        const QuoteType = ['life', 'renters', 'travel'].includes(sector) ? 'New' : 'Renewal';
        for (const version of VERSIONS) {
            const later = version === 'v2.2';
            const quote = await quoteOf(version, sector, { QuoteType });
            const { Premium, PolicyCover: [cover], PolicyStartDate, PolicyEndDate } = quote;
            assert.equal('PremiumChangeRationale' in Premium, later && QuoteType === 'Renewal', sector);
            assert.deepEqual(['CoverFeatures' in cover, 'PolicyFeatures' in cover], [later, !later]);
            assert.deepEqual([PolicyStartDate !== undefined, PolicyEndDate !== undefined], [later, later]);
            for (const name of ['PolicyLimit', 'PolicyExcess', 'PolicyDocuments']) {
                assert.equal(name in quote, later, `${sector} ${name}`);
            }
            assert.equal('LevelOfCover' in quote, !later, sector);
            assert.equal('CoverType' in quote, later, sector);
            const other = VERSIONS.find((one) => one !== version); // the same quote, in its form
            await call(other, sector, 'GET', `quotes/${quote.QuoteId}`);
            const RedirectUris = later ? [{ Description: 'Back to the broker', Uri: 'https://tpp.example/back' }] : undefined;
            const body = acceptanceOf(sector, quote, { RedirectUris });
            if (sector === 'motor' || sector === 'renters') {
                delete body.data.VerifiedDetails;
            }
            const reply = await call(version, sector, 'PATCH', `quotes/${quote.QuoteId}`, { body });
            assert.ok([200, 204].includes(reply.status), reply.text);
            if (reply.status === 204) {
                const made = await call(version, sector, 'POST', 'policies', { body: { data: { QuoteId: quote.QuoteId } } });
                assert.equal(made.status, 201, made.text);
            }
        }
    }
});

test('a declined quote may give reasons since v2.2', async () => {
    const body = { data: [{ Code: 'AGE', Description: 'We insure travellers up to 75 years.' }] };
    for (const sector of SECTORS) {
        const operation = `Create${sector[0].toUpperCase()}${sector.slice(1)}InsuranceQuoteOperation`;
        const made = await operator('/operator/overrides', { provider: PROVIDER, operation, status: 200, body, times: 1 });
        assert.ok(made.ok, await made.text());
        const reply = await call('v2.2', sector, 'POST', 'quotes', { body: requestOf(sector) });
        assert.deepEqual([reply.status, reply.json], [200, body]);
        assert.equal(documents['v2.1'][sector].paths[`/${sector}-insurance-quotes`].post.responses[200], undefined);
    }
    const old = requestOf('travel', { QuoteType: 'Switch' }); // the reference insurer gives none
    assert.equal((await call('v2.2', 'travel', 'POST', 'quotes', { body: old })).status, 204);
});

/* --- the Hub's log ----------------------------------------------------------------------------- */

test('the log of v2.2 hears of a price, and of the days of the policy that was made', async () => {
    const told = (id, status) => demo.hubLog()
        .find((one) => one.event === 'insurance-quote-told' && one.quote === id && one.status === status);
    const heard = async (id, status) => {
        await until(() => told(id, status), `the Hub told of ${status}`, WAIT_MS);
        return told(id, status);
    };
    const pending = await quoteOf('v2.1', 'life'); // whose price takes time
    await heard(pending.QuoteId, 'Available');
    const quote = await quoteOf('v2.2', 'travel');
    const body = acceptanceOf('travel', quote);
    assert.equal((await call('v2.1', 'travel', 'PATCH', `quotes/${quote.QuoteId}`, { body })).status, 204);
    const { policy, starts, ends } = await heard(quote.QuoteId, 'PolicyIssued');
    assert.match(policy, /^[0-9a-f-]{36}$/);
    assert.deepEqual([starts, ends], [quote.PolicyStartDate, quote.PolicyEndDate]);
    await heard(quote.QuoteId, 'Completed');
    assert.equal(told(quote.QuoteId, 'Available'), undefined); // it had its price at once
});

test('a Hub of v2.1 takes no form of the log that v2.2 adds', async () => {
    const patch = (provider, json) => bank.consents('PATCH', '/insurance-quote-log/a-quote', { provider, json });
    const issued = { QuoteStatus: 'PolicyIssued', InsurancePolicyId: 'p-1' };
    assert.equal((await patch('dhowretail', issued)).status, 204);
    for (const json of [
        { QuoteStatus: 'Available' }, { ...issued, ConfirmedPolicyStartDate: '2026-12-01' },
        { ...issued, ConfirmedPolicyEndDate: '2027-11-30' },
    ]) {
        const reply = await patch('dhowretail', json);
        assert.equal(reply.status, 400, JSON.stringify(json));
        assert.match(reply.text, /Body\.InvalidFormat/);
        assert.equal((await patch(PROVIDER, json)).status, 204);
    }
});

/* --- what each version takes ------------------------------------------------------------------ */

test('requests: values that one version alone knows', async () => {
    const property = (Construction) => (data) => { data.PropertyDetails.Construction = Construction; };
    const home = (ResidentialLocation) => (data) => {
        data.PolicyHolder = { Gender: 'Female', DateOfBirth: '1990-01-01', Nationality: 'ARE', ResidentialLocation };
    };
    const insured = (RelationshipToPolicyholder) => (data) => {
        data.InsuredParties = [{
            RelationshipToPolicyholder, Gender: 'Male', DateOfBirth: '1990-01-01', MaritalStatus: 'Single',
            Nationality: 'IND', ResidentialLocation: 'Dubai',
        }];
    };
    const contents = (DeclaredValueAmount) => (data) => {
        data.ContentsCoverDetails = { DeclaredValueAmount, HighValueContent: false };
    };
    const paid = (TPPPaymentMethod) => (data) => { data.TPPPaymentMethod = TPPPaymentMethod; };
    const rows = [
        ['home', property('ClassA'), 201, 400], ['home', property('Masonry'), 400, 201],
        ['renters', property('ClassB'), 201, 400], ['renters', property('FireResistive'), 400, 201],
        ['home', home('Dubai'), 201, 201], ['home', home('Near the sea'), 201, 400],
        ['health', insured('Child'), 201, 201], ['health', insured('DomesticWorker'), 400, 201],
        ['health', insured('Employee'), 400, 201], ['health', insured('Friend'), 400, 400],
        ['life', paid('Transfer'), 201, 201], ['motor', paid('Transfer'), 201, 201],
        ['life', paid(''), 201, 400], ['motor', paid(''), 201, 400], // in v2.1 a member that nobody knows
        ['home', contents({ Currency: 'AED', Amount: '1.00' }), 201, 201], ['home', contents(undefined), 201, 400],
    ];
    for (const [sector, edit, ...statuses] of rows) {
        for (const [i, version] of VERSIONS.entries()) {
            const body = requestOf(sector);
            edit(body.data);
            const reply = await call(version, sector, 'POST', 'quotes', { body });
            assert.equal(reply.status, statuses[i], `${version} ${sector} ${JSON.stringify(body)} ${reply.text}`);
        }
    }
});

test('acceptance: strict date-times and addresses to return to', async () => {
    const shifted = (text) => new Date(Date.parse(text) - 13 * 3_600_000).toISOString().replace('Z', '-13:00');
    const uris = [{ Description: 'Back', Uri: 'https://tpp.example/back' }];
    const rows = [
        [() => ({ RedirectUris: uris }), 204, 204],
        [() => ({ RedirectUris: [] }), 204, 400], // in v2.1 a member that nobody knows
        [() => ({ RedirectUris: [{ Uri: 'https://tpp.example/back' }] }), 204, 400],
        [({ CreationDateTime }) => ({ QuoteCreationDateTime: shifted(CreationDateTime) }), 204, 400],
        [({ CreationDateTime }) => ({ QuoteCreationDateTime: CreationDateTime.replace('+', ' ') }), 400, 400],
    ];
    for (const [set, ...statuses] of rows) {
        for (const [i, version] of VERSIONS.entries()) {
            const quote = await quoteOf(version, 'employment');
            const reply = await call(version, 'employment', 'PATCH', `quotes/${quote.QuoteId}`,
                { body: acceptanceOf('employment', quote, set(quote)) });
            assert.equal(reply.status, statuses[i], `${version} ${set} ${reply.text}`);
        }
    }
});

test('ids need not be UUIDs since v2.2', async () => {
    for (const [version, status] of [['v2.1', 400], ['v2.2', 404]]) {
        const reply = await hub.call('POST', '/travel-insurance-policies', {
            body: { data: { QuoteId: 'quote-that-was-never-made' } }, headers: { ...NO_CONSENT, ...uri(version) },
        });
        assert.equal(reply.status, status, reply.text);
    }
});

/* --- which version is served ------------------------------------------------------------------ */

test('a request that names no version gets the first, byte for byte', async () => {
    const { userId, policies: [{ type, id }] } = person('imran');
    const consentId = await consentOf('imran');
    const read = (headers) => hub.get(`/${type.toLowerCase()}-insurance-policies/${id}`, { userId, consentId, headers });
    const older = await read(uri('v2.1'));
    assert.equal((await read({ 'o3-api-uri': '/x' })).text, older.text);
    assert.equal((await read(uri('v2.0'))).text, older.text);
    assert.notEqual((await read(uri('v2.2'))).text, older.text);
    const refused = await read(uri('v2.3'));
    assert.deepEqual([refused.status, refused.json.errorMessage], [400, 'The version is not served.']);
});

test('a call of another version than its consent to policies is served and counted', async () => {
    const count = async () => Number(/^lfi_version_mixed_total (\d+)$/m.exec(
        await (await fetch(`${demo.adminBaseUrl}/metrics`)).text())[1]);
    const { userId, policies: [{ type, id }] } = person('imran');
    const read = async (consentId, version) => {
        const reply = await hub.get(`/${type.toLowerCase()}-insurance-policies/${id}`, { userId, consentId, headers: uri(version) });
        assert.equal(reply.status, 200, reply.text);
    };
    const consentId = await consentOf('imran'); // of v2.1: validated, so known
    const before = await count();
    await read(consentId, 'v2.1');
    assert.equal(await count(), before);
    await read(consentId, 'v2.2');
    assert.equal(await count(), before + 1);
    const lines = demo.serverLog().filter(({ consent, asked }) => consent === consentId && asked);
    assert.deepEqual(lines.map(({ asked, otherVersion }) => [asked, otherVersion]), [['v2.1', undefined], ['v2.2', 'v2.1']]);
});

test('no answer broke its contract', () => {
    assert.deepEqual(demo.serverLog().filter(({ event }) => event === 'contract-response'), []);
});
