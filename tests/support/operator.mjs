// The operator of a demonstration, who moves its clock and its operations' answers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** What a Hub leaves out of a call that no consent and no customer plays a part in. */
export const NO_CONSENT = { 'o3-aspsp-id': undefined, 'o3-consent-id': undefined, 'o3-psu-identifier': undefined };

/** Has the operator do something that succeeds. */
export async function operate(demo, method, path, body) {
    const reply = await fetch(`${demo.adminBaseUrl}${path}`, {
        method,
        headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${readFileSync(demo.operatorTokenFile, 'utf8').trim()}`,
            connection: 'close',
        },
        body: body && JSON.stringify(body),
    });
    assert.ok(reply.ok, `${method} ${path}: ${reply.status}`);
}

/** The clock of a demonstration, and calls of its Hubs whose tokens are of that time. */
export class BankClock {
    #demo;

    #offsetSeconds = 0;

    constructor(demo) {
        this.#demo = demo;
    }

    /** Seconds since 1970, there. */
    now() {
        return Math.floor(Date.now() / 1000) + this.#offsetSeconds;
    }

    async move(offsetSeconds) {
        await operate(this.#demo, 'PUT', '/operator/clock', { offsetSeconds });
        this.#offsetSeconds = offsetSeconds;
    }

    token(client) {
        const now = this.now();
        return client.token({ claims: { iat: now, exp: now + 30 } });
    }

    /** A call without a consent. */
    async call(client, method, path, { body, headers = {} } = {}) {
        return client.call(method, path, { body, token: await this.token(client), headers: { ...NO_CONSENT, ...headers } });
    }
}
