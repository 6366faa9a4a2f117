// The page of a customer's passkeys. Signing in is the business of /consents.
import { call } from './api.js';
import { loadTexts, offerLanguages } from './dom.js';
import { makePasskey } from './passkey.js';
import { errorView } from './views-error.js';
import { forgetSession, watchSession } from './session.js';
import { passkeysView, removeView } from './views-passkey.js';

const SIGNED_OUT = ['JOURNEY-SESSION', 'JOURNEY-ORDER', 'JOURNEY-OTHER'];
let current = null; // the list as last shown
let busy = false;

function present(view, problem) {
  if (view.view === 'signed-out' || SIGNED_OUT.includes(view.error)) {
    location.replace('/consents');
  } else if (view.view === 'passkeys') {
    current = view;
    passkeysView(view, { add, remove: ask, problem });
    watchSession(view, { extend: '/passkeys/api/extend', over: refresh });
  } else if (view.error === 'PASSKEY-ADD' || view.error === 'PASSKEY-LIMIT') {
    present(current, `error.${view.error}.text`);
  } else {
    forgetSession();
    errorView(view, refresh);
  }
}

/** One thing at a time; a second click while it runs does nothing. */
async function once(work) {
  if (busy) return;
  busy = true;
  document.getElementById('view').setAttribute('aria-busy', 'true');
  await work();
  document.getElementById('view').removeAttribute('aria-busy');
  busy = false;
}

function add(name) {
  return once(async () => {
    const { journey, bank } = current;
    const options = await call('/passkeys/api/options', { journey });
    if (options.view !== 'passkey-options') {
      present(options);
      return;
    }
    const { creation, problem } = await makePasskey(options, { bank, name });
    if (creation) present(await call('/passkeys/api/add', { journey, name, creation }));
    else present(current, `passkeys.${problem}`);
  });
}

function ask(passkey) {
  removeView(passkey, () => remove(passkey.passkeyId), () => {
    present(current);
    document.getElementById(`remove-${passkey.passkeyId}`).focus();
  });
}

function remove(passkeyId) {
  return once(async () => {
    present(await call('/passkeys/api/remove', { journey: current.journey, passkeyId }));
  });
}

async function refresh() {
  present(await call('/passkeys/api/state'));
}

await loadTexts('passkeys');
offerLanguages();
await refresh();
