// Confirmation of payee over the Hub, as a TPP asks: whose account it is.
import {isInsurer} from "./asking.js";
import {pick, t} from "./i18n.js";
import {checkPayee} from "./own.js";
import {CallError, byId, element, getJson, noApp, problem} from "./page.js";
import {wireCard} from "./wire.js";

const VERDICTS = {
  "ConfirmationOfPayee.Yes": ["good", "It matches", "The account is held under this name."],
  "ConfirmationOfPayee.Partial": ["unsure", "Nearly", "The name is close to the holder's, but not the same."],
  "ConfirmationOfPayee.No": ["bad", "It does not match", "The account is held under another name."],
};
const NOBODY = ["unsure", "Nothing is known", "The bank names no holder: it does not have the account, or must not tell."];
const NO_BANK = ["unsure", "No bank is found", "No bank that takes part has accounts with this number."];
const BLOCKED = ["bad", "The account cannot be paid", "Its bank says that it may not receive payments."];

const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`).value;

let clientId; // of the app that asks

function fill({hubs, tpps}) {
  clientId = tpps.find(({pays}) => pays)?.clientId;
  byId("segments").append(...hubs.filter((hub) => !isInsurer(hub)).map(({providerId, segment, name}, index) => {
    return element("label", {className: "tile"},
      element("input", {type: "radio", name: "provider", value: providerId, checked: index === 0, "data-testid": `payee-provider-${providerId}`}),
      element("span", {}, element("b", {textContent: pick(name) ?? segment})));
  }));
}

function verdictCard([kind, title, text], {MaskedName}, code) {
  return element("section", {className: `card verdict ${kind}`, "data-testid": "payee-verdict"},
    element("h2", {textContent: t(title)}),
    element("p", {textContent: t(text)}),
    MaskedName ? element("p", {}, t("Held by"), " ", element("b", {textContent: MaskedName, dir: "auto", "data-testid": "payee-masked"})) : null,
    code ? element("p", {className: "code"}, element("bdi", {dir: "ltr", textContent: code})) : null);
}

/** What the Hub's answer means, for people; it has no body when nobody is known. */
function verdict({status, body}) {
  const {Data = {}, Errors: [{Code, Message} = {}] = []} = body ?? {};
  if (status === 200) return verdictCard(VERDICTS[Data.NameMatchIndicator] ?? NOBODY, Data);
  if (status === 204) return verdictCard(NOBODY, {});
  if (status === 403 && Code?.startsWith("Consent.")) return verdictCard(BLOCKED, {}, `403 · ${Code}`);
  if (status === 404) return verdictCard(NO_BANK, {});
  return problem(new CallError(status, {errorCode: Code, errorMessage: Message}));
}

function show(answer) {
  const {card, add} = wireCard();
  byId("result").replaceChildren(verdict(answer));
  byId("wire").replaceChildren(card);
  add(answer.wire);
}

byId("check").addEventListener("submit", async (event) => {
  event.preventDefault();
  byId("submit").disabled = true;
  try {
    show(await checkPayee({
      providerId: chosen("provider"),
      clientId,
      iban: byId("iban").value.replace(/\s/g, "").toUpperCase(),
      name: {[chosen("kind")]: byId("name").value},
    }));
  } catch (failure) {
    byId("result").replaceChildren(problem(failure));
    byId("wire").replaceChildren();
  }
  byId("submit").disabled = false;
});
fill(await getJson("/sim/setup"));
if (clientId) byId("submit").disabled = false;
else byId("result").replaceChildren(element("p", {className: "alert", textContent: noApp()}));
