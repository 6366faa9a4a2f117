// Every command and program tells how it is used, and its version.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { BUILD_DIR, ROOT } from '../support/demo.mjs';

const VERSION = readFileSync(join(ROOT, '.version'), 'utf8').trim();
const programs = ['lfi-server', 'hub-sim', 'lfi-fixtures', 'core-check', 'openapi-compile', 'parity'];
const scripts = readdirSync(join(ROOT, 'tools'))
    .map((name) => join(ROOT, 'tools', name))
    .filter((file) => statSync(file).isFile() && statSync(file).mode & 0o100);

for (const file of [...programs.map((name) => join(BUILD_DIR, 'bin', name)), ...scripts]) {
    const name = basename(file);
    test(name, () => {
        const run = (option) => spawnSync(file, [option], { encoding: 'utf8', timeout: 20_000 });
        const help = run('--help');
        assert.equal(help.status, 0, help.stderr);
        assert.ok(help.stdout.includes(name) && help.stderr === '', help.stdout + help.stderr);
        const version = run('--version');
        assert.equal(version.status, 0, version.stderr);
        assert.ok(version.stdout.endsWith(`${name} ${VERSION}\n`), version.stdout);
    });
}

test('wrong usage of the server: the usage, and behind it what is wrong', () => {
    for (const [args, cause] of [
        [['--chek'], '--chek: there is no such option'], [['--check'], '--config FILE is missing'],
        [['--config'], '--config takes one file, and comes once'],
        [['--config', 'a', '--config', 'b'], '--config takes one file, and comes once'],
        [['--config', 'a', '--check', '--doctor'], '--check and --doctor exclude each other'],
    ]) {
        const { status, stderr } = spawnSync(join(BUILD_DIR, 'bin/lfi-server'), args, { encoding: 'utf8' });
        assert.equal(status, 2);
        assert.match(stderr, /^usage: lfi-server/);
        assert.ok(stderr.endsWith(`\nlfi-server: ${cause}\n`), stderr);
    }
});
