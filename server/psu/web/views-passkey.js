// The customer's passkeys.
import { day, element, question, show, text } from './dom.js';
import { canUsePasskeys } from './passkey.js';

function passkeyItem(passkey, remove) {
  const date = (seconds) => day(new Date(seconds * 1000).toISOString());
  const used = passkey.usedAt
    ? text('passkeys.used', { date: date(passkey.usedAt) })
    : text('passkeys.unused');
  return element('li', { 'data-testid': 'passkey' },
    element('span', {},
      element('strong', {}, element('bdi', {}, passkey.name)),
      element('span', {}, `${text('passkeys.added', { date: date(passkey.createdAt) })} · ${used}`)),
    element('button', {
      class: 'plain', type: 'button', id: `remove-${passkey.passkeyId}`, 'data-testid': 'passkey-remove',
      'aria-label': text('passkeys.removeNamed', { name: passkey.name }),
      onclick: () => remove(passkey),
    }, text('passkeys.remove')));
}

function addForm(add) {
  const name = element('input', {
    id: 'passkey-name', name: 'name', maxlength: '60', required: true, autocomplete: 'off',
    value: text('passkeys.defaultName'),
  });
  return element('form', {
    class: 'stack',
    onsubmit: (event) => {
      event.preventDefault();
      add(name.value.trim() || text('passkeys.defaultName'));
    },
  },
  element('div', { class: 'field' },
    element('label', { for: name.id }, text('passkeys.name')), name),
  element('button', { class: 'primary', 'data-testid': 'passkey-add' }, text('passkeys.add')));
}

/** Removing is asked for once more: it cannot be undone. */
export function removeView(passkey, remove, keep) {
  question(text('passkeys.removeTitle', passkey), text('passkeys.removeText'),
    element('button', { class: 'primary danger', type: 'button', 'data-testid': 'passkey-remove-confirm', onclick: remove },
      text('passkeys.remove')),
    element('button', { class: 'secondary', type: 'button', 'data-testid': 'passkey-keep', onclick: keep },
      text('passkeys.keep')));
}

/** `problem`: the key of what went wrong, if anything did. */
export function passkeysView(view, { add, remove, problem }) {
  const title = text('passkeys.title');
  show(title,
    element('h1', {}, title),
    element('p', { class: 'lead' }, text('passkeys.lead', view)),
    problem ? element('p', { class: 'alert', role: 'alert', 'data-testid': 'passkey-problem' }, text(problem)) : null,
    view.passkeys.length > 0
      ? element('ul', { class: 'passkeys' }, view.passkeys.map((passkey) => passkeyItem(passkey, remove)))
      : element('p', { class: 'lead', 'data-testid': 'passkeys-none' }, text('passkeys.none')),
    canUsePasskeys ? addForm(add) : element('p', { class: 'note' }, text('passkeys.cannot')),
    element('a', { class: 'button plain', href: '/consents' }, text('passkeys.back')));
}
