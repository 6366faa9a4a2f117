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

export const language = document.documentElement.lang;
let texts = {};

export async function loadTexts() {
  const answer = await fetch(`${document.documentElement.dataset.brand}/${language}.json`);
  texts = await answer.json();
}

export function hasText(key) {
  return key in texts;
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;
const isForeign = (value) => RIGHT_TO_LEFT.test(value) !== (document.documentElement.dir === 'rtl');

/** Keeps what runs the other way from moving the words around it (Unicode isolates). */
function isolated(value) {
  return typeof value === 'string' && isForeign(value) ? `\u2068${value}\u2069` : value;
}

/** The text of a key with its {names} replaced. */
export function text(key, values = {}) {
  const all = { ...values, bank: document.querySelector('.bank').textContent };
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (name) => isolated(all[name.slice(1, -1)]) ?? name);
}

/** The same as nodes, where a value may be an element. */
export function nodes(key, values) {
  return (texts[key] ?? key)
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
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'Asia/Dubai' }).format(date);
}

export function money({ value, currency }) {
  return new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'code' }).format(value);
}

/** A text that depends on how many: its keys end in the plural forms of the language. */
export function count(key, number) {
  const form = new Intl.PluralRules(language).select(number);
  return text(hasText(`${key}.${form}`) ? `${key}.${form}` : `${key}.other`, { count: number });
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
