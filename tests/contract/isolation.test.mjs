// No request crosses from one segment to another, or from one customer to another: every read
// operation, every account and customer of all segments, every form of the provider header; and
// every payment, consent, refund and IBAN.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { post } from '../journey/support.mjs';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { CONTROL_PARAMETERS, creditorOf, ownIban, sealPii } from '../support/payments.mjs';
import { Bank } from './hub_support.mjs';

const NOT_HELD = {
    errorCode: 'Consent.PermanentAccountAccessFailure',
    errorMessage: 'The account is permanently inaccessible.',
};
const PAGE = { page: '1', 'page-size': '2' };
const OPERATIONS = {
    list: (id) => ['/accounts', { ...PAGE, accountIds: id }],
    account: (id) => [`/accounts/${id}`, undefined],
    ...Object.fromEntries(
        [
            'balances',
            'transactions',
            'statements',
            'beneficiaries',
            'direct-debits',
            'scheduled-payments',
            'standing-orders',
            'products',
            'customer',
        ].map((resource) => [resource, (id) => [`/accounts/${id}/${resource}`, PAGE]]),
    ),
};

let demo;
const clients = {};
const tokens = {};

before(async () => {
    demo = await startDemo();
    for (const { providerId } of demo.providers) {
        clients[providerId] = new HubClient(demo, providerId);
    }
});

after(async () => {
    Object.values(clients).forEach((client) => client.close());
    await demo?.stop();
});

// One token serves many calls of this suite; it is renewed well before it ends.
async function tokenOf(providerId) {
    const held = tokens[providerId];
    if (!held || held.until < Date.now()) {
        tokens[providerId] = { text: await clients[providerId].token(), until: Date.now() + 10_000 };
    }
    return tokens[providerId].text;
}

async function ask(providerId, operation, accountId, userId, headers = {}) {
    const [path, query] = OPERATIONS[operation](accountId);
    return clients[providerId].get(path, {
        query,
        userId,
        headers,
        token: await tokenOf(providerId),
    });
}

/** Each provider with each other one: [here, there]. */
const pairs = () =>
    demo.providers.flatMap((here) =>
        demo.providers.filter((there) => there !== here).map((there) => [here, there]));

/** Users of `there` who are asked for at `here`: each user at one other provider, at least one a pair. */
function visitors(here, there) {
    const others = demo.providers.filter((one) => one !== there);
    const own = there.users.filter((_, i) => i % others.length === others.indexOf(here));
    return own.length > 0 ? own : there.users.slice(0, 1);
}

/** Who asks at a provider: somebody with accounts, where anybody has some. */
const askerOf = ({ users }) => users.find((one) => one.accountIds.length > 0) ?? users[0];

const accountsOf = (provider) => [...new Set(provider.users.flatMap((user) => user.accountIds))];

/** Every account id that an answer carries, at whatever depth, is of the one account asked for. */
function assertOnlyAbout(reply, accountId) {
    for (const [, id] of reply.text.matchAll(/"[aA]ccountId":"([^"]*)"/g)) {
        assert.equal(id, accountId);
    }
    const { data } = reply.json;
    if (data.accountSubType || data[0]?.accountSubType) {
        assert.equal((data[0] ?? data).id, accountId);
    }
}

/** Runs the tasks, some at a time. */
async function each(tasks) {
    const queue = [...tasks];
    await Promise.all(
        Array.from({ length: 8 }, async () => {
            for (let task = queue.shift(); task; task = queue.shift()) {
                await task();
            }
        }),
    );
}

for (const operation of Object.keys(OPERATIONS)) {
    test(`${operation}: every account is its holder's and nobody else's`, async () => {
        let served = 0;
        const tasks = [];
        for (const provider of demo.providers) {
            const { providerId, users } = provider;
            const others = demo.providers.filter((one) => one !== provider);
            accountsOf(provider).forEach((id, i) => {
                const other = others[i % others.length];
                const isHolder = ({ accountIds }) => accountIds.includes(id);
                const strangers = users.filter((user) => !isHolder(user));
                const stranger = strangers[i % strangers.length];
                const abroad = other.users[i % other.users.length];
                for (const holder of users.filter(isHolder)) {
                    tasks.push(async () => {
                        const reply = await ask(providerId, operation, id, holder.userId);
                        assert.ok([200, 403].includes(reply.status), reply.text);
                        if (reply.status === 200) {
                            served += 1;
                            assertOnlyAbout(reply, id);
                        }
                    });
                }
                for (const [hub, user] of [[providerId, stranger], [other.providerId, abroad]]) {
                    tasks.push(async () => {
                        const reply = await ask(hub, operation, id, user.userId);
                        assert.equal(reply.status, 403);
                        assert.deepEqual(reply.json, NOT_HELD);
                    });
                }
            });
        }
        await each(tasks);
        assert.ok(served > 100, `only ${served} answers to look at`);
    });

    test(`${operation}: an account of another segment is one that was never issued`, async () => {
        for (const [here, there] of pairs().filter(([, there]) => accountsOf(there).length > 0)) {
            const user = askerOf(here);
            const [foreign] = accountsOf(there);
            const never = await ask(here.providerId, operation, 'never-issued', user.userId);
            const other = await ask(here.providerId, operation, foreign, user.userId);
            assert.equal(other.status, never.status);
            assert.equal(other.text, never.text);
        }
    });

    test(`${operation}: a customer of another segment is unknown here`, async () => {
        for (const [here, there] of pairs()) {
            for (const user of visitors(here, there)) {
                const [id = 'never-issued'] = user.accountIds.length > 0 ? user.accountIds : accountsOf(there);
                const reply = await ask(here.providerId, operation, id, user.userId);
                assert.equal(reply.status, 400);
                assert.equal(reply.json.errorCode, 'Consent.InvalidUserIdentifier');
            }
        }
    });

    test(`${operation}: the provider header decides first`, async () => {
        for (const [i, [here, there]] of pairs().entries()) {
            const user = askerOf(here);
            const { accountIds } = user;
            const id = accountIds[i % accountIds.length] ?? 'never-issued';
            const headers = [
                [there.providerId, 401, 'GenericError'],
                ['unknown', 403, 'GenericError'],
                [undefined, 400, 'Body.InvalidFormat'],
                ['', 400, 'Body.InvalidFormat'],
                [[here.providerId, here.providerId], 400, 'Body.InvalidFormat'],
                [[here.providerId, there.providerId], 400, 'Body.InvalidFormat'],
                [`${here.providerId}, ${there.providerId}`, 403, 'GenericError'],
            ];
            for (const [value, status, code] of headers) {
                const reply = await ask(here.providerId, operation, id, user.userId, {
                    'o3-provider-id': value,
                });
                assert.equal(reply.status, status, `${value}`);
                assert.equal(reply.json.errorCode, code);
            }
        }
    });
}

test('customer: each user is itself, and nobody in another segment', async () => {
    for (const here of demo.providers) {
        const client = clients[here.providerId];
        const token = await tokenOf(here.providerId);
        const seen = new Set();
        for (const { userId } of here.users) {
            const reply = await client.get('/customer', { userId, token });
            assert.equal(reply.status, 200, reply.text);
            seen.add(reply.json.data.id);
        }
        assert.ok(seen.size > 1);
        for (const there of demo.providers.filter((one) => one !== here)) {
            for (const { userId } of there.users) {
                const reply = await client.get('/customer', { userId, token });
                assert.equal(reply.status, 400);
                assert.equal(reply.json.errorCode, 'Consent.InvalidUserIdentifier');
            }
        }
    }
});

test('the alias o3-aspsp-id decides nothing', async () => {
    const [here, there] = demo.providers;
    const user = here.users.find((one) => one.accountIds.length > 0);
    const [id] = user.accountIds;
    for (const alias of [undefined, there.providerId, 'unknown']) {
        const reply = await ask(here.providerId, 'list', id, user.userId, { 'o3-aspsp-id': alias });
        assert.equal(reply.status, 200);
        assertOnlyAbout(reply, id);
    }
});

/* --- payments --------------------------------------------------------------------------------- */

const SERVICE_INITIATION = 'urn:openfinanceuae:service-initiation-consent:v2.1';

/** A consent to payments of a customer of the first provider, authorized. */
async function paymentConsent(user, accountId) {
    const [{ providerId }] = demo.providers;
    const made = await post(`${demo.hub.baseUrl}/sim/consents`, {
        providerId,
        type: 'payment',
        consent: {
            ControlParameters: CONTROL_PARAMETERS.VariableOnDemand,
            PersonalIdentifiableInformation: { Initiation: { Creditor: [creditorOf(1)] } },
        },
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const bank = new Bank({ base: demo.portBase, config: { https: { clientCa: demo.ozoneConnect.caFile } } }, { who: demo.bank });
    await bank.decide({ consentId: made.body.consentId, providerId }, 'Authorized', { userId: user.userId, accountIds: [accountId] });
    bank.close();
    return made.body.consentId;
}

async function sendPayment(provider, userId, consentId) {
    const body = {
        paymentType: 'cbuae-payment',
        request: { Data: {
            ConsentId: consentId,
            Instruction: { Amount: { Amount: '1.00', Currency: 'AED' } },
            PersonalIdentifiableInformation: await sealPii({ Initiation: creditorOf(1), Risk: {} }, provider),
            PaymentPurposeCode: 'ACM',
            OpenFinanceBilling: { Type: 'PushP2P' },
        } },
        requestHeaders: { 'x-idempotency-key': randomUUID() },
        tpp: { clientId: randomUUID(), orgId: randomUUID(), softwareStatementId: randomUUID(), tppId: 'tpp-1', tppName: 'T', decodedSsa: {} },
    };
    return clients[provider.providerId].call('POST', '/payments', { userId, consentId, body });
}

/** What is known and what was never issued get the same refusal, byte by byte. */
function assertAlike(known, never, about) {
    assert.ok(known.status >= 400, `${about}: ${known.text}`);
    assert.equal(known.status, never.status, about);
    assert.equal(known.text, never.text, about);
}

let payment; // made once

/** A payment, with what belongs to it and another consent of its customer. */
async function makePayment() {
    const [provider] = demo.providers;
    const user = provider.users.find(({ login }) => login === 'rohan');
    const query = { accountIds: user.accountIds.join(), page: 1, 'page-size': 100 };
    const accounts = await clients[provider.providerId].get('/accounts', { userId: user.userId, query });
    const account = accounts.json.data.find((a) => a.accountSubType === 'CurrentAccount' && a.status === 'Active');
    const consentId = await paymentConsent(user, account.id);
    const made = await sendPayment(provider, user.userId, consentId);
    assert.equal(made.status, 201, made.text);
    return { user, consentId, other: await paymentConsent(user, account.id), id: made.json.data.id };
}

const onePayment = () => (payment ??= makePayment());

test('payments: one of another consent, customer or segment is one that was never made', async () => {
    const paid = await onePayment();
    const [here, ...others] = demo.providers;
    const stranger = here.users.find(({ userId }) => userId !== paid.user.userId);
    const askers = [
        ['another consent', here, paid.user, paid.other],
        ['no consent', here, paid.user, randomUUID()],
        ['another customer with a consent that is not theirs', here, stranger, paid.other],
        ...others.flatMap((there) => [
            [`the consent at ${there.providerId}`, there, askerOf(there), paid.consentId],
            [`the customer at ${there.providerId}`, there, paid.user, paid.consentId],
        ]),
    ];
    for (const [about, { providerId }, { userId }, consentId] of askers) {
        const find = (id) => clients[providerId].get(`/payments/${id}`, { userId, consentId });
        assertAlike(await find(paid.id), await find(randomUUID()), about);
    }
});

test('consents and refunds: one of another segment is one that was never made', async () => {
    const paid = await onePayment();
    for (const there of demo.providers.slice(1)) {
        const { userId } = askerOf(there);
        const refund = (consentId) =>
            clients[there.providerId].get(`/payment-consents/${consentId}/refund`, { userId, consentId });
        assertAlike(await refund(paid.consentId), await refund(randomUUID()), `refund at ${there.providerId}`);
        assertAlike(await sendPayment(there, userId, paid.consentId), await sendPayment(there, userId, randomUUID()),
            `payment at ${there.providerId}`);
    }
});

test('refunds: another consent of the customer has none of this one', async () => {
    const paid = await onePayment();
    const [{ providerId }] = demo.providers;
    const refund = (path, consentId) =>
        clients[providerId].get(`/payment-consents/${path}/refund`, { userId: paid.user.userId, consentId });
    assertAlike(await refund(paid.consentId, paid.other), await refund(randomUUID(), paid.other), 'refund');
});

/** What the bank says of a consent to a payment with these members in its personal data. */
async function validate(provider, Initiation) {
    const id = randomUUID();
    const asked = {
        ConsentId: id,
        ExpirationDateTime: '2030-06-01T00:00:00.000Z',
        ControlParameters: CONTROL_PARAMETERS.SingleInstantPayment,
        PaymentPurposeCode: 'ACM',
    };
    const at = '2026-01-01T00:00:00Z';
    const { status, text } = await clients[provider.providerId].call('POST', '/consent/action/validate', { consentId: id, body: {
        id,
        consentType: 'cbuae-service-initiation-consents',
        rarType: SERVICE_INITIATION,
        standardVersion: 'v2.1',
        request: { type: SERVICE_INITIATION, consent: {
            ...asked, PersonalIdentifiableInformation: await sealPii({ Initiation, Risk: {} }, provider),
        } },
        requestHeaders: {},
        consentBody: { Data: { ...asked, Status: 'AwaitingAuthorization', CreationDateTime: at, StatusUpdateDateTime: at } },
        tpp: { clientId: randomUUID(), orgId: randomUUID(), softwareStatementId: randomUUID(), tppId: 'tpp-1', tppName: 'T', decodedSsa: {} },
    } });
    assert.equal(status, 200, text);
    return text;
}

test('IBANs: one of another segment is one that was never issued', async () => {
    const places = JSON.parse(readFileSync(join(demo.dir, 'places.json'), 'utf8'));
    const account = (iban) => ({ SchemeName: 'IBAN', Identification: iban, Name: { en: 'Zumurrud Trading' } });
    const [here] = demo.providers;
    for (const segment of ['sme', 'private', 'corporate']) {
        const { number } = places.find((one) => one.segment === segment && /^AE\d{21}$/.test(one.number ?? ''));
        const never = ownIban(4711);
        assert.equal(await validate(here, { Creditor: [{ CreditorAccount: account(number) }] }),
            await validate(here, { Creditor: [{ CreditorAccount: account(never) }] }), `${segment}: creditor`);
        const debtor = (iban) => validate(here, { DebtorAccount: account(iban), Creditor: [creditorOf(1)] });
        const answer = await debtor(number);
        assert.match(answer, /"InvalidDebtorAccount"/);
        assert.equal(answer, await debtor(never), `${segment}: debtor`);
    }
});
