// Two customers decide at the same time, in browsers of their own: neither sees or changes anything
// of the other's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, demo, useDemo } from '../support/suite.mjs';
import {
    arrive, changes, consentAtHub, requestConsent, terms, userOf,
} from './support.mjs';

useDemo();

async function begin(login, tradingName) {
    const request = await requestConsent(demo, {
        consent: terms({ OnBehalfOf: { TradingName: tradingName } }),
    });
    const customer = await arrive(browser, demo, request);
    return { ...customer, request, user: userOf(demo, { login }), tradingName };
}

test('two customers in parallel never see each other', async () => {
    const pair = await Promise.all([begin('leonie', 'Marigold Lending'), begin('hessa', 'Acacia Ledger')]);
    const [one, other] = pair;
    await Promise.all(pair.map((customer) => customer.toReview(customer.user)));
    for (const [mine, theirs] of [[one, other], [other, one]]) {
        const text = await mine.page.locator('body').textContent();
        assert.ok(text.includes(mine.tradingName) && !text.includes(theirs.tradingName));
        const offered = await mine.page.locator('input[name=account]').evaluateAll((all) => all.map(({ value }) => value));
        assert.ok(offered.length > 0 && offered.every((id) => mine.user.accountIds.includes(id)));
    }

    // one names the other's journey, and the other's accounts in their own
    const ask = (customer, path, body) => customer.page.evaluate(
        async ([to, content]) => (await fetch(to, {
            method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(content),
        })).json(),
        [path, body],
    );
    const { journey } = await ask(one, '/journey/state', {});
    const { journey: theirs } = await ask(other, '/journey/state', {});
    assert.notEqual(journey, theirs);
    const foreign = await ask(one, '/journey/cancel', { journey: theirs });
    assert.equal(foreign.error, 'JOURNEY-OTHER');
    const [stranger] = other.user.accountIds.filter((id) => !one.user.accountIds.includes(id));
    const tampered = await ask(one, '/journey/approve', { journey, accountIds: [stranger] });
    assert.equal(tampered.error, 'JOURNEY-ACCOUNTS');
    for (const { request } of pair) {
        assert.deepEqual(changes(await consentAtHub(demo, request.consentId)), []);
    }

    await Promise.all(pair.map(async ({ page, at }) => {
        await page.locator('input[name=account]').first().check();
        await at('approve').click();
    }));
    for (const { back, request, user, close } of pair) {
        assert.ok((await back()).code);
        const kept = await consentAtHub(demo, request.consentId);
        assert.deepEqual(changes(kept), ['PATCH Authorized', 'doConfirm']);
        assert.deepEqual(kept.consent.psuIdentifiers, { userId: user.userId });
        assert.ok(kept.consent.accountIds.every((id) => user.accountIds.includes(id)));
        await close();
    }
});
