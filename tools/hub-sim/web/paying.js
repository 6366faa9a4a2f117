// A consent to payments, live: its state, what is used of it, its payments, and another payment.
import {consumption} from "./consumption.js";
import {t} from "./i18n.js";
import {date, dateTime, grouped, money, words} from "./format.js";
import {byId, element, getJson, postJson, problem} from "./page.js";
import {knownPayees, payeeOf} from "./payees.js";
import {STATUSES} from "./payment-statuses.js";
import {PAYMENT_TYPES} from "./payment-types.js";
import {toldCard} from "./told.js";

const POLL_MS = 1000;
const NO_NOTES = 2 ** 52; // a number that no note has
const LOOKS = {Authorized: "good", Consumed: "good", Rejected: "bad", Revoked: "bad", Expired: "bad"};

const typeOf = ({ControlParameters: {ConsentSchedule: {SinglePayment, MultiPayment} = {}}}) =>
  (SinglePayment ?? MultiPayment?.PeriodicSchedule)?.Type ?? "DelegatedAuthentication";
const nameOf = ({CreditorAccount: {Name}}) => Name.en ?? Name.ar;

// ---- what is known -----------------------------------------------------------------------------

function authorizers({consentBody: {Meta = {}}}) {
  const {TotalRequired, Authorizations = []} = Meta.MultipleAuthorizers ?? Meta;
  if (Authorizations.length === 0) return null;
  const agreed = Authorizations.filter(({AuthorizationStatus}) => AuthorizationStatus === "Approved").length;
  return element("div", {className: "authorizers", "data-testid": "tpp-authorizers"},
    element("p", {textContent: t("{agreed} of {required} approvals at the bank", {agreed, required: TotalRequired ?? Authorizations.length})}),
    element("ul", {}, ...Authorizations.map(({AuthorizerType, AuthorizerId, AuthorizationStatus, AuthorizationDate}) =>
      element("li", {}, words(AuthorizerType ?? AuthorizerId ?? ""), " ",
        element("b", {textContent: words(AuthorizationStatus ?? "Pending")}), element("small", {textContent: AuthorizationDate ? dateTime(AuthorizationDate) : ""})))));
}

function stateCard(consent, payments) {
  const asked = consent.request.consent;
  const {title} = PAYMENT_TYPES[typeOf(asked)];
  const state = element("p", {className: `badge ${LOOKS[consent.status] ?? ""}`, "data-testid": "tpp-consent-status", textContent: words(consent.status)});
  return element("section", {className: "card"}, state, element("h2", {textContent: t(title)}),
    element("p", {className: "lead", textContent: t("Until {date}", {date: date(asked.ExpirationDateTime)})}),
    authorizers(consent), consumption(consent, payments));
}

function paymentRow({paymentId, requestBody: {Data}, paymentResponse: {status, creationDateTime, statusUpdateDateTime, rejectReasonCode = []}, transactionId}) {
  const [text, look] = STATUSES[status] ?? [words(status), ""];
  return element("li", {className: "payment", "data-testid": `tpp-payment-${paymentId}`},
    element("span", {className: "money", textContent: money(Data.Instruction.Amount)}),
    element("span", {className: `badge ${look}`, "data-status": status, textContent: t(text)}),
    element("small", {textContent: dateTime(statusUpdateDateTime ?? creationDateTime)}),
    ...rejectReasonCode.map(({code, message}) => element("small", {className: "reason"}, message, " ", element("code", {textContent: code}))),
    transactionId ? element("small", {className: "reason"}, t("Transaction"), " ", element("code", {textContent: transactionId})) : null);
}

function paymentList(payments) {
  return element("section", {className: "card", "data-testid": "tpp-payments"}, element("h2", {textContent: t("Payments")}),
    payments.length === 0 ? element("p", {className: "waiting", textContent: t("There are none yet.")}) : null,
    element("ul", {className: "payments"}, ...payments.toReversed().map(paymentRow)));
}

// ---- another payment ---------------------------------------------------------------------------

/** The amount that the terms fix for the next payment, else the highest one; undefined: neither. */
function amounts({ControlParameters: {ConsentSchedule: {SinglePayment, MultiPayment} = {}}}) {
  const schedule = SinglePayment ?? MultiPayment?.PeriodicSchedule ?? {};
  const entry = schedule.Schedule?.[0] ?? schedule;
  return {fixed: entry.Amount?.Amount, most: (entry.MaximumIndividualAmount ?? schedule.Controls?.MaximumIndividualAmount)?.Amount};
}

const field = (id, label, input) => element("div", {className: "field"}, element("label", {htmlFor: id, textContent: t(label)}), input);

function payeeFields(payees) {
  if (payees.length === 0) {
    return [field("pay-name", "Name", element("input", {id: "pay-name", maxLength: 70, autocomplete: "off", dir: "auto"})),
      field("pay-iban", "IBAN", element("input", {id: "pay-iban", maxLength: 34, autocomplete: "off", spellcheck: false}))];
  }
  if (payees.length === 1) {
    const [{CreditorAccount: {Identification}}] = payees;
    return [element("p", {className: "payee-known"}, nameOf(payees[0]), element("small", {textContent: grouped(Identification)}))];
  }
  return [field("pay-whom", "Whom?", element("select", {id: "pay-whom"}, ...payees.map((payee, value) =>
    element("option", {value, textContent: `${nameOf(payee)} · ${grouped(payee.CreditorAccount.Identification)}`}))))];
}

const chosenPayee = (payees) => payees[Number(byId("pay-whom")?.value ?? 0)] ?? payeeOf(byId("pay-name").value.trim(), byId("pay-iban").value);

/** The app's proof that it has authenticated the customer for this payment, at this moment. */
async function proof() {
  const {now} = await getJson("/sim/setup");
  const Authentication = {AuthenticationChannel: "App", AuthenticationFlow: "MFA", ChallengeOutcome: "Pass", ChallengeDateTime: now,
    PossessionFactor: {IsUsed: true, Type: "Passkey"}, InherenceFactor: {IsUsed: true, Type: "Biometric"}};
  return {risk: {DebtorIndicators: {Authentication}}, headers: {"x-fapi-auth-date": new Date(now).toUTCString()}};
}

async function paymentOf(asked, payees) {
  const amount = byId("pay-next-amount").value.trim();
  if (!/^\d{1,16}(\.\d{1,2})?$/.test(amount)) throw new Error(t("Write the amount in dirhams, as 125.50."));
  const [whole, rest = ""] = amount.split(".");
  const {risk, headers} = typeOf(asked) === "DelegatedAuthentication" ? await proof() : {};
  const Risk = {TransactionIndicators: {IsCustomerPresent: true, Channel: "Web"}, ...risk};
  return {amount: `${whole}.${rest.padEnd(2, "0")}`, pii: {Initiation: chosenPayee(payees), Risk}, ...(headers && {headers})};
}

async function send(consentId, asked, payees, said) {
  const answer = await postJson(`/sim/consents/${encodeURIComponent(consentId)}/payments`, await paymentOf(asked, payees));
  if (answer.status === 201) said.replaceChildren(element("p", {className: "fine", textContent: t("The bank has taken the payment.")}));
  else said.replaceChildren(problem({status: answer.status, message: answer.body.errorMessage, code: answer.body.errorCode}));
}

function payForm(consentId, asked, changed) {
  const payees = knownPayees(consentId), {fixed, most} = amounts(asked);
  const said = element("div", {role: "status"});
  const button = element("button", {className: "button wide", textContent: t("Pay now"), "data-testid": "tpp-pay-now"});
  const form = element("form", {className: "card", id: "pay-next", noValidate: true}, element("h2", {textContent: t("Another payment")}),
    ...payeeFields(payees),
    field("pay-next-amount", fixed ? "Amount" : "Amount in dirhams", element("input", {id: "pay-next-amount", inputMode: "decimal", autocomplete: "off",
      value: fixed ?? "", readOnly: Boolean(fixed), placeholder: most ?? "125.50", "data-testid": "tpp-pay-amount"})),
    button, said);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      await send(consentId, asked, payees, said);
    } catch (failure) {
      said.replaceChildren(problem(failure));
    }
    button.disabled = false;
    changed();
  });
  return form;
}

// ---- the page ----------------------------------------------------------------------------------

async function know(consentId) {
  const path = `/sim/consents/${encodeURIComponent(consentId)}`;
  const [known, {payments}, {events}] = await Promise.all([getJson(`${path}?since=${NO_NOTES}`), getJson(`${path}/payments`), getJson(`${path}/events`)]);
  return {...known, payments, events};
}

/** Shows the consent and follows it; resolves to the consent, or null when there is none. */
export async function showPaying(consentId) {
  const into = byId("paying");
  const [state, list, told] = [1, 2, 3].map(() => element("div", {"aria-live": "polite"}));
  let shown, known;
  const show = (next) => {
    known = next;
    const text = JSON.stringify([known.consent, known.payments, known.events.length]);
    if (text === shown) return;
    shown = text;
    state.replaceChildren(stateCard(known.consent, known.payments));
    list.replaceChildren(paymentList(known.payments));
    told.replaceChildren(toldCard(known.events) ?? "");
    form.hidden = known.consent.status !== "Authorized";
  };
  const refresh = async () => show(await know(consentId));
  const follow = async () => {
    if (!document.hidden) await refresh().catch(() => {}); // it is tried again
    setTimeout(follow, POLL_MS);
  };
  try {
    known = await know(consentId);
  } catch (failure) {
    into.replaceChildren(problem(failure));
    return null;
  }
  const form = payForm(consentId, known.consent.request.consent, refresh);
  into.replaceChildren(state, form, list, told);
  show(known);
  setTimeout(follow, POLL_MS);
  return known;
}
