// Insurance policies as customers share them: what each permission opens, whose policies they are,
// and what no consent covers.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { Bank } from './hub_support.mjs';

const PROVIDER = 'dhowinsurance';
const SECTORS = ['Employment', 'Health', 'Home', 'Life', 'Motor', 'Renters', 'Travel'];
const BASE = 'ReadInsurancePolicies';
const OPENS = {
    ReadCustomerBasic: 'PolicyHolder',
    ReadCustomerDetail: 'Identity',
    ReadInsuranceProduct: 'Product',
    ReadCustomerClaims: 'Claims',
    ReadInsurancePremium: 'Premium',
};
const ALL = [BASE, ...Object.keys(OPENS), 'ReadCustomerPaymentDetails'];
const PAGE = { page: 1, 'page-size': 100 };
const INACCESSIBLE = {
    errorCode: 'Consent.PermanentPolicyAccessFailure',
    errorMessage: 'The policy is permanently inaccessible.',
};

let demo;
let client;
let bank;
const consents = new Map();

before(async () => {
    demo = await startDemo();
    client = new HubClient(demo, PROVIDER);
    bank = new Bank(
        { base: demo.portBase, config: { https: { clientCa: demo.ozoneConnect.caFile } } },
        { who: demo.bank },
    );
});

after(async () => {
    client.close();
    bank.close();
    await demo?.stop();
});

const user = (login) => client.provider.users.find((one) => one.login === login);
const ofType = (login, type) => user(login).policies.filter((one) => one.type === type);

async function ask(type, terms) {
    return fetch(`${demo.hub.baseUrl}/sim/consents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ providerId: PROVIDER, type, consent: terms }),
    });
}

const blocks = (types, codes) =>
    types.map((type) => ({ InsuranceType: type, Permissions: codes }));

/** An authorised consent of the customer to all these policies; each is made once. */
async function consentOf(login, codes = ALL, types = SECTORS, policies = user(login).policies) {
    const key = JSON.stringify([login, codes, types, policies]);
    if (!consents.has(key)) {
        const made = await ask('insurance', { Permissions: blocks(types, codes) });
        assert.equal(made.status, 201, await made.clone().text());
        const { consentId } = await made.json();
        const patched = await bank.consents('PATCH', `/consents/${consentId}`, {
            provider: PROVIDER,
            json: {
                status: 'Authorized',
                psuIdentifiers: { userId: user(login).userId },
                insurancePolicyIds: policies.map(({ id }) => id),
                authorizationChannel: 'Web',
            },
        });
        assert.equal(patched.status, 204, JSON.stringify(patched.body));
        consents.set(key, consentId);
    }
    return consents.get(key);
}

const path = (type, id = '') => `/${type.toLowerCase()}-insurance-policies${id && `/${id}`}`;

async function read(login, where, { consentId, query, headers } = {}) {
    const { userId } = user(login);
    return client.get(where, { userId, query, headers, consentId: consentId ?? (await consentOf(login)) });
}

const list = (login, type, ids, options = {}) =>
    read(login, path(type), { ...options, query: { ...PAGE, insurancePolicyIds: ids.join(',') } });

const idsOf = (login) => user(login).policies.map(({ id }) => id);

test('list: every sector tells of its own policies, and of no other', async () => {
    for (const type of SECTORS) {
        const reply = await list('imran', type, idsOf('imran'));
        assert.equal(reply.status, 200, reply.text);
        assert.equal(reply.json.meta, undefined);
        assert.deepEqual(
            reply.json.data.Policies.map((one) => [one.InsurancePolicyId, one.PolicyStatus]),
            ofType('imran', type).map(({ id, status }) => [id, status]),
        );
    }
});

test('list: newest first, whatever the order asked for; 130 in one answer; blanks and doubles', async () => {
    const ids = idsOf('bilal');
    const one = await list('bilal', 'Travel', ids);
    const other = await list('bilal', 'Travel', [...ids, ' ', ...ids].reverse());
    assert.equal(one.json.data.Policies.length, ids.length);
    assert.ok(ids.length > 130);
    assert.equal(one.text, other.text);
    const starts = one.json.data.Policies.map((each) => each.PolicyStartDate);
    assert.deepEqual(starts, [...starts].sort().reverse());
    const none = await list('bilal', 'Motor', ids);
    assert.equal(none.text, '{"data":{"Policies":[]}}');
});

test('list: parameters are checked', async () => {
    for (const query of [{}, { insurancePolicyIds: '' }, { insurancePolicyIds: ' , ' },
        { insurancePolicyIds: idsOf('imran')[0], page: 0 },
        { insurancePolicyIds: idsOf('imran')[0], 'page-size': 'x' }]) {
        const reply = await read('imran', path('Motor'), { query: { ...PAGE, ...query } });
        assert.equal(reply.status, 400);
        assert.equal(reply.json.errorCode, 'Resource.InvalidFormat');
    }
});

test('policy: each permission opens its own part, in every sector', async () => {
    for (const code of Object.keys(OPENS)) {
        const consentId = await consentOf('imran', [BASE, code]);
        for (const type of SECTORS) {
            const [{ id }] = ofType('imran', type);
            const reply = await read('imran', path(type, id), { consentId });
            const employed = type === 'Employment';
            const opened = {
                ReadCustomerBasic: employed ? [] : ['PolicyHolder'],
                ReadCustomerDetail: employed ? ['Identity', 'PolicyHolder'] : ['Identity'],
            }[code] ?? [OPENS[code]];
            assert.equal(reply.status, 200, reply.text);
            assert.deepEqual(Object.keys(reply.json.data).sort(), ['InsurancePolicyId', ...opened].sort());
        }
    }
});

test('policy: the employment of the holder needs the detail', async () => {
    const basic = await consentOf('imran', [BASE, 'ReadCustomerBasic']);
    for (const type of ['Health', 'Life']) {
        const [{ id }] = ofType('imran', type);
        const withBasic = await read('imran', path(type, id), { consentId: basic });
        const withAll = await read('imran', path(type, id));
        assert.equal(withBasic.json.data.PolicyHolder.Employment, undefined);
        assert.ok(withAll.json.data.PolicyHolder.Employment);
    }
});

test('policy: whatever its status, and however little is held of it', async () => {
    const statuses = new Set();
    for (const login of ['imran', 'noura.falahi', 'salwa', 'hiroko', 'ines', 'marek']) {
        for (const { type, id, status } of user(login).policies) {
            const reply = await read(login, path(type, id));
            assert.equal(reply.status, 200, reply.text);
            assert.equal(reply.json.data.InsurancePolicyId, id);
            assert.doesNotMatch(reply.text, /null|:""/);
            statuses.add(status);
        }
    }
    assert.equal(statuses.size, 11);
});

test('policy: who never claimed says so with zeros', async () => {
    const [{ id }] = ofType('hiroko', 'Home');
    const { json } = await read('hiroko', path('Home', id));
    assert.deepEqual(json.data.Claims.Summary, [{
        NumberOfMonthsInPeriod: 0,
        Claims: 0,
        ApprovedClaims: 0,
        TotalGrossApprovedClaimAmount: { Currency: 'AED', Amount: '0.00' },
        TotalGrossPaidAmount: { Currency: 'AED', Amount: '0.00' },
    }]);
});

test('payment details: the account, or 204 when none is held', async () => {
    for (const type of SECTORS) {
        const [{ id }] = ofType('imran', type);
        const reply = await read('imran', `${path(type, id)}/payment-details`);
        assert.equal(reply.status, 200, reply.text);
        assert.equal(reply.json.data.Account.SchemeName, 'IBAN');
        const [{ id: unpaid }] = ofType('hiroko', type);
        const none = await read('hiroko', `${path(type, unpaid)}/payment-details`);
        assert.equal(none.status, 204);
        assert.equal(none.text, '');
    }
});

test('a policy of somebody else, of another sector, unknown or not consented is one that never was', async () => {
    for (const type of SECTORS) {
        const [{ id: own }] = ofType('imran', type);
        const [{ id: foreign }] = ofType('hiroko', type);
        const [{ id: sector }] = ofType('imran', SECTORS[(SECTORS.indexOf(type) + 1) % SECTORS.length]);
        const narrow = await consentOf('imran', ALL, SECTORS, [{ id: foreign }, { id: sector }]);
        const both = await consentOf('imran', ALL, SECTORS, [{ id: foreign }, { id: own }, { id: 'never-issued' }]);
        for (const [id, consentId] of [
            [foreign, undefined], [foreign, both], [sector, undefined], [own, narrow],
            ['never-issued', undefined], ['never-issued', both],
            ['d5100001-0000-4000-8000-000000000001', undefined],
        ]) {
            for (const suffix of ['', '/payment-details']) {
                const reply = await read('imran', path(type, id) + suffix, { consentId });
                assert.equal(reply.status, 403, `${type} ${id}${suffix}: ${reply.text}`);
                assert.deepEqual(reply.json, INACCESSIBLE);
            }
        }
        const oneBad = await list('imran', type, [own, foreign], { consentId: both });
        assert.deepEqual([oneBad.status, oneBad.json], [403, INACCESSIBLE]);
        const long = await read('imran', path(type, 'a'.repeat(129)));
        assert.deepEqual([long.status, long.json.errorCode], [400, 'Resource.InvalidFormat']);
    }
});

test('what the consent does not permit is refused, and another sector’s permission does not count', async () => {
    const motorAlone = await consentOf('imran', ALL, ['Motor']);
    const noPayer = await consentOf('imran', [BASE, 'ReadCustomerBasic']);
    const [{ id: home }] = ofType('imran', 'Home');
    const [{ id: motor }] = ofType('imran', 'Motor');
    for (const [where, consentId] of [
        [path('Home', home), motorAlone],
        [`${path('Home', home)}/payment-details`, motorAlone],
        [`${path('Motor', motor)}/payment-details`, noPayer],
    ]) {
        const reply = await read('imran', where, { consentId });
        assert.deepEqual([reply.status, reply.json.errorCode], [403, 'AccessToken.InvalidScope']);
    }
    const listed = await list('imran', 'Home', [home], { consentId: motorAlone });
    assert.deepEqual([listed.status, listed.json.errorCode], [403, 'AccessToken.InvalidScope']);
    assert.equal((await read('imran', path('Motor', motor), { consentId: motorAlone })).status, 200);
});

test('a consent that the Hub does not know opens nothing, and neither does one that it cannot tell of', async () => {
    const [{ id }] = ofType('imran', 'Motor');
    const paths = [path('Motor', id), `${path('Motor', id)}/payment-details`];
    const ask = async (consentId) => [await list('imran', 'Motor', [id], { consentId }),
        ...(await Promise.all(paths.map((where) => read('imran', where, { consentId }))))];
    const assertAll = (replies, status, errorCode) => replies.forEach((reply) => {
        assert.deepEqual([reply.status, reply.json.errorCode], [status, errorCode], reply.text);
        assert.doesNotMatch(reply.text, /InsurancePolicyId/);
    });
    for (const consentId of ['no-such-consent', randomUUID(), 'not an id']) {
        assertAll(await ask(consentId), 400, 'Consent.Invalid');
    }
    const consentId = await consentOf('imran', [...ALL].reverse()); // one that the bank has not read yet
    for (const kind of ['down', '500', 'garbage']) {
        await fault('POST', { target: 'consent-manager', kind });
        assertAll(await ask(consentId), 500, 'GenericRecoverableError');
    }
    await fault('DELETE');
    assert.equal((await read('imran', path('Motor', id), { consentId })).status, 200);
});

async function fault(method, body) {
    const reply = await fetch(`${demo.hub.baseUrl}/sim/faults`, {
        method,
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: body && JSON.stringify(body),
    });
    assert.equal(reply.status, 204);
}

test('headers: every required one is missed, and the customer must be known', async () => {
    const { userId } = user('imran');
    for (const type of SECTORS) {
        const [{ id }] = ofType('imran', type);
        const consentId = await consentOf('imran');
        assert.equal((await client.get(path(type), { userId, consentId })).status, 400);
        for (const where of [path(type, id), `${path(type, id)}/payment-details`]) {
            for (const header of ['o3-consent-id', 'o3-psu-identifier', 'o3-caller-client-id', 'o3-api-uri']) {
                const reply = await client.get(where, { userId, consentId, headers: { [header]: undefined } });
                assert.equal(reply.status, 400, `${where} without ${header}`);
            }
            const stranger = await client.get(where, { userId: 'nobody', consentId });
            assert.deepEqual([stranger.status, stranger.json.errorCode], [400, 'Consent.InvalidUserIdentifier']);
        }
    }
});

test('a provider without insurance has no such resources', async () => {
    const other = new HubClient(demo, 'dhowretail');
    const { userId } = other.provider.users[0];
    for (const type of SECTORS) {
        for (const where of [path(type, 'x'), `${path(type, 'x')}/payment-details`]) {
            const reply = await other.get(where, { userId });
            assert.deepEqual([reply.status, reply.json.errorCode], [404, 'Resource.NotFound']);
        }
    }
    other.close();
    assert.equal((await read('imran', '/pet-insurance-policies')).status, 404);
});

test('consents: each sector needs the base, and is one that is underwritten', async () => {
    for (const [terms, code] of [
        [blocks(['Motor'], ['ReadCustomerBasic']), 'MissingBasePermission'],
        [blocks(['Motor'], [BASE, 'ReadOfTomorrow']), 'UnsupportedPermission'],
    ]) {
        const made = await ask('insurance', { Permissions: terms });
        assert.equal(made.status, 422);
        assert.match(await made.text(), new RegExp(code));
    }
});

test('answers that no rule gives are as documented, too', async () => {
    const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    const operator = (method, where, body) =>
        fetch(`${demo.adminBaseUrl}${where}`, {
            method,
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            body: body && JSON.stringify(body),
        });
    for (const type of SECTORS) {
        const [{ id }] = ofType('imran', type);
        const names = { '': 'ReadInsurancePolicyByInsurancePolicyIdOperation',
            '/payment-details': 'ReadInsurancePolicyByIdBankAccountDetailsOperation' };
        const operations = Object.entries(names).map(([suffix, name]) => [name, path(type, id) + suffix, {}]);
        operations.push(['ReadInsurancePoliciesOperation', path(type), { ...PAGE, insurancePolicyIds: id }]);
        for (const [name, where, query] of operations) {
            for (const status of [409, 500]) {
                const put = await operator('POST', '/operator/overrides', {
                    provider: PROVIDER,
                    operation: `${type}Insurance${name}`,
                    status,
                    times: 1,
                });
                assert.ok(put.ok, await put.text());
                assert.equal((await read('imran', where, { query })).status, status);
            }
        }
    }
});
