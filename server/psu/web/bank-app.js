// The simulated bank app: shows what waits for the customer of the device, and decides it.
import { call } from './api.js';
import { element, language, loadTexts, locale, show, sign, text } from './dom.js';
import { errorView } from './views.js';

const POLL_MS = 2000;
const device = location.hash.slice(1);

function outcome(approved) {
  const title = text(approved ? 'app.approved' : 'app.denied');
  show(title,
    sign(approved ? 'done' : 'alert'),
    element('h1', {}, title),
    element('p', { role: 'status' }, text(approved ? 'app.approvedText' : 'app.deniedText')),
    element('button', { class: 'secondary', type: 'button', 'data-testid': 'app-close', onclick: closePage }, text('app.close')));
}

/** Browsers close only what a page opened; else it is said how to go on. */
function closePage(event) {
  window.close();
  event.target.replaceWith(element('p', { class: 'note' }, text('app.closeText')));
}

async function decide(approvalId, approve) {
  for (const button of document.querySelectorAll('button')) button.disabled = true;
  const view = await call('/bank-app/decision', { device, approvalId, approve });
  if (view.view === 'error') errorView(view, refresh);
  else outcome(approve);
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

/** What is asked: to be let in, or that a decision is carried out. */
function wordsOf(purpose) {
  const tpp = purpose?.tpp ?? text('app.unknown');
  return purpose?.kind === 'step-up'
    ? [text('app.stepUp'), text('app.stepUpText', { tpp, accounts: purpose.accounts })]
    : [text('app.request'), text('app.requestText', { tpp })];
}

function request({ approvalId, purpose }) {
  const [title, words] = wordsOf(purpose);
  show(title,
    sign('phone'),
    element('h1', {}, title),
    element('p', { class: 'lead' }, words),
    element('p', { class: 'reference' }, text('app.reference'), ' ', element('code', {}, purpose?.reference ?? '')),
    element('div', { class: 'actions' },
      element('button', {
        class: 'primary', type: 'button', 'data-testid': 'app-approve', onclick: () => decide(approvalId, true),
      }, text('app.approve')),
      element('button', {
        class: 'secondary', type: 'button', 'data-testid': 'app-deny', onclick: () => decide(approvalId, false),
      }, text('app.deny'))));
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

await loadTexts();
await refresh();
