// What the Hub asks and tells about consents: every rule of a validation, the two other operations,
// and every way to call them wrongly.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubClient } from '../support/client.mjs';
import { newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';
import { piiOf, sealPii } from '../support/payments.mjs';
import { readBooks } from './books.mjs';

const VALIDATE = '/consent/action/validate';
const AUGMENT = '/consent/action/augment';
const EVENTS = ['/consent/event/post', '/consent/event/patch'];
const ALL = [VALIDATE, AUGMENT, ...EVENTS];
const ALL_PERMISSIONS = `ReadAccountsBasic ReadAccountsDetail ReadBalances ReadBeneficiariesBasic
    ReadBeneficiariesDetail ReadTransactionsBasic ReadTransactionsDetail ReadFXTransactionsBasic
    ReadFXTransactionsDetail ReadFXRemittanceCharges ReadProduct ReadProductFinanceRates ReadScheduledPaymentsBasic
    ReadScheduledPaymentsDetail ReadDirectDebits ReadStandingOrdersBasic ReadStandingOrdersDetail
    ReadStatements ReadConsents ReadPartyUser ReadPartyUserIdentity ReadParty`.split(/\s+/);
const SUB_TYPES = ['CurrentAccount', 'Savings', 'CreditCard', 'Mortgage', 'Finance'];
const SECRET = 'Zumurrud Trading';

let demo;
let retail;
let business;
let books;
let pii;

before(async () => {
    demo = await startDemo();
    pii = await sealPii(piiOf(), demo.providers[0]);
    books = { retail: readBooks(demo, 'retail'), sme: readBooks(demo, 'sme') };
    [retail, business] = ['dhowretail', 'dhowbusiness'].map((id) => new HubClient(demo, id));
});

after(async () => {
    [retail, business].forEach((client) => client.close());
    await demo?.stop();
});

/** A consent as the Hub sends it; `terms` goes into its Data, `more` beside the body. */
function consentOf(terms = {}, more = {}) {
    const id = randomUUID();
    const asked = {
        ConsentId: id,
        ExpirationDateTime: '2030-01-01T00:00:00.000Z',
        Permissions: ['ReadAccountsBasic', 'ReadBalances'],
        OpenFinanceBilling: { UserType: 'Retail', Purpose: 'AccountAggregation' },
        OnBehalfOf: { TradingName: SECRET },
        ...terms,
    };
    return {
        id,
        parId: `urn:ietf:params:oauth:request_uri:${randomUUID()}`,
        rarType: 'urn:openfinanceuae:account-access-consent:v2.1',
        standardVersion: 'v2.1',
        consentGroupId: id,
        requestUrl: 'https://hub.example.com/par',
        consentType: 'cbuae-account-access-consents',
        status: 'AwaitingAuthorization',
        request: { type: 'urn:openfinanceuae:account-access-consent:v2.1', consent: asked },
        requestHeaders: { 'x-fapi-interaction-id': randomUUID() },
        consentBody: { Data: { ...asked, Status: 'AwaitingAuthorization' } },
        tpp: {
            clientId: randomUUID(),
            orgId: randomUUID(),
            softwareStatementId: randomUUID(),
            tppId: 'tpp-1',
            tppName: 'Some TPP',
            decodedSsa: { client_name: 'Some TPP' },
        },
        updatedAt: 1790000000,
        ...more,
    };
}

const AMOUNT = { Amount: '10.00', Currency: 'AED' };
const SINGLE = { SinglePayment: { Type: 'SingleInstantPayment', Amount: AMOUNT } };

/** A consent to payments; `terms` are what both the request and the body have. */
function paymentOf({ terms, schedule = SINGLE, ...more } = {}) {
    const { id, request, ...rest } = consentOf();
    const type = 'urn:openfinanceuae:service-initiation-consent:v2.1';
    const asked = {
        ConsentId: request.consent.ConsentId,
        ExpirationDateTime: request.consent.ExpirationDateTime,
        ControlParameters: { ConsentSchedule: schedule },
        PaymentPurposeCode: 'ACM',
        ...terms,
    };
    const now = '2026-01-01T00:00:00Z';
    const Data = {
        ...asked, Status: 'AwaitingAuthorization', CreationDateTime: now, StatusUpdateDateTime: now,
    };
    return {
        ...rest,
        id,
        rarType: type,
        consentType: 'cbuae-service-initiation-consents',
        request: { type, consent: { ...asked, PersonalIdentifiableInformation: pii } },
        consentBody: { Data },
        ...more,
    };
}

const insurance = () => {
    const consent = consentOf({}, {
        consentType: 'cbuae-insurance-consents',
        rarType: 'urn:openfinanceuae:insurance-consent:v2.1',
        standardVersion: 'insurance:v1.1',
    });
    const { ConsentId, ExpirationDateTime } = consent.request.consent;
    const terms = {
        ConsentId, ExpirationDateTime, OpenFinanceBilling: { Purpose: 'AccountAggregation' },
        Permissions: [{ InsuranceType: 'Motor', Permissions: ['ReadInsurancePolicies'] }],
    };
    return {
        ...consent,
        request: { type: 'urn:openfinanceuae:insurance-consent:v2.1', consent: terms },
        consentBody: { Data: terms },
    };
};

/** As the Hub sends it: with the consent's own id in the header. */
const post = (client, path, consent, options = {}) =>
    client.call('POST', path, { consentId: consent.id, body: consent, ...options });

/** Whether the Hub was too slow, on a loaded machine, to be asked about the consent's base. */
const isUnread = ({ id }) =>
    demo.serverLog().some(({ event, consent }) => event === 'base-consent-unread' && consent === id);

async function assertValid(client, consent, why) {
    const reply = await post(client, VALIDATE, consent);
    assert.equal(reply.status, 200, `${why}: ${reply.text}`);
    assert.equal(reply.text, '{"data":{"status":"valid"},"meta":{}}', why);
}

function checkInvalid(reply, code, why) {
    assert.equal(reply.status, 200, `${why}: ${reply.text}`);
    const { data, meta, ...rest } = reply.json;
    assert.deepEqual({ status: data.status, code: data.code, meta, rest },
        { status: 'invalid', code, meta: {}, rest: {} }, why);
    assert.deepEqual(Object.keys(data), ['status', 'code', 'description']);
    assert.ok(data.description && !data.description.includes(SECRET));
}

async function assertInvalid(client, consent, code, why) {
    checkInvalid(await post(client, VALIDATE, consent), code, why);
}

test('what the bank offers is valid, with and without a known customer', async () => {
    await assertValid(retail, consentOf());
    const consent = consentOf();
    const known = await post(retail, VALIDATE, consent, { userId: 'somebody' });
    assert.equal(known.json.data.status, 'valid');
    await assertValid(retail, consentOf({ Permissions: ALL_PERMISSIONS }), 'all permissions');
    await assertValid(business, consentOf({ Permissions: ALL_PERMISSIONS }), 'all permissions');
    for (const permission of ALL_PERMISSIONS) {
        await assertValid(retail, consentOf({ Permissions: [permission] }), permission);
    }
});

test('a permission code that the bank does not know is invalid, not malformed', async () => {
    for (const code of ['ReadEverything', 'readbalances', 'ReadBalances ', '', 'ReadRefund\u0645']) {
        const Permissions = ['ReadBalances', code];
        await assertInvalid(retail, consentOf({ Permissions }), 'UnsupportedPermission', code);
    }
});

test('one instant may be spelt in many ways', async () => {
    for (const spelling of ['2030-01-01T00:00:00Z', '2030-01-01t00:00:00z', '2030-01-01T00:00:00-00:00',
        '2030-01-01T04:00:00+04:00', '2029-12-31T19:30:00.000000000-04:30', '2030-06-30T23:59:60Z',
        '2030-07-01T03:59:60+04:00']) {
        await assertValid(retail, consentOf({ ExpirationDateTime: spelling }), spelling);
    }
    for (const spelling of ['2030-01-01T00:00:60Z', '2030-01-01T23:59:60+04:00', '2030-01-01T24:00:00Z',
        '2030-01-01 00:00:00Z', '2030-01-01T00:00:00', '2030-01-01T00:00:00.Z']) {
        const reply = await post(retail, VALIDATE, consentOf({ ExpirationDateTime: spelling }));
        assert.equal(reply.status, 400, spelling);
        assert.match(reply.json.errorMessage, /ExpirationDateTime: does not match the required format/);
    }
});

test('what nobody may authorise any more is invalid, of every kind and in every spelling', async () => {
    const ahead = new Date(Date.now() + 3_600_000).toISOString();
    const gone = Date.now() - 3_600_000;
    const inTheGulf = new Date(gone + 4 * 3_600_000).toISOString().replace('Z', '+04:00');
    for (const make of [consentOf, (terms) => paymentOf({ terms })]) {
        await assertValid(retail, make({ AuthorizationExpirationDateTime: ahead }), ahead);
        for (const past of [new Date(gone).toISOString(), inTheGulf]) {
            await assertInvalid(retail, make({ AuthorizationExpirationDateTime: past }), 'AuthorizationExpired', past);
        }
    }
    const reply = await post(retail, VALIDATE, consentOf({ AuthorizationExpirationDateTime: 'P1D' }));
    assert.equal(reply.status, 400, reply.text);
});

test('dates of either version and all else that is optional may be there or not', async () => {
    const all = { FromDate: '2026-01-01', ToDate: '2026-06-30' };
    const old = {
        TransactionFromDateTime: '2026-01-01T00:00:00Z', TransactionToDateTime: '2026-06-30T00:00:00Z',
    };
    await assertValid(retail, consentOf(all), 'dates');
    await assertValid(retail, consentOf(old), 'dates and times');
    const { id, consentType, consentBody, request, requestHeaders, tpp } = consentOf();
    await assertValid(retail, { id, consentType, consentBody, request, requestHeaders, tpp }, 'bare');
    await assertValid(retail, consentOf({}, { fromTomorrow: { a: [null, 1] } }), 'unknown member');
});

test('account types are those of the provider', async () => {
    const types = (...AccountType) => consentOf({ AccountType });
    await assertValid(retail, types('Retail'));
    await assertValid(retail, types());
    await assertValid(business, types('SME', 'Corporate'));
    for (const consent of [types('SME'), types('Corporate'), types('Retail', 'SME')]) {
        await assertInvalid(retail, consent, 'UnsupportedAccountType');
    }
    for (const consent of [types('Retail'), types('SME', 'Retail')]) {
        await assertInvalid(business, consent, 'UnsupportedAccountType');
    }
});

test('no provider holds an account of a type that it would refuse', () => {
    const types = { retail: ['Retail'], sme: ['SME', 'Corporate'] };
    for (const [segment, offered] of Object.entries(types)) {
        const held = new Set([...books[segment].values()]
            .map(({ account }) => account.accountType));
        assert.deepEqual([...held].sort(), [...offered].sort());
    }
});

test('sub-types: all that the demo bank has', async () => {
    await assertValid(retail, consentOf({ AccountSubType: SUB_TYPES }));
    await assertValid(business, consentOf({ AccountSubType: SUB_TYPES }));
});

test('the version served and the minors before it', async () => {
    const version = (standardVersion) => consentOf({}, { standardVersion });
    for (const served of ['v2.1', 'v2.0']) {
        await assertValid(retail, version(served), served);
    }
    for (const other of ['v2.2', 'v1.0', 'v1.2', 'v3.0', 'v2.10', '2.1', 'v2', 'v2.', 'v2.1.0',
        'v2.x', 'v-2.1', '', 'v', 'latest', 'v99999999999999999999.0', 'insurance:v1.1']) {
        await assertInvalid(retail, version(other), 'UnsupportedVersion', other);
    }
});

test('other kinds of consent', async () => {
    await assertInvalid(retail, insurance(), 'UNSUPPORTED_CONSENT', 'insurance');
    const odd = consentOf({}, { consentType: 'cbuae-new-consents' });
    await assertInvalid(retail, odd, 'UNSUPPORTED_CONSENT', 'unknown');
});

test('a base consent is one that the Hub has, of this provider, and the first of its chain', async () => {
    const permissions = ['ReadAccountsBasic'];
    const root = await newConsent(demo, permissions);
    const next = await newConsent(demo, permissions, { BaseConsentId: root.consentId });
    const other = await newConsent(demo, permissions, { providerId: 'dhowbusiness' });
    const based = (BaseConsentId, more) => consentOf({ BaseConsentId }, more);
    await assertValid(retail, based(root.consentId), 'the first');
    await assertValid(business, based(other.consentId), 'the first');
    const own = () => {
        const consent = consentOf();
        consent.consentBody.Data.BaseConsentId = consent.id;
        return consent;
    };
    const wrong = [next.consentId, randomUUID(), other.consentId, '../consents', '?', 'é'];
    for (const make of [...wrong.map((id) => () => based(id)), own]) {
        let consent, reply;
        do {
            consent = make();
            reply = await post(retail, VALIDATE, consent);
        } while (isUnread(consent));
        checkInvalid(reply, 'InvalidBaseConsentId', consent.consentBody.Data.BaseConsentId);
    }
});

test('the Hub not answering about a base consent holds nothing up', async () => {
    const root = await newConsent(demo, ['ReadAccountsBasic']);
    for (const kind of ['down', '500', 'garbage', 'slow', 'lost']) {
        const set = await fetch(`${demo.hub.baseUrl}/sim/faults`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ target: 'consent-manager', kind, times: 2, ms: 10_000 }),
        });
        assert.ok(set.ok, await set.text());
        const begun = performance.now();
        const consent = consentOf({ BaseConsentId: root.consentId });
        await assertValid(retail, consent, kind);
        assert.ok(performance.now() - begun < 8000, kind);
        assert.ok(isUnread(consent), kind);
        await fetch(`${demo.hub.baseUrl}/sim/faults`, { method: 'DELETE' });
    }
});

test('the same question has the same answer, and leaves nothing behind', async () => {
    const good = consentOf();
    const bad = consentOf({ AccountType: ['SME'] });
    const answers = [];
    for (let i = 0; i < 3; i++) {
        answers.push((await post(retail, VALIDATE, good)).text, (await post(retail, VALIDATE, bad)).text);
    }
    assert.equal(new Set(answers).size, 2);
});

test('nothing is added to a consent', async () => {
    for (const consent of [consentOf(), paymentOf(), insurance()]) {
        const reply = await post(retail, AUGMENT, consent);
        assert.equal(reply.status, 200, reply.text);
        assert.equal(reply.text, '{}');
    }
});

test('events are taken note of, in any order, again, and of unknown consents', async () => {
    const consent = consentOf();
    const changed = (more) => ({ ...consent, ...more });
    const all = [
        changed({ status: 'Revoked', updatedAt: 3 }),
        changed({ status: 'Authorized', updatedAt: 2, accountIds: ['a'], authorizationChannel: 'Web',
            psuIdentifiers: { userId: 'u', more: { of: 'it' } } }),
        changed({ status: 'Authorized', updatedAt: 2 }),
        changed({ updatedAt: 1.5, consentUsage: { lastDataShared: '2026-01-01T00:00:00Z' } }),
        changed({ status: 'Suspended', fromTomorrow: true, paymentContext: {} }),
        changed({ status: 'Expired' }), changed({ status: 'Consumed' }), changed({ status: 'Rejected' }),
        paymentOf(), insurance(),
    ];
    for (const path of EVENTS) {
        for (const one of all) {
            const reply = await post(retail, path, one);
            assert.equal(reply.status, 204, reply.text);
            assert.equal(reply.text, '');
            assert.equal(reply.headers['content-type'], undefined);
        }
    }
    const told = demo.serverLog().filter((line) => line.event === 'consent-event');
    assert.ok(told.some(({ consent: id, operation, status }) =>
        id === consent.id && operation === 'patch' && status === 'Suspended'));
});

test('an event says nothing of what a consent is: the Hub alone does', async () => {
    const real = await newConsent(demo, ['ReadAccountsBasic']);
    const lie = { ...consentOf({ ConsentId: real.consentId }), id: real.consentId };
    assert.equal((await post(retail, EVENTS[1], { ...lie, status: 'Revoked' })).status, 204);
    const arrival = await fetch(real.authorizeUrl, { redirect: 'manual' });
    assert.equal(arrival.status, 303);
    assert.match(arrival.headers.get('location'), /^\/(?!.*error)/, 'the journey begins');
});

test('events are post and patch, nothing else', async () => {
    const consent = consentOf();
    for (const name of ['PATCH', 'Post', 'put', 'delete', 'post%20', '%70ut', 'patch/x', '', 'null']) {
        const reply = await post(retail, `/consent/event/${name}`, consent);
        assert.equal(reply.status, 404, name);
        assert.equal(reply.json.errorCode, 'GenericError');
    }
    for (const path of ALL) {
        for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
            const reply = await retail.call(method, path);
            assert.equal(reply.status, 405, `${method} ${path}`);
        }
    }
});

test('payments: every schedule in its shape, and no other shape', async () => {
    const period = { PeriodType: 'Month', PeriodStartDate: '2026-02-01' };
    const multi = (PeriodicSchedule, more) => ({ MultiPayment: { PeriodicSchedule, ...more } });
    const on = (more) => ({ PaymentExecutionDate: '2026-02-01', ...more });
    const each = { MaximumIndividualAmount: AMOUNT };
    const file = { FileType: 'csv', FileHash: 'aGFzaA==', NumberOfTransactions: 2, ControlSum: '9.99' };
    const fixed = { Type: 'FixedOnDemand', ...period, Amount: AMOUNT };
    const controls = { MaximumCumulativeNumberOfPaymentsPerPeriod: 3 };
    const right = [
        SINGLE, {},
        { SinglePayment: { Type: 'SingleFutureDatedPayment', Amount: AMOUNT, RequestedExecutionDate: '2026-03-01' } },
        { FilePayment: { ...file, FileReference: 'r', RequestedExecutionDate: '2026-03-01' } },
        multi({ Type: 'FixedDefinedSchedule', Schedule: [on({ Amount: AMOUNT })] }),
        multi({ Type: 'VariableDefinedSchedule', Schedule: [on(each), on(each)] }),
        multi({ Type: 'FixedPeriodicSchedule', ...period, Amount: AMOUNT },
            { MaximumCumulativeNumberOfPayments: 12, MaximumCumulativeValueOfPayments: AMOUNT }),
        multi({ Type: 'VariablePeriodicSchedule', ...period, ...each }),
        multi({ ...fixed, Controls: controls }),
        multi({ Type: 'VariableOnDemand', ...period, Controls: { ...controls, ...each } }),
    ];
    const wrong = [
        { SinglePayment: { Type: 'SingleInstantPayment' } },
        { SinglePayment: { Type: 'Other', Amount: AMOUNT } },
        { SinglePayment: { Type: 'SingleInstantPayment', Amount: { ...AMOUNT, Amount: '10' } } },
        { SinglePayment: { Type: 'SingleInstantPayment', Amount: { ...AMOUNT, Amount: 10 } } },
        { SinglePayment: { Type: 'SingleInstantPayment', Amount: { ...AMOUNT, More: 1 } } },
        { FilePayment: { ...file, ControlSum: '9.9' } },
        { BatchPayment: {} },
        multi(undefined),
        multi({ Type: 'FixedDefinedSchedule', Schedule: [] }),
        multi({ Type: 'FixedDefinedSchedule', Schedule: Array(54).fill(on({ Amount: AMOUNT })) }),
        multi({ Type: 'FixedDefinedSchedule', Schedule: [on(each)] }),
        multi({ Type: 'FixedPeriodicSchedule', ...period, PeriodType: 'Quarter', Amount: AMOUNT }),
        multi({ Type: 'VariablePeriodicSchedule', ...period, ...each, Controls: controls }),
        multi({ ...fixed, Controls: {} }),
        multi({ ...fixed, Controls: each }),
        multi({ Type: 'Weekly', ...period, Amount: AMOUNT }),
    ];
    for (const schedule of right) {
        const reply = await post(retail, EVENTS[0], paymentOf({ schedule }));
        assert.equal(reply.status, 204, `${JSON.stringify(schedule)}: ${reply.text}`);
    }
    for (const schedule of wrong) {
        const reply = await post(retail, EVENTS[0], paymentOf({ schedule }));
        assert.equal(reply.status, 400, JSON.stringify(schedule));
    }
});

test('payments: what else stands in their terms', async () => {
    const body = (change) => {
        const consent = paymentOf();
        change(consent.consentBody.Data, consent);
        return consent;
    };
    const charge = { ChargeBearer: 'BorneByDebtor', Type: 'VAT', Amount: AMOUNT };
    const right = [
        (data) => (data.Permissions = ['ReadRefundAccount', 'ReadBalances', 'ReadOfTomorrow']),
        (data) => (data.Charges = [charge]),
        (data) => (data.ExchangeRate = { UnitCurrency: 'AED', ExchangeRate: 3.67, RateType: 'Agreed' }),
        (data) => (data.PaymentConsumption = {
            CumulativeNumberOfPayments: 1, CumulativeValueOfPayments: AMOUNT }),
        (data) => (data.OpenFinanceBilling = { IsLargeCorporate: true }),
        (data) => (data.CurrencyRequest = { CurrencyOfTransfer: 'USD', FxQuoteId: 'q' }),
        (data) => (data.DebtorReference = data.CreditorReference = 'Invoice 12'),
        (data, consent) => (consent.consentBody.Meta = { TotalRequired: 2, Authorizations: [] }),
        (data, { request }) => (request.consent.PersonalIdentifiableInformation = { Initiation: {} }),
    ];
    const wrong = [
        (data) => (data.Permissions = []),
        (data) => (data.Charges = [{ ...charge, Type: 'Tip' }]),
        (data) => (data.ExchangeRate = { UnitCurrency: 'AED', ExchangeRate: '3.67', RateType: 'Agreed' }),
        (data) => (data.PaymentConsumption = { CumulativeNumberOfPayments: 1 }),
        (data) => (data.CurrencyRequest = { FxQuoteId: 'q' }),
        (data) => (data.PaymentPurposeCode = 'acm'),
        (data) => (data.DebtorReference = ''),
        (data) => (data.CreditorReference = 'x'.repeat(121)),
        (data) => (data.More = 1),
        (data, consent) => (consent.consentBody.More = 1),
        (data, { request }) => delete request.consent.PersonalIdentifiableInformation,
        (data, { request }) => (request.consent.PersonalIdentifiableInformation = 5),
        (data, { request }) => (request.consent.PaymentPurposeCode = 'ACMX'),
        (data, { request }) => (request.consent.More = 1),
    ];
    for (const change of right) {
        const reply = await post(retail, EVENTS[1], body(change));
        assert.equal(reply.status, 204, `${change}: ${reply.text}`);
    }
    for (const change of wrong) {
        const reply = await post(retail, EVENTS[1], body(change));
        assert.equal(reply.status, 400, `${change}`);
    }
});

/** `change` gets a consent and may return what to send instead. */
const wrongBodies = {
    '$': ['', '{', 'null', '[]', '"x"', '{}x', '﻿{}'],
    '$.id': [(c) => delete c.id, (c) => (c.id = 7), (c) => (c.id = null)],
    '$.consentType': [(c) => delete c.consentType, (c) => (c.consentType = ['x'])],
    '$.tpp': [(c) => delete c.tpp, (c) => delete c.tpp.tppName, (c) => (c.tpp.orgId = 'x')],
    '$.request': [(c) => delete c.request, (c) => (c.request.type = 'urn:x')],
    '$.requestHeaders': [(c) => delete c.requestHeaders, (c) => (c.requestHeaders = 'x')],
    '$.status': [(c) => (c.status = 'authorized'), (c) => (c.status = null)],
    '$.updatedAt': [(c) => (c.updatedAt = '5')],
    '$.consentBody': [
        (c) => delete c.consentBody,
        (c) => delete c.consentBody.Data,
        (c) => (c.consentBody.Data.Permissions = []),
        (c) => (c.consentBody.Data.Permissions = 'ReadBalances'),
        (c) => (c.consentBody.Data.AccountType = ['Private']),
        (c) => (c.consentBody.Data.AccountSubType = 'Savings'),
        (c) => (c.consentBody.Data.ExpirationDateTime = 'soon'),
        (c) => (c.consentBody.Data.FromDate = '2026-02-30'),
        (c) => (c.consentBody.Data.Unknown = 1),
        (c) => (c.consentBody.Data.BaseConsentId = ''),
        (c) => (c.consentBody.Data.BaseConsentId = 'x'.repeat(129)),
        // without AccountType it would be the body of a payment, refused for not being what consentType says
        ({ consentBody: { Data } }) => delete Data.OpenFinanceBilling && (Data.AccountType = ['Retail']),
    ],
};

test('a body that is no consent is refused with the place of what is wrong', async () => {
    for (const path of ALL) {
        for (const [where, changes] of Object.entries(wrongBodies)) {
            for (const change of changes) {
                const consent = consentOf();
                const { id } = consent;
                const sent = typeof change === 'string' ? change : (change(consent), consent);
                const reply = await post(retail, path, { id }, { body: sent });
                assert.equal(reply.status, 400, `${where} ${change}`);
                assert.equal(reply.json.errorCode, 'Body.InvalidFormat', `${where} ${change}`);
                assert.ok(reply.json.errorMessage.includes(where), `${change}: ${reply.text}`);
                assert.ok(!reply.text.includes(SECRET) && !reply.text.includes(id), reply.text);
            }
        }
        const consent = consentOf();
        const twice = JSON.stringify(consent).replace('{', '{"id":"x",');
        assert.equal((await post(retail, path, consent, { body: twice })).status, 400);
        const deep = { ...consent, more: JSON.parse('['.repeat(64) + ']'.repeat(64)) };
        assert.equal((await post(retail, path, deep)).status, 400);
        const large = { ...consent, more: 'x'.repeat(1024 * 1024) };
        assert.equal((await post(retail, path, large)).status, 413);
        const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
        assert.ok([400, 415].includes((await post(retail, path, consent, form)).status));
    }
});

test('a consent under the id of another is refused', async () => {
    for (const path of ALL) {
        const reply = await post(retail, path, consentOf(), { consentId: randomUUID() });
        assert.equal(reply.status, 400, path);
        assert.equal(reply.json.errorCode, 'Consent.Invalid');
    }
});

test('a consent that is of one kind here and of another there cannot be judged', async () => {
    const payment = paymentOf();
    const type = 'urn:openfinanceuae:service-initiation-consent:v2.1';
    const untyped = ({ rarType, request: { consent }, ...rest }) => ({ ...rest, request: { consent } });
    for (const consent of [
        consentOf({}, { rarType: type }),
        consentOf({}, { request: payment.request }),
        consentOf({}, { consentBody: payment.consentBody }),
        consentOf({}, { consentType: 'cbuae-insurance-consents' }),
        { ...payment, rarType: consentOf().rarType },
        { ...insurance(), rarType: type },
        { ...untyped(insurance()), consentType: consentOf().consentType },
        { ...untyped(payment), consentType: consentOf().consentType },
    ]) {
        const reply = await post(retail, VALIDATE, consent);
        assert.equal(reply.status, 400, reply.text);
        assert.equal(reply.json.errorCode, 'Body.InvalidFormat');
        assert.equal((await post(retail, EVENTS[0], consent)).status, 204);
    }
});

test('the headers of the Hub are there, but for the customer', async () => {
    for (const path of ALL) {
        for (const name of ['o3-caller-org-id', 'o3-caller-client-id', 'o3-consent-id', 'o3-api-uri',
            'o3-caller-software-statement-id', 'o3-api-operation', 'o3-ozone-interaction-id',
            'o3-provider-id']) {
            const reply = await post(retail, path, consentOf(), { headers: { [name]: undefined } });
            assert.equal(reply.status, 400, name);
            assert.ok(reply.json.errorMessage.includes(name), reply.text);
        }
        for (const name of ['o3-aspsp-id', 'o3-caller-interaction-id', 'o3-psu-identifier']) {
            const reply = await post(retail, path, consentOf(), { headers: { [name]: undefined } });
            assert.ok(reply.status < 300, name);
        }
        assert.equal((await post(retail, path, consentOf(), { token: null })).status, 401);
        const elsewhere = { headers: { 'o3-provider-id': 'unknown' } };
        assert.equal((await post(retail, path, consentOf(), elsewhere)).status, 403);
    }
});

test('the TPP hears the bank\'s answer, and no consent is made', async () => {
    const ask = (consent) => fetch(`${demo.hub.baseUrl}/sim/consents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ providerId: 'dhowretail', type: 'data-sharing', consent }),
    });
    const terms = { ConsentId: randomUUID(), Permissions: ['ReadAccountsBasic'], AccountType: ['SME'] };
    const refused = await ask(terms);
    assert.equal(refused.status, 422);
    const { status, body } = await refused.json();
    assert.equal(status, 200);
    assert.deepEqual([body.data.status, body.data.code], ['invalid', 'UnsupportedAccountType']);
    const shown = await fetch(`${demo.hub.baseUrl}/sim/consents/${terms.ConsentId}`);
    assert.equal(shown.status, 404);
    assert.equal((await ask({ ...terms, AccountType: ['Retail'] })).status, 201);
});

const atHub = async ({ consentId }) =>
    (await fetch(`${demo.hub.baseUrl}/sim/consents/${consentId}`)).json();

/** A consent of which the bank has been told. */
async function toldConsent(permissions) {
    const consent = await newConsent(demo, permissions);
    const deadline = Date.now() + 20_000;
    for (;;) {
        const { exchanges, findings } = await atHub(consent);
        const event = exchanges.find(({ path }) => path === '/consent/event/post');
        if (event) {
            assert.equal(event.status, 204);
            assert.deepEqual(findings, []);
            return consent;
        }
        assert.ok(Date.now() < deadline);
        await sleep(20);
    }
}

test('the demo bank is told of what becomes of its consents', async () => {
    await toldConsent(['ReadAccountsBasic']);
});

test('what a consent permits is asked again after an event', async () => {
    const { consentId } = await toldConsent(['ReadAccountsBasic', 'ReadProduct']);
    const { consent } = await atHub({ consentId });
    const user = retail.provider.users.find(({ accountIds }) =>
        accountIds.some((id) => books.retail.get(id).product.some(({ financeRates }) => financeRates)));
    const id = user.accountIds.find((one) => books.retail.get(one).product.length > 0);
    const reads = async () => {
        const query = { page: 1, 'page-size': 100 };
        const reply = await retail.get(`/accounts/${id}/products`, { query, consentId, userId: user.userId });
        assert.equal(reply.status, 200, reply.text);
        const { exchanges } = await atHub({ consentId });
        return exchanges.filter(({ interface: name }) => name === 'consent-manager').length;
    };
    assert.deepEqual([await reads(), await reads()], [1, 1]);
    assert.equal((await post(retail, EVENTS[1], consent)).status, 204);
    assert.deepEqual([await reads(), await reads()], [2, 2]);
});

test('other offers, and a core that delivers little', async () => {
    const other = await startDemo({
        adjustServer: `.providers[0].core = {library: (.providers[0].core.library
                | sub("core-reference"; "core-skeleton"))}
            | del(.providers[0].authorizePath)
            | .providers[0].offers = {
                consentTypes: ["cbuae-service-initiation-consents", "cbuae-account-access-consents"],
                accountSubTypes: ["Savings"], standardVersions: ["v2.0", "v3.1"]}
            | .providers[1].offers = {consentTypes: []}`,
    });
    const [few, none] = ['dhowretail', 'dhowbusiness'].map((id) => new HubClient(other, id));
    const missing = ALL_PERMISSIONS.filter((permission) =>
        !/^Read(Accounts(Basic|Detail)|Balances|Consents)$/.test(permission));
    const old = { standardVersion: 'v2.0' };
    await assertValid(few, consentOf({ Permissions: ['ReadAccountsDetail', 'ReadBalances', 'ReadConsents'] }, old));
    for (const permission of missing) {
        const consent = consentOf({ Permissions: ['ReadBalances', permission] }, old);
        await assertInvalid(few, consent, 'UnsupportedPermission', permission);
    }
    await assertValid(few, consentOf({ AccountSubType: ['Savings'] }, old));
    for (const AccountSubType of [['CurrentAccount'], ['Savings', 'Finance']]) {
        await assertInvalid(few, consentOf({ AccountSubType }, old), 'UnsupportedAccountSubType');
    }
    for (const standardVersion of ['v3.0', 'v3.1']) {
        await assertValid(few, consentOf({}, { standardVersion }), standardVersion);
    }
    for (const standardVersion of ['v2.1', 'v3.2', 'v1.0']) {
        await assertInvalid(few, consentOf({}, { standardVersion }), 'UnsupportedVersion');
    }
    await assertInvalid(few, paymentOf(old), 'UNSUPPORTED_CONSENT', 'offered, but not made by the core');
    await assertInvalid(none, consentOf(), 'UNSUPPORTED_CONSENT', 'nothing offered');
    [few, none].forEach((client) => client.close());
    await other.stop();
});

test('nothing of what a consent holds is in the log, but its id and why it was refused', () => {
    const log = demo.serverLog();
    const text = JSON.stringify(log);
    for (const secret of [SECRET, 'Some TPP', pii, '"u"']) {
        assert.ok(!text.includes(secret), secret);
    }
    const codes = new Set(log.filter(({ event }) => event === 'consent-invalid').map(({ code }) => code));
    assert.deepEqual([...codes].sort(), ['AuthorizationExpired', 'InvalidBaseConsentId', 'UNSUPPORTED_CONSENT',
        'UnsupportedAccountType', 'UnsupportedPermission', 'UnsupportedVersion']);
    assert.ok(text.includes('CONSENT-ID') && text.includes('CONSENT-KIND') && text.includes('CONTRACT-REQUEST'));
});
