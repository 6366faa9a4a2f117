// Confirmation of payee: every row of its outcome table, on the accounts that the demo bank has for
// it, and every way to ask wrongly.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { readBooks } from './books.mjs';

const PATH = '/customers/action/cop-query';
const PAGE = { page: '1', 'page-size': '100' };
const NO_CONSENT = { 'o3-consent-id': undefined, 'o3-psu-identifier': undefined };
const BLOCKED = 'The account is blocked from receiving payments.';
const BY_STATUS = {
    Active: 200,
    Inactive: 200,
    Dormant: 200,
    Suspended: 'Consent.AccountTemporarilyBlocked',
    Unclaimed: 'Consent.PermanentAccountAccessFailure',
    Deceased: 'Consent.PermanentAccountAccessFailure',
    Closed: 'Consent.PermanentAccountAccessFailure',
};

let demo;
let retail;
let sme;

before(async () => {
    demo = await startDemo();
    [retail, sme] = demo.providers.map((provider) => ({
        ...provider,
        client: new HubClient(demo, provider.providerId),
        books: readBooks(demo, provider.segment),
    }));
});

after(async () => {
    [retail, sme].forEach(({ client }) => client.close());
    await demo?.stop();
});

const queryFor = (identification, name = { fullName: 'Nobody At All' }) => ({
    data: { account: { schemeName: 'IBAN', identification, name } },
});

function post(bank, body, { query = PAGE, headers = {}, ...more } = {}) {
    return bank.client.call('POST', PATH, {
        query, body, headers: { ...NO_CONSENT, ...headers }, ...more,
    });
}

const ask = (bank, iban, name) => post(bank, queryFor(iban, name));
const numberOf = ({ account }) => account.accountNumbers[0].identification;

/** Numbers of a login's accounts that are IBANs, and the one with this nickname. */
function ibansOf(bank, login) {
    const user = bank.users.find((one) => one.login === login);
    return user.accountIds
        .map((id) => bank.books.get(id))
        .filter(({ account }) => account.accountNumbers[0].schemeName === 'IBAN')
        .map(numberOf);
}

function ibanNamed(bank, nickName) {
    const found = [...bank.books.values()].find(({ account }) => account.nickName === nickName);
    assert.ok(found, nickName);
    return numberOf(found);
}

function assertNobody(reply, why) {
    assert.equal(reply.status, 200, `${why}: ${reply.text}`);
    assert.deepEqual(reply.json, { data: [], meta: { totalPages: 0, totalRecords: 0 } }, why);
}

function assertBlocked(reply, errorCode, why) {
    assert.equal(reply.status, 403, `${why}: ${reply.text}`);
    assert.deepEqual(reply.json, { errorCode, errorMessage: BLOCKED }, why);
}

/** The names told, persons' and businesses' alike, after a look at all the rest. */
function namesIn(reply) {
    assert.equal(reply.status, 200, reply.text);
    const { data, meta } = reply.json;
    assert.deepEqual(meta, { totalPages: 1, totalRecords: data.length });
    return data.map(({ id, verifiedClaims, ...rest }) => {
        assert.match(id, /^[a-z0-9]{1,40}$/);
        assert.deepEqual(rest, {});
        assert.equal(verifiedClaims.length, 1);
        const [{ verification, claims, organisationClaims, ...more }] = verifiedClaims;
        assert.deepEqual(verification, { trustFramework: 'UAE.FI' });
        assert.deepEqual(more, {});
        if (organisationClaims) {
            assert.equal(claims, undefined);
            assert.deepEqual(Object.keys(organisationClaims), ['name']);
            return organisationClaims.name;
        }
        const { fullName, givenName, middleName, familyName, ...others } = claims;
        assert.deepEqual(others, {}, 'nothing but names');
        assert.ok(givenName && familyName && middleName !== '');
        return fullName;
    });
}

test('each status of an account that has an IBAN, and no other account, is found', async () => {
    const seen = new Set();
    for (const bank of [retail, sme]) {
        const hidden = new Set(bank === retail ? ibansOf(retail, 'omar') : []);
        for (const book of bank.books.values()) {
            const { status, accountNumbers: [{ schemeName, identification }] } = book.account;
            const reply = await ask(bank, identification);
            if (schemeName !== 'IBAN' || hidden.has(identification)) {
                assertNobody(reply, schemeName);
            } else if (/^Active, can/.test(book.account.nickName)) {
                assert.equal(reply.status, 403);
            } else if (BY_STATUS[status] === 200) {
                assert.ok(namesIn(reply).length > 0);
            } else {
                assertBlocked(reply, BY_STATUS[status], status);
            }
            seen.add(status).add(schemeName);
        }
    }
    for (const wanted of [...Object.keys(BY_STATUS), 'IBAN', 'MaskedPAN', 'MortgageReference',
        'FinanceReference']) {
        assert.ok(seen.has(wanted), wanted);
    }
});

test('an Active account under a credit block cannot receive', async () => {
    const now = ibanNamed(retail, 'Active, cannot receive for now');
    assertBlocked(await ask(retail, now), 'Consent.AccountTemporarilyBlocked', 'for now');
    const never = ibanNamed(retail, 'Active, can never receive');
    assertBlocked(await ask(retail, never), 'Consent.PermanentAccountAccessFailure', 'for good');
});

test('who opted out is not there, not even as one of several holders or when blocked', async () => {
    const ibans = ibansOf(retail, 'omar');
    assert.ok(ibans.includes(ibanNamed(retail, 'Suspended, and its holder opted out')));
    assert.ok(ibans.includes(ibanNamed(retail, 'Joint, and one of its holders opted out')));
    assert.equal(ibans.length, 3);
    for (const iban of ibans) {
        assertNobody(await ask(retail, iban), 'opted out');
    }
    const own = ibansOf(retail, 'omar.senior').find((iban) => !ibans.includes(iban));
    assert.deepEqual(namesIn(await ask(retail, own)), ['Omar Faisal Al Bahrawi']);
});

test('joint holders, a minor with its custodian, an owner without the attorney', async () => {
    const shared = ibansOf(retail, 'leonie').filter((iban) => ibansOf(retail, 'kwame').includes(iban));
    assert.deepEqual(namesIn(await ask(retail, shared[0])), [
        'Leonie Brancourt-Desmoulins', 'Kwame Kofi Asantewo',
    ]);
    const [minor] = ibansOf(retail, 'idris');
    assert.deepEqual(namesIn(await ask(retail, minor)), [
        'Tamim Idris Baqerani', 'Idris Qasim Baqerani',
    ]);
    const [owner] = ibansOf(retail, 'rami');
    assert.deepEqual(namesIn(await ask(retail, owner)), ['Zubaida Omar Tahnouni']);
});

test('a business is answered with its registered name, whatever name was asked for', async () => {
    const [iban] = ibansOf(sme, 'siraj.owner');
    const answers = [];
    for (const name of [
        { fullName: 'Somebody Else' },
        { fullName: 'A B', firstName: 'A', lastName: 'B' },
        { businessName: 'Another Company LLC' },
    ]) {
        answers.push((await ask(sme, iban, name)).text);
    }
    assert.equal(new Set(answers).size, 1);
    assert.equal(namesIn(await ask(sme, iban)).length, 1);
    assert.ok(JSON.parse(answers[0]).data[0].verifiedClaims[0].organisationClaims.name);
    const [person] = ibansOf(retail, 'rohan');
    const asPerson = await ask(retail, person, { fullName: 'X' });
    assert.equal((await ask(retail, person, { businessName: 'X LLC' })).text, asPerson.text);
    assert.equal(JSON.parse(asPerson.text).data[0].verifiedClaims[0].organisationClaims, undefined);
});

test('an Arabic name of a holder is answered in Latin letters', async () => {
    const book = [...retail.books.values()].find(({ account }) =>
        /[\u0600-\u06ff]/.test(account.accountHolderName) && account.status === 'Active' &&
        account.accountNumbers[0].schemeName === 'IBAN');
    assert.ok(book, 'an account with an Arabic name');
    const names = namesIn(await ask(retail, numberOf(book)));
    assert.ok(names.every((name) => /^[A-Za-z' -]+$/.test(name)), names.join());
});

test('an IBAN is found however it is written, and never corrected', async () => {
    const [iban] = ibansOf(retail, 'rohan');
    const found = (await ask(retail, iban)).text;
    assert.ok(found.includes('fullName'));
    for (const spelling of [
        iban.toLowerCase(), iban.replace(/(.{4})/g, '$1 '), iban.replace(/(.{4})/g, '$1-'),
        ` ${iban} `, iban.split('').join(' '),
    ]) {
        assert.equal((await ask(retail, spelling)).text, found, spelling);
    }
    const wrongDigits = iban.slice(0, 2) + ((Number(iban.slice(2, 4)) % 97) + 1).toString()
        .padStart(2, '0') + iban.slice(4);
    const others = {
        'nobody\'s number here': 'AE429990000001000000001',
        'another bank': 'AE729980000000000000042',
        'wrong check digits': wrongDigits,
        'too short': iban.slice(0, -1),
        'too long': `${iban}0`,
        'of another country': `SA${iban.slice(2)}`,
        'no letters or digits': '---',
        'nothing': '',
        'letter O for 0': iban.replace('0', 'O'),
        'far too long': 'A'.repeat(10_000),
        'not ASCII': 'ＡＥ０７',
        'a dot': `${iban}.`,
        'a tab': `${iban}\t`,
        'the account id': retail.users.find(({ login }) => login === 'rohan').accountIds[0],
        'of the other segment': ibansOf(sme, 'siraj.owner')[0],
    };
    for (const [why, identification] of Object.entries(others)) {
        assertNobody(await ask(retail, identification), why);
    }
});

test('holders are paged like any list', async () => {
    const shared = ibansOf(retail, 'leonie').filter((iban) => ibansOf(retail, 'kwame').includes(iban));
    const all = (await ask(retail, shared[0])).json.data;
    const pages = [];
    for (const page of ['1', '2', '3']) {
        const reply = await post(retail, queryFor(shared[0]), { query: { page, 'page-size': '1' } });
        assert.equal(reply.status, 200);
        assert.deepEqual(reply.json.meta, { paginated: true, totalPages: 2, totalRecords: 2 });
        pages.push(reply.json.data);
    }
    assert.deepEqual(pages, [[all[0]], [all[1]], []]);
    assert.equal((await post(retail, queryFor(shared[0]), { query: undefined })).text,
        (await ask(retail, shared[0])).text, 'page 1 of 100 unless asked otherwise');
    for (const query of ['page=0', 'page=-1', 'page=x', 'page-size=0', 'page=1&page=1',
        'page-size=1.5', 'page=99999999999999999999']) {
        const reply = await post(retail, queryFor(shared[0]), { query });
        assert.equal(reply.status, 400, query);
        assert.equal(reply.json.errorCode, 'Resource.InvalidFormat', query);
    }
});

test('a wrong body is refused with the place of what is wrong', async () => {
    const [iban] = ibansOf(retail, 'rohan');
    const good = () => queryFor(iban);
    const changed = (change) => {
        const body = good();
        change(body.data.account, body);
        return body;
    };
    const cases = [
        ['', '$'],
        ['{', '$'],
        ['[]', '$'],
        ['null', '$'],
        ['{"data":{}}', '$.data.account'],
        ['{}', '$.data.account'],
        ['{"data":[]}', '$.data'],
        ['{"data":{"account":null}}', '$.data.account'],
        ['{"data":{"account":[]}}', '$.data.account'],
        [changed((account) => delete account.schemeName), 'schemeName'],
        [changed((account) => delete account.identification), 'identification'],
        [changed((account) => delete account.name), 'name'],
        [changed((account) => (account.schemeName = 'iban')), '$.data.account.schemeName'],
        [changed((account) => (account.schemeName = 'MaskedPAN')), '$.data.account.schemeName'],
        [changed((account) => (account.identification = 7)), '$.data.account.identification'],
        [changed((account) => (account.name = 'Rohan')), '$.data.account.name'],
        [changed((account) => (account.name = {})), '$.data.account.name'],
        [changed((account) => (account.name = { firstName: 'R' })), '$.data.account.name'],
        [changed((account) => (account.name.businessName = 'Both')), '$.data.account.name'],
        [changed((account) => (account.name.title = 'Dr')), '$.data.account.name'],
        [changed((account) => (account.name.fullName = null)), '$.data.account.name'],
        [JSON.stringify(good()) + '{}', '$'],
        [JSON.stringify(good()).replace('"schemeName"', '"schemeName":"IBAN","schemeName"'), '$.data.account'],
        [JSON.stringify(good()).replace('Nobody', 'No\\u0000body'), '$.data.account.name'],
    ];
    for (const [body, where] of cases) {
        const reply = await post(retail, body);
        const sent = typeof body === 'string' ? body : JSON.stringify(body);
        assert.equal(reply.status, 400, sent);
        assert.equal(reply.json.errorCode, 'Body.InvalidFormat', sent);
        assert.ok(reply.json.errorMessage.includes(where), `${sent}: ${reply.text}`);
        assert.ok(!reply.text.includes(iban) && !reply.text.includes('Nobody'), reply.text);
    }
    const form = await post(retail, JSON.stringify(good()), {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    assert.ok([400, 415].includes(form.status), `${form.status}`);
});

test('no consent and no customer are named, everything else is', async () => {
    const [iban] = ibansOf(retail, 'rohan');
    for (const name of ['o3-caller-org-id', 'o3-caller-client-id', 'o3-ozone-interaction-id',
        'o3-caller-software-statement-id', 'o3-api-uri', 'o3-api-operation', 'o3-provider-id']) {
        const reply = await post(retail, queryFor(iban), { headers: { [name]: undefined } });
        assert.equal(reply.status, 400, name);
        assert.ok(reply.json.errorMessage.includes(name), reply.text);
    }
    for (const name of ['o3-aspsp-id', 'o3-caller-interaction-id']) {
        const reply = await post(retail, queryFor(iban), { headers: { [name]: undefined } });
        assert.equal(reply.status, 200, name);
    }
    assert.equal((await post(retail, queryFor(iban), { token: null })).status, 401);
    const elsewhere = { headers: { 'o3-provider-id': 'unknown' } };
    assert.equal((await post(retail, queryFor(iban), elsewhere)).status, 403);
});

test('without keys it is our fault, not the caller\'s', async () => {
    const dead = await startDemo({ adjustServer: '.caller.jwksBase = "https://localhost:1"' });
    const client = new HubClient(dead, 'dhowretail');
    assert.equal((await post({ client }, queryFor('AE429990000001000000001'))).status, 500);
    client.close();
    await dead.stop();
});

test('no name and no number of anybody is in the log', async () => {
    const log = JSON.stringify(demo.serverLog());
    for (const secret of ['Nobody At All', 'Somebody Else', 'Brancourt', 'Tahnouni', 'Siraj',
        ...ibansOf(retail, 'rohan'), ...ibansOf(sme, 'siraj.owner')]) {
        assert.ok(!log.includes(secret), secret);
    }
    assert.ok(log.includes('PAYEE-BLOCKED-FOR-GOOD') && log.includes('PAYEE-BODY'));
});
