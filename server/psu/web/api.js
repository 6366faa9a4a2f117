// Calls to the server. Every answer is a view; what cannot be had becomes the view "error".

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      cache: 'no-store',
    });
    const view = await answer.json();
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
