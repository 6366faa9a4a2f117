// What own consents look like: list, one consent, and the question before ending one.
import { count, day, element, grouped, hasText, moment, money, question, show, text } from './dom.js';
import { paymentLabel, paymentSections } from './views-own-payment.js';
import { permissionItem } from './views-permission.js';
import { permissionLines, policyFacts, purposeKey, sectorTitle } from './views-policy.js';

const TABS = {
  current: ['AwaitingAuthorization', 'Authorized', 'Suspended'],
  history: [],
};
const tabOf = ({ status }) => (TABS.current.includes(status) ? 'current' : 'history');
let shown = { tab: 'current', tpp: '', kind: '', status: '' };

/** A state that has no label of its own is split into its words. */
function statusLabel({ status, pending }) {
  if (pending) return text('own.pending');
  const key = `own.status.${status}`;
  return hasText(key) ? text(key) : status.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2');
}

const kindLabel = ({ kind }) => text(`own.kind.${kind}`);

function badge(consent) {
  const look = { Authorized: 'good', AwaitingAuthorization: '', Suspended: '' }[consent.status] ?? 'over';
  return element('span', { class: `badge ${look}`, 'data-testid': 'cmi-status' }, statusLabel(consent));
}

const lastShared = ({ lastShared: at }) => text('own.lastShared', { date: at ? moment(at) : text('own.never') });
const expires = ({ expires: at }) => (at ? text('own.expires', { date: day(at) }) : null);
const accountsLine = ({ accounts }) => count('own.accounts', accounts);
const policiesLine = ({ policies }) => count('own.policies', policies);
const amount = ({ amount: of }) => of && text('own.amount', { amount: money(of) });
const paidTotal = ({ paidTotal: of }) => of && text('own.paidTotal', { amount: money(of) });
const lastPaid = ({ lastPaid: at }) => at && text('own.lastPaid', { date: moment(at) });
const endedOn = (key) => ({ updated }) => (updated ? text(key, { date: moment(updated) }) : null);

/** How a consent came to its end, in place of when it will; what it gave while it lasted stays. */
const ENDINGS = {
  AwaitingAuthorization: () => [() => text('own.awaiting'), expires],
  Revoked: (lasting) => [endedOn('own.cancelledOn'), ...lasting],
  Expired: (lasting) => [({ expires: at }) => (at ? text('own.expiredOn', { date: day(at) }) : null), ...lasting],
  Rejected: () => [endedOn('own.rejectedOn')],
};

/** What a card says below its name, by kind and state of the consent. */
function lines(consent) {
  const [first, lasting, next] = {
    'data-sharing': [[accountsLine], [lastShared], [expires]],
    insurance: [[policiesLine], [lastShared], [expires]],
    'single-payment': [[], [lastPaid, amount], []],
    'flexi-pay': [[], [paidTotal], [expires]],
    other: [[], [], [expires]],
  }[consent.kind];
  const ending = ENDINGS[consent.status];
  const all = ending ? [kindLabel, ...ending(lasting)] : [...first, kindLabel, ...lasting, ...next];
  return all.map((line) => line(consent)).filter(Boolean);
}

function card(consent, open) {
  return element('li', {}, element('button', {
    class: 'consent', type: 'button', 'data-testid': `cmi-consent-${consent.id}`, onclick: () => open(consent.id),
  },
  element('strong', {}, element('bdi', {}, consent.tpp)),
  badge(consent),
  element('span', { class: 'lines' }, lines(consent).map((line) => element('span', {}, line)))));
}

/** In a list of updates the date comes first, and there is no badge. */
function updateCard(consent, open) {
  return element('li', {}, element('button', {
    class: 'consent', type: 'button', 'data-testid': `cmi-consent-${consent.id}`, onclick: () => open(consent.id),
  },
  element('strong', {}, consent.updated ? moment(consent.updated) : day(consent.created)),
  element('em', { class: 'lines' },
    [consent.tpp, kindLabel(consent), lastShared(consent), expires(consent)].filter(Boolean)
      .map((line) => element('span', {}, element('bdi', {}, line))))));
}

// --- the list -----------------------------------------------------------------------------------

function select(name, options, label, redraw) {
  const box = element('select', {
    'data-testid': `cmi-filter-${name}`,
    onchange: () => { shown = { ...shown, [name]: box.value }; redraw(); },
  }, element('option', { value: '' }, text('own.all')),
  [...options].map(([value, words]) => element('option', { value, selected: value === shown[name] }, words)));
  return element('label', {}, label, box);
}

function filters(consents, redraw) {
  const options = (value, label) => new Map(consents.map((one) => [value(one), label(one)]));
  const chosen = ['tpp', 'kind', 'status'].some((name) => shown[name]);
  return element('details', { class: 'fold filter', open: chosen || innerWidth > 640 },
    element('summary', { 'data-testid': 'cmi-filters' }, text('own.filters')), element('div', { class: 'filters' },
    select('tpp', options(({ tpp }) => tpp, ({ tpp }) => tpp), text('own.filter.tpp'), redraw),
    select('kind', options(({ kind }) => kind, kindLabel), text('own.filter.kind'), redraw),
    select('status', options(({ status }) => status, (one) => statusLabel({ ...one, pending: false })), text('own.filter.status'), redraw)));
}

const passes = (consent) => ['tpp', 'kind', 'status'].every((name) => !shown[name] || consent[name] === shown[name]);

function cards(consents, open) {
  const wanted = consents.filter(passes);
  return wanted.length > 0
    ? element('ul', { class: 'consents' }, wanted.map((consent) => card(consent, open)))
    : element('p', { class: 'lead', role: 'status' }, text(consents.length > 0 ? 'own.noneFit' : `own.none.${shown.tab}`));
}

/** What others approve too, and waits for the customer: above everything else. */
function waitingList({ waiting = [], waitingUnread }, decide) {
  if (waiting.length === 0 && !waitingUnread) return null;
  return element('section', { class: 'section', 'data-testid': 'cmi-waiting' },
    element('h2', {}, text('several.waiting')),
    waitingUnread ? element('p', { class: 'alert' }, text('several.unread')) : null,
    element('ul', { class: 'consents' }, waiting.map(({ id, tpp, amount }) => element('li', {}, element('button', {
      class: 'consent', type: 'button', 'data-testid': `cmi-waiting-${id}`, onclick: () => decide(id),
    }, element('strong', {}, element('bdi', {}, tpp)),
    element('span', { class: 'lines' }, element('span', {}, amount ? money(amount) : text('several.payments'))))))));
}

export function listView(view, { open, decide }, signOut) {
  const title = text('own.title');
  const panel = element('div', { role: 'tabpanel', id: 'tabpanel', 'aria-labelledby': `tab-${shown.tab}` });
  const ofTab = () => view.consents.filter((consent) => tabOf(consent) === shown.tab)
    .sort((a, b) => (b.updated ?? 0) - (a.updated ?? 0));
  const list = element('div');
  const redraw = () => list.replaceChildren(cards(ofTab(), open));
  const choose = (tab) => {
    shown = { tab, tpp: '', kind: '', status: '' };
    listView(view, { open, decide }, signOut);
    document.getElementById(`tab-${tab}`).focus();
  };
  const byKey = (event) => {
    const names = Object.keys(TABS);
    const ahead = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const at = { Home: 0, End: names.length - 1, ArrowLeft: names.indexOf(shown.tab) - 1, ArrowRight: names.indexOf(shown.tab) - 1, [ahead]: names.indexOf(shown.tab) + 1 }[event.key];
    if (at === undefined) return;
    event.preventDefault();
    choose(names.at(at % names.length));
  };
  panel.append(...(ofTab().length > 1 ? [filters(ofTab(), redraw)] : []), list);
  redraw();
  show(title,
    element('div', { class: 'own-head' },
      element('h1', {}, title),
      element('button', { class: 'plain', type: 'button', 'data-testid': 'sign-out', onclick: signOut }, text('own.signOut'))),
    element('p', { class: 'lead' }, text('own.lead')),
    waitingList(view, decide),
    element('div', { class: 'tabs', role: 'tablist', onkeydown: byKey }, Object.keys(TABS).map((tab) => element('button', {
      type: 'button', role: 'tab', id: `tab-${tab}`, 'aria-selected': String(tab === shown.tab),
      'aria-controls': 'tabpanel', tabindex: tab === shown.tab ? '0' : '-1',
      'data-testid': `cmi-tab-${tab}`, onclick: () => choose(tab),
    }, text(`own.tab.${tab}`)))),
    panel,
    element('a', { class: 'button plain', href: '/passkeys', 'data-testid': 'passkeys-link' }, text('passkeys.title')));
}

// --- one consent --------------------------------------------------------------------------------

function identifier(id) {
  const done = element('span', { role: 'status' });
  const copy = async () => {
    await navigator.clipboard.writeText(id);
    done.textContent = text('own.copied');
  };
  return element('div', { class: 'identifier' },
    element('code', { dir: 'ltr', 'data-testid': 'cmi-id' }, `${id.slice(0, 8)}...${id.slice(-4)}`),
    element('button', { class: 'plain', type: 'button', 'data-testid': 'cmi-copy', onclick: copy }, text('own.copy')),
    done);
}

function accountItem({ subType, name, number }) {
  const kind = hasText(`account.${subType}`) ? text(`account.${subType}`) : text('account.unnamed');
  return element('li', { 'data-testid': 'cmi-account' },
    element('span', {}, element('bdi', {}, name ?? kind), name ? ` · ${kind}` : ''), grouped(number));
}

function section(title, ...content) {
  return element('section', { class: 'section' }, element('h2', {}, title), ...content);
}

function updates({ chain }, open) {
  if (!chain || chain.length === 0) return null;
  return element('section', { class: 'section' }, element('details', {},
    element('summary', { 'data-testid': 'cmi-updates' }, text('own.updates')),
    element('ul', { class: 'consents' }, chain.map((consent) => updateCard(consent, open)))));
}

const revokeWords = ({ kind }) => ({ 'data-sharing': 'sharing', insurance: 'policies' }[kind] ?? 'payment');

const paysFor = ({ kind }) => kind === 'single-payment' || kind === 'flexi-pay';

/** The sections of a permission to pay say the rest, while it lasts. */
const leadLines = (view) => (paysFor(view) && !ENDINGS[view.status] ? [kindLabel(view)] : lines(view));

/** The used consent to a single payment is as the payment is. */
function tellOutcome({ status, kind }, { payments: [last] }) {
  if (status === 'Consumed' && kind === 'single-payment' && last) {
    document.querySelector('.own-head .badge').textContent = paymentLabel(last.status);
  }
}

/** The policies, what is shared of each kind, and what for. */
function policySections({ sectors, policyList, purpose }) {
  const key = purposeKey({ purpose });
  return [
    policyList.length > 0
      ? section(text('own.policiesTitle'), element('ul', { class: 'held' }, policyList.map((policy) =>
        element('li', { 'data-testid': 'cmi-policy' }, policyFacts(policy))))) : null,
    hasText(key) ? section(text('review.purpose'), element('p', {}, text(key))) : null,
    element('section', { class: 'section' }, element('details', {},
      element('summary', { 'data-testid': 'cmi-permissions' }, text('own.permissions')),
      sectors.map((one) => element('div', {}, element('h3', {}, sectorTitle(one.sector)), permissionLines(one))))),
  ];
}

export function consentView(view, { open, back, revoke, readPayments }) {
  show(view.tpp,
    view.ended && !view.revocable
      ? element('p', { class: 'success', role: 'status', 'data-testid': 'cmi-done' }, text(`own.revoke.${revokeWords(view)}.done`, view)) : null,
    element('button', { class: 'plain back', type: 'button', 'data-testid': 'cmi-back', onclick: back }, text('own.back')),
    element('div', { class: 'own-head' }, element('h1', {}, element('bdi', {}, view.tpp)), badge(view)),
    view.pending ? element('p', { class: 'alert notice', role: 'status' }, text('own.pendingText')) : null,
    element('p', { class: 'lead lines' }, leadLines(view).map((line) => element('span', {}, line)).flatMap((line) => [line, element('br')])),
    view.status === 'Suspended'
      ? element('p', { class: 'alert notice', 'data-testid': 'cmi-suspended' }, text(`own.suspended.${revokeWords(view)}`, view)) : null,
    ...(paysFor(view) ? paymentSections(view, { read: readPayments, seen: (log) => tellOutcome(view, log) }) : []),
    section(text('own.identifier'), identifier(view.id)),
    !paysFor(view) && view.accountList?.length > 0
      ? section(text('own.accountsTitle'), element('ul', { class: 'held' }, view.accountList.map(accountItem)))
      : null,
    ...(view.kind === 'insurance' ? policySections(view) : []),
    view.kind === 'data-sharing'
      ? element('section', { class: 'section' }, element('details', {},
        element('summary', { 'data-testid': 'cmi-permissions' }, text('own.permissions')),
        element('ul', { class: 'groups' }, view.permissions.map((one) => permissionItem(one, view)))))
      : null,
    updates(view, open),
    view.revocable
      ? element('div', { class: 'actions' }, element('button', {
        class: 'secondary', type: 'button', id: 'revoke', 'data-testid': 'cmi-revoke', onclick: revoke,
      }, text(`own.revoke.${revokeWords(view)}.button`)))
      : null);
}

/** One question in place of the consent: what ending it means. */
export function confirmView(view, confirm, back) {
  const words = (part) => text(`own.revoke.${revokeWords(view)}.${part}`, view);
  question(words('title'), words('text'),
    element('button', { class: 'primary danger', type: 'button', 'data-testid': 'cmi-revoke-confirm', onclick: confirm }, words('confirm')),
    element('button', { class: 'secondary', type: 'button', 'data-testid': 'cmi-revoke-back', onclick: back }, text('own.goBack')));
}

/** The Hub does not know yet. */
export function keptView(back) {
  show(text('own.pending'),
    element('h1', { 'data-testid': 'cmi-pending' }, text('own.pending')),
    element('p', { class: 'lead' }, text('own.pendingText')),
    element('button', { class: 'secondary', type: 'button', 'data-testid': 'cmi-back', onclick: back }, text('own.back')));
}
