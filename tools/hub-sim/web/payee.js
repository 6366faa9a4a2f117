// Confirmation of payee: what the bank knows, and what the Hub makes of it.
import {pick, t} from "./i18n.js";
import {facts} from "./format.js";
import {CallError, byId, element, getJson, postJson, problem} from "./page.js";

const VERDICTS = {
  "ConfirmationOfPayee.Yes": ["good", "It matches", "The account is held under this name."],
  "ConfirmationOfPayee.Partial": ["unsure", "Nearly", "The name is close to the holder's, but not the same."],
  "ConfirmationOfPayee.No": ["bad", "It does not match", "The account is held under another name."],
};
const NOBODY = ["unsure", "Nothing is known", "The bank names no holder: it does not have the account, or must not tell."];
const BLOCKED = ["bad", "The account cannot be paid", "Its bank says that it may not receive payments."];

const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`).value;

function fill({hubs}) {
  byId("segments").append(...hubs.map(({providerId, segment, name}, index) => {
    return element("label", {className: "tile"},
      element("input", {type: "radio", name: "provider", value: providerId, checked: index === 0, "data-testid": `payee-provider-${providerId}`}),
      element("span", {}, element("b", {textContent: pick(name) ?? segment})));
  }));
}

function record({id, number, verifiedClaims}) {
  return element("section", {className: "item", "data-testid": "payee-record"}, facts({id, ...(number && {number}), verifiedClaims}));
}

function verdictCard([kind, title, text], {maskedName}) {
  return element("section", {className: `card verdict ${kind}`, "data-testid": "payee-verdict"},
    element("h2", {textContent: t(title)}),
    element("p", {textContent: t(text)}),
    maskedName ? element("p", {}, t("Held by"), " ", element("b", {textContent: maskedName, dir: "auto", "data-testid": "payee-masked"})) : null);
}

function outcome(reply) {
  if (reply.status === 403) return BLOCKED;
  return VERDICTS[reply.verdict] ?? NOBODY;
}

function show(reply) {
  if (reply.status !== 200 && reply.status !== 403) throw new CallError(reply.status, reply.body, reply.headers);
  const records = reply.body?.data ?? [];
  byId("result").replaceChildren(
    verdictCard(outcome(reply), reply),
    element("section", {className: "card"},
      element("h2", {textContent: t("What the bank told the Hub")}),
      element("p", {className: "fine", textContent: t("The TPP does not see this: the bank returns the holders, the Hub compares.")}),
      ...(reply.status === 403 ? [problem(new CallError(403, reply.body))] : records.map(record)),
      reply.finding ? element("p", {className: "alert", textContent: t("The Hub found the answer wrong: {finding}", {finding: reply.finding})}) : null,
      element("dl", {className: "facts"},
        element("dt", {textContent: t("status")}), element("dd", {textContent: String(reply.status)}),
        element("dt", {textContent: t("records")}), element("dd", {textContent: String(records.length)}),
        element("dt", {textContent: t("verdict")}), element("dd", {textContent: reply.verdict ?? t("none: the TPP receives 204 or an error")}),
        element("dt", {textContent: t("interaction")}), element("dd", {textContent: reply.interactionId}))));
}

byId("check").addEventListener("submit", async (event) => {
  event.preventDefault();
  byId("submit").disabled = true;
  try {
    show(await postJson("/sim/payee-check", {
      providerId: chosen("provider"),
      iban: byId("iban").value,
      name: {[chosen("kind")]: byId("name").value},
    }));
  } catch (failure) {
    byId("result").replaceChildren(problem(failure));
  }
  byId("submit").disabled = false;
});
fill(await getJson("/sim/setup"));
byId("submit").disabled = false;
