// Consents by version of the standard, type, TPP and state, as the Hub's list has them.
import { ask, card, choice, element, field, number, pill, table } from './page.js';

const TYPES = {
  'cbuae-account-access-consents': 'data sharing',
  'cbuae-service-initiation-consents': 'payments',
  'cbuae-insurance-consents': 'insurance',
};

function countRow({ version, type, name, tpp, active, activeOlder, created, statuses }) {
  const states = Object.entries(statuses).map(([status, count]) => pill(`${status} ${count}`));
  const row = element('tr', {}, element('td', { textContent: version }),
    element('td', { textContent: TYPES[type] ?? type, title: type }), element('td', { textContent: name, title: tpp }),
    number(`${active}`), number(`${activeOlder}`, activeOlder > 0 ? 'warn' : ''), number(`${created}`),
    element('td', {}, element('div', { className: 'pills' }, states)));
  row.setAttribute('data-testid', 'console-consents-row');
  return row;
}

function report({ createdFrom, createdTo, active, activeOlder, created, counts }) {
  const sum = `${active} active, ${activeOlder} of them of an older version; ${created} created from ${createdFrom} to ${createdTo}.`;
  return [element('p', { textContent: sum, 'data-testid': 'console-consents-sum' }),
    counts.length === 0 ? null
      : table(['Version', 'Type', 'TPP', 'Active', 'Of older version', 'Created', 'States'], counts.map(countRow))];
}

export async function showConsents(main, { providers, act }) {
  const provider = choice(providers.map((one) => one.provider));
  const from = element('input', { type: 'date' });
  const to = element('input', { type: 'date' });
  const count = element('button', { textContent: 'Count' });
  const shown = element('div', { 'aria-live': 'polite' }, element('p', { className: 'soft',
    textContent: 'The Hub is asked for its whole list, which may take it up to 20 seconds. Without days the last 90 count as the period.' }));
  const read = async () => {
    const days = Object.entries({ createdFrom: from.value, createdTo: to.value }).filter(([, day]) => day);
    count.disabled = true;
    shown.replaceChildren(element('p', { className: 'soft', textContent: 'Counting…' }));
    const told = await act(() => ask(`/operator/${provider.value}/consents?${new URLSearchParams(days)}`));
    shown.replaceChildren(...(told ? report(told).filter(Boolean) : []));
    count.disabled = false;
    if (document.activeElement === document.body) count.focus(); // which it lost as it was disabled
  };
  const form = element('form', { className: 'row' }, field('Provider', provider), field('Created from', from),
    field('Created to', to), count);
  form.onsubmit = (event) => {
    event.preventDefault();
    read();
  };
  const made = card('Consents at the Hub', form, shown);
  made.setAttribute('data-testid', 'console-consents');
  main.append(made);
  return null;
}
