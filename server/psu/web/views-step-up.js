// The decision is confirmed once more.
import { count, element, money, show, sign, text } from './dom.js';
import { canUsePasskeys } from './passkey.js';
import { appLink, requestNumber } from './views.js';

const wordsFor = ({ type, amount }) => {
  if (type === 'SingleInstantPayment') return 'stepUp.payment';
  return amount ? 'stepUp.each' : 'stepUp.upToEach';
};

const ofFile = ({ total, count: number }) =>
  text('stepUp.file', { amount: money(total), payments: count('flex.payments', number) });

const gist = (words) => element('p', { class: 'gist', 'data-testid': 'step-up-payment' }, words);

/** Amount and payee are named once more, if there is one of each; after the page was loaded again, in the app alone. */
function confirmed({ payment }) {
  if (payment?.file) return gist(ofFile(payment.file));
  const amount = payment?.exchange?.total ?? payment?.amount ?? payment?.maximum;
  if (!amount || payment.payees.length !== 1) return null;
  const [{ name: payee }] = payment.payees;
  return gist(text(wordsFor(payment), { amount: money(amount), payee }));
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
