// Logins and accounts of the demonstration by situation.
import { ask, button, code, copy, element, field, labelled, table } from './page.js';

function loginCell({ login, password }, act) {
  if (!login) return element('td');
  const copyText = (text, what) => button(`Copy ${what}`, () => act(() => copy(text, what)), 'quiet');
  return element('td', {}, code(login), ' ', copyText(login, 'login'), password ? copyText(password, 'password') : null);
}

const textOf = (one) => Object.values(one)
  .map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' ').toLowerCase();

/** What is sent there, and how it ends. */
function requestOf({ creditor, amount, request, status, reason }) {
  const sent = request ? JSON.stringify(request) : [creditor, amount && `${amount} AED`].filter(Boolean).join(', ');
  const ends = [status, reason].filter(Boolean).join(': ');
  return [sent ? element('div', {}, code(sent)) : '', ends ? element('div', { textContent: ends }) : ''];
}

function placeRow(one, act) {
  const row = element('tr', {}, element('td', {}, code(one.place ?? '')),
    element('td', { textContent: one.shows ?? '' }), element('td', { textContent: one.segment ?? '' }),
    loginCell(one, act), element('td', {}, one.id ? code(one.id) : '', one.number ? element('div', { className: 'code', textContent: one.number }) : null),
    element('td', {}, ...requestOf(one)));
  row.setAttribute('data-testid', 'console-place');
  return row;
}

export async function showPlaces(main, { act }) {
  const { places } = await ask('/operator/places');
  if (places.length === 0) {
    const text = 'This bank lists no known places: adminListener.places names no file.';
    main.append(element('p', { className: 'soft', textContent: text }));
    return null;
  }
  const search = element('input', { type: 'search', size: 36, placeholder: 'joint, blocked, payment…' });
  const list = table(['Place', 'Shows', 'Segment', 'Login', 'Id, number', 'Request, ends as'], []);
  const count = element('p', { className: 'soft' });
  count.setAttribute('role', 'status');

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (one) => words.every((word) => textOf(one).includes(word));
    const found = places.filter(fits);
    list.tBodies[0].replaceChildren(...found.map((one) => labelled(list, placeRow(one, act))));
    count.textContent = `${found.length} of ${places.length}`;
  }
  search.oninput = show;
  const form = element('form', { className: 'row' }, field('Search', search));
  form.onsubmit = (event) => event.preventDefault();
  main.append(form, count, element('section', { className: 'card' }, list));
  show();
  return null;
}
