// Whoever knows a login, or even its password, can neither lock its owner out nor flood their app.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { Customer } from '../support/customer.mjs';
import { assertAccessible, browser, demo, useDemo } from '../support/suite.mjs';
import { arrive, requestConsent, shoot, userOf } from './support.mjs';

useDemo({ adjustServer: '.journey.maxAttempts = 10' });

const newCustomer = async () => Customer.arrive(demo, await requestConsent(demo));

async function decide(customer, approve) {
    const { device } = customer;
    const { asked: approvalId } = await customer.openApp();
    return customer.post('/bank-app/decision', { device, approvalId, approve });
}

/** A try from another address of this machine, in a journey of its own. */
async function tryFrom(localAddress, login, password) {
    const stranger = await newCustomer();
    const body = JSON.stringify({ journey: stranger.journey, login, password });
    const { port } = new URL(demo.publicBaseUrl);
    const headers = {
        'content-type': 'application/json', origin: demo.publicBaseUrl,
        cookie: [...stranger.cookies.values()].join('; '),
    };
    const options = { host: '127.0.0.1', port, path: '/journey/sign-in', method: 'POST', localAddress, headers };
    return new Promise((resolve, reject) => {
        const call = httpRequest(options, (reply) => {
            let text = '';
            reply.on('data', (chunk) => (text += chunk));
            reply.on('end', () => resolve({ status: reply.statusCode, ...JSON.parse(text) }));
        });
        call.on('error', reject).end(body);
    });
}

test('a second request waits for the first, which nobody can push out of the app', async () => {
    const user = userOf(demo, { login: 'omar' });
    const owner = await newCustomer();
    assert.equal((await owner.signIn(user)).view, 'approval');
    for (let i = 0; i < 3; i += 1) {
        const thief = await newCustomer();
        const { error, waitSeconds } = await thief.signIn(user);
        assert.equal(error, 'APPROVAL-WAITING');
        assert.ok(waitSeconds > 0 && waitSeconds <= 301, `${waitSeconds}`);
    }
    for (const [locale, wait] of [['en-GB', /You can try again in \d/], ['ar-AE', /يمكنك المحاولة مرة أخرى/]]) {
        const other = await arrive(browser, demo, await requestConsent(demo), { locale });
        await other.signIn(user);
        await other.at('error-wait').waitFor();
        assert.match(await other.at('error-wait').textContent(), wait);
        await shoot(other.page, `approval-waiting-${locale}`);
        await assertAccessible(other.page, 'other');
        await other.close();
    }
    const { approvals } = await owner.openApp();
    assert.equal(approvals.length, 1);
    await decide(owner, true);
    assert.equal((await owner.post('/journey/approval', { journey: owner.journey })).view, 'review');
});

test('requests that are refused come further and further apart; who leaves takes theirs along', async () => {
    const user = userOf(demo, { login: 'leonie' });
    for (let i = 0; i < 4; i += 1) { // approved ones do not count
        const owner = await newCustomer();
        assert.equal((await owner.reachReview(user)).view, 'review');
    }
    for (let i = 0; i < 3; i += 1) {
        const thief = await newCustomer();
        assert.equal((await thief.signIn(user)).view, 'approval');
        if (i === 0) await thief.post('/journey/cancel', { journey: thief.journey });
        else await decide(thief, false);
    }
    const thief = await newCustomer();
    const refused = await thief.signIn(user);
    assert.equal(refused.error, 'APPROVAL-LIMIT');
    assert.ok(refused.waitSeconds > 20 && refused.waitSeconds <= 30, `${refused.waitSeconds}`);
    const other = await arrive(browser, demo, await requestConsent(demo));
    await other.signIn(user);
    await other.at('error-wait').waitFor();
    await shoot(other.page, 'approval-limit');
    await assertAccessible(other.page, 'other');
    await other.close();
});

test('who tries passwords of a login pauses their own address, and nobody else', async () => {
    const user = userOf(demo, { login: 'rohan' });
    const known = await newCustomer();
    assert.equal((await known.reachReview(user)).view, 'review');
    let last;
    for (let i = 0; i < 7; i += 1) {
        last = await tryFrom('127.0.0.2', user.login, `wrong-${i}`);
    }
    assert.deepEqual([last.status, last.error], [429, 'SIGN-IN-LIMIT']);
    assert.equal((await tryFrom('127.0.0.2', user.login, user.password)).error, 'SIGN-IN-LIMIT');
    const elsewhere = await newCustomer();
    assert.equal((await elsewhere.reachReview(user)).view, 'review');
});

test('one password on many logins is paused, counted and logged without a name', async () => {
    const answers = [];
    for (let i = 0; i < 22; i += 1) {
        answers.push(await tryFrom('127.0.0.3', `sprayed-${i}`, 'Summer2026!'));
    }
    const paused = answers.filter(({ error }) => error === 'SIGN-IN-LIMIT');
    assert.equal(paused.length, 2);
    const metrics = await (await fetch(`${demo.adminBaseUrl}/metrics`)).text();
    assert.ok(Number(/^lfi_sign_in_limit_total (\d+)$/m.exec(metrics)[1]) >= 2);
    assert.ok(Number(/^lfi_sign_in_wrong_total (\d+)$/m.exec(metrics)[1]) >= 20);
    const log = JSON.stringify(demo.serverLog().filter(({ event }) => event === 'journey-refused'));
    assert.match(log, /SIGN-IN-LIMIT","detail":"sign-in-source/);
    assert.doesNotMatch(log, /sprayed-|Summer2026/);
});

test('the pause is shown, with its end', async () => {
    const user = userOf(demo, { login: 'hessa' });
    const own = await arrive(browser, demo, await requestConsent(demo));
    for (let i = 0; i < 5; i += 1) {
        await own.signIn({ ...user, password: `wrong-${i}` });
        await own.page.getByTestId('sign-in-error').filter({ hasText: `${9 - i} attempts left` }).waitFor();
    }
    await own.signIn(user);
    await own.at('error-wait').waitFor();
    assert.match(await own.at('error-wait').textContent(), /You can try again in \d+ seconds/);
    await shoot(own.page, 'sign-in-limit');
    await assertAccessible(own.page, 'own');
    await own.page.getByRole('button', { name: 'Try again' }).click();
    await own.at('sign-in-user').waitFor();
    await own.close();
});
