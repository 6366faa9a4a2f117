// The clock of a demonstration, which its operator moves and its Hubs follow.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

let offset = 0;

/** Seconds since 1970, as the demonstration has it. */
export const now = () => Math.floor(Date.now() / 1000) + offset;

async function move(demo, offsetSeconds) {
    const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    const { status } = await fetch(`${demo.adminBaseUrl}/operator/clock`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ offsetSeconds }),
    });
    assert.equal(status, 204);
    offset = offsetSeconds;
}

/** Does it while the clock is ahead by so much. */
export async function ahead(demo, offsetSeconds, work) {
    await move(demo, offsetSeconds);
    try {
        return await work();
    } finally {
        await move(demo, 0);
    }
}
