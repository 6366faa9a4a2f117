// What the app's backend does as a TPP at the Hub, for the consents that this browser has asked for.
import {CallError, getJson, postJson} from "./page.js";
import {fromStandard, standardPath} from "./standard.js";

/** Asks for a consent: {type, providerId, clientId, consent, subscription}; the bank's address is in the answer. */
export const requestConsent = (asked) => postJson("/tpp/app/consents", asked);

/** What the backend knows after the customer came back with this query. */
export const arrive = (query) => postJson("/tpp/app/arrivals", {query});

export const ownPath = (consentId) => `/tpp/app/consents/${encodeURIComponent(consentId)}`;

/** The consents that this browser has asked for, newest first. */
export const listOwn = () => getJson("/tpp/app/consents").then(({consents}) => consents);

/** The app's view of the consent; null when this browser did not ask for it. */
export const findOwn = (consentId) => getJson(ownPath(consentId));

/** What the Hub answered; a refusal is thrown. */
function answerOf({status, body, retryAfter}) {
  if (status < 300) return body;
  const [error = {}] = body?.Errors ?? [];
  throw new CallError(status, {errorCode: error.Code, errorMessage: error.Message}, {"retry-after": retryAfter});
}

const read = async (asked) => answerOf(await postJson("/tpp/app/reads", asked));

// ---- accounts ----------------------------------------------------------------------------------

/** Reads what the views call `path`. */
export async function readOwn(consentId, path, query) {
  return fromStandard(path, await read({consentId, path: standardPath(path), ...(query && {query})}));
}

/** The consent as the Hub has it now. */
export async function ownTerms(consentId, insurance) {
  const path = `/${insurance ? "insurance" : "account-access"}-consents/${encodeURIComponent(consentId)}`;
  const {Data} = await read({consentId, path, ...(insurance && {family: "insurance"})});
  return Data;
}

// ---- insurance ---------------------------------------------------------------------------------

/** Reads a page of policies, as readOwn() gives accounts; the policies keep the standard's shape. */
export async function readPolicies(consentId, path, query) {
  const {Data, Meta} = await read({consentId, family: "insurance", path, ...(query && {query})});
  return {data: Data.Policies, meta: {totalPages: Meta?.TotalPages ?? 1}};
}

// ---- payments ----------------------------------------------------------------------------------

const PAYMENTS = /\/open-finance\/payment\/v[\d.]+/;

/** Reads below the address of payments, which may be one that the Hub has told. */
export const readPayments = (consentId, address) =>
  read({consentId, family: "payment", path: address.split(PAYMENTS).at(-1)});

/**
 * Pays {consentId, key, data}, where `key` is the idempotency key; again with the same, what was sent first
 * is sent. A failure is `lost` when the payment may have been taken all the same.
 */
export async function payOwn(payment) {
  try {
    return answerOf(await postJson("/tpp/app/payments", payment));
  } catch (failure) {
    throw Object.assign(failure, {lost: !failure.status || (failure.status >= 500 && failure.status !== 501)});
  }
}

/** Whose account it is: {status, body, wire} of the Hub. */
export const checkPayee = (asked) => postJson("/tpp/app/payees", asked);
