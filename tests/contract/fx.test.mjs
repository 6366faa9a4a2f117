// Quotes of currency exchange: POST /fx-quotes, the quote, its acceptance, the Hub's log of it, and
// every way to ask wrongly.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { until } from '../journey/support.mjs';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { acceptanceOf } from '../support/exchange.mjs';
import { BankClock, operate } from '../support/operator.mjs';

const END_MS = 60_000; // the bank takes 8 s, a push some more
const PROVIDER = 'dhowretail';
const FINAL = ['Completed', 'Rejected', 'Cancelled', 'Expired'];

let demo;
let hub;
let business;
let clock;

before(async () => {
    demo = await startDemo();
    hub = new HubClient(demo, PROVIDER);
    clock = new BankClock(demo);
    business = new HubClient(demo, 'dhowbusiness');
});

after(async () => {
    hub?.close();
    business?.close();
    await demo?.stop();
});

const call = (method, path, { client = hub, ...options } = {}) => clock.call(client, method, path, options);

const request = (set = {}) => ({ data: {
    QuoteReference: randomUUID(),
    TransactionType: 'Spot',
    UnitCurrency: 'AED',
    QuotedCurrency: 'INR',
    TradeAmount: { Amount: '1000.00', Currency: 'AED' },
    ...set,
} });

const REMITTANCE = {
    CreditorAccount: { SchemeName: 'AccountNumber', Identification: '009912345678', Type: 'Individual',
        Name: { en: 'Meera Pillai' } },
    CreditorReference: 'FAMILY',
    ExtendedPurpose: 'Support of the family',
};

const ask = (body, options) => call('POST', '/fx-quotes', { body, ...options });
const look = (id, options) => call('GET', `/fx-quotes/${id}`, options);
const accept = (id, body, options) => call('PATCH', `/fx-quotes/${id}`, { body, ...options });

async function quoteOf(set, options) {
    const reply = await ask(request(set), options);
    assert.equal(reply.status, 201, reply.text);
    return reply.json.data;
}

async function accepted(set, options) {
    const quote = await quoteOf(set, options);
    const reply = await accept(quote.FxQuoteId, acceptanceOf(quote), options);
    assert.equal(reply.status, 204, reply.text);
    assert.equal(reply.text, '');
    return quote;
}

function assertRefused(reply, status, errorCode) {
    assert.equal(reply.status, status, reply.text);
    assert.equal(reply.json.errorCode, errorCode);
}

async function reaches(id, wanted) {
    let reply;
    await until(async () => {
        reply = await look(id);
        assert.equal(reply.status, 200, reply.text);
        return wanted.includes(reply.json.data.QuoteStatus);
    }, `${wanted} of ${id}`, END_MS);
    return reply.json.data;
}

/** What the Hub has been told of it. */
async function toldOf(id, count) {
    let lines;
    await until(async () => {
        lines = demo.hubLog().filter(({ event, quote }) => event === 'fx-quote-told' && quote === id);
        return lines.length >= count;
    }, `the Hub told of ${id}`, END_MS);
    return lines.map(({ status, information }) => (information ? [status, information] : [status]));
}

/** Who the bank knows: the claims of a customer of its own. */
async function knownParty() {
    const { userId } = hub.provider.users.find(({ login }) => login === 'rohan');
    const { json } = await hub.get('/customer', { userId });
    const text = JSON.stringify(json);
    const [, EmiratesId] = /"emiratesId":"([^"]+)"/.exec(text);
    return { Claims: {
        IdentityType: 'Person', FullName: 'Rohan', GivenName: 'Rohan', Surname: 'Rohan', EmiratesId,
        EmiratesIdExpiryDate: '2035-01-31', ResidentialAddress: { AddressLine: ['Villa 7'], Country: 'AE' },
    } };
}

test('a quote of each kind: both amounts, a rate between them, charges of a remittance', async () => {
    const spot = await ask(request());
    assert.equal(spot.status, 201, spot.text);
    const { data, links } = spot.json;
    assert.ok(new URL(links.LiabilityPolicy) && new URL(links.RefundCancellationPolicy));
    assert.deepEqual(data.SellAmount, { Amount: '1000.00', Currency: 'AED' });
    assert.equal(data.BuyAmount.Currency, 'INR');
    assert.ok(Math.abs(1000 * data.ExchangeRate - Number(data.BuyAmount.Amount)) <= 0.005001);
    assert.deepEqual([data.RateType, data.UserIdentificationStatus], ['Actual', 'UserNotIdentified']);
    assert.deepEqual(data.Commission, { CommissionAmount: { Amount: '1.00', Currency: 'AED' }, PaymentMethod: 'ThroughAPIHub' });
    assert.equal(data.Charges, undefined);
    for (const absent of ['QuoteStatus', 'CreationDateTime', 'Party']) {
        assert.ok(!(absent in data), absent);
    }

    const bought = await quoteOf({ QuotedCurrency: 'USD', TradeAmount: { Amount: '250.00', Currency: 'USD' } });
    assert.deepEqual(bought.BuyAmount, { Amount: '250.00', Currency: 'USD' });
    const need = 250 / bought.ExchangeRate;
    assert.ok(Number(bought.SellAmount.Amount) >= need && Number(bought.SellAmount.Amount) < need + 0.01001);

    const both = await quoteOf({ TransactionType: 'SpotAndRemittance', RemittanceInformation: REMITTANCE });
    assert.deepEqual(both.Charges.map(({ Type, Amount, ChargeBearer }) => [Type, Amount.Amount, ChargeBearer]),
        [['Fees', '25.00', 'BorneByDebtor'], ['VAT', '1.25', 'BorneByDebtor']]);

    const money = { Amount: '300.00', Currency: 'USD' };
    const sent = await quoteOf({ TransactionType: 'Remittance', UnitCurrency: 'USD', QuotedCurrency: 'USD', TradeAmount: money,
        RemittanceInformation: { ...REMITTANCE, InstructionPriority: 'Urgent', PaymentAmount: money } });
    assert.deepEqual([sent.ExchangeRate, sent.SellAmount, sent.BuyAmount], [1, money, money]);
    assert.deepEqual(sent.Charges.map(({ Amount }) => Amount.Amount), ['50.00', '2.50']);
});

const NOT_QUOTED = {
    'a currency that the bank does not trade': { QuotedCurrency: 'XAU' },
    'an exchange of a currency for itself': { QuotedCurrency: 'AED' },
    'more than the bank trades': { TradeAmount: { Amount: '10000000.01', Currency: 'AED' } },
    'nothing': { TradeAmount: { Amount: '0.00', Currency: 'AED' } },
};
test('what the bank does not quote is no error, and is not kept', async () => {
    for (const [name, set] of Object.entries(NOT_QUOTED)) {
        const body = request(set);
        for (let i = 0; i < 2; i++) {
            const reply = await ask(body);
            assert.deepEqual([reply.status, reply.text], [204, ''], name);
        }
    }
});

test('a customer whom the bank knows gets an agreed rate; the trade goes its way to the Hub', async () => {
    const Party = await knownParty();
    const quote = await accepted({ Party, ContractIdentification: 'FX-77' });
    const other = await quoteOf();
    assert.deepEqual([quote.RateType, quote.UserIdentificationStatus], ['Agreed', 'UserIdentified']);
    assert.ok(quote.ExchangeRate > other.ExchangeRate);
    const id = quote.FxQuoteId;
    const first = (await look(id)).json.data;
    assert.deepEqual([first.ContractIdentification, first.Party], ['FX-77', Party]);
    const ended = await reaches(id, FINAL);
    assert.equal(ended.QuoteStatus, 'Completed');
    assert.deepEqual([ended.SellAmount, ended.BuyAmount], [quote.SellAmount, quote.BuyAmount]);
    assert.ok(ended.CreationDateTime < ended.StatusUpdateDateTime);
    assert.deepEqual(await toldOf(id, 3), [['Funded'], ['Actioned'], ['Completed']]);
    assertRefused(await accept(id, acceptanceOf(quote)), 409, 'GenericError');
});

test('a customer without an account gets one for the trade', async () => {
    const quote = await accepted();
    const opening = { data: { LinkedOperations: { FxQuoteId: quote.FxQuoteId }, Party: { Claims: {
        IdentityType: 'Person', FullName: 'Layla Qamar', GivenName: 'Layla', Surname: 'Qamar', EmiratesId: '784',
        EmiratesIdExpiryDate: '2035-01-31', ResidentialAddress: { AddressLine: ['Villa 7'], Country: 'AE' },
    } } } };
    assert.equal((await call('POST', '/accounts', { body: opening })).status, 200);
    assert.equal((await reaches(quote.FxQuoteId, FINAL)).QuoteStatus, 'Completed');
    assert.deepEqual(await toldOf(quote.FxQuoteId, 4), [['AccountOpened'], ['Funded'], ['Actioned'], ['Completed']]);
});

test('the amount decides how a trade fails, and the Hub is told why', async () => {
    const cases = [['1000.91', 'Rejected', 'The bank could not carry out the trade.'],
        ['1000.92', 'Cancelled', 'The trade was not funded in time.']];
    await Promise.all(cases.map(async ([Amount, status, why]) => {
        const quote = await accepted({ TradeAmount: { Amount, Currency: 'AED' } });
        assert.equal((await reaches(quote.FxQuoteId, FINAL)).QuoteStatus, status);
        assert.deepEqual(await toldOf(quote.FxQuoteId, 1), [[status, why]]);
    }));
});

test('a QuoteReference means one quote of a client; of ten at once one is taken', async () => {
    const body = request();
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask(body)));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [201, ...Array(9).fill(409)]);
    const { QuoteReference } = body.data;
    assertRefused(await ask(request({ QuoteReference, QuotedCurrency: 'PKR' })), 409, 'GenericError');
    await quoteOf({ QuoteReference }, { headers: { 'o3-caller-client-id': randomUUID() } });
    await quoteOf({ QuoteReference }, { client: business });
});

test('of ten acceptances at once one is taken', async () => {
    const quote = await quoteOf();
    const replies = await Promise.all(Array.from({ length: 10 }, () => accept(quote.FxQuoteId, acceptanceOf(quote))));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [204, ...Array(9).fill(409)]);
});

test('an acceptance that does not repeat the quote exactly is refused, and does nothing', async () => {
    const quote = await quoteOf({ TransactionType: 'SpotAndRemittance', RemittanceInformation: REMITTANCE });
    const good = acceptanceOf(quote).data;
    const [fee, vat] = quote.Charges;
    const wrong = {
        'another reference': { QuoteReference: randomUUID() },
        'more is bought': { Trade: { ...good.Trade, BuyAmount: { ...quote.BuyAmount, Amount: '99999.00' } } },
        'less is sold': { Trade: { ...good.Trade, SellAmount: { ...quote.SellAmount, Amount: '999.99' } } },
        'another currency': { Trade: { ...good.Trade, BuyAmount: { ...quote.BuyAmount, Currency: 'PKR' } } },
        'no charges': { Trade: { SellAmount: quote.SellAmount, BuyAmount: quote.BuyAmount } },
        'one charge less': { Trade: { ...good.Trade, Charges: [fee] } },
        'a charge that another bears': { Trade: { ...good.Trade, Charges: [{ ...fee, ChargeBearer: 'Shared' }, vat] } },
        'another commission': { Commission: { ...quote.Commission, CommissionAmount: { Amount: '2.00', Currency: 'AED' } } },
        'another way of paying it': { Commission: { ...quote.Commission, PaymentMethod: 'DirectToTPP' } },
        'a status that nobody may set': { QuoteStatus: 'Completed' },
        'no trade': { Trade: undefined },
    };
    for (const [name, set] of Object.entries(wrong)) {
        const reply = await accept(quote.FxQuoteId, { data: { ...good, ...set } });
        assert.deepEqual([reply.status, reply.json?.errorCode], [400, 'Body.InvalidFormat'], `${name}: ${reply.text}`);
    }
    assert.equal((await look(quote.FxQuoteId)).json.data.QuoteStatus, 'Available');
    assert.equal((await accept(quote.FxQuoteId, { data: good })).status, 204);
});

test('a quote is shown to the client that asked for it, at the provider where it did', async () => {
    const quote = await quoteOf();
    const id = quote.FxQuoteId;
    const body = acceptanceOf(quote);
    for (const options of [{ headers: { 'o3-caller-client-id': randomUUID() } }, { client: business }]) {
        assertRefused(await look(id, options), 404, 'Resource.NotFound');
        assertRefused(await accept(id, body, options), 404, 'Resource.NotFound');
    }
    assertRefused(await look(randomUUID()), 404, 'Resource.NotFound');
    assertRefused(await accept(randomUUID(), body), 404, 'Resource.NotFound');
    assertRefused(await look('quote'), 400, 'Resource.InvalidFormat');
    assertRefused(await look(id, { headers: { 'o3-provider-id': 'nobody' } }), 403, 'GenericError');
    assertRefused(await ask(request(), { headers: { 'o3-provider-id': 'nobody' } }), 403, 'GenericError');
    assertRefused(await accept(id, body, { headers: { 'o3-provider-id': 'nobody' } }), 403, 'GenericError');
    assert.equal((await look(id)).json.data.QuoteStatus, 'Available');
});

const WRONG = {
    'no data': {},
    'text as data': { data: 'x' },
    'no reference': request({ QuoteReference: undefined }),
    'a reference of 38 characters': request({ QuoteReference: 'x'.repeat(38) }),
    'a kind that is none': request({ TransactionType: 'Swap' }),
    'an amount with one decimal': request({ TradeAmount: { Amount: '1000.0', Currency: 'AED' } }),
    'an amount as a number': request({ TradeAmount: { Amount: 1000, Currency: 'AED' } }),
    'an amount in a third currency': request({ TradeAmount: { Amount: '1000.00', Currency: 'USD' } }),
    'a currency in small letters': request({ QuotedCurrency: 'inr' }),
    'a remittance without details': request({ TransactionType: 'SpotAndRemittance' }),
    'a remittance without its amount': request({ TransactionType: 'Remittance', QuotedCurrency: 'AED',
        RemittanceInformation: REMITTANCE }),
    'a creditor without a type': request({ TransactionType: 'SpotAndRemittance', RemittanceInformation: {
        ...REMITTANCE, CreditorAccount: { ...REMITTANCE.CreditorAccount, Type: undefined } } }),
    'a party without claims': request({ Party: {} }),
    'not JSON': '{"data":',
};
test('a request that does not fit the contract is refused', async () => {
    for (const [name, body] of Object.entries(WRONG)) {
        const reply = await ask(body);
        assert.equal(reply.status, 400, `${name}: ${reply.text}`);
        assert.equal(reply.json.errorCode, 'Body.InvalidFormat', name);
    }
    assert.equal((await ask(request(), { headers: { 'o3-caller-client-id': undefined } })).status, 400);
});

test('the operator has each operation answer what it may', async () => {
    const calls = {
        CreateFxQuote_create: () => ask(request()),
        FxQuote_read: () => look(randomUUID()),
        FxQuote_patch: async () => accept(randomUUID(), acceptanceOf(await quoteOf())),
    };
    for (const [operation, send] of Object.entries(calls)) {
        for (const status of [409, 500]) {
            await operate(demo, 'POST', '/operator/overrides', { provider: PROVIDER, operation, status, times: 1,
                body: { errorCode: 'GenericError', errorMessage: 'As the operator wants.' } });
            assertRefused(await send(), status, 'GenericError');
        }
    }
});

test('a quote ends by the clock: not a second before, and its reference may be used again', async () => {
    const quote = await quoteOf();
    const late = await quoteOf();
    const unknown = await accepted();
    const ends = Date.parse(quote.ExpirationDateTime);
    await clock.move(540);
    assert.equal((await look(quote.FxQuoteId)).json.data.QuoteStatus, 'Available');
    assertRefused(await ask(request({ QuoteReference: late.QuoteReference })), 409, 'GenericError');
    await clock.move(Math.ceil((ends - Date.now()) / 1000) + 1);
    assertRefused(await accept(late.FxQuoteId, acceptanceOf(late)), 409, 'GenericError');
    assert.equal((await look(quote.FxQuoteId)).json.data.QuoteStatus, 'Expired');
    assert.deepEqual(await toldOf(quote.FxQuoteId, 1), [['Expired', 'The quote was not accepted in time.']]);
    await quoteOf({ QuoteReference: quote.QuoteReference });
    await clock.move(2 * 86_400);
    assert.equal((await look(unknown.FxQuoteId)).json.data.QuoteStatus, 'Cancelled');
    assert.deepEqual(await toldOf(unknown.FxQuoteId, 1),
        [['Cancelled', 'No account was opened for the trade in time.']]);
    await clock.move(0);
});

test('no name and no reference is in the log', () => {
    const log = demo.readLog('server.log');
    assert.ok(!log.includes('Pillai') && !log.includes('009912345678') && !log.includes('Qamar'));
});
