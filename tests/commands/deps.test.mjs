// tools/deps: which sources the private prefix is built from, when anew, and what it says offline.
// apt is the real one, with a configuration that knows only an archive made here.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from '../support/demo.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'lfi-deps-'));
after(() => rmSync(scratch, { recursive: true }));

const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const osRelease = readFileSync('/etc/os-release', 'utf8');
const codename = /^VERSION_CODENAME=(.*)$/m.exec(osRelease)?.[1] ?? 'sid';
const [SUITE, COMPONENT] = /^ID=ubuntu$/m.test(osRelease)
    ? ['resolute', 'universe']
    : ['forky', 'main'];

const SOURCES = {
    civetweb: {
        'src/civetweb.c': 'int mg_version_made_here;\n',
        'include/civetweb.h': '\n',
    },
    libjwt3: {
        'CMakeLists.txt': 'cmake_minimum_required(VERSION 3.10)\nproject(libjwt C)\n'
            + 'add_library(jwt STATIC jwt.c)\ninstall(TARGETS jwt)\n',
        'jwt.c': 'int jwt_version_made_here;\n',
    },
};

/** Makes the source package NAME in `pool` and returns its entry of the index. */
function makePackage(pool, name, version) {
    const folder = mkdtempSync(join(scratch, 'source-'));
    const tree = join(folder, name);
    const debian = {
        'debian/control': `Source: ${name}\nMaintainer: Nobody <nobody@bank.example>\n\n`
            + `Package: ${name}\nArchitecture: any\nDescription: made by a test\n`,
        'debian/changelog': `${name} (${version}) unstable; urgency=low\n\n  * Made by a test.\n\n`
            + ' -- Nobody <nobody@bank.example>  Mon, 01 Jun 2026 12:00:00 +0400\n',
        'debian/source/format': '3.0 (native)\n',
        'debian/rules': '#!/usr/bin/make -f\n',
    };
    for (const [path, text] of Object.entries({ ...SOURCES[name], ...debian })) {
        mkdirSync(join(tree, path, '..'), { recursive: true });
        writeFileSync(join(tree, path), text);
    }
    execFileSync('dpkg-source', ['--build', name], { cwd: folder, stdio: 'pipe' });
    const dsc = readdirSync(folder).find((file) => file.endsWith('.dsc'));
    for (const file of readdirSync(folder).filter((file) => file !== name)) {
        cpSync(join(folder, file), join(pool, file));
    }
    const text = readFileSync(join(folder, dsc), 'utf8');
    const own = `${sha256(text)} ${text.length} ${dsc}`;
    return {
        sha256: sha256(text),
        entry: text.replace(/^Source:/m, 'Package:').replace(/^Checksums-Sha1:\n( .*\n)+/m, '')
            .replace(/^Files:\n( .*\n)+/m, '').trimEnd()
            .replace(/^Checksums-Sha256:$/m, `Directory: pool\nChecksums-Sha256:\n ${own}`),
    };
}

/** An archive whose newest sources are `versions`, and what tools/deps does with it. */
class Machine {
    constructor(name, versions, address) {
        this.dir = join(scratch, name);
        this.cache = join(this.dir, 'cache');
        this.archive = join(this.dir, 'archive');
        mkdirSync(join(this.dir, 'conf'), { recursive: true });
        const uri = address ?? `file:${this.archive}`;
        writeFileSync(join(this.dir, 'sources.list'), `deb ${uri} ${codename} main\n`);
        this.configure({ signatures: false });
        this.publish(versions);
    }

    /** An archive made here has no signature by the distribution. */
    configure({ signatures }) {
        writeFileSync(join(this.dir, 'apt.conf'), [
            `Dir::Etc::Parts "${join(this.dir, 'conf')}";`,
            'Dir::Etc::Main "/dev/null";',
            `Dir::Etc::SourceList "${join(this.dir, 'sources.list')}";`,
            'Dir::Etc::SourceParts "/dev/null";',
            'Acquire::http::Proxy "DIRECT";',
            'Acquire::Retries "0";',
            `Acquire::AllowInsecureRepositories "${signatures ? 0 : 1}";`,
            `APT::Get::AllowUnauthenticated "${signatures ? 0 : 1}";`,
        ].join('\n'));
    }

    publish(versions) {
        const pool = join(this.archive, 'pool');
        const index = join(this.archive, 'dists', SUITE, COMPONENT, 'source/Sources');
        rmSync(this.archive, { recursive: true, force: true });
        mkdirSync(pool, { recursive: true });
        mkdirSync(join(index, '..'), { recursive: true });
        const made = Object.entries(versions)
            .map(([name, version]) => makePackage(pool, name, version));
        const text = made.map(({ entry }) => `${entry}\n`).join('\n');
        writeFileSync(index, text);
        writeFileSync(join(this.archive, 'dists', SUITE, 'Release'),
            `Suite: ${SUITE}\nCodename: ${SUITE}\nComponents: ${COMPONENT}\nSHA256:\n`
            + ` ${sha256(text)} ${text.length} ${COMPONENT}/source/Sources\n`);
        this.civetweb = made[0]?.sha256;
    }

    deps(args, { tool = join(ROOT, 'tools/deps') } = {}) {
        const own = { LFI_DEPS_CACHE: this.cache, APT_CONFIG: join(this.dir, 'apt.conf') };
        const env = { ...process.env, ...own };
        return spawnSync(tool, args, { env, encoding: 'utf8', timeout: 60_000 });
    }

    /** The path of the prefix, which must be complete. */
    prefix(args = [], options) {
        const { status, stdout, stderr } = this.deps(['prefix', ...args], options);
        assert.equal(status, 0, stderr);
        const path = stdout.trimEnd();
        assert.ok(existsSync(join(path, 'lib/libcivetweb.a')), path);
        return path;
    }

    /** What the prefix was built from: the version and the hash of CivetWeb's sources. */
    built(path) {
        return /^civetweb (.*)$/m.exec(readFileSync(join(path, 'sources'), 'utf8'))[1].split(' ');
    }
}

const machine = new Machine('machine', { civetweb: '1.17', libjwt3: '3.3' });

test('what was built is recorded: version, and hash of the sources', () => {
    assert.deepEqual(machine.built(machine.prefix()), ['1.17', machine.civetweb]);
});

test('a newer security update in the archive: said, and built when it is asked for', () => {
    assert.equal(machine.deps(['--check']).status, 0);
    machine.publish({ civetweb: '1.17.1', libjwt3: '3.3' });
    assert.equal(machine.built(machine.prefix())[0], '1.17', 'an ordinary call asks no archive');
    const behind = machine.deps(['--check']);
    assert.equal(behind.status, 1);
    assert.match(behind.stdout, /^civetweb: 1\.17 is behind, .* has 1\.17\.1: .*--renew$/m);
    assert.deepEqual(machine.built(machine.prefix(['--renew'])), ['1.17.1', machine.civetweb]);
    const renewed = machine.deps(['--check']);
    assert.equal(renewed.status, 0);
    assert.match(renewed.stdout, /^civetweb: 1\.17\.1 is the newest$/m);
});

test('a raised minimum in tools/deps builds anew, without being asked', () => {
    const tools = join(scratch, 'raised/tools');
    mkdirSync(tools, { recursive: true });
    cpSync(join(ROOT, 'tools/common.sh'), join(tools, 'common.sh'));
    const text = readFileSync(join(ROOT, 'tools/deps'), 'utf8');
    const raised = text.replace(/^CIVETWEB_MIN=\S+/m, 'CIVETWEB_MIN=1.18');
    assert.notEqual(raised, text);
    const tool = join(tools, 'deps');
    writeFileSync(tool, raised, { mode: 0o755 });

    const before = machine.prefix();
    const refused = machine.deps(['prefix'], { tool });
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /the archive has civetweb 1\.17\.1, but at least 1\.18 is needed/);
    machine.publish({ civetweb: '1.18', libjwt3: '3.3' });
    const path = machine.prefix([], { tool });
    assert.notEqual(path, before);
    assert.deepEqual(machine.built(path), ['1.18', machine.civetweb]);
});

test('sources that nobody has signed are refused', () => {
    const other = new Machine('unsigned', { civetweb: '1.17', libjwt3: '3.3' });
    other.configure({ signatures: true });
    const refused = other.deps(['prefix']);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /is not signed/);
    assert.deepEqual(readdirSync(other.cache).sort(), ['build.log', 'lock'], 'nothing is built');
});

for (const [address, cause] of [
    ['http://archive.invalid/debian', /Could not resolve 'archive\.invalid'/],
    ['http://localhost:1/debian', /Could not connect to localhost:1 .*Connection refused/],
]) {
    test(`offline with an empty cache, the cause is said: ${cause.source}`, () => {
        const offline = new Machine(new URL(address).host, {}, address);
        for (const args of [['prefix'], ['--check']]) {
            const { status, stdout, stderr } = offline.deps(args);
            assert.equal(status, 1);
            assert.equal(stdout, '');
            assert.match(stderr, cause);
        }
    });
}

test('offline with a full cache, nothing is asked', () => {
    rmSync(machine.archive, { recursive: true });
    machine.prefix();
});
