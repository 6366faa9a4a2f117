// The endings of the table that only a bank in trouble reaches, with their exact values, and with or
// without PATCH by how far the customer has come. (Others: refusals, decisions, hub_down, expiry.)
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { browser, demo, useDemo } from '../support/suite.mjs';
import {
    arrive, changes, consentAtHub, requestConsent, terms, until, userOf,
} from './support.mjs';

const FULL = 'dhowbusiness';

let customer;

useDemo({
    adjustServer: '.state.maxTasks = 1', // for each provider
});

/** Makes the next run of a step fail. */
async function overrideStep(operation, status) {
    const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    const set = await fetch(`${demo.adminBaseUrl}/operator/overrides`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, connection: 'close' },
        body: JSON.stringify({ provider: 'dhowretail', operation, status }),
    });
    assert.equal(set.status, 204, await set.text());
}

async function expectEnd(request, error, description, patched) {
    const given = await customer.back();
    assert.deepEqual([given.error, given.error_description], [error, description]);
    assert.equal(given.code, undefined);
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), [
        ...(patched ? ['PATCH Rejected'] : []),
        `doFail ${error} ${description}`,
    ]);
    assert.deepEqual(kept.findings, []);
}

const troubles = [
    [500, 'server_error', 'lfi_internal_error'],
    [503, 'temporarily_unavailable', 'lfi_temporarily_unavailable'],
];
for (const [status, error, description] of troubles) {
    test(`${description} when the customer arrives`, async () => {
        const request = await requestConsent(demo);
        await overrideStep('journey/state', status);
        customer = await arrive(browser, demo, request);
        await expectEnd(request, error, description, false);
    });

    test(`${description} at sign-in`, async () => {
        const request = await requestConsent(demo);
        customer = await arrive(browser, demo, request);
        await overrideStep('journey/sign-in', status);
        await customer.signIn(userOf(demo));
        await expectEnd(request, error, description, false);
    });

    test(`${description} at the second factor`, async () => {
        const request = await requestConsent(demo);
        customer = await arrive(browser, demo, request);
        await customer.signIn(userOf(demo));
        await customer.at('second-factor').waitFor();
        await overrideStep('journey/approval', status);
        await expectEnd(request, error, description, false);
    });

    test(`${description} at the decision`, async () => {
        const request = await requestConsent(demo);
        customer = await arrive(browser, demo, request);
        await customer.toReview(userOf(demo));
        await customer.page.locator('input[name=account]').first().check();
        await overrideStep('journey/approve', status);
        await customer.at('approve').click();
        await expectEnd(request, error, description, true);
    });
}

test('over capacity: sent back at once, and taken again when there is room', async () => {
    const first = await requestConsent(demo, { providerId: FULL });
    const guest = await arrive(browser, demo, first);
    await guest.at('sign-in-user').waitFor();
    const request = await requestConsent(demo, { providerId: FULL });
    customer = await arrive(browser, demo, request);
    await expectEnd(request, 'temporarily_unavailable', 'lfi_temporarily_unavailable', false);
    await customer.close();
    await guest.at('leave').click();
    await guest.back();
    await guest.close();
    customer = await arrive(browser, demo, await requestConsent(demo, { providerId: FULL }));
    await customer.at('sign-in-user').waitFor();
});

test('the consent itself runs out before the customer has signed in', async () => {
    const ends = Date.now() + 4000;
    const consent = terms({ ExpirationDateTime: new Date(ends).toISOString() });
    const request = await requestConsent(demo, { consent });
    customer = await arrive(browser, demo, request);
    await customer.at('sign-in-user').waitFor();
    await until(() => Date.now() > ends, 'the consent runs out');
    await customer.signIn(userOf(demo));
    await expectEnd(request, 'access_denied', 'session_expired', false);
});
