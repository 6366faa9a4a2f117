// tools/pki: what it makes, that it makes it once, and who may read it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { subjectOf } from '../support/client.mjs';
import { ROOT } from '../support/demo.mjs';

const PKI = join(ROOT, 'tools/pki');
const { providers } = JSON.parse(readFileSync(join(ROOT, 'fixtures/bank.json'), 'utf8'));
const TPPS = ['tpp/karak', 'tpp/dune', 'tpp/pearl'];
const HUBS = providers.map(({ id }) => `hub/${id}`);
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
        .concat(HUBS.flatMap((hub) => [`${hub}/C4`, `${hub}/Sig3`]))
        .concat(TPPS.flatMap((tpp) => [`${tpp}/Sig1`, `${tpp}/Enc2`]))
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
    for (const [folder, leaf] of [...HUBS.map((hub) => [hub, 'C4']), ...TPPS.map((tpp) => [tpp, 'Sig1']), ['bank', 'C3'], ['rogue/otherOrganisation', 'C4']]) {
        const { o, ou, cn } = subjects[folder];
        assert.deepEqual(of(`${folder}/${leaf}.pem`), { C: 'AE', O: o, OU: ou, CN: cn });
    }
    const hub = of(`${HUBS.at(-1)}/C4.pem`);
    assert.deepEqual(of('rogue/otherCa/C4.pem'), hub);
    assert.deepEqual(of('rogue/expired/C4.pem'), hub);
    assert.deepEqual(of('rogue/noCn/C4.pem'), { C: 'AE', O: hub.O, OU: hub.OU });
    assert.notEqual(of('rogue/otherOrganisation/C4.pem').OU, hub.OU);
});

test('key ids are digests of the public keys', () => {
    for (const name of ['bank/Sig4', 'bank/Enc1', ...HUBS.map((hub) => `${hub}/Sig3`), ...TPPS.flatMap((tpp) => [`${tpp}/Sig1`, `${tpp}/Enc2`]),
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

describe('renew', () => {
    let own;
    const pki = (...args) => spawnSync(PKI, args, { encoding: 'utf8' });
    const renew = (...args) => {
        const done = pki('renew', ...args);
        assert.equal(done.status, 0, done.stderr);
    };
    const file = (name) => readFileSync(join(own, name), 'utf8');
    const certificate = (name) => new X509Certificate(file(`${name}.pem`));

    before(() => {
        own = join(scratch, 'renewed');
        cpSync(dir, own, { recursive: true });
    });
    after(() => rmSync(own, { recursive: true }));

    test('makes a new key and certificate for the same subject, and keeps the old ones', () => {
        renew(own, 'bank/Sig4', 'hub/dhowretail/C4');
        for (const name of ['bank/Sig4', 'hub/dhowretail/C4']) {
            assert.equal(file(`${name}.previous.pem`), read(`${name}.pem`));
            assert.equal(file(`${name}.previous.key`), read(`${name}.key`));
            assert.notEqual(file(`${name}.key`), read(`${name}.key`));
            assert.equal(certificate(name).subject, certificate(`${name}.previous`).subject);
            assert.notEqual(certificate(name).serialNumber, certificate(`${name}.previous`).serialNumber);
            assert.ok(certificate(name).checkPrivateKey(createPrivateKey(file(`${name}.key`))));
            assert.equal(statSync(join(own, `${name}.key`)).mode & 0o777, 0o600);
        }
        assert.equal(file('bank/Sig4.previous.kid'), read('bank/Sig4.kid'));
        assert.notEqual(file('bank/Sig4.kid'), read('bank/Sig4.kid'));
        assert.equal(file('bank/S4.pem'), read('bank/S4.pem'), 'the others are left alone');
    });

    test('--next puts the new pair beside, with the dates that are asked for', () => {
        renew('--next', '--from', '2031-01-02', '--until', '2032-01-02', own, 'bank/S4');
        assert.equal(file('bank/S4.pem'), read('bank/S4.pem'));
        assert.match(certificate('bank/S4.next').validFrom, /^Jan  2 00:00:00 2031/);
        assert.match(certificate('bank/S4.next').validTo, /^Jan  2 00:00:00 2032/);
    });

    test('ca makes new authorities, and the bundle has the old ones too', () => {
        renew(own, 'ca', 'bank/C3');
        const bundle = file('ca/bundle.pem');
        assert.ok(bundle.includes(file('ca/issuing.pem')) && bundle.includes(read('ca/root.pem')));
        const all = ['-CAfile', join(own, 'ca/bundle.pem')];
        for (const name of ['bank/C3', 'bank/Sig4', 'hub/S3']) {
            assert.equal(spawnSync('openssl', ['verify', ...all, join(own, `${name}.pem`)]).status, 0, name);
        }
        assert.match(certificate('bank/C3').issuer, /Issuing CA - G2$/);
        const old = ['-CAfile', join(dir, 'ca/bundle.pem'), join(own, 'bank/C3.pem')];
        assert.notEqual(spawnSync('openssl', ['verify', ...old]).status, 0);
    });

    test('what ends soon is said, and what has ended is refused, with the command that helps', () => {
        renew('--until', '20 days', own, 'hub/S3');
        const soon = pki(own);
        assert.equal(soon.status, 0);
        assert.match(soon.stderr, /hub\/S3\.pem expires on \d{4}-\d\d-\d\d; ".*pki renew .* hub\/S3"/);
        renew('--from', '-2 days', '--until', '-1 days', own, 'bank/S4');
        const over = pki(own);
        assert.equal(over.status, 1);
        assert.match(over.stderr, /bank\/S4\.pem expired on .*; ".*pki renew .* bank\/S4"/);
        renew(own, 'hub/S3', 'bank/S4');
        assert.deepEqual([pki(own).status, pki(own).stderr], [0, '']);
    });

    test('refuses a folder with a certificate that cannot be read', () => {
        const file = join(own, 'bank/S4.pem');
        const text = readFileSync(file);
        writeFileSync(file, 'no certificate\n');
        const refused = pki(own);
        assert.equal(refused.status, 1);
        assert.match(refused.stderr, /has a certificate that cannot be read/);
        writeFileSync(file, text);
        assert.equal(pki(own).status, 0);
    });

    test('refuses a name that is none, and leaves nothing behind', () => {
        const wrong = pki('renew', own, 'bank/S9');
        assert.equal(wrong.status, 1);
        assert.match(wrong.stderr, /no leaf bank\/S9; it has: bank\/C3 /);
        assert.equal(pki('renew').status, 2);
        assert.equal(pki('renew', '--until', 'never', own).status, 2);
        assert.deepEqual(readdirSync(own).sort(), ['bank', 'ca', 'caap', 'directory', 'hub', 'pki.json', 'rogue', 'tpp']);
    });
});

test('two calls at once agree on one result', async () => {
    const both = join(scratch, 'both');
    const run = () => new Promise((resolve) => spawn(PKI, [both]).once('close', resolve));
    assert.deepEqual(await Promise.all([run(), run()]), [0, 0]);
    assert.deepEqual(readdirSync(both).sort(), ['bank', 'ca', 'caap', 'directory', 'hub', 'pki.json', 'rogue', 'tpp']);
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
