// What is paid regularly or later, and to whom.
import {date, empty, facts, grouped, money, words} from "./format.js";
import {element} from "./page.js";

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const FREQUENCIES = {
  IntervalDay: ([days]) => `every ${days} days`,
  IntervalWeekDay: ([weeks, day]) => `${weeks === "1" ? "every week" : `every ${weeks} weeks`}, on ${DAYS[day - 1]}`,
  WeekInMonthDay: ([week, day]) => `every month, on ${DAYS[day - 1]} of week ${week}`,
  IntervalMonthDay: ([months, day]) => `${months === "1" ? "every month" : `every ${months} months`}, ${day < 0 ? `${-day} days before its end` : `on day ${day}`}`,
  QuarterDay: () => "every quarter",
};

/** The contract's grammar of frequencies, in words. */
function frequency(text) {
  const [name, ...numbers] = text.split(":");
  return FREQUENCIES[name]?.(numbers) ?? words(text).toLowerCase();
}

/** A card with a title, an amount, a line below and everything else. */
function item(title, amount, lines, record, shown) {
  return element("section", {className: "item"},
    element("div", {className: "head"}, element("h3", {textContent: title}), amount ? element("span", {className: "money", textContent: amount}) : null),
    element("p", {className: "lines", textContent: lines.filter(Boolean).join(" · ")}),
    element("details", {className: "more"}, element("summary", {textContent: "All of it"}), facts(record, {without: ["accountId", ...shown]})));
}

const numberOf = ({creditorAccount}) => (creditorAccount?.[0] ? grouped(creditorAccount[0].identification) : "");

async function renderList({call, show}, path, nothing, card) {
  const {data} = await call(path);
  show(...(data.length > 0 ? data.map(card) : [empty(nothing)]));
}

export const renderStandingOrders = (context) => renderList(context, "/standing-orders", "No standing orders.", (order) =>
  item(order.accountHolderName ?? order.creditorReference ?? "Standing order", money(order.nextPaymentAmount ?? order.firstPaymentAmount),
    [order.standingOrderStatusCode, frequency(order.frequency), order.nextPaymentDateTime && `next on ${date(order.nextPaymentDateTime)}`, numberOf(order)],
    order, ["accountHolderName", "standingOrderStatusCode"]));

export const renderDirectDebits = (context) => renderList(context, "/direct-debits", "No direct debits.", (debit) =>
  item(debit.name, debit.previousPaymentAmount && money(debit.previousPaymentAmount),
    [debit.directDebitStatusCode, words(debit.frequency), debit.previousPaymentDateTime ? `last on ${date(debit.previousPaymentDateTime)}` : "never collected"],
    debit, ["name", "directDebitStatusCode"]));

export const renderScheduledPayments = (context) => renderList(context, "/scheduled-payments", "No scheduled payments.", (payment) =>
  item(payment.accountHolderName ?? "Payment", money(payment.instructedAmount),
    [`${payment.scheduledType === "Arrival" ? "arrives" : "leaves"} on ${date(payment.scheduledPaymentDateTime)}`, numberOf(payment)],
    payment, ["accountHolderName", "instructedAmount"]));

export const renderBeneficiaries = (context) => renderList(context, "/beneficiaries", "No saved payees.", (payee) =>
  item(payee.accountHolderName ?? payee.reference ?? "Payee", "",
    [numberOf(payee), payee.beneficiaryType === "Activated" ? "" : "not activated", payee.addedViaOF ? "added by an app" : "", payee.servicer?.name],
    payee, ["accountHolderName"]));
