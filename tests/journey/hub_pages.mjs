// The pages of the Hub simulator in a browser, with a bank that is played by the test.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Bank, startFakeBank, startHub, withTppSide } from '../contract/hub_support.mjs';
import { BUILD_DIR } from '../support/demo.mjs';
import { assertAccessible, assertFits } from '../support/suite.mjs';
import { openBrowser } from './support.mjs';

const PICTURES = join(process.env.LFI_OUTPUT_DIR ?? BUILD_DIR, 'screenshots');
/* The name of a control holds what is seen of it; experimental in axe, so off by default. */
const NAMES_ARE_SEEN = { 'label-content-name-mismatch': { enabled: true } };
const STEP_MS = 15_000;

/**
 * Starts simulator, bank and browser; `answer(url)` is what the bank says to Ozone Connect calls. TPPs are
 * served, for the app is one; `adjust` may change the configuration further.
 */
export async function startPages(answer, { adjust = () => {} } = {}) {
    const configure = (config) => {
        withTppSide(config);
        adjust(config);
    };
    const [hub, browser] = await Promise.all([startHub({ adjust: configure }), openBrowser()]);
    const fake = await startFakeBank(hub);
    fake.answer = answer;
    mkdirSync(PICTURES, { recursive: true });
    return new Pages(hub, fake, browser);
}

class Pages {
    constructor(hub, fake, browser) {
        Object.assign(this, { hub, fake, browser, bank: new Bank(hub) });
    }

    async stop() {
        await this.browser.close();
        this.bank.close();
        await this.fake.stop();
        await this.hub.stop();
    }

    /** A page of its own, with every complaint of the browser in `problems`. */
    async open(url, { width = 390, colorScheme = 'light', locale = 'en-GB' } = {}) {
        const viewport = { width, height: 844 };
        const context = await this.browser.newContext({ viewport, colorScheme, locale });
        context.setDefaultTimeout(STEP_MS);
        const page = await context.newPage();
        page.problems = [];
        page.on('pageerror', (error) => page.problems.push(error.message));
        page.on('console', (message) => message.type() === 'error' && page.problems.push(message.text()));
        await page.goto(new URL(url, this.hub.url).href);
        return page;
    }

    /** The page stays where it is when it goes to the bank, so that it can be looked at for as long as that takes. */
    async stay(page) {
        await page.route('http://bank.test/**', (route) => route.fulfill({ status: 204 }));
    }

    /** Presses the link to the bank, after which the page does not leave by itself; resolves to where it leads. */
    async pressLeave(page) {
        const [request] = await Promise.all([page.waitForRequest('http://bank.test/**'), page.getByTestId('tpp-leave').click()]);
        return request.url();
    }

    /** The text of an exchange of the panel, which is opened for it. */
    async textOf(details) {
        await details.locator('summary').click();
        await details.locator('pre').first().waitFor();
        return details.innerText();
    }

    /** Accessible, and not wider than the window. */
    async check(page, name) {
        await assertAccessible(page, name, NAMES_ARE_SEEN);
        await assertFits(page, name);
        await page.screenshot({ path: join(PICTURES, `tpp-${name}.png`), fullPage: true });
    }

    async finish(page, name) {
        await this.check(page, name);
        await page.context().close();
    }

    /**
     * A consent that the TPP app asks for in a browser of its own, and on which the customer has decided;
     * with the page, and where its browser goes then.
     */
    async share(status, { permissions, accountIds = ['first', 'second'], ending, ...look } = {}) {
        const page = await this.open('/connect.html', look);
        const asked = await page.evaluate(async (Permissions) => {
            const { tpps: [{ clientId }] } = await (await fetch('/sim/setup')).json();
            const consent = { Permissions, ExpirationDateTime: new Date(Date.now() + 90 * 86_400_000).toISOString() };
            const reply = await fetch('/tpp/app/consents', {
                method: 'POST',
                headers: { 'content-type': 'application/json' },
                body: JSON.stringify({ providerId: 'dhowretail', clientId, consent }),
            });
            return { status: reply.status, ...(await reply.json()) };
        }, permissions);
        assert.equal(asked.status, 201, JSON.stringify(asked));
        const known = { ...asked, providerId: 'dhowretail', query: asked.authorizeUrl.split(/\?(.*)/s)[1] };
        return { ...(await this.#end(known, status, accountIds, ending)), page };
    }

    /** A scripted consent on which the customer has decided; where the browser goes then. */
    async decide(status, { permissions, accountIds = ['first', 'second'], ending } = {}) {
        const consent = await this.hub.newConsent({ consent: { Permissions: permissions } });
        return this.#end(consent, status, accountIds, ending);
    }

    async #end(consent, status, accountIds, ending) {
        const interactionId = await this.bank.begin(consent);
        await this.bank.decide(consent, status, { accountIds });
        const how = ending ? 'doFail' : 'doConfirm';
        const { headers } = await this.bank.end(consent, interactionId, how, ending);
        return { ...consent, location: headers.location };
    }
}
