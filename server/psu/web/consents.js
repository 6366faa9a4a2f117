// The customer's own consents: sign in, list, show, revoke. What is shown was read from the Hub for it.
import { call } from './api.js';
import { element, loadTexts, offerLanguages, show, showOffline, text } from './dom.js';
import { askPasskey } from './passkey.js';
import { forgetSession, watchSession } from './session.js';
import { errorView, later } from './views-error.js';
import { approvalView, signInView } from './views.js';

const POLL_MS = 1500;
let session = null; // whose page this is
let timer = null;
let busy = false;

const views = {
  'choose-provider': ({ providers }) => chooseView(providers),
  'sign-in': (view) => signInView(view, {
    submit: (login, password) => step('sign-in', { login, password }),
    byPasskey: () => signInByPasskey(view),
    leave: signOut,
  }),
  approval: (view) => approvalView(view, signOut),
  consents: later('views-consents', ({ listView }, view) => listView(view, { open, decide: openWaiting }, signOut)),
  authorize: later('views-authorize', ({ authorizeView }, view) => authorizeView(view, {
    back: () => step('list'), decide: (approve) => step('authorize', { consentId: view.id, approve }),
  })),
  'step-up': later('views-step-up', ({ stepUpView }, view) => stepUpView(view, {
    byPasskey: stepUpByPasskey, leave: signOut,
  })),
  consent: later('views-consents', ({ consentView, confirmView }, view) => consentView(view, {
    open, back: () => step('list'), readPayments: (page) => readPayments(view.id, page), revoke: () => confirmView(view, () => revoke(view), () => keep(view)),
  })),
  'revocation-kept': later('views-consents', ({ keptView }) => keptView(() => step('list'))),
  'signed-out': (view) => signedOutView(view.reason),
  error: (view) => errorView(view, view.error === 'CONSENT-UNKNOWN' || view.error === 'HUB-DOWN' ? () => step('list') : refresh),
};

const openWaiting = (consentId) => step('waiting', { consentId });
const open = (consentId) => step('consent', { consentId });
const revoke = ({ id, proof }) => step('revoke', { consentId: id, proof }, { ended: true });
/** The customer said no to ending it, and is where the question was asked. */
async function keep(view) {
  await present(view);
  document.getElementById('revoke').focus();
}

const readPayments = (consentId, page) => call('/consents/api/payments', { journey: session, consentId, page });
const signOut = () => step('sign-out');

function chooseView(providers) {
  const title = text('own.choose');
  show(title, element('h1', {}, title), element('div', { class: 'actions' }, providers.map(({ id, segment }) =>
    element('button', {
      class: 'secondary', type: 'button', 'data-testid': `provider-${id}`, onclick: () => start(id),
    }, text(`own.segment.${segment}`)))));
}

function signedOutView(reason) {
  const title = text(`own.out.${reason}.title`);
  show(title,
    element('h1', { 'data-testid': 'signed-out' }, title),
    element('p', { class: 'lead' }, text(`own.out.${reason}.text`)),
    element('button', { class: 'primary', type: 'button', onclick: () => start() }, text('own.again')));
}

async function present(view) {
  clearTimeout(timer);
  if (view.error === 'JOURNEY-SESSION') {
    forgetSession();
    await start(location.hash.slice(1));
    return;
  }
  if (view.error === 'PROVIDER-UNKNOWN') {
    await start();
    return;
  }
  session = view.journey ?? session;
  busy = true; // until the view is there
  await (views[view.view] ?? views.error)(view);
  busy = false;
  if (view.view === 'approval') timer = setTimeout(poll, POLL_MS, 'approval');
  if (view.view === 'step-up') timer = setTimeout(poll, POLL_MS, 'step-up');
  if (view.underWay) timer = setTimeout(openWaiting, POLL_MS, view.id);
  // The server ends a session that took too long; ask it to when the time has come.
  if (['signed-out', 'error', 'choose-provider'].includes(view.view)) forgetSession();
  else watchSession(view, { extend: '/consents/api/extend', over: refresh });
}

/** A step that the customer asked for; a second click while it runs does nothing. `seen` goes to its view. */
async function step(name, body = {}, seen = {}) {
  if (busy) return;
  busy = true;
  clearTimeout(timer);
  document.getElementById('view').setAttribute('aria-busy', 'true');
  const view = await call(`/consents/api/${name}`, { journey: session, ...body });
  document.getElementById('view').removeAttribute('aria-busy');
  busy = false;
  if (view.error === 'JOURNEY-ORDER') await refresh();
  else await present({ ...view, ...seen });
}

async function signInByPasskey(shown) {
  const { assertion, view } = await askPasskey('/consents/api/passkey-options', { journey: session });
  if (assertion) await step('passkey', { assertion });
  else await present(view ?? { ...shown, problem: 'passkey-not-used', triesLeft: 0 });
}

async function stepUpByPasskey() {
  const { assertion, view } = await askPasskey('/consents/api/step-up-options', { journey: session });
  if (assertion) await step('step-up-passkey', { assertion });
  else if (view) await present(view);
}

async function poll(name) {
  if (busy) return;
  const view = await call(`/consents/api/${name}`, { journey: session });
  if (busy) return;
  showOffline(view.error === 'NETWORK');
  if (view.view === name || view.error === 'NETWORK') timer = setTimeout(poll, POLL_MS, name);
  else if (view.error === 'JOURNEY-ORDER') await refresh();
  else await present(view);
}

async function start(provider) {
  await present(await call('/consents/api/start', provider ? { provider } : {}));
}

async function refresh() {
  await present(await call('/consents/api/state'));
}

addEventListener('pageshow', (event) => event.persisted && refresh());
await loadTexts('consents');
offerLanguages();
await refresh();
