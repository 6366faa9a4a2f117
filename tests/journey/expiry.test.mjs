// Customers who take too long or close the browser, before and after signing in. All wait at the
// same time: it is the shortest session that the configuration allows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, browser, demo, useDemo } from '../support/suite.mjs';
import { arrive, changes, consentAtHub, requestConsent, shoot, until, userOf } from './support.mjs';

const SESSION_SECONDS = 60;
const GRACE_SECONDS = 30; // what ends in time may take so long to be seen on a busy machine

useDemo({ adjustServer: `.journey.sessionSeconds = ${SESSION_SECONDS}` });

let turn = Promise.resolve();

/** A customer who walks on to where the waiting begins; one walks after the other. */
async function begin(walk) {
    const request = await requestConsent(demo);
    const walked = turn.then(async () => {
        const customer = await arrive(browser, demo, request);
        await walk(customer);
        return { request, customer };
    });
    turn = walked.catch(() => undefined);
    return walked;
}

async function timeOut(walk, description, expected) {
    const { request, customer } = await begin(walk);
    customer.page.setDefaultTimeout((SESSION_SECONDS + GRACE_SECONDS) * 1000);
    const { error, error_description: given } = await customer.back();
    assert.deepEqual([error, given], ['access_denied', description]);
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), expected);
    assert.deepEqual(kept.findings, []);
    await customer.close();
}

/** Closes the browser: no page is left that could end the journey. */
async function abandon(walk, expected) {
    const { request, customer } = await begin(walk);
    await customer.close();
    const kept = await until(
        async () => {
            const now = await consentAtHub(demo, request.consentId);
            return changes(now).length >= expected.length && now;
        },
        'the bank ends a journey that was left',
        (SESSION_SECONDS + GRACE_SECONDS) * 1000,
    );
    assert.deepEqual(changes(kept), expected);
    assert.deepEqual(kept.findings, []);
}

/** The page says that time is short; who asks for more keeps the page as it was. */
async function extend() {
    const { request, customer } = await begin(({ at }) => at('sign-in-user').fill('half typ'));
    const { page, at } = customer;
    const began = Date.now();
    await at('session-warning').waitFor({ timeout: SESSION_SECONDS * 1000 });
    assert.ok(Date.now() - began > (SESSION_SECONDS / 2 - 15) * 1000, 'not at once');
    await shoot(page, 'session-warning');
    await assertAccessible(page, 'session warning');
    await at('session-extend').click();
    await at('session-warning').waitFor({ state: 'detached' });
    await until(() => Date.now() - began > (SESSION_SECONDS + 5) * 1000, 'the first session is over', (SESSION_SECONDS + 10) * 1000);
    assert.equal(await at('sign-in-user').inputValue(), 'half typ');
    await customer.signIn(userOf(demo, { login: 'omar' }));
    await at('second-factor').waitFor();
    assert.deepEqual(changes(await consentAtHub(demo, request.consentId)), []);
    await customer.close();
}

test('time runs out: without PATCH before the customer is known, with it afterwards', async () => {
    await Promise.all([
        extend(),
        abandon(({ at }) => at('sign-in-user').waitFor(), [
            'doFail access_denied user_failed_to_authenticate',
        ]),
        abandon((customer) => customer.toReview(userOf(demo, { login: 'rohan' })), [
            'PATCH Rejected',
            'doFail access_denied session_expired',
        ]),
        timeOut(({ at }) => at('sign-in-user').waitFor(), 'user_failed_to_authenticate', [
            'doFail access_denied user_failed_to_authenticate',
        ]),
        timeOut(
            ({ signIn, at }) => signIn(userOf(demo, { login: 'hessa' })).then(() => at('open-app').waitFor()),
            'user_failed_to_authenticate',
            ['doFail access_denied user_failed_to_authenticate'],
        ),
        timeOut((customer) => customer.toReview(userOf(demo, { login: 'leonie' })), 'session_expired', [
            'PATCH Rejected',
            'doFail access_denied session_expired',
        ]),
    ]);
});
