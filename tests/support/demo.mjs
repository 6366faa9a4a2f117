// Starts the demonstration for a test, in a folder and on ports of its own, and ends it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
    cpSync,
    existsSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    renameSync,
    rmSync,
    statSync,
    writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BUILD_DIR, ROOT } from './paths.mjs';
import { recordKept } from './recording.mjs';

export { BUILD_DIR, ROOT };

/** The day on which the tests see the bank's data, for which they are written. */
export const AS_OF = '2026-06-30';

const READY_MS = 120_000;
const STOP_MS = 60_000;
const PORT_OFFSETS = [0, 1, 3, 10, 13, 14, 15]; // those that tools/run uses from the base on

function isFree(port) {
    return new Promise((resolve) => {
        const server = createServer();
        server.once('error', () => resolve(false));
        server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
}

const claims = []; // files of port bases, held until this process ends
process.on('exit', () => claims.forEach((file) => rmSync(file, { force: true })));
const isAlive = (pid) => existsSync(`/proc/${pid}`);

/** Keeps other suites from the base until this process ends: they choose before anybody listens there. */
function claim(base) {
    const file = join(tmpdir(), `lfi-ports-${base}`);
    try {
        writeFileSync(file, `${process.pid}`, { flag: 'wx' });
    } catch {
        const holder = existsSync(file) ? readFileSync(file, 'utf8') : '';
        if (holder && !isAlive(holder)) {
            rmSync(file, { force: true }); // for whoever comes next
        }
        return false;
    }
    claims.push(file);
    return true;
}

/** A port base whose ports are free, below those that the system hands out itself. */
export async function freePortBase() {
    for (;;) {
        const base = 20_000 + 20 * Math.floor(Math.random() * 600);
        if (!claim(base)) {
            continue;
        }
        const free = await Promise.all(PORT_OFFSETS.map((offset) => isFree(base + offset)));
        if (free.every(Boolean)) {
            return base;
        }
    }
}

let pki; // made or found to be whole by this process

/** The folder of a PKI that all tests of a build share, since making one takes seconds. */
export function sharedPki() {
    pki ??= makeSharedPki();
    return pki;
}

function makeSharedPki() {
    const script = join(ROOT, 'tools/pki');
    const hash = createHash('sha256').update(readFileSync(script));
    const version = hash.update(readFileSync(join(ROOT, 'fixtures/bank.json'))).digest('hex').slice(0, 8);
    const shared = join(BUILD_DIR, `test-pki-${version}`);
    const made = spawnSync(script, [shared], { encoding: 'utf8' });
    assert.equal(made.status, 0, made.stderr);
    return shared;
}

/** The folder of the loaded demo bank that all tests of a build and its fixtures share. */
export function sharedStore() {
    const program = join(BUILD_DIR, 'bin/lfi-fixtures');
    const fixtures = join(ROOT, 'fixtures');
    const hash = createHash('sha256').update(readFileSync(program));
    for (const entry of readdirSync(fixtures, { recursive: true }).sort()) {
        const file = join(fixtures, entry);
        hash.update(statSync(file).isFile() ? readFileSync(file) : entry);
    }
    const shared = join(BUILD_DIR, `test-store-${hash.digest('hex').slice(0, 8)}`);
    if (existsSync(shared)) {
        return shared;
    }
    const own = mkdtempSync(`${shared}.`);
    const make = (...args) => {
        const made = spawnSync(program, [...args, '--from', fixtures], { encoding: 'utf8' });
        assert.equal(made.status, 0, made.stderr);
        return made.stdout;
    };
    const users = {};
    for (const { segment } of JSON.parse(readFileSync(join(fixtures, 'bank.json'), 'utf8')).providers) {
        make('load', '--segment', segment, '--store', join(own, segment));
        users[segment] = JSON.parse(make('users', '--segment', segment));
    }
    writeFileSync(join(own, 'users.json'), JSON.stringify(users));
    writeFileSync(join(own, 'places.json'), make('places', '--json'));
    try {
        renameSync(own, shared);
    } catch (error) {
        assert.ok(existsSync(shared), error); // another test was first
        rmSync(own, { recursive: true });
    }
    return shared;
}

/**
 * Runs tools/run and waits for demo.json. The result is its content and
 *   dir, portBase      where the demonstration lives
 *   process            the child that is tools/run
 *   serverLog()        what the server has logged, parsed; hubLog() the same of the simulator
 *   readLog(name)      the whole text of 'server.log' or 'hub.log', other programs' lines included
 *   exited             a promise of {code, output} of tools/run
 *   stop()             ends it and fails when a program did not end well
 * adjustServer and adjustHub are jq filters over the generated configurations. A `dir` that the
 * caller gives is kept.
 */
export async function startDemo({ dir, portBase, adjustServer, adjustHub, args = [] } = {}) {
    const own = dir ?? mkdtempSync(join(tmpdir(), 'lfi-test-'));
    if (!existsSync(join(own, 'pki'))) {
        cpSync(sharedPki(), join(own, 'pki'), { recursive: true });
    }
    if (!existsSync(join(own, 'store'))) {
        cpSync(sharedStore(), join(own, 'store'), { recursive: true });
    }
    const base = portBase ?? (await freePortBase()); // last, before others take it
    const command = ['--data', own, '--port-base', `${base}`, '--build-dir', BUILD_DIR,
        '--as-of', AS_OF, ...args];
    if (adjustServer) {
        command.push('--adjust-server', adjustServer);
    }
    if (adjustHub) {
        command.push('--adjust-hub', adjustHub);
    }
    const child = spawn(join(ROOT, 'tools/run'), command, { stdio: ['ignore', 'pipe', 'pipe'] });
    const endWithTest = () => child.kill('SIGTERM');
    process.once('exit', endWithTest);
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const exited = new Promise((resolve) =>
        child.once('close', (code) => {
            process.off('exit', endWithTest);
            resolve({ code, output });
        }),
    );

    const demoFile = join(own, 'demo.json');
    const deadline = Date.now() + READY_MS;
    while (!existsSync(demoFile)) {
        if (Date.now() >= deadline) {
            child.kill('SIGTERM');
            await exited;
            assert.fail(`tools/run is not ready: ${output}`);
        }
        assert.equal(child.exitCode, null, `tools/run ended: ${output}`);
        await sleep(50);
    }

    const read = (name) => readFileSync(join(own, name), 'utf8');
    // The programs write log lines after they answer: waits until nothing is added any more.
    const settled = (name) => {
        const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
        let size = -1;
        for (pause(); statSync(join(own, name)).size !== size; pause()) {
            size = statSync(join(own, name)).size;
        }
        return read(name);
    };
    return {
        ...JSON.parse(read('demo.json')),
        dir: own,
        portBase: base,
        process: child,
        exited,
        readLog: settled,
        serverLog: () => parseLog(settled('server.log')),
        hubLog: () => parseLog(settled('hub.log')),
        async stop() {
            child.kill('SIGTERM');
            const timeout = sleep(STOP_MS, null, { ref: false });
            const end = await Promise.race([exited, timeout]);
            assert.ok(end, `tools/run did not end within ${STOP_MS} ms`);
            assertNoSanitizerReport(read('server.log'));
            assertNoSanitizerReport(read('hub.log'));
            assert.equal(end.code, 0, end.output);
            recordKept(join(own, 'hub'), this);
            if (!dir) {
                rmSync(own, { recursive: true });
            }
        },
    };
}

export function assertNoSanitizerReport(log) {
    const at = log.search(/^.*(Sanitizer|runtime error):/m);
    assert.equal(at, -1, at < 0 ? undefined : log.slice(at, at + 4000));
}

function parseLog(text) {
    return text
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line));
}
