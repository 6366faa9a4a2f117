// What the TPP app says: in both languages, of every ending, and in a bank's words.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startPages } from './hub_pages.mjs';

const WEB = new URL('../../tools/hub-sim/web/', import.meta.url);
const PARTS = readdirSync(new URL('parts/', WEB)).map((name) => `parts/${name}`);
const FILES = [...readdirSync(WEB), ...PARTS].filter((name) => /\.(html|js)$/.test(name));
const read = (name) => readFileSync(new URL(name, WEB), 'utf8');
const { ARABIC } = await import(new URL('arabic.js', WEB));

const ACCOUNTS = {
    data: [
        {
            id: 'first',
            status: 'Active',
            accountSubType: 'Savings',
            accountNumbers: [{ schemeName: 'IBAN', identification: 'AE070999123456789012345' }],
        },
    ],
    meta: { totalPages: 1, totalRecords: 1 },
};
const PERMISSIONS = ['ReadAccountsBasic', 'ReadBalances'];

let pages;
before(async () => {
    pages = await startPages(({ pathname }) =>
        pathname === '/accounts' ? { status: 200, body: ACCOUNTS } : { status: 404, body: {} },
    );
});
after(() => pages?.stop());

test('no phrase that a bank would not write is left', () => {
    const old = ['What is on them', 'Whom you pay', 'What will be paid once, later', 'Is it really theirs?'];
    for (const name of FILES) {
        for (const phrase of old) {
            assert.ok(!read(name).includes(phrase), `${name}: ${phrase}`);
        }
    }
});

test('every text of a page has its Arabic', () => {
    const texts = new Set();
    for (const name of FILES.filter((file) => file.endsWith('.html'))) {
        if (!read(name).includes('data-language="en"')) {
            for (const [, text] of read(name).matchAll(/ data-t>([^<]+)</g)) {
                if (!text.includes('{{')) {
                    texts.add(text.trim());
                }
            }
        }
    }
    for (const name of FILES.filter((file) => file.endsWith('.js'))) {
        for (const [, text] of read(name).matchAll(/\bt\("((?:[^"\\]|\\.)+)"/g)) {
            texts.add(text);
        }
    }
    assert.ok(texts.size > 100);
    assert.deepEqual([...texts].filter((text) => typeof ARABIC[text] !== 'string'), []);
});

test('every text that depends on a number has its Arabic plural forms', () => {
    const counted = FILES.filter((file) => file.endsWith('.js'))
        .flatMap((name) => [...read(name).matchAll(/\bcount\("[^"]+", "([^"]+)"/g)].map(([, other]) => other));
    assert.ok(counted.length >= 3);
    for (const text of counted) {
        assert.deepEqual(Object.keys(ARABIC[text] ?? {}), ['one', 'two', 'few', 'many', 'other'], text);
    }
    for (const name of FILES) {
        assert.doesNotMatch(read(name), /\bt\("[^"]*\{count\} (?!in all)/, name); // one form would be wrong for most numbers
    }
});

test('whatever the Hub says of a payment that it refuses has its Arabic', () => {
    const rules = readFileSync(new URL('../payment_rules.c', WEB), 'utf8');
    const said = [...rules.matchAll(/"([A-Z][^"]+\.)"/g)].map(([, text]) => text);
    assert.ok(said.includes('The consent allows no more payments.') && said.length > 10);
    assert.deepEqual(said.filter((text) => !ARABIC[text]), []);
});

test('why a payment of the demonstration is rejected has its Arabic', () => {
    const payments = JSON.parse(readFileSync(new URL('../../fixtures/common/payments.json', import.meta.url), 'utf8'));
    const all = Object.values(payments).flat().filter(({ outcome }) => outcome === 'rejected').map(({ message }) => message);
    assert.ok(all.length > 5);
    assert.deepEqual(all.filter((text) => !ARABIC[text]), []);
});

test('the language is chosen once for all pages', async () => {
    const page = await pages.open('/connect.html');
    await page.getByTestId('language-ar').click();
    await page.locator('html[dir=rtl]').waitFor();
    await page.goto(`${pages.hub.url}/payee.html`);
    await page.getByText('التحقق من الاسم', { exact: true }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'ar');
    await page.getByTestId('language-en').click();
    await page.getByRole('heading', { name: "Check the account holder's name" }).waitFor();
    await page.context().close();
});

/** Latin words that stand in a page, but names of companies, codes of the contract and the other language. */
const latin = (page) =>
    page.evaluate(() => {
        const text = document.body.innerText.replaceAll('\u2066', '').replaceAll('\u2069', '');
        const names = /Karak Money|Dune Ledger|Pearl Home Loans|English|Read\w+|\bAE\w+|\bAED\b|\b[A-Z]{2,5}\b/g;
        return text.replace(names, '').match(/[A-Za-z]{3,}/g) ?? [];
    });

for (const [name, options] of Object.entries({ phone: {}, desktop: { width: 1280 }, dark: { colorScheme: 'dark' } })) {
    test(`the form in Arabic: ${name}`, async () => {
        const page = await pages.open('/connect.html', { ...options, locale: 'ar-AE' });
        await page.getByText('شخصي', { exact: true }).waitFor();
        assert.equal(await page.locator('html').getAttribute('dir'), 'rtl');
        assert.deepEqual(await latin(page), []);
        assert.deepEqual(page.problems, []);
        await pages.finish(page, `form-ar-${name}`);
    });
}

test('the last day lies between today and a year from now', async () => {
    const page = await pages.open('/connect.html');
    await page.getByLabel('For how long?').selectOption('date');
    const day = page.getByLabel('Last day');
    const [min, max] = [await day.getAttribute('min'), await day.getAttribute('max')];
    assert.equal((Date.parse(max) - Date.parse(min)) / 86_400_000, 364);
    await page.locator('#start').evaluate((form) => {
        form.noValidate = true;
    });
    await day.fill('2020-01-01');
    await page.getByTestId('tpp-submit').click();
    await page.getByText('The last day must lie between today and a year from now.').waitFor();
    await page.context().close();
});

test('the shared data in Arabic', async () => {
    const { page, location } = await pages.share('Authorized', { permissions: PERMISSIONS, accountIds: ['first'], locale: 'ar-AE' });
    await page.goto(location);
    await page.getByTestId('tpp-account-first').getByText('نشط').waitFor();
    const terms = page.getByTestId('tpp-terms');
    assert.ok(await terms.evaluate((node) => node.compareDocumentPosition(document.querySelector('.accounts')) === 4));
    await page.getByText('الإتمام', { exact: true }).waitFor();
    const words = await page
        .locator('.agreed dt, .agreed b, .agreed small, [data-testid="tpp-end"], .scheme, main h2')
        .allInnerTexts();
    assert.ok(words.length > 10);
    assert.deepEqual(words.filter((text) => /[A-Za-z]/.test(text)), []);
    await pages.finish(page, 'connected-ar');
});

const ENDINGS = {
    access_denied: [
        'user_rejected_consent',
        'user_failed_to_authenticate',
        'user_failed_step_up_authentication',
        'user_account_blocked',
        'user_lacks_eligible_accounts',
        'session_expired',
        'consent_not_supported',
    ],
    server_error: ['lfi_internal_error', 'api_hub_communication_error'],
    temporarily_unavailable: ['lfi_temporarily_unavailable'],
};

for (const locale of ['en-GB', 'ar-AE']) {
    test(`every ending has its words: ${locale}`, async () => {
        const seen = new Set();
        const { state } = await pages.hub.newConsent();
        const page = await pages.open('/', { locale });
        for (const [error, descriptions] of Object.entries(ENDINGS)) {
            for (const description of descriptions) {
                const query = new URLSearchParams({ error, error_description: description, state });
                await page.goto(`${pages.hub.url}/tpp/callback?${query}`);
                const text = page.locator('#refused-text');
                await text.filter({ hasText: /\S/ }).waitFor();
                const words = await text.textContent();
                assert.doesNotMatch(words, /Your bank answered|أجاب بنكك/, description);
                assert.ok(!seen.has(words), `${description} has words of its own`);
                seen.add(words);
            }
        }
        await page.goto(`${pages.hub.url}/tpp/callback?${new URLSearchParams({ error: 'invalid_request_uri', state })}`);
        await page.getByText(locale === 'en-GB' ? 'The request had expired' : 'انتهت صلاحية الطلب').waitFor();
        await pages.finish(page, `ending-${locale}`);
    });
}

test('what is pressed is large enough for a finger', async () => {
    const { page, location } = await pages.share('Authorized', { permissions: PERMISSIONS, accountIds: ['first'] });
    for (const path of ['/', '/connect.html', '/payee.html', location]) {
        await page.goto(new URL(path, pages.hub.url).href);
        await page.waitForLoadState('networkidle');
        const small = await page.evaluate(() =>
            [...document.querySelectorAll('nav a, summary, .code-box, .tabs button, .pager button, .button, .languages button, select')]
                .filter((node) => node.offsetParent && node.getBoundingClientRect().height < 44)
                .map((node) => node.outerHTML),
        );
        assert.deepEqual(small, [], path);
    }
    await page.context().close();
});
