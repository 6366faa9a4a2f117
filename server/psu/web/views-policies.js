// The review of a consent to insurance: which policies, what is shared of each kind, until when.
import { element, text } from './dom.js';
import { MANY, choice, choiceView, fold, gistOf } from './views-choose.js';
import { isRunning, permissionLines, permissionTitles, policyFacts, purposeKey, sectorTitle } from './views-policy.js';

const OPEN_SECTORS = 2; // kinds of insurance whose permissions are unfolded at first

const policyItem = (policy) => choice('policy', policy.id, policyFacts(policy));

/** Those that run, and below them, folded, those that have ended. */
function arrange(policies) {
  const items = (wanted) => policies.filter((policy) => isRunning(policy) === wanted).map(policyItem);
  const [running, ended] = [items(true), items(false)];
  const folded = ended.length === 0 ? [] : [element('details', { class: 'fold ended', open: running.length === 0, 'data-testid': 'ended-policies' },
    element('summary', {}, text('policies.ended', { count: ended.length })),
    element('p', { class: 'note' }, text('policies.endedText')),
    element('div', { class: 'choices' }, ended))];
  return { items: [...running, ...ended], content: [...running, ...folded] };
}

function shared({ sectors, policies }) {
  return element('section', { 'data-testid': 'permissions' },
    element('h2', {}, text('review.permissions')),
    sectors.map((one) => fold(element('h3', {}, sectorTitle(one.sector)), permissionTitles(one),
      sectors.length <= OPEN_SECTORS && policies.length <= MANY, `sector-${one.sector}`, permissionLines(one))));
}

export function policiesView(view, approve, leave) {
  choiceView(view, {
    ...arrange(view.policies),
    words: {
      title: 'policies.title', read: 'policies.read', readOpen: 'policies.readOpen', none: text('policies.noneFound'),
      legend: text('policies.yours'), chooseOne: text('policies.chooseOne'),
    },
    gist: gistOf(view.sectors.map(({ sector }) => sectorTitle(sector))),
    shared: [shared(view)],
    purpose: purposeKey(view),
  }, { approve, leave });
}
