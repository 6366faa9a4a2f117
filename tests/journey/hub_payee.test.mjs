// Confirmation of payee in the TPP app: the app asks as a TPP, the bank returns holders, the Hub compares.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startPages } from './hub_pages.mjs';

const IBAN = 'AE079991234567890123456';
const BANK_CODE = '999';

let pages, reply;
before(async () => {
    pages = await startPages(() => reply, { adjust: (config) => (config.bank.code = BANK_CODE) });
});
after(() => pages?.stop());

const person = (fullName, id = 'c1') => ({
    id,
    verifiedClaims: [{ verification: { trustFramework: 'UAE.FI' }, claims: { fullName } }],
});
const business = (name) => ({
    id: 'b1',
    verifiedClaims: [{ verification: { trustFramework: 'UAE.FI' }, organisationClaims: { name } }],
});
const records = (...data) => ({
    status: 200,
    body: { data, meta: { totalPages: data.length ? 1 : 0, totalRecords: data.length } },
});

async function ask(page, name, kind) {
    await page.getByTestId('payee-iban').fill(IBAN);
    await page.getByTestId('payee-name').fill(name);
    if (kind) {
        await page.getByText(kind).click();
    }
    await page.getByTestId('payee-submit').click();
    const verdict = page.getByTestId('payee-verdict');
    await verdict.waitFor();
    return verdict;
}

const CASES = [
    ['match', 'layla al falan', records(person('Layla Alfalan')), 'It matches', null],
    ['nearly', 'Layla Alfalan', records(person('Layla Hassan Alfalan')), 'Nearly', 'Layla Hassan A******'],
    ['other', 'Tom Sample', records(person('Layla Alfalan')), 'It does not match', 'Layla A******'],
    ['joint', 'Tom Sample', records(person('Layla Alfalan'), person('Tom Sample', 'c2')), 'It matches', null],
    ['arabic', 'ليلى حسن الفلان', records(person('Layla Hassan Alfalan')), 'Nearly', 'Layla Hassan A******'],
    ['nobody', 'Tom Sample', records(), 'Nothing is known', null],
];

for (const [name, submitted, said, title, masked] of CASES) {
    test(`the verdict is shown: ${name}`, async () => {
        reply = said;
        const page = await pages.open('/payee.html', { width: name === 'arabic' ? 320 : 390 });
        const verdict = await ask(page, submitted);
        assert.equal(await verdict.getByRole('heading').textContent(), title);
        const mask = page.getByTestId('payee-masked');
        assert.equal((await mask.count()) ? await mask.textContent() : null, masked);
        assert.deepEqual(page.problems, []);
        await pages.finish(page, `payee-${name}`);
    });
}

test('the bank is asked without consent and customer, the name as it was typed', async () => {
    reply = records(business('Falcon Sample Trading LLC'));
    const page = await pages.open('/payee.html');
    await ask(page, 'Falcon & Sample', 'A business');
    const { method, url, headers, body } = pages.fake.seen;
    assert.equal(`${method} ${url}`, 'POST /customers/action/cop-query?page=1&page-size=100');
    assert.equal(headers['o3-consent-id'], undefined);
    assert.equal(headers['o3-psu-identifier'], undefined);
    assert.ok(headers['o3-ozone-interaction-id']);
    assert.deepEqual(JSON.parse(body), {
        data: { account: { schemeName: 'IBAN', identification: IBAN, name: { businessName: 'Falcon & Sample' } } },
    });
    await page.context().close();
});

test('only what holds accounts is offered: an insurer is not', async () => {
    const page = await pages.open('/payee.html', { locale: 'ar-AE' });
    await page.locator('[data-testid=payee-submit]:enabled').waitFor();
    const offered = await page.locator('input[name=provider]').evaluateAll((all) => all.map(({ value }) => value));
    assert.deepEqual(offered, ['dhowretail', 'dhowbusiness']);
    await pages.finish(page, 'payee-providers');
});

test('what goes over the wire is shown, the name and the verdict signed', async () => {
    reply = records(person('Layla Alfalan'));
    const page = await pages.open('/payee.html', { width: 320 });
    await ask(page, 'Layla Alfalan');
    const steps = await page.getByTestId('tpp-wire').locator('details').evaluateAll((all) => all.map(({ dataset }) => dataset.testid));
    assert.deepEqual(steps, ['discovery', 'token', 'payee', 'keys', 'payee'].map((step) => `tpp-wire-${step}`));
    const confirmation = page.getByTestId('tpp-wire-payee').last();
    const text = await pages.textOf(confirmation);
    for (const part of ['/open-finance/confirmation-of-payee/v2.1/confirmation', '"FullName": "Layla Alfalan"', '"alg": "PS256"',
        '"NameMatchIndicator": "ConfirmationOfPayee.Yes"', 'authorization: Bearer (masked)']) {
        assert.ok(text.includes(part), `${part} in ${text}`);
    }
    assert.match(await pages.textOf(page.getByTestId('tpp-wire-token')), /"grant_type": "client_credentials"/);
    await pages.finish(page, 'payee-wire');
});

test('an account of another bank is found nowhere, and this bank is not asked', async () => {
    reply = records(person('Layla Alfalan'));
    pages.fake.seen = null;
    const page = await pages.open('/payee.html');
    await page.getByTestId('payee-iban').fill('AE46 0350 0000 1234 5678 901');
    await page.getByTestId('payee-name').fill('Layla Alfalan');
    await page.getByTestId('payee-submit').click();
    await page.getByRole('heading', { name: 'No bank is found' }).waitFor();
    assert.equal(pages.fake.seen, null);
    await pages.finish(page, 'payee-nowhere');
});

test('an account that may not be paid is said to be so', async () => {
    const errorMessage = 'The account is blocked from receiving payments.';
    reply = { status: 403, body: { errorCode: 'Consent.AccountTemporarilyBlocked', errorMessage } };
    const page = await pages.open('/payee.html', { colorScheme: 'dark' });
    const verdict = await ask(page, 'Layla Alfalan');
    assert.equal(await verdict.getByRole('heading').textContent(), 'The account cannot be paid');
    await page.getByText('403 · Consent.AccountTemporarilyBlocked').waitFor();
    await pages.finish(page, 'payee-blocked');
});

/** Asks where no verdict comes of it; the code that is shown. */
async function askInVain(page) {
    await page.getByTestId('payee-iban').fill(IBAN);
    await page.getByTestId('payee-name').fill('Layla Alfalan');
    await page.getByTestId('payee-submit').click();
    await page.getByTestId('tpp-problem').getByText('500').waitFor();
}

test('a wrong answer of the bank is a finding, of which the app hears no more than a TPP', async () => {
    reply = { status: 200, body: { data: [{ id: 7 }], meta: {} } };
    const page = await pages.open('/payee.html');
    await askInVain(page);
    assert.equal((await pages.hub.lastFinding()).id, 'BANK-REPLY');
    await page.context().close();
});

test('a bank that does not offer it gives the app an error', async () => {
    reply = { status: 501, body: { errorMessage: 'Not here.' } };
    const page = await pages.open('/payee.html');
    await askInVain(page);
    await pages.finish(page, 'payee-none');
});

for (const [file, button] of [['/payee.html', 'payee-submit'], ['/connect.html', 'tpp-submit']]) {
    test(`${file} cannot be sent before it is filled`, async () => {
        const page = await pages.open('/index.html');
        let fillNow;
        const wanted = new Promise((resolve) => {
            page.route('**/sim/setup', async (route) => {
                resolve();
                await new Promise((go) => (fillNow = go));
                await route.continue();
            });
        });
        await page.goto(new URL(file, pages.hub.url).href, { waitUntil: 'commit' });
        await wanted;
        assert.ok(await page.getByTestId(button).isDisabled());
        fillNow();
        await page.locator(`[data-testid=${button}]:enabled`).waitFor();
        await page.context().close();
    });
}
