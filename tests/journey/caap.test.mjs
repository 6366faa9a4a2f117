// A consent that a customer decides on at CAAP, in a browser: the TPP's app, the platform's pages, which the
// simulator plays, and back to the app.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTROL_PARAMETERS, creditorOf, piiOf } from '../support/payments.mjs';
import { assertAccessible, browser, demo, useDemo } from '../support/suite.mjs';
import { changes, consentAtHub, providerOf, requestConsent, shoot, terms } from './support.mjs';

const PROVIDER = 'dhowlite';

const INSURER = 'dhowinsurance'; // which decides at CAAP too, here

const LITE = `.id == "${PROVIDER}" or .providerId == "${PROVIDER}"`;
const OF_INSURER = `.id == "${INSURER}" or .providerId == "${INSURER}"`;
useDemo({
    adjustServer: `(.providers[] | select(${LITE})) as $lite | (.providers[] | select(${OF_INSURER})) |=
        (.authorization = "caap" | del(.authorizePath)
        | .callers = [($lite.callers[0] | del(.commonName)), $lite.callers[1]])`,
    adjustHub: `(.hubs[] | select(${LITE})) as $lite | (.hubs[] | select(${OF_INSURER})) |=
        (.authorizeUrl = $lite.authorizeUrl | .caap = $lite.caap)`,
});

const userOf = (login, provider = PROVIDER) => providerOf(demo, provider).users.find((user) => user.login === login);

async function atBank(path, body) {
    const reply = await fetch(`${demo.publicBaseUrl}/bank-app/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: demo.publicBaseUrl, connection: 'close' },
        body: JSON.stringify(body),
    });
    return reply.json();
}

/** The newest code in the customer's bank app. */
async function codeOf({ login, password }, provider = PROVIDER) {
    const { device } = await atBank('sign-in', { provider, login, password });
    const { messages } = await atBank('approvals', { device });
    return messages.map(({ text }) => text.en.match(/code for AlTareq is (\d{6})/)?.[1]).find(Boolean);
}

async function open({ authorizeUrl }, options = {}) {
    const context = await browser.newContext({ viewport: { width: 320, height: 800 }, ...options });
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(authorizeUrl);
    await page.getByTestId('caap-emirates-id').waitFor();
    return { page, complaints, at: (id) => page.getByTestId(id), close: () => context.close() };
}

/** As far as the code of the bank, or the decision where none is asked for. */
async function identify({ at }, user) {
    await at('caap-emirates-id').fill(user.emiratesId);
    await at('caap-identify').click();
}

async function confirm({ at }, user, provider) {
    await at('caap-code').waitFor();
    await at('caap-code').fill(await codeOf(user, provider));
    await at('caap-complete').click();
}

async function pictured({ page }, name) {
    for (const width of [320, 768, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(wide <= 0, `${name} is wider than ${width}`);
        await shoot(page, `${name}-${width}`);
    }
    await assertAccessible(page, name);
}

async function backAtApp(page) {
    await page.waitForURL(/\/tpp\/callback\?/);
    return Object.fromEntries(new URL(page.url()).searchParams);
}

test('a customer registers with a code, chooses an account and shares it', async () => {
    const user = userOf('mariam');
    const request = await requestConsent(demo, { providerId: PROVIDER });
    const caap = await open(request);
    await pictured(caap, 'caap-identity');
    await identify(caap, user);
    await caap.at('caap-code').waitFor();
    await pictured(caap, 'caap-code');
    await caap.at('caap-code').fill('000000');
    await caap.at('caap-complete').click();
    await caap.at('tpp-problem').waitFor();
    await confirm(caap, user);
    await caap.at('caap-approve').waitFor();
    await pictured(caap, 'caap-review');
    await caap.at('caap-approve').click();
    await caap.page.getByText('Choose an account.').waitFor();
    const offered = await caap.page.locator('input[name=account]').evaluateAll((boxes) => boxes.map(({ value }) => value));
    assert.ok(offered.length > 1 && offered.every((id) => user.accountIds.includes(id)));
    await caap.at(`caap-account-${offered[0]}`).check();
    await caap.at('caap-approve').click();
    const { code, error } = await backAtApp(caap.page);
    assert.ok(code && !error);

    const kept = await consentAtHub(demo, request.consentId);
    assert.equal(kept.consent.status, 'Authorized');
    assert.deepEqual(kept.consent.accountIds, [offered[0]]);
    assert.deepEqual(kept.consent.psuIdentifiers, { userId: user.userId });
    assert.deepEqual(kept.findings, []);
    assert.deepEqual(changes(kept), []); // the bank has no part in it
    assert.deepEqual(caap.complaints, []);
    await caap.close();
});

test('a customer of the platform refuses, in Arabic', async () => {
    const user = userOf('mariam');
    const request = await requestConsent(demo, { providerId: PROVIDER });
    const caap = await open(request, { locale: 'ar-AE' });
    assert.equal(await caap.page.locator('html').getAttribute('dir'), 'rtl');
    await pictured(caap, 'caap-identity-ar');
    await identify(caap, user);
    assert.equal(await caap.at('caap-complete').textContent(), 'متابعة');
    await confirm(caap, user);
    await caap.at('caap-approve').waitFor();
    await pictured(caap, 'caap-review-ar');
    await caap.at('caap-refuse').click();
    const { error, error_description: description } = await backAtApp(caap.page);
    assert.deepEqual([error, description], ['access_denied', 'user_rejected_consent']);
    assert.equal((await consentAtHub(demo, request.consentId)).consent.status, 'Rejected');
    await caap.close();
});

/** A payment to an ordinary payee, perhaps from an account that the TPP names. */
function payment(debtor) {
    const pii = piiOf();
    pii.Initiation.Creditor = [creditorOf(77)];
    if (debtor) {
        pii.Initiation.DebtorAccount = { SchemeName: 'IBAN', Identification: debtor, Name: { en: 'Mariam Al Hazmi' } };
    }
    return {
        providerId: PROVIDER,
        type: 'payment',
        consent: terms({
            Permissions: undefined,
            ControlParameters: CONTROL_PARAMETERS.SingleInstantPayment,
            PersonalIdentifiableInformation: pii,
            PaymentPurposeCode: 'ACM',
        }),
    };
}

test('a payment is shown in clear and paid from an account of choice', async () => {
    const user = userOf('mariam');
    const request = await requestConsent(demo, payment());
    const caap = await open(request);
    await identify(caap, user);
    await confirm(caap, user);
    await caap.page.getByText('Zumurrud Trading').waitFor();
    await caap.page.getByText('AED 10.00').waitFor();
    await pictured(caap, 'caap-payment');
    await caap.at('caap-decrypt').click();
    await caap.at('caap-pii').filter({ hasText: '"Zumurrud Trading' }).waitFor(); // as the bank decrypted it
    await pictured(caap, 'caap-pii');
    await caap.at('caap-approve').click();
    await caap.at('caap-challenge-code').waitFor();
    await pictured(caap, 'caap-challenge');
    await caap.at('caap-challenge-code').fill('000000');
    await caap.at('caap-challenge-complete').click();
    await caap.at('tpp-problem').waitFor();
    assert.equal((await consentAtHub(demo, request.consentId)).consent.status, 'AwaitingAuthorization');
    await caap.at('caap-challenge-code').fill(await codeOf(user));
    await caap.at('caap-challenge-complete').click();
    const { code } = await backAtApp(caap.page);
    assert.ok(code);
    const kept = await consentAtHub(demo, request.consentId);
    assert.equal(kept.consent.status, 'Authorized');
    assert.deepEqual(kept.findings, []);
    await caap.close();
});

test('a payment is refused when its code is asked for, in Arabic', async () => {
    const user = userOf('sana'); // a customer gets five codes an hour, which the payment above uses up
    const request = await requestConsent(demo, payment());
    const caap = await open(request, { locale: 'ar-AE' });
    await identify(caap, user);
    await confirm(caap, user);
    await caap.at('caap-approve').waitFor();
    await pictured(caap, 'caap-payment-ar');
    await caap.at('caap-approve').click();
    await caap.at('caap-challenge-code').waitFor();
    await pictured(caap, 'caap-challenge-ar');
    await caap.at('caap-refuse').click();
    assert.equal((await backAtApp(caap.page)).error, 'access_denied');
    assert.equal((await consentAtHub(demo, request.consentId)).consent.status, 'Rejected');
    await caap.close();
});

for (const [locale, suffix] of [['en-GB', ''], ['ar-AE', '-ar']]) {
    test(`an insurer's customer chooses policies of the sectors asked for: ${locale}`, async () => {
        const user = userOf('imran', INSURER);
        const request = await requestConsent(demo, { providerId: INSURER, type: 'insurance', consent: {
            Permissions: ['Motor', 'Travel'].map((InsuranceType) =>
                ({ InsuranceType, Permissions: ['ReadInsurancePolicies', 'ReadInsurancePremium'] })),
            ExpirationDateTime: new Date(Date.now() + 300 * 86_400_000).toISOString(),
        } });
        const caap = await open(request, { locale });
        await identify(caap, user);
        await confirm(caap, user, INSURER);
        await caap.at('caap-approve').waitFor();
        const rights = suffix ? 'الوثائق، الأقساط' : 'Policies, Premiums';
        assert.equal(await caap.page.getByText(rights, { exact: true }).count(), 2);
        await pictured(caap, `caap-policies${suffix}`);
        await caap.at('caap-approve').click();
        await caap.page.getByRole('alert').filter({ hasText: /\S/ }).waitFor(); // none is chosen
        const offered = await caap.page.locator('input[name=account]').evaluateAll((boxes) => boxes.map(({ value }) => value));
        const held = user.policies.filter(({ type }) => ['Motor', 'Travel'].includes(type)).map(({ id }) => id);
        assert.ok(held.length > 0);
        assert.deepEqual(offered.sort(), held.sort());
        await caap.at(`caap-policy-${offered[0]}`).check();
        await caap.at('caap-approve').click();
        const { code } = await backAtApp(caap.page);
        assert.ok(code);
        const kept = await consentAtHub(demo, request.consentId);
        assert.equal(kept.consent.status, 'Authorized');
        assert.deepEqual(kept.consent.insurancePolicyIds, [offered[0]]);
        assert.deepEqual(kept.findings, []);
        await caap.close();
    });
}

test('who can pay from nothing is told so, and goes back', async () => {
    const user = userOf('ivo');
    const request = await requestConsent(demo, payment());
    const caap = await open(request);
    await identify(caap, user);
    await confirm(caap, user);
    await caap.at('caap-told').waitFor();
    await pictured(caap, 'caap-told');
    await caap.at('caap-back').click();
    assert.equal((await backAtApp(caap.page)).error, 'access_denied');
    await caap.close();
});

for (const [name, id, told] of [
    ['nobody', () => '784-1901-0000000-4', 'The user is not known.'],
    ['a customer whom the bank has blocked', () => userOf('petros').emiratesId, 'The user cannot be registered.'],
]) {
    test(`not recognized: ${name}`, async () => {
        const caap = await open(await requestConsent(demo, { providerId: PROVIDER }));
        await identify(caap, { emiratesId: id() });
        await caap.page.getByText(told).waitFor();
        await caap.close();
    });
}

test('a request that is used up leads back to the app', async () => {
    const user = userOf('danilo');
    const request = await requestConsent(demo, { providerId: PROVIDER });
    const caap = await open(request);
    await identify(caap, user);
    await confirm(caap, user);
    await caap.at('caap-refuse').click();
    await backAtApp(caap.page);
    await caap.page.goto(request.authorizeUrl);
    assert.equal((await backAtApp(caap.page)).error, 'invalid_request_uri');
    await caap.close();
});
