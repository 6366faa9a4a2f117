// Calls of a TPP that need no consent, and what the simulator writes down of a journey.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bank, startFakeBank, startHub } from './hub_support.mjs';

const IBAN = 'AE070999123456789012345';

let hub, bank, fake;
before(async () => {
    hub = await startHub();
    bank = new Bank(hub);
    fake = await startFakeBank(hub);
});
after(async () => {
    bank?.close();
    await fake?.stop();
    await hub?.stop();
});

const call = (body) => hub.script('POST', '/sim/call', { providerId: 'dhowretail', ...body });
const check = (body) => hub.script('POST', '/sim/payee-check', { providerId: 'dhowretail', iban: IBAN, ...body });

test('open data is asked of the bank that is named, without consent and customer', async () => {
    fake.answer = () => ({ status: 200, body: { data: [], meta: { totalPages: 0, totalRecords: 0 } } });
    const { json } = await call({ providerId: 'dhowbusiness', method: 'GET', path: '/products' });
    assert.equal(json.status, 200);
    assert.equal(json.finding, undefined);
    const { url, headers } = fake.seen;
    assert.equal(url, '/products?page=1&page-size=100');
    assert.equal(headers['o3-provider-id'], 'dhowbusiness');
    assert.equal(headers['o3-consent-id'], undefined);
    assert.equal(headers['o3-psu-identifier'], undefined);
    assert.equal(headers['x-fapi-customer-ip-address'], '192.0.2.10');
    assert.match(headers.authorization, /^Bearer /);

    const { exchanges } = (await hub.script('GET', '/sim/exchanges')).json;
    const { interface: of, path, query, status, replyBody } = exchanges.at(-1);
    assert.deepEqual([of, path, query, status, JSON.parse(replyBody)],
        ['ozone-connect', '/products', 'page=1&page-size=100', 200, fake.answer().body]);
});

test('a lead goes out with its body', async () => {
    const data = {
        Email: 'layla@mail.example',
        Name: { FullName: 'Layla Alfalan' },
        EmiratesId: '784-1990-0000000-1',
        MarketingOptOut: true,
    };
    fake.answer = () => ({ status: 201, body: { data: { LeadId: 'l1', ...data } } });
    const body = { data: { ...data, ProductCategories: ['CreditCard'] } };
    const { json } = await call({ method: 'POST', path: '/leads', body });
    assert.equal(json.status, 201);
    assert.equal(json.finding, undefined);
    assert.deepEqual(JSON.parse(fake.seen.body), body);
});

test('a TPP that names neither consent nor bank is refused', async () => {
    const cases = [
        [{ providerId: 'nobody', method: 'GET', path: '/atm' }, 400, 'SIM-PROVIDER'],
        [{ clientId: 'nobody', method: 'GET', path: '/atm' }, 400, 'SIM-CLIENT'],
        [{ method: 'GET', path: '/accounts' }, 404, 'SIM-CONSENT-UNKNOWN'],
        [{ method: 'POST', path: '/atm' }, 403, 'SIM-OPERATION'],
    ];
    for (const [body, status, id] of cases) {
        const reply = await call(body);
        assert.equal(reply.status, status, id);
        assert.equal(reply.json.errorCode, id);
    }
});

test('a pause that the bank asks for is passed on', async () => {
    fake.answer = () => ({ status: 429, body: '', headers: { 'retry-after': '47' } });
    const { json } = await call({ method: 'GET', path: '/atm' });
    assert.equal(json.headers['retry-after'], '47');
});

test("bodies of the payee's check are refused when they are wrong", async () => {
    const cases = [
        { name: {}, iban: 7 },
        { name: 'Layla' },
        { name: { nickName: 'Layla' } },
        { name: { fullName: '' } },
        { name: { fullName: 'x'.repeat(141) } },
        { name: { fullName: 'Layla' }, iban: 'A'.repeat(101) },
    ];
    for (const body of cases) {
        assert.equal((await check(body)).json.errorCode, 'SIM-BODY', JSON.stringify(body));
    }
});

test('no verdict is shown when the bank refuses or answers nonsense', async () => {
    const answers = [
        { status: 403, body: { errorCode: 'Consent.PermanentAccountAccessFailure', errorMessage: 'Blocked.' } },
        { status: 200, body: { data: [], meta: {} } },
        { status: 200, body: 'no json' },
        { status: 200, body: { data: [7, { verifiedClaims: 3 }, { verifiedClaims: [{}] }] } },
        { status: 500, body: { errorCode: 'GenericError', errorMessage: 'Not well.' } },
    ];
    for (const answer of answers) {
        fake.answer = () => answer;
        const { status, json } = await check({ name: { fullName: 'Layla Alfalan' } });
        assert.equal(status, 200);
        assert.equal(json.status, answer.status);
        assert.equal(json.verdict, undefined);
    }
});

test('the newest consents are listed, newest first', async () => {
    const older = await hub.newConsent();
    const newer = await hub.newConsent({ providerId: 'dhowbusiness' });
    const { consents } = (await hub.script('GET', '/sim/consents')).json;
    assert.deepEqual(
        consents.slice(0, 2).map(({ consentId, providerId, status }) => [consentId, providerId, status]),
        [
            [newer.consentId, 'dhowbusiness', 'AwaitingAuthorization'],
            [older.consentId, 'dhowretail', 'AwaitingAuthorization'],
        ],
    );
});

test('only what is new is shown on demand, and findings go with their exchange', async () => {
    const consent = await hub.newConsent();
    await bank.begin(consent);
    const known = await hub.consent(consent.consentId);
    assert.deepEqual(known.steps.map((step) => step.interface), ['par', 'redirect']);
    const last = known.exchanges.at(-1).n;
    await bank.heimdall('GET', `/auth?${consent.query}`, { provider: 'dhowretail' });
    const { json } = await hub.script('GET', `/sim/consents/${consent.consentId}?since=${last}`);
    assert.equal(json.steps.length, 0);
    assert.equal(json.exchanges.length, 1);
    assert.deepEqual(json.exchanges[0].findings.map(({ id }) => id), ['AUTH-TWICE']);
    assert.ok(json.exchanges[0].elapsedUs > 0);
});

test('long bodies are cut, and their length is shown', async () => {
    const name = 'ص'.repeat(20_000);
    const data = [{ id: 'account-1', status: 'Active', nickName: name }];
    fake.answer = () => ({ status: 200, body: { data, meta: { totalPages: 1, totalRecords: 1 } } });
    const consent = await hub.newConsent();
    await bank.decide(consent, 'Authorized', {});
    for (let i = 0; i < 12; i++) {
        const body = { consentId: consent.consentId, method: 'GET', path: '/accounts' };
        await hub.script('POST', '/sim/call', body);
    }
    const { exchanges } = await hub.consent(consent.consentId);
    const kept = exchanges.slice(1).map(({ replyBody }) => Buffer.byteLength(replyBody));
    assert.ok(kept[0] > 16_000 && kept[0] <= 16_384, `${kept[0]}`);
    assert.ok(kept.at(-1) <= 1024, `${kept.at(-1)}`);
    assert.ok(exchanges[1].replyBytes > 40_000);
    assert.doesNotMatch(exchanges[1].replyBody, /\ufffd/);
});
