// The products of an account: finance rates only with the customer's permission, and for some
// products only encrypted with a code that the customer gets from the bank.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { compactDecrypt, decodeProtectedHeader } from 'jose';
import { HubClient } from '../support/client.mjs';
import { Customer, newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';
import { BankClock } from '../support/operator.mjs';
import { readBooks } from './books.mjs';

const PERMISSIONS = ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadProduct'];
const ROUNDS_MOST = 2_000_000;
const ROUNDS_LEAST = 600_000;
const READABLE = ['Active', 'Inactive', 'Dormant'];

let demo;
let client;
let books;

before(async () => {
    // an event makes the bank ask again what a consent permits, and its moment is not ours
    demo = await startDemo({ adjustHub: '.hubs[].sendsEvents = false' });
    client = new HubClient(demo, 'dhowretail');
    books = readBooks(demo, 'retail');
});

after(async () => {
    client.close();
    await demo?.stop();
});

/** A readable account whose products fit, with a user who holds it. */
function find(wanted, what) {
    for (const user of client.provider.users) {
        for (const id of user.accountIds) {
            const book = books.get(id);
            if (READABLE.includes(book.account.status) && wanted(book.product)) {
                return { user, id, book };
            }
        }
    }
    return assert.fail(`no account with ${what}`);
}

const encrypted = () => find(([p]) => p?.financeRates && p.encrypted, 'encrypted rates');
const clear = () => find(([p]) => p?.financeRates && !p.encrypted, 'rates in clear');

const consentFor = (more = []) => newConsent(demo, [...PERMISSIONS, ...more]);
const permitted = () => consentFor(['ReadProductFinanceRates']);

const products = ({ user, id }, { consentId }, query = { page: 1, 'page-size': 100 }) =>
    client.get(`/accounts/${id}/products`, { query, userId: user.userId, consentId });

/** What the bank has written to the customer's device. */
async function messagesTo(user) {
    const customer = await Customer.arrive(demo, await consentFor());
    await customer.signIn(user);
    const { asked: approvalId, messages } = await customer.openApp();
    await customer.post('/bank-app/decision', { device: customer.device, approvalId, approve: true });
    return messages; // and nothing waits in the app: the next sign-in may ask again
}

const codeOf = ({ text }) => / (\d{6}) /.exec(text.en)[1];

async function decrypt(jwe, code) {
    const { plaintext } = await compactDecrypt(jwe, new TextEncoder().encode(code), {
        maxPBES2Count: ROUNDS_MOST,
        keyManagementAlgorithms: ['PBES2-HS512+A256KW'],
        contentEncryptionAlgorithms: ['A256GCM'],
    });
    return JSON.parse(new TextDecoder().decode(plaintext));
}

test('without the permission every product comes without its rates, and nobody is written to', async () => {
    const consent = await consentFor();
    let rated = 0;
    for (const user of client.provider.users) {
        for (const id of user.accountIds.filter((one) => READABLE.includes(books.get(one).account.status))) {
            const reply = await products({ user, id }, consent);
            assert.equal(reply.status, 200, reply.text);
            const wanted = books.get(id).product;
            assert.deepEqual(reply.json.data, wanted.map(({ value }) => value));
            assert.equal(reply.json.meta.totalRecords, wanted.length);
            rated += wanted.filter(({ financeRates }) => financeRates).length;
        }
    }
    assert.ok(rated > 5);
    const { user } = encrypted();
    assert.deepEqual(await messagesTo(user), []);
});

test('what is no consent id is neither asked for nor logged', async () => {
    const one = clear();
    const asked = () => demo.hubLog().filter(({ path }) => path?.startsWith('/consents/')).length;
    const before_ = asked();
    for (const consentId of ['.', '..', 'a/../b', 'AE42 9990', 'x'.repeat(129)]) {
        const reply = await products(one, { consentId });
        assert.equal(reply.status, 200);
        assert.deepEqual(reply.json.data, [one.book.product[0].value]);
    }
    assert.equal(asked(), before_);
    assert.ok(!JSON.stringify(demo.serverLog()).includes('AE42 9990'));
});

test('with the permission rates in clear are part of the product', async () => {
    const one = clear();
    const consent = await permitted();
    for (let i = 0; i < 3; i++) {
        const { json } = await products(one, consent);
        const [{ value, financeRates }] = one.book.product;
        assert.deepEqual(json.data, [{ ...value, FinanceRates: financeRates }]);
    }
    const unpermitted = await products(one, await consentFor());
    assert.equal(unpermitted.json.data[0].FinanceRates, undefined);
    const stranger = await products(one, { consentId: 'no-such-consent' });
    assert.equal(stranger.json.data[0].FinanceRates, undefined);
});

test('an account without a product, and one whose product has no rates', async () => {
    const consent = await permitted();
    const bare = await products(find((all) => all.length === 0, 'no product'), consent);
    assert.deepEqual(bare.json, { data: [], meta: { totalPages: 0, totalRecords: 0 } });
    const unrated = find(([p]) => p && !p.financeRates, 'a product without rates');
    const { json } = await products(unrated, consent);
    assert.deepEqual(json.data, [unrated.book.product[0].value]);
});

test('protected rates leave encrypted, with a code that only the customer gets', async () => {
    const one = encrypted();
    const consent = await permitted();
    const before_ = Math.floor(Date.now() / 1000);
    const reply = await products(one, consent);
    assert.equal(reply.status, 200, reply.text);
    const [{ value, financeRates }] = one.book.product;
    const { FinanceRates: jwe, ...rest } = reply.json.data[0];
    assert.deepEqual(rest, value);
    const { p2s, p2c, ...header } = decodeProtectedHeader(jwe);
    assert.deepEqual(header, { alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', kid: 'OneTimeCode' });
    assert.ok(p2c >= ROUNDS_LEAST && p2c <= ROUNDS_MOST);
    assert.equal(Buffer.from(p2s, 'base64url').length, 16);

    const [message, ...older] = await messagesTo(one.user);
    assert.deepEqual(older, []);
    const code = codeOf(message);
    assert.ok(!reply.text.includes(code), 'the code is not in the reply');
    const { FinanceRates, iat, exp } = await decrypt(jwe, code);
    assert.deepEqual(FinanceRates, financeRates);
    assert.equal(exp - iat, 1800);
    assert.ok(iat >= before_ && iat <= before_ + 30);
    const other = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    await assert.rejects(decrypt(jwe, other));
    checkMessage(message, code, one);
    checkLog(code);
});

function checkMessage({ text }, code, { book }) {
    for (const words of [text.en, text.ar]) {
        assert.ok(words.includes(code));
        assert.ok(words.includes('Dhow Bank'));
        assert.ok(words.includes(book.account.product.productName), words);
        assert.match(words, /30/);
        assert.doesNotMatch(words, /https?:/);
        assert.doesNotMatch(words, /%|\d\.\d/);
    }
    const tpp = text.en.match(/ to (.+)\. Valid/)?.[1];
    assert.ok(tpp?.length > 2, 'the message names the TPP');
}

/** The log says that a code went out, but not which. */
function checkLog(code) {
    const log = demo.serverLog();
    const sent = log.filter(({ event }) => event === 'rates-code-sent');
    assert.equal(sent.length, 1);
    assert.ok(sent[0].consent && sent[0].account);
    assert.ok(!JSON.stringify(log).includes(`"${code}"`));
}

test('codes are a minute apart for each consent and account', async () => {
    const one = encrypted();
    const consent = await permitted();
    const first = await products(one, consent);
    assert.equal(first.status, 200);
    const soon = await products(one, consent);
    assert.equal(soon.status, 429);
    assert.equal(soon.text, '');
    assert.equal(soon.headers['content-type'], undefined);
    const wait = Number(soon.headers['retry-after']);
    assert.ok(Number.isInteger(wait) && wait >= 50 && wait <= 60, soon.headers['retry-after']);
    const interaction = '3f1c7b1e-0000-4000-8000-00000000abcd';
    for (const [headers, echoed] of [
        [{ 'o3-caller-interaction-id': interaction }, interaction],
        [{ 'o3-caller-interaction-id': undefined, 'o3-ozone-interaction-id': interaction }, interaction],
    ]) {
        const { user, id } = one;
        const again = await client.get(`/accounts/${id}/products`, {
            userId: user.userId, headers, ...consent,
        });
        assert.equal(again.status, 429);
        assert.equal(again.headers['x-fapi-interaction-id'], echoed);
    }
    const sameAccount = await products(one, await permitted());
    assert.equal(sameAccount.status, 200, 'another consent counts for itself');
    assert.equal(typeof sameAccount.json.data[0].FinanceRates, 'string');
    const codes = (await messagesTo(one.user)).map(codeOf);
    assert.ok(codes.length >= 2, 'refused calls send nothing');
});

test('without the Hub the rates stay here; with it again they go', async () => {
    const one = clear();
    const consent = await permitted();
    const fault = { target: 'consent-manager', kind: 'down' };
    await fetch(`${demo.hub.baseUrl}/sim/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(fault),
    });
    const down = await products(one, consent);
    assert.equal(down.status, 200);
    assert.deepEqual(down.json.data, [one.book.product[0].value]);
    await fetch(`${demo.hub.baseUrl}/sim/faults`, { method: 'DELETE' });
    const back = await products(one, consent);
    assert.deepEqual(back.json.data[0].FinanceRates, one.book.product[0].financeRates);
});

async function moveClock(offsetSeconds) {
    const clock = new BankClock(demo);
    await clock.move(offsetSeconds);
    return { token: await clock.token(client) };
}

test('there are twelve codes a day for a consent and an account, not more', async () => {
    const one = encrypted();
    const { consentId } = await permitted();
    await products(clear(), { consentId }); // the bank now knows what the consent permits
    const answers = [];
    const began = Date.now();
    for (let i = 0; i <= 12; i++) {
        const { token } = await moveClock(-600 + 61 * i);
        const { user, id } = one;
        answers.push(await client.get(`/accounts/${id}/products`, {
            userId: user.userId, consentId, token,
        }));
    }
    const tookSeconds = Math.ceil((Date.now() - began) / 1000);
    await moveClock(0);
    const last = answers.pop();
    answers.forEach(({ status, json }) => {
        assert.equal(status, 200);
        assert.equal(typeof json.data[0].FinanceRates, 'string');
    });
    assert.equal(last.status, 429);
    const wait = Number(last.headers['retry-after']);
    const day = 86_400 - 12 * 61;
    assert.ok(wait >= day - tookSeconds - 1 && wait <= day, `${wait} after ${tookSeconds} s`);
});

test('a page beyond the last sends no code and takes no use of one', async () => {
    const one = encrypted();
    const consent = await permitted();
    for (let i = 0; i < 3; i++) {
        const beyond = await products(one, consent, { page: 2, 'page-size': 100 });
        assert.equal(beyond.status, 200);
        assert.deepEqual(beyond.json.data, []);
    }
    assert.equal((await products(one, consent)).status, 200);
});
