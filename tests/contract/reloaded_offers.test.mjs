// What a provider offers changes while it answers: how unfit names are told, and in which form its Hub
// hears of payments and quotes. No call is refused for it, and none is answered half in one way and
// half in the other.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../journey/support.mjs';
import { HubClient } from '../support/client.mjs';
import { ROOT, startDemo } from '../support/demo.mjs';
import { Payer } from '../support/payer.mjs';
import { Tpp } from '../support/tpp.mjs';

const BOTH = { standardVersions: ['v2.1', 'v2.2'] };
const NO_CONSENT = { 'o3-aspsp-id': undefined, 'o3-consent-id': undefined, 'o3-psu-identifier': undefined };
const WAIT_MS = 90_000;
const uri = (version) => ({ 'o3-api-uri': `/open-finance/family/${version}/x` });

let demo, retail, insurer, tpp;

before(async () => {
    demo = await startDemo({
        adjustServer: `(.providers[] | select(.id == "dhowretail" or .id == "dhowinsurance")).offers += ${JSON.stringify(BOTH)}`,
        adjustHub: `(.hubs[] | select(.providerId == "dhowretail")).paymentLog = "v2.2"
            | (.hubs[] | select(.providerId == "dhowinsurance")).quoteLog = "v2.2"`,
    });
    [retail, insurer] = ['dhowretail', 'dhowinsurance'].map((id) => new HubClient(demo, id));
    tpp = await Tpp.start(demo);
});

after(async () => {
    [retail, insurer, tpp].forEach((one) => one?.close());
    await demo?.stop();
});

/** Reloads with a provider changed; resolves when it is in force. */
async function reload(providerId, change) {
    const file = join(demo.dir, 'server.json');
    // not serverLog(): it would wait, and let nothing else run, while requests are logged
    const reloads = () => readFileSync(join(demo.dir, 'server.log'), 'utf8').match(/"event":"reload(ed|-failed)"/g) ?? [];
    const before = reloads().length;
    const config = JSON.parse(readFileSync(file, 'utf8'));
    change(config.providers.find(({ id }) => id === providerId));
    writeFileSync(file, JSON.stringify(config, null, 2));
    process.kill(demo.serverPid, 'SIGHUP');
    await until(() => reloads().length > before, 'a reload', WAIT_MS);
    assert.match(reloads().at(-1), /"reloaded"/);
}

async function operate(method, path, body) {
    const reply = await fetch(`${demo.adminBaseUrl}${path}`, {
        method, body: body && JSON.stringify(body),
        headers: {
            authorization: `Bearer ${readFileSync(demo.operatorTokenFile, 'utf8').trim()}`,
            'content-type': 'application/json', connection: 'close',
        },
    });
    assert.ok(reply.ok, `${method} ${path}: ${reply.status}`);
    return reply.status === 204 ? undefined : reply.json();
}

const shown = async (providerId) => (await operate('GET', '/operator/providers')).providers.find(({ provider }) => provider === providerId);

test('unfit names are told or refused as the last reload said, under calls in both versions', async () => {
    const { userId } = retail.provider.users.find(({ login }) => login === 'zoe');
    const client = new HubClient(demo, 'dhowretail');
    client.record = () => {}; // some answers break their contract, and are replaced
    const read = (version) => client.get('/customer', { userId, headers: { ...uri(version), connection: 'close' } });
    const set = (unfitNames) => reload('dhowretail', (provider) => { provider.offers.unfitNames = unfitNames; });
    const answer = ({ status, text }) => `${status} ${status === 200 ? text : ''}`;
    const words = ['refuse', 'transliterate'];
    const older = answer(await read('v2.1'));
    const newer = {};
    for (const word of words) {
        await set(word);
        newer[word] = answer(await read('v2.2'));
        assert.equal((await shown('dhowretail')).unfitNames.required, word);
    }
    assert.match(newer.refuse, /^500 $/);
    assert.match(newer.transliterate, /^200 .*"Zoe Muller"/);
    const seen = new Set();
    let asked = 0;
    let done = false;
    const ask = async (version, expected) => {
        while (!done || asked < 400) {
            asked += 1;
            const got = answer(await read(version));
            assert.ok(expected.includes(got), got);
            if (version === 'v2.2') seen.add(got);
        }
    };
    const asking = Promise.all([['v2.1', [older]], ['v2.1', [older]], ['v2.2', Object.values(newer)], ['v2.2', Object.values(newer)]]
        .map(([version, expected]) => ask(version, expected)));
    try {
        for (let i = 0; i < 6 || (asked < 400 && i < 40); i++) {
            await set(words[i % 2]);
        }
    } finally {
        done = true;
        await asking;
        client.close();
    }
    assert.equal(seen.size, 2);
});

/** A travel quote that was accepted, and becomes a policy by itself. */
async function acceptedQuote() {
    const samples = JSON.parse(readFileSync(join(ROOT, 'openapi/samples.json'), 'utf8'));
    const call = (method, path, data) => insurer.call(method, `/travel-insurance-quotes${path}`, {
        body: data && { data }, headers: { ...NO_CONSENT, ...uri('v2.2') },
    });
    const asked = await call('POST', '', { ...samples.CreateTravelInsuranceQuoteOperation.body.data, QuoteReference: randomUUID() });
    assert.equal(asked.status, 201, asked.text);
    const [{ QuoteId, QuoteReference, Premium, Commission, CreationDateTime }] = asked.json.data;
    const { CommissionAmount, PaymentMethod } = Commission;
    const accepted = await call('PATCH', `/${QuoteId}`, {
        QuoteStatus: 'ApplicationPending', QuoteReference, InsuranceSubType: 'Standard', Premium,
        Commission: { CommissionAmount, PaymentMethod }, QuoteCreationDateTime: CreationDateTime,
    });
    assert.equal(accepted.status, 204, accepted.text);
    return QuoteId;
}

test('the Hub hears of each state of a quote once, in the form of that moment', async () => {
    const set = (quoteLog) => reload('dhowinsurance', (provider) => { provider.quoteLog = quoteLog; });
    const told = (id, status) => demo.hubLog()
        .filter(({ event, quote, status: one }) => event === 'insurance-quote-told' && quote === id && one === status);
    const issuedIn = async (form) => {
        await set(form);
        assert.equal((await shown('dhowinsurance')).quoteLog, form);
        const id = await acceptedQuote();
        await until(() => told(id, 'Completed').length > 0, 'the policy', WAIT_MS);
        const [{ starts, ends }] = told(id, 'PolicyIssued');
        return [Boolean(starts), Boolean(ends)];
    };
    assert.deepEqual(await issuedIn('v2.2'), [true, true]);
    assert.deepEqual(await issuedIn('v2.1'), [false, false]);
    const ids = [];
    for (let i = 0; i < 8; i++) {
        ids.push(await acceptedQuote());
        await set(i % 2 ? 'v2.1' : 'v2.2');
    }
    for (const id of ids) {
        await until(() => told(id, 'Completed').length > 0, 'the policy', WAIT_MS);
        for (const status of ['ApplicationPending', 'PolicyIssued', 'Completed']) {
            assert.equal(told(id, status).length, 1, `${id} ${status}`);
        }
        const [{ starts, ends }] = told(id, 'PolicyIssued');
        assert.equal(Boolean(starts), Boolean(ends), id); // both or none
    }
});

test('a payment that the Hub refused to hear of, for its form, is told again after a reload', async () => {
    const payer = new Payer(tpp, 'v2.2');
    const pay = async () => {
        const { access_token: token, consentId } = await payer.connect();
        const made = await payer.messageOf(await payer.post(token, { Data: await payer.paymentOf(consentId) }), 201);
        return { id: made.Data.PaymentId, own: await tpp.ownToken('openid payments') };
    };
    const parked = async (id) => (await operate('GET', '/operator/dhowretail/tasks')).tasks
        .find(({ record }) => record.kind === 'payment-status' && record.payment === id && record.refused !== undefined);
    const heard = ({ id, own }) => until(async () =>
        (await payer.read(`/payments/${id}`, own)).Data.PaymentRail, 'the Hub hears of the rail', WAIT_MS);
    const first = await pay(); // in the form of v2.1, which this Hub does not take
    const task = await until(() => parked(first.id), 'the status is parked', WAIT_MS);
    await reload('dhowretail', (provider) => { provider.paymentLog = 'v2.2'; });
    assert.equal((await shown('dhowretail')).paymentLog, 'v2.2');
    await operate('POST', '/operator/dhowretail/tasks', { key: task.key, do: 'retry' });
    assert.equal(await heard(first), 'AANI');
    assert.equal(await heard(await pay()), 'AANI');
});
