// Confirmation of payee in the TPP app: the bank returns holders, the Hub compares.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startPages } from './hub_pages.mjs';

const IBAN = 'AE070999123456789012345';

let pages, reply;
before(async () => {
    pages = await startPages(() => reply);
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

test('an account that may not be paid is said to be so', async () => {
    const errorMessage = 'The account is blocked from receiving payments.';
    reply = { status: 403, body: { errorCode: 'Consent.AccountTemporarilyBlocked', errorMessage } };
    const page = await pages.open('/payee.html', { colorScheme: 'dark' });
    const verdict = await ask(page, 'Layla Alfalan');
    assert.equal(await verdict.getByRole('heading').textContent(), 'The account cannot be paid');
    await page.getByText('403 · Consent.AccountTemporarilyBlocked').waitFor();
    await pages.finish(page, 'payee-blocked');
});

test('a wrong answer of the bank is a finding', async () => {
    reply = { status: 200, body: { data: [{ id: 7 }], meta: {} } };
    const page = await pages.open('/payee.html');
    await ask(page, 'Layla Alfalan');
    await page.getByText('BANK-REPLY').waitFor();
    assert.equal((await pages.hub.lastFinding()).id, 'BANK-REPLY');
    await page.context().close();
});

test('a bank that does not offer it is shown with its status', async () => {
    reply = { status: 501, body: { errorMessage: 'Not here.' } };
    const page = await pages.open('/payee.html');
    await page.getByTestId('payee-iban').fill(IBAN);
    await page.getByTestId('payee-name').fill('Layla Alfalan');
    await page.getByTestId('payee-submit').click();
    await page.getByTestId('tpp-problem').getByText('501').waitFor();
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
