// What a TPP is told when the bank fails: an answer of each kind, none in time, no connection at all.
// With a stand-in for the bank; one row a case, for a read and for a payment.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { CONTROL_PARAMETERS } from '../support/payments.mjs';
import { accountAccess, now, SERVICE_INITIATION } from '../support/tpp.mjs';
import { Bank, hubTpp, startFakeBank, startHub, withTppSide } from './hub_support.mjs';

const TIMEOUT_MS = 1500;
const ACCOUNTS = '/open-finance/account-information/v2.1/accounts';
const PAYMENTS = '/open-finance/payment/v2.1/payments';
const JWE = 'e30.AA.AA.AA.AA'; // what it says is the bank's matter

let hub, tpp, bank, fake, reading;
before(async () => {
    hub = await startHub({ adjust: (config) => {
        withTppSide(config);
        config.bank.timeoutMs = TIMEOUT_MS;
        config.hubs[1].offersValidate = true;
    } });
    tpp = await hubTpp(hub);
    bank = new Bank(hub);
    fake = await startFakeBank(hub);
    reading = await connect(accountAccess());
});
after(async () => {
    tpp?.close();
    bank?.close();
    await fake?.stop();
    await hub?.stop();
});

/** Tokens of a consent that the bank's customer has authorized. */
async function connect(details) {
    const { code, verifier, ...consent } = await bank.authorize(tpp, details);
    const { status, json, text } = await tpp.exchange(code, verifier);
    assert.equal(status, 200, text);
    return { ...consent, token: json.access_token };
}

const pays = () => connect({
    type: SERVICE_INITIATION,
    consent: {
        ConsentId: randomUUID(),
        ControlParameters: CONTROL_PARAMETERS.SingleInstantPayment,
        PersonalIdentifiableInformation: JWE,
        PaymentPurposeCode: 'ACM',
        ExpirationDateTime: new Date(Date.now() + 30 * 86_400_000).toISOString(),
    },
});

const read = () => tpp.call('GET', ACCOUNTS, reading.token);

async function pay({ token, consentId }, key = randomUUID()) {
    const Data = {
        ConsentId: consentId,
        Instruction: { Amount: { Amount: '10.00', Currency: 'AED' } },
        PaymentPurposeCode: 'ACM',
        OpenFinanceBilling: { Type: 'PushP2P' },
        PersonalIdentifiableInformation: JWE,
    };
    const text = await tpp.sign({ iss: tpp.clientId, aud: [tpp.issuer], nbf: 0, exp: now() + 300, message: { Data } });
    return tpp.call('POST', PAYMENTS, token, {
        text, headers: { 'content-type': 'application/jwt', 'x-idempotency-key': key } });
}

/** Status and first error of an answer, signed or not. */
function told({ status, text, headers }) {
    if (!text) {
        return [status];
    }
    const type = headers['content-type'];
    const json = JSON.parse(type.startsWith('application/jwt')
        ? Buffer.from(text.split('.')[1], 'base64url') : text);
    const [{ Code, Message }] = (json.message ?? json).Errors;
    return [status, Code, Message];
}

const refusal = (status, errorCode, errorMessage) => ({ status, body: { errorCode, errorMessage } });
const long = `${'ب'.repeat(499)}؟`;
const FAILED = [500, 'GenericError'];
const SILENT = [500, 'GenericRecoverableError', 'The bank gives no answer.'];
const EXACT = 'Payment rejected due to insufficient funds';

/** Name, the bank's answer, what the TPP is told; then for a payment, where that differs. */
const CASES = [
    ['400', refusal(400, 'Resource.InvalidFormat', 'page-size'), [400, 'Resource.InvalidFormat', 'page-size']],
    ['400 in its exact words', refusal(400, 'GenericError', EXACT), [400, 'GenericError', EXACT]],
    ['403', refusal(403, 'Consent.AccountTemporarilyBlocked', 'The account is "blocked".'),
        [403, 'Consent.AccountTemporarilyBlocked', 'The account is "blocked".']],
    ['409', refusal(409, 'Payment.DuplicateInFlight', 'Wait.'), [400, 'Payment.DuplicateInFlight', 'Wait.'],
        [409, 'Payment.DuplicateInFlight', 'Wait.']],
    ['500', refusal(500, 'GenericRecoverableError', 'Try again.'), [500, 'GenericRecoverableError', 'Try again.']],
    ['a message of 500 characters', refusal(500, 'GenericError', long), [500, 'GenericError', long]],
    ['a message of 501 characters', refusal(500, 'GenericError', `${long}!`), [500, 'GenericError', long]],
    ['a code that is none', refusal(400, 'no code', 'Why.'), [400, 'GenericError', 'Why.']],
    ['a code without a family', refusal(400, '.Invalid', 'Why.'), [400, 'GenericError', 'Why.']],
    ['no code', { status: 403, body: { errorMessage: 'Why.' } }, [403, 'GenericError', 'Why.']],
    ['no message', { status: 400, body: { errorCode: 'Consent.Invalid' } }, [400, 'Consent.Invalid', 'The bank refuses.']],
    ['an empty message', refusal(400, 'Consent.Invalid', ''), [400, 'Consent.Invalid', 'The bank refuses.']],
    ['401', { status: 401, body: {} }, FAILED],
    ['401 with words', refusal(401, 'JWS.InvalidSignature', 'who are you'), FAILED],
    ['404', refusal(404, 'Resource.NotFound', 'Gone.'), [404]],
    ['404 without words', { status: 404, body: '' }, [404]],
    ['429', { status: 429, body: {}, headers: { 'retry-after': '17' } }, [429]],
    ['418', refusal(418, 'Tea.Pot', 'short and stout'), FAILED],
    ['502 of a proxy', { status: 502, body: '<html>Bad Gateway</html>', headers: { 'content-type': 'text/html' } }, FAILED],
    ['503', refusal(503, 'GenericRecoverableError', 'later'), FAILED],
    ['400 that cannot be read', { status: 400, body: '{"errorCode"' }, FAILED],
    ['500 that is a list', { status: 500, body: [] }, FAILED],
    ['a redirect', { status: 302, body: {}, headers: { location: 'https://elsewhere.test/' } }, FAILED],
    ['success that cannot be read', (status) => ({ status, body: '{"data": <' }), FAILED],
    ['success without a body', (status) => ({ status, body: '' }), FAILED],
    ['success of another type', (status) => ({ status, body: 'ok', headers: { 'content-type': 'text/plain' } }), FAILED],
    ['success that breaks the contract', (status) => ({ status, body: { data: { id: 7 }, meta: {} } }), FAILED],
    ['another success', { status: 202, body: {} }, FAILED],
    ['no answer in time', { hang: true }, SILENT],
    ['a connection that is cut', { cut: true }, SILENT],
];

for (const [name, answer, expected, ofPayment = expected] of CASES) {
    const of = (status) => () => (typeof answer === 'function' ? answer(status) : answer);
    test(`GET, the bank answers ${name}`, async () => {
        fake.answer = of(200);
        const reply = await read();
        assert.deepEqual(told(reply).slice(0, expected.length), expected);
        assert.equal(reply.headers['retry-after'], reply.status === 429 ? '17' : undefined);
    });
    test(`POST, the bank answers ${name}, and the payment can be tried again`, async () => {
        const consent = await pays();
        const key = randomUUID();
        for (let i = 0; i < 2; i++) { // nothing of the first is kept
            fake.seen = null;
            fake.answer = of(201);
            assert.deepEqual(told(await pay(consent, key)).slice(0, ofPayment.length), ofPayment);
            assert.equal(JSON.parse(fake.seen.body).requestHeaders['x-idempotency-key'], key);
        }
        const { payments } = await hub.consent(consent.consentId);
        assert.deepEqual(payments ?? [], []);
    });
}

test('no connection to the bank', async () => {
    const consent = await pays();
    await fake.stop();
    assert.deepEqual(told(await read()), SILENT);
    assert.deepEqual(told(await pay(consent)), SILENT);
    fake = await startFakeBank(hub);
    fake.answer = () => refusal(400, 'GenericError', EXACT);
    assert.deepEqual(told(await pay(consent)), [400, 'GenericError', EXACT], 'and again when it is back');
});

/** What the bank says of a new consent that is no "valid", and what the TPP is told. */
const VALIDATIONS = [
    ['invalid', { status: 200, body: { data: { status: 'invalid', code: 'BadConsent', description: 'not so' }, meta: {} } },
        /^BadConsent: not so$/],
    ['500', refusal(500, 'GenericError', 'x'), /bank/],
    ['401', { status: 401, body: {} }, /bank/],
    ['what breaks the contract', { status: 200, body: { data: { status: 'valid', description: 7 }, meta: {} } }, /bank/],
    ['what cannot be read', { status: 200, body: '{"data"' }, /bank/],
    ['nothing in time', { hang: true }, /bank/],
    ['nothing', { cut: true }, /bank/],
];
for (const [name, answer, description] of VALIDATIONS) {
    test(`a pushed request whose consent the bank answers with ${name} makes none`, async () => {
        const business = await hubTpp(hub, { providerId: 'dhowbusiness' });
        fake.answer = () => answer;
        const details = accountAccess();
        const { status, json } = await business.push(await business.requestObject(details));
        assert.deepEqual([status, json.error], [400, 'invalid_request']);
        assert.match(json.error_description, description);
        const own = await business.ownToken('accounts');
        const shown = await business.call('GET',
            `/open-finance/account-information/v2.1/account-access-consents/${details.consent.ConsentId}`, own);
        assert.deepEqual(told(shown).slice(0, 2), [400, 'Consent.Invalid']);
        business.close();
    });
}
