// What the bank writes to the customer shows in the simulated bank app.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { browser, demo, useDemo } from '../support/suite.mjs';
import { arrive, requestConsent, shoot, terms, userOf } from './support.mjs';

useDemo();

/** An account of the user whose rates leave encrypted only: asking for them sends a code. */
async function askForRates(client, user, consentId) {
    for (const id of user.accountIds) {
        const { json } = await client.get(`/accounts/${id}/products`, { userId: user.userId, consentId });
        if (typeof json.data?.[0]?.FinanceRates === 'string') {
            return;
        }
    }
    assert.fail('no account with encrypted rates');
}

test('the code for the rates arrives in the app, in the reader\'s language', async () => {
    const user = userOf(demo, { login: 'yusra' });
    const client = new HubClient(demo, 'dhowretail');
    const { Permissions, ...more } = terms();
    const consent = terms({
        ...more, Permissions: [...Permissions, 'ReadProduct', 'ReadProductFinanceRates'],
    });
    const request = await requestConsent(demo, { consent });
    const customer = await arrive(browser, demo, request);
    await customer.signIn(user);
    const [app] = await Promise.all([
        customer.context.waitForEvent('page'),
        customer.at('open-app').click(),
    ]);
    await app.getByTestId('app-approve').click();
    await app.getByRole('status').waitFor();
    await app.reload();
    await app.getByRole('heading', { level: 1 }).waitFor();
    assert.equal(await app.getByTestId('app-message').count(), 0);

    await askForRates(client, user, request.consentId);
    const message = app.getByTestId('app-message');
    await message.waitFor();
    assert.match(await message.innerText(), /Dhow Bank: \d{6} is your code .+ 30 minutes/);
    await shoot(app, 'app-message');
    assert.deepEqual(customer.complaints, []);
    client.close();
    await customer.close();
});
