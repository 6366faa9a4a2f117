// The catalogue of tokens, good and bad, against the running server. A case of jwt-cases.json says
// what differs from the Hub's own call:
//   certificate, signer   whose client certificate, whose signing key and claims: hub (default),
//                         otherHub, otherOrganisation, noCn
//   header, withoutHeader, kid; claims, withoutClaims
//                         members that differ or are missing; {"now": s}, {"nowMs": s} seconds from
//                         now, {"of": "O"} (or ofUpper) an attribute of the Hub's certificate,
//                         {"repeat": [text, n]}; kid: "hub" is the Hub's, "swapCase" in other case
//   headerText, payloadText  the JSON as text; {... stands for the regular object, left open
//   sign                  another signature than PS256 for the header's words
//   change                what is done to the finished token
//   compact               the token put together otherwise
//   authorization         the Authorization headers
// and what must come of it: status, and in the server's log the id of the refusal.
import assert from 'node:assert/strict';
import { constants, createHmac, createPublicKey, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { HubClient, makeToken, subjectOf } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';
import { until } from '../support/webhooks.mjs';

const cases = JSON.parse(readFileSync(new URL('jwt-cases.json', import.meta.url), 'utf8'));
const PROVIDER = 'dhowretail';
const LIFE_S = 30;

let demo;
let identities;
const clients = {};
const sentTokens = [];

before(async () => {
    demo = await startDemo();
    const [hub, otherHub] = [PROVIDER, 'dhowbusiness'].map((id) =>
        demo.providers.find(({ providerId }) => providerId === id),
    );
    const { otherOrganisation, noCn } = demo.rogue;
    identities = { hub, otherHub, otherOrganisation, noCn: { ...hub, ...noCn } };
    for (const [name, identity] of Object.entries(identities)) {
        clients[name] = new HubClient(demo, PROVIDER, { identity });
    }
});

after(async () => {
    Object.values(clients).forEach((client) => client.close());
    await demo?.stop();
});

const base64url = (text) => Buffer.from(text).toString('base64url');

// --- from a case to a token ----------------------------------------------------------------------

function resolve(value) {
    if (Array.isArray(value)) {
        return value.map(resolve);
    }
    if (value === null || typeof value !== 'object') {
        return value;
    }
    const now = Math.floor(Date.now() / 1000);
    const subject = subjectOf(identities.hub.clientCert);
    const special = {
        now: (seconds) => now + seconds,
        nowMs: (seconds) => (now + seconds) * 1000,
        of: (attribute) => subject[attribute],
        ofUpper: (attribute) => subject[attribute].toUpperCase(),
        repeat: ([text, times]) => text.repeat(times),
    };
    const [[name, argument], ...more] = [...Object.entries(value), []];
    if (more.length === 1 && special[name]) {
        return special[name](argument);
    }
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolve(part)]));
}

function without(names = []) {
    return Object.fromEntries(names.map((name) => [name, undefined]));
}

function kidOf(wanted, signer) {
    if (wanted === 'hub') {
        return identities.hub.kid;
    }
    const swap = (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase());
    return wanted === 'swapCase' ? signer.kid.replace(/[a-z]/gi, swap) : signer.kid;
}

const pss = (saltLength) => ({ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
const signatures = {
    PS256: (text, key) => sign('sha256', text, { key, ...pss(32) }),
    'PS256-salt20': (text, key) => sign('sha256', text, { key, ...pss(20) }),
    PS384: (text, key) => sign('sha384', text, { key, ...pss(48) }),
    PS512: (text, key) => sign('sha512', text, { key, ...pss(64) }),
    RS256: (text, key) => sign('sha256', text, key),
    HS256: (text, key) => {
        const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' });
        return createHmac('sha256', publicPem).update(text).digest();
    },
    nothing: () => Buffer.alloc(0),
};

// What the independent library would not put its name to.
function forge(header, claims, signer, { headerText, payloadText, sign: how = 'PS256' }) {
    const write = (text = '{...}', object) =>
        text.replace('{...', () => JSON.stringify(object).slice(0, -1));
    const signed = [write(headerText, header), write(payloadText, claims)].map(base64url).join('.');
    const key = readFileSync(signer.signingKey, 'utf8');
    return `${signed}.${signatures[how](Buffer.from(signed), key).toString('base64url')}`;
}

const changes = {
    signature([header, payload, signature]) {
        const other = signature[100] === 'A' ? 'B' : 'A';
        return [header, payload, signature.slice(0, 100) + other + signature.slice(101)];
    },
    shorten: ([header, payload, signature]) => [header, payload, signature.slice(0, -6)],
    payload([header, payload, signature]) {
        const claims = JSON.parse(Buffer.from(payload, 'base64url'));
        return [header, base64url(JSON.stringify({ ...claims, jti: randomUUID() })), signature];
    },
    header([header, payload, signature]) {
        const members = JSON.parse(Buffer.from(header, 'base64url'));
        return [base64url(JSON.stringify({ ...members, x: 1 })), payload, signature];
    },
    swap: async ([header, payload]) => [header, payload, (await clients.hub.token()).split('.')[2]],
};

async function makeCompact(it) {
    const signer = identities[it.signer ?? 'hub'];
    const { O, OU } = subjectOf(signer.clientCert);
    const header = { kid: kidOf(it.kid, signer), ...resolve(it.header), ...without(it.withoutHeader) };
    const claims = { ...resolve(it.claims ?? {}), ...without(it.withoutClaims) };
    const iat = Math.floor(Date.now() / 1000);
    const regular = { iss: O, sub: OU, aud: PROVIDER, iat, exp: iat + LIFE_S, jti: randomUUID() };
    const words = { alg: 'PS256', typ: 'JOSE', cty: 'json', ...header };
    const isRegular = !it.headerText && !it.payloadText && !it.sign && !words.crit;

    const token =
        isRegular && words.alg === 'PS256'
            ? await makeToken(signer, PROVIDER, { header, claims })
            : forge(words, { ...regular, ...claims }, signer, it);
    const changed = it.change ? await changes[it.change](token.split('.')) : token.split('.');
    sentTokens.push(changed);
    const parts = Object.fromEntries(['header', 'payload', 'signature'].map((n, i) => [n, changed[i]]));
    return (it.compact ?? changed.join('.')).replace(/\{(\w+)\}/g, (_, name) => parts[name]);
}

// --- the cases -----------------------------------------------------------------------------------

const answers = new Set();

/** The request's line of the log, which a busy machine may write long after the answer. */
const lineOf = (interactionId) =>
    until(
        () =>
            demo
                .serverLog()
                .find((it) => it.event === 'request' && it.interaction === interactionId),
        'the request is in the log',
    );

for (const it of cases) {
    test(it.name, async () => {
        const compact = await makeCompact(it);
        const lines = (it.authorization ?? ['Bearer {token}']).map((line) =>
            line.replaceAll('{token}', compact),
        );
        const [user] = identities.hub.users;
        const interactionId = randomUUID();
        const reply = await clients[it.certificate ?? 'hub'].call('GET', '/accounts', {
            userId: user.userId,
            query: { accountIds: user.accountIds.join(',') },
            token: null,
            headers: {
                authorization: lines.length > 0 ? lines : undefined,
                'o3-ozone-interaction-id': interactionId,
            },
        });
        const line = await lineOf(interactionId);
        assert.equal(line.refused, it.refused, line.detail);
        assert.equal(reply.status, it.status);
        assert.equal(line.status, it.status);
        if (it.status === 401) {
            answers.add(`${Object.keys(reply.headers).sort()} ${reply.text}`);
        }
    });
}

test('callers who are not authenticated all get the same answer', () => {
    const [answer, ...others] = answers;
    assert.deepEqual(others, []);
    const body = answer.slice(answer.indexOf(' ') + 1);
    assert.deepEqual(JSON.parse(body), {
        errorCode: 'GenericError',
        errorMessage: 'The request is not authenticated.',
    });
});

test('no part of a token is in the log', () => {
    const log = demo.readLog('server.log');
    for (const [, payload, signature] of sentTokens) {
        for (const part of [payload, signature].filter((text) => text?.length > 20)) {
            assert.ok(!log.includes(part.slice(0, 40)));
        }
    }
});

test('the catalogue has its sixty cases, and one for every refusal', () => {
    assert.ok(cases.length >= 60);
    const met = new Set(cases.map(({ refused }) => refused));
    const names = ['MISSING', 'SCHEME', 'FORM', 'ALG', 'TYP', 'CTY', 'CRIT', 'KEY-NAMED', 'KID']
        .concat(['KID-UNKNOWN', 'SIGNATURE', 'ISS', 'SUB', 'AUD', 'AUD-PROVIDER', 'EXP', 'IAT'])
        .concat(['NBF', 'JTI', 'LIFE']);
    for (const id of [...names.map((name) => `JWT-${name}`), 'CALLER-OU', 'CALLER-SUBJECT']) {
        assert.ok(met.has(id), id);
    }
});
