// What the tests of a run saw on the wire, for the checks that come last: contract.coverage and
// contract.replies. A line of JSON for each reply in the file LFI_COVERAGE_FILE; the same reply twice
// is one line, and a long body is packed. What an older build of the server answered does not count.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { BUILD_DIR } from './demo.mjs';

const PACKED_FROM = 4096; // characters
const PROGRAM = join(BUILD_DIR, 'bin/lfi-server');
const seen = new Set();

const isOld = (file) => existsSync(file) && statSync(file).mtimeMs < statSync(PROGRAM).mtimeMs;

/**
 * An exchange: {method, path, status, type, text, …} with whatever the checks need besides. `path`
 * has no query, `type` is the Content-Type, `text` the body.
 */
export function record({ text, ...exchange }) {
    const file = process.env.LFI_COVERAGE_FILE;
    if (!file) {
        return;
    }
    const digest = createHash('sha256').update(JSON.stringify(exchange)).update(text).digest('base64');
    if (seen.size === 0 && isOld(file)) {
        rmSync(file, { force: true });
    }
    if (!seen.has(digest)) {
        seen.add(digest);
        const body = text.length < PACKED_FROM ? { text }
            : { packed: deflateRawSync(text, { level: 1 }).toString('base64') };
        appendFileSync(file, JSON.stringify({ ...exchange, ...body }) + '\n');
    }
}

/** All that the files of a folder hold, each with `suite`, the name of its file. */
export function* readRecords(folder) {
    const files = readdirSync(folder).filter((one) => one.endsWith('.jsonl'));
    for (const name of files.filter((one) => !isOld(join(folder, one)))) {
        for (const line of readFileSync(join(folder, name), 'utf8').trim().split('\n')) {
            const { packed, ...exchange } = JSON.parse(line);
            const text = packed ? inflateRawSync(Buffer.from(packed, 'base64')).toString('utf8') : exchange.text;
            yield { ...exchange, text, suite: name.slice(0, -'.jsonl'.length) };
        }
    }
}
