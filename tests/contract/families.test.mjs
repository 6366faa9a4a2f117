// Every capability of a core is optional: a core that lacks a family gets, for each operation that
// needs it, the answer that the contract prescribes, and /operator says of the same operations that
// they are not offered.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { operator } from '../support/collection.mjs';
import { BUILD_DIR, startDemo } from '../support/demo.mjs';
import { clientsOf, readOperations, requestTo, strangeJwe } from '../support/operations.mjs';
import { runProgram, writeConfig } from '../support/program.mjs';
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

const libraryWithout = (what) => join(BUILD_DIR, `tests/libwithout-${what}.so`);
const adjustCores = (cores) => Object.entries(cores).map(([id, what]) =>
    `(.providers[] | select(.id == "${id}")).core.library = "${libraryWithout(what)}"`).join(' | ');

before(async () => {
    const cores = { ...Object.fromEntries(Object.entries(CORES).map(([id, [what]]) => [id, what])), dhowbusiness: 'levers' };
    demo = await startDemo({ adjustServer: adjustCores(cores) });
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

// ---- families that no operation of the contract needs ---------------------------------------------

/** Every operation of a provider but those of insurance, which no bank's fixtures have. */
const offeredAt = ({ providers }, providerId) => providers.find(({ provider }) => provider === providerId).operations
    .filter(({ notOffered, path }) => !['authorization', 'sector', 'later'].includes(notOffered) && !SECTORS.test(path));

test('without levers all is offered, and each lever is refused by name', async () => {
    for (const { operation, offered } of offeredAt(listed, 'dhowbusiness')) {
        assert.ok(offered, operation);
    }
    const { userId, accountIds: [accountId] } = userOf('dhowbusiness');
    assert.equal((await clients.dhowbusiness.get(`/accounts/${accountId}`, { userId })).status, 200);
    const authorization = `Bearer ${readFileSync(demo.operatorTokenFile, 'utf8').trim()}`;
    for (const [method, path, body] of [
        ['PUT', `/accounts/${accountId}`, { status: 'Suspended' }],
        ['PUT', `/accounts/${accountId}`, { creditBlock: 'temporary' }],
        ['GET', `/accounts/${accountId}`],
        ['GET', '/accounts'],
        ['PUT', '/payments/7a0e5f0c-5bb1-4a0e-9d0b-2f6a7a1c0bad', { status: 'AcceptedSettlementCompleted' }],
        ['POST', '/reset'],
    ]) {
        const reply = await fetch(`${demo.adminBaseUrl}/operator/dhowbusiness${path}`, {
            method, headers: { authorization, connection: 'close' }, body: body && JSON.stringify(body),
        });
        const about = `${method} ${path}`;
        assert.equal(reply.status, 409, about);
        assert.match((await reply.json()).errorMessage, /no such lever/, about);
    }
    assert.equal((await clients.dhowbusiness.get(`/accounts/${accountId}`, { userId })).json.data.status, 'Active');
});

test('a core without sign-in or identity is refused where customers need it, by name', async () => {
    const config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
    const start = async (providerId, what) => {
        const { file } = await writeConfig(demo, config, 'without.json', (own) => {
            own.providers.find(({ id }) => id === providerId).core.library = libraryWithout(what);
        });
        return runProgram('--config', file, '--check');
    };
    for (const [providerId, what, expected] of [
        ['dhowretail', 'signin', /provider dhowretail: its core does not offer sign_in/],
        ['dhowlite', 'identity', /provider dhowlite: the core lacks a required capability/],
        ['dhowlite', 'signin', null],
        ['dhowretail', 'identity', null],
    ]) {
        const { status, stderr } = await start(providerId, what);
        assert.equal(status, expected ? 2 : 0, `${providerId} without ${what}: ${stderr}`);
        assert.match(stderr, expected ?? /^/);
    }
});

test('elsewhere all but messages to customers is offered without them', async () => {
    const own = await startDemo({ adjustServer: adjustCores({ dhowlite: 'signin', dhowretail: 'identity' }) });
    try {
        const all = await operator(own, '/operator/providers');
        for (const providerId of ['dhowlite', 'dhowretail']) {
            const lacking = offeredAt(all, providerId).filter(({ offered }) => !offered).map(({ path }) => path);
            // whose rates are sealed with a code that the customer is sent
            assert.deepEqual(lacking, providerId === 'dhowlite' ? ['/accounts/{accountId}/products'] : [], providerId);
        }
    } finally {
        await own.stop();
    }
});
