// The Consent Manager: what the bank may read and change, and what is refused.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Bank, startHub } from './hub_support.mjs';

let hub, bank;
before(async () => {
    hub = await startHub();
    bank = new Bank(hub);
});
after(async () => {
    bank?.close();
    await hub?.stop();
});

const read = (consent) =>
    bank.consents('GET', `/consents/${consent.consentId}`, { provider: consent.providerId });
const statusOf = async (consent) => (await read(consent)).json.data.status;

test('a consent is shown as the TPP asked for it', async () => {
    const ExpirationDateTime = new Date(Date.now() + 3600_000).toISOString();
    const consent = await hub.newConsent({
        consent: { ExpirationDateTime, AccountType: ['Retail'], FromDate: '2026-01-01' },
    });
    const { status, json } = await read(consent);
    assert.equal(status, 200);
    assert.deepEqual(json.meta, {});
    assert.equal(json.data.id, consent.consentId);
    assert.equal(json.data.consentType, 'cbuae-account-access-consents');
    assert.equal(json.data.status, 'AwaitingAuthorization');
    const { Data } = json.data.consentBody;
    assert.equal(Data.ExpirationDateTime, ExpirationDateTime);
    assert.deepEqual(Data.AccountType, ['Retail']);
    assert.equal(Data.OpenFinanceBilling.UserType, 'Retail');
    assert.equal(typeof json.data.updatedAt, 'number');
});

test('impossible terms are refused at the TPP', async () => {
    for (const terms of [{ Permissions: [] }, { Colour: 'red' }, { ExpirationDateTime: 'soon' }, { ExpirationDateTime: '2020-01-01T00:00:00Z' }]) {
        const body = { providerId: 'dhowretail', type: 'data-sharing' };
        body.consent = { Permissions: ['ReadBalances'], ...terms };
        const { status, json } = await hub.script('POST', '/sim/consents', body);
        assert.equal(status, 400);
        assert.equal(json.errorCode, 'SIM-TERMS');
    }
});

test('an unknown consent and one of another Hub are the same to the bank', async () => {
    const consent = await hub.newConsent({ providerId: 'dhowbusiness' });
    const foreign = { ...consent, providerId: 'dhowretail' };
    const unknown = { providerId: 'dhowretail', consentId: randomUUID() };
    const replies = await Promise.all([read(foreign), read(unknown), bank.patch(foreign, {
        status: 'Rejected',
        psuIdentifiers: { userId: 'u' },
        authorizationChannel: 'Web',
    })]);
    for (const { status, json } of replies) {
        assert.equal(status, 400);
        assert.deepEqual(json, replies[0].json);
        assert.equal(json.errorCode, 'Consent.Invalid');
    }
    assert.equal(await statusOf(consent), 'AwaitingAuthorization');
});

const right = {
    status: 'Authorized',
    psuIdentifiers: { userId: 'user-1' },
    accountIds: ['account-1'],
    authorizationChannel: 'Web',
};
const { authorizationChannel, ...withoutChannel } = right;

const wrongPatches = {
    'no authorizationChannel': withoutChannel,
    'a channel that is none': { ...right, authorizationChannel: 'Branch' },
    'nested instead of dotted': { authorizationChannel, consentBody: { Data: { Status: 'Revoked' } } },
    'unknown member': { ...right, comment: 'thanks' },
    'unknown state': { ...right, status: 'Authorised' },
    'back to the start': { ...right, status: 'AwaitingAuthorization' },
    'no userId': { ...right, psuIdentifiers: {} },
    'no account': { ...right, accountIds: [] },
    'account that is no text': { ...right, accountIds: [1] },
    'a list': [right],
    'no JSON': '{"status":',
    'member twice': '{"authorizationChannel":"Web","authorizationChannel":"App"}',
    'open billing': {
        authorizationChannel,
        'consentBody.Data.OpenFinanceBilling': { IsLargeCorporate: true, Purpose: 'TaxFiling' },
    },
};

for (const [name, json] of Object.entries(wrongPatches)) {
    test(`PATCH refused: ${name}`, async () => {
        const consent = await hub.newConsent();
        const { status, json: body } = await bank.patch(consent, json);
        assert.equal(status, 400);
        assert.equal(body.errorCode, 'Body.InvalidFormat');
        const { consent: kept, findings, exchanges } = await hub.consent(consent.consentId);
        assert.equal(kept.status, 'AwaitingAuthorization');
        assert.deepEqual(findings.map(({ id }) => id), ['CONTRACT-REQUEST']);
        assert.equal(exchanges.at(-1).refused, 'CONTRACT-REQUEST');
        assert.equal(exchanges.at(-1).method, 'PATCH');
    });
}

test('PATCH refused: not said to be JSON', async () => {
    const consent = await hub.newConsent();
    const { status } = await bank.consents('PATCH', `/consents/${consent.consentId}`, {
        json: right,
        headers: { 'content-type': 'text/plain' },
    });
    assert.equal(status, 400);
    assert.equal(await statusOf(consent), 'AwaitingAuthorization');
});

test('PATCH refused: members of a payment', async () => {
    const consent = await hub.newConsent();
    const { status } = await bank.patch(consent, { authorizationChannel, ConnectToken: 'token' });
    assert.equal(status, 400);
    assert.deepEqual(await hub.findings(consent.consentId), ['PATCH-KIND']);
});

test('a terminal state stays', async () => {
    const consent = await hub.newConsent();
    await bank.decide(consent, 'Rejected');
    const { status, json } = await bank.patch(consent, right);
    assert.equal(status, 400);
    assert.equal(json.errorCode, 'Consent.BusinessRuleViolation');
    const revoke = await bank.consents('POST', `/consents/${consent.consentId}/action/revoke`, {
        json: { revokedBy: 'LFI' },
    });
    assert.equal(revoke.status, 400);
    assert.equal(await statusOf(consent), 'Rejected');
    assert.deepEqual(await hub.findings(consent.consentId), ['PATCH-STATE', 'REVOKE-MOVE']);
});

test('an authorization is kept and mirrored', async () => {
    const consent = await hub.newConsent();
    await bank.decide(consent, 'Authorized', { userId: 'user-2', accountIds: ['a', 'b'] });
    const { data } = (await read(consent)).json;
    assert.equal(data.status, 'Authorized');
    assert.equal(data.consentBody.Data.Status, 'Authorized');
    assert.deepEqual(data.psuIdentifiers, { userId: 'user-2' });
    assert.deepEqual(data.accountIds, ['a', 'b']);
    assert.equal(data.authorizationChannel, 'Web');
});

test('suspend, resume, revoke', async () => {
    const consent = await hub.newConsent();
    await bank.decide(consent, 'Authorized');
    for (const status of ['Suspended', 'Authorized']) {
        assert.equal((await bank.patch(consent, { status, authorizationChannel })).status, 204);
        assert.equal(await statusOf(consent), status);
    }
    const path = `/consents/${consent.consentId}/action/revoke`;
    for (const json of [{}, { revokedBy: 'Customer' }, { revokedBy: 'TPP.InitiatedByUser' }]) {
        assert.equal((await bank.consents('POST', path, { json })).status, 400);
    }
    const json = { revokedBy: 'LFI.InitiatedByUser', revokedByPsu: { userId: 'user-1' } };
    assert.equal((await bank.consents('POST', path, { json })).status, 204);
    const { data } = (await read(consent)).json;
    assert.equal(data.status, 'Revoked');
    assert.equal(data.consentBody.Data.RevokedBy, 'LFI.InitiatedByUser');
});

test('the audit trail lists what was done', async () => {
    const consent = await hub.newConsent();
    await bank.decide(consent, 'Authorized');
    await bank.patch(consent, { status: 'Suspended', authorizationChannel });
    const { status, json } = await bank.consents('GET', `/consents/${consent.consentId}/audit`);
    assert.equal(status, 200);
    assert.deepEqual(json.data.map(({ operation }) => operation), ['create', 'patch', 'patch']);
    assert.ok(json.data.every(({ fkId }) => fkId === consent.consentId));
    assert.deepEqual(JSON.parse(json.data[2].patch), { status: 'Suspended', authorizationChannel });
});

test('lists by user, by account and by group, in pages', async () => {
    const userId = randomUUID();
    const account = randomUUID();
    const root = await hub.newConsent();
    for (let i = 0; i < 3; i++) {
        const BaseConsentId = i === 0 ? undefined : root.consentId;
        const consent = i === 0 ? root : await hub.newConsent({ consent: { BaseConsentId } });
        await bank.decide(consent, 'Authorized', { userId, accountIds: [account, `other-${i}`] });
    }
    const elsewhere = await hub.newConsent({ providerId: 'dhowbusiness' });
    await bank.decide(elsewhere, 'Authorized', { userId, accountIds: [account] });

    for (const path of [`/psu/${userId}`, `/accounts/${account}`, `/consent-groups/${root.consentId}`]) {
        const { status, json } = await bank.consents('GET', `${path}/consents`);
        assert.equal(status, 200);
        assert.deepEqual(json.meta, { pageNumber: 1, pageSize: 25, totalPages: 1, totalRecords: 3 });
        assert.equal(json.data.length, 3);
    }
    const page = (query) => bank.consents('GET', `/psu/${userId}/consents?${query}`);
    const second = (await page('page=2&pageSize=2')).json;
    assert.equal(second.data.length, 1);
    assert.deepEqual(second.meta, { pageNumber: 2, pageSize: 2, totalPages: 2, totalRecords: 3 });
    assert.equal((await page('page=9')).json.data.length, 0);
    assert.equal((await page('status=Rejected')).json.meta.totalRecords, 0);
    assert.equal((await page('status=Authorized')).json.meta.totalRecords, 3);
    assert.equal((await page('consentType=cbuae-insurance-consents')).json.meta.totalRecords, 0);
    for (const bad of ['page=0', 'pageSize=0', 'page=x', 'page=1&page=1']) {
        assert.equal((await page(bad)).status, 400, bad);
    }
    const nobody = await bank.consents('GET', `/psu/${randomUUID()}/consents`);
    assert.deepEqual(nobody.json.data, []);
    assert.equal(nobody.json.meta.totalPages, 0);
});

test('all consents since a moment', async () => {
    const before = (await read(await hub.newConsent())).json.data.updatedAt;
    const consent = await hub.newConsent();
    await bank.decide(consent, 'Authorized');
    const { json } = await bank.consents('GET', `/consents?updatedAt=${before}`);
    assert.ok(json.data.some(({ id }) => id === consent.consentId));
    assert.ok(json.data.every(({ updatedAt }) => updatedAt > before));
});

test('revoking a group ends all of it', async () => {
    const root = await hub.newConsent();
    const next = await hub.newConsent({ consent: { BaseConsentId: root.consentId } });
    await bank.decide(root, 'Authorized');
    const path = `/consent-groups/${root.consentId}/consents/action/revoke`;
    assert.equal((await bank.consents('POST', path, { json: { revokedBy: 'LFI' } })).status, 204);
    assert.deepEqual([await statusOf(root), await statusOf(next)], ['Revoked', 'Revoked']);
});

test('operations that do not exist', async () => {
    assert.equal((await bank.consents('GET', '/nothing')).status, 404);
    const refused = await bank.consents('DELETE', '/consents');
    assert.equal(refused.status, 405);
    assert.equal(refused.headers.allow, 'GET');
    assert.equal((await bank.call('GET', '/consent-manager/nobody/consents')).status, 404);
    assert.equal((await bank.call('GET', '/elsewhere')).status, 404);
});
