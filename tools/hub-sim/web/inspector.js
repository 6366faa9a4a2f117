// The live sequence diagram of one consent.
import {date, dateTime} from "./format.js";
import {Diagram} from "./diagram.js";
import {exchangePanel} from "./exchange.js";
import {download, harOf} from "./export.js";
import {keepFile, keptFile} from "./import.js";
import {checksOf, findingsOf} from "./journey.js";
import {byId, element, getJson, problem, showBrand} from "./page.js";
import {listOwn} from "./own.js";
import {chooseRecent, recentConsents} from "./recent.js";

const POLL_MS = 800;
const asked = new URLSearchParams(location.search);
const consentId = asked.get("consent") ?? "";
const fromFile = asked.has("file"); // the one that this tab keeps
const wide = matchMedia("(min-width: 64rem)");

const state = {head: null, chosen: Number(asked.get("exchange")) || null};
const diagram = new Diagram(byId("rows"), (n) => keep(state.chosen === n && !wide.matches ? null : n));

// ---- the chosen one ----------------------------------------------------------------------------

function place() {
  const note = diagram.notes.get(state.chosen);
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
  const notes = [...diagram.notes.values()];
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
  showBrand(slug, tppName);
  document.title = `${tppName}: journey inspector`;
  byId("lead").replaceChildren(`${asked} until ${date(until)}. `, element("code", {textContent: head.consentId}));
  showFigures(status);
  byId("diagram").hidden = false;
}

/** To the app, where it has access: this browser asked for the consent. */
async function linkData({pays}) {
  const own = await listOwn();
  byId("data").href = `/${pays ? "payments" : "data"}.html?consent=${encodeURIComponent(consentId)}`;
  byId("data").textContent = pays ? "Payments" : "Shared data";
  byId("data").hidden = !own.some((one) => one.consentId === consentId && one.connected);
}

/** The exchange of the address; without one the first, where there is room for it. */
function chooseFirst() {
  if (diagram.notes.has(state.chosen)) place();
  else if (state.chosen === null && wide.matches) choose(diagram.notes.keys().next().value);
}

async function refresh() {
  const known = await getJson(`/sim/consents/${encodeURIComponent(consentId)}?since=${diagram.since}`);
  const count = diagram.add([...known.exchanges, ...known.steps]);
  byId("problem").replaceChildren();
  showHead(headOf(known));
  if (byId("data").hidden && count > 0) await linkData(state.head);
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
  diagram.add(notes);
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
byId("export").addEventListener("click", () => download(`journey-${consentId.slice(0, 8)}.har`, harOf(state.head, [...diagram.notes.values()])));
byId("open").addEventListener("click", () => byId("file").click());
byId("file").addEventListener("change", async () => {
  await open(byId("file").files);
  byId("file").value = ""; // the same one can be chosen again
});
wide.addEventListener("change", () => {
  place();
  if (diagram.notes.size > 0) chooseFirst();
});
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
  byId("problem").replaceChildren(chooseRecent(await recentConsents()));
}
