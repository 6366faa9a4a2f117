// One customer in one browser, walking one journey and taking pictures of it.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
    arrive, arriveWithDevice, changes, consentAtHub, signInAsCustomer, until, userOf,
} from '../journey/support.mjs';

const DEVICES = {
    phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
    desktop: { viewport: { width: 1280, height: 800 } },
};
const LOCALES = { en: 'en-GB', ar: 'ar-AE' };

export const languages = Object.keys(LOCALES);

export class Walker {
    /** Pictures go to `folder`; their names and captions are collected in .pictures. */
    constructor({ demo, walk, language, device, folder }) {
        Object.assign(this, { demo, walk, language, device, folder, pictures: [] });
        mkdirSync(folder, { recursive: true });
    }

    async open(browser, { authorizeUrl, consentId }) {
        const options = { ...DEVICES[this.device], locale: LOCALES[this.language] };
        const come = this.walk.device ? arriveWithDevice : arrive;
        Object.assign(this, { browser, authorizeUrl, consentId });
        this.customer = await come(browser, this.demo, { authorizeUrl }, options);
        this.page = this.customer.page;
        this.at = this.customer.at;
    }

    user() {
        const { providerId, login } = this.walk;
        return userOf(this.demo, { providerId, login, accounts: login ? 0 : 2 });
    }

    async picture(caption, page = this.page) {
        const name = `${this.language}-${this.device}-${this.pictures.length + 1}.png`;
        await page.screenshot({ path: join(this.folder, name), fullPage: true, animations: 'disabled' });
        this.pictures.push({ name, caption, language: this.language, device: this.device });
    }

    /** Waits until the element is there, and takes the picture. */
    async screen(testId, caption) {
        await this.at(testId).first().waitFor();
        await this.picture(caption);
    }

    async signIn(other = {}) {
        await this.at('sign-in-user').waitFor();
        await this.customer.signIn({ ...this.user(), ...other });
    }

    /** Decides in the simulated bank app; with a caption, showing it. */
    async decideInApp(button, caption) {
        const [app] = await Promise.all([
            this.customer.context.waitForEvent('page'),
            this.at('open-app').click(),
        ]);
        await app.getByTestId(button).waitFor();
        if (caption) {
            await this.picture(caption, app);
        }
        await app.getByTestId(button).click();
        await app.getByRole('status').waitFor();
        if (caption) {
            await this.picture(`${caption}: done`, app);
        }
        await app.close();
    }

    async toReview() {
        await this.signIn();
        await this.decideInApp('app-approve');
        await this.at('approve').waitFor();
    }

    /** Another browser of the same customer, which opens a link; its pictures are ours. */
    async onPhone(link) {
        const phone = new Walker({ ...this, device: 'phone' });
        phone.pictures = this.pictures;
        await phone.open(this.browser, { authorizeUrl: link });
        this.phone = phone;
        return phone;
    }

    signInToOwnPages() {
        return signInAsCustomer(this.customer, this.demo, this.user(), this.walk.providerId);
    }

    /** Until the server has ended the journey without us. */
    untilEnded() {
        const ended = async () => changes(await consentAtHub(this.demo, this.consentId)).length > 1;
        return until(ended, 'the journey is ended', 90_000);
    }

    async close() {
        await this.phone?.close();
        await this.customer?.close();
    }

    chooseAccount() {
        return this.page.locator('input[name=account]').first().check();
    }

    /** What the TPP was given when the customer is back. */
    async back() {
        this.page.setDefaultTimeout(90_000); // also when time must run out first
        return this.customer.back();
    }

    async assertBack(expected) {
        const given = await this.back();
        for (const [name, value] of Object.entries(expected)) {
            assert.ok(value === true ? given[name] : given[name] === value, `${name}: ${given[name]}`);
        }
        assert.equal(Boolean(given.code), Boolean(expected.code), 'a code only for an approval');
        await this.picture('Back at the TPP');
    }
}
