// tools/call: the README's commands as they stand, and what it says when something is wrong.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT, startDemo } from '../support/demo.mjs';

let demo;
const scratch = mkdtempSync(join(tmpdir(), 'lfi-call-'));

before(async () => (demo = await startDemo()));
after(async () => {
    rmSync(scratch, { recursive: true });
    await demo?.stop();
});

function shell(command, data = demo.dir) {
    const env = { ...process.env, LFI_DATA: data };
    return spawnSync('bash', ['-c', command], { cwd: ROOT, env, encoding: 'utf8' });
}

const [first] = readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n')
    .filter((line) => line.startsWith('tools/call'));

test('every call of the README is copied and works', () => {
    const lines = readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n')
        .filter((line) => line.startsWith('tools/call'));
    assert.ok(lines.length >= 4);
    for (const line of lines) {
        let { status, stdout, stderr } = shell(line);
        assert.equal(status, 0, `${line}: ${stderr}`);
        if (line.includes('--curl')) {
            assert.match(stdout, /^curl /);
            ({ status, stdout } = shell(stdout));
            assert.equal(status, 0);
            assert.ok(JSON.parse(stdout).data);
        } else {
            const [, code, body] = /^(\d+)\n([^]*)$/.exec(stdout);
            assert.equal(code, '200', line);
            assert.ok(JSON.parse(body).data, line);
        }
    }
});

test('the customer\'s accounts stand for {accountId} and {accountIds}', () => {
    const { login, accountIds } = demo.providers[0].users.find((user) => user.accountIds.length > 1);
    const all = shell(`tools/call --as ${login} GET '/accounts?accountIds={accountIds}'`);
    assert.deepEqual(JSON.parse(all.stdout.replace(/^\d+\n/, '')).data.map(({ id }) => id), accountIds);
    const bare = shell(`tools/call --as ${login} GET /accounts`);
    assert.equal(bare.stdout, all.stdout);
    const one = shell(`tools/call --as ${login} --curl GET '/accounts/{accountId}/balances'`);
    assert.ok(one.stdout.includes(`/accounts/${accountIds[0]}/balances`));
});

test('a body comes from the command or a file, quotes and all', () => {
    const name = { fullName: 'It\'s "nobody"' };
    const body = { data: { account: { schemeName: 'IBAN', identification: 'none', name } } };
    const file = join(scratch, 'body.json');
    writeFileSync(file, JSON.stringify(body));
    const path = '/customers/action/cop-query';
    for (const argument of [`@${file}`, `"$(cat ${file})"`]) {
        const { status, stdout } = shell(`tools/call POST ${path} ${argument}`);
        assert.equal(status, 0);
        assert.deepEqual(JSON.parse(stdout.replace(/^\d+\n/, '')).data, []);
    }
    const pasted = shell(shell(`tools/call --curl POST ${path} @${file}`).stdout);
    assert.deepEqual(JSON.parse(pasted.stdout).data, []);
});

test('a refusal says why', () => {
    const { status, stdout, stderr } = shell('tools/call GET /accounts/never-issued');
    assert.equal(status, 1);
    assert.match(stdout, /^403\n/);
    assert.match(stderr, /^why: ACCOUNT-NOT-HELD/);
});

test('what cannot work is said', () => {
    const missing = shell(first, scratch);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /no demo is running: there is no .*demo\.json\. Start tools\/run/);
    const nobody = shell('tools/call --as nobody GET /customer');
    assert.equal(nobody.status, 1);
    assert.match(nobody.stderr, /no such login: nobody\. Logins: dhowretail: /);
    const elsewhere = shell('tools/call --provider nowhere GET /customer');
    assert.match(elsewhere.stderr, /no such provider: nowhere/);
    for (const wrong of ['', 'GET', 'get /customer', 'GET customer', '--as', '--more GET /', 'GET / {} x',
        'POST / @/nowhere/body']) {
        const { status, stderr } = shell(`tools/call ${wrong}`);
        assert.equal(status, 2, wrong);
        assert.match(stderr, /tools\/call \[--data DIR\]/, wrong);
    }
    const help = shell('tools/call --help');
    assert.equal(help.status, 0);
    assert.match(help.stdout, /--curl/);
});
