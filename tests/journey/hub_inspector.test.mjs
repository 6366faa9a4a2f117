// The journey inspector: every exchange of a consent as a sequence diagram that follows it live.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from '../support/demo.mjs';
import { startPages } from './hub_pages.mjs';

const PERMISSIONS = ['ReadAccountsBasic'];
const ACCOUNTS = {
    status: 200,
    body: {
        data: [{ id: 'first', status: 'Active', accountSubType: 'Savings', nickName: '<b>Sea</b>' }],
        meta: { totalPages: 1, totalRecords: 1 },
    },
};

let pages, reply;
before(async () => {
    pages = await startPages(() => reply);
    reply = ACCOUNTS;
});
after(() => pages?.stop());

const inspect = (consentId, options) =>
    pages.open(`/inspector.html?consent=${consentId}`, { width: 1400, ...options });
const labels = (page) => page.getByTestId('inspector-row').evaluateAll((rows) => 
    rows.map((row) => {
        const [method, path] = row.querySelector('.call').childNodes;
        const rest = ['.way', '.status'].map((name) => row.querySelector(name).textContent);
        return [method.textContent + path.textContent, ...rest].join(', ');
    }));
const fetchAccounts = (consentId) =>
    pages.hub.script('POST', '/sim/call', { consentId, method: 'GET', path: '/accounts' });
const row = (page, name) => page.getByRole('button', { name });

/** Waits until that many exchanges are drawn. */
const drawn = (page, count) => page.waitForFunction((n) => document.querySelectorAll('.row').length === n, count);

test('the journey grows while it is watched', async () => {
    const consent = await pages.hub.newConsent({ consent: { Permissions: PERMISSIONS } });
    const page = await inspect(consent.consentId);
    await drawn(page, 2);
    const interactionId = await pages.bank.begin(consent);
    await drawn(page, 3);
    await pages.bank.decide(consent, 'Authorized', { accountIds: ['first'] });
    const { headers } = await pages.bank.end(consent, interactionId, 'doConfirm');
    await fetch(headers.location);
    await fetchAccounts(consent.consentId);
    await drawn(page, 7);
    const seen = (await labels(page)).map((label) => label.replace(/[0-9a-f]{6}…/, 'ID'));
    assert.deepEqual(seen, [
        'POST /par, TPP to Hub, 201',
        'GET /authorize/dhowretail, TPP to bank through the browser, 302',
        'GET /auth, bank to Hub, 200',
        'PATCH /consents/ID, bank to Hub, 204',
        'POST /auth/ID/doConfirm, bank to Hub, 303',
        'GET /tpp/callback, bank to TPP through the browser, 200',
        'GET /accounts, TPP to bank through the Hub, 200',
    ]);
    assert.equal(await page.getByTestId('inspector-broken').textContent(), '0');
    assert.equal(await page.getByTestId('inspector-state').textContent(), 'Authorized');
    assert.deepEqual(page.problems, []);
    await pages.finish(page, 'inspector-live');
});

test('an exchange opens to its rules, token, headers and bodies', async () => {
    const { consentId } = await pages.decide('Authorized', { permissions: PERMISSIONS, accountIds: ['first'] });
    await fetchAccounts(consentId);
    const page = await inspect(consentId);
    await row(page, /PATCH/).click();
    const panel = page.getByTestId('inspector-panel');
    await panel.getByText('"authorizationChannel"', { exact: true }).waitFor();
    await panel.getByText('"PS256"').waitFor();
    const checks = panel.getByTestId('inspector-checks');
    assert.equal(await checks.locator('.kept').count(), await checks.locator('li').count());
    await row(page, /GET \/accounts/).click();
    await panel.getByText('<b>Sea</b>').waitFor();
    await panel.getByText(/^Request headers/).click();
    await panel.getByText('{"userId":"user-1"}').waitFor(); // o3-psu-identifier, decoded
    await panel.getByText('The answer obeys the contract').waitFor();
    assert.deepEqual(page.problems, []);
    await pages.finish(page, 'inspector-exchange');
});

test('broken rules are marked, and those behind them are not said to be kept', async () => {
    const consent = await pages.hub.newConsent({ consent: { Permissions: PERMISSIONS } });
    await pages.bank.consents('GET', `/consents/${consent.consentId}`, { token: null });
    await pages.bank.consents('PATCH', `/consents/${consent.consentId}`, { json: { status: 'Authorized' } });
    const page = await inspect(consent.consentId);
    const checks = page.getByTestId('inspector-checks');
    await row(page, /GET \/consents.*1 broken/).click();
    await checks.getByText('JWT-MISSING').waitFor();
    assert.equal(await checks.locator('.kept').count(), 1);
    assert.ok((await checks.locator('.skipped').count()) > 2);
    await row(page, /PATCH.*1 broken/).click();
    await checks.getByText('CONTRACT-REQUEST').waitFor();
    assert.equal(await page.getByTestId('inspector-broken').textContent(), '2');
    await pages.finish(page, 'inspector-broken');
});

test('what the Hub refuses to a TPP, and wrong answers of the bank', async () => {
    const { consentId } = await pages.decide('Authorized', { permissions: PERMISSIONS, accountIds: ['first'] });
    const body = { consentId, method: 'GET', path: '/accounts/first/balances' };
    assert.equal((await pages.hub.script('POST', '/sim/call', body)).status, 403);
    reply = { status: 200, body: { data: 'nothing' } };
    await fetchAccounts(consentId);
    reply = ACCOUNTS;
    const page = await inspect(consentId, { colorScheme: 'dark' });
    const checks = page.getByTestId('inspector-checks');
    await row(page, /GET \/accounts\/first\/balances .*TPP to Hub.* 403/).click();
    await checks.getByText('SIM-PERMISSION').waitFor();
    await row(page, /GET \/accounts Ozone Connect.*1 broken/).click();
    await checks.getByText('BANK-REPLY').waitFor();
    await pages.finish(page, 'inspector-dark');
});

test('it is usable by keyboard alone and on a narrow screen', async () => {
    const { consentId } = await pages.decide('Authorized', { permissions: PERMISSIONS, accountIds: ['first'] });
    const page = await inspect(consentId, { width: 320 });
    await drawn(page, 5);
    await page.getByTestId('inspector-row').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const third = page.getByTestId('inspector-row').nth(2);
    assert.equal(await third.getAttribute('aria-expanded'), 'true');
    await page.getByTestId('inspector-panel').getByText('"PS256"').waitFor();
    await pages.check(page, 'inspector-narrow');
    await page.keyboard.press('Enter');
    assert.equal(await page.getByTestId('inspector-panel').count(), 0);
    await page.context().close();
});

test('times are beside the lanes, or cover their line', async () => {
    const { consentId } = await pages.decide('Authorized', { permissions: PERMISSIONS, accountIds: ['first'] });
    const page = await inspect(consentId);
    await drawn(page, 5);
    for (const width of [320, 768, 1024, 1280, 1920]) {
        await page.setViewportSize({ width, height: 900 });
        const crossed = await page.evaluate(() => {
            const lanes = document.getElementById('rows').getBoundingClientRect();
            return [...document.querySelectorAll('.row time')].filter((time) =>
                getComputedStyle(time).position === 'absolute' && time.getBoundingClientRect().right > lanes.left + lanes.width / 6 - 2).length;
        });
        assert.equal(crossed, 0, `${width}`);
    }
    await page.context().close();
});

test('the chosen exchange is in the address and kept over a reload', async () => {
    const { consentId } = await pages.decide('Authorized', { permissions: PERMISSIONS, accountIds: ['first'] });
    const page = await inspect(consentId, { width: 1400 });
    await row(page, /PATCH/).click();
    await page.waitForURL(/[?&]exchange=\d+/);
    await page.reload();
    const panel = page.getByTestId('inspector-panel');
    await panel.getByRole('heading', { name: /^PATCH/ }).waitFor();
    assert.equal(await row(page, /PATCH/).getAttribute('aria-expanded'), 'true');
    assert.ok(await panel.getByText('Dubai time', { exact: true }).isVisible());
    assert.ok(await panel.getByText('UTC', { exact: true }).isVisible());
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await panel.getByText('As curl', { exact: true }).click();
    await panel.getByTestId('inspector-curl').click();
    await panel.getByText('Copied.').waitFor();
    const curl = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(curl, /^curl -X PATCH "\$CONSENT_MANAGER"'\/consents\//);
    assert.match(curl, /Bearer \$TOKEN/);
    assert.match(curl, /--data-raw '\{/);
    await pages.finish(page, 'inspector-reloaded');
});

test('a journey is exported as HAR without secrets and personal data', async () => {
    const personal = { nickName: 'Sea house', accountNumber: 'AE070331234567890123456', accountHolderName: 'Hessa Al Nuaimi',
        maritalStatus: 'Married', residentialAddress: [{ addressLine: ['Villa 12'], postCode: '55501' }], salary: { amount: '41000.00', currency: 'AED' } };
    reply = { status: 200, body: { data: [{ id: 'first', status: 'Active', accountSubType: 'Savings', ...personal }], meta: { totalPages: 1, totalRecords: 1 } } };
    const { consentId, location } = await pages.decide('Authorized', { permissions: PERMISSIONS, accountIds: ['first'] });
    await fetch(location);
    await fetchAccounts(consentId);
    reply = ACCOUNTS;
    const page = await inspect(consentId);
    await row(page, /GET \/accounts/).waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId('inspector-export').click()]);
    assert.match(file.suggestedFilename(), /^journey-[\w-]{8}\.har$/);
    const text = readFileSync(await file.path(), 'utf8');
    const { log } = JSON.parse(text);
    assert.equal(log.version, '1.2');
    const { exchanges, steps } = await pages.hub.consent(consentId);
    assert.equal(log.entries.length, exchanges.length + steps.length);
    for (const { startedDateTime, request, response, timings } of log.entries) {
        assert.ok(Date.parse(startedDateTime) && new URL(request.url) && response.status >= 200 && timings.wait >= 0);
    }
    const accounts = log.entries.find(({ request }) => new URL(request.url).pathname === '/accounts');
    const [account] = JSON.parse(accounts.response.content.text).data;
    assert.equal(account.status, 'Active');
    assert.equal(account.nickName, '(nickName)');
    assert.deepEqual(account.salary, { amount: '(amount)', currency: 'AED' });
    assert.equal(accounts.request.headers.find(({ name }) => name === 'o3-psu-identifier').value, '(o3-psu-identifier)');
    assert.equal(accounts._token.claims.jti, '(jti)');
    const secrets = [...new URL(location).searchParams].filter(([name]) => ['code', 'state'].includes(name)).map(([, value]) => value);
    assert.equal(secrets.length, 2);
    const words = Object.values(personal).flatMap((one) => JSON.stringify(one).match(/[\w. ]{4,}/g)).filter((one) => !/^[a-z]/.test(one));
    for (const word of [...secrets, ...words.filter((one) => one !== 'AED'), exchanges.find(({ token }) => token).token.claims.jti]) {
        assert.ok(!text.includes(word), `${word} is in the file`);
    }
    await pages.finish(page, 'inspector-export');
});

/** The page with the file of that text chosen in it. */
async function chooseFile(page, text, name = 'journey.har') {
    await page.getByTestId('inspector-file').setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
}

test('an exported journey is opened from its file, labelled, and kept over a reload', async () => {
    const { consentId, location } = await pages.decide('Authorized', { permissions: PERMISSIONS, accountIds: ['first'] });
    await fetch(location);
    await fetchAccounts(consentId);
    await pages.bank.consents('PATCH', `/consents/${consentId}`, { json: { status: 'Authorized' } });
    const page = await inspect(consentId);
    await row(page, /PATCH.*1 broken/).waitFor();
    const [seen, figures] = [await labels(page), await page.locator('#figures').innerText()];
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId('inspector-export').click()]);
    const text = readFileSync(await file.path(), 'utf8');
    await page.goto(`${pages.hub.url}/inspector.html`);
    await page.getByTestId('recent-choice').waitFor();
    await chooseFile(page, text, file.suggestedFilename());
    await page.waitForURL('**/inspector.html?file');
    await drawn(page, seen.length);
    const plain = (all) => all.map((label) => label.replace(/[0-9a-f]{6}…|\([\w-]+\)/g, 'ID'));
    assert.deepEqual(plain(await labels(page)), plain(seen));
    assert.equal(await page.locator('#figures').innerText(), figures);
    const said = page.getByTestId('inspector-imported');
    assert.match(await said.innerText(), /^Imported from journey-[\w-]+\.har\. Nothing here is live/);
    assert.equal(await page.locator('#live').innerText(), 'From a file');
    await row(page, /GET \/accounts/).click();
    await page.waitForURL(/exchange=/);
    await page.reload();
    await page.getByTestId('inspector-panel').getByText('"(nickName)"').waitFor();
    assert.equal(await said.isVisible(), true);
    assert.equal(await page.getByTestId('inspector-export').isVisible(), false);
    assert.deepEqual(page.problems, []);
    await pages.check(page, 'inspector-imported');
    await said.getByRole('link', { name: 'Close the file' }).click();
    await page.getByTestId('recent-choice').waitFor();
    await page.context().close();
});

const HAR = {
    log: {
        _journey: {
            version: 1, exported: '2026-10-31T09:00:00Z', consentId: 'c', tppName: '<b>Sea</b>', slug: 'karak', providerId: 'p',
            status: 'Authorized', until: '2026-12-31T09:00:00Z', pays: false, permissions: 1,
        },
        entries: [{
            startedDateTime: '2026-10-31T09:00:00Z', time: 1, _interface: 'heimdall', _findings: [],
            request: { method: 'GET', url: 'https://heimdall.invalid/<img src=x onerror=alert(1)>', headers: [] },
            response: { status: 200, redirectURL: '', content: { mimeType: 'text/html', text: '<script>alert(1)</script>' } },
        }],
    },
};

/** The text of a file that differs in one part. */
function differing(path, value) {
    const copy = structuredClone(HAR);
    const names = path.split('.');
    const last = names.pop();
    names.reduce((part, name) => part[name], copy)[last] = value;
    return JSON.stringify(copy);
}

test('a file that is malformed, too large or of another version is refused with its reason', async () => {
    const { FILE_BYTES } = await import('../../tools/hub-sim/web/import.js');
    const whole = JSON.stringify(HAR);
    const entry = 'log.entries.0';
    const refused = [
        [whole.slice(0, -1), 'it is not JSON, or it was cut short'],
        ['', 'it is not JSON, or it was cut short'],
        ['null', 'The file holds no journey.'],
        ['{"log": {"entries": []}}', 'The file holds no journey.'],
        [differing('log._journey.version', 2), 'version 2 of the journey\'s form. This page opens version 1.'],
        [differing('log._journey.slug', '../x'), 'The head of the file is malformed: slug'],
        [differing('log.entries', {}), 'entries must be a list of at most 5000'],
        [differing(entry, null), 'Entry 1 of the file is malformed: startedDateTime'],
        [differing(`${entry}._interface`, 'toString'), 'Entry 1 of the file is malformed: _interface'],
        [differing(`${entry}.request.url`, 'javascript:alert(1)'), 'Entry 1 of the file is malformed: request.url'],
        [differing(`${entry}.request.headers`, [{ name: 'a' }]), 'Entry 1 of the file is malformed: request.headers'],
        [differing(`${entry}.response.status`, '200'), 'Entry 1 of the file is malformed: response.status'],
        [whole.padEnd(FILE_BYTES + 1), 'The file is too large: it may have at most 4 MiB.'],
    ];
    const page = await pages.open('/inspector.html', { width: 320 });
    for (const [text, reason] of refused) {
        await chooseFile(page, text);
        await page.getByTestId('inspector-refused').getByText(reason).waitFor();
        assert.match(await page.getByTestId('inspector-refused').innerText(), /^journey\.har was not opened\. /);
    }
    await pages.check(page, 'inspector-refused');
    await chooseFile(page, whole.padEnd(FILE_BYTES));
    await drawn(page, 1);
    await page.getByTestId('inspector-row').click();
    await page.getByTestId('inspector-panel').getByText('<script>alert(1)</script>').waitFor();
    assert.equal(await page.locator('#rows img, #rows script').count(), 0);
    assert.deepEqual(page.problems, []);
    await page.context().close();
});

test('a tab that keeps no file says so', async () => {
    const page = await pages.open('/inspector.html?file');
    await page.getByText('This tab keeps no file. Choose it again.').waitFor();
    await page.context().close();
});

test('every call of a journey can be copied as curl', async () => {
    const { curlOf } = await import('../../tools/hub-sim/web/curl.js');
    const call = { method: 'GET', path: '/x', query: 'a=b', status: 200 };
    assert.equal(curlOf({ ...call, interface: 'redirect', path: 'https://bank.test/authorize' }), "curl -X GET 'https://bank.test/authorize?a=b'");
    assert.equal(curlOf({ ...call, interface: 'callback' }), 'curl -X GET "$TPP"\'/x?a=b\'');
    assert.match(curlOf({ ...call, interface: 'par', requestBody: '{"secret":1}' }), /"request=\$REQUEST_OBJECT"$/);
    assert.match(curlOf({ ...call, interface: 'refused' }), /Bearer \$TOKEN/);
});

test('what the Hub tells the bank has a chapter of its own', async () => {
    const { phaseOf } = await import('../../tools/hub-sim/web/journey.js');
    const call = { interface: 'ozone-connect', method: 'POST' };
    assert.equal(phaseOf({ ...call, path: '/consent/action/validate' }, false), 'The TPP asks');
    assert.equal(phaseOf({ ...call, path: '/consent/event/post' }, false), 'The Hub tells the bank');
    assert.equal(phaseOf({ ...call, path: '/consent/event/patch' }, true), 'The Hub tells the bank');
    assert.equal(phaseOf({ ...call, method: 'GET', path: '/accounts' }, true), 'Data is fetched');
});

test('every interface that the simulator notes is drawn, named and copied', async () => {
    const { interfaceName, isInterface, lanesOf, phaseOf } = await import('../../tools/hub-sim/web/journey.js');
    const { curlOf } = await import('../../tools/hub-sim/web/curl.js');
    const folder = join(ROOT, 'tools/hub-sim');
    const sources = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.c'));
    const noted = new Set(sources.flatMap((name) =>
        [...readFileSync(join(folder, name), 'utf8').matchAll(/\.interface = "([\w-]+)"/g)].map(([, found]) => found)));
    assert.ok(noted.has('par') && noted.has('webhook'));
    for (const name of noted) {
        const note = { interface: name, method: 'POST', path: '/x', status: 0 };
        assert.ok(isInterface(name), name);
        assert.ok(interfaceName(note) && phaseOf(note, true) && lanesOf(note).from && !curlOf(note).includes('undefined'), name);
    }
    const event = { interface: 'webhook', method: 'POST', path: 'https://tpp.test/events', requestBody: '{"iss":1}' };
    assert.equal(curlOf(event), 'curl -X POST \'https://tpp.test/events\' \\\n  --data-raw "$ENCRYPTED_EVENT"');
});

test('no token is kept, only what it says', async () => {
    const { consentId } = await pages.decide('Authorized', { permissions: PERMISSIONS, accountIds: ['first'] });
    await fetchAccounts(consentId);
    const known = await pages.hub.consent(consentId);
    assert.equal(known.exchanges.every(({ token }) => token.claims.jti && token.header.kid), true);
    assert.doesNotMatch(JSON.stringify(known), /Bearer|eyJ[\w-]+\.eyJ/);
});

test('tokens are drawn where they are issued, and none is kept', async () => {
    const { page, location, consentId } = await pages.share('Authorized', { permissions: PERMISSIONS, accountIds: ['first'] });
    await page.goto(location);
    await page.getByTestId('tpp-account-first').waitFor();
    const [issued, ...others] = (await pages.hub.consent(consentId)).steps.filter(({ interface: name }) => name === 'token');
    assert.deepEqual(others, []);
    assert.equal(issued.requestBody, 'grant_type=authorization_code');
    assert.deepEqual(Object.keys(JSON.parse(issued.replyBody)), ['token_type', 'expires_in', 'scope']);
    await page.context().close();
    const diagram = await inspect(consentId);
    await row(diagram, /^.*POST .*token.*TPP to Hub.*200/).click();
    const panel = diagram.getByTestId('inspector-panel');
    await panel.getByText('grant_type = authorization_code').first().waitFor();
    await panel.getByText('As curl', { exact: true }).click();
    await panel.getByText('code_verifier=$CODE_VERIFIER').waitFor();
    const code = new URL(location).searchParams.get('code');
    assert.ok(!(await diagram.content()).includes(code));
    assert.deepEqual(diagram.problems, []);
    await pages.finish(diagram, 'inspector-token');
});

test('a journey that is not there is said to be so', async () => {
    const page = await inspect('nothing');
    await page.getByText('There is no such consent.').waitFor();
    await pages.finish(page, 'inspector-unknown');
});
