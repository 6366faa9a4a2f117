// Payments into another currency: quotes of the bank that a TPP has accepted, and consents under them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

/** Client id of the simulated TPP that asks for consents unless told otherwise. */
export const FIRST_TPP = '5f0c1b7e-2d0a-4c53-9a3e-6f1f6f0b9a11';

export const PAYEE = 'Meera Pillai';

/** In another country; `set` replaces members of the account. */
export const payeeAbroad = (set = {}) => ({
    CreditorAgent: { SchemeName: 'BICFI', Identification: 'ABCDINBBXXX', Name: 'Coastal Bank' },
    Creditor: { IdentityType: 'Individual', Name: { en: PAYEE }, RelationshipToSender: 'Parent' },
    CreditorAccount: { SchemeName: 'AccountNumber', Identification: '009912345678', Name: { en: PAYEE }, ...set },
});

export const quoteRequest = (set = {}) => ({ data: {
    QuoteReference: randomUUID(),
    TransactionType: 'SpotAndRemittance',
    UnitCurrency: 'AED',
    QuotedCurrency: 'INR',
    TradeAmount: { Amount: '1000.00', Currency: 'AED' },
    RemittanceInformation: {
        CreditorAccount: { SchemeName: 'AccountNumber', Identification: '009912345678', Type: 'Individual', Name: { en: PAYEE } },
        CreditorReference: 'FAMILY',
        ExtendedPurpose: 'Support of the family',
    },
    ...set,
} });

/** What accepts a quote: its terms, word for word. */
export const acceptanceOf = ({ QuoteReference, SellAmount, BuyAmount, Charges, Commission }) => ({ data: {
    QuoteReference,
    QuoteStatus: 'Accepted',
    Trade: { SellAmount, BuyAmount, ...(Charges && { Charges }) },
    Commission,
} });

/** Asks for quotes as a Hub does for the TPP `clientId`. */
export class Quotes {
    constructor(clock, client, clientId) {
        Object.assign(this, { clock, client, headers: { 'o3-caller-client-id': clientId } });
    }

    call(method, path, body) {
        return this.clock.call(this.client, method, path, { body, headers: this.headers });
    }

    async ask(set) {
        const reply = await this.call('POST', '/fx-quotes', quoteRequest(set));
        assert.equal(reply.status, 201, reply.text);
        return reply.json.data;
    }

    async accepted(set) {
        const quote = await this.ask(set);
        const reply = await this.call('PATCH', `/fx-quotes/${quote.FxQuoteId}`, acceptanceOf(quote));
        assert.equal(reply.status, 204, reply.text);
        return quote;
    }

    async find(id) {
        const reply = await this.call('GET', `/fx-quotes/${id}`);
        assert.equal(reply.status, 200, reply.text);
        return reply.json.data;
    }
}

/** CurrencyRequest of a consent under a quote. */
export const currencyRequest = ({ FxQuoteId, BuyAmount }, set = {}) => ({
    InstructionPriority: 'Normal',
    ExtendedPurpose: 'Support of the family',
    ChargeBearer: 'BorneByDebtor',
    CurrencyOfTransfer: BuyAmount.Currency,
    DestinationCountryCode: 'IN',
    FxQuoteId,
    ...set,
});

/** ControlParameters of a payment of what a quote sells. */
export const controlOf = ({ SellAmount }) => ({
    ConsentSchedule: { SinglePayment: { Type: 'SingleInstantPayment', Amount: SellAmount } },
});
