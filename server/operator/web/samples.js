// The sample requests of a demonstration, and commands that send a request of an operation.
import { curl, requestsOf } from './collection.js';
import { ask, Refused } from './page.js';
import { readDocuments } from './reference.js';

/** The samples by operationId, and where to send them; empty when this is no demonstration. */
async function fetchSamples() {
  let demonstration;
  try {
    demonstration = await ask('/operator/demonstration');
  } catch (failure) {
    if (failure instanceof Refused && failure.status === 404) return { samples: new Map() };
    throw failure;
  }
  const documents = await readDocuments();
  const samples = new Map(documents.flatMap(([, document]) => Object.values(document.paths).flatMap((item) =>
    Object.values(item).filter((one) => one['x-sample']).map((one) => [one.operationId, one['x-sample']]))));
  const requests = new Map(requestsOf(documents, demonstration.ozoneConnect.basePaths).map((one) => [one.operation, one]));
  return { demonstration, samples, requests };
}

let known = null;

/** As fetchSamples(), which is done once. */
export function readSamples() {
  known ??= fetchSamples().catch((failure) => {
    known = null;
    throw failure;
  });
  return known;
}

/** The operation's sample as a curl command; where there is none, the command that plays the Hub once. */
export async function commandOf(provider, { operation, method, path }, consentId) {
  const { demonstration, samples, requests } = await readSamples();
  if (samples.get(operation)?.provider === provider) return curl(requests.get(operation), demonstration);
  const consent = consentId ? ` --consent ${consentId}` : '';
  return `tools/call --provider ${provider}${consent} ${method} '${path}'`;
}
