// The bytes of three accounts' replies, endpoint by endpoint, are those of last time: any change of
// the data or of how it is served is seen. When a change was meant, renew digests.json:
//
//   LFI_RENEW_DIGESTS=1 tools/test contract.digests
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';

const FILE = new URL('digests.json', import.meta.url);
const ACCOUNTS = [
    { name: 'retail current account', providerId: 'dhowretail', login: 'rohan', subType: 'CurrentAccount' },
    { name: 'retail credit card', providerId: 'dhowretail', login: 'yusra', subType: 'CreditCard' },
    { name: 'business current account', providerId: 'dhowbusiness', login: 'siraj.owner', subType: 'CurrentAccount' },
];
const PAGED = 'page=1&page-size=100';
const ENDPOINTS = [
    ['accounts', (id) => `/accounts?accountIds=${id}&${PAGED}`],
    ['account', (id) => `/accounts/${id}`],
    ['balances', (id) => `/accounts/${id}/balances?${PAGED}`],
    ['transactions', (id) => `/accounts/${id}/transactions?${PAGED}`],
    ['transactions, last page', (id) => `/accounts/${id}/transactions?page=LAST&page-size=100`],
    ['transactions of a quarter', (id) =>
        `/accounts/${id}/transactions?${PAGED}&fromBookingDateTime=2026-01-01T00:00:00Z&toBookingDateTime=2026-03-31T23:59:59Z`],
    ['statements', (id) => `/accounts/${id}/statements?${PAGED}`],
    ['beneficiaries', (id) => `/accounts/${id}/beneficiaries?${PAGED}`],
    ['direct-debits', (id) => `/accounts/${id}/direct-debits?${PAGED}`],
    ['scheduled-payments', (id) => `/accounts/${id}/scheduled-payments?${PAGED}`],
    ['standing-orders', (id) => `/accounts/${id}/standing-orders?${PAGED}`],
    ['products', (id) => `/accounts/${id}/products?${PAGED}`],
    ['account customers', (id) => `/accounts/${id}/customer?${PAGED}`],
    ['customer', () => '/customer'],
];

const known = JSON.parse(readFileSync(FILE, 'utf8'));
const renewed = {};
let demo;
const clients = {};

before(async () => {
    demo = await startDemo();
    for (const { providerId } of demo.providers) {
        clients[providerId] = new HubClient(demo, providerId);
    }
});
after(async () => {
    Object.values(clients).forEach((client) => client.close());
    await demo?.stop();
    if (process.env.LFI_RENEW_DIGESTS) {
        writeFileSync(FILE, `${JSON.stringify(renewed, null, 4)}\n`);
    }
});

const digest = (text) => createHash('sha256').update(text).digest('hex').slice(0, 32);

async function findAccount({ providerId, login, subType }) {
    const user = demo.providers
        .find((provider) => provider.providerId === providerId)
        .users.find((one) => one.login === login);
    for (const id of user.accountIds) {
        const { json } = await clients[providerId].get(`/accounts/${id}`, { userId: user.userId });
        if (json.data.accountSubType === subType) {
            return { id, userId: user.userId };
        }
    }
    throw new Error(`${login} has no ${subType}`);
}

for (const account of ACCOUNTS) {
    test(`every endpoint of the ${account.name}`, async () => {
        const client = clients[account.providerId];
        const { id, userId } = await findAccount(account);
        const digests = (renewed[account.name] = {});
        let lastPage = 1;
        for (const [name, path] of ENDPOINTS) {
            const reply = await client.get(path(id).replace('LAST', lastPage), { userId });
            assert.equal(reply.status, 200, `${name}: ${reply.text.slice(0, 300)}`);
            lastPage = name === 'transactions' ? reply.json.meta.totalPages : lastPage;
            digests[name] = digest(reply.text);
        }
        if (!process.env.LFI_RENEW_DIGESTS) {
            assert.deepEqual(digests, known[account.name], 'replies that changed; renew if meant');
        }
    });
}
