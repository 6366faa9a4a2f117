// Where somebody begins in a browser: the simulator's start page, and addresses that lead nowhere.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from '../support/demo.mjs';
import { startPages } from './hub_pages.mjs';

const PLACES = [
    { place: 'login-accounts', group: 'Signing in', shows: 'signs in', segment: 'retail', login: 'sample', password: 'sample-1' },
    { place: 'b', group: 'Signing in', shows: 'no accounts', segment: 'sme', login: 'other', password: 'other-1' },
    { place: 'd', group: 'Limits', shows: 'a limit', segment: 'retail', login: 'third', password: 'third-1' },
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
        assert.equal(await page.locator('.login').count(), 3, 'only what has a login');
        assert.deepEqual(page.problems, []);
        await pages.finish(page, `start-${name}`);
    });
}

for (const locale of ['en-GB', 'ar-AE']) {
    test(`on a phone the head of a page is two rows: ${locale}`, async () => {
        for (const file of ['/connect.html', '/', '/no-such-page']) {
            const page = await pages.open(file, { width: 320, locale });
            const tops = await page.locator('.top nav a:not([hidden])').evaluateAll((all) => all.map((a) => a.getBoundingClientRect().top));
            assert.equal(new Set(tops).size, 1, `${file}: the links are in one row`);
            const { height } = await page.locator('.top').boundingBox();
            assert.ok(height < 120, `${file}: ${height} px`);
            await pages.finish(page, `head-${locale.slice(0, 2)}${file.replace(/\W/g, '-')}`);
        }
    });
}

test('the shared data leads to where the customer ends it', async () => {
    const { page, location } = await pages.share('Authorized', { permissions: ['ReadAccountsBasic'] });
    await page.goto(location);
    const link = page.getByRole('link', { name: 'Manage it at Dhow Bank' });
    assert.equal(await link.getAttribute('href'), 'http://bank.test/consents');
    assert.ok((await link.boundingBox()).height >= 44);
    await pages.finish(page, 'end');
});

test('a login is found by its situation and copied', async () => {
    const page = await pages.open('/');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const [first, other, limit] = ['signs in', 'no accounts', 'a limit'].map((text) => page.locator('.login', { hasText: text }));
    await first.waitFor();
    assert.ok(await limit.isHidden(), 'only the first group is open');
    await page.getByLabel('Search').fill('A LIM');
    await limit.waitFor();
    await first.waitFor({ state: 'hidden' });
    await page.getByLabel('Search').fill('');
    await limit.waitFor({ state: 'hidden' });
    await page.locator('summary', { hasText: 'Limits' }).click();
    await limit.waitFor();
    await page.getByLabel('Search').fill('NO ACC');
    await first.waitFor({ state: 'hidden' });
    await other.waitFor();
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
        const { page, location, consentId } = await pages.share('Authorized', { permissions: ['ReadAccountsBasic'] });
        await page.goto(location);
        await page.getByTestId('tpp-agreed').waitFor();
        await page.goto(pages.hub.url + path);
        const choice = page.getByTestId('recent-choice');
        await choice.locator(`a[href*="${consentId}"]`).first().waitFor();
        assert.deepEqual(page.problems, []);
        await pages.finish(page, `choice${path.replace(/\W/g, '-')}`);
    });
}

// ---- the presenter -----------------------------------------------------------------------------

/** The page with the stories; the bank's pages are played. */
async function present(options = { width: 1280 }) {
    const page = await pages.open('/presenter.html', options);
    await page.context().route('http://bank.test/**', (route) => route.fulfill({ body: 'the bank' }));
    return page;
}

/** Chooses a story: the phone's window, and the consent that was made. */
async function begin(page, id = 'share') {
    const [phone] = await Promise.all([page.context().waitForEvent('page'), page.getByTestId(`story-${id}`).click()]);
    await phone.waitForURL('http://bank.test/**');
    await page.waitForURL(/[?&]consent=/);
    return { phone, consentId: new URL(page.url()).searchParams.get('consent') };
}

const drawn = (page, count) => page.waitForFunction((n) => document.querySelectorAll('.row').length === n, count);

test('a story leads through a phone of its own, with the calls beside it as they happen', async () => {
    const page = await present();
    await page.locator('.story').first().waitFor();
    assert.equal(await page.locator('.story').count(), 1, 'only a story whose login the bank has');
    await pages.check(page, 'presenter-stories');
    const { phone, consentId } = await begin(page);
    const { consent, steps } = await pages.hub.consent(consentId);
    assert.equal(phone.url(), `http://bank.test/authorize/dhowretail?${steps.find(({ interface: name }) => name === 'redirect').query}`);
    await drawn(page, 2);
    assert.equal(await page.getByTestId('copy-login-sample').textContent(), 'sample');
    const known = { consentId, providerId: 'dhowretail', query: phone.url().split(/\?(.*)/s)[1] };
    const interactionId = await pages.bank.begin(known);
    await page.getByTestId('presenter-now').getByText('The customer decides at the bank').waitFor();
    await drawn(page, 3);
    const reopen = async () => {
        const [window] = await Promise.all([page.context().waitForEvent('page'), page.getByTestId('presenter-open').click()]);
        await window.waitForLoadState();
        return window;
    };
    assert.equal((await reopen()).url(), 'http://bank.test/journey');
    await pages.bank.decide(known, 'Authorized', { accountIds: ['first'] });
    const { headers } = await pages.bank.end(known, interactionId, 'doConfirm');
    await phone.goto(headers.location);
    await page.getByTestId('inspector-row').nth(5).waitFor();
    await page.getByTestId('presenter-now').getByText('The consent: Authorized').waitFor();
    await page.getByTestId('inspector-row').filter({ hasText: 'Browser sent back' }).first().waitFor();
    assert.equal((await reopen()).url(), `${pages.hub.url}/data.html?consent=${consentId}`);
    await page.reload();
    await page.getByTestId('inspector-row').nth(5).waitFor(); // the app's page reads more
    assert.equal(await page.locator('#title').textContent(), 'Share accounts with an app');
    await page.getByTestId('inspector-row').nth(3).click();
    await page.getByTestId('inspector-panel').getByText('"authorizationChannel"', { exact: true }).waitFor();
    assert.equal(consent.tpp.tppName, 'Karak Money');
    assert.deepEqual(page.problems, []);
    await pages.finish(page, 'presenter');
});

test('reset leads back to the stories, and ends what was to go wrong at the Hub', async () => {
    assert.equal((await pages.hub.script('POST', '/sim/faults', { target: 'heimdall', kind: '500' })).status, 204);
    const page = await present({ width: 320 });
    const { consentId } = await begin(page);
    await drawn(page, 2);
    await pages.check(page, 'presenter-narrow');
    await page.getByTestId('presenter-reset').click();
    await page.getByTestId('story-share').waitFor();
    assert.equal(new URL(page.url()).search, '');
    const { query } = (await pages.hub.consent(consentId)).steps.find(({ interface: name }) => name === 'redirect');
    await pages.bank.begin({ consentId, providerId: 'dhowretail', query });
    await page.context().close();
});

test('a browser that blocks the window leaves a button that opens it', async () => {
    const page = await pages.open('/', { width: 1280 });
    await page.addInitScript(() => {
        window.open = () => null;
    });
    await page.goto(`${pages.hub.url}/presenter.html`);
    await page.getByTestId('story-share').click();
    await page.getByText('The browser blocked the window. Press the button.').waitFor();
    await drawn(page, 2);
    assert.ok(await page.getByTestId('presenter-open').isVisible());
    await page.context().close();
});

test('each story has a login at the demo bank, and asks for what the Hub accepts', async () => {
    const source = readFileSync(join(ROOT, 'tools/hub-sim/web/stories.js'), 'utf8');
    const known = readFileSync(join(ROOT, 'fixtures/PLACES.md'), 'utf8').split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    const stories = [...source.matchAll(/id: "([\w-]+)", place: "([\w-]+)", segment: "(\w+)"/g)];
    assert.ok(stories.length > 5);
    const places = stories.map(([, , place, segment]) => {
        const row = known.find(([, name, , at]) => name === `\`${place}\`` && at === segment);
        assert.ok(row, `${place} of ${segment} is no place of the bank`);
        return { place, segment, group: '', shows: '', login: 'sample', password: 'sample-1' };
    });
    writeFileSync(join(dir, 'places.json'), JSON.stringify(places));
    const page = await present();
    for (const [, id] of stories) {
        await begin(page, id);
        await page.getByTestId('presenter-reset').click();
        await page.getByTestId(`story-${id}`).waitFor();
    }
    assert.deepEqual(page.problems, []);
    await page.context().close();
    writeFileSync(join(dir, 'places.json'), JSON.stringify(PLACES));
});
