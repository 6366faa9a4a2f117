// The journey: shows what the server says, one view after the other. Nothing is decided here.
import { call } from './api.js';
import { loadTexts, offerLanguages, showOffline, text } from './dom.js';
import { askPasskey } from './passkey.js';
import { forgetSession, watchSession } from './session.js';
import { errorView, later } from './views-error.js';
import { stepUpView } from './views-step-up.js';
import { approvalView, signInView } from './views.js';

const POLL_MS = 1500;
// Views that change by what happens elsewhere: the step that asks, and its answer until then.
const WAITING = { approval: ['approval', 'approval'], 'step-up': ['step-up', 'step-up'], 'hand-over': ['wait', 'waiting'] };
let journey = null; // which one this page belongs to
let timer = null;
let linkEnds = null;
let link = null; // on a phone: of the journey that it may take over
let tpp = null; // whom it is about, once a view has named it
let pays = false; // whether it is about payments, once a view has said so
let payment = null; // which, once they have been shown
let busy = false;

const views = {
  'sign-in': (view) => signInView(view, {
    submit: (login, password) => step('sign-in', { login, password }),
    byPasskey: () => signInByPasskey(view),
    byPhone: () => step('hand-over'),
    leave,
  }),
  'hand-over': later('views-hand-over', ({ handOverView }, view) => handOverView(view, { back: refresh, leave })),
  'handed-back': later('views-ending', ({ handedBackView }, view) => handedBackView(view)),
  'take-over': later('views-hand-over', ({ takeOverView }, view) =>
    takeOverView({ ...view, tpp }, { confirm: () => step('take-over', { link, confirm: true }) })),
  approval: (view) => approvalView(view, leave),
  'step-up': (view) => stepUpView(view, { byPasskey: stepUpByPasskey, leave }),
  review: later('views-review', ({ reviewView }, view) =>
    reviewView(view, (accountIds) => step('approve', { accountIds }), leave)),
  policies: later('views-policies', ({ policiesView }, view) =>
    policiesView(view, (policyIds) => step('approve', { policyIds }), leave)),
  payment: later('views-payment', ({ paymentView }, view) =>
    paymentView(view, (accountIds) => step('approve', { accountIds }), leave)),
  redirect: later('views-ending', goBack),
  ended: later('views-ending', ({ endedView, refusedView }, view) =>
    (view.reason ? refusedView(view, { countdown: false }) : endedView(view))),
  error: (view) => errorView(view, refresh),
};

function leave() {
  return step('cancel');
}

function goBack({ leavingView, othersView, refusedView }, view) {
  const leave = () => {
    const [, authorize, complete] = document.querySelectorAll('.steps li');
    authorize.className = 'done';
    authorize.removeAttribute('aria-current');
    complete.className = 'now';
    complete.setAttribute('aria-current', 'step');
    leavingView(view);
    location.replace(view.redirect);
  };
  if (view.reason) refusedView(view, { leave, countdown: true });
  else if (view.othersUntil) othersView(view, leave);
  else leave();
}

async function present(answer) {
  clearTimeout(timer);
  clearTimeout(linkEnds);
  journey = answer.journey ?? journey;
  tpp = answer.tpp ?? tpp;
  payment = answer.payment ?? payment;
  pays ||= Boolean(answer.pays ?? payment);
  const view = { ...answer, tpp: tpp ?? text('leaving.unnamed'), pays, payment };
  document.querySelector('.steps').hidden = view.error === 'JOURNEY-SESSION'; // no step was ever made
  busy = true; // until the view is there
  await (views[view.view] ?? views.error)(view);
  busy = false;
  if (WAITING[view.view]) timer = setTimeout(poll, POLL_MS, ...WAITING[view.view]);
  if (view.linkSeconds < view.secondsLeft) linkEnds = setTimeout(() => step('hand-over'), view.linkSeconds * 1000);
  // The server ends a journey that took too long; ask it to when the time has come.
  if (['redirect', 'ended', 'handed-back', 'take-over', 'error'].includes(view.view)) forgetSession();
  else watchSession(view, { extend: '/journey/extend', over: refresh });
}

/** A step that the customer asked for; a second click while it runs does nothing. */
async function step(name, body = {}) {
  if (busy) return;
  busy = true;
  clearTimeout(timer);
  document.getElementById('view').setAttribute('aria-busy', 'true');
  const view = await call(`/journey/${name}`, name === 'take-over' ? body : { journey, ...body });
  document.getElementById('view').removeAttribute('aria-busy');
  busy = false;
  if (view.error === 'JOURNEY-ORDER') await refresh();
  else await present(view);
}

async function signInByPasskey(shown) {
  const { assertion, view } = await askPasskey('/journey/passkey-options', { journey });
  if (assertion) await step('passkey', { assertion });
  else await present(view ?? { ...shown, problem: 'passkey-not-used', triesLeft: 0 });
}

async function stepUpByPasskey() {
  const { assertion, view } = await askPasskey('/journey/step-up-options', { journey });
  if (assertion) await step('step-up-passkey', { assertion });
  else if (view) await present(view);
}

async function poll(name, unchanged) {
  if (busy) return;
  const view = await call(`/journey/${name}`, { journey });
  if (busy) return;
  showOffline(view.error === 'NETWORK');
  if (view.taken) {
    document.querySelectorAll('.offered').forEach((one) => one.remove());
    document.querySelector('[data-testid=handover-status]')?.replaceChildren(text('handOver.taken'));
  }
  if (view.view === unchanged || view.error === 'NETWORK') timer = setTimeout(poll, POLL_MS, name, unchanged);
  else if (view.error === 'JOURNEY-ORDER') await refresh();
  else await present(view);
}

async function refresh() {
  await present(await call('/journey/state'));
}

addEventListener('pageshow', (event) => event.persisted && refresh());
await loadTexts('journey');
offerLanguages();
if (location.pathname === '/phone') {
  link = location.hash.slice(1);
  history.replaceState(null, '', '/journey');
  await present(await call('/journey/take-over', { link }));
} else {
  await refresh();
}
