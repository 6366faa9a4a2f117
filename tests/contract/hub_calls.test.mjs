// Calls of the simulated Hub to a bank: its own rules, what it sends, and how it judges the answer.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { Bank, readSubjects, send, startFakeBank, startHub } from './hub_support.mjs';

let hub, bank, fake;
before(async () => {
    hub = await startHub({ adjust: (config) => (config.hubs[1].offersValidate = true) });
    bank = new Bank(hub);
    fake = await startFakeBank(hub);
});
after(async () => {
    bank?.close();
    await fake?.stop();
    await hub?.stop();
});

const accounts = { data: [{ id: 'account-1' }], meta: { totalPages: 1, totalRecords: 1 } };
const ok = { status: 200, body: accounts };

const call = (consentId, path, more) =>
    hub.script('POST', '/sim/call', { consentId, method: 'GET', path, ...more });

async function authorized(options) {
    const consent = await hub.newConsent(options);
    await bank.decide(consent, 'Authorized', { userId: 'user-ä', accountIds: ['account-1', 'b'] });
    return consent;
}

test('a call carries certificate, token and all headers', async () => {
    fake.answer = () => ok;
    const { consentId } = await authorized();
    const { status, json } = await call(consentId, '/accounts');
    assert.equal(status, 200);
    assert.equal(json.status, 200);
    assert.deepEqual(json.body, accounts);
    assert.equal(json.headers['content-type'], 'application/json');

    const { ou, cn, o } = readSubjects()['hub/dhowretail'];
    assert.equal(fake.seen.subject.OU, ou);
    assert.equal(fake.seen.url, '/accounts?page=1&page-size=100&accountIds=account-1,b');
    const jwks = await send(`https://localhost:${hub.base + 14}/${ou}/${cn}/application.jwks`, {
        ca: readFileSync(hub.config.https.clientCa),
    });
    const { payload, protectedHeader } = await jwtVerify(
        fake.seen.headers.authorization.replace(/^Bearer /, ''),
        createLocalJWKSet(jwks.json),
        { algorithms: ['PS256'], typ: 'JOSE', audience: 'dhowretail', issuer: o, subject: ou },
    );
    assert.equal(protectedHeader.cty, 'json');
    assert.ok(payload.jti && payload.exp - payload.iat <= 30);

    const { headers } = fake.seen;
    const psu = JSON.parse(Buffer.from(headers['o3-psu-identifier'], 'base64'));
    assert.deepEqual(psu, { userId: 'user-ä' });
    assert.equal(headers['o3-psu-identifier'].length % 4, 0);
    assert.equal(headers['o3-provider-id'], 'dhowretail');
    assert.equal(headers['o3-consent-id'], consentId);
    assert.equal(headers['o3-api-operation'], 'GET');
    assert.match(headers['o3-api-uri'], /\/accounts$/);
    assert.equal(headers['o3-ozone-interaction-id'], json.interactionId);
    for (const name of ['org-id', 'client-id', 'software-statement-id']) {
        assert.ok(headers[`o3-caller-${name}`], name);
    }
    const { findings, exchanges, consent } = await hub.consent(consentId);
    assert.deepEqual(findings, []);
    assert.equal(exchanges.at(-1).interface, 'ozone-connect');
    assert.ok(consent.consentUsage.lastDataShared);
});

test("the TPP's query is passed on", async () => {
    fake.answer = () => ok;
    const { consentId } = await authorized();
    await call(consentId, '/accounts', { query: 'page=3&page-size=7' });
    assert.equal(fake.seen.url, '/accounts?page=3&page-size=7&accountIds=account-1,b');
    await call(consentId, '/accounts/account-1/balances', { query: 'page=2' });
    assert.equal(fake.seen.url, '/accounts/account-1/balances?page=2&page-size=100');
    await call(consentId, '/accounts/account-1');
    assert.equal(fake.seen.url, '/accounts/account-1');
});

test('what the consent does not cover is not asked', async () => {
    fake.answer = () => ok;
    fake.seen = null;
    const good = await authorized();
    const waiting = await hub.newConsent();
    const cases = [
        [waiting.consentId, '/accounts', 403, 'SIM-CONSENT-STATE'],
        [good.consentId, '/accounts/account-1/transactions', 403, 'SIM-PERMISSION'],
        [good.consentId, '/customer', 403, 'SIM-PERMISSION'],
        [good.consentId, '/accounts/c/balances', 403, 'SIM-ACCOUNT'],
        [good.consentId, '/hello', 403, 'SIM-OPERATION'],
        [good.consentId, '/nothing', 403, 'SIM-OPERATION'],
        ['unknown', '/accounts', 404, 'SIM-CONSENT-UNKNOWN'],
    ];
    for (const [consentId, path, status, id] of cases) {
        const reply = await call(consentId, path);
        assert.equal(reply.status, status, id);
        assert.equal(reply.json.errorCode, id);
    }
    assert.equal(fake.seen, null);
});

test('a wrong answer of the bank is a finding', async () => {
    const cases = [
        { status: 200, body: { data: [{ nickName: 'no id' }], meta: {} } },
        { status: 200, body: 'no json' },
        { status: 400, body: { errorMessage: 'no code' } },
        { status: 500, body: {} },
    ];
    for (const answer of cases) {
        fake.answer = () => answer;
        const { consentId } = await authorized();
        const { status, json } = await call(consentId, '/accounts');
        assert.equal(status, 200);
        assert.equal(json.status, answer.status);
        assert.deepEqual(json.body, answer.body);
        assert.deepEqual(await hub.findings(consentId), ['BANK-REPLY']);
    }
});

test('a TPP sees no more than its permission covers, and the bank is none the wiser', async () => {
    const account = {
        id: 'account-1',
        currency: 'AED',
        openingDate: '2020-01-31',
        accountNumbers: [{ schemeName: 'IBAN', identification: 'AE070999123456789012345' }],
    };
    fake.answer = () => ({ status: 200, body: { data: [account], meta: { totalPages: 1, totalRecords: 1 } } });
    const shown = async (...Permissions) => {
        const { consentId } = await authorized({ consent: { Permissions } });
        const [seen] = (await call(consentId, '/accounts')).json.body.data;
        assert.match((await hub.consent(consentId)).exchanges.at(-1).replyBody, /AE070999/);
        return seen;
    };
    assert.deepEqual(await shown('ReadAccountsBasic'), { id: 'account-1', currency: 'AED' });
    assert.deepEqual(await shown('ReadAccountsDetail'), account);
    assert.deepEqual(await shown('ReadAccountsBasic', 'ReadAccountsDetail'), account);
});

test('a right refusal of the bank is none', async () => {
    const errorCode = 'Consent.AccountTemporarilyBlocked';
    fake.answer = () => ({ status: 403, body: { errorCode, errorMessage: 'Blocked.' } });
    const { consentId } = await authorized();
    assert.equal((await call(consentId, '/accounts')).json.status, 403);
    assert.deepEqual(await hub.findings(consentId), []);
});

test('ids of accounts are encoded', async () => {
    fake.answer = () => ok;
    const consent = await hub.newConsent();
    await bank.decide(consent, 'Authorized', { accountIds: ['a&b=c', 'd e/f'] });
    await call(consent.consentId, '/accounts', { query: 'page=1&page-size=1' });
    assert.equal(fake.seen.url, '/accounts?page=1&page-size=1&accountIds=a%26b%3dc,d%20e%2ff');
});

test('a bank that offers it is asked before a consent is stored', async () => {
    const says = (data) => (fake.answer = () => ({ status: 200, body: { data, meta: {} } }));
    says({ status: 'valid' });
    const { consentId } = await hub.newConsent({ providerId: 'dhowbusiness' });
    assert.equal(fake.seen.url, '/consent/action/validate');
    assert.equal(fake.seen.method, 'POST');
    assert.equal(fake.seen.headers['o3-consent-id'], consentId);
    assert.equal(fake.seen.headers['o3-psu-identifier'], undefined);
    assert.equal(JSON.parse(fake.seen.body).id, consentId);
    assert.equal((await hub.consent(consentId)).exchanges[0].path, '/consent/action/validate');

    const request = {
        providerId: 'dhowbusiness',
        type: 'data-sharing',
        consent: { ConsentId: 'refused', Permissions: ['ReadStatements'] },
    };
    says({ status: 'invalid', code: 'UNSUPPORTED_CONSENT' });
    const { status, json } = await hub.script('POST', '/sim/consents', request);
    assert.equal(status, 422);
    assert.equal(json.body.data.code, 'UNSUPPORTED_CONSENT');
    assert.equal((await hub.script('GET', '/sim/consents/refused')).status, 404);

    fake.answer = () => ({ status: 500, body: {} });
    assert.equal((await hub.script('POST', '/sim/consents', request)).status, 422);
});

test('scripting calls with bad bodies', async () => {
    const cases = [
        ['/sim/call', { consentId: 'x', method: 'GET' }, 400, 'SIM-BODY'],
        ['/sim/call', { consentId: 'x', method: 'GET', path: '/a?b' }, 400, 'SIM-BODY'],
        ['/sim/call', { consentId: 'x', method: 'GET', path: '/a', more: 1 }, 400, 'SIM-BODY'],
        ['/sim/call', '{', 400, 'SIM-BODY'],
        ['/sim/consents', {}, 400, 'SIM-BODY'],
        ['/sim/consents', { providerId: 'x', type: 'data-sharing', consent: {} }, 400, 'SIM-PROVIDER'],
        ['/sim/consents', { providerId: 'dhowretail', type: 'pets', consent: {} }, 400, 'SIM-BODY'],
        ['/sim/consents', { providerId: 'dhowretail', type: 'payment', consent: {} }, 400, 'SIM-TERMS'],
        ['/sim/consents', { providerId: 'dhowretail', type: 'data-sharing', consent: {}, clientId: 'x' }, 400, 'SIM-CLIENT'],
        ['/sim/nothing', {}, 404, 'SIM-ROUTE'],
    ];
    for (const [path, body, status, id] of cases) {
        const reply = await hub.script('POST', path, body);
        assert.equal(reply.status, status, JSON.stringify(body));
        assert.equal(reply.json.errorCode, id);
    }
    const plain = await fetch(`${hub.url}/sim/call`, { method: 'POST', body: '{}' });
    assert.equal(plain.status, 415);
});

test('a bank that does not answer', async () => {
    const { consentId } = await authorized();
    await fake.stop();
    const { status, json } = await call(consentId, '/accounts');
    assert.equal(status, 502);
    assert.equal(json.errorCode, 'SIM-BANK-DOWN');
    fake = await startFakeBank(hub);
});
