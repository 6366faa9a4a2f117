// The live sequence diagram of one consent.
import {date, dateTime} from "./format.js";
import {exchangePanel, statusBadge} from "./exchange.js";
import {download, harOf} from "./export.js";
import {keepFile, keptFile} from "./import.js";
import {checksOf, findingsOf, interfaceName, lanesOf, phaseOf} from "./journey.js";
import {byId, element, getJson, problem} from "./page.js";
import {chooseRecent} from "./recent.js";

const POLL_MS = 800;
const PARTIES = {tpp: "TPP", hub: "Hub", bank: "bank"};
const asked = new URLSearchParams(location.search);
const consentId = asked.get("consent") ?? "";
const fromFile = asked.has("file"); // the one that this tab keeps
const wide = matchMedia("(min-width: 64rem)");
const clock = new Intl.DateTimeFormat("en-GB", {timeZone: "Asia/Dubai", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3});

const state = {since: 0, head: null, notes: new Map(), chosen: Number(asked.get("exchange")) || null, phase: null, back: false};

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
    element("time", {dateTime: note.at, textContent: clock.format(new Date(note.at))}),
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

/** What stands above the diagram; it goes into an exported file as well. */
function headOf({consent, providerId, slug}) {
  const {Permissions = [], ExpirationDateTime} = consent.consentBody.Data;
  return {
    consentId, tppName: consent.tpp.tppName, slug, providerId, status: consent.status, until: ExpirationDateTime,
    pays: consent.consentType === "cbuae-service-initiation-consents", permissions: Permissions.length,
  };
}

function showFigures(status) {
  const notes = [...state.notes.values()];
  const broken = notes.reduce((sum, note) => sum + findingsOf(note).length, 0);
  const kept = notes.reduce((sum, note) => sum + checksOf(note).filter(({state: one}) => one === "kept").length, 0);
  const figure = (name, value, kind = "") => [element("dt", {textContent: name}), element("dd", {className: kind, textContent: value, "data-testid": `inspector-${name.toLowerCase().replace(" ", "-")}`})];
  byId("figures").replaceChildren(...figure("State", status === "AwaitingAuthorization" ? "Waiting" : status), ...figure("Exchanges", String(notes.length)),
    ...figure("Rules kept", String(kept), "good"), ...figure("Broken", String(broken), broken > 0 ? "bad" : ""));
}

function showHead(head) {
  const {tppName, slug, providerId, status, until, pays, permissions} = head;
  const asked = pays ? `Payments at ${providerId}` : `${permissions} permission${permissions === 1 ? "" : "s"} at ${providerId}`;
  state.head = head;
  document.body.dataset.brand = slug;
  document.title = `${tppName}: journey inspector`;
  byId("mark").src = `${slug}.svg`;
  byId("brand").textContent = tppName;
  byId("lead").replaceChildren(`${asked} until ${date(until)}. `, element("code", {textContent: head.consentId}));
  showFigures(status);
  byId("diagram").hidden = false;
}

function linkData({pays, status}) {
  byId("data").href = `/${pays ? "payments" : "data"}.html?consent=${encodeURIComponent(consentId)}`;
  byId("data").textContent = pays ? "Payments" : "Shared data";
  byId("data").hidden = !pays && status !== "Authorized";
}

/** The exchange of the address; without one the first, where there is room for it. */
function chooseFirst() {
  if (state.notes.has(state.chosen)) place();
  else if (state.chosen === null && wide.matches) choose(state.notes.keys().next().value);
}

async function refresh() {
  const known = await getJson(`/sim/consents/${encodeURIComponent(consentId)}?since=${state.since}`);
  const count = add([...known.exchanges, ...known.steps]);
  byId("problem").replaceChildren();
  showHead(headOf(known));
  linkData(state.head);
  byId("export").hidden = false;
  if (count > 0 && !document.querySelector(".panel")) chooseFirst();
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

// ---- files -------------------------------------------------------------------------------------

function showFile() {
  const {name, head, notes} = keptFile();
  add(notes);
  showHead(head);
  byId("waiting").hidden = true;
  byId("live").textContent = "From a file";
  byId("live").classList.add("kept");
  byId("imported").replaceChildren(element("b", {textContent: `Imported from ${name}.`}),
    ` Nothing here is live: it is the journey as it was exported, ${dateTime(head.exported)}, Dubai time. Values in brackets are masked. `,
    element("a", {href: "/inspector.html", textContent: "Close the file"}));
  byId("imported").hidden = false;
  chooseFirst();
}

async function open([file]) {
  byId("refused").hidden = true;
  try {
    await keepFile(file);
    location.assign("/inspector.html?file");
  } catch (failure) {
    byId("refused").textContent = `${file.name} was not opened. ${failure.message}`;
    byId("refused").hidden = false;
  }
}

byId("rows").addEventListener("keydown", moveByKey);
byId("export").addEventListener("click", () => download(`journey-${consentId.slice(0, 8)}.har`, harOf(state.head, [...state.notes.values()])));
byId("open").addEventListener("click", () => byId("file").click());
byId("file").addEventListener("change", async () => {
  await open(byId("file").files);
  byId("file").value = ""; // the same one can be chosen again
});
wide.addEventListener("change", place);
if (fromFile) {
  try {
    showFile();
  } catch (failure) {
    byId("live").hidden = true;
    byId("problem").replaceChildren(problem(failure));
  }
} else if (consentId) {
  await follow();
} else {
  byId("live").hidden = true;
  byId("problem").replaceChildren(await chooseRecent());
}
