// What the tests of a run saw on the wire, for the checks that come last: contract.coverage and
// contract.replies. A line of JSON for each reply, and for each request that was taken, in the file
// LFI_COVERAGE_FILE; the same twice is one line, and a long body is packed. What an older build
// answered does not count. A request's credential is not written down.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { BUILD_DIR } from './paths.mjs';

const PACKED_FROM = 4096; // characters
const PROGRAMS = ['lfi-server', 'hub-sim'].map((name) => join(BUILD_DIR, 'bin', name));
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const VERSION = /(?<=\/)v\d+\.\d+(?=\/|$)/; // of the standard, in an address
const OF_BANK = /^\/(heimdall|consent-manager)\/[^/]+(\/.*)$/; // a Hub's addresses, as the bank calls them
const OF_TPP = /^\/(auth1|as1|rs1)\.[^/]+\.apihub(\/.*)$/; // and as TPPs do
const OF_KEYS = /^(?:\/keystore)?(\/participants|\/organisations\/.*|\/.+\/application\.jwks)$/; // of its directory
const OF_SCRIPTS = /^\/(sim|tpp)\//;
const SERVED = /^\/open-finance\/(?:([a-z-]+)\/)?(v\d+\.\d+)(\/.*)$/;
const PARTS = { auth1: 'discovery', as1: 'authorization', rs1: 'others' };
const seen = new Set();

const isOld = (file) => existsSync(file) && PROGRAMS.some((program) => statSync(file).mtimeMs < statSync(program).mtimeMs);

/**
 * A reply: {method, path, status, type, text, …} with whatever the checks need besides. `path`
 * has no query, `type` is the Content-Type, `text` the body. `of` names what was called: nothing for
 * the bank, else an interface of the Hub. With `request` (recordExchange) it is a request.
 */
export function record({ text, ...exchange }) {
    const file = process.env.LFI_COVERAGE_FILE;
    if (!file) {
        return;
    }
    const alike = (told) => (exchange.request ? told.replaceAll(UUID, '') : told); // ids make no new request
    const digest = createHash('sha256').update(alike(JSON.stringify(exchange))).update(alike(text)).digest('base64');
    if (seen.size === 0 && isOld(file)) {
        rmSync(file, { force: true });
    }
    if (!seen.has(digest)) {
        seen.add(digest);
        const body = text.length < PACKED_FROM ? { text }
            : { packed: deflateRawSync(text, { level: 1 }).toString('base64') };
        appendFileSync(file, JSON.stringify({ ...exchange, ...body }) + '\n');
    }
}

/**
 * A reply and, where it took it, the request: `asked` has {target, headers, text}, its headers as
 * Node has them; `about` what both share (of, caap, version, method, path) and whether a test made the
 * request (byTest); `told` {status, type, text}.
 */
export function recordExchange({ byTest, ...about }, asked, told) {
    record({ ...about, ...told });
    if (told.status < 400 && asked.text !== undefined) {
        recordRequest({ ...about, byTest }, asked, told.status);
    }
}

/** An exchange with a Hub, where its address is one of a Hub. */
export function recordHubCall({ method, ...asked }, told, byTest = true) {
    const about = interfaceOf(asked.target);
    if (about) {
        recordExchange({ ...about, method, byTest }, asked, told);
    }
}

export function recordRequest(about, asked, status) {
    const headers = lower(asked.headers);
    if (headers.authorization) {
        headers.authorization = headers.authorization.split(' ', 1)[0];
    }
    const query = asked.target.split(/\?(.*)/s)[1] ?? '';
    record({ ...about, request: { query, headers }, status, type: headers['content-type'], text: asked.text });
}

/** Headers with names in small letters, without those that are not set. */
const lower = (headers) => Object.fromEntries(Object.entries(headers).filter(([, value]) => value)
    .map(([name, value]) => [name.toLowerCase(), String(value)]));

/** What `of` and path of an address of a Hub are, null where it is of none. */
function interfaceOf(target) {
    const path = target.split('?', 1)[0];
    const bank = path.match(OF_BANK);
    if (bank) {
        return { of: bank[1], path: bank[2] };
    }
    const [, keys] = path.match(OF_KEYS) ?? [];
    if (keys) {
        return { of: 'keystore', path: keys };
    }
    if (OF_SCRIPTS.test(path)) {
        return { of: 'scripting', path };
    }
    const [, part, rest] = path.match(OF_TPP) ?? [];
    const [, family = 'older', version, inner] = (part === 'rs1' && rest.match(SERVED)) || [];
    return part ? { of: version ? family : PARTS[part], version, path: inner ?? rest } : null;
}

/** `of`, version, path and whether CAAP's form counts, of a call of the bank. */
export function bankCall({ target, headers, caap, basePaths = [] }) {
    const [path] = target.split('?', 1);
    const base = basePaths.find((one) => path.startsWith(`${one}/`)) ?? '';
    const version = [headers['o3-api-uri'], base].map((one) => one?.match(VERSION)?.[0]).find(Boolean);
    return { caap, version, path: path.slice(base.length) };
}

/** An event that a Hub sent to a TPP: its claims, as text. The address of its resource tells its version. */
export function recordEvent(text) {
    const version = JSON.parse(text).message.Meta.EventResource.match(VERSION)?.[0];
    const asked = { target: '/', headers: { 'content-type': 'application/json' }, text };
    recordRequest({ of: 'webhook', version, method: 'POST', path: '/' }, asked, 202);
}

/** What the simulator has kept of its exchanges with the bank, and of events, in the folder of its state. */
export function recordKept(folder, { providers = [], ozoneConnect = {} } = {}) {
    if (!process.env.LFI_COVERAGE_FILE || !existsSync(folder)) {
        return;
    }
    const basePaths = Object.values(ozoneConnect.basePaths ?? {});
    const { hubs } = JSON.parse(readFileSync(join(folder, '../hub.json'), 'utf8'));
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.jsonl'))) {
        for (const kept of readLines(join(folder, name))) {
            const notesOf = (list) => (kept.list === list ? [kept.note] : kept[list] ?? []);
            notesOf('exchanges').forEach((note) => recordNote(note, { providers, hubs, basePaths }));
            notesOf('steps').filter((note) => note.interface === 'webhook' && isWhole(note.requestBody, note.requestBytes))
                .forEach(({ requestBody }) => recordEvent(requestBody));
        }
    }
}

/** Whether the simulator has kept all of a text: it cuts what is long. */
const isWhole = (text, size = 0) => Buffer.byteLength(text) === size;

/** The objects of a file with one a line. A line that the end of its writer has cut is none. */
function readLines(file) {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).flatMap((line) => {
        try {
            return [JSON.parse(line)];
        } catch {
            return [];
        }
    });
}

/** In which of the versions that a bank serves it answers a call of the one that was asked for: the smallest not below it. */
const servedOf = (versions = [], asked) => [...versions].sort().find((one) => one >= asked) ?? asked;

function recordNote(note, { providers, hubs, basePaths }) {
    const { method, status, path, query, requestHeaders: headers = {}, requestBody = '', replyBody = '' } = note;
    const isJson = /^[{[]/.test(requestBody); // of others the type that was sent is not known
    if (!status || !isWhole(replyBody, note.replyBytes)) {
        return; // nobody answered, or not all of it is there
    }
    const isCalled = ({ providerId }) => providerId === headers['o3-provider-id'];
    const about = note.interface !== 'ozone-connect' ? { of: note.interface, path }
        : bankCall({ target: path, headers, caap: providers.find(isCalled)?.authorization === 'caap', basePaths });
    if (about.version) {
        about.version = servedOf(hubs.find(isCalled)?.bankVersions, about.version);
    }
    recordExchange({ ...about, method }, {
        target: query ? `${path}?${query}` : path,
        // It does not keep the type that it sends itself, nor the credential.
        headers: { 'content-type': isJson && 'application/json', ...lower(headers), authorization: note.token && 'Bearer' },
        text: isWhole(requestBody, note.requestBytes) && (isJson || requestBody === '' || about.of) ? requestBody : undefined,
    }, { status, type: note.replyType, text: replyBody });
}

/** All that the files of a folder hold, each with `suite`, the name of its file. */
export function* readRecords(folder) {
    const files = readdirSync(folder).filter((one) => one.endsWith('.jsonl'));
    for (const name of files.filter((one) => !isOld(join(folder, one)))) {
        for (const { packed, ...exchange } of readLines(join(folder, name))) {
            const text = packed ? inflateRawSync(Buffer.from(packed, 'base64')).toString('utf8') : exchange.text;
            yield { ...exchange, text, suite: name.slice(0, -'.jsonl'.length) };
        }
    }
}
