// The terms of an account, with sealed rates that the customer's one-time code opens.
import {t} from "./i18n.js";
import {empty, facts, money, table, words} from "./format.js";
import {element} from "./page.js";
import {openSealed} from "./sealed.js";

const CHARGES = [[t("Charge")], [t("How much"), "number"]];

function chargeText({Amount, Rate}) {
  return [Amount && money(Amount), Rate !== undefined && `${Rate} %`].filter(Boolean).join(" + ") || "—";
}

function chargesTable(charges) {
  const rows = charges.map(({Name, Description, Type, Charge}) => [
    element("span", {}, Name, element("small", {textContent: [Type && words(Type), Description].filter(Boolean).join(" · ")})),
    Charge.map(chargeText).join(", "),
  ]);
  return table(CHARGES, rows, t("Charges"));
}

/** The form that asks for the code which the bank has sent to the customer. */
function sealedRates(compact) {
  const input = element("input", {id: "rates-code", inputMode: "numeric", autocomplete: "one-time-code", maxLength: 6, required: true, pattern: "[0-9]{6}", "data-testid": "tpp-rates-code"});
  const result = element("div", {role: "status"});
  const form = element("form", {className: "filter"},
    element("div", {className: "field"}, element("label", {htmlFor: "rates-code", textContent: t("One-time code")}), input),
    element("button", {className: "button plain", textContent: t("Open"), "data-testid": "tpp-rates-open"}));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    result.replaceChildren(element("p", {className: "waiting", textContent: t("Opening…")}));
    try {
      const rates = await openSealed(compact, input.value);
      form.hidden = true;
      result.replaceChildren(facts(rates));
    } catch (failure) {
      result.replaceChildren(element("p", {className: "alert", textContent: failure.message}));
    }
  });
  return element("div", {className: "sealed", "data-testid": "tpp-rates-sealed"},
    element("p", {textContent: t("These rates are sealed. Your bank has sent you a one-time code, good for 30 minutes; this page opens them with it, here in the browser.")}),
    form, result);
}

function part(title, node) {
  return element("section", {className: "item"}, element("h3", {textContent: title}), node);
}

const PARTS = {
  Charges: chargesTable,
  FinanceRates: (rates) => (typeof rates === "string" ? sealedRates(rates) : facts(rates)),
  DepositRates: facts,
  Tenor: facts,
  AssetBacked: (assets) => element("div", {className: "stack"}, ...assets.map((asset) => facts(asset))),
  RewardsBenefits: (rewards) => element("div", {className: "stack"}, ...rewards.map((reward) => facts(reward))),
};
const TITLES = {FinanceRates: "Finance rates", DepositRates: "Deposit rates", AssetBacked: "Backed by", RewardsBenefits: "Rewards and benefits"};

function productNodes(product) {
  const known = Object.keys(PARTS).filter((name) => product[name] !== undefined);
  const rest = facts(product, {without: ["AccountId", ...known]});
  return [...(rest.children.length > 0 ? [rest] : []), ...known.map((name) => part(t(TITLES[name] ?? name), PARTS[name](product[name])))];
}

export async function renderProducts({all, show}) {
  const nodes = (await all("/products")).flatMap(productNodes);
  show(...(nodes.length > 0 ? nodes : [empty(t("The bank names no terms for this account."))]));
}
