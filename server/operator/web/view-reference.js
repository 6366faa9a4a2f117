// The API reference: every document that the bank serves, with examples of the demonstration's bank.
import { ask, button, choice, code, copy, element, field, table } from './page.js';
import { http, postman, requestsOf, variablesOf } from './collection.js';
import { readDocument, readDocuments } from './reference.js';
import { follow, schemaLine, schemaView } from './schema.js';
import { yaml } from './yaml.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const FIRST = 'bank-data-sharing.json';

function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, item]) => METHODS.filter((method) => item[method])
    .map((method) => ({ path, method, ...item[method], parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])] })));
}

function fold(title, about, open, ...children) {
  const head = element('summary', {}, title, about ? element('span', { className: 'soft', textContent: ` ${about}` }) : null);
  return element('details', { className: 'part', open }, head, ...children);
}

function parameterTable(document, parameters) {
  const rows = parameters.map((one) => follow(document, one)).map((one) => [
    element('td', {}, code(one.name), one.required ? element('div', { className: 'needed', textContent: 'required' }) : null),
    one.in,
    element('td', {}, schemaLine(document, one.schema), one.description ? element('div', { className: 'soft', textContent: one.description }) : null)]);
  return element('div', { className: 'wide' }, table(['Name', 'In', 'What'], rows));
}

function example(value, act) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return element('div', { className: 'example' },
    button('Copy', () => act(() => copy(text, 'Example')), 'quiet'),
    element('pre', { tabIndex: 0, textContent: text, 'aria-label': 'Example' }));
}

function body(document, content, act) {
  return Object.entries(content ?? {}).map(([type, media]) => element('div', {},
    element('p', { className: 'soft', textContent: type }),
    media.schema ? schemaView(document, media.schema) : null,
    media.example === undefined ? null : fold('Example from the demonstration', '', true, example(media.example, act))));
}

function responseView(document, status, node, act) {
  const response = follow(document, node);
  const inner = body(document, response.content, act);
  return fold(status, response.description, status.startsWith('2'), inner);
}

function fill(inner, document, operation, act) {
  const permissions = operation['x-permissions'];
  inner.append(
    element('p', {}, operation.summary ?? operation.description ?? ''),
    permissions ? element('p', { className: 'soft' }, 'Permissions of the consent, one of: ', code(permissions.join(', '))) : '',
    operation.parameters.length > 0 ? fold('Parameters', `${operation.parameters.length}`, false, parameterTable(document, operation.parameters)) : '',
    operation.requestBody ? fold('Request body', '', true, body(document, follow(document, operation.requestBody).content, act)) : '',
    ...Object.entries(operation.responses).map(([status, one]) => responseView(document, status, one, act)));
}

function operationView(document, operation, act) {
  const inner = element('div');
  const view = element('details', { className: 'operation' },
    element('summary', {}, element('span', { className: `method ${operation.method}`, textContent: operation.method.toUpperCase() }),
      ' ', code(operation.path), ' ', element('span', { className: 'soft', textContent: operation.operationId })), inner);
  view.ontoggle = () => {
    if (view.open && inner.childElementCount === 0) fill(inner, document, operation, act);
  };
  view.setAttribute('data-testid', 'console-reference-operation');
  return view;
}

function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  element('a', { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

export async function showReference(main, { act }) {
  const { documents } = await ask('/operator/documents');
  const names = documents.map(({ file, title, version }) => ({ value: file, textContent: `${title} ${version}` }));
  const which = choice(names, { value: FIRST });
  const search = element('input', { type: 'search', size: 24, placeholder: 'balances, POST…' });
  const about = element('p', { className: 'soft' });
  const list = element('section', { className: 'card' });
  let document = null;

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ method, path, operationId }) =>
      words.every((word) => `${method} ${path} ${operationId}`.toLowerCase().includes(word));
    list.replaceChildren(...operationsOf(document).filter(fits).map((one) => operationView(document, one, act)));
  }

  const load = () => act(async () => {
    document = await readDocument(which.value);
    about.textContent = document.info.description ?? '';
    show();
  });
  const download = (end, type, print) => button(`Download ${end.toUpperCase()}`, () =>
    save(which.value.replace(/json$/, end), type, print(document)), 'quiet');
  which.value = FIRST;
  which.onchange = load;
  search.oninput = show;
  const collection = (end, print) => button(`Collection (${end === 'http' ? '.http' : 'Postman, Bruno'})`, () => act(async () => {
    const demonstration = await ask('/operator/demonstration');
    const requests = requestsOf(await readDocuments(), demonstration.ozoneConnect.basePaths);
    save(`ozone-connect.${end}`, 'application/json', print(requests, variablesOf(demonstration)));
  }), 'quiet');
  const form = element('form', { className: 'row' }, field('Document', which), field('Search', search),
    download('json', 'application/json', (one) => JSON.stringify(one, null, 2)), download('yaml', 'application/yaml', yaml),
    collection('postman_collection.json', (...from) => JSON.stringify(postman(...from), null, 2)), collection('http', http));
  form.onsubmit = (event) => event.preventDefault();
  main.append(form, about, list);
  await load();
  return null;
}
