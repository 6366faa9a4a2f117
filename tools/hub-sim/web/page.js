// What all pages need: elements and the simulator's JSON calls.
import {count, known, t} from "./i18n.js";

/** An element with properties and children; "data-…" and "aria-…" names become attributes. */
export function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-")) node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** The page is that of an app with this name; `slug` names its colours and mark. */
export function showBrand(slug, name) {
  document.body.dataset.brand = slug;
  byId("mark").src = `/${slug}.svg`;
  byId("brand").textContent = name;
}

/** Where the customer is in the three steps of a consent. */
export function markStep(at) {
  [...document.querySelectorAll(".steps li")].forEach((step, index) => {
    step.className = index < at ? "done" : index === at ? "now" : "";
    if (index === at) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
}

document.querySelector(`.top nav a[href="${location.pathname}"]`)?.setAttribute("aria-current", "page");

const MESSAGES = {
  429: "The bank asks for a pause.",
  501: "The bank does not offer this yet.",
  "Consent.BusinessRuleViolation": "The consent does not allow this.",
  "Consent.FailsControlParameters": "The consent does not allow this.",
  "Consent.Invalid": "The consent cannot be used for this.",
};

/**
 * A call that did not go well, with what is known of the reason. What the Hub or the bank says is `quoted`
 * where the page's language has no words for it.
 */
export class CallError extends Error {
  constructor(status, body, headers = {}) {
    const {errorMessage: said, errorCode: code} = body ?? {};
    const own = said && known(said);
    super(t(own ? said : MESSAGES[code] ?? MESSAGES[status] ?? "The answer was {status}.", {status}));
    Object.assign(this, {status, code, headers, quoted: own ? undefined : said});
  }
}

/** The answer's body; null when it has none. */
export async function getJson(path) {
  return answer(await fetch(path));
}

export async function postJson(path, body) {
  const headers = {"content-type": "application/json"};
  return answer(await fetch(path, {method: "POST", headers, body: JSON.stringify(body)}));
}

async function answer(response) {
  const body = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new CallError(response.status, body.body ?? body);
  return body;
}

/** What went wrong, for people, with the code to quote. */
export function problem(failure) {
  const code = [failure.status, failure.code].filter(Boolean).join(" · ");
  const wait = Number(failure.headers?.["retry-after"]);
  return element("div", {className: "alert", "data-testid": "tpp-problem"},
    element("p", {textContent: failure.message, dir: "auto"}),
    failure.quoted ? element("p", {className: "code", lang: "en", dir: "ltr", textContent: failure.quoted}) : null,
    wait ? element("p", {textContent: count("Try again in {count} second.", "Try again in {count} seconds.", wait)}) : null,
    code ? element("p", {className: "code"}, element("bdi", {dir: "ltr", textContent: code})) : null);
}

/** What stands in place of a form's button when there is no app that may ask. */
export const noApp = () => t("No app can ask here: this simulator serves no TPPs (its configuration has no tppListener).");
