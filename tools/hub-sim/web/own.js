// The consents that this browser has asked for: the app's backend keeps them, and reads for them as a TPP.
import {CallError, getJson, postJson} from "./page.js";
import {fromStandard, standardPath} from "./standard.js";

/** What the backend knows after the customer came back with this query. */
export const arrive = (query) => postJson("/tpp/app/arrivals", {query});

export const ownPath = (consentId) => `/tpp/app/consents/${encodeURIComponent(consentId)}`;

/** The app's view of the consent; null when this browser did not ask for it. */
export const findOwn = (consentId) => getJson(ownPath(consentId));

async function read(consentId, path, query) {
  const {status, body, retryAfter} = await postJson("/tpp/app/reads", {consentId, path, ...(query && {query})});
  if (status === 200) return body;
  const [error = {}] = body?.Errors ?? [];
  throw new CallError(status, {errorCode: error.Code, errorMessage: error.Message}, {"retry-after": retryAfter});
}

/** Reads what the views call `path`. */
export async function readOwn(consentId, path, query) {
  return fromStandard(path, await read(consentId, standardPath(path), query));
}

/** The consent as the Hub has it now. */
export async function ownTerms(consentId) {
  const {Data} = await read(consentId, `/account-access-consents/${encodeURIComponent(consentId)}`);
  return Data;
}
