// The installed unit for systemd: it starts the installed program, and is sound and closed.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BUILD_DIR } from '../support/demo.mjs';

const MOST_EXPOSED = 20; // tenths of systemd's points, of which a unit without options has 96

const dir = mkdtempSync(join(tmpdir(), 'lfi-systemd-'));
const prefix = join(dir, 'prefix');
const unit = join(prefix, 'lib/systemd/system/lfi-server.service');
const analyze = (...args) => spawnSync('systemd-analyze', args, { encoding: 'utf8' });
const skip = analyze('--version').status !== 0 && 'systemd-analyze is not installed';

before(() => execFileSync('cmake', ['--install', BUILD_DIR, '--prefix', prefix]));
after(() => rmSync(dir, { recursive: true }));

test('the unit starts the program where it was installed, as a user that comes along', () => {
    const text = readFileSync(unit, 'utf8');
    const [, program] = /^ExecStart=(\S+) --config \/etc\/lfi\/server\.json$/m.exec(text);
    assert.equal(program, join(prefix, 'bin/lfi-server'));
    assert.match(execFileSync(program, ['--version'], { encoding: 'utf8' }), /^lfi-server \d/);
    const [, user] = /^User=(\S+)$/m.exec(text);
    const users = readFileSync(join(prefix, 'lib/sysusers.d/lfi.conf'), 'utf8');
    assert.match(users, new RegExp(`^u ${user} - `, 'm'));
});

test('a staged installation names the final place', () => {
    const stage = join(dir, 'stage');
    execFileSync('cmake', ['--install', BUILD_DIR, '--prefix', '/usr'], {
        env: { ...process.env, DESTDIR: stage },
    });
    const text = readFileSync(join(stage, 'usr/lib/systemd/system/lfi-server.service'), 'utf8');
    assert.match(text, /^ExecStart=\/usr\/bin\/lfi-server /m);
});

test('systemd finds nothing wrong with it', { skip }, () => {
    const { status, stderr } = analyze('verify', '--man=no', unit);
    assert.equal(status, 0, stderr);
    assert.ok(!stderr.includes('lfi-server.service'), stderr);
});

test('systemd rates it as confined', { skip }, () => {
    const { status, stdout, stderr } = analyze(
        'security', '--offline=true', '--no-pager', `--threshold=${MOST_EXPOSED}`, unit);
    assert.equal(status, 0, stdout + stderr);
});
