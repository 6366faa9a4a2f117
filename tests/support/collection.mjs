// The sample requests of the documents towards a running demonstration: what the console and
// tools/collection hand out, with everything filled in that a person would fill in.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as collection from '../../server/operator/web/collection.js';
import { HubClient } from './client.mjs';
import { CONTROL_PARAMETERS, creditorOf, sealPii } from './payments.mjs';
import { Bank } from '../contract/hub_support.mjs';

const PROVIDER = 'dhowretail'; // of the samples of payments
const FILE_PAYER = 'carmen'; // whose transactions no sample reads
const TOKEN_SECONDS = 290; // the bank takes one for five minutes

/** A call of the operator. */
export async function operator(demo, path) {
    const authorization = `Bearer ${readFileSync(demo.operatorTokenFile, 'utf8').trim()}`;
    const answer = await fetch(demo.adminBaseUrl + path, { headers: { authorization, connection: 'close' } });
    if (!answer.ok) {
        throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    }
    return answer.json();
}

/** The documents as the console serves them, in the version of the standard that is in force. */
export async function readDocuments(demo) {
    const { documents } = await operator(demo, '/operator/documents');
    const current = documents.filter(({ version }) => !version.endsWith('-draft'));
    return Promise.all(current.map(async ({ file }) => [file, await operator(demo, `/console/reference/${file}`)]));
}

/** A call of a script to the Hub simulator. */
async function script(demo, path, body) {
    const answer = await fetch(demo.hub.baseUrl + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) {
        throw new Error(`${path}: ${answer.status} ${text}`);
    }
    return JSON.parse(text);
}

/** A consent to one payment. */
async function stagePayment(demo, ControlParameters, Initiation) {
    const { consentId } = await script(demo, '/sim/consents', {
        providerId: PROVIDER,
        type: 'payment',
        consent: { ControlParameters, PersonalIdentifiableInformation: { Initiation } },
    });
    return consentId;
}

/** It, authorized in the bank's place for the customer of the samples. */
async function authorizePayment(demo, { userId, accountId, consentId }) {
    consentId ??= await stagePayment(demo, CONTROL_PARAMETERS.SingleInstantPayment, { Creditor: [creditorOf(1)] });
    const hub = { base: demo.portBase, config: { https: { clientCa: demo.hub.caFile } } };
    const bank = new Bank(hub, { who: demo.bank, port: new URL(demo.hub.consentManagerUrl).port });
    try {
        await bank.decide({ consentId, providerId: PROVIDER }, 'Authorized', { userId, accountIds: [accountId] });
    } finally {
        bank.close();
    }
    return consentId;
}

const SECTORS = ['employment', 'health', 'home', 'life', 'motor', 'renters', 'travel'];

/** Of each sector a quote that can be accepted, and one that has been. */
async function quoteInsurance(demo, requests, variables) {
    const to = (sector, method) => requests.find((one) => one.method === method &&
        one.url.startsWith(`{{baseUrl}}/${sector}-insurance-quotes`));
    const made = await Promise.all(SECTORS.map(async (sector) => {
        const quotes = [];
        for (let i = 0; i < 2; i++) {
            const { json } = await send(demo, to(sector, 'POST'), variables);
            quotes.push(json.data[0]);
        }
        const read = to(sector, 'GET');
        const of = (quote) => ({ ...variables, [`${sector}QuoteId`]: quote.QuoteId });
        for (let i = 0; i < quotes.length; i++) { // the price may take a moment
            while (quotes[i].QuoteStatus === 'Pending') {
                quotes[i] = (await send(demo, read, of(quotes[i]))).json.data;
            }
        }
        const named = (quote) => ({
            [`${sector}QuoteId`]: quote.QuoteId,
            [`${sector}QuoteReference`]: quote.QuoteReference,
            [`${sector}QuoteCreated`]: quote.CreationDateTime,
        });
        const accepted = await send(demo, to(sector, 'PATCH'), { ...variables, ...named(quotes[1]) });
        assert.equal(accepted.status, 204, accepted.text);
        return { ...named(quotes[0]), [`${sector}AcceptedQuoteId`]: quotes[1].QuoteId };
    }));
    return Object.assign({}, ...made);
}

/** A consent that waits for the file of the samples, and one whose file was paid. */
async function fillInFiles(demo, requests) {
    const { userId, accountIds: [accountId] } = demo.providers[0].users.find(({ login }) => login === FILE_PAYER);
    const sampleOf = (id) => requests.find(({ operation }) => operation === id);
    const { request: FilePayment } = JSON.parse(sampleOf('createBulkBatchPaymentConsent').body);
    const { body: file, headers } = sampleOf('createBulkBatchPaymentInstructionFile');
    const stage = () => stagePayment(demo, { ConsentSchedule: { FilePayment } }, {});
    const consentId = await stage();
    await script(demo, `/sim/consents/${consentId}/file`, { file, contentType: headers['Content-Type'] });
    await authorizePayment(demo, { userId, accountId, consentId });
    const { body } = await script(demo, `/sim/consents/${consentId}/payments`, { file: true });
    return { fileConsentId: await stage(), paidFileConsentId: consentId, filePaymentId: body.data.id };
}

/** A value for each variable of the collection. A payment is made for those that ask about one. */
export async function fillIn(demo, requests) {
    const demonstration = await operator(demo, '/operator/demonstration');
    const variables = collection.variablesOf(demonstration);
    const claims = { exp: Math.floor(Date.now() / 1000) + TOKEN_SECONDS };
    for (const { providerId, callerAuth, token } of demo.providers) {
        const hub = new HubClient(demo, providerId);
        const scheme = callerAuth === 'api-key' ? '' : 'Bearer ';
        variables[collection.authorizationOf(providerId)] = scheme + (await hub.token({ claims }));
        if (token) {
            const secret = readFileSync(token.clientSecretFile, 'utf8').trim();
            variables[collection.clientOf(providerId)] = Buffer.from(`${token.clientId}:${secret}`).toString('base64');
        }
        hub.close();
    }
    const read = requests.find(({ operation }) => operation === 'findByAccountId');
    const { userId } = JSON.parse(Buffer.from(read.headers['o3-psu-identifier'], 'base64'));
    const customer = { userId, accountId: read.url.split('/').pop() };
    const paid = await authorizePayment(demo, customer);
    const files = await fillInFiles(demo, requests);
    const opening = requests.find(({ operation }) => operation === 'CreateAccount_create');
    const asked = await send(demo, opening, variables);
    const quoting = requests.find(({ operation }) => operation === 'CreateFxQuote_create');
    const quoted = await send(demo, quoting, variables);
    const { body } = await script(demo, `/sim/consents/${paid}/payments`, {
        amount: '10.00', pii: { Initiation: creditorOf(1), Risk: {} },
    });
    return {
        ...variables,
        ...(await quoteInsurance(demo, requests, variables)),
        ...files,
        paidConsentId: paid,
        openingId: asked.json.data.AccountId,
        quoteId: quoted.json.data.FxQuoteId,
        quoteReference: quoted.json.data.QuoteReference,
        paymentId: body.data.id,
        paymentConsentId: await authorizePayment(demo, customer),
        paymentPii: await sealPii({ Initiation: creditorOf(1), Risk: {} }, demo.providers[0]),
    };
}

/** Sends one request of the collection with the certificate of its provider. */
export async function send(demo, request, variables) {
    const of = (text) => collection.fill(text, variables);
    const hub = new HubClient(demo, request.provider);
    try {
        const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, of(value)]));
        return await hub.send(request.method, of(request.url).slice(demo.ozoneConnect.baseUrl.length),
            { headers, content: of(request.body) });
    } finally {
        hub.close();
    }
}
