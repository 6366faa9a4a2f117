// The review: which accounts, what is shared, until when.
import { alertLine, currencyName, day, element, fromNow, hasText, money, nodes, say, show, text } from './dom.js';
import { chip, facts, rank, relationOf } from './views-account.js';
import { permissionItem } from './views-permission.js';

const MANY = 10; // accounts, from which on searching is offered and permissions are folded
const SUMMARY_GROUPS = 4; // groups that are named at the top

// --- accounts -----------------------------------------------------------------------------------

function accountItem(account, holderAbove) {
  const status = `account.status.${account.status}`;
  const { balance, currency } = account;
  return element('label', { class: 'account' },
    element('input', {
      type: 'checkbox', name: 'account', value: account.id, 'data-testid': `account-${account.id}`,
    }),
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

/** The list of accounts with what helps to choose among many. */
function chooser(view, problem) {
  const { holder } = view;
  const items = [...view.accounts].sort((a, b) => rank(a) - rank(b)).map((account) => accountItem(account, holder));
  const boxOf = (item) => item.querySelector('input');
  const shown = () => items.filter((item) => !item.hidden);
  const all = element('input', { type: 'checkbox' });
  const counted = element('p', { class: 'counted', role: 'status', 'data-testid': 'review-count' });
  const none = element('p', { class: 'note', role: 'status', hidden: true }, text('review.noneFound'));
  const update = () => {
    const chosen = items.filter((item) => boxOf(item).checked).length;
    all.checked = shown().length > 0 && shown().every((item) => boxOf(item).checked);
    say(counted, text('review.count', { count: String(chosen), all: String(items.length) }));
    if (chosen > 0) say(problem, '');
  };
  all.addEventListener('change', () => shown().forEach((item) => { boxOf(item).checked = all.checked; }));
  const search = element('input', {
    type: 'search', id: 'search', autocomplete: 'off', 'data-testid': 'review-search',
    oninput: () => {
      const wanted = search.value.toLowerCase().replace(/\s/g, '');
      for (const item of items) item.hidden = !item.textContent.toLowerCase().replace(/\s/g, '').includes(wanted);
      none.hidden = shown().length > 0;
      update();
    },
  });
  const list = element('fieldset', { 'aria-describedby': problem.id, onchange: update },
    element('legend', {}, holder ? text('review.accountsOf', { holder }) : text('review.accounts')),
    items.length > MANY
      ? element('div', { class: 'field' }, element('label', { for: 'search' }, text('review.search')), search)
      : null,
    items.length > 1 ? element('label', { class: 'all' }, all, text('review.all')) : null,
    items, none);
  update();
  return { list, counted, chosen: () => items.map(boxOf).filter((box) => box.checked).map((box) => box.value) };
}

// --- what is shared -----------------------------------------------------------------------------

const titlesOf = ({ permissions }) => permissions.map(({ group }) => text(`group.${group}.title`));

/** The first groups that are shared, seen without scrolling. */
function summary(view) {
  const titles = titlesOf(view);
  const more = titles.length - SUMMARY_GROUPS;
  return element('p', { class: 'gist', 'data-testid': 'gist' },
    titles.slice(0, SUMMARY_GROUPS).join(' · ') + (more > 0 ? ` · +${more}` : ''));
}

function information(view) {
  const titles = titlesOf(view).join(' · ');
  return element('details', { class: 'fold information', open: view.accounts.length <= MANY, 'data-testid': 'permissions' },
    element('summary', {}, element('span', {}, element('h2', {}, text('review.permissions')),
      element('span', { class: 'closed' }, titles))),
    element('ul', { class: 'groups' }, view.permissions.map((one) => permissionItem(one, view))));
}

function period({ from, to }) {
  const ends = [from && 'from', to && 'to'].filter(Boolean).join('-');
  return text(`review.range.${ends}`, { from: from && day(from), to: to && day(to) });
}

function terms(view) {
  const fact = (title, value, testid) => (value
    ? [element('dt', {}, title), element('dd', { 'data-testid': testid ?? null }, value)] : []);
  return element('dl', { class: 'facts' },
    fact(text('review.expiry'), view.expires
      ? text('review.expiryDate', { date: day(view.expires), in: fromNow(view.expires) })
      : text('review.expiryNone'), 'consent-expiry'),
    fact(text('review.period'), view.from || view.to ? period(view) : null),
    fact(text('review.purpose'), hasText(`purpose.${view.purpose}`) ? text(`purpose.${view.purpose}`) : null));
}

export function reviewView(view, approve, leave) {
  const problem = alertLine('review-problem', 'review-error');
  const { list, counted, chosen } = chooser(view, problem);
  const form = element('form', {
    class: 'review',
    onsubmit: (event) => {
      event.preventDefault();
      if (chosen().length > 0) approve(chosen());
      else {
        say(problem, text('review.chooseOne'));
        form.querySelector('input[name=account]').focus();
      }
    },
  },
  list, unavailable(view), information(view), terms(view),
  element('p', { class: 'note' }, text('review.stop', view)),
  element('div', { class: 'actions sticky' }, problem, counted,
    element('button', { class: 'secondary', type: 'button', onclick: leave, 'data-testid': 'cancel' }, text('review.cancel')),
    element('button', { class: 'primary', 'data-testid': 'approve' },
      element('img', { class: 'scheme-mark', src: document.documentElement.dataset.mark, alt: '', width: 20, height: 20 }),
      element('span', {}, text('review.approve')))));
  const tpp = element('bdi', { 'data-testid': 'consent-tpp' }, view.tpp);
  show(text('review.title', view),
    element('h1', {}, ...nodes('review.title', { tpp })),
    view.through ? element('p', { class: 'note' }, text('review.through', view)) : null,
    element('p', { class: 'lead' }, view.expires
      ? text('review.read', { ...view, date: day(view.expires) }) : text('review.readOpen', view)),
    summary(view),
    form);
}
