// What can be shown of one account: a tab for each resource that the consent permits.
import {t} from "./i18n.js";
import {dateTime, empty, facts, money, table, words} from "./format.js";
import {element} from "./page.js";
import {renderBeneficiaries, renderDirectDebits, renderScheduledPayments, renderStandingOrders} from "./view-orders.js";
import {renderCustomers} from "./view-customer.js";
import {renderProducts} from "./view-product.js";
import {renderStatements} from "./view-statements.js";
import {renderTransactions} from "./view-transactions.js";

async function renderBalances({all, show}) {
  const data = await all("/balances");
  if (data.length === 0) return show(empty(t("No balances.")));
  const rows = data.map(({balanceType, amount, creditDebitIndicator, timestamp}) =>
    [words(balanceType), money(amount, creditDebitIndicator), dateTime(timestamp)]);
  const more = data.filter(({creditLines, components}) => creditLines || components).map(({balanceType, creditLines, components}) =>
    element("section", {className: "item"}, element("h3", {textContent: words(balanceType)}), facts({...(creditLines && {creditLines}), ...(components && {components})})));
  show(table([[t("Balance")], [t("Amount"), "number"], [t("As of")]], rows, t("Balances")), ...more);
}

async function renderDetails({account, call, show}) {
  const {data} = await call("");
  show(facts({...account, ...data}));
}

export const ACCOUNTS = ["ReadAccountsBasic", "ReadAccountsDetail"];
const TRANSACTIONS = ["ReadTransactionsBasic", "ReadTransactionsDetail", "ReadFXTransactionsBasic", "ReadFXTransactionsDetail"];

export const ACCOUNT_VIEWS = [
  {key: "transactions", label: "Transactions", permissions: TRANSACTIONS, render: renderTransactions},
  {key: "balances", label: "Balances", permissions: ["ReadBalances"], render: renderBalances},
  {key: "statements", label: "Statements", permissions: ["ReadStatements"], render: renderStatements},
  {key: "standing-orders", label: "Standing orders", permissions: ["ReadStandingOrdersBasic", "ReadStandingOrdersDetail"], render: renderStandingOrders},
  {key: "direct-debits", label: "Direct debits", permissions: ["ReadDirectDebits"], render: renderDirectDebits},
  {key: "scheduled-payments", label: "Scheduled", permissions: ["ReadScheduledPaymentsBasic", "ReadScheduledPaymentsDetail"], render: renderScheduledPayments},
  {key: "beneficiaries", label: "Payees", permissions: ["ReadBeneficiariesBasic", "ReadBeneficiariesDetail"], render: renderBeneficiaries},
  {key: "products", label: "Terms", permissions: ["ReadProduct", "ReadProductFinanceRates"], render: renderProducts},
  {key: "customer", label: "Holders", permissions: ["ReadParty"], render: renderCustomers},
  {key: "details", label: "Details", permissions: ACCOUNTS, render: renderDetails},
];
