// SIGTERM: /readyz fails first, running requests may end, and none delays the end for ever.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { SecondInstance } from '../support/second.mjs';

let demo;

before(async () => (demo = await startDemo()));
after(() => demo?.stop());

async function start(limits) {
    const second = await SecondInstance.prepare(demo);
    const config = JSON.parse(readFileSync(second.config, 'utf8'));
    writeFileSync(second.config, JSON.stringify({ ...config, limits }));
    await second.start();
    second.hub = new HubClient(second.demo, 'dhowretail');
    second.since = readFileSync(second.log, 'utf8').length;
    return second;
}

async function delay(second, delayMs) {
    const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    const reply = await fetch(`${second.admin}/operator/overrides`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ provider: 'dhowretail', operation: 'findAccounts', delayMs }),
    });
    assert.ok(reply.ok, `${reply.status}`);
}

function accounts(second) {
    const { userId, accountIds } = second.hub.identity.users[0];
    return second.hub.get('/accounts', { userId, query: { accountIds: accountIds[0] } });
}

const events = (second, event) =>
    readFileSync(second.log, 'utf8').slice(second.since).split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line))
        .filter((line) => line.event === event);

test('/readyz fails while requests are still taken', async () => {
    const second = await start({ drainDelayMs: 1500 });
    const begun = Date.now();
    const ended = second.end();
    await sleep(300);
    assert.equal((await fetch(`${second.admin}/readyz`)).status, 503);
    const fresh = new HubClient(second.demo, 'dhowretail');
    assert.equal((await fresh.send('GET', '/hello')).status, 200);
    await ended;
    assert.ok(Date.now() - begun >= 1500, 'the delay was kept');
    fresh.close();
    second.hub.close();
});

test('a running request has the time that the drain gives it', async () => {
    const second = await start({ drainMs: 8000 });
    await delay(second, 4000);
    const reply = accounts(second);
    await sleep(500);
    await Promise.all([second.end(), reply]);
    assert.equal((await reply).status, 200);
    assert.deepEqual(events(second, 'requests-cut'), []);
    second.hub.close();
});

test('a request that takes longer is cut, counted, and does not delay the end', async () => {
    const second = await start({ drainMs: 500 });
    await delay(second, 20_000);
    const reply = accounts(second).catch((error) => error);
    await sleep(500);
    const begun = Date.now();
    await second.end();
    assert.ok(Date.now() - begun < 4000, `${Date.now() - begun} ms`);
    assert.ok((await reply) instanceof Error);
    const [cut] = events(second, 'requests-cut');
    assert.deepEqual([cut.listener, cut.count], ['hub', 1]);
    second.hub.close();
});

test('reloads that are asked for at the same time do not put the end off', async () => {
    const second = await start({ drainMs: 500 });
    second.child.kill('SIGSTOP'); // so that all signals wait together
    second.child.kill('SIGHUP');
    const ended = second.end();
    second.child.kill('SIGCONT');
    await ended;
    assert.deepEqual(events(second, 'reloaded'), []);
    second.hub.close();
});
