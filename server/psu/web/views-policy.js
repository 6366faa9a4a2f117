// Insurance policies and what is shared of them, wherever they are shown.
import { day, element, hasText, money, text } from './dom.js';
import { chip } from './views-account.js';

const RUNNING = ['New', 'Renewed', 'InForce', 'PaidUp'];

export const isRunning = ({ status }) => RUNNING.includes(status);
export const sectorTitle = (sector) => text(`sector.${sector}`);

/** Kind, product and number of a policy, as a column; of those that run also price and end. */
export function policyFacts({ sector, product, number, status, premium, ends }) {
  const running = isRunning({ status });
  const label = `policy.status.${status}`;
  return element('span', { class: 'about' },
    element('strong', {}, sectorTitle(sector)),
    product ? element('span', {}, element('bdi', {}, product)) : null,
    number ? element('bdi', { class: 'number', dir: 'ltr' }, number) : null,
    running && premium ? element('span', { class: 'balance' }, text('policy.premium', { amount: money(premium) })) : null,
    running && ends ? element('span', {}, text('policy.ends', { date: day(ends) })) : null,
    element('span', { class: 'chips' }, !running && hasText(label) ? chip(text(label)) : null));
}

export const permissionTitles = ({ permissions }) => permissions.map((code) => text(`right.${code}.title`));

/** What a permission opens, in the words of the sector where it has its own. */
function permissionLine(code, sector) {
  const own = `right.${code}.${sector}`;
  return element('li', { 'data-testid': 'permission-group' },
    element('strong', {}, text(`right.${code}.title`)),
    element('span', { 'data-testid': `permission-${sector}-${code}` }, text(hasText(own) ? own : `right.${code}.text`)));
}

export function permissionLines({ sector, permissions }) {
  return element('ul', { class: 'groups' }, permissions.map((code) => permissionLine(code, sector)));
}

/** The key of the purpose's text: of policies where the words differ. */
export function purposeKey({ purpose }) {
  return hasText(`policy.purpose.${purpose}`) ? `policy.purpose.${purpose}` : `purpose.${purpose}`;
}
