// The decision is confirmed once more.
import { element, money, show, sign, text } from './dom.js';
import { canUsePasskeys } from './passkey.js';
import { appLink, requestNumber } from './views.js';

/** A single payment is named once more; after the page was loaded again, in the app alone. */
function confirmed({ payment }) {
  if (payment?.type !== 'SingleInstantPayment') return null;
  const [{ name: payee }] = payment.payees;
  return element('p', { class: 'gist', 'data-testid': 'step-up-payment' },
    text('stepUp.payment', { amount: money(payment.amount), payee }));
}

export function stepUpView(view, { byPasskey, leave }) {
  const title = text('stepUp.title');
  const byKey = view.passkeys && canUsePasskeys;
  show(title, element('div', { 'data-testid': 'step-up' },
    sign('phone'),
    element('h1', {}, title),
    element('p', { class: 'lead' }, text(byKey ? 'stepUp.text' : 'stepUp.textApp', view)),
    confirmed(view),
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
