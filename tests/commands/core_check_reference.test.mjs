// core-check: the reference cores and the skeleton keep every rule that can be checked of them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BUILD_DIR } from '../support/demo.mjs';
import { check, CREDITOR, PAIN_FILE, rules, store, verdictsOf } from './core_checks.mjs';

const SKELETON_USER = '5f0c6d0e-7a51-4a39-9d0c-1d6f2f1c0001';
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

test('names that v2.2 does not take are counted, and break no rule', () => {
    const users = JSON.parse(readFileSync(join(store, 'users.json'))).retail;
    const told = (login) => {
        const { userId } = users.find((one) => one.login === login);
        const { status, output } = check(
            join(BUILD_DIR, 'lib/libcore-reference.so'), [userId], '--settings', JSON.stringify({ store: join(store, 'retail') }),
            '--only', 'customer', ...PATIENT,
        );
        assert.equal(status, 0, output);
        assert.doesNotMatch(output, /Zo|ller/); // where they stand, not what they are
        return /^names: .*$/m.exec(output)?.[0];
    };
    assert.equal(told('zoe'),
        'names: 4 do not fit the newest version of the standard; the first: customers.customer, ' +
        '$.data.verifiedClaims[0].claims.fullName');
    assert.equal(told('oneil'), undefined);
});

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
