// Customers who decide at CAAP: registration and challenges by their tables, decryption byte for byte,
// validation and accounts in CAAP's form, beside a provider with pages of its own.
import assert from 'node:assert/strict';
import { createPublicKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { HubClient, makeToken } from '../support/client.mjs';
import { newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';
import { operate } from '../support/operator.mjs';
import { CONTROL_PARAMETERS, ownIban, piiOf } from '../support/payments.mjs';
import { encryptPii, forgePii, makeKey, signPii } from '../support/pii.mjs';

const CAAP = '(.providers[] | select(.id == "dhowretail"))';
const NOBODY = '784-1901-0000000-4';
let demo;
let retail;
let business;
let people;
const signer = makeKey();

before(async () => {
    demo = await startDemo({ adjustServer: `${CAAP} |= (.authorization = "caap" | del(.authorizePath))` });
    [retail, business] = ['dhowretail', 'dhowbusiness'].map((id) => new HubClient(demo, id));
    people = retail.provider.users.filter(({ emiratesId, accountIds }) => emiratesId && accountIds.length > 0);
});

after(async () => {
    [retail, business].forEach((client) => client?.close());
    await demo?.stop();
});

/** A call of CAAP about a user: it carries no header of the Hub but its credential. */
async function act(path, data, { token, headers = {} } = {}) {
    return retail.send('POST', `/users/actions/${path}`, {
        headers: {
            authorization: `Bearer ${token ?? await retail.token()}`,
            'content-type': 'application/json',
            ...headers,
        },
        content: typeof data === 'string' ? data : JSON.stringify({ data }),
    });
}

const publicKey = () => createPublicKey(readFileSync(retail.provider.encryption.publicKeyFile));
const seal = (text, header = { kid: retail.provider.encryption.kid }) =>
    encryptPii(text, { publicKey: publicKey() }, header);

async function begin(emiratesId, more = {}) {
    const personalIdentifiableInformation = await seal(JSON.stringify({ emiratesId }));
    return act('register/initialize', { verificationTypes: ['EFR'], personalIdentifiableInformation, ...more });
}

/** The clock of bank and simulator, this much later than now. */
const moveClock = (offsetSeconds) => operate(demo, 'PUT', '/operator/clock', { offsetSeconds });

async function app(path, body) {
    const reply = await fetch(`${demo.publicBaseUrl}/bank-app/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: demo.publicBaseUrl, connection: 'close' },
        body: JSON.stringify(body),
    });
    return { status: reply.status, json: await reply.json() };
}

/** The codes in the customer's bank app, newest first. */
async function codesOf({ login, password }) {
    const { json } = await app('sign-in', { provider: 'dhowretail', login, password });
    const list = await app('approvals', { device: json.device });
    return list.json.messages.map(({ text }) => text.en.match(/code for AlTareq is (\d{6})/)?.[1]).filter(Boolean);
}

const wrongOf = (code) => `${(Number(code) + 1) % 1_000_000}`.padStart(6, '0');
const refusal = ({ status, json }) => [status, json.errorCode];
const lastCheck = () => demo.serverLog().filter(({ event, refused }) => event === 'request' && refused).at(-1)?.refused;

async function registered(person) {
    await begin(person.emiratesId);
    const [code] = await codesOf(person);
    const done = await act('register/complete', { userId: person.userId, challengeResponse: code });
    assert.equal(done.json.data.registrationStatus, 'Complete');
    return person;
}

// ---- which provider ------------------------------------------------------------------------------

test('a call that names no provider is of the one whose credential it has', async () => {
    const reply = await begin(people[0].emiratesId);
    assert.equal(reply.status, 201);
    assert.equal(reply.json.data.user.providerUserIdentifier.userId, people[0].userId);
    assert.equal(reply.json.data.registrationStatus, 'AwaitingChallengeResponse');
    assert.equal(demo.serverLog().filter(({ event }) => event === 'request').at(-1).provider, 'dhowretail');
});

test('the header may name the provider all the same', async () => {
    const data = { userId: people[0].userId, challengeId: randomUUID() };
    const named = await act('challenge/query', data, { headers: { 'o3-provider-id': 'dhowretail' } });
    assert.deepEqual(refusal(named), [404, 'Resource.NotFound']);
});

test('a provider with pages of its own has none of the paths', async () => {
    for (const path of ['/users/actions/deregister', '/consent/actions/validate']) {
        const reply = await business.call('POST', path, { body: { data: { userId: people[0].userId } } });
        assert.equal(reply.status, 404, path);
        assert.equal(lastCheck(), 'ROUTE-PATH');
    }
});

test('a credential of no such provider is refused', async () => {
    const other = await act('deregister', { userId: people[0].userId },
        { token: await makeToken(business.identity, 'dhowinsurance') });
    assert.equal(other.status, 401);
    const none = await retail.send('POST', '/users/actions/deregister',
        { headers: { 'content-type': 'application/json' }, content: '{}' });
    assert.equal(none.status, 401);
});

// ---- registration --------------------------------------------------------------------------------

test('a code from the bank app completes a registration, and a repeat of it', async () => {
    const [person] = people;
    const [code] = await codesOf(person);
    const complete = (challengeResponse) =>
        act('register/complete', { userId: person.userId, challengeResponse });
    const wrong = await complete(wrongOf(code));
    assert.deepEqual([wrong.status, wrong.json.data.registrationStatus], [200, 'ChallengeFailed']);
    for (let i = 0; i < 2; i++) {
        const right = await complete(code);
        assert.deepEqual([right.status, right.json.data], [200, { registrationStatus: 'Complete' }]);
    }
});

test('a registration that is begun again within seconds sends nothing again', async () => {
    const person = people[1];
    const first = await begin(person.emiratesId.replaceAll('-', ''));
    const again = await begin(person.emiratesId);
    assert.equal(again.json.data.challengeId, first.json.data.challengeId);
    assert.equal((await codesOf(person)).length, 1);
});

test('the third wrong code ends it, and the right one is too late', async () => {
    const person = people[1];
    const [code] = await codesOf(person);
    const complete = (challengeResponse) => act('register/complete', { userId: person.userId, challengeResponse });
    for (let i = 0; i < 3; i++) {
        assert.equal((await complete(wrongOf(code))).json.data.registrationStatus, 'ChallengeFailed');
    }
    assert.deepEqual(refusal(await complete(code)), [409, 'GenericError']);
    assert.equal(lastCheck(), 'CAAP-REGISTRATION');
});

test('a code lives for five minutes', async () => {
    const person = people[2];
    await begin(person.emiratesId);
    const [code] = await codesOf(person);
    try {
        await moveClock(301);
        const late = await act('register/complete', { userId: person.userId, challengeResponse: code },
            { token: await makeToken(retail.identity, 'dhowretail', { claims: later(301) }) });
        assert.deepEqual(refusal(late), [409, 'GenericError']);
    } finally {
        await moveClock(0);
    }
});

const later = (seconds) => {
    const now = Math.floor(Date.now() / 1000) + seconds;
    return { iat: now, exp: now + 30 };
};

test('a signed identity is read, too', async () => {
    const inside = await signPii(JSON.stringify({ emiratesId: people[0].emiratesId }), signer, { kid: 'caap' });
    const reply = await act('register/initialize',
        { verificationTypes: ['UAEPass'], personalIdentifiableInformation: await seal(inside) });
    assert.equal(reply.status, 201);
});

for (const [name, make, status, errorCode, check] of [
    ['nobody', async () => begin(NOBODY), 400, 'Consent.InvalidUserIdentifier', 'CAAP-USER'],
    ['an Emirates ID of 14 digits', async () => begin('784-1990-1234567'), 400, 'Body.InvalidFormat',
        'CAAP-EMIRATES-ID'],
    ['one of another country', async () => begin('785-1990-1234567-1'), 400, 'Body.InvalidFormat',
        'CAAP-EMIRATES-ID'],
    ['a clear identity', () => act('register/initialize', { verificationTypes: ['EFR'],
        personalIdentifiableInformation: { emiratesId: people[0].emiratesId } }), 400, 'Body.InvalidFormat',
    'CAAP-CLEAR'],
    ['an identity for nobody', async () => act('register/initialize', { verificationTypes: ['EFR'],
        personalIdentifiableInformation: await encryptPii('{}', makeKey(), { kid: retail.provider.encryption.kid }) }),
    400, 'JWE.DecryptionError', 'PII-DECRYPT'],
    ['a text that is no object', async () => act('register/initialize', { verificationTypes: ['EFR'],
        personalIdentifiableInformation: await seal('[]') }), 400, 'JWS.InvalidPayload', 'CAAP-IDENTITY-FORM'],
    ['no verification', async () => begin(people[0].emiratesId, { verificationTypes: [] }), 400,
        'Body.InvalidFormat', 'CONTRACT-REQUEST'],
    ['no JSON', () => act('register/initialize', '{'), 400, 'Body.InvalidFormat', 'CONTRACT-REQUEST'],
    ['a challenge of an unknown user', () => act('challenge/initialize', { userId: 'nobody' }), 400,
        'Consent.InvalidUserIdentifier', 'CAAP-USER'],
    ['a challenge before registration', () => act('challenge/initialize', { userId: people[3].userId }), 400,
        'Consent.InvalidUserIdentifier', 'CAAP-USER'],
    ['a completion without a code', () => act('register/complete', { userId: people[0].userId }), 400,
        'Body.InvalidFormat', 'CONTRACT-REQUEST'],
    ['a challenge completed by nobody', () => act('challenge/complete',
        { userId: 'nobody', challengeId: randomUUID(), challengeResponseData: '1' }), 400,
    'Consent.InvalidUserIdentifier', 'CAAP-USER'],
    ['a challenge id that is no UUID', () => act('challenge/query', { userId: people[0].userId, challengeId: '1' }),
        400, 'Body.InvalidFormat', 'CONTRACT-REQUEST'],
    ['another user\'s challenge', async () => {
        const { json } = await act('challenge/initialize', { userId: people[0].userId });
        return act('challenge/query', { userId: people[1].userId, challengeId: json.data.challengeId });
    }, 404, 'Resource.NotFound', 'CAAP-CHALLENGE'],
    ['deregistration of nobody', () => act('deregister', { userId: 'nobody' }), 400,
        'Consent.InvalidUserIdentifier', 'CAAP-USER'],
]) {
    test(`refused: ${name}`, async () => {
        const reply = await make();
        assert.deepEqual(refusal(reply), [status, errorCode], reply.text);
        assert.equal(lastCheck(), check);
    });
}

// ---- challenges ----------------------------------------------------------------------------------

test('a challenge goes through its states', async () => {
    const person = people[4];
    await registered(person);
    const { userId } = person;
    const begun = await act('challenge/initialize', { userId });
    const { challengeId, status } = begun.json.data;
    assert.deepEqual([begun.status, status], [200, 'Sent']);
    const [code] = await codesOf(person);
    const complete = async (challengeResponseData) =>
        (await act('challenge/complete', { userId, challengeId, challengeResponseData })).json.data;
    const query = async () => (await act('challenge/query', { userId, challengeId })).json.data;
    assert.equal((await query()).challengeType, 'AppCode');
    assert.equal((await complete(wrongOf(code))).status, 'VerificationFailed');
    assert.equal((await query()).status, 'VerificationFailed');
    const passed = await complete(code);
    assert.equal(passed.status, 'Passed');
    assert.deepEqual(await query(), passed);
    assert.equal((await complete(wrongOf(code))).status, 'Passed');
});

test('a newer challenge ends the one before', async () => {
    const person = people[4];
    const { userId } = person;
    const first = (await act('challenge/initialize', { userId })).json.data;
    const [code] = await codesOf(person);
    await moveClock(31);
    try {
        const token = await makeToken(retail.identity, 'dhowretail', { claims: later(31) });
        const second = (await act('challenge/initialize', { userId }, { token })).json.data;
        assert.notEqual(second.challengeId, first.challengeId);
    } finally {
        await moveClock(0);
    }
    const late = await act('challenge/complete',
        { userId, challengeId: first.challengeId, challengeResponseData: code });
    assert.equal(late.json.data.status, 'VerificationFailed');
    assert.match(late.json.data.message, /newer/);
});

test('no more than five codes are sent in an hour', async () => {
    const { userId } = people[4];
    let last;
    for (let i = 2; i < 6; i++) {
        await moveClock(31 * i);
        const token = await makeToken(retail.identity, 'dhowretail', { claims: later(31 * i) });
        last = await act('challenge/initialize', { userId }, { token });
    }
    await moveClock(0);
    assert.equal(last.json.data.status, 'TransmissionFailed');
});

// ---- what a TPP encrypted ------------------------------------------------------------------------

const TPP = {
    clientId: randomUUID(), orgId: randomUUID(), softwareStatementId: randomUUID(), tppId: 'tpp-1',
    tppName: 'Some TPP', decodedSsa: {},
};
const decrypt = async (text, header) =>
    act('pii/decrypt', { personalIdentifiableInformation: await seal(text, header), tpp: TPP });

test('what was encrypted comes back byte for byte', async () => {
    const payload = '{ "iss":"tpp", "exp":1, "amount":1.50, "b":2, "a":{"z":1,"y":2} }';
    const jws = await signPii(payload, signer, { kid: 'tpp' });
    const signed = await decrypt(jws);
    assert.equal(signed.status, 200, signed.text);
    assert.equal(signed.text, `{"jws":"${jws}","payload":${payload}}`);
    const plain = await decrypt(payload);
    assert.equal(plain.text, `{"payload":${payload}}`);
});

for (const [name, make, errorCode, check] of [
    ['an array', async () => decrypt(await signPii('[1]', signer, { kid: 'tpp' })), 'JWS.InvalidPayload',
        'CAAP-PII-PAYLOAD'],
    ['a member twice', () => decrypt('{"a":1,"a":2}'), 'JWS.Malformed', 'CAAP-PII-FORM'],
    ['neither a JWS nor JSON', () => decrypt('some text'), 'JWS.Malformed', 'CAAP-PII-FORM'],
    ['compressed', () => act('pii/decrypt', { personalIdentifiableInformation: forgePii('{}', { publicKey: publicKey() },
        { header: '{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF"}' }), tpp: TPP }), 'JWE.InvalidHeader',
    'PII-JWE-ZIP'],
    ['an unknown key', () => decrypt('{}', { kid: 'unknown' }), 'JWE.DecryptionError', 'PII-DECRYPT'],
]) {
    test(`not decrypted: ${name}`, async () => {
        const reply = await make();
        assert.deepEqual(refusal(reply), [400, errorCode], reply.text);
        assert.equal(lastCheck(), check);
    });
}

test('one TPP has ten decryptions a second', async () => {
    const pii = await seal('{}');
    const orgId = randomUUID();
    const call = () => act('pii/decrypt', { personalIdentifiableInformation: pii, tpp: { ...TPP, orgId } });
    const statuses = (await Promise.all(Array.from({ length: 40 }, call))).map(({ status }) => status);
    assert.ok(statuses.includes(200) && statuses.includes(403), `${statuses}`);
});

// ---- consents ------------------------------------------------------------------------------------

const NOW = '2026-01-01T00:00:00Z';

function dataConsent(more = {}) {
    const id = randomUUID();
    const type = 'urn:openfinanceuae:account-access-consent:v2.1';
    const asked = {
        ConsentId: id, ExpirationDateTime: '2030-06-01T00:00:00.000Z', Permissions: ['ReadAccountsBasic', 'ReadBalances'],
        OpenFinanceBilling: { UserType: 'Retail', Purpose: 'AccountAggregation' },
    };
    const Data = { ...asked, Status: 'AwaitingAuthorization', CreationDateTime: NOW };
    return {
        id, consentType: 'cbuae-account-access-consents', rarType: type, standardVersion: 'v2.1',
        request: { type, consent: asked }, requestHeaders: {}, consentBody: { Data }, tpp: TPP, ...more,
    };
}

async function paymentConsent(pii, more = {}) {
    const id = randomUUID();
    const type = 'urn:openfinanceuae:service-initiation-consent:v2.1';
    const asked = {
        ConsentId: id, ExpirationDateTime: '2030-06-01T00:00:00.000Z', PaymentPurposeCode: 'ACM',
        ControlParameters: CONTROL_PARAMETERS.SingleInstantPayment,
    };
    const jws = await signPii(JSON.stringify(pii), signer, { kid: 'tpp' });
    const PersonalIdentifiableInformation = await seal(jws);
    return [jws, {
        id, consentType: 'cbuae-service-initiation-consents', rarType: type, standardVersion: 'v2.1',
        request: { type, consent: { ...asked, PersonalIdentifiableInformation } }, requestHeaders: {},
        consentBody: { Data: { ...asked, Status: 'AwaitingAuthorization', CreationDateTime: NOW, StatusUpdateDateTime: NOW } },
        tpp: TPP, ...more,
    }];
}

const post = (path, data) => retail.call('POST', path, { body: { data } });
const validate = async (consent) => {
    const reply = await post('/consent/actions/validate', consent);
    assert.equal(reply.status, 200, reply.text);
    return reply.json.data;
};
const of = ({ userId }) => ({ psuIdentifiers: { userId } });

test('a consent is judged before the customer is known, and for the customer', async () => {
    assert.deepEqual(await validate(dataConsent()), { status: 'valid' });
    assert.deepEqual(await validate(dataConsent(of(people[0]))), { status: 'valid' });
});

test('what the payment has encrypted is handed back when it is valid', async () => {
    const pii = piiOf(1);
    const [jws, consent] = await paymentConsent(pii, of(people[0]));
    assert.deepEqual(await validate(consent), { status: 'valid', pii: { jws, payload: pii } });
    const [, wrong] = await paymentConsent({ ...pii, Initiation: { Creditor: 1 } });
    const judged = await validate(wrong);
    assert.deepEqual([judged.status, judged.errorCode, judged.pii], ['invalid', 'InvalidPII', undefined]);
    assert.ok(judged.userMessage && judged.errorDescription);
});

for (const [name, more, code] of [
    ['a user who is not registered', () => of(people[3]), 'UserNotLinked'],
    ['nobody', () => of({ userId: 'nobody' }), 'UserNotLinked'],
    ['an account that is not the user\'s', () => ({ ...of(people[0]), accountIds: [people[1].accountIds[0]] }),
        'UnsupportedAccount'],
]) {
    test(`invalid: ${name}`, async () => {
        const judged = await validate(dataConsent(more()));
        assert.deepEqual([judged.status, judged.errorCode], ['invalid', code]);
    });
}

test('a debtor account must be the customer\'s', async () => {
    const IBAN = ownIban(1);
    const pii = piiOf(1);
    pii.Initiation.DebtorAccount = { SchemeName: 'IBAN', Identification: IBAN };
    const [, consent] = await paymentConsent(pii, of(people[0]));
    assert.equal((await validate(consent)).errorCode, 'InvalidDebtorAccount');
});

test('augment finds the account that the TPP named', async () => {
    const choice = await accounts({ userId: people[0].userId, use: 'payments' });
    const [account] = choice.json.data;
    const iban = account.accountNumbers.find(({ schemeName }) => schemeName === 'IBAN').identification;
    const augment = async (person, Identification, make = async (more) => (await paymentConsent(piiOf(1), more))[1]) =>
        post('/consent/actions/augment',
            { ...await make(of(person)), debtorAccount: { SchemeName: 'IBAN', Identification } });
    assert.deepEqual((await augment(people[0], iban)).json, { data: { accountId: account.id } });
    assert.deepEqual((await post('/consent/actions/augment', dataConsent())).json, { data: {} });
    for (const reply of [await augment(people[1], iban), await augment(people[0], 'AE00'),
        await augment(people[0], iban, dataConsent)]) {
        assert.deepEqual(refusal(reply), [403, 'Consent.PermanentAccountAccessFailure']);
        assert.equal(lastCheck(), 'CAAP-DEBTOR');
    }
    assert.deepEqual(refusal(await augment({ userId: 'nobody' }, iban)), [400, 'Consent.InvalidUserIdentifier']);
});

test('a consent whose parts contradict each other is malformed', async () => {
    const reply = await post('/consent/actions/validate',
        { ...dataConsent(), consentType: 'cbuae-service-initiation-consents' });
    assert.deepEqual(refusal(reply), [400, 'Body.InvalidFormat']);
    assert.equal(lastCheck(), 'CONSENT-KIND');
});

test('the events of a consent are taken as everywhere', async () => {
    const consent = dataConsent();
    const reply = await retail.call('POST', '/consent/event/post', { consentId: consent.id, body: consent });
    assert.equal(reply.status, 204);
});

// ---- accounts ------------------------------------------------------------------------------------

const accounts = ({ userId, ids, choice = 'true', use, page = 1, size = 100 }) => retail.get('/accounts', {
    userId,
    query: { ...(ids !== undefined && { accountIds: ids }), page, 'page-size': size },
    headers: {
        ...(choice && { 'o3-is-caap-consent-operation': choice }),
        ...(use && { 'o3-caap-consent-use-case': use }),
    },
});

test('the customer chooses from all that can be shared, with balances', async () => {
    const { userId, accountIds } = people[0];
    for (const ids of [undefined, '']) {
        const { status, text, json } = await accounts({ userId, ids, use: 'accounts' });
        assert.equal(status, 200, text);
        assert.deepEqual(json.data.map(({ id }) => id).sort(), [...accountIds].sort());
        for (const { availableBalance: [balance, ...more] } of json.data) {
            assert.equal(balance.balanceType, 'InterimAvailable');
            assert.deepEqual(more, []);
        }
    }
});

test('the choice is paged', async () => {
    const { json } = await accounts({ userId: people[0].userId, use: 'accounts', page: 2, size: 1 });
    assert.equal(json.data.length, 1);
    assert.ok(json.meta.totalPages > 1);
});

test('to pay from, only accounts that can pay are offered', async () => {
    const { json } = await accounts({ userId: people[0].userId, use: 'payments' });
    assert.ok(json.data.length > 0);
    for (const { currency, status } of json.data) {
        assert.deepEqual([currency, status], ['AED', 'Active']);
    }
});

test('without the header they are those of data sharing', async () => {
    const { userId, accountIds: [id] } = people[0];
    for (const choice of [null, 'false']) {
        const { status, json } = await accounts({ userId, ids: id, choice });
        assert.equal(status, 200);
        assert.equal(json.data[0].availableBalance, undefined);
        const one = await retail.get(`/accounts/${id}`,
            { userId, headers: choice ? { 'o3-is-caap-consent-operation': choice } : {} });
        assert.equal(one.json.data.availableBalance, undefined);
    }
    const shown = await retail.get(`/accounts/${id}`, { userId, headers: { 'o3-is-caap-consent-operation': 'true' } });
    assert.equal(shown.json.data.availableBalance.length, 1);
});

for (const [name, make, status, errorCode, check] of [
    ['neither ids nor a choice', () => accounts({ userId: people[0].userId, choice: 'false' }), 400,
        'Resource.InvalidFormat', 'ACCOUNT-IDS'],
    ['a choice without a use case', () => accounts({ userId: people[0].userId }), 400, 'Resource.InvalidFormat',
        'CAAP-USE-CASE'],
    ['an unknown use case', () => accounts({ userId: people[0].userId, use: 'cards' }), 400, 'Body.InvalidFormat',
        'CONTRACT-REQUEST'],
    ['a choice of neither true nor false', () => accounts({ userId: people[0].userId, choice: 'yes', use: 'accounts' }),
        400, 'Body.InvalidFormat', 'CONTRACT-REQUEST'],
    ['a user who is not registered', () => accounts({ userId: people[3].userId, use: 'accounts' }), 400,
        'Consent.InvalidUserIdentifier', 'CAAP-USER'],
    ['another customer\'s account',
        () => accounts({ userId: people[0].userId, ids: people[1].accountIds[0], choice: 'false' }), 403,
        'Consent.PermanentAccountAccessFailure', 'ACCOUNT-NOT-HELD'],
]) {
    test(`no accounts: ${name}`, async () => {
        const reply = await make();
        assert.deepEqual(refusal(reply), [status, errorCode], reply.text);
        assert.equal(lastCheck(), check);
    });
}

test('the header means nothing to a provider with pages of its own', async () => {
    const { userId, accountIds: [id] } = business.provider.users[0];
    const reply = await business.get('/accounts', {
        userId, query: { accountIds: id, page: 1, 'page-size': 10 },
        headers: { 'o3-is-caap-consent-operation': 'true' },
    });
    assert.equal(reply.status, 200);
    assert.equal(reply.json.data[0].availableBalance, undefined);
});

// ---- the end -------------------------------------------------------------------------------------

test('who is deregistered is shown nothing to choose from, and keeps what was consented', async () => {
    const { userId, accountIds: [id] } = people[0];
    for (let i = 0; i < 2; i++) {
        const reply = await act('deregister', { userId });
        assert.deepEqual([reply.status, reply.text], [204, '']);
    }
    assert.equal((await accounts({ userId, use: 'accounts' })).status, 400);
    assert.equal((await accounts({ userId, ids: id, choice: null })).status, 200);
});

test('the bank has no pages for these customers', async () => {
    const page = await fetch(`${demo.publicBaseUrl}/authorize/dhowretail`, { redirect: 'manual' });
    assert.equal(page.status, 404);
    // Those that show no provider, and the simulated app, are in the brand of the first one.
    const brand = await fetch(`${demo.publicBaseUrl}/brand/dhowretail/style.css`);
    assert.match(brand.headers.get('content-type'), /^text\/css/);
});

test('failures that an operator causes are in the contract\'s form', async () => {
    const { userId } = people[0];
    for (const status of [403, 409, 500]) {
        for (const [operation, make] of OPERATIONS) {
            await operate(demo, 'POST', '/operator/overrides',
                { provider: 'dhowretail', operation, status });
            assert.equal((await make(userId)).status, status, operation);
        }
    }
});

const someChallenge = randomUUID();
const OPERATIONS = Object.entries({
    InitializeUserRegistration_initializeRegistration: () => begin(NOBODY),
    CompleteUserRegistration_completeRegistration: (userId) =>
        act('register/complete', { userId, challengeResponse: '1' }),
    DeregistrationUser_deregisterUser: (userId) => act('deregister', { userId }),
    CreateUserChallenge_initializeUserChallenge: (userId) => act('challenge/initialize', { userId }),
    CompleteUserChallenge_completeUserChallenge: (userId) =>
        act('challenge/complete', { userId, challengeId: someChallenge, challengeResponseData: '1' }),
    QueryUserChallenge_queryUserChallenge: (userId) =>
        act('challenge/query', { userId, challengeId: someChallenge }),
    DecryptPii_decryptPii: () => decrypt('{}'),
    ValidateConsentOperation: () => post('/consent/actions/validate', dataConsent()),
    AugmentConsentOperation: () => post('/consent/actions/augment', dataConsent()),
    caapFindAccounts: (userId) => accounts({ userId, use: 'accounts' }),
    caapFindByAccountId: (userId) => retail.get('/accounts/1', { userId }),
});

test('what CAAP does and what a limit refuses is counted', async () => {
    const metrics = await (await fetch(`${demo.adminBaseUrl}/metrics`)).text();
    const counted = (name) => Number(new RegExp(`^lfi_caap_${name}_total (\\d+)$`, 'm').exec(metrics)?.[1]);
    for (const name of ['registered', 'unknown', 'code_sent', 'code_unsent', 'code_wrong', 'decrypted', 'limit']) {
        assert.ok(counted(name) > 0, name);
    }
    assert.ok(counted('code_wrong') >= 4 && counted('code_sent') >= 5, metrics);
});

test('no identity, code or encrypted text is in any log', async () => {
    const log = demo.readLog('server.log');
    for (const { emiratesId } of people) {
        assert.ok(!log.includes(emiratesId) && !log.includes(emiratesId.replaceAll('-', '')));
    }
    for (const code of await codesOf(people[4])) {
        assert.ok(!log.includes(`"${code}"`));
    }
});
