// The last calls in both directions, live, with the check that refused one.
import { ask, button, choice, code, copy, element, field, labelled, number, pill, table, time } from './page.js';
import { commandOf } from './samples.js';
import { callDetail } from './view-call.js';

const LOOK_MS = 1000;
const TYPING_MS = 300;
const PAGE = 200; // calls of an answer
const WORDS = { 'from-hub': 'Hub → bank', 'to-hub': 'bank → Hub' };

function idButton(what, id, filter) {
  const made = button(id, () => filter(what, id), 'id');
  made.title = `Only calls of this ${what}`;
  return made;
}

function idCell(call, filter) {
  const ids = [['interaction', call.interactionId], ['consent', call.consentId], ['payment', call.paymentId]];
  return element('td', {}, ids.filter(([, id]) => id).map(([what, id]) => element('div', {},
    element('span', { className: 'soft', textContent: `${what} ` }),
    what === 'payment' ? code(id) : idButton(what, id, filter))));
}

/** Opens the call below its row. */
function openButton({ operation }, toggle) {
  const made = button(operation ?? 'no operation', toggle, 'id');
  made.title = 'All that is known of it';
  made.setAttribute('aria-expanded', 'false');
  return made;
}

function callRow(call, filter, toggle, copyCommand) {
  const refused = call.check || call.detail;
  const why = [call.check, call.detail].filter(Boolean).join(': ');
  const row = element('tr', { className: refused ? 'refused' : '' },
    element('td', {}, time(call.at)),
    element('td', {}, pill(WORDS[call.direction])),
    element('td', { textContent: call.provider ?? '' }),
    element('td', {}, openButton(call, toggle),
      refused ? element('div', { className: 'why', textContent: why }) : null,
      copyCommand ? element('div', {}, button('Copy as curl', copyCommand, 'id')) : null),
    number(call.status ? `${call.status}` : 'no answer', refused ? 'bad' : ''),
    number(`${(call.us / 1000).toFixed(1)} ms`),
    idCell(call, filter));
  row.setAttribute('data-testid', 'console-request');
  row.dataset.number = call.number;
  return row;
}

export async function showCalls(main, { providers, act, tell }) {
  const directions = Object.entries(WORDS).map(([value, textContent]) => ({ value, textContent }));
  const direction = choice([{ value: '', textContent: 'both' }, ...directions]);
  const provider = choice([{ value: '', textContent: 'all' }, ...providers.map((one) => one.provider)]);
  const interaction = element('input', { type: 'search', size: 36 });
  const consent = element('input', { type: 'search', size: 36 });
  const refused = element('input', { type: 'checkbox' });
  const paused = element('input', { type: 'checkbox' });
  const list = table(['Time', 'Direction', 'Provider', 'Operation', 'Status', 'Took', 'About'], []);
  const rows = list.tBodies[0];
  list.className = 'calls';
  const empty = element('p', { className: 'soft', textContent: 'No call yet that fits. The list follows by itself.' });
  const older = button('Older calls', () => act(readOlder), 'quiet');
  const shown = () => [...rows.querySelectorAll('[data-number]')];
  let opened = null; // below the row of its call
  let room = PAGE; // calls that are kept
  let last = 0;
  let asking = 0; // answers to older questions do not count
  let waiting = -1; // which of them has no answer yet: asking it twice would show its calls twice

  function query(bounds) {
    const wanted = new URLSearchParams({ ...bounds, refused: refused.checked });
    const controls = { direction, providerId: provider, interactionId: interaction, consentId: consent };
    for (const [name, control] of Object.entries(controls)) {
      if (control.value.trim()) wanted.set(name, control.value.trim());
    }
    return wanted;
  }

  /** Shows a call below its row, or none; one at a time. */
  function open(row, call) {
    const again = opened?.previousSibling === row;
    opened?.previousSibling.querySelector('[aria-expanded]').setAttribute('aria-expanded', 'false');
    opened?.remove();
    opened = null;
    if (!row || again) return;
    opened = callDetail(call, act);
    row.after(opened);
    row.querySelector('[aria-expanded]').setAttribute('aria-expanded', 'true');
  }

  /** Escape closes the open call; the arrows lead from call to call. */
  function onKey(event) {
    const heads = shown().map((row) => row.querySelector('[aria-expanded]'));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = heads.indexOf(document.activeElement);
    if (event.key === 'Escape' && opened) {
      const head = opened.previousSibling.querySelector('[aria-expanded]');
      open(null);
      head.focus();
    } else if (step && heads[at + step] && at >= 0) {
      event.preventDefault();
      heads[at + step].focus();
    }
  }

  /** The rows of an answer; a call of the Hub can be repeated. */
  function rowsOf(calls) {
    return calls.map((call) => {
      const { operations = [] } = providers.find((one) => one.provider === call.provider) ?? {};
      const operation = call.direction === 'from-hub' && operations.find((one) => one.operation === call.operation);
      const copyCommand = operation && (() => act(async () => copy(await commandOf(call.provider, operation, call.consentId), 'Command')));
      const row = labelled(list, callRow(call, filter, () => open(row, call), copyCommand));
      return row;
    });
  }

  async function readOlder() {
    const mine = asking;
    const { calls } = await ask(`/operator/calls?${query({ before: shown().at(-1).dataset.number })}`);
    if (mine !== asking) return;
    room += calls.length;
    const added = rowsOf(calls);
    rows.append(...added);
    older.hidden = calls.length < PAGE;
    if (older.hidden) added[0]?.querySelector('button').focus();
  }

  async function look() {
    const mine = asking;
    if (waiting === mine) return;
    waiting = mine;
    try {
      const answer = await ask(`/operator/calls?${query({ after: last })}`);
      if (mine !== asking) return;
      last = answer.last;
      rows.prepend(...rowsOf(answer.calls));
      if (shown().length >= PAGE && answer.calls.length > 0) older.hidden = false;
      while (shown().length > room) rows.lastChild.remove();
      if (!opened?.previousSibling) opened = null;
      empty.hidden = rows.children.length > 0;
    } catch (failure) {
      tell(failure);
    } finally {
      if (waiting === mine) waiting = -1;
    }
  }

  function begin() {
    asking++;
    last = 0;
    room = PAGE;
    open(null);
    rows.replaceChildren();
    older.hidden = true;
    return look();
  }

  function filter(what, id) {
    interaction.value = what === 'interaction' ? id : '';
    consent.value = what === 'consent' ? id : '';
    (what === 'consent' ? consent : interaction).focus();
    begin();
  }

  const copyAll = () => act(async () => {
    const { calls } = await ask(`/operator/calls?${query({})}`);
    await copy(JSON.stringify(calls, null, 2), 'Calls');
  });
  const form = element('form', { className: 'row' }, field('Direction', direction), field('Provider', provider),
    field('Interaction id', interaction), field('Consent id', consent), field('refused or failed only', refused),
    field('pause', paused), button('Clear filters', () => { form.reset(); begin(); }, 'quiet'),
    button('Copy as JSON', copyAll, 'quiet'));
  let typing;
  form.onsubmit = (event) => event.preventDefault();
  form.oninput = ({ target }) => {
    clearTimeout(typing);
    if (target.type === 'search') typing = setTimeout(begin, TYPING_MS);
    else if (target !== paused) begin();
  };
  list.addEventListener('keydown', onKey);
  main.append(form, element('section', { className: 'card' }, list, empty), older);
  await begin();
  const timer = setInterval(() => (paused.checked ? null : look()), LOOK_MS);
  return () => {
    clearInterval(timer);
    clearTimeout(typing);
  };
}
