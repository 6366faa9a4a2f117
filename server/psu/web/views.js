// What each view looks like. Given the server's view and what to do on a click.
import { day, element, hasText, nodes, show, text } from './dom.js';
import { canUsePasskeys } from './passkey.js';

function alertLine(id, testid) {
  return element('p', { class: 'alert', role: 'alert', id, 'data-testid': testid, hidden: true });
}

function say(line, message) {
  line.textContent = message;
  line.hidden = message === '';
}

function field(label, attributes) {
  return element('div', { class: 'field' },
    element('label', { for: attributes.id }, label), element('input', attributes));
}

export function signInView(view, { submit, byPasskey, byPhone, leave }) {
  const typed = document.getElementById('login')?.value ?? '';
  const problem = alertLine('sign-in-problem', 'sign-in-error');
  const form = element('form', {
    class: 'stack', novalidate: true,
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
  element('button', { class: 'primary', 'data-testid': 'sign-in-submit' }, text('signIn.submit')),
  view.passkeys && canUsePasskeys
    ? element('button', { class: 'secondary', type: 'button', onclick: byPasskey, 'data-testid': 'passkey-sign-in' },
      text('signIn.passkey'))
    : null,
  view.handOver
    ? element('button', { class: 'secondary', type: 'button', onclick: byPhone, 'data-testid': 'use-phone' },
      text('signIn.usePhone'))
    : null,
  element('button', { class: 'plain', type: 'button', onclick: leave, 'data-testid': 'leave' },
    text('signIn.leave')));
  const title = text('signIn.title', view);
  show(title,
    element('h1', {}, title),
    element('p', { class: 'lead' }, text(view.tpp ? 'signIn.lead' : 'signIn.leadOwn', view)),
    form,
    view.tpp ? element('p', { class: 'note' }, text('signIn.safe', view)) : null);
  if (view.problem) {
    const left = view.triesLeft ? text('signIn.triesLeft', { count: view.triesLeft }) : '';
    say(problem, `${text(`signIn.${view.problem}`)} ${left}`.trim());
  }
  (typed ? form.elements.password : form.elements.login).focus();
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
    element('img', { class: 'sign', src: '/assets/phone.svg', alt: '', width: 56, height: 56 }),
    element('h1', {}, title),
    element('p', { class: 'lead' }, text('approval.text', view)),
    element('p', { class: 'waiting', role: 'status' }, text('approval.waiting')),
    appLink(view),
    element('button', { class: 'plain', type: 'button', onclick: leave, 'data-testid': 'leave' },
      text('approval.leave'))));
}

export function permissionItem({ group, detail }) {
  const words = detail && hasText(`group.${group}.detail`) ? 'detail' : 'text';
  return element('li', { 'data-testid': 'permission-group' },
    element('strong', {}, text(`group.${group}.title`)),
    element('span', {}, text(`group.${group}.${words}`)));
}

function accountItem(account) {
  const kind = hasText(`account.${account.subType}`) ? text(`account.${account.subType}`) : null;
  const name = account.name ?? kind ?? text('account.unnamed');
  const facts = [
    name === kind ? null : kind,
    account.number ? text('account.number', account) : null,
    account.currency,
  ].filter(Boolean).join(' · ');
  return element('label', { class: 'account' },
    element('input', {
      type: 'checkbox', name: 'account', value: account.id, 'data-testid': `account-${account.id}`,
    }),
    element('span', {}, element('strong', {}, name), element('span', {}, facts)),
    hasText(`account.status.${account.status}`)
      ? element('span', { class: 'chip' }, text(`account.status.${account.status}`))
      : null);
}

function period({ from, to }) {
  const key = `review.period${from ? 'From' : ''}${to ? 'To' : ''}`;
  return text(key, { from: from && day(from), to: to && day(to) });
}

function selectAll(form) {
  const boxes = () => [...form.querySelectorAll('input[name=account]')];
  const all = element('input', {
    type: 'checkbox', onchange: () => boxes().forEach((box) => { box.checked = all.checked; }),
  });
  form.addEventListener('change', () => { all.checked = boxes().every((box) => box.checked); });
  return element('label', { class: 'all' }, all, text('review.all'));
}

export function reviewView(view, approve, leave) {
  const problem = alertLine('review-problem', 'review-error');
  const form = element('form', {
    onsubmit: (event) => {
      event.preventDefault();
      const chosen = [...form.querySelectorAll('input[name=account]:checked')].map((box) => box.value);
      if (chosen.length > 0) approve(chosen);
      else {
        say(problem, text('review.chooseOne'));
        form.querySelector('input[name=account]').focus();
      }
    },
  });
  const fieldset = element('fieldset', { 'aria-describedby': problem.id },
    element('legend', {}, text('review.accounts')),
    view.accounts.length > 1 ? selectAll(form) : null,
    view.accounts.map(accountItem));
  form.append(fieldset, problem,
    element('div', { class: 'actions' },
      element('button', { class: 'primary', 'data-testid': 'approve' }, text('review.approve')),
      element('button', { class: 'secondary', type: 'button', onclick: leave, 'data-testid': 'cancel' },
        text('review.cancel'))));
  const title = text('review.title', view);
  const tpp = element('bdi', { 'data-testid': 'consent-tpp' }, view.tpp);
  show(title,
    element('h1', {}, ...nodes('review.title', { tpp })),
    view.through ? element('p', { class: 'note' }, text('review.through', view)) : null,
    element('p', { class: 'lead' }, text('review.read', view)),
    element('h2', {}, text('review.permissions')),
    element('ul', { class: 'groups' }, view.permissions.map(permissionItem)),
    element('dl', { class: 'facts' },
      element('dt', {}, text('review.expiry')),
      element('dd', { 'data-testid': 'consent-expiry' }, view.expires
        ? text('review.expiryUntil', { date: day(view.expires) })
        : text('review.expiryNone')),
      view.from || view.to ? element('dt', {}, text('review.period')) : null,
      view.from || view.to ? element('dd', {}, period(view)) : null),
    form,
    element('p', { class: 'note' }, text('review.stop', view)));
}

export function endedView(view) {
  const title = text('ended.title');
  show(title,
    element('img', { class: 'sign', src: '/assets/done.svg', alt: '', width: 56, height: 56 }),
    element('h1', {}, title),
    element('p', {}, text('ended.text')),
    element('a', { class: 'button primary', href: view.redirect, rel: 'noreferrer' },
      text('ended.continue')));
}

export function errorView(view, retry) {
  const id = hasText(`error.${view.error}.title`) ? view.error : 'INTERNAL';
  const again = ['NETWORK', 'CORE-UNAVAILABLE', 'JOURNEY-OTHER', 'JOURNEY-ACCOUNTS', 'CONSENT-UNKNOWN', 'HUB-DOWN'].includes(id);
  const title = text(`error.${id}.title`);
  show(title,
    element('img', { class: 'sign', src: '/assets/alert.svg', alt: '', width: 56, height: 56 }),
    element('h1', { 'data-testid': 'error-title' }, title),
    element('p', {}, text(`error.${id}.text`)),
    view.journey
      ? element('p', { class: 'reference' }, text('error.reference'), ' ',
        element('code', { 'data-testid': 'error-reference' }, view.journey))
      : null,
    again && retry
      ? element('button', { class: 'secondary', type: 'button', onclick: retry }, text('error.retry'))
      : null);
}
