// The operations of the contract at each provider; those with a sample can be sent and copied.
import { ask, button, choice, code, copy, element, field, labelled, number, table } from './page.js';
import { commandOf, readSamples } from './samples.js';

const WHY = {
  core: 'not by this core', sector: 'no such sector', authorization: 'by where customers decide', later: 'not built',
};

/** What /operator/send takes, of a sample; null when it has values that only a person can fill in. */
function sendable({ provider, path, userId, consentId, body }, method) {
  if (JSON.stringify([path, consentId, body]).includes('{{')) return null;
  const [plain, query] = path.split('?');
  return { providerId: provider, method, path: plain, query, userId, consentId, body };
}

function answerRow(answer, columns) {
  const good = answer.status < 400;
  const text = answer.body === '' ? '' : JSON.stringify(answer.body, null, 2);
  const row = element('tr', { className: 'answer' }, element('td', { colSpan: columns },
    element('p', {}, element('strong', { className: good ? 'good' : 'bad', textContent: `${answer.status}` }),
      ' ', element('span', { className: 'soft' }, 'interaction ', code(answer.interactionId)),
      answer.finding ? element('span', { className: 'why', textContent: ` ${answer.finding}` }) : null),
    text ? element('pre', { tabIndex: 0, textContent: text, 'aria-label': 'Answer of the bank' }) : null));
  row.setAttribute('data-testid', 'console-answer');
  return row;
}

export async function showOperations(main, { providers, act }) {
  const { demonstration, samples } = await readSamples();
  const provider = choice(providers.map((one) => one.provider));
  const list = element('section', { className: 'card' });
  const headings = ['Operation', 'Method', 'Path', 'Offered', 'Try'];

  function tries(operation, row) {
    const sample = samples.get(operation.operation);
    const isSample = sample?.provider === provider.value;
    const copyButton = button(isSample ? 'Copy as curl' : 'Copy command', () => act(async () =>
      copy(await commandOf(provider.value, operation), isSample ? 'curl command' : 'Command')), 'quiet');
    if (!isSample) return [copyButton];
    const body = sendable(sample, operation.method);
    const send = async () => {
      const answer = await act(() => ask('/operator/send', 'POST', body), `${operation.operation} sent`);
      if (row.nextSibling?.className === 'answer') row.nextSibling.remove();
      if (answer) row.after(labelled(list.firstChild, answerRow(answer, headings.length)));
    };
    return [body ? button('Send as Hub', send) : null, body ? ' ' : null, copyButton];
  }

  function operationRow(operation) {
    const row = element('tr', {}, element('td', {}, code(operation.operation)), element('td', {}, code(operation.method)),
      element('td', {}, code(operation.path)),
      number(operation.offered ? 'yes' : WHY[operation.notOffered], operation.offered ? 'good' : 'warn'));
    if (!operation.offered && operation.needs) row.lastChild.title = `needs ${operation.needs}`;
    row.append(element('td', {}, tries(operation, row)));
    row.setAttribute('data-testid', 'console-operation');
    return row;
  }

  const search = element('input', { type: 'search', size: 24, placeholder: 'balances, POST…' });
  const offered = element('input', { type: 'checkbox' });
  const count = element('p', { className: 'soft', role: 'status' });

  function show() {
    const { operations } = providers.find((one) => one.provider === provider.value);
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = operations.filter((one) => (one.offered || !offered.checked) &&
      words.every((word) => `${one.operation} ${one.method} ${one.path}`.toLowerCase().includes(word)));
    list.replaceChildren(table(headings, found.map(operationRow)));
    count.textContent = `${found.length} of ${operations.length}`;
  }
  const form = element('form', { className: 'row' }, field('Provider', provider), field('Search', search), field('offered only', offered));
  form.oninput = show;
  form.onsubmit = (event) => event.preventDefault();
  main.append(element('p', { className: 'soft' }, demonstration
    ? 'A sample is sent by the Hub simulator, with the Hub’s certificate and credential. The curl command takes a credential when it runs; payments need a consent: tools/collection makes one. tools/call --curl does the same for any request.'
    : 'The command plays the Hub once against a demonstration; with --curl it prints the complete curl command.'),
    form, count, list);
  show();
  return null;
}
