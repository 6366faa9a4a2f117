// core-check: a small bank that breaks one rule on demand fails on that rule, for each rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, LOGIN, rules, run, SMALL_BANK, smallBank, verdictsOf } from './core_checks.mjs';

const WATCHED = ['late', 'status', 'explained', 'bytes']; // seen in passing, in the calls of other rules

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
