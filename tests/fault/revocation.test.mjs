// A customer ends a consent while the Hub is down, or one of several approves payments, and the
// instance that took it is killed: the Hub is told exactly once all the same.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { breakHub, consentAtHub, healHub, until, userOf } from '../journey/support.mjs';
import { Customer, newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';
import { CONTROL_PARAMETERS, creditorOf } from '../support/payments.mjs';
import { SecondInstance } from '../support/second.mjs';

let demo;
let second;

before(async () => {
    demo = await startDemo({ adjustServer: '.hub.timeoutMs = 1500' });
    second = await SecondInstance.prepare(demo);
    await second.start();
});
after(() => demo?.stop());

/** A customer signed in to their own consents, at the second instance. */
async function signIn({ login, password }, provider = 'dhowretail') {
    const customer = new Customer();
    Object.assign(customer, { origin: demo.publicBaseUrl, base: second.publicUrl });
    ({ journey: customer.journey } = await customer.post('/consents/api/start', { provider }));
    const { journey } = customer;
    const { openApp } = await customer.post('/consents/api/sign-in', { journey, login, password });
    const device = openApp.split('#')[1];
    const { asked: approvalId } = await customer.post('/bank-app/approvals', { device });
    await customer.post('/bank-app/decision', { device, approvalId, approve: true });
    ({ consents: customer.consents } = await customer.post('/consents/api/approval', { journey }));
    return customer;
}

/** Ends a consent as the page does, with the proof that its list gave. */
function revoke({ journey, consents, ...customer }, consentId) {
    const { proof } = consents.find(({ id }) => id === consentId) ?? {};
    return Object.assign(new Customer(), customer).post('/consents/api/revoke', { journey, consentId, proof });
}

async function agreed(user) {
    const request = await newConsent(demo, ['ReadAccountsBasic', 'ReadBalances'], {
        ExpirationDateTime: new Date(Date.now() + 86_400_000).toISOString(),
    });
    const customer = await Customer.arrive(demo, request);
    const { accounts } = await customer.reachReview(user);
    await customer.post('/journey/approve', { journey: customer.journey, accountIds: [accounts[0].id] });
    return request.consentId;
}

const revokes = ({ exchanges }) => exchanges.filter(({ path }) => path.endsWith('/action/revoke')).length;

test('another customer does not replace what was decided while the Hub was down', async () => {
    const owner = userOf(demo, { login: 'rohan' });
    const ids = [await agreed(owner), await agreed(owner)];
    const [rohan, leonie] = [await signIn(owner), await signIn(userOf(demo, { login: 'leonie' }))];
    await breakHub(demo, 'consent-manager', 'down');
    assert.equal((await revoke(rohan, ids[0])).view, 'revocation-kept');
    assert.equal((await revoke(leonie, ids[0])).error, 'HUB-DOWN'); // after the owner
    assert.equal((await revoke(leonie, ids[1])).error, 'HUB-DOWN'); // and before
    leonie.consents = rohan.consents; // proofs of another customer prove nothing
    assert.equal((await revoke(leonie, ids[1])).error, 'HUB-DOWN');
    assert.equal((await revoke(rohan, ids[1])).view, 'revocation-kept');
    await healHub(demo);
    for (const id of ids) {
        await until(async () => (await consentAtHub(demo, id)).consent.status === 'Revoked', 'revoked');
        assert.equal(revokes(await consentAtHub(demo, id)), 1);
    }
});

test('what was decided while the Hub was down survives kill -9', async () => {
    const user = userOf(demo, { login: 'rohan' });
    const stranger = await agreed(userOf(demo, { login: 'leonie' }));
    const consentId = await agreed(user);
    const customer = await signIn(user);
    await breakHub(demo, 'consent-manager', 'down');
    assert.equal((await revoke(customer, consentId)).view, 'revocation-kept');
    assert.equal((await revoke(customer, consentId)).view, 'revocation-kept'); // again: still one
    assert.equal((await revoke(customer, stranger)).error, 'HUB-DOWN'); // nobody knows whose it is
    await second.end('SIGKILL');
    await sleep(3000); // tried in vain meanwhile
    assert.equal((await consentAtHub(demo, consentId)).consent.status, 'Authorized');
    await healHub(demo);
    await until(async () => (await consentAtHub(demo, consentId)).consent.status === 'Revoked', 'revoked');
    await sleep(3000);
    assert.equal(revokes(await consentAtHub(demo, consentId)), 1);
    const other = await consentAtHub(demo, stranger);
    assert.equal(other.consent.status, 'Authorized');
    assert.equal(revokes(other), 0);
});

test('what a stranger asked for does not show in the owner\'s list', async () => {
    await second.start();
    const owner = userOf(demo, { login: 'rohan' });
    const [stranger, customer] = [await signIn(userOf(demo, { login: 'hessa' })), await signIn(owner)];
    const consentId = await agreed(owner);
    await breakHub(demo, 'consent-manager', 'down');
    assert.equal((await revoke(stranger, consentId)).error, 'HUB-DOWN');
    await healHub(demo);
    const { consents } = await customer.post('/consents/api/list', { journey: customer.journey });
    const shown = consents.find(({ id }) => id === consentId);
    await second.end('SIGKILL');
    assert.deepEqual([shown.pending, shown.revocable], [false, true]);
});

const BUSINESS = 'dhowbusiness';

/** Has the bank app approve what it is asked for. */
async function approveInApp(customer, { openApp }) {
    const device = openApp.split('#')[1];
    const { asked: approvalId } = await customer.post('/bank-app/approvals', { device });
    await customer.post('/bank-app/decision', { device, approvalId, approve: true });
}

/** The first of several who approves, by the TPP's redirect, at the second instance. */
async function approveFirst(user) {
    const made = await fetch(`${demo.hub.baseUrl}/sim/consents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
            providerId: BUSINESS,
            type: 'payment',
            consent: {
                ControlParameters: CONTROL_PARAMETERS.SingleInstantPayment,
                PersonalIdentifiableInformation: { Initiation: { Creditor: [creditorOf(78)] } },
                PaymentPurposeCode: 'SAL',
            },
        }),
    });
    const { consentId, authorizeUrl } = await made.json();
    const { pathname, search } = new URL(authorizeUrl);
    const customer = await Customer.arrive(
        { publicBaseUrl: second.origin }, { authorizeUrl: second.publicUrl + pathname + search }, second.publicUrl,
    );
    const { journey } = customer;
    const { accounts } = await customer.reachReview(user);
    const chosen = await customer.post('/journey/approve', { journey, accountIds: [accounts[0].id] });
    await approveInApp(customer, chosen);
    const { redirect, ...view } = await customer.post('/journey/step-up', { journey });
    assert.match(redirect ?? JSON.stringify(view), /[?&]code=/);
    return consentId;
}

/** Who has decided at the Hub, in the order of their decisions: [[userId, status]]. */
const decisionsOf = ({ consent }) => consent.consentBody.Meta.Authorizations
    .filter(({ AuthorizationDate }) => AuthorizationDate)
    .sort((a, b) => Date.parse(a.AuthorizationDate) - Date.parse(b.AuthorizationDate))
    .map(({ AuthorizerId, AuthorizationStatus }) => [AuthorizerId, AuthorizationStatus]);

test('kill -9 between two approvals, and while the second is told', async () => {
    const [cfo, treasurer] = ['manara.cfo', 'manara.treasurer'].map((login) => userOf(demo, { providerId: BUSINESS, login }));
    await second.start();
    const consentId = await approveFirst(cfo);
    await second.end('SIGKILL');
    await second.start();
    const between = await consentAtHub(demo, consentId);
    assert.equal(between.consent.status, 'AwaitingAuthorization');
    assert.deepEqual(decisionsOf(between), [[cfo.userId, 'Approved']]);

    const other = await signIn(treasurer, BUSINESS);
    const { journey } = other;
    const asked = await other.post('/consents/api/authorize', { journey, consentId, approve: true });
    await approveInApp(other, asked);
    const decided = await other.post('/consents/api/step-up', { journey });
    assert.equal(decided.underWay, true, JSON.stringify(decided));
    await second.end('SIGKILL');
    const told = await until(async () => {
        const kept = await consentAtHub(demo, consentId);
        return kept.consent.status === 'Authorized' && kept;
    }, 'authorized', 90_000); // what the killed instance had begun is begun again when its time is over
    assert.deepEqual(decisionsOf(told), [[cfo.userId, 'Approved'], [treasurer.userId, 'Approved']]);
    assert.deepEqual(told.findings, []);
    const patches = told.exchanges.filter(({ method }) => method === 'PATCH')
        .map(({ requestBody }) => JSON.parse(requestBody).status ?? 'AwaitingAuthorization');
    assert.deepEqual(patches, ['AwaitingAuthorization', 'Authorized']);
});
