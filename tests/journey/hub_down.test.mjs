// The Hub fails at each step of the journey; the customer gets a clear end, never a wrong one.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { browser, demo, useDemo } from '../support/suite.mjs';
import {
    arrive, breakHub, changes, consentAtHub, healHub, requestConsent, shoot, until, userOf,
} from './support.mjs';

let customer;

useDemo({ adjustServer: '.hub.timeoutMs = 1500' });
afterEach(() => healHub(demo));

/* What the bank still tells the Hub of journeys before would take the one fault of the next. */
function earlierAreUndone() {
    const log = demo.serverLog();
    const told = log.filter(({ event, how }) => event === 'journey-undone' && how === 'told');
    return log.filter(({ event }) => event === 'journey-undo-kept')
        .every(({ interaction }) => told.some((one) => one.interaction === interaction));
}

for (const kind of ['down', 'slow', '500', 'garbage']) {
    test(`GET /auth ${kind}: a page of our own, no redirect`, async () => {
        const request = await requestConsent(demo);
        await breakHub(demo, 'heimdall', kind, { ms: 4000 });
        customer = await arrive(browser, demo, request);
        assert.equal(await customer.at('error-title').textContent(), 'Temporarily unavailable');
        assert.match(await customer.at('error-reference').textContent(), /^[0-9a-f-]{36}$/);
        assert.equal(new URL(customer.page.url()).origin, demo.publicBaseUrl);
        await shoot(customer.page, 'error-unavailable');
    });

    test(`the consent cannot be read (${kind}): doFail without PATCH`, async () => {
        const request = await requestConsent(demo);
        await breakHub(demo, 'consent-manager', kind, { ms: 4000 });
        customer = await arrive(browser, demo, request);
        const { error, error_description: description } = await customer.back();
        assert.deepEqual([error, description], ['server_error', 'api_hub_communication_error']);
    });

    test(`consents cannot be reached at the approval (${kind}): no doConfirm`, async () => {
        const request = await requestConsent(demo);
        customer = await arrive(browser, demo, request);
        await customer.toReview(userOf(demo));
        await customer.page.locator('input[name=account]').first().check();
        await breakHub(demo, 'consent-manager', kind, { ms: 4000 });
        await customer.at('approve').click();
        const { code, error_description: description } = await customer.back();
        assert.equal(code, undefined);
        assert.equal(description, 'api_hub_communication_error');
        assert.ok(!changes(await consentAtHub(demo, request.consentId)).includes('doConfirm'));
    });

    test(`doConfirm fails (${kind}): the consent does not stay authorized`, async () => {
        const request = await requestConsent(demo);
        customer = await arrive(browser, demo, request);
        await customer.toReview(userOf(demo));
        await customer.page.locator('input[name=account]').first().check();
        // A connection that is cut may be tried again at once, so for "down" it stays down.
        const times = kind === 'down' ? {} : { times: 1 };
        await until(earlierAreUndone, 'the journeys before are undone', 60_000);
        await breakHub(demo, 'heimdall', kind, { ms: 4000, ...times });
        await customer.at('approve').click();
        if (kind === 'down') {
            assert.equal(await customer.at('error-title').textContent(), 'We cannot take you back');
        } else {
            const { code, error_description: description } = await customer.back();
            assert.equal(code, undefined);
            assert.equal(description, 'api_hub_communication_error');
        }
        const { consent } = await consentAtHub(demo, request.consentId);
        assert.equal(consent.status, 'Revoked');
    });
}

test('no way back at all: an error page with a reference', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await customer.toReview(userOf(demo));
    await breakHub(demo, 'heimdall', 'down');
    await customer.at('cancel').click();
    assert.equal(await customer.at('error-title').textContent(), 'We cannot take you back');
    assert.match(await customer.at('error-reference').textContent(), /\S/);
    await shoot(customer.page, 'error-no-way-back');
    const kept = await consentAtHub(demo, request.consentId);
    assert.equal(kept.consent.status, 'Rejected');
});

test('an unknown client: an error page, never a redirect', async () => {
    const url = `${demo.publicBaseUrl}/authorize/dhowretail?client_id=nobody&request_uri=urn%3Anothing`;
    customer = await arrive(browser, demo, { authorizeUrl: url });
    assert.equal(await customer.at('error-title').textContent(), 'This request is not valid');
    assert.equal(customer.page.url(), url);
    await shoot(customer.page, 'error-refused');
});

test('a used request of a known client: passed on untouched', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    await customer.at('leave').click();
    await customer.back();
    await customer.close();
    customer = await arrive(browser, demo, request);
    assert.ok((await customer.back()).error);
});
