// A payment consent that others approve too: its terms, who has decided, and the customer's decision.
import { element, grouped, hasText, moment, show, text } from './dom.js';
import { kindOf } from './views-account.js';
import { rules, summary } from './views-payment-terms.js';

const BADGES = { Approved: 'good', Rejected: 'bad', Pending: '' };

function person({ name, group, status, own }) {
  return element('li', { class: 'paid', 'data-testid': 'authorizer' },
    element('strong', {}, own ? text('several.you') : element('bdi', {}, name)),
    element('span', { class: `badge ${BADGES[status]}` }, text(`several.status.${status}`)),
    element('span', { class: 'lines' }, hasText(`several.group.${group}`) ? text(`several.group.${group}`) : group));
}

/** What the consent waits for, or how it ended. */
function standing({ status, until, underWay, quoteOver, tpp }) {
  if (quoteOver) return text('several.quoteOver', { tpp });
  if (underWay) return text('several.underWay');
  if (status === 'AwaitingAuthorization') return text('several.until', { until: moment(until) });
  const key = `several.ended.${status}`;
  return text(hasText(key) ? key : 'several.ended.other');
}

function account(of) {
  return element('p', { class: 'from', 'data-testid': 'authorize-account' },
    element('bdi', {}, of.name ?? kindOf(of)), ' ', grouped(of.number));
}

function choice(look, what, onclick) {
  return element('button', { class: look, type: 'button', onclick, 'data-testid': `authorize-${what}` }, text(`several.${what}`));
}

export function authorizeView(view, { decide, back }) {
  const title = text('several.title');
  const [from] = view.accountList;
  show(title,
    element('button', { class: 'plain back', type: 'button', onclick: back, 'data-testid': 'cmi-back' }, text('own.back')),
    element('h1', {}, title),
    element('p', { class: 'lead' }, text('several.lead', view)),
    summary({ ...view, decided: view.quoteOver }),
    from ? element('section', { class: 'section' }, element('h2', {}, text('own.from')), account(from)) : null,
    rules(view),
    element('section', { class: 'section' },
      element('h2', {}, text('several.people', { required: view.required })),
      element('ul', { class: 'payments' }, view.authorizers.map(person)),
      element('p', { class: view.quoteOver ? 'alert' : 'note', role: 'status', 'data-testid': 'authorize-standing' }, standing(view))),
    view.open ? element('div', { class: 'actions sticky' },
      choice('secondary', 'refuse', () => decide(false)), choice('primary', 'approve', () => decide(true))) : null);
}
