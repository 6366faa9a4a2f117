// What a program is started with: closed standard descriptors, a log that nobody reads.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubClient } from '../support/client.mjs';
import { BUILD_DIR, startDemo } from '../support/demo.mjs';
import { startProgram, writeConfig } from '../support/program.mjs';

let demo;
let config;

before(async () => {
    demo = await startDemo();
    config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
});

after(() => demo?.stop());

test('closed standard descriptors do not let the log into the store', async () => {
    const written = await writeConfig(demo, config, 'closed.json');
    const program = await startProgram(written, { shell: '<&- >&- 2>&-', stdio: 'ignore' });
    for (let i = 0; i < 20; i++) {
        await fetch(`${written.publicUrl}/nothing`);
    }
    program.child.kill('SIGTERM');
    assert.equal((await program.ended).code, 0);
    for (const segment of ['retail', 'sme']) {
        const data = readFileSync(join(demo.dir, 'store', segment, 'data.mdb'));
        assert.ok(!data.includes('"event":"request"') && !data.includes('"event":"started"'));
    }
    const again = await startProgram(await writeConfig(demo, config, 'again.json'));
    again.child.kill('SIGTERM');
    assert.equal((await again.ended).code, 0, again.log);
});

test('every program starts with closed standard descriptors', () => {
    for (const name of ['lfi-server', 'hub-sim', 'lfi-fixtures', 'openapi-compile', 'parity']) {
        const program = join(BUILD_DIR, 'bin', name);
        const listing = spawnSync('bash', ['-c', 'exec "$0" --wrong <&- >&- 2>&-', program]);
        assert.ok([1, 2].includes(listing.status), `${name}: ${listing.status} ${listing.signal}`);
    }
});

test('a log that nobody reads stops neither requests nor the end', async () => {
    const written = await writeConfig(demo, config, 'stalled.json');
    const reader = '2> >(exec sleep 60)'; // which never reads
    const program = await startProgram(written, { shell: reader, stdio: 'ignore' });
    const seen = await seeStalled(written);
    program.child.kill('SIGTERM');
    const end = await Promise.race([program.ended, sleep(8000, 'late', { ref: false })]);
    assert.deepEqual(end, { code: 0, signal: null });
    assert.ok(seen.dropped > 0);
});

/** Requests whose log lines are more than pipe and queue hold. */
async function seeStalled(written) {
    const baseUrl = written.hub;
    const seenBy = { ...demo, ozoneConnect: { ...demo.ozoneConnect, baseUrl } };
    const client = new HubClient(seenBy, demo.providers[0].providerId);
    const long = 'x'.repeat(128);
    const headers = {
        'o3-ozone-interaction-id': long,
        'o3-caller-interaction-id': long,
        'x-fapi-interaction-id': long,
        'o3-consent-id': long,
    };
    for (let sent = 0; sent < 4000; sent += 50) {
        const calls = Array.from({ length: 50 }, () =>
            client.get('/accounts', { token: null, headers }),
        );
        for (const { status } of await Promise.all(calls)) {
            assert.equal(status, 401);
        }
    }
    client.close();
    const metrics = await (await fetch(`${written.admin}/metrics`)).text();
    return { dropped: Number(/^lfi_log_dropped_total (\d+)$/m.exec(metrics)[1]) };
}
