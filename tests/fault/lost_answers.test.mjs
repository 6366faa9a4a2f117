// The Hub carries a call out and its answer is lost, for every call that the bank makes to it, with
// the Hub away afterwards or not, and with the bank killed: in the end both agree, the customer was
// told nothing wrong, and no task is left.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { breakHub, changes, consentAtHub, healHub, until, userOf } from '../journey/support.mjs';
import { Customer, newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';
import { SecondInstance } from '../support/second.mjs';

const AGREE_MS = 60_000;
const CM = 'consent-manager';
const HEIMDALL = 'heimdall';
const HUB_FAILED = 'api_hub_communication_error';

let demo;
let second;

before(async () => {
    demo = await startDemo({ adjustServer: '.hub.timeoutMs = 1500' });
    second = await SecondInstance.prepare(demo);
});
after(async () => {
    second?.child?.kill('SIGKILL'); // when a test has failed
    await demo?.stop();
});
afterEach(() => healHub(demo));

function agree() {
    return newConsent(demo, ['ReadAccountsBasic', 'ReadBalances'], {
        ExpirationDateTime: new Date(Date.now() + 86_400_000).toISOString(),
    });
}

async function atReview(base) {
    const request = await agree();
    const { pathname, search } = new URL(request.authorizeUrl);
    const customer = await Customer.arrive(demo, { authorizeUrl: (base ?? demo.publicBaseUrl) + pathname + search }, base);
    const view = await customer.reachReview(userOf(demo, { login: 'rohan' }));
    assert.equal(view.view, 'review', JSON.stringify(view));
    return Object.assign(customer, { consentId: request.consentId, accountIds: [view.accounts[0].id] });
}

const approve = (customer) => {
    const { journey, accountIds } = customer;
    return customer.post('/journey/approve', { journey, accountIds });
};
const cancel = (customer) => customer.post('/journey/cancel', { journey: customer.journey });

/** A customer signed in to their own consents, with one that is authorized in the list. */
async function atConsents() {
    const { consentId } = await authorized();
    const customer = new Customer();
    const { login, password } = userOf(demo, { login: 'rohan' });
    customer.origin = demo.publicBaseUrl;
    ({ journey: customer.journey } = await customer.post('/consents/api/start', { provider: 'dhowretail' }));
    const { journey } = customer;
    const { openApp } = await customer.post('/consents/api/sign-in', { journey, login, password });
    const device = openApp.split('#')[1];
    const { asked: approvalId } = await customer.post('/bank-app/approvals', { device });
    await customer.post('/bank-app/decision', { device, approvalId, approve: true });
    const { consents } = await customer.post('/consents/api/approval', { journey });
    const { proof } = consents.find(({ id }) => id === consentId);
    return Object.assign(customer, { consentId, proof });
}

async function authorized() {
    const customer = await atReview();
    assert.match((await approve(customer)).redirect, /[?&]code=/);
    return customer;
}

const own = (step, more = () => ({})) => (customer) =>
    customer.post(`/consents/api/${step}`, { journey: customer.journey, ...more(customer) });
const ofConsent = ({ consentId }) => ({ consentId });
const revoke = own('revoke', ({ consentId, proof }) => ({ consentId, proof }));

async function tasksKept() {
    const metrics = await (await fetch(`${demo.adminBaseUrl}/metrics`)).text();
    return Number(/^lfi_tasks_kept\{provider="dhowretail"\} (\d+)$/m.exec(metrics)[1]);
}

async function expectAgreement({ consentId }, status) {
    const current = async () => (await consentAtHub(demo, consentId)).consent.status;
    await until(async () => (await current()) === status, `the consent is ${status}`, AGREE_MS);
}

const withCode = ({ redirect }) => assert.match(redirect ?? '', /[?&]code=/);
const withError = ({ redirect }) => assert.match(redirect ?? '', new RegExp(HUB_FAILED));
const says = (id) => (view) => assert.equal(view.error, id, JSON.stringify(view));
const shows = (name) => (view) => assert.equal(view.view, name, JSON.stringify(view));
const isBack = ({ redirect }) => assert.ok(redirect);

// What a step calls, in order: approve: GET consent, PATCH, doConfirm; cancel: PATCH, doFail;
// revoke: GET consent, revoke, GET consent. `lost` and what the Hub is afterwards, by interface.
const away = { then: 'down' };
const cases = [
    // call, at, act, interface, skip, afterwards, other interface, told, consent in the end
    ['GET consent', atReview, approve, CM, 0, away, {}, withError, 'Rejected'],
    ['PATCH Authorized', atReview, approve, CM, 1, {}, {}, withCode, 'Authorized'],
    ['PATCH Authorized', atReview, approve, CM, 1, away, {}, withError, 'Revoked'],
    ['PATCH Authorized', atReview, approve, CM, 1, away, { [HEIMDALL]: 0 }, says('HUB-UNAVAILABLE'), 'Revoked'],
    ['doConfirm', atReview, approve, HEIMDALL, 0, {}, {}, says('HUB-UNAVAILABLE'), 'Revoked'],
    ['doConfirm', atReview, approve, HEIMDALL, 0, away, { [CM]: 2 }, says('HUB-UNAVAILABLE'), 'Revoked'],
    ['PATCH Rejected', atReview, cancel, CM, 0, {}, {}, isBack, 'Rejected'],
    ['PATCH Rejected', atReview, cancel, CM, 0, away, { [HEIMDALL]: 0 }, says('HUB-UNAVAILABLE'), 'Rejected'],
    ['doFail', atReview, cancel, HEIMDALL, 0, {}, {}, says('HUB-UNAVAILABLE'), 'Rejected'],
    ['doFail', atReview, cancel, HEIMDALL, 0, away, {}, says('HUB-UNAVAILABLE'), 'Rejected'],
    ['revoke', atConsents, revoke, CM, 1, {}, {}, () => {}, 'Revoked'],
    ['revoke', atConsents, revoke, CM, 1, away, {}, shows('revocation-kept'), 'Revoked'],
    ['GET before revoke', atConsents, revoke, CM, 0, away, {}, shows('revocation-kept'), 'Revoked'],
    ['list of a customer', atConsents, own('list'), CM, 0, away, {}, says('HUB-DOWN'), 'Authorized'],
    ['one consent', atConsents, own('consent', ofConsent), CM, 0, away, {}, says('HUB-DOWN'), 'Authorized'],
];

for (const [call, arrive, act, target, skip, afterwards, others, told, status] of cases) {
    const where = [afterwards.then && target, ...Object.keys(others)].filter(Boolean).join(' and ');
    test(`the answer to ${call} is lost${where ? `, and ${where} away` : ''}`, async () => {
        const customer = await arrive();
        await breakHub(demo, target, 'lost', { skip, times: 1, ...afterwards });
        for (const [other, skipped] of Object.entries(others)) {
            await breakHub(demo, other, 'down', { skip: skipped });
        }
        told(await act(customer));
        await healHub(demo);
        await expectAgreement(customer, status);
    });
}

test('the answer to revoke is lost after that to doConfirm, and the Hub is away', async () => {
    const customer = await atReview();
    await breakHub(demo, HEIMDALL, 'lost', { times: 1, then: 'down' });
    await breakHub(demo, CM, 'lost', { skip: 2, times: 1, then: 'down' });
    says('HUB-UNAVAILABLE')(await approve(customer));
    assert.equal((await consentAtHub(demo, customer.consentId)).consent.status, 'Revoked');
    await healHub(demo);
    await expectAgreement(customer, 'Revoked');
    const done = changes(await consentAtHub(demo, customer.consentId));
    assert.equal(done.filter((change) => change === 'revoke').length, 1);
});

test('the answer to GET /auth is lost: a page of our own, then the Hub sends the browser back', async () => {
    const { authorizeUrl, consentId } = await agree();
    await breakHub(demo, HEIMDALL, 'lost', { times: 1, then: 'down' });
    assert.equal((await fetch(authorizeUrl, { redirect: 'manual' })).status, 503);
    await healHub(demo);
    const again = await fetch(authorizeUrl, { redirect: 'manual' });
    assert.equal(again.status, 303);
    assert.match(again.headers.get('location'), /error=invalid_request_uri/);
    await expectAgreement({ consentId }, 'AwaitingAuthorization');
});

test('killed before the undo: the other instance does it', async () => {
    await second.start();
    const customer = await atReview(second.publicUrl);
    await breakHub(demo, CM, 'lost', { skip: 1, times: 1, then: 'down' });
    await breakHub(demo, HEIMDALL, 'down');
    says('HUB-UNAVAILABLE')(await approve(customer));
    await second.end('SIGKILL');
    assert.equal((await consentAtHub(demo, customer.consentId)).consent.status, 'Authorized');
    await healHub(demo);
    await expectAgreement(customer, 'Revoked');
});

test('a task that the Hub never accepts is parked, reported to the operator, and tried again', async () => {
    const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    const operator = (method, path, body) => fetch(`${demo.adminBaseUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, connection: 'close' },
        body: body && JSON.stringify(body),
    });
    const parked = async () => (await (await operator('GET', '/operator/dhowretail/tasks')).json()).tasks;
    const partOf = async () => {
        const reply = await fetch(`${demo.adminBaseUrl}/readyz`);
        assert.equal(reply.status, 200);
        return (await reply.json()).parts.find(({ part }) => part === 'tasks dhowretail');
    };
    const customer = await atConsents();
    // A task of a test before would be parked as well, by the clock that is moved here.
    await until(async () => (await tasksKept()) === 0, 'all tasks are done', AGREE_MS);
    assert.equal((await partOf()).status, 'ok');
    await breakHub(demo, CM, 'garbage');
    shows('revocation-kept')(await revoke(customer));
    for (let gaps = 1; (await parked()).length === 0; gaps++) {
        assert.ok(gaps <= 20, 'the task is parked');
        const set = await operator('PUT', '/operator/clock', { offsetSeconds: gaps * 301 });
        assert.equal(set.status, 204);
        await sleep(1200); // tasks are looked at every second
    }
    const [{ key, record }] = await parked();
    assert.deepEqual([record.kind, record.consent, record.refused], ['revoke', customer.consentId, 10]);
    assert.match(record.reason, /breaks its contract/);
    await until(async () => (await partOf()).status === 'degraded', '/readyz tells it');
    const metrics = await (await fetch(`${demo.adminBaseUrl}/metrics`)).text();
    assert.match(metrics, /^lfi_tasks_parked\{provider="dhowretail"\} 1$/m);
    assert.ok(demo.serverLog().some(({ event, task }) => event === 'task-parked' && task === key));

    await healHub(demo);
    for (const [body, status] of [[{ key, do: 'wait' }, 400], [{ key: 'x', do: 'retry' }, 404],
        [{ key: 'x', do: 'drop' }, 404], [{ key, do: 'retry' }, 204]]) {
        assert.equal((await operator('POST', '/operator/dhowretail/tasks', body)).status, status);
    }
    await expectAgreement(customer, 'Revoked');
    assert.deepEqual(await parked(), []);
    assert.equal((await operator('PUT', '/operator/clock', { offsetSeconds: 0 })).status, 204);
});

test('no task is left of all these', async () => {
    await until(async () => (await tasksKept()) === 0, 'all tasks are done', AGREE_MS);
});
