// Logins and accounts of the demonstration by situation.
import { ask, button, code, copy, element, field } from './page.js';

function placeRow(one, act) {
  const row = element('tr', {}, element('td', {}, code(one.place ?? '')), element('td', { textContent: one.shows ?? '' }),
    element('td', { textContent: one.segment ?? '' }),
    element('td', {}, one.login ? [code(one.login), ' ', button('Copy login', () => act(() => copy(one.login, 'Login')), 'quiet')] : ''),
    element('td', {}, one.id ? code(one.id) : '', one.number ? element('div', { className: 'code', textContent: one.number }) : null));
  row.setAttribute('data-testid', 'console-place');
  return row;
}

export async function showPlaces(main, { act }) {
  const { places } = await ask('/operator/places');
  if (places.length === 0) {
    main.append(element('p', { className: 'soft', textContent: 'This bank lists no known places: adminListener.places names no file.' }));
    return null;
  }
  const search = element('input', { type: 'search', size: 36, placeholder: 'joint, blocked, payment…' });
  const rows = element('tbody');
  const count = element('p', { className: 'soft' });
  count.setAttribute('role', 'status');

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = places.filter((one) => words.every((word) => Object.values(one).join(' ').toLowerCase().includes(word)));
    rows.replaceChildren(...found.map((one) => placeRow(one, act)));
    count.textContent = `${found.length} of ${places.length}`;
  }
  search.oninput = show;
  const form = element('form', { className: 'row' }, field('Search', search));
  form.onsubmit = (event) => event.preventDefault();
  main.append(form, count, element('section', { className: 'card' }, element('table', {},
    element('thead', {}, element('tr', {}, ['Place', 'Shows', 'Segment', 'Login', 'Id, number'].map((text) => element('th', { scope: 'col', textContent: text })))), rows)));
  show();
  return null;
}
