// Going on with a journey on a phone: what the first browser shows, and how it ends on the phone.
import { element, moment, show, sign, text } from './dom.js';

const QUIET_ZONE = 4; // white squares around a QR code (ISO/IEC 18004)

function qrCode({ qrSize, qrPath }) {
  const make = (tag, attributes) => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const width = qrSize + 2 * QUIET_ZONE;
  const code = make('svg', {
    viewBox: `${-QUIET_ZONE} ${-QUIET_ZONE} ${width} ${width}`, class: 'qr', role: 'img',
    'aria-label': text('handOver.code'), 'shape-rendering': 'crispEdges', 'data-testid': 'handover-qr',
  });
  code.append(make('path', { d: qrPath }));
  return code;
}

export function handOverView(view, { back, leave }) {
  const title = text('handOver.title');
  const link = view.link ? [
    element('a', {
      class: 'button secondary', href: view.link, target: '_blank', rel: 'noopener',
      'data-testid': 'handover-link',
    }, text('handOver.link')),
    element('p', { class: 'note' }, text('handOver.demo')),
  ] : [];
  show(title,
    element('h1', {}, title),
    element('div', { class: 'offered' },
      element('p', { class: 'lead' }, text('handOver.text')),
      qrCode(view),
      element('p', { class: 'compare', 'data-testid': 'handover-number' }, String(view.number)),
      element('p', { class: 'note' }, text('handOver.number'))),
    element('p', { class: 'waiting', role: 'status', 'data-testid': 'handover-status' }, text('handOver.waiting')),
    element('div', { class: 'offered' }, ...link),
    element('div', { class: 'actions' },
      element('button', { class: 'secondary', type: 'button', onclick: back, 'data-testid': 'use-browser' },
        text('handOver.back')),
      element('button', { class: 'plain', type: 'button', onclick: leave, 'data-testid': 'leave' },
        text('signIn.leave'))));
}

/** On the phone, before anything is taken over: what was started, where, and whether it was the customer. */
export function takeOverView(view, { confirm }) {
  const title = text('takeOver.title');
  const fact = (key, value, testid = null) => [element('dt', {}, text(key)), element('dd', { 'data-testid': testid }, element('bdi', {}, value))];
  const refuse = () => {
    const refused = text('takeOver.refused.title');
    show(refused, sign('alert'), element('h1', { 'data-testid': 'take-over-refused' }, refused),
      element('p', {}, text('takeOver.refused.text')));
  };
  show(title, sign('phone'),
    element('h1', {}, title),
    element('p', { class: 'lead' }, text('takeOver.text', { time: moment(view.startedAt * 1000) })),
    element('p', { class: 'compare', 'data-testid': 'take-over-number', 'aria-label': `${text('takeOver.number')} ${view.number}` },
      String(view.number)),
    element('dl', { class: 'facts' },
      view.tpp ? fact('takeOver.for', view.tpp, 'take-over-tpp') : [],
      fact('takeOver.browser', view.browser || text('takeOver.browserUnknown'))),
    view.replaces ? element('p', { class: 'note', role: 'status' }, text('takeOver.replaces')) : null,
    element('div', { class: 'actions' },
      element('button', { class: 'primary', type: 'button', onclick: confirm, 'data-testid': 'take-over-confirm' },
        text('takeOver.confirm')),
      element('button', { class: 'secondary', type: 'button', onclick: refuse, 'data-testid': 'take-over-refuse' },
        text('takeOver.refuse'))));
}
