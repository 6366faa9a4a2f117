// What a payment consent allows, in words: how much, when and how often, to whom, within which limits.
import { count, day, element, grouped, hasText, language, locale, moment, money, text, whole } from './dom.js';

const DATES_SHOWN = 5; // of a schedule; more are added by as many

/** A row of terms; none without a value. */
const row = (key, value, testid, values) => (value || value === 0
  ? [element('dt', {}, text(key, values)), element('dd', { 'data-testid': testid }, value)] : []);

const moneyOrNone = (amount) => (amount ? money(amount) : null);

export function purposeOf({ purpose }) {
  if (!purpose) return null;
  const key = `payPurpose.${purpose}`;
  return hasText(key) ? text('pay.purposeCode', { purpose: text(key), code: purpose }) : text('pay.purposeUnknown', { code: purpose });
}

// --- at a glance --------------------------------------------------------------------------------

/** The sum of a schedule: exact, in hundredths. */
function sumOf(dates) {
  const amounts = dates.map(({ amount, maximum }) => amount ?? maximum);
  const cents = amounts.reduce((sum, { value }) => sum + BigInt(value.replace('.', '')), 0n);
  const digits = String(cents).padStart(3, '0');
  return { value: `${digits.slice(0, -2)}.${digits.slice(-2)}`, currency: amounts[0].currency };
}

const inOrder = ({ dates }) => [...dates].sort((a, b) => a.date.localeCompare(b.date));

/** On demand without an amount for each: the limit that is there. */
function ofPeriod({ period, periodTotal, periodCount }) {
  const per = text(`period.per.${period}`);
  return periodTotal ? text('flex.upToPer', { amount: money(periodTotal), per }) : count('flex.countPer', periodCount, { per });
}

/** How much, and when: the two lines that are read first. */
const GLANCES = {
  SingleInstantPayment: ({ amount, exchange }, tpp, decided) => {
    const when = text(decided ? 'pay.single' : 'pay.once');
    return [money(amount), exchange ? text('exchange.when', { bought: money(exchange.bought), when }) : when];
  },
  FixedOnDemand: (payment, tpp) => [text('flex.each', { amount: money(payment.amount) }), onDemand(payment, tpp)],
  VariableOnDemand: (payment, tpp) => [
    payment.maximum ? text('flex.upToEach', { amount: money(payment.maximum) }) : ofPeriod(payment), onDemand(payment, tpp)],
  FixedPeriodicSchedule: (payment) => [
    text('flex.every', { amount: money(payment.amount), every: text(`period.every.${payment.period}`) }), fromTo(payment)],
  VariablePeriodicSchedule: (payment) => [
    text('flex.upToEvery', { amount: money(payment.maximum), every: text(`period.every.${payment.period}`) }), fromTo(payment)],
  FixedDefinedSchedule: (payment) => [count('flex.payments', payment.dates.length), onDates(payment, 'flex.inAll', 'flex.inAllOnce')],
  VariableDefinedSchedule: (payment) => [count('flex.payments', payment.dates.length), onDates(payment, 'flex.upToInAll', 'flex.upToInAllOnce')],
  DelegatedAuthentication: ({ expires }, tpp) => [text('flex.asked', { tpp }), text('flex.until', { date: day(expires) })],
  FilePayment: ({ file }, tpp) => [money(file.total), ofFile(file, tpp)],
};

function ofFile({ count: number, date }, tpp) {
  const payments = count('flex.payments', number);
  return date ? text('file.on', { payments, date: day(date) }) : text('file.once', { payments, tpp });
}

const onDemand = ({ expires }, tpp) => text('flex.onDemand', { tpp, date: day(expires) });

const fromTo = ({ starts, expires }) => (starts
  ? text('flex.fromTo', { start: day(starts), end: day(expires) }) : text('flex.until', { date: day(expires) }));

function onDates(payment, key, once) {
  const dates = inOrder(payment);
  if (dates.length === 1) return text(once, { amount: money(sumOf(dates)), date: day(dates[0].date) });
  return text(key, { amount: money(sumOf(dates)), start: day(dates[0].date), end: day(dates.at(-1).date) });
}

// --- whom ---------------------------------------------------------------------------------------

const MATCH_SIGNS = { full: '✓', partial: '!', none: '✕' };

/** What Confirmation of Payee said of the name, as a sign beside it. */
const matchSign = (match) => element('span', {
  class: `match ${match}`, role: 'img', 'aria-label': text(`pay.match.${match}`), 'data-testid': 'payee-match',
}, MATCH_SIGNS[match]);

const payee = ({ name, iban, account, match }, shown) => [
  row('pay.to', element('span', {},
    element('bdi', { class: 'payee', 'data-testid': 'payee-name' }, name), shown && match ? [' ', matchSign(match)] : null)),
  iban ? row('pay.iban', grouped(iban), 'payee-iban') : row('pay.payeeAccount', grouped(account), 'payee-account')].flat();

function payees({ payees: all }, matches) {
  if (all.length < 2) return element('dl', { class: 'terms' }, all.flatMap((one) => payee(one, matches)));
  return element('details', { class: 'fold', open: true, 'data-testid': 'payees' },
    element('summary', {}, text('flex.beneficiaries')), all.map((one) => element('dl', { class: 'terms' }, payee(one))));
}

const references = (payment) => [
  ...row('pay.reference', payment.reference && element('bdi', {}, payment.reference), 'payment-reference'),
  ...row('pay.purpose', purposeOf(payment), 'payment-purpose'),
  ...(payment.exchange ? [] : chargeRows(payment))];

const chargeRows = ({ charges }) => (charges ?? []).flatMap(({ type, bearer, amount }) => row(`pay.charge.${type}.${bearer}`, money(amount), 'payment-charge'));

// --- into another currency ----------------------------------------------------------------------

const countryName = (code) => new Intl.DisplayNames([language], { type: 'region' }).of(code);

/** "1 AED = 23.0454 INR": isolated, so that the equation reads alike in both languages. */
const rateOf = ({ rate, unit, quoted }) => element('bdi', { dir: 'ltr', class: 'rate' },
  `1 ${unit} = ${new Intl.NumberFormat(locale, { maximumFractionDigits: 6 }).format(rate)} ${quoted}`);

/** Both amounts, what lies between them, and until when the bank stands by it. */
function exchangeOf(payment, decided) {
  const { exchange } = payment;
  if (!exchange) return null;
  return element('section', { class: 'exchange', 'data-testid': 'exchange' },
    element('h2', {}, text('exchange.title')),
    element('dl', { class: 'terms' },
      row('exchange.sold', money(exchange.sold), 'exchange-sold'),
      row(`exchange.rate.${exchange.rateType}`, rateOf(exchange), 'exchange-rate'),
      row('exchange.bought', element('strong', {}, money(exchange.bought)), 'exchange-bought'),
      chargeRows(payment),
      row('exchange.total', element('strong', {}, money(exchange.total)), 'exchange-total'),
      row('exchange.country', exchange.country && countryName(exchange.country), 'exchange-country'),
      row('exchange.purpose', exchange.purpose && element('bdi', {}, exchange.purpose), 'exchange-purpose'),
      row('exchange.priority', exchange.priority && text(`exchange.priority.${exchange.priority}`), 'exchange-priority'),
      decided ? null : row('exchange.expires', moment(exchange.expires), 'exchange-expires')),
    decided ? null : element('p', { class: 'note' }, text('exchange.note')));
}

/** Confirmation of Payee found another name for the IBAN. */
function mismatchOf({ payees: [first] }) {
  if (!first.match || first.match === 'full') return null;
  return element('p', { class: 'alert', 'data-testid': 'payee-mismatch' },
    element('strong', {}, text(`pay.match.${first.match}`)), ' ', text('pay.mismatchText'));
}

/** Words that break after the commas of a long amount, so that no line of it looks like another amount. */
const breakable = (words) => words.split(/(?<=,)(?=\d)/).flatMap((part, index) => (index === 0 ? [part] : [element('wbr'), part]));

const LONG = 18; // characters of an amount that do not fit a small screen in large type

/** Amount and time, then who is paid and why; without what matters only before it is `decided`. */
export function summary({ payment, tpp, decided = false }) {
  const [amount, when] = GLANCES[payment.type](payment, tpp, decided);
  const single = payment.type === 'SingleInstantPayment';
  const heading = single ? null : text(payment.payees.length > 0 ? 'flex.who' : 'flex.details');
  return element('section', { class: 'payment', 'aria-label': text('pay.details') },
    single ? element('p', { class: 'label' }, text('pay.amount')) : null,
    element('p', { class: single && amount.length <= LONG ? 'amount' : 'amount words', 'data-testid': 'payment-amount' }, breakable(amount)),
    element('p', { class: 'when', 'data-testid': 'payment-when' }, breakable(when)),
    heading ? element('h2', {}, heading) : null,
    payees(payment, single && !decided),
    single && !decided ? mismatchOf(payment) : null,
    element('dl', { class: 'terms' }, references(payment)),
    exchangeOf(payment, decided));
}

// --- limits -------------------------------------------------------------------------------------

const lifetime = ({ count: number, total }) => [
  ...row('flex.count', number, 'rule-count'), ...row('flex.total', moneyOrNone(total), 'rule-total')];

const ofEach = ({ amount, maximum }) => [
  ...row('pay.amount', moneyOrNone(amount), 'rule-amount'), ...row('flex.max', moneyOrNone(maximum), 'rule-max')];

const starts = ({ starts: date }) => row('flex.first', date && day(date), 'rule-starts');

function onDemandRules(payment) {
  const period = text(`period.${payment.period}`);
  return element('dl', { class: 'terms' }, starts(payment),
    row('flex.expiry', day(payment.expires), 'rule-expires'), ofEach(payment), lifetime(payment),
    row('flex.countPeriod', payment.periodCount, 'rule-period-count', { period }),
    row('flex.totalPeriod', moneyOrNone(payment.periodTotal), 'rule-period-total', { period }));
}

function periodicRules(payment) {
  return element('dl', { class: 'terms' }, ofEach(payment), starts(payment),
    row('flex.repeat', text(`period.one.${payment.period}`), 'rule-period'),
    row('flex.stop', day(payment.expires), 'rule-expires'), lifetime(payment));
}

function dateItem({ date, amount, maximum }) {
  return element('li', { 'data-testid': 'payment-date' },
    amount
      ? [element('span', {}, day(date)), element('strong', {}, money(amount))]
      : element('dl', { class: 'terms' }, row('flex.date', day(date)), row('flex.maxOfDate', money(maximum))));
}

function schedule(payment) {
  const left = inOrder(payment);
  const list = element('ul', { class: 'dates' });
  const more = element('button', { class: 'secondary', type: 'button', 'data-testid': 'more-dates' });
  const add = () => {
    const items = left.splice(0, DATES_SHOWN).map(dateItem);
    list.append(...items);
    more.textContent = text('flex.more', { count: Math.min(left.length, DATES_SHOWN) });
    more.hidden = left.length === 0;
    return items;
  };
  more.addEventListener('click', () => {
    const [first] = add();
    first.tabIndex = -1;
    first.focus();
  });
  add();
  return [list, more, element('dl', { class: 'terms' }, lifetime(payment))];
}

const fileRules = ({ file }) => element('dl', { class: 'terms' },
  row('file.reference', file.reference && element('bdi', {}, file.reference), 'file-reference'),
  row('file.count', whole(file.count), 'file-count'),
  row('file.date', file.date && day(file.date), 'file-date'),
  row('file.type', element('bdi', {}, file.type), 'file-type'),
  row('file.hash', element('bdi', { class: 'hash', dir: 'ltr' }, file.hash), 'file-hash'));

const RULES = {
  FilePayment: ['file.content', fileRules],
  FixedOnDemand: ['flex.rules', onDemandRules],
  VariableOnDemand: ['flex.rules', onDemandRules],
  FixedPeriodicSchedule: ['flex.rules', periodicRules],
  VariablePeriodicSchedule: ['flex.rules', periodicRules],
  FixedDefinedSchedule: ['flex.schedule', schedule],
  VariableDefinedSchedule: ['flex.schedule', schedule],
};

/** The rules or the schedule of several payments; null where there are none. */
export function rules({ payment }) {
  if (payment.type === 'DelegatedAuthentication') {
    return element('p', { class: 'lasts', 'data-testid': 'rule-expires' }, text('flex.lasts', { date: day(payment.expires) }));
  }
  const [title, content] = RULES[payment.type] ?? [];
  return title ? element('section', { class: 'section rules' }, element('h2', {}, text(title)), content(payment)) : null;
}
