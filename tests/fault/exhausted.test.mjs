// No descriptor is left for a new connection: the server goes on with those that it has, says so,
// waits without spinning, and takes new ones as soon as it can.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubClient } from '../support/client.mjs';
import { assertNoSanitizerReport, startDemo } from '../support/demo.mjs';
import { startProgram, writeConfig } from '../support/program.mjs';

const SPARE = 6; // descriptors that the server may still open
const MORE = 40; // connections that want one
const HELD_MS = 2500;
const SHARE = 0.25; // of a processor, with sanitizers; a spinning loop takes all of one

let demo;
let written;
let program;
let hub;
let admin;

before(async () => {
    demo = await startDemo();
    const config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
    written = await writeConfig(demo, config, 'exhausted.json', (own) => {
        own.limits = { idleMs: 60_000 };
    });
    program = await startProgram(written);
    const baseUrl = written.hub;
    hub = new HubClient({ ...demo, ozoneConnect: { ...demo.ozoneConnect, baseUrl } }, 'dhowretail');
    admin = new Agent({ keepAlive: true, maxSockets: 1 });
});

after(async () => {
    hub?.close();
    admin?.destroy();
    program?.child.kill('SIGTERM');
    assert.deepEqual(await program?.ended, { code: 0, signal: null });
    assertNoSanitizerReport(program.log);
    await demo?.stop();
});

function limitFiles(limit) {
    const args = ['--pid', `${program.child.pid}`, `--nofile=${limit}:`];
    const { status, stderr } = spawnSync('prlimit', args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
}

/** The lowest limit that leaves SPARE descriptors: it bounds their numbers. */
function lowestLimit() {
    const open = readdirSync(`/proc/${program.child.pid}/fd`).map(Number).sort((a, b) => a - b);
    let free = 0;
    for (let fd = 0; ; fd++) {
        free += open.includes(fd) ? 0 : 1;
        if (free > SPARE) {
            return fd;
        }
    }
}

/** Processor time of the server so far, in seconds. */
function processorTime() {
    const stat = readFileSync(`/proc/${program.child.pid}/stat`, 'utf8');
    const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13);
    return (Number(user) + Number(system)) / 100;
}

function failedAccepts(listener) {
    const line = new RegExp(`^lfi_accept_failed_total\\{listener="${listener}"\\} (\\d+)$`, 'm');
    return new Promise((resolve, reject) => {
        get(`${written.admin}/metrics`, { agent: admin }, (reply) => {
            let text = '';
            reply.on('data', (chunk) => (text += chunk));
            reply.on('end', () => resolve(Number(line.exec(text)[1])));
        }).on('error', reject);
    });
}

async function read() {
    const { userId, accountIds } = hub.identity.users[0];
    return (await hub.get(`/accounts/${accountIds[0]}/balances`, { userId })).status;
}

const failures = () =>
    program.log.split('\n').filter((line) => line.includes('"event":"accept-failed"')).map(JSON.parse);

function hello(port) {
    return new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
        socket.on('data', () => resolve(socket.destroy()));
        socket.on('error', () => resolve(null));
        socket.on('close', () => resolve(null)); // a TLS listener ends what is no handshake
    });
}

describe('no descriptor is left', () => {
    for (const name of ['hub', 'public', 'admin']) {
        test(`for the ${name} listener`, async (t) => {
            const { port } = written.config[`${name}Listener`];
            assert.equal(await read(), 200); // this connection, and that to the operator, stay
            const failed = await failedAccepts(name);
            const known = failures().length;
            const before = readFileSync(`/proc/${program.child.pid}/limits`, 'utf8');
            const [, soft] = /^Max open files +(\d+)/m.exec(before);
            limitFiles(lowestLimit());
            const callers = Array.from({ length: MORE }, () => connect(port, '127.0.0.1'));
            callers.forEach((caller) => caller.on('error', () => {}));
            await sleep(300);
            const used = processorTime();
            const begun = performance.now();
            assert.equal(await read(), 200);
            await sleep(HELD_MS);
            const share = ((processorTime() - used) * 1000) / (performance.now() - begun);
            t.diagnostic(`${(100 * share).toFixed(0)} % of a processor`);
            assert.ok(share < SHARE, `${share}`);
            assert.ok((await failedAccepts(name)) > failed);
            assert.equal(await read(), 200);

            const said = failures().slice(known);
            assert.ok(said.length >= 1 && said.length <= HELD_MS / 1000 + 3, `${said.length} lines`);
            assert.equal(said[0].listener, name);
            assert.match(said[0].reason, /Too many open files/);

            callers.forEach((caller) => caller.destroy()); // the limit is as low as before
            const answered = Promise.race([hello(port).then(() => true), sleep(3000, false)]);
            assert.ok(await answered, 'a new connection is taken');
            limitFiles(soft);
        });
    }
});
