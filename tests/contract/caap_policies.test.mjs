// Insurance policies in CAAP's form: what a registered customer can choose from, what is shown of each,
// and that a consent decides everywhere else.
import assert from 'node:assert/strict';
import { createPublicKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { encryptPii } from '../support/pii.mjs';
import { Bank } from './hub_support.mjs';

const PROVIDER = 'dhowinsurance';
const SECTORS = ['Employment', 'Health', 'Home', 'Life', 'Motor', 'Renters', 'Travel'];
const SHOWN = ['InsurancePolicyId', 'PolicyNumber', 'PolicyStatus', 'PolicyStartDate', 'PolicyEndDate', 'ProductName'];
const OF_CARS = ['BodyType', 'PlateNumber'];
let demo;
let client;
let bank;

before(async () => {
    demo = await startDemo({
        adjustServer: `(.providers[] | select(.id == "${PROVIDER}")) |= (.authorization = "caap"
            | .caap.challenge = "never" | del(.authorizePath))`,
    });
    client = new HubClient(demo, PROVIDER);
    bank = new Bank({ base: demo.portBase, config: { https: { clientCa: demo.ozoneConnect.caFile } } },
        { who: demo.bank });
    await register(user('imran'));
    await register(user('bilal'));
});

after(async () => {
    client?.close();
    bank?.close();
    await demo?.stop();
});

const user = (login) => client.provider.users.find((one) => one.login === login);
const path = (type) => `/${type.toLowerCase()}-insurance-policies`;
const refusal = ({ status, json }) => [status, json.errorCode];
const lastCheck = () => demo.serverLog().filter(({ event, refused }) => event === 'request' && refused).at(-1)?.refused;

async function register({ emiratesId }) {
    const { publicKeyFile, kid } = client.provider.encryption;
    const personalIdentifiableInformation = await encryptPii(JSON.stringify({ emiratesId }),
        { publicKey: createPublicKey(readFileSync(publicKeyFile)) }, { kid });
    const reply = await client.send('POST', '/users/actions/register/initialize', {
        headers: { authorization: `Bearer ${await client.token()}`, 'content-type': 'application/json' },
        content: JSON.stringify({ data: { verificationTypes: ['EFR'], personalIdentifiableInformation } }),
    });
    assert.equal(reply.json.data.registrationStatus, 'Complete', reply.text);
}

const list = (login, type, { ids = '', choice = 'true', consentId = randomUUID(), page = 1 } = {}) =>
    client.get(path(type), {
        userId: user(login).userId,
        consentId,
        query: { insurancePolicyIds: ids, page, 'page-size': 100 },
        headers: choice ? { 'o3-is-caap-consent-operation': choice } : {},
    });

async function consentOf(login, codes = ['ReadInsurancePolicies']) {
    const made = await fetch(`${demo.hub.baseUrl}/sim/consents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
            providerId: PROVIDER,
            type: 'insurance',
            consent: { Permissions: SECTORS.map((InsuranceType) => ({ InsuranceType, Permissions: codes })) },
        }),
    });
    const { consentId } = await made.json();
    const patched = await bank.consents('PATCH', `/consents/${consentId}`, {
        provider: PROVIDER,
        json: {
            status: 'Authorized',
            psuIdentifiers: { userId: user(login).userId },
            insurancePolicyIds: user(login).policies.map(({ id }) => id),
            authorizationChannel: 'Web',
        },
    });
    assert.equal(patched.status, 204, JSON.stringify(patched.body));
    return consentId;
}

test('the customer chooses from every policy of the sector, without asking for any', async () => {
    for (const type of SECTORS) {
        const { status, text, json } = await list('imran', type);
        assert.equal(status, 200, text);
        assert.deepEqual(json.data.Policies.map((one) => one.InsurancePolicyId).sort(),
            user('imran').policies.filter((one) => one.type === type).map(({ id }) => id).sort());
    }
});

test('a policy is shown with its product and its end, a car with its plate', async () => {
    let cars = 0;
    for (const type of SECTORS) {
        for (const policy of (await list('imran', type)).json.data.Policies) {
            const members = Object.keys(policy);
            const wanted = type === 'Motor' ? [...SHOWN, ...OF_CARS] : SHOWN;
            assert.deepEqual(members.filter((name) => !wanted.includes(name)), []);
            assert.match(policy.ProductName, /^Dhow /);
            cars += OF_CARS.every((name) => policy[name]) ? 1 : 0;
        }
    }
    assert.ok(cars > 0);
});

test('policies that CAAP names are shown alike', async () => {
    const [policy] = user('imran').policies.filter(({ type }) => type === 'Motor');
    const { json } = await list('imran', 'Motor', { ids: policy.id });
    assert.deepEqual(json.data.Policies.map((one) => [one.InsurancePolicyId, one.BodyType]), [[policy.id, 'Saloon']]);
});

test('a sector without any is an empty list without totals', async () => {
    const none = SECTORS.find((type) => user('bilal').policies.every((one) => one.type !== type));
    assert.equal((await list('bilal', none)).text, '{"data":{"Policies":[]}}');
});

test('without the header it is the list of a consent, without what CAAP shows', async () => {
    const consentId = await consentOf('imran');
    const ids = user('imran').policies.map(({ id }) => id).join(',');
    for (const choice of [null, 'false']) {
        const { status, text, json } = await list('imran', 'Motor', { ids, choice, consentId });
        assert.equal(status, 200, text);
        assert.ok(json.data.Policies.length > 0);
        for (const policy of json.data.Policies) {
            assert.deepEqual([...OF_CARS, 'ProductName'].filter((name) => name in policy), []);
        }
    }
});

for (const [name, make, status, errorCode, check] of [
    ['no ids and no choice', () => list('imran', 'Motor', { choice: 'false' }), 400, 'Resource.InvalidFormat',
        'POLICY-IDS'],
    ['a choice of neither true nor false', () => list('imran', 'Motor', { choice: 'yes' }), 400,
        'Body.InvalidFormat', 'CONTRACT-REQUEST'],
    ['a page of none', () => list('imran', 'Motor', { page: 0 }), 400, 'Resource.InvalidFormat', undefined],
    ['a user who is not registered', () => list('hiroko', 'Motor'), 400, 'Consent.InvalidUserIdentifier', 'CAAP-USER'],
    ['another customer\'s policy', () => list('imran', 'Motor', { ids: user('bilal').policies[0].id }), 403,
        'Consent.PermanentPolicyAccessFailure', undefined],
    ['a policy of another consent', async () => list('imran', 'Motor',
        { ids: user('imran').policies[0].id, choice: null, consentId: await consentOf('bilal') }), 403,
    'Consent.PermanentPolicyAccessFailure', 'POLICY-NOT-CONSENTED'],
]) {
    test(`no policies: ${name}`, async () => {
        const reply = await make();
        assert.deepEqual(refusal(reply), [status, errorCode], reply.text);
        assert.ok(!check || lastCheck() === check, lastCheck());
    });
}

test('what CAAP has no form of stays with the insurer', async () => {
    const [policy] = user('imran').policies;
    const one = await client.get(`${path(policy.type)}/${policy.id}`,
        { userId: user('imran').userId, consentId: await consentOf('imran') });
    assert.equal(one.status, 200, one.text);
    const neither = await client.call('DELETE', path('Motor'), { userId: user('imran').userId });
    assert.equal(neither.status, 405);
    assert.equal(neither.headers.allow, 'GET, POST');
});

test('a bank without insurance has none of the lists', async () => {
    const retail = new HubClient(demo, 'dhowretail');
    try {
        const [{ userId }] = retail.provider.users;
        const reply = await retail.get(path('Motor'),
            { userId, query: { insurancePolicyIds: 'P1', page: 1, 'page-size': 1 } });
        assert.equal(reply.status, 404);
    } finally {
        retail.close();
    }
});

test('failures that an operator causes are in the contract\'s form', async () => {
    const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    for (const status of [403, 409, 500]) {
        for (const type of SECTORS) {
            const reply = await fetch(`${demo.adminBaseUrl}/operator/overrides`, {
                method: 'POST',
                headers: { authorization: `Bearer ${token}`, connection: 'close' },
                body: JSON.stringify({
                    provider: PROVIDER, status, operation: `Caap${type}InsuranceReadInsurancePoliciesOperation`,
                }),
            });
            assert.ok(reply.ok, `${type}: ${reply.status}`);
            assert.equal((await list('imran', type)).status, status, type);
        }
    }
});

test('400 in every sector: the list of a customer who is not registered', async () => {
    for (const type of SECTORS) {
        assert.deepEqual(refusal(await list('hiroko', type)), [400, 'Consent.InvalidUserIdentifier']);
    }
});
