// What a customer chooses to share: a list with what helps to choose among many, and the decision.
import { alertLine, day, element, fromNow, hasText, isolated, nodes, say, show, text } from './dom.js';

export const MANY = 10; // from which on searching is offered and permissions are folded

const GIST = 4; // titles that are named at the top

/** The first titles of what is shared, seen without scrolling. */
export function gistOf(titles) {
  const more = titles.length - GIST;
  return titles.slice(0, GIST).join('\u00a0· ') + (more > 0 ? `\u00a0· ${isolated(`+${more}`)}` : '');
}

/** One line of a list to choose from: a box and what it stands for. */
export function choice(kind, id, ...about) {
  return element('label', { class: 'account' },
    element('input', { type: 'checkbox', name: kind, value: id, 'data-testid': `${kind}-${id}` }), ...about);
}

const boxOf = (item) => item.querySelector('input');

/** The list: `items` made by choice(), `content` where they stand. `words` are texts of its own. */
function chooser({ items, content, words }, problem) {
  const shown = () => items.filter((item) => !item.hidden);
  const all = element('input', { type: 'checkbox', 'data-testid': 'review-all' });
  const counted = element('p', { class: 'counted', role: 'status', 'data-testid': 'review-count' });
  const none = element('p', { class: 'note', role: 'status', hidden: true }, words.none);
  const update = () => {
    const chosen = items.filter((item) => boxOf(item).checked).length;
    all.checked = shown().length > 0 && shown().every((item) => boxOf(item).checked);
    say(counted, text('review.count', { count: String(chosen), all: String(items.length) }));
    if (chosen > 0) say(problem, '');
  };
  const unfold = () => content.forEach((part) => { if (part.localName === 'details') part.open = true; });
  all.addEventListener('change', () => {
    shown().forEach((item) => { boxOf(item).checked = all.checked; });
    if (all.checked) unfold(); // nothing is chosen unseen
  });
  const search = element('input', {
    type: 'search', id: 'search', autocomplete: 'off', 'data-testid': 'review-search',
    oninput: () => {
      const wanted = search.value.toLowerCase().replace(/\s/g, '');
      for (const item of items) item.hidden = !item.textContent.toLowerCase().replace(/\s/g, '').includes(wanted);
      none.hidden = shown().length > 0;
      unfold();
      update();
    },
  });
  const list = element('fieldset', { 'aria-describedby': problem.id, onchange: update },
    element('legend', {}, words.legend),
    items.length > MANY
      ? element('div', { class: 'field' }, element('label', { for: 'search' }, text('review.search')), search)
      : null,
    items.length > 1 ? element('label', { class: 'all' }, all, text('review.all')) : null,
    content, none);
  update();
  return { list, counted, chosen: () => items.map(boxOf).filter((box) => box.checked).map((box) => box.value) };
}

/** A part of what is shared, closed to its titles. */
export function fold(title, titles, open, testid, ...content) {
  return element('details', { class: 'fold information', open, 'data-testid': testid },
    element('summary', {}, element('span', {}, title, element('span', { class: 'closed' }, titles.join('\u00a0· ')))),
    ...content);
}

/** Facts about a request: those that have a value. `more` are rows [title, value]. */
function terms(view, purpose, more) {
  const fact = ([title, value, testid]) => (value
    ? [element('dt', {}, title), element('dd', { 'data-testid': testid ?? null }, value)] : []);
  return element('dl', { class: 'facts' }, [
    [text('review.expiry'), view.expires
      ? text('review.expiryDate', { date: day(view.expires), in: fromNow(view.expires) })
      : text('review.expiryNone'), 'consent-expiry'],
    ...more,
    [text('review.purpose'), hasText(purpose) ? text(purpose) : null],
  ].flatMap(fact));
}

/**
 * The page of the decision. `of`: items and content of the list; words (the texts title, read and
 * readOpen by key; legend, none, chooseOne); gist, the titles at the top; shared, what is shared;
 * purpose, the key of a text; terms, more rows of facts.
 */
export function choiceView(view, of, { approve, leave }) {
  const { words } = of;
  const problem = alertLine('review-problem', 'review-error');
  const { list, counted, chosen } = chooser(of, problem);
  const form = element('form', {
    class: 'review',
    onsubmit: (event) => {
      event.preventDefault();
      if (chosen().length > 0) approve(chosen());
      else {
        say(problem, words.chooseOne);
        form.querySelector('fieldset input[name]').focus();
      }
    },
  },
  list, ...of.shared, terms(view, of.purpose, of.terms ?? []),
  element('p', { class: 'note' }, text('review.stop', view)),
  element('div', { class: 'actions sticky' }, problem, counted,
    element('button', { class: 'secondary', type: 'button', onclick: leave, 'data-testid': 'cancel' }, text('review.cancel')),
    element('button', { class: 'primary', 'data-testid': 'approve' },
      element('img', { class: 'scheme-mark', src: document.documentElement.dataset.mark, alt: '', width: 20, height: 20 }),
      element('span', {}, text('review.approve')))));
  const tpp = element('bdi', { 'data-testid': 'consent-tpp' }, view.tpp);
  show(text(words.title, view),
    element('h1', {}, ...nodes(words.title, { tpp })),
    view.through ? element('p', { class: 'note' }, text('review.through', view)) : null,
    element('p', { class: 'lead' }, view.expires
      ? text(words.read, { ...view, date: day(view.expires) }) : text(words.readOpen, view)),
    element('p', { class: 'gist', 'data-testid': 'gist' }, of.gist),
    form);
}
