// Going on with a journey on a phone: what the first browser shows, and how it ends on the phone.
import { element, show, sign, text } from './dom.js';

const QUIET = 4; // squares of white around a QR code, so that cameras find it

function qrCode({ qrSize, qrPath }) {
  const make = (tag, attributes) => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const width = qrSize + 2 * QUIET;
  const code = make('svg', {
    viewBox: `${-QUIET} ${-QUIET} ${width} ${width}`, class: 'qr', role: 'img',
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
    element('p', { class: 'lead' }, text('handOver.text')),
    qrCode(view),
    element('p', { class: 'waiting', role: 'status' }, text('handOver.waiting')),
    ...link,
    element('div', { class: 'actions' },
      element('button', { class: 'secondary', type: 'button', onclick: back, 'data-testid': 'use-browser' },
        text('handOver.back')),
      element('button', { class: 'plain', type: 'button', onclick: leave, 'data-testid': 'leave' },
        text('signIn.leave'))));
}

export function handedBackView(view) {
  const title = text(view.reason ? `refused.${view.reason}.title` : 'handedBack.title');
  show(title, sign(view.reason ? 'alert' : 'done'),
    element('h1', { 'data-testid': 'handed-back' }, title),
    view.reason ? element('p', {}, text(`refused.${view.reason}.text`)) : null,
    element('p', {}, text('handedBack.text')));
}
