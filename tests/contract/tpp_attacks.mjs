// What somebody who means harm sends to the side that TPPs see: tokens that are signed by other means,
// parameters where they do not belong, texts that would be headers or paths. None of it is accepted.
import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, createPublicKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { connect } from 'node:tls';
import { CompactSign } from 'jose';
import { CONTROL_PARAMETERS } from '../support/payments.mjs';
import { accountAccess, insuranceAccess, now, SERVICE_INITIATION, Tpp } from '../support/tpp.mjs';
import { assertRefused, demo, own, ownFaults, tpp, whole } from './tpp_shared.mjs';

const BASE = '/open-finance/account-information/v2.1';
const encode = (part) => Buffer.from(part).toString('base64url');
const claims = async () => (await tpp.requestObject(accountAccess())).claims;
const asserted = () => ({
    iss: tpp.clientId, sub: tpp.clientId, aud: tpp.issuer, jti: randomUUID(), iat: now(), exp: now() + 60,
});
const clientCredentials = (form) => tpp.token({ grant_type: 'client_credentials', scope: 'accounts', ...form });

/** A JWS whose secret is the published key of the TPP. */
function byPublicKey(payload, format) {
    const key = createPublicKey(readFileSync(tpp.signingKey));
    const secret = format === 'pem' ? key.export({ type: 'spki', format }) : key.export({ type: 'spki', format: 'der' });
    const text = `${encode(JSON.stringify({ alg: 'HS256', kid: tpp.kid }))}.${encode(JSON.stringify(payload))}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

for (const format of ['pem', 'der']) {
    test(`the published key (${format}) is no secret to sign with`, async () => {
        const client_assertion = byPublicKey(asserted(), format);
        await assertRefused(await clientCredentials({ client_assertion }), 400, 'invalid_client', 'CLIENT-ASSERTION-ALG');
        const request = byPublicKey(await claims(), format);
        await assertRefused(await tpp.push({ request }), 400, 'invalid_request_object', 'REQUEST-OBJECT-ALG');
    });
}

for (const header of [{ x5u: 'https://keys.example/' }, { x5c: ['AA=='] }, { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } }]) {
    test(`a key that comes with the token is not used: ${Object.keys(header)}`, async () => {
        const client_assertion = await tpp.assertion({ header });
        await assertRefused(await clientCredentials({ client_assertion }), 400, 'invalid_client', 'CLIENT-ASSERTION-KEY');
        const request = await tpp.sign(await claims(), { header });
        await assertRefused(await tpp.push({ request }), 400, 'invalid_request_object', 'REQUEST-OBJECT-KEY');
    });
}

test('a signature does not cover another header or payload', async () => {
    const [header, payload, signature] = (await tpp.assertion()).split('.');
    const changed = encode(JSON.stringify({ ...asserted(), exp: now() + 200 }));
    const heading = encode(JSON.stringify({ alg: 'PS256', kid: tpp.kid, typ: 'JWT' }));
    for (const parts of [[header, changed, signature], [heading, payload, signature], [header, payload, '']]) {
        const reply = await clientCredentials({ client_assertion: parts.join('.') });
        assert.equal(reply.status, 400, reply.text);
        assert.equal(reply.json.error, 'invalid_client');
    }
});

test('a genuine request object is good once when it names itself', async () => {
    const object = await tpp.requestObject(accountAccess(), { claims: { jti: randomUUID() } });
    assert.equal((await tpp.push(object)).status, 201);
    await assertRefused(await tpp.push(object), 400, 'invalid_request_object', 'REQUEST-OBJECT-REPLAY');
});

test('dates that are no dates of this century are refused', async () => {
    for (const iat of [1e308, 4e9, '1']) {
        const object = await tpp.requestObject(accountAccess(), { claims: { iat } });
        await assertRefused(await tpp.push(object), 400, 'invalid_request_object', 'REQUEST-OBJECT-IAT');
    }
});

test('the query of an endpoint is no form', async () => {
    const form = new URLSearchParams(await tpp.authenticated({ grant_type: 'client_credentials', scope: 'accounts' }));
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const reply = await tpp.send('POST', `${tpp.metadata.token_endpoint}?${form}`, { text: '', headers });
    await assertRefused(reply, 400, 'invalid_request', 'CLIENT-FORM');
    const object = await tpp.requestObject(accountAccess());
    const { pushed_authorization_request_endpoint: url } = tpp.metadata;
    const pushed = await tpp.send('POST', `${url}?request=${object.request}`, { form: await tpp.authenticated({}) });
    await assertRefused(pushed, 400, 'invalid_request', 'PAR-REQUEST');
});

test('each parameter comes once', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { pushed_authorization_request_endpoint: par, token_endpoint: token } = tpp.metadata;
    for (const [url, name] of [[par, 'request'], [par, 'client_assertion'], [token, 'scope'], [token, 'code_verifier']]) {
        const text = `${new URLSearchParams(await tpp.authenticated({}))}&${name}=a&${name}=b`;
        await assertRefused(await tpp.send('POST', url, { text, headers }), 400, 'invalid_request', 'CLIENT-FORM');
    }
});

test('authorization_details may be deep or long without harm', async () => {
    const deep = '['.repeat(5000) + ']'.repeat(5000);
    const payload = JSON.stringify(await claims()).replace('"Permissions":[', `"Colour":${deep},"Permissions":[`);
    const reply = await tpp.push({ request: await signText(payload) });
    await assertRefused(reply, 400, 'invalid_request_object', 'REQUEST-OBJECT-FORM');
    const Permissions = Array.from({ length: 5000 }, () => 'ReadBalances');
    const long = await tpp.push(await tpp.requestObject(accountAccess({ Permissions })));
    await assertRefused(long, 400, 'invalid_request', 'PAR-PERMISSIONS');
    assert.equal((await tpp.push(await tpp.requestObject(accountAccess()))).status, 201);
});

async function signText(payload) {
    const key = createPrivateKey(readFileSync(tpp.signingKey));
    return new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg: 'PS256', kid: tpp.kid }).sign(key);
}

test('a claim that comes twice is refused', async () => {
    const payload = JSON.stringify(await claims());
    const twice = payload.replace('{', `{"redirect_uri":"https://attacker.example/callback",`);
    await assertRefused(await tpp.push({ request: await signText(twice) }), 400, 'invalid_request_object',
        'REQUEST-OBJECT-FORM');
});

/** What would end a header, or be cut or read as something else on its way. */
const LINE = '\r\no3-psu-identifier: attacker';
const CONTROLS = [LINE, '\no3-psu-identifier: attacker', '\r', '\u0000', '\u007f', '\t'];

const insurer = await Tpp.start(demo, { providerId: 'dhowinsurance' });
after(() => insurer.close());
const payment = (change) => ({ type: SERVICE_INITIATION, consent: {
    ConsentId: randomUUID(), ControlParameters: CONTROL_PARAMETERS.SingleInstantPayment,
    PersonalIdentifiableInformation: 'e30.AA.AA.AA.AA', PaymentPurposeCode: 'ACM',
    ExpirationDateTime: new Date(Date.now() + 30 * 86_400_000).toISOString(), ...change,
} });
/** Of each kind: the client, its details with members changed, and members that are texts of a given form. */
const KINDS = [
    ['accounts', tpp, accountAccess, (line) => [
        { OpenFinanceBilling: { UserType: `Retail${line}`, Purpose: 'AccountAggregation' } },
        { Permissions: [`ReadBalances${line}`] }, { ExpirationDateTime: `2027-01-01T00:00:00Z${line}` }]],
    ['payments', tpp, payment, (line) => [{ PaymentPurposeCode: `ACM${line}` },
        { PersonalIdentifiableInformation: `e30.AA.AA.AA.AA${line}` }, { ExpirationDateTime: `2027-01-01T00:00:00Z${line}` },
        { Permissions: [`ReadRefundAccount${line}`] }]],
    ['insurance', insurer, insuranceAccess, (line) => [{ OpenFinanceBilling: { Purpose: `PremiumHistory${line}` } },
        { ExpirationDateTime: `2027-01-01T00:00:00Z${line}` },
        { Permissions: [{ InsuranceType: `Motor${line}`, Permissions: ['ReadInsurancePolicies'] }] }]],
];
for (const [kind, who, details, others] of KINDS) {
    test(`lines and control characters in a consent to ${kind} become no headers for the bank`, async () => {
        for (const line of CONTROLS) {
            for (const change of [{ ConsentId: randomUUID() + line }, { BaseConsentId: randomUUID() + line }, ...others(line)]) {
                const { status, json, text } = await who.push(await who.requestObject(details(change)));
                assert.equal(status, 400, `${JSON.stringify(change)}: ${text}`);
                const isNul = line === '\u0000'; // which no JSON of ours may hold
                assert.equal(json.error, isNul ? 'invalid_request_object' : 'invalid_request', JSON.stringify(change));
                assert.doesNotMatch(JSON.stringify(json), /attacker: /);
            }
        }
    });
}

test('nor do those in quotes of exchange and in accounts to open', async () => {
    const quote = { QuoteReference: randomUUID(), TransactionType: 'Spot', UnitCurrency: 'AED', QuotedCurrency: 'INR',
        TradeAmount: { Amount: '500.00', Currency: 'AED' } };
    const account = { Account: { SchemeName: 'IBAN', Identification: 'AE070331234567890123456', Name: 'Huda Salem' } };
    const [fx, opening] = await Promise.all(['fx', 'account-opening'].map((scope) => tpp.ownToken(scope)));
    const sign = (Data) => tpp.sign({ iss: tpp.clientId, aud: [tpp.issuer], iat: now(), nbf: now() - 10, exp: now() + 300, message: { Data } });
    const headers = { 'content-type': 'application/jwt' };
    for (const line of CONTROLS) {
        const reference = quote.QuoteReference + line; // a text of up to 37 characters, which comes back as it is
        const named = await tpp.call('POST', '/open-finance/fx/v2.1/fx-quotes', fx, { json: { Data: { ...quote, QuoteReference: reference } } });
        assert.ok(named.status === 400 || (named.status === 201 && named.json.Data.QuoteReference === reference), named.text);
        for (const change of [{ UnitCurrency: `AED${line}` }, { TransactionType: `Spot${line}` },
            { TradeAmount: { Amount: `500.00${line}`, Currency: 'AED' } }]) {
            const reply = await tpp.call('POST', '/open-finance/fx/v2.1/fx-quotes', fx, { json: { Data: { ...quote, ...change } } });
            assert.deepEqual([reply.status, reply.json?.Errors[0].Code], [400, 'Body.InvalidFormat'], reply.text);
        }
        for (const change of [{ LinkedOperations: { FxQuoteId: randomUUID() + line } },
            { Account: { ...account.Account, SchemeName: `IBAN${line}` } }]) {
            const text = await sign({ ...account, ...change });
            const reply = await tpp.call('POST', '/open-finance/account-opening/v2.1/accounts', opening, { text, headers });
            assert.equal(reply.status, 400, JSON.stringify(change));
        }
    }
    for (const path of ['/open-finance/fx/v2.1/fx-quotes', '/open-finance/account-opening/v2.1/accounts']) {
        const { status } = await tpp.call('GET', `${path}/x%0d%0ao3-consent-id:%20x`, path.includes('fx') ? fx : opening);
        assert.ok([400, 404].includes(status), `${path}: ${status}`);
    }
});

/** The status of a request that is written byte for byte. */
function sendRaw(path, lines) {
    const { host, hostname, port } = new URL(tpp.resources);
    return new Promise((resolve, reject) => {
        const socket = connect({ host: hostname, port, servername: hostname, ca: tpp.agent.options.ca,
            cert: tpp.agent.options.cert, key: tpp.agent.options.key });
        let text = '';
        socket.on('data', (chunk) => (text += chunk));
        socket.on('error', reject);
        socket.on('close', () => resolve(Number(text.split(' ', 2)[1])));
        socket.write([`GET ${new URL(tpp.resources).pathname}${path} HTTP/1.1`, `host: ${host}`, 'connection: close', ...lines, '', ''].join('\r\n'));
    });
}

test('control characters in a header that is told to the bank are refused', async () => {
    const bearer = `authorization: Bearer ${whole.access_token}`;
    assert.equal(await sendRaw(`${BASE}/accounts`, [bearer, 'x-fapi-customer-ip-address: 192.0.2.1']), 200);
    for (const text of ['192.0.2.1\rx: y', '192.0.2.1\u0000', '192.0.2.1\u0001', '192.0.2.1\r\n o3-psu-identifier: attacker']) {
        assert.equal(await sendRaw(`${BASE}/accounts`, [bearer, `x-fapi-customer-ip-address: ${text}`]), 400, JSON.stringify(text));
    }
});

test('lines in what the TPP app is asked become no headers either', async () => {
    const ask = async (path, body) => {
        const reply = await fetch(`${demo.hub.baseUrl}/tpp/app/${path}`, {
            method: 'POST', headers: { 'content-type': 'application/json', connection: 'close' }, body: JSON.stringify(body) });
        return { status: reply.status, text: await reply.text() };
    };
    const terms = { Permissions: ['ReadAccountsBasic'], ExpirationDateTime: new Date(Date.now() + 30 * 86_400_000).toISOString() };
    const consent = { providerId: 'dhowretail', clientId: tpp.clientId, consent: terms };
    const payee = { providerId: 'dhowretail', clientId: tpp.clientId, iban: 'AE070331234567890123456', name: { FullName: 'Huda Salem' } };
    const id = randomUUID();
    assert.equal((await ask('consents', consent)).status, 201);
    for (const line of CONTROLS) {
        const wrong = [
            ['consents', { ...consent, providerId: `dhowretail${line}` }], ['consents', { ...consent, clientId: tpp.clientId + line }],
            ['consents', { ...consent, consent: { ...terms, BaseConsentId: id + line } }],
            ['consents', { ...consent, consent: { ...terms, Permissions: [`ReadAccountsBasic${line}`] } }],
            ['consents', { ...consent, subscription: { Webhook: { Url: `https://tpp.example/${line}`, IsActive: true } } }],
            ['arrivals', { query: `code=x&state=${id}${line}` }],
            ['reads', { consentId: id + line, path: '/accounts' }], ['reads', { consentId: id, path: `/accounts${line}` }],
            ['reads', { consentId: id, path: '/accounts', query: `a=b${line}` }],
            ['payments', { consentId: id, key: randomUUID() + line, data: {} }],
            ['payments', { consentId: id, key: randomUUID(), data: {}, authDate: `now${line}` }],
            ['payees', { ...payee, providerId: `dhowretail${line}` }], ['payees', { ...payee, clientId: tpp.clientId + line }],
        ];
        for (const [path, body] of wrong) {
            const { status, text } = await ask(path, body);
            assert.ok(status >= 400 && status !== 500, `${path} ${JSON.stringify(body)}: ${status} ${text}`);
        }
    }
});

test('the Authorization header comes once', async () => {
    const url = `${tpp.resources}${BASE}/accounts`;
    const bearer = `Bearer ${whole.access_token}`;
    for (const authorization of [[bearer, bearer], [bearer, 'Bearer x'], ['Basic eDp4', bearer]]) {
        await assertRefused(await tpp.send('GET', url, { headers: { authorization } }), 401, '', 'TPP-TOKEN');
    }
});

test('what else the Hub or the TPP has signed is no access token', async () => {
    const { request } = await tpp.requestObject(accountAccess());
    for (const token of [whole.id_token, request, await tpp.assertion(), `${whole.access_token}x`]) {
        await assertRefused(await tpp.call('GET', `${BASE}/accounts`, token), 401, '', 'TPP-TOKEN');
    }
});

test('an id that is a path leads nowhere else', async () => {
    for (const id of ['..%2f..%2fsim%2fconsents', '%2e%2e', '..%5c..', 'x%0d%0ao3-consent-id:%20x', `${'x'.repeat(3000)}`]) {
        for (const path of [`/accounts/${id}/balances`, `/account-access-consents/${id}`]) {
            const token = path.startsWith('/accounts') ? whole.access_token : own;
            const { status, text } = await tpp.call('GET', `${BASE}${path}`, token);
            assert.ok([400, 403, 404, 414].includes(status), `${path.slice(0, 80)}: ${status} ${text}`);
        }
    }
});

test('methods that are not offered are refused at every endpoint', async () => {
    const { pushed_authorization_request_endpoint: par, token_endpoint: token, jwks_uri: keys } = tpp.metadata;
    for (const url of [par, token]) {
        for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
            await assertRefused(await tpp.send(method, url), 405, '', 'ROUTE-METHOD');
        }
    }
    for (const method of ['POST', 'PUT', 'DELETE']) {
        const { status, text } = await tpp.send(method, keys);
        assert.equal(status, 405, `${method}: ${text}`);
    }
});

test('none of this made the Hub break its own contract', () => assert.deepEqual(ownFaults(), []));
