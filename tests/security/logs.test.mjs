// What is written down holds nothing of anybody: after every kind of read, refusal and sign-in, the
// logs of both programs, the metrics and the explanations are searched for all that the bank holds
// of people, and for every secret that was used.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { encodePsu, HubClient } from '../support/client.mjs';
import { Customer, newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';
import { peopleOf } from '../support/people.mjs';

const PAGE = { page: 1, 'page-size': 10 };
const LISTS = ['balances', 'transactions', 'statements', 'beneficiaries', 'direct-debits',
    'scheduled-payments', 'standing-orders', 'products', 'customer'];
const NO_CONSENT = { 'o3-consent-id': undefined, 'o3-psu-identifier': undefined };
const LEAD = {
    Email: 'lead.person@mail.example.org',
    Name: { FullName: 'Lead Person Unlogged' },
    EmiratesId: '784-1985-0000101-5',
    PhoneNumber: '+971540009999',
    MarketingOptOut: true,
    ProductCategories: ['CurrentAccount'],
};
const WRONG_PASSWORD = 'a-wrong-password-unlogged';
const SHAPES = {
    'a token': /eyJ[\w-]{20,}/,
    'an IBAN': /AE\d{21}/,
    'an Emirates ID': /784-\d{4}-\d{7}-\d/,
    'a phone number': /\+971\d{7,9}/,
    'an e-mail address': /[\w.]+@[\w.]+\.\w+/,
    'a bearer': /Bearer /,
};

let demo;
const secrets = new Map(); // what may not be found, and what it is
const interactions = [];

before(async () => {
    demo = await startDemo();
});

after(() => demo?.stop());

/** All that the bank holds of people, and what its customers sign in with. */
function collectPeople({ segment, users }) {
    for (const [value, kind] of peopleOf(demo, segment)) {
        secrets.set(value, kind);
    }
    for (const { userId, password } of users) {
        secrets.set(password, 'a password').set(encodePsu({ userId }), 'a PSU identifier');
        secrets.set(userId, 'a user id');
    }
}

/** One call, whose token is a secret and whose interaction is looked at in the end. */
async function call(client, method, path, { headers, ...more } = {}) {
    const token = more.token ?? (await client.token());
    const interaction = randomUUID();
    secrets.set(token, 'a token');
    interactions.push(interaction);
    const all = { 'o3-ozone-interaction-id': interaction, ...headers };
    return client.call(method, path, { ...more, token, headers: all });
}

async function readAll(client, { userId, accountIds }) {
    await call(client, 'GET', '/customer', { userId });
    const query = { ...PAGE, accountIds: accountIds.join() };
    await call(client, 'GET', '/accounts', { userId, query });
    for (const id of accountIds.slice(0, 10)) {
        await call(client, 'GET', `/accounts/${id}`, { userId });
        for (const list of LISTS) {
            await call(client, 'GET', `/accounts/${id}/${list}`, { userId, query: PAGE });
        }
    }
}

const payeeQuery = (identification, name, more) =>
    ({ data: { account: { schemeName: 'IBAN', identification, name, ...more } } });

/** Personal data wherever a caller can put them. */
async function misplace(client, { userId, accountIds: [id] }, iban, name) {
    for (const value of [iban, name, LEAD.Email]) {
        const path = `/accounts/${encodeURIComponent(value)}`;
        const query = { ...PAGE, fromBookingDateTime: value };
        await call(client, 'GET', path, { userId });
        await call(client, 'GET', '/accounts', { userId, query: { ...PAGE, accountIds: value } });
        await call(client, 'GET', `/accounts/${id}/transactions`, { userId, query });
        await call(client, 'GET', `/accounts/${id}`, { userId: value });
        const headers = ['o3-provider-id', 'o3-caller-org-id', 'user-agent', 'cookie'];
        if (value !== iban) { // which looks like an id, and as an id it is logged
            headers.push('o3-consent-id', 'o3-caller-interaction-id', 'x-fapi-interaction-id');
        }
        for (const header of headers) {
            const bytes = Buffer.from(value).toString('latin1');
            const options = { userId, query: PAGE, headers: { [header]: bytes } };
            await call(client, 'GET', `/accounts/${id}/products`, options);
        }
        for (const body of [payeeQuery(value, { fullName: value }), payeeQuery(value, value),
            payeeQuery(value, { fullName: value }, { schemeName: value }),
            payeeQuery(value, { fullName: value, [value]: 1 })]) {
            const options = { query: PAGE, headers: NO_CONSENT, body };
            await call(client, 'POST', '/customers/action/cop-query', options);
        }
    }
}

async function leaveLeads(client) {
    const headers = { ...NO_CONSENT, 'x-fapi-customer-ip-address': '192.0.2.7' };
    for (const data of [LEAD, { ...LEAD, MarketingOptOut: 'no' }, { ...LEAD, Email: 'no e-mail' }]) {
        await call(client, 'POST', '/leads', { headers, body: { data } });
    }
    Object.values({ ...LEAD, Name: LEAD.Name.FullName })
        .filter((value) => typeof value === 'string')
        .forEach((value) => secrets.set(value, 'of a lead'));
}

/** Credentials of each mode at the wrong place, and wrong ones at the right place. */
async function misuseCredentials(client, { userId }) {
    const wrong = randomBytes(24).toString('base64url');
    const basic = Buffer.from(`hub:${wrong}`).toString('base64');
    secrets.set(wrong, 'a wrong credential').set(basic, 'a wrong credential');
    const right = await client.token();
    for (const authorization of [wrong, `Bearer ${wrong}`, `ApiKey ${wrong}`, `Basic ${basic}`, ['x', wrong]]) {
        await call(client, 'GET', '/customer', { userId, token: right, headers: { authorization } });
    }
    for (const value of [wrong, right]) {
        const headers = { 'o3-provider-id': value, 'x-api-key': value };
        await call(client, 'GET', '/customer', { userId, token: right, headers });
        await call(client, 'GET', '/accounts', { userId, token: right, query: { ...PAGE, access_token: value } });
    }
}

/** Requests of the token endpoint that give a secret away, the right one and a wrong one. */
async function misuseTokenEndpoint(client, { clientId, clientSecretFile }) {
    const right = readFileSync(clientSecretFile, 'utf8').trim();
    const wrong = randomBytes(24).toString('base64url');
    for (const secret of [right, wrong]) {
        const basic = Buffer.from(`${clientId}:${secret}`).toString('base64');
        secrets.set(secret, 'a client secret').set(basic, 'a client secret');
        const ask = (parameters, headers, query = '') => client.send('POST', `/token${query}`, {
            headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
            content: new URLSearchParams({ grant_type: 'client_credentials', ...parameters }).toString(),
        });
        await ask({}, { authorization: `Basic ${basic}` });
        await ask({}, { authorization: `Bearer ${secret}` });
        await ask({ client_id: clientId, client_secret: secret });
        await ask({ client_id: secret, client_secret: secret, [secret]: secret });
        await ask({ client_secret: secret, scope: secret, grant_type: secret });
        await ask({ client_assertion: secret, client_assertion_type: secret });
        await ask({ client_secret: secret }, { 'content-type': `text/${secret}` });
        await ask({}, {}, `?client_id=${clientId}&client_secret=${secret}`);
    }
}

async function signIn(providerId, user) {
    const permissions = ['ReadAccountsBasic', 'ReadProduct', 'ReadProductFinanceRates'];
    const consent = await newConsent(demo, permissions, { providerId });
    const customer = await Customer.arrive(demo, consent);
    await customer.signIn({ ...user, password: WRONG_PASSWORD });
    const { accounts = [] } = await customer.reachReview(user);
    const accountIds = accounts.slice(0, 10).map(({ id }) => id);
    await customer.post('/journey/approve', { journey: customer.journey, accountIds });
    interactions.push(customer.journey);
    secrets.set(WRONG_PASSWORD, 'a password').set(customer.device, 'the link of an app');
    for (const cookie of customer.cookies.values()) {
        secrets.set(cookie.split('=')[1], 'a session');
    }
}

async function operatorsView() {
    const secret = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    secrets.set(secret, "the operator's token");
    const read = async (path) => {
        const headers = { authorization: `Bearer ${secret}` };
        return (await fetch(demo.adminBaseUrl + path, { headers })).text();
    };
    const explained = [];
    for (const interaction of interactions) {
        explained.push(await read(`/explain/${interaction}`));
    }
    explained.push(await read('/explain'));
    return { metrics: await read('/metrics'), explanations: explained.join('\n') };
}

test('neither people nor secrets are written down', async () => {
    // The last fifty refusals are explained: those of the provider at CAAP come early.
    const last = demo.providers.filter(({ providerId }) => providerId !== 'dhowlite');
    const first = demo.providers.filter(({ providerId }) => providerId === 'dhowlite');
    for (const provider of [last[0], ...first, ...last.slice(1)]) {
        collectPeople(provider);
        const client = new HubClient(demo, provider.providerId);
        const holders = provider.users.filter(({ accountIds }) => accountIds.length > 0).slice(0, 8);
        for (const user of holders) {
            await readAll(client, user);
        }
        await misuseCredentials(client, provider.users[0]);
        if (provider.token) {
            await misuseTokenEndpoint(client, provider.token);
        }
        const first = (kind, pattern) =>
            [...secrets].find(([value, what]) => what === kind && pattern.test(value))[0];
        const iban = first('an account number', /^AE/);
        if (holders.length === 0) {
            client.close();
            continue;
        }
        await misplace(client, holders[0], iban, first('a name', /./));
        await leaveLeads(client);
        const { providers } = JSON.parse(readFileSync(`${demo.dir}/server.json`, 'utf8'));
        if (providers.find(({ id }) => id === provider.providerId).authorizePath) { // customers of CAAP do not sign in at the bank
            await signIn(provider.providerId, holders[0]);
        }
        client.close();
    }
    assert.ok(secrets.size > 500 && interactions.length > 500);
    const places = {
        'the server\'s log': demo.readLog('server.log'),
        'the simulator\'s log': demo.readLog('hub.log'),
        ...(await operatorsView()),
    };
    assert.ok(places['the server\'s log'].includes(interactions[0]), 'the log is of these calls');
    for (const check of ['ACCOUNT-NOT-HELD', 'JWT-FORM', 'API-KEY-UNKNOWN', 'ACCESS-TOKEN-UNKNOWN', 'CLIENT-SECRET']) {
        assert.ok(places.explanations.includes(check), `${check} is explained`);
    }
    for (const [place, text] of Object.entries(places)) {
        for (const [value, kind] of secrets) {
            assert.ok(!text.includes(value), `${kind} in ${place}: ${value}`);
        }
        for (const [kind, shape] of Object.entries(SHAPES)) {
            assert.doesNotMatch(text, shape, `${kind} in ${place}`);
        }
    }
});
