// The view "error", and views that are loaded when they are first shown.
import { element, hasText, inTime, loadTexts, show, sign, text } from './dom.js';

export function errorView(view, retry) {
  const id = hasText(`error.${view.error}.title`) ? view.error : 'INTERNAL';
  const again = ['NETWORK', 'CORE-UNAVAILABLE', 'STATE-UNAVAILABLE', 'PROVIDER-BUSY', 'JOURNEY-OTHER', 'JOURNEY-ACCOUNTS', 'JOURNEY-POLICIES', 'JOURNEY-CHANGED', 'CONSENT-UNKNOWN', 'HUB-DOWN',
    'SIGN-IN-LIMIT', 'SIGN-IN-BUSY', 'APPROVAL-LIMIT', 'APPROVAL-WAITING'].includes(id);
  const title = text(`error.${id}.title`);
  const start = ['JOURNEY-SESSION', 'INTERNAL', 'HAND-OVER-LINK', 'HAND-OVER-USED'].includes(id);
  show(title,
    sign('alert'),
    element('h1', { 'data-testid': 'error-title' }, title),
    element('p', {}, text(`error.${id}.text`)),
    view.waitSeconds
      ? element('p', { 'data-testid': 'error-wait' }, text('error.wait', { when: inTime(view.waitSeconds) }))
      : null,
    view.journey
      ? element('p', { class: 'reference' }, text('error.reference'), ' ',
        element('code', { 'data-testid': 'error-reference' }, view.journey))
      : null,
    again && retry
      ? element('button', { class: 'secondary', type: 'button', onclick: retry }, text('error.retry'))
      : null,
    start ? element('a', { class: 'button secondary', href: '/', 'data-testid': 'error-start' }, text('error.start')) : null);
}

const loads = {};

/** A view whose module and texts are loaded when it is first shown. Without a connection the page is loaded again. */
export const later = (module, present) => async (view) => {
  loads[module] ??= Promise.all([import(`./${module}.js`), loadTexts(module)]).catch(() => []);
  const [loaded] = await loads[module];
  if (loaded) present(loaded, view);
  else errorView({ error: 'NETWORK' }, () => location.reload());
};
