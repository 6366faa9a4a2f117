// The stories of the presenter: a login of the demo bank, what an app asks it for, and what happens.
import {dayAhead, momentAhead} from "./asking.js";
import {payeeOf} from "./payees.js";
import {PAYMENT_TYPES} from "./payment-types.js";

const DAYS = 90;
const PERMISSIONS = ["ReadAccountsBasic", "ReadAccountsDetail", "ReadBalances", "ReadTransactionsBasic", "ReadTransactionsDetail"];
const PAYEE = payeeOf("Zumurrud Trading", "AE219900000000000000001");

const dataTerms = () => ({Permissions: PERMISSIONS, ExpirationDateTime: momentAhead(DAYS)});

const paymentTerms = (type) => () => ({
  ExpirationDateTime: momentAhead(DAYS),
  ControlParameters: PAYMENT_TYPES[type].control({amount: "125.00", every: "Month", first: dayAhead(0), perPeriod: "3", perPeriodAmount: "300.00"}),
  PaymentPurposeCode: "ACM",
  PersonalIdentifiableInformation: {
    Initiation: {Creditor: [PAYEE]},
    Risk: {TransactionIndicators: {IsCustomerPresent: true, Channel: "Web"}},
  },
});

const POLICIES = ["ReadInsurancePolicies", "ReadCustomerBasic", "ReadInsuranceProduct", "ReadInsurancePremium"];
const SECTORS = ["Employment", "Health", "Home", "Life", "Motor", "Renters", "Travel"];
const insuranceTerms = () => ({
  Permissions: SECTORS.map((InsuranceType) => ({InsuranceType, Permissions: POLICIES})),
  ExpirationDateTime: momentAhead(DAYS),
});

const insurance = {type: "insurance", terms: insuranceTerms, payees: []};
const data = {type: "data-sharing", terms: dataTerms, payees: []};
const payment = (type) => ({type: "payment", terms: paymentTerms(type), payees: [PAYEE]});
const ALLOW = "Choose accounts, and allow it";
const SIGN_IN = "Sign in with this login";
const APPROVE = "Approve in the bank's app, which the page opens";

/** `place` and `segment` name the login among the known places of the bank. */
export const STORIES = [
  {id: "share", place: "login-accounts", segment: "retail", title: "Share accounts with an app", who: "a customer with several accounts", ...data,
    steps: [SIGN_IN, APPROVE, ALLOW, "See what the app reads"]},
  {id: "joint", place: "joint", segment: "retail", title: "Share a joint account", who: "one of two owners", ...data, steps: [SIGN_IN, APPROVE, ALLOW]},
  {id: "many", place: "login-130-accounts", segment: "retail", title: "Choose among 130 accounts", who: "a customer with very many accounts", ...data, steps: [SIGN_IN, APPROVE, "Search, choose, and allow it"]},
  {id: "company", place: "login-accounts", segment: "sme", title: "A company shares its accounts", who: "the owner of a business", ...data, steps: [SIGN_IN, APPROVE, ALLOW]},
  {id: "policies", place: "policies-every-type", segment: "insurance", title: "Share insurance policies", who: "a policyholder with insurance of every kind", ...insurance,
    steps: [SIGN_IN, APPROVE, "Choose policies, and allow it", "See what the app reads"]},
  {id: "pay", place: "current-account", segment: "retail", title: "Pay once", who: "a customer with a current account", ...payment("SingleInstantPayment"),
    steps: [SIGN_IN, APPROVE, "Choose the account, and approve the payment in the bank's app", "Pay in the app, and see how it ends"]},
  {id: "pay-often", place: "current-account", segment: "retail", title: "Let an app pay up to a limit", who: "a customer with a current account", ...payment("VariableOnDemand"),
    steps: [SIGN_IN, APPROVE, "Choose the account, and approve in the bank's app", "Pay more than once, until the limit"]},
  {id: "two-approvers", place: "multi-auth", segment: "sme", title: "A payment that two must agree to", who: "one of a company's signatories", ...payment("SingleInstantPayment"),
    steps: [SIGN_IN, APPROVE, "Approve the payment: it waits for the other", "Sign in as the other signatory at the bank's connections, and agree"]},
  {id: "nothing", place: "login-no-accounts", segment: "retail", title: "Nothing to share", who: "a customer without accounts", ...data, steps: [SIGN_IN, APPROVE, "The bank says why, and leads back to the app"]},
  {id: "barred", place: "login-barred", segment: "retail", title: "A customer whom the bank has barred", who: "a barred customer with the right password", ...data, steps: [SIGN_IN, "The bank ends it, and tells the app nothing of the customer"]},
];
