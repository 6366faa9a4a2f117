// Transactions, by day; each opens to all that the bank tells of it.
import {day, facts, money, words} from "./format.js";
import {element} from "./page.js";
import {parameter, showPages} from "./paging.js";

const SHOWN = ["accountId", "amount", "creditDebitIndicator", "status", "transactionInformation"];

function entry(transaction) {
  const incoming = transaction.creditDebitIndicator === "Credit";
  const what = transaction.merchantDetails?.merchantName ?? transaction.transactionInformation ?? words(transaction.subTransactionType);
  const kind = [words(transaction.transactionType), ...(transaction.flags ?? []).map(words), transaction.status === "Booked" ? "" : words(transaction.status)];
  const amount = money(transaction.amount, transaction.creditDebitIndicator, {plus: true});
  const line = element("summary", {className: "entry"},
    element("span", {className: "what"}, what, element("small", {textContent: kind.filter(Boolean).join(" · ")})),
    element("span", {className: incoming ? "money in" : "money", textContent: amount}));
  const details = element("details", {className: "entry-box"}, line);
  details.addEventListener("toggle", () => details.append(facts(transaction, {without: SHOWN})), {once: true});
  return element("li", {}, details);
}

function byDay({data}) {
  const days = Map.groupBy(data, ({bookingDateTime}) => day(bookingDateTime));
  return [...days].flatMap(([name, entries]) =>
    [element("h3", {className: "day", textContent: name}), element("ul", {}, ...entries.map(entry))]);
}

export function renderTransactions(context) {
  return showPages(context, {
    path: "/transactions",
    size: 10,
    nothing: "No transactions.",
    nodes: byDay,
    // A bare day would mean its first instant: the whole last day is meant.
    query: (from, to) => parameter("fromBookingDateTime", from && `${from}T00:00:00`) + parameter("toBookingDateTime", to && `${to}T23:59:59.999`),
  });
}
