// The clock of a demonstration, which its operator moves and its Hubs follow.
import { operate } from './operator.mjs';

let offset = 0;

/** Seconds since 1970, as the demonstration has it. */
export const now = () => Math.floor(Date.now() / 1000) + offset;

async function move(demo, offsetSeconds) {
    await operate(demo, 'PUT', '/operator/clock', { offsetSeconds });
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
