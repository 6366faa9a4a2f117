// Why a Hub refused a TPP's call: the id that it logged, found by the interaction id of its answer.
import assert from 'node:assert/strict';
import { openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS = 20_000;

/** A function that resolves to the id of an answer's refusal; '' for what was not refused. */
export function refusalsOf(demo) {
    const log = openSync(join(demo.dir, 'hub.log'));
    const buffer = Buffer.alloc(1 << 20);
    const known = new Map();
    let read = 0;

    function readOn() {
        const length = readSync(log, buffer, 0, buffer.length, read);
        const end = length > 0 ? buffer.lastIndexOf('\n', length - 1) + 1 : 0;
        for (const line of buffer.toString('utf8', 0, end).split('\n')) {
            if (line.includes('"tpp-call"')) {
                const { interactionId, refused } = JSON.parse(line);
                known.set(interactionId, refused ?? '');
            }
        }
        read += end;
        return end > 0;
    }

    return async function refusalOf({ headers }) {
        const id = headers['x-fapi-interaction-id'];
        const deadline = Date.now() + WAIT_MS;
        while (!known.has(id)) { // the log line follows the answer
            assert.ok(Date.now() < deadline, `no log line for ${id}`);
            readOn() || (await sleep(10));
        }
        return known.get(id);
    };
}
