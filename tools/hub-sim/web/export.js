// A journey as a HAR file (HTTP Archive 1.2), without what is secret or tells who somebody is: of
// headers, parameters and members only those that are named here are kept, all others are masked.
import {findingsOf, interfaceName} from "./journey.js";

/** Of what the inspector adds to HAR; a file of another version is not opened. */
export const JOURNEY_VERSION = 1;

const HEADERS = /^(accept|content-(type|length)|date|host|user-agent|o3-(api-(uri|operation)|provider-id|consent-id|caller-[\w-]+|ozone-interaction-id)|x-fapi-interaction-id)$/i;
const PARAMETERS = /^(client_id|error|error_description|grant_type|iss|page|page-size|response_type|scope|(from|to)\w*DateTime)$/;
const MEMBERS = /^((?!marital)\w*[sS]tatus|\w*([tT]ype|[iI]ndicator|[cC]urrency|DateTime|TransactionCode)|[pP]ermissions|meta|total\w+|error(Code|Message|_description)?|is[A-Z]\w*|[vV]ersion|first|prev|next|last|self)$/;
const CLAIMS = /^(alg|typ|cty|kid|iss|sub|aud|iat|nbf|exp)$/;
const PERSONAL = /\bAE\d{21}\b|\b784-?\d{4}-?\d{7}-?\d\b|[\w.+-]+@[\w-]+\.[\w.-]+|\+\d[\d\s-]{7,}/g;

const maskOf = (name) => `(${name})`;

/** A copy of a value of this name; objects and lists keep their shape. */
function masked(value, name, kept) {
  if (Array.isArray(value)) return value.map((item) => masked(item, name, kept));
  if (value !== null && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, masked(member, key, kept)]));
  if (!kept.test(name)) return value === null ? null : maskOf(name);
  return typeof value === "string" ? value.replace(PERSONAL, maskOf(name)) : value;
}

const pairs = (query) => [...new URLSearchParams(query)].map(([name, value]) => ({name, value: masked(value, name, PARAMETERS)}));
const written = (list) => list.map(({name, value}) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");

function address(text) {
  const [before, query] = text.split(/\?(.*)/s);
  return query ? `${before}?${written(pairs(query))}` : before;
}

function body(text, type) {
  try {
    return JSON.stringify(masked(JSON.parse(text), "text", MEMBERS));
  } catch {
    return /urlencoded/.test(type ?? "") ? written(pairs(text)) : maskOf("text");
  }
}

const headers = (all) => Object.entries(all ?? {}).map(([name, value]) => ({name, value: masked(value, name, HEADERS)}));

function entry(note) {
  const time = note.elapsedUs / 1000;
  const requestType = note.requestHeaders?.["content-type"] ?? "";
  const url = new URL(address(note.path), `https://${note.interface}.invalid`);
  if (note.query) url.search = written(pairs(note.query));
  return {
    startedDateTime: note.at,
    time,
    request: {
      method: note.method, url: url.href, httpVersion: "HTTP/1.1", cookies: [], headers: headers(note.requestHeaders),
      queryString: pairs(url.search), headersSize: -1, bodySize: note.requestBytes ?? 0,
      ...(note.requestBody ? {postData: {mimeType: requestType, text: body(note.requestBody, requestType)}} : {}),
    },
    response: {
      status: note.status, statusText: "", httpVersion: "HTTP/1.1", cookies: [], headers: [], redirectURL: note.location ? address(note.location) : "",
      headersSize: -1, bodySize: note.replyBytes ?? 0,
      content: {size: note.replyBytes ?? 0, mimeType: note.replyType ?? "", ...(note.replyBody ? {text: body(note.replyBody, note.replyType)} : {})},
    },
    cache: {},
    timings: {send: 0, wait: time, receive: 0},
    _comment: interfaceName(note),
    _interface: note.interface,
    ...(note.refused ? {_refused: note.refused} : {}),
    _findings: findingsOf(note),
    ...(note.token ? {_token: {header: masked(note.token.header, "header", CLAIMS), claims: masked(note.token.claims, "claims", CLAIMS)}} : {}),
  };
}

/** `head` is what stands above the diagram. */
export const harOf = (head, notes) => ({
  log: {
    version: "1.2", creator: {name: "hub-sim", version: "1"},
    comment: "Secrets, personal data and amounts are masked.",
    _journey: {version: JOURNEY_VERSION, exported: new Date().toISOString(), ...head},
    entries: notes.map(entry),
  },
});

/** Gives the browser a file of that name to keep. */
export function download(name, value) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2)], {type: "application/json"}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
}
