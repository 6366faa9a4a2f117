// The simulated bank app: shows what waits for the customer of the device, and decides it.
import { call } from './api.js';
import { count, element, language, loadTexts, locale, moment, money, show, sign, text } from './dom.js';
import { errorView } from './views-error.js';
import { signInView } from './views.js';

const POLL_MS = 2000;
const provider = new URLSearchParams(location.search).get('provider');
let device = location.hash.slice(1);

/** What is said of each kind of request: `kind` is the server's. */
const KINDS = ['consent', 'connections', 'step-up', 'policies', 'payment', 'payments', 'file'];
const kindOf = (purpose) => (KINDS.includes(purpose?.kind) ? purpose.kind : 'connections');

function outcome(approved, purpose) {
  const title = text(approved ? 'app.approved' : 'app.denied');
  show(title,
    sign(approved ? 'done' : 'alert'),
    element('h1', {}, title),
    element('p', { role: 'status' }, text(approved ? 'app.approvedText' : `app.${kindOf(purpose)}.denied`)),
    element('button', { class: 'secondary', type: 'button', 'data-testid': 'app-close', onclick: closePage }, text('app.close')));
}

/** Browsers close only what a page opened; else it is said how to go on. */
function closePage(event) {
  window.close();
  event.target.replaceWith(element('p', { class: 'note' }, text('app.closeText')));
}

async function decide({ approvalId, purpose }, approve) {
  for (const button of document.querySelectorAll('button')) button.disabled = true;
  const view = await call('/bank-app/decision', { device, approvalId, approve });
  if (view.view === 'error') errorView(view, refresh);
  else outcome(approve, purpose);
}

/** What the bank has written, newest first, in the reader's language. */
function inbox(messages) {
  if (messages.length === 0) return [];
  const items = messages.map((message) => {
    const sent = new Date(message.sentAt * 1000);
    return element('li', { 'data-testid': 'app-message' },
      element('time', { datetime: sent.toISOString() }, sent.toLocaleTimeString(locale, { timeStyle: 'short' })),
      element('p', {}, message.text[language] ?? message.text.en));
  });
  return [element('h2', {}, text('app.messages')), element('ul', { class: 'inbox' }, ...items)];
}

/** What the texts of a request name. */
function namesOf(purpose) {
  const { instructions = 0, amount } = purpose ?? {};
  return {
    tpp: '', accounts: 0, policies: 0, payee: '', ...purpose,
    amount: amount ? money(amount) : '', payments: count('flex.payments', instructions),
  };
}

/** Where the request comes from, so that it can be compared with the other screen. */
function facts({ kind, amount, reference, browser, at } = {}) {
  const fact = (key, value) => (value ? [element('dt', {}, text(key)), element('dd', {}, value)] : []);
  return element('dl', { class: 'facts' },
    kind === 'payments' && amount ? fact('app.amount', money(amount)) : [],
    fact('app.browser', browser), fact('app.at', at ? moment(at * 1000) : null), fact('app.reference', reference));
}

function request(approval) {
  const { purpose } = approval;
  const kind = kindOf(purpose);
  const asked = namesOf(purpose);
  const title = text(`app.${kind}.title`, asked);
  show(title,
    sign('phone'),
    element('h1', {}, title),
    element('p', { class: 'lead' }, text(kind === 'payments' && !purpose.payee ? 'app.payments.textOpen' : `app.${kind}.text`, asked)),
    purpose?.number ? element('p', { class: 'compare', 'data-testid': 'app-number' }, String(purpose.number)) : null,
    element('p', { class: 'note' }, text('app.number')),
    facts(purpose),
    element('div', { class: 'actions' },
      element('button', {
        class: 'primary', type: 'button', 'data-testid': 'app-approve', onclick: () => decide(approval, true),
      }, text('app.approve')),
      element('button', {
        class: 'secondary', type: 'button', 'data-testid': 'app-deny', onclick: () => decide(approval, false),
      }, text(`app.${kind}.deny`))),
    element('p', { class: 'note' }, text('app.notYou')));
}

async function refresh() {
  const view = await call('/bank-app/approvals', { device });
  if (view.view === 'error') {
    errorView(view, refresh);
    return;
  }
  const asked = view.approvals.find((approval) => approval.approvalId === view.asked);
  const next = asked ?? view.approvals.at(-1);
  if (next) {
    request(next);
    return;
  }
  const title = text('app.none');
  show(title, element('h1', {}, title), element('p', { class: 'waiting', role: 'status' }, text('app.noneText')),
    ...inbox(view.messages ?? []));
  setTimeout(refresh, POLL_MS);
}

/** Opened by no journey, as for customers who decide elsewhere: the app asks who it belongs to. */
async function signIn(login, password) {
  const view = await call('/bank-app/sign-in', { provider, login, password });
  if (view.view === 'device') {
    ({ device } = view);
    await refresh();
  } else if (view.view === 'sign-in') askWho(view);
  else errorView(view, () => askWho({ bank: view.bank }));
}

function askWho(view) {
  signInView(view, { submit: signIn, leave: closePage });
}

await loadTexts('bank-app');
if (device || !provider) await refresh();
else askWho({ bank: document.title });
