// Where somebody begins in a browser: the simulator's start page, and addresses that lead nowhere.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startPages } from './hub_pages.mjs';

const PLACES = [
    { place: 'a', group: 'Signing in', shows: 'signs in', segment: 'retail', login: 'sample', password: 'sample-1' },
    { place: 'b', group: 'Signing in', shows: 'no accounts', segment: 'sme', login: 'other', password: 'other-1' },
    { place: 'c', group: 'Accounts', shows: 'a closed account', segment: 'retail', accountId: 'x' },
];

let pages, dir;
before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lfi-places-'));
    const file = join(dir, 'places.json');
    writeFileSync(file, JSON.stringify(PLACES));
    const bank = { pagesUrl: 'http://bank.test', adminUrl: 'http://admin.test', placesFile: file };
    const adjust = (config) => Object.assign(config.bank, bank);
    pages = await startPages(() => ({ status: 404, body: {} }), { adjust });
});
after(async () => {
    await pages?.stop();
    rmSync(dir, { recursive: true });
});

for (const [name, options] of Object.entries({ phone: {}, desktop: { width: 1280 }, dark: { colorScheme: 'dark' } })) {
    test(`the start page leads to everything: ${name}`, async () => {
        const page = await pages.open('/', options);
        await page.getByRole('heading', { name: 'Logins by situation' }).waitFor();
        const links = await page.locator('main a').evaluateAll((all) => all.map((a) => a.href));
        for (const path of ['/connect.html', '/payee.html', '/sim/findings']) {
            assert.ok(links.includes(pages.hub.url + path), path);
        }
        assert.ok(links.includes('http://bank.test/consents'));
        assert.ok(links.includes('http://admin.test/readyz'));
        assert.equal(await page.locator('.login').count(), 2, 'only what has a login');
        assert.deepEqual(page.problems, []);
        await pages.finish(page, `start-${name}`);
    });
}

test('the shared data leads to where the customer ends it', async () => {
    const { location } = await pages.decide('Authorized', { permissions: ['ReadBalances'] });
    const page = await pages.open(location);
    const link = page.getByRole('link', { name: 'Manage it at Dhow Bank' });
    assert.equal(await link.getAttribute('href'), 'http://bank.test/consents');
    assert.ok((await link.boundingBox()).height >= 44);
    assert.ok(await page.getByText('Chosen at Dhow Bank: 2').isVisible());
    await pages.finish(page, 'end');
});

test('a login is found by its situation and copied', async () => {
    const page = await pages.open('/');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByLabel('Search').fill('NO ACC');
    await page.getByText('signs in', { exact: true }).waitFor({ state: 'hidden' });
    await page.getByTestId('copy-login-other').click();
    await page.getByText('The login other is copied.').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'other');
    await page.getByTestId('copy-password-other-1').click();
    await page.getByText('The password other-1 is copied.').waitFor();
    await page.context().close();
});

test('places that cannot be read leave the start page without logins', async () => {
    const file = join(dir, 'places.json');
    writeFileSync(file, 'nothing');
    const page = await pages.open('/');
    await page.getByText('What runs where').waitFor();
    await page.getByText('The customer\'s connections').waitFor();
    assert.equal(await page.locator('.login').count(), 0);
    assert.deepEqual(page.problems, []);
    await page.context().close();
    writeFileSync(file, JSON.stringify(PLACES));
});

test('an unknown address says so and leads on', async () => {
    for (const path of ['/foo', '/foo/bar', '/callback.html']) {
        const reply = await fetch(pages.hub.url + path);
        assert.equal(reply.status, 404);
        assert.match(reply.headers.get('content-type'), /^text\/html/);
    }
    const page = await pages.open('/foo/bar');
    await page.getByRole('heading', { name: 'Page not found' }).waitFor();
    await pages.check(page, 'not-found');
    await page.locator('main').getByRole('link', { name: 'Demo start' }).click();
    await page.waitForURL(`${pages.hub.url}/`);
    await page.context().close();
});

test('an unknown call is refused as JSON', async () => {
    const reply = await fetch(`${pages.hub.url}/sim/nothing`);
    assert.equal(reply.status, 404);
    assert.equal((await reply.json()).errorCode, 'SIM-ROUTE');
});

for (const path of ['/data.html', '/inspector.html']) {
    test(`${path} without a consent offers the recent ones`, async () => {
        const { consentId } = await pages.hub.newConsent();
        const page = await pages.open(path);
        const choice = page.getByTestId('recent-choice');
        await choice.locator(`a[href*="${consentId}"]`).first().waitFor();
        assert.deepEqual(page.problems, []);
        await pages.finish(page, `choice${path.replace(/\W/g, '-')}`);
    });
}
