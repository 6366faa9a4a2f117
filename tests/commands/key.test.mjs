// lfi-server key: what it writes is a hash, what it shows is the secret, once.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BUILD_DIR } from '../support/demo.mjs';

const folder = mkdtempSync(join(tmpdir(), 'lfi-key-'));
const file = join(folder, 'hub.secrets');

after(() => rmSync(folder, { recursive: true }));

function key(...args) {
    const { status, stdout, stderr } = spawnSync(join(BUILD_DIR, 'bin/lfi-server'), ['key', ...args],
        { encoding: 'utf8', timeout: 20_000 });
    return { status, stdout, stderr };
}

const listed = () => key('list', '--file', file).stdout.trim().split('\n').map((line) => line.split(' '));

test('a new secret is shown once, and kept as a salted hash for its owner alone', () => {
    const { status, stdout, stderr } = key('new', '--file', file, '--id', 'first', '--days', '30');
    assert.equal(status, 0, stderr);
    const secret = stdout.trim();
    assert.equal(Buffer.from(secret, 'base64url').length, 32);
    const text = readFileSync(file, 'utf8');
    assert.ok(!text.includes(secret));
    const [id, salt, hash, from, until] = text.trim().split(' ');
    assert.equal(id, 'first');
    assert.equal(hash, createHash('sha256').update(Buffer.from(salt, 'base64url')).update(secret)
        .digest('base64url'));
    assert.equal(Date.parse(until) - Date.parse(from), 30 * 86_400_000);
    assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a second one stands beside it until the first is retired', () => {
    assert.equal(key('new', '--file', file).status, 0);
    assert.deepEqual(listed().map(([id, , , state]) => [id, state]),
        [['first', 'valid'], [new Date().toISOString().slice(0, 10), 'valid']]);
    assert.equal(key('retire', '--file', file, '--id', 'first').status, 0);
    assert.deepEqual(listed().map(([, , , state]) => state), ['retired', 'valid']);
    assert.match(key('retire', '--file', file, '--id', 'first').stderr, /retired already/);
});

test('what cannot be done changes nothing and says why', () => {
    const before = readFileSync(file, 'utf8');
    const refused = [
        [['new', '--file', file, '--id', 'first'], /there is a secret first already/],
        [['retire', '--file', file], /--id is missing/],
        [['retire', '--file', file, '--id', 'none'], /no secret of this --id/],
        [['list', '--file', join(folder, 'none')], /no such file/],
        [['new', '--file', join(folder, 'none/file')], /No such file or directory/],
    ];
    for (const [args, reason] of refused) {
        const { status, stdout, stderr } = key(...args);
        assert.equal(status, 1);
        assert.equal(stdout, '');
        assert.match(stderr, reason);
    }
    assert.equal(readFileSync(file, 'utf8'), before);
    assert.ok(!existsSync(`${file}.new`));
    const broken = join(folder, 'broken');
    writeFileSync(broken, 'not a line\n');
    assert.match(key('new', '--file', broken).stderr, /broken:1: must be ID SALT HASH/);
    assert.equal(readFileSync(broken, 'utf8'), 'not a line\n');
});

test('arguments that are not understood are told how it is used', () => {
    const wrong = [[], ['new'], ['none', '--file', file], ['new', '--file'], ['new', '--file', file, '--days', '0'],
        ['new', '--file', file, '--days', 'x'], ['new', '--file', file, '--id', 'a b'], ['list', file]];
    for (const args of wrong) {
        const { status, stderr } = key(...args);
        assert.equal(status, 2, args.join(' '));
        assert.match(stderr, /^usage: lfi-server/);
    }
});
