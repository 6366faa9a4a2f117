// A second instance over the same store is killed while it is read, and started again: every answer
// is whole and the same as the first instance's, which never notices.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubClient } from '../support/client.mjs';
import { assertNoSanitizerReport, BUILD_DIR, freePortBase, startDemo } from '../support/demo.mjs';

const READERS = 8;
const KILLS = 3;

let demo;
let second; // {config, log, port, admin}

before(async () => {
    demo = await startDemo();
    const base = await freePortBase();
    const config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
    config.hubListener.port = base + 3;
    config.publicListener.port = base;
    config.adminListener.port = base + 1;
    const file = join(demo.dir, 'second.json');
    writeFileSync(file, JSON.stringify(config));
    second = { config: file, log: join(demo.dir, 'second.log'), port: base + 3, admin: base + 1 };
});

after(() => demo?.stop());

async function startSecond() {
    const log = openSync(second.log, 'a');
    const program = join(BUILD_DIR, 'bin/lfi-server');
    const child = spawn(program, ['--config', second.config], { stdio: ['ignore', log, log] });
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    for (let i = 0; ; i++) {
        const ready = await fetch(`http://127.0.0.1:${second.admin}/readyz`).catch(() => null);
        if (ready?.status === 200) {
            return { child, ended };
        }
        assert.ok(i < 400, 'the second instance is not ready');
        await sleep(25);
    }
}

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
    const other = new HubClient(
        { ...demo, ozoneConnect: { ...demo.ozoneConnect, baseUrl: `https://localhost:${second.port}` } },
        provider.providerId,
    );
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

    let instance = await startSecond();
    const readers = Array.from({ length: READERS }, (_, n) => reader(n));
    for (let kill = 0; kill < KILLS; kill++) {
        const before_ = answered;
        await sleep(700);
        assert.ok(answered > before_, 'nothing was read');
        instance.child.kill('SIGKILL');
        assert.equal((await instance.ended).signal, 'SIGKILL');
        instance = await startSecond();
    }
    await sleep(500);
    done = true;
    await Promise.all(readers);
    assert.ok(broken >= KILLS, 'no kill met a reader');
    instance.child.kill('SIGTERM');
    assert.equal((await instance.ended).code, 0);
    assertNoSanitizerReport(readFileSync(second.log, 'utf8'));
    first.close();
    other.close();
});
