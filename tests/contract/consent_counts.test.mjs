// The operator's report of consents by version of the standard, type and TPP, counted from the simulator's list: retail
// serves v2.1 and v2.2, business v2.1 alone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';
import { CONTROL_PARAMETERS, piiOf } from '../support/payments.mjs';
import { Bank } from './hub_support.mjs';

const BOTH = ['v2.1', 'v2.2'];
const DAY_MS = 86_400_000;
const accountAccess = (version) => `urn:openfinanceuae:account-access-consent:${version}`;

let demo;
let bank;

before(async () => {
    demo = await startDemo({
        adjustServer: `.providers[0].offers.standardVersions = ${JSON.stringify(BOTH)}
            | (.providers[] | select(.id == "dhowprivate")) |= del(.consentManager, .heimdall, .authorizePath)`,
    });
    bank = new Bank({ base: demo.portBase, config: { https: { clientCa: demo.ozoneConnect.caFile } } }, { who: demo.bank });
});

after(async () => {
    bank?.close();
    await demo?.stop();
});

async function count(provider, query = {}, headers = undefined) {
    const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    const reply = await fetch(`${demo.adminBaseUrl}/operator/${provider}/consents?${new URLSearchParams(query)}`, {
        headers: headers ?? { authorization: `Bearer ${token}`, connection: 'close' },
    });
    return { status: reply.status, json: await reply.json() };
}

async function counted(provider, query) {
    const { status, json } = await count(provider, query);
    assert.equal(status, 200, JSON.stringify(json));
    return json;
}

async function simulate(method, path, body) {
    const reply = await fetch(`${demo.hub.baseUrl}${path}`, {
        method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json', connection: 'close' },
    });
    assert.ok(reply.ok, `${method} ${path}: ${reply.status}`);
}

/** The day in the Gulf, so many days from now. */
const gulfDay = (days = 0) => new Date(Date.now() + 4 * 3_600_000 + days * DAY_MS).toISOString().slice(0, 10);

const make = (providerId, version) =>
    newConsent(demo, ['ReadAccountsBasic'], { providerId, type: accountAccess(version) });

test('a bank without consents has nothing to count', async () => {
    const { createdFrom, createdTo, ...rest } = await counted('dhowretail');
    assert.deepEqual(rest, { active: 0, activeOlder: 0, created: 0, counts: [] });
    const days = (Date.parse(createdTo) - Date.parse(createdFrom)) / DAY_MS;
    assert.equal(days, 89);
});

test('consents are counted by version, TPP and status', async () => {
    const older = await make('dhowretail', 'v2.1');
    await make('dhowretail', 'v2.1');
    for (let i = 0; i < 3; i++) {
        await make('dhowretail', 'v2.2');
    }
    const before = await counted('dhowretail');
    assert.deepEqual([before.active, before.activeOlder, before.created], [5, 2, 5]);
    assert.deepEqual(before.counts.map(({ version, type, active, activeOlder, created, statuses }) =>
        [version, type, active, activeOlder, created, statuses]), [
        ['v2.1', 'cbuae-account-access-consents', 2, 2, 2, { AwaitingAuthorization: 2 }],
        ['v2.2', 'cbuae-account-access-consents', 3, 0, 3, { AwaitingAuthorization: 3 }],
    ]);
    const known = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${older.consentId}`)).json();
    assert.deepEqual(before.counts.map(({ tpp, name }) => [tpp, name]),
        [1, 2].map(() => [known.consent.tpp.orgId, known.consent.tpp.tppName]));

    const revoked = await bank.consents('POST', `/consents/${older.consentId}/action/revoke`, { json: { revokedBy: 'LFI' } });
    assert.equal(revoked.status, 204, revoked.text);
    const since = await counted('dhowretail');
    assert.deepEqual([since.active, since.activeOlder, since.created], [4, 1, 5]);
    assert.deepEqual(since.counts[0].statuses, { AwaitingAuthorization: 1, Revoked: 1 });
});

test('a list of several pages is read to its end', async () => {
    const before = await counted('dhowbusiness');
    for (let i = 0; i < 101; i++) {
        await make('dhowbusiness', 'v2.1');
    }
    const { active, activeOlder } = await counted('dhowbusiness');
    assert.equal(active, before.active + 101);
    assert.equal(activeOlder, 0); // v2.1 is the newest that it serves
});

test('consents of two types have a row each', async () => {
    await newConsent(demo, ['ReadAccountsBasic'], {
        providerId: 'dhowbusiness', type: 'payment', ControlParameters: CONTROL_PARAMETERS.SingleInstantPayment,
        PersonalIdentifiableInformation: piiOf(), PaymentPurposeCode: 'ACM', ExpirationDateTime: `${gulfDay(30)}T12:00:00Z`,
    });
    const { counts } = await counted('dhowbusiness');
    assert.deepEqual(counts.map(({ version, type }) => [version, type]), [
        ['v2.1', 'cbuae-account-access-consents'],
        ['v2.1', 'cbuae-service-initiation-consents'],
    ]);
    assert.deepEqual(counts[1].statuses, { AwaitingAuthorization: 1 });
});

test('a period counts what was created in it, to its last day', async () => {
    const today = gulfDay();
    const of = async (createdFrom, createdTo) => {
        const told = await counted('dhowretail', { createdFrom, createdTo });
        assert.deepEqual([told.createdFrom, told.createdTo], [createdFrom, createdTo]);
        return [told.created, told.active];
    };
    assert.deepEqual(await of(gulfDay(-1), gulfDay(1)), [5, 4]);
    assert.deepEqual(await of(gulfDay(-9), gulfDay(-2)), [0, 4]);
    assert.deepEqual(await of(gulfDay(2), gulfDay(9)), [0, 4]);
    assert.equal((await counted('dhowretail', { createdTo: today })).createdFrom, gulfDay(-89));
});

test('what cannot be counted is refused', async () => {
    for (const [provider, query, status, message] of [
        ['dhowretail', { createdFrom: 'May' }, 400, /createdFrom/],
        ['dhowretail', { createdFrom: '2026-02-30' }, 400, /createdFrom/],
        ['dhowretail', { createdFrom: '2026-03-02', createdTo: '2026-03-01' }, 400, /createdFrom is after createdTo/],
        ['dhowretail', { createdFrom: '2999-01-01' }, 400, /or after today/],
        ['nobody', {}, 404, /no such provider/],
        ['dhowprivate', {}, 409, /calls no Consent Manager/],
    ]) {
        const told = await count(provider, query);
        assert.equal(told.status, status, JSON.stringify(told.json));
        assert.match(told.json.errorMessage, message);
    }
    assert.equal((await count('dhowretail', {}, { connection: 'close' })).status, 401);
});

test('a Hub that does not answer, or wrongly, is named, and nothing is counted', async () => {
    for (const [kind, message] of [['down', /does not answer in time/], ['500', /does not answer in time/], ['garbage', /cannot be read/]]) {
        await simulate('POST', '/sim/faults', { target: 'consent-manager', kind, times: 20 });
        const { status, json } = await count('dhowretail');
        await simulate('DELETE', '/sim/faults');
        assert.equal(status, 502, kind);
        assert.match(json.errorMessage, message);
        assert.match(json.errorMessage, /nothing was counted/);
    }
    assert.equal((await counted('dhowretail')).active, 4);
});
