// What is paid regularly or later, and to whom.
import {t} from "./i18n.js";
import {date, empty, facts, grouped, lasting, money, words} from "./format.js";
import {element} from "./page.js";

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const every = (count, unit) => t("every {time}", {time: count === "1" ? t(unit) : lasting(count, unit)});
const onDay = (day) => t("on {day}", {day: t(DAYS[day - 1])});
const FREQUENCIES = {
  IntervalDay: ([days]) => [every(days, "day")],
  IntervalWeekDay: ([weeks, day]) => [every(weeks, "week"), onDay(day)],
  WeekInMonthDay: ([week, day]) => [every("1", "month"), onDay(day), t("week {week}", {week})],
  IntervalMonthDay: ([months, day]) => [every(months, "month"), day < 0 ? t("{time} before its end", {time: lasting(-day, "day")}) : t("on day {day}", {day})],
  QuarterDay: () => [t("every {time}", {time: t("quarter")})],
};

/** The contract's grammar of frequencies, in words. */
function frequency(text) {
  const [name, ...numbers] = text.split(":");
  return FREQUENCIES[name]?.(numbers).join(t(", ")) ?? words(text).toLowerCase();
}

/** A card with a title, an amount, a line below and everything else. */
function item(title, amount, lines, record, shown) {
  return element("section", {className: "item"},
    element("div", {className: "head"}, element("h3", {textContent: title}), amount ? element("span", {className: "money", textContent: amount}) : null),
    element("p", {className: "lines", textContent: lines.filter(Boolean).join(" · ")}),
    element("details", {className: "more"}, element("summary", {textContent: t("All of it")}), facts(record, {without: ["accountId", ...shown]})));
}

const numberOf = ({creditorAccount}) => (creditorAccount?.[0] ? grouped(creditorAccount[0].identification) : "");

async function renderList({all, show}, path, nothing, card) {
  const data = await all(path);
  show(...(data.length > 0 ? data.map(card) : [empty(t(nothing))]));
}

export const renderStandingOrders = (context) => renderList(context, "/standing-orders", "No standing orders.", (order) =>
  item(order.accountHolderName ?? order.creditorReference ?? t("Standing order"), money(order.nextPaymentAmount ?? order.firstPaymentAmount),
    [words(order.standingOrderStatusCode ?? ""), frequency(order.frequency), order.nextPaymentDateTime && t("next on {date}", {date: date(order.nextPaymentDateTime)}), numberOf(order)],
    order, ["accountHolderName", "standingOrderStatusCode"]));

export const renderDirectDebits = (context) => renderList(context, "/direct-debits", "No direct debits.", (debit) =>
  item(debit.name, debit.previousPaymentAmount && money(debit.previousPaymentAmount),
    [words(debit.directDebitStatusCode ?? ""), words(debit.frequency), debit.previousPaymentDateTime ? t("last on {date}", {date: date(debit.previousPaymentDateTime)}) : t("never collected")],
    debit, ["name", "directDebitStatusCode"]));

export const renderScheduledPayments = (context) => renderList(context, "/scheduled-payments", "No scheduled payments.", (payment) =>
  item(payment.accountHolderName ?? t("Payment"), money(payment.instructedAmount),
    [t(payment.scheduledType === "Arrival" ? "arrives on {date}" : "leaves on {date}", {date: date(payment.scheduledPaymentDateTime)}), numberOf(payment)],
    payment, ["accountHolderName", "instructedAmount"]));

export const renderBeneficiaries = (context) => renderList(context, "/beneficiaries", "No saved payees.", (payee) =>
  item(payee.accountHolderName ?? payee.reference ?? t("Payee"), "",
    [numberOf(payee), payee.beneficiaryType === "Activated" ? "" : t("not activated"), payee.addedViaOF ? t("added by an app") : "", payee.servicer?.name],
    payee, ["accountHolderName"]));
