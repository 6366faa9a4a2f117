// The way back to the TPP, or to the screen where a phone took over.
import { count, element, moment, show, sign, text } from './dom.js';

const RETURN_S = 10;

export function leavingView(view) {
  const title = text('leaving.title', view);
  show(title,
    element('h1', { 'data-testid': 'leaving-title' }, title),
    element('p', { class: 'waiting', role: 'status' }, text('leaving.text')));
}

/** Why nothing was shared, before the browser goes back; by itself only with `countdown`. */
export function refusedView(view, { leave, countdown }) {
  const title = text(`refused.${view.reason}.title`);
  const counted = element('p', { class: 'note', 'data-testid': 'refused-countdown' });
  let left = RETURN_S;
  let ticks = null;
  const tick = () => {
    counted.textContent = count('refused.countdown', left);
    if (!counted.isConnected) clearInterval(ticks);
    else if (left-- === 0) {
      clearInterval(ticks);
      leave();
    }
  };
  const stay = element('button', {
    class: 'plain', type: 'button', 'data-testid': 'refused-stay',
    onclick: () => {
      clearInterval(ticks);
      counted.remove();
      stay.remove();
    },
  }, text('refused.stay'));
  show(title, sign('alert'),
    element('h1', { 'data-testid': 'refused-title' }, title),
    element('p', {}, text(`refused.${view.reason}.text`, view)),
    element('p', {}, text(view.pays ? 'refused.nextPayment' : 'refused.next', view)),
    countdown ? counted : null,
    element('a', { class: 'button primary', href: view.redirect, rel: 'noreferrer', 'data-testid': 'refused-return' },
      text('refused.return', view)),
    countdown ? stay : null);
  if (countdown) {
    tick();
    ticks = setInterval(tick, 1000);
  }
}

/** Others must approve too, so nothing is paid yet. */
export function othersView(view, leave) {
  const title = text('others.title');
  show(title, sign('done'),
    element('h1', { 'data-testid': 'others-title' }, title),
    element('p', {}, text('others.text', { ...view, until: moment(view.othersUntil) })),
    element('button', { class: 'primary', type: 'button', onclick: leave, 'data-testid': 'others-return' },
      text('refused.return', view)));
}

export function endedView(view) {
  const title = text('ended.title');
  show(title, sign('done'),
    element('h1', {}, title),
    element('p', {}, text('ended.text', view)),
    element('a', { class: 'button primary', href: view.redirect, rel: 'noreferrer' },
      text('ended.continue')));
}

/** On the phone: what follows is shown where the journey began. */
export function handedBackView(view) {
  const title = text(view.reason ? `refused.${view.reason}.title` : 'handedBack.title');
  show(title, sign(view.reason ? 'alert' : 'done'),
    element('h1', { 'data-testid': 'handed-back' }, title),
    view.reason ? element('p', {}, text(`refused.${view.reason}.text`, view)) : null,
    element('p', {}, text('handedBack.text')));
}
