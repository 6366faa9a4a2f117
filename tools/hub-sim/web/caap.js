// The platform (CAAP) where customers of some Hubs sign in and decide, in place of their bank's pages.
import {language, t} from "./i18n.js";
import {date, grouped, money, words} from "./format.js";
import {CallError, byId, element, postJson, problem} from "./page.js";
import {GROUPS, policyWords} from "./permissions.js";

let journey;
let userId;

// ---- the simulator ----------------------------------------------------------------------------

/** An operation of CAAP at the bank; its body. */
async function ask(method, path, more = {}) {
  const answer = await postJson("/sim/caap/calls", {interactionId: journey.interactionId, method, path, ...more});
  if (answer.status >= 300) throw new CallError(answer.status, answer.body, answer.headers);
  return answer.body;
}

async function decide(approve, ids) {
  const chosen = ids && {[insures() ? "insurancePolicyIds" : "accountIds"]: ids};
  const {location: next} = await postJson("/sim/caap/decisions",
    {interactionId: journey.interactionId, approve, userId, ...chosen});
  location.assign(next);
}

// ---- the page ---------------------------------------------------------------------------------

function show(at, ...nodes) {
  [...document.querySelectorAll(".steps li")].forEach((step, index) => {
    step.className = index < at ? "done" : index === at ? "now" : "";
    if (index === at) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
  byId("failure").replaceChildren();
  byId("step").replaceChildren(...nodes);
  document.querySelector("#step h1")?.focus();
}

const heading = (text) => element("h1", {textContent: text, tabIndex: -1});
const lead = (text) => element("p", {className: "lead", textContent: text});

/** What a button does, once at a time; what goes wrong is shown. */
async function once(button, action) {
  button.disabled = true;
  byId("failure").replaceChildren();
  try {
    await action();
  } catch (failure) {
    byId("failure").replaceChildren(problem(failure));
  }
  button.disabled = false;
}

function form(action, ...children) {
  const node = element("form", {className: "card"}, ...children);
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    once(event.submitter, action);
  });
  return node;
}

function field(id, label, properties) {
  return element("div", {className: "field"}, element("label", {htmlFor: id, textContent: t(label)}),
    element("input", {id, required: true, autocomplete: "off", dir: "ltr", "data-testid": id, ...properties}));
}

const submit = (id, text) => element("button", {className: "button wide", "data-testid": id, textContent: t(text)});

// ---- who it is --------------------------------------------------------------------------------

async function register() {
  const {data} = await ask("POST", "/users/actions/register/initialize",
    {emiratesId: byId("caap-emirates-id").value.trim(), body: {data: {verificationTypes: ["EFR"]}}});
  userId = data.user.providerUserIdentifier.userId;
  if (data.registrationStatus === "AwaitingChallengeResponse") showCode(data);
  else if (data.registrationStatus === "Complete") await showReview();
  else throw new Error(t("The bank cannot send you a code now. Try again later."));
}

function showIdentity() {
  show(0, heading(t("{app} asks for your consent", {app: journey.tppName})),
    lead(t("First the platform recognizes you, then you decide. Your bank's own pages have no part in it.")),
    form(register,
      field("caap-emirates-id", "Emirates ID", {placeholder: "784-1994-0000601-3", maxLength: 18, inputMode: "numeric"}),
      submit("caap-identify", "Recognize my face"),
      element("p", {className: "fine", textContent: t("A demonstration: no camera is used, and every face fits.")})));
}

// ---- the bank's code --------------------------------------------------------------------------

async function complete() {
  const {data} = await ask("POST", "/users/actions/register/complete",
    {body: {data: {userId, challengeResponse: byId("caap-code").value.trim()}}});
  if (data.registrationStatus !== "Complete") {
    throw new Error(t("The bank did not accept the code. Check it, or begin again for another."));
  }
  await showReview();
}

function showCode({maskedPhoneNumber, maskedEmailAddress}) {
  const where = maskedPhoneNumber ?? maskedEmailAddress;
  show(1, heading(t("Your bank wants to be sure")),
    lead(where ? t("It sent a code to {where}.", {where}) : t("It shows a code in your bank's app.")),
    form(complete,
      field("caap-code", "Code", {inputMode: "numeric", maxLength: 12, autocomplete: "one-time-code"}),
      submit("caap-complete", "Continue")));
  byId("caap-code").focus();
}

// ---- a fresh code, before money moves --------------------------------------------------------

async function completeChallenge(challengeId, chosen) {
  const {data} = await ask("POST", "/users/actions/challenge/complete",
    {body: {data: {userId, challengeId, challengeResponseData: byId("caap-challenge-code").value.trim()}}});
  if (data.status !== "Passed") {
    throw new Error(t("The bank did not accept the code. Check it, or begin again for another."));
  }
  await decide(true, chosen);
}

async function challenge(chosen) {
  const {data} = await ask("POST", "/users/actions/challenge/initialize", {body: {data: {userId}}});
  if (data.status === "TransmissionFailed") throw new Error(t("The bank cannot send you a code now. Try again later."));
  show(2, heading(t("Confirm the payment")),
    lead(t("Your bank has sent a fresh code for it, to your bank's app.")),
    form(() => completeChallenge(data.challengeId, chosen),
      field("caap-challenge-code", "Code", {inputMode: "numeric", maxLength: 12, autocomplete: "one-time-code"}),
      submit("caap-challenge-complete", "Confirm"), refusal()));
  byId("caap-challenge-code").focus();
}

// ---- the decision -----------------------------------------------------------------------------

/** The consent as the bank is asked about it, now that the customer is known. */
const known = () => ({...journey.consent, psuIdentifiers: {userId}});

const insures = () => journey.consent.consentType === "cbuae-insurance-consents";

/** What the app has encrypted for the bank, which decrypts it for the platform when it is unfolded. */
function encrypted() {
  const jwe = journey.consent.request.consent.PersonalIdentifiableInformation;
  if (typeof jwe !== "string") return "";
  const text = element("pre", {tabIndex: 0, dir: "ltr", "aria-label": t("Decrypted by the bank"), "data-testid": "caap-pii"});
  const node = element("details", {className: "more"},
    element("summary", {textContent: t("What the app has encrypted for your bank"), "data-testid": "caap-decrypt"}), text);
  node.addEventListener("toggle", async () => {
    if (!node.open || text.textContent) return;
    try {
      const {payload} = await ask("POST", "/users/actions/pii/decrypt",
        {body: {data: {personalIdentifiableInformation: jwe, tpp: journey.consent.tpp}}});
      text.textContent = JSON.stringify(payload, null, 2);
    } catch (failure) {
      byId("failure").replaceChildren(problem(failure));
    }
  });
  return node;
}

function sectors({Permissions}) {
  return element("ul", {className: "shared-list"}, ...Permissions.map(({InsuranceType, Permissions: of}) => element("li", {},
    element("b", {textContent: t(`${InsuranceType} insurance`)}), element("small", {textContent: policyWords(of), dir: "auto"}))));
}

function policyTile(policy) {
  const input = element("input", {type: "checkbox", name: "account", value: policy.InsurancePolicyId,
    "data-testid": `caap-policy-${policy.InsurancePolicyId}`});
  return element("label", {className: "tile"}, input, element("span", {},
    element("b", {}, element("bdi", {textContent: policy.ProductName ?? policy.PolicyNumber})),
    element("small", {}, element("bdi", {textContent: [policy.PolicyNumber, policy.PlateNumber].filter(Boolean).join(" · ")})),
    element("small", {textContent: [date(policy.PolicyStartDate), policy.PolicyEndDate && date(policy.PolicyEndDate)].filter(Boolean).join(" – ")})));
}

/** The customer's policies of each sector that the consent names. */
async function policies({Permissions}) {
  const lists = await Promise.all(Permissions.map(({InsuranceType}) => ask("GET",
    `/${InsuranceType.toLowerCase()}-insurance-policies`, {userId, query: "insurancePolicyIds=&page=1&page-size=100"})));
  return lists.flatMap(({data}) => data.Policies);
}

function permissions({Permissions}) {
  const groups = GROUPS.filter(([, , codes]) => codes.some((code) => Permissions.includes(code)));
  return element("ul", {className: "shared-list"}, ...groups.map(([title, text]) => element("li", {},
    element("b", {textContent: t(title)}), element("small", {textContent: t(text)}))));
}

function fact(name, value) {
  return value ? [element("dt", {textContent: t(name)}), element("dd", {}, element("bdi", {textContent: value}))] : [];
}

const amountIn = (value) => {
  if (typeof value !== "object" || value === null) return null;
  if (value.Amount !== undefined && value.Currency !== undefined) return value;
  return Object.values(value).map(amountIn).find(Boolean) ?? null;
};

function payment(terms, pii) {
  const [creditor] = [pii?.Initiation?.Creditor ?? []].flat();
  const amount = amountIn(terms.ControlParameters);
  const name = creditor?.CreditorAccount?.Name;
  return element("dl", {className: "facts said"},
    ...fact("Payee", name?.[language] ?? name?.en ?? name?.ar),
    ...fact("IBAN", creditor && grouped(creditor.CreditorAccount.Identification)),
    ...fact("Amount", amount && money(amount)));
}

function accountTile(account, one) {
  const [balance] = account.availableBalance ?? [];
  const input = element("input", {type: one ? "radio" : "checkbox", name: "account", value: account.id,
    "data-testid": `caap-account-${account.id}`});
  return element("label", {className: "tile"}, input, element("span", {},
    element("b", {}, element("bdi", {textContent: account.nickName ?? words(account.accountSubType)})),
    element("small", {textContent: grouped(account.accountNumbers?.[0]?.identification ?? account.id)}),
    balance ? element("small", {textContent: money(balance.amount, balance.creditDebitIndicator)}) : null));
}

/** The account that the TPP named, as the bank knows it; the customer cannot choose then. */
async function namedAccount(pii) {
  const debtorAccount = pii?.Initiation?.DebtorAccount;
  if (!debtorAccount) return null;
  const {SchemeName, Identification} = debtorAccount;
  const {data} = await ask("POST", "/consent/actions/augment",
    {body: {data: {...known(), debtorAccount: {SchemeName, Identification}}}});
  return data.accountId;
}

function refused({userMessage}) {
  const back = element("button", {type: "button", className: "button wide", textContent: t("Back to the app"), "data-testid": "caap-back"});
  back.addEventListener("click", () => once(back, () => decide(false)));
  show(2, heading(t("The bank cannot agree to this")),
    element("p", {className: "alert", dir: "auto", textContent: userMessage, "data-testid": "caap-told"}), back);
}

async function showReview() {
  const {data: judged} = await ask("POST", "/consent/actions/validate", {body: {data: known()}});
  if (judged.status !== "valid") {
    refused(judged);
    return;
  }
  const terms = journey.consent.consentBody.Data;
  const pii = judged.pii?.payload;
  if (insures()) {
    showDecision(terms, pii, (await policies(terms)).map(policyTile));
    return;
  }
  const named = journey.pays ? await namedAccount(pii) : null;
  const list = named
    ? await ask("GET", `/accounts/${encodeURIComponent(named)}`, {userId})
    : await ask("GET", "/accounts", {userId, useCase: journey.pays ? "payments" : "accounts", query: "page=1&page-size=100"});
  const tiles = [list.data].flat().map((account) => accountTile(account, journey.pays));
  if (tiles.length > 0 && journey.pays) tiles[0].querySelector("input").checked = true;
  showDecision(terms, pii, tiles);
}

function refusal() {
  const button = element("button", {type: "button", className: "button plain wide", textContent: t("Refuse"), "data-testid": "caap-refuse"});
  button.addEventListener("click", () => once(button, () => decide(false)));
  return button;
}

function showDecision(terms, pii, tiles) {
  const which = insures() ? ["Which policies?", "Choose a policy."]
    : [journey.pays ? "From which account?" : "Which accounts?", "Choose an account."];
  const approve = async () => {
    const chosen = [...document.querySelectorAll('input[name="account"]:checked')].map(({value}) => value);
    if (chosen.length === 0) throw new Error(t(which[1]));
    await (journey.pays ? challenge(chosen) : decide(true, chosen));
  };
  show(2, heading(journey.pays ? t("Pay through {app}?", {app: journey.tppName}) : t("Share with {app}?", {app: journey.tppName})),
    terms.ExpirationDateTime ? lead(t("Until {date}", {date: date(terms.ExpirationDateTime)})) : "",
    element("section", {className: "card"},
      element("h2", {textContent: journey.pays ? t("What is paid") : t("What is shared")}),
      journey.pays ? payment(terms, pii) : insures() ? sectors(terms) : permissions(terms), encrypted()),
    form(approve,
      element("fieldset", {},
        element("legend", {className: "label", textContent: t(which[0])}),
        element("div", {className: "tiles two"}, ...tiles)),
      submit("caap-approve", "Approve"), refusal()));
}

// ---- where it begins --------------------------------------------------------------------------

try {
  journey = await postJson("/sim/caap/journeys", {query: location.search.slice(1)});
  if (journey.location) location.replace(journey.location);
  else showIdentity();
} catch (failure) {
  byId("step").replaceChildren();
  byId("failure").replaceChildren(problem(failure));
}
