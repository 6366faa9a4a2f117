// The pages in each language: complete texts, the right one for the browser, right-to-left layout,
// nothing inaccessible at any width, and names from outside shown as text.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../support/demo.mjs';
import { assertAccessible, assertFits, browser, demo, useDemo } from '../support/suite.mjs';
import {
    arrive, arriveWithDevice, consentAtHub, requestConsent, shoot, signInAsCustomer, terms, userOf,
} from './support.mjs';

const WEB = join(ROOT, 'server/psu/web');
const read = (name) => readFileSync(join(WEB, name), 'utf8');
const texts = Object.fromEntries(
    readdirSync(join(WEB, 'locales')).map((name) => [name.slice(0, -5), JSON.parse(read(`locales/${name}`))]),
);
// Texts with a form for each plural of their language.
const COUNTED = ['flex.countPer', 'flex.payments', 'own.accounts', 'own.paid.count', 'own.policies', 'refused.countdown', 'signIn.triesLeft'];
const PLURAL = new RegExp(`^(${COUNTED.map((stem) => stem.replace('.', '\\.')).join('|')})\\.\\w+$`);

let customer;

useDemo();

/** The keys of a language, with one for each set of plural forms. */
const keysOf = (language) => [...new Set(Object.keys(texts[language]).map((key) => key.replace(PLURAL, '$1')))].sort();

test('each language has the same texts, with the same values in them', () => {
    assert.deepEqual(Object.keys(texts).sort(), ['ar', 'en']);
    assert.deepEqual(keysOf('ar'), keysOf('en'));
    const values = (text) => (text.match(/\{\w+\}/g) ?? []).sort().join();
    for (const [key, text] of Object.entries(texts.en).filter(([name]) => !PLURAL.test(name))) {
        assert.equal(values(texts.ar[key]), values(text), key);
        assert.notEqual(text.trim(), '', key);
        assert.notEqual(texts.ar[key].trim(), '', key);
    }
});

test('each plural form of a language is there', () => {
    for (const [language, own] of Object.entries(texts)) {
        const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
        for (const stem of COUNTED) {
            const kept = Object.keys(own).filter((key) => key.startsWith(`${stem}.`));
            assert.deepEqual(kept.sort(), forms.map((form) => `${stem}.${form}`).sort(), language);
        }
    }
});

test('every text is used, and pages and modules hold no words of their own', () => {
    const parts = readdirSync(join(WEB, 'parts')).map((name) => `parts/${name}`);
    const sources = [...readdirSync(WEB), ...parts].filter((name) => /\.(js|html)$/.test(name));
    const all = sources.map(read).join('\n');
    const server = readdirSync(join(ROOT, 'server/psu')).filter((name) => name.endsWith('.c'))
        .map((name) => readFileSync(join(ROOT, 'server/psu', name), 'utf8')).join('\n');
    // A key is written out, made of a beginning and a value, or named by the server (error ids).
    const beginnings = [...all.matchAll(/`([a-z][\w.-]*)\$\{/gi)].map(([, beginning]) => beginning);
    for (const key of Object.keys(texts.en)) {
        const stem = key.replace(PLURAL, '$1');
        const [first, id] = stem.split('.');
        const used = first === 'error'
            ? server.includes(`"${id}"`) || all.includes(`'${id}'`) || all.includes(`'${stem}'`)
            : all.includes(`'${stem}'`) || all.includes(`{{${stem}}}`) || beginnings.some((one) => stem.startsWith(one));
        assert.ok(used, `unused: ${key}`);
    }
    for (const name of sources.filter((one) => one.endsWith('.html'))) {
        const words = read(name).replace(/<!--.*?-->|<(script|style).*?<\/\1>/gs, '').replace(/\{\{\w[\w.]*\}\}/g, '')
            .replace(/<[^>]*>/g, ' ').match(/\p{L}{2,}/gu);
        assert.equal(words, null, `${name}: ${words}`);
    }
});

test('a page is given the texts that its scripts use, and no others', async () => {
    const imported = (name, seen = new Set()) => {
        if (!seen.has(name)) {
            seen.add(name);
            for (const [, next] of read(name).matchAll(/^import .* from '\.\/(.+)';$/gm)) imported(next, seen);
        }
        return seen;
    };
    const loads = readdirSync(WEB).filter((name) => name.endsWith('.js')).map(read).join('\n');
    const roots = [...loads.matchAll(/(?:loadTexts|later)\('([\w-]+)'/g)].map(([, name]) => name);
    assert.ok(roots.includes('journey') && roots.includes('views-review'), `${roots}`);
    const markup = readdirSync(WEB).filter((name) => name.endsWith('.html')).map(read).join('\n');
    const subjects = new Set(Object.keys(texts.en).map((key) => key.split('.')[0]));
    for (const root of new Set(roots)) {
        const sources = [...imported(`${root}.js`)].map(read).join('\n').replace(/^\s*(\/\/|\/?\*).*$/gm, '');
        // Whatever looks like the key of a text: whole in quotes, or as a template.
        const used = [...sources.matchAll(/'([a-z][\w-]*(?:\.[\w-]+)+)'|`([a-z][\w-]*\.(?:[\w.-]|\$\{[^}]*\})*)`/gi)]
            .map(([, whole, template]) => (whole ?? template)).filter((key) => subjects.has(key.split('.')[0]));
        const patterns = used.map((key) => new RegExp(`^${key.replaceAll('.', '\\.').replace(/\$\{[^}]*\}/g, '.+')}(\\.[a-z]+)?$`));
        for (const language of ['en', 'ar']) {
            const served = await (await fetch(`${demo.publicBaseUrl}/brand/dhowretail/${root}.${language}.json`)).json();
            patterns.forEach((pattern, i) =>
                assert.ok(Object.keys(served).some((key) => pattern.test(key)), `${root}: ${used[i]} is not there`));
            const foreign = Object.keys(served).filter((key) => !patterns.some((pattern) => pattern.test(key)) &&
                !key.startsWith('error.') && !markup.includes(`{{${key}}}`));
            assert.deepEqual(foreign, [], root);
        }
    }
});

test('the language is the customer\'s choice, else the one the browser likes best', async () => {
    const request = async (acceptLanguage, cookie) => {
        const headers = { ...(acceptLanguage && { 'accept-language': acceptLanguage }), ...(cookie && { cookie }) };
        const page = await (await fetch(`${demo.publicBaseUrl}/journey`, { headers })).text();
        return /<html lang="(\w+)" dir="(\w+)"/.exec(page).slice(1).join(' ');
    };
    assert.equal(await request(), 'en ltr');
    assert.equal(await request('ar-AE,ar;q=0.9,en;q=0.8'), 'ar rtl');
    assert.equal(await request('ar;q=0.3,en-GB;q=0.7'), 'en ltr');
    assert.equal(await request('fr,ar;q=0.1'), 'ar rtl');
    assert.equal(await request('ar;q=0'), 'en ltr');
    assert.equal(await request('ar;q=nonsense;;,,en;q=0.999999999'), 'ar rtl');
    assert.equal(await request(';,-,;q=1'), 'en ltr');
    assert.equal(await request('en', 'language=ar'), 'ar rtl');
    assert.equal(await request('ar', 'language=xx'), 'ar rtl');
    assert.equal(await request('a'.repeat(4000)), 'en ltr');
});

async function assertFine(page, name) {
    await assertAccessible(page, name);
    for (const width of [320, 390, 1280]) {
        await page.setViewportSize({ width, height: 844 });
        await assertFits(page, `${name} at ${width}`);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    await shoot(page, `language-${name}`);
}

/** Arabic pages are in Arabic: Latin letters are those of names and numbers only. */
async function assertArabic(page, name) {
    const words = await page.evaluate(() => {
        const copy = document.body.cloneNode(true);
        copy.querySelectorAll('script, .languages, .account strong, .number, code').forEach((one) => one.remove());
        return copy.textContent;
    });
    assert.deepEqual(words.replaceAll('Karak Money', '').match(/[A-Za-z]{2,}/g), null, name);
}

/** In light and dark colours. */
async function assertBothFine(page, name) {
    for (const colorScheme of ['dark', 'light']) {
        await page.emulateMedia({ colorScheme });
        await assertFine(page, `${name}-${colorScheme}`);
    }
}

for (const locale of ['ar-AE', 'en-GB']) {
    const language = locale.slice(0, 2);
    test(`a journey in ${language}: every page in its direction and accessible, light and dark`, async () => {
        const request = await requestConsent(demo, { consent: terms({ FromDate: '2025-01-01' }) });
        customer = await arrive(browser, demo, request, { locale });
        const { page, at } = customer;
        const direction = () => page.evaluate(() => [document.documentElement.lang, getComputedStyle(document.body).direction].join());
        await at('sign-in-user').waitFor();
        assert.equal(await direction(), language === 'ar' ? 'ar,rtl' : 'en,ltr');
        await assertBothFine(page, `${language}-sign-in`);
        await customer.signIn({ login: 'nobody', password: 'nothing' });
        await at('sign-in-error').waitFor();
        await assertBothFine(page, `${language}-wrong`);
        const user = userOf(demo, { login: 'hessa' });
        await customer.signIn(user);
        await at('second-factor').waitFor();
        await assertBothFine(page, `${language}-second-factor`);
        if (language === 'ar') await assertArabic(page, 'second factor');
        const [app] = await Promise.all([customer.context.waitForEvent('page'), at('open-app').click()]);
        await app.getByTestId('app-approve').waitFor();
        await assertBothFine(app, `${language}-app`);
        await app.getByTestId('app-approve').click();
        await app.getByRole('status').waitFor();
        await app.close();
        await at('approve').waitFor();
        await assertBothFine(page, `${language}-review`);
        const date = await at('consent-expiry').textContent();
        assert.match(date, /[0-9]{4}/, 'digits as UAE banks print them');
        assert.match(date, language === 'ar' ? /\p{Script=Arabic}/u : /in \d+ months/);
        if (language === 'ar') {
            await assertArabic(page, 'review');
            assert.match(await page.locator('.balance').first().textContent(), /د\.إ/);
        }
        await page.locator('input[name=account]').first().check();
        await at('approve').click();
        assert.ok((await customer.back()).code);
        assert.deepEqual(customer.complaints, []);
        const { consent } = await consentAtHub(demo, request.consentId);
        assert.equal(consent.status, 'Authorized');
        await customer.close();
        customer = await arrive(browser, demo, await requestConsent(demo), { locale });
        await customer.signIn(userOf(demo, { login: 'ghassan' }));
        await customer.at('refused-stay').click();
        await assertBothFine(customer.page, `${language}-refused`);
        if (language === 'ar') await assertArabic(customer.page, 'refused');
        await customer.page.goto(`${demo.publicBaseUrl}/`);
        await customer.at('start-dhowretail').waitFor();
        await assertBothFine(customer.page, `${language}-start`);
    });
}

test('in Arabic the number of further titles reads from left to right', async () => {
    const kinds = ['Balances', 'BeneficiariesBasic', 'TransactionsBasic', 'Party', 'Statements', 'DirectDebits', 'StandingOrdersBasic'];
    const Permissions = ['ReadAccountsBasic', ...kinds.map((kind) => `Read${kind}`)];
    customer = await arrive(browser, demo, await requestConsent(demo, { consent: terms({ Permissions }) }), { locale: 'ar-AE' });
    await customer.toReview(userOf(demo, { login: 'rohan' }));
    const [plus, digit] = await customer.at('gist').evaluate(({ firstChild: words }) => {
        const at = words.data.indexOf('+');
        return [at, at + 1].map((start) => {
            const range = document.createRange();
            range.setStart(words, start);
            range.setEnd(words, start + 1);
            return range.getBoundingClientRect().left;
        });
    });
    assert.ok(plus < digit, `the sign is at ${plus}, the digit at ${digit}`);
    await assertFine(customer.page, 'ar-many-titles');
});

test('own consents and passkeys in Arabic', async () => {
    const request = await requestConsent(demo);
    customer = await arriveWithDevice(browser, demo, request, { locale: 'ar-AE' });
    const { page, at } = customer;
    const user = userOf(demo, { login: 'rohan' });
    await customer.toReview(user);
    await page.locator('input[name=account]').first().check();
    await at('approve').click();
    await customer.back();
    await signInAsCustomer(customer, demo, user);
    await page.goto(`${demo.publicBaseUrl}/consents`);
    await at(`cmi-consent-${request.consentId}`).waitFor();
    await assertFine(page, 'ar-own-list');
    await at(`cmi-consent-${request.consentId}`).click();
    await at('cmi-permissions').click();
    await assertFine(page, 'ar-own-consent');
    await page.locator('.held li span').evaluateAll((all) => all.forEach((one) => one.remove())); // account names
    await assertArabic(page, 'own consent');
    await page.goto(`${demo.publicBaseUrl}/passkeys`);
    await at('passkey-add').click();
    await at('passkey').waitFor();
    await assertFine(page, 'ar-passkeys');
    assert.deepEqual(customer.complaints, []);
});

test('the switch changes the language, and it is kept over the journey and on error pages', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request);
    const { page, at } = customer;
    await at('sign-in-user').waitFor();
    await at('language-ar').click();
    await page.getByRole('heading', { name: texts.ar['signIn.title'].split(' {')[0] }).waitFor();
    await customer.toReview(userOf(demo));
    assert.equal(await page.evaluate(() => document.documentElement.dir), 'rtl');
    await page.goto(`${demo.publicBaseUrl}/no-such-page`);
    assert.equal(await at('error-title').textContent(), texts.ar['error.PAGE-UNKNOWN.title']);
    await at('language-en').click();
    await page.getByRole('heading', { name: texts.en['error.PAGE-UNKNOWN.title'] }).waitFor();
});

for (const locale of ['en-GB', 'ar-AE']) {
    test(`names from outside are text and stay in their place (${locale})`, async () => {
        const name = '<img src=x onerror="document.title=1">\u202e\u2066 evil ';
        const request = await requestConsent(demo, { consent: terms({ OnBehalfOf: { TradingName: name } }) });
        customer = await arrive(browser, demo, request, { locale });
        const { page, at } = customer;
        await customer.toReview(userOf(demo));
        assert.equal((await at('consent-tpp').textContent()).trim(), name.replace(/[\u202e\u2066]/g, '').trim());
        assert.doesNotMatch(await page.locator('#view').textContent(), /[\u202a-\u202e\u2066\u2067]/);
        assert.equal(await page.locator('#view img[src="x"]').count(), 0);
        assert.notEqual(await page.title(), '1');
        await assertFine(page, `${locale}-hostile-name`);
    });
}

test('a very long name breaks nothing', async () => {
    const TradingName = 'Very long name '.repeat(700).trim();
    const request = await requestConsent(demo, { consent: terms({ OnBehalfOf: { TradingName } }) });
    customer = await arrive(browser, demo, request);
    await customer.toReview(userOf(demo));
    await assertFine(customer.page, 'long-name');
});

test('by keyboard alone', async () => {
    const request = await requestConsent(demo);
    customer = await arrive(browser, demo, request, { reducedMotion: 'reduce' });
    const { page, at, context } = customer;
    const user = userOf(demo, { login: 'rohan' });
    await at('sign-in-user').waitFor();
    const press = async (wanted, key = 'Tab') => {
        for (let i = 0; i < 40; i++) {
            if (await page.evaluate((id) => document.activeElement?.dataset.testid?.startsWith(id) ?? false, wanted)) {
                return;
            }
            await page.keyboard.press(key);
        }
        assert.fail(`${wanted} is not reached`);
    };
    await press('sign-in-user');
    await page.keyboard.type(user.login);
    await press('sign-in-password');
    await page.keyboard.type(user.password);
    await page.keyboard.press('Enter');
    await at('open-app').waitFor();
    await press('open-app');
    const [app] = await Promise.all([context.waitForEvent('page'), page.keyboard.press('Enter')]);
    await app.getByTestId('app-approve').focus();
    await app.keyboard.press('Enter');
    await app.getByRole('status').waitFor();
    await app.close();
    await at('approve').waitFor();
    await press('account-');
    await page.keyboard.press('Space');
    await press('approve');
    const outline = await at('approve').evaluate((one) => getComputedStyle(one).outlineStyle);
    assert.notEqual(outline, 'none', 'where the focus is can be seen');
    await page.keyboard.press('Enter');
    assert.ok((await customer.back()).code);
});

test('pages are small', async () => {
    for (const path of ['/journey', '/consents', '/bank-app']) {
        const context = await browser.newContext({ locale: 'ar-AE' });
        const page = await context.newPage();
        let bytes = 0;
        page.on('response', async (response) => {
            bytes += (await response.body().catch(() => '')).length;
        });
        await page.goto(demo.publicBaseUrl + path, { waitUntil: 'networkidle' });
        assert.ok(bytes > 0 && bytes < 60_000, `${path}: ${bytes} bytes`);
        await context.close();
    }
});
