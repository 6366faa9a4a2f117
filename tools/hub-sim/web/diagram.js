// The sequence diagram of a journey: a row for each exchange, in chapters.
import {statusBadge} from "./exchange.js";
import {findingsOf, interfaceName, lanesOf, phaseOf} from "./journey.js";
import {element} from "./page.js";

const PARTIES = {tpp: "TPP", hub: "Hub", bank: "bank"};
const clock = new Intl.DateTimeFormat("en-GB", {timeZone: "Asia/Dubai", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3});

/** A path without host, its long ids shortened. */
export function short(path) {
  const text = path.replace(/^https?:\/\/[^/]+/, "");
  return text.replace(/[0-9a-f]{8}-[0-9a-f-]{27,}|[0-9a-z]{20,}/gi, (id) => `${id.slice(0, 6)}…`);
}

/** "TPP to bank through the Hub": the arrow for those who cannot see it. */
export function spokenWay(note) {
  const {from, to, browser, through} = lanesOf(note);
  return `${PARTIES[from]} to ${PARTIES[to]}${browser ? " through the browser" : through ? " through the Hub" : ""}`;
}

function rowOf(note) {
  const {from, to, browser, through} = lanesOf(note);
  const broken = findingsOf(note).length;
  const took = note.elapsedUs > 0 ? `${(note.elapsedUs / 1000).toFixed(1)} ms` : "";
  const way = `from-${from} to-${to}${browser ? " browser" : ""}${through ? " through" : ""}`;
  return element("button", {type: "button", className: `row${broken ? " broken" : ""}`, "aria-expanded": "false", "data-testid": "inspector-row"},
    element("time", {dateTime: note.at, textContent: clock.format(new Date(note.at))}),
    element("span", {className: "call"}, element("b", {textContent: note.method}), ` ${short(note.path)}`, element("small", {textContent: interfaceName(note)})),
    element("span", {className: "unseen way", textContent: spokenWay(note)}),
    element("span", {className: `arrow ${way}`}),
    element("span", {className: `arrow reply ${way}`}),
    element("span", {className: "ending"}, element("small", {textContent: took}), statusBadge(note)),
    element("span", {className: "unseen broken-count", textContent: broken ? `${broken} broken` : ""}));
}

export class Diagram {
  notes = new Map(); // by their number
  since = 0; // the largest number
  phase = null; // the chapter of the last row
  #back = false; // whether the customer is back at the TPP

  /** Fills a list; `choose(n, item)` is told when the row of a note is pressed. */
  constructor(list, choose) {
    Object.assign(this, {list, choose});
  }

  #append(note) {
    const phase = phaseOf(note, this.#back);
    if (phase !== this.phase) {
      this.phase = phase;
      this.list.append(element("li", {className: "phase"}, element("h2", {textContent: phase})));
    }
    this.#back ||= note.interface === "callback";
    const button = rowOf(note);
    const item = element("li", {"data-n": note.n}, button);
    button.addEventListener("click", () => this.choose(note.n, item));
    this.list.append(item);
  }

  /** Appends what is new, in the order of their numbers; how many that is. */
  add(notes) {
    const fresh = notes.filter(({n}) => !this.notes.has(n)).sort((a, b) => a.n - b.n);
    for (const note of fresh) {
      this.notes.set(note.n, note);
      this.since = Math.max(this.since, note.n);
      this.#append(note);
    }
    return fresh.length;
  }
}
