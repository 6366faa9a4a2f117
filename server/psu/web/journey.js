// The journey: shows what the server says, one view after the other. Nothing is decided here.
import { call } from './api.js';
import { element, loadTexts, offerLanguages, show, text } from './dom.js';
import { askPasskey } from './passkey.js';
import { approvalView, endedView, errorView, reviewView, signInView } from './views.js';

const POLL_MS = 1500;
let journey = null; // which one this page belongs to
let timer = null;
let ends = null;
let busy = false;

const views = {
  'sign-in': (view) => signInView(view, {
    submit: (login, password) => step('sign-in', { login, password }),
    byPasskey: () => signInByPasskey(view),
    leave,
  }),
  approval: (view) => approvalView(view, leave),
  review: (view) => reviewView(view, (accountIds) => step('approve', { accountIds }), leave),
  ended: endedView,
  error: (view) => errorView(view, refresh),
};

function leave() {
  return step('cancel');
}

function present(view) {
  clearTimeout(timer);
  clearTimeout(ends);
  if (view.view === 'redirect') {
    show(text('leaving.title'), element('p', { class: 'waiting', role: 'status' }, text('leaving.text')));
    location.replace(view.redirect);
    return;
  }
  journey = view.journey ?? journey;
  (views[view.view] ?? views.error)(view);
  if (view.view === 'approval') timer = setTimeout(poll, POLL_MS);
  // The server ends a journey that took too long; ask it to when the time has come.
  if (view.secondsLeft && view.view !== 'ended' && view.view !== 'error') {
    ends = setTimeout(refresh, (view.secondsLeft + 1) * 1000);
  }
}

/** A step that the customer asked for; a second click while it runs does nothing. */
async function step(name, body = {}) {
  if (busy) return;
  busy = true;
  clearTimeout(timer);
  document.getElementById('view').setAttribute('aria-busy', 'true');
  const view = await call(`/journey/${name}`, { journey, ...body });
  document.getElementById('view').removeAttribute('aria-busy');
  busy = false;
  if (view.error === 'JOURNEY-ORDER') await refresh();
  else present(view);
}

async function signInByPasskey(shown) {
  const { assertion, view } = await askPasskey('/journey/passkey-options', { journey });
  if (assertion) await step('passkey', { assertion });
  else present(view ?? { ...shown, problem: 'passkey-not-used', triesLeft: 0 });
}

async function poll() {
  if (busy) return;
  const view = await call('/journey/approval', { journey });
  if (busy) return;
  if (view.view === 'approval' || view.error === 'NETWORK') timer = setTimeout(poll, POLL_MS);
  else if (view.error === 'JOURNEY-ORDER') await refresh();
  else present(view);
}

async function refresh() {
  present(await call('/journey/state'));
}

addEventListener('pageshow', (event) => event.persisted && refresh());
await loadTexts();
offerLanguages();
await refresh();
