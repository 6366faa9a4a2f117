// The review: which accounts, what is shared, until when.
import { currencyName, day, element, hasText, money, text } from './dom.js';
import { chip, facts, rank, relationOf } from './views-account.js';
import { MANY, choice, choiceView, fold, gistOf } from './views-choose.js';
import { permissionItem } from './views-permission.js';

// --- accounts -----------------------------------------------------------------------------------

function accountItem(account, holderAbove) {
  const status = `account.status.${account.status}`;
  const { balance, currency } = account;
  return choice('account', account.id,
    facts(account, element('span', { class: 'balance' },
      balance ? text('account.balance', { amount: money(balance) }) : currency && currencyName(currency)),
    element('span', { class: 'chips' }, relationOf(account, holderAbove), hasText(status) ? chip(text(status)) : null)));
}

function unavailable({ unavailable: accounts, tpp }) {
  if (!accounts?.length) return null;
  const reason = (account) => text(`unavailable.${account.reason}`, {
    tpp, status: hasText(`account.status.${account.status}`) ? text(`account.status.${account.status}`) : account.status,
  });
  return element('details', { class: 'fold', 'data-testid': 'unavailable' },
    element('summary', {}, text('review.unavailable', { count: accounts.length })),
    element('ul', { class: 'held' }, accounts.map((account) =>
      element('li', { 'data-testid': 'unavailable-account' }, facts(account, element('span', {}, reason(account)))))));
}

// --- what is shared -----------------------------------------------------------------------------

const titlesOf = ({ permissions }) => permissions.map(({ group }) => text(`group.${group}.title`));

function period({ from, to }) {
  const ends = [from && 'from', to && 'to'].filter(Boolean).join('-');
  return text(`review.range.${ends}`, { from: from && day(from), to: to && day(to) });
}

export function reviewView(view, approve, leave) {
  const { holder } = view;
  const items = [...view.accounts].sort((a, b) => rank(a) - rank(b)).map((account) => accountItem(account, holder));
  choiceView(view, {
    items,
    content: items,
    words: {
      title: 'review.title', read: 'review.read', readOpen: 'review.readOpen', none: text('review.noneFound'),
      legend: holder ? text('review.accountsOf', { holder }) : text('review.accounts'), chooseOne: text('review.chooseOne'),
    },
    gist: gistOf(titlesOf(view)),
    shared: [unavailable(view), fold(element('h2', {}, text('review.permissions')), titlesOf(view), items.length <= MANY, 'permissions',
      element('ul', { class: 'groups' }, view.permissions.map((one) => permissionItem(one, view))))],
    purpose: `purpose.${view.purpose}`,
    terms: [[text('review.period'), view.from || view.to ? period(view) : null]],
  }, { approve, leave });
}
