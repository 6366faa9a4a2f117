// The console: signs in with the operator's token, then shows one view at a time.
import { ask, element, field, Refused, say } from './page.js';
import { showCalls } from './view-calls.js';
import { showConsents } from './view-consents.js';
import { showControls } from './view-controls.js';
import { showOperations } from './view-operations.js';
import { showOverview } from './view-overview.js';
import { showPlaces } from './view-places.js';
import { showReference } from './view-reference.js';

const VIEWS = {
  overview: ['Overview', showOverview],
  calls: ['Calls', showCalls],
  consents: ['Consents', showConsents],
  controls: ['Controls', showControls],
  logins: ['Logins', showPlaces],
  operations: ['Operations', showOperations],
  reference: ['Reference', showReference],
};
const main = document.getElementById('main');
const nav = document.getElementById('views');
const signOut = document.getElementById('sign-out');

let leave = null; // what ends the view that is shown
let providers = [];

function viewName() {
  const name = location.hash.slice(1);
  return name in VIEWS ? name : 'overview';
}

function showNavigation(on) {
  nav.hidden = !on;
  signOut.hidden = !on;
  nav.replaceChildren(...Object.entries(VIEWS).map(([name, [title]]) => {
    const link = element('a', { href: `#${name}`, textContent: title });
    if (name === viewName()) link.setAttribute('aria-current', 'page');
    return link;
  }));
}

function showSignIn(message) {
  leave?.();
  leave = null;
  showNavigation(false);
  const token = element('input', { type: 'password', autocomplete: 'current-password', required: true, id: 'token' });
  const problem = element('p', { className: 'alert', hidden: !message, textContent: message ?? '' });
  problem.setAttribute('role', 'alert');
  const form = element('form', { className: 'card narrow' },
    element('h1', { textContent: 'Sign in as operator' }),
    element('p', { className: 'soft' },
      'The token is the content of the file that adminListener.operatorToken names; tools/run prints its place.'),
    problem, element('input', { type: 'text', autocomplete: 'username', value: 'operator', hidden: true }),
    field('Operator’s token', token),
    element('p', {}), element('button', { textContent: 'Sign in' }));
  form.setAttribute('data-testid', 'console-login');
  form.onsubmit = async (event) => {
    event.preventDefault();
    try {
      await ask('/operator/session', 'POST', { token: token.value.trim() });
      await start();
      main.focus({ preventScroll: true });
    } catch (failure) {
      problem.textContent = failure.message;
      problem.hidden = false;
      token.focus();
    }
  };
  main.replaceChildren(form);
  token.focus();
}

/** What a view could not do. A session that has ended leads to the sign-in. */
function tell(failure) {
  if (failure instanceof Refused && failure.status === 401) {
    showSignIn('Your session has ended. Please sign in again.');
    return;
  }
  const old = main.querySelector('.trouble');
  const text = failure instanceof Refused ? failure.message : `The server does not answer: ${failure.message}`;
  const alert = element('p', { className: 'alert trouble', textContent: text });
  alert.setAttribute('role', 'alert');
  if (old) old.replaceWith(alert);
  else main.prepend(alert);
}

/** Runs what a control does, and says how it went. */
async function act(does, done) {
  try {
    main.querySelector('.trouble')?.remove();
    const result = await does();
    if (done) say(done);
    return result;
  } catch (failure) {
    tell(failure);
    return null;
  }
}

async function showView() {
  leave?.();
  const [title, show] = VIEWS[viewName()];
  showNavigation(true);
  document.title = `${title} – Console of the LFI server`;
  main.replaceChildren(element('h1', { textContent: title }));
  leave = await act(() => show(main, { providers, act, tell }));
}

async function start() {
  const about = await ask('/operator/providers');
  providers = about.providers;
  document.getElementById('version').textContent = about.version;
  await showView();
}

window.addEventListener('hashchange', () => {
  if (nav.hidden) return;
  showView().then(() => main.focus({ preventScroll: true }));
  scrollTo(0, 0);
});
signOut.onclick = async () => {
  await act(() => ask('/operator/session', 'DELETE'));
  showSignIn();
};
start().catch((failure) => (failure.status === 401 ? showSignIn() : tell(failure)));
