// A second instance over the same store is killed while it is read, and started again: every answer
// is whole and the same as the first instance's, which never notices.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { SecondInstance } from '../support/second.mjs';

const READERS = 8;
const KILLS = 3;

let demo;
let second;

before(async () => {
    demo = await startDemo();
    second = await SecondInstance.prepare(demo);
});

after(() => demo?.stop());

/** Pages of all accounts that a customer with many of them holds. */
function pagesToRead(provider) {
    const users = [...provider.users].sort((a, b) => b.accountIds.length - a.accountIds.length);
    return users.slice(0, 6).flatMap(({ userId, accountIds }) =>
        accountIds.slice(0, 4).map((id) => [userId, `/accounts/${id}/transactions?page=1&page-size=50`]),
    );
}

test('kill -9 while reading, and start again', async () => {
    const [provider] = demo.providers;
    const first = new HubClient(demo, provider.providerId);
    const other = new HubClient(second.demo, provider.providerId);
    const pages = pagesToRead(provider);
    const token = await first.token();
    const want = new Map();
    for (const [userId, target] of pages) {
        const [path, query] = target.split('?');
        const reply = await first.get(path, { query, userId, token });
        want.set(target, { status: reply.status, text: reply.text });
    }

    let done = false;
    let answered = 0;
    let broken = 0;
    const reader = async (n) => {
        for (let i = n; !done; i++) {
            const [userId, target] = pages[i % pages.length];
            const [path, query] = target.split('?');
            try {
                const reply = await other.get(path, { query, userId });
                assert.deepEqual({ status: reply.status, text: reply.text }, want.get(target));
                answered += 1;
            } catch (error) {
                if (error.code === 'ERR_ASSERTION') {
                    throw error;
                }
                broken += 1; // the connection went with the process
                await sleep(20);
            }
        }
    };

    await second.start();
    const readers = Array.from({ length: READERS }, (_, n) => reader(n));
    for (let kill = 0; kill < KILLS; kill++) {
        const before_ = answered;
        await sleep(700);
        assert.ok(answered > before_, 'nothing was read');
        await second.end('SIGKILL');
        await second.start();
    }
    await sleep(500);
    done = true;
    await Promise.all(readers);
    assert.ok(broken >= KILLS, 'no kill met a reader');
    await second.end();
    first.close();
    other.close();
});
