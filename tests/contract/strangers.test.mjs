// Every operation of every document, by its row: each required header left out, the header of another
// provider, a body that is none, an id of nothing, another customer's and another segment's. All of it
// is made from the documents as the server publishes them, so that a new operation is asked, too; the
// last test says which operation was not asked something that it could be.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startDemo } from '../support/demo.mjs';
import { clientsOf, readOperations, requestTo, strangeJwe } from '../support/operations.mjs';
import { consentToPolicies } from '../support/policies.mjs';
import { Bank } from './hub_support.mjs';

const OPEN = ['health-check.json', 'token.json']; // who asks is not said by headers there
const WRONG_BODIES = ['[]', '{"data":1}', '{', '"text"'];
const NOTHING = '7a0e5f0c-5bb1-4a0e-9d0b-2f6a7a1c0bad';

let demo;
let jwe;
let operations;
const clients = {};

before(async () => {
    demo = await startDemo();
    jwe = await strangeJwe();
    const all = await readOperations(demo);
    operations = all.operations.filter(({ file }) => !OPEN.includes(file));
    Object.assign(clients, clientsOf(demo));
});

after(async () => {
    Object.values(clients).forEach((client) => client.close());
    await demo?.stop();
});

const SECTOR = /^\/([a-z]+)-insurance-/;

/** The client that may call it, at a provider that serves it; CAAP's forms of policies at nobody. */
function clientOf({ file, path }) {
    if (file === 'caap.json') {
        return SECTOR.test(path) ? null : clients.caap;
    }
    return SECTOR.test(path) ? clients.dhowinsurance : clients.dhowretail;
}

const customers = (client) => client.provider.users.filter(({ accountIds, policies }) => accountIds.length > 0 || policies?.length > 0);
const takesHeader = ({ parameters }, name) => parameters.some((one) => one.in === 'header' && one.name === name && one.required);

/** Policies are read under a consent that the Hub knows. */
const readsPolicies = ({ file, path, parameters }) => file !== 'caap.json' && SECTOR.test(path) &&
    parameters.some(({ name }) => name === 'o3-psu-identifier');

const nameOf = ({ file, operation }) => `${file} ${operation}`;
const columns = {}; // operations by what they were asked

function note(column, operation) {
    (columns[column] ??= new Set()).add(nameOf(operation));
}

/** Each operation that somebody serves, with the client and a customer. */
const asked = () => operations.map((operation) => ({ operation, client: clientOf(operation) }))
    .filter(({ client }) => client)
    .map(({ operation, client }) => ({ operation, client, user: customers(client)[0] }));

async function send(client, operation, { userId, ids, change = {} }) {
    const [method, path, options] = requestTo(operation, { userId, ids, jwe });
    const { headers, ...more } = change;
    return client.call(method, path, { ...options, ...more, headers: { ...options.headers, ...headers } });
}

function assertRefused(reply, about, statuses = [400, 403, 404, 409]) {
    assert.ok(statuses.includes(reply.status), `${about}: ${reply.status} ${reply.text}`);
    assert.ok(reply.json.errorCode && reply.json.errorMessage, about);
}

test('there are operations of every document', () => {
    assert.ok(operations.length > 80, `${operations.length}`);
    for (const part of ['caap', 'bank-service-initiation', 'bank-data-sharing', 'consent-events', 'motor', 'bank-products']) {
        assert.ok(operations.some(({ file }) => file === `${part}.json`), part);
    }
});

test('a required header that is missing', async () => {
    let count = 0;
    for (const { operation, client, user } of asked()) {
        for (const { name, required, in: where } of operation.parameters) {
            if (where !== 'header' || !required || name === 'o3-aspsp-id') { // an alias that decides nothing
                continue;
            }
            const reply = await send(client, operation, { userId: user.userId, change: { headers: { [name]: undefined } } });
            const about = `${operation.operation} without ${name}`;
            assertRefused(reply, about, [400]);
            assert.equal(reply.json.errorCode, 'Body.InvalidFormat', about);
            note('missing header', operation);
            count += 1;
        }
        const nobody = await send(client, operation, { userId: user.userId, change: { token: null } });
        assert.equal(nobody.status, 401, `${operation.operation} without a credential`);
    }
    assert.ok(count > 400, `${count}`);
});

test('another provider\'s header', async () => {
    for (const { operation, client, user } of asked().filter(({ operation }) => takesHeader(operation, 'o3-provider-id'))) {
        for (const [id, status] of [['dhowbusiness', 401], ['unknown', 403]]) {
            const reply = await send(client, operation,
                { userId: user.userId, change: { headers: { 'o3-provider-id': id } } });
            assert.equal(reply.status, status, `${operation.operation} at ${id}: ${reply.text}`);
            note('other provider', operation);
        }
    }
});

test('a body that is none', async () => {
    let count = 0;
    for (const { operation, client, user } of asked().filter(({ operation }) => operation.takesBody && !operation.sample?.text)) {
        for (const body of WRONG_BODIES) {
            const reply = await send(client, operation,
                { userId: user.userId, change: { body, headers: { 'content-type': 'application/json' } } });
            assertRefused(reply, `${operation.operation} with ${body}`, [400]);
            assert.equal(reply.json.errorCode, 'Body.InvalidFormat', operation.operation);
            note('wrong body', operation);
            count += 1;
        }
    }
    assert.ok(count > 100, `${count}`);
});

/** Names of the operation's parameters that say which account or policy is meant. */
const idsOf = ({ path, parameters }) => [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
    ...parameters.filter(({ name, in: where }) => where === 'query' && /^(accountIds|insurancePolicyIds)$/.test(name)).map(({ name }) => name),
];

const ofCustomer = ({ file, path }, { accountIds, policies }) => {
    const sector = SECTOR.exec(path)?.[1];
    return sector ? policies?.find(({ type }) => type.toLowerCase() === sector)?.id : file === 'consent-events.json' ? undefined : accountIds[0];
};

test('an id of nothing, another customer\'s and another segment\'s are refused alike', async () => {
    const seen = new Set();
    for (const { operation, client } of asked()) {
        const names = idsOf(operation).filter((name) => /account|policy|policies/i.test(name));
        if (names.length === 0 || !takesHeader(operation, 'o3-psu-identifier') || readsPolicies(operation)) {
            continue;
        }
        const holders = customers(client).filter((one) => ofCustomer(operation, one));
        const [holder] = holders;
        const id = ofCustomer(operation, holder);
        const other = customers(client).find((one) => !one.accountIds.includes(id) && !one.policies?.some((policy) => policy.id === id));
        const ask = (user, value) => send(client, operation,
            { userId: user.userId, ids: Object.fromEntries(names.map((name) => [name, value])) });
        const nothing = await ask(other, NOTHING);
        assertRefused(nothing, operation.operation, [403]);
        const foreign = await ask(other, id);
        assert.deepEqual([foreign.status, foreign.text], [nothing.status, nothing.text], `${operation.operation}: another's`);
        const abroad = await ask(other, clients.dhowbusiness.provider.users.find(({ accountIds }) => accountIds.length > 0).accountIds[0]);
        assert.deepEqual([abroad.status, abroad.text], [nothing.status, nothing.text], `${operation.operation}: abroad`);
        ['unknown id', 'other customer', 'other segment'].forEach((column) => note(column, operation));
        seen.add(operation.file);
    }
    assert.ok(['bank-data-sharing.json', 'caap.json'].every((file) => seen.has(file)), [...seen].join());
});

test('policies: an id of nothing, another customer\'s and another segment\'s are refused alike under a consent', async () => {
    const bank = new Bank({ base: demo.portBase, config: { https: { clientCa: demo.hub.caFile } } },
        { who: demo.bank, port: new URL(demo.hub.consentManagerUrl).port });
    const abroad = customers(clients.dhowbusiness)[0];
    let count = 0;
    for (const { operation, client } of asked().filter(({ operation }) => readsPolicies(operation))) {
        const names = idsOf(operation);
        const holder = customers(client).find((one) => ofCustomer(operation, one));
        const id = ofCustomer(operation, holder);
        const other = customers(client).find((one) => one.policies?.length > 0 && !one.policies.some((policy) => policy.id === id));
        const foreign = abroad.accountIds[0];
        const { type } = holder.policies.find((policy) => policy.id === id);
        const consentTo = (userId, insurancePolicyIds) => consentToPolicies(demo, bank, { types: [type], userId, insurancePolicyIds });
        // whatever the consent says: the customer does not hold them
        const theirs = await consentTo(other.userId, [NOTHING, id, foreign]);
        const ask = (userId, value, consentId) => send(client, operation,
            { userId, ids: Object.fromEntries(names.map((name) => [name, value])), change: { consentId } });
        const nothing = await ask(other.userId, NOTHING, theirs);
        assertRefused(nothing, operation.operation, [403]);
        for (const [what, value] of [['another\'s', id], ['abroad', foreign]]) {
            const reply = await ask(other.userId, value, theirs);
            assert.deepEqual([reply.status, reply.text], [nothing.status, nothing.text], `${operation.operation}: ${what}`);
        }
        const own = await consentTo(holder.userId, [id]);
        assert.ok([200, 204].includes((await ask(holder.userId, id, own)).status), `${operation.operation}: the holder`);
        assertRefused(await ask(abroad.userId, id, own), `${operation.operation}: a customer of another segment`);
        ['unknown id', 'other customer', 'other segment', 'customer of another segment'].forEach((column) => note(column, operation));
        count += 1;
    }
    bank.close();
    assert.ok(count >= 21, `${count}`);
});

test('a customer of another segment is nobody', async () => {
    const { userId } = clients.dhowbusiness.provider.users[0];
    let count = 0;
    for (const { operation, client, user } of asked().filter(({ operation }) => takesHeader(operation, 'o3-psu-identifier') && !readsPolicies(operation))) {
        const id = ofCustomer(operation, user) ?? NOTHING;
        const ids = Object.fromEntries(idsOf(operation).map((name) => [name, id]));
        const reply = await send(client, operation, { userId, ids });
        assertRefused(reply, operation.operation);
        note('customer of another segment', operation);
        count += 1;
    }
    for (const { operation, client } of asked().filter(({ operation: { file, path } }) => file === 'caap.json' && /^\/users/.test(path))) {
        const reply = await send(client, operation, { userId });
        assertRefused(reply, operation.operation);
        note('customer of another segment', operation);
        count += 1;
    }
    assert.ok(count > 20, `${count}`);
});

test('an id in the path that names nothing is refused by every operation that has one', async () => {
    for (const { operation, client, user } of asked().filter(({ operation }) => /\{/.test(operation.path) &&
        operation.file !== 'consent-events.json' && !readsPolicies(operation))) {
        assertRefused(await send(client, operation, { userId: user.userId }), operation.operation);
        note('unknown id', operation);
    }
});

/* --- nothing is left out ----------------------------------------------------------------------- */

/** What is made under a consent or for a TPP, and asked for as another's by the suite that makes it. */
const MADE = {
    'contract.isolation': /^\/payments(\/\{paymentId\})?$|^\/payment-consents\/\{consentId\}\/refund$/,
    'contract.files': /^\/payment-consents(\/\{consentId\}\/file)?$|^\/payments\/\{paymentId\}\/report-file$/,
    'contract.fx': /^\/fx-quotes\/\{FxQuoteId\}$/,
    'contract.opening': /^\/accounts\/\{AccountId\}\/status$/,
    'contract.quotes': /-insurance-quotes\/\{QuoteId\}$/,
    'contract.events': /^\/consent\/event\/\{operation\}$/, // no id: post or patch
};
const madeElsewhere = ({ path }) => Object.values(MADE).some((pattern) => pattern.test(path));

/** The columns that an operation has, from its row. */
function columnsOf(operation) {
    const { file, path, parameters, takesBody, sample } = operation;
    const isOfCustomer = takesHeader(operation, 'o3-psu-identifier');
    const hasId = idsOf(operation).length > 0;
    return [
        parameters.some((one) => one.in === 'header' && one.required && one.name !== 'o3-aspsp-id') && 'missing header',
        takesHeader(operation, 'o3-provider-id') && 'other provider',
        takesBody && !sample?.text && 'wrong body',
        hasId && file !== 'consent-events.json' && 'unknown id',
        ...(hasId && !madeElsewhere(operation) ? ['other customer', 'other segment'] : []),
        (isOfCustomer || (file === 'caap.json' && /^\/users/.test(path))) && 'customer of another segment',
    ].filter(Boolean);
}

test('every operation was asked all that its row allows', () => {
    const lacking = asked().flatMap(({ operation }) => columnsOf(operation)
        .filter((column) => !columns[column]?.has(nameOf(operation)))
        .map((column) => `${nameOf(operation)}: ${column}`));
    assert.deepEqual(lacking, []);
    for (const pattern of Object.values(MADE)) {
        assert.ok(operations.some(({ path }) => pattern.test(path)), `${pattern}`);
    }
});
