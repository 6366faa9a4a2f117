// Elements, and the operator's JSON calls. All text goes in as text, never as markup.

const SAID_MS = 8000;

/** An element with properties and children; names with a hyphen become attributes. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes('-')) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** A card with a heading. */
export function card(title, ...children) {
  return element('section', { className: 'card' }, element('h2', { textContent: title }), ...children);
}

/**
 * A row of the list: what each cell is said to be, for narrow windows, where a row is a block of lines
 * (and no table any more to those who do not see it, unless its parts say what they are).
 */
export function labelled(list, row) {
  const names = [...list.tHead.rows[0].cells].map(({ textContent }) => textContent);
  row.setAttribute('role', 'row');
  [...row.cells].forEach((cell, at) => {
    cell.setAttribute('role', 'cell');
    if (cell.colSpan === 1) cell.dataset.label = names[at];
  });
  return row;
}

/** A table of rows, each a list of cells: texts or elements. */
export function table(headings, rows) {
  const cell = (content) => {
    if (content instanceof HTMLTableCellElement) return content;
    return element('td', {}, content ?? '');
  };
  const made = element('table', { role: 'table' },
    element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' },
      headings.map((text) => element('th', { scope: 'col', role: 'columnheader', textContent: text })))),
    element('tbody', { role: 'rowgroup' }));
  made.tBodies[0].append(...rows.map((row) => labelled(made, row instanceof Node ? row : element('tr', {}, row.map(cell)))));
  return made;
}

/** Replaces what a list shows; the keyboard stays at the control with the same data-key, or in the list. */
export function refill(list, node) {
  const key = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  list.replaceChildren(node);
  if (key === null) return;
  list.tabIndex = -1;
  ([...list.querySelectorAll('[data-key]')].find(({ dataset }) => dataset.key === key) ?? list).focus();
}

/** A line may end after a stroke of a path, and before a capital inside a name. */
const breakable = (text) =>
  `${text}`.split(/(?<=\/)|(?<=[a-z])(?=[A-Z])/).flatMap((part, at) => (at === 0 ? [part] : [element('wbr'), part]));
export const code = (text) => element('span', { className: 'code' }, breakable(text));
export const pill = (text) => element('span', { className: 'pill' }, breakable(text));
export const number = (text, className = '') =>
  element('td', { className: `number ${className}`, textContent: text });

/** A label around a control. */
export function field(label, control) {
  const check = control.type === 'checkbox';
  return element('label', { className: check ? 'check' : '' }, check ? [control, label] : [label, control]);
}

export function choice(values, properties = {}) {
  const options = values.map((one) => element('option', typeof one === 'string' ? { value: one, textContent: one } : one));
  return element('select', properties, options);
}

export function button(text, onclick, className = '') {
  return element('button', { type: 'button', textContent: text, onclick, className });
}

let silence;

/** Says for a while what was done. */
export function say(text) {
  const said = document.getElementById('said');
  said.textContent = text;
  clearTimeout(silence);
  silence = setTimeout(() => said.replaceChildren(), SAID_MS);
}

export class Refused extends Error {
  constructor(status, body) {
    super(body?.errorMessage ?? `The server answered ${status}.`);
    this.status = status;
  }
}

/** One of the operator's calls: the answer, or null for 204. Throws Refused. */
export async function ask(path, method = 'GET', body = undefined) {
  const answer = await fetch(path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  const json = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Refused(answer.status, json);
  return json;
}

/** The time of day here to the millisecond, and the whole in UTC as its title. */
export function time(text) {
  const at = new Date(text);
  const textContent = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 });
  return element('time', { dateTime: text, title: `${text} (UTC)`, textContent });
}

export async function copy(text, what) {
  await navigator.clipboard.writeText(text);
  say(`${what} copied`);
}
