// What each view looks like. Given the server's view and what to do on a click.
import { alertLine, count, element, hasText, say, show, sign, text } from './dom.js';
import { canUsePasskeys } from './passkey.js';

const onPhone = matchMedia('(pointer: coarse)').matches;

function field(label, attributes) {
  return element('div', { class: 'field' },
    element('label', { for: attributes.id }, label), element('input', attributes));
}

/** Shows what is typed into a password's field. */
function reveal() {
  return element('label', { class: 'reveal' }, element('input', {
    type: 'checkbox',
    onchange: ({ target }) => { document.getElementById('password').type = target.checked ? 'text' : 'password'; },
  }), text('signIn.show'));
}

/** What the customer signs in for. */
function leadKey({ tpp, pays, policies }) {
  if (!tpp) return 'signIn.leadOwn';
  if (policies) return 'signIn.leadPolicies';
  return pays ? 'signIn.leadPayment' : 'signIn.lead';
}

export function signInView(view, { submit, byPasskey, byPhone, leave }) {
  const typed = document.getElementById('login')?.value ?? '';
  const problem = alertLine('sign-in-problem', 'sign-in-error');
  const form = element('form', {
    class: 'stack', novalidate: true, 'aria-labelledby': 'title', 'aria-describedby': 'reason',
    onsubmit: (event) => {
      event.preventDefault();
      const { login, password } = form.elements;
      if (login.value && password.value) submit(login.value, password.value);
      else {
        say(problem, text('signIn.missing'));
        (login.value ? password : login).focus();
      }
    },
  },
  problem,
  field(text('signIn.user'), {
    id: 'login', name: 'login', autocomplete: 'username', autocapitalize: 'none',
    spellcheck: 'false', maxlength: '100', required: true, value: typed,
    'aria-describedby': problem.id, 'data-testid': 'sign-in-user',
  }),
  field(text('signIn.password'), {
    id: 'password', name: 'password', type: 'password', autocomplete: 'current-password',
    maxlength: '200', required: true,
    'aria-describedby': problem.id, 'data-testid': 'sign-in-password',
  }),
  reveal(),
  element('button', { class: 'primary', 'data-testid': 'sign-in-submit' }, text('signIn.submit')),
  (view.passkeys && canUsePasskeys) || (view.handOver && !onPhone)
    ? element('p', { class: 'or' }, element('span', {}, text('signIn.or')))
    : null,
  view.passkeys && canUsePasskeys
    ? element('button', { class: 'secondary', type: 'button', onclick: byPasskey, 'data-testid': 'passkey-sign-in' },
      text('signIn.passkey'))
    : null,
  view.handOver && !onPhone
    ? element('button', { class: 'secondary', type: 'button', onclick: byPhone, 'data-testid': 'use-phone' },
      text('signIn.usePhone'))
    : null,
  element('button', { class: 'plain', type: 'button', onclick: leave, 'data-testid': 'leave' },
    text('signIn.leave')));
  const title = text('signIn.title', view);
  show(title,
    hasText(`own.segment.${view.segment}`)
      ? element('p', { class: 'segment', 'data-testid': 'segment' }, text(`own.segment.${view.segment}`)) : null,
    element('h1', { id: 'title' }, title),
    element('p', { class: 'lead', id: 'reason' }, text(leadKey(view), view)),
    form,
    view.tpp ? element('p', { class: 'note' }, text(view.pays ? 'signIn.safePayment' : 'signIn.safe', view)) : null);
  if (view.problem) {
    say(problem, [
      text(`signIn.${view.problem}`),
      view.triesLeft ? count('signIn.triesLeft', view.triesLeft) : '',
      view.problem === 'wrong-credentials' ? text('signIn.pause') : '',
    ].join(' ').trim());
  }
  (typed ? form.elements.password : form.elements.login).focus();
}

/** The number that the request in the app shows too. */
export function requestNumber({ number }) {
  return [
    element('p', { class: 'compare', 'data-testid': 'second-factor-number' }, String(number)),
    element('p', { class: 'note' }, text('approval.number')),
  ];
}

/** In the demo, the way to the simulated app. */
export function appLink({ openApp }) {
  return openApp ? [
    element('a', {
      class: 'button secondary', href: openApp, target: '_blank', rel: 'noopener',
      'data-testid': 'open-app',
    }, text('approval.openApp')),
    element('p', { class: 'note' }, text('approval.demo')),
  ] : null;
}

export function approvalView(view, leave) {
  const title = text('approval.title');
  show(title, element('div', { 'data-testid': 'second-factor' },
    sign('phone'),
    element('h1', {}, title),
    element('p', { class: 'lead' }, text('approval.text', view)),
    requestNumber(view),
    element('p', { class: 'waiting', role: 'status' }, text('approval.waiting')),
    appLink(view),
    element('button', { class: 'plain', type: 'button', onclick: leave, 'data-testid': 'leave' },
      text('approval.leave'))));
}
