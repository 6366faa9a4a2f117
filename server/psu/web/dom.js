// Elements and texts. All text goes in as text, never as markup.

/** Makes an element: attributes by name, on… as listeners, true as present, null left out. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, '');
    else if (value !== null && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null));
  return made;
}

const SIGNS = {
  alert: ['M28 16v15M28 39v.1'],
  done: ['M18 29l7 7 14-15'],
  phone: ['M23 12h10a4 4 0 0 1 4 4v24a4 4 0 0 1-4 4h-10a4 4 0 0 1-4-4v-24a4 4 0 0 1 4-4zM26 39h4', 'M24 26l3 3 6-6.5'],
};

/** A picture above a heading, which says the same. Inline: it is there without a connection, in the text's colours. */
export function sign(name) {
  const made = (tag, attributes) => {
    const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const picture = made('svg', { class: `sign ${name}s`, viewBox: '0 0 56 56', 'aria-hidden': 'true' });
  picture.append(made('circle', { cx: 28, cy: 28, r: 28 }), ...SIGNS[name].map((d) => made('path', { d })));
  return picture;
}

export const language = document.documentElement.lang;
const texts = {};

/**
 * Loads the texts that a script and what it imports name: by the whole key, or in a template that
 * begins with whole parts of it (server/psu/texts.h).
 */
export async function loadTexts(script) {
  const answer = await fetch(`${document.documentElement.dataset.brand}/${script}.${language}.json`);
  Object.assign(texts, await answer.json());
}

export function hasText(key) {
  return key in texts;
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;
const isForeign = (value) => RIGHT_TO_LEFT.test(value) !== (document.documentElement.dir === 'rtl');

/**
 * Isolates text of the other direction, so that it does not reorder the words around it. What has digits
 * and signs alone reads from left to right in both languages.
 */
export function isolated(value) {
  return typeof value === 'string' && isForeign(value) ? `\u2068${value}\u2069` : value;
}

function words(key) {
  if (!hasText(key)) console.error(`no text: ${key}`);
  return texts[key] ?? key;
}

/** The text of a key with its {names} replaced. */
export function text(key, values = {}) {
  const all = { ...values, bank: document.querySelector('.bank').textContent };
  return words(key).replace(/\{(\w+)\}/g, (name) => isolated(all[name.slice(1, -1)]) ?? name);
}

/** The same as nodes, where a value may be an element. */
export function nodes(key, values) {
  return words(key)
    .split(/(\{\w+\})/)
    .map((part) => (/^\{\w+\}$/.test(part) ? values[part.slice(1, -1)] : part));
}

// Digits are those of European languages in Arabic too, as UAE banks print them.
export const locale = `${language}-AE-u-nu-latn`;

/** A day as people here write it. Dates without a time are days of no zone. */
export function day(value) {
  const plain = /^\d{4}-\d{2}-\d{2}$/.test(value);
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return value;
  const timeZone = plain ? 'UTC' : 'Asia/Dubai';
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone }).format(date);
}

/** A moment of the day, in the bank's zone. Numbers are milliseconds. */
export function moment(value) {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return value;
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'Asia/Dubai' }).format(date)
    .replace(/\s(?=\S+$)/u, '\u00a0'); // "5:24 am" stays on one line
}

/** How far away a day is: "in 3 months". */
export function fromNow(value) {
  const days = Math.round((new Date(value) - Date.now()) / 86_400_000);
  const format = new Intl.RelativeTimeFormat(locale);
  return Math.abs(days) < 45 ? format.format(days, 'day') : format.format(Math.round(days / 30.44), 'month');
}

/** When so many seconds have passed: "in 2 minutes". Rounded up, so that nobody comes too early. */
export function inTime(seconds) {
  const format = new Intl.RelativeTimeFormat(locale);
  if (seconds <= 90) return format.format(Math.ceil(seconds), 'second');
  const minutes = Math.ceil(seconds / 60);
  return minutes <= 90 ? format.format(minutes, 'minute') : format.format(Math.ceil(minutes / 60), 'hour');
}

export const currencyName = (currency) => new Intl.DisplayNames([language], { type: 'currency' }).of(currency);

/** Amounts by code in English; in Arabic by the dirham's sign or the currency's name. */
export function money({ value, currency }) {
  const arabic = currency === 'AED' ? 'symbol' : 'name';
  const currencyDisplay = language === 'ar' ? arabic : 'code';
  return new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay }).format(value);
}

/** A whole number, as the language groups its digits. */
export const whole = (number) => new Intl.NumberFormat(locale).format(number);

/** An account's number, in fours where it is made of them, between which a line may end. The gaps are not copied. */
export function grouped(number) {
  const parts = /^([A-Z]{2}\d{2}[A-Z0-9]+|[\d*]+)$/.test(number) ? number.match(/.{1,4}/g) : [number];
  return element('bdi', { class: 'number', dir: 'ltr' }, parts.flatMap((part) => [element('wbr'), element('span', {}, part)]));
}

/** A text that depends on how many: its keys end in the plural forms of the language. */
export function count(key, number, values = {}) {
  const form = new Intl.PluralRules(language).select(number);
  return text(hasText(`${key}.${form}`) ? `${key}.${form}` : `${key}.other`, { ...values, count: whole(number) });
}

/** Where a problem is said; hidden until then. */
export function alertLine(id, testid) {
  return element('p', { class: 'alert', role: 'alert', id, 'data-testid': testid, hidden: true });
}

export function say(line, message) {
  line.textContent = message;
  line.hidden = message === '';
}

/** Whether the last call found no connection is shown until one does. */
export function showOffline(offline) {
  let line = document.getElementById('offline');
  if (offline && !line) {
    line = element('p', { id: 'offline', class: 'alert offline', role: 'status', 'data-testid': 'offline' }, text('page.offline'));
    document.getElementById('view').prepend(line);
  } else if (!offline) line?.remove();
}

/** Replaces what is shown, and tells those who cannot see it. */
export function show(title, ...content) {
  const view = document.getElementById('view');
  view.replaceChildren(...content.filter((child) => child !== null));
  document.title = `${title} – ${document.querySelector('.bank').textContent}`;
  const heading = view.querySelector('h1');
  heading?.setAttribute('tabindex', '-1');
  heading?.focus();
}

/** A question in place of what is shown. Escape answers as the button `no` does. */
export function question(title, lead, yes, no) {
  const answers = element('div', { class: 'actions' }, yes, no);
  const escape = ({ key }) => {
    if (!answers.isConnected) removeEventListener('keydown', escape);
    else if (key === 'Escape' && !answers.closest('[aria-busy]')) no.click();
  };
  show(title, element('h1', {}, title), element('p', { class: 'lead' }, lead), answers);
  addEventListener('keydown', escape);
}

/** Offers the languages there are texts for, when there is a choice. */
export function offerLanguages() {
  const all = document.documentElement.dataset.languages.split(' ');
  const place = document.getElementById('languages');
  if (all.length < 2 || !place) return;
  const name = new Intl.DisplayNames(all, { type: 'language' });
  for (const code of all) {
    place.append(
      element('button', {
        type: 'button', lang: code, 'data-testid': `language-${code}`,
        'aria-pressed': String(code === language),
        onclick: () => {
          document.cookie = `language=${code}; path=/; samesite=lax; max-age=31536000`;
          location.reload();
        },
      }, new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? name.of(code)),
    );
  }
  place.hidden = false;
}
