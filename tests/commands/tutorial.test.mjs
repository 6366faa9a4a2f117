// cores/README.md, followed word by word in an empty folder with installed files only.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BUILD_DIR, ROOT } from '../support/demo.mjs';

const dir = mkdtempSync(join(tmpdir(), 'lfi-tutorial-'));
after(() => rmSync(dir, { recursive: true }));

const page = readFileSync(join(ROOT, 'cores/README.md'), 'utf8');
const pieces = (language) =>
    [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(([, text]) => text);

test('the pieces of the tutorial are a core that breaks no promise', () => {
    const prefix = join(dir, 'prefix');
    execFileSync('cmake', ['--install', BUILD_DIR, '--prefix', prefix]);
    writeFileSync(join(dir, 'first.c'), pieces('c').join('\n'));
    const [commands] = pieces('sh');
    const said = execFileSync('bash', ['-euc', commands.replace('-Wextra', '-Wextra -Werror')], {
        cwd: dir,
        env: { ...process.env, PREFIX: prefix },
        encoding: 'utf8',
    });
    assert.match(said, /^list-shape +kept$/m);
    assert.match(said, /^deadline +kept$/m);
    assert.match(said, /^core first: \d+ rules kept, 0 broken, \d+ not checked$/m);
});
