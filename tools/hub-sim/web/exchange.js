// One exchange in full: rules, token, headers and bodies.
import {curlOf} from "./curl.js";
import {dateTime} from "./format.js";
import {checksOf, interfaceName, lanesOf} from "./journey.js";
import {element} from "./page.js";

const PARTIES = {tpp: "TPP", hub: "Hub", bank: "Bank"};
const STATES = {kept: ["✓", "kept"], broken: ["✕", "broken"], skipped: ["–", "not reached"], slow: ["!", "slow"]};
const TOKENS = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON with colours, as nodes. */
function coloured(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(TOKENS)) {
    const [whole, string, colon] = match;
    const token = string ?? whole;
    nodes.push(text.slice(at, match.index), element("span", {className: string ? (colon ? "j-name" : "j-text") : "j-other", textContent: token}));
    at = match.index + token.length;
  }
  return [...nodes, text.slice(at)];
}

function pretty(text, type) {
  try {
    return coloured(JSON.stringify(JSON.parse(text), null, 2));
  } catch {
    if (/^[\w.~%+-]+=/.test(text) && !/json|html/.test(type ?? "")) return [decodePairs(text)];
    return /json/.test(type ?? "") || text.startsWith("{") ? coloured(text) : [text];
  }
}

const decodePairs = (text) => [...new URLSearchParams(text)].map(([name, value]) => `${name} = ${value}`).join("\n");

function code(label, nodes) {
  return element("pre", {tabIndex: 0, "aria-label": label, role: "region"}, element("code", {}, ...nodes));
}

function section(title, open, ...content) {
  return element("details", {className: "part", open}, element("summary", {textContent: title}), ...content);
}

const list = (entries) => element("dl", {className: "facts"}, ...entries.flatMap(([name, value]) =>
  [element("dt", {textContent: name}), element("dd", {textContent: value})]));

// ---- parts -------------------------------------------------------------------------------------

function checkItem({text, state, id}) {
  const [sign, name] = STATES[state];
  return element("li", {className: state},
    element("span", {className: "sign", "aria-hidden": "true", textContent: sign}),
    element("span", {}, element("span", {className: "unseen", textContent: `${name}: `}), text, id ? element("code", {textContent: id}) : null));
}

function rulesPart(note) {
  const checks = checksOf(note);
  if (checks.length === 0) return null;
  const details = (note.findings ?? []).filter(({detail}) => detail).map(({id, detail}) => element("p", {className: "alert"}, element("code", {textContent: id}), ` ${detail}`));
  return section("Rules", true, element("ul", {className: "checks", "data-testid": "inspector-checks"}, ...checks.map(checkItem)), ...details);
}

const isoOf = (seconds) => (typeof seconds === "number" ? ` — ${dateTime(seconds * 1000)}, Dubai time` : "");

function tokenPart({token}) {
  if (!token) return null;
  const claims = Object.entries(token.claims ?? {}).map(([name, value]) =>
    [name, `${typeof value === "string" ? value : JSON.stringify(value)}${/^(iat|exp|nbf)$/.test(name) ? isoOf(value) : ""}`]);
  const life = token.claims?.exp - token.claims?.iat;
  return section("Token, decoded", true,
    element("h3", {textContent: "Header"}), code("Token header", coloured(JSON.stringify(token.header ?? null, null, 2))),
    element("h3", {textContent: "Claims"}), list(claims),
    Number.isFinite(life) ? element("p", {className: "fine", textContent: `Good for ${life} seconds. The signature itself is not kept.`}) : null);
}

function bodyPart(title, text, bytes, type) {
  if (!text) return null;
  const kept = new TextEncoder().encode(text).length;
  return section(title, true, code(title, pretty(text, type)),
    bytes > kept ? element("p", {className: "fine", textContent: `The first ${kept} of ${bytes} bytes.`}) : null);
}

function decodedPsu(headers) {
  try {
    return [["o3-psu-identifier, decoded", atob(headers["o3-psu-identifier"])]];
  } catch {
    return [];
  }
}

function headersPart({requestHeaders}) {
  const entries = Object.entries(requestHeaders ?? {});
  if (entries.length === 0) return null;
  return section(`Request headers (${entries.length})`, false, list([...entries, ...(requestHeaders["o3-psu-identifier"] ? decodedPsu(requestHeaders) : [])]));
}

function queryPart({query}) {
  return query ? section("Query", true, code("Query", [decodePairs(query)]), element("p", {className: "fine raw", textContent: query})) : null;
}

// ---- as a command ------------------------------------------------------------------------------

function curlPart(note) {
  const text = curlOf(note);
  const said = element("span", {className: "fine", role: "status"});
  const button = element("button", {type: "button", className: "button plain", textContent: "Copy as curl", "data-testid": "inspector-curl"});
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = " Copied.";
    } catch {
      said.textContent = " The browser did not copy it; select it by hand.";
    }
  });
  return section("As curl", false, element("p", {}, button, said), code("curl command", [text]));
}

// ---- all of it ---------------------------------------------------------------------------------

export function exchangePanel(note) {
  const {from, to, browser, through} = lanesOf(note);
  const way = `${PARTIES[from]} → ${through ? "Hub → " : ""}${PARTIES[to]}${browser ? ", through the browser" : ""}`;
  const facts = [["way", way], ["interface", interfaceName(note)], ["UTC", note.at], ["Dubai time", dateTime(note.at)]];
  if (note.elapsedUs > 0) facts.push(["took", `${(note.elapsedUs / 1000).toFixed(1)} ms`]);
  if (note.certificate) facts.push(["client certificate", note.certificate]);
  if (note.location) facts.push(["location", note.location]);
  return element("section", {className: "card panel", "data-testid": "inspector-panel"},
    element("h2", {}, element("code", {textContent: note.method}), ` ${note.path}`),
    element("div", {className: "answer"}, statusBadge(note), list(facts)),
    rulesPart(note), queryPart(note), tokenPart(note), headersPart(note), curlPart(note),
    bodyPart("Request body", note.requestBody, note.requestBytes, note.requestHeaders?.["content-type"]),
    bodyPart("Reply body", note.replyBody, note.replyBytes, note.replyType));
}

export function statusBadge({status, refused, findings}) {
  const bad = refused || findings?.length > 0 || status >= 400;
  return element("span", {className: `status ${bad ? "bad" : "good"}`, textContent: status === 0 ? "no answer" : String(status)});
}
