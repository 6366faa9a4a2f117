// A payment to decide on: what leaves which account, to whom, when and how often.
import { alertLine, element, grouped, hasText, money, nodes, say, show, text } from './dom.js';
import { facts, kindOf, rank, relationOf } from './views-account.js';

const cents = (value) => BigInt(value.replace('.', ''));

/** A row of the terms; none without a value. */
const row = (key, value, testid) => (value
  ? [element('dt', {}, text(key)), element('dd', { 'data-testid': testid }, value)] : []);

function purposeOf({ purpose }) {
  if (!purpose) return null;
  const key = `payPurpose.${purpose}`;
  return hasText(key) ? text('pay.purposeCode', { purpose: text(key), code: purpose }) : text('pay.purposeUnknown', { code: purpose });
}

/** Amount, payee and time at a glance, then what else was agreed. */
function summary({ payment }) {
  return element('section', { class: 'payment', 'aria-label': text('pay.details') },
    element('p', { class: 'label' }, text('pay.amount')),
    element('p', { class: 'amount', 'data-testid': 'payment-amount' }, money(payment.amount)),
    element('p', { class: 'when' }, text('pay.once')),
    element('dl', { class: 'terms' },
      payment.payees.map(({ name, iban }) => [
        row('pay.to', element('bdi', { class: 'payee' }, name), 'payee-name'),
        row('pay.iban', grouped(iban), 'payee-iban')]).flat(2),
      row('pay.reference', payment.reference && element('bdi', {}, payment.reference), 'payment-reference'),
      row('pay.purpose', purposeOf(payment), 'payment-purpose')));
}

// --- the account --------------------------------------------------------------------------------

function accountItem(account, { holder, only, onchange }) {
  const { balance } = account;
  return element('label', { class: 'account' },
    element('input', {
      type: 'radio', name: 'account', value: account.id, checked: only, onchange, 'data-testid': `account-${account.id}`,
    }),
    facts(account,
      balance ? element('span', { class: 'balance' }, text('account.balance', { amount: money(balance) })) : null,
      element('span', { class: 'chips' }, relationOf(account, holder))));
}

/** More than the account holds leaves an overdraft, which the customer should know of. */
function exceeds({ balance }, { amount }) {
  return Boolean(amount && balance && balance.currency === amount.currency && cents(amount.value) > cents(balance.value));
}

const shortName = (account) => `${account.name ?? kindOf(account)} …${(account.number ?? '').slice(-4)}`;

function chooser(view, problem) {
  const { holder, payment } = view;
  const accounts = [...view.accounts].sort((a, b) => rank(a) - rank(b));
  const chosen = () => accounts.find(({ id }) => form.querySelector(`input[value="${CSS.escape(id)}"]`).checked);
  const warning = element('p', { class: 'alert', role: 'status', hidden: true, 'data-testid': 'payment-warning' });
  const from = element('p', { class: 'counted', role: 'status', 'data-testid': 'payment-from' });
  const update = () => {
    const account = chosen();
    say(warning, account && exceeds(account, payment) ? text('pay.overdraft') : '');
    say(from, account ? text('pay.from', { amount: money(payment.amount), account: shortName(account) }) : '');
    if (account) say(problem, '');
  };
  const form = element('fieldset', { 'aria-describedby': problem.id },
    element('legend', {}, text(view.debtorNamed ? 'pay.accountNamed' : 'pay.account')),
    accounts.map((account) => accountItem(account, { holder, only: accounts.length === 1, onchange: update })), warning);
  update();
  return { form, from, chosen };
}

export function paymentView(view, approve, leave) {
  const { payment, tpp } = view;
  const problem = alertLine('payment-problem', 'payment-error');
  const { form: accounts, from, chosen } = chooser(view, problem);
  const form = element('form', {
    class: 'review',
    onsubmit: (event) => {
      event.preventDefault();
      if (chosen()) approve([chosen().id]);
      else {
        say(problem, text('pay.chooseOne'));
        form.querySelector('input[name=account]').focus();
      }
    },
  },
  accounts,
  payment.grants ? element('p', { class: 'note', 'data-testid': 'payment-grants' }, text(`pay.grants.${payment.grants}`, { tpp })) : null,
  element('div', { class: 'actions sticky' }, problem, from,
    element('button', { class: 'secondary', type: 'button', onclick: leave, 'data-testid': 'cancel' }, text('review.cancel')),
    element('button', { class: 'primary', 'data-testid': 'approve' },
      element('img', { class: 'scheme-mark', src: document.documentElement.dataset.mark, alt: '', width: 20, height: 20 }),
      element('span', {}, text('pay.approve')))));
  const names = { tpp: element('bdi', { 'data-testid': 'consent-tpp' }, tpp), merchant: element('bdi', {}, payment.merchant ?? '') };
  const title = text('pay.title');
  show(title,
    element('h1', {}, title),
    element('p', { class: 'lead' }, ...nodes(payment.merchant ? 'pay.leadMerchant' : 'pay.lead', names)),
    summary(view),
    form);
}
