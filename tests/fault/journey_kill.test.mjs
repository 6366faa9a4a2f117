// One of two instances is killed while customers are at each step of their journeys. They go on at
// the other one, which shares only configuration and store; whatever the Hub is told, it is told
// once; an abandoned journey is ended.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
    breakHub, changes, consentAtHub, healHub, requestConsent, until, userOf,
} from '../journey/support.mjs';
import { Customer } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';
import { SecondInstance } from '../support/second.mjs';

const SESSION_SECONDS = 90;
const HUB_TIMEOUT_MS = 6000;
const SLOW_MS = 3000; // within which an instance is killed, on a busy machine too
const CLAIM_MS = 60_000; // longer than a cut off decision is held
const CONFIRMED = ['PATCH Authorized', 'doConfirm'];

let demo;
let second;

before(async () => {
    demo = await startDemo({
        adjustServer: `.journey.sessionSeconds = ${SESSION_SECONDS} | .hub.timeoutMs = ${HUB_TIMEOUT_MS}`,
    });
    second = await SecondInstance.prepare(demo);
});
after(async () => {
    second?.child?.kill('SIGKILL'); // when a test has failed
    await demo?.stop();
});

/** A customer of the second instance, at a new consent. */
async function arriveAtSecond(login) {
    const request = await requestConsent(demo);
    const { pathname, search } = new URL(request.authorizeUrl);
    const customer = await Customer.arrive(
        { publicBaseUrl: second.origin },
        { authorizeUrl: second.publicUrl + pathname + search },
        second.publicUrl,
    );
    customer.user = userOf(demo, { login });
    customer.consentId = request.consentId;
    return customer;
}

function atHub({ consentId }) {
    return consentAtHub(demo, consentId);
}

async function expectChanges(customer, expected, status) {
    const kept = await atHub(customer);
    assert.deepEqual(changes(kept), expected);
    assert.equal(kept.consent.status, status);
    assert.deepEqual(kept.findings, []);
}

function approve(customer) {
    const { journey, accountIds } = customer;
    return customer.post('/journey/approve', { journey, accountIds });
}

async function reachReview(customer) {
    const view = await customer.reachReview(customer.user);
    assert.equal(view.view, 'review', JSON.stringify(view));
    customer.accountIds = [view.accounts[0].id];
}

/** Asks again while an interrupted decision is held for the one who made it. */
async function settled(ask) {
    return until(
        async () => {
            const view = await ask();
            return view.view !== 'working' && view;
        },
        'the decision is free again',
        CLAIM_MS,
    );
}

/** Approves, and has the instance killed when `reached` says so. */
async function killInDecision(customer, reached) {
    const cut = approve(customer).catch((error) => error);
    await until(reached, 'the decision is on its way', HUB_TIMEOUT_MS * 3);
    await second.end('SIGKILL');
    assert.ok((await cut) instanceof Error, 'the decision was cut off');
    await healHub(demo);
}

test('kill -9 at each step', async () => {
    await second.start();
    const [unknown, asked, known, patching, confirming, gone] = await Promise.all(
        ['leonie', 'rohan', 'hessa', 'leonie', 'salem', 'hessa'].map(arriveAtSecond),
    );
    const started = Date.now();
    await asked.signIn(asked.user);
    for (const customer of [known, patching, confirming, gone]) {
        await reachReview(customer);
    }
    const everybody = [unknown, asked, known, patching, confirming];

    // while PATCH is on its way, which reaches the Hub although the bank was killed
    const { exchanges } = await atHub(patching);
    await breakHub(demo, 'consent-manager', 'slow', { ms: SLOW_MS });
    await killInDecision(patching, async () => (await atHub(patching)).exchanges.length > exchanges.length);
    // while doConfirm is on its way
    await second.start();
    await breakHub(demo, 'heimdall', 'slow', { ms: SLOW_MS });
    await killInDecision(confirming, async () => (await atHub(confirming)).consent.status === 'Authorized');

    for (const customer of everybody) {
        customer.base = demo.publicBaseUrl;
    }
    await second.start(); // it helps to look after those who went away
    assert.equal((await unknown.post('/journey/state', {})).view, 'sign-in');
    await reachReview(unknown);
    const { asked: approvalId } = await asked.openApp();
    await asked.post('/bank-app/decision', { device: asked.device, approvalId, approve: true });
    const review = await asked.post('/journey/approval', { journey: asked.journey });
    asked.accountIds = [review.accounts[0].id];
    for (const customer of [unknown, asked, known]) {
        const view = await approve(customer);
        assert.match(view.redirect ?? JSON.stringify(view), /[?&]code=/);
        await expectChanges(customer, CONFIRMED, 'Authorized');
    }

    const continued = await settled(() => approve(patching));
    assert.match(continued.redirect ?? JSON.stringify(continued), /[?&]code=/);
    const kept = await atHub(patching);
    assert.equal(kept.consent.status, 'Authorized');
    assert.deepEqual(kept.findings, []); // a second PATCH would be one
    assert.equal(changes(kept).filter((change) => change === 'doConfirm').length, 1);

    // the Hub has answered a killed instance: the code is lost, so nothing may stay authorized
    const lost = await settled(() => confirming.post('/journey/state', {}));
    assert.equal(lost.error, 'HUB-UNAVAILABLE');
    assert.equal(lost.journey, confirming.journey);
    assert.equal((await atHub(confirming)).consent.status, 'Revoked');

    await until(
        async () => changes(await atHub(gone)).length >= 2,
        'the journey of the one who went away has ended',
        (SESSION_SECONDS + 30) * 1000 - (Date.now() - started),
    );
    await sleep(2000); // the other instance looks every second
    await expectChanges(gone, ['PATCH Rejected', 'doFail access_denied session_expired'], 'Rejected');
    await second.end();
});

test('a decision sent to both instances at once is made once', async () => {
    await second.start();
    const customer = await arriveAtSecond('leonie');
    await reachReview(customer);
    const twin = Object.assign(new Customer(), customer, { base: demo.publicBaseUrl });
    const views = await Promise.all(
        Array.from({ length: 8 }, (_, n) => settled(() => approve(n % 2 ? customer : twin))),
    );
    const redirects = new Set(views.map(({ redirect }) => redirect));
    assert.equal(redirects.size, 1);
    assert.match([...redirects][0], /[?&]code=/);
    await expectChanges(customer, CONFIRMED, 'Authorized');
    await second.end();
});
