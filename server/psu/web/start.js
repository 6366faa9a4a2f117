// The start page, for those whom no TPP has sent: links to the own consents of each provider.
import { call } from './api.js';
import { element, loadTexts, offerLanguages, text } from './dom.js';

offerLanguages();
const [{ providers = [] }] = await Promise.all([call('/consents/api/providers'), loadTexts('start')]);
if (providers.length > 1) {
  document.querySelector('[data-testid=start-own]').replaceWith(...providers.map(({ id, segment }) =>
    element('a', { class: 'button primary', href: `/consents#${id}`, 'data-testid': `start-${id}` },
      `${text('start.own')}: ${text(`own.segment.${segment}`)}`)));
}
