// One call in full: all that was recorded of it, and what was found about it.
import { ask, element } from './page.js';

const NAMES = {
  number: 'Number', at: 'Time (UTC)', interactionId: 'Interaction id', callerInteractionId: 'The TPP’s interaction id',
  consentId: 'Consent id', paymentId: 'Payment id', version: 'Version', check: 'Check', detail: 'Found',
};

function facts(record) {
  const known = Object.entries(NAMES).filter(([key]) => record[key] !== undefined);
  return element('dl', { className: 'facts' }, known.flatMap(([key, name]) =>
    [element('dt', { textContent: name }), element('dd', { className: 'code', textContent: `${record[key]}` })]));
}

/** What refused it, and what was left out of its answer. */
async function findingsOf({ interactionId }) {
  const { findings } = await ask(`/explain/${encodeURIComponent(interactionId)}`);
  if (findings.length === 0) return [element('p', { className: 'soft', textContent: 'Nothing was refused or left out.' })];
  return findings.map(({ check, detail, version }) => facts({ version, check, detail }));
}

/** What opens below the row of a call. */
export function callDetail({ check, detail, ...call }, act) {
  const found = element('div', {}, facts({ check, detail }));
  if (call.direction === 'from-hub' && call.interactionId) act(async () => found.replaceChildren(...await findingsOf(call)));
  return element('tr', { role: 'row', className: 'opened' },
    element('td', { role: 'cell', colSpan: 7 }, facts(call), found));
}
