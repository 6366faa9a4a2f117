// The Hub's switches: what the sources of the standard leave open, each both ways.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { ahead } from '../support/clock.mjs';
import { Payer, PAYMENTS } from '../support/payer.mjs';
import { accountAccess } from '../support/tpp.mjs';
import { Receiver, until } from '../support/webhooks.mjs';
import {
    assertRefused, demo, now, other, own, ownFaults, RETRY_MS, setSwitches, switched, switches, tpp, whole,
} from './tpp_shared.mjs';

const ACCOUNTS = '/open-finance/account-information/v2.1';
const payer = new Payer(tpp);
const receivers = [];
after(() => Promise.all(receivers.map((receiver) => receiver.stop())));

// --- what one side of a switch lets through or refuses ------------------------------------------

const push = async (claims, form, details = accountAccess()) =>
    tpp.push(await tpp.requestObject(details, { claims }), form);
const pushes = (status, claims) => async () => assert.equal((await push(claims)).status, status);
const refusesPush = (error, id, claims) => async () => assertRefused(await push(claims), 400, error, id);
const tokenWith = async (claims) => tpp.token({
    grant_type: 'client_credentials', scope: 'accounts', client_assertion: await tpp.assertion({ claims }),
});
const authenticates = (claims) => async () => assert.equal((await tokenWith(claims())).status, 200);
const refusesClient = (id, claims) => async () => assertRefused(await tokenWith(claims()), 400, 'invalid_client', id);

const redeems = (seconds, check) => async () => {
    const { code, verifier } = await tpp.authorize(accountAccess());
    await ahead(demo, seconds, async () => check(await tpp.exchange(code, verifier)));
};
const opens = (life, seconds, error) => async () => {
    const { json } = await push();
    assert.equal(json.expires_in, life);
    await ahead(demo, seconds, async () => {
        const page = await fetch(tpp.authorizeUrl(json.request_uri), { redirect: 'manual' });
        const back = new URL(page.headers.get('location') ?? demo.publicBaseUrl, demo.publicBaseUrl);
        assert.equal(back.searchParams.get('error'), error);
    });
};
const refresh = (refresh_token) => tpp.token({ grant_type: 'refresh_token', refresh_token });
/** The same assertion at two endpoints, and again at the second, and a request object that comes again. */
const replays = (elsewhere, again, object) => async () => {
    const client_assertion = await tpp.assertion();
    const one = await tpp.requestObject(accountAccess(), { claims: { jti: randomUUID() } });
    const told = async (reply) => (await reply).json?.error ?? 'taken';
    const atToken = () => told(tpp.token({ grant_type: 'client_credentials', scope: 'accounts', client_assertion }));
    assert.equal(await told(tpp.push(one, { client_assertion })), 'taken');
    assert.deepEqual([await atToken(), await atToken(), await told(tpp.push(one))], [elsewhere, again, object]);
};
const readConsents = (token) => tpp.call('GET', `${ACCOUNTS}/account-access-consents/${whole.consentId}`, token);
const revocation = { Data: { Status: 'Revoked', RevokedBy: 'TPP' } };
async function paymentConsent() {
    const details = await payer.details();
    assert.equal((await tpp.push(await tpp.requestObject(details))).status, 201);
    return `${PAYMENTS}/payment-consents/${details.consent.ConsentId}`;
}
const patchesJson = (check) => async () =>
    check(await tpp.call('PATCH', await paymentConsent(), own, { json: revocation }));
const patchesEnded = (check) => async () => {
    const details = accountAccess();
    assert.equal((await push({}, {}, details)).status, 201);
    const path = `${ACCOUNTS}/account-access-consents/${details.consent.ConsentId}`;
    assert.equal((await tpp.call('PATCH', path, own, { json: revocation })).status, 204);
    await check(await tpp.call('PATCH', path, own, { json: revocation }));
};
const paysAnother = (check) => async () => {
    const { access_token: token, consentId } = await payer.connect();
    const key = randomUUID();
    const Data = await payer.paymentOf(consentId);
    const first = (await payer.messageOf(await payer.post(token, { Data }, { key }), 201)).Data;
    await check(await payer.post(token, { Data: { ...Data, DebtorReference: 'another' } }, { key }), first);
};
const readsShort = (status) => async () => {
    assert.equal((await tpp.call('GET', '/open-finance/v2.1/accounts', whole.access_token)).status, status);
    for (const name of ['/open-finance', '/open-finance/service-initiation', '/open-finance/bank-service-initiation']) {
        assert.equal((await tpp.call('GET', `${name}/v2.1/payment-consents`, own)).status, status, name);
    }
    assert.equal((await tpp.call('GET', `${ACCOUNTS}/accounts`, whole.access_token)).status, 200);
};
const triesEvent = (tries) => async () => {
    const receiver = await Receiver.start();
    receivers.push(receiver);
    receiver.answers = Array(20).fill(503);
    const { consentId } = await tpp.connect({ ...accountAccess(), subscription: receiver.subscription() });
    const noted = await until(async () => {
        const { steps } = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${consentId}`)).json();
        const events = steps.filter((step) => step.interface === 'webhook').map(({ refused }) => refused);
        return events.includes('WEBHOOK-GIVEN-UP') && events;
    }, 'given up');
    assert.deepEqual(noted, [...Array(tries - 1).fill('WEBHOOK-REFUSED'), 'WEBHOOK-GIVEN-UP']);
};
const challenges = (header) => async () => {
    const reply = await tpp.call('GET', `${ACCOUNTS}/accounts`, 'no-token');
    await assertRefused(reply, 401, '', 'TPP-TOKEN');
    assert.equal(reply.headers['www-authenticate'], header);
};
const named = (headers) => tpp.call('GET', `${ACCOUNTS}/accounts`, whole.access_token, { headers });
const asks = async (headers) => {
    const form = await tpp.authenticated({ grant_type: 'client_credentials', scope: 'accounts' });
    return tpp.send('POST', tpp.metadata.token_endpoint, { form, headers });
};
const utilities = (read, sent) => async () => {
    for (const path of ['/o3/v1.0/postman/environment', '/review-emitted-events']) {
        assert.equal((await tpp.call('GET', path, own)).status, read, path);
    }
    for (const path of ['message-signature', 'message-encryption']) {
        assert.equal((await tpp.call('GET', `/o3/v1.0/${path}`)).status, sent, path);
    }
    const headers = { 'content-type': 'application/jwe' };
    assert.equal((await tpp.call('POST', '/mock-event-receiver', undefined, { text: 'x', headers })).status, sent);
};
const ID = { 'x-fapi-interaction-id': randomUUID() };
const part = (token, at) => JSON.parse(Buffer.from(token.split('.')[at], 'base64url'));
const older = accountAccess().consent.Permissions.concat('ReadTransactionsCredits', 'ReadConsents');
const taken = ({ status, text }) => assert.ok(status < 300, text);

/** Name: what it is by itself, and what holds then; another value, and what holds with it. */
const TABLE = {
    parStatus: [201, pushes(201), 200, pushes(200)],
    requestObjectError: [
        'invalid_request_object', refusesPush('invalid_request_object', 'REQUEST-OBJECT-AUD', { aud: 'x' }),
        'invalid_request', refusesPush('invalid_request', 'REQUEST-OBJECT-AUD', { aud: 'x' }),
    ],
    codeLife: [
        60, redeems(61, (reply) => assertRefused(reply, 400, 'invalid_grant', 'CODE-EXPIRED')),
        120, redeems(61, taken),
    ],
    requestUriLife: [90, opens(90, 91, 'invalid_request_uri'), 300, opens(300, 91, null)],
    refreshRotation: [
        false, async () => {
            const first = await tpp.connect();
            for (let i = 0; i < 2; i++) {
                assert.equal((await refresh(first.refresh_token)).json.refresh_token, first.refresh_token);
            }
        },
        true, async () => {
            const first = await tpp.connect();
            const second = (await refresh(first.refresh_token)).json;
            assert.notEqual(second.refresh_token, first.refresh_token);
            await assertRefused(await refresh(first.refresh_token), 400, 'invalid_grant', 'REFRESH-ROTATED');
            taken(await refresh(second.refresh_token));
        },
    ],
    replayScope: [
        'endpoint', replays('taken', 'invalid_client', 'invalid_request_object'),
        'global', replays('invalid_client', 'invalid_client', 'invalid_request_object'),
        'off', replays('taken', 'taken', 'invalid_request'), // its ConsentId was used before
    ],
    skew: [
        10, refusesClient('CLIENT-ASSERTION-NBF', () => ({ nbf: now() + 40 })),
        60, authenticates(() => ({ nbf: now() + 40 })),
    ],
    assertionLife: [
        300, refusesClient('CLIENT-ASSERTION-LIFE', () => ({ exp: now() + 400 })),
        600, authenticates(() => ({ exp: now() + 400 })),
    ],
    requireIat: [
        false, async () => {
            await authenticates(() => ({ iat: undefined }))();
            await pushes(201)();
        },
        true, async () => {
            await refusesClient('CLIENT-ASSERTION-IAT', () => ({ iat: undefined }))();
            await refusesPush('invalid_request_object', 'REQUEST-OBJECT-IAT')();
            await pushes(201, { iat: now() })();
        },
    ],
    strictClaims: [
        false, async () => {
            const details = accountAccess({ Permissions: older });
            taken(await push({ colour: 'red' }, {}, details));
            const { json } = await tpp.call('GET', `${ACCOUNTS}/account-access-consents/${details.consent.ConsentId}`, own);
            assert.deepEqual(json.Data.Permissions, older.slice(0, -2));
        },
        true, async () => {
            await refusesPush('invalid_request', 'PAR-CLAIMS', { colour: 'red' })();
            const details = accountAccess({ Permissions: older });
            await assertRefused(await push({}, {}, details), 400, 'invalid_request', 'PAR-DETAILS-FORM');
            await pushes(201, { iat: now(), jti: randomUUID(), max_age: 60, login_hint: 'x' })();
        },
    ],
    interactionIdRequired: [
        false, async () => {
            taken(await named());
            taken(await asks({ 'x-fapi-interaction-id': 'x' }));
        },
        true, async () => {
            await assertRefused(await named(), 400, 'Resource.InvalidFormat', 'TPP-INTERACTION-ID');
            const odd = { 'x-fapi-interaction-id': randomUUID().replace(/(?<=^.{14})4/, '1') };
            await assertRefused(await named(odd), 400, 'Resource.InvalidFormat', 'TPP-INTERACTION-ID');
            await assertRefused(await asks(), 400, 'invalid_request', 'TPP-INTERACTION-ID');
            taken(await named(ID));
            taken(await asks(ID));
            taken(await tpp.call('POST', '/tpp-registration'));
        },
    ],
    consentReadToken: [
        'both', async () => taken(await readConsents(whole.access_token)),
        'client', async () => {
            await assertRefused(await readConsents(whole.access_token), 403, 'AccessToken.InvalidScope', 'TPP-SCOPE');
            taken(await readConsents(own));
        },
    ],
    patchJson: [
        true, patchesJson(taken),
        false, async () => {
            await patchesJson((reply) => assertRefused(reply, 415, '', 'TPP-MEDIA'))();
            const claims = { iss: tpp.clientId, aud: tpp.issuer, exp: now() + 300, nbf: now(), message: revocation };
            taken(await tpp.call('PATCH', await paymentConsent(), own,
                { text: await tpp.sign(claims), headers: { 'content-type': 'application/jwt' } }));
        },
    ],
    patchTerminal: [
        'accept', patchesEnded(taken),
        'refuse', patchesEnded((reply) => assertRefused(reply, 400, 'Consent.Invalid', 'TPP-CONSENT-ENDED')),
    ],
    idempotencyMismatch: [
        'stored', paysAnother(async (reply, first) =>
            assert.deepEqual((await payer.messageOf(reply, 201)).Data.PaymentId, first.PaymentId)),
        'conflict', paysAnother((reply) => assertRefused(reply, 409, 'GenericError', 'SIM-KEY-OTHER')),
    ],
    shortPaths: [true, readsShort(200), false, readsShort(404)],
    utilities: [false, utilities(404, 404), true, utilities(200, 400)],
    webhookRetries: [3, triesEvent(4), 0, triesEvent(1), 5, triesEvent(6)],
    accessTokenForm: [
        'opaque', async () => assert.equal((await tpp.ownToken('accounts')).includes('.'), false),
        'jwt', async () => {
            const { access_token: token, scope, consentId } = await tpp.connect();
            const { iat, exp, cnf, generation, ...claims } = part(token, 1);
            assert.equal(part(token, 0).typ, 'at+jwt');
            assert.deepEqual(claims, {
                iss: tpp.issuer, aud: tpp.resources, client_id: tpp.clientId, scope, consent_id: consentId,
            });
            assert.ok(exp - iat === 600 && cnf['x5t#S256'] && generation === 0);
            const accounts = (who, text) => who.call('GET', `${ACCOUNTS}/accounts`, text);
            taken(await accounts(tpp, token));
            taken(await accounts(tpp, whole.access_token)); // the other form stays good
            await assertRefused(await accounts(other, token), 401, '', 'TPP-TOKEN');
            const id = (await tpp.connect()).id_token; // signed by the same key
            const [head, , mark] = token.split('.');
            const body = Buffer.from(JSON.stringify({ ...part(token, 1), exp: exp + 600 })).toString('base64url');
            const own = { iss: tpp.issuer, client_id: tpp.clientId, ...part(token, 1) };
            for (const forged of [id, `${head}.${body}.${mark}`, await tpp.sign(own, { header: { typ: 'at+jwt' } })]) {
                await assertRefused(await accounts(tpp, forged), 401, '', 'TPP-TOKEN');
            }
            await ahead(demo, 601, async () => assertRefused(await accounts(tpp, token), 401, '', 'TPP-TOKEN'));
        },
    ],
    wwwAuthenticate: [false, challenges(undefined), true, challenges('Bearer error="invalid_token"')],
};

/** Those that the profile "strict" sets otherwise. */
const STRICT = {
    replayScope: 'global', requireIat: true, strictClaims: true, interactionIdRequired: true, consentReadToken: 'client',
    patchJson: false, patchTerminal: 'refuse', idempotencyMismatch: 'conflict', shortPaths: false, wwwAuthenticate: true,
};

test('the switches are all in the table, and as it says by themselves', async () => {
    assert.deepEqual(await switches(), Object.fromEntries(Object.entries(TABLE).map(([name, [value]]) => [name, value])));
    assert.equal(RETRY_MS.length, TABLE.webhookRetries[0]);
});

for (const [name, row] of Object.entries(TABLE)) {
    for (let i = 0; i < row.length; i += 2) {
        test(`switch ${name} at ${row[i]}`, () => switched({ [name]: row[i] }, row[i + 1]));
    }
}

test('the profile strict sets them together, and one beside it is set apart', async () => {
    const usual = await switches();
    await switched({ profile: 'strict' }, async () => assert.deepEqual(await switches(), { ...usual, ...STRICT }));
    await switched({ profile: 'strict', shortPaths: true, codeLife: 30 }, async () =>
        assert.deepEqual(await switches(), { ...usual, ...STRICT, shortPaths: true, codeLife: 30 }));
    assert.deepEqual(await switches(), usual);
});

test('a client that does all by the standard is served by the profile strict', async () => {
    await switched({ profile: 'strict' }, async () => {
        const headers = () => ({ 'x-fapi-interaction-id': randomUUID() });
        const send = async (endpoint, form) =>
            tpp.send('POST', tpp.metadata[endpoint], { form: await tpp.authenticated(form), headers: headers() });
        const times = { iat: now(), jti: randomUUID() };
        const { request } = await tpp.requestObject(accountAccess(), { claims: times });
        assert.equal((await send('pushed_authorization_request_endpoint', { request })).status, 201);
        const { json } = await send('token_endpoint', { grant_type: 'client_credentials', scope: 'accounts' });
        taken(await tpp.call('GET', `${ACCOUNTS}/account-access-consents?baseConsentId=x`, json.access_token,
            { headers: headers() }));
    });
});

for (const [wrong, message] of [
    [{ colour: 'red' }, /\$\.colour|additional|unknown/i], [{ parStatus: 202 }, /\$\.parStatus/],
    [{ codeLife: 0 }, /\$\.codeLife/], [{ replayScope: 'never' }, /\$\.replayScope/],
    [{ refreshRotation: 'on' }, /\$\.refreshRotation/], [{ profile: 'lax' }, /\$\.profile/],
]) {
    test(`refused as a switch: ${JSON.stringify(wrong)}`, async () => {
        const before = await switches();
        const { status, json } = await setSwitches(wrong);
        assert.deepEqual([status, json.errorCode], [400, 'SIM-BODY']);
        assert.match(json.errorMessage, message);
        assert.deepEqual(await switches(), before);
    });
}

test('none of this made the Hub break its own contract', () => assert.deepEqual(ownFaults(), []));
