// Visits to the places of which a request decides what becomes of it: quotes, openings of accounts, files.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { until } from '../journey/support.mjs';
import { acceptanceOf } from '../support/exchange.mjs';
import { FilePayer } from '../support/file_payer.mjs';
import { instructionsOf, painOf } from '../support/files.mjs';
import { askQuote } from '../support/quotes.mjs';

const END_MS = 60_000; // of a trade or an opening
const QUOTE_S = 601; // a quote is over
const DAY_S = 86_401;

/** What contract.places visits: {demo, banks, clock}, banks by segment. */
export const steered = {};

/** What becomes of `value` by a JSON merge patch. */
function merge(value, patch) {
    if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) {
        return patch ?? undefined;
    }
    const changed = Object.entries(patch).map(([name, one]) => [name, merge(value?.[name], one)]);
    return { ...value, ...Object.fromEntries(changed) };
}

const ask = ({ segment }, method, path, data) =>
    steered.clock.call(steered.banks[segment].client, method, path, { body: data && { data } });

async function reaches(place, path, fits) {
    let reply;
    await until(async () => {
        reply = await ask(place, 'GET', path);
        assert.equal(reply.status, 200, reply.text);
        return fits(reply.json.data);
    }, `${place.place} of ${path}`, END_MS);
    return reply.json.data;
}

/** A person whose Emirates ID is the place's login's, or nobody's; or a business. */
function claimsOf({ segment, login, request }) {
    if (request.Party?.Claims?.IdentityType === 'Business') {
        return { IdentityType: 'Business', BusinessName: 'Coral LLC', TradeLicenceNumber: 'CN-100' };
    }
    const user = steered.banks[segment].users.find((one) => one.login === login);
    return {
        IdentityType: 'Person', FullName: 'Layla Qamar', GivenName: 'Layla', Surname: 'Qamar',
        EmiratesId: user?.emiratesId ?? `784${Math.random()}`, EmiratesIdExpiryDate: '2099-01-31',
        Email: `${randomUUID()}@mail.example.org`, // makes each request another
        ResidentialAddress: { AddressLine: ['Villa 7'], Country: 'AE' },
    };
}

/** An account that is asked for, once the bank has decided. */
async function opening(place, more = {}) {
    const data = merge({ Party: { Claims: claimsOf(place) }, ...more }, place.request);
    const reply = await ask(place, 'POST', '/accounts', data);
    assert.equal(reply.status, 200, reply.text);
    return reaches(place, `/accounts/${reply.json.data.AccountId}/status`, ({ OpeningStatus }) =>
        ['Completed', 'Rejected'].includes(OpeningStatus));
}

/** What is sent abroad, of a quote that is for more than an exchange. */
const REMITTED = {
    RemittanceInformation: {
        CreditorAccount: { SchemeName: 'IBAN', Identification: 'GB33BUKB20201555555555', Type: 'Individual', Name: { en: 'Layla Qamar' } },
        CreditorReference: 'Family', ExtendedPurpose: 'Support of the family', InstructionPriority: 'Normal',
    },
};

/** The quote, as asked for; null: the bank offers none. */
async function quote(place) {
    const Party = place.login && { Claims: claimsOf(place) };
    const data = merge({
        QuoteReference: randomUUID(), TransactionType: 'Spot', UnitCurrency: 'AED', ...(Party && { Party }),
        ...(place.request.TransactionType && REMITTED),
    }, place.request);
    const reply = await ask(place, 'POST', '/fx-quotes', data);
    assert.ok([201, 204].includes(reply.status), reply.text);
    return reply.status === 201 ? reply.json.data : null;
}

const pathOf = ({ FxQuoteId }) => `/fx-quotes/${FxQuoteId}`;

async function accept(place) {
    const made = await quote(place);
    const path = pathOf(made);
    const reply = await ask(place, 'PATCH', path, acceptanceOf(made).data);
    assert.equal(reply.status, 204, reply.text);
    return { made, path };
}

/* --- what is to be seen ----------------------------------------------------------------------- */

const isNotQuoted = async (place) => {
    assert.equal(place.status, '204');
    assert.equal(await quote(place), null);
};
const isQuoted = async (place) => {
    const made = await quote(place);
    assert.equal(made.BuyAmount.Currency, place.request.QuotedCurrency);
    assert.deepEqual(made.SellAmount, place.request.TradeAmount);
    const { QuoteStatus } = (await ask(place, 'GET', `/fx-quotes/${made.FxQuoteId}`)).json.data;
    assert.equal(QuoteStatus, place.status);
};
const isTraded = (rateType) => async (place) => {
    const { made, path } = await accept(place);
    assert.equal(made.RateType, rateType);
    await reaches(place, path, ({ QuoteStatus }) => QuoteStatus === place.status);
};
/** A quote of insurance, applied for or not, comes to the place's status; `seconds`: once they have passed. */
const quotesCover = ({ applies, seconds = 0 }) => async (place) => {
    const call = (method, path, body) => steered.clock.call(steered.banks[place.segment].client, method, path, { body });
    const { look, apply } = await askQuote(call, 'Employment', { set: place.request });
    if (applies) {
        await apply();
    }
    await steered.clock.move(seconds);
    try {
        await until(async () => (await look()).QuoteStatus === place.status, `${place.place}: ${place.status}`, END_MS);
    } finally {
        await steered.clock.move(0);
    }
};

/** Without anything else happening, once so many seconds have passed. */
const endsAfter = (seconds, make) => async (place) => {
    const { path } = await make(place);
    await steered.clock.move(seconds);
    try {
        await reaches(place, path, ({ QuoteStatus }) => QuoteStatus === place.status);
    } finally {
        await steered.clock.move(0);
    }
};
const isTradedWithAccount = async (place) => {
    const { made, path } = await accept(place);
    assert.equal(made.UserIdentificationStatus, 'UserNotIdentified');
    const LinkedOperations = { FxQuoteId: made.FxQuoteId };
    const { OpeningStatus } = await opening({ ...place, request: {} }, { LinkedOperations });
    assert.equal(OpeningStatus, 'Completed');
    await reaches(place, path, ({ QuoteStatus }) => QuoteStatus === place.status);
};

export const isDecided = async (place) => {
    const made = await opening(place);
    assert.deepEqual([made.OpeningStatus, made.AdditionalStatusInformation], [place.status, place.reason]);
    return made;
};

/** Pays a file with an instruction to the place's creditor, and an ordinary one: the payment, and lines of the report. */
async function payFile(place, { alone }) {
    const payer = await FilePayer.prepare(steered.demo);
    assert.equal(payer.user.login, place.login);
    const instructions = instructionsOf(alone ? 1 : 2);
    instructions[0].iban = place.request.CreditorIBAN;
    const file = painOf(instructions);
    const consent = await payer.waiting(file, instructions);
    assert.equal((await payer.upload(consent, file)).status, 204);
    await payer.authorize(consent);
    const { status, text, json } = await payer.pay(consent);
    assert.equal(status, 201, text);
    const payment = await payer.processed(consent, json.data.id);
    const [, ...lines] = (await payer.report(consent, json.data.id)).text.trim().split('\r\n');
    payer.close();
    return { payment, lines };
}
const isPaidInFile = async (place) => {
    const { payment, lines } = await payFile(place, { alone: false });
    assert.equal(payment.status, 'Received');
    assert.deepEqual(lines, [`1,SALARY-1,10.00,AED,${place.status},${place.reason ?? ''}`, '2,SALARY-2,10.01,AED,Accepted,']);
};

const isRefusedFile = async (place) => {
    const payer = await FilePayer.prepare(steered.demo);
    const instructions = instructionsOf(2);
    const file = painOf(instructions);
    const consent = await payer.waiting(file, instructions, place.request);
    const { status, text, json } = await payer.upload(consent, file);
    assert.equal(`${status} ${json.errorCode}`, place.status, text);
    payer.close();
};

/** By name of the place. */
export const STEERED = {
    'fx-currency': isQuoted,
    'fx-largest': isQuoted,
    'fx-rejected': isTraded('Actual'),
    'fx-cancelled': isTraded('Actual'),
    'fx-customer': isTraded('Agreed'),
    'fx-barred': isTradedWithAccount,
    'fx-account': isTradedWithAccount,
    'fx-no-account': endsAfter(DAY_S, accept),
    'fx-expired': endsAfter(QUOTE_S, async (place) => ({ path: pathOf(await quote(place)) })),
    'fx-remittance': async (place) => {
        const { made, path } = await accept(place);
        assert.deepEqual(made.Charges.map(({ Type, Amount }) => [Type, Amount.Amount]), [['Fees', '25.00'], ['VAT', '1.25']]);
        await reaches(place, path, ({ QuoteStatus }) => QuoteStatus === place.status); // contract.exchange pays it
    },
    'fx-remittance-unpaid': endsAfter(QUOTE_S, accept),
    'fx-currency-not-traded': isNotQuoted,
    'fx-same-currency': isNotQuoted,
    'fx-too-much': isNotQuoted,
    'fx-nothing': isNotQuoted,

    'quote-refused': quotesCover({ applies: true }),
    'quote-withdrawn': quotesCover({ applies: true }),
    'quote-completed': quotesCover({ applies: true }),
    'quote-available': quotesCover({ applies: false }),
    'quote-expired': quotesCover({ applies: false, seconds: 14 * DAY_S }),

    'opening-id-expired': isDecided,
    'opening-nobody': isDecided,
    'opening-business-no-licence': isDecided,
    'opening-business-no-name': isDecided,

    'file-paid': isPaidInFile,
    'file-invalid-iban': isPaidInFile,
    'file-unreachable': isPaidInFile,
    'file-unusable': isPaidInFile,
    'file-rejected': isPaidInFile,
    'file-other-hash': isRefusedFile,
    'file-other-count': isRefusedFile,
    'file-other-sum': isRefusedFile,
    'file-nothing-paid': async (place) => {
        const { payment } = await payFile(place, { alone: true });
        assert.deepEqual([payment.status, payment.rejectReasonCode[0].code], [place.status, `LFI.${place.reason}`]);
    },
};
