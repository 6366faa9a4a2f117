// What the bank adds to a consent: how the customer is billed and the terms of an exchange, when the
// Hub or CAAP asks it to augment a consent and when the customer authorizes one; and every refusal.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { Customer, newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';

const CAAP = '(.providers[] | select(.id == "dhowcorporate"))';
const CLIENT = '7a0e5f0c-5bb1-4a0e-9d0b-2f6a7a1c0002'; // of the calls of HubClient
const UNDER_NO_CONSENT = { 'o3-aspsp-id': undefined, 'o3-consent-id': undefined, 'o3-psu-identifier': undefined };
const QUOTE_LIFE_S = 600;

let demo;
let clients;
let offsetSeconds = 0;

before(async () => {
    demo = await startDemo({ adjustServer: `${CAAP} |= (.authorization = "caap" | del(.authorizePath))` });
    clients = Object.fromEntries(
        ['dhowretail', 'dhowbusiness', 'dhowcorporate'].map((id) => [id, new HubClient(demo, id)]));
});

after(async () => {
    Object.values(clients ?? {}).forEach((client) => client.close());
    await demo?.stop();
});

const userOf = (providerId, login) =>
    clients[providerId].provider.users.find((user) => user.login === login);

/** A consent to payments as the Hub and CAAP send it; `Data` is added to its terms. */
function consentOf(Data = {}, more = {}) {
    const id = randomUUID();
    const type = 'urn:openfinanceuae:service-initiation-consent:v2.1';
    const now = '2026-01-01T00:00:00Z';
    const asked = {
        ConsentId: id,
        ExpirationDateTime: '2030-06-01T00:00:00.000Z',
        PaymentPurposeCode: 'ACM',
        ControlParameters: { ConsentSchedule: { SinglePayment: {
            Type: 'SingleInstantPayment', Amount: { Amount: '10.00', Currency: 'AED' } } } },
        ...Data,
    };
    return {
        id, consentType: 'cbuae-service-initiation-consents', rarType: type, standardVersion: 'v2.1',
        request: { type, consent: { ...asked, PersonalIdentifiableInformation: 'a.b.c.d.e' } }, requestHeaders: {},
        consentBody: { Data: {
            ...asked, Status: 'AwaitingAuthorization', CreationDateTime: now, StatusUpdateDateTime: now } },
        tpp: { clientId: CLIENT, orgId: randomUUID(), softwareStatementId: randomUUID(), tppId: 'tpp-1', tppName: 'T',
            decodedSsa: {} },
        ...more,
    };
}

const international = (FxQuoteId) => ({ CurrencyRequest: { CurrencyOfTransfer: 'INR', ...(FxQuoteId && { FxQuoteId }) } });

async function tokenOf(client) {
    const now = Math.floor(Date.now() / 1000) + offsetSeconds;
    return offsetSeconds ? client.token({ claims: { iat: now, exp: now + 30 } }) : undefined;
}

/** The two ways of asking: the Hub's, at a bank with pages of its own, and CAAP's; what is added. */
const WAYS = {
    'the Hub': {
        providerId: 'dhowbusiness', large: 'tayyar', small: 'mazaj', silent: 'noor.grocery',
        ask: async (client, consent, options) => client.call('POST', '/consent/action/augment',
            { consentId: consent.id, body: consent, token: await tokenOf(client), ...options }),
        added: ({ json }) => json,
    },
    CAAP: {
        providerId: 'dhowcorporate', large: 'bustan.cfo', silent: 'shuaa.cfo',
        ask: async (client, consent, options) =>
            client.call('POST', '/consent/actions/augment', { body: { data: consent }, ...options }),
        added: ({ json }) => json.data,
    },
};

async function operator(method, path, body) {
    const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    const reply = await fetch(demo.adminBaseUrl + path, {
        method,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, connection: 'close' },
        body: body && JSON.stringify(body),
    });
    assert.ok(reply.ok, `${method} ${path}: ${reply.status}`);
}

async function moveClock(seconds) {
    await operator('PUT', '/operator/clock', { offsetSeconds: seconds });
    offsetSeconds = seconds;
}

const REMITTANCE = {
    CreditorAccount: { SchemeName: 'AccountNumber', Identification: '009912345678', Type: 'Individual',
        Name: { en: 'Meera Pillai' } },
    CreditorReference: 'FAMILY',
    ExtendedPurpose: 'Support of the family',
};

async function quoteOf(client, headers = {}) {
    const body = { data: {
        QuoteReference: randomUUID(), TransactionType: 'SpotAndRemittance', UnitCurrency: 'AED', QuotedCurrency: 'INR',
        TradeAmount: { Amount: '1000.00', Currency: 'AED' }, RemittanceInformation: REMITTANCE,
    } };
    const reply = await client.call('POST', '/fx-quotes', { body, headers: { ...UNDER_NO_CONSENT, ...headers } });
    assert.equal(reply.status, 201, reply.text);
    return reply.json.data;
}

const refusal = ({ status, json }) => [status, json.errorCode];
const lastCheck = () => demo.serverLog().filter(({ event, refused }) => event === 'request' && refused).at(-1)?.refused;

for (const [name, way] of Object.entries(WAYS)) {
    const { providerId, ask, added } = way;
    const augment = async (consent, options) => {
        const reply = await ask(clients[providerId], consent, options);
        assert.equal(reply.status, 200, reply.text);
        return added(reply);
    };
    const billed = (login) =>
        augment(consentOf({}, { psuIdentifiers: { userId: userOf(providerId, login).userId } }));

    test(`${name}: billing is added once the customer is known`, async () => {
        assert.deepEqual(await augment(consentOf()), {});
        assert.deepEqual(await billed(way.large), { OpenFinanceBilling: { IsLargeCorporate: true } });
        assert.deepEqual(await billed(way.silent), {});
        if (way.small) {
            assert.deepEqual(await billed(way.small), { OpenFinanceBilling: { IsLargeCorporate: false } });
        }
    });

    test(`${name}: rate and charges are those of the quote`, async () => {
        const quote = await quoteOf(clients[providerId]);
        const { UnitCurrency, ExchangeRate, RateType, ExpirationDateTime } = quote;
        const Charges = quote.Charges.map(({ ChargeBearer, Type, Amount }) => ({ ChargeBearer, Type, Amount }));
        assert.deepEqual(await augment(consentOf(international(quote.FxQuoteId))),
            { Charges, ExchangeRate: { UnitCurrency, ExchangeRate, RateType, ExpirationDateTime } });
        assert.equal(Charges.length, 2);
        assert.deepEqual(await augment(consentOf(international())), {});
    });

    for (const [about, make, status, errorCode, check] of [
        ['a quote that there is not', () => consentOf(international(randomUUID())), 400, 'Consent.Invalid',
            'ADDITIONS-QUOTE'],
        ['a quote of another TPP', async () => {
            const quote = await quoteOf(clients[providerId], { 'o3-caller-client-id': randomUUID() });
            return consentOf(international(quote.FxQuoteId));
        }, 400, 'Consent.Invalid', 'ADDITIONS-QUOTE'],
        ['a user that there is not', () => consentOf({}, { psuIdentifiers: { userId: 'nobody' } }), 400,
            'Consent.InvalidUserIdentifier', name === 'CAAP' ? 'CAAP-USER' : 'PSU-UNKNOWN'],
        ['a user of another segment',
            () => consentOf({}, { psuIdentifiers: { userId: userOf('dhowretail', 'rohan').userId } }), 400,
            'Consent.InvalidUserIdentifier', name === 'CAAP' ? 'CAAP-USER' : 'PSU-UNKNOWN'],
        ['a consent without its kind', () => ({ ...consentOf(), consentType: undefined }), 400, 'Body.InvalidFormat',
            'CONTRACT-REQUEST'],
        ['a consent without a TPP', () => ({ ...consentOf(), tpp: undefined }), 400, 'Body.InvalidFormat',
            'CONTRACT-REQUEST'],
    ]) {
        test(`${name}: refused: ${about}`, async () => {
            const reply = await ask(clients[providerId], await make());
            assert.deepEqual(refusal(reply), [status, errorCode], reply.text);
            assert.equal(lastCheck(), check);
        });
    }
}

test('the Hub: a quote that has ended is refused', async () => {
    const { ask, providerId } = WAYS['the Hub'];
    const { FxQuoteId } = await quoteOf(clients[providerId]);
    await moveClock(QUOTE_LIFE_S + 1);
    try {
        const reply = await ask(clients[providerId], consentOf(international(FxQuoteId)));
        assert.deepEqual(refusal(reply), [400, 'Consent.BusinessRuleViolation'], reply.text);
        assert.equal(lastCheck(), 'ADDITIONS-QUOTE-ENDED');
    } finally {
        await moveClock(0);
    }
});

test('the Hub: the header names the customer, and is judged as everywhere', async () => {
    const { ask } = WAYS['the Hub'];
    const { userId } = userOf('dhowbusiness', 'tayyar');
    const named = await ask(clients.dhowbusiness, consentOf(), { userId });
    assert.deepEqual(named.json, { OpenFinanceBilling: { IsLargeCorporate: true } });
    const unknown = await ask(clients.dhowbusiness, consentOf(), { userId: 'nobody' });
    assert.deepEqual(refusal(unknown), [400, 'Consent.InvalidUserIdentifier']);
    assert.equal(lastCheck(), 'PSU-UNKNOWN');
    const broken = await ask(clients.dhowbusiness, consentOf(), { headers: { 'o3-psu-identifier': 'e30=' } });
    assert.deepEqual(refusal(broken), [400, 'Consent.InvalidUserIdentifier']);
    assert.equal(lastCheck(), 'PSU-FORM');
});

test('CAAP: billing and the debtor account come together', async () => {
    const { userId } = userOf('dhowcorporate', 'bustan.cfo');
    const list = await clients.dhowcorporate.get('/accounts', {
        userId,
        query: { page: 1, 'page-size': 100 },
        headers: { 'o3-is-caap-consent-operation': 'false' },
    });
    assert.equal(list.status, 400);
    const held = userOf('dhowcorporate', 'bustan.cfo').accountIds;
    const { json } = await clients.dhowcorporate.get('/accounts',
        { userId, query: { accountIds: held.join(), page: 1, 'page-size': 100 } });
    const ibanOf = ({ accountNumbers }) => accountNumbers?.find(({ schemeName }) => schemeName === 'IBAN')?.identification;
    const ask = (Identification, more = {}) => clients.dhowcorporate.call('POST', '/consent/actions/augment', { body: {
        data: { ...consentOf({}, { psuIdentifiers: { userId } }), ...more,
            debtorAccount: { SchemeName: 'IBAN', Identification } },
    } });
    const outcomes = await Promise.all(json.data.filter(ibanOf).map(async (account) => [account, await ask(ibanOf(account))]));
    const given = outcomes.filter(([, { status }]) => status === 200);
    assert.ok(given.length > 0);
    for (const [account, reply] of given) {
        assert.deepEqual(reply.json, { data: { OpenFinanceBilling: { IsLargeCorporate: true }, accountId: account.id } });
        assert.equal(account.currency, 'AED');
    }
    const foreign = outcomes.find(([{ currency }]) => currency !== 'AED');
    assert.deepEqual(refusal(foreign[1]), [403, 'Consent.PermanentAccountAccessFailure']);
    const [[account]] = given;
    const nobody = await ask(ibanOf(account), { psuIdentifiers: undefined });
    assert.deepEqual(refusal(nobody), [400, 'Consent.InvalidUserIdentifier']);
});

/** What the bank has patched of a consent that this customer authorized on its pages. */
async function authorized(login) {
    const user = userOf('dhowbusiness', login);
    const request = await newConsent(demo, ['ReadAccountsBasic'], { providerId: 'dhowbusiness' });
    const customer = await Customer.arrive(demo, request);
    const view = await customer.reachReview(user);
    const { journey } = customer;
    await customer.post('/journey/approve', { journey, accountIds: [view.accounts[0].id] });
    const sim = await fetch(`${demo.hub.baseUrl}/sim/consents/${request.consentId}`);
    const { consent, exchanges, findings } = await sim.json();
    assert.equal(consent.status, 'Authorized');
    assert.deepEqual(findings, []);
    const patch = JSON.parse(exchanges.find(({ method }) => method === 'PATCH').requestBody);
    return { patch, billing: consent.consentBody.Data.OpenFinanceBilling };
}

test('a customer who authorizes on the bank\'s pages is billed as what they are', async () => {
    const KEY = 'consentBody.Data.OpenFinanceBilling';
    const large = await authorized('tayyar');
    assert.deepEqual(large.patch[KEY], { IsLargeCorporate: true });
    assert.equal(large.billing.IsLargeCorporate, true);
    assert.ok(large.billing.Purpose, 'what the TPP said is still there');
    assert.deepEqual((await authorized('mazaj')).patch[KEY], { IsLargeCorporate: false });
    assert.equal((await authorized('noor.grocery')).patch[KEY], undefined);
});
