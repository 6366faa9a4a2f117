// What the demo bank's store holds, as lfi-fixtures dumps it, without what v2.2 of the standard adds: a
// Hub that asks in v2.1 does not hear of it.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { BUILD_DIR } from '../support/demo.mjs';
import { asOlder } from '../support/versions.mjs';

const KINDS = ['balance', 'transaction', 'statement', 'product', 'beneficiary', 'directDebit',
    'scheduledPayment', 'standingOrder', 'customer'];

/** By account id: {account, and a list for each kind of record, in the order of the store}. */
export function readBooks(demo, segment) {
    const dump = execFileSync(
        join(BUILD_DIR, 'bin/lfi-fixtures'),
        ['dump', '--store', join(demo.dir, 'store', segment), '--segment', segment],
        { encoding: 'utf8', maxBuffer: 1 << 30 },
    );
    const books = new Map();
    let book; // of the account whose lines these are
    for (const line of dump.trim().split('\n')) {
        const { record, ...more } = JSON.parse(line);
        const value = asOlder(more.value);
        if (record === 'account') {
            book = { account: value, ...Object.fromEntries(KINDS.map((kind) => [kind, []])) };
            books.set(value.id, book);
        } else if (record === 'product') {
            book.product.push({ ...more, value });
        } else if (KINDS.includes(record)) {
            book[record].push(value);
        }
    }
    return books;
}
