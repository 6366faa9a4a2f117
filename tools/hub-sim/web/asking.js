// What the forms share that ask for something and send the customer to the bank.
import {pick, t} from "./i18n.js";
import {listOwn, requestConsent} from "./own.js";
import {byId, element, getJson, markStep, noApp, showBrand} from "./page.js";
import {recentConsent} from "./recent.js";
import {SUBSCRIPTION} from "./told.js";

const NOTICE_MS = 3000; // long enough to read where the browser goes
const LONGEST_DAYS = 364; // a consent ends within a year
const DAY_MS = 24 * 3600 * 1000;

export const allOf = (name) => [...document.querySelectorAll(`input[name="${name}"]:checked`)].map(({value}) => value);

export function tile(input, title, text) {
  return element("label", {className: "tile"}, input,
    element("span", {}, element("b", {textContent: t(title)}), element("small", {textContent: t(text)})));
}

/** What a form lacks, and the field where it belongs, which gets the focus. */
export class FieldError extends Error {
  constructor(text, field) {
    super(text);
    this.field = field;
  }
}

// ---- time --------------------------------------------------------------------------------------

/** The simulator's time, which the operator of the bank may have moved. */
let ahead = 0;
export function followClock(there) {
  ahead = Date.parse(there) - Date.now();
}
const now = () => Date.now() + ahead;
const dayOf = (ms) => new Date(ms + 4 * 3600 * 1000).toISOString().slice(0, 10); // in the Emirates

export const dayAhead = (days) => dayOf(now() + days * DAY_MS);
export const momentAhead = (days) => new Date(now() + days * DAY_MS).toISOString();
export const endOf = (day) => `${day}T23:59:59+04:00`;
/** The days from today on until which a consent can last. */
export function boundDays(input) {
  input.min = dayAhead(0);
  input.max = dayAhead(LONGEST_DAYS);
}

// ---- choices -----------------------------------------------------------------------------------

/** Whether a segment of the bank is an insurer: it has policies, and neither accounts nor payments. */
export const isInsurer = ({segment}) => segment === "insurance";

function segmentTile(hub, checked, showHub) {
  const input = element("input", {type: "radio", name: "provider", value: hub.providerId, checked, "data-testid": `tpp-provider-${hub.providerId}`});
  input.addEventListener("change", () => showHub(hub));
  return tile(input, pick(hub.name) ?? hub.segment, pick(hub.text) ?? "");
}

/**
 * Which app asks that `may`, and at which of the bank's segments that `fits` it; `showApp` and `showHub`
 * are told of what is chosen. False: there is no such app, for the simulator serves no TPPs.
 */
export async function fillChoices(showApp, {fits = () => true, may = ({callsHub}) => callsHub, showHub = () => {}} = {}) {
  const {hubs, tpps: all, now: there} = await getJson("/sim/setup");
  const tpps = all.filter(may);
  const choose = (tpp) => {
    const open = hubs.filter((hub) => fits(hub, tpp));
    const usual = open.find(({segment}) => segment === tpp.segment) ?? open[0];
    showBrand(tpp.slug, tpp.name);
    showApp(tpp);
    byId("segments").replaceChildren(...open.map((hub) => segmentTile(hub, hub === usual, showHub)));
    showHub(usual);
  };
  followClock(there);
  byId("apps").append(...tpps.map((tpp, index) => {
    const input = element("input", {type: "radio", name: "app", value: tpp.clientId, checked: index === 0});
    input.addEventListener("change", () => choose(tpp));
    return element("label", {}, input, element("img", {src: `${tpp.slug}.svg`, alt: ""}), tpp.name);
  }));
  if (tpps.length > 0) choose(tpps[0]);
  return tpps.length > 0;
}

/** Shows the newest consents that this browser asked for, and returns them. */
export async function showRecent() {
  const consents = await listOwn();
  byId("recent-card").hidden = consents.length === 0;
  byId("recent").replaceChildren(...consents.slice(0, 8).map(recentConsent));
  return consents;
}

// ---- off to the bank ---------------------------------------------------------------------------

let departure;

/** Says where the browser goes, then goes there. */
function showLeaving(url) {
  byId("asking").hidden = true;
  byId("leaving").hidden = false;
  byId("leaving-text").textContent = t("Sign in and decide there. Then your bank brings you back to {app}.", {app: byId("brand").textContent});
  byId("leaving-link").href = url;
  markStep(1);
  byId("leaving-title").focus();
  departure = setTimeout(() => location.assign(url), NOTICE_MS);
}

/** The form, once it can be sent; again after the browser's way back. */
function showForm() {
  clearTimeout(departure);
  byId("leaving").hidden = true;
  byId("asking").hidden = false;
  byId("submit").disabled = false;
  markStep(0);
}

function showProblem(text, field) {
  byId("problem").textContent = text;
  byId("problem").hidden = false;
  field?.setAttribute("aria-describedby", "problem");
  field?.focus();
}

/** In place of the form's button, when there is no app that may ask. */
export const showNoApp = () => showProblem(noApp());

/**
 * Lets the form be sent: `ask` makes the {type, consent} that is asked for, or throws what is missing;
 * `made` is told of the consent.
 */
export function sendConsents(ask, made = () => {}) {
  byId("start").addEventListener("submit", async (event) => {
    event.preventDefault();
    byId("problem").hidden = true;
    byId("submit").disabled = true;
    try {
      const [clientId] = allOf("app");
      const [providerId] = allOf("provider");
      const asked = {providerId, clientId, ...ask(), subscription: SUBSCRIPTION};
      const consent = await requestConsent(asked);
      made(consent);
      showLeaving(consent.authorizeUrl);
    } catch (problem) {
      showProblem(problem.message, problem.field);
      byId("submit").disabled = false;
    }
  });
  byId("leaving-link").addEventListener("click", () => clearTimeout(departure));
  addEventListener("pageshow", showForm);
  showForm();
}

/** Fields that were filled; undefined when none was. */
export function filled(fields) {
  const entries = Object.entries(fields).filter(([, value]) => value !== "" && value?.length !== 0 && value !== undefined);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}
