// A payment permission of one's own: what it allows, what is used of that, and what was paid.
import { count, day, element, grouped, hasText, moment, money, text } from './dom.js';
import { purposeOf, rules, summary } from './views-payment-terms.js';

const cents = ({ value }) => Number(BigInt(value.replace('.', '')));

/** A row of what is used, with a bar where there is a limit. */
function usedRow(key, used, limit, { shown, amount, period }) {
  if (used === undefined) return null;
  const part = text(limit === undefined ? 'own.used.part' : 'own.used.of', { used: shown(used), limit: limit === undefined ? '' : shown(limit) });
  const label = text(key, { period });
  return element('div', { class: 'used' },
    element('span', {}, label), element('strong', { 'data-testid': `cmi-used-${key.split('.').at(-1)}` }, part),
    limit === undefined ? null : element('meter', { min: 0, max: amount(limit) || 1, value: amount(used), 'aria-label': `${label}: ${part}` }));
}

const NUMBER = { shown: String, amount: (value) => value };
const MONEY = { shown: money, amount: cents };

/** What the Hub has counted, against the limits that were agreed. */
function usage({ used, payment = {} }) {
  if (!used) return null;
  const period = payment.period ? text(`period.${payment.period}`) : null;
  const rows = [
    period && usedRow('own.used.periodCount', used.periodCount, payment.periodCount, { ...NUMBER, period }),
    period && usedRow('own.used.periodValue', used.periodValue, payment.periodTotal, { ...MONEY, period }),
    usedRow('own.used.count', used.count, payment.count ?? payment.dates?.length, NUMBER),
    usedRow('own.used.value', used.value, payment.total, MONEY),
  ].filter(Boolean);
  return element('section', { class: 'section', 'data-testid': 'cmi-used' },
    element('h2', {}, text('own.used.title')), rows, element('p', { class: 'note' }, text('own.used.note')));
}

// --- what was paid ------------------------------------------------------------------------------

const LABELS = {
  AcceptedSettlementCompleted: 'good', AcceptedCreditSettlementCompleted: 'good', AcceptedWithoutPosting: 'good',
  Rejected: 'bad', Pending: '',
};

export const paymentLabel = (status) => (hasText(`own.paid.${status}`) ? text(`own.paid.${status}`) : status);

function paymentItem({ status, made, amount, reference, purpose }) {
  return element('li', { class: 'paid', 'data-testid': 'cmi-payment' },
    element('strong', {}, amount ? money(amount) : null),
    element('span', { class: `badge ${LABELS[status] ?? ''}` }, paymentLabel(status)),
    element('span', { class: 'lines' },
      made ? element('span', {}, moment(made)) : null,
      reference ? element('bdi', {}, reference) : null,
      purpose ? element('span', {}, purposeOf({ purpose })) : null));
}

function historyHead({ count: number, paid }) {
  if (number === 0) return element('p', { class: 'note', 'data-testid': 'cmi-no-payments' }, text('own.paid.none'));
  return element('p', { class: 'note', 'data-testid': 'cmi-paid' },
    [count('own.paid.count', number), paid ? text('own.paid.total', { amount: money(paid) }) : null].filter(Boolean).join(' · '));
}

/**
 * The payments, read apart from the rest: a Hub that cannot tell them leaves the page as it is.
 * `read(page)` gives the view "payments" or an error; `seen` gets the first.
 */
function history(read, seen) {
  const head = element('div', { role: 'status' }, element('p', { class: 'waiting' }, text('own.paid.reading')));
  const list = element('ul', { class: 'payments' });
  const more = element('button', { class: 'secondary', type: 'button', hidden: true, 'data-testid': 'cmi-more' }, text('own.paid.more'));
  let page = 1;
  const load = async () => {
    more.disabled = true;
    const view = await read(page);
    more.disabled = false;
    if (view.view !== 'payments') {
      head.replaceChildren(element('p', { class: 'alert', 'data-testid': 'cmi-payments-error' }, text('own.paid.unknown')));
      more.textContent = text('own.paid.again');
      more.hidden = false;
      return;
    }
    head.replaceChildren(historyHead(view));
    const items = view.payments.map(paymentItem);
    list.append(...items);
    more.textContent = text('own.paid.more');
    more.hidden = !view.more;
    if (page === 1) seen(view);
    else if (items[0]) {
      items[0].tabIndex = -1;
      items[0].focus();
    }
    page += 1;
  };
  more.addEventListener('click', load);
  load();
  return element('section', { class: 'section' }, element('h2', {}, text('own.paid.title')), head, list, more);
}

function account({ subType, name, number }) {
  const kind = hasText(`account.${subType}`) ? text(`account.${subType}`) : text('account.unnamed');
  return element('p', { class: 'from', 'data-testid': 'cmi-account' },
    element('span', {}, element('bdi', {}, name ?? kind), name ? ` · ${kind}` : ''), ' ', grouped(number));
}

const UNTIL = { Revoked: ['own.until.Revoked', 'updated'], Expired: ['own.until.Expired', 'expires'] };

/** When several payments were allowed, and until when. */
function dates(view) {
  if (view.kind !== 'flexi-pay' || view.status === 'Rejected') return null;
  const [key, member] = UNTIL[view.status] ?? ['own.until.lasting', 'expires'];
  const rows = [['own.started', view.created], [key, view[member]]].filter(([, date]) => date);
  return element('section', { class: 'section' }, element('dl', { class: 'terms', 'data-testid': 'cmi-dates' },
    rows.flatMap(([label, date]) => [element('dt', {}, text(label)), element('dd', {}, day(date))])));
}

/** Whom it pays, from which account, by which rules, how far they are used, and what was paid. */
export function paymentSections(view, { read, seen }) {
  const [from] = view.accountList ?? [];
  return [
    view.payment ? summary({ ...view, decided: true }) : element('p', { class: 'alert', 'data-testid': 'cmi-terms-unknown' }, text('own.termsUnknown')),
    from ? element('section', { class: 'section' }, element('h2', {}, text('own.from')), account(from)) : null,
    view.payment ? rules(view) : null,
    dates(view),
    view.kind === 'single-payment' ? null : usage(view),
    view.status === 'AwaitingAuthorization' || view.status === 'Rejected' ? null : history(read, seen),
  ].filter(Boolean);
}
