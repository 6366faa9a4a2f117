// tools/evidence: pictures, exchanges and verdicts, without personal data.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { maskExchange, maskValue } from '../evidence/mask.mjs';
import { insuranceWalks } from '../evidence/insurance.mjs';
import { paymentWalks } from '../evidence/payments.mjs';
import { BUILD_DIR, ROOT } from '../support/demo.mjs';

const out = mkdtempSync(join(tmpdir(), 'lfi-evidence-'));
after(() => rmSync(out, { recursive: true }));

function evidence(...args) {
    const command = ['--out', out, '--build-dir', BUILD_DIR, ...args];
    return spawnSync(join(ROOT, 'tools/evidence'), command, { encoding: 'utf8' });
}

test('credentials and personal data are masked, wherever they stand', () => {
    const token = `eyJhbGciOiJQUzI1NiJ9.${'a'.repeat(20)}.${'b'.repeat(20)}`;
    const masked = maskExchange({
        method: 'POST',
        path: '/auth',
        query: `client_id=1&login_hint=${token}&state=abc`,
        requestHeaders: { Authorization: `Bearer ${token}`, Accept: 'application/json' },
        requestBody: JSON.stringify({ note: `call +971 50 123 4567 or a.b@bank.example`, PersonalIdentifiableInformation: token }),
        location: 'https://tpp.example/cb?code=SECRET&state=abc&iss=https%3A%2F%2Fhub.example',
        replyBody: `IBAN AE070331234567890123456 of 784-1990-1234567-1, ${token}`,
    });
    const text = JSON.stringify(masked);
    for (const secret of ['eyJ', 'SECRET', '50 123', 'a.b@', 'AE07', '784-', 'state=abc']) {
        assert.ok(!text.includes(secret), `${secret} in ${text}`);
    }
    assert.equal(masked.query, "client_id=1&login_hint=(login hint)&state=(TPP's state)");
    assert.equal(masked.location, "https://tpp.example/cb?code=(authorization code)&state=(TPP's state)&iss=https%3A%2F%2Fhub.example");
    assert.equal(masked.requestHeaders.Accept, 'application/json');
    assert.deepEqual(maskValue([1, null, true, 'plain']), [1, null, true, 'plain']);
});

test('two journeys in both languages, and an index of them', () => {
    const made = evidence('cancel', 'invalid-request');
    assert.equal(made.status, 0, made.stdout + made.stderr);
    const kept = JSON.parse(readFileSync(join(out, 'evidence.json'), 'utf8'));
    assert.deepEqual(kept.journeys.map(({ id }) => id), ['cancel', 'invalid-request']);
    const [cancel] = kept.journeys;
    assert.deepEqual(
        [...new Set(cancel.runs.map(({ language, device }) => `${language} ${device}`))].sort(),
        ['ar desktop', 'ar phone', 'en desktop', 'en phone'],
    );
    for (const run of kept.journeys.flatMap(({ runs }) => runs)) {
        assert.equal(run.verdict, 'as demanded');
        assert.ok(run.pictures.length > 0);
    }
    const pictures = readdirSync(join(out, 'cancel'));
    const page = readFileSync(join(out, 'index.html'), 'utf8');
    for (const { name } of cancel.runs.flatMap((run) => run.pictures)) {
        assert.ok(pictures.includes(name) && page.includes(`cancel/${name}`), name);
    }
    const paths = cancel.runs[0].exchanges.map(({ path }) => path);
    assert.ok(paths.includes('/auth') && paths.some((path) => path.endsWith('/doFail')), `${paths}`);
    for (const pattern of [/eyJ[\w-]{8}/, /\bAE\d{21}\b/, /[?&]code=[^(]/]) {
        assert.doesNotMatch(page, pattern);
    }
    assert.ok(kept.versions.commit && kept.versions.browser);
});

test('policies: shared, confirmed, declined, none to share, stopped', { skip: !process.env.LFI_LONG && 'needs LFI_LONG=1' }, () => {
    const made = evidence(...insuranceWalks.map(({ id }) => id));
    assert.equal(made.status, 0, made.stdout + made.stderr);
    const kept = JSON.parse(readFileSync(join(out, 'evidence.json'), 'utf8'));
    assert.deepEqual(kept.journeys.map(({ runs }) => runs.length), [4, 2, 2, 2, 4]);
    assert.ok(kept.journeys.every(({ runs }) => runs.every(({ pictures }) => pictures.length >= 2)));
    assert.doesNotMatch(JSON.stringify(kept), /eyJ[\w-]{8}|784-\d{4}/);
});

test('payments of each type, with all and with the fewest controls', { skip: !process.env.LFI_LONG && 'needs LFI_LONG=1' }, () => {
    const ids = paymentWalks.map(({ id }) => id);
    assert.equal(ids.length, 16);
    const made = evidence(...ids);
    assert.equal(made.status, 0, made.stdout + made.stderr);
    const kept = JSON.parse(readFileSync(join(out, 'evidence.json'), 'utf8'));
    assert.ok(kept.journeys.every(({ runs }) => runs.length === 2 && runs.every(({ pictures }) => pictures.length === 6)));
    assert.doesNotMatch(JSON.stringify(kept), /eyJ[\w-]{8}|\bAE\d{21}\b/);
});

test('an unknown journey names those that there are', () => {
    const refused = evidence('nothing-like-it');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /there are: approve /);
    assert.equal(evidence('--out').status, 2);
});
