// The Hub's resource server: accounts as a TPP reads them under a customer's consent, the consents
// themselves, and what is refused.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { HubClient } from '../support/client.mjs';
import { accountAccess, now, Tpp } from '../support/tpp.mjs';
import { assertRefused, demo, other, own, ownFaults, tpp, whole } from './tpp_shared.mjs';

const BASE = '/open-finance/account-information/v2.1';
const hub = new HubClient(demo, 'dhowretail');
after(() => hub.close());

const get = (path, { token = whole.access_token, ...more } = {}) => tpp.call('GET', `${BASE}${path}`, token, more);

async function read(path, more) {
    const { status, json, text, headers } = await get(path, more);
    assert.equal(status, 200, `${path}: ${text}`);
    assert.match(headers['x-fapi-interaction-id'], /^[0-9a-f-]{36}$/);
    assert.ok(json.Links.Self);
    return json;
}

const accounts = async () => (await read('/accounts')).Data.Account;

// --- reading ------------------------------------------------------------------------------------

test('accounts have the names of the standard, and nothing else', async () => {
    const json = await read('/accounts');
    const [account] = json.Data.Account;
    assert.deepEqual(Object.keys(json).sort(), ['Data', 'Links', 'Meta']);
    assert.equal(json.Links.Self, `${tpp.resources}${BASE}/accounts`);
    assert.equal(json.Meta.TotalPages, 1);
    assert.match(account.AccountId, /^.{1,40}$/);
    assert.ok(account.AccountIdentifiers.length > 0);
    for (const name of Object.keys(account)) {
        assert.match(name, /^[A-Z]/);
    }
    const one = await read(`/accounts/${account.AccountId}`);
    const { AccountId, ...rest } = account;
    assert.equal(one.Data.AccountId, AccountId);
    assert.deepEqual(one.Data.Account, rest);
});

test('everything that the bank serves of an account is there, in the standard\'s form', async () => {
    const kinds = { balances: 'Balance', transactions: 'Transaction', beneficiaries: 'Beneficiary',
        'direct-debits': 'DirectDebit', 'scheduled-payments': 'ScheduledPayment', 'standing-orders': 'StandingOrder',
        product: 'Product', parties: 'Party', statements: 'Statements' };
    const seen = new Set();
    for (const { AccountId } of await accounts()) {
        for (const [path, name] of Object.entries(kinds)) {
            const reply = await get(`/accounts/${AccountId}/${path}`);
            if (reply.status === 200) {
                assert.equal(reply.json.Data.AccountId, AccountId);
                assert.ok(Array.isArray(reply.json.Data[name]), path);
                assert.ok(Number.isInteger(reply.json.Meta.TotalPages));
                reply.json.Data[name].length > 0 && seen.add(path);
            }
        }
    }
    const expected = Object.keys(kinds).filter((path) => path !== 'direct-debits'); // this customer has none
    assert.deepEqual([...seen].sort(), expected.sort(), 'each has records somewhere');
    const { Data } = await read('/parties');
    assert.ok(Data.Party.PartyId);
    assert.deepEqual(ownFaults(), []);
});

test('pages of transactions lead from one to the next, without loss or duplicates', async () => {
    const ids = [];
    const [first] = await accounts();
    let pages = 0;
    for (let next = `/accounts/${first.AccountId}/transactions`; next; pages++) {
        const { json } = next.startsWith('https:') ? await tpp.call('GET', next, whole.access_token) : await get(next);
        ids.push(...json.Data.Transaction.map(({ TransactionId }) => TransactionId));
        assert.equal('Prev' in json.Links, pages > 0);
        next = json.Links.Next;
        assert.ok(next || pages + 1 >= json.Meta.TotalPages);
    }
    assert.ok(pages > 1, 'the account has several pages');
    assert.equal(new Set(ids).size, ids.length);
    const { json } = await hub.call('GET', `/accounts/${first.AccountId}/transactions`, {
        query: { page: 1, 'page-size': 100 }, userId: await userId(), consentId: whole.consentId,
    });
    assert.equal(ids.length, json.meta.totalRecords);
});

async function userId() {
    const reply = await fetch(`${demo.hub.baseUrl}/sim/consents/${whole.consentId}`);
    return (await reply.json()).consent.psuIdentifiers.userId;
}

test('a JWT has the message that JSON would have, signed with a published key', async () => {
    const [{ AccountId }] = await accounts();
    const path = `/accounts/${AccountId}/balances`;
    const { status, headers, text } = await get(path, { headers: { accept: 'application/jwt' } });
    assert.equal(status, 200);
    assert.match(headers['content-type'], /^application\/jwt/);
    const { keys } = (await tpp.send('GET', tpp.metadata.jwks_uri)).json;
    const { payload } = await jwtVerify(text, createLocalJWKSet({ keys }), {
        issuer: tpp.issuer, audience: tpp.clientId, algorithms: ['PS256'],
    });
    assert.deepEqual(payload.message, await read(path));
});

test('the short address serves the same, and keeps to itself in its links', async () => {
    const { json } = await tpp.call('GET', '/open-finance/v2.1/accounts', whole.access_token);
    assert.equal(json.Links.Self, `${tpp.resources}/open-finance/v2.1/accounts`);
    assert.deepEqual(json.Data, (await read('/accounts')).Data);
});

test('the interaction id of the TPP comes back, and reaches the bank', async () => {
    const id = randomUUID();
    const { headers } = await get('/accounts', { headers: { 'x-fapi-interaction-id': id } });
    assert.equal(headers['x-fapi-interaction-id'], id);
    const { exchanges } = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${whole.consentId}`)).json();
    assert.ok(JSON.stringify(exchanges).includes(id));
    const odd = await get('/accounts', { headers: { 'x-fapi-interaction-id': 'x' } });
    assert.equal(odd.status, 200);
    assert.match(odd.headers['x-fapi-interaction-id'], /^[0-9a-f-]{36}$/);
});

test('permissions decide which members a TPP sees', async () => {
    const { access_token: token } = await tpp.connect(accountAccess({ Permissions: ['ReadAccountsBasic'] }));
    const { Data } = await read('/accounts', { token });
    assert.equal('AccountIdentifiers' in Data.Account[0], false);
    const path = `/accounts/${Data.Account[0].AccountId}/balances`;
    await assertRefused(await get(path, { token }), 403, 'AccessToken.InvalidScope', 'TPP-PERMISSION');
});

// --- refusals -----------------------------------------------------------------------------------

test('calls without a good token are refused without a body', async () => {
    const stranger = await Tpp.start(demo, { certificate: {} });
    const business = await Tpp.start(demo, { providerId: 'dhowbusiness' });
    const path = `${BASE}/accounts`;
    const url = `${tpp.resources}${path}`;
    const answers = [
        tpp.call('GET', path),
        tpp.call('GET', path, 'x'),
        tpp.call('GET', path, whole.refresh_token),
        tpp.send('GET', url, { headers: { authorization: whole.access_token } }),
        tpp.send('GET', `${url}?access_token=${whole.access_token}`),
        stranger.call('GET', path, whole.access_token), // no certificate
        other.call('GET', path, whole.access_token), // another certificate
        business.call('GET', path, whole.access_token), // another Hub
    ];
    for (const answer of answers) {
        await assertRefused(await answer, 401, '', 'TPP-TOKEN');
    }
    const lower = await tpp.send('GET', url, { headers: { authorization: `bearer ${whole.access_token}` } });
    assert.equal(lower.status, 200);
    for (const one of [stranger, business]) {
        one.close();
    }
});

test('what a token does not open is refused by name', async () => {
    const payments = await tpp.ownToken('openid payments');
    const cases = [
        ['/accounts', payments, 403, 'AccessToken.InvalidScope', 'TPP-SCOPE'],
        ['/accounts', own, 403, 'AccessToken.InvalidScope', 'TPP-SCOPE'],
        [`/accounts/${randomUUID()}/balances`, whole.access_token, 403, 'Consent.PermanentAccountAccessFailure',
            'TPP-ACCOUNT'],
        ['/accounts/x/transactions?fromBookingDateTime=yesterday', whole.access_token, 400, 'Resource.InvalidFormat',
            'TPP-REQUEST'],
    ];
    for (const [path, token, ...expected] of cases) {
        await assertRefused(await get(path, { token }), ...expected);
    }
});

test('other addresses, methods, types and versions are refused without a body', async () => {
    const token = whole.access_token;
    const answers = [
        [tpp.call('GET', `${BASE}/nothing`, token), 404, 'ROUTE-PATH'],
        [tpp.call('GET', '/open-finance/account-information/v1.2/accounts', token), 404, 'ROUTE-PATH'],
        [tpp.call('POST', `${BASE}/accounts`, token, { json: {} }), 405, 'ROUTE-METHOD'],
        [get('/accounts', { headers: { accept: 'text/html' } }), 406, 'TPP-ACCEPT'],
        [tpp.call('PATCH', `${BASE}/account-access-consents/${whole.consentId}`, own, { text: 'x' }), 415, 'TPP-MEDIA'],
    ];
    for (const [answer, status, id] of answers) {
        await assertRefused(await answer, status, '', id);
    }
});

// --- consents -----------------------------------------------------------------------------------

const CONSENTS = `${BASE}/account-access-consents`;

test('a TPP reads its own consents, and no others', async () => {
    const base = await tpp.connect();
    const next = await tpp.connect(accountAccess({ BaseConsentId: base.consentId }));
    const { json } = await tpp.call('GET', `${CONSENTS}/${next.consentId}`, own);
    assert.equal(json.Data.ConsentId, next.consentId);
    assert.equal(json.Data.Status, 'Authorized');
    assert.equal(json.Links.Self, `${tpp.resources}${CONSENTS}/${next.consentId}`);
    const list = await tpp.call('GET', `${CONSENTS}?baseConsentId=${base.consentId}`, own);
    assert.deepEqual(list.json.map(({ Data }) => Data.ConsentId), [next.consentId, base.consentId]);
    const none = await tpp.call('GET', `${CONSENTS}?baseConsentId=x`, own);
    assert.deepEqual(none.json, []);
    const stranger = await other.call('GET', `${CONSENTS}/${next.consentId}`, await other.ownToken('accounts'));
    await assertRefused(stranger, 400, 'Consent.Invalid', 'TPP-CONSENT');
});

test('a consent that the TPP takes back ends its tokens, and the bank is told', async () => {
    const { consentId, access_token: token, refresh_token } = await tpp.connect();
    const patch = { Data: { Status: 'Revoked', RevokedBy: 'TPP.InitiatedByUser' } };
    const revoke = () => tpp.call('PATCH', `${CONSENTS}/${consentId}`, own, { json: patch });
    assert.equal((await revoke()).status, 204);
    await assertRefused(await get('/accounts', { token }), 400, 'Consent.Invalid', 'TPP-CONSENT');
    const refreshed = await tpp.token({ grant_type: 'refresh_token', refresh_token });
    await assertRefused(refreshed, 400, 'invalid_grant', 'GRANT-ENDED');
    const shown = (await tpp.call('GET', `${CONSENTS}/${consentId}`, own)).json.Data;
    assert.deepEqual([shown.Status, shown.RevokedBy], ['Revoked', 'TPP.InitiatedByUser']);
    assert.equal((await revoke()).status, 204, 'what has ended stays as it is');
});

test('a change of a consent may be signed, and must be what the standard says', async () => {
    const { consentId } = await tpp.connect();
    const times = { nbf: 0, exp: now() + 300 };
    const message = { Subscription: { Webhook: { Url: 'https://tpp.example/hook', IsActive: false } } };
    const send = async (claims, how) =>
        tpp.call('PATCH', `${CONSENTS}/${consentId}`, own, {
            text: await tpp.sign({ iss: tpp.clientId, aud: [tpp.issuer], ...times, message, ...claims }, how),
            headers: { 'content-type': 'application/jwt' },
        });
    assert.equal((await send({})).status, 204);
    const { json } = await tpp.call('GET', `${CONSENTS}/${consentId}`, own);
    assert.deepEqual(json.Subscription, message.Subscription);
    const cases = [
        [{ iss: 'x' }, {}, 'JWS.InvalidClaim', 'JWS-ISS'],
        [{ aud: 'x' }, {}, 'JWS.InvalidClaim', 'JWS-AUD'],
        [{ exp: now() - 60 }, {}, 'JWS.InvalidClaim', 'JWS-EXP'],
        [{ message: undefined }, {}, 'Body.InvalidFormat', 'TPP-BODY'],
        [{ message: { Data: { Status: 'Authorized' } } }, {}, 'Body.InvalidFormat', 'TPP-BODY'],
        [{ message: { Colour: 'red' } }, {}, 'Body.InvalidFormat', 'TPP-BODY'],
        [{}, { key: other.signingKey }, 'JWS.InvalidSignature', 'JWS-SIGNATURE'],
        [{}, { header: { kid: other.kid } }, 'JWS.InvalidSignature', 'JWS-KID'],
        [{}, { header: { kid: undefined } }, 'JWS.InvalidSignature', 'JWS-KID'],
        [{}, { header: { typ: 'x' } }, 'JWS.InvalidHeader', 'JWS-TYP'],
        [{}, { header: { alg: 'RS256' } }, 'JWS.InvalidHeader', 'JWS-ALG'],
        [{}, { header: { jku: 'https://keys.example/' } }, 'JWS.InvalidHeader', 'JWS-KEY'],
        [{}, { header: { crit: ['b64'], b64: true } }, 'JWS.InvalidHeader', 'JWS-CRIT'],
        [{ exp: undefined }, {}, 'JWS.InvalidClaim', 'JWS-EXP'],
        [{ nbf: now() + 60 }, {}, 'JWS.InvalidClaim', 'JWS-NBF'],
        [{ iat: now() + 60 }, {}, 'JWS.InvalidClaim', 'JWS-IAT'],
    ];
    for (const [claims, how, code, id] of cases) {
        await assertRefused(await send(claims, how), 400, code, id);
    }
    const malformed = await tpp.call('PATCH', `${CONSENTS}/${consentId}`, own,
        { text: 'x.y', headers: { 'content-type': 'application/jwt' } });
    await assertRefused(malformed, 400, 'JWS.Malformed', 'JWS-FORM');
});
