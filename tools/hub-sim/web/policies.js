// The insurance policies of a consent, sector by sector.
import {date, words} from "./format.js";
import {t} from "./i18n.js";
import {element, problem} from "./page.js";

/** Whether a consent's terms are about insurance: its permissions come in blocks, each of a sector. */
export const isOfInsurance = ({Permissions = []}) => Permissions.some(({InsuranceType}) => InsuranceType);

function policyRow({PolicyNumber, PolicyStatus, PolicyStartDate, PolicyEndDate}) {
  const time = PolicyEndDate ? t("{from} to {to}", {from: date(PolicyStartDate), to: date(PolicyEndDate)}) : t("From {date}", {date: date(PolicyStartDate)});
  return element("li", {"data-testid": `tpp-policy-${PolicyNumber}`},
    element("bdi", {textContent: PolicyNumber}), element("b", {textContent: words(PolicyStatus)}), element("small", {textContent: time}));
}

async function sectorCard(shared, sector) {
  const card = element("section", {className: "card", "data-testid": `tpp-sector-${sector}`}, element("h2", {textContent: t(`${sector} insurance`)}));
  try {
    const policies = await shared.all(`/${sector.toLowerCase()}-insurance-policies`);
    card.append(policies.length > 0 ? element("ul", {className: "told"}, ...policies.map(policyRow))
      : element("p", {className: "waiting", textContent: t("The insurer shares no policy of this kind.")}));
  } catch (failure) {
    card.append(problem(failure));
  }
  return card;
}

/** Fills `into` with the policies that the consent opens. */
export async function showPolicies(shared, into) {
  into.replaceChildren(...await Promise.all(shared.terms.Permissions.map(({InsuranceType}) => sectorCard(shared, InsuranceType))));
}
