// Calls to the server. Every answer is a view; a call that fails becomes the view "error".

// Bidirectional controls, which reorder the text after them.
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
// The address that the Hub gave is left as it is.
const withoutControls = (name, value) => (typeof value === 'string' && name !== 'redirect' ? value.replace(BIDI_CONTROLS, '') : value);

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      cache: 'no-store',
    });
    const view = JSON.parse(await answer.text(), withoutControls);
    return view.view ? view : { view: 'error', error: 'INTERNAL' };
  } catch {
    return { view: 'error', error: 'NETWORK' };
  }
}

const BUSY_TRIES = 10; // some fifteen seconds, as long as a burst of sign-ins may take

/**
 * Asks again as long as another tab or click is doing the same, and for a while when the bank has
 * more to do than it can: nothing was done yet then.
 */
export async function call(path, body = {}) {
  let view = await post(path, body);
  for (let busy = 0; view.view === 'working' || (view.error === 'PROVIDER-BUSY' && busy < BUSY_TRIES);) {
    busy += view.error ? 1 : 0;
    await pause(view.error ? 1000 + Math.random() * 1000 : 700);
    view = await post(path, body);
  }
  return view;
}
