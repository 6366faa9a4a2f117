// The consents of late, each with its ways on.
import {t} from "./i18n.js";
import {dateTime} from "./format.js";
import {listOwn} from "./own.js";
import {element, getJson} from "./page.js";

const STATES = {Authorized: "good", Rejected: "bad", Revoked: "bad"};

/** `connected`: this browser asked for it, and its app has access. */
export function recentConsent({consentId, tppName, slug, status, at, findings = 0, pays, connected}) {
  const id = encodeURIComponent(consentId);
  const when = dateTime(at);
  const note = findings > 0 ? ` · ${findings} finding${findings === 1 ? "" : "s"}` : "";
  const link = (page, name, label) => element("a", {href: `/${page}.html?consent=${id}`, textContent: t(name), "aria-label": t(label, {app: tppName, at: when})});
  return element("li", {className: "recent"},
    element("img", {src: `/${slug}.svg`, alt: ""}),
    element("span", {className: "what"}, tppName, element("small", {textContent: `${when}${note}`})),
    element("span", {className: `badge ${STATES[status] ?? ""}`, textContent: t(status === "AwaitingAuthorization" ? "Waiting" : status)}),
    link("inspector", "Inspect", "Inspect the journey of {app}, {at}"),
    !connected ? null : pays ? link("payments", "Payments", "Payments of {app}, {at}") : link("data", "Data", "Shared data of {app}, {at}"));
}

/** All that the simulator keeps, scripted ones among them. */
export async function recentConsents() {
  const [{consents}, own] = await Promise.all([getJson("/sim/consents"), listOwn()]);
  const mine = new Set(own.filter(({connected}) => connected).map(({consentId}) => consentId));
  return consents.map((consent) => ({...consent, connected: mine.has(consent.consentId)}));
}

/** What stands on a page that was opened without a consent: a choice of these, and a way to make one. */
export function chooseRecent(consents) {
  return element("section", {className: "card", "data-testid": "recent-choice"},
    element("h2", {textContent: t("Which consent?")}),
    element("p", {className: "lead", textContent: t(consents.length > 0 ? "Choose one of the recent journeys." : "There are none yet.")}),
    element("ul", {}, ...consents.slice(0, 12).map(recentConsent)),
    element("p", {className: "onward"}, element("a", {className: "button", href: "/connect.html", textContent: t("Start a journey")})));
}
