// A TPP's receiver of events, which opens them with an independent JOSE library.
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { compactDecrypt, createLocalJWKSet, jwtVerify } from 'jose';
import { recordEvent } from './recording.mjs';

const WAIT_MS = 60_000;

/** Waits for a condition that is asked for again and again, and resolves to what it gave. */
export async function until(condition, what) {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
        const given = await condition();
        if (given) {
            return given;
        }
        assert.ok(Date.now() < deadline, typeof what === 'function' ? what() : what);
        await sleep(20);
    }
}

export class Receiver {
    /** `answers` are the statuses of the next calls; 202 when there are none. `tls` has {cert, key}. */
    static async start({ tls } = {}) {
        const receiver = Object.assign(new Receiver(), { calls: [], answers: [] });
        const answer = (incoming, reply) => {
            let body = '';
            incoming.on('data', (chunk) => (body += chunk));
            incoming.on('end', () => {
                const { method, url, headers } = incoming;
                const status = receiver.answers.shift() ?? 202;
                receiver.calls.push({ method, url, headers, body, status });
                reply.writeHead(status, { connection: 'close', location: receiver.url });
                reply.end();
            });
        };
        receiver.server = tls ? createTlsServer(tls, answer) : createServer(answer);
        await new Promise((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
        receiver.url = `${tls ? 'https' : 'http'}://localhost:${receiver.server.address().port}/hook?of=tpp`;
        return receiver;
    }

    stop() {
        this.server.closeAllConnections();
        return new Promise((resolve) => this.server.close(resolve));
    }

    subscription(IsActive = true) {
        return { Webhook: { Url: this.url, IsActive } };
    }

    /** The calls, once there are that many. */
    async reach(count) {
        await until(() => this.calls.length >= count, () => `${count} calls, not ${this.calls.length}`);
        return this.calls;
    }
}

/** {jwe, jws, claims}: both headers and the claims of an event, opened as the TPP of demo.json and verified. */
export async function openEvent({ body }, tpp, keys) {
    const { plaintext, protectedHeader: jwe } = await compactDecrypt(body, createPrivateKey(readFileSync(tpp.encryptionKey)));
    const { payload: claims, protectedHeader: jws } = await jwtVerify(new TextDecoder().decode(plaintext),
        createLocalJWKSet({ keys }), { issuer: tpp.issuer, audience: tpp.clientId, algorithms: ['PS256'] });
    recordEvent(JSON.stringify(claims));
    return { jwe, jws, claims };
}
