// The form: which data to ask for, then off to the bank.
import {t} from "./i18n.js";
import {FieldError, allOf, boundDays, endOf, fillChoices, filled, isInsurer, momentAhead, sendConsents, showNoApp, showRecent, tile} from "./asking.js";
import {byId, element} from "./page.js";
import {GROUPS, POLICY_PERMISSIONS, SECTORS} from "./permissions.js";

const ACCOUNT_TYPES = ["Retail", "SME", "Corporate"];
const SUB_TYPES = ["CurrentAccount", "Savings", "CreditCard", "Finance", "Mortgage"];
const SUB_TYPE_NAMES = {CurrentAccount: "Current account", CreditCard: "Credit card"};

let insurer = false; // the chosen provider is one

function showApp(tpp) {
  document.title = t("{app}: connect an account", {app: tpp.name});
  byId("pitch").textContent = t(tpp.pitch);
  byId("no-insurance").hidden = tpp.insures;
  byId("no-insurance").textContent = t("{app} may not ask for insurance policies: it does not have that role in the directory.", {app: tpp.name});
}

/** The form asks for what the chosen provider has. */
function showHub(hub) {
  insurer = isInsurer(hub);
  byId("version-card").hidden = hub.versions.length < 2;
  byId("version").replaceChildren(...hub.versions.map((value) => element("option", {value, textContent: value})));
  for (const part of document.querySelectorAll("[data-of]")) part.hidden = (part.dataset.of === "policies") !== insurer;
}

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

function fill() {
  GROUPS.forEach(permissionGroup);
  const box = (name, value, text, more) => element("label", {className: "code-box"}, element("input", {type: "checkbox", name, value, ...more}), text);
  byId("sectors").append(...SECTORS.map(([value, text]) => tile(element("input", {type: "checkbox", name: "sector", value, checked: true}), `${value} insurance`, text)));
  byId("policy-permissions").append(...POLICY_PERMISSIONS.map(([value, text, checked]) => box("policy-permission", value, t(text), {checked})));
  byId("account-types").append(...ACCOUNT_TYPES.map((value) => box("account-type", value, t(value))));
  byId("sub-types").append(...SUB_TYPES.map((value) => box("sub-type", value, t(SUB_TYPE_NAMES[value] ?? value))));
}

function expiry() {
  const days = byId("days").value;
  if (days !== "date") return momentAhead(days);
  if (!byId("until-date").value) throw new FieldError(t("Choose the last day of the consent."), byId("until-date"));
  const {value, min, max} = byId("until-date");
  if (value < min || value > max) throw new FieldError(t("The last day must lie between today and a year from now."), byId("until-date"));
  return endOf(value);
}

function accountTerms() {
  return {
    Permissions: allOf("permission"),
    FromDate: byId("from-date").value,
    ToDate: byId("to-date").value,
    AccountType: allOf("account-type"),
    AccountSubType: allOf("sub-type"),
  };
}

/** Without the policies themselves there is nothing to tell more of. */
function policyTerms() {
  const Permissions = ["ReadInsurancePolicies", ...allOf("policy-permission")];
  return {Permissions: allOf("sector").map((InsuranceType) => ({InsuranceType, Permissions}))};
}

function terms() {
  const asked = insurer ? policyTerms() : accountTerms();
  if (asked.Permissions.length === 0) {
    throw new FieldError(t("Choose at least one thing to share."), byId(insurer ? "sectors" : "permissions").querySelector("input"));
  }
  const identifier = byId("behalf-id").value.trim();
  return filled({
    ...asked,
    ExpirationDateTime: expiry(),
    BaseConsentId: byId("base-consent").value.trim(),
    OnBehalfOf: filled({
      TradingName: byId("behalf-trading").value.trim(),
      LegalName: byId("behalf-legal").value.trim(),
      IdentifierType: identifier ? "Other" : "",
      Identifier: identifier,
    }),
  });
}

byId("days").addEventListener("change", () => { byId("until-box").hidden = byId("days").value !== "date"; });
fill();
const ready = await fillChoices(showApp, {showHub, fits: (hub, tpp) => tpp.insures || !isInsurer(hub)});
boundDays(byId("until-date"));
if (ready) sendConsents(() => ({type: insurer ? "insurance" : "data-sharing", version: byId("version").value, consent: terms()}));
else showNoApp();
const consents = await showRecent();
byId("base-ids").replaceChildren(...consents.map(({consentId, tppName}) => element("option", {value: consentId, label: tppName})));
