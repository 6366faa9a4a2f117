// Accounts that customers of a TPP ask for: POST /accounts, the status, the Hub's log of it, the
// account among the customer's, and every way to ask wrongly.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { consentAtHub, until, userOf } from '../journey/support.mjs';
import { HubClient } from '../support/client.mjs';
import { Customer, newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';
import { BankClock, operate } from '../support/operator.mjs';
import { SecondInstance } from '../support/second.mjs';

const END_MS = 60_000; // the bank takes 5 s, a push some more
const PROVIDER = 'dhowretail';

let demo;
let hub;
let business;
let clock;

before(async () => {
    demo = await startDemo();
    hub = new HubClient(demo, PROVIDER);
    business = new HubClient(demo, 'dhowbusiness');
    clock = new BankClock(demo);
});

after(async () => {
    hub?.close();
    business?.close();
    await demo?.stop();
});

function person(set = {}) {
    const year = new Date().getFullYear() + 2;
    return { data: { Party: { Claims: {
        IdentityType: 'Person',
        FullName: 'Layla Qamar',
        GivenName: 'Layla',
        Surname: 'Qamar',
        EmiratesId: `784${Math.random()}`,
        EmiratesIdExpiryDate: `${year}-01-31`,
        ResidentialAddress: { AddressLine: ['Villa 7, Reef Street'], Country: 'AE' },
        ...set,
    } } } };
}

const ask = (body, { client = hub, ...more } = {}) => clock.call(client, 'POST', '/accounts', { body, ...more });
const look = (id, { client = hub, ...more } = {}) => clock.call(client, 'GET', `/accounts/${id}/status`, more);

async function take(body, options) {
    const reply = await ask(body, options);
    assert.equal(reply.status, 200, reply.text);
    return reply.json;
}

function assertRefused(reply, status, errorCode) {
    assert.equal(reply.status, status, reply.text);
    assert.equal(reply.json.errorCode, errorCode);
}

/** The opening once it has ended. */
async function ended(id) {
    let reply;
    await until(async () => {
        reply = await look(id);
        assert.equal(reply.status, 200, reply.text);
        return ['Completed', 'Rejected'].includes(reply.json.data.OpeningStatus);
    }, `the end of ${id}`, END_MS);
    return reply.json.data;
}

/** What the Hub has been told of it. */
async function toldOf(id, count) {
    let lines;
    await until(async () => {
        lines = demo.hubLog().filter(({ event, account }) => event === 'opening-told' && account === id);
        return lines.length >= count;
    }, `the Hub told of ${id}`, END_MS);
    return lines.map(({ status, information }) => (information ? [status, information] : [status]));
}

const isIban = (iban) => {
    const digits = [...(iban.slice(4) + iban.slice(0, 4))].map((c) => parseInt(c, 36)).join('');
    return /^AE\d{21}$/.test(iban) && BigInt(digits) % 97n === 1n;
};

test('an account is asked for, opened, and the Hub told of each step', async () => {
    const asked = await take(person());
    const { AccountId: id } = asked.data;
    assert.deepEqual(Object.keys(asked.data).sort(), ['AccountId', 'OpeningStatus', 'OpeningStatusUpdateDateTime']);
    assert.equal(asked.data.OpeningStatus, 'Pending');
    assert.equal(new URL(asked.links.Self).pathname, `/accounts/${id}/status`);
    const opened = await ended(id);
    assert.equal(opened.OpeningStatus, 'Completed');
    assert.equal(opened.Currency, 'AED');
    const [{ SchemeName, Identification, Name }] = opened.AccountIdentifiers;
    assert.deepEqual([SchemeName, Name], ['IBAN', 'Layla Qamar']);
    assert.ok(isIban(Identification), Identification);
    assert.ok(opened.CreationDateTime <= opened.OpeningStatusUpdateDateTime);
    assert.equal((await look(id)).json.links.Self, asked.links.Self);
    assert.deepEqual(await toldOf(id, 2), [['AwaitingLFIProcesses'], ['Completed']]);
});

const REJECTED = [
    ['an Emirates ID that has expired', person({ EmiratesIdExpiryDate: '2020-01-31' }), 'The Emirates ID has expired.'],
    ['no customer', { data: {} }, 'The bank needs to know who asks for the account.'],
    ['a business without a licence', { data: { Party: { Claims: { IdentityType: 'Business', BusinessName: 'Coral LLC' } } } },
        'The bank needs the name and the trade licence of a business.'],
];
test('what is rejected says why, to the Hub too, and may be asked for again', async () => {
    await Promise.all(REJECTED.map(async ([name, body, why]) => {
        const { data } = await take(body);
        const rejected = await ended(data.AccountId);
        assert.deepEqual([rejected.OpeningStatus, rejected.AdditionalStatusInformation], ['Rejected', why], name);
        assert.deepEqual(await toldOf(data.AccountId, 2), [['AwaitingLFIProcesses'], ['Rejected', why]]);
        const again = await take(body);
        assert.notEqual(again.data.AccountId, data.AccountId);
    }));
});

test('the same request is refused, however it is written; of ten at once one is taken', async () => {
    const body = person();
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask(body)));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, ...Array(9).fill(409)]);
    const { Claims } = body.data.Party;
    const turned = { data: { Party: { Claims: Object.fromEntries(Object.entries(Claims).reverse()) } } };
    assertRefused(await ask(JSON.stringify(turned, null, 4)), 409, 'GenericError');
    await take(body, { headers: { 'o3-caller-client-id': randomUUID() } });
    await take(body, { client: business });
    const quote = { LinkedOperations: { FxQuoteId: randomUUID() } };
    await take({ data: { ...quote, ...person().data } });
    assertRefused(await ask({ data: { ...quote, ...person().data } }), 409, 'GenericError');
});

test('an opening is shown to the client that asked for it, at the provider where it did', async () => {
    const { data: { AccountId: id } } = await take(person());
    assertRefused(await look(id, { headers: { 'o3-caller-client-id': randomUUID() } }), 404, 'Resource.NotFound');
    assertRefused(await look(id, { client: business }), 404, 'Resource.NotFound');
    assertRefused(await look('a'.repeat(32)), 404, 'Resource.NotFound');
    assertRefused(await look('x'), 404, 'Resource.NotFound');
    assertRefused(await look('a'.repeat(41)), 400, 'Resource.InvalidFormat');
    assertRefused(await look(id, { headers: { 'o3-provider-id': 'nobody' } }), 403, 'GenericError');
    assertRefused(await ask(person(), { headers: { 'o3-provider-id': 'nobody' } }), 403, 'GenericError');
});

const WRONG = {
    'no data': {},
    'text as data': { data: 'x' },
    'a party without claims': { data: { Party: {} } },
    'claims of neither kind': { data: { Party: { Claims: { IdentityType: 'Robot' } } } },
    'a person without an Emirates ID': person({ EmiratesId: undefined }),
    'a day that is none': person({ EmiratesIdExpiryDate: '2026-02-30' }),
    'a salary as text': person({ Salary: '100' }),
    'eight lines of address': person({ ResidentialAddress: { AddressLine: Array(8).fill('x'), Country: 'AE' } }),
    'linked operations that name none': { data: { LinkedOperations: {} } },
    'a quote that is no UUID': { data: { LinkedOperations: { FxQuoteId: 'quote' } } },
    'an audit of an unknown action': { data: { DataSharingAudit: [{ JSONPath: '$', Action: 'Guessed' }] } },
    'another trust framework': { data: { Party: { ...person().data.Party, Verification: { TrustFramework: 'x' } } } },
    'not JSON': '{"data":',
};
test('a request that does not fit the contract is refused', async () => {
    for (const [name, body] of Object.entries(WRONG)) {
        const reply = await ask(body);
        assert.equal(reply.status, 400, `${name}: ${reply.text}`);
        assert.equal(reply.json.errorCode, 'Body.InvalidFormat', name);
    }
    assert.equal((await ask(person(), { headers: { 'o3-caller-client-id': undefined } })).status, 400);
});

test('the operator has either operation answer what it may', async () => {
    for (const operation of ['CreateAccount_create', 'Account_read']) {
        for (const status of [409, 500]) {
            await operate(demo, 'POST', '/operator/overrides', { provider: PROVIDER, operation, status, times: 1,
                body: { errorCode: 'GenericError', errorMessage: 'As the operator wants.' } });
            const reply = await (operation === 'Account_read' ? look('x') : ask(person()));
            assertRefused(reply, status, 'GenericError');
        }
    }
});

/** An account that is opened for a customer of the bank: its id and IBAN. */
async function openFor({ emiratesId: EmiratesId }) {
    const { data: { AccountId: id } } = await take(person({ EmiratesId, Email: `${randomUUID()}@mail.example.org` }));
    const { OpeningStatus, AccountIdentifiers: [{ Identification: iban }] } = await ended(id);
    assert.equal(OpeningStatus, 'Completed');
    return { id, iban };
}

const read = (id, { userId }, { suffix = '', client = hub } = {}) =>
    client.get(`/accounts/${id}${suffix}`, { userId, query: suffix && { page: 1, 'page-size': 10 } });

/** Which accounts a user is offered for a consent to share data, and what becomes of the choice. */
async function choose(user, accountId) {
    const request = await newConsent(demo, ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadBalances'],
        { ExpirationDateTime: new Date(Date.now() + 86_400_000).toISOString() });
    const customer = await Customer.arrive(demo, request);
    const review = await customer.reachReview(user);
    const offered = review.accounts.find(({ id }) => id === accountId);
    const { journey } = customer;
    if (offered) {
        await customer.post('/journey/approve', { journey, accountIds: [accountId] });
    } else {
        await customer.post('/journey/cancel', { journey });
    }
    return { offered, ...await consentAtHub(demo, request.consentId) };
}

test('the account of a customer is among its accounts, empty, and chosen for a consent', async () => {
    const user = userOf(demo, { login: 'rohan' });
    const other = userOf(demo, { login: 'leonie' });
    const { id, iban } = await openFor(user);
    const { status, text, json } = await read(id, user);
    assert.equal(status, 200, text);
    const { data: account } = json;
    const claims = JSON.stringify((await hub.get('/customer', { userId: user.userId })).json);
    assert.deepEqual(account.accountNumbers, [{ schemeName: 'IBAN', identification: iban }]);
    assert.deepEqual([account.status, account.currency, account.accountType, account.accountSubType],
        ['Active', 'AED', 'Retail', 'CurrentAccount']);
    assert.deepEqual(account.product, { id: 'everyday-current', productName: 'Everyday Current Account' });
    assert.ok(claims.includes(`"fullName":"${account.accountHolderName}"`), 'the name that the bank knows');
    const balances = await read(id, user, { suffix: '/balances' });
    assert.deepEqual(balances.json.data.map(({ amount }) => amount), Array(2).fill({ amount: '0.00', currency: 'AED' }));
    for (const list of ['transactions', 'beneficiaries', 'direct-debits', 'scheduled-payments', 'standing-orders']) {
        const reply = await read(id, user, { suffix: `/${list}` });
        assert.ok(reply.status === 204 || reply.json.data.length === 0, `${list}: ${reply.text}`);
    }
    const products = await read(id, user, { suffix: '/products' });
    assert.equal(products.json.data[0].IsSecured, false, products.text);
    const holders = await read(id, user, { suffix: '/customer' });
    assert.deepEqual(holders.json.data.map(({ accountRole }) => accountRole), ['Principal'], holders.text);

    const { offered, consent } = await choose(user, id);
    assert.ok(offered, 'offered to its holder');
    assert.deepEqual([consent.status, consent.accountIds], ['Authorized', [id]]);
    assert.equal((await choose(other, id)).offered, undefined);
    for (const refused of [await read(id, other), await read(id, other, { suffix: '/balances' }),
        await read(id, business.provider.users[0], { client: business })]) {
        assertRefused(refused, 403, 'Consent.PermanentAccountAccessFailure');
    }
    assert.deepEqual(demo.serverLog().filter(({ event }) => event === 'contract-response'), []);
});

test('an account that is not open yet, or of nobody whom the bank knows, is one that never was', async () => {
    const user = userOf(demo, { login: 'rohan' });
    const { data: { AccountId: early } } = await take(person({ EmiratesId: user.emiratesId.replaceAll('-', '') }));
    assertRefused(await read(early, user), 403, 'Consent.PermanentAccountAccessFailure');
    const { data: { AccountId: foreign } } = await take(person({ FullName: 'Rohan Qamar', EmiratesId: '784-1999-0009999-9' }));
    assert.equal((await ended(foreign)).OpeningStatus, 'Completed');
    assertRefused(await read(foreign, user), 403, 'Consent.PermanentAccountAccessFailure');
});

test('the account stays when an instance is killed, and goes when the bank is set back', async () => {
    const user = userOf(demo, { login: 'rohan' });
    const { id } = await openFor(user);
    const second = await SecondInstance.prepare(demo);
    const texts = [(await read(id, user)).text];
    for (const signal of ['SIGKILL', 'SIGTERM']) {
        await second.start();
        const client = new HubClient(second.demo, PROVIDER);
        texts.push((await read(id, user, { client })).text);
        client.close();
        await second.end(signal);
    }
    assert.equal(new Set(texts).size, 1);
    assert.ok(texts[0].includes(id));
    await operate(demo, 'POST', `/operator/${PROVIDER}/reset`);
    assertRefused(await read(id, user), 403, 'Consent.PermanentAccountAccessFailure');
    assertRefused(await look(id), 404, 'Resource.NotFound');
    assert.equal((await read(user.accountIds[0], user)).status, 200);
});

test('no name is in the log', () => {
    assert.ok(!demo.readLog('server.log').includes('Qamar'));
});
