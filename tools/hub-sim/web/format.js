// Values of the contract as people read them.
import {locale, t} from "./i18n.js";
import {element} from "./page.js";

const KEPT = new Set(["IBAN", "POS", "ATM", "BIC", "BICFI", "LFI", "TPP", "FX", "AED"]);
const RATES = /(Rate|Margin|^UpTo|^StartingFrom|Percentage)$/;
const PLACES = {AbuDhabi: "Abu Dhabi", RasAlKhaimah: "Ras Al Khaimah", UmmAlQuwain: "Umm Al Quwain"};
const ZONE = "Asia/Dubai";

/** The contract's names as words: "LocalBankTransfer" is "Local bank transfer", "POS" stays. */
export function words(name) {
  const parts = String(name).replace(/([a-z\d])([A-Z])/g, "$1 $2").replace(/([A-Z])([A-Z][a-z])/g, "$1 $2").replace(/_/g, " ").split(" ");
  const text = parts.map((part, index) => (index === 0 || /^[A-Z\d]{2,}$/.test(part) || KEPT.has(part) ? part : part.toLowerCase())).join(" ");
  return t((text.charAt(0).toUpperCase() + text.slice(1)).replace(/\bid\b/gi, "ID"));
}

const thousands = (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ",");

/** Keeps its order of reading in a right-to-left text. */
const isolate = (text) => (locale.startsWith("ar") ? `\u2066${text}\u2069` : text);

/** Decimal text with grouping; never through a floating-point number. `plus`: what is not a debit shows its sign. */
export function money(value, direction, {plus = false} = {}) {
  const {amount, currency} = value.Amount === undefined ? value : {amount: value.Amount, currency: value.Currency};
  const [whole, fraction = "00"] = String(amount).split(".");
  const sign = direction === "Debit" ? "−" : plus ? "+" : "";
  return isolate(`${sign}${currency ?? ""} ${thousands(whole)}.${fraction.padEnd(2, "0")}`.trim());
}

const style = (options) => new Intl.DateTimeFormat(locale, {timeZone: ZONE, ...options});
const DAY = style({dateStyle: "full"});
const DATE = style({dateStyle: "long"});
const DATE_TIME = style({dateStyle: "medium", timeStyle: "short"});

export const day = (text) => DAY.format(new Date(text));
export const date = (text) => DATE.format(new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T12:00:00+04:00` : text));
export const dateTime = (text) => DATE_TIME.format(new Date(text));

export function grouped(number) {
  return isolate(String(number).replace(/^(AE\d+|\d{4}\*{8}\d{4})$/, (one) => one.match(/.{1,4}/g).join(" ")));
}

/** A number of days, weeks, months or years. */
export const lasting = (count, unit) => new Intl.NumberFormat(locale, {style: "unit", unit, unitDisplay: "long"}).format(count);

/** "P3Y6M" is "3 years 6 months". */
function duration(text) {
  const [, years, months] = /^P(?:(\d+)Y)?(?:(\d+)M)?$/.exec(text);
  return [years && lasting(years, "year"), months && lasting(months, "month")].filter(Boolean).join(" ") || text;
}

function scalar(name, value) {
  if (typeof value === "boolean") return t(value ? "Yes" : "No");
  if (typeof value === "number") return RATES.test(name) ? `${value} %` : String(value);
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return dateTime(value);
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return date(value);
  if (/^P(\d+Y)?(\d+M)?$/.test(value) && value !== "P") return duration(value);
  if (/^\d{4,13}\.\d{2}$/.test(value)) return value.replace(/^\d+/, thousands);
  if (PLACES[value]) return PLACES[value];
  if (/^[A-Z][a-z]+([A-Z][a-z]+)+$/.test(value)) return words(value);
  return grouped(value);
}

const isMoney = (value) => (value.amount !== undefined && value.currency !== undefined) || (typeof value.Amount === "string" && value.Currency !== undefined);

function valueNode(name, value) {
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== "object")) return value.map((item) => scalar(name, item)).join(", ");
    return element("div", {className: "stack"}, ...value.map((item) => valueNode(name, item)));
  }
  if (typeof value !== "object" || value === null) return scalar(name, value ?? "");
  return isMoney(value) && Object.keys(value).length === 2 ? money(value) : facts(value);
}

/** An object of the contract as a list of names and values, however deep. */
export function facts(object, {without = []} = {}) {
  const entries = Object.entries(object).filter(([name]) => !without.includes(name));
  return element("dl", {className: "facts words"}, ...entries.flatMap(([name, value]) => {
    const text = valueNode(name, value);
    const deep = typeof text !== "string" && !(typeof value === "object" && isMoney(value));
    return [element("dt", {textContent: words(name), className: deep ? "deep" : ""}),
      element("dd", {className: deep ? "deep" : ""}, text)];
  }));
}

export function table(heads, rows, caption) {
  return element("div", {className: "scroll", tabIndex: 0, role: "region", "aria-label": caption},
    element("table", {},
      element("caption", {textContent: caption, className: "unseen"}),
      element("thead", {}, element("tr", {}, ...heads.map(([text, kind]) => element("th", {scope: "col", textContent: text, className: kind ?? ""})))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell, index) => element("td", {className: heads[index][1] ?? ""}, cell)))))));
}

export const empty = (text) => element("p", {className: "waiting", textContent: text});
