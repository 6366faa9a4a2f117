// All that the bank holds of people.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { BUILD_DIR } from './demo.mjs';

const PATTERNS = {
    'a name': /"(?:fullName|accountHolderName|customerName|businessName)":"([^"]+ [^"]+)"/g,
    'an account number': /"identification":"((?:AE\d|\d{4}\*)[^"]+)"/g,
    'an e-mail address': /"(?:email|corporateContactEmail)":"([^"]+)"/g,
    'a phone number': /"(?:mobileNumber|corporateContactPhoneNumber)":"([^"]+)"/g,
    'an Emirates ID': /"emiratesId":"([^"]+)"/g,
};
const OF_TRANSACTIONS = { 'an account number': PATTERNS['an account number'] };

/** By the dump of a segment's store: each value, and what it is. */
export function peopleOf(demo, segment) {
    const people = new Map();
    const dump = execFileSync(
        join(BUILD_DIR, 'bin/lfi-fixtures'),
        ['dump', '--store', join(demo.dir, 'store', segment), '--segment', segment],
        { encoding: 'utf8', maxBuffer: 1 << 30 },
    );
    for (const line of dump.split('\n')) {
        // Of transactions only the account numbers: the names there are shops, too.
        const patterns = line.includes('"record":"transaction"') ? OF_TRANSACTIONS : PATTERNS;
        for (const [kind, pattern] of Object.entries(patterns)) {
            for (const [, value] of line.matchAll(pattern)) {
                people.set(value, kind);
            }
        }
    }
    return people;
}
