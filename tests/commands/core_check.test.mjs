// tools/core-check: the reference cores and the skeleton keep every rule that can be checked of
// them; a small bank that breaks one rule on demand fails on that rule, for each rule.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BUILD_DIR, sharedStore } from '../support/demo.mjs';
import { instructionsOf, PAIN, painOf } from '../support/files.mjs';

const SMALL_BANK = join(BUILD_DIR, 'tests/libsmall-bank.so');
const CREDITOR = 'AE219900000000000000001'; // of another bank, which takes what it is sent
const WATCHED = ['late', 'status', 'explained', 'bytes']; // seen in passing, in the calls of other rules
const LOGIN = ['--login', 'amal:sesame'];
const SKELETON_USER = '5f0c6d0e-7a51-4a39-9d0c-1d6f2f1c0001';
const store = mkdtempSync(join(tmpdir(), 'lfi-core-check-'));
cpSync(sharedStore(), store, { recursive: true });
const written = (name, text) => {
    writeFileSync(join(store, name), text);
    return join(store, name);
};
const SMALL_FILE = `small,text/plain,${written('small.txt', '100\n2050\n33\n')}`;
const PAIN_FILE = `${PAIN},application/xml,${written('pain.xml', painOf(instructionsOf(25)))}`;
after(() => rmSync(store, { recursive: true }));

/** A sound or broken small bank, which keeps its payments in a folder of this test. */
const smallBank = (...more) => check(
    SMALL_BANK, ['first', 'second'], ...LOGIN, '--levers', '--payments', CREDITOR, '--file', SMALL_FILE, '--base-dir', store,
    ...more,
);

function run(...args) {
    const { status, stdout, stderr } = spawnSync(join(BUILD_DIR, 'bin/core-check'), args, {
        encoding: 'utf8',
        timeout: 120_000,
    });
    return { status, stdout, stderr };
}

/** What core-check says of a core, by rule: {status, verdicts: {rule: 'kept'}, output}. */
function check(core, users, ...more) {
    const { status, stdout, stderr } = run(
        '--core', core, ...users.flatMap((user) => ['--user', user]), ...more,
    );
    const lines = [...stdout.matchAll(/^([a-z-]+) +(kept|BROKEN|not checked)/gm)];
    const verdicts = Object.fromEntries(lines.map(([, rule, verdict]) => [rule, verdict]));
    return { status, verdicts, output: stdout + stderr };
}

const rules = run('--rules').stdout.trim().split('\n').map((line) => line.split(' ')[0]);
const verdictsOf = (verdicts) => [...new Set(Object.values(verdicts))].sort();

test('a sound core keeps every rule, and each is checked', () => {
    const { status, verdicts, output } = smallBank();
    assert.deepEqual(verdictsOf(verdicts), ['kept'], output);
    assert.deepEqual(Object.keys(verdicts), rules);
    assert.equal(status, 0);
});

for (const rule of rules) {
    test(`a core that breaks ${rule} fails on it`, () => {
        const settings = JSON.stringify({ break: rule });
        const only = WATCHED.includes(rule) ? [] : ['--only', rule];
        const { status, verdicts, output } = smallBank('--deadline', '600', '--settings', settings, ...only);
        assert.equal(verdicts[rule], 'BROKEN', output);
        assert.equal(status, 1);
    });
}

const isOfPolicies = (rule) => rule.startsWith('policy-');
const isOfQuotes = (rule) => rule.startsWith('quote-');

// A password is hashed in 600,000 rounds, which takes seconds where every processor is busy.
const PATIENT = ['--deadline', '30000'];
const logins = { retail: 'rohan:rohan-dhow', sme: 'siraj.owner:siraj.owner-dhow' };
for (const segment of ['retail', 'sme']) {
    test(`the ${segment} core keeps every rule for all users`, () => {
        const places = JSON.parse(readFileSync(join(store, 'places.json')));
        const users = new Set(
            places.filter((place) => place.segment === segment && place.userId).map(({ userId }) => userId),
        );
        assert.ok(users.size > 1);
        const core = join(BUILD_DIR, `lib/libcore-reference.so`);
        const settings = JSON.stringify({ store: join(store, segment) });
        const { status, verdicts, output } = check(
            core, [...users], '--settings', settings, '--login', logins[segment], '--levers', '--payments', CREDITOR,
            '--file', PAIN_FILE, ...PATIENT,
        );
        const several = ['payment-approvers', 'payment-approver-pays'];
        const isLacking = (rule) => isOfPolicies(rule) || isOfQuotes(rule) || (segment === 'retail' && several.includes(rule));
        const broken = rules.filter((rule) => verdicts[rule] !== (isLacking(rule) ? 'not checked' : 'kept'));
        assert.deepEqual(broken, [], output);
        assert.equal(status, 0);
    });
}

test('the insurer keeps every rule of policies for all users, and knows no quote that it never issued', () => {
    const users = JSON.parse(readFileSync(join(store, 'users.json'))).insurance.map(({ userId }) => userId);
    const settings = JSON.stringify({ store: join(store, 'insurance') });
    const wanted = [...rules.filter(isOfPolicies), 'quote-unknown'];
    const only = wanted.flatMap((rule) => ['--only', rule]);
    const { status, verdicts, output } = check(
        join(BUILD_DIR, 'lib/libcore-insurer.so'), users, '--settings', settings, ...PATIENT, ...only,
    );
    assert.deepEqual(Object.keys(verdicts).sort(), wanted.sort(), output);
    assert.deepEqual(verdictsOf(verdicts), ['kept'], output);
    assert.equal(status, 0);
});

test('the skeleton breaks no rule; what it does not offer is said', () => {
    const { status, verdicts, output } = check(join(BUILD_DIR, 'lib/libcore-skeleton.so'), [SKELETON_USER], '--login', 'skeleton:skeleton-password');
    assert.equal(status, 0, output);
    assert.equal(verdicts['list-shape'], 'kept');
    assert.equal(verdicts['sign-in'], 'kept');
    assert.match(output, /^levers-reset +not checked: the core does not offer this lever/m);
    assert.match(output, /^atms +not checked: the core offers no ATMs$/m);
    assert.match(output, /^payment-create +not checked: the core offers no payments$/m);
    assert.match(output, /^files-types +not checked: the core takes no files of payments$/m);
    assert.match(output, /^policy-order +not checked: the core offers no policies$/m);
});

test('the levers are moved only when that is asked for', () => {
    const settings = JSON.stringify({ break: 'levers-status' });
    const { status, verdicts, output } = check(SMALL_BANK, ['first'], ...LOGIN, '--settings', settings);
    assert.equal(status, 0, output);
    assert.equal(verdicts['levers-states'], 'kept');
    assert.match(output, /^levers-status +not checked: it needs --levers$/m);
});

test('payments are made only when that is asked for', () => {
    const { status, verdicts, output } = check(SMALL_BANK, ['first', 'second'], ...LOGIN);
    assert.equal(status, 0, output);
    assert.equal(verdicts['payment-payable'], 'kept');
    assert.match(output, /^payment-create +not checked: it needs --payments$/m);
    assert.match(output, /^files-keep +not checked: it needs --file$/m);
});

test('one rule alone', () => {
    const { status, verdicts, output } = smallBank('--only', 'atms', '--only', 'payee');
    assert.equal(status, 0, output);
    assert.deepEqual(verdicts, { payee: 'kept', atms: 'kept' });
});

const REFUSED = [
    ['without a core', ['--user', 'first'], 2, /--core and --user are needed/],
    ['without a user', ['--core', SMALL_BANK], 2, /--core and --user are needed/],
    ['a deadline of nothing', ['--core', SMALL_BANK, '--user', 'first', '--deadline', '0'], 2, /from 1 to 60000/],
    ['a login without a password', ['--core', SMALL_BANK, '--user', 'first', '--login', 'amal'], 2, /NAME:PASSWORD/],
    ['a file without a path', ['--core', SMALL_BANK, '--user', 'first', '--file', 'small,text/plain'], 2, /TYPE,MEDIA,PATH/],
    ['a rule that there is not', ['--core', SMALL_BANK, '--user', 'first', '--only', 'x'], 2, /a rule that --rules lists/],
    ['an argument too many', ['--core', SMALL_BANK, '--user', 'first', 'more'], 2, /unknown argument/],
    ['a core that is not there', ['--core', '/nowhere.so', '--user', 'first'], 3, /cannot load the core/],
    ['settings that the core refuses', ['--core', SMALL_BANK, '--user', 'first', '--settings', '{"break":"x"}'], 3, /no such rule/],
];
for (const [what, args, expected, words] of REFUSED) {
    test(`refused: ${what}`, () => {
        const { status, stderr } = run(...args);
        assert.equal(status, expected, stderr);
        assert.match(stderr, words);
    });
}
