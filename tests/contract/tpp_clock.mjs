// What time does to requests, codes, tokens, consents and payments. Last, since it ends consents.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { ahead } from '../support/clock.mjs';
import { Payer } from '../support/payer.mjs';
import { CONTROL_PARAMETERS, dayAhead } from '../support/payments.mjs';
import { accountAccess } from '../support/tpp.mjs';
import { assertRefused, demo, now, ownFaults, tpp } from './tpp_shared.mjs';

const BASE = '/open-finance/account-information/v2.1';
const payer = new Payer(tpp);
const DAY_S = 86_400;
const later = (seconds, work) => ahead(demo, seconds, work);
const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
const accounts = (token) => tpp.call('GET', `${BASE}/accounts`, token);
const refresh = (refresh_token) => tpp.token({ grant_type: 'refresh_token', refresh_token });
const own = () => tpp.ownToken('openid accounts payments');

// --- what a TPP signs ---------------------------------------------------------------------------

test('an assertion that was good has expired five minutes later', async () => {
    const client_assertion = await tpp.assertion({ claims: { exp: now() + 300 } });
    await later(311, async () => {
        const token = await tpp.token({ grant_type: 'client_credentials', scope: 'accounts', client_assertion });
        await assertRefused(token, 400, 'invalid_client', 'CLIENT-ASSERTION-EXP');
        const pushed = await tpp.push(await tpp.requestObject(accountAccess()), { client_assertion });
        await assertRefused(pushed, 400, 'invalid_client', 'CLIENT-ASSERTION-EXP');
    });
});

test('a request object that was good has expired after its exp', async () => {
    const object = await tpp.requestObject(accountAccess(), { claims: { exp: now() + 300 } });
    await later(311, async () =>
        assertRefused(await tpp.push(object), 400, 'invalid_request_object', 'REQUEST-OBJECT-EXP'));
});

test('a request_uri is good for a minute and a half', async () => {
    const object = await tpp.requestObject(accountAccess());
    const { json } = await tpp.push(object);
    assert.equal(json.expires_in, 90);
    await later(91, async () => {
        const page = await fetch(tpp.authorizeUrl(json.request_uri), { redirect: 'manual' });
        const back = new URL(page.headers.get('location'));
        assert.equal(`${back.origin}${back.pathname}`, tpp.redirectUri);
        assert.deepEqual(['error', 'state', 'iss'].map((name) => back.searchParams.get(name)),
            ['invalid_request_uri', object.claims.state, tpp.issuer]);
    });
});

// --- codes and tokens ---------------------------------------------------------------------------

test('a code is good for a minute', async () => {
    const late = await tpp.authorize(accountAccess());
    await later(61, async () =>
        assertRefused(await tpp.exchange(late.code, late.verifier), 400, 'invalid_grant', 'CODE-EXPIRED'));
    const timely = await tpp.authorize(accountAccess());
    await later(30, async () => assert.equal((await tpp.exchange(timely.code, timely.verifier)).status, 200));
});

test('an access token is good for ten minutes, and a refreshed one from then on', async () => {
    const { access_token, refresh_token } = await tpp.connect();
    const ownToken = await own();
    const consents = `${BASE}/account-access-consents?baseConsentId=x`;
    await later(540, async () => {
        assert.equal((await accounts(access_token)).status, 200);
        assert.equal((await tpp.call('GET', consents, ownToken)).status, 200);
    });
    await later(601, async () => {
        await assertRefused(await accounts(access_token), 401, '', 'TPP-TOKEN');
        await assertRefused(await tpp.call('GET', consents, ownToken), 401, '', 'TPP-TOKEN');
        const { json } = await refresh(refresh_token);
        assert.equal((await accounts(json.access_token)).status, 200);
    });
});

test('a refresh token lives as long as its consent', async () => {
    const { refresh_token } = await tpp.connect(accountAccess({ ExpirationDateTime: inSeconds(10 * DAY_S) }));
    const { refresh_token: next } = await later(9 * DAY_S, async () => {
        const { status, json, text } = await refresh(refresh_token);
        assert.equal(status, 200, text);
        return json;
    });
    await later(10 * DAY_S, async () =>
        assertRefused(await refresh(next), 400, 'invalid_grant', 'GRANT-ENDED'));
});

// --- consents -----------------------------------------------------------------------------------

test('a consent that expires ends its tokens at once', async () => {
    const details = accountAccess({ ExpirationDateTime: inSeconds(300) });
    const { access_token, refresh_token, consentId } = await tpp.connect(details);
    assert.equal((await accounts(access_token)).status, 200);
    await later(300, async () => {
        await assertRefused(await accounts(access_token), 400, 'Consent.Invalid', 'TPP-CONSENT');
        await assertRefused(await refresh(refresh_token), 400, 'invalid_grant', 'GRANT-ENDED');
        const { json } = await tpp.call('GET', `${BASE}/account-access-consents/${consentId}`, await own());
        assert.equal(json.Data.Status, 'Expired');
    });
});

test('a consent whose code comes after its end gives no tokens', async () => {
    const back = await tpp.authorize(accountAccess({ ExpirationDateTime: inSeconds(45) }));
    await later(45, async () =>
        assertRefused(await tpp.exchange(back.code, back.verifier), 400, 'invalid_grant', 'GRANT-ENDED'));
});

test('a consent to payments that nobody answers is rejected at its deadline', async () => {
    const object = await payer.details(undefined, { AuthorizationExpirationDateTime: inSeconds(3600) });
    assert.equal((await tpp.push(await tpp.requestObject(object))).status, 201);
    const path = `/payment-consents/${object.consent.ConsentId}`;
    const status = async () => (await payer.read(path, await own())).Data.Status;
    assert.equal(await status(), 'AwaitingAuthorization');
    await later(3600, async () => assert.equal(await status(), 'Rejected'));
});

// --- payments -----------------------------------------------------------------------------------

test('a period has its own count and value of payments', async () => {
    const controls = structuredClone(CONTROL_PARAMETERS.VariableOnDemand);
    Object.assign(controls.ConsentSchedule.MultiPayment.PeriodicSchedule, {
        PeriodType: 'Day', PeriodStartDate: dayAhead(0),
        Controls: {
            MaximumCumulativeNumberOfPaymentsPerPeriod: 2,
            MaximumCumulativeValueOfPaymentsPerPeriod: { Amount: '25.00', Currency: 'AED' },
        },
    });
    const { consentId, access_token, refresh_token } = await payer.connect(controls);
    const of = (Amount) => payer.paymentOf(consentId, { Instruction: { Amount: { Amount, Currency: 'AED' } } });
    const pay = async (token, amount) => payer.post(token, { Data: await of(amount) });
    const used = async () => {
        const { Data } = await payer.read(`/payment-consents/${consentId}`, await own());
        return Data.PaymentConsumption.CumulativeNumberOfPaymentsInCurrentPeriod;
    };
    await payer.messageOf(await pay(access_token, '10.00'), 201);
    await assertRefused(await pay(access_token, '15.01'), 400, 'Consent.FailsControlParameters', 'SIM-PAYMENT-VALUE');
    await payer.messageOf(await pay(access_token, '15.00'), 201);
    await assertRefused(await pay(access_token, '0.01'), 400, 'Consent.FailsControlParameters', 'SIM-PAYMENT-COUNT');
    assert.equal(await used(), 2);
    await later(DAY_S, async () => {
        assert.equal(await used(), 0);
        const { json } = await refresh(refresh_token);
        await payer.messageOf(await pay(json.access_token, '25.00'), 201);
        assert.equal(await used(), 1);
    });
});

test('an idempotency key is remembered for a day', async () => {
    const { consentId, access_token, refresh_token } = await payer.connect(CONTROL_PARAMETERS.VariableOnDemand);
    const key = randomUUID();
    const Data = await payer.paymentOf(consentId);
    const pay = async (token, data = Data) => payer.post(token, { Data: data }, { key });
    const { PaymentId } = (await payer.messageOf(await pay(access_token), 201)).Data;
    const other = { ...Data, Instruction: { Amount: { Amount: '12.00', Currency: 'AED' } } };
    const stored = await payer.messageOf(await pay(access_token, other), 201);
    assert.equal(stored.Data.PaymentId, PaymentId);
    const again = async (seconds) => later(seconds, async () => {
        const { json } = await refresh(refresh_token);
        return { json, answer: await payer.messageOf(await pay(json.access_token), 201) };
    });
    const { json, answer } = await again(DAY_S - 600);
    assert.equal(answer.Data.PaymentId, PaymentId);
    await later(DAY_S + 1, async () => {
        const { json: next } = await refresh(json.refresh_token);
        const made = await payer.messageOf(await pay(next.access_token, other), 201);
        assert.notEqual(made.Data.PaymentId, PaymentId);
    });
});

test('none of this made the Hub break its own contract', () => assert.deepEqual(ownFaults(), []));
