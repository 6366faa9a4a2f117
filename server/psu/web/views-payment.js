// Payments to decide on, and the account that they leave.
import { alertLine, element, isolated, money, nodes, say, show, text } from './dom.js';
import { chip, facts, kindOf, rank, relationOf } from './views-account.js';
import { rules, summary } from './views-payment-terms.js';

const cents = (value) => BigInt(value.replace('.', ''));

function accountItem(account, { holder, only, onchange }) {
  const { balance, overdraft } = account;
  return element('label', { class: 'account' },
    element('input', {
      type: 'radio', name: 'account', value: account.id, checked: only, onchange, 'data-testid': `account-${account.id}`,
    }),
    facts(account,
      balance ? element('span', { class: 'balance' }, text('account.balance', { amount: money(balance) })) : null,
      overdraft && account.subType === 'CurrentAccount'
        ? element('span', {}, text('pay.overdraftOf', { amount: money(overdraft) })) : null,
      element('span', { class: 'chips' }, relationOf(account, holder),
        account.approvals ? chip(text('account.several', { count: account.approvals })) : null)));
}

const exceeds = (amount, limit) => limit?.currency === amount.currency && cents(amount.value) > cents(limit.value);

/** What leaves the account; null when there are several payments, which come by and by. */
const amountOf = ({ type, amount, file, exchange }) => (
  type === 'SingleInstantPayment' ? exchange?.total ?? amount : file?.total ?? null);

/**
 * The warnings about a payment that is made now; the customer may go on. One above the own limit
 * stands alone; an overdraft does not hide that the payment is a repeat.
 */
function warningsOf({ limit, balance }, { payment, repeated }) {
  const amount = amountOf(payment);
  if (!amount) return [];
  if (exceeds(amount, limit)) return [text('pay.limit', { limit: money(limit) })];
  return [exceeds(amount, balance) && text('pay.overdraft'), repeated && text('pay.repeated')].filter(Boolean);
}

const warningLine = (id) => element('p', { class: 'alert', role: 'status', hidden: true, 'data-testid': id });

const shortName = (account) => `${account.name ?? kindOf(account)} ${isolated(`…${(account.number ?? '').slice(-4)}`)}`;

function fromLine(account, payment) {
  const name = shortName(account);
  const amount = amountOf(payment);
  return amount
    ? text('pay.from', { amount: money(amount), account: name }) : text('flex.from', { account: name });
}

/** The list of accounts, one of which is chosen. */
function chooser(view, problem) {
  const { holder, payment } = view;
  const accounts = [...view.accounts].sort((a, b) => rank(a) - rank(b));
  const warnings = [warningLine('payment-warning'), warningLine('payment-warning-more')];
  const from = element('p', { class: 'counted', role: 'status', 'data-testid': 'payment-from' });
  const items = accounts.map((account) => accountItem(account, { holder, only: accounts.length === 1, onchange: () => update() }));
  const chosen = () => accounts.find((account, index) => items[index].querySelector('input').checked);
  const update = () => {
    const account = chosen();
    const told = account ? warningsOf(account, view) : [];
    warnings.forEach((line, at) => say(line, told[at] ?? ''));
    warnings[told.length - 1]?.scrollIntoView({ block: 'nearest' }); // above the buttons, which stay in sight
    say(from, account ? fromLine(account, payment) : '');
    if (account) say(problem, '');
  };
  const list = element('fieldset', { 'aria-describedby': problem.id },
    element('legend', {}, text(view.debtorNamed ? 'pay.accountNamed' : 'pay.account')), items, warnings);
  update();
  return { list, from, chosen };
}

const TITLES = { SingleInstantPayment: 'pay.title', FilePayment: 'file.title' };

/** Who asks for what, without and with a merchant. */
const LEADS = {
  SingleInstantPayment: ['pay.lead', 'pay.leadMerchant'],
  DelegatedAuthentication: ['flex.leadDelegated', 'flex.leadDelegatedMerchant'],
  FilePayment: ['file.lead', 'file.leadMerchant'],
};

function lead({ payment, tpp }) {
  const names = { tpp: element('bdi', { 'data-testid': 'consent-tpp' }, tpp), merchant: element('bdi', {}, payment.merchant ?? '') };
  const [plain, withMerchant] = LEADS[payment.type] ?? ['flex.lead', 'flex.leadMerchant'];
  return element('p', { class: 'lead' }, ...nodes(payment.merchant ? withMerchant : plain, names));
}

/** What the TPP answers for, where it chooses more than the moment. */
function duty({ payment: { type, payees, file }, tpp }) {
  const open = payees.length === 0;
  const asks = open ? 'flex.delegatedOpen' : 'flex.delegated';
  const chosen = file ? 'file.duty' : open && 'flex.open';
  const key = type === 'DelegatedAuthentication' ? asks : chosen;
  return key ? element('p', { class: 'lead' }, text(key, { tpp })) : null;
}

/** Whose service it is, when the TPP provides it for another company. */
const sponsored = ({ payment, tpp }) => (payment.sponsored
  ? element('p', { class: 'lead', 'data-testid': 'payment-sponsored' },
    ...nodes('pay.sponsored', { tpp: element('bdi', {}, tpp), sponsored: element('bdi', {}, payment.sponsored) })) : null);

export function paymentView(view, approve, leave) {
  const { payment, tpp } = view;
  const once = payment.type === 'SingleInstantPayment' || payment.file;
  const problem = alertLine('payment-problem', 'payment-error');
  const { list, from, chosen } = chooser(view, problem);
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
  list,
  payment.grants ? element('p', { class: 'note', 'data-testid': 'payment-grants' }, text(`pay.grants.${payment.grants}`, { tpp })) : null,
  once ? null : element('p', { class: 'note' }, text('flex.cancel', { tpp })),
  element('div', { class: 'actions sticky' }, problem, from,
    element('button', { class: 'secondary', type: 'button', onclick: leave, 'data-testid': 'cancel' }, text('review.cancel')),
    element('button', { class: 'primary', 'data-testid': 'approve' },
      element('img', { class: 'scheme-mark', src: document.documentElement.dataset.mark, alt: '', width: 20, height: 20 }),
      element('span', {}, text(once ? 'pay.approve' : 'review.approve')))));
  const title = text(TITLES[payment.type] ?? 'flex.title');
  show(title, element('h1', {}, title), lead(view), sponsored(view), duty(view), summary(view), rules(view), form);
}
