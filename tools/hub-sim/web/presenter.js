// One address for an audience: a story, the phone on which it happens, and the calls behind it, live.
import {followClock} from "./asking.js";
import {copyButton} from "./copying.js";
import {Diagram, short, spokenWay} from "./diagram.js";
import {exchangePanel} from "./exchange.js";
import {requestConsent} from "./own.js";
import {byId, element, getJson, noApp, problem} from "./page.js";
import {rememberPayees} from "./payees.js";
import {STORIES} from "./stories.js";
import {SUBSCRIPTION} from "./told.js";

const POLL_MS = 500;
const LEAST_WIDTH = 360; // of the phone's window
const asked = new URLSearchParams(location.search);
const wide = matchMedia("(min-width: 60rem)");
const smooth = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";

const diagram = new Diagram(byId("rows"), showExchange);
const state = {consentId: null, pays: false, pagesUrl: null};

// ---- the phone ---------------------------------------------------------------------------------

/** Where the journey stands: the app's link to the bank, the bank's page, or the app again. */
function phoneAddress() {
  const notes = [...diagram.notes.values()];
  if (notes.some(({interface: name}) => name === "callback")) {
    return `/${state.pays ? "payments" : "data"}.html?consent=${encodeURIComponent(state.consentId)}`;
  }
  const begun = notes.some(({interface: name, path}) => name === "heimdall" && path.endsWith("/auth"));
  if (begun && state.pagesUrl) return `${state.pagesUrl}/journey`;
  return state.authorizeUrl;
}

/** A window as large as the drawn phone's screen, and on top of it; a tab where there is no room for two. */
function openWindow(address) {
  if (!wide.matches) return open(address, "_blank");
  const frame = byId("phone").getBoundingClientRect();
  const left = Math.round(screenX + (outerWidth - innerWidth) / 2 + frame.left);
  const top = Math.round(screenY + (outerHeight - innerHeight) + frame.top);
  const size = `width=${Math.max(LEAST_WIDTH, Math.round(frame.width))},height=${Math.round(frame.height)}`;
  return open(address, "_blank", `popup,${size},left=${left},top=${top}`);
}

function say(window) {
  byId("opened").textContent = window ? "" : "The browser blocked the window. Press the button.";
}

// ---- the calls ---------------------------------------------------------------------------------

function showExchange(n, item) {
  const open = item.querySelector(".panel");
  document.querySelector(".panel")?.remove();
  for (const button of byId("rows").querySelectorAll(".row")) button.setAttribute("aria-expanded", "false");
  if (open) return;
  item.firstChild.setAttribute("aria-expanded", "true");
  item.append(exchangePanel(diagram.notes.get(n)));
}

function showNow(consent) {
  const last = diagram.notes.get(diagram.since);
  if (!last) return;
  byId("now").replaceChildren(diagram.phase,
    element("small", {textContent: `${spokenWay(last)}: ${last.method} ${short(last.path)}, ${last.status || "no answer"}`}),
    element("small", {textContent: `The consent: ${consent.status === "AwaitingAuthorization" ? "waits for the customer" : consent.status}`}));
}

async function refresh() {
  const known = await getJson(`/sim/consents/${encodeURIComponent(state.consentId)}?since=${diagram.since}`);
  const fresh = diagram.add([...known.exchanges, ...known.steps]);
  const redirect = known.steps.find(({interface: name}) => name === "redirect");
  if (redirect) state.authorizeUrl ??= `${redirect.path}?${redirect.query}`;
  state.pays = known.consent.consentType === "cbuae-service-initiation-consents";
  showNow(known.consent);
  byId("problem").replaceChildren();
  if (fresh > 0 && !document.querySelector(".panel")) byId("diagram").scrollTo({top: byId("diagram").scrollHeight, behavior: smooth});
}

async function follow() {
  try {
    if (!document.hidden) await refresh();
    byId("live").textContent = "Live";
    byId("live").classList.remove("off", "kept");
  } catch (failure) {
    byId("live").textContent = "Not live";
    byId("live").classList.add("off");
    byId("problem").replaceChildren(problem(failure));
    if (failure.status === 404) return;
  }
  setTimeout(follow, POLL_MS);
}

// ---- stories -----------------------------------------------------------------------------------

function showStory({title, who, login, password, steps}) {
  document.title = `${title}: presenter`;
  byId("title").textContent = title;
  byId("who").textContent = `${login}: ${who}`;
  byId("login").hidden = false;
  byId("login").replaceChildren("Login", copyButton("login", login, byId("copied")), copyButton("password", password, byId("copied")));
  byId("steps").replaceChildren(...steps.map((textContent) => element("li", {textContent})));
  byId("stories").hidden = true;
  byId("play").hidden = false;
}

function watch(story, consentId) {
  state.consentId = consentId;
  byId("inspect").href = `/inspector.html?consent=${encodeURIComponent(consentId)}`;
  byId("inspect").hidden = false;
  history.replaceState(null, "", `?story=${story.id}&consent=${encodeURIComponent(consentId)}`);
  return follow();
}

/** The phone opens at once, for only a press may open a window, and goes to the bank when the Hub has the consent. */
async function begin(story, {hubs, tpps}) {
  showStory(story);
  const phone = openWindow("about:blank");
  say(phone);
  try {
    const {providerId} = hubs.find(({segment}) => segment === story.segment);
    const able = tpps.filter(({callsHub, pays}) => (story.type === "payment" ? pays : callsHub));
    const app = able.find(({segment}) => segment === story.segment) ?? able[0];
    if (!app) throw new Error(noApp());
    const made = await requestConsent({providerId, type: story.type, clientId: app.clientId, consent: story.terms(), subscription: SUBSCRIPTION});
    if (story.payees.length > 0) rememberPayees(made.consentId, story.payees);
    state.authorizeUrl = made.authorizeUrl;
    phone?.location.replace(made.authorizeUrl);
    byId("title").focus();
    await watch(story, made.consentId);
  } catch (failure) {
    phone?.close();
    byId("problem").replaceChildren(problem(failure));
  }
}

function storyCard(story, setup) {
  const card = element("button", {type: "button", className: "story", "data-testid": `story-${story.id}`},
    element("b", {textContent: story.title}), element("small", {textContent: story.who}), element("code", {textContent: story.login}));
  card.addEventListener("click", () => begin(story, setup));
  return card;
}

/** Whatever was switched on to go wrong at the Hub is off again, and the stories are there to choose. */
async function reset() {
  await fetch("/sim/faults", {method: "DELETE"});
  location.assign("/presenter.html");
}

byId("reset").addEventListener("click", reset);
byId("open").addEventListener("click", () => say(openWindow(phoneAddress())));
const [setup, {places}] = await Promise.all(["/sim/setup", "/sim/places"].map(getJson));
followClock(setup.now);
state.pagesUrl = setup.bank.pagesUrl;
const stories = STORIES.map((story) => ({...places.find(({place, segment}) => place === story.place && segment === story.segment), ...story}))
  .filter(({login}) => login);
byId("stories").replaceChildren(...stories.map((story) => storyCard(story, setup)));
const chosen = stories.find(({id}) => id === asked.get("story"));
if (stories.length === 0) {
  byId("problem").replaceChildren(element("p", {className: "alert", textContent: "The simulator knows no logins of the bank: its configuration names no placesFile."}));
} else if (chosen && asked.has("consent")) {
  showStory(chosen);
  await watch(chosen, asked.get("consent"));
}
