// One demonstration for all tests of the side that TPPs see, since starting it takes seconds.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { now } from '../support/clock.mjs';
import { startDemo } from '../support/demo.mjs';
import { refusalsOf } from '../support/refusals.mjs';
import { accountAccess, Tpp } from '../support/tpp.mjs';

export { now };

const ALL = ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadBalances', 'ReadBeneficiariesBasic',
    'ReadBeneficiariesDetail', 'ReadTransactionsBasic', 'ReadTransactionsDetail', 'ReadProduct',
    'ReadProductFinanceRates', 'ReadScheduledPaymentsBasic', 'ReadScheduledPaymentsDetail', 'ReadDirectDebits',
    'ReadStandingOrdersBasic', 'ReadStandingOrdersDetail', 'ReadStatements', 'ReadParty', 'ReadPartyUser',
    'ReadPartyUserIdentity'];

/** How long the Hub waits before each further try to send an event. */
export const RETRY_MS = [40, 80, 120];
export const demo = await startDemo({
    adjustServer: '(.providers[] | select(.id == "dhowinsurance")).offers.standardVersions = ["v2.1", "v2.2"]',
    adjustHub: `.webhooks.retryMs = ${JSON.stringify(RETRY_MS)}`,
});
export const tpp = await Tpp.start(demo);
export const other = await Tpp.start(demo, { index: 1 });
/** Of the role BDSP alone. */
export const reader = await Tpp.start(demo, { index: 2 });

/** Tokens: under a consent to everything, and of the TPP itself. Here, before a test uses the same customer. */
export const whole = await tpp.connect(accountAccess({ Permissions: ALL }));
export const own = await tpp.ownToken('openid accounts payments');

const refusalOf = refusalsOf(demo);
/** The status of an answer, the error or code that it tells, and the id that the Hub logged for it. */
export async function assertRefused(reply, status, error, id) {
    const { json = {}, text } = reply;
    const message = reply.headers['content-type']?.startsWith('application/jwt')
        ? JSON.parse(Buffer.from(text.split('.')[1], 'base64url')).message : json;
    const told = message.error ?? message.Errors?.[0].Code ?? text;
    assert.deepEqual([reply.status, told, await refusalOf(reply)], [status, error, id], text);
}

/** Changes some of the Hubs' switches; {status, json} with all of them. */
export async function setSwitches(changes) {
    const reply = await fetch(`${demo.hub.baseUrl}/sim/switches`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(changes),
    });
    return { status: reply.status, json: await reply.json() };
}

export const switches = async () => (await setSwitches({})).json;

/** Does it with some of the switches set, and sets them back. */
export async function switched(changes, work) {
    const before = await switches();
    const { status, json } = await setSwitches(changes);
    assert.equal(status, 200, JSON.stringify(json));
    try {
        return await work();
    } finally {
        await setSwitches(before);
    }
}

/** Where the Hub answered against its own contract, as its log tells it. */
export const ownFaults = () => demo.hubLog().filter(({ event }) => event === 'own-reply');

after(async () => {
    for (const one of [tpp, other, reader]) {
        one.close();
    }
    await demo.stop();
});
