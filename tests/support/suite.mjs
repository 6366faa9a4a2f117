// What a suite of journeys starts and ends: a demonstration, a browser and its windows.
import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { openBrowser } from '../journey/support.mjs';
import { startDemo } from './demo.mjs';

export let demo;
export let browser;

/** Before the tests of this file a demonstration with these options; after each no window is left. */
export function useDemo(options) {
    before(async () => {
        [demo, browser] = await Promise.all([startDemo(options), openBrowser()]);
    });
    afterEach(() => Promise.all((browser?.contexts() ?? []).map((context) => context.close())));
    after(async () => {
        await browser?.close();
        await demo?.stop();
    });
}

/**
 * Fails on whatever makes a page inaccessible. A page of ours is one frame, so no second page is
 * opened to merge frames (legacy mode), and nothing but the violations is worked out.
 */
export async function assertAccessible(page, name, rules = {}) {
    assert.equal(page.frames().length, 1, name);
    const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'], rules });
    const { violations } = await axe.analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes[0].html]), [], name);
}

/** Nothing of a page is beside the window. */
export async function assertFits(page, name) {
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${name}: ${overflow} px too wide`);
}
