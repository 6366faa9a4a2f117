// Fails when an operation that the server offers was never seen to answer one of its documented
// statuses. Run after the suites, which leave what they saw in the folder given.
//   node coverage.mjs PROGRAM FOLDER
import { execFileSync } from 'node:child_process';
import { readRecords } from '../support/recording.mjs';

const [program, folder] = process.argv.slice(2);

const operations = execFileSync(program, { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([method, path, ...statuses]) => ({
        method,
        path,
        statuses: statuses.map(Number),
        pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
        seen: new Set(),
    }));

const ofBank = [...readRecords(folder)].filter(({ of, request }) => !of && !request);
for (const { method, path, status } of ofBank) {
    for (const operation of operations.filter((op) => op.method === method && op.pattern.test(path))) {
        operation.seen.add(status); // one path may be in two documents
    }
}

const missing = operations.flatMap(({ method, path, statuses, seen }) =>
    statuses.filter((status) => !seen.has(status)).map((status) => `${method} ${path} ${status}`),
);
for (const line of missing) {
    console.error(`never seen: ${line}`);
}
console.log(`${operations.length} operations, ${missing.length} documented answers never seen`);
process.exit(missing.length === 0 && operations.length > 0 ? 0 : 1);
