// All permissions of data sharing, in groups as a person thinks of them.
export const GROUPS = [
  ["Accounts", "Names, types and currencies of your accounts; with details also their numbers", ["ReadAccountsBasic", "ReadAccountsDetail"], true],
  ["Balances", "Account balances", ["ReadBalances"], true],
  ["Transactions", "What came in and went out", ["ReadTransactionsBasic", "ReadTransactionsDetail"], true],
  ["Foreign currency", "Transactions in other currencies, with their rates", ["ReadFXTransactionsBasic", "ReadFXTransactionsDetail"], false],
  ["Statements", "Month by month, with totals", ["ReadStatements"], false],
  ["Standing orders and direct debits", "Regular payments",
    ["ReadStandingOrdersBasic", "ReadStandingOrdersDetail", "ReadDirectDebits"], false],
  ["Scheduled payments", "Payments scheduled for later", ["ReadScheduledPaymentsBasic", "ReadScheduledPaymentsDetail"], false],
  ["Saved payees", "People and companies you pay", ["ReadBeneficiariesBasic", "ReadBeneficiariesDetail"], false],
  ["Product terms", "Charges, rates, tenor and rewards of your accounts", ["ReadProduct", "ReadProductFinanceRates"], false],
  ["Your details", "Name and contact details held by your bank", ["ReadPartyUser", "ReadPartyUserIdentity", "ReadParty"], false],
  ["Your consents", "What else you have agreed to", ["ReadConsents"], false],
];
