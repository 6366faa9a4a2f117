// The README's guide to an own core, followed in an empty folder with installed files only.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Customer, newConsent } from '../support/customer.mjs';
import { BUILD_DIR, ROOT, startDemo } from '../support/demo.mjs';

const dir = mkdtempSync(join(tmpdir(), 'lfi-core-'));
after(() => rmSync(dir, { recursive: true }));

/** The commands of the guide, up to the one that runs the demonstration. */
function guide() {
    const [, section] = readFileSync(join(ROOT, 'README.md'), 'utf8').split('## Write a core\n');
    const commands = /```sh\n([^`]+)```/.exec(section)[1].split('\n').filter(Boolean);
    const run = commands.pop();
    assert.match(run, /^tools\/run --core dhowretail=\.\/libcore-mine\.so/);
    return commands;
}

test('the guide ends with a journey through the own core', async () => {
    const prefix = join(dir, 'prefix');
    execFileSync('cmake', ['--install', BUILD_DIR, '--prefix', prefix]);
    execFileSync('bash', ['-euc', guide().join('\n')], {
        cwd: dir,
        env: { ...process.env, PREFIX: prefix },
    });
    const demo = await startDemo({ args: ['--core', `dhowretail=${join(dir, 'libcore-mine.so')}`] });
    try {
        const consent = await newConsent(demo, ['ReadAccountsBasic', 'ReadBalances']);
        const customer = await Customer.arrive(demo, consent);
        const { journey } = customer;
        await customer.signIn({ login: 'skeleton', password: 'skeleton-password' });
        const review = await customer.post('/journey/approval', { journey });
        assert.equal(review.view, 'review', JSON.stringify(review));
        const accountIds = review.accounts.map(({ id }) => id);
        const end = await customer.post('/journey/approve', { journey, accountIds });
        assert.match(end.redirect, /[?&]code=/);
        const reply = await fetch(`${demo.hub.baseUrl}/sim/call`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({
                consentId: consent.consentId,
                method: 'GET',
                path: `/accounts/${accountIds[0]}/balances`,
            }),
        });
        const { status, body } = await reply.json();
        assert.equal(status, 200);
        assert.equal(body.data[0].amount.amount, '100.00');
    } finally {
        await demo.stop();
    }
});
