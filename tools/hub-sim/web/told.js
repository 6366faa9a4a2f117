// What the Hub tells the app by webhook: to where, and what has come.
import {dateTime, money, words} from "./format.js";
import {t} from "./i18n.js";
import {element} from "./page.js";
import {STATUSES} from "./payment-statuses.js";

/* The Hub sends to https, or to this machine; elsewhere the app does without. */
export const isReached = location.protocol === "https:" || /^(localhost|127\.0\.0\.1|\[::1\])$/.test(location.hostname);

/** For new consents; undefined: none. */
export const SUBSCRIPTION = isReached ? {Webhook: {Url: `${location.origin}/tpp/webhook`, IsActive: true}} : undefined;

function eventRow({message: {Meta, Data: {PaymentId, Instruction, Status}}}) {
  return element("li", {"data-status": Status},
    element("span", {textContent: PaymentId ? `${t("Payment")} · ${money(Instruction.Amount)}` : t("Consent")}),
    element("b", {textContent: PaymentId ? t(STATUSES[Status]?.[0] ?? words(Status)) : words(Status)}),
    element("small", {textContent: dateTime(Meta.EventDateTime)}));
}

/** The events, newest first; null when there are none. */
export function toldCard(events) {
  if (events.length === 0) return null;
  return element("section", {className: "card", "data-testid": "tpp-told"}, element("h2", {textContent: t("What the Hub told this app")}),
    element("ul", {className: "told"}, ...events.toReversed().map(eventRow)));
}
