// What the Hub gets to know of people: ids that say nothing. Journeys are walked, then everything
// that was sent to Headless Heimdall and the Consent Manager is searched for what the bank holds.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { Customer, newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';
import { peopleOf } from '../support/people.mjs';

const PERMISSIONS = ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadBalances'];
const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let demo;

before(async () => {
    demo = await startDemo();
});
after(() => demo?.stop());

/** A consent that a customer decides on; what the Hub has of it afterwards. */
async function decide(providerId, user, decision) {
    const consent = await newConsent(demo, PERMISSIONS, { providerId });
    const customer = await Customer.arrive(demo, consent);
    const { journey } = customer;
    const { accounts } = await customer.reachReview(user);
    const accountIds = accounts.map(({ id }) => id);
    const body = decision === 'approve' ? { journey, accountIds } : { journey };
    assert.equal((await customer.post(`/journey/${decision}`, body)).view, 'redirect');
    const kept = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${consent.consentId}`)).json();
    assert.deepEqual(kept.findings, []);
    return { ...kept, accountIds };
}

/** The bank's own requests, whole. */
function sentToHub({ exchanges }) {
    return exchanges
        .filter(({ interface: name }) => name !== 'ozone-connect')
        .map((exchange) => JSON.stringify(
            Object.entries(exchange).filter(([name]) => !/^response/i.test(name)),
        ));
}

for (const { providerId, segment } of [
    { providerId: 'dhowretail', segment: 'retail' },
    { providerId: 'dhowbusiness', segment: 'sme' },
]) {
    test(`nothing about people leaves ${providerId} but ids`, async () => {
        const { users } = demo.providers.find((provider) => provider.providerId === providerId);
        const customers = users.filter(({ accountIds }) => accountIds.length > 0).slice(0, 3);
        const sent = [];
        for (const user of customers) {
            const kept = [
                await decide(providerId, user, 'approve'),
                await decide(providerId, user, 'approve'),
                await decide(providerId, user, 'cancel'),
            ];
            for (const { consent } of kept) { // the same person is the same id, for ever
                assert.deepEqual(consent.psuIdentifiers, { userId: user.userId });
            }
            assert.match(user.userId, UUID4);
            const client = new HubClient(demo, providerId);
            for (const id of kept[0].consent.accountIds) {
                assert.match(id, /^[\w-]{1,40}$/);
                const reply = await client.get(`/accounts/${id}`, { userId: user.userId });
                assert.equal(reply.json.data.id, id);
            }
            client.close();
            sent.push(...kept.flatMap(sentToHub));
            for (const { login, password } of [user]) {
                assert.ok(!sent.some((text) => text.includes(`"${login}"`) || text.includes(password)));
            }
        }
        assert.equal(new Set(customers.map(({ userId }) => userId)).size, customers.length);
        const all = sent.join('\n');
        assert.ok(sent.length > 20 && customers.every(({ userId }) => all.includes(userId)));
        const people = peopleOf(demo, segment);
        assert.ok(people.size > 100);
        for (const [value, kind] of people) {
            assert.ok(!all.includes(value), `${kind} was sent to the Hub: ${value}`);
        }
    });
}
