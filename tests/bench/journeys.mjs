// Consent journeys without a browser, from the TPP's request to its callback, against a running
// demonstration: some one after the other, then many at once.
//
//   node journeys.mjs DEMO-FOLDER [MANY [ALONE]]
//
// Prints a table of the steps. "server" is the server's own time for a step, without what it waited
// for the Hub, read from its log of the journeys that ran alone; "many" is what a customer waits
// when all run at once. Exit status 1 when any journey did not end at the TPP with a code.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { Customer, newConsent } from '../support/customer.mjs';

const PROVIDER = 'dhowretail';
const PERMISSIONS = ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadBalances'];
// Twenty, since a customer's app keeps sixteen questions.
const LOGINS = (
    'rohan hessa jericho salem mirna adrian farhan seraphine leonie kwame ' +
    'idris gulzar yusra mariam rami omar njeri amal badr carmen'
).split(' ');
const STEPS = ['arrive', 'sign-in', 'app-asks', 'app-approves', 'review', 'approve', 'callback'];

/** A step's name by the path that it asks for. */
const PATHS = {
    [`/authorize/${PROVIDER}`]: 'arrive',
    '/journey/sign-in': 'sign-in',
    '/bank-app/approvals': 'app-asks',
    '/bank-app/decision': 'app-approves',
    '/journey/approval': 'review',
    '/journey/approve': 'approve',
};

// A server may close a kept connection that idles just as a request sets out on it. Browsers then
// ask again, and so does this. The pages ask again too when a provider holds all the workers that it
// may have; every other failure counts.
let askedAgain = 0;
const fetchOnce = globalThis.fetch;
globalThis.fetch = async (...request) => {
    for (let tries = 10; ; tries--) {
        try {
            const answer = await fetchOnce(...request);
            if (answer.status !== 503 || !answer.headers.has('retry-after') || tries === 1) {
                return answer;
            }
            askedAgain++;
            await setTimeout(1000 + Math.random() * 1000);
        } catch (error) {
            if (error.cause?.code !== 'UND_ERR_SOCKET' || tries === 1) {
                throw error;
            }
            askedAgain++;
            await setImmediate(); // other connections that were closed leave the pool
        }
    }
};

/** Walks one journey; the milliseconds of each step. */
async function walk(demo, user, consent) {
    const taken = {};
    const timed = async (step, work) => {
        const start = performance.now();
        const result = await work();
        taken[step] = performance.now() - start;
        return result;
    };
    const customer = await timed('arrive', () => Customer.arrive(demo, consent));
    const goOn = await turnOf(user);
    try {
        await decide(demo, user, customer, timed);
    } finally {
        goOn();
    }
    return taken;
}

// A customer has one request in the app at a time, so that journeys of the same customer wait for
// each other once they have arrived.
const last = new Map(); // by login: the journey before
async function turnOf({ login }) {
    const before = last.get(login);
    let goOn;
    last.set(login, new Promise((resolve) => (goOn = resolve)));
    await before;
    return goOn;
}

/** Signs in. All come from one address, whose tries are limited: waits as long as it is told. */
async function signIn(customer, user) {
    for (let tries = 10; ; tries--) {
        const view = await customer.signIn(user);
        if (view.error !== 'SIGN-IN-LIMIT' || tries === 1) {
            return view;
        }
        askedAgain++;
        await setTimeout(view.waitSeconds * 1000 + Math.random() * 1000);
    }
}

async function decide(demo, user, customer, timed) {
    const waiting = await timed('sign-in', () => signIn(customer, user));
    assert.equal(waiting.view, 'approval', JSON.stringify(waiting));
    const { journey, device } = customer;
    const { asked: approvalId } = await timed('app-asks', () => customer.openApp());
    const decision = { device, approvalId, approve: true };
    await timed('app-approves', () => customer.post('/bank-app/decision', decision));
    const review = await timed('review', () => customer.post('/journey/approval', { journey }));
    assert.equal(review.view, 'review', JSON.stringify(review));
    const accountIds = review.accounts.map(({ id }) => id);
    const end = await timed('approve', () => customer.post('/journey/approve', { journey, accountIds }));
    assert.equal(end.view, 'redirect', JSON.stringify(end));
    const callback = await timed('callback', () => fetch(end.redirect));
    assert.equal(callback.status, 200);
    assert.ok(new URL(end.redirect).searchParams.get('code'), 'the TPP has a code');
}

/** What the server logged from `offset` on, of journeys that ran one after the other. */
function serverTimes(logFile, offset) {
    const times = Object.fromEntries(STEPS.map((step) => [step, []]));
    let hub = 0;
    for (const line of readFileSync(logFile).subarray(offset).toString().split('\n')) {
        const entry = line.startsWith('{') ? JSON.parse(line) : {};
        if (entry.event === 'hub-call') {
            hub += entry.us;
        } else if (entry.event === 'journey-request') {
            times[PATHS[entry.path]]?.push((entry.us - hub) / 1000);
            hub = 0;
        }
    }
    return times;
}

const quantile = (values, part) => [...values].sort((a, b) => a - b)[Math.ceil(part * values.length) - 1];

function row(name, cells) {
    return name.padEnd(14) + cells.map((cell) => cell.padStart(14)).join('');
}

function figures(values) {
    const shown = (value) => (value === undefined ? '-' : value.toFixed(1));
    return [shown(quantile(values, 0.5)), shown(quantile(values, 1))];
}

const [dir, many = '200', alone = '24'] = process.argv.slice(2);
const demo = JSON.parse(readFileSync(join(dir, 'demo.json'), 'utf8'));
const log = join(dir, 'server.log');
const { users } = demo.providers.find(({ providerId }) => providerId === PROVIDER);
const walkers = LOGINS.map((login) => users.find((user) => user.login === login));
const prepare = (count) =>
    Promise.all(Array.from({ length: count }, () => newConsent(demo, PERMISSIONS)));
const userOf = (index) => walkers[index % walkers.length];

const logged = statSync(log).size;
for (const [i, consent] of (await prepare(Number(alone))).entries()) {
    await walk(demo, userOf(i), consent);
}
const server = serverTimes(log, logged);

const consents = await prepare(Number(many));
const start = performance.now();
const ends = await Promise.allSettled(consents.map((consent, i) => walk(demo, userOf(i), consent)));
const seconds = (performance.now() - start) / 1000;
const failed = ends.filter(({ status }) => status === 'rejected');
const walked = ends.flatMap(({ value }) => value ?? []);

console.log(row('step', ['server_p50_ms', 'server_max_ms', 'many_p50_ms', 'many_max_ms']));
for (const step of STEPS) {
    const waited = walked.map((taken) => taken[step]);
    console.log(row(step, [...figures(server[step]), ...figures(waited)]));
}
console.log(
    `\n${many} at once in ${seconds.toFixed(1)} s: ${failed.length} failed, ` +
        `${askedAgain} requests were asked again`,
);
for (const { reason } of failed) {
    console.log(`failed: ${reason.message}`, reason.cause?.message ?? '');
    process.exitCode = 1;
}
