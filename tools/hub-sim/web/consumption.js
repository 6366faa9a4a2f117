// What the payments use of a consent, as bars.
import {count, t} from "./i18n.js";
import {date, money} from "./format.js";
import {element} from "./page.js";

const PERIODS = {Day: "Today", Week: "In this week", Month: "In this month", Year: "In this year"};
const minor = ({Amount}) => Number(Amount.replace(".", "")); // for the length of a bar only

function bar(label, used, limit, usedText, limitText) {
  const text = t("{used} of {limit}", {used: usedText, limit: limitText});
  return element("div", {className: "bar"},
    element("span", {}, label, element("b", {textContent: text})),
    element("progress", {max: limit, value: Math.min(used, limit), "aria-label": `${label}: ${text}`}));
}

const counts = (label, used, limit) => (limit === undefined ? null : bar(label, used, limit, String(used), count("{count} payment", "{count} payments", limit)));
const values = (label, used, limit) => (limit === undefined ? null : bar(label, minor(used), minor(limit), money(used), money(limit)));

function dateList(schedule, payments) {
  const paid = new Set(payments.filter(({Status}) => Status !== "Rejected")
    .map(({CreationDateTime}) => new Date(Date.parse(CreationDateTime) + 4 * 3600_000).toISOString().slice(0, 10)));
  return element("ul", {className: "dates"}, ...schedule.map(({PaymentExecutionDate: day, Amount, MaximumIndividualAmount}) =>
    element("li", {className: paid.has(day) ? "paid" : ""}, date(day),
      element("b", {textContent: Amount ? money(Amount) : t("up to {amount}", {amount: money(MaximumIndividualAmount)})}),
      element("small", {textContent: paid.has(day) ? t("Paid") : ""}))));
}

const barsOf = (parts) => element("div", {className: "bars"}, ...parts);

/** Bars and dates of a consent with these terms; null when nothing of it can be used up. */
export function consumption({ControlParameters, PaymentConsumption}, payments) {
  const {SinglePayment, MultiPayment} = ControlParameters.ConsentSchedule ?? {};
  const none = {Amount: "0.00", Currency: "AED"};
  const used = {CumulativeNumberOfPayments: 0, CumulativeNumberOfPaymentsInCurrentPeriod: 0, CumulativeValueOfPayments: none,
    CumulativeValueOfPaymentsInCurrentPeriod: none, ...PaymentConsumption};
  if (SinglePayment) return barsOf([counts(t("In all"), used.CumulativeNumberOfPayments, 1)]);
  if (!MultiPayment) return null;
  const {PeriodicSchedule: schedule, MaximumCumulativeNumberOfPayments: most, MaximumCumulativeValueOfPayments: value} = MultiPayment;
  const {Controls = {}, PeriodType, Schedule} = schedule;
  const period = t(PERIODS[PeriodType] ?? "In all");
  const once = /Periodic/.test(schedule.Type) ? 1 : undefined;
  const parts = [
    counts(period, used.CumulativeNumberOfPaymentsInCurrentPeriod, once ?? Controls.MaximumCumulativeNumberOfPaymentsPerPeriod),
    values(period, used.CumulativeValueOfPaymentsInCurrentPeriod, Controls.MaximumCumulativeValueOfPaymentsPerPeriod),
    counts(t("In all"), used.CumulativeNumberOfPayments, most),
    values(t("In all"), used.CumulativeValueOfPayments, value),
    Schedule ? dateList(Schedule, payments) : null,
  ].filter(Boolean);
  return parts.length > 0 ? barsOf(parts) : null;
}
