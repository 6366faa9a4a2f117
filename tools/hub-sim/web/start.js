// The start page: what runs where, the newest journeys, and logins by situation.
import {copyButton} from "./copying.js";
import {pick} from "./i18n.js";
import {byId, element, getJson} from "./page.js";
import {recentConsent, recentConsents} from "./recent.js";

const names = {}; // of the segments, by their word

/** An address whose lines end after a stroke. */
const breakable = (address) => address.split(/(?<=\/)/).flatMap((part) => [part, element("wbr")]);

function addresses({pagesUrl, adminUrl}) {
  const rows = [["/connect.html", "Connect an account", "the app of a TPP: asks for data and shows what it received"],
    ["/pay.html", "Pay from an account", "the app of a TPP: asks for a payment of any type"],
    ["/payee.html", "Check a payee", "confirmation of payee before a payment"],
    ["/presenter.html", "Presenter", "a story for an audience: the phone beside the live diagram"]];
  if (pagesUrl) {
    rows.push([`${pagesUrl}/consents`, "The customer's connections", "the bank: see who has access, and stop it"],
      [`${pagesUrl}/passkeys`, "Passkeys", "the bank: sign in without a password"]);
  }
  if (adminUrl) rows.push([`${adminUrl}/`, "Console", "the bank: calls as they come, controls, logins, reference"], [`${adminUrl}/readyz`, "Readiness", "the bank's admin listener"], [`${adminUrl}/metrics`, "Metrics", "the bank's admin listener"]);
  rows.push(["/sim/findings", "Findings", "what the bank did wrong in the eyes of the Hub, as JSON"],
    ["/sim/exchanges", "Exchanges", "calls between Hub and bank about no consent, as JSON"]);
  return rows.map(([href, name, text]) => element("li", {className: "address"},
    element("a", {href, textContent: name}), element("small", {textContent: text}), element("code", {}, ...breakable(new URL(href, location).href))));
}

// ---- logins ------------------------------------------------------------------------------------

function loginRow({shows, segment, login, password}) {
  const row = element("li", {className: "login"},
    element("span", {className: "what"}, shows, element("small", {textContent: names[segment] ?? segment})),
    copyButton("login", login, byId("copied")), copyButton("password", password, byId("copied")));
  row.dataset.text = `${shows} ${names[segment] ?? segment} ${login}`.toLowerCase();
  return row;
}

// The first group is open: it shows what a row is.
function loginGroup([name, places], at) {
  return element("details", {className: "group", open: at === 0},
    element("summary", {}, name, element("small", {textContent: ` ${places.length}`})), element("ul", {}, ...places.map(loginRow)));
}

function search() {
  const wanted = byId("search").value.trim().toLowerCase();
  for (const [at, group] of [...byId("logins").children].entries()) {
    const rows = [...group.querySelectorAll(".login")];
    for (const row of rows) row.hidden = !row.dataset.text.includes(wanted);
    group.hidden = rows.every((row) => row.hidden);
    group.open = wanted !== "" || at === 0;
  }
}

function showLogins(places) {
  const groups = new Map();
  for (const place of places.filter(({login}) => login)) groups.set(place.group, [...(groups.get(place.group) ?? []), place]);
  byId("logins").replaceChildren(...[...groups].map(loginGroup));
  byId("logins-card").hidden = groups.size === 0;
}

byId("search").addEventListener("input", search);
const [{bank, hubs}, {places}, consents] = await Promise.all([getJson("/sim/setup"), getJson("/sim/places"), recentConsents()]);
for (const {segment, name} of hubs) names[segment] = pick(name);
byId("addresses").replaceChildren(...addresses(bank));
byId("recent").replaceChildren(...consents.slice(0, 5).map(recentConsent));
byId("recent-card").hidden = consents.length === 0;
showLogins(places);
