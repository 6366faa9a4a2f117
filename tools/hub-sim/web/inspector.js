// The live sequence diagram of one consent.
import {date} from "./format.js";
import {exchangePanel, statusBadge} from "./exchange.js";
import {download, harOf} from "./export.js";
import {checksOf, findingsOf, interfaceName, lanesOf, phaseOf} from "./journey.js";
import {byId, element, getJson, problem} from "./page.js";
import {chooseRecent} from "./recent.js";

const POLL_MS = 800;
const PARTIES = {tpp: "TPP", hub: "Hub", bank: "bank"};
const asked = new URLSearchParams(location.search);
const consentId = asked.get("consent") ?? "";
const wide = matchMedia("(min-width: 64rem)");
const clock = new Intl.DateTimeFormat("en-GB", {timeZone: "Asia/Dubai", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3});

const state = {since: 0, notes: new Map(), chosen: Number(asked.get("exchange")) || null, phase: null, back: false};

// ---- rows --------------------------------------------------------------------------------------

function short(path) {
  const text = path.replace(/^https?:\/\/[^/]+/, "");
  return text.replace(/[0-9a-f]{8}-[0-9a-f-]{27,}|[0-9a-z]{20,}/gi, (id) => `${id.slice(0, 6)}…`);
}

/** "TPP to bank through the Hub": the arrow for those who cannot see it. */
function spokenWay({from, to, browser, through}) {
  return `${PARTIES[from]} to ${PARTIES[to]}${browser ? " through the browser" : through ? " through the Hub" : ""}`;
}

function row(note) {
  const lanes = lanesOf(note);
  const {from, to, browser, through} = lanes;
  const broken = findingsOf(note).length;
  const took = note.elapsedUs > 0 ? `${(note.elapsedUs / 1000).toFixed(1)} ms` : "";
  const way = `from-${from} to-${to}${browser ? " browser" : ""}${through ? " through" : ""}`;
  const button = element("button", {type: "button", className: `row${broken ? " broken" : ""}`, "aria-expanded": "false", "data-testid": "inspector-row"},
    element("time", {textContent: clock.format(new Date(note.at))}),
    element("span", {className: "call"}, element("b", {textContent: note.method}), ` ${short(note.path)}`, element("small", {textContent: interfaceName(note)})),
    element("span", {className: "unseen way", textContent: spokenWay(lanes)}),
    element("span", {className: `arrow ${way}`}),
    element("span", {className: `arrow reply ${way}`}),
    element("span", {className: "ending"}, element("small", {textContent: took}), statusBadge(note)),
    element("span", {className: "unseen broken-count", textContent: broken ? `${broken} broken` : ""}));
  button.addEventListener("click", () => keep(state.chosen === note.n && !wide.matches ? null : note.n));
  const item = element("li", {}, button);
  item.dataset.n = note.n;
  return item;
}

function append(note) {
  const phase = phaseOf(note, state.back);
  if (phase !== state.phase) {
    state.phase = phase;
    byId("rows").append(element("li", {className: "phase"}, element("h2", {textContent: phase})));
  }
  state.back ||= note.interface === "callback";
  byId("rows").append(row(note));
}

/** Appends what is new, in the order of their numbers. */
function add(notes) {
  const fresh = notes.filter(({n}) => !state.notes.has(n)).sort((a, b) => a.n - b.n);
  for (const note of fresh) {
    state.notes.set(note.n, note);
    state.since = Math.max(state.since, note.n);
    append(note);
  }
  return fresh.length;
}

// ---- the chosen one ----------------------------------------------------------------------------

function place() {
  const note = state.notes.get(state.chosen);
  document.querySelector(".panel")?.remove();
  for (const item of document.querySelectorAll("#rows [data-n]")) {
    const chosen = Number(item.dataset.n) === state.chosen;
    item.firstChild.setAttribute("aria-expanded", String(chosen));
    if (chosen && !wide.matches) item.append(exchangePanel(note));
  }
  if (!wide.matches || !note) return;
  byId("aside").replaceChildren(exchangePanel(note));
}

function choose(n) {
  state.chosen = n;
  place();
}

/** Chooses, and puts the choice into the address, so that it can be loaded again and shared. */
function keep(n) {
  const address = new URL(location);
  if (n === null) address.searchParams.delete("exchange");
  else address.searchParams.set("exchange", n);
  history.replaceState(null, "", address);
  choose(n);
}

function moveByKey(event) {
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  const rows = [...document.querySelectorAll(".row")];
  const at = rows.indexOf(document.activeElement);
  if (!step || at < 0) return;
  event.preventDefault();
  rows[at + step]?.focus();
  if (wide.matches) rows[at + step]?.click();
}

// ---- above the diagram -------------------------------------------------------------------------

function showHead({consent, providerId, slug}) {
  const {tppName} = consent.tpp;
  const {Permissions = [], ExpirationDateTime} = consent.consentBody.Data;
  const pays = consent.consentType === "cbuae-service-initiation-consents";
  const asked = pays ? `Payments at ${providerId}` : `${Permissions.length} permission${Permissions.length === 1 ? "" : "s"} at ${providerId}`;
  const notes = [...state.notes.values()];
  const broken = notes.reduce((sum, note) => sum + findingsOf(note).length, 0);
  const kept = notes.reduce((sum, note) => sum + checksOf(note).filter(({state: one}) => one === "kept").length, 0);
  const figure = (name, value, kind = "") => [element("dt", {textContent: name}), element("dd", {className: kind, textContent: value, "data-testid": `inspector-${name.toLowerCase().replace(" ", "-")}`})];
  document.body.dataset.brand = slug;
  document.title = `${tppName}: journey inspector`;
  byId("mark").src = `${slug}.svg`;
  byId("brand").textContent = tppName;
  byId("lead").replaceChildren(`${asked} until ${date(ExpirationDateTime)}. `, element("code", {textContent: consentId}));
  byId("figures").replaceChildren(...figure("State", consent.status === "AwaitingAuthorization" ? "Waiting" : consent.status), ...figure("Exchanges", String(notes.length)),
    ...figure("Rules kept", String(kept), "good"), ...figure("Broken", String(broken), broken > 0 ? "bad" : ""));
  byId("data").href = `/${pays ? "payments" : "data"}.html?consent=${encodeURIComponent(consentId)}`;
  byId("data").textContent = pays ? "Payments" : "Shared data";
  byId("data").hidden = !pays && consent.status !== "Authorized";
}

async function refresh() {
  const known = await getJson(`/sim/consents/${encodeURIComponent(consentId)}?since=${state.since}`);
  const count = add([...known.exchanges, ...known.steps]);
  byId("diagram").hidden = false;
  byId("problem").replaceChildren();
  showHead(known);
  if (count === 0 || document.querySelector(".panel")) return;
  if (state.notes.has(state.chosen)) place();
  else if (state.chosen === null && wide.matches) choose(state.notes.keys().next().value);
}

async function follow() {
  try {
    if (!document.hidden) await refresh();
    byId("live").textContent = "Live";
    byId("live").classList.remove("off");
  } catch (failure) {
    byId("live").textContent = "Not live";
    byId("live").classList.add("off");
    byId("problem").replaceChildren(problem(failure));
    if (failure.status === 404) return;
  }
  setTimeout(follow, POLL_MS);
}

byId("rows").addEventListener("keydown", moveByKey);
byId("export").addEventListener("click", () => download(`journey-${consentId.slice(0, 8)}.har`, harOf([...state.notes.values()])));
wide.addEventListener("change", place);
if (consentId) {
  await follow();
} else {
  byId("live").hidden = true;
  byId("problem").replaceChildren(await chooseRecent());
}
