// English and Arabic: the English text is the key of the Arabic one.
import {ARABIC} from "./arabic.js";

const LANGUAGES = {en: "English", ar: "العربية"};

function chosen() {
  try {
    const kept = localStorage.getItem("language");
    if (LANGUAGES[kept]) return kept;
  } catch {
    // a browser without storage decides by its own language
  }
  return navigator.language.startsWith("ar") ? "ar" : "en";
}

export const language = document.body.dataset.language ?? chosen();
/** For dates and numbers, with western digits. */
export const locale = language === "ar" ? "ar-AE-u-nu-latn" : "en-GB";

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** The text in the page's language; {name} stands for a value. */
export const t = (text, values = {}) => fill((language === "ar" && ARABIC[text]) || text, values);

/** One of two texts by how many, {count}; the Arabic of the second is an object of its plural forms. */
export function count(one, other, number, values = {}) {
  const forms = language === "ar" ? ARABIC[other] : {one, other};
  return fill(forms[new Intl.PluralRules(language).select(number)] ?? forms.other, {...values, count: number});
}

/** One of the texts by language that the bank's configuration brings. */
export const pick = (texts) => texts?.[language];

/** Whether there are words for a text in the page's language. */
export const known = (text) => language === "en" || ARABIC[text] !== undefined;

function switcher() {
  const group = document.createElement("span");
  group.className = "languages";
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", t("Language"));
  for (const [code, name] of Object.entries(LANGUAGES)) {
    const button = document.createElement("button");
    Object.assign(button, {type: "button", textContent: name, lang: code});
    button.dataset.testid = `language-${code}`;
    button.setAttribute("aria-pressed", String(code === language));
    button.addEventListener("click", () => {
      localStorage.setItem("language", code);
      location.reload();
    });
    group.append(button);
  }
  return group;
}

document.documentElement.lang = language;
document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
if (language === "ar") {
  document.title = t(document.title);
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.textContent.trim());
  for (const node of document.querySelectorAll("[aria-label]")) node.setAttribute("aria-label", t(node.getAttribute("aria-label")));
}
if (!document.body.dataset.language) document.querySelector(".top nav")?.before(switcher());
