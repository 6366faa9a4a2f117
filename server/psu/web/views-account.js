// One account, wherever one is chosen.
import { element, grouped, hasText, text } from './dom.js';

const ORDER = ['CurrentAccount', 'Savings', 'CreditCard'];

export const rank = ({ subType }) => (ORDER.includes(subType) ? ORDER.indexOf(subType) : ORDER.length);

export const kindOf = ({ subType }) => (hasText(`account.${subType}`) ? text(`account.${subType}`) : text('account.unnamed'));

export function chip(words) {
  return element('span', { class: 'chip' }, words);
}

export function relationOf({ relation, holder }, holderAbove) {
  if (relation === 'joint') return chip(text('account.joint'));
  if (relation !== 'behalf' || (holder && holder === holderAbove)) return null;
  return chip(holder ? text('account.behalf', { holder }) : text('account.behalfUnnamed'));
}

/** Name, kind and number of an account, as a column. */
export function facts(account, ...more) {
  const kind = kindOf(account);
  const name = account.name ?? kind;
  return element('span', { class: 'about' },
    element('strong', {}, element('bdi', {}, name)),
    name === kind ? null : element('span', {}, kind),
    account.number ? grouped(account.number) : null,
    ...more);
}
