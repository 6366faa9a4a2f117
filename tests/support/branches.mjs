// Prints the branch coverage of the files of tests/branches.json from the counts that gcc's
// --coverage left in a build folder. See tools/coverage.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const build = resolve(process.argv[2]);
const { goalPercent, files, reasons } = JSON.parse(
    readFileSync(join(root, 'tests/branches.json'), 'utf8'),
);

/** The counts of every object that was compiled from one of `sources`: file -> line -> counts. */
function countBranches(sources) {
    const notes = readdirSync(build, { recursive: true }).filter(
        (name) => name.endsWith('.gcno') && sources.some((source) => isFrom(name, source)),
    );
    const counted = new Map(sources.map((source) => [source, new Map()]));
    for (const note of notes) {
        const text = execFileSync(
            'gcov',
            ['--json-format', '--branch-probabilities', '--stdout', join(build, note)],
            { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] },
        );
        for (const line of text.split('\n').filter(Boolean)) {
            for (const file of JSON.parse(line).files) {
                add(counted.get(relative(root, resolve(build, file.file))), file.lines);
            }
        }
    }
    return counted;
}

function isFrom(note, source) {
    const [folder, name] = [source.split('/').slice(1, -1).join('/'), source.split('/').at(-1)];
    return note.endsWith(`${folder}/${name}.gcno`) || note.endsWith(`.dir/${name}.gcno`);
}

function add(lines, found) {
    for (const { line_number: number, branches } of lines ? found : []) {
        const counts = lines.get(number) ?? branches.map(() => 0);
        branches.forEach(({ count }, i) => (counts[i] += count));
        lines.set(number, counts);
    }
}

/** What is missing in one file: [{line, text, reason}], one for each branch never taken. */
function missingBranches(source, lines) {
    const text = readFileSync(join(root, source), 'utf8').split('\n');
    const known = Object.entries(reasons[source] ?? {});
    const missing = [];
    for (const [number, counts] of lines) {
        const at = text[number - 1].trim();
        const [, reason] = known.find(([part]) => at.includes(part)) ?? [];
        for (const count of counts.filter((count) => count === 0)) {
            missing.push({ line: number, text: at, reason, count });
        }
    }
    return missing;
}

let failed = false;
const counted = countBranches(files);
console.log(`${'file'.padEnd(32)}${'branches'.padStart(9)}${'taken'.padStart(7)}${'%'.padStart(8)}`);
for (const [source, lines] of counted) {
    const all = [...lines.values()].reduce((sum, counts) => sum + counts.length, 0);
    const missing = missingBranches(source, lines);
    const percent = all === 0 ? 0 : (100 * (all - missing.length)) / all;
    failed ||= percent < goalPercent || missing.some(({ reason }) => !reason);
    console.log(
        source.padEnd(32) +
            String(all).padStart(9) +
            String(all - missing.length).padStart(7) +
            percent.toFixed(1).padStart(8) +
            (percent < goalPercent ? `  below ${goalPercent}` : ''),
    );
    const shown = new Map();
    for (const { line, text, reason } of missing) {
        const key = `    ${line}: ${text}\n        ${reason ?? 'NO REASON GIVEN'}`;
        shown.set(key, (shown.get(key) ?? 0) + 1);
    }
    for (const [key, times] of shown) {
        console.log(times > 1 ? `${key} (${times} branches)` : key);
    }
}
process.exitCode = failed ? 1 : 0;
