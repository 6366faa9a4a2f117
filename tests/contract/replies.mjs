// Fails when what the tests saw on the wire does not fit our documents, or the official ones where a
// copy lies: the bank's replies, what bank and Hub send each other where the other took it, and the
// Hub's replies to the bank and to TPPs. Judged by ajv, not by the programs' own checks. Run after the
// suites, which leave what they saw in the folder given.
//   node replies.mjs RECORDED OURS HUB [OFFICIAL]
// OURS holds the documents as the server publishes them, HUB those of the Hub's interfaces, OFFICIAL
// the official ones. What may differ from them stands in replies.yaml, with reasons.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { Document } from '../support/openapi.mjs';
import { readRecords } from '../support/recording.mjs';

const SHOWN = 60; // faults
const LATER = 'v2.2';
const VERSIONS = [undefined, 'v2.1', LATER]; // that TPPs are served; a call without one is of v2.1
const { interfaces, unwrapped, outside: allowedOutside, differences } =
    load(readFileSync(new URL('replies.yaml', import.meta.url), 'utf8'));
const [recorded, ours, hub, official] = process.argv.slice(2);

/** Documents by name without its end, each read and turned into checks when first needed. */
class Documents {
    constructor(folder, names, read, options) {
        Object.assign(this, { folder, names, read, options, made: new Map() });
    }

    get(name, direction) {
        const key = `${direction} ${name}`;
        if (!this.made.has(key)) {
            const document = this.read(readFileSync(join(this.folder, name), 'utf8'));
            this.made.set(key, new Document(name.replace(/.*\//, ''), document, direction, this.options));
        }
        return this.made.get(key);
    }
}

const jsonIn = (folder) => readdirSync(folder).filter((file) => file.endsWith('.json'));

/** Ours of one folder; a file NAME.VERSION.json is NAME.json as that version has it. */
function readOurs(folder, options) {
    const files = jsonIn(folder);
    const plain = files.filter((file) => file.split('.').length === 2);
    const documents = new Documents(folder, plain, JSON.parse, options);
    const inVersion = (file, version) => [file.replace('.', `.${version}.`), file].find((one) => files.includes(one));
    return {
        bank: (version, direction) => plain.map((file) => documents.get(inVersion(file, version), direction)),
        hub: (of, version, direction) =>
            (interfaces[of]?.ours ?? []).map((name) => documents.get(inVersion(`${name}.json`, version), direction)),
    };
}

function loadOfficial(text) {
    const document = load(text);
    const { schemas } = document.components;
    for (const name of unwrapped.filter((one) => schemas[one]?.type === 'object')) {
        [schemas[name]] = Object.values(schemas[name].properties);
    }
    return document;
}

function readOfficial() {
    const names = readdirSync(join(official, 'ozone-connect')).filter((file) => file.endsWith('.yaml'));
    const documents = new Documents(official, names, loadOfficial);
    return {
        bank: (version, direction) => names.map((file) => documents.get(`ozone-connect/${file}`, direction)),
        hub: (of, version, direction) =>
            (interfaces[of]?.official ?? []).map((name) => documents.get(`${name}-openapi.yaml`, direction)),
    };
}

/** The operation that a message is of: in its version, and in CAAP's form where it has one. */
function findOperation(set, message) {
    const { of, caap, request, version, method, path } = message;
    const direction = request ? 'request' : 'response';
    const isOfCaap = ({ name }) => /caap/.test(name);
    const documents = (of && !VERSIONS.includes(version)) || isOfListener(message) ? []
        : of ? set.hub(of, version, direction)
            : set.bank(version, direction).sort((a, b) => (isOfCaap(a) === caap ? 0 : 1) - (isOfCaap(b) === caap ? 0 : 1));
    for (const document of documents) {
        const operation = document.find(method, path);
        if (operation) {
            return { document, operation };
        }
    }
    return null;
}

const matches = (pattern, text) =>
    new RegExp(`^${pattern.split('*').map((part) => part.replaceAll(/[.?^$|()[\]{}+\\/]/g, '\\$&')).join('.*')}$`).test(text);

/** Of an address or a method that there is not, with the members that every error of the bank has. */
function isRefusal({ of, method, status, text }) {
    return status >= 400 && ((of && text === '') || method === 'HEAD' ||
        ['errorCode', 'errorMessage'].every((name) => text.includes(`"${name}"`)));
}

/**
 * What a listener answers in place of an operation, in one form whatever the address means: to what is
 * no HTTP request, and to one that it has no room or no time for, such as while it ends.
 */
const isOfListener = ({ of, status, text }) => (status === 503 && text.includes('"The server is busy. Please try again."')) ||
    (of && status === 400 && text.includes('"The request target is malformed."'));

/** Of the later version, by the call or by a consent in what was said. */
const isLater = ({ version, text }) => version === LATER || text.includes(`-consent:${LATER}"`);

const aboutOf = ({ of, request, method, path, status }) =>
    `${of ? `${of} ` : ''}${method} ${path} ${request ? 'request' : status}`;

/** What one set of documents says of the messages: counts, and each fault once, with the first that has it. */
function judge(set, messages) {
    const made = { replies: 0, requests: 0, operations: new Set(), answers: new Set(), outside: new Map(), faults: new Map() };
    const note = (key, message) => made.faults.set(key, made.faults.get(key) ?? message);
    for (const message of messages) {
        const found = findOperation(set, message);
        if (!found) {
            made.outside.set(aboutOf(message), message);
            continue;
        }
        const { document, operation } = found;
        made[message.request ? 'requests' : 'replies'] += 1;
        made.operations.add(`${document.name} ${operation.id}`);
        made.answers.add(`${document.name} ${operation.id} ${message.request ? '' : message.status}`);
        const faults = message.request ? document.faultsOfRequest(operation, { ...message, ...message.request })
            : document.faultsOfReply(operation, message);
        for (const { where, keyword, message: what } of faults) {
            const fault = { where: where.replaceAll(/\/\d+(?=\/|$)/g, '/*'), keyword };
            const difference = set.differences.find((one) => (!one.of || one.of === message.of) && (!one.byTest || message.byTest) &&
                matches(one.where, fault.where) && matches(one.keyword, keyword));
            if (difference) {
                difference.used = true;
            } else {
                note(`${document.name}: ${fault.where}: ${keyword}: ${what}`, message);
            }
        }
    }
    for (const [about, message] of made.outside) {
        if (!(isRefusal(message) || set.outside.some(({ where }) => matches(where, about)))) {
            note(`${about}: of no document`, message);
        }
    }
    return made;
}

/** Whether such documents say anything of the interface, as all do of the bank. */
const isKnown = (whose) => ({ of }) => !of || (interfaces[of] ? (interfaces[of][whose] ?? []).length > 0 : whose === 'ours');

const sets = [{
    name: 'our documents', bank: readOurs(ours).bank, hub: readOurs(hub, { wraps: true }).hub,
    isOf: isKnown('ours'), outside: allowedOutside.ours, differences: differences.ours,
}];
if (official) {
    const outside = [...allowedOutside.ours, ...allowedOutside.official];
    sets.push({
        name: 'the official documents', ...readOfficial(), outside, differences: [...differences.ours, ...differences.official],
        isOf: (message) => !isLater(message) && isKnown('official')(message),
    });
}

const all = [...readRecords(recorded)];
let failed = all.length === 0;
if (failed) {
    console.error('no reply was recorded');
}
for (const set of sets) {
    const { replies, requests, operations, answers, outside, faults } = judge(set, all.filter(set.isOf));
    for (const [fault, { suite, status, text, request }] of [...faults].slice(0, SHOWN)) {
        console.error(`${fault}\n    ${suite}: ${request ? 'request' : status} ${text.slice(0, 300)}`);
    }
    console.log(`${set.name}: ${replies} replies and ${requests} requests of ${operations.size} operations with ` +
        `${answers.size} answers, ${outside.size} of no operation, ${faults.size} faults`);
    failed ||= faults.size > 0;
}
for (const { where, keyword, used } of sets.at(-1).differences) {
    console.log(`intended${used ? '' : ', and not seen'}: ${where}: ${keyword}`);
}
process.exit(failed ? 1 : 0);
