// The operator's levers: each steers the bank, is undone by a reset, and is refused without token.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubClient } from '../support/client.mjs';
import { Customer, newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';

let demo;
let client;
let user;
let accountId;
const PROVIDER = 'dhowretail';

before(async () => {
    demo = await startDemo();
    client = new HubClient(demo, PROVIDER);
    for (const one of client.provider.users) {
        for (const id of one.accountIds) {
            const reply = await client.get(`/accounts/${id}`, { userId: one.userId });
            if (reply.status === 200 && reply.json.data.status === 'Active' && !accountId) {
                [user, accountId] = [one, id];
            }
        }
    }
});

after(async () => {
    client.close();
    await demo?.stop();
});

async function pull(method, path, body, { token } = {}) {
    const secret = token ?? readFileSync(demo.operatorTokenFile, 'utf8').trim();
    const reply = await fetch(demo.adminBaseUrl + path, {
        method,
        headers: { authorization: `Bearer ${secret}`, connection: 'close' },
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await reply.text();
    const allow = reply.headers.get('allow');
    return { status: reply.status, allow, json: text ? JSON.parse(text) : null };
}

/** A card that this customer holds. */
async function cardOf({ userId, accountIds }) {
    for (const id of accountIds) {
        const read = () => client.get(`/accounts/${id}`, { userId });
        if ((await read()).json.data?.accountSubType === 'CreditCard') {
            return { id, read };
        }
    }
    return assert.fail('a customer with a card');
}

const account = (options) =>
    client.get(`/accounts/${accountId}`, { userId: user.userId, ...options });
const put = (body) => pull('PUT', `/operator/${PROVIDER}/accounts/${accountId}`, body);

test('a status is switched, shown in the list and put back by a reset', async () => {
    const before_ = (await account()).text;
    for (const [status, code] of [
        ['Suspended', 'Consent.AccountTemporarilyBlocked'],
        ['Closed', 'Consent.PermanentAccountAccessFailure'],
        ['Dormant', undefined],
    ]) {
        assert.equal((await put({ status })).status, 204);
        const reply = await account();
        assert.equal(reply.status, code ? 403 : 200, status);
        if (code) {
            assert.equal(reply.json.errorCode, code);
        }
        const list = await client.get('/accounts', {
            query: { accountIds: accountId, page: 1, 'page-size': 10 },
            userId: user.userId,
        });
        assert.equal(list.json.data[0].status, status);
    }
    assert.equal((await pull('POST', `/operator/${PROVIDER}/reset`)).status, 204);
    assert.equal((await account()).text, before_);
});

test('a reset forgets what the server remembers of this provider, and of no other', async () => {
    const kept = async () => {
        const metrics = await (await fetch(`${demo.adminBaseUrl}/metrics`)).text();
        return [PROVIDER, 'dhowbusiness'].map((provider) =>
            Number(new RegExp(`^lfi_tasks_kept\\{provider="${provider}"\\} (\\d+)$`, 'm').exec(metrics)[1]));
    };
    const until = async (wanted) => {
        for (let i = 0; JSON.stringify(await kept()) !== JSON.stringify(wanted); i++) {
            assert.ok(i < 100, `${await kept()}`);
            await sleep(100);
        }
    };
    for (const providerId of [PROVIDER, 'dhowbusiness']) { // a journey that is open is a task
        const { authorizeUrl } = await newConsent(demo, ['ReadAccountsBasic'], {
            providerId,
            ExpirationDateTime: new Date(Date.now() + 86_400_000).toISOString(),
        });
        assert.equal((await fetch(authorizeUrl, { redirect: 'manual' })).status, 303);
    }
    await until([1, 1]);
    assert.equal((await pull('POST', `/operator/${PROVIDER}/reset`)).status, 204);
    await until([0, 1]);
    assert.equal((await pull('POST', '/operator/dhowbusiness/reset')).status, 204);
    await until([0, 0]);
});

test('a block of what receives no payments is refused, with all that was asked with it', async () => {
    const card = await cardOf(user);
    const before_ = (await card.read()).text;
    const asked = { status: 'Suspended', creditBlock: 'permanent' };
    const refused = await pull('PUT', `/operator/${PROVIDER}/accounts/${card.id}`, asked);
    assert.equal(refused.status, 404);
    assert.match(refused.json.errorMessage, /receive payments/);
    assert.equal((await card.read()).text, before_);
});

test('the next replies of one operation are what the operator wants', async () => {
    const override = (more) =>
        pull('POST', '/operator/overrides', {
            provider: PROVIDER,
            operation: 'findByAccountId',
            ...more,
        });
    const body = { errorCode: 'GenericRecoverableError', errorMessage: 'Try again.' };
    assert.equal((await override({ status: 503, body, times: 2 })).status, 204);
    for (const status of [503, 503, 200]) {
        const reply = await account();
        assert.equal(reply.status, status);
        if (status === 503) {
            assert.deepEqual(reply.json, body);
        }
    }
    await override({ delayMs: 300 });
    const started = Date.now();
    assert.equal((await account()).status, 200);
    assert.ok(Date.now() - started >= 300);

    await override({ cut: true });
    await assert.rejects(account(), /socket hang up|ECONNRESET|aborted/);
    assert.equal((await account()).status, 200);

    await override({ status: 500, times: 5 });
    assert.equal((await pull('DELETE', '/operator/overrides')).status, 204);
    assert.equal((await account()).status, 200);

    await override({ status: 500, times: 5, expiresSeconds: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assert.equal((await account()).status, 200);
    // the other operation and the other provider never noticed
    await override({ status: 500 });
    const balances = await client.get(`/accounts/${accountId}/balances`, { userId: user.userId });
    assert.equal(balances.status, 200);
    await pull('DELETE', '/operator/overrides');
});

test('the clock is moved: tokens of now are then too old', async () => {
    assert.equal((await pull('PUT', '/operator/clock', { offsetSeconds: 3600 })).status, 204);
    assert.equal((await account()).status, 401);
    assert.equal((await pull('PUT', '/operator/clock', { offsetSeconds: 0 })).status, 204);
    assert.equal((await account()).status, 200);
});

test('a journey goes through while the clock is moved: the simulator follows', async () => {
    for (const offsetSeconds of [40 * 86_400, -3 * 86_400]) {
        assert.equal((await pull('PUT', '/operator/clock', { offsetSeconds })).status, 204);
        const told = await pull('GET', '/operator/clock');
        assert.equal(told.json.offsetSeconds, offsetSeconds);
        const consent = await newConsent(demo, ['ReadAccountsBasic']);
        const customer = await Customer.arrive(demo, consent);
        assert.equal((await customer.reachReview(user)).view, 'review');
        const { journey } = customer;
        const done = await customer.post('/journey/approve', { journey, accountIds: [accountId] });
        assert.match(JSON.stringify(done), /[?&]code=/);
        const call = await fetch(`${demo.hub.baseUrl}/sim/call`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ consentId: consent.consentId, method: 'GET', path: '/accounts' }),
        });
        assert.equal((await call.json()).status, 200);
        const known = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${consent.consentId}`)).json();
        assert.ok(Math.abs(known.consent.updatedAt - Date.now() - offsetSeconds * 1000) < 60_000);
        assert.deepEqual(known.findings, []);
    }
    assert.equal((await pull('PUT', '/operator/clock', { offsetSeconds: 0 })).status, 204);
});

test('why a request was refused is explained by its interaction', async () => {
    const interaction = randomUUID();
    const headers = { 'o3-ozone-interaction-id': interaction };
    const token = await client.token({ claims: { aud: 'somebody-else' } });
    assert.equal((await account({ headers, token })).status, 401);
    const refused = await client.get('/accounts/never-issued', { userId: user.userId, headers });
    assert.equal(refused.status, 403);
    const { status, json } = await pull('GET', `/explain/${interaction}`);
    assert.equal(status, 200);
    assert.equal(json.interactionId, interaction);
    assert.deepEqual(json.findings.map(({ check }) => check), ['JWT-AUD', 'ACCOUNT-NOT-HELD']);
    assert.equal(json.findings[1].operation, 'findByAccountId');
    assert.ok(!JSON.stringify(json).includes(token.slice(0, 40)));
    assert.equal((await pull('GET', `/explain/${randomUUID()}`)).status, 404);
});

test('a refusal is found by the id of the TPP too, and among the last fifty', async () => {
    const [callerId, hubId] = [randomUUID(), randomUUID()];
    const headers = { 'o3-caller-interaction-id': callerId, 'o3-ozone-interaction-id': hubId };
    const path = '/accounts/never-issued';
    assert.equal((await client.get(path, { userId: user.userId, headers })).status, 403);
    const only = { 'o3-caller-interaction-id': callerId, 'o3-ozone-interaction-id': undefined };
    assert.equal((await client.get(path, { userId: user.userId, headers: only })).status, 400);
    const { json } = await pull('GET', `/explain/${callerId}`);
    assert.deepEqual(json.findings.map(({ check }) => check), ['ACCOUNT-NOT-HELD', 'CONTRACT-REQUEST']);
    assert.equal(json.findings[0].interactionId, hubId);
    for (let i = 0; i < 50; i++) {
        await client.get('/none', { headers: { 'o3-ozone-interaction-id': `many-${i}` } });
    }
    const last = await pull('GET', '/explain');
    assert.equal(last.status, 200);
    assert.deepEqual(last.json.findings.map(({ interactionId }) => interactionId),
        Array.from({ length: 50 }, (_, i) => `many-${49 - i}`));
});

test('what can be set can be read', async () => {
    const path = `/operator/${PROVIDER}/accounts`;
    const before_ = (await pull('GET', path)).json.accounts;
    const { accountId: id } = before_.find((one) => one.status === 'Active' && one.creditBlock === 'none');
    const wanted = { accountId: id, status: 'Dormant', creditBlock: 'temporary' };
    const { status, creditBlock } = wanted;
    assert.equal((await pull('PUT', `${path}/${id}`, { status, creditBlock })).status, 204);
    assert.deepEqual((await pull('GET', `${path}/${id}`)).json, wanted);
    const { accounts } = (await pull('GET', path)).json;
    const ids = accounts.map((one) => one.accountId);
    assert.deepEqual(ids, [...ids].sort());
    assert.deepEqual(accounts.find((one) => one.accountId === id), wanted);
    const held = new Set(client.provider.users.flatMap((one) => one.accountIds));
    assert.ok([...held].every((one) => ids.includes(one)));
    assert.equal((await pull('GET', `${path}/never-issued`)).status, 404);
    assert.equal((await pull('POST', `/operator/${PROVIDER}/reset`)).status, 204);
    assert.deepEqual((await pull('GET', path)).json.accounts, before_);

    assert.deepEqual((await pull('GET', '/operator/overrides')).json, { overrides: [] });
    const override = { provider: PROVIDER, operation: 'findByAccountId', status: 503, body: { a: 1 }, times: 2 };
    assert.equal((await pull('POST', '/operator/overrides', override)).status, 204);
    const [{ expiresAt, ...rest }] = (await pull('GET', '/operator/overrides')).json.overrides;
    assert.deepEqual(rest, override);
    assert.ok(Date.parse(expiresAt) > Date.now());
    await pull('DELETE', '/operator/overrides');

    assert.equal((await pull('PUT', '/operator/clock', { offsetSeconds: 5 })).status, 204);
    const clock = (await pull('GET', '/operator/clock')).json;
    assert.equal(clock.offsetSeconds, 5);
    assert.ok(Math.abs(Date.parse(clock.now) - Date.now() - 5000) < 3000);
    await pull('PUT', '/operator/clock', { offsetSeconds: 0 });
});

test('the first page of a listener says what it is', async () => {
    const console_ = await fetch(`${demo.adminBaseUrl}/`);
    assert.match(await console_.text(), /href="\/about"/);
    const page = await fetch(`${demo.adminBaseUrl}/about`);
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type'), /^text\/html/);
    const text = await page.text();
    for (const part of ['/healthz', '/readyz', '/metrics', '/explain/{interactionId}', '/operator/overrides']) {
        assert.ok(text.includes(part), part);
    }
    assert.match(await (await fetch(`${demo.adminBaseUrl}/none`)).text(), /\/about lists what is here/);
    const hub = await client.send('GET', '/');
    assert.equal(hub.status, 200);
    assert.equal(hub.json.health, '/hello');
    assert.equal((await client.send('POST', '/')).status, 401);
    const simulated = { heimdall: demo.hub.heimdallUrl, 'openid-configuration': demo.providers[0].discoveryUrl,
        participants: demo.providers[0].encryption.jwksUrl };
    for (const [begin, url] of Object.entries(simulated)) {
        const origin = new HubClient({ ...demo, ozoneConnect: { ...demo.ozoneConnect, baseUrl: new URL(url).origin } },
            'dhowretail', { identity: demo.bank });
        const root = await origin.send('GET', '/');
        assert.equal(root.status, 200, url);
        assert.ok(root.json.begin.includes(begin), root.text);
        assert.equal(root.json.startPage, demo.hub.baseUrl);
        assert.equal((await origin.send('GET', '/nothing')).status, 404);
        origin.close();
    }
});

test('why an account is left out of the review is explained by the interaction', async () => {
    const { users } = client.provider;
    const amal = users.find(({ login }) => login === 'amal');
    const list = await client.get('/accounts', {
        query: { accountIds: amal.accountIds.join(','), page: 1, 'page-size': 100 },
        userId: amal.userId,
    });
    const wanted = { AccountType: ['Retail'], AccountSubType: ['Savings'] };
    const consent = await newConsent(demo, ['ReadAccountsBasic'], wanted);
    const customer = await Customer.arrive(demo, consent);
    const { accounts } = await customer.reachReview(amal);
    const { json } = await pull('GET', `/explain/${customer.journey}`);
    const expected = new Map();
    for (const { id, status, accountSubType } of list.json.data) {
        if (!['Active', 'Inactive', 'Dormant'].includes(status)) {
            const readable = 'Active, Inactive or Dormant';
            expected.set(id, ['OFFER-STATUS', `expected ${readable}, received ${status}`]);
        } else if (accountSubType !== 'Savings') {
            expected.set(id, [
                'OFFER-SUB-TYPE', `expected ["Savings"], received ${accountSubType}`,
            ]);
        }
    }
    assert.deepEqual(
        accounts.map(({ id }) => id).sort(),
        amal.accountIds.filter((id) => !expected.has(id)).sort(),
    );
    assert.equal(json.findings.length, expected.size);
    for (const { provider, operation, check, detail, status } of json.findings) {
        const [, id, why] = /^account ([a-z0-9]+): (.+)$/.exec(detail);
        assert.deepEqual([check, why], expected.get(id));
        assert.deepEqual([provider, operation, status], [PROVIDER, 'review', undefined]);
    }
});

test('each use is logged', () => {
    const used = demo.serverLog().filter(({ event }) => event === 'operator');
    assert.ok(used.some(({ path }) => path === '/operator/clock'));
    assert.ok(used.some(({ path }) => path === '/operator/overrides'));
});

test('a body that a call does not take is left alone', async () => {
    const authorization = `Bearer ${readFileSync(demo.operatorTokenFile, 'utf8').trim()}`;
    for (const [method, path, status] of [['GET', 'clock', 200], ['GET', `${PROVIDER}/leads`, 200], ['DELETE', 'overrides', 204]]) {
        const url = `${demo.adminBaseUrl}/operator/${path}`;
        const reply = await new Promise((resolve, reject) => { // fetch sends no body with GET
            const call = request(url, { method, agent: false, headers: { authorization } }, (got) => got.resume().on('end', () => resolve(got)));
            call.once('error', reject).end('no JSON');
        });
        assert.equal(reply.statusCode, status, `${method} ${path}`);
    }
});

test('wrong calls get the error named', async () => {
    const path = `/operator/${PROVIDER}/accounts/${accountId}`;
    for (const [method, target, body, status] of [
        ['PUT', path, {}, 400],
        ['PUT', path, { status: 'Sleeping' }, 400],
        ['PUT', path, { status: 'Active', more: 1 }, 400],
        ['PUT', path, { creditBlock: true }, 400],
        ['PUT', `/operator/${PROVIDER}/accounts/never-issued`, { status: 'Active' }, 404],
        ['PUT', `/operator/nobody/accounts/${accountId}`, { status: 'Active' }, 404],
        ['DELETE', path, undefined, 405],
        ['GET', '/operator/', undefined, 404],
        ['POST', '/operator/overrides', { provider: PROVIDER }, 400],
        ['POST', '/operator/overrides', { provider: 'nobody', operation: 'x' }, 404],
        ['POST', '/operator/overrides', { provider: PROVIDER, operation: 'x', status: 500 }, 404],
        ['POST', '/operator/overrides', { provider: PROVIDER, operation: 'journey/x', status: 500 }, 404],
        ['POST', '/operator/overrides', { provider: PROVIDER, operation: 'journey/approve', status: 500, body: {} }, 400],
        ...[
            {}, { status: 99 }, { status: 199 }, { status: 600 }, { cut: false }, { delayMs: 0 },
            { body: {} }, { body: {}, delayMs: 5 }, { delayMs: 60_001 }, { status: 500, times: 0 },
        ].map((wish) => [
            'POST', '/operator/overrides', { provider: PROVIDER, operation: 'findByAccountId', ...wish }, 400,
        ]),
        ['PUT', '/operator/clock', { offsetSeconds: 'soon' }, 400],
        ['PUT', '/operator/clock', undefined, 400],
    ]) {
        const reply = await pull(method, target, body);
        assert.equal(reply.status, status, `${method} ${target} ${JSON.stringify(body)}`);
        assert.ok(reply.json.errorMessage.length > 0);
    }
    assert.match((await pull('GET', '/operator/none')).json.errorMessage, /\/ lists what there is/);
    assert.equal((await pull('DELETE', path)).allow, 'GET, PUT');
    assert.equal((await pull('PUT', '/operator/overrides')).allow, 'GET, POST, DELETE');
    for (const token of ['', 'wrong', 'x'.repeat(48)]) {
        assert.equal((await pull('POST', `/operator/${PROVIDER}/reset`, undefined, { token })).status, 401);
        assert.equal((await pull('GET', '/explain/x', undefined, { token })).status, 401);
    }
    assert.equal((await account()).status, 200);
});

test('without a token file there are no levers', async () => {
    const plain = await startDemo({ adjustServer: 'del(.adminListener.operatorToken)' });
    const reply = await fetch(`${plain.adminBaseUrl}/operator/clock`, {
        method: 'PUT',
        headers: { authorization: 'Bearer x', connection: 'close' },
        body: '{"offsetSeconds":1}',
    });
    assert.equal(reply.status, 404);
    await plain.stop();
});
