// Every capability of a core is optional: a core that lacks a family gets, for each operation that
// needs it, the answer that the contract prescribes, and /operator says of the same operations that
// they are not offered.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BUILD_DIR, startDemo } from '../support/demo.mjs';
import { clientsOf, readOperations, requestTo, strangeJwe } from '../support/operations.mjs';
import { CONTROL_PARAMETERS, piiOf, sealPii } from '../support/payments.mjs';
import { instructionsOf, painOf, termsOf } from '../support/files.mjs';

/** Which core each provider has, and the families that it lacks; of the others only sign-in matters. */
const CORES = {
    dhowretail: ['everything', ['payee', 'open_data', 'payments', 'files', 'opening', 'fx', 'insurance', 'quotes']],
    dhowlite: ['payments', ['payments', 'files', 'insurance', 'quotes']],
    dhowcorporate: ['files', ['files', 'insurance', 'quotes']],
    dhowinsurance: ['quotes', ['quotes']],
    dhowprivate: ['insurance', ['insurance', 'quotes']],
};
/** Functions of the required families that are optional, of the core without everything. */
const FUNCTIONS = ['accounts.balances', 'accounts.transactions', 'accounts.statements', 'accounts.beneficiaries',
    'accounts.direct_debits', 'accounts.scheduled_payments', 'accounts.standing_orders', 'accounts.products',
    'accounts.customers', 'customers.customer'];
const SECTORS = /-insurance-/;

let demo;
let listed; // what /operator says: {providers, operations}
let jwe;
const clients = {};

before(async () => {
    const library = ([what]) => join(BUILD_DIR, `tests/libwithout-${what}.so`);
    const adjust = Object.entries(CORES).map(([id, core]) =>
        `(.providers[] | select(.id == "${id}")).core.library = "${library(core)}"`);
    demo = await startDemo({ adjustServer: adjust.join(' | ') });
    listed = await readOperations(demo);
    jwe = await strangeJwe();
    Object.assign(clients, clientsOf(demo));
});

after(async () => {
    Object.values(clients).forEach((client) => client.close());
    await demo?.stop();
});

const userOf = (providerId) => clients[providerId].provider.users.find(({ accountIds }) => accountIds.length > 0)
    ?? clients[providerId].provider.users[0];
/** CAAP has a certificate of its own, for its operations alone. */
const clientOf = (providerId, { file }) => (file === 'caap.json' ? clients.caap : clients[providerId]);
const checkOf = () => demo.serverLog().filter(({ event }) => event === 'request').at(-1).refused;

for (const [providerId, [what, families]] of Object.entries(CORES)) {
    test(`${providerId}, without ${what}: what it lacks is not offered, all else is`, () => {
        const { operations } = listed.providers.find(({ provider }) => provider === providerId);
        const lacking = new Set();
        for (const { operation, needs, offered, notOffered } of operations) {
            const family = needs?.split('.')[0];
            const lacks = families.includes(family) || (what === 'everything' && FUNCTIONS.includes(needs));
            if (notOffered !== 'authorization' && notOffered !== 'sector') {
                assert.deepEqual([offered, notOffered], lacks ? [false, 'core'] : [true, undefined], operation);
            }
            if (lacks) {
                lacking.add(family);
            }
        }
        for (const family of families) {
            assert.ok(lacking.has(family), `${family} is needed by no operation`);
        }
    });

    test(`${providerId}, without ${what}: each operation is answered as the contract prescribes`, async () => {
        const { userId, accountIds: [accountId] } = userOf(providerId);
        const { operations } = listed.providers.find(({ provider }) => provider === providerId);
        let absent = 0;
        for (const { operation, path, offered, notOffered } of operations) {
            const found = listed.operations.find((one) => one.operation === operation && one.path === path);
            if (!found || notOffered === 'authorization') {
                continue; // CAAP's, or in another version
            }
            const ids = accountId ? { accountId, accountIds: accountId } : {};
            const reply = await clientOf(providerId, found).call(...requestTo(found, { userId, ids, jwe }));
            const check = offered ? undefined : checkOf();
            if (offered) {
                assert.doesNotMatch(reply.text ?? '', /does not offer this operation|No such resource|not accepted/, operation);
                continue;
            }
            absent += 1;
            const [status, errorCode, refused] = SECTORS.test(path)
                ? [404, 'Resource.NotFound', 'SECTOR-ABSENT']
                : [400, 'GenericError', 'CAPABILITY-ABSENT'];
            assert.deepEqual([reply.status, reply.json?.errorCode, check], [status, errorCode, refused], `${operation}: ${reply.text}`);
        }
        assert.ok(absent > 3, `${absent}`);
    });
}

// ---- consents to what is not offered ------------------------------------------------------------

const FILE = instructionsOf(2);
const NOW = '2026-01-01T00:00:00Z';

async function judge(providerId, kind, terms, pii) {
    const id = '3b0c1a7e-52d4-4f0a-8c55-0d2f6a7a1c01';
    const type = `urn:openfinanceuae:${kind}-consent:v2.1`;
    const asked = { ConsentId: id, ExpirationDateTime: '2030-06-01T00:00:00.000Z', ...terms };
    const consent = {
        id, consentType: `cbuae-${kind}-consents`, rarType: type,
        standardVersion: kind === 'insurance' ? 'insurance:v1.1' : 'v2.1',
        request: { type, consent: { ...asked, ...(pii && { PersonalIdentifiableInformation: pii }) } }, requestHeaders: {},
        consentBody: { Data: kind === 'insurance' ? asked
            : { ...asked, Status: 'AwaitingAuthorization', CreationDateTime: NOW,
                ...(kind === 'service-initiation' && { StatusUpdateDateTime: NOW }) } },
        tpp: { clientId: id, orgId: id, softwareStatementId: id, tppId: 'tpp-1', tppName: 'T', decodedSsa: {} },
    };
    const reply = await clients[providerId].call('POST', '/consent/action/validate', { consentId: id, body: consent });
    assert.equal(reply.status, 200, reply.text);
    return reply.json.data.code;
}

const payment = async (providerId, ControlParameters, pii = piiOf()) => judge(providerId, 'service-initiation',
    { ControlParameters, PaymentPurposeCode: 'ACM' }, await sealPii(pii, clients[providerId].provider));
const BILLING = { OpenFinanceBilling: { UserType: 'Retail', Purpose: 'AccountAggregation' } };

test('consents to what a core lacks are invalid', async () => {
    for (const [code, make] of [
        ['UNSUPPORTED_CONSENT', () => payment('dhowretail', CONTROL_PARAMETERS.SingleInstantPayment)],
        ['UNSUPPORTED_CONSENT', () => payment('dhowlite', CONTROL_PARAMETERS.SingleInstantPayment)],
        ['PaymentTypeNotSupported', () => payment('dhowcorporate',
            { ConsentSchedule: { FilePayment: termsOf(painOf(FILE), FILE) } }, { Initiation: {}, Risk: {} })],
        ['UnsupportedPermission', () => judge('dhowretail', 'account-access', { ...BILLING, Permissions: ['ReadBalances'] })],
        ['UnsupportedPermission', () => judge('dhowretail', 'account-access', { ...BILLING, Permissions: ['ReadPartyUser'] })],
        [undefined, () => judge('dhowretail', 'account-access', { ...BILLING, Permissions: ['ReadAccountsBasic'] })],
        ['UNSUPPORTED_CONSENT', () => judge('dhowprivate', 'insurance', {
            OpenFinanceBilling: { Purpose: 'AccountAggregation' },
            Permissions: [{ InsuranceType: 'Motor', Permissions: ['ReadInsurancePolicies'] }],
        })],
    ]) {
        assert.equal(await make(), code, `${make}`);
    }
});

test('at CAAP nobody is offered an account to pay from', async () => {
    const { userId } = userOf('dhowlite');
    const call = (path, data) => clients.caap.call('POST', path, { body: { data } });
    const register = await call('/users/actions/challenge/initialize', { userId });
    assert.equal(register.status, 400, register.text); // not registered
    const id = '3b0c1a7e-52d4-4f0a-8c55-0d2f6a7a1c01';
    const type = 'urn:openfinanceuae:service-initiation-consent:v2.1';
    const asked = {
        ConsentId: id, ExpirationDateTime: '2030-06-01T00:00:00.000Z', PaymentPurposeCode: 'ACM',
        ControlParameters: CONTROL_PARAMETERS.SingleInstantPayment,
    };
    const augmented = await call('/consent/actions/augment', {
        id, consentType: 'cbuae-service-initiation-consents', rarType: type, standardVersion: 'v2.1',
        request: { type, consent: { ...asked, PersonalIdentifiableInformation: jwe } }, requestHeaders: {},
        consentBody: { Data: { ...asked, Status: 'AwaitingAuthorization', CreationDateTime: NOW, StatusUpdateDateTime: NOW } },
        tpp: { clientId: id, orgId: id, softwareStatementId: id, tppId: 'tpp-1', tppName: 'T', decodedSsa: {} },
        psuIdentifiers: { userId }, debtorAccount: { SchemeName: 'IBAN', Identification: 'AE00' },
    });
    assert.deepEqual([augmented.status, augmented.json.errorCode], [403, 'Consent.PermanentAccountAccessFailure']);
});
