// lfi-fixtures from outside: the stress account and the populations that hold less.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { BUILD_DIR, ROOT, startDemo } from '../support/demo.mjs';

const STRESS = 30_000;
const PAGE = 100;

const folder = mkdtempSync(join(tmpdir(), 'lfi-fixtures-'));
after(() => rmSync(folder, { recursive: true }));

function fixtures(...args) {
    return spawnSync(join(BUILD_DIR, 'bin/lfi-fixtures'), args, { encoding: 'utf8', maxBuffer: 1 << 30 });
}

function load(segment, store, ...more) {
    const from = join(ROOT, 'fixtures');
    const made = fixtures('load', '--segment', segment, '--from', from, '--store', store, ...more);
    assert.equal(made.status, 0, made.stderr);
}

test('a stress account of any size is served like a small one', async () => {
    const dir = join(folder, 'demo');
    const bank = JSON.parse(readFileSync(join(ROOT, 'fixtures/bank.json'), 'utf8'));
    mkdirSync(join(dir, 'store'), { recursive: true });
    for (const { segment } of bank.providers) {
        const size = segment === 'retail' ? ['--stress', `${STRESS}`] : ['--profile', 'small'];
        load(segment, join(dir, 'store', segment), ...size);
    }
    const demo = await startDemo({ dir });
    const client = new HubClient(demo, 'dhowretail');
    try {
        const { userId, accountIds } = client.provider.users.find(({ login }) => login === 'kathir');
        const pageOf = async (id, query) => {
            const reply = await client.get(`/accounts/${id}/transactions`, { query, userId });
            assert.equal(reply.status, 200, reply.text.slice(0, 300));
            return reply.json;
        };
        const firsts = await Promise.all(
            accountIds.map((id) => pageOf(id, { page: 1, 'page-size': PAGE })));
        const stressed = firsts.findIndex(({ meta }) => meta.totalRecords === STRESS);
        assert.notEqual(stressed, -1, `an account of ${STRESS} entries`);
        const first = firsts[stressed];
        const page = (query) => pageOf(accountIds[stressed], query);
        assert.equal(first.meta.totalPages, STRESS / PAGE);
        const middle = await page({ page: STRESS / PAGE / 2, 'page-size': PAGE });
        const last = await page({ page: STRESS / PAGE, 'page-size': PAGE });
        const seen = [first, middle, last].flatMap(({ data }) => data);
        assert.equal(new Set(seen.map(({ transactionId }) => transactionId)).size, 3 * PAGE);
        const times = seen.map(({ bookingDateTime }) => bookingDateTime);
        assert.deepEqual(times, [...times].sort().reverse());

        // A day in the middle holds just what its neighbours in the list say.
        const day = middle.data[PAGE / 2].bookingDateTime.slice(0, 10);
        const ofDay = await page({
            page: 1, 'page-size': PAGE,
            fromBookingDateTime: `${day}T00:00:00Z`, toBookingDateTime: `${day}T23:59:59Z`,
        });
        assert.equal(ofDay.meta.totalRecords, ofDay.data.length);
        const expected = middle.data.filter(({ bookingDateTime }) => bookingDateTime.startsWith(day));
        const ids = ofDay.data.map(({ transactionId }) => transactionId);
        assert.ok(expected.length > 0 && expected.every(({ transactionId }) => ids.includes(transactionId)));
        assert.ok(ofDay.data.every(({ bookingDateTime }) => bookingDateTime.startsWith(day)));
    } finally {
        client.close();
        await demo.stop();
    }
});

/** How many members an account's records have, at every depth. */
function membersOf(store) {
    const dump = fixtures('dump', '--segment', 'retail', '--store', store);
    assert.equal(dump.status, 0, dump.stderr);
    return dump.stdout.match(/"[A-Za-z]+":/g).length;
}

test('populations hold less and less, and each is valid', () => {
    const sizes = ['rich', 'median', 'sparse'].map((population) => {
        const store = join(folder, population);
        load('retail', store, '--profile', 'small', '--population', population);
        return membersOf(store);
    });
    assert.ok(sizes[0] > sizes[1] && sizes[1] > sizes[2], `${sizes}`);
});

test('what the bank does not use needs a reason, and a reason needs to be needed', () => {
    const from = join(folder, 'fixtures');
    cpSync(join(ROOT, 'fixtures'), from, { recursive: true });
    const file = join(from, 'coverage.json');
    const groups = JSON.parse(readFileSync(file, 'utf8'));
    const [first] = groups.shift().always;
    writeFileSync(file, JSON.stringify([...groups, { reason: 'none', never: ['Account.currency'] }]));
    const refused = fixtures('check', '--from', from);
    assert.equal(refused.status, 1);
    const { coverage, stale } = JSON.parse(refused.stdout);
    assert.deepEqual(stale, ['Account.currency']);
    const lacking = coverage.find(({ member }) => member === first);
    assert.equal(lacking.gap, 'always');
    assert.equal(lacking.reason, undefined);
    writeFileSync(file, 'no JSON');
    const broken = fixtures('check', '--from', from);
    assert.equal(broken.status, 1);
    assert.match(broken.stderr, /coverage\.json is not JSON/);
});

test('a name that a version of the standard refuses is refused with its line', () => {
    const from = join(folder, 'names');
    cpSync(join(ROOT, 'fixtures'), from, { recursive: true });
    const file = join(from, 'retail/r08-wealthy.json');
    const text = readFileSync(file, 'utf8');
    for (const [member, name] of [
        ['name', 'Séraphine Wu'], ['name', 'Seraphine & Wu'], ['givenName', 'Séraphine'], ['familyName', 'Wu 2'],
    ]) {
        writeFileSync(file, text.replace(new RegExp(`"${member}": "[^"]*"`), `"${member}": "${name}"`));
        const refused = fixtures('check', '--from', from);
        assert.equal(refused.status, 1, name);
        assert.match(refused.stderr, /r08-wealthy\.json:\d+/, name);
        assert.match(refused.stderr, new RegExp(member === 'name' ? 'name|pattern' : member), name);
    }
});

test('wrong options are refused with the usage', () => {
    for (const wrong of [['--stress', '99'], ['--stress', 'many'], ['--stress', '-5'], ['--population', 'full']]) {
        const refused = fixtures('load', '--segment', 'retail', '--from', 'x', '--store', 'y', ...wrong);
        assert.equal(refused.status, 2, `${wrong}: ${refused.stderr}`);
        assert.match(refused.stderr, /usage: lfi-fixtures load/);
    }
});
