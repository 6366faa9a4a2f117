// What the simulated Hub tells a bank of every change of a consent, whatever the bank answers.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bank, startFakeBank, startHub } from './hub_support.mjs';

const WAIT_MS = 20_000;

let hub, bank, fake, told, answer;
before(async () => {
    hub = await startHub({ adjust: (config) => (config.hubs[0].sendsEvents = true) });
    bank = new Bank(hub);
    await startBank();
});
beforeEach(() => {
    told = [];
    answer = { status: 204, body: '' };
});
after(async () => {
    bank?.close();
    await fake?.stop();
    await hub?.stop();
});

async function startBank() {
    fake = await startFakeBank(hub);
    fake.answer = () => {
        told.push(fake.seen);
        return answer;
    };
}

async function until(condition, what) {
    const deadline = Date.now() + WAIT_MS;
    while (!(await condition())) {
        assert.ok(Date.now() < deadline, what);
        await sleep(20);
    }
}

const isEvent = ({ path }) => path.startsWith('/consent/event/');
const eventsOf = async ({ consentId }) => (await hub.consent(consentId)).exchanges.filter(isEvent);
const noted = (consent, count) =>
    until(async () => (await eventsOf(consent)).length === count, `${count} events noted`);

test('a consent that is made, changed and revoked is sent, whole, each time', async () => {
    const consent = await hub.newConsent();
    await noted(consent, 1);
    await bank.decide(consent, 'Authorized', { accountIds: ['a', 'b'] });
    await noted(consent, 2);
    const reply = await bank.consents('POST', `/consents/${consent.consentId}/action/revoke`, {
        json: { revokedBy: 'LFI' },
    });
    assert.equal(reply.status, 204, reply.text);
    await noted(consent, 3);
    assert.deepEqual(told.map(({ method, url }) => `${method} ${url}`), [
        'POST /consent/event/post', 'POST /consent/event/patch', 'POST /consent/event/patch',
    ]);
    const bodies = told.map(({ body }) => JSON.parse(body));
    assert.deepEqual(bodies.map(({ status }) => status),
        ['AwaitingAuthorization', 'Authorized', 'Revoked']);
    assert.deepEqual(bodies[1].accountIds, ['a', 'b']);
    assert.ok(bodies.every(({ id }) => id === consent.consentId));
    assert.deepEqual(bodies[2], (await hub.consent(consent.consentId)).consent);
    for (const { headers } of told) {
        assert.equal(headers['o3-consent-id'], consent.consentId);
        assert.match(headers['o3-api-uri'], /\/consent\/event\/\{operation\}$/);
    }
    assert.deepEqual(told.map(({ headers }) => 'o3-psu-identifier' in headers), [false, true, true]);
    assert.deepEqual(await hub.findings(consent.consentId), []);
});

test('the answer changes nothing, and is judged', async () => {
    const wrong = [
        [{ status: 400, body: { errorCode: 'Event.UnexpectedEvent', errorMessage: 'No.' } }, []],
        [{ status: 500, body: {} }, []],
        [{ status: 204, body: '', headers: { 'content-type': 'text/plain' } }, []],
        [{ status: 200, body: 'no json' }, ['BANK-REPLY']],
    ];
    for (const [given, findings] of wrong) {
        answer = given;
        const consent = await hub.newConsent();
        await noted(consent, 1);
        await bank.decide(consent, 'Authorized');
        await noted(consent, 2);
        const kept = await hub.consent(consent.consentId);
        assert.equal(kept.consent.status, 'Authorized');
        assert.deepEqual([...new Set(kept.findings.map(({ id }) => id))], findings);
    }
});

test('a bank that is down delays nobody, and is sent nothing later', async () => {
    await fake.stop();
    const consent = await hub.newConsent();
    await bank.decide(consent, 'Authorized');
    await noted(consent, 2);
    assert.ok((await eventsOf(consent)).every(({ refused }) => refused === 'SIM-BANK-DOWN'));
    await startBank();
    const next = await hub.newConsent();
    await noted(next, 1);
    assert.equal(told.length, 1);
});

test('no event is sent to a bank that has not asked for them', async () => {
    const other = await hub.newConsent({ providerId: 'dhowbusiness' });
    await bank.decide(other, 'Authorized');
    const mine = await hub.newConsent();
    await noted(mine, 1);
    assert.deepEqual(await eventsOf(other), []);
    assert.equal(told.length, 1);
});
