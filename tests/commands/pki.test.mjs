// tools/pki: what it makes, that it makes it once, and who may read it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { subjectOf } from '../support/client.mjs';
import { ROOT } from '../support/demo.mjs';

const PKI = join(ROOT, 'tools/pki');
let scratch, dir;

const read = (name) => readFileSync(join(dir, name), 'utf8');

function filesBelow(folder, prefix = '') {
    return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
        const name = join(prefix, entry.name);
        return entry.isDirectory() ? filesBelow(folder, name) : [name];
    });
}

function verify(name) {
    const bundle = join(dir, 'ca/bundle.pem');
    return spawnSync('openssl', ['verify', '-CAfile', bundle, join(dir, name)], {
        encoding: 'utf8',
    });
}

before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'lfi-pki-'));
    dir = join(scratch, 'pki');
    const made = spawnSync(PKI, [dir], { encoding: 'utf8' });
    assert.equal(made.status, 0, made.stderr);
});

after(() => rmSync(scratch, { recursive: true }));

test('keys are for their owner alone', () => {
    assert.equal(statSync(dir).mode & 0o777, 0o700);
    const keys = filesBelow(dir).filter((name) => name.endsWith('.key'));
    assert.ok(keys.length >= 15);
    for (const key of keys) {
        assert.equal(statSync(join(dir, key)).mode & 0o777, 0o600, key);
    }
});

test('leaves chain to the bundle, but for the two that must not', () => {
    const trusted = ['hub/S3', 'bank/S4', 'bank/C3', 'bank/Sig4', 'bank/Enc1']
        .concat(['hub/dhowretail/C4', 'hub/dhowbusiness/C4', 'hub/dhowretail/Sig3'])
        .concat(['rogue/otherOrganisation/C4', 'rogue/noCn/C4']);
    for (const name of trusted) {
        assert.equal(verify(`${name}.pem`).status, 0, name);
    }
    assert.match(verify('rogue/expired/C4.pem').stderr, /certificate has expired/);
    assert.match(verify('rogue/otherCa/C4.pem').stderr, /unable to get local issuer/);
});

test('subjects are those of pki.json and of the Hub whom the rogue ones imitate', () => {
    const subjects = JSON.parse(read('pki.json'));
    const of = (name) => subjectOf(join(dir, name));
    for (const [folder, leaf] of [['hub/dhowretail', 'C4'], ['hub/dhowbusiness', 'C4'],
        ['bank', 'C3'], ['rogue/otherOrganisation', 'C4']]) {
        const { o, ou, cn } = subjects[folder];
        assert.deepEqual(of(`${folder}/${leaf}.pem`), { C: 'AE', O: o, OU: ou, CN: cn });
    }
    const hub = of('hub/dhowbusiness/C4.pem');
    assert.deepEqual(of('rogue/otherCa/C4.pem'), hub);
    assert.deepEqual(of('rogue/expired/C4.pem'), hub);
    assert.deepEqual(of('rogue/noCn/C4.pem'), { C: 'AE', O: hub.O, OU: hub.OU });
    assert.notEqual(of('rogue/otherOrganisation/C4.pem').OU, hub.OU);
});

test('key ids are digests of the public keys', () => {
    for (const name of ['bank/Sig4', 'bank/Enc1', 'hub/dhowretail/Sig3', 'hub/dhowbusiness/Sig3',
        'rogue/otherOrganisation/Sig3']) {
        const spki = createPublicKey(read(`${name}.key`)).export({ type: 'spki', format: 'der' });
        const digest = createHash('sha256').update(spki).digest('base64url');
        assert.equal(read(`${name}.kid`).trim(), digest, name);
    }
});

test('server certificates are for this machine only', () => {
    for (const name of ['bank/S4.pem', 'hub/S3.pem']) {
        const certificate = new X509Certificate(read(name));
        assert.equal(certificate.checkHost('localhost'), 'localhost');
        assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
        assert.equal(certificate.checkHost('bank.example'), undefined);
    }
});

test('a second call changes nothing', () => {
    const before = filesBelow(dir).map((name) => [name, read(name)]);
    assert.equal(spawnSync(PKI, [dir]).status, 0);
    assert.deepEqual(filesBelow(dir).map((name) => [name, read(name)]), before);
});

test('two calls at once agree on one result', async () => {
    const both = join(scratch, 'both');
    const run = () => new Promise((resolve) => spawn(PKI, [both]).once('close', resolve));
    assert.deepEqual(await Promise.all([run(), run()]), [0, 0]);
    assert.deepEqual(readdirSync(both).sort(), ['bank', 'ca', 'hub', 'pki.json', 'rogue']);
    assert.deepEqual(readdirSync(scratch).sort(), ['both', 'pki'], 'nothing is left behind');
});

test('a folder that it has not made is left alone', () => {
    const foreign = join(scratch, 'foreign');
    mkdirSync(foreign);
    const result = spawnSync(PKI, [foreign], { encoding: 'utf8' });
    assert.equal(result.status, 1);
    assert.match(result.stderr, /was not made by this command/);
    assert.deepEqual(readdirSync(foreign), []);
    rmSync(foreign, { recursive: true });
});

test('wrong usage', () => {
    for (const args of [[], ['a', 'b'], ['--nothing']]) {
        assert.equal(spawnSync(PKI, args).status, 2);
    }
});
