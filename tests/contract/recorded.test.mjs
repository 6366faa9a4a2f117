// The checks of what all suites recorded. contract.replies fails for a reply or request that does not
// fit its document, in each direction: right ones pass, each that is wrong in one way is named, and so is what it makes of
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

const CHECK = [join(ROOT, 'tests/contract/replies.mjs'), 'server/operator/reference', 'tests/hub-documents'];
const run = (official) => spawnSync(process.execPath,
    [CHECK[0], folder, ...CHECK.slice(1).map((one) => join(BUILD_DIR, one)), ...(official ? [official] : [])], { encoding: 'utf8' });

function judge(replies, official = OFFICIAL) {
    writeFileSync(join(folder, 'x.jsonl'), replies.map((one) => `${JSON.stringify(one)}\n`).join(''));
    return run(official);
}

/** A request that was taken, likewise; `headers` replace the Hub's at the bank, undefined removes one. */
const request = (method, path, content, { query = '', headers = {}, of, status = 200, ...more } = {}) => reply(method, path, status,
    content ?? '', { of, request: { query, headers: { ...(!of && HUB_HEADERS), ...headers } }, ...(!content && { type: undefined }), ...more });
const HUB_HEADERS = {
    authorization: 'Bearer', 'o3-provider-id': 'dhowretail', 'o3-aspsp-id': 'dhowretail', 'o3-caller-org-id': 'org',
    'o3-caller-client-id': 'client', 'o3-caller-software-statement-id': 'software', 'o3-api-uri': '/accounts', 'o3-api-operation': 'GET',
    'o3-consent-id': 'consent', 'o3-ozone-interaction-id': '1f0f6a0e-7d0c-4a53-9f0e-0f6a2f1c0001', 'o3-psu-identifier': 'e30=',
};
const PAGE = 'page=1&page-size=10';
const hubReads = (more) => request('GET', '/accounts', null, { query: `accountIds=a&${PAGE}`, ...more });
const hubAsksPayee = (data) => request('POST', '/customers/action/cop-query', { data }, { query: PAGE });
const PAYEE = { account: { schemeName: 'IBAN', identification: 'AE209995053279265709579', name: { fullName: 'Somebody' } } };

/** What the bank sends to the Consent Manager, and to the authorization server. */
const bankPatches = (path, content, more) => request('PATCH', path, content, { of: 'consent-manager', status: 204, ...more });
const consentPatch = (change) => bankPatches('/consents/c1', {
    status: 'Authorized', psuIdentifiers: { userId: 'u' }, accountIds: ['a'], authorizationChannel: 'Web', ...change });
const bankEnds = (more) => request('POST', '/auth/i1/doConfirm', 'error=x',
    { of: 'heimdall', status: 303, type: 'application/x-www-form-urlencoded', ...more });

/** What a TPP gets; a signed answer with `message`. */
const toTpp = (of, path, status, content, more = {}) =>
    reply('GET', path, status, content, { of, version: 'v2.1', ...(content === '' && { type: undefined }), ...more });
const jws = (claims) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.AA`;
const signed = (of, path, message, more = {}) => toTpp(of, path, 200,
    jws({ iss: 'https://hub.example', iat: 1, nbf: 1, exp: 2, aud: ['tpp'], message }), { type: 'application/jwt', ...more });
const ERRORS = { Errors: [{ Code: 'Consent.Invalid', Message: 'There is no such consent.' }] };

test('replies that fit pass, and are counted', () => {
    const { status, stdout, stderr } = judge([
        accounts(), accounts({ status: 'Closed' }), reply('GET', '/accounts', 401, ERROR),
        accounts({}, { version: 'v2.2' }), reply('GET', '/nowhere', 404, ERROR),
    ]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^our documents: 4 replies and 0 requests of 2 operations with 3 answers, 1 of no operation, 0 faults$/m);
    if (OFFICIAL) {
        assert.match(stdout, /^the official documents: 3 replies and 0 requests of 1 operations with 2 answers, 1 of no operation, 0 faults$/m);
    }
});

const RIGHT = [
    hubReads(), hubReads({ headers: { 'o3-caller-interaction-id': undefined } }), hubAsksPayee(PAYEE),
    consentPatch(), consentPatch({ status: 'Rejected', accountIds: undefined }), bankEnds(),
    request('GET', '/auth', null, { of: 'heimdall', query: 'client_id=x&anything=y' }),
    reply('GET', '/consents/c1', 401, ERROR, { of: 'consent-manager' }),
    toTpp('account-information', '/accounts', 403, ERRORS), toTpp('account-information', '/accounts', 404, ''),
    toTpp('account-information', '/accounts', 403, jws({ iss: 'x', iat: 1, nbf: 1, exp: 2, aud: ['tpp'], message: ERRORS }), { type: 'application/jwt' }),
    toTpp('account-information', '/accounts', 404, '', { version: 'v1.2' }), // that is not served
];

test('what fits passes in every direction', () => {
    const { status, stderr, stdout } = judge(RIGHT);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^our documents: 4 replies and 7 requests /m);
});

test('nothing recorded fails', () => {
    rmSync(join(folder, 'x.jsonl'));
    const { status, stderr } = run();
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
/** The same of the Hub's requests to the bank, the bank's to the Hub, and the Hub's replies to the bank and to TPPs. */
const WRONG_ELSEWHERE = [
    ['the Hub to the bank, without a header', hubReads({ headers: { 'o3-consent-id': undefined } }),
        /findAccounts request header o3-consent-id: parameter: is missing/],
    ['the Hub to the bank, without a page', hubReads({ query: 'accountIds=a&page-size=10' }),
        /findAccounts request query page: parameter: is missing/],
    ['the Hub to the bank, a page that is no number', hubReads({ query: 'accountIds=a&page=one&page-size=10' }),
        /findAccounts request query page : type/],
    ['the Hub to the bank, a parameter that there is not', hubReads({ query: `accountIds=a&${PAGE}&colour=red` }),
        /findAccounts request query colour: parameter: is not documented/],
    ['the Hub to the bank, without a member', hubAsksPayee({ account: { ...PAYEE.account, identification: undefined } }),
        /findCustomerForCop request \/data\/account: required: .*"identification"/],
    ['the Hub to the bank, without a body', request('POST', '/customers/action/cop-query', null, { query: PAGE }), /findCustomerForCop request: content/],
    ['the Hub to the bank, a body where there is none', hubReads({ text: '{}', type: 'application/json' }), /findAccounts request: content: has no body/],
    ['the bank to the Hub, another status', consentPatch({ status: 'Maybe' }), /patchConsent request \/status: enum/],
    ['the bank to the Hub, another type', consentPatch({ accountIds: 'a' }), /patchConsent request \/accountIds: type/],
    ['the bank to the Hub, no JSON', bankPatches('/consents/c1', '{"status":'), /patchConsent request: content: is no JSON/],
    ['the bank to the Hub, another content', bankEnds({ type: 'text/plain' }), /doConfirm request: content: is text\/plain/],
    ['the bank to the Hub, a parameter that there is not', request('GET', '/consents', null, { of: 'consent-manager', query: 'colour=red' }),
        /getAllConsents request query colour: parameter/],
    ['the bank to the Hub, an address that there is not', bankPatches('/consents/c1/colour', {}), /consent-manager PATCH \/consents\/c1\/colour request: of no document/],
    ['the Hub to the bank, its reply', reply('GET', '/consents/c1', 200, { data: { id: 'c1' } }, { of: 'consent-manager' }),
        /getConsentsByConsentId 200 .*: required/],
    ['to a TPP, an error in the bank\'s form', toTpp('account-information', '/accounts', 403, ERROR), /GetAccounts 403 : required: .*"Errors"/],
    ['to a TPP, a body where there is none', toTpp('account-information', '/accounts', 401, ERRORS), /GetAccounts 401: content: has no body/],
    ['to a TPP, a signed message', signed('account-information', '/accounts', { Data: { Account: 'none' } }), /GetAccounts 200 .*\/Account: type/],
    ['to a TPP, what is no JWS', toTpp('payment', '/payments', 200, 'x', { type: 'application/jwt' }), /QueryPaymentResource 200: content: is no JWS/],
    ['to a TPP, records', toTpp('atm', '/atms', 200, { Data: [{}] }), /getAtms 200 .*: required/],
    ['to a TPP, of a version that is not served', toTpp('payment', '/payments', 200, {}, { version: 'v1.2' }), /payment GET \/payments 200: of no document/],
    ['to a TPP, a token without its type', reply('POST', '/token', 200, { access_token: 'x', expires_in: 1 }, { of: 'authorization' }),
        /CreateAccessToken\w* 200 .*"token_type"/],
    ['to a TPP, discovery', reply('GET', '/.well-known/openid-configuration', 200, { issuer: 1 }, { of: 'discovery' }), / 200 \/issuer: type/],
];
/** All of them in one run, which says of each what is wrong. */
let wrongs;
for (const [what, , expected] of [...WRONG, ...WRONG_ELSEWHERE]) {
    test(`a wrong reply or request fails: ${what}`, () => {
        wrongs ??= judge([accounts(), ...[...WRONG, ...WRONG_ELSEWHERE].map(([, wrong]) => wrong)], null);
        assert.equal(wrongs.status, 1, wrongs.stderr);
        assert.match(wrongs.stderr, expected);
    });
}

test('one wrong request among right ones fails', () => {
    const { status, stderr } = judge([...RIGHT, consentPatch({ status: 'Maybe' })], null);
    assert.equal(status, 1);
    assert.equal(stderr.trim().split('\n').length, 2, stderr);
});

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
    assert.deepEqual(failedBy(schema, { kind: 'first', b: 1 }, { schemas }), ['required']);
    assert.deepEqual(failedBy(schema, { kind: 'third', a: 1 }, { schemas }), ['enum']);
    assert.deepEqual(failedBy(schema, { a: 1 }, { schemas }), ['required']);
});

test('a keyword or format that is not known is an error', () => {
    assert.throws(() => failedBy({ maxDepth: 1 }, {}), /the keyword maxDepth is not known/);
    assert.throws(() => failedBy({ type: 'string', format: 'colour' }, 'x'), /colour/);
});
