// A bank's own name, colours, logo and words, per provider; everything else stays as it is.
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertAccessible, browser, demo, useDemo } from '../support/suite.mjs';
import { arrive, requestConsent, shoot, userOf } from './support.mjs';

const LOGO = join(mkdtempSync(join(tmpdir(), 'lfi-logo-')), 'logo.svg');
const BRAND = {
    name: { en: 'Falaj & Co', ar: 'بنك الفلج' },
    light: { brand: '#7a1f5c' },
    dark: { brand: '#f0a6d8' },
    logo: LOGO,
    schemeLogo: LOGO,
    schemeMark: LOGO,
    texts: { en: { 'signIn.title': 'Welcome to {bank}' } },
};

let customer;

writeFileSync(LOGO, '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4" fill="#7a1f5c"/></svg>');
useDemo({ adjustServer: `.providers[0].brand = ${JSON.stringify(BRAND)}` });

const colourOf = (customer_) =>
    customer_.at('sign-in-submit').evaluate((button) => getComputedStyle(button).backgroundColor);

for (const [locale, colorScheme, colour, name] of [
    ['en-GB', 'light', 'rgb(122, 31, 92)', BRAND.name.en],
    ['ar-AE', 'dark', 'rgb(240, 166, 216)', BRAND.name.ar],
]) {
    test(`a branded journey (${locale}, ${colorScheme})`, async () => {
        customer = await arrive(browser, demo, await requestConsent(demo), { locale, colorScheme });
        const { page, at } = customer;
        await at('sign-in-user').waitFor();
        assert.equal(await colourOf(customer), colour);
        assert.equal(await page.locator('.bank').textContent(), name);
        assert.ok((await page.getByRole('heading').first().textContent()).includes(name));
        if (locale === 'en-GB') {
            assert.match(await page.getByRole('heading').first().textContent(), /^Welcome to /);
        }
        assert.ok(await page.locator('img.mark').evaluate((image) => image.complete && image.naturalWidth > 0));
        assert.match(await page.locator('img.mark').getAttribute('src'), /^\/brand\/dhowretail\/logo$/);
        await customer.toReview(userOf(demo));
        for (const [image, name] of [['.scheme img', 'scheme-logo'], ['[data-testid=approve] img', 'scheme-mark']]) {
            assert.equal(await page.locator(image).getAttribute('src'), `/brand/dhowretail/${name}`);
            assert.ok(await page.locator(image).evaluate((one) => one.complete && one.naturalWidth > 0));
        }
        await assertAccessible(page, locale);
        await shoot(page, `brand-${colorScheme}`);
        assert.deepEqual(customer.complaints, []);
    });
}

test('another provider of the same bank keeps its own look', async () => {
    const request = await requestConsent(demo, { providerId: 'dhowbusiness' });
    customer = await arrive(browser, demo, request);
    await customer.at('sign-in-user').waitFor();
    assert.equal(await customer.page.locator('.bank').textContent(), 'Dhow Bank');
    assert.equal(await colourOf(customer), 'rgb(11, 85, 99)');
});
