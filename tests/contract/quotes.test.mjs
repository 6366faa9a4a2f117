// Quotes of insurance over all sectors: asked for, accepted, verified, made into policies, ended by
// the clock, told to the Hub; and every way to ask wrongly. The requests are the documents' samples.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../journey/support.mjs';
import { HubClient } from '../support/client.mjs';
import { ROOT, startDemo } from '../support/demo.mjs';
import { BankClock, operate } from '../support/operator.mjs';
import { SecondInstance } from '../support/second.mjs';

const PROVIDER = 'dhowinsurance';
const END_MS = 60_000; // the insurer takes up to 10 s, a push some more
const DAYS = 24 * 60 * 60;
const LEASE_S = 10 * 60; // longer than an instance may keep a task
const SECTORS = ['employment', 'health', 'home', 'life', 'motor', 'renters', 'travel'];
const PLANS = { employment: 1, health: 2, home: 3, life: 1, motor: 2, renters: 1, travel: 1 };
const ALL = { CustomerVerification: true, Payment: true, PolicyDocuments: true };
const ENDS = ['Completed', 'Expired', 'Rejected', 'CustomerCancelled', 'LFICancelled'];

const samples = JSON.parse(readFileSync(join(ROOT, 'openapi/samples.json'), 'utf8'));
let demo;
let hub;
let clock;

before(async () => {
    demo = await startDemo();
    hub = new HubClient(demo, PROVIDER);
    clock = new BankClock(demo);
});

after(async () => {
    hub?.close();
    await demo?.stop();
});

const call = (method, path, { client = hub, ...options } = {}) => clock.call(client, method, path, options);

/** The sample's request of a sector, with what is set in it. */
function request(sector, set = {}) {
    const sample = Object.values(samples).find(({ path, body }) => path === `/${sector}-insurance-quotes` && body);
    const data = structuredClone(sample.body.data);
    return { data: { ...data, CustomerId: 'c-1', QuoteReference: randomUUID(), ...set } };
}

const ask = (sector, body, options) => call('POST', `/${sector}-insurance-quotes`, { body, ...options });
const look = (sector, id, options) => call('GET', `/${sector}-insurance-quotes/${id}`, options);
const change = (sector, id, body, options) => call('PATCH', `/${sector}-insurance-quotes/${id}`, { body, ...options });
const issue = (sector, data, options) => call('POST', `/${sector}-insurance-policies`, { body: { data }, ...options });

async function quotesOf(sector, set) {
    const reply = await ask(sector, request(sector, set));
    assert.equal(reply.status, 201, reply.text);
    return reply.json.data;
}

const quoteOf = async (sector, set) => (await quotesOf(sector, set))[0];

/** What accepts a quote; motor demands the whole of what was verified. */
function acceptanceOf(sector, quote, set = {}) {
    const asked = request(sector).data;
    const { CommissionAmount, PaymentMethod } = quote.Commission;
    return { data: {
        QuoteStatus: 'ApplicationPending',
        QuoteReference: quote.QuoteReference,
        InsuranceSubType: 'Standard',
        Premium: quote.Premium,
        Commission: { CommissionAmount, PaymentMethod },
        QuoteCreationDateTime: quote.CreationDateTime,
        ExpirationDateTime: quote.ExpirationDateTime,
        ...(sector === 'health' && { CustomerSalary: 'Over4K' }),
        ...(sector === 'renters' && { VerifiedDetails: { Policy: asked.Policy } }),
        ...set,
    } };
}

const PDF = Buffer.from('%PDF-1.4\n% an Emirates ID\n');
const document = (set = {}, bytes = PDF) => ({
    Type: 'Emirates ID', FileName: 'id.pdf', ContentType: 'application/pdf', Content: bytes.toString('base64'),
    HashType: 'SHA256', Hash: createHash('sha256').update(bytes).digest('hex'), ...set,
});
const verified = (sector, quote, documents = [document()], set = {}) =>
    acceptanceOf(sector, quote, { QuoteStatus: 'KYCCaptured', Documents: documents, ...set });

async function accepted(sector, set, status) {
    const quote = await quoteOf(sector, set);
    const reply = await change(sector, quote.QuoteId, acceptanceOf(sector, quote));
    assert.equal(reply.status, status, reply.text);
    return { quote, reply };
}

function assertRefused(reply, status, errorCode) {
    assert.equal(reply.status, status, reply.text);
    assert.equal(reply.json.errorCode, errorCode);
}

async function reaches(sector, id, wanted) {
    let reply;
    await until(async () => {
        reply = await look(sector, id);
        assert.equal(reply.status, 200, reply.text);
        return wanted.includes(reply.json.data.QuoteStatus);
    }, `${wanted} of ${id}`, END_MS);
    return reply.json.data;
}

/** The states that the Hub has been told of, in its order. */
async function toldOf(id, last) {
    let told;
    await until(async () => {
        told = demo.hubLog().filter(({ event, quote }) => event === 'insurance-quote-told' && quote === id)
            .map(({ status }) => status);
        return told.includes(last);
    }, `the Hub told of ${last} of ${id}`, END_MS);
    return told;
}

test('each sector quotes its plans; a quote reads the same as it was given', async () => {
    for (const sector of SECTORS) {
        const body = request(sector);
        const quotes = (await ask(sector, body)).json.data;
        assert.equal(quotes.length, PLANS[sector], sector);
        assert.equal(new Set(quotes.map(({ QuoteId }) => QuoteId)).size, quotes.length);
        for (const quote of quotes) {
            assert.equal(quote.QuoteReference, body.data.QuoteReference);
            const { json } = await look(sector, quote.QuoteId);
            if (sector === 'life') {
                assert.deepEqual(Object.keys(quote).sort(),
                    ['PremiumTargetDateTime', 'QuoteId', 'QuoteReference', 'QuoteStatus']);
                assert.equal(quote.QuoteStatus, 'Pending');
            } else {
                assert.deepEqual(json.data, quote);
                const { PremiumAmountExcludingVAT: net, VATAmount: vat, TotalPremiumAmount: total } = quote.Premium;
                assert.equal((Number(net.Amount) + Number(vat.Amount)).toFixed(2), total.Amount);
                assert.equal('PremiumAdditionalFees' in quote.Premium, sector === 'health');
            }
        }
    }
});

test('a price that takes time is there when it was promised', async () => {
    for (const [sector, set] of [['life', {}], ['travel', { CustomerId: 'slow-1' }]]) {
        const pending = await quoteOf(sector, set);
        assert.equal(pending.QuoteStatus, 'Pending');
        assertRefused(await change(sector, pending.QuoteId, acceptanceOf(sector, {
            ...pending, Commission: { PaymentMethod: 'ThroughAPIHub' }, CreationDateTime: '2026-01-01T00:00:00+04:00',
            Premium: (await quoteOf('motor')).Premium,
        })), 409, 'Quote.InvalidState');
        const quote = await reaches(sector, pending.QuoteId, ['Available']);
        assert.ok(quote.Premium.TotalPremiumAmount);
    }
});

test('what the insurer does not want is declined, and not kept', async () => {
    const policy = (sector, set) => ({ Policy: { ...request(sector).data.Policy, ...set } });
    const car = { ...request('motor').data.VehicleDetails, ChassisNumber: 'DHW1A2B3C4D500000' };
    const declined = [
        ['life', { QuoteType: 'Renewal' }],
        ['travel', { QuoteType: 'Switch' }],
        ['life', policy('life', { SumAssuredAmount: { Currency: 'AED', Amount: '20000000.01' } })],
        ['travel', policy('travel', { AgesOfInsured: [38, 76] })],
        ['travel', policy('travel', { PolicyStartDate: '2020-01-01' })],
        ['motor', { VehicleDetails: car }],
    ];
    for (const [sector, set] of declined) {
        const reply = await ask(sector, request(sector, set));
        assert.deepEqual([reply.status, reply.text], [204, ''], sector);
    }
    for (const sector of ['health', 'home', 'motor']) {
        const others = ['Switch', 'Renewal'];
        for (const QuoteType of others) {
            assert.equal((await ask(sector, request(sector, { QuoteType }))).status, 201, sector);
        }
    }
    for (const sector of ['employment', 'health', 'home', 'motor', 'renters']) {
        const PolicyStartDate = '2020-01-01';
        assert.equal((await ask(sector, request(sector, policy(sector, { PolicyStartDate })))).status, 204, sector);
    }
});

test('each documented answer to an acceptance and a request is given', async () => {
    for (const sector of SECTORS) {
        const leads = ['health', 'home', 'motor', 'renters'].includes(sector);
        for (const PolicyIssuanceRequest of [undefined, ALL].slice(0, leads ? 2 : 1)) {
            let quote = await quoteOf(sector, PolicyIssuanceRequest && { PolicyIssuanceRequest });
            quote = sector === 'life' ? await reaches(sector, quote.QuoteId, ['Available']) : quote;
            const reply = await change(sector, quote.QuoteId, acceptanceOf(sector, quote));
            assert.equal(reply.status, PolicyIssuanceRequest ? 200 : 204, reply.text);
            if (!PolicyIssuanceRequest) {
                assert.equal((await issue(sector, { QuoteId: quote.QuoteId })).status, 201);
            }
        }
        const operation = `Create${sector[0].toUpperCase()}${sector.slice(1)}InsuranceQuoteOperation`;
        await operate(demo, 'POST', '/operator/overrides', { provider: PROVIDER, operation, status: 204, times: 1 });
        assert.equal((await ask(sector, request(sector))).status, 204);
        if (!leads) { // this insurer leads the customer itself there
            const { QuoteId } = await quoteOf(sector);
            const update = `${operation.slice('Create'.length).replace('QuoteOperation', '')}UpdateInsuranceQuoteByQuoteIdOperation`;
            await operate(demo, 'POST', '/operator/overrides', { provider: PROVIDER, operation: update, status: 200, times: 1,
                body: { data: { PolicyIssuanceAllowed: ALL } } });
            const reply = await change(sector, QuoteId, acceptanceOf(sector, await quoteOf('motor')));
            assert.equal(reply.status, 200, reply.text);
        }
    }
});

test('the insurer leads: accepted, approved, paid, issued, completed, and told in that order', async () => {
    for (const sector of ['employment', 'travel']) {
        const { quote } = await accepted(sector, {}, 204);
        const made = await issue(sector, { QuoteId: quote.QuoteId });
        assert.equal(made.status, 201, made.text);
        assert.match(made.json.links.CreateInsurancePolicyRedirectUrl, /^https:/);
        assert.match(made.json.data.InsurancePolicyId, /^[0-9a-f-]{36}$/);
        await reaches(sector, quote.QuoteId, ['Completed']);
        assert.deepEqual(await toldOf(quote.QuoteId, 'Completed'),
            ['ApplicationPending', 'ApplicationApproved', 'PaymentRequired', 'PolicyIssued', 'Completed']);
        const again = await issue(sector, { QuoteId: quote.QuoteId, PaymentReferenceId: 'other' });
        assert.deepEqual([again.status, again.json], [201, made.json]);
    }
});

test('a Hub of v2.1 is not told what the log of v2.2 adds', async () => {
    const told = demo.hubLog().filter(({ event }) => event === 'insurance-quote-told');
    assert.ok(told.some(({ status }) => status === 'PolicyIssued'));
    for (const { status, policy, starts, ends } of told) {
        assert.notEqual(status, 'Available');
        assert.deepEqual([starts, ends], [undefined, undefined]);
        assert.equal(policy !== undefined, status === 'PolicyIssued');
    }
});

test('the TPP leads: it verifies, then has the policy made, once for all who ask at once', async () => {
    for (const sector of ['health', 'home', 'motor']) {
        const { quote, reply } = await accepted(sector, { PolicyIssuanceRequest: ALL }, 200);
        const pays = sector !== 'health';
        assert.deepEqual(reply.json.data.PolicyIssuanceAllowed, quote.PolicyIssuanceAllowed);
        assert.deepEqual(quote.PolicyIssuanceAllowed, { ...ALL, Payment: pays });
        assert.equal(reply.json.links !== undefined, pays);
        assertRefused(await issue(sector, { QuoteId: quote.QuoteId }), 409, 'Quote.InvalidState');
        assert.equal((await change(sector, quote.QuoteId, verified(sector, quote))).status, 204);
        assertRefused(await change(sector, quote.QuoteId, verified(sector, quote)), 409, 'Quote.InvalidState');
        await reaches(sector, quote.QuoteId, ['ApplicationApproved']);
        const wish = { ClaimsAllowed: true, EndorsementsAllowed: true, RenewalsAllowed: false, CancellationAllowed: true };
        const all = await Promise.all(Array.from({ length: 10 }, () =>
            issue(sector, { QuoteId: quote.QuoteId, PostIssuanceRequest: wish })));
        assert.deepEqual(new Set(all.map(({ status, text }) => `${status} ${text}`)).size, 1, all[0].text);
        const { data, links } = all[0].json;
        assert.equal(links, undefined);
        assert.deepEqual(data.PostIssuanceResponse, { ...wish, EndorsementsAllowed: false });
        assert.equal(data.Documents !== undefined, pays);
        await reaches(sector, quote.QuoteId, ['Completed']);
        assert.deepEqual(await toldOf(quote.QuoteId, 'Completed'),
            ['ApplicationPending', 'ApplicationApproved', ...(pays ? [] : ['PaymentRequired']), 'PolicyIssued', 'Completed']);
    }
});

test('a TPP that only hands over documents brings the payment\'s reference', async () => {
    const { quote } = await accepted('renters', { PolicyIssuanceRequest: ALL }, 200);
    assert.deepEqual(quote.PolicyIssuanceAllowed,
        { CustomerVerification: false, Payment: false, PolicyDocuments: true });
    assertRefused(await change('renters', quote.QuoteId, verified('renters', quote)), 409, 'Quote.InvalidState');
    await reaches('renters', quote.QuoteId, ['ApplicationApproved']);
    const made = await issue('renters', { QuoteId: quote.QuoteId, PaymentReferenceId: 'p-1' });
    assert.equal(made.status, 201, made.text);
    const [paper] = made.json.data.Documents;
    const bytes = Buffer.from(paper.Content, 'base64');
    assert.equal(createHash('sha256').update(bytes).digest('hex').toUpperCase(), paper.Hash.toUpperCase());
});

test('quotes end without a policy: refused, withdrawn', async () => {
    for (const [customer, end] of [['refused-1', 'Rejected'], ['withdrawn-1', 'CustomerCancelled']]) {
        const { quote } = await accepted('travel', { CustomerId: customer }, 204);
        await reaches('travel', quote.QuoteId, [end]);
        assert.equal((await toldOf(quote.QuoteId, end)).at(-1), end);
        assertRefused(await issue('travel', { QuoteId: quote.QuoteId }), 409, 'Quote.InvalidState');
        assertRefused(await change('travel', quote.QuoteId, acceptanceOf('travel', quote)), 409, 'Quote.InvalidState');
    }
});

test('a quote that is not this client\'s, of this sector, or of any is unknown', async () => {
    for (const sector of SECTORS) {
        const other = SECTORS[(SECTORS.indexOf(sector) + 1) % SECTORS.length];
        const quote = await quoteOf(sector === 'life' ? 'life' : sector);
        const id = quote.QuoteId;
        const price = await quoteOf('motor');
        const body = acceptanceOf(sector, sector === 'life' ? { ...price, ...quote } : quote);
        const foreign = { headers: { 'o3-caller-client-id': randomUUID() } };
        const asked = [
            [sector, id, foreign], [other, id, {}], [sector, randomUUID(), {}],
        ];
        for (const [where, what, options] of asked) {
            const replies = [
                await look(where, what, options),
                await change(where, what, where === sector ? body : acceptanceOf(where, price), options),
                await issue(where, { QuoteId: what }, options),
            ];
            for (const reply of replies) {
                assertRefused(reply, 404, 'Resource.NotFound');
                assert.equal(reply.text, replies[0].text);
            }
        }
    }
});

test('what does not fit the contract is refused', async () => {
    for (const sector of SECTORS) {
        const body = request(sector);
        const quote = await quoteOf(sector);
        const price = sector === 'life' ? { ...(await quoteOf('motor')), ...quote } : quote;
        const id = quote.QuoteId;
        for (const member of ['CustomerId', 'QuoteReference', 'QuoteType', 'PolicyIssuanceRequest', 'Policy']) {
            assertRefused(await ask(sector, { data: { ...body.data, [member]: undefined } }), 400, 'Body.InvalidFormat');
        }
        assertRefused(await ask(sector, { data: { ...body.data, QuoteType: 'Old' } }), 400, 'Body.InvalidFormat');
        assertRefused(await ask(sector, 'not JSON'), 400, 'Body.InvalidFormat');
        const unnamed = { headers: { 'o3-caller-client-id': undefined } };
        for (const reply of [await ask(sector, body, unnamed), await look(sector, id, unnamed),
            await change(sector, id, acceptanceOf(sector, price), unnamed), await issue(sector, { QuoteId: id }, unnamed)]) {
            assertRefused(reply, 400, 'Body.InvalidFormat');
        }
        assertRefused(await change(sector, id, acceptanceOf(sector, price, { QuoteStatus: 'Accepted' })), 400, 'Body.InvalidFormat');
        assertRefused(await change(sector, id, acceptanceOf(sector, price, { Commission: undefined })), 400, 'Body.InvalidFormat');
        assertRefused(await issue(sector, {}), 400, 'Body.InvalidFormat');
        assertRefused(await look(sector, 'x'.repeat(129)), 400, 'Resource.InvalidFormat');
    }
    const health = await quoteOf('health');
    assertRefused(await change('health', health.QuoteId, acceptanceOf('health', health, { CustomerSalary: undefined })), 400, 'Body.InvalidFormat');
    const motor = await quoteOf('motor');
    assertRefused(await change('motor', motor.QuoteId, acceptanceOf('motor', motor, { VerifiedDetails: { Policy: {} } })), 400, 'Body.InvalidFormat');
});

test('an acceptance repeats the quote', async () => {
    const quote = await quoteOf('home');
    const total = { ...quote.Premium.TotalPremiumAmount, Amount: '682.51' };
    for (const set of [
        { QuoteReference: 'other' },
        { QuoteCreationDateTime: '2026-01-01T00:00:00+04:00' },
        { Premium: { ...quote.Premium, TotalPremiumAmount: total } },
        { Premium: { ...quote.Premium, TotalPremiumAmount: { ...quote.Premium.TotalPremiumAmount, Currency: 'USD' } } },
    ]) {
        assertRefused(await change('home', quote.QuoteId, acceptanceOf('home', quote, set)), 400, 'Quote.Mismatch');
    }
    const utc = new Date(quote.CreationDateTime).toISOString();
    const replies = await Promise.all(Array.from({ length: 5 }, () =>
        change('home', quote.QuoteId, acceptanceOf('home', quote, { QuoteCreationDateTime: utc }))));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [204, 409, 409, 409, 409]);
});

test('documents are what they say; who cannot be verified may be tried again', async () => {
    const { quote } = await accepted('health', { PolicyIssuanceRequest: ALL }, 200);
    const hand = (documents, set) => change('health', quote.QuoteId, verified('health', quote, documents, set));
    const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1]);
    for (const bad of [
        document({ Hash: 'ab'.repeat(32) }), document({ Content: 'no base64!' }), document({}, png),
        document({ FileName: '../id.pdf' }), document({ FileName: 'a\\b' }), document({ FileName: '' }),
    ]) {
        assertRefused(await hand([document(), bad]), 400, 'Body.InvalidFormat');
    }
    assertRefused(await hand([document({ FileName: 'bad-id.pdf' })]), 400, 'Quote.VerificationFailed');
    const listed = { PolicyHolder: { Identity: { EmiratesId: { EmiratesIdNumber: '784-1986-0001199-1' } } } };
    assertRefused(await hand([document()], { VerifiedDetails: listed }), 400, 'Quote.VerificationFailed');
    assert.equal((await look('health', quote.QuoteId)).json.data.QuoteStatus, 'ApplicationPending');
    const good = await hand([document({ Hash: document().Hash.toUpperCase() }),
        document({ ContentType: 'image/png', FileName: 'id.png' }, png)]);
    assert.equal(good.status, 204, good.text);
});

test('a provider that quotes no insurance has none of it', async () => {
    const other = new HubClient(demo, 'dhowretail');
    try {
        for (const sector of SECTORS) {
            const reply = await ask(sector, request(sector), { client: other });
            assert.ok([404, 501].includes(reply.status), reply.text);
        }
    } finally {
        other.close();
    }
});

test('answers that no rule gives are as documented, too', async () => {
    const price = await quoteOf('motor');
    for (const sector of SECTORS) {
        const { QuoteId: id } = await quoteOf(sector);
        const body = acceptanceOf(sector, price);
        const name = sector[0].toUpperCase() + sector.slice(1);
        const asked = [
            [`Create${name}InsuranceQuoteOperation`, () => ask(sector, request(sector))],
            [`${name}InsuranceReadInsuranceQuoteByQuoteIdOperation`, () => look(sector, id)],
            [`${name}InsuranceUpdateInsuranceQuoteByQuoteIdOperation`, () => change(sector, id, body)],
            [`${name}InsuranceCreateInsurancePolicyOperation`, () => issue(sector, { QuoteId: id })],
        ];
        for (const [operation, again] of asked) {
            for (const status of [403, 409, 500]) {
                await operate(demo, 'POST', '/operator/overrides', { provider: PROVIDER, operation, status, times: 1 });
                assert.equal((await again()).status, status, operation);
            }
        }
    }
});

test('an instance that is killed loses nothing that it has answered', async () => {
    const second = await SecondInstance.prepare(demo);
    const quotes = await Promise.all(Array.from({ length: 20 }, () => quoteOf('employment')));
    const answered = new Map();
    await second.start();
    const client = new HubClient(second.demo, PROVIDER);
    let first;
    const met = new Promise((resolve) => (first = resolve));
    const all = quotes.map(async (quote) => {
        const reply = await change('employment', quote.QuoteId, acceptanceOf('employment', quote), { client })
            .catch(() => null); // the connection went with the instance
        if (reply) {
            answered.set(quote.QuoteId, reply.status);
            first();
        }
    });
    await met;
    await second.end('SIGKILL');
    await Promise.all(all);
    client.close();
    const reached = new Map();
    for (const quote of quotes) {
        reached.set(quote, (await look('employment', quote.QuoteId)).json.data.QuoteStatus);
    }
    for (const [quote, status] of reached) {
        const { QuoteId } = quote;
        if (answered.has(QuoteId)) {
            assert.equal(answered.get(QuoteId), 204);
            assert.notEqual(status, 'Available');
        } else if (status === 'Available') {
            const reply = await change('employment', QuoteId, acceptanceOf('employment', quote));
            // Killed between LMDB's commit and its notice to readers: the next writer is the first to see it.
            const seen = (await look('employment', QuoteId)).json.data.QuoteStatus;
            assert.ok(reply.status === 204 || (reply.status === 409 && seen !== 'Available'), reply.text);
        }
    }
    await clock.move(LEASE_S); // what the killed instance was telling is told by the other then
    const steps = ['ApplicationPending', 'ApplicationApproved', 'PaymentRequired', 'PolicyIssued', 'Completed'];
    for (const { QuoteId } of quotes) {
        const told = await toldOf(QuoteId, 'Completed');
        assert.deepEqual(told.filter((status, at) => told.indexOf(status) === at), steps);
    }
});

test('a quote expires by the clock, is read as expired, and cannot be accepted', async () => {
    const quotes = [];
    for (const sector of SECTORS) {
        quotes.push([sector, sector === 'life' ? await reaches(sector, (await quoteOf(sector)).QuoteId, ['Available'])
            : await quoteOf(sector)]);
    }
    const waiting = await accepted('home', { PolicyIssuanceRequest: ALL }, 200);
    await clock.move(LEASE_S + 14 * DAYS);
    for (const [sector, quote] of quotes) {
        assert.equal((await look(sector, quote.QuoteId)).json.data.QuoteStatus, 'Expired');
        assertRefused(await change(sector, quote.QuoteId, acceptanceOf(sector, quote)), 409, 'Quote.Expired');
        assertRefused(await issue(sector, { QuoteId: quote.QuoteId }), 409, 'Quote.Expired');
        assert.deepEqual(await toldOf(quote.QuoteId, 'Expired'), ['Expired']);
    }
    assert.deepEqual(await toldOf(waiting.quote.QuoteId, 'LFICancelled'), ['ApplicationPending', 'LFICancelled']);
    assert.ok(ENDS.includes((await look('home', waiting.quote.QuoteId)).json.data.QuoteStatus));
});
