// All permissions of data sharing, in groups as a person thinks of them, and those of insurance.
import {words} from "./format.js";
import {t} from "./i18n.js";

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

/** The kinds of insurance, with what each is. */
export const SECTORS = [
  ["Motor", "Your cars and other vehicles"],
  ["Health", "Treatment and medicine"],
  ["Home", "A house or flat of your own"],
  ["Renters", "What is yours in a rented home"],
  ["Travel", "Trips, luggage and flights"],
  ["Life", "Those who depend on you"],
  ["Employment", "Income when you lose your work"],
];

/** What a policy may be told with. */
export const POLICY_PERMISSIONS = [
  ["ReadInsuranceProduct", "What is covered", true],
  ["ReadInsurancePremium", "Premiums", true],
  ["ReadCustomerBasic", "Your name", true],
  ["ReadCustomerDetail", "Your details", false],
  ["ReadCustomerPaymentDetails", "How you pay", false],
  ["ReadCustomerClaims", "Claims", false],
];

const POLICY_WORDS = Object.fromEntries([["ReadInsurancePolicies", "Policies"], ...POLICY_PERMISSIONS]);

/** What is shared of a policy, in words: "Policies, Premiums". */
export const policyWords = (codes) => codes.map((code) => (POLICY_WORDS[code] ? t(POLICY_WORDS[code]) : words(code))).join(t(", "));
