// No request crosses from one segment to another, or from one customer to another: every read
// operation, every account and customer of all segments, every form of the provider header.
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
