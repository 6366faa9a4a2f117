// Payments into another currency: what the bank says of consents to them, payments under quotes that
// were accepted, and every way to ask or to pay wrongly.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { until } from '../journey/support.mjs';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { controlOf, currencyRequest, FIRST_TPP, payeeAbroad, PAYEE, Quotes } from '../support/exchange.mjs';
import { BankClock } from '../support/operator.mjs';
import { CONTROL_PARAMETERS, creditorOf, sealPii } from '../support/payments.mjs';
import { Bank } from './hub_support.mjs';

const PROVIDER = 'dhowretail';
const TYPE = 'urn:openfinanceuae:service-initiation-consent:v2.1';
const END_MS = 60_000; // a trade takes 4 s, a push some more

let demo;
let hub;
let bank;
let clock;
let quotes;
let user;
let accountId;
const clientId = randomUUID();

before(async () => {
    demo = await startDemo();
    hub = new HubClient(demo, PROVIDER);
    bank = new Bank({ base: demo.portBase, config: { https: { clientCa: demo.ozoneConnect.caFile } } }, { who: demo.bank });
    clock = new BankClock(demo);
    quotes = new Quotes(clock, hub, clientId);
    user = demo.providers[0].users.find(({ login }) => login === 'rohan');
    const accounts = await hub.get('/accounts', { userId: user.userId, query: { accountIds: user.accountIds.join(), page: 1, 'page-size': 100 } });
    accountId = accounts.json.data.find(({ accountSubType, status }) => accountSubType === 'CurrentAccount' && status === 'Active').id;
});

after(async () => {
    hub?.close();
    bank?.close();
    await demo?.stop();
});

const sealed = (pii) => sealPii(pii, demo.providers[0]);

/** A consent as the Hub has it validated; `terms` replace members. */
async function consentOf(quote, { terms = {}, creditors = [payeeAbroad()], request = {}, client = clientId, provider = demo.providers[0] } = {}) {
    const id = randomUUID();
    const asked = {
        ConsentId: id,
        ControlParameters: controlOf(quote),
        PaymentPurposeCode: 'TOF',
        ExpirationDateTime: new Date(Date.now() + 86_400_000).toISOString(),
        CurrencyRequest: currencyRequest(quote, request),
        ...terms,
    };
    const now = new Date().toISOString();
    const PersonalIdentifiableInformation = await sealPii({ Initiation: { Creditor: creditors }, Risk: {} }, provider);
    return {
        id,
        consentType: 'cbuae-service-initiation-consents',
        rarType: TYPE,
        standardVersion: 'v2.1',
        request: { type: TYPE, consent: { ...asked, PersonalIdentifiableInformation } },
        requestHeaders: {},
        consentBody: { Data: { ...asked, Status: 'AwaitingAuthorization', CreationDateTime: now, StatusUpdateDateTime: now } },
        tpp: { clientId: client, orgId: clientId, softwareStatementId: clientId, tppId: 'tpp-1', tppName: 'Some TPP', decodedSsa: {} },
    };
}

async function judged(consent, client = hub) {
    const reply = await client.call('POST', '/consent/action/validate', {
        consentId: consent.id, body: consent, token: await clock.token(client) });
    assert.equal(reply.status, 200, reply.text);
    assert.ok(!reply.text.includes('Pillai') && !reply.text.includes('009912345678'));
    return reply.json.data;
}

test('a consent under a quote that was accepted is valid, with an account number or an IBAN', async () => {
    const quote = await quotes.accepted();
    const organization = { ...payeeAbroad({ SchemeName: 'IBAN', Identification: 'GB33BUKB20201555555555' }),
        Creditor: { IdentityType: 'Organization', Name: { en: 'Harbour Ltd', ls: 'Harbour' }, LEI: '529900T8BM49AURSDO55' } };
    for (const creditors of [[payeeAbroad()], [organization]]) {
        assert.deepEqual(await judged(await consentOf(quote, { creditors })), { status: 'valid' });
    }
});

test('each consent that does not fit its quote or the contract is invalid', async () => {
    const quote = await quotes.accepted();
    const open = await quotes.ask();
    const dirhams = await quotes.accepted({ TransactionType: 'Remittance', QuotedCurrency: 'AED',
        RemittanceInformation: { CreditorAccount: { SchemeName: 'IBAN', Identification: 'GB33BUKB20201555555555', Type: 'Business',
            Name: { en: 'X' } }, CreditorReference: 'R', ExtendedPurpose: 'P', PaymentAmount: { Amount: '1000.00', Currency: 'AED' } } });
    const multi = { terms: { ControlParameters: CONTROL_PARAMETERS.FixedOnDemand } };
    const less = { Amount: '999.99', Currency: 'AED' };
    const cases = {
        'no quote': [quote, { request: { FxQuoteId: undefined } }, 'InvalidFxQuote'],
        'a quote that nobody gave': [quote, { request: { FxQuoteId: randomUUID() } }, 'InvalidFxQuote'],
        'a quote that is no UUID': [quote, { request: { FxQuoteId: 'quote' } }, 'InvalidFxQuote'],
        'a quote of another client': [quote, { client: randomUUID() }, 'InvalidFxQuote'],
        'a quote that was not accepted': [open, {}, 'InvalidFxQuote'],
        'another amount': [quote, { terms: { ControlParameters: controlOf({ SellAmount: less }) } }, 'InvalidFxQuote'],
        'the amount that is bought': [quote, { terms: { ControlParameters: controlOf({ SellAmount: quote.BuyAmount }) } }, 'InvalidFxQuote'],
        'another currency': [quote, { request: { CurrencyOfTransfer: 'PKR' } }, 'InvalidFxQuote'],
        'no other currency': [dirhams, {}, 'InvalidFxQuote'],
        'a country of three letters': [quote, { request: { DestinationCountryCode: 'IND' } }, 'InvalidFxQuote'],
        'several payments': [quote, multi, 'PaymentTypeNotSupported'],
        'two creditors': [quote, { creditors: [payeeAbroad(), payeeAbroad()] }, 'InvalidCreditor'],
        'an IBAN with wrong digits': [quote, { creditors: [payeeAbroad({ SchemeName: 'IBAN', Identification: 'GB34BUKB20201555555555' })] }, 'InvalidCreditor'],
        'an IBAN that is too short': [quote, { creditors: [payeeAbroad({ SchemeName: 'IBAN', Identification: 'GB33BUKB' })] }, 'InvalidCreditor'],
        'an IBAN with a sign': [quote, { creditors: [payeeAbroad({ SchemeName: 'IBAN', Identification: 'GB33-BUKB-2020-1555-5555' })] }, 'InvalidCreditor'],
        'an account number of 35 characters': [quote, { creditors: [payeeAbroad({ Identification: '1'.repeat(35) })] }, 'InvalidCreditor'],
        'no name': [quote, { creditors: [payeeAbroad({ Name: {} })] }, 'InvalidCreditor'],
        'a bank that is no BIC': [quote, { creditors: [{ ...payeeAbroad(), CreditorAgent: { SchemeName: 'BICFI', Identification: 'ABC' } }] }, 'InvalidCreditor'],
        'another account scheme': [quote, { creditors: [payeeAbroad({ SchemeName: 'MaskedPAN' })] }, 'InvalidPII'],
        'a payee of neither kind': [quote, { creditors: [{ ...payeeAbroad(), Creditor: { IdentityType: 'Robot' } }] }, 'InvalidPII'],
        'an address without a town': [quote, { creditors: [{ ...payeeAbroad(), Creditor: { IdentityType: 'Individual',
            PostalAddress: [{ AddressType: 'Residential', AddressLine: ['1 Sea Road'], Country: 'IN' }] } }] }, 'InvalidPII'],
        'an answer of Confirmation of Payee': [quote, { creditors: [{ ...payeeAbroad(), ConfirmationOfPayeeResponse: 'a.b.c' }] }, 'InvalidPII'],
    };
    for (const [name, [of, options, code]] of Object.entries(cases)) {
        const { status, code: said } = await judged(await consentOf(of, options));
        assert.deepEqual([status, said], ['invalid', code], name);
    }
    assert.equal((await quotes.find(quote.FxQuoteId)).QuoteStatus, 'Accepted');
});

test('a quote of another provider is none', async () => {
    const business = new HubClient(demo, 'dhowbusiness');
    const quote = await quotes.accepted();
    const consent = await consentOf(quote, { provider: business.provider });
    const { status, code } = await judged(consent, business);
    business.close();
    assert.deepEqual([status, code], ['invalid', 'InvalidFxQuote']);
});

// --- payments -----------------------------------------------------------------------------------

/** A consent at the simulated Hub, of its first TPP, which the test authorizes in the bank's place. */
async function agreed(set, { request = {} } = {}) {
    const asking = new Quotes(clock, hub, FIRST_TPP);
    const quote = await asking.accepted(set);
    const made = await fetch(`${demo.hub.baseUrl}/sim/consents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ providerId: PROVIDER, type: 'payment', consent: {
            ControlParameters: controlOf(quote),
            CurrencyRequest: currencyRequest(quote, request),
            PersonalIdentifiableInformation: { Initiation: { Creditor: [payeeAbroad()] } },
        } }),
    });
    const text = await made.text();
    assert.equal(made.status, 201, text);
    const consent = { consentId: JSON.parse(text).consentId, providerId: PROVIDER };
    await bank.decide(consent, 'Authorized', { userId: user.userId, accountIds: [accountId] });
    return { quote, consent, asking };
}

const requestOf = ({ CurrencyOfTransfer, ExtendedPurpose, ...more }) => ({ CurrencyOfTransfer, ExtendedPurpose, ...more });

async function pay({ quote, consent }, { data = {}, key = randomUUID(), creditor = payeeAbroad() } = {}) {
    const { FxQuoteId, ...request } = currencyRequest(quote);
    const id = randomUUID();
    const body = {
        paymentType: 'cbuae-payment',
        request: { Data: {
            ConsentId: consent.consentId,
            Instruction: { Amount: quote.SellAmount },
            CurrencyRequest: requestOf(request),
            FxQuoteId,
            PersonalIdentifiableInformation: await sealed({ Initiation: creditor, Risk: {} }),
            PaymentPurposeCode: 'TOF',
            OpenFinanceBilling: { Type: 'PushP2P' },
            ...data,
        } },
        requestHeaders: { 'x-idempotency-key': key, 'x-fapi-customer-ip-address': '192.0.2.7' },
        tpp: { clientId: id, orgId: id, softwareStatementId: id, tppId: id, tppName: 'T', decodedSsa: {} },
    };
    return hub.call('POST', '/payments', { userId: user.userId, consentId: consent.consentId, body, token: await clock.token(hub) });
}

/** The exchange as the payer's entry tells it: what was instructed, at the quote's rate. */
const exchangeOf = (quote) => ({ sourceCurrency: 'AED', targetCurrency: quote.BuyAmount.Currency, unitCurrency: quote.UnitCurrency,
    exchangeRate: quote.ExchangeRate.toFixed(6), instructedAmount: { amount: quote.SellAmount.Amount, currency: quote.SellAmount.Currency } });

const find = async ({ consent }, id) => (await hub.get(`/payments/${id}`, { userId: user.userId, consentId: consent.consentId })).json.data;

async function available() {
    const { json } = await hub.get(`/accounts/${accountId}/balances`,
        { userId: user.userId, query: { page: 1, 'page-size': 10 } });
    const { amount, creditDebitIndicator } = json.data.find(({ balanceType }) => balanceType === 'InterimAvailable');
    return Number(amount.amount) * (creditDebitIndicator === 'Debit' ? -1 : 1);
}

async function ends(one, id, status) {
    await until(async () => (await find(one, id)).status === status, `${status} of ${id}`, END_MS);
}

function assertRefused(reply, status, errorCode, about) {
    assert.deepEqual([reply.status, reply.json?.errorCode], [status, errorCode], `${about}: ${reply.text}`);
}

test('a payment says what it exchanges, takes amount and charges, and uses up its quote', async () => {
    const one = await agreed();
    const before_ = await available();
    const made = await pay(one);
    assert.equal(made.status, 201, made.text);
    const { data } = made.json;
    const { FxQuoteId, ...asked } = currencyRequest(one.quote);
    assert.equal(data.status, 'Pending');
    assert.deepEqual(data.instruction.Amount, { amount: '1000.00', currency: 'AED' });
    assert.deepEqual(data.charges, [
        { chargeBearer: 'BorneByDebtor', type: 'Fees', amount: { amount: '25.00', currency: 'AED' } },
        { chargeBearer: 'BorneByDebtor', type: 'VAT', amount: { amount: '1.25', currency: 'AED' } }]);
    assert.deepEqual(data.exchangeRate, { unitCurrency: 'AED', exchangeRate: one.quote.ExchangeRate, rateType: one.quote.RateType,
        expirationDateTime: one.quote.ExpirationDateTime });
    assert.deepEqual(data.currencyRequest, { ...Object.fromEntries(
        Object.entries(asked).map(([name, value]) => [name[0].toLowerCase() + name.slice(1), value])), fxQuoteId: FxQuoteId });
    assert.ok(!made.text.includes('Pillai'));
    assert.equal((await available()).toFixed(2), (before_ - 1026.25).toFixed(2));
    await ends(one, data.id, 'AcceptedCreditSettlementCompleted');
    assert.equal((await available()).toFixed(2), (before_ - 1026.25).toFixed(2));
    await until(async () => (await one.asking.find(one.quote.FxQuoteId)).QuoteStatus === 'Completed', 'the trade', END_MS);
    let told;
    await until(() => {
        told = demo.hubLog().filter(({ event, quote }) => event === 'fx-quote-told' && quote === one.quote.FxQuoteId);
        return told.length >= 3;
    }, 'the Hub told', END_MS);
    assert.deepEqual(told.map(({ status }) => status), ['Funded', 'Actioned', 'Completed']);
    const { json } = await hub.get(`/accounts/${accountId}/transactions`, { userId: user.userId, query: { page: 1, 'page-size': 100 } });
    const booked = json.data.find(({ transactionType, amount }) => transactionType === 'InternationalTransfer' && amount.amount === '1026.25');
    assert.deepEqual([booked.creditorAccount[0].schemeName, booked.creditorAccount[0].name], ['AccountNumber', PAYEE]);
    assert.deepEqual(booked.currencyExchange, exchangeOf(one.quote));
    assert.deepEqual([booked.chargeAmount, booked.chargeAmountVat], [
        { amount: '25.00', currency: 'AED', chargeIncluded: true }, { amount: '1.25', currency: 'AED' }]);
});

test('those who ask for entries with an exchange get the pending and the booked payment, and none at home', async () => {
    const exchanges = async (page = 1, size = 100) => (await hub.get(`/accounts/${accountId}/transactions`, {
        userId: user.userId, query: { page, 'page-size': size }, headers: { 'o3-fx-transactions': 'true' } })).json;
    const before_ = await exchanges();
    const one = await agreed({ ContractIdentification: 'FRAME-7' });
    const made = await pay(one);
    assert.equal(made.status, 201, made.text);
    const during = await exchanges();
    assert.equal(during.meta.totalRecords, before_.meta.totalRecords + 1);
    assert.deepEqual(during.data[0].currencyExchange, { ...exchangeOf(one.quote), contractIdentification: 'FRAME-7' });
    await ends(one, made.json.data.id, 'AcceptedCreditSettlementCompleted');
    const after_ = await exchanges();
    assert.equal(after_.meta.totalRecords, before_.meta.totalRecords + 1);
    assert.deepEqual([after_.data[0].status, after_.data[0].amount.amount], ['Booked', '1026.25']);
    assert.ok(after_.data.every(({ currencyExchange }) => currencyExchange));
    assert.deepEqual((await exchanges(2, 1)).data, [after_.data[1]]);
    assert.deepEqual(after_.data.slice(1).map(({ transactionId }) => transactionId),
        before_.data.map(({ transactionId }) => transactionId).slice(0, after_.data.length - 1));
});

test('the same key is the same payment; a quote pays once', async () => {
    const one = await agreed();
    const key = randomUUID();
    const replies = await Promise.all(Array.from({ length: 4 }, () => pay(one, { key })));
    assert.deepEqual(replies.map(({ status }) => status), Array(4).fill(201));
    assert.equal(new Set(replies.map(({ json }) => json.data.id)).size, 1);
    assertRefused(await pay(one), 400, 'Consent.BusinessRuleViolation', 'another key');
    const other = await pay(one, { key, data: { CurrencyRequest: { ExtendedPurpose: 'Rent', CurrencyOfTransfer: 'INR' } } });
    assertRefused(other, 400, 'Body.InvalidFormat', 'the key with another payment');
});

test('of ten payments at once under one quote one is made', async () => {
    const one = await agreed();
    const replies = await Promise.all(Array.from({ length: 10 }, () => pay(one)));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [201, ...Array(9).fill(400)]);
});

test('each payment that is not what was agreed is refused, and the quote stays', async () => {
    const one = await agreed();
    const other = await agreed();
    const request = { ExtendedPurpose: 'Support of the family', CurrencyOfTransfer: 'INR' };
    const cases = {
        'neither request nor quote': [{ data: { CurrencyRequest: undefined, FxQuoteId: undefined } }, 'Body.InvalidFormat', 'Consent.FailsControlParameters'],
        'no quote': [{ data: { FxQuoteId: undefined } }, 'Consent.FailsControlParameters'],
        'no request': [{ data: { CurrencyRequest: undefined } }, 'Consent.FailsControlParameters'],
        'another quote': [{ data: { FxQuoteId: other.quote.FxQuoteId } }, 'Consent.FailsControlParameters'],
        'another currency': [{ data: { CurrencyRequest: { ...request, CurrencyOfTransfer: 'USD' } } }, 'Consent.FailsControlParameters'],
        'no purpose': [{ data: { CurrencyRequest: { CurrencyOfTransfer: 'INR' } } }, 'Body.InvalidFormat'],
        'less than was agreed': [{ data: { Instruction: { Amount: { Amount: '999.00', Currency: 'AED' } } } }, 'Consent.BusinessRuleViolation'],
        'in the other currency': [{ data: { Instruction: { Amount: one.quote.BuyAmount } } }, 'Body.InvalidFormat'],
        'another creditor': [{ creditor: payeeAbroad({ Identification: '009912345679' }) }, 'Consent.FailsControlParameters'],
        'a member that is none': [{ creditor: { ...payeeAbroad(), Other: 1 } }, 'Body.InvalidFormat'],
    };
    for (const [name, [options, ...codes]] of Object.entries(cases)) {
        const reply = await pay(one, options);
        assert.equal(reply.status, 400, `${name}: ${reply.text}`);
        assert.ok(codes.includes(reply.json.errorCode), `${name}: ${reply.text}`);
    }
    assert.equal((await one.asking.find(one.quote.FxQuoteId)).QuoteStatus, 'Accepted');
    assert.equal((await pay(one)).status, 201);
});

test('a domestic consent pays nothing into another currency', async () => {
    const { quote } = await agreed();
    const made = await fetch(`${demo.hub.baseUrl}/sim/consents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ providerId: PROVIDER, type: 'payment', consent: {
            ControlParameters: controlOf(quote),
            PersonalIdentifiableInformation: { Initiation: { Creditor: [creditorOf(77)] } },
        } }),
    });
    const consent = { consentId: (await made.json()).consentId, providerId: PROVIDER };
    await bank.decide(consent, 'Authorized', { userId: user.userId, accountIds: [accountId] });
    assertRefused(await pay({ quote, consent }), 400, 'Consent.FailsControlParameters', 'a domestic consent');
});

test('a trade that fails rejects the payment, and the money is back', async () => {
    const before_ = await available();
    const one = await agreed({ TradeAmount: { Amount: '1000.91', Currency: 'AED' } });
    const made = await pay(one);
    assert.equal(made.status, 201, made.text);
    await ends(one, made.json.data.id, 'Rejected');
    assert.deepEqual((await find(one, made.json.data.id)).rejectReasonCode,
        [{ code: 'LFI.TradeFailed', message: 'The bank could not carry out the trade.' }]);
    await until(async () => (await one.asking.find(one.quote.FxQuoteId)).QuoteStatus === 'Rejected', 'the quote', END_MS);
    await until(async () => (await available()).toFixed(2) === before_.toFixed(2), 'the money', END_MS);
});

test('more than the account has, with the charges, is not paid', async () => {
    const one = await agreed({ QuotedCurrency: 'USD', TradeAmount: { Amount: '9000000.00', Currency: 'AED' } });
    assertRefused(await pay(one), 400, 'GenericError', 'no funds');
    assert.equal((await one.asking.find(one.quote.FxQuoteId)).QuoteStatus, 'Accepted');
});

test('a quote waits for its payment as long as its rate holds, and is cancelled then', async () => {
    const one = await agreed();
    const left = Math.ceil((Date.parse(one.quote.ExpirationDateTime) - Date.now()) / 1000);
    await clock.move(left - 30);
    assert.equal((await one.asking.find(one.quote.FxQuoteId)).QuoteStatus, 'Accepted');
    await clock.move(left + 1);
    assertRefused(await pay(one), 400, 'Consent.BusinessRuleViolation', 'too late');
    assert.equal((await one.asking.find(one.quote.FxQuoteId)).QuoteStatus, 'Cancelled');
    let told;
    await until(() => {
        told = demo.hubLog().filter(({ event, quote }) => event === 'fx-quote-told' && quote === one.quote.FxQuoteId);
        return told.length >= 1;
    }, 'the Hub told', END_MS);
    assert.deepEqual(told.map(({ status, information }) => [status, information]), [['Cancelled', 'The trade was not funded in time.']]);
    await clock.move(0);
});

test('no name and no account number is in the log', () => {
    const log = demo.readLog('server.log') + demo.readLog('hub.log');
    assert.ok(!log.includes('Pillai') && !log.includes('009912345678'));
});
