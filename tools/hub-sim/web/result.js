// The page after the bank: what was shared, or why nothing was.
import {element, getJson, postJson} from "./page.js";

const PAGE_SIZE = 25;
const BALANCE_ORDER = ["InterimAvailable", "ClosingAvailable", "InterimBooked", "ClosingBooked"];
const REFUSALS = {
  user_rejected_consent: "You declined at your bank.",
  user_failed_to_authenticate: "Your bank could not confirm that it is you.",
  user_account_blocked: "Please get in touch with your bank.",
  user_lacks_eligible_accounts: "Your bank has no account of yours that fits.",
  session_expired: "You were away for too long, so your bank ended the session.",
};

const {consent: consentId, code, error} = document.body.dataset;
const byId = (id) => document.getElementById(id);
const grouped = (number) => number.replace(/^AE\d+$/, (iban) => iban.match(/.{1,4}/g).join(" "));

/** The contract's names as words: "LocalBankTransfer" is "Local bank transfer", "POS" stays. */
function words(name) {
  const text = name.replace(/([a-z])([A-Z])/g, (_, end, begin) => `${end} ${begin.toLowerCase()}`);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Decimal text with grouping; never through a floating-point number. */
function money({amount, currency}, direction) {
  const [whole, fraction = "00"] = amount.split(".");
  const thousands = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const sign = direction === "Debit" ? "−" : "";
  return `${sign}${currency} ${thousands}.${fraction.padEnd(2, "0")}`;
}

async function call(path, query = "") {
  const {status, body} = await postJson("/sim/call", {consentId, method: "GET", path, query});
  if (status !== 200) throw new Error(body?.errorMessage ?? `The bank answered ${status}.`);
  return body;
}

function problem(text) {
  return element("p", {className: "alert", textContent: text});
}

// ---- accounts ----------------------------------------------------------------------------------

function mainBalance(balances) {
  const rank = ({balanceType}) => (BALANCE_ORDER.indexOf(balanceType) + BALANCE_ORDER.length + 1) % (BALANCE_ORDER.length + 1);
  return balances.toSorted((a, b) => rank(a) - rank(b))[0];
}

function accountCard(account) {
  const amount = element("span", {className: "money", textContent: "…"});
  const type = element("span");
  const title = account.nickName ?? account.product?.productName ?? words(account.accountSubType ?? "Account");
  const card = element("button", {type: "button", className: "account"},
    element("span", {className: "kind"}, element("span", {textContent: title}), element("span", {textContent: account.status ?? ""})),
    amount,
    element("span", {className: "kind"}, type),
    element("span", {className: "number", textContent: grouped(account.accountNumbers?.[0]?.identification ?? account.id)}));
  card.dataset.testid = `tpp-account-${account.id}`;
  card.setAttribute("aria-pressed", "false");
  card.addEventListener("click", () => select(account.id, card, title));
  call(`/accounts/${encodeURIComponent(account.id)}/balances`).then(({data}) => {
    const balance = mainBalance(data);
    amount.textContent = balance ? money(balance.amount, balance.creditDebitIndicator) : "No balance";
    type.textContent = balance ? words(balance.balanceType) : "";
  }, () => { amount.textContent = "Balance not shared"; });
  return card;
}

function select(accountId, card, title) {
  for (const other of document.querySelectorAll(".account")) other.setAttribute("aria-pressed", String(other === card));
  return showTransactions(accountId, title, 1);
}

// ---- transactions ------------------------------------------------------------------------------

function entry(transaction) {
  const incoming = transaction.creditDebitIndicator === "Credit";
  const what = transaction.merchantDetails?.merchantName ?? transaction.transactionInformation ??
    words(transaction.subTransactionType);
  const kind = [words(transaction.transactionType), transaction.status === "Booked" ? "" : transaction.status];
  const amount = money(transaction.amount, transaction.creditDebitIndicator);
  return element("li", {className: "entry"},
    element("span", {className: "what"}, what, element("small", {textContent: kind.filter(Boolean).join(" · ")})),
    element("span", {className: incoming ? "money in" : "money", textContent: incoming ? `+${amount}` : amount}));
}

function byDay(transactions) {
  const format = new Intl.DateTimeFormat("en-GB", {dateStyle: "full", timeZone: "Asia/Dubai"});
  const days = Map.groupBy(transactions, ({bookingDateTime}) => format.format(new Date(bookingDateTime)));
  return [...days].flatMap(([day, entries]) =>
    [element("h3", {className: "day", textContent: day}), element("ul", {}, ...entries.map(entry))]);
}

function pager(accountId, title, page, {totalPages = 1, totalRecords}) {
  const step = (text, to, testid) => {
    const button = element("button", {type: "button", className: "button plain", textContent: text, disabled: to < 1 || to > totalPages});
    button.dataset.testid = testid;
    button.addEventListener("click", () => showTransactions(accountId, title, to));
    return button;
  };
  const count = totalRecords === undefined ? "" : ` · ${totalRecords} in all`;
  return element("nav", {className: "pager", ariaLabel: "Pages"},
    element("span", {textContent: `Page ${page} of ${Math.max(totalPages, 1)}${count}`}),
    step("Newer", page - 1, "tpp-newer"), step("Older", page + 1, "tpp-older"));
}

async function showTransactions(accountId, title, page) {
  const section = byId("transactions");
  const heading = element("h2", {textContent: title});
  section.hidden = false;
  try {
    const {data, meta} = await call(`/accounts/${encodeURIComponent(accountId)}/transactions`, `page=${page}&page-size=${PAGE_SIZE}`);
    const list = data.length > 0 ? byDay(data) : [element("p", {className: "waiting", textContent: "No transactions."})];
    section.replaceChildren(heading, ...list, pager(accountId, title, page, meta ?? {}));
  } catch (failure) {
    section.replaceChildren(heading, problem(failure.message));
  }
}

// ---- the page ----------------------------------------------------------------------------------

async function showAccounts() {
  const {consent} = await getJson(`/sim/consents/${consentId}`);
  const until = new Intl.DateTimeFormat("en-GB", {dateStyle: "long"}).format(new Date(consent.consentBody.Data.ExpirationDateTime));
  byId("until").textContent = `Dhow Bank shares them with this app until ${until}.`;
  try {
    const {data} = await call("/accounts");
    const cards = data.map(accountCard);
    byId("accounts").replaceChildren(...cards);
    cards[0]?.click();
  } catch (failure) {
    byId("accounts").replaceChildren(problem(failure.message));
  }
}

if (code && consentId) {
  byId("connected").hidden = false;
  await showAccounts();
} else {
  const description = document.querySelector('[data-testid="tpp-error-description"]').textContent;
  byId("refused-text").textContent = REFUSALS[description] ?? `Your bank answered: ${error || "nothing we can read"}.`;
  byId("refused").hidden = false;
}
