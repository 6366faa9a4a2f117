// A journey that begins in one browser and goes on in another: the link, the decision, the way back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, browser, demo, useDemo } from '../support/suite.mjs';
import {
    arrive, changes, consentAtHub, requestConsent, shoot, userOf,
} from './support.mjs';

const DESKTOP = { viewport: { width: 1280, height: 800 } };

let desktop;
let phone;

useDemo();

/** The desktop shows a link; the phone has opened it. */
async function handOver(request) {
    desktop = await arrive(browser, demo, request, DESKTOP);
    await desktop.at('use-phone').click();
    await desktop.at('handover-qr').waitFor();
    const link = await desktop.at('handover-link').getAttribute('href');
    const number = await desktop.at('handover-number').textContent();
    phone = await arrive(browser, demo, { authorizeUrl: link });
    assert.equal(await phone.at('take-over-number').textContent(), number);
    assert.equal(await phone.at('take-over-tpp').textContent(), 'Karak Money');
    await shoot(phone.page, 'take-over');
    await assertAccessible(phone.page, 'phone');
    await phone.at('take-over-confirm').click();
    await phone.at('sign-in-user').waitFor();
    return link;
}

test('approves on the phone: the first browser goes back by itself', async () => {
    const user = userOf(demo);
    const request = await requestConsent(demo);
    const link = await handOver(request);
    assert.ok(!phone.page.url().includes('#'), 'the link does not stay in the address');
    assert.equal(await phone.at('use-phone').count(), 0);
    await shoot(desktop.page, 'hand-over');
    await assertAccessible(desktop.page, 'desktop');
    await phone.toReview(user);
    await phone.page.locator('input[name=account]').first().check();
    await phone.at('approve').click();
    await phone.at('handed-back').waitFor();
    await shoot(phone.page, 'handed-back');
    await assertAccessible(phone.page, 'phone');
    const { code, state, error } = await desktop.back();
    assert.ok(code && state && !error);
    assert.equal(new URL(phone.page.url()).origin, demo.publicBaseUrl);

    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), ['PATCH Authorized', 'doConfirm']);
    assert.deepEqual(kept.findings, []);
    assert.equal(kept.consent.authorizationChannel, 'App');
    assert.deepEqual(kept.consent.psuIdentifiers, { userId: user.userId });
    assert.equal(kept.exchanges.filter(({ path }) => path.endsWith('/auth')).length, 1);
    assert.deepEqual([...desktop.complaints, ...phone.complaints], []);

    const late = await arrive(browser, demo, { authorizeUrl: link });
    assert.equal(await late.at('error-title').textContent(), 'This link no longer works');
    await late.close();
});

test('a link that somebody sent is refused with a click, and nothing is taken over', async () => {
    const request = await requestConsent(demo);
    desktop = await arrive(browser, demo, request, DESKTOP);
    await desktop.at('use-phone').click();
    const link = await desktop.at('handover-link').getAttribute('href');
    phone = await arrive(browser, demo, { authorizeUrl: link });
    await phone.at('take-over-refuse').click();
    await phone.at('take-over-refused').waitFor();
    assert.deepEqual(await phone.page.context().cookies(), []);
    assert.equal(await desktop.at('handover-status').textContent(), 'Waiting for your phone…');
});

test('a link never silently replaces another journey of the phone', async () => {
    const request = await requestConsent(demo);
    desktop = await arrive(browser, demo, request, DESKTOP);
    await desktop.at('use-phone').click();
    const link = await desktop.at('handover-link').getAttribute('href');
    phone = await arrive(browser, demo, await requestConsent(demo));
    await phone.at('sign-in-user').waitFor();
    const before = await phone.page.context().cookies();
    await phone.page.goto(link);
    await phone.at('take-over-number').waitFor();
    assert.match(await phone.page.locator('#view').textContent(), /Another request is open in this browser/);
    assert.deepEqual(await phone.page.context().cookies(), before);
    await phone.at('take-over-confirm').click();
    await phone.at('sign-in-user').waitFor();
    await desktop.page.getByText('Your phone has taken over').waitFor();
});

test('cancels on the phone: the first browser brings it to the TPP', async () => {
    const request = await requestConsent(demo);
    await handOver(request);
    await phone.toReview(userOf(demo));
    await phone.at('cancel').click();
    await phone.at('handed-back').waitFor();
    assert.equal((await desktop.back()).error_description, 'user_rejected_consent');
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), ['PATCH Rejected', 'doFail access_denied user_rejected_consent']);
    assert.deepEqual(kept.findings, []);
});

test('a link opens once, and only as it was made', async () => {
    const request = await requestConsent(demo);
    const link = await handOver(request);
    const second = await arrive(browser, demo, { authorizeUrl: link });
    assert.equal(await second.at('error-title').textContent(), 'This link has been used');
    await shoot(second.page, 'hand-over-used');
    await second.close();
    const at = link.length - 20;
    const changed = link.slice(0, at) + (link[at] === 'A' ? 'B' : 'A') + link.slice(at + 1);
    const forged = await arrive(browser, demo, { authorizeUrl: changed });
    assert.equal(await forged.at('error-title').textContent(), 'This link no longer works');
    await forged.close();
    assert.deepEqual(changes(await consentAtHub(demo, request.consentId)), []);
});

test('changes their mind: signs in here after all, and the phone sees that it is over', async () => {
    const request = await requestConsent(demo);
    await handOver(request);
    await desktop.at('use-browser').click();
    await desktop.toReview(userOf(demo));
    await desktop.page.locator('input[name=account]').first().check();
    await desktop.at('approve').click();
    assert.ok((await desktop.back()).code);
    await phone.at('leave').click();
    await phone.at('handed-back').waitFor();
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), ['PATCH Authorized', 'doConfirm']);
    assert.equal(kept.consent.authorizationChannel, 'Web');
});

test('leaves in the first browser after signing in on the phone: the customer has rejected', async () => {
    const request = await requestConsent(demo);
    await handOver(request);
    await phone.toReview(userOf(demo));
    await desktop.at('leave').click();
    assert.equal((await desktop.back()).error_description, 'user_rejected_consent');
    await phone.page.locator('input[name=account]').first().check();
    await phone.at('approve').click();
    await phone.at('handed-back').waitFor();
    const kept = await consentAtHub(demo, request.consentId);
    assert.deepEqual(changes(kept), ['PATCH Rejected', 'doFail access_denied user_rejected_consent']);
    assert.deepEqual(kept.findings, []);
});
