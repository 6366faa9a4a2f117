// Fails when a reply that a test got from the bank's Hub listener does not fit our documents, or the
// official ones where a copy lies: judged by ajv, not by the server's own checks. Run after the
// suites, which leave what they saw in the folder given.
//   node replies.mjs RECORDED OURS [OFFICIAL]
// OURS holds the documents as the server publishes them, OFFICIAL the official ones. What a reply may
// have that the official documents have not stands in replies.yaml, with reasons.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { Document } from '../support/openapi.mjs';
import { readRecords } from '../support/recording.mjs';

const SHOWN = 20; // faults
const { outside: allowedOutside, differences } = load(readFileSync(new URL('replies.yaml', import.meta.url), 'utf8'));
const [recorded, ours, official] = process.argv.slice(2);

/** Our documents as one version of the standard has them. */
function readOurs(version) {
    const files = readdirSync(ours).filter((file) => file.endsWith('.json'));
    return files.filter((file) => file.split('.').length === 2)
        .map((file) => file.replace('.', `.${version}.`))
        .map((file) => (files.includes(file) ? file : file.replace(`.${version}.`, '.')))
        .map((file) => new Document(file, JSON.parse(readFileSync(join(ours, file), 'utf8'))));
}

const readOfficial = () => readdirSync(join(official, 'ozone-connect')).filter((file) => file.endsWith('.yaml'))
    .map((file) => new Document(file, load(readFileSync(join(official, 'ozone-connect', file), 'utf8'))));

/** The operation that a reply is of: in its version, and in CAAP's form where it has one. */
function findOperation({ current, later }, { caap, version, method, path }) {
    const isOfCaap = ({ name }) => /caap/.test(name);
    const documents = version === 'v2.2' ? later : current;
    const inOrder = [...documents].sort((a, b) => (isOfCaap(a) === caap ? 0 : 1) - (isOfCaap(b) === caap ? 0 : 1));
    for (const document of inOrder) {
        const operation = document.find(method, path);
        if (operation) {
            return { document, operation };
        }
    }
    return null;
}

const matches = (pattern, text) =>
    new RegExp(`^${pattern.split('*').map((part) => part.replaceAll(/[.?^$|()[\]{}+\\/]/g, '\\$&')).join('.*')}$`).test(text);

/** Of an address or a method that there is not, with the members that every error has. */
function isRefusal({ method, status, text }) {
    return status >= 400 && (method === 'HEAD' || ['errorCode', 'errorMessage'].every((name) => text.includes(`"${name}"`)));
}

/** What one set of documents says of the replies: counts, and each fault once, with the first reply that has it. */
function judge(set, replies) {
    const made = { count: 0, operations: new Set(), answers: new Set(), outside: new Map(), faults: new Map() };
    const note = (key, reply) => made.faults.set(key, made.faults.get(key) ?? reply);
    for (const reply of replies) {
        const found = findOperation(set, reply);
        if (!found) {
            const about = `${reply.method} ${reply.path} ${reply.status}`;
            made.outside.set(about, reply);
            continue;
        }
        const { document, operation } = found;
        made.count += 1;
        made.operations.add(`${document.name} ${operation.id}`);
        made.answers.add(`${document.name} ${operation.id} ${reply.status}`);
        for (const { where, keyword, message } of document.faultsOfReply(operation, reply)) {
            const fault = { where: where.replaceAll(/\/\d+(?=\/|$)/g, '/*'), keyword };
            const difference = set.differences.find((one) => matches(one.where, fault.where) && matches(one.keyword, keyword));
            if (difference) {
                difference.used = true;
            } else {
                note(`${document.name}: ${fault.where}: ${keyword}: ${message}`, reply);
            }
        }
    }
    for (const [about, reply] of made.outside) {
        if (!(isRefusal(reply) || set.outside.some(({ where }) => matches(where, about)))) {
            note(`${about}: of no document`, reply);
        }
    }
    return made;
}

const sets = [{ name: 'our documents', current: readOurs('none'), later: readOurs('v2.2'), outside: allowedOutside.ours, differences: [] }];
if (official) {
    const outside = [...allowedOutside.ours, ...allowedOutside.official];
    sets.push({ name: 'the official documents', current: readOfficial(), later: null, outside, differences });
}

const all = [...readRecords(recorded)];
let failed = all.length === 0;
if (failed) {
    console.error('no reply was recorded');
}
for (const set of sets) {
    const replies = set.later ? all : all.filter(({ version }) => version !== 'v2.2');
    const { count, operations, answers, outside, faults } = judge(set, replies);
    for (const [fault, { suite, status, text }] of [...faults].slice(0, SHOWN)) {
        console.error(`${fault}\n    ${suite}: ${status} ${text.slice(0, 300)}`);
    }
    console.log(`${set.name}: ${count} replies of ${operations.size} operations with ${answers.size} statuses, ` +
        `${outside.size} of no operation, ${faults.size} faults`);
    failed ||= faults.size > 0;
}
for (const { where, keyword, used } of differences) {
    console.log(`intended${used ? '' : ', and not seen'}: ${where}: ${keyword}`);
}
process.exit(failed ? 1 : 0);
