// The program itself: its arguments, its start and its end.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertNoSanitizerReport, BUILD_DIR, freePortBase, startDemo } from '../support/demo.mjs';

const PROGRAM = join(BUILD_DIR, 'bin/lfi-server');

let demo;
let config;

before(async () => {
    demo = await startDemo();
    config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
});

after(() => demo?.stop());

function run(...args) {
    const { status, stdout, stderr } = spawnSync(PROGRAM, args, { encoding: 'utf8', timeout: 20_000 });
    assertNoSanitizerReport(stderr);
    return { status, stdout, stderr };
}

// Beside the demonstration's own, since names of files are relative to it.
function write(name, content) {
    const file = join(demo.dir, name);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
    return file;
}

async function onOtherPorts() {
    const base = await freePortBase();
    const other = structuredClone(config);
    other.publicListener.port = base;
    other.adminListener.port = base + 1;
    other.hubListener.port = base + 3;
    return other;
}

describe('arguments', () => {
    test('wrong ones show how to use it', () => {
        for (const args of [[], ['--config'], ['--check'], ['--config', 'a', '--config', 'b'], ['x']]) {
            const { status, stderr } = run(...args);
            assert.equal(status, 2, args.join(' '));
            assert.match(stderr, /^usage: lfi-server --config FILE/);
        }
    });

    test('--help and --version', () => {
        assert.match(run('--help').stdout, /^usage: lfi-server/);
        assert.match(run('--version').stdout, /^lfi-server \d+\.\d+\.\d+\n$/);
    });

    test('--check names file, line and cause', () => {
        assert.deepEqual(run('--config', join(demo.dir, 'server.json'), '--check').status, 0);
        const file = write('wrong.json', { ...config, hostName: 7 });
        const { status, stderr } = run('--config', file, '--check');
        assert.equal(status, 2);
        assert.match(stderr, /wrong\.json:\d+: \$\.hostName: /);
        assert.equal(run('--config', join(demo.dir, 'none.json')).status, 2);
    });
});

describe('start and end', () => {
    test('a taken port ends the start', async () => {
        const other = await onOtherPorts();
        other.hubListener.port = config.hubListener.port;
        const { status, stderr } = run('--config', write('taken.json', other));
        assert.equal(status, 1);
        assert.match(stderr, /"event":"start-failed","reason":"hub listener: cannot listen on /);
    });

    test('a broken key ends the start', async () => {
        const other = await onOtherPorts();
        other.hubListener.key = 'pki/bank/C3.key';
        const { status, stderr } = run('--config', write('key.json', other));
        assert.equal(status, 1);
        assert.match(stderr, /"event":"start-failed","reason":"[^"]*\$\.hubListener\.key: the key is not that/);
    });

    for (const signal of ['SIGTERM', 'SIGINT']) {
        test(`${signal} ends it in time and well`, async () => {
            const other = await onOtherPorts();
            const child = spawn(PROGRAM, ['--config', write('second.json', other)]);
            let log = '';
            child.stderr.on('data', (chunk) => (log += chunk));
            const ended = new Promise((resolve) =>
                child.once('close', (code, killed) => resolve([code, killed])),
            );
            const deadline = Date.now() + 10_000;
            const url = `http://127.0.0.1:${other.adminListener.port}/readyz`;
            while (!(await fetch(url).then((reply) => reply.ok, () => false))) {
                assert.ok(Date.now() < deadline && child.exitCode === null, log);
                await sleep(20);
            }
            const begun = Date.now();
            child.kill(signal);
            assert.deepEqual(await ended, [0, null], log);
            assert.ok(Date.now() - begun < 4000);
            assertNoSanitizerReport(log);
            assert.match(log, /"event":"stopped"/);
        });
    }
});
