// The types of payments, each with what the customer fills in and the ControlParameters of it.

const AED = "AED";
const money = (Amount) => ({Amount, Currency: AED});
const multi = (PeriodicSchedule, more) => ({ConsentSchedule: {MultiPayment: {...more, PeriodicSchedule}}});
const period = ({every, first}) => ({PeriodType: every, PeriodStartDate: first});
const count = ({times}) => (times ? {MaximumCumulativeNumberOfPayments: Number(times)} : {});
const dates = (values, name) => values.dates.map((day) => ({PaymentExecutionDate: day, [name]: money(values.amount)}));

/** At least one is needed; a payment a period when nothing was filled in. */
function controls({perPeriod, perPeriodAmount}, more = {}) {
  const all = {
    ...(perPeriod && {MaximumCumulativeNumberOfPaymentsPerPeriod: Number(perPeriod)}),
    ...(perPeriodAmount && {MaximumCumulativeValueOfPaymentsPerPeriod: money(perPeriodAmount)}),
    ...more,
  };
  return Object.keys(all).length > 0 ? all : {MaximumCumulativeNumberOfPaymentsPerPeriod: 1};
}

/**
 * By Type: title and text for people, the fields of the form that it has, what the amount means, and
 * whether payees may be several or left open.
 */
export const PAYMENT_TYPES = {
  SingleInstantPayment: {
    title: "One payment, now", text: "A purchase or a transfer", fields: ["amount"],
    control: ({amount}) => ({ConsentSchedule: {SinglePayment: {Type: "SingleInstantPayment", Amount: money(amount)}}}),
  },
  FixedOnDemand: {
    title: "The same amount, when needed", text: "Topping up a wallet", fields: ["amount", "period", "controls", "times"],
    control: (v) => multi({Type: "FixedOnDemand", ...period(v), Amount: money(v.amount), Controls: controls(v)}, count(v)),
  },
  VariableOnDemand: {
    title: "Any amount, when needed", text: "Rides, orders, bills", fields: ["most", "period", "controls", "times"], vary: true,
    control: (v) => multi({Type: "VariableOnDemand", ...period(v),
      Controls: controls(v, v.amount ? {MaximumIndividualAmount: money(v.amount)} : {})}, count(v)),
  },
  FixedPeriodicSchedule: {
    title: "The same amount, regularly", text: "Rent or a subscription", fields: ["amount", "period", "times"],
    control: (v) => multi({Type: "FixedPeriodicSchedule", ...period(v), Amount: money(v.amount)}, count({times: v.times || 12})),
  },
  VariablePeriodicSchedule: {
    title: "Changing amounts, regularly", text: "Electricity or a phone bill", fields: ["most", "period", "times"],
    control: (v) => multi({Type: "VariablePeriodicSchedule", ...period(v), MaximumIndividualAmount: money(v.amount)}, count({times: v.times || 12})),
  },
  FixedDefinedSchedule: {
    title: "The same amount, on these days", text: "An instalment plan", fields: ["amount", "dates"],
    control: (v) => multi({Type: "FixedDefinedSchedule", Schedule: dates(v, "Amount")}),
  },
  VariableDefinedSchedule: {
    title: "Changing amounts, on these days", text: "Fees by term", fields: ["most", "dates"],
    control: (v) => multi({Type: "VariableDefinedSchedule", Schedule: dates(v, "MaximumIndividualAmount")}),
  },
  DelegatedAuthentication: {
    title: "Whenever I confirm in the app", text: "The app authenticates you, the bank is asked once", fields: [], vary: true,
    control: () => ({IsDelegatedAuthentication: true}),
  },
};
