// Payments over the wire: POST /payments, GET /payments/{paymentId} and the refund account, under
// consents of the simulated Hub that the test authorizes in the bank's place.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { post, until } from '../journey/support.mjs';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { compareWithModel, drawSteps } from '../support/payment_model.mjs';
import { CONTROL_PARAMETERS, creditorOf, sealPii } from '../support/payments.mjs';
import { Bank } from './hub_support.mjs';

const PROVIDER = 'dhowretail';
const ORDINARY = 77; // an account that decides nothing, so that the amount does
const REFERRED = 'AE599900000000000003003'; // pay-referred: waits until an operator moves it
const MODEL_USER = 'carmen'; // whose account no other test uses
const END_MS = 30_000; // a rail takes 2 s, a push some more
const CASES = JSON.parse(readFileSync(new URL('payment-cases.json', import.meta.url), 'utf8'));
const IN_FLIGHT = 'A payment with the same creditor and amount is already in flight under this consent.';

let demo;
let hub;
let bank;
let user;
let accountId;

before(async () => {
    demo = await startDemo();
    hub = new HubClient(demo, PROVIDER);
    bank = new Bank({ base: demo.portBase, config: { https: { clientCa: demo.ozoneConnect.caFile } } }, { who: demo.bank });
    user = demo.providers[0].users.find(({ login }) => login === 'rohan');
    const accounts = await hub.get('/accounts', { userId: user.userId, query: { accountIds: user.accountIds.join(), page: 1, 'page-size': 100 } });
    accountId = accounts.json.data.find(({ accountSubType, status }) => accountSubType === 'CurrentAccount' && status === 'Active').id;
});

after(async () => {
    hub?.close();
    bank?.close();
    await demo?.stop();
});

/** A consent of this type, authorized for the account of rohan. */
async function consentOf(type, { creditors = [creditorOf(1)], payer = user, account = accountId } = {}) {
    const made = await fetch(`${demo.hub.baseUrl}/sim/consents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
            providerId: PROVIDER,
            type: 'payment',
            consent: {
                ControlParameters: CONTROL_PARAMETERS[type],
                PersonalIdentifiableInformation: { Initiation: creditors.length > 0 ? { Creditor: creditors } : {} },
            },
        }),
    });
    const text = await made.text();
    assert.equal(made.status, 201, text);
    const consent = { consentId: JSON.parse(text).consentId, providerId: PROVIDER };
    await bank.decide(consent, 'Authorized', { userId: payer.userId, accountIds: [account] });
    return consent;
}

/** What Hub and bank have said to each other about a consent. */
async function exchangesOf({ consentId }) {
    return (await (await fetch(`${demo.hub.baseUrl}/sim/consents/${consentId}`)).json()).exchanges;
}

/** Waits until the bank has taken the event that says so. */
async function told(consent, status) {
    await until(async () => (await exchangesOf(consent)).some((one) => one.path === '/consent/event/patch' &&
        one.status === 204 && JSON.parse(one.requestBody).status === status), `told of ${status}`);
}

/** Sets "a.b" of an object; null takes it away. */
function change(object, path, value) {
    const names = path.split('.');
    const last = names.pop();
    const parent = names.reduce((at, name) => at[name], object);
    if (value === null) {
        delete parent[last];
    } else {
        parent[last] = value;
    }
}

const changed = (object, changes = {}) => {
    const copy = structuredClone(object);
    Object.entries(changes).forEach(([path, value]) => change(copy, path, value));
    return copy;
};

const piiOfPayment = () => ({ Initiation: creditorOf(1), Risk: {} });

async function bodyOf({ consentId }, { amount = '10.00', pii = piiOfPayment(), key = randomUUID(), set } = {}) {
    const id = randomUUID();
    return changed({
        paymentType: 'cbuae-payment',
        request: { Data: {
            ConsentId: consentId,
            Instruction: { Amount: { Amount: amount, Currency: 'AED' } },
            PersonalIdentifiableInformation: await sealPii(pii, demo.providers[0]),
            PaymentPurposeCode: 'ACM',
            OpenFinanceBilling: { Type: 'PushP2P' },
        } },
        requestHeaders: { 'x-idempotency-key': key, 'x-fapi-customer-ip-address': '192.0.2.7' },
        tpp: { clientId: id, orgId: id, softwareStatementId: id, tppId: id, tppName: 'T', decodedSsa: {}, more: 1 },
    }, set);
}

const send = (consent, body, options) =>
    hub.call('POST', '/payments', { userId: user.userId, consentId: consent.consentId, body, ...options });
const pay = async (consent, options) => send(consent, await bodyOf(consent, options));
const find = (consent, id, options) =>
    hub.get(`/payments/${id}`, { userId: user.userId, consentId: consent.consentId, ...options });

async function ask(method, path, body) {
    const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    const reply = await fetch(`${demo.adminBaseUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
    });
    return { status: reply.status, ok: reply.ok, text: await reply.text() };
}

async function lever(...call) {
    const { ok, text } = await ask(...call);
    assert.ok(ok, text);
    return text ? JSON.parse(text) : undefined;
}

function assertRefused(reply, status, errorCode, about) {
    assert.equal(reply.status, status, `${about}: ${reply.text}`);
    assert.equal(reply.json.errorCode, errorCode, `${about}: ${reply.text}`);
}

test('a payment is made, found and refundable', async () => {
    const consent = await consentOf('SingleInstantPayment');
    const made = await pay(consent, { set: { 'request.Data.DebtorReference': 'Salary/June-2' } });
    assert.equal(made.status, 201, made.text);
    const { data } = made.json;
    assert.match(data.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(data.status, 'Pending');
    assert.equal(data.consentId, consent.consentId);
    assert.deepEqual(data.instruction, { Amount: { amount: '10.00', currency: 'AED' } });
    assert.deepEqual(data.openFinanceBilling, { Type: 'PushP2P' });
    assert.equal(data.debtorReference, 'Salary/June-2');
    assert.deepEqual(made.json.meta, {});
    assert.ok(!made.text.includes('Zumurrud'), 'the creditor is not echoed');
    const found = await find(consent, data.id);
    assert.equal(found.status, 200, found.text);
    assert.equal(found.json.data.id, data.id);
    const refund = await hub.get(`/payment-consents/${consent.consentId}/refund`,
        { userId: user.userId, consentId: consent.consentId });
    assert.equal(refund.status, 200, refund.text);
    assert.match(refund.json.data.refundAccount.identification, /^AE\d{21}$/);
    assert.equal(refund.json.data.refundAccount.schemeName, 'IBAN');
});

test('accounts are read under a consent to payments, and a refund is told after it has ended', async () => {
    const consent = await consentOf('VariableOnDemand');
    const who = { userId: user.userId, consentId: consent.consentId };
    const made = await pay(consent, { amount: '14.50' });
    assert.equal(made.status, 201, made.text);
    for (const path of ['', '/balances', '/transactions?page=1&page-size=5']) {
        const reply = await hub.get(`/accounts/${accountId}${path}`, who);
        assert.equal(reply.status, 200, reply.text);
    }
    const revoked = await bank.consents('POST', `/consents/${consent.consentId}/action/revoke`, { json: { revokedBy: 'LFI' } });
    assert.equal(revoked.status, 204, revoked.text);
    const refund = await hub.get(`/payment-consents/${consent.consentId}/refund`, who);
    assert.equal(refund.status, 200, refund.text);
    assert.equal((await find(consent, made.json.data.id)).status, 200);
});

test('each bad body is refused with its code, and nothing is made', async () => {
    const fixed = await consentOf('SingleInstantPayment');
    const open = await consentOf('VariableOnDemand', { creditors: [] });
    for (const { name, set, pii, status, code, open: any } of CASES) {
        const consent = any ? open : fixed;
        const body = await bodyOf(consent, { set, pii: changed(piiOfPayment(), pii) });
        assertRefused(await send(consent, body), status, code, name);
    }
    for (const { consentId } of [fixed, open]) {
        assert.deepEqual((await lever('GET', `/operator/${PROVIDER}/payments?consentId=${consentId}`)).payments, []);
    }
});

test('unknown members are legal where the contract is open', async () => {
    const consent = await consentOf('SingleInstantPayment');
    const reply = await pay(consent, { set: {
        'tpp.decodedSsa.more': 1, 'requestHeaders.x-more': 'x', 'request.Data.Instruction.Amount.More': 1,
        supplementaryInformation: { more: 1 } } });
    assert.equal(reply.status, 201, reply.text);
});

test('claims beside the PII, and an Arabic name alone, are in order', async () => {
    const arabic = structuredClone(creditorOf(1));
    arabic.CreditorAccount.Name = { ar: 'زمرد للتجارة' };
    const consent = await consentOf('SingleInstantPayment', { creditors: [arabic] });
    const claims = { iss: 'tpp', sub: 'tpp', aud: ['bank'], iat: 1, nbf: 1, exp: 2, jti: randomUUID() };
    const reply = await pay(consent, { pii: { Initiation: arabic, Risk: {}, ...claims } });
    assert.equal(reply.status, 201, reply.text);
    const open = await consentOf('VariableOnDemand', { creditors: [] });
    assert.equal((await pay(open, { pii: { Initiation: arabic } })).status, 201);
});

test('the same key is the same payment, sealed anew or in parallel', async () => {
    const consent = await consentOf('VariableOnDemand');
    const key = randomUUID();
    const [first, second] = await Promise.all([pay(consent, { key }), pay(consent, { key })]);
    assert.equal(first.status, 201, first.text);
    assert.equal(second.status, 201, second.text);
    assert.equal(first.json.data.id, second.json.data.id);
    const other = await pay(consent, { key, amount: '10.01' });
    assertRefused(other, 400, 'Body.InvalidFormat', 'another amount');
    assert.equal(other.json.errorMessage, 'The idempotency key was used with another payment.');
});

test('an equal payment in flight is a duplicate on demand, and none elsewhere', async () => {
    const consent = await consentOf('VariableOnDemand');
    assert.equal((await pay(consent, { amount: '11.00' })).status, 201);
    const again = await pay(consent, { amount: '11.00' });
    assertRefused(again, 409, 'Payment.DuplicateInFlight', 'the same again');
    assert.equal(again.json.errorMessage, IN_FLIGHT);
    assert.equal((await pay(consent, { amount: '11.01' })).status, 201);
    const scheduled = await consentOf('FixedPeriodicSchedule');
    assert.equal((await pay(scheduled)).status, 201);
    assert.equal((await pay(scheduled)).status, 201);
});

test('more than there is cannot be paid', async () => {
    const consent = await consentOf('VariableOnDemand');
    const reply = await pay(consent, { amount: '9999999999999999.99' });
    assertRefused(reply, 400, 'GenericError', 'no funds');
    assert.equal(reply.json.errorMessage, 'Payment rejected due to insufficient funds');
});

test('a payment is nobody else\'s', async () => {
    const consent = await consentOf('SingleInstantPayment');
    const other = await consentOf('SingleInstantPayment');
    const { data } = (await pay(consent)).json;
    assertRefused(await find(other, data.id), 404, 'Resource.NotFound', 'of another consent');
    assertRefused(await find(consent, randomUUID()), 404, 'Resource.NotFound', 'of nobody');
    assertRefused(await find(consent, data.id, { headers: { 'o3-psu-identifier': '!' } }), 400,
        'Consent.InvalidUserIdentifier', 'no customer');
    const stranger = { userId: demo.providers[0].users.find(({ userId }) => userId !== user.userId).userId };
    assertRefused(await send(other, await bodyOf(other), stranger), 400, 'Consent.InvalidUserIdentifier', 'a stranger');
    const refund = `/payment-consents/${consent.consentId}/refund`;
    assertRefused(await hub.get(refund, { ...stranger, consentId: consent.consentId }), 400,
        'Consent.InvalidUserIdentifier', 'a stranger\'s refund');
    assertRefused(await hub.get(refund, { userId: user.userId, consentId: other.consentId }), 400,
        'Consent.Invalid', 'a refund of another consent');
    const business = new HubClient(demo, 'dhowbusiness');
    const abroad = await business.get(`/payments/${data.id}`, { userId: user.userId, consentId: consent.consentId });
    assertRefused(abroad, 404, 'Resource.NotFound', 'in another segment');
    const wrong = await business.call('POST', '/payments',
        { userId: user.userId, consentId: other.consentId, body: await bodyOf(other) });
    business.close();
    assertRefused(wrong, 400, 'Consent.Invalid', 'a consent of another segment');
});

test('a consent that the Hub does not have, or has ended, pays nothing', async () => {
    const unknown = { consentId: randomUUID() };
    assertRefused(await pay(unknown), 400, 'Consent.Invalid', 'unknown');
    const consent = await consentOf('VariableOnDemand');
    const key = randomUUID();
    await told(consent, 'Authorized');
    const first = await pay(consent, { key });
    assert.equal((await exchangesOf(consent)).filter(({ method, interface: name }) =>
        method === 'GET' && name === 'consent-manager').length, 0, 'the Hub was asked for what it has told');
    const revoked = await bank.consents('POST', `/consents/${consent.consentId}/action/revoke`, {
        json: { revokedBy: 'LFI' },
    });
    assert.equal(revoked.status, 204, revoked.text);
    await told(consent, 'Revoked');
    assertRefused(await pay(consent, { amount: '12.00' }), 400, 'Consent.Invalid', 'revoked');
    const again = await pay(consent, { key });
    assert.equal(again.status, 201, again.text);
    assert.equal(again.json.data.id, first.json.data.id);
});

test('a blocked account neither pays nor shows nor takes back', async () => {
    const consent = await consentOf('VariableOnDemand');
    const { data } = (await pay(consent)).json;
    const path = `/operator/${PROVIDER}/accounts/${accountId}`;
    for (const [status, code, message] of [
        ['Suspended', 'Consent.AccountTemporarilyBlocked', 'The account is temporarily blocked.'],
        ['Closed', 'Consent.PermanentAccountAccessFailure', 'The account is permanently inaccessible.'],
    ]) {
        await lever('PUT', path, { status });
        const reply = await pay(consent, { amount: '9999999999999999.99' });
        assertRefused(reply, 403, code, status);
        assert.equal(reply.json.errorMessage, message);
        assertRefused(await find(consent, data.id), 403, code, status);
        const refund = await hub.get(`/payment-consents/${consent.consentId}/refund`,
            { userId: user.userId, consentId: consent.consentId });
        assertRefused(refund, 403, code, status);
        assert.equal(refund.json.errorMessage, 'The debtor account is blocked from receiving payments.');
    }
    await lever('PUT', path, { status: 'Active' });
});

test('what the bank cannot do now may be tried again', async () => {
    const consent = await consentOf('VariableOnDemand');
    const calls = [
        ['makePayment', () => pay(consent)],
        ['getPayment', () => find(consent, randomUUID())],
        ['getRefund', () => hub.get(`/payment-consents/${consent.consentId}/refund`, { userId: user.userId, consentId: consent.consentId })],
    ];
    for (const [operation, call] of calls) {
        await lever('POST', '/operator/overrides', { provider: PROVIDER, operation, status: 500 });
        assert.equal((await call()).status, 500, operation);
    }
    await told(consent, 'Authorized');
    await fetch(`${demo.hub.baseUrl}/sim/faults`, {
        method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ target: 'consent-manager', kind: 'down' }),
    });
    assertRefused(await pay({ consentId: randomUUID() }), 500, 'GenericRecoverableError', 'the Hub is down');
    const paid = await pay(consent);
    assert.equal(paid.status, 201, `a consent that the Hub has told of: ${paid.text}`);
    await fetch(`${demo.hub.baseUrl}/sim/faults`, { method: 'DELETE' });
});

const paymentsAtHub = async ({ consentId }) =>
    (await (await fetch(`${demo.hub.baseUrl}/sim/consents/${consentId}/payments`)).json()).payments;

/** As a TPP pays through its Hub: the id of the payment. */
async function payThroughHub({ consentId }, amount) {
    const pii = { Initiation: creditorOf(ORDINARY), Risk: {} };
    const reply = await post(`${demo.hub.baseUrl}/sim/consents/${consentId}/payments`, { amount, pii });
    assert.equal(reply.body.status, 201, JSON.stringify(reply.body));
    return reply.body.body.data.id;
}

/** The Hub's log of the payment, once it has this status. */
const atHub = (consent, id, status) => until(async () => {
    const payment = (await paymentsAtHub(consent)).find(({ paymentId }) => paymentId === id);
    return payment?.paymentResponse.status === status && payment;
}, `${status} at the Hub`, END_MS);

test('the Hub hears once how a payment ended, and GET says the same', async () => {
    const consent = await consentOf('VariableOnDemand', { creditors: [creditorOf(ORDINARY)] });
    const [paid, rejected] = [await payThroughHub(consent, '12.34'), await payThroughHub(consent, '9014.14')];
    const log = await atHub(consent, paid, 'AcceptedWithoutPosting');
    const { data } = (await find(consent, paid)).json;
    assert.equal(data.status, 'AcceptedWithoutPosting');
    assert.match(data.paymentTransactionId, /^.{1,40}$/);
    assert.deepEqual(log.patches.map(({ patch }) => patch), [{
        'paymentResponse.status': 'AcceptedWithoutPosting',
        'paymentResponse.paymentTransactionId': data.paymentTransactionId,
    }]);
    const refused = await atHub(consent, rejected, 'Rejected');
    assert.equal(refused.patches.length, 1);
    const [reason] = refused.patches[0].patch['paymentResponse.rejectReasonCode'];
    assert.equal(reason.code, 'AANI.AM14');
    assert.deepEqual((await find(consent, rejected)).json.data.rejectReasonCode, [reason]);
});

test('the Hub makes one payment of a key, and counts it until it is rejected', async () => {
    const consent = await consentOf('VariableOnDemand', { creditors: [creditorOf(ORDINARY)] });
    const ask = (amount, key = randomUUID()) => post(`${demo.hub.baseUrl}/sim/consents/${consent.consentId}/payments`, {
        amount, key, pii: { Initiation: creditorOf(ORDINARY), Risk: {} },
    });
    const key = randomUUID();
    const both = await Promise.all([ask('9300.03', key), ask('9300.03', key)]);
    const [{ body: { body: { data: { id } } } }, { body: { body: { data } } }] = both;
    assert.equal(data.id, id, JSON.stringify(both));
    const stored = await ask('11.00', key);
    assert.equal(stored.body.body.data.id, id, 'what was made before, as the Hub answers by itself');
    const decide = (idempotencyMismatch) => fetch(`${demo.hub.baseUrl}/sim/switches`, {
        method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ idempotencyMismatch }),
    });
    assert.equal((await decide('conflict')).status, 200);
    const other = await ask('11.00', key);
    assert.deepEqual([other.status, other.body.errorCode], [409, 'GenericError']);
    assert.equal((await decide('stored')).status, 200);
    assert.equal((await paymentsAtHub(consent)).length, 1);
    await Promise.all(['21.00', '22.00'].map(async (amount) => assert.equal((await ask(amount)).body.status, 201)));
    const over = await ask('23.00');
    assert.deepEqual([over.status, over.body.errorCode], [400, 'Consent.FailsControlParameters']);
    const used = async () => {
        const { json } = await bank.consents('GET', `/consents/${consent.consentId}`);
        const { CumulativeNumberOfPayments: count, CumulativeValueOfPaymentsInCurrentPeriod: value } =
            json.data.consentBody.Data.PaymentConsumption;
        return `${count} ${value.Amount}`;
    };
    assert.equal(await used(), '3 9343.03');
    const reason = { by: 'LFI', code: 'ScreeningRejected', message: 'Payment rejected by LFI screening controls.' };
    await lever('PUT', `/operator/${PROVIDER}/payments/${id}`, { status: 'Rejected', reason });
    await atHub(consent, id, 'Rejected');
    assert.equal(await used(), '2 43.00');
    assert.equal((await ask('23.00')).body.status, 201);
    const { findings } = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${consent.consentId}`)).json();
    assert.deepEqual(findings, []);
});

test('an operator ends a payment that waits, and no payment twice', async () => {
    const consent = await consentOf('VariableOnDemand', { creditors: [creditorOf(ORDINARY)] });
    const id = await payThroughHub(consent, '9300.03');
    const path = `/operator/${PROVIDER}/payments/${id}`;
    const reason = { by: 'LFI', code: 'ScreeningRejected', message: 'Payment rejected by LFI screening controls.' };
    await lever('PUT', path, { status: 'Rejected', reason });
    const { patches } = await atHub(consent, id, 'Rejected');
    assert.deepEqual(patches.map(({ patch }) => patch), [{
        'paymentResponse.status': 'Rejected',
        'paymentResponse.rejectReasonCode': [{ code: 'LFI.ScreeningRejected', message: reason.message }],
    }]);
    const again = await ask('PUT', path, { status: 'AcceptedWithoutPosting' });
    assert.equal(again.status, 409, again.text);
});

const tasks = async () => (await lever('GET', `/operator/${PROVIDER}/tasks`)).tasks
    .filter(({ record }) => record.kind === 'payment-status');

const attemptsAt = (id) => demo.serverLog().filter(({ event, payment }) => event === 'payment-pushed' && payment === id);

test('what the Hub refuses to hear waits for the operator, who has it told again or drops it', async () => {
    const consent = await consentOf('VariableOnDemand', { creditors: [creditorOf(ORDINARY)] });
    const pii = { Initiation: creditorOf(ORDINARY), Risk: {} };
    const { data } = (await pay(consent, { amount: '13.13', pii })).json; // past the Hub, which does not know it
    const mine = async () => (await tasks()).find(({ record }) => record.payment === data.id);
    const parked = await until(mine, 'the status is parked', END_MS);
    assert.equal(parked.record.refused, 0);
    assert.equal(parked.record.tries, 1);
    assert.ok(parked.record.reason.length > 0);
    assert.equal((await find(consent, data.id)).json.data.status, 'AcceptedWithoutPosting');
    const decide = (what) => ask('POST', `/operator/${PROVIDER}/tasks`, { key: parked.key, do: what });
    assert.equal((await decide('retry')).status, 204);
    await until(async () => attemptsAt(data.id).length === 2 && mine(), 'it is told again, and refused', END_MS);
    assert.equal((await decide('drop')).status, 204);
    assert.equal(await mine(), undefined);
});

test('while the Hub is away a status waits, and is told once it is back', async () => {
    const consent = await consentOf('VariableOnDemand', { creditors: [creditorOf(ORDINARY)] });
    const id = await payThroughHub(consent, '14.14');
    await post(`${demo.hub.baseUrl}/sim/faults`, { target: 'consent-manager', kind: '500' });
    await until(async () => (await find(consent, id)).json.data.status === 'AcceptedWithoutPosting', 'the end', END_MS);
    await until(() => attemptsAt(id).length > 1, 'it is tried again', END_MS);
    assert.ok(!(await tasks()).some(({ record }) => record.payment === id), 'it is not parked');
    await fetch(`${demo.hub.baseUrl}/sim/faults`, { method: 'DELETE' });
    assert.equal((await atHub(consent, id, 'AcceptedWithoutPosting')).patches.length, 1);
});

test('two payments at once on money for one: one is made', async () => {
    const consent = await consentOf('VariableOnDemand', { creditors: [creditorOf(ORDINARY)] });
    const { json } = await hub.get(`/accounts/${accountId}/balances`, { userId: user.userId });
    const { amount } = json.data.find(({ balanceType }) => balanceType === 'InterimAvailable').amount;
    const half = Math.floor(Number(amount) / 2);
    const pii = { Initiation: creditorOf(ORDINARY), Risk: {} };
    const replies = await Promise.all(['.17', '.18'].map((fils) => pay(consent, { amount: `${half + 2}${fils}`, pii })));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 400], replies.map(({ text }) => text).join());
    assert.equal(replies.find(({ status }) => status === 400).json.errorMessage, 'Payment rejected due to insufficient funds');
});

/* --- pages, while entries are added ------------------------------------------------------------ */

test('pages that are read while payments are booked have each entry once, newest first', async () => {
    const paying = await consentOf('VariableOnDemand', { creditors: [creditorOf(ORDINARY)] });
    const read = async (consentId, size, page) => {
        const reply = await hub.get(`/accounts/${accountId}/transactions`,
            { userId: user.userId, consentId, query: { page, 'page-size': size } });
        assert.equal(reply.status, 200, reply.text);
        return reply.json;
    };
    const count = async () => (await read(randomUUID(), 1, 1)).meta.totalRecords;
    const book = async (amount) => {
        const known = await count();
        await payThroughHub(paying, amount);
        await until(async () => (await count()) === known + 1, 'the payment is booked', END_MS);
    };
    const ids = (entries) => entries.map(({ transactionId }) => transactionId);
    const all = async (consentId, size) => {
        const first = await read(consentId, size, 1);
        const rest = [];
        for (let page = 2; page <= first.meta.totalPages; page++) rest.push(...(await read(consentId, size, page)).data);
        return [...first.data, ...rest];
    };
    const total = await count();
    const size = Math.ceil(total / 5);
    const before = await all(randomUUID(), size);
    assert.equal(new Set(ids(before)).size, total);
    const rank = ({ bookingDateTime, transactionId }) => [Date.parse(bookingDateTime), transactionId];
    const later = (one, other) => rank(one)[0] - rank(other)[0] || (rank(one)[1] < rank(other)[1] ? -1 : 1);
    assert.deepEqual(ids(before), ids(before.toSorted((one, other) => -later(one, other))));

    const consentId = randomUUID();
    const walked = [];
    for (let page = 1; page <= 5; page++) {
        const { data, meta } = await read(consentId, size, page);
        assert.deepEqual([meta.totalRecords, meta.totalPages], [total, Math.ceil(total / size)], `page ${page}`);
        walked.push(...data);
        if (page < 4) await book(`1${page}.16`);
    }
    assert.deepEqual(walked, before); // no gap, no repeat, and nothing of what came meanwhile
    const other = await read(randomUUID(), size, 1); // who begins now sees it
    assert.deepEqual(ids(other.data.slice(3)), ids(before.slice(0, size - 3)));
    assert.equal(other.meta.totalRecords, total + 3);
    const again = await all(consentId, size); // and so does who begins anew
    assert.deepEqual(ids(again), ids([...other.data.slice(0, 3), ...before]));
});

/** The bank as a model sees it: an account that no other test uses, and a creditor that waits. */
async function modelBank() {
    const other = demo.providers[0].users.find(({ login }) => login === MODEL_USER);
    const query = { accountIds: other.accountIds.join(), page: 1, 'page-size': 100 };
    const accounts = await hub.get('/accounts', { userId: other.userId, query });
    const account = accounts.json.data.find((one) => one.accountSubType === 'CurrentAccount' && one.status === 'Active');
    const who = { userId: other.userId };
    const pii = { Initiation: { CreditorAccount: { SchemeName: 'IBAN', Identification: REFERRED, Name: { en: 'Z' } } }, Risk: {} };
    const minor = ({ amount }) => Math.round(Number(amount.amount) * 100);
    const balanceOf = (data, type) => {
        const one = data.find(({ balanceType }) => balanceType === type);
        return one.creditDebitIndicator === 'Debit' ? -minor(one) : minor(one);
    };
    return {
        begin: () => consentOf('VariableOnDemand', { creditors: [pii.Initiation], account: account.id, payer: other }),
        pay: async (consent, key, fils) => {
            const body = await bodyOf(consent, { amount: (fils / 100).toFixed(2), key: `key-${key}`, pii });
            const { status, json } = await send(consent, body, who);
            return { status, id: json.data?.id };
        },
        move: async (id, status) => {
            const reason = status === 'Rejected' ? { by: 'LFI', code: 'X', message: 'X' } : undefined;
            return (await ask('PUT', `/operator/${PROVIDER}/payments/${id}`, { status, reason })).status;
        },
        read: async () => {
            const balances = (await hub.get(`/accounts/${account.id}/balances`, who)).json.data;
            const page = { page: 1, 'page-size': 200, fromBookingDateTime: new Date(Date.now() - 3600_000).toISOString() };
            const { data } = (await hub.get(`/accounts/${account.id}/transactions`, { ...who, query: page })).json;
            const of = (status) => data.filter((one) => one.status === status && one.flags?.includes('OpenFinance')).map(minor);
            return {
                available: balanceOf(balances, 'InterimAvailable'),
                booked: balanceOf(balances, 'InterimBooked'),
                pending: of('Pending'),
                entries: of('Booked'),
            };
        },
        status: async (consent, id) => (await find(consent, id, who)).json.data?.status,
    };
}

test('bank and model say the same of random payments; a wrong model is seen in few steps', async (t) => {
    const one = await modelBank();
    const difference = await compareWithModel(one, drawSteps(7, 24));
    assert.equal(difference, undefined, JSON.stringify(difference, null, 1));
    for (const [fault, fewest] of [['holds', 1], ['keys', 2]]) {
        const found = await compareWithModel(one, drawSteps(3, 8), fault);
        t.diagnostic(`a model that is wrong about ${fault}: ${JSON.stringify(found)}`);
        assert.equal(found?.steps.length, fewest, fault);
    }
});

test('nothing of a payment\'s personal data is in the log', () => {
    const log = demo.readLog('server.log');
    for (const secret of ['Zumurrud', creditorOf(1).CreditorAccount.Identification]) {
        assert.ok(!log.includes(secret), secret);
    }
});
