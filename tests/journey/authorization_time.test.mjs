// The time by which a customer must have decided, AuthorizationExpirationDateTime of v2.2, in a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BankClock } from '../support/operator.mjs';
import { assertAccessible, assertFits, browser, demo, useDemo } from '../support/suite.mjs';
import { arrive, changes, consentAtHub, requestConsent, shoot, terms, userOf } from './support.mjs';

const SECONDS = 60; // less than the request itself lives
const WORDS = {
    'en-GB': ['This request is no longer open', 'It was decided already, or its time has passed.'],
    'ar-AE': ['لم يعد هذا الطلب مفتوحًا', 'تم البت فيه من قبل، أو انتهت مهلته.'],
};

useDemo({ adjustServer: '.providers[0].offers.standardVersions = ["v2.1", "v2.2"]' });

/** A request of v2.2 that has to be decided on within a minute. */
const request = () => requestConsent(demo, {
    type: 'urn:openfinanceuae:account-access-consent:v2.2',
    consent: terms({ AuthorizationExpirationDateTime: new Date(Date.now() + SECONDS * 1000).toISOString() }),
});

/** Why nothing is shared is on the bank's page, then the TPP has the customer back. */
async function expectClosed(customer, { consentId }, locale) {
    const [title, text] = WORDS[locale];
    await customer.at('refused-title').filter({ hasText: title }).waitFor();
    await customer.page.getByText(text).waitFor();
    await customer.at('refused-stay').click();
    for (const width of [320, 1024]) {
        await customer.page.setViewportSize({ width, height: 844 });
        await assertFits(customer.page, `${locale} ${width}`);
    }
    await assertAccessible(customer.page, locale);
    await shoot(customer.page, `authorization-expired-${locale}`);
    const { error, error_description: description } = await customer.back();
    assert.deepEqual([error, description], ['access_denied', 'session_expired']);
    const kept = await consentAtHub(demo, consentId);
    assert.deepEqual(changes(kept), ['doFail access_denied session_expired']); // nobody is known who could reject it
    assert.deepEqual(kept.findings, []);
    assert.deepEqual(customer.complaints, []);
    await customer.close();
}

for (const locale of Object.keys(WORDS)) {
    test(`who comes after the time, or signs in after it, is told so: ${locale}`, async () => {
        const clock = new BankClock(demo);
        const [late, slow] = [await request(), await request()];
        const waiting = await arrive(browser, demo, slow, { locale });
        await waiting.at('sign-in-user').waitFor();
        await clock.move(SECONDS + 5);
        try {
            await expectClosed(await arrive(browser, demo, late, { locale }), late, locale);
            await waiting.signIn(userOf(demo));
            await expectClosed(waiting, slow, locale);
        } finally {
            await clock.move(0);
        }
    });
}
