// The operations of the contract at each provider; those with a sample can be sent and copied.
import { curl, requestsOf } from './collection.js';
import { ask, button, choice, code, copy, element, field, number, Refused, table } from './page.js';
import { readDocuments } from './reference.js';

const WHY = {
  core: 'not by this core', sector: 'no such sector', authorization: 'by where customers decide', later: 'not built',
};

function command(provider, { method, path }) {
  return `tools/call --provider ${provider} ${method} '${path}'`;
}

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

/** The samples by operationId, and where to send them; empty when this is no demonstration. */
async function readSamples() {
  let demonstration;
  try {
    demonstration = await ask('/operator/demonstration');
  } catch (failure) {
    if (failure instanceof Refused && failure.status === 404) return { samples: new Map() };
    throw failure;
  }
  const documents = await readDocuments();
  const samples = new Map(documents.flatMap(([, document]) => Object.values(document.paths).flatMap((item) =>
    Object.values(item).filter((one) => one['x-sample']).map((one) => [one.operationId, one['x-sample']]))));
  const requests = new Map(requestsOf(documents, demonstration.ozoneConnect.basePaths).map((one) => [one.operation, one]));
  return { demonstration, samples, requests };
}

export async function showOperations(main, { providers, act }) {
  const { demonstration, samples, requests } = await readSamples();
  const provider = choice(providers.map((one) => one.provider));
  const list = element('section', { className: 'card' });
  const headings = ['Operation', 'Method', 'Path', 'Offered', 'Try'];

  function tries(operation, row) {
    const sample = samples.get(operation.operation);
    if (sample?.provider !== provider.value) {
      return [button('Copy command', () => act(() => copy(command(provider.value, operation), 'Command')), 'quiet')];
    }
    const body = sendable(sample, operation.method);
    const send = async () => {
      const answer = await act(() => ask('/operator/send', 'POST', body), `${operation.operation} sent`);
      if (row.nextSibling?.className === 'answer') row.nextSibling.remove();
      if (answer) row.after(answerRow(answer, headings.length));
    };
    return [
      body ? button('Send as Hub', send) : null, body ? ' ' : null,
      button('Copy as curl', () => act(() => copy(curl(requests.get(operation.operation), demonstration), 'curl command')), 'quiet'),
    ];
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

  function show() {
    const { operations } = providers.find((one) => one.provider === provider.value);
    list.replaceChildren(table(headings, operations.map(operationRow)));
  }
  provider.onchange = show;
  main.append(element('p', { className: 'soft' }, demonstration
    ? 'A sample is sent by the Hub simulator, with the Hub’s certificate and credential. The curl command takes a credential when it runs; payments need a consent: tools/collection makes one. tools/call --curl does the same for any request.'
    : 'The command plays the Hub once against a demonstration; with --curl it prints the complete curl command.'),
    element('form', { className: 'row' }, field('Provider', provider)), list);
  show();
  return null;
}
