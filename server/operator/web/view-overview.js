// What runs, how fast, and what ends soon.
import { ask, card, code, element, number, table } from './page.js';
import { bound, byOperation, isAvailable, percent } from './figures.js';

const LOOK_MS = 3000;
const LOOKS_A_FIGURE = 5; // asking for figures has the server write them down
const WARN_DAYS = 30;

function partRow({ part, status, reason }) {
  return element('li', {}, element('span', { className: `dot ${status}` }), part,
    status === 'ok' ? null : element('span', { className: 'why', textContent: ` ${status}: ${reason ?? ''}` }));
}

async function readParts() {
  const answer = await fetch('/readyz'); // 503 has a body too
  return (await answer.json()).parts;
}

const MODES = { jwt: 'signed token', mtls: 'certificate alone', 'api-key': 'API key', 'client-credentials': 'access token' };

/** How the Hub of a provider proves itself. */
function callerCell(caller) {
  if (!caller) return '';
  const about = [['aud', caller.audience], ['client', caller.client], ['by', caller.methods?.join(', ')],
    ['scope', caller.scopes?.join(' ')], ['issuer', caller.issuer], ['OU', caller.organisationUnits.join(', ')]];
  return element('td', {}, MODES[caller.mode], caller.takesConnectTokens ? ', or the consent’s token' : '',
    about.filter(([, value]) => value).map(([name, value]) => element('div', { className: 'soft' }, `${name} `, code(value))));
}

/** Families of the core, and sectors, of which a provider serves no operation: "payments", "motor insurance". */
function absent(operations) {
  const served = new Map();
  for (const { needs, offered, notOffered } of operations) {
    const family = needs?.split('.')[0].replace('_', ' ');
    if (family && notOffered !== 'authorization') served.set(family, served.get(family) || offered);
  }
  const sectors = operations.filter(({ notOffered }) => notOffered === 'sector')
    .map(({ path }) => path.match(/\/([a-z]+)-insurance-/)?.[1]).filter(Boolean);
  return [...served].filter(([, offered]) => !offered).map(([family]) => family)
    .concat([...new Set(sectors)].map((sector) => `${sector} insurance`));
}

const FAMILIES = {
  dataSharing: 'data sharing', products: 'products', openData: 'ATMs', serviceInitiation: 'payments',
  insurance: 'insurance',
};

/** Versions of the standard: those of all families, then what differs; and the forms of the Hub's logs. */
function versionsCell({ versions, closing, paymentLog, quoteLog }) {
  const text = (list) => list.map((one) => (closing.includes(one) ? `${one} (closing)` : one)).join(', ');
  const usual = text(versions.dataSharing);
  const others = Object.entries(versions).map(([family, list]) => [FAMILIES[family], text(list)])
    .filter(([, list]) => list !== usual);
  const notes = [...others, ['log of payments', paymentLog], ['log of quotes', quoteLog]];
  const cell = element('td', { textContent: usual });
  cell.append(...notes.map(([name, list]) => element('div', { className: 'soft', textContent: `${name} ${list}` })));
  return cell;
}

function providerRow({ provider, segment, authorization, operations, caller, ...standard }) {
  const missing = absent(operations);
  const row = element('tr', {}, element('td', { textContent: provider }), element('td', { textContent: segment }),
    element('td', { textContent: authorization === 'caap' ? 'at CAAP' : 'on its pages' }), versionsCell(standard),
    number(`${operations.filter((one) => one.offered).length} of ${operations.length}`),
    element('td', { textContent: missing.length > 0 ? missing.join(', ') : 'nothing', className: missing.length > 0 ? 'warn' : 'good' }),
    callerCell(caller));
  row.setAttribute('data-testid', 'console-provider');
  return row;
}

function certificateRow(one) {
  const className = one.daysLeft < 0 ? 'bad' : one.daysLeft < WARN_DAYS ? 'warn' : '';
  const row = element('tr', {}, element('td', {}, code(one.setting)), element('td', { textContent: one.subject }),
    element('td', { textContent: one.notAfter.slice(0, 10) }), number(`${one.daysLeft}`, className));
  row.setAttribute('data-testid', 'console-certificate');
  return row;
}

function figureRow(one, { p95LimitUs, availablePerMille }) {
  const time = (us, title = '') => {
    const cell = number(us === null ? '–' : bound(us), us > p95LimitUs ? 'bad' : 'good');
    cell.title = title;
    return cell;
  };
  const row = element('tr', {}, element('td', { textContent: one.provider }), element('td', {}, code(one.operation)),
    time(one.today), time(one.slowest, one.slowestDay), number(`${one.requests}`),
    number(percent(one), isAvailable(one, availablePerMille) ? 'good' : 'bad'));
  row.setAttribute('data-testid', 'console-figure');
  return row;
}

function levels(figures) {
  const rows = byOperation(figures).map((one) => figureRow(one, figures));
  if (rows.length === 0) return [element('p', { className: 'soft', textContent: 'The Hub has not called this month.' })];
  const months = figures.months.filter(({ requests }) => requests > 0).map((one) => element('li', {}, `${one.provider}: `,
    element('strong', { className: isAvailable(one, figures.availablePerMille) ? 'good' : 'bad', textContent: percent(one) }),
    element('span', { className: 'soft', textContent: ` of ${one.requests}` })));
  return [
    element('p', { className: 'soft' }, `The regulator asks for ${figures.p95LimitUs / 1000} ms at the 95th percentile of each ` +
      `endpoint and day, and for ${figures.availablePerMille / 10} % of a month answered without an error of the bank. ` +
      `Since ${figures.monthBegan}, kept over restarts:`),
    element('ul', { className: 'months' }, months),
    table(['Provider', 'Operation', 'p95 today', 'p95, slowest day', 'Requests', 'Available'], rows),
  ];
}

export async function showOverview(main, { providers, tell }) {
  const parts = element('ul', { className: 'dots' });
  const speed = element('div');
  const { certificates } = await ask('/operator/certificates');
  main.append(
    card('What runs', parts),
    card('Providers', table(['Provider', 'Segment', 'Customers decide', 'Versions', 'Offered', 'Not offered', 'Caller'], providers.map(providerRow))),
    card('Speed and availability this month', speed),
    card('Certificates and secrets', table(['Setting', 'Subject', 'Ends', 'Days left'], certificates.map(certificateRow))));

  let looks = 0;
  async function look() {
    try {
      // Certificates have a table of their own, unless one is why requests fail.
      const shown = (await readParts()).filter(({ part, status }) => status !== 'ok' || !part.startsWith('certificate'));
      parts.replaceChildren(...shown.map(partRow));
      if (looks++ % LOOKS_A_FIGURE === 0) speed.replaceChildren(...levels(await ask('/operator/figures')));
    } catch (failure) {
      tell(failure);
    }
  }
  await look();
  const timer = setInterval(look, LOOK_MS);
  return () => clearInterval(timer);
}
