// The form: what to ask for, then off to the bank.
import {pick, t} from "./i18n.js";
import {byId, element, getJson, postJson} from "./page.js";
import {GROUPS} from "./permissions.js";
import {recentConsent} from "./recent.js";

const ACCOUNT_TYPES = ["Retail", "SME", "Corporate"];
const SUB_TYPES = ["CurrentAccount", "Savings", "CreditCard", "Finance", "Mortgage"];
const SUB_TYPE_NAMES = {CurrentAccount: "Current account", CreditCard: "Credit card"};
const NOTICE_MS = 3000; // long enough to read where the browser goes
const LONGEST_DAYS = 364; // a consent ends within a year
const DAY_MS = 24 * 3600 * 1000;

const allOf = (name) => [...document.querySelectorAll(`input[name="${name}"]:checked`)].map(({value}) => value);

function showApp(tpp) {
  document.body.dataset.brand = tpp.slug;
  document.title = t("{app}: connect an account", {app: tpp.name});
  byId("mark").src = `${tpp.slug}.svg`;
  byId("brand").textContent = tpp.name;
  byId("pitch").textContent = t(tpp.pitch);
  const usual = document.querySelector(`input[data-segment="${tpp.segment}"]`);
  if (usual) usual.checked = true;
}

function tile(input, title, text) {
  return element("label", {className: "tile"}, input,
    element("span", {}, element("b", {textContent: t(title)}), element("small", {textContent: t(text)})));
}

// ---- permissions -------------------------------------------------------------------------------

/** One tile for a group, one small box for each code; either moves the other. */
function permissionGroup([title, text, codes, checked]) {
  const whole = element("input", {type: "checkbox", checked});
  const boxes = codes.map((code) => element("input", {type: "checkbox", name: "permission", value: code, checked}));
  whole.addEventListener("change", () => boxes.forEach((box) => { box.checked = whole.checked; }));
  boxes.forEach((box) => box.addEventListener("change", () => {
    whole.checked = boxes.some((one) => one.checked);
    whole.indeterminate = whole.checked && !boxes.every((one) => one.checked);
  }));
  byId("permissions").append(tile(whole, title, text));
  byId("codes").append(...boxes.map((box) => element("label", {className: "code-box"}, box, element("code", {textContent: box.value}))));
}

// ---- the form ----------------------------------------------------------------------------------

function fill({hubs, tpps, now: there}) {
  ahead = Date.parse(there) - Date.now();
  byId("until-date").min = dayOf(now());
  byId("until-date").max = dayOf(now() + LONGEST_DAYS * DAY_MS);
  byId("apps").append(...tpps.map((tpp, index) => {
    const input = element("input", {type: "radio", name: "app", value: tpp.clientId, checked: index === 0});
    input.addEventListener("change", () => showApp(tpp));
    return element("label", {}, input, element("img", {src: `${tpp.slug}.svg`, alt: ""}), tpp.name);
  }));
  byId("segments").append(...hubs.map((hub, index) => {
    const input = element("input", {type: "radio", name: "provider", value: hub.providerId, checked: index === 0,
      "data-segment": hub.segment, "data-testid": `tpp-provider-${hub.providerId}`});
    return tile(input, pick(hub.name) ?? hub.segment, pick(hub.text) ?? "");
  }));
  GROUPS.forEach(permissionGroup);
  const box = (name, value, text) => element("label", {className: "code-box"}, element("input", {type: "checkbox", name, value}), text);
  byId("account-types").append(...ACCOUNT_TYPES.map((value) => box("account-type", value, t(value))));
  byId("sub-types").append(...SUB_TYPES.map((value) => box("sub-type", value, t(SUB_TYPE_NAMES[value] ?? value))));
  showApp(tpps[0]);
}

/** The simulator's time, which the operator of the bank may have moved. */
let ahead = 0;
const now = () => Date.now() + ahead;
const dayOf = (ms) => new Date(ms + 4 * 3600 * 1000).toISOString().slice(0, 10); // in the Emirates

function expiry() {
  const days = byId("days").value;
  if (days !== "date") return new Date(now() + days * DAY_MS).toISOString();
  if (!byId("until-date").value) throw new Error(t("Choose the last day of the consent."));
  const {value, min, max} = byId("until-date");
  if (value < min || value > max) throw new Error(t("The last day must lie between today and a year from now."));
  return `${value}T23:59:59+04:00`;
}

/** Fields that were filled; undefined when none was. */
function filled(fields) {
  const entries = Object.entries(fields).filter(([, value]) => value !== "" && value?.length !== 0 && value !== undefined);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function terms() {
  const permissions = allOf("permission");
  if (permissions.length === 0) throw new Error(t("Choose at least one thing to share."));
  const identifier = byId("behalf-id").value.trim();
  return filled({
    Permissions: permissions,
    ExpirationDateTime: expiry(),
    FromDate: byId("from-date").value,
    ToDate: byId("to-date").value,
    AccountType: allOf("account-type"),
    AccountSubType: allOf("sub-type"),
    BaseConsentId: byId("base-consent").value.trim(),
    OnBehalfOf: filled({
      TradingName: byId("behalf-trading").value.trim(),
      LegalName: byId("behalf-legal").value.trim(),
      IdentifierType: identifier ? "Other" : "",
      Identifier: identifier,
    }),
  });
}

// ---- off to the bank ---------------------------------------------------------------------------

function markStep(at) {
  [...document.querySelectorAll(".steps li")].forEach((step, index) => {
    step.className = index < at ? "done" : index === at ? "now" : "";
    if (index === at) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
}

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

async function submit(event) {
  event.preventDefault();
  byId("problem").hidden = true;
  byId("submit").disabled = true;
  try {
    const [clientId] = allOf("app");
    const [providerId] = allOf("provider");
    const made = await postJson("/sim/consents", {providerId, type: "data-sharing", clientId, consent: terms()});
    showLeaving(made.authorizeUrl);
  } catch (problem) {
    byId("problem").textContent = problem.message;
    byId("problem").hidden = false;
    byId("submit").disabled = false;
  }
}

// ---- recent consents ---------------------------------------------------------------------------

async function showRecent() {
  const {consents} = await getJson("/sim/consents");
  byId("recent-card").hidden = consents.length === 0;
  byId("recent").replaceChildren(...consents.slice(0, 8).map(recentConsent));
  byId("base-ids").replaceChildren(...consents.map(({consentId, tppName}) => element("option", {value: consentId, label: tppName})));
}

byId("start").addEventListener("submit", submit);
byId("days").addEventListener("change", () => { byId("until-box").hidden = byId("days").value !== "date"; });
fill(await getJson("/sim/setup"));
addEventListener("pageshow", showForm);
showForm();
await showRecent();
