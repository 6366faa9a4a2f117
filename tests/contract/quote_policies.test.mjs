// Policies made of quotes: shared like others by the customer whose Emirates ID the TPP named, once
// they are issued, in both versions of the standard, and by nobody else.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { consentToPolicies } from '../support/policies.mjs';
import { startPolicy } from '../support/quotes.mjs';
import { SecondInstance } from '../support/second.mjs';
import { Bank } from './hub_support.mjs';

const PROVIDER = 'dhowinsurance';
const SECTORS = ['Employment', 'Health', 'Home', 'Life', 'Motor', 'Renters', 'Travel'];
const INACCESSIBLE = 'Consent.PermanentPolicyAccessFailure';

let demo;
let hub;
let bank;
let emiratesId; // of imran

before(async () => {
    demo = await startDemo({
        adjustServer: `(.providers[] | select(.id == "${PROVIDER}")).offers += {standardVersions: ["v2.1", "v2.2"]}`,
    });
    hub = new HubClient(demo, PROVIDER);
    bank = new Bank(
        { base: demo.portBase, config: { https: { clientCa: demo.ozoneConnect.caFile } } },
        { who: demo.bank },
    );
    ({ emiratesId } = person('imran'));
    assert.match(emiratesId, /^784-/);
});

after(async () => {
    hub?.close();
    bank?.close();
    await demo?.stop();
});

const person = (login) => hub.provider.users.find((one) => one.login === login);

const consentTo = (insurancePolicyIds, login) =>
    consentToPolicies(demo, bank, { types: SECTORS, userId: person(login).userId, insurancePolicyIds });

const read = (login, type, id, consentId, { version = 'v2.1', client = hub, suffix = '' } = {}) =>
    client.get(`/${type.toLowerCase()}-insurance-policies/${id}${suffix}`, {
        userId: person(login).userId, consentId, headers: { 'o3-api-uri': `/open-finance/insurance/${version}/x` },
    });

const list = (login, type, id, consentId) =>
    hub.get(`/${type.toLowerCase()}-insurance-policies`, {
        userId: person(login).userId, consentId,
        query: { insurancePolicyIds: id, page: 1, 'page-size': 100 },
    });

const start = (type, number) => startPolicy(hub, type, number);

test('a policy is shared from when it is issued, in every sector and version, by its holder alone', async () => {
    const started = await Promise.all(SECTORS.map(async (type) => ({ type, ...(await start(type, emiratesId)) })));
    const ids = started.map(({ id }) => id);
    const own = await consentTo(ids, 'imran');
    const foreign = await consentTo(ids, 'hiroko');
    for (const { type, id, quote, issued } of started) {
        await issued();
        const listed = await list('imran', type, id, own);
        assert.equal(listed.status, 200, listed.text);
        const [{ PolicyNumber, ...rest }] = listed.json.data.Policies;
        assert.match(PolicyNumber, /^DT-[A-Z]{3}-Q/);
        assert.deepEqual([rest.InsurancePolicyId, rest.PolicyStatus], [id, 'New']);
        for (const version of ['v2.1', 'v2.2']) {
            const { status, text, json } = await read('imran', type, id, own, { version });
            assert.equal(status, 200, text);
            assert.deepEqual(Object.keys(json.data).sort(),
                ['Claims', 'Identity', 'InsurancePolicyId', 'PolicyHolder', 'Premium', 'Product'], `${type} ${text}`);
            assert.equal(json.data.Identity.EmiratesId.EmiratesIdNumber, emiratesId);
            assert.deepEqual(json.data.Premium.TotalPremiumAmount, quote.Premium.TotalPremiumAmount);
            assert.deepEqual(json.data.Claims.Summary.map(({ Claims }) => Claims), [0]);
            assert.equal(json.data.Product.Policy.PolicyStartDate, rest.PolicyStartDate);
        }
        assert.equal((await read('imran', type, id, own, { suffix: '/payment-details' })).status, 204);
        for (const reply of [await read('hiroko', type, id, foreign), await list('hiroko', type, id, foreign),
            await read('imran', SECTORS[(SECTORS.indexOf(type) + 1) % SECTORS.length], id, own)]) {
            assert.deepEqual([reply.status, reply.json.errorCode], [403, INACCESSIBLE]);
        }
    }
    assert.deepEqual(demo.serverLog().filter(({ event }) => event === 'contract-response'), []);
});

test('a policy that is not issued yet, or of nobody whom the insurer knows, is one that never was', async () => {
    const waiting = await start('Travel', emiratesId);
    const early = await read('imran', 'Travel', waiting.id, await consentTo([waiting.id], 'imran'));
    assert.deepEqual([early.status, early.json.errorCode], [403, INACCESSIBLE]);
    await waiting.issued();
    for (const number of [undefined, '784-1999-0009999-9']) {
        const { id, issued } = await start('Travel', number);
        await issued();
        const reply = await read('imran', 'Travel', id, await consentTo([id], 'imran'));
        assert.deepEqual([reply.status, reply.json.errorCode], [403, INACCESSIBLE]);
    }
});

test('a policy stays when an instance is killed, and goes when the bank is set back', async () => {
    const { id, issued } = await start('Home', emiratesId.replaceAll('-', ''));
    await issued();
    const consentId = await consentTo([id], 'imran');
    const second = await SecondInstance.prepare(demo);
    const texts = [(await read('imran', 'Home', id, consentId)).text];
    for (const signal of ['SIGKILL', 'SIGTERM']) {
        await second.start();
        const client = new HubClient(second.demo, PROVIDER);
        texts.push((await read('imran', 'Home', id, consentId, { client })).text);
        client.close();
        await second.end(signal);
    }
    assert.equal(new Set(texts).size, 1);
    assert.match(texts[0], new RegExp(id));
    const reset = await fetch(`${demo.adminBaseUrl}/operator/${PROVIDER}/reset`, {
        method: 'POST', headers: { authorization: `Bearer ${readFileSync(demo.operatorTokenFile, 'utf8').trim()}` },
    });
    assert.ok(reset.ok, await reset.text());
    assert.equal((await read('imran', 'Home', id, consentId)).status, 403);
});
