// What a configuration points at, judged by --check and by the start alike.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
    chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertNoSanitizerReport, BUILD_DIR, startDemo } from '../support/demo.mjs';
import { runProgram, startProgram, writeConfig } from '../support/program.mjs';

let demo;
let config;

/** A certificate with its key, self-signed, for these days and this purpose. */
function makeCertificate(name, { days = 300, usage = 'serverAuth', ca = 'FALSE' } = {}) {
    const key = join(demo.dir, `${name}.key`);
    const file = join(demo.dir, `${name}.pem`);
    const extensions = [`basicConstraints=critical,CA:${ca}`, `extendedKeyUsage=${usage}`];
    execFileSync('openssl', [
        'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', file,
        '-subj', '/C=AE/O=Test/OU=test/CN=localhost', '-days', `${days}`,
        ...extensions.flatMap((extension) => ['-addext', extension]),
    ], { stdio: 'ignore' });
    chmodSync(key, 0o600);
    return { certificate: file, key };
}

before(async () => {
    demo = await startDemo();
    config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
    writeFileSync(join(demo.dir, 'garbage.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    writeFileSync(join(demo.dir, 'empty.pem'), '');
    mkdirSync(join(demo.dir, 'store/empty'));
    copyFileSync(join(BUILD_DIR, 'lib/libcore-skeleton.so'), join(demo.dir, 'skeleton.so'));
});

after(() => demo?.stop());

const rogue = () => join(demo.dir, 'pki/rogue/expired');
const wrong = {
    'customers sent to one of the pages': {
        adjust: (c) => (c.providers[0].authorizePath = '/consents'),
        says: /:\d+: \$\.providers\[0\]\.authorizePath: is the address of one of our own pages/,
    },
    'customers sent to a step of the journey': {
        adjust: (c) => (c.providers[0].authorizePath = '/journey/state'),
        says: /:\d+: \$\.providers\[0\]\.authorizePath: is the address of one of our own pages/,
    },
    'a slip in a setting of the core': {
        adjust: (c) => (c.providers[0].core.settings.pasWordRounds = 10000),
        says: /:\d+: \$\.providers\[0\]\.core: .*there is no "pasWordRounds": there are store, mapMiB/,
    },
    'an operator\'s token that is too short': {
        adjust: (c) => (c.adminListener.operatorToken = 'empty.pem'),
        says: /:\d+: \$\.adminListener\.operatorToken: .*empty\.pem: a token has at least 16 bytes/,
    },
    'a garbage certificate of the Hub listener': {
        adjust: (c) => (c.hubListener.certificate = 'garbage.pem'),
        says: /\$\.hubListener\.certificate: the file has no PEM certificate/,
    },
    'an empty certificate towards the Hub': {
        adjust: (c) => (c.hub.certificate = 'empty.pem'),
        says: /\$\.hub\.certificate: the file has no PEM certificate/,
    },
    'a key of another certificate': {
        adjust: (c) => (c.hubListener.key = 'pki/bank/C3.key'),
        says: /\$\.hubListener\.key: the key is not that of the certificate/,
    },
    'a key of another certificate towards the Hub': {
        adjust: (c) => (c.hub.key = 'pki/bank/S4.key'),
        says: /\$\.hub\.key: the key is not that of the certificate/,
    },
    'a key of another certificate of the public listener': {
        adjust: (c) => Object.assign(c.publicListener, {
            certificate: 'pki/bank/S4.pem', key: 'pki/bank/C3.key',
        }),
        says: /\$\.publicListener\.key: the key is not that of the certificate/,
    },
    'a certificate for the key': {
        adjust: (c) => (c.hubListener.key = 'pki/bank/S4.pem'),
        says: /\$\.hubListener\.key: the file has no private key/,
    },
    'a key of another certificate for the next one': {
        adjust: (c) => (c.hub.next = { certificate: c.hub.certificate, key: 'pki/bank/S4.key' }),
        says: /\$\.hub\.next\.key: the key is not that of the certificate: .*S4\.key \(pki\/bank\/C3\.pem, CN=/,
    },
    'a next certificate for a listener that has none': {
        adjust: (c) => (c.publicListener.next = {
            certificate: 'pki/bank/S4.pem', key: 'pki/bank/S4.key',
        }),
        says: /\$\.publicListener\.next: needs certificate and key beside it/,
    },
    'a revocation list that is none': {
        adjust: (c) => (c.hubListener.clientCrl = 'pki/bank/S4.pem'),
        says: /\$\.hubListener\.clientCrl: the file has no PEM revocation list/,
    },
    'a client certificate on the listener': {
        adjust: (c) => Object.assign(c.hubListener, makeCertificate('client', { usage: 'clientAuth' })),
        says: /\$\.hubListener\.certificate: the certificate is not one for a server/,
    },
    'a server certificate towards the Hub': {
        adjust: (c) => Object.assign(c.hub, makeCertificate('server')),
        says: /\$\.hub\.certificate: the certificate is not one for a client/,
    },
    'a key for the clients\' authorities': {
        adjust: (c) => (c.hubListener.clientCa = 'pki/bank/S4.key'),
        says: /\$\.hubListener\.clientCa: the file has no PEM certificate/,
    },
    'a key for the Hub\'s authorities': {
        adjust: (c) => (c.hub.ca = 'pki/bank/S4.key'),
        says: /\$\.hub\.ca: the file has no PEM certificate/,
    },
    'a leaf among the key store\'s authorities': {
        adjust: (c) => (c.caller.jwksCa = makeCertificate('leaf').certificate),
        says: /\$\.caller\.jwksCa: a certificate of the file is not that of an authority/,
    },
    'a certificate for the signing key': {
        adjust: (c) => (c.hub.signingKey = 'pki/bank/Sig4.pem'),
        says: /\$\.hub\.signingKey: the file has no private key/,
    },
    'a library that is no core': {
        adjust: (c) => (c.providers[0].core.library = '/lib/x86_64-linux-gnu/libc.so.6'),
        says: /\$\.providers\[0\]\.core: .*does not export lfi_core_get_ops/,
        unless: () => !existsSync('/lib/x86_64-linux-gnu/libc.so.6'),
    },
    'a core without a store': {
        adjust: (c) => (c.providers[0].core.settings = {}),
        says: /\$\.providers\[0\]\.core: .*"store" must name a folder/,
    },
    'a store that is not there': {
        adjust: (c) => (c.providers[1].core.settings.store = 'store/none'),
        says: /\$\.providers\[1\]\.core: .*no store at /,
    },
    'an empty folder for a store': {
        adjust: (c) => (c.providers[0].core.settings.store = 'store/empty'),
        says: /\$\.providers\[0\]\.core: .*no store in the folder /,
    },
    'a store of another segment': {
        adjust: (c) => (c.providers[0].core.settings.store = 'store/sme'),
        says: /\$\.providers\[0\]\.core: .*segment is "sme", wanted "retail"/,
    },
    'one store for two providers': {
        adjust: (c) => Object.assign(c.providers[1], {
            segment: 'retail', core: structuredClone(c.providers[0].core),
        }),
        says: /\$\.providers\[1\]\.core: .*storage is that of provider dhowretail/,
    },
    'the state in a core\'s store': {
        adjust: (c) => (c.state.path = 'store/retail'),
        says: /\$\.state: .*store\/retail: the store's format is "\d+", this version needs "lfi-state 3"/,
    },
    'a core\'s store in the state': {
        adjust: (c) => (c.providers[0].core.settings.store = 'state'),
        says: /\$\.providers\[0\]\.core: .*this version did not load the store/,
    },
    'a state that cannot be made': {
        adjust: (c) => (c.state.path = 'none/state'),
        says: /\$\.state: .*none\/state: cannot be made/,
    },
    'a file for the state': {
        adjust: (c) => (c.state.path = 'empty.pem'),
        says: /\$\.state: .*empty\.pem: is not a folder that can be written/,
    },
    'a brand colour that cannot be read': {
        adjust: (c) => (c.providers[0].brand = { light: { brand: '#eeeeee' } }),
        says: /contrast/,
    },
    'sending as the Hub outside development': {
        adjust: (c) => {
            const { demonstration } = c.adminListener;
            leaveDevelopment(c);
            Object.assign(c.adminListener, { leversInProduction: true, demonstration });
        },
        says: /adminListener\.demonstration: is for development alone/,
    },
    'levers outside development': {
        adjust: (c) => (c.development = false),
        says: /development/,
    },
};

const errorOf = ({ stderr }) => {
    const failed = stderr.split('\n').find((line) => line.includes('"start-failed"'));
    return failed ? JSON.parse(failed).reason : stderr;
};

describe('wrong', () => {
    for (const [name, { adjust, says, unless }] of Object.entries(wrong)) {
        test(name, { skip: unless?.() && 'there is no such library here' }, async () => {
            const { file } = await writeConfig(demo, config, 'wrong.json', adjust);
            const checked = runProgram('--config', file, '--check');
            assertNoSanitizerReport(checked.stderr);
            assert.equal(checked.status, 2, checked.stderr);
            assert.match(checked.stderr, says);
            const started = runProgram('--config', file);
            assertNoSanitizerReport(started.stderr);
            assert.ok([1, 2].includes(started.status), started.stderr);
            assert.match(errorOf(started), says);
            assert.deepEqual(readdirSync(join(demo.dir, 'store/empty')), []);
        });
    }
});

test('what is right is summed up', async () => {
    const { file } = await writeConfig(demo, config, 'right.json');
    const { status, stdout, stderr } = runProgram('--config', file, '--check');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /right\.json: valid\n/);
    assert.match(stdout, /provider dhowretail: segment retail, core .*, customer journey\n/);
    assert.match(stdout, /hubListener\.certificate: .* expires on \d{4}-\d\d-\d\d, in \d+ days\n/);
    assert.match(stdout, /hub\.certificate: .* expires on /);
});

test('a state that is not there yet is right, and not made by a check', async () => {
    const { file } = await writeConfig(demo, config, 'fresh.json', (c) => (c.state.path = 'fresh'));
    const { status, stderr } = runProgram('--config', file, '--check');
    assert.equal(status, 0, stderr);
    assert.ok(!existsSync(join(demo.dir, 'fresh')));
});

test('a key that everybody may read and a certificate about to expire are warned of', async () => {
    const soon = makeCertificate('soon', { days: 10 });
    chmodSync(soon.key, 0o644);
    const { file } = await writeConfig(demo, config, 'soon.json', (c) =>
        Object.assign(c.publicListener, soon),
    );
    const { status, stderr } = runProgram('--config', file, '--check');
    assert.equal(status, 0, stderr);
    assert.match(stderr, /warning: \$\.publicListener\.key: .*may be read by everyone/);
    assert.match(stderr, /warning: \$\.publicListener\.certificate: .*expires in (9|10) days/);
});

test('a next certificate of another organisation is warned of, one that another covers is not', async () => {
    const soon = makeCertificate('ending', { days: 10, usage: 'clientAuth' });
    const { file } = await writeConfig(demo, config, 'next.json', (c) => {
        c.hub.next = { certificate: c.hub.certificate, key: c.hub.key };
        Object.assign(c.hub, soon);
    });
    const { status, stdout, stderr } = runProgram('--config', file, '--check');
    assert.equal(status, 0, stderr);
    assert.match(stderr, /warning: \$\.hub\.next\.certificate: the certificate has another O or OU than the one before/);
    assert.doesNotMatch(stderr, /expires in/);
    assert.match(stdout, /hub\.certificate: localhost expires on /);
    assert.match(stdout, /hub\.next\.certificate: [0-9a-f-]+ expires on /);
});

test('an expired certificate is refused, in development warned of', async () => {
    const expire = (c) => Object.assign(c.hub, {
        certificate: join(rogue(), readdirSync(rogue()).find((name) => name.endsWith('.pem'))),
        key: join(rogue(), readdirSync(rogue()).find((name) => name.endsWith('.key'))),
    });
    const { file } = await writeConfig(demo, config, 'expired.json', expire);
    const inDevelopment = runProgram('--config', file, '--check');
    assert.equal(inDevelopment.status, 0, inDevelopment.stderr);
    assert.match(inDevelopment.stderr, /warning: \$\.hub\.certificate: the certificate expired on /);
    const production = await writeConfig(demo, config, 'expired.json', (c) => {
        expire(c);
        leaveDevelopment(c);
        delete c.adminListener.operatorToken;
    });
    const refused = runProgram('--config', production.file, '--check');
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /\$\.hub\.certificate: the certificate expired on /);
});

test('passwords hashed with few rounds are warned of outside development', async () => {
    const low = /warning: \$\.providers\[0\]\.core\.settings: passwordRounds is 10000; .*600000/;
    const inDevelopment = await writeConfig(demo, config, 'rounds.json');
    assert.doesNotMatch(runProgram('--config', inDevelopment.file, '--check').stderr, /passwordRounds/);
    const adjust = (c) => {
        leaveDevelopment(c);
        delete c.adminListener.operatorToken;
    };
    const few = await writeConfig(demo, config, 'rounds.json', adjust);
    const told = runProgram('--config', few.file, '--check');
    assert.equal(told.status, 0, told.stderr);
    assert.match(told.stderr, low);
    const enough = await writeConfig(demo, config, 'rounds.json', (c) => {
        adjust(c);
        c.providers.forEach(({ core }) => delete core.settings.passwordRounds);
    });
    const silent = runProgram('--config', enough.file, '--check');
    assert.equal(silent.status, 0, silent.stderr);
    assert.doesNotMatch(silent.stderr, /passwordRounds/);
});

function leaveDevelopment(c) {
    c.development = false;
    c.journey.demoApp = false;
    c.publicListener.url = c.publicListener.url.replace(/^http:/, 'https:');
    delete c.adminListener.demonstration;
}

test('outside development no core dump is written', async () => {
    const program = await startProgram(await writeConfig(demo, config, 'no-core.json', (c) => {
        leaveDevelopment(c);
        c.adminListener.leversInProduction = true;
    }));
    const limits = readFileSync(`/proc/${program.child.pid}/limits`, 'utf8');
    program.child.kill('SIGTERM');
    assert.equal((await program.ended).code, 0);
    assert.match(limits, /^Max core file size +0 +0 /m);
});

test('levers outside development need a setting of their own', async () => {
    const without = await writeConfig(demo, config, 'levers.json', leaveDevelopment);
    const refused = runProgram('--config', without.file, '--check');
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /\$\.adminListener\.operatorToken: .*leversInProduction/);
    const allowed = await writeConfig(demo, config, 'levers.json', (c) => {
        leaveDevelopment(c);
        c.adminListener.leversInProduction = true;
    });
    const passed = runProgram('--config', allowed.file, '--check');
    assert.equal(passed.status, 0, passed.stderr);
    assert.match(passed.stderr, /warning: \$\.adminListener\.operatorToken: .*levers/);
});
