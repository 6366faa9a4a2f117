// The end of a session: the customer is warned before it and can ask for more time (WCAG 2.2.1).
import { call } from './api.js';
import { element, text } from './dom.js';

let warns = null;
let ends = null;
let counts = null;

export function forgetSession() {
  clearTimeout(warns);
  clearTimeout(ends);
  clearInterval(counts);
  document.getElementById('session')?.remove();
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

function warn(view, end, { extend, over }) {
  const left = element('span', { class: 'left', 'aria-hidden': 'true' });
  const count = () => { left.textContent = clock(Math.max(0, Math.round((end - Date.now()) / 1000))); };
  const ask = async () => {
    const answer = await call(extend, { journey: view.journey });
    if (answer.view === 'extended') watchSession(answer, { extend, over });
    else if (answer.error !== 'NETWORK') over();
  };
  count();
  counts = setInterval(count, 1000);
  document.body.append(element('section', { id: 'session', class: 'session', role: 'alert', 'data-testid': 'session-warning' },
    element('strong', {}, text(view.extendable ? 'session.title' : 'session.lastTitle'), ' ', left),
    element('p', {}, text('session.text')),
    view.extendable
      ? element('button', { class: 'primary', type: 'button', 'data-testid': 'session-extend', onclick: ask }, text('session.extend'))
      : null));
}

/** Watches the session of a view: `extend` is the call that gives more time, `over` what to do at the end. */
export function watchSession(view, { extend, over }) {
  forgetSession();
  if (!view.secondsLeft) return;
  const end = Date.now() + view.secondsLeft * 1000;
  ends = setTimeout(over, (view.secondsLeft + 1) * 1000);
  warns = setTimeout(warn, Math.max(0, view.secondsLeft - view.warnSeconds) * 1000, view, end, { extend, over });
}
