// The server alone, on ports of its own, with the configuration and a copy of nothing: for tests
// that start it in ways in which tools/run does not.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BUILD_DIR, freePortBase } from './demo.mjs';

export const PROGRAM = join(BUILD_DIR, 'bin/lfi-server');

/** The configuration on free ports. `adjust` may change it. Returns {config, file, admin}. */
export async function writeConfig(demo, config, name, adjust = () => {}) {
    const base = await freePortBase();
    const own = structuredClone(config);
    own.publicListener.port = base;
    own.adminListener.port = base + 1;
    own.hubListener.port = base + 3;
    adjust(own);
    const file = join(demo.dir, name);
    writeFileSync(file, JSON.stringify(own, null, 2));
    return {
        config: own,
        file,
        admin: `http://127.0.0.1:${own.adminListener.port}`,
        hub: `https://localhost:${own.hubListener.port}`,
        publicUrl: `http://localhost:${own.publicListener.port}`,
    };
}

/** Runs the server to its end, with --check or until it fails. */
export function runProgram(...args) {
    return spawnSync(PROGRAM, args, { encoding: 'utf8', timeout: 20_000 });
}

/** Starts the server, of another build by `path`; `shell` starts it by a shell, with these
 *  redirections. */
export async function startProgram(written, { path = PROGRAM, shell, stdio, env } = {}) {
    const options = { stdio: stdio ?? ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } };
    const child = shell
        ? spawn('bash', ['-c', `exec "$0" --config "$1" ${shell}`, path, written.file], options)
        : spawn(path, ['--config', written.file], options);
    const program = { child, log: '' };
    child.stderr?.on('data', (chunk) => (program.log += chunk));
    program.ended = new Promise((resolve) =>
        child.once('exit', (code, signal) => resolve({ code, signal })),
    );
    process.once('exit', () => child.kill('SIGKILL'));
    for (let i = 0; ; i++) {
        if (await fetch(`${written.admin}/readyz`).then((reply) => reply.ok, () => false)) {
            return program;
        }
        assert.ok(i < 400 && child.exitCode === null, `the server is not ready: ${program.log}`);
        await sleep(25);
    }
}
