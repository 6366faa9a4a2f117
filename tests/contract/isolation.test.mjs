// No request crosses from one segment to the other, or from one customer to another: every read
// operation, every account and customer of both segments, every form of the provider header.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';

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
            const [other] = demo.providers.filter((one) => one !== provider);
            accountsOf(provider).forEach((id, i) => {
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

    test(`${operation}: an account of the other segment is one that was never issued`, async () => {
        const [first, second] = demo.providers;
        for (const [here, there] of [[first, second], [second, first]]) {
            const user = here.users.find((one) => one.accountIds.length > 0);
            const [foreign] = accountsOf(there);
            const never = await ask(here.providerId, operation, 'never-issued', user.userId);
            const other = await ask(here.providerId, operation, foreign, user.userId);
            assert.equal(other.status, never.status);
            assert.equal(other.text, never.text);
        }
    });

    test(`${operation}: a customer of the other segment is unknown here`, async () => {
        const [first, second] = demo.providers;
        for (const [here, there] of [[first, second], [second, first]]) {
            for (const user of there.users) {
                const [id] = user.accountIds.length > 0 ? user.accountIds : accountsOf(there);
                const reply = await ask(here.providerId, operation, id, user.userId);
                assert.equal(reply.status, 400);
                assert.equal(reply.json.errorCode, 'Consent.InvalidUserIdentifier');
            }
        }
    });

    test(`${operation}: the provider header decides first`, async () => {
        const [first, second] = demo.providers;
        for (const [here, there] of [[first, second], [second, first]]) {
            const user = here.users.find((one) => one.accountIds.length > 0);
            const headers = [
                [there.providerId, 401, 'GenericError'],
                ['unknown', 403, 'GenericError'],
                [undefined, 400, 'Body.InvalidFormat'],
                ['', 400, 'Body.InvalidFormat'],
                [[here.providerId, here.providerId], 400, 'Body.InvalidFormat'],
                [[here.providerId, there.providerId], 400, 'Body.InvalidFormat'],
                [`${here.providerId}, ${there.providerId}`, 403, 'GenericError'],
            ];
            for (const id of user.accountIds.slice(0, 3)) {
                for (const [value, status, code] of headers) {
                    const reply = await ask(here.providerId, operation, id, user.userId, {
                        'o3-provider-id': value,
                    });
                    assert.equal(reply.status, status, `${value}`);
                    assert.equal(reply.json.errorCode, code);
                }
            }
        }
    });
}

test('customer: each user is itself, and nobody in the other segment', async () => {
    const [first, second] = demo.providers;
    for (const [here, there] of [[first, second], [second, first]]) {
        const client = clients[here.providerId];
        const token = await tokenOf(here.providerId);
        const seen = new Set();
        for (const { userId } of here.users) {
            const reply = await client.get('/customer', { userId, token });
            assert.equal(reply.status, 200, reply.text);
            seen.add(reply.json.data.id);
        }
        assert.ok(seen.size > 1);
        for (const { userId } of there.users) {
            const reply = await client.get('/customer', { userId, token });
            assert.equal(reply.status, 400);
            assert.equal(reply.json.errorCode, 'Consent.InvalidUserIdentifier');
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
