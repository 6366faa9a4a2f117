// Instances are killed while payments are made and their ends are told to the Hub: every payment
// that was accepted is there once, the money left once, and the Hub hears of every end.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bank } from '../contract/hub_support.mjs';
import { post, until } from '../journey/support.mjs';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { CONTROL_PARAMETERS, creditorOf, sealPii } from '../support/payments.mjs';
import { SecondInstance } from '../support/second.mjs';

const PROVIDER = 'dhowretail';
const KILLS = process.env.LFI_LONG ? 100 : 6;
const PAYERS = 4;
const END_MS = 90_000; // what a killed instance had begun is begun again when its time is over

let demo;
let second;
let hub;
let user;
let accountId;
let consent;
let pii;

before(async () => {
    demo = await startDemo();
    second = await SecondInstance.prepare(demo);
    hub = new HubClient(demo, PROVIDER);
    user = demo.providers[0].users.find(({ login }) => login === 'rohan');
    const query = { accountIds: user.accountIds.join(), page: 1, 'page-size': 100 };
    const accounts = (await hub.get('/accounts', { userId: user.userId, query })).json.data;
    accountId = accounts.find((a) => a.accountSubType === 'CurrentAccount' && a.status === 'Active').id;
    consent = await newConsent();
    pii = await sealPii({ Initiation: creditorOf(1), Risk: {} }, demo.providers[0]);
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
    await bank.decide({ consentId, providerId: PROVIDER }, 'Authorized', { userId: user.userId, accountIds: [accountId] });
    bank.close();
    return consentId;
}

const bodyOf = (key, amount) => ({
    paymentType: 'cbuae-payment',
    request: { Data: {
        ConsentId: consent,
        Instruction: { Amount: { Amount: amount, Currency: 'AED' } },
        PersonalIdentifiableInformation: pii,
        PaymentPurposeCode: 'ACM',
        OpenFinanceBilling: { Type: 'PushP2P' },
    } },
    requestHeaders: { 'x-idempotency-key': key },
    tpp: Object.fromEntries(['clientId', 'orgId', 'softwareStatementId', 'tppId'].map((name) => [name, randomUUID()])
        .concat([['tppName', 'T'], ['decodedSsa', {}]])),
});

const send = (client, key, amount) =>
    client.call('POST', '/payments', { userId: user.userId, consentId: consent, body: bodyOf(key, amount) });

async function booked() {
    const { json } = await hub.get(`/accounts/${accountId}/balances`, { userId: user.userId });
    const { amount, creditDebitIndicator } = json.data.find((b) => b.balanceType === 'InterimAvailable');
    const minor = Math.round(Number(amount.amount) * 100);
    return creditDebitIndicator === 'Debit' ? -minor : minor;
}

/** Pays 1.00 to 3.99, each amount once, until told to end; kept: what was answered 201. */
async function payer(number, client, state) {
    for (let i = 0; !state.done; i++) {
        const key = randomUUID();
        const fils = 100 + ((number + PAYERS * i) % 300);
        const amount = (fils / 100).toFixed(2);
        try {
            const reply = await send(client, key, amount);
            if (reply.status === 201) {
                state.made.push({ key, fils, amount, id: reply.json.data.id });
            } else {
                assert.ok(reply.status === 409 || reply.status >= 500, reply.text);
                state.open.push({ key, fils, amount });
            }
        } catch (error) {
            if (error.code === 'ERR_ASSERTION') {
                throw error;
            }
            state.open.push({ key, fils, amount }); // the connection went with the process
            await sleep(20);
        }
    }
}

test('kill -9 while payments are made: each exists once, and the money left once', async () => {
    const start = await booked();
    const other = new HubClient(second.demo, PROVIDER);
    const state = { done: false, made: [], open: [] };
    await second.start();
    const payers = Array.from({ length: PAYERS }, (_, number) => payer(number, other, state));
    for (let kill = 0; kill < KILLS; kill++) {
        const had = state.made.length;
        await until(() => state.made.length > had, 'a payment between two kills');
        await sleep(50 * (kill % 5));
        await second.end('SIGKILL');
        await second.start();
    }
    state.done = true;
    await Promise.all(payers);
    await second.end();
    other.close();

    const ids = new Map(state.made.map(({ id, fils }) => [id, fils]));
    assert.equal(ids.size, state.made.length, 'an id stands for two payments');
    for (const { key, amount, id } of state.made) {
        const again = await send(hub, key, amount);
        assert.equal(again.json.data?.id, id, `${key}: ${again.text}`);
    }
    assert.ok(state.open.length > 0, 'no kill met a payment');
    for (const { key, amount, fils } of state.open) { // either made then, or made now
        const again = await until(async () => {
            const reply = await send(hub, key, amount);
            return reply.status !== 409 && reply; // an equal one is in flight for 2 s
        }, 'the end of an equal payment', END_MS);
        assert.equal(again.status, 201, again.text);
        ids.set(again.json.data.id, fils);
    }
    const spent = [...ids.values()].reduce((sum, fils) => sum + fils, 0);
    assert.equal(await booked(), start - spent);
});

test('kill -9 while ends are told to the Hub: it hears of each', async () => {
    const told = `${demo.hub.baseUrl}/sim/consents/${consent}/payments`;
    const made = [];
    for (let i = 0; i < 6; i++) {
        await second.start();
        const amount = (20 + i / 100).toFixed(2);
        const { body } = await post(told, { amount, pii: { Initiation: creditorOf(1), Risk: {} } });
        assert.equal(body.status, 201, JSON.stringify(body));
        made.push(body.body.data.id);
        await sleep(100 + 300 * (i % 4));
        await second.end('SIGKILL');
    }
    const log = await until(async () => {
        const { payments } = await (await fetch(told)).json();
        const mine = payments.filter(({ paymentId }) => made.includes(paymentId));
        return mine.every(({ paymentResponse }) => paymentResponse.status === 'AcceptedWithoutPosting') && mine;
    }, 'every end at the Hub', END_MS);
    assert.equal(log.length, made.length);
    for (const { paymentId, patches } of log) {
        assert.ok(patches.length <= 2, `${paymentId} was told ${patches.length} times`);
    }
});
