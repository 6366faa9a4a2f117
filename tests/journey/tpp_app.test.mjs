// The TPP app at the side of the Hub that TPPs call: it asks, is answered and reads as any TPP.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startPages } from './hub_pages.mjs';

const ACCESS_LIFE_S = 600;
const META = { totalPages: 1, totalRecords: 1 };
const ACCOUNT = {
    accountId: 'first',
    accountHolderName: 'Sample Holder',
    status: 'Active',
    accountType: 'Retail',
    accountSubType: 'Savings',
    currency: 'AED',
    openingDate: '2024-01-01T00:00:00Z',
    accountNumbers: [{ schemeName: 'IBAN', identification: 'AE070999123456789012345' }],
};
const BALANCE = {
    accountId: 'first',
    balanceType: 'InterimAvailable',
    creditDebitIndicator: 'Credit',
    amount: { amount: '120.50', currency: 'AED' },
    timestamp: '2026-10-31T09:00:00Z',
};
const TRANSACTION = {
    accountId: 'first',
    transactionId: 't1',
    transactionDateTime: '2026-10-30T09:00:00Z',
    bookingDateTime: '2026-10-30T09:00:00Z',
    transactionType: 'POS',
    subTransactionType: 'Purchase',
    creditDebitIndicator: 'Debit',
    status: 'Booked',
    transactionInformation: 'Entry of a shop',
    amount: { amount: '10.00', currency: 'AED' },
};
const POLICY_ID = 'd5510001-0000-4000-8000-000000000001';
const POLICY = {
    InsurancePolicyId: POLICY_ID,
    PolicyNumber: 'DT-MOT-2026-000001',
    PolicyStatus: 'Renewed',
    PolicyStartDate: '2026-03-01',
};
const LATER = { ...POLICY, InsurancePolicyId: 'd5510001-0000-4000-8000-000000000002', PolicyNumber: 'DT-MOT-2026-000002' };
const { accountId: id, ...REST } = ACCOUNT;
const BODIES = {
    '/accounts': { data: [{ id, ...REST }], meta: META },
    '/accounts/first/balances': { data: [BALANCE], meta: META },
    '/motor-insurance-policies': { data: { Policies: [POLICY] }, meta: { page: 1, pageSize: 1, totalPages: 2, totalRecords: 2 } },
    '/motor-insurance-policies page 2': { data: { Policies: [LATER] }, meta: { page: 2, pageSize: 1, totalPages: 2, totalRecords: 2 } },
    '/life-insurance-policies': { data: { Policies: [] } },
    '/accounts/first/transactions': { data: [TRANSACTION], meta: { ...META, paginated: true } },
};

let pages, clock, dir;
let offsetSeconds = 0;

before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lfi-app-'));
    writeFileSync(join(dir, 'operator.token'), 'of-the-test\n');
    clock = createServer((request, reply) => {
        reply.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
        reply.end(JSON.stringify({ offsetSeconds }));
    });
    await new Promise((resolve) => clock.listen(0, '127.0.0.1', resolve));
    const adjust = (config) => {
        const url = `http://127.0.0.1:${clock.address().port}/operator/clock`;
        config.bank.clock = { url, operatorToken: join(dir, 'operator.token') };
        config.tpps.find(({ slug }) => slug === 'pearl').roles = ['BDSP'];
        config.hubs.find(({ providerId }) => providerId === 'dhowretail').standardVersions = ['v2.1', 'v2.2'];
    };
    pages = await startPages(
        ({ pathname, searchParams }) =>
            BODIES[pathname]
                ? { status: 200, body: BODIES[`${pathname} page ${searchParams.get('page')}`] ?? BODIES[pathname] }
                : { status: 403, body: { errorCode: 'GenericError', errorMessage: 'Not today.' } },
        { adjust },
    );
});
after(async () => {
    await pages?.stop();
    clock?.close();
    rmSync(dir, { recursive: true, force: true });
});

/** Fills the form and sends it; resolves to the page, which stays, and what the browser takes to the bank. */
async function ask(options) {
    const page = await pages.open('/connect.html', options);
    await pages.stay(page);
    await page.getByTestId('tpp-submit').click();
    const address = await pages.pressLeave(page);
    return { page, query: address.split(/\?(.*)/s)[1], providerId: 'dhowretail' };
}

/** The customer decides at the bank; where the bank sends the browser. */
async function decide(asked, { status = 'Authorized', ending, accountIds = ['first'] } = {}) {
    const { json } = await pages.bank.consents('GET', '/consents?pageSize=1');
    const known = { ...asked, consentId: json.data[0].id };
    const interactionId = await pages.bank.begin(known);
    await pages.bank.decide(known, status, { accountIds });
    const { headers } = await pages.bank.end(known, interactionId, ending ? 'doFail' : 'doConfirm', ending);
    return { consentId: known.consentId, location: headers.location };
}

const steps = (page) =>
    page.getByTestId('tpp-wire').locator('details').evaluateAll((all) => all.map(({ dataset }) => dataset.testid.replace('tpp-wire-', '')));

const exchange = (page, step, index = 0) => pages.textOf(page.getByTestId(`tpp-wire-${step}`).nth(index));

test('accounts are asked for and read as a TPP does, and the wire is shown', async () => {
    const asked = await ask();
    const { page } = asked;
    assert.deepEqual([...new URLSearchParams(asked.query).keys()], ['client_id', 'request_uri']);
    const { consentId, location } = await decide(asked);
    await page.goto(location);
    await page.getByTestId('tpp-account-first').getByText('AED 120.50').waitFor();
    await page.getByText('Entry of a shop').waitFor();
    assert.ok(await page.getByTestId('tpp-account-first').getByText('AE07 0999 1234 5678 9012 345').isVisible());
    await page.getByTestId('tpp-wire-resource').nth(3).waitFor();
    assert.deepEqual((await steps(page)).slice(0, 5), ['discovery', 'par', 'token', 'keys', 'resource']);

    const pushed = await exchange(page, 'par');
    for (const part of ['"authorization_details"', consentId, '"code_challenge_method": "S256"', '"alg": "PS256"', '"AccountAggregation"']) {
        assert.ok(pushed.includes(part), `${part} in ${pushed}`);
    }
    const redeemed = await exchange(page, 'token');
    assert.match(redeemed, /"code_verifier": "\(masked, 43 characters\)"/);
    assert.match(redeemed, /"access_token": "\(masked/);
    assert.match(await exchange(page, 'resource'), /authorization: Bearer \(masked\)/);
    assert.deepEqual(page.problems, []);

    const [cookie] = await page.context().cookies(pages.hub.url);
    assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Lax']);
    const shown = await page.evaluate(async (path) => (await fetch(path)).text(), `/tpp/app/consents/${consentId}`);
    const code = new URL(location).searchParams.get('code');
    assert.ok(!shown.includes(code), 'the code is masked');
    assert.doesNotMatch(shown, /eyJ[\w-]+\.[\w-]+\.[\w-]+/);

    const known = await pages.hub.consent(consentId);
    assert.deepEqual(known.steps.map(({ interface: name }) => name).filter((name) => name !== 'webhook'), ['par', 'redirect', 'callback', 'token']);
    assert.deepEqual(known.findings, []);
    await pages.check(page, 'own-connected');
    for (const width of [320, 768, 1280]) {
        await page.setViewportSize({ width, height: 844 });
        await pages.check(page, `own-${width}`);
    }
    await page.getByTestId('language-ar').click();
    await page.getByText('ما يمر عبر الشبكة').waitFor();
    await page.getByTestId('tpp-wire-resource').first().waitFor();
    await exchange(page, 'par');
    await pages.check(page, 'own-arabic');
    await page.setViewportSize({ width: 320, height: 844 });
    await pages.finish(page, 'own-arabic-320');
});

test('policies are asked for and read sector by sector, and counted as policies', async () => {
    const page = await pages.open('/connect.html');
    const asked = await page.evaluate(async () => {
        const { tpps: [{ clientId }] } = await (await fetch('/sim/setup')).json();
        const Permissions = ['Motor', 'Life'].map((InsuranceType) => ({ InsuranceType, Permissions: ['ReadInsurancePolicies'] }));
        const consent = { Permissions, ExpirationDateTime: new Date(Date.now() + 86_400_000).toISOString() };
        const reply = await fetch('/tpp/app/consents', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ providerId: 'dhowinsurance', type: 'insurance', clientId, consent }),
        });
        return { status: reply.status, ...(await reply.json()) };
    });
    assert.equal(asked.status, 201, JSON.stringify(asked));
    const known = { consentId: asked.consentId, providerId: 'dhowinsurance', query: asked.authorizeUrl.split(/\?(.*)/s)[1] };
    const interactionId = await pages.bank.begin(known);
    await pages.bank.decide(known, 'Authorized', { insurancePolicyIds: [POLICY_ID, LATER.InsurancePolicyId] });
    const { headers } = await pages.bank.end(known, interactionId, 'doConfirm');
    await page.goto(headers.location);
    const motor = page.getByTestId('tpp-sector-Motor');
    await motor.getByTestId(`tpp-policy-${POLICY.PolicyNumber}`).getByText('Renewed').waitFor();
    await motor.getByTestId(`tpp-policy-${LATER.PolicyNumber}`).waitFor(); // of the second page
    await page.getByTestId('tpp-sector-Life').getByText('The insurer shares no policy of this kind.').waitFor();
    assert.equal(await page.getByTestId('tpp-agreed').getByText('Accounts').count(), 0);
    await page.getByRole('heading', { name: 'Your policies are here' }).waitFor();
    for (const width of [320, 768, 1280]) {
        await page.setViewportSize({ width, height: 844 });
        await pages.check(page, `policies-${width}`);
    }
    await page.getByTestId('language-ar').click();
    await page.getByText('تأمين المركبات').first().waitFor();
    await page.getByRole('heading', { name: 'وثائقك هنا' }).waitFor();
    await pages.check(page, 'policies-arabic');
    assert.deepEqual(page.problems, []);
    const other = await pages.open(`/data.html?consent=${asked.consentId}`);
    await other.getByTestId('tpp-not-ours').waitFor(); // it is another browser's
    await other.context().close();
    await pages.finish(page, 'policies-arabic-1280');
});

test('an access token that has expired is refreshed', async () => {
    const asked = await ask();
    const { page } = asked;
    const { consentId, location } = await decide(asked);
    await page.goto(location);
    await page.getByText('Entry of a shop').waitFor();
    offsetSeconds = ACCESS_LIFE_S + 1;
    try {
        await page.goto(`${pages.hub.url}/data.html?consent=${consentId}`);
        await page.getByText('Entry of a shop').waitFor();
        await page.getByTestId('tpp-wire-token').nth(1).waitFor();
        assert.match(await exchange(page, 'token', 1), /"grant_type": "refresh_token"/);
        assert.equal(await page.getByTestId('tpp-wire-token').count(), 2, 'once for all calls');
        assert.deepEqual(page.problems, []);
    } finally {
        offsetSeconds = 0;
    }
    await page.context().close();
});

test('a consent that the customer has stopped is shown so, and gives nothing more', async () => {
    const asked = await ask();
    const { page } = asked;
    const { consentId, location } = await decide(asked);
    await page.goto(location);
    await page.getByText('Entry of a shop').waitFor();
    const json = { revokedBy: 'LFI.InitiatedByUser', revokedByPsu: { userId: 'user-1' } };
    const { status } = await pages.bank.consents('POST', `/consents/${consentId}/action/revoke`, { json });
    assert.equal(status, 204);
    await page.goto(`${pages.hub.url}/data.html?consent=${consentId}`);
    await page.getByText('This consent is not in force: Revoked.').waitFor();
    await page.getByTestId('tpp-problem').waitFor();
    await page.getByTestId('tpp-agreed').getByText('not known', { exact: true }).waitFor();
    assert.equal(await page.getByTestId('tpp-end').count(), 0);
    await pages.finish(page, 'own-revoked');
});

test('the accounts of every page are listed', async (t) => {
    const kept = BODIES['/accounts'];
    const meta = { ...META, paginated: true, totalPages: 2, totalRecords: 2 };
    t.after(() => {
        BODIES['/accounts'] = kept;
        delete BODIES['/accounts page 2'];
    });
    BODIES['/accounts'] = { ...kept, meta };
    BODIES['/accounts page 2'] = { data: [{ id: 'second', ...REST }], meta };
    const asked = await ask();
    const { location } = await decide(asked, { accountIds: ['first', 'second'] });
    await asked.page.goto(location);
    await asked.page.getByTestId('tpp-account-first').waitFor();
    await asked.page.getByTestId('tpp-account-second').waitFor();
    await pages.finish(asked.page, 'own-pages');
});

test('an order list has the records of every page', async (t) => {
    const path = '/accounts/first/standing-orders';
    const order = (standingOrderId, accountHolderName) => ({
        accountId: 'first',
        standingOrderId,
        accountHolderName,
        standingOrderStatusCode: 'Active',
        frequency: 'IntervalMonthDay:3:27',
        firstPaymentDateTime: '2025-01-27T08:00:00+04:00',
        firstPaymentAmount: { amount: '90.00', currency: 'AED' },
    });
    const meta = { paginated: true, totalPages: 2, totalRecords: 2 };
    t.after(() => {
        delete BODIES[path];
        delete BODIES[`${path} page 2`];
    });
    BODIES[path] = { data: [order('so1', 'Rent of the shop')], meta };
    BODIES[`${path} page 2`] = { data: [order('so2', 'Fees of the school')], meta };
    const permissions = ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadStandingOrdersBasic', 'ReadStandingOrdersDetail'];
    const { page, location } = await pages.share('Authorized', { permissions, accountIds: ['first'], locale: 'ar-AE' });
    await page.goto(location);
    const panel = page.getByTestId('tpp-panel');
    await panel.getByText('Rent of the shop').waitFor();
    await panel.getByText('Fees of the school').waitFor();
    await panel.getByText('كل 3 أشهر، في اليوم 27').first().waitFor();
    assert.deepEqual(page.problems, []);
    await pages.finish(page, 'own-orders');
});

test('at the insurer the form asks for policies, and for nothing that it does not have', async () => {
    const page = await pages.open('/connect.html', { width: 768 });
    await pages.stay(page);
    const kinds = { accounts: page.getByTestId('tpp-accounts'), policies: page.getByTestId('tpp-policies') };
    const shown = async () => [await kinds.accounts.isVisible(), await kinds.policies.isVisible()];
    assert.deepEqual(await shown(), [true, false]);
    await page.getByTestId('tpp-provider-dhowinsurance').check();
    assert.deepEqual(await shown(), [false, true]);
    await page.getByText('The insurer has policies and no accounts, so this app asks for policies alone.').waitFor();
    await page.getByRole('heading', { name: 'Connect your policies at Dhow Bank' }).waitFor();
    await page.getByText('More of what a TPP may ask').click();
    assert.equal(await page.getByText('Only accounts of').isVisible(), false);
    for (const sector of ['Health', 'Home', 'Renters', 'Travel', 'Employment']) {
        await page.getByLabel(`${sector} insurance`).uncheck();
    }
    await page.getByLabel('Claims').check();
    for (const width of [320, 1280]) {
        await page.setViewportSize({ width, height: 844 });
        await pages.check(page, `connect-insurer-${width}`);
    }
    const [request] = await Promise.all([page.waitForRequest('**/tpp/app/consents'), page.getByTestId('tpp-submit').click()]);
    const { type, providerId, consent } = request.postDataJSON();
    const Permissions = ['ReadInsurancePolicies', 'ReadInsuranceProduct', 'ReadInsurancePremium', 'ReadCustomerBasic', 'ReadCustomerClaims'];
    assert.deepEqual([type, providerId], ['insurance', 'dhowinsurance']);
    assert.deepEqual(consent.Permissions, [{ InsuranceType: 'Motor', Permissions }, { InsuranceType: 'Life', Permissions }]);
    assert.deepEqual(Object.keys(consent).sort(), ['ExpirationDateTime', 'Permissions']);
    await pages.pressLeave(page); // the Hub has taken it
    assert.deepEqual(page.problems, []);
    await page.context().close();
});

test('a Hub that serves two versions is asked and read in the chosen one', async () => {
    const page = await pages.open('/connect.html');
    await pages.stay(page);
    const version = page.getByTestId('tpp-version');
    assert.equal(await version.inputValue(), 'v2.1');
    await page.getByTestId('tpp-provider-dhowbusiness').check();
    assert.equal(await version.isVisible(), false);
    await page.getByTestId('tpp-provider-dhowretail').check();
    await version.selectOption('v2.2');
    await pages.check(page, 'connect-version');
    await page.getByTestId('tpp-submit').click();
    const address = await pages.pressLeave(page);
    const { location } = await decide({ page, query: address.split(/\?(.*)/s)[1], providerId: 'dhowretail' });
    await page.goto(location);
    await page.getByTestId('tpp-account-first').getByText('AED 120.50').waitFor();
    assert.match(await exchange(page, 'par'), /urn:openfinanceuae:account-access-consent:v2\.2/);
    await page.getByTestId('tpp-wire-resource').filter({ hasText: '/account-information/v2.2/accounts' }).first().waitFor();
    const refused = await page.evaluate(async () => {
        const { tpps: [{ clientId }] } = await (await fetch('/sim/setup')).json();
        const body = JSON.stringify({ providerId: 'dhowbusiness', clientId, version: 'v2.2', consent: {} });
        const reply = await fetch('/tpp/app/consents', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
        return [reply.status, (await reply.json()).errorMessage];
    });
    assert.deepEqual(refused, [400, 'This Hub does not serve that version of the standard.']);
    await page.context().close();
});

test('an app without the role for insurance is not led to the insurer', async () => {
    const page = await pages.open('/connect.html', { locale: 'ar-AE' });
    await page.getByTestId('tpp-provider-dhowinsurance').check();
    await page.getByText('Pearl Home Loans').click();
    await page.getByText('لا يجوز لـPearl Home Loans').waitFor();
    assert.equal(await page.getByTestId('tpp-provider-dhowinsurance').count(), 0);
    assert.equal(await page.getByTestId('tpp-accounts').isVisible(), true);
    await page.getByText('Karak Money').last().click();
    await page.getByTestId('tpp-provider-dhowinsurance').waitFor();
    await pages.finish(page, 'connect-no-role');
});

test('a refusal of the customer is said', async () => {
    const asked = await ask();
    const ending = { error: 'access_denied', error_description: 'user_rejected_consent' };
    const { location } = await decide(asked, { status: 'Rejected', ending });
    await asked.page.goto(location);
    await asked.page.getByText('You declined at your bank.').waitFor();
    assert.deepEqual(asked.page.problems, []);
    await asked.page.context().close();
});

test('what comes back must be of the Hub that was asked, and of the browser that asked', async () => {
    const asked = await ask();
    const { location } = await decide(asked);
    const stranger = await pages.open(location);
    await stranger.getByText('This request is not known here. Please start again.').waitFor();
    await stranger.context().close();
    const forged = new URL(location);
    forged.searchParams.set('iss', 'https://other.test');
    await asked.page.goto(forged.href);
    await asked.page.getByText('The answer is not from the Hub that was asked.').waitFor();
    await pages.finish(asked.page, 'own-mixed-up');
});

test('what the Hub refuses is said, and the form stays', async () => {
    const page = await pages.open('/connect.html');
    await page.getByText('More of what a TPP may ask').click();
    await page.getByLabel('Continues the consent').fill('00000000-0000-4000-8000-000000000000');
    await page.getByTestId('tpp-submit').click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    assert.match(await alert.textContent(), /BaseConsentId must be a consent of this client/);
    await pages.finish(page, 'own-refused');
});
