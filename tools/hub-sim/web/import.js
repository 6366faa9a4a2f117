// A journey from a file that this page exported. Anybody may have written the file: every part is
// checked, and what it holds is shown as text only.
import {JOURNEY_VERSION} from "./export.js";
import {isInterface} from "./journey.js";

export const FILE_BYTES = 4 * 1024 * 1024; // far more than an export has; a tab can keep it
const ENTRIES_MAX = 5000;
const KEPT = "journey"; // in the storage of this tab
const SLUGS = ["karak", "dune", "pearl"];

const isText = (value) => typeof value === "string";
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isTime = (value) => isText(value) && Number.isFinite(Date.parse(value));
const isPairs = (value) => Array.isArray(value) && value.every((pair) => isText(pair?.name) && isText(pair?.value));
const isAbsent = (value) => value === undefined;

/* What each part of an entry has to be, by its path. */
const ENTRY = {
  startedDateTime: isTime,
  time: (value) => Number.isFinite(value) && value >= 0,
  "request.method": (value) => isText(value) && /^[A-Z]{1,16}$/.test(value),
  "request.url": (value) => isText(value) && /^https?:/.test(value) && URL.canParse(value),
  "request.headers": isPairs,
  "request.postData.text": (value) => isAbsent(value) || isText(value),
  "response.status": (value) => Number.isInteger(value) && value >= 0 && value <= 599,
  "response.redirectURL": isText,
  "response.content.mimeType": isText,
  "response.content.text": (value) => isAbsent(value) || isText(value),
  _interface: (value) => isText(value) && isInterface(value),
  _findings: (value) => Array.isArray(value) && value.every(isText),
  _refused: (value) => isAbsent(value) || isText(value),
  _token: (value) => isAbsent(value) || isObject(value),
};
const HEAD = {
  exported: isTime, consentId: isText, tppName: isText, slug: (value) => SLUGS.includes(value), providerId: isText,
  status: isText, until: isTime, pays: (value) => typeof value === "boolean", permissions: Number.isInteger,
};

const partOf = (value, path) => path.split(".").reduce((part, name) => part?.[name], value);

function check(value, rules, what) {
  const wrong = Object.keys(rules).find((path) => !rules[path](partOf(value, path)));
  if (wrong) throw new Error(`${what} of the file is malformed: ${wrong} is missing or has a wrong value.`);
}

function noteOf({startedDateTime, time, request, response, ...own}, index) {
  const url = new URL(request.url);
  const inside = url.hostname.endsWith(".invalid"); // only the path was known
  return {
    n: index + 1, at: startedDateTime, elapsedUs: time * 1000, interface: own._interface,
    method: request.method, path: inside ? url.pathname : url.origin + url.pathname, query: url.search.slice(1),
    requestHeaders: Object.fromEntries(request.headers.map(({name, value}) => [name, value])), requestBody: request.postData?.text,
    status: response.status, location: response.redirectURL, replyType: response.content.mimeType, replyBody: response.content.text,
    refused: own._refused, findings: own._findings.map((id) => ({id})), token: own._token,
  };
}

/** {head, notes} of the text of a file; throws what is wrong with it. */
export function readJourney(text) {
  let log;
  try {
    log = JSON.parse(text)?.log;
  } catch {
    throw new Error("The file is malformed: it is not JSON, or it was cut short.");
  }
  if (!isObject(log?._journey)) throw new Error("The file holds no journey. Only files that this page exported can be opened.");
  const {version, ...head} = log._journey;
  if (version !== JOURNEY_VERSION) throw new Error(`The file has version ${version} of the journey's form. This page opens version ${JOURNEY_VERSION}.`);
  check(head, HEAD, "The head");
  if (!Array.isArray(log.entries) || log.entries.length > ENTRIES_MAX) throw new Error(`The file is malformed: entries must be a list of at most ${ENTRIES_MAX}.`);
  log.entries.forEach((entry, index) => check(entry, ENTRY, `Entry ${index + 1}`));
  return {head, notes: log.entries.map(noteOf)};
}

/** Reads the file that somebody chose, and keeps it for this tab, over a reload too. */
export async function keepFile(file) {
  if (file.size > FILE_BYTES) throw new Error(`The file is too large: it may have at most ${FILE_BYTES / 1024 / 1024} MiB.`);
  const text = await file.text();
  readJourney(text);
  sessionStorage.setItem(KEPT, JSON.stringify({name: file.name, text: JSON.stringify(JSON.parse(text))}));
}

/** {name, head, notes} of the file that this tab keeps. */
export function keptFile() {
  const kept = sessionStorage.getItem(KEPT);
  if (!kept) throw new Error("This tab keeps no file. Choose it again.");
  const {name, text} = JSON.parse(kept);
  return {name, ...readJourney(text)};
}
