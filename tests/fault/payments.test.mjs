// The instance that the Hub calls is killed while payments are made and their ends are told: every
// payment that was accepted is there once, the books have it once, and the Hub hears of its end.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bank } from '../contract/hub_support.mjs';
import { post, until } from '../journey/support.mjs';
import { HubClient } from '../support/client.mjs';
import { freePortBase, startDemo } from '../support/demo.mjs';
import { CONTROL_PARAMETERS, creditorOf } from '../support/payments.mjs';
import { SecondInstance } from '../support/second.mjs';

const PROVIDER = 'dhowretail';
const KILLS = process.env.LFI_LONG ? 500 : 30;
const PAYERS = 4;
const AMOUNTS = 100; // of 0.01 to 1.00: an equal one is in flight for 2 s
const PER_CONSENT = 300; // the simulated Hub keeps 500 payments of a consent
const RETRY_MS = 50;
const END_MS = 90_000; // what a killed instance had begun is begun again when its time is over
const FINAL = 'AcceptedWithoutPosting';

let demo;
let second;
let hub;
let user;
let account;
const consents = []; // those in use and before

before(async () => {
    const portBase = await freePortBase();
    demo = await startDemo({ adjustHub: `.bank.ozoneConnectUrl = "https://localhost:${portBase + 3}"` });
    second = await SecondInstance.prepare(demo, portBase);
    hub = new HubClient(demo, PROVIDER); // through the instance that lives
    user = demo.providers[0].users.find(({ login }) => login === 'rohan');
    const query = { accountIds: user.accountIds.join(), page: 1, 'page-size': 100 };
    const accounts = (await hub.get('/accounts', { userId: user.userId, query })).json.data;
    account = accounts.find((a) => a.accountSubType === 'CurrentAccount' && a.status === 'Active').id;
    await second.start();
    await newConsent();
});

after(async () => {
    second?.child?.kill('SIGKILL'); // when the test has failed
    hub?.close();
    await demo?.stop();
});

async function newConsent() {
    const made = await post(`${demo.hub.baseUrl}/sim/consents`, {
        providerId: PROVIDER,
        type: 'payment',
        consent: {
            ControlParameters: { ConsentSchedule: { MultiPayment: { PeriodicSchedule: {
                ...CONTROL_PARAMETERS.VariableOnDemand.ConsentSchedule.MultiPayment.PeriodicSchedule,
                Controls: { MaximumIndividualAmount: { Amount: '1000.00', Currency: 'AED' } },
            } } } },
            PersonalIdentifiableInformation: { Initiation: { Creditor: [creditorOf(1)] } },
        },
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { consentId } = made.body;
    const bank = new Bank({ base: demo.portBase, config: { https: { clientCa: demo.ozoneConnect.caFile } } }, { who: demo.bank });
    await bank.decide({ consentId, providerId: PROVIDER }, 'Authorized', { userId: user.userId, accountIds: [account] });
    bank.close();
    consents.push({ id: consentId, count: 0 });
}

const paymentsOf = (consentId) => `${demo.hub.baseUrl}/sim/consents/${consentId}/payments`;
const minor = ({ amount }) => Math.round(Number(amount) * 100);

/** Pays until told to end. As a Hub does, it repeats under the same key until there is an answer. */
async function payer(number, state) {
    for (let i = 0; !state.done; i++) {
        const consent = consents.at(-1);
        const fils = 1 + ((number + PAYERS * i) % AMOUNTS);
        const order = { key: randomUUID(), amount: (fils / 100).toFixed(2), pii: { Initiation: creditorOf(1), Risk: {} } };
        consent.count += 1;
        for (let tries = 1; ; tries++) {
            const { body } = await post(paymentsOf(consent.id), order);
            if (body.status === 201) {
                state.made.push({ id: body.body.data.id, consentId: consent.id, fils });
                state.repeated += tries > 1;
                break;
            }
            assert.ok(!body.status || body.status === 409 || body.status >= 500, JSON.stringify(body));
            await sleep(RETRY_MS);
        }
    }
}

/**
 * Statuses that wait for an operator. A payment whose acceptance was lost with the process may end
 * before the Hub repeats the order: the Hub refuses the status of what it does not know, and is
 * told again after its repeat.
 */
async function parked() {
    const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    const reply = await fetch(`${demo.adminBaseUrl}/operator/${PROVIDER}/tasks`, { headers: { authorization: `Bearer ${token}` } });
    const { tasks } = await reply.json();
    return tasks.filter(({ record }) => record.kind === 'payment-status' && record.reason?.length > 0);
}

async function balance(type) {
    const { json } = await hub.get(`/accounts/${account}/balances`, { userId: user.userId });
    const { amount, creditDebitIndicator } = json.data.find((b) => b.balanceType === type);
    return creditDebitIndicator === 'Debit' ? -minor(amount) : minor(amount);
}

/** What left the account by payments, as its newest transactions say. */
async function spent(count) {
    let sum = 0;
    const seen = new Set();
    for (let page = 1; seen.size < count; page++) {
        const query = { page, 'page-size': 500 };
        const { json } = await hub.get(`/accounts/${account}/transactions`, { userId: user.userId, query });
        const mine = json.data.filter(({ flags, bookingDateTime }) =>
            flags?.includes('OpenFinance') && bookingDateTime.slice(0, 10) > '2026-06-29');
        mine.forEach(({ status, transactionId, amount }) => {
            assert.equal(status, 'Booked');
            assert.ok(!seen.has(transactionId));
            seen.add(transactionId);
            sum += minor(amount);
        });
        assert.ok(mine.length > 0, `${seen.size} entries of ${count} payments`);
    }
    assert.equal(seen.size, count);
    return sum;
}

test('kill -9 while payments are made and told: each exists once, is booked once, and ends once', async (t) => {
    const start = { available: await balance('InterimAvailable'), booked: await balance('InterimBooked') };
    const state = { done: false, made: [], repeated: 0 };
    const payers = Array.from({ length: PAYERS }, (_, number) => payer(number, state));
    const failed = Promise.all(payers).then(() => new Promise(() => {})); // a payer's failure ends the test
    for (let kill = 0; kill < KILLS; kill++) {
        const had = state.made.length;
        await Promise.race([failed, until(() => state.made.length > had, 'a payment between two kills')]);
        await sleep(40 * (kill % 5));
        await second.end('SIGKILL');
        await second.start();
        if (consents.at(-1).count >= PER_CONSENT) {
            await newConsent();
        }
    }
    state.done = true;
    await Promise.all(payers);
    t.diagnostic(`${KILLS} kills, ${state.made.length} payments, ${state.repeated} of them repeated, ${consents.length} consents`);
    assert.ok(state.repeated > 0, 'no kill met a payment');

    const ids = new Map(state.made.map((payment) => [payment.id, payment]));
    assert.equal(ids.size, state.made.length, 'an id stands for two payments');
    for (const consent of consents) {
        const log = await until(async () => {
            const { payments } = await (await fetch(paymentsOf(consent.id))).json();
            return payments.every(({ paymentResponse }) => paymentResponse.status === FINAL) && payments;
        }, 'every end at the Hub', END_MS);
        const made = state.made.filter(({ consentId }) => consentId === consent.id);
        assert.deepEqual(log.map(({ paymentId }) => paymentId).sort(), made.map(({ id }) => id).sort());
        for (const { paymentId, patches } of log) { // one whose reply was lost may be told again
            assert.ok(patches.length >= 1 && patches.length <= 3, `${paymentId} was told ${patches.length} times`);
            assert.ok(patches.every(({ patch }) => patch['paymentResponse.status'] === FINAL));
        }
        for (const { id } of made) {
            const { json } = await hub.get(`/payments/${id}`, { userId: user.userId, consentId: consent.id });
            assert.equal(json.data?.status, FINAL, id);
        }
    }
    assert.deepEqual(await parked(), []);
    const sum = state.made.reduce((total, { fils }) => total + fils, 0);
    assert.equal(await balance('InterimBooked'), start.booked - sum);
    assert.equal(await balance('InterimAvailable'), start.available - sum);
    assert.equal(await spent(state.made.length), sum);
    await second.end();
});
