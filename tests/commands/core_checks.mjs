// core-check run on a core, and what it says by rule.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { BUILD_DIR, sharedStore } from '../support/demo.mjs';
import { instructionsOf, PAIN, painOf } from '../support/files.mjs';

export const SMALL_BANK = join(BUILD_DIR, 'tests/libsmall-bank.so');
export const CREDITOR = 'AE219900000000000000001'; // of another bank, which takes what it is sent
export const LOGIN = ['--login', 'amal:sesame'];
export const store = mkdtempSync(join(tmpdir(), 'lfi-core-check-'));
cpSync(sharedStore(), store, { recursive: true });
const written = (name, text) => {
    writeFileSync(join(store, name), text);
    return join(store, name);
};
const SMALL_FILE = `small,text/plain,${written('small.txt', '10\n25\n3\n')}`;
export const PAIN_FILE = `${PAIN},application/xml,${written('pain.xml', painOf(instructionsOf(25)))}`;
after(() => rmSync(store, { recursive: true }));

/** A sound or broken small bank, which keeps its payments in a folder of this test. */
export const smallBank = (...more) => check(
    SMALL_BANK, ['first', 'second'], ...LOGIN, '--levers', '--payments', CREDITOR, '--file', SMALL_FILE, '--base-dir', store,
    ...more,
);

export function run(...args) {
    const { status, stdout, stderr } = spawnSync(join(BUILD_DIR, 'bin/core-check'), args, {
        encoding: 'utf8',
        timeout: 120_000,
    });
    return { status, stdout, stderr };
}

/** What core-check says of a core, by rule: {status, verdicts: {rule: 'kept'}, output}. */
export function check(core, users, ...more) {
    const { status, stdout, stderr } = run(
        '--core', core, ...users.flatMap((user) => ['--user', user]), ...more,
    );
    const lines = [...stdout.matchAll(/^([a-z-]+) +(kept|BROKEN|not checked)/gm)];
    const verdicts = Object.fromEntries(lines.map(([, rule, verdict]) => [rule, verdict]));
    return { status, verdicts, output: stdout + stderr };
}

export const rules = run('--rules').stdout.trim().split('\n').map((line) => line.split(' ')[0]);
export const verdictsOf = (verdicts) => [...new Set(Object.values(verdicts))].sort();
