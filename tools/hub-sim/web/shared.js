// All of a consent: what was agreed, how to end it, the accounts, what is permitted of each, and the customer's own record.
import {agreedCard, endCard, missAccounts, nameAccounts} from "./agreed.js";
import {t} from "./i18n.js";
import {date, grouped, money, words} from "./format.js";
import {byId, element, getJson, problem} from "./page.js";
import {notOurs} from "./not-ours.js";
import {findOwn, ownPath, ownTerms, readOwn, readPolicies} from "./own.js";
import {allPages} from "./paging.js";
import {isOfInsurance, showPolicies} from "./policies.js";
import {toldCard} from "./told.js";
import {ACCOUNTS, ACCOUNT_VIEWS} from "./views.js";
import {customerCard} from "./view-customer.js";
import {wireCard} from "./wire.js";

const WIRE_MS = 150;
const BALANCE_ORDER = ["InterimAvailable", "ClosingAvailable", "InterimBooked", "ClosingBooked"];

/** What a page of data is made from: the consent and its calls; `changed` is told of each call. */
class Shared {
  constructor(consentId, terms, changed) {
    Object.assign(this, {consentId, terms, changed});
  }

  permits(permissions) {
    return permissions.some((permission) => this.terms.Permissions?.includes(permission));
  }

  async call(path, query = "") {
    const read = isOfInsurance(this.terms) ? readPolicies : readOwn;
    return read(this.consentId, path, query).finally(this.changed);
  }

  /** The records of all pages. */
  all(path) {
    return allPages((query) => this.call(path, query));
  }

  /** call() and all() for what lies below an account. */
  ofAccount(account) {
    const base = `/accounts/${encodeURIComponent(account.id)}`;
    return {call: (rest, query) => this.call(base + rest, query), all: (rest) => this.all(base + rest)};
  }
}

// ---- accounts ----------------------------------------------------------------------------------

function mainBalance(balances) {
  const rank = ({balanceType}) => (BALANCE_ORDER.indexOf(balanceType) + BALANCE_ORDER.length + 1) % (BALANCE_ORDER.length + 1);
  return balances.toSorted((a, b) => rank(a) - rank(b))[0];
}

const titleOf = (account) => account.nickName ?? account.product?.productName ?? words(account.accountSubType ?? "Account");
const numberOf = (account) => grouped(account.accountNumbers?.[0]?.identification ?? account.id);

async function fillBalance(shared, account, amount, type) {
  try {
    const balance = mainBalance(await shared.ofAccount(account).all("/balances"));
    amount.textContent = balance ? money(balance.amount, balance.creditDebitIndicator) : t("No balance");
    type.textContent = balance ? words(balance.balanceType) : "";
  } catch {
    amount.textContent = t("Balance not shared");
  }
}

function accountCard(shared, account, select) {
  const amount = element("span", {className: "money", textContent: "…"});
  const type = element("span");
  const card = element("button", {type: "button", className: "account", "data-testid": `tpp-account-${account.id}`, "aria-pressed": "false"},
    element("span", {className: "kind"}, element("span", {textContent: titleOf(account)}), element("span", {textContent: account.status ? words(account.status) : ""})),
    amount,
    element("span", {className: "kind"}, type),
    element("span", {className: "number", textContent: numberOf(account)}));
  card.addEventListener("click", () => select(account, card));
  fillBalance(shared, account, amount, type);
  return card;
}

// ---- tabs of the chosen account ----------------------------------------------------------------

function moveByKey(event, tabs) {
  const forward = document.documentElement.dir === "rtl" ? -1 : 1;
  const step = {ArrowRight: forward, ArrowLeft: -forward}[event.key];
  const at = tabs.indexOf(document.activeElement);
  if (!step || at < 0) return;
  event.preventDefault();
  const next = tabs[(at + step + tabs.length) % tabs.length];
  next.focus();
  next.click();
}

function openView(view, shared, account, panel) {
  panel.replaceChildren(element("p", {className: "waiting", textContent: t("Fetching…")}));
  const show = (...nodes) => panel.replaceChildren(...nodes);
  const fail = (failure) => show(problem(failure));
  const context = {account, ...shared.ofAccount(account), show, fail};
  return view.render(context).catch(fail);
}

function accountSection(shared, account) {
  const panel = element("div", {id: "tpp-panel", role: "tabpanel", tabIndex: 0, "data-testid": "tpp-panel"});
  const views = ACCOUNT_VIEWS.filter(({permissions}) => shared.permits(permissions));
  const tabs = views.map((view) => {
    const tab = element("button", {type: "button", role: "tab", id: `tab-${view.key}`, textContent: t(view.label),
      "aria-controls": "tpp-panel", "data-testid": `tpp-tab-${view.key}`});
    tab.addEventListener("click", () => {
      for (const other of tabs) {
        other.setAttribute("aria-selected", String(other === tab));
        other.tabIndex = other === tab ? 0 : -1;
      }
      panel.setAttribute("aria-labelledby", tab.id);
      return openView(view, shared, account, panel);
    });
    return tab;
  });
  const list = element("div", {className: "tabs", role: "tablist", "aria-label": t("What is shared of this account")}, ...tabs);
  list.addEventListener("keydown", (event) => moveByKey(event, tabs));
  const section = element("section", {className: "card", id: "account"}, element("h2", {textContent: titleOf(account)}), list, panel);
  tabs[0].click();
  return section;
}

// ---- the page ----------------------------------------------------------------------------------

async function showAccounts(shared, into) {
  const cards = element("div", {className: "accounts"});
  const chosen = element("div");
  const select = (account, card) => {
    for (const other of cards.children) other.setAttribute("aria-pressed", String(other === card));
    chosen.replaceChildren(accountSection(shared, account));
  };
  const accounts = await shared.all("/accounts");
  cards.append(...accounts.map((account) => accountCard(shared, account, select)));
  nameAccounts(accounts.map((account) => `${titleOf(account)} · ${numberOf(account)}`));
  into.replaceChildren(cards, chosen);
  if (accounts.length === 0) cards.append(element("p", {className: "waiting", textContent: t("The bank shares no account.")}));
  else cards.firstChild.click();
}

async function showCustomer(shared, into) {
  const card = element("section", {className: "card", "data-testid": "tpp-customer"}, element("h2", {textContent: t("What your bank knows about you")}));
  into.append(card);
  try {
    const {data} = await shared.call("/customer");
    card.append(customerCard(data));
  } catch (failure) {
    card.append(problem(failure));
  }
}

/** Follows what goes over the wire; a burst of calls is looked at once. */
function followWire(consentId, into) {
  const {card, add} = wireCard();
  let waits = null;
  const look = async () => {
    waits = null;
    const {wire} = await getJson(ownPath(consentId));
    add(wire);
  };
  byId("wire")?.remove();
  card.id = "wire";
  into.after(card);
  return () => { waits ??= setTimeout(() => look().catch(() => {}), WIRE_MS); };
}

const noAccess = () => element("p", {className: "waiting", "data-testid": "tpp-no-access",
  textContent: t("The app has no access under this consent: its customer did not come back from the bank, or came back without a code.")});

/** The consent as the Hub tells it, how to end it, and what it gives. */
async function showConsent(consentId, app, changed, into) {
  const [terms, {bank}] = await Promise.all([ownTerms(consentId, app.insurance), getJson("/sim/setup")]);
  const shared = new Shared(consentId, terms, changed);
  const accounts = element("div", {}, element("p", {className: "waiting", textContent: t(app.insurance ? "Fetching your policies…" : "Fetching your accounts…")}));
  if (app.insurance) byId("shared-title").textContent = t("Your policies are here");
  byId("until").textContent = terms.Status === "Authorized"
    ? t("Dhow Bank shares them with this app until {date}.", {date: date(terms.ExpirationDateTime)})
    : t("This consent is not in force: {status}.", {status: words(terms.Status)});
  into.replaceChildren(...[agreedCard(terms, app.tppName), endCard(terms, bank), accounts].filter(Boolean));
  if (app.insurance) {
    await showPolicies(shared, accounts);
  } else if (shared.permits(ACCOUNTS)) {
    await showAccounts(shared, accounts).catch((failure) => {
      missAccounts();
      accounts.replaceChildren(problem(failure));
    });
  } else {
    accounts.replaceChildren(element("p", {className: "waiting", textContent: t("The list of accounts was not asked for.")}));
  }
  if (shared.permits(["ReadPartyUser", "ReadPartyUserIdentity"])) await showCustomer(shared, into);
  into.append(toldCard(app.events) ?? "");
}

/** Fills the page with all that the consent gives; resolves to the app's view of it, or null when there is none. */
export async function showShared(consentId) {
  const into = byId("shared");
  try {
    const app = await findOwn(consentId);
    if (!app) {
      into.replaceChildren(notOurs(consentId));
      return null;
    }
    const changed = followWire(consentId, into);
    changed();
    if (app.connected) await showConsent(consentId, app, changed, into);
    else into.replaceChildren(noAccess());
    return app;
  } catch (failure) {
    into.replaceChildren(problem(failure));
    return null;
  }
}
