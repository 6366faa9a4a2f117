// People and companies as the bank has verified them.
import {t} from "./i18n.js";
import {empty, facts, words} from "./format.js";
import {element} from "./page.js";

/** One customer record: who it is, then every claim. */
export function customerCard(customer) {
  const {verifiedClaims, ...rest} = customer;
  const claims = verifiedClaims.map(({claims: all}) => all);
  const name = claims[0]?.fullName ?? claims[0]?.businessName ?? t("Customer");
  const role = [rest.customerType, rest.accountRole, rest.customerCategory].filter(Boolean).map(words).join(" · ");
  return element("section", {className: "item", "data-testid": "tpp-customer-record"},
    element("div", {className: "head"}, element("h3", {textContent: name}), element("span", {className: "soft", textContent: role})),
    ...claims.map((all) => facts(all, {without: ["fullName", "businessName"]})),
    element("details", {className: "more"}, element("summary", {textContent: t("How the bank verified it")}),
      facts(rest), ...verifiedClaims.map(({verification}) => facts(verification ?? {}))));
}

export async function renderCustomers({all, show}) {
  const data = await all("/customer");
  show(...(data.length > 0 ? data.map(customerCard) : [empty(t("The bank names no holder."))]));
}
