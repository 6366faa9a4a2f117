// The start page: what to ask for, then off to the bank.
import {dateTime} from "./format.js";
import {byId, element, getJson, postJson} from "./page.js";
import {GROUPS} from "./permissions.js";

const SEGMENTS = {
  retail: ["Personal", "Your own current, savings and card accounts."],
  sme: ["Business", "The accounts of a company you act for."],
  corporate: ["Corporate", "The accounts of a large company."],
};
const ACCOUNT_TYPES = ["Retail", "SME", "Corporate"];
const SUB_TYPES = ["CurrentAccount", "Savings", "CreditCard", "Finance", "Mortgage"];
const SUB_TYPE_NAMES = {CurrentAccount: "Current account", CreditCard: "Credit card"};
const DAY_MS = 24 * 3600 * 1000;

const allOf = (name) => [...document.querySelectorAll(`input[name="${name}"]:checked`)].map(({value}) => value);

function showApp(tpp) {
  document.body.dataset.brand = tpp.slug;
  document.title = `${tpp.name}: connect an account`;
  byId("mark").src = `${tpp.slug}.svg`;
  byId("brand").textContent = tpp.name;
  byId("pitch").textContent = tpp.pitch;
  const usual = document.querySelector(`input[data-segment="${tpp.segment}"]`);
  if (usual) usual.checked = true;
}

function tile(input, title, text) {
  return element("label", {className: "tile"}, input,
    element("span", {}, element("b", {textContent: title}), element("small", {textContent: text})));
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

function fill({hubs, tpps}) {
  byId("apps").append(...tpps.map((tpp, index) => {
    const input = element("input", {type: "radio", name: "app", value: tpp.clientId, checked: index === 0});
    input.addEventListener("change", () => showApp(tpp));
    return element("label", {}, input, element("img", {src: `${tpp.slug}.svg`, alt: ""}), tpp.name);
  }));
  byId("segments").append(...hubs.map((hub, index) => {
    const input = element("input", {type: "radio", name: "provider", value: hub.providerId, checked: index === 0,
      "data-segment": hub.segment, "data-testid": `tpp-provider-${hub.providerId}`});
    return tile(input, ...SEGMENTS[hub.segment]);
  }));
  GROUPS.forEach(permissionGroup);
  const box = (name, value, text) => element("label", {className: "code-box"}, element("input", {type: "checkbox", name, value}), text);
  byId("account-types").append(...ACCOUNT_TYPES.map((value) => box("account-type", value, value)));
  byId("sub-types").append(...SUB_TYPES.map((value) => box("sub-type", value, SUB_TYPE_NAMES[value] ?? value)));
  showApp(tpps[0]);
}

function expiry() {
  const days = byId("days").value;
  if (days !== "date") return new Date(Date.now() + days * DAY_MS).toISOString();
  if (!byId("until-date").value) throw new Error("Choose the last day of the consent.");
  return `${byId("until-date").value}T23:59:59+04:00`;
}

/** Fields that were filled; undefined when none was. */
function filled(fields) {
  const entries = Object.entries(fields).filter(([, value]) => value !== "" && value?.length !== 0 && value !== undefined);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function terms() {
  const permissions = allOf("permission");
  if (permissions.length === 0) throw new Error("Choose at least one thing to share.");
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

async function submit(event) {
  event.preventDefault();
  byId("problem").hidden = true;
  byId("submit").disabled = true;
  try {
    const [clientId] = allOf("app");
    const [providerId] = allOf("provider");
    const made = await postJson("/sim/consents", {providerId, type: "data-sharing", clientId, consent: terms()});
    location.assign(made.authorizeUrl);
  } catch (problem) {
    byId("problem").textContent = problem.message;
    byId("problem").hidden = false;
    byId("submit").disabled = false;
  }
}

// ---- recent consents ---------------------------------------------------------------------------

const STATES = {Authorized: "good", AwaitingAuthorization: "", Rejected: "bad", Revoked: "bad", Expired: "", Suspended: ""};

function recentConsent({consentId, tppName, slug, status, at, findings}) {
  const id = encodeURIComponent(consentId);
  const note = findings > 0 ? ` · ${findings} finding${findings === 1 ? "" : "s"}` : "";
  return element("li", {className: "recent"},
    element("img", {src: `${slug}.svg`, alt: ""}),
    element("span", {className: "what"}, tppName, element("small", {textContent: `${dateTime(at)}${note}`})),
    element("span", {className: `badge ${STATES[status] ?? ""}`, textContent: status === "AwaitingAuthorization" ? "Waiting" : status}),
    element("a", {href: `/inspector.html?consent=${id}`, textContent: "Inspect", "aria-label": `Inspect the journey of ${tppName}, ${dateTime(at)}`}),
    status === "Authorized" ? element("a", {href: `/data.html?consent=${id}`, textContent: "Data", "aria-label": `Shared data of ${tppName}, ${dateTime(at)}`}) : null);
}

async function showRecent() {
  const {consents} = await getJson("/sim/consents");
  byId("recent-card").hidden = consents.length === 0;
  byId("recent").replaceChildren(...consents.slice(0, 8).map(recentConsent));
  byId("base-ids").replaceChildren(...consents.map(({consentId, tppName}) => element("option", {value: consentId, label: tppName})));
}

byId("start").addEventListener("submit", submit);
byId("days").addEventListener("change", () => { byId("until-box").hidden = byId("days").value !== "date"; });
addEventListener("pageshow", () => { byId("submit").disabled = false; });
fill(await getJson("/sim/setup"));
await showRecent();
