// The catalogue of PII, good and bad, against the code that opens it. A case of pii-cases.json says
// what differs from a right one:
//   stage      consent (default) or payment; form: the other stage's form, or nested
//   take       forms that are taken at a payment besides its own: nested, several
//   set, without  members of the payload by path; {"now": s} is seconds from now, {"repeat": [text, n]}
//   payload    the payload as text; {"deep": n} is an array nested n times
//   jwsHeader  the header of the JWS, put together by hand; inside: what is encrypted instead of a JWS
//   jwe, for   members of the JWE's header, and whose key it is for: new (default), old, stranger
//   forge      a JWE that no library makes (support/pii.mjs)
//   parts, empty, cut, flip, header, suffix  what is done to the finished JWE
//   value      what stands in its place
// and what must come of it: the id of the refusal, or nothing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createPrivateKey, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { encryptPii, forgePii, makeKey, signPii } from '../support/pii.mjs';

const cases = JSON.parse(readFileSync(new URL('pii-cases.json', import.meta.url), 'utf8'));
const PROGRAM = join(process.env.LFI_BUILD_DIR, 'bin/security-pii-open');
const SECRET = 'Zumurrud Trading';
const IBAN = 'AE219900000000000000001';
const CLIENT = `https://tpp.example.com/${randomUUID()}`;
const BANK = 'https://bank.example.com';

const CODES = {
    'PII-MISSING': 'Body.InvalidFormat', 'PII-SIZE': 'Body.InvalidFormat', 'PII-SCHEMA': 'Body.InvalidFormat',
    'PII-JWE': 'JWE.InvalidHeader', 'PII-DECRYPT': 'JWE.DecryptionError', 'PII-JWS-FORM': 'JWS.Malformed',
    'PII-JWS-ALG': 'JWS.InvalidHeader', 'PII-JWS-CRIT': 'JWS.InvalidHeader', 'PII-JWS-KID': 'JWS.InvalidHeader',
    'PII-JWS-KID-UNKNOWN': 'JWS.InvalidSignature', 'PII-JWS-SIGNATURE': 'JWS.InvalidSignature',
    'PII-CLAIM': 'JWS.InvalidClaim',
};
const codeOf = (id) => CODES[id] ?? CODES[id.split('-').slice(0, 2).join('-')];

const keys = {};
let folder;

before(() => {
    folder = mkdtempSync(join(tmpdir(), 'lfi-pii-'));
    for (const name of ['new', 'old', 'stranger', 'tpp', 'retired']) {
        keys[name] = makeKey();
        writeFileSync(join(folder, name), keys[name].pem, { mode: 0o600 });
    }
});

after(() => rmSync(folder, { recursive: true }));

/** Asks all questions of one program; its answers, in their order. */
async function askAll(questions, options = [], files = { new: join(folder, 'new'), old: join(folder, 'old') }) {
    const child = spawn(PROGRAM, [...options, ...Object.entries(files).map((entry) => entry.join('='))],
        { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
    child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
    const answers = [];
    for await (const line of createInterface({ input: child.stdout })) {
        answers.push(JSON.parse(line));
    }
    assert.equal(await ended, 0);
    assert.equal(answers.length, questions.length);
    return answers;
}

// --- from a case to PII --------------------------------------------------------------------------

const now = () => Math.floor(Date.now() / 1000);
const account = () => ({ SchemeName: 'IBAN', Identification: IBAN, Name: { en: SECRET } });

function payloadOf(form) {
    const creditor = { CreditorAccount: account() };
    return {
        Initiation: form === 'payment' ? creditor : { Creditor: form === 'nested' ? creditor : [creditor] },
        Risk: { TransactionIndicators: { IsCustomerPresent: true } },
        iss: CLIENT, sub: CLIENT, aud: [BANK], iat: now(), nbf: now(), exp: now() + 300, jti: randomUUID(),
    };
}

function resolve(value) {
    if (Array.isArray(value)) {
        return value.map(resolve);
    }
    if (value === null || typeof value !== 'object') {
        return value;
    }
    if ('now' in value) {
        return now() + value.now;
    }
    if ('repeat' in value) {
        return value.repeat[0].repeat(value.repeat[1]);
    }
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, resolve(part)]));
}

function put(object, path, value) {
    const names = path.split('.');
    const last = names.pop();
    const place = names.reduce((at, name) => (at[name] ??= {}), object);
    place[last] = value === null ? undefined : value;
}

function payloadText({ payload, stage, form = stage, set = {}, without = [] }) {
    if (payload?.deep) {
        return `{"Risk":${'['.repeat(payload.deep)}${']'.repeat(payload.deep)}}`;
    }
    if (payload !== undefined) {
        return payload;
    }
    const all = payloadOf(form);
    Object.entries(set).forEach(([path, value]) => put(all, path, resolve(value)));
    without.forEach((name) => delete all[name]);
    return JSON.stringify(all);
}

const base64url = (text) => Buffer.from(text).toString('base64url');

async function insideOf(one) {
    const text = payloadText(one);
    if (one.inside !== undefined) {
        return one.inside === 'payload' ? text : one.inside;
    }
    return one.jwsHeader ? [JSON.stringify(one.jwsHeader), text, 'signature'].map(base64url).join('.')
        : signPii(text, keys.tpp, { kid: 'tpp', ...one.jws });
}

function changeByte(part, at = 0) {
    const bytes = Buffer.from(part, 'base64url');
    bytes[at] ^= 1;
    return bytes.toString('base64url');
}

const cutByte = (part) => Buffer.from(part, 'base64url').subarray(0, -1).toString('base64url');

async function piiOf(one) {
    const inside = await insideOf(one);
    if ('value' in one) {
        return one.value === 'missing' ? undefined : one.value === 'jws' ? inside : resolve(one.value);
    }
    const key = keys[one.for ?? 'new'];
    const { kid = 'new', ...header } = one.jwe ?? {};
    let parts = (one.forge ? forgePii(inside, key, one.forge)
        : await encryptPii(inside, key, { ...(kid === null ? {} : { kid }), ...header })).split('.');
    parts = (one.parts ?? [0, 1, 2, 3, 4]).map((i) => parts[i]);
    if (one.header) {
        parts[0] = base64url(one.header);
    }
    for (const [name, change] of Object.entries({ empty: () => '', cut: cutByte, flip: changeByte })) {
        if (name in one) {
            parts[one[name]] = change(parts[one[name]]);
        }
    }
    return parts.join('.') + (one.suffix ?? '');
}

function check(one, answer) {
    if (!one.refused) {
        assert.equal(answer.refused, undefined, `${one.name}: ${JSON.stringify(answer)}`);
        return;
    }
    const { refused, status, code, message } = answer;
    assert.deepEqual({ refused, status, code }, { refused: one.refused, status: 400, code: codeOf(one.refused) },
        `${one.name}: ${JSON.stringify(answer)}`);
    assert.ok(message.length > 0 && message.length < 300, one.name);
    for (const secret of [SECRET, IBAN, CLIENT]) {
        assert.ok(!JSON.stringify(answer).includes(secret), one.name);
    }
}

test('every case of the catalogue has its answer', async () => {
    const questions = [];
    for (const one of cases) {
        const take = Object.fromEntries((one.take ?? []).map((form) => [form, true]));
        questions.push({ stage: one.stage ?? 'consent', pii: await piiOf(one), ...take });
    }
    const answers = await askAll(questions);
    cases.forEach((one, i) => check(one, answers[i]));
    assert.ok(cases.filter(({ refused }) => refused).length >= 40);
});

test('what was signed is given back to the byte, claims and white space included', async () => {
    const text = ` ${JSON.stringify(payloadOf('consent'), null, 2)}\n`;
    const pii = await encryptPii(await signPii(text, keys.tpp, { kid: 'tpp' }), keys.new, { kid: 'new' });
    const [{ payload }] = await askAll([{ stage: 'consent', pii }]);
    assert.equal(payload, text);
});

test('what independent libraries have sealed is opened, and with a byte changed is not', async () => {
    const { key, vectors } = JSON.parse(readFileSync(new URL('pii-vectors.json', import.meta.url), 'utf8'));
    const file = join(folder, 'vectors');
    writeFileSync(file, createPrivateKey({ key, format: 'jwk' }).export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const ask = (pii) => ({ stage: 'payment', pii });
    const answers = await askAll(vectors.map(({ pii }) => ask(pii)), [], { new: file });
    vectors.forEach(({ library, name, payload }, i) => assert.equal(answers[i].payload, payload,
        `${library}: ${name}: ${JSON.stringify(answers[i])}`));
    assert.deepEqual([...new Set(vectors.map(({ library }) => library.split(' ')[0]))].sort(), ['jose', 'jwcrypto']);
    const broken = vectors.flatMap(({ pii }) => [1, 2, 3, 4].map((part) => {
        const parts = pii.split('.');
        parts[part] = changeByte(parts[part]);
        return ask(parts.join('.'));
    }));
    for (const { refused } of await askAll(broken, [], { new: file })) {
        assert.equal(refused, 'PII-DECRYPT');
    }
});

test('whatever keeps it from being decrypted, the answer is the same', async () => {
    const wrong = cases.filter(({ refused }) => refused === 'PII-DECRYPT');
    const questions = await Promise.all(wrong.map(async (one) => ({ stage: 'consent', pii: await piiOf(one) })));
    const answers = await askAll(questions);
    assert.equal(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1);
});

test('a signature is verified with the keys of the TPP, and its claims are judged', async () => {
    const jwk = (name) => ({ ...keys[name].publicKey.export({ format: 'jwk' }), kid: name, use: 'sig' });
    const sets = {
        '/software-1/application.jwks': ['tpp'], '/software-1/inactive/application.jwks': ['retired'],
        '/software-2/application.jwks': [],
    };
    const asked = new Set();
    const store = createServer((request, response) => {
        asked.add(request.url);
        const names = sets[request.url];
        const status = request.url.startsWith('/nobody/') ? 500 : names ? 200 : 404;
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ keys: (names ?? []).map(jwk) }));
    });
    await new Promise((listening) => store.listen(0, '127.0.0.1', listening));
    const past = { iat: { now: -9000 }, nbf: { now: -9000 }, exp: { now: -8700 } };
    const later = { stage: 'payment', set: past, createdS: now() - 8990 };
    const verified = [
        { name: 'of the key in use' },
        { name: 'of a payment, made with the consent', ...later },
        { name: 'of a payment, made with a key that is no longer used', ...later, signer: 'retired' },
        { name: 'of a payment, made afresh', stage: 'payment', createdS: now() - 9000 },
        { name: 'of a payment, long after the consent', ...later, createdS: now() - 20, refused: 'PII-CLAIM-EXP' },
        { name: 'of a payment, time of consent unknown', ...later, createdS: 0 },
        { name: 'of a consent, with a retired key', signer: 'retired', refused: 'PII-JWS-KID-UNKNOWN' },
        { name: 'of another key', signer: 'stranger', kid: 'tpp', refused: 'PII-JWS-SIGNATURE' },
        { name: 'without kid', kid: null, refused: 'PII-JWS-KID' },
        { name: 'of a TPP without keys', softwareId: 'software-2', refused: 'PII-JWS-KID-UNKNOWN' },
        { name: 'of a TPP that publishes nothing', softwareId: 'software-3', refused: 'PII-JWS-KID-UNKNOWN' },
        { name: 'of a TPP whose id leads elsewhere', softwareId: '../software-1', refused: 'PII-JWS-KID-UNKNOWN' },
        { name: 'iss of another', set: { iss: 'x' }, refused: 'PII-CLAIM-ISS' },
        { name: 'no iss', without: ['iss'], refused: 'PII-CLAIM-ISS' },
        { name: 'sub of another', set: { sub: 'x' }, refused: 'PII-CLAIM-SUB' },
        { name: 'aud of another', set: { aud: 'x' }, refused: 'PII-CLAIM-AUD' },
        { name: 'aud as a text', set: { aud: BANK } },
        { name: 'aud of this provider alone', set: { aud: 'retail' }, audience: 'retail' },
        { name: 'aud of the bank, where the provider has its own', audience: 'retail', refused: 'PII-CLAIM-AUD' },
        { name: 'no aud', without: ['aud'], refused: 'PII-CLAIM-AUD' },
        { name: 'no exp', without: ['exp'], refused: 'PII-CLAIM-EXP' },
        { name: 'no iat', without: ['iat'], refused: 'PII-CLAIM-IAT' },
        { name: 'no nbf, no jti', without: ['nbf', 'jti'] },
    ];
    try {
        const questions = [];
        for (const { signer = 'tpp', kid = signer, softwareId = 'software-1', createdS = 0, ...one } of verified) {
            const jws = await signPii(payloadText(one), keys[signer], kid === null ? {} : { kid });
            const pii = await encryptPii(jws, keys.new, { kid: 'new' });
            questions.push({ stage: one.stage ?? 'consent', pii, clientId: CLIENT, softwareId, createdS,
                audience: one.audience });
        }
        const missing = { ...questions[0], softwareId: 'nobody' };
        const options = ['--jwks-base', `http://127.0.0.1:${store.address().port}`, '--audience', BANK];
        const answers = await askAll([...questions, missing], options);
        verified.forEach((one, i) => check(one, answers[i]));
        const old = verified.findIndex(({ name }) => name === 'of a payment, long after the consent');
        const [skipped] = await askAll([questions[old]], [...options, '--skip-later-times']);
        assert.equal(skipped.refused, undefined);
        const { refused, status, code } = answers.at(-1);
        assert.deepEqual({ refused, status, code },
            { refused: 'PII-KEYS-UNAVAILABLE', status: 500, code: 'GenericRecoverableError' });
        assert.deepEqual([...asked].sort(),
            [...Object.keys(sets), ...['nobody', 'software-3'].map((id) => `/${id}/application.jwks`)].sort());
    } finally {
        store.closeAllConnections();
        store.close();
    }
});
