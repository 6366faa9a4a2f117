// A customer with a browser, and what the Hub saw of the bank.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { BUILD_DIR } from '../support/demo.mjs';

/** The first that is there; the shell needs half of the processor time of the whole browser. */
const BROWSERS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
const CHROMIUM = process.env.LFI_CHROMIUM ?? BROWSERS.find(existsSync);
const ARGS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
];
const SCREENSHOTS = join(process.env.LFI_OUTPUT_DIR ?? BUILD_DIR, 'screenshots');
const PHONE = { width: 390, height: 844 };
const STEP_MS = 15_000;

export function openBrowser() {
    return chromium.launch({ executablePath: CHROMIUM, args: ARGS });
}

export async function post(url, body, method = 'POST') {
    const answer = await fetch(url, {
        method,
        headers: { 'content-type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
}

/** What the TPP asks for: a year of accounts, balances and transactions. */
export function terms(more = {}) {
    return {
        Permissions: ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadBalances', 'ReadTransactionsBasic'],
        ExpirationDateTime: new Date(Date.now() + 300 * 86_400_000).toISOString(),
        ...more,
    };
}

/** Plays the TPP: a new consent and the address to send the customer to. */
export async function requestConsent(
    demo, { providerId = 'dhowretail', type = 'data-sharing', consent = terms() } = {},
) {
    const made = await post(`${demo.hub.baseUrl}/sim/consents`, {
        providerId,
        type,
        consent,
        probes: true,
        unchecked: true, // the bank's pages are looked at, with dates that stay
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body;
}

/** What the Hub keeps of a consent. */
export async function consentAtHub(demo, consentId) {
    return (await fetch(`${demo.hub.baseUrl}/sim/consents/${consentId}`)).json();
}

/** What the bank changed at the Hub: ["PATCH Authorized", "doConfirm", "doFail access_denied …"]. */
export function changes({ exchanges }) {
    return exchanges
        .filter(({ interface: name, method }) => name !== 'ozone-connect' && method !== 'GET')
        .map(({ method, path, requestBody }) => {
            if (method === 'PATCH') {
                return `PATCH ${JSON.parse(requestBody).status}`;
            }
            const form = new URLSearchParams(requestBody ?? '');
            const name = path.split('/').at(-1);
            return [name, form.get('error'), form.get('error_description')].filter(Boolean).join(' ');
        });
}

/** Makes the Hub misbehave towards the bank until heal(). */
export async function breakHub(demo, target, kind, more = {}) {
    const set = await post(`${demo.hub.baseUrl}/sim/faults`, { target, kind, ...more });
    assert.ok(set.status < 300, JSON.stringify(set.body));
}

export async function healHub(demo) {
    await fetch(`${demo.hub.baseUrl}/sim/faults`, { method: 'DELETE' });
}

/** A customer's browser: a page, with every complaint of the browser collected. */
export async function arrive(browser, demo, request, options = {}) {
    const context = await browser.newContext({ viewport: PHONE, locale: 'en-GB', ...options });
    context.setDefaultTimeout(STEP_MS);
    const page = await context.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(`${error}`));
    page.on('console', (message) => {
        if (message.type() === 'error' && message.location().url.startsWith(demo.publicBaseUrl)) {
            complaints.push(message.text());
        }
    });
    await page.goto(request.authorizeUrl);
    return {
        page,
        context,
        complaints,
        at: (testId) => page.getByTestId(testId),
        async signIn({ login, password }) {
            await page.getByTestId('sign-in-user').fill(login);
            await page.getByTestId('sign-in-password').fill(password);
            await page.getByTestId('sign-in-submit').click();
        },
        async decideInApp(button = 'app-approve') {
            const [app] = await Promise.all([
                context.waitForEvent('page'),
                page.getByTestId('open-app').click(),
            ]);
            const shown = await page.getByTestId('second-factor-number').textContent();
            assert.equal(await app.getByTestId('app-number').textContent(), shown);
            await shoot(app, 'bank-app');
            await app.getByTestId(button).click();
            await app.getByRole('status').waitFor();
            await app.getByTestId('app-close').waitFor();
            await shoot(app, `${button}-done`);
            await app.close();
        },
        /** Signed in, by the API that the pages use; the page goes on where the customer is. */
        async toReview({ login, password }) {
            await page.getByTestId('sign-in-user').waitFor();
            const ask = asker(context, demo);
            const { journey } = await ask('/journey/state', {});
            const { openApp } = await ask('/journey/sign-in', { journey, login, password });
            await approve(ask, openApp);
            await ask('/journey/approval', { journey });
            await page.goto(`${demo.publicBaseUrl}/journey`);
            await page.getByTestId('approve').waitFor();
        },
        /** Waits until the TPP has the customer back, without waiting for countdowns; what it was given. */
        async back() {
            let arrived = false;
            page.getByTestId('refused-return').waitFor()
                .then(() => arrived || page.getByTestId('refused-return').click())
                .catch(() => undefined);
            await page.waitForURL((url) => url.href.startsWith(`${demo.hub.baseUrl}/tpp/callback`));
            arrived = true;
            return Object.fromEntries(new URL(page.url()).searchParams);
        },
        close: () => context.close(),
    };
}

const pictures = new Set();

/** Keeps a picture of a page as build output, the first of each name. */
export async function shoot(page, name) {
    if (pictures.has(name)) {
        return;
    }
    pictures.add(name);
    mkdirSync(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

export function providerOf(demo, providerId) {
    return demo.providers.find((provider) => provider.providerId === providerId);
}

/** A customer of a provider that fits: by login, or the first with at least `accounts`. */
export function userOf(demo, { providerId = 'dhowretail', login, accounts = 1 } = {}) {
    const found = providerOf(demo, providerId).users.find((user) =>
        login ? user.login === login : user.accountIds.length >= accounts,
    );
    assert.ok(found, `no such customer of ${providerId}`);
    return found;
}

export async function until(condition, what, ms = STEP_MS) {
    const deadline = Date.now() + ms;
    for (;;) {
        const value = await condition();
        if (value) {
            return value;
        }
        assert.ok(Date.now() < deadline, `never: ${what}`);
        await sleep(100);
    }
}

/** Asks the server as the pages of a browser do: with its cookies, again while it is busy. */
function asker(context, demo) {
    return async function ask(path, data) {
        const answer = await context.request.post(`${demo.publicBaseUrl}${path}`, {
            data, headers: { origin: demo.publicBaseUrl },
        });
        const view = await answer.json();
        if (view.view !== 'working' && view.error !== 'PROVIDER-BUSY') {
            return view;
        }
        await sleep(200);
        return ask(path, data);
    };
}

/** Approves in the bank app what it asks for. */
async function approve(ask, openApp) {
    const device = openApp.split('#')[1];
    const { asked: approvalId } = await ask('/bank-app/approvals', { device });
    await ask('/bank-app/decision', { device, approvalId, approve: true });
}

/** Signs a customer in to the bank's own pages, by the API that the pages use. */
export async function signInAsCustomer({ context }, demo, { login, password }, providerId = 'dhowretail') {
    const ask = asker(context, demo);
    const { journey } = await ask('/consents/api/start', { provider: providerId });
    const { openApp } = await ask('/consents/api/sign-in', { journey, login, password });
    await approve(ask, openApp);
    const { view } = await ask('/consents/api/approval', { journey });
    assert.equal(view, 'consents');
}

const DEVICE = {
    protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
    isUserVerified: true, automaticPresenceSimulation: true,
};

/** A customer who has arrived with a phone that can make passkeys; device() talks to it. */
export async function arriveWithDevice(browser, demo, request, options) {
    const customer = await arrive(browser, demo, request, options);
    const cdp = await customer.context.newCDPSession(customer.page);
    await cdp.send('WebAuthn.enable');
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: DEVICE });
    customer.device = (method, more = {}) => cdp.send(`WebAuthn.${method}`, { authenticatorId, ...more });
    return customer;
}
