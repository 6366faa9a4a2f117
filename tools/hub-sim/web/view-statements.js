// Statements: opening, what came and went by kind, closing.
import {t} from "./i18n.js";
import {date, facts, money, table, words} from "./format.js";
import {element} from "./page.js";
import {parameter, showPages} from "./paging.js";

const SHOWN = ["StatementId", "StatementDate", "OpeningDate", "ClosingDate", "OpeningBalance", "ClosingBalance", "Summary"];
const HEADS = [[t("Kind")], [t("Entries"), "number"], [t("Amount"), "number"]];

const balance = ({Amount, CreditDebitIndicator}) => money(Amount, CreditDebitIndicator);

function summaryRow({CreditDebitIndicator, TransactionType, SubTransactionType, Amount, Count}) {
  const kind = [TransactionType, SubTransactionType].filter(Boolean).map(words).join(" · ");
  return [kind, String(Count), money(Amount, CreditDebitIndicator, {plus: true})];
}

function statementCard(statement) {
  const {Summary, OpeningDate, ClosingDate, OpeningBalance, ClosingBalance, StatementDate} = statement;
  const title = t("{from} to {to}", {from: date(OpeningDate), to: date(ClosingDate)});
  const span = (label, text) => element("div", {}, element("small", {textContent: t(label)}), element("b", {textContent: text}));
  return element("section", {className: "item", "data-testid": "tpp-statement"},
    element("h3", {textContent: title}),
    element("div", {className: "spans"}, span("Opening", balance(OpeningBalance)), span("Closing", balance(ClosingBalance)), span("Made on", date(StatementDate))),
    Summary.length > 0 ? table(HEADS, Summary.map(summaryRow), `Totals, ${title}`) : element("p", {className: "waiting", textContent: t("No entries.")}),
    facts(statement, {without: SHOWN}));
}

export function renderStatements(context) {
  return showPages(context, {
    path: "/statements",
    size: 6,
    nothing: "No statements.",
    nodes: ({data}) => data.Statements.map(statementCard),
    query: (from, to) => parameter("fromStatementDate", from) + parameter("toStatementDate", to),
  });
}
