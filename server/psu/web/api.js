// Calls to the server. Every answer is a view; what cannot be had becomes the view "error".

// Characters that turn the direction of what follows them, also beyond the name they stand in.
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;
// The address that the Hub gave is followed as it is.
const straight = (name, value) => (typeof value === 'string' && name !== 'redirect' ? value.replace(TURNING, '') : value);

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      cache: 'no-store',
    });
    const view = JSON.parse(await answer.text(), straight);
    return view.view ? view : { view: 'error', error: 'INTERNAL' };
  } catch {
    return { view: 'error', error: 'NETWORK' };
  }
}

/** Asks again as long as another tab or click is doing the same. */
export async function call(path, body = {}) {
  let view = await post(path, body);
  while (view.view === 'working') {
    await pause(700);
    view = await post(path, body);
  }
  return view;
}
