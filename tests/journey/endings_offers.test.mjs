// A bank that does not offer what a consent asks for, at a Hub that did not ask it before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, demo, useDemo } from '../support/suite.mjs';
import { arrive, changes, consentAtHub, requestConsent, userOf } from './support.mjs';

useDemo({
    adjustServer: '.providers[].offers.consentTypes = []',
    adjustHub: '.hubs[].offersValidate = false',
});

test('not supported is said once it is known who rejects', async () => {
    const request = await requestConsent(demo);
    const customer = await arrive(browser, demo, request);
    await customer.signIn(userOf(demo));
    await customer.decideInApp();
    const { error, error_description: description } = await customer.back();
    assert.deepEqual([error, description], ['access_denied', 'consent_not_supported']);
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), ['PATCH Rejected', 'doFail access_denied consent_not_supported']);
    assert.deepEqual(kept.findings, []);
    await customer.close();
});
