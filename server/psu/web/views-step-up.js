// The decision is confirmed once more.
import { element, show, sign, text } from './dom.js';
import { canUsePasskeys } from './passkey.js';
import { appLink, requestNumber } from './views.js';

export function stepUpView(view, { byPasskey, leave }) {
  const title = text('stepUp.title');
  const byKey = view.passkeys && canUsePasskeys;
  show(title, element('div', { 'data-testid': 'step-up' },
    sign('phone'),
    element('h1', {}, title),
    element('p', { class: 'lead' }, text(byKey ? 'stepUp.text' : 'stepUp.textApp', view)),
    requestNumber(view),
    element('p', { class: 'waiting', role: 'status' }, text('approval.waiting')),
    appLink(view),
    byKey
      ? element('button', {
        class: 'secondary', type: 'button', onclick: byPasskey, 'data-testid': 'step-up-passkey',
      }, text('stepUp.passkey'))
      : null,
    element('button', { class: 'plain', type: 'button', onclick: leave, 'data-testid': 'leave' },
      text('approval.leave'))));
}
