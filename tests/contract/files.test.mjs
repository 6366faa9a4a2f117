// Files of payments over the wire: the consent that waits for one, the file, its payment and the
// report, and every file that is refused.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { after, before, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { FilePayer } from '../support/file_payer.mjs';
import { csvOf, instructionsOf, painOf, termsOf } from '../support/files.mjs';
import { creditorOf, dayAhead, sealPii } from '../support/payments.mjs';

const PROVIDER = 'dhowretail';
const XML = 'application/xml';
const LIMIT = 200 * 1024 * 1024;
const NO_IBAN = { iban: 'AE000000000000000000000' };

let demo;
let payer;
let hub;
let other; // another provider's
let user;

before(async () => {
    demo = await startDemo();
    payer = await FilePayer.prepare(demo);
    ({ hub, user } = payer);
    other = new HubClient(demo, 'dhowbusiness');
});

after(async () => {
    payer?.close();
    other?.close();
    await demo?.stop();
});

const stage = (...args) => payer.stage(...args);
const who = (...args) => payer.who(...args);
const expectFile = (...args) => payer.expectFile(...args);
const upload = (...args) => payer.upload(...args);
const waiting = (...args) => payer.waiting(...args);
const authorize = (...args) => payer.authorize(...args);
const pay = (...args) => payer.pay(...args);
const report = (...args) => payer.report(...args);
const processed = (...args) => payer.processed(...args);
const stream = (...args) => payer.stream(...args);

function assertRefused(reply, errorCode, about, words = /./) {
    assert.equal(reply.status, 400, `${about}: ${reply.text}`);
    assert.equal(reply.json.errorCode, errorCode, `${about}: ${reply.text}`);
    assert.match(reply.json.errorMessage, words, about);
}

for (const [FileType, make, type] of [['pain.001.001.09', painOf, XML], ['CSV', csvOf, 'text/csv; charset=utf-8']]) {
    test(`a file is taken, paid and reported: ${FileType}`, async () => {
        const instructions = [...instructionsOf(3), { ...instructionsOf(1)[0], id: 'WRONG,IBAN', ...NO_IBAN }];
        if (FileType === 'CSV') instructions[3].id = 'WRONG-IBAN';
        const file = make(instructions);
        const consent = await waiting(file, instructions, { FileType });
        const taken = await upload(consent, file, { type });
        assert.equal(taken.status, 204, taken.text);
        const again = await upload(consent, file, { type });
        assert.equal(again.status, 204, again.text);
        await authorize(consent);
        const key = randomUUID();
        const data = { Instruction: termsOf(file, instructions, { FileType }), DebtorReference: 'Salaries' };
        const made = await pay(consent, { key, data });
        assert.equal(made.status, 201, made.text);
        assert.equal(made.json.data.status, 'Received');
        assert.deepEqual(made.json.data.instruction.Amount, { amount: termsOf(file, instructions).ControlSum, currency: 'AED' });
        const { id } = made.json.data;
        const early = await report(consent, id);
        assert.equal(early.status, 200, early.text);
        assert.match(early.text.split('\r\n')[1], /^1,SALARY-1,10\.00,AED,(Pending|Accepted),$/);
        const repeated = await pay(consent, { key, data });
        assert.equal(repeated.json.data.id, id);
        assertRefused(await pay(consent, { data }), 'Consent.BusinessRuleViolation', 'a second payment of the file');
        const end = await processed(consent, id);
        assert.equal(end.status, 'Received');
        assert.equal(end.openFinanceBilling.NumberOfSuccessfulTransactions, 3);
        const told = await report(consent, id);
        assert.equal(told.headers['content-type'], 'text/csv; charset=utf-8');
        assert.deepEqual(told.text.trim().split('\r\n'), [
            'Number,EndToEndId,Amount,Currency,Status,Reason',
            '1,SALARY-1,10.00,AED,Accepted,', '2,SALARY-2,10.01,AED,Accepted,', '3,SALARY-3,10.02,AED,Accepted,',
            `4,${FileType === 'CSV' ? 'WRONG-IBAN' : '"WRONG,IBAN"'},10.00,AED,Rejected,InvalidIban`]);
        const entries = await hub.get(`/accounts/${payer.accountId}/transactions`, { ...who(consent), query: { page: 1, 'page-size': 100 } });
        assert.equal(entries.status, 200, entries.text);
        assert.ok(entries.json.data.some(({ amount, creditDebitIndicator, status }) => amount.amount === '30.03' &&
            creditDebitIndicator === 'Debit' && status === 'Booked'), 'one debit of what went through');
    });
}

test('a file of which nothing goes through is rejected', async () => {
    const instructions = instructionsOf(2, NO_IBAN);
    const file = painOf(instructions);
    const consent = await waiting(file, instructions);
    assert.equal((await upload(consent, file)).status, 204);
    await authorize(consent);
    const made = await pay(consent);
    assert.equal(made.status, 201, made.text);
    const end = await processed(consent, made.json.data.id);
    assert.equal(end.status, 'Rejected');
    assert.equal(end.rejectReasonCode[0].code, 'LFI.NoInstructionExecuted');
    const told = await report(consent, made.json.data.id);
    assert.match(told.text, /2,SALARY-2,10\.01,AED,Rejected,InvalidIban/);
});

test('a payment needs a file, its consent and its own terms', async () => {
    const instructions = instructionsOf(2);
    const file = painOf(instructions);
    const empty = await waiting(file, instructions);
    await authorize(empty);
    assertRefused(await pay(empty), 'Consent.Invalid', 'without a file', /No file/);
    const consent = await waiting(file, instructions);
    assert.equal((await upload(consent, file)).status, 204);
    const undecided = await pay(consent);
    assertRefused(undecided, 'Consent.Invalid', 'not authorized');
    await authorize(consent);
    const data = { Instruction: termsOf(file, instructions, { NumberOfTransactions: 3 }) };
    assertRefused(await pay(consent, { data }), 'Consent.FailsControlParameters', 'another Instruction');
    const domestic = { ...payer.orderOf(consent), paymentType: 'cbuae-payment' };
    domestic.request.Data = {
        ...domestic.request.Data,
        Instruction: { Amount: { Amount: '10.00', Currency: 'AED' } },
        PersonalIdentifiableInformation: await sealPii({ Initiation: creditorOf(1), Risk: {} }, demo.providers[0]),
        OpenFinanceBilling: { Type: 'PushP2P' },
    };
    domestic.requestHeaders['x-fapi-customer-ip-address'] = '192.0.2.7';
    assertRefused(await hub.call('POST', '/payments', { ...who(consent), body: domestic }), 'Consent.Invalid', 'a single payment');
    assert.equal((await report(consent, randomUUID())).status, 404);
    assert.equal((await report(empty, (await pay(consent)).json.data.id)).status, 404, 'of another consent');
});

test('what a consent says of a file is judged', async () => {
    const instructions = instructionsOf(2);
    const file = painOf(instructions);
    const terms = termsOf(file, instructions);
    const consent = await stage(terms);
    for (const [about, more, code] of [
        ['no hash', { FileHash: 'AAAA' }, 'Body.InvalidFormat'],
        ['no instructions', { NumberOfTransactions: 0 }, 'Body.InvalidFormat'],
        ['no sum', { ControlSum: '0.00' }, 'Body.InvalidFormat'],
        ['a type that is not read', { FileType: 'MT101' }, 'Body.InvalidFormat'],
        ['today', { RequestedExecutionDate: dayAhead(0) }, 'Body.InvalidFormat'],
        ['more than a year ahead', { RequestedExecutionDate: dayAhead(368) }, 'Body.InvalidFormat'],
    ]) {
        assertRefused(await expectFile(consent, { ...terms, ...more }), code, about);
    }
    const elsewhere = { consentId: randomUUID(), request: terms };
    assertRefused(await hub.call('POST', '/payment-consents', { ...who(consent), body: elsewhere }), 'Consent.Invalid', 'another consent');
    assert.equal((await expectFile(consent, terms)).status, 201);
    assert.equal((await expectFile(consent, terms)).status, 201, 'the same again');
    assertRefused(await expectFile(consent, { ...terms, NumberOfTransactions: 3 }), 'Consent.Invalid', 'other terms');
});

test('a file that is not the one of the consent is refused, and the right one then taken', async () => {
    const instructions = instructionsOf(3);
    const file = painOf(instructions);
    const consent = await waiting(file, instructions);
    const longer = painOf(instructionsOf(4));
    assertRefused(await upload(consent, longer), 'Consent.FailsControlParameters', 'wrong hash', /FileHash/);
    for (const [about, more, words] of [
        ['wrong count', { NumberOfTransactions: 4 }, /NumberOfTransactions/],
        ['wrong sum', { ControlSum: '30.02' }, /ControlSum/],
    ]) {
        assertRefused(await upload(await waiting(file, instructions, more), file), 'Consent.FailsControlParameters', about, words);
    }
    assert.equal((await upload(consent, file)).status, 204);
    assertRefused(await upload(consent, longer), 'Consent.FailsControlParameters', 'another file after the first');
    await authorize(consent);
    assertRefused(await upload(consent, file), 'Consent.Invalid', 'after the decision', /await authorization/);
});

test('a file is for its consent, provider and TPP alone', async () => {
    const instructions = instructionsOf(1);
    const file = painOf(instructions);
    const consent = await waiting(file, instructions);
    const path = `/payment-consents/${consent.consentId}/file`;
    const headers = who(consent, { 'content-type': XML }).headers;
    assertRefused(await upload({ consentId: randomUUID() }, file), 'Consent.Invalid', 'an unknown consent', /no file/);
    assertRefused(await other.call('POST', path, { ...who(consent), body: file, headers }), 'Consent.Invalid', 'of another provider');
    assertRefused(await upload(consent, file, { headers: { 'o3-caller-org-id': randomUUID() } }), 'Consent.Invalid', 'of another TPP');
    assertRefused(await hub.call('POST', path, { userId: user.userId, consentId: randomUUID(), body: file, headers }),
        'Consent.Invalid', 'two consents');
    for (const type of ['application/json', 'text/csv', 'application/xmlx']) {
        assertRefused(await upload(consent, file, { type }), 'Body.InvalidFormat', type, /Content-Type/);
    }
    assert.equal((await upload(consent, file, { type: 'text/xml' })).status, 204);
});

const NAMES = 'EndToEndId,Amount,Currency,CreditorIBAN,CreditorName';
const lineOf = (change) => Object.values({ id: 'A-1', amount: '10.00', currency: 'AED', iban: instructionsOf(1)[0].iban, name: 'Zumurrud', ...change }).join(',');
const csv = (...lines) => [NAMES, ...lines, ''].join('\n');
const one = instructionsOf(1);
const whole = painOf(one);

/** Each is sent with its own hash. */
const MALFORMED = [
    ['a document type', painOf(one, { prolog: '<!DOCTYPE Document SYSTEM "http://files.example/x.dtd">' }), /document type/],
    ['entities', painOf(one, { prolog: '<!DOCTYPE d [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]>' }), /document type/],
    ['an entity without a document type', whole.replace('Falcon LLC', '&falcon;'), /undefined entity/],
    ['Latin-1 that says so', Buffer.from(painOf(one, { prolog: '<?xml version="1.0" encoding="ISO-8859-1"?>' }), 'latin1'), /UTF-8/],
    ['Latin-1 that does not', Buffer.from(whole.replace('Zumurrud', 'Zúmurrud'), 'latin1'), /not well-formed/],
    ['UTF-16', Buffer.from(`\ufeff${whole}`, 'utf16le'), /UTF-8/],
    ['another version', whole.replace('pain.001.001.09', 'pain.001.001.03'), /the root/],
    ['another document', '<a/>', /the root/],
    ['a wrong NbOfTxs', painOf(one, { count: 2 }), /NbOfTxs/],
    ['another currency', painOf(instructionsOf(1, { currency: 'USD' })), /AED/],
    ['no name', whole.replace('<Cdtr><Nm>Zumurrud Trading 1</Nm></Cdtr>', ''), /needs/],
    ['two amounts', whole.replace('<Amt>', '<Amt><InstdAmt Ccy="AED">1.00</InstdAmt></Amt><Amt>'), /twice/],
    ['half a fils', whole.replace('10.00</InstdAmt>', '10.005</InstdAmt>'), /decimals/],
    ['an id for spreadsheets', whole.replace('<EndToEndId>SALARY', '<EndToEndId>=SALARY'), /EndToEndId/],
    ['deep elements', whole.replace('Falcon LLC', '<x>'.repeat(40)), /./],
    ['a name of a megabyte', whole.replace('<MsgId>', `<MsgId a="${'x'.repeat(1024 * 1024)}">`), /too long/],
    ['a compressed file', gzipSync(whole), /UTF-8|not well-formed/],
    ['half of it', whole.slice(0, whole.length / 2), /./],
    ['nothing', '', /./],
    ['a formula', csv(lineOf({ name: '"=cmd|/c calc"' })), /= \+ - @/, 'CSV'],
    ['another formula', csv(lineOf({ id: '@A' })), /= \+ - @/, 'CSV'],
    ['Latin-1', Buffer.from(csv(lineOf({ name: 'Zúmurrud' })), 'latin1'), /UTF-8/, 'CSV'],
    ['no heading', `${lineOf({})}\n`, /line 1/, 'CSV'],
    ['a field too many', csv(`${lineOf({})},x`), /5 fields/, 'CSV'],
    ['a field too few', csv('A-1,10.00,AED'), /5 fields/, 'CSV'],
    ['an open quote', csv(lineOf({ name: '"Zumurrud' })), /quotes/, 'CSV'],
    ['a negative amount', csv(lineOf({ amount: '-10.00' })), /= \+ - @/, 'CSV'],
    ['no amount', csv(lineOf({ amount: '0.00' })), /above zero/, 'CSV'],
    ['dollars', csv(lineOf({ currency: 'USD' })), /AED/, 'CSV'],
    ['a NUL', csv(lineOf({ name: 'Zu\0murrud' })), /UTF-8/, 'CSV'],
    ['a long line', csv(lineOf({ name: 'Z'.repeat(2000) })), /bytes/, 'CSV'],
    ['only a heading', csv(), /no instructions/, 'CSV'],
];

for (const [about, file, words, FileType = 'pain.001.001.09'] of MALFORMED) {
    test(`refused: ${FileType} with ${about}`, async () => {
        const consent = await waiting(file, one, { FileType });
        const type = FileType === 'CSV' ? 'text/csv' : XML;
        assertRefused(await upload(consent, file, { type }), 'Body.InvalidFormat', about, words);
    });
}

test('a file comes without a content coding, so that none can be a bomb', async () => {
    const consent = await waiting(whole, one);
    const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024));
    for (const coding of ['gzip', 'deflate', 'br']) {
        assertRefused(await upload(consent, bomb, { headers: { 'content-encoding': coding } }),
            'Body.InvalidFormat', coding, /Content-Encoding/);
    }
    assert.equal((await upload(consent, whole, { headers: { 'content-encoding': 'identity' } })).status, 204);
});

test('a stream that is cut leaves nothing, and the file can come again', async () => {
    const consent = await waiting(whole, one);
    const cut = await stream(consent, { 'content-length': Buffer.byteLength(whole) }, (outgoing) => {
        outgoing.write(whole.slice(0, 400), () => setTimeout(() => outgoing.destroy(), 200));
    });
    assert.ok(cut.error, 'no answer');
    const short = await stream(consent, { 'transfer-encoding': 'chunked' }, (outgoing) => {
        outgoing.write(whole.slice(0, 400), () => setTimeout(() => outgoing.destroy(), 200));
    });
    assert.ok(short.error, 'no answer');
    await authorize(consent);
    assertRefused(await pay(consent), 'Consent.Invalid', 'nothing was taken', /No file/);
});

test('two uploads at once: both are taken as one', async () => {
    const instructions = instructionsOf(500);
    const file = painOf(instructions);
    const consent = await waiting(file, instructions);
    const half = file.length >> 1;
    const slow = stream(consent, { 'transfer-encoding': 'chunked' }, async (outgoing) => {
        outgoing.write(file.slice(0, half));
        const whole204 = await upload(consent, file);
        assert.equal(whole204.status, 204, whole204.text);
        outgoing.end(file.slice(half));
    });
    assert.equal((await slow).status, 204);
    await authorize(consent);
    const made = await pay(consent);
    assert.equal(made.status, 201, made.text);
    assert.equal((await processed(consent, made.json.data.id)).openFinanceBilling.NumberOfSuccessfulTransactions, 500);
});

test('a file is at most 200 MiB', async () => {
    const consent = await waiting(whole, one);
    const declared = await stream(consent, { 'content-length': LIMIT + 1 }, (outgoing) => outgoing.flushHeaders());
    assert.equal(declared.status, 413);
    const chunk = await stream(consent, { 'transfer-encoding': 'chunked' }, (outgoing) => {
        outgoing.write(whole);
        outgoing.end();
    });
    assert.equal(chunk.status, 204, 'below it');
});

test('a file of a megabyte that is larger than other bodies may be', async () => {
    const instructions = instructionsOf(5000);
    const file = painOf(instructions);
    assert.ok(file.length > 1024 * 1024);
    const consent = await waiting(file, instructions);
    assert.equal((await upload(consent, file)).status, 204);
});

test('answers that no rule gives are as documented, too', async () => {
    const instructions = instructionsOf(1);
    const file = painOf(instructions);
    const terms = termsOf(file, instructions);
    const consent = await stage(terms);
    const expected = await waiting(file, instructions);
    const asked = [
        ['reportFile', () => report(expected, randomUUID()), [400, 403, 500]],
        ['createBulkBatchPaymentConsent', () => expectFile(consent, terms), [403, 500]],
        ['createBulkBatchPaymentInstructionFile', () => upload(expected, file), [403, 500]],
    ];
    const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
    for (const [operation, ask, statuses] of asked) {
        for (const status of statuses) {
            const put = await fetch(`${demo.adminBaseUrl}/operator/overrides`, {
                method: 'POST',
                headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
                body: JSON.stringify({ provider: PROVIDER, operation, status, times: 1 }),
            });
            assert.equal(put.status, 204, await put.text());
            assert.equal((await ask()).status, status, operation);
        }
    }
});
