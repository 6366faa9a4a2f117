// What the customer agreed to, and how to end it.
import {date, facts, words} from "./format.js";
import {t} from "./i18n.js";
import {byId, element} from "./page.js";
import {GROUPS, policyWords} from "./permissions.js";
import {isOfInsurance} from "./policies.js";
import {ACCOUNTS} from "./views.js";

function permissionList(permissions) {
  const groups = GROUPS.filter(([, , codes]) => codes.some((code) => permissions.includes(code)));
  const others = permissions.filter((code) => !GROUPS.some(([, , codes]) => codes.includes(code)));
  return element("ul", {}, ...groups.map(([title, text]) => element("li", {}, element("b", {textContent: t(title)}), element("small", {textContent: t(text)}))),
    ...others.map((code) => element("li", {}, element("b", {textContent: words(code)}))));
}

/** Of insurance: the sectors, with what is shared of each. */
const sectorList = (blocks) => element("ul", {}, ...blocks.map(({InsuranceType, Permissions}) =>
  element("li", {}, element("b", {textContent: t(`${InsuranceType} insurance`)}), element("small", {textContent: policyWords(Permissions)}))));

function history({FromDate, ToDate}) {
  if (!FromDate && !ToDate) return null;
  if (!ToDate) return t("From {date}", {date: date(FromDate)});
  if (!FromDate) return t("Up to {date}", {date: date(ToDate)});
  return t("{from} to {to}", {from: date(FromDate), to: date(ToDate)});
}

/** Permissions, accounts, end and number of the consent; all its members when opened. */
export function agreedCard(terms, tppName) {
  const insurance = isOfInsurance(terms);
  const rows = [
    ["With", tppName],
    ...(terms.Permissions ? [["What is shared", insurance ? sectorList(terms.Permissions) : permissionList(terms.Permissions)]] : []),
    ["Accounts", terms.Permissions?.some((code) => ACCOUNTS.includes(code)) ? element("span", {id: "agreed-accounts", textContent: "…"}) : null],
    ["History to share", history(terms)],
    ["Until", date(terms.ExpirationDateTime)],
    ["Consent ID", element("code", {dir: "ltr", textContent: terms.ConsentId})],
  ].filter(([, value]) => value);
  return element("section", {className: "card", "data-testid": "tpp-agreed"},
    element("h2", {textContent: t("What you agreed to")}),
    element("dl", {className: "agreed"}, ...rows.flatMap(([name, value]) => [element("dt", {textContent: t(name)}), element("dd", {}, value)])),
    element("details", {className: "more", "data-testid": "tpp-terms"}, element("summary", {textContent: t("The consent in full")}), facts(terms)));
}

/** The accounts by name, as soon as the bank has told them. */
export function nameAccounts(names) {
  byId("agreed-accounts").replaceChildren(names.length === 0 ? t("none") : element("ul", {}, ...names.map((textContent) => element("li", {textContent}))));
}

/** The accounts could not be read, so none can be named; the reason stands where they would be listed. */
export function missAccounts() {
  byId("agreed-accounts").textContent = t("not known");
}

/** Where the customer ends a consent; null when it is not in force. */
export function endCard({Status}, {pagesUrl}) {
  if (Status !== "Authorized") return null;
  return element("section", {className: "card", "data-testid": "tpp-end"},
    element("h2", {textContent: t("How to end it")}),
    element("p", {className: "lead", textContent: t("You can stop sharing at any time. Dhow Bank lists every app you are connected to, and ends the connection at once.")}),
    pagesUrl ? element("p", {className: "onward"}, element("a", {className: "button plain", href: `${pagesUrl}/consents`, textContent: t("Manage it at Dhow Bank")})) : null);
}
