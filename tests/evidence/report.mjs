// The page that shows the evidence: journeys, pictures side by side, exchanges with the Hub.

const escape = (text) =>
    String(text).replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char]);

const LANGUAGES = { en: 'English', ar: 'العربية' };

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent);
  --quiet: color-mix(in srgb, currentColor 68%, transparent); --good: #0a7d4f; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --good: #58c998; --bad: #ff8a80; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 0 auto; padding: 2rem 1rem 6rem; }
h1 { font-size: 1.9rem; margin: 0 0 .5rem; } h2 { font-size: 1.35rem; margin: 0; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; color: var(--quiet); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 2rem 0; }
th, td { text-align: start; padding: .45rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
section { border-top: 2px solid var(--line); padding: 2rem 0 0; margin: 3rem 0 0; }
.verdict { font-weight: 600; } .good { color: var(--good); } .bad { color: var(--bad); }
.rule { color: var(--quiet); margin: .3rem 0 0; } code { font-size: .88em; overflow-wrap: anywhere; }
.strip { display: flex; gap: 1rem; overflow-x: auto; padding: .25rem 0 1rem; }
figure { margin: 0; flex: none; width: 15rem; } .desktop figure { width: 30rem; }
figure img { width: 100%; border: 1px solid var(--line); border-radius: .6rem; display: block; }
figcaption { font-size: .85rem; color: var(--quiet); margin-top: .4rem; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .4rem 0; }
summary { cursor: pointer; padding: .5rem .8rem; overflow-wrap: anywhere; }
pre { margin: 0; padding: .5rem .8rem 1rem; font-size: .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
@media print { .strip { flex-wrap: wrap; } figure { break-inside: avoid; } section { break-before: page; } }
`;

const isGood = ({ verdict }) => verdict === 'as demanded';
const verdictOf = (runs) => {
    const bad = runs.filter((run) => !isGood(run));
    return bad.length === 0
        ? '<span class="verdict good">As demanded</span>'
        : bad.map((run) => `<span class="verdict bad">${escape(run.verdict)}</span>`).join('<br>');
};

function demand({ changes, back }) {
    const hub = changes.length > 0 ? changes.map((one) => `<code>${escape(one)}</code>`).join(', then ') : 'nothing';
    const tpp = back === null
        ? 'The customer is not sent to the TPP.'
        : back.code
          ? 'The TPP gets a code.'
          : `The TPP gets <code>${escape(back.error)}</code>, <code>${escape(back.error_description)}</code>.`;
    return `The Hub is told: ${hub}. ${tpp}`;
}

function strip(journey, { pictures, language, device }) {
    const figures = pictures.map(
        ({ name, caption }) => `<figure><a href="${journey.id}/${name}"><img loading="lazy"
  src="${journey.id}/${name}" alt="${escape(caption)}"></a><figcaption>${escape(caption)}</figcaption></figure>`,
    );
    return `<h3>${LANGUAGES[language]}, ${device}</h3><div class="strip ${device}" tabindex="0"
  role="region" aria-label="${escape(journey.title)}, ${LANGUAGES[language]}, ${device}">${figures.join('')}</div>`;
}

function exchange(one) {
    const { method, path, status, interface: name, ...rest } = one;
    return `<details><summary><code>${escape(`${method} ${path}`)}</code> → ${status ?? 'no answer'}
  <small>(${escape(name)})</small></summary><pre>${escape(JSON.stringify(rest, null, 2))}</pre></details>`;
}

function section(journey) {
    const [first] = journey.runs;
    const exchanges = first?.exchanges ?? [];
    return `<section id="${journey.id}"><h2>${escape(journey.title)}</h2>
<p class="rule">${demand(journey.expect)} ${verdictOf(journey.runs)}</p>
${journey.runs.map((run) => strip(journey, run)).join('\n')}
${exchanges.length > 0 ? `<h3>Exchanges between bank and Hub</h3>${exchanges.map(exchange).join('\n')}` : ''}
</section>`;
}

/** The whole page; needs nothing but the pictures beside it. */
export function indexPage({ versions, journeys }) {
    const facts = Object.entries(versions).map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`);
    const rows = journeys.map(
        (journey) => `<tr><td><a href="#${journey.id}">${escape(journey.title)}</a></td>
<td>${demand(journey.expect)}</td><td>${verdictOf(journey.runs)}</td></tr>`,
    );
    return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evidence of the consent journeys</title><style>${STYLE}</style></head><body>
<h1>Evidence of the consent journeys</h1>
<p>Each journey was walked in a real browser against the bank and the Hub simulator. Credentials and
personal data in the exchanges are replaced by what they were.</p>
<dl class="facts">${facts.join('')}</dl>
<table><thead><tr><th>Journey</th><th>Demanded</th><th>Seen</th></tr></thead><tbody>${rows.join('')}</tbody></table>
${journeys.map(section).join('\n')}
</body></html>
`;
}
