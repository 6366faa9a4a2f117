// What a Hub has told its TPPs, and taken from them, holds over its sudden end: an id that was used stays
// used, a code that was not redeemed can be, and an event that was accepted is sent, as is what the bank
// was to be told.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { accountAccess, now } from '../support/tpp.mjs';
import { openEvent, Receiver, until } from '../support/webhooks.mjs';
import { Bank, hubTpp, startFakeBank, startHub, withTppSide } from './hub_support.mjs';

const dir = mkdtempSync(join(tmpdir(), 'lfi-hub-restart-'));
let hub, tpp, bank, base;
const receivers = [];

async function start(retryMs = [1000, 5000, 25_000], switches = undefined, sendsEvents = false) {
    const adjust = (config) => {
        withTppSide(config);
        config.hubs[0].sendsEvents = sendsEvents;
        Object.assign(config, { stateFolder: 'hub', webhooks: { retryMs } });
        config.tppListener.switches = switches;
    };
    hub = await startHub({ dir, adjust, base });
    base = hub.base; // the addresses that the TPP knows stay
    tpp = await hubTpp(hub);
    bank = new Bank(hub);
}

async function kill() {
    tpp.close();
    bank.close();
    await hub.kill();
    hub = undefined;
}

afterEach(async () => {
    tpp?.close();
    bank?.close();
    await hub?.stop();
    hub = undefined;
});
after(async () => {
    await Promise.all(receivers.map((receiver) => receiver.stop()));
    rmSync(dir, { recursive: true });
});

async function receive(options) {
    const receiver = await Receiver.start(options);
    receivers.push(receiver);
    return receiver;
}

const authorize = (details = accountAccess()) => bank.authorize(tpp, details);

const revoke = (consentId, token) => tpp.call('PATCH',
    `/open-finance/account-information/v2.1/account-access-consents/${consentId}`, token,
    { json: { Data: { Status: 'Revoked', RevokedBy: 'TPP' } } });

/** What the Hub has logged as refused since its start. */
const assertLogged = (...ids) => {
    const logged = () => hub.log().filter(({ refused }) => refused).map(({ refused }) => refused);
    return until(() => `${logged()}` === `${ids}`, () => `${ids}, not ${logged()}`);
};

test('a client assertion and a request object that were used are refused after a restart', async () => {
    await start();
    const client_assertion = await tpp.assertion();
    const own = { grant_type: 'client_credentials', scope: 'accounts', client_assertion };
    const object = await tpp.requestObject(accountAccess(), { claims: { jti: randomUUID() } });
    assert.equal((await tpp.token(own)).status, 200);
    assert.equal((await tpp.push(object)).status, 201);
    assert.equal((await tpp.push(object)).json.error, 'invalid_request_object', 'at once');
    await kill();

    await start();
    const assertion = await tpp.token(own);
    assert.deepEqual([assertion.status, assertion.json.error], [400, 'invalid_client'], assertion.text);
    const pushed = await tpp.push(object);
    assert.deepEqual([pushed.status, pushed.json.error], [400, 'invalid_request_object'], pushed.text);
    await assertLogged('CLIENT-ASSERTION-REPLAY', 'REQUEST-OBJECT-REPLAY');
    assert.equal((await tpp.token({ ...own, client_assertion: await tpp.assertion() })).status, 200);
});

test('what is kept of used ids is short, for its owner, and ends with them', async () => {
    const file = join(dir, 'hub/used.jsonl');
    await start();
    const jti = randomUUID();
    const client_assertion = await tpp.assertion({ claims: { jti, exp: now() + 200 } });
    const own = { grant_type: 'client_credentials', scope: 'accounts', client_assertion };
    assert.equal((await tpp.token(own)).status, 200);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(readFileSync(file, 'utf8').includes(jti), false, 'a digest is enough');
    await kill();
    appendFileSync(file, `no json\n{"digest":"of yesterday","until":${now() - 1}}\n{"digest":7,"until":${now() + 60}}\n{"digest":"cu`);
    await start();
    assert.equal((await tpp.token(own)).json.error, 'invalid_client');
    assert.doesNotMatch(readFileSync(file, 'utf8'), /no json|yesterday|:7|"cu\b/);
});

test('a code that was not redeemed is redeemed after a restart, once', async () => {
    await start();
    const { code, verifier } = await authorize();
    await kill();

    await start();
    const { status, json, text } = await tpp.exchange(code, verifier);
    assert.equal(status, 200, text);
    const again = await tpp.token({ grant_type: 'refresh_token', refresh_token: json.refresh_token });
    assert.equal(again.status, 200);
    await kill();

    await start();
    const twice = await tpp.exchange(code, verifier);
    assert.deepEqual([twice.status, twice.json.error], [400, 'invalid_grant']);
    await assertLogged('CODE-USED');
});

test('a pushed request that nobody has opened is opened after a restart', async () => {
    await start();
    const details = accountAccess();
    const { json } = await tpp.push(await tpp.requestObject(details));
    await kill();
    await start();
    const query = new URL(tpp.authorizeUrl(json.request_uri)).search.slice(1);
    assert.ok(await bank.begin({ providerId: 'dhowretail', query }));
});

test('events that no receiver has taken go out after a restart, in order, none twice', async () => {
    const receiver = await receive();
    receiver.answers = [503];
    await start();
    const { code, verifier, consentId } = await authorize({ ...accountAccess(), subscription: receiver.subscription() });
    await tpp.exchange(code, verifier);
    await receiver.reach(1);
    const own = await tpp.ownToken('accounts');
    assert.equal((await revoke(consentId, own)).status, 204); // waits behind the one that was refused
    await kill();

    await start();
    const calls = await receiver.reach(3);
    assert.deepEqual(calls.map(({ status }) => status), [503, 202, 202]);
    const { keys } = (await tpp.send('GET', tpp.metadata.jwks_uri)).json;
    const told = await Promise.all(calls.map(async (call) => (await openEvent(call, tpp, keys)).claims.message.Data.Status));
    assert.deepEqual(told, ['Authorized', 'Authorized', 'Revoked']);
    const steps = async () => (await hub.consent(consentId)).steps.filter((step) => step.interface === 'webhook');
    await until(async () => (await steps()).length === 3, 'three tries');
    await kill();

    await start();
    const other = await authorize({ ...accountAccess(), subscription: receiver.subscription() });
    await receiver.reach(4);
    assert.equal(receiver.calls.length, 4, 'what was taken is not sent again');
    assert.ok(other.code);
});

test('tries are counted over a restart, and wait what is left of their time', async () => {
    const receiver = await receive();
    receiver.answers = Array(10).fill(500);
    await start([100, 3_600_000]);
    const { consentId } = await authorize({ ...accountAccess(), subscription: receiver.subscription() });
    await receiver.reach(2);
    const refused = async () => (await hub.consent(consentId)).steps
        .filter((step) => step.interface === 'webhook').map((step) => step.refused);
    await until(async () => (await refused()).length === 2, 'two tries');
    await kill();

    await start([100, 3_600_000]); // the third is in an hour, and nothing is sent before
    const second = await receive();
    await authorize({ ...accountAccess(), subscription: second.subscription() });
    await second.reach(1);
    assert.equal(receiver.calls.length, 2);
    await kill();

    await start([100, 50]); // the wait of now is the longest
    await receiver.reach(3);
    await until(async () => (await refused()).length === 3, 'three tries');
    assert.deepEqual(await refused(), ['WEBHOOK-REFUSED', 'WEBHOOK-REFUSED', 'WEBHOOK-GIVEN-UP']);
});

test('a kill at any moment of many changes loses no event', async () => {
    const receiver = await receive();
    await start([50, 50, 50]);
    const own = await tpp.ownToken('accounts');
    const consents = [];
    for (let i = 0; i < 6; i++) {
        consents.push((await authorize({ ...accountAccess(), subscription: receiver.subscription() })).consentId);
    }
    const answers = consents.map((id) => revoke(id, own).then(({ status }) => status === 204, () => false));
    await answers[0];
    await kill();
    const accepted = consents.filter((_, i) => i === 0);
    const told = await Promise.all(answers);
    consents.forEach((id, i) => told[i] && !accepted.includes(id) && accepted.push(id));

    await start([50, 50, 50]);
    const { keys } = (await tpp.send('GET', tpp.metadata.jwks_uri)).json;
    const seen = async () => {
        const all = await Promise.all(receiver.calls.map(async (call) => (await openEvent(call, tpp, keys)).claims.message));
        return all.filter(({ Data }) => Data.Status === 'Revoked').map(({ Meta }) => Meta.ConsentId);
    };
    await until(async () => {
        const revoked = await seen();
        return accepted.every((id) => revoked.includes(id));
    }, 'each revocation that was answered with 204');
});

test('what a bank was to be told of its consents goes out after a restart, in order, once', async () => {
    const told = [];
    let answer = { hang: true };
    const tell = async () => {
        const fake = await startFakeBank(hub);
        fake.answer = () => {
            const { url, body } = fake.seen;
            const { id, status } = JSON.parse(body);
            told.push(`${id} ${url.split('/').at(-1)} ${status}`);
            return answer;
        };
        return fake;
    };
    await start(undefined, undefined, true);
    let fake = await tell();
    const [one, two] = [await authorize(), await authorize()];
    await until(() => told.length === 1, 'the bank has been asked'); // and does not answer
    assert.equal((await revoke(one.consentId, await tpp.ownToken('accounts'))).status, 204);
    const all = [`${one.consentId} post AwaitingAuthorization`, `${one.consentId} patch Authorized`,
        `${two.consentId} post AwaitingAuthorization`, `${two.consentId} patch Authorized`,
        `${one.consentId} patch Revoked`];
    await kill();
    await fake.stop();
    const ended = () => readFileSync(join(dir, 'hub/events.jsonl'), 'utf8').split('"end"').length - 1;
    const waiting = all.slice(ended()); // all, unless that took longer than a Hub waits for an answer
    assert.ok(waiting.length > 0 && told.splice(0).length > 0);

    await start(undefined, undefined, true); // before the bank does
    const exchanges = async () => (await hub.consent(one.consentId)).exchanges.filter(({ path }) => path.includes('/event/'));
    await until(async () => (await exchanges()).length > 0, 'a try without a bank');
    answer = { status: 204, body: '' };
    fake = await tell();
    await until(() => ended() === waiting.length, 'each comes to its end');
    for (const { consentId } of [one, two]) { // those of one consent are in order
        const of = (lines) => lines.filter((line) => line.startsWith(consentId));
        assert.deepEqual(of(told), of(waiting));
    }
    await kill();

    await start(undefined, undefined, true);
    const three = await authorize();
    await until(() => told.includes(`${three.consentId} patch Authorized`), 'what is new');
    assert.equal(told.length, waiting.length + 2, 'nothing that was told is told again');
    await fake.stop();
});

test('the switches of the configuration hold, and what a script has changed ends with the simulator', async () => {
    const given = { profile: 'strict', shortPaths: true, webhookRetries: 1 };
    const read = async () => (await hub.script('GET', '/sim/switches')).json;
    await start(undefined, given);
    const { shortPaths, webhookRetries, requireIat, refreshRotation } = await read();
    assert.deepEqual([shortPaths, webhookRetries, requireIat, refreshRotation], [true, 1, true, false]);
    const before = await read();
    assert.equal((await hub.script('PATCH', '/sim/switches', { refreshRotation: true })).json.refreshRotation, true);
    await kill();
    await start(undefined, given);
    assert.deepEqual(await read(), before);
});

test('an event is tried as often as there are waits, when nothing else is said', async () => {
    await start([10, 20]);
    assert.equal((await hub.script('GET', '/sim/switches')).json.webhookRetries, 2);
});
