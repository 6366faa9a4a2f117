// A consent to payments, live: its state, what is used of it, its payments, and another payment. All of it
// is read and done as a TPP at the Hub.
import {consumption} from "./consumption.js";
import {count, known, t} from "./i18n.js";
import {date, dateTime, facts, grouped, money, words} from "./format.js";
import {notOurs} from "./not-ours.js";
import {findOwn, payOwn, readPayments} from "./own.js";
import {byId, element, problem} from "./page.js";
import {knownPayees, payeeOf} from "./payees.js";
import {STATUSES} from "./payment-statuses.js";
import {PAYMENT_TYPES} from "./payment-types.js";
import {isReached, toldCard} from "./told.js";
import {dropUnanswered, keepUnanswered, newKey, unansweredPayment} from "./unanswered.js";
import {wireCard} from "./wire.js";

const LOOK_MS = 1000; // at what the app's backend has been told
const READ_MS = 10_000; // at the Hub, when it tells this app nothing
const LOOKS = {Authorized: "good", Consumed: "good", Rejected: "bad", Revoked: "bad", Expired: "bad"};
const FINAL = new Set(["Rejected", "AcceptedWithoutPosting", "AcceptedCreditSettlementCompleted"]);

const typeOf = ({ControlParameters: {ConsentSchedule: {SinglePayment, MultiPayment} = {}}}) =>
  (SinglePayment ?? MultiPayment?.PeriodicSchedule)?.Type ?? "DelegatedAuthentication";
const nameOf = ({CreditorAccount: {Name}}) => Name.en ?? Name.ar;

// ---- what is known -----------------------------------------------------------------------------

function authorizers(Meta = {}) {
  const {TotalRequired, Authorizations = []} = Meta.MultipleAuthorizers ?? Meta;
  if (Authorizations.length === 0) return null;
  const agreed = Authorizations.filter(({AuthorizationStatus}) => AuthorizationStatus === "Approved").length;
  return element("div", {className: "authorizers", "data-testid": "tpp-authorizers"},
    element("p", {textContent: count("{agreed} of {count} approval at the bank", "{agreed} of {count} approvals at the bank", TotalRequired ?? Authorizations.length, {agreed})}),
    element("ul", {}, ...Authorizations.map(({AuthorizerType, AuthorizerId, AuthorizationStatus, AuthorizationDate}) =>
      element("li", {}, words(AuthorizerType ?? AuthorizerId ?? ""), " ",
        element("b", {textContent: words(AuthorizationStatus ?? "Pending")}), element("small", {textContent: AuthorizationDate ? dateTime(AuthorizationDate) : ""})))));
}

function stateCard({terms, meta, payments}, refresh) {
  const state = element("p", {className: `badge ${LOOKS[terms.Status] ?? ""}`, "data-testid": "tpp-consent-status", textContent: words(terms.Status)});
  const again = element("button", {type: "button", className: "button plain", "data-testid": "tpp-refresh", textContent: t("Ask again")});
  again.addEventListener("click", refresh);
  return element("section", {className: "card"}, state, element("h2", {textContent: t(PAYMENT_TYPES[typeOf(terms)].title)}),
    element("p", {className: "lead", textContent: t("Until {date}", {date: date(terms.ExpirationDateTime)})}),
    authorizers(meta), consumption(terms, payments), element("p", {className: "onward"}, again));
}

/** What the bank says, in the page's language where there are words for it. */
const inWords = (text) => (known(text) ? t(text) : element("bdi", {lang: "en", textContent: text}));

function paymentRow({PaymentId, Instruction, Status, CreationDateTime, StatusUpdateDateTime, RejectReasonCode = [], PaymentTransactionId, failure}) {
  if (failure) return element("li", {className: "payment", "data-testid": `tpp-payment-${PaymentId}`}, problem(failure));
  const [text, look] = STATUSES[Status] ?? [words(Status), ""];
  return element("li", {className: "payment", "data-testid": `tpp-payment-${PaymentId}`},
    element("span", {className: "money", textContent: money(Instruction.Amount)}),
    element("span", {className: `badge ${look}`, "data-status": Status, textContent: t(text)}),
    element("small", {textContent: dateTime(StatusUpdateDateTime ?? CreationDateTime)}),
    ...RejectReasonCode.map(({Code, Message}) => element("small", {className: "reason"}, inWords(Message), " ", element("code", {dir: "ltr", textContent: Code}))),
    PaymentTransactionId ? element("small", {className: "reason"}, t("Transaction"), " ", element("code", {textContent: PaymentTransactionId})) : null);
}

function paymentList(payments) {
  return element("section", {className: "card", "data-testid": "tpp-payments"}, element("h2", {textContent: t("Payments")}),
    payments.length === 0 ? element("p", {className: "waiting", textContent: t("There are none yet.")}) : null,
    element("ul", {className: "payments"}, ...payments.toReversed().map(paymentRow)));
}

/** Where money goes back to, when the consent lets the app know; asked for by a press. */
function refundCard(consentId, {terms}) {
  if (!terms.Permissions?.includes("ReadRefundAccount") || !["Authorized", "Consumed"].includes(terms.Status)) return "";
  const shown = element("div", {role: "status"});
  const button = element("button", {type: "button", className: "button plain", "data-testid": "tpp-refund", textContent: t("Ask for the account")});
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const {Data: {RefundAccount}} = await readPayments(consentId, `/payment-consents/${encodeURIComponent(consentId)}/refund`);
      shown.replaceChildren(facts(RefundAccount));
    } catch (failure) {
      shown.replaceChildren(problem(failure));
    }
    button.disabled = false;
  });
  return element("section", {className: "card"}, element("h2", {textContent: t("Money back")}),
    element("p", {className: "lead", textContent: t("The bank tells this app to which account it can send money back.")}), shown,
    element("p", {className: "onward"}, button));
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
      field("pay-iban", "IBAN", element("input", {id: "pay-iban", dir: "ltr", maxLength: 34, autocomplete: "off", spellcheck: false}))];
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
async function proof(consentId) {
  const {now} = await findOwn(consentId);
  const Authentication = {AuthenticationChannel: "App", AuthenticationFlow: "MFA", ChallengeOutcome: "Pass", ChallengeDateTime: now,
    PossessionFactor: {IsUsed: true, Type: "Passkey"}, InherenceFactor: {IsUsed: true, Type: "Biometric"}};
  return {risk: {DebtorIndicators: {Authentication}}, authDate: new Date(now).toUTCString()};
}

/** What the backend pays; purpose and references are as agreed. */
async function paymentOf(consentId, terms, payees) {
  const amount = byId("pay-next-amount").value.trim();
  if (!/^\d{1,16}(\.\d{1,2})?$/.test(amount)) throw new Error(t("Write the amount in dirhams, as 125.50."));
  const [whole, rest = ""] = amount.split(".");
  const {risk, authDate} = typeOf(terms) === "DelegatedAuthentication" ? await proof(consentId) : {};
  const Risk = {TransactionIndicators: {IsCustomerPresent: true, Channel: "Web"}, ...risk};
  const {PaymentPurposeCode, DebtorReference, CreditorReference} = terms;
  const data = {
    Instruction: {Amount: {Amount: `${whole}.${rest.padEnd(2, "0")}`, Currency: "AED"}},
    PersonalIdentifiableInformation: {Initiation: chosenPayee(payees), Risk},
    PaymentPurposeCode,
    ...(DebtorReference && {DebtorReference}),
    ...(CreditorReference && {CreditorReference}),
    OpenFinanceBilling: {Type: "PushP2P"},
  };
  return {consentId, key: newKey(), data, ...(authDate && {authDate})};
}

/** `said` takes what becomes of it. */
function payForm(consentId, terms, said, changed) {
  const payees = knownPayees(consentId), {fixed, most} = amounts(terms);
  const button = element("button", {className: "button wide", textContent: t("Pay now"), "data-testid": "tpp-pay-now"});
  const form = element("form", {className: "card", id: "pay-next", noValidate: true}, element("h2"),
    ...payeeFields(payees),
    field("pay-next-amount", fixed ? "Amount" : "Amount in dirhams", element("input", {id: "pay-next-amount", inputMode: "decimal", autocomplete: "off",
      value: fixed ?? "", readOnly: Boolean(fixed), placeholder: most ?? "125.50", "data-testid": "tpp-pay-amount"})),
    button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const payment = await paymentOf(consentId, terms, payees);
      keepUnanswered(payment);
      await send(payment, said);
    } catch (failure) {
      said.replaceChildren(problem(failure));
    }
    button.disabled = false;
    changed();
  });
  return form;
}

/** Sends a payment that is kept until the Hub has answered, and says what it answered. */
async function send(payment, said) {
  try {
    await payOwn(payment);
    dropUnanswered(payment.consentId);
    said.replaceChildren(element("p", {className: "fine", textContent: t("The bank has taken the payment.")}));
  } catch (failure) {
    if (!failure.lost) dropUnanswered(payment.consentId);
    said.replaceChildren(problem(failure));
  }
}

/** In place of the form, while nobody knows whether a payment was made. */
function unansweredCard(payment, said, changed) {
  const button = element("button", {type: "button", className: "button wide", textContent: t("Try again"), "data-testid": "tpp-pay-again"});
  button.addEventListener("click", async () => {
    button.disabled = true;
    await send(payment, said);
    button.disabled = false;
    changed();
  });
  return element("section", {className: "card", "data-testid": "tpp-pay-unanswered"},
    element("h2", {textContent: t("No answer to your payment")}),
    element("p", {className: "money", textContent: money(payment.data.Instruction.Amount)}),
    element("p", {className: "lead", textContent: t("It may have been made. Try again: the app repeats the same payment with the same key, and the bank makes it only once.")}),
    button);
}

// ---- the page ----------------------------------------------------------------------------------

/** One payment as the Hub tells it; what has ended is not asked for again. */
async function paymentAt(consentId, address, before) {
  const PaymentId = address.split("/").at(-1);
  const known = before.find((payment) => payment.PaymentId === PaymentId);
  if (known && FINAL.has(known.Status)) return known;
  try {
    return (await readPayments(consentId, address)).Data;
  } catch (failure) {
    return {PaymentId, failure};
  }
}

/** The consent and its payments as the Hub has them now. */
async function read(consentId, before) {
  const {Data, Links, Meta} = await readPayments(consentId, `/payment-consents/${encodeURIComponent(consentId)}`);
  const payments = await Promise.all((Links.Related ?? []).map((address) => paymentAt(consentId, address, before)));
  return {terms: Data, meta: Meta, payments};
}

/** Shows the consent and follows it; resolves to the app's view of it, or null when there is none. */
export async function showPaying(consentId) {
  const into = byId("paying");
  const [state, list, refund, told] = [1, 2, 3, 4].map(() => element("div", {"aria-live": "polite"}));
  const next = element("div"), said = element("div", {role: "status"});
  const wire = wireCard();
  let form, app, payments = [], stale = true, readAt = 0;

  /** The form for a payment, or in its place the payment that waits for its answer. */
  const placeNext = () => {
    const waits = unansweredPayment(consentId);
    const placed = waits ? "unanswered" : "form";
    if (next.dataset.placed === placed) return;
    next.dataset.placed = placed;
    next.replaceChildren(waits ? unansweredCard(waits, said, again) : form);
  };
  const again = () => {
    stale = true;
    placeNext();
    return look().catch(() => { stale = true; });
  };

  const show = (now) => {
    payments = now.payments;
    form ??= payForm(consentId, now.terms, said, again);
    if (!next.isConnected) into.replaceChildren(state, next, said, list, refund, told, wire.card);
    placeNext();
    state.replaceChildren(stateCard(now, again));
    list.replaceChildren(paymentList(payments));
    if (!refund.firstChild) refund.replaceChildren(refundCard(consentId, now));
    form.querySelector("h2").textContent = t(payments.length === 0 ? "Payment" : "Another payment");
    form.hidden = now.terms.Status !== "Authorized";
  };
  /** Reads at the Hub what may have changed: something was told, done or asked for. */
  const look = async () => {
    const found = await findOwn(consentId);
    if (!found) return null;
    stale ||= found.events.length !== app?.events.length || (!isReached && Date.now() - readAt > READ_MS);
    app = found;
    if (stale) {
      stale = false;
      readAt = Date.now();
      show(await read(consentId, payments));
      app = await findOwn(consentId);
    }
    told.replaceChildren(toldCard(app.events) ?? "");
    wire.add(app.wire);
    return app;
  };
  const follow = async () => {
    if (!document.hidden) await look().catch(() => { stale = true; });
    setTimeout(follow, LOOK_MS);
  };
  try {
    if (!await look()) {
      into.replaceChildren(notOurs(consentId));
      return null;
    }
  } catch (failure) {
    into.replaceChildren(problem(failure));
    return null;
  }
  setTimeout(follow, LOOK_MS);
  return app;
}
