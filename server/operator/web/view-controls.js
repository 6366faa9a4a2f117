// What an operator of a test bank changes: clock, overrides, accounts, payments, tasks, everything.
import { ask, button, card, choice, code, element, field, number, refill, table, time } from './page.js';

const STATUSES = ['Active', 'Inactive', 'Dormant', 'Unclaimed', 'Deceased', 'Suspended', 'Closed'];
const BLOCKS = ['none', 'temporary', 'permanent'];
const MOVES = ['AcceptedSettlementCompleted', 'AcceptedCreditSettlementCompleted', 'AcceptedWithoutPosting', 'Rejected'];
const REASON = { by: 'LFI', code: 'AC04', message: 'The payment was rejected by the operator.' };

function form(onsubmit, ...controls) {
  const made = element('form', { className: 'row' }, ...controls);
  made.onsubmit = (event) => {
    event.preventDefault();
    onsubmit();
  };
  return made;
}

function whole(control) {
  return control.value === '' ? undefined : Number(control.value);
}

async function clockCard(act) {
  const now = element('p');
  const offset = element('input', { type: 'number', className: 'short', value: '0', step: '1' });
  const read = async () => {
    const clock = await ask('/operator/clock');
    now.replaceChildren('The server takes it to be ', code(clock.now),
      clock.offsetSeconds ? `, moved by ${clock.offsetSeconds} s` : ', as the system does');
    offset.value = clock.offsetSeconds;
  };
  const set = (seconds) => act(async () => {
    await ask('/operator/clock', 'PUT', { offsetSeconds: seconds });
    await read();
  }, 'Clock moved');
  await read();
  const made = card('Clock', now, form(() => set(Number(offset.value)), field('Seconds ahead', offset),
    element('button', { textContent: 'Set' }), button('+1 day', () => set(Number(offset.value) + 86400), 'quiet'),
    button('Back to the system’s time', () => set(0), 'quiet')));
  made.setAttribute('data-testid', 'console-clock');
  return made;
}

function answerOf({ cut, status, delayMs }) {
  if (cut) return 'connection ended';
  return [status, delayMs ? `after ${delayMs} ms` : null].filter(Boolean).join(' ');
}

async function overridesCard(providers, act) {
  const provider = choice(providers.map((one) => one.provider));
  const operation = choice(providers[0].operations.map((one) => one.operation));
  const status = element('input', { type: 'number', className: 'short', min: '200', max: '599', value: '503' });
  const delay = element('input', { type: 'number', className: 'short', min: '0', max: '60000' });
  const times = element('input', { type: 'number', className: 'short', min: '1', value: '1' });
  const cut = element('input', { type: 'checkbox' });
  const list = element('div');
  const read = async () => {
    const { overrides } = await ask('/operator/overrides');
    refill(list, overrides.length === 0
      ? element('p', { className: 'soft', textContent: 'No override waits for a reply.' })
      : table(['Provider', 'Operation', 'Answer', 'Left', 'Until'], overrides.map((one) => [
        one.provider, code(one.operation), answerOf(one), number(`${one.times}`), time(one.expiresAt)])));
  };
  const add = () => act(async () => {
    await ask('/operator/overrides', 'POST', {
      provider: provider.value,
      operation: operation.value,
      status: cut.checked ? undefined : whole(status),
      delayMs: whole(delay),
      cut: cut.checked || undefined,
      times: Number(times.value),
    });
    await read();
  }, 'Override added');
  await read();
  const forget = () => act(async () => {
    await ask('/operator/overrides', 'DELETE');
    await read();
  }, 'Overrides forgotten');
  const made = card('Faults: the next replies of an operation', form(add, field('Provider', provider),
    field('Operation', operation), field('Status', status), field('Delay, ms', delay), field('Times', times),
    field('end the connection', cut), element('button', { textContent: 'Add' }), button('Forget all', forget, 'quiet')), list);
  made.setAttribute('data-testid', 'console-override');
  return made;
}

function accountsCard(provider, act) {
  const id = element('input', { size: 28, required: true });
  const status = choice(['', ...STATUSES]);
  const block = choice(['', ...BLOCKS]);
  const found = element('p', { className: 'soft' });
  const path = () => `/operator/${provider()}/accounts/${encodeURIComponent(id.value.trim())}`;
  const read = async () => {
    const state = await ask(path());
    const block = state.creditBlock ? `, credit block: ${state.creditBlock}` : '';
    found.replaceChildren(code(state.accountId), ` is ${state.status}${block}`);
  };
  const set = () => act(async () => {
    await ask(path(), 'PUT', { status: status.value || undefined, creditBlock: block.value || undefined });
    await read();
  }, 'Account changed');
  return card('Accounts', form(set, field('Account id', id), button('Show', () => act(read), 'quiet'),
    field('Status', status), field('Credit block', block), element('button', { textContent: 'Set' })), found);
}

function paymentsCard(provider, act) {
  const list = element('div');
  const read = async () => {
    const { payments } = await ask(`/operator/${provider()}/payments`);
    refill(list, payments.length === 0
      ? element('p', { className: 'soft', textContent: 'No payment yet.' })
      : table(['Payment', 'Status', 'Amount', 'Move to'], payments.map((one) => {
        const { id } = one;
        const status = choice(MOVES);
        const move = () => act(async () => {
          const reason = status.value === 'Rejected' ? REASON : undefined;
          const path = `/operator/${provider()}/payments/${encodeURIComponent(id)}`;
          await ask(path, 'PUT', { status: status.value, reason });
          await read();
        }, 'Payment moved');
        const go = button('Move', move, 'quiet');
        go.dataset.key = id;
        return [code(id), one.status, number(amountOf(one)), element('td', {}, status, ' ', go)];
      })));
  };
  return card('Payments', element('p', {}, button('Show the newest', () => act(read), 'quiet')), list);
}

function amountOf({ instruction }) {
  const { amount, currency } = instruction.Amount;
  return `${currency} ${amount}`;
}

function tasksCard(provider, act) {
  const list = element('div');
  const read = async () => {
    const { tasks } = await ask(`/operator/${provider()}/tasks`);
    const decide = (key, what) => (what !== 'drop' || confirm('Drop this call? The Hub will not be told.')) && act(async () => {
      await ask(`/operator/${provider()}/tasks`, 'POST', { key, do: what });
      await read();
    }, `Task: ${what}`);
    refill(list, tasks.length === 0
      ? element('p', { className: 'soft', textContent: 'No call to the Hub is parked.' })
      : table(['Task', 'Record', 'Decision'], tasks.map(({ key, record }) => [code(key), code(JSON.stringify(record)),
        element('td', {}, button('Retry', () => decide(key, 'retry'), 'quiet'), ' ',
          button('Drop', () => decide(key, 'drop'), 'quiet'))])));
  };
  return card('Calls to the Hub that wait for a decision', element('p', {}, button('Show', () => act(read), 'quiet')), list);
}

export async function showControls(main, { providers, act }) {
  const provider = choice(providers.map((one) => one.provider));
  const chosen = () => provider.value;
  const reset = () => confirm(`Reset ${chosen()}? Its payments, changes and passkeys are lost.`) &&
    act(() => ask(`/operator/${chosen()}/reset`, 'POST'), 'Reset done');
  const ofProvider = () => [accountsCard(chosen, act), paymentsCard(chosen, act), tasksCard(chosen, act),
    card('Reset', element('p', { className: 'soft' },
      'Puts the bank’s data back as they were loaded and forgets what the server remembers of it.'),
    button('Reset this provider', reset, 'quiet'))];
  const cards = element('div', {}, ...ofProvider());
  provider.onchange = () => cards.replaceChildren(...ofProvider());
  main.append(await clockCard(act), await overridesCard(providers, act),
    element('form', { className: 'row' }, field('Provider', provider)), cards);
  return null;
}
