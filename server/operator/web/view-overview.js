// What runs, how fast, and what ends soon.
import { ask, card, code, element, number, table } from './page.js';
import { figures } from './figures.js';

const LOOK_MS = 3000;
const WARN_DAYS = 30;
const P95_MS = 500; // the regulator's limits
const AVAILABLE = 0.995;

function partRow({ part, status, reason }) {
  return element('li', {}, element('span', { className: `dot ${status}` }), part,
    status === 'ok' ? null : element('span', { className: 'why', textContent: ` ${status}: ${reason ?? ''}` }));
}

async function readParts() {
  const answer = await fetch('/readyz'); // 503 has a body too
  return (await answer.json()).parts;
}

function certificateRow(one) {
  const className = one.daysLeft < 0 ? 'bad' : one.daysLeft < WARN_DAYS ? 'warn' : '';
  const row = element('tr', {}, element('td', {}, code(one.setting)), element('td', { textContent: one.subject }),
    element('td', { textContent: one.notAfter.slice(0, 10) }), number(`${one.daysLeft}`, className));
  row.setAttribute('data-testid', 'console-certificate');
  return row;
}

function figureRow(one) {
  const share = one.requests ? 1 - one.failed / one.requests : 1;
  return [one.provider, code(one.operation), number(`${one.requests}`),
    number(one.p95 === Infinity ? '> 5 s' : `≤ ${one.p95} ms`, one.p95 > P95_MS ? 'bad' : 'good'),
    number(`${(share * 100).toFixed(2)} %`, share < AVAILABLE ? 'bad' : 'good')];
}

export async function showOverview(main, { providers, tell }) {
  const parts = element('ul', { className: 'dots' });
  const speed = element('div');
  const { certificates } = await ask('/operator/certificates');
  const offered = providers.map(({ provider, segment, operations }) => [provider, segment,
    number(`${operations.filter((one) => one.offered).length} of ${operations.length}`)]);
  main.append(
    element('div', { className: 'grid' },
      card('What runs', parts),
      card('Providers', table(['Provider', 'Segment', 'Operations offered'], offered))),
    card('Speed and availability since the start', element('p', { className: 'soft' },
      'The regulator asks for a 95th percentile of 500 ms and 99.5 % answered without an error of the bank.'), speed),
    card('Certificates and secrets', table(['Setting', 'Subject', 'Ends', 'Days left'], certificates.map(certificateRow))));

  async function look() {
    try {
      // Certificates have a table of their own, unless one is why requests fail.
      const shown = (await readParts()).filter(({ part, status }) => status !== 'ok' || !part.startsWith('certificate'));
      parts.replaceChildren(...shown.map(partRow));
      const rows = figures(await (await fetch('/metrics')).text());
      speed.replaceChildren(rows.length === 0
        ? element('p', { className: 'soft', textContent: 'The Hub has not called yet.' })
        : table(['Provider', 'Operation', 'Requests', '95 of 100 within', 'Available'], rows.map(figureRow)));
    } catch (failure) {
      tell(failure);
    }
  }
  await look();
  const timer = setInterval(look, LOOK_MS);
  return () => clearInterval(timer);
}
