// The checks of what all suites recorded. contract.replies fails for a reply that does not fit its
// document: right ones pass, each that is wrong in one way is named, and so is what it makes of
// OpenAPI's own keywords. contract.coverage fails for an answer that was never seen.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BUILD_DIR, ROOT } from '../support/demo.mjs';
import { Document } from '../support/openapi.mjs';

const OFFICIAL = [process.env.LFI_OFFICIAL_SPECS, join(ROOT, '../shared/specs')].find((one) => one && existsSync(one));
const ERROR = { errorCode: 'JWS.Malformed', errorMessage: 'The token is not accepted.' };
const ACCOUNT = {
    id: 't18taq7eh7jbh300kw8w2sj7', accountNumbers: [{ schemeName: 'IBAN', identification: 'AE209995053279265709579' }],
    status: 'Active', currency: 'AED', accountType: 'Retail', accountSubType: 'CurrentAccount', openingDate: '2019-09-01T10:00:00+04:00',
};
const META = { paginated: true, totalRecords: 1, totalPages: 1 };

let folder;
before(() => (folder = mkdtempSync(join(tmpdir(), 'lfi-replies-'))));
after(() => rmSync(folder, { recursive: true }));

/** A reply as the suites record it; what is no text is sent as JSON. */
const reply = (method, path, status, content, more = {}) => ({
    method, path, status, caap: false, type: 'application/json; charset=utf-8',
    text: typeof content === 'string' ? content : JSON.stringify(content), ...more,
});
const accounts = (change = {}, more = {}) =>
    reply('GET', '/accounts', 200, { data: [{ ...ACCOUNT, ...change }], meta: META }, more);

function judge(replies, official = OFFICIAL) {
    writeFileSync(join(folder, 'x.jsonl'), replies.map((one) => `${JSON.stringify(one)}\n`).join(''));
    const args = [join(ROOT, 'tests/contract/replies.mjs'), folder, join(BUILD_DIR, 'server/operator/reference')];
    return spawnSync(process.execPath, [...args, ...(official ? [official] : [])], { encoding: 'utf8' });
}

test('replies that fit pass, and are counted', () => {
    const { status, stdout, stderr } = judge([
        accounts(), accounts({ status: 'Closed' }), reply('GET', '/accounts', 401, ERROR),
        accounts({}, { version: 'v2.2' }), reply('GET', '/nowhere', 404, ERROR),
    ]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^our documents: 4 replies of 2 operations with 3 statuses, 1 of no operation, 0 faults$/m);
    if (OFFICIAL) {
        assert.match(stdout, /^the official documents: 3 replies of 1 operations with 2 statuses, 1 of no operation, 0 faults$/m);
    }
});

test('nothing recorded fails', () => {
    rmSync(join(folder, 'x.jsonl'));
    const { status, stderr } = spawnSync(process.execPath,
        [join(ROOT, 'tests/contract/replies.mjs'), folder, join(BUILD_DIR, 'server/operator/reference')], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /no reply was recorded/);
});

const WRONG = [
    ['a required member that is missing', accounts({ id: undefined }), /findAccounts 200 \/data\/\*: required: .*"id"/],
    ['a member that there is not', accounts({ colour: 'red' }), /findAccounts 200 \/data\/\*: additionalProperties: .*"colour"/],
    ['another value than the listed', accounts({ status: 'Sleeping' }), /\/data\/\*\/status: enum/],
    ['another type', accounts({ currency: 784 }), /\/data\/\*\/currency: type/],
    ['null', accounts({ status: null }), /\/data\/\*\/status: type/],
    ['a date that is none', accounts({ openingDate: '2019-13-41T10:00:00+04:00' }), /\/data\/\*\/openingDate: format/],
    ['an error without a code', reply('GET', '/accounts', 403, { errorMessage: 'x' }), /findAccounts 403 : required: .*"errorCode"/],
    ['another type of content', accounts({}, { type: 'text/html' }), /findAccounts 200: content: is text\/html/],
    ['no JSON', reply('GET', '/accounts', 200, '{"data":'), /findAccounts 200: content: is no JSON/],
    ['a body where there is none', reply('POST', '/consent/event/post', 204, '{}'), /204: content: has no body/],
    ['the form of CAAP at another provider', accounts({ availableBalance: [] }), /additionalProperties: .*"availableBalance"/],
    ['an operation of no document', reply('GET', '/nowhere', 200, {}), /GET \/nowhere 200: of no document/],
    ['a refusal outside of them without its code', reply('GET', '/nowhere', 404, {}), /GET \/nowhere 404: of no document/],
];
for (const [what, wrong, expected] of WRONG) {
    test(`a wrong reply fails: ${what}`, () => {
        const { status, stderr } = judge([accounts(), wrong], null);
        assert.equal(status, 1, stderr);
        assert.match(stderr, expected);
    });
}

test('a reply that fits ours alone fails against the official documents', { skip: !OFFICIAL }, () => {
    const { status, stdout } = judge([accounts(), reply('GET', '/unofficial', 200, {})]);
    assert.equal(status, 1);
    assert.match(stdout, /^the official documents: .* 1 faults$/m);
});

test('an answer that no test saw fails', () => {
    writeFileSync(join(folder, 'x.jsonl'), `${JSON.stringify(accounts())}\n`);
    const { status, stderr } = spawnSync(process.execPath,
        [join(ROOT, 'tests/contract/coverage.mjs'), join(BUILD_DIR, 'bin/contract-operations'), folder], { encoding: 'utf8' });
    assert.equal(status, 1);
    const missing = stderr.trim().split('\n');
    assert.ok(missing.includes('never seen: GET /accounts 403'), stderr);
    assert.ok(!missing.includes('never seen: GET /accounts 200'), stderr);
});

/* --- keywords of OpenAPI ----------------------------------------------------------------------- */

/** The keywords that a value fails by, in a document of `openapi` whose one answer has the schema. */
function failedBy(schema, value, { openapi = '3.0.3', direction, schemas = {} } = {}) {
    const content = { 'application/json': { schema } };
    const document = new Document('x', {
        openapi, components: { schemas },
        paths: { '/x': { get: { operationId: 'x', responses: { 200: { content } } } } },
    }, direction);
    const faults = document.faultsOfReply(document.find('GET', '/x'),
        { status: 200, type: 'application/json', text: JSON.stringify(value) });
    return [...new Set(faults.map(({ keyword }) => keyword))].sort();
}

test('nullable, and bounds that exclude', () => {
    assert.deepEqual(failedBy({ type: 'string' }, null), ['type']);
    assert.deepEqual(failedBy({ type: 'string', nullable: true }, null), []);
    assert.deepEqual(failedBy({ type: 'number', minimum: 0, exclusiveMinimum: true }, 0), ['exclusiveMinimum']);
    assert.deepEqual(failedBy({ type: 'number', minimum: 0, exclusiveMinimum: false }, 0), []);
    assert.deepEqual(failedBy({ exclusiveMaximum: 5 }, 5, { openapi: '3.1.0' }), ['exclusiveMaximum']);
});

test('what stands beside a reference counts since 3.1', () => {
    const schemas = { Text: { type: 'string' } };
    const schema = { $ref: '#/components/schemas/Text', maxLength: 1 };
    assert.deepEqual(failedBy(schema, 'long', { schemas }), []);
    assert.deepEqual(failedBy(schema, 'long', { schemas, openapi: '3.1.0' }), ['maxLength']);
    assert.deepEqual(failedBy(schema, 1, { schemas }), ['type']);
});

test('members for one direction alone', () => {
    const schema = {
        type: 'object', required: ['secret', 'id'],
        properties: { secret: { type: 'string', writeOnly: true }, id: { type: 'string', readOnly: true } },
    };
    assert.deepEqual(failedBy(schema, { id: '1' }), []);
    assert.deepEqual(failedBy(schema, { id: '1', secret: 'x' }), ['false schema']);
    assert.deepEqual(failedBy(schema, { secret: 'x' }, { direction: 'request' }), []);
    assert.deepEqual(failedBy(schema, { secret: 'x' }), ['false schema', 'required']);
});

test('a discriminator chooses the form', () => {
    const form = (kind, member) => ({ type: 'object', properties: { kind: { type: 'string' }, [member]: { type: 'number' } }, required: [member] });
    const schemas = { One: form('One', 'a'), Two: form('Two', 'b') };
    const [one, two] = ['One', 'Two'].map((name) => `#/components/schemas/${name}`);
    const discriminator = { propertyName: 'kind', mapping: { first: one, second: two } };
    const schema = { anyOf: [{ $ref: one }, { $ref: two }], discriminator };
    assert.deepEqual(failedBy(schema, { kind: 'first', a: 1 }, { schemas }), []);
    assert.deepEqual(failedBy(schema, { kind: 'first', b: 1 }, { schemas }), ['if', 'required']);
    assert.deepEqual(failedBy(schema, { kind: 'third', a: 1 }, { schemas }), ['enum']);
    assert.deepEqual(failedBy(schema, { a: 1 }, { schemas }), ['required']);
});

test('a keyword or format that is not known is an error', () => {
    assert.throws(() => failedBy({ maxDepth: 1 }, {}), /the keyword maxDepth is not known/);
    assert.throws(() => failedBy({ type: 'string', format: 'colour' }, 'x'), /colour/);
});
