// What the app said to the Hub and what it heard, over mTLS: each exchange opens to its headers, what was
// signed, and the answer.
import {t} from "./i18n.js";
import {dateTime} from "./format.js";
import {element} from "./page.js";

const STEPS = {
  discovery: "What the Hub offers",
  par: "The request for the consent",
  token: "Tokens",
  keys: "Keys of the bank",
  resource: "What the app reads",
  payment: "The payment",
  payee: "Whose account it is",
};

/** `n` is the exchange's number, which tells its parts from those of others. */
function block(n, label, text) {
  return element("div", {className: "wire-part"}, element("h3", {textContent: t(label)}),
    element("pre", {tabIndex: 0, role: "region", "aria-label": `${t(label)} (${n})`, dir: "ltr"}, element("code", {textContent: text})));
}

const json = (value) => JSON.stringify(value, null, 2);
/** As it is read best; a long answer, which the backend has cut, stays as it is. */
function pretty(text) {
  try {
    return json(JSON.parse(text));
  } catch {
    return text;
  }
}
const linesOf = (headers) => Object.entries(headers).map(([name, value]) => `${name}: ${value.trim()}`).join("\n");

function parts({n, method, url, headers, form, signed, reply}) {
  return [block(n, "Address", `${method} ${url}`),
    Object.keys(headers).length > 0 ? block(n, "Headers of the request", linesOf(headers)) : null,
    form ? block(n, "Body of the request, tokens decoded", json(form)) : null,
    signed ? block(n, "Body of the request, which is signed", json(signed)) : null,
    reply ? block(n, "Answer", pretty(reply)) : null];
}

function exchange(note) {
  const {step, method, url, status, at, n} = note;
  const address = new URL(url);
  const summary = element("summary", {},
    element("span", {className: "what"}, t(STEPS[step]),
      element("small", {}, element("code", {dir: "ltr", textContent: `${method} ${address.pathname}`}))),
    element("span", {className: `badge ${status >= 200 && status < 300 ? "good" : "bad"}`, textContent: status === 0 ? t("no answer") : String(status)}));
  const details = element("details", {className: "wire", "data-testid": `tpp-wire-${step}`, "data-n": n}, summary);
  details.addEventListener("toggle", () => details.append(element("p", {className: "fine", textContent: dateTime(at)}), ...parts(note).filter(Boolean)), {once: true});
  return element("li", {}, details);
}

/** The card, and `add(notes)` which appends those that it does not show yet. */
export function wireCard() {
  const list = element("ol", {className: "wires"});
  let last = 0;
  const card = element("section", {className: "card", "data-testid": "tpp-wire", hidden: true},
    element("h2", {textContent: t("What goes over the wire")}),
    element("p", {className: "fine", textContent: t("This app and the Hub, each with its certificate (mTLS). Tokens and codes are masked, and what is encrypted for the bank stays closed.")}), list);
  const add = (notes) => {
    const fresh = notes.filter(({n}) => n > last);
    list.append(...fresh.map(exchange));
    last = Math.max(last, ...fresh.map(({n}) => n));
    card.hidden = list.children.length === 0;
  };
  return {card, add};
}
