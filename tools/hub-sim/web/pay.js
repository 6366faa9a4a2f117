// The form for payments: whom to pay, how much and when, then off to the bank.
import {t} from "./i18n.js";
import {FieldError, allOf, boundDays, dayAhead, endOf, fillChoices, filled, isInsurer, momentAhead, sendConsents, showNoApp, showRecent, tile} from "./asking.js";
import {byId, element} from "./page.js";
import {payeeOf, rememberPayees} from "./payees.js";
import {PAYMENT_TYPES} from "./payment-types.js";

const PAYEES_MAX = 10;
const USUAL_DAYS = 90; // when no last day is chosen
const DATES_MAX = 53;

const chosen = () => PAYMENT_TYPES[allOf("type")[0]];

// ---- payees ------------------------------------------------------------------------------------

let payees = 0;

function addPayee() {
  const number = ++payees;
  const row = element("div", {className: "fields payee"},
    element("div", {className: "field"}, element("label", {htmlFor: `name-${number}`, textContent: t("Name")}),
      element("input", {id: `name-${number}`, className: "payee-name", maxLength: 70, autocomplete: "off", dir: "auto", "data-testid": `pay-name-${number}`})),
    element("div", {className: "field"}, element("label", {htmlFor: `iban-${number}`, textContent: t("IBAN")}),
      element("input", {id: `iban-${number}`, dir: "ltr", className: "payee-iban", maxLength: 34, autocomplete: "off", spellcheck: false, "data-testid": `pay-iban-${number}`})));
  byId("payees").append(row);
  byId("add-payee").hidden = !chosen().vary || payees === PAYEES_MAX;
}

function creditors() {
  const rows = [...document.querySelectorAll(".payee")].slice(0, chosen().vary ? PAYEES_MAX : 1);
  const list = rows.map((row) => [".payee-name", ".payee-iban"].map((part) => row.querySelector(part).value.trim()))
    .filter((values) => values.some(Boolean))
    .map(([name, iban]) => payeeOf(name, iban));
  if (list.length === 0 && !chosen().vary) throw new FieldError(t("Say whom to pay."), byId("name-1"));
  return list;
}

// ---- the form ----------------------------------------------------------------------------------

function showType() {
  const {fields, vary} = chosen();
  for (const part of document.querySelectorAll("[data-field]")) {
    part.hidden = !part.dataset.field.split(" ").some((name) => fields.includes(name));
  }
  byId("amount-label").textContent = t(fields.includes("most") ? "At most, each time" : "Amount");
  byId("open-payees").hidden = !vary;
  [...document.querySelectorAll(".payee")].forEach((row, index) => { row.hidden = index > 0 && !vary; });
  byId("add-payee").hidden = !vary || payees === PAYEES_MAX;
  byId("end-field").hidden = fields.includes("dates");
}

function addDate(day) {
  const number = byId("dates").children.length + 1;
  const input = element("input", {type: "date", className: "date", value: day, "aria-label": t("Day {number}", {number}), "data-testid": `pay-date-${number}`});
  boundDays(input);
  byId("dates").append(element("div", {className: "field"}, input));
  byId("add-date").hidden = number === DATES_MAX;
}

function fill() {
  byId("types").append(...Object.entries(PAYMENT_TYPES).map(([type, {title, text}], index) => {
    const input = element("input", {type: "radio", name: "type", value: type, checked: index === 0, "data-testid": `pay-type-${type}`});
    input.addEventListener("change", showType);
    return tile(input, title, text);
  }));
  addPayee();
}

/** "12" and "12.5" as the standard writes them. */
function amountOf(id) {
  const text = byId(id).value.trim();
  if (!text || byId(id).closest("[hidden]")) return "";
  if (!/^\d{1,16}(\.\d{1,2})?$/.test(text)) throw new FieldError(t("Write the amount in dirhams, as 125.50."), byId(id));
  const [whole, rest = ""] = text.split(".");
  return `${whole}.${rest.padEnd(2, "0")}`;
}

function values() {
  const {fields} = chosen();
  const amount = amountOf("amount");
  if (!amount && fields.includes("amount")) throw new FieldError(t("Say how much to pay."), byId("amount"));
  const days = [...document.querySelectorAll(".date")].map(({value}) => value).filter(Boolean);
  if (days.length === 0 && fields.includes("dates")) throw new FieldError(t("Choose the days of the payments."), document.querySelector(".date"));
  return {
    amount, dates: [...new Set(days)].sort(), every: byId("every").value, first: byId("first").value || dayAhead(0),
    times: byId("times").value, perPeriod: byId("per-period").value, perPeriodAmount: amountOf("per-period-amount"),
  };
}

/** Of a schedule it is the day of the last payment. */
function expiry({dates}) {
  if (chosen().fields.includes("dates")) return endOf(dates.at(-1));
  return byId("end").value ? endOf(byId("end").value) : momentAhead(USUAL_DAYS);
}

function terms() {
  const given = values();
  const debtor = byId("debtor").value.replace(/\s/g, "").toUpperCase();
  return filled({
    ExpirationDateTime: expiry(given),
    ControlParameters: chosen().control(given),
    Permissions: allOf("permission"),
    PaymentPurposeCode: byId("purpose").value,
    DebtorReference: byId("debtor-reference").value.trim(),
    CreditorReference: byId("creditor-reference").value.trim(),
    PersonalIdentifiableInformation: {
      Initiation: filled({
        DebtorAccount: debtor ? {SchemeName: "IBAN", Identification: debtor} : "",
        Creditor: creditors(),
      }) ?? {},
      Risk: {TransactionIndicators: {IsCustomerPresent: true, Channel: "Web"}},
    },
  });
}

fill();
const ready = await fillChoices((tpp) => { document.title = t("{app}: pay from your account", {app: tpp.name}); },
  {fits: (hub) => !isInsurer(hub), may: ({pays}) => pays});
byId("add-payee").addEventListener("click", () => { addPayee(); byId(`name-${payees}`).focus(); });
byId("add-date").addEventListener("click", () => addDate(""));
addDate(dayAhead(30));
addDate(dayAhead(60));
for (const id of ["first", "end"]) boundDays(byId(id));
byId("first").value = dayAhead(0);
showType();
if (ready) sendConsents(() => ({type: "payment", consent: terms()}), ({consentId}) => rememberPayees(consentId, creditors()));
else showNoApp();
await showRecent();
