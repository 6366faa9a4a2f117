// A second instance of the bank beside the demonstration's: the same configuration and store, on
// ports of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertNoSanitizerReport, BUILD_DIR, freePortBase } from './demo.mjs';

export class SecondInstance {
    static async prepare(demo, portBase) {
        const second = new SecondInstance();
        const base = portBase ?? (await freePortBase());
        const config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
        config.hubListener.port = base + 3;
        config.publicListener.port = base;
        config.adminListener.port = base + 1;
        second.config = join(demo.dir, 'second.json');
        writeFileSync(second.config, JSON.stringify(config));
        second.log = join(demo.dir, 'second.log');
        second.origin = demo.publicBaseUrl; // what browsers say, whichever instance they reach
        second.publicUrl = `http://localhost:${base}`;
        second.admin = `http://127.0.0.1:${base + 1}`;
        /** For a HubClient: the demonstration as seen through this instance. */
        second.demo = {
            ...demo,
            ozoneConnect: { ...demo.ozoneConnect, baseUrl: `https://localhost:${base + 3}` },
        };
        return second;
    }

    /** Resolves when it is ready. */
    async start() {
        const log = openSync(this.log, 'a');
        const program = join(BUILD_DIR, 'bin/lfi-server');
        this.child = spawn(program, ['--config', this.config], { stdio: ['ignore', log, log] });
        this.ended = new Promise((resolve) =>
            this.child.once('exit', (code, signal) => resolve({ code, signal })),
        );
        for (let i = 0; ; i++) {
            const ready = await fetch(`${this.admin}/readyz`).catch(() => null);
            if (ready?.status === 200) {
                return;
            }
            assert.ok(i < 400, 'the second instance is not ready');
            await sleep(25);
        }
    }

    /** With SIGKILL it is gone at once. */
    async end(signal = 'SIGTERM') {
        this.child.kill(signal);
        const end = await this.ended;
        if (signal === 'SIGTERM') {
            assert.equal(end.code, 0);
        }
        assertNoSanitizerReport(readFileSync(this.log, 'utf8'));
    }
}
