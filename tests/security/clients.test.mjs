// Client credentials: the token endpoint, and calls with its tokens, against the running server.
// The catalogue is client-cases.json. A case of `token` says what differs from the good request of
// dhowretail's Hub, which proves itself by client_secret_basic:
//   client, certificate   whose client id and secret, and whose client certificate: retail
//                         (default), business; certificates also: otherOrganisation, bank
//   method, query         of the request
//   form                  parameters that differ; null takes one away
//   rawBody               the body instead: a text, {"repeat": [text, n]}, {"pad": n} for n bytes
//   contentType           another one; null: none
//   authorization         the Authorization headers; {basic}, {id}, {secret}, … stand for values
//   assertion             sends one: `header` and `claims` differ (null takes one away, {"now": s} is
//                         a time, {"repeat": …}), `sign` another way, `signer` another key, `twice`,
//                         or `text` instead
// and what must come of it: status, error, scope, and in the log the id of the refusal. A case of
// `calls` does the same for GET /accounts:
//   provider, certificate, authorization   as above; {token} is the token
//   token                 which one; retail by default
//   clock                 seconds by which the server's clock is ahead
// A case of `issuer` is a token of another server, whose algorithms are configured: alg, kid.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import {
    constants, createHash, createHmac, createPrivateKey, generateKeyPairSync, randomBytes, randomUUID, sign,
    X509Certificate,
} from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { exportJWK, importPKCS8, SignJWT } from 'jose';
import { custom, Issuer } from 'openid-client';
import { HubClient, makeToken } from '../support/client.mjs';
import { BUILD_DIR, sharedPki, startDemo } from '../support/demo.mjs';

const cases = JSON.parse(readFileSync(new URL('client-cases.json', import.meta.url), 'utf8'));
const PROVIDERS = { retail: 'dhowretail', business: 'dhowbusiness', nobody: 'nobody' };
const CLIENT_IDS = { retail: 'hub-retail', business: 'dhowbusiness' };
const SCOPES = { retail: ['accounts', 'payments'], business: ['corporate'] };
const LIFE_S = { retail: 300, business: 60 };
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const run = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), 'lfi-clients-'));
const secrets = {};
const shown = []; // what must not be in any log
let demo;
let identities;
let issuer;
const clients = {};

const base64url = (text) => Buffer.from(text).toString('base64url');
const distinguishedName = (file) =>
    new X509Certificate(readFileSync(file)).subject.split('\n').join(', ');

function makeRsaKey(name) {
    const file = join(folder, name);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    return file;
}

/** A line of a file of secrets, made as its header says (server/caller/secrets.h). */
function lineOf(id, secret, { from = -60, to = 3600, end = '' } = {}) {
    const salt = randomBytes(16);
    const hash = createHash('sha256').update(salt).update(secret).digest('base64url');
    const at = (seconds) => new Date(Date.now() + 1000 * seconds).toISOString();
    return `${id} ${salt.toString('base64url')} ${hash} ${at(from)} ${at(to)}${end}\n`;
}

function makeSecrets() {
    for (const name of ['retail', 'business', 'retired', 'expired', 'future']) {
        secrets[name] = randomBytes(32).toString('base64url');
    }
    const retail = lineOf('now', secrets.retail) +
        lineOf('gone', secrets.retired, { end: ' retired' }) +
        lineOf('over', secrets.expired, { to: -1 }) + lineOf('later', secrets.future, { from: 3000 });
    const file = join(folder, 'retail.clients');
    writeFileSync(file, retail, { mode: 0o600 });
    const made = spawnSync(join(BUILD_DIR, 'bin/lfi-server'), ['key', 'new', '--file', file], { encoding: 'utf8' });
    assert.equal(made.status, 0, made.stderr);
    secrets.next = made.stdout.trim();
    writeFileSync(join(folder, 'business.clients'), `# of the other Hub\n${lineOf('a', secrets.business)}`,
        { mode: 0o600 });
}

before(async () => {
    makeSecrets();
    const clientsOf = (name, more) => ({
        mode: 'client-credentials',
        clients: {
            file: join(folder, `${name}.clients`),
            scopes: SCOPES[name],
            lifeSeconds: LIFE_S[name],
            ...more,
        },
    });
    const retail = clientsOf('retail', {
        id: CLIENT_IDS.retail,
        methods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth'],
        subjects: [distinguishedName(join(sharedPki(), 'hub/dhowretail/C4.pem'))],
    });
    const business = clientsOf('business', { methods: ['client_secret_basic'], tokens: 'jwt' });
    demo = await startDemo({
        adjustServer: `.caller.tokenKey = ${JSON.stringify(makeRsaKey('token.key'))}
            | .caller.organisationUnits += [$subjects["rogue/otherOrganisation"].ou]
            | .providers |= map({dhowretail: ${JSON.stringify(retail)},
                dhowbusiness: ${JSON.stringify(business)}}[.id] as $auth
                | if $auth then .callerAuth = $auth else . end)`,
    });
    const [hub, otherHub] = ['dhowretail', 'dhowbusiness'].map((id) =>
        demo.providers.find(({ providerId }) => providerId === id),
    );
    identities = {
        retail: hub,
        business: otherHub,
        otherOrganisation: demo.rogue.otherOrganisation,
        bank: demo.bank,
    };
    for (const [name, identity] of Object.entries(identities)) {
        clients[name] = new HubClient(demo, hub.providerId, { identity });
    }
    issuer = demo.ozoneConnect.baseUrl;
});

after(async () => {
    Object.values(clients).forEach((client) => client.close());
    await demo?.stop();
    rmSync(folder, { recursive: true });
});

// --- from a case to a request --------------------------------------------------------------------

const basicOf = (id, secret) => Buffer.from(`${id}:${secret}`).toString('base64');
const encodeAll = (text) => text.replace(/./g, (c) => `%${c.charCodeAt(0).toString(16)}`);

function valuesOf(name) {
    const id = CLIENT_IDS[name];
    const secret = secrets[name];
    return {
        id,
        idUpper: id.toUpperCase(),
        secret,
        secretShort: secret.slice(0, -1),
        otherSecret: secrets[name === 'retail' ? 'business' : 'retail'],
        nextSecret: secrets.next,
        retiredSecret: secrets.retired,
        expiredSecret: secrets.expired,
        futureSecret: secrets.future,
        issuer,
        basic: basicOf(id, secret),
        basicEncoded: basicOf(encodeAll(id), encodeAll(secret)),
        basicEmpty: basicOf(id, ''),
    };
}

function resolve(value, values) {
    if (Array.isArray(value)) {
        return value.map((part) => resolve(part, values));
    }
    if (typeof value === 'string') {
        return value.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
    }
    if (value?.now !== undefined) {
        return Math.floor(Date.now() / 1000) + value.now;
    }
    if (value?.repeat) {
        return value.repeat[0].repeat(value.repeat[1]);
    }
    return value ?? undefined; // null takes away
}

const resolveAll = (object = {}, values) =>
    Object.fromEntries(Object.entries(object).map(([name, part]) => [name, resolve(part, values)]));
const withoutUndefined = (object) =>
    Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const signatures = {
    PS256: (text, key) =>
        sign('sha256', text, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
    RS256: (text, key) => sign('sha256', text, key),
    HS256: (text) => createHmac('sha256', secrets.retail).update(text).digest(),
    nothing: () => Buffer.alloc(3),
};

/** A compact JWS made by hand, as no library would. */
function forge(header, claims, how, signer) {
    const text = [header, claims].map((part) => base64url(JSON.stringify(part))).join('.');
    const key = createPrivateKey(readFileSync(signer.signingKey));
    return `${text}.${signatures[how](Buffer.from(text), key).toString('base64url')}`;
}

async function makeAssertion(it, name, values) {
    if (it.text) {
        return it.text;
    }
    const signer = identities[it.signer ?? name];
    const id = CLIENT_IDS[name];
    const now = Math.floor(Date.now() / 1000);
    const claims = withoutUndefined({
        iss: id, sub: id, aud: issuer, iat: now, exp: now + 60, jti: randomUUID(),
        ...resolveAll(it.claims, values),
    });
    const kid = identities[name].kid;
    const header = withoutUndefined({ alg: 'PS256', typ: 'JWT', kid, ...resolveAll(it.header, values) });
    if (it.sign || it.signer) {
        return forge(header, claims, it.sign ?? 'PS256', signer);
    }
    const key = await importPKCS8(readFileSync(signer.signingKey, 'utf8'), 'PS256');
    return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

async function bodyOf(it, name, values) {
    if (it.rawBody?.pad) {
        return 'grant_type=client_credentials&pad='.padEnd(it.rawBody.pad, 'x');
    }
    if (it.rawBody !== undefined) {
        return resolve(it.rawBody, values);
    }
    const assertion = it.assertion && {
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await makeAssertion(it.assertion, name, values),
    };
    shown.push(...(assertion ? assertion.client_assertion.split('.').slice(1) : []));
    const form = { grant_type: 'client_credentials', ...assertion, ...resolveAll(it.form, values) };
    return new URLSearchParams(withoutUndefined(form)).toString();
}

function askToken(certificate, { method = 'POST', query, content, headers = {} }) {
    return clients[certificate].send(method, `/token${query ? `?${query}` : ''}`, {
        headers: withoutUndefined({
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': content === undefined ? undefined : Buffer.byteLength(content),
            ...headers,
        }),
        content,
    });
}

/** A good token of that Hub. */
async function getToken(name, scope) {
    const reply = await askToken(name, {
        content: new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) }).toString(),
        headers: { authorization: `Basic ${valuesOf(name).basic}` },
    });
    assert.equal(reply.status, 200, reply.text);
    return reply.json.access_token;
}

/** The Authorization headers; undefined: none. */
function linesOf(lines, values) {
    return lines.length > 0 ? lines.map((line) => resolve(line, values)) : undefined;
}

const logged = (event) => demo.serverLog().filter((line) => line.event === event);

// --- the token endpoint --------------------------------------------------------------------------

const answers = new Set();
const told = []; // what the log must say of each request, in their order

/** What of a reply tells one refusal from another. */
const answerOf = ({ status, headers, text }) => `${status} ${Object.keys(headers).sort()} ${text}`;

for (const it of cases.token) {
    test(`token: ${it.name}`, async () => {
        const name = it.client ?? 'retail';
        const values = valuesOf(name);
        const asked = {
            method: it.method,
            query: it.query && resolve(it.query, values),
            content: await bodyOf(it, name, values),
            headers: {
                authorization: linesOf(it.authorization ?? ['Basic {basic}'], values),
                ...(it.contentType !== undefined && { 'content-type': it.contentType ?? undefined }),
            },
        };
        if (it.assertion?.twice) {
            assert.equal((await askToken(it.certificate ?? name, asked)).status, 200);
            told.push({ refused: undefined, client: CLIENT_IDS[name], name: 'the first time' });
        }
        told.push({ refused: it.refused, client: it.status === 200 ? CLIENT_IDS[name] : undefined, name: it.name });
        const reply = await askToken(it.certificate ?? name, asked);
        assert.equal(reply.status, it.status, reply.text);
        assert.equal(reply.headers['cache-control'], 'no-store');
        assert.equal(reply.headers['content-type'], 'application/json');
        if (it.status === 200) {
            assert.deepEqual(Object.keys(reply.json).sort(),
                ['access_token', 'expires_in', 'scope', 'token_type']);
            assert.equal(reply.json.token_type, 'Bearer');
            assert.equal(reply.json.expires_in, LIFE_S[name]);
            assert.equal(reply.json.scope, it.scope ?? SCOPES[name].join(' '));
            shown.push(...reply.json.access_token.split('.'));
        } else {
            assert.equal(reply.json.error, it.error);
        }
        if (it.status === 401) {
            assert.match(reply.headers['www-authenticate'], /^Basic /);
            answers.add(answerOf(reply));
        }
    });
}

test('the log names each refusal, and each client that got a token', () => {
    const lines = logged('token-request').slice(0, told.length);
    const seen = lines.map(({ refused, client }, i) => ({
        refused, client: refused ? undefined : client, name: told[i].name }));
    assert.deepEqual(seen, told);
});

test('clients who are not authenticated all get the same answer', () => {
    assert.equal(answers.size, 1, [...answers].join('\n'));
});

test('one of twenty requests with one assertion gets a token', async () => {
    const content = await bodyOf({ assertion: {} }, 'retail', valuesOf('retail'));
    const replies = await Promise.all(Array.from({ length: 20 }, () => askToken('retail', { content })));
    assert.equal(replies.filter(({ status }) => status === 200).length, 1);
});

test('metadata says what there is, and where', async () => {
    const path = '/.well-known/oauth-authorization-server';
    const reply = await clients.business.send('GET', path);
    assert.deepEqual(reply.json, {
        issuer,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/.well-known/jwks.json`,
        grant_types_supported: ['client_credentials'],
        response_types_supported: [],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post',
            'private_key_jwt', 'tls_client_auth'],
        token_endpoint_auth_signing_alg_values_supported: ['PS256'],
        scopes_supported: ['accounts', 'payments', 'corporate', 'ozone-connect'],
        tls_client_certificate_bound_access_tokens: true,
    });
    assert.equal((await clients.bank.send('GET', path)).status, 403);
    const post = await clients.retail.send('POST', path);
    assert.equal(post.status, 405);
    assert.equal(post.headers.allow, 'GET');
});

test('a JWT says by RFC 9068 what it is for, and the published key signed it', async () => {
    const token = await getToken('business');
    const { jwtVerify, createLocalJWKSet } = await import('jose');
    const keys = (await clients.business.send('GET', '/.well-known/jwks.json')).json;
    const verified = await jwtVerify(token, createLocalJWKSet(keys), {
        issuer, audience: 'dhowbusiness', typ: 'at+jwt', algorithms: ['PS256'],
        requiredClaims: ['sub', 'iat', 'exp', 'jti', 'client_id'],
    });
    const certificate = new X509Certificate(readFileSync(identities.business.clientCert));
    assert.equal(verified.payload.client_id, 'dhowbusiness');
    assert.equal(verified.payload.scope, 'corporate');
    assert.equal(verified.payload.exp - verified.payload.iat, LIFE_S.business);
    assert.equal(Buffer.from(verified.payload.cnf['x5t#S256'], 'base64url').toString('hex'),
        certificate.fingerprint256.replaceAll(':', '').toLowerCase());
});

// --- calls ---------------------------------------------------------------------------------------

async function moveClock(seconds) {
    const reply = await fetch(`${demo.adminBaseUrl}/operator/clock`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${readFileSync(demo.operatorTokenFile, 'utf8').trim()}` },
        body: JSON.stringify({ offsetSeconds: seconds }),
    });
    assert.equal(reply.status, 204);
}

const change = (text, at) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);

const makers = {
    retail: () => getToken('retail'),
    business: () => getToken('business'),
    subset: () => getToken('retail', 'payments'),
    short: async () => (await getToken('retail')).slice(0, -1),
    changed: async () => change(await getToken('retail'), 30),
    huge: () => 'a'.repeat(8192),
    jwtAuth: () => makeToken(identities.business, 'dhowbusiness'),
    assertion: () => makeAssertion({}, 'business', valuesOf('business')),
    changedJwt: async () => {
        const token = await getToken('business');
        return change(token, token.length - 50);
    },
    none: async () => {
        const [header, payload] = (await getToken('business')).split('.');
        const claims = JSON.parse(Buffer.from(payload, 'base64url'));
        const { kid } = JSON.parse(Buffer.from(header, 'base64url'));
        return forge({ alg: 'none', typ: 'at+jwt', kid }, claims, 'nothing', identities.business);
    },
    forged: async () => {
        const [header, payload] = (await getToken('business')).split('.');
        const claims = JSON.parse(Buffer.from(payload, 'base64url'));
        const members = JSON.parse(Buffer.from(header, 'base64url'));
        return forge(members, { ...claims, exp: claims.exp + 60 }, 'PS256', identities.business);
    },
};

async function callAccounts(it, { token, values = {} }) {
    const [user] = identities.retail.users;
    const interactionId = randomUUID();
    const provider = PROVIDERS[it.provider ?? 'retail'];
    const owner = identities[it.provider] ?? identities.retail;
    const reply = await clients[it.certificate ?? 'retail'].call('GET', '/accounts', {
        userId: (owner.users?.[0] ?? user).userId,
        query: { accountIds: (owner.users?.[0] ?? user).accountIds.join(',') },
        token: null,
        headers: {
            authorization: linesOf(it.authorization ?? ['Bearer {token}'], { ...values, token }),
            'o3-provider-id': provider,
            'o3-aspsp-id': provider,
            'o3-ozone-interaction-id': interactionId,
        },
    });
    return { reply, interactionId };
}

/** The id of the refusal, by the log, whose line a busy machine may write long after the answer. */
async function refusedOf({ interactionId }) {
    for (const until = Date.now() + 20_000; Date.now() < until; await sleep(50)) {
        const line = logged('request').find(({ interaction }) => interaction === interactionId);
        if (line) {
            return line.refused;
        }
    }
    return assert.fail(`no line of ${interactionId} in the log`);
}

const callAnswers = new Set();
const toldOfCalls = [];

for (const it of cases.calls) {
    test(`call: ${it.name}`, async () => {
        const token = await makers[it.token ?? 'retail']();
        if (it.clock) {
            await moveClock(it.clock);
        }
        try {
            const { reply, interactionId } = await callAccounts(it, { token, values: valuesOf('retail') });
            toldOfCalls.push({ interactionId, refused: it.refused, name: it.name });
            assert.equal(reply.status, it.status, reply.text);
            if (it.status === 401) {
                callAnswers.add(answerOf(reply));
            }
            if (it.refused === 'ACCESS-TOKEN-SCOPE') {
                assert.equal(reply.json.errorCode, 'AccessToken.InvalidScope');
            }
        } finally {
            if (it.clock) {
                await moveClock(0);
            }
        }
    });
}

test('the log names the refusal of each call', () => {
    const refusals = new Map(logged('request').map(({ interaction, refused }) => [interaction, refused]));
    const seen = toldOfCalls.map((call) => ({ ...call, refused: refusals.get(call.interactionId) }));
    assert.deepEqual(seen, toldOfCalls);
});

test('callers who are not authenticated get the words of JWT Auth', () => {
    assert.equal(callAnswers.size, 1, [...callAnswers].join('\n'));
    assert.match([...callAnswers][0], /"The request is not authenticated\."/);
});

test('the catalogue has its cases, and one for every refusal', () => {
    const refusals = (list) => new Set(list.map(({ refused }) => refused));
    assert.ok(cases.token.length >= 25 && cases.calls.length >= 15);
    const atEndpoint = ['MISSING', 'SCHEME', 'BASIC', 'FORM', 'METHODS', 'METHOD', 'UNKNOWN', 'SECRET',
        'CERTIFICATE', 'GRANT', 'SCOPE', ...['TYPE', 'FORM', 'ALG', 'TYP', 'CRIT', 'KEY-NAMED', 'KID',
            'KID-UNKNOWN', 'SIGNATURE', 'ISS', 'SUB', 'AUD', 'EXP', 'LIFE', 'NBF', 'IAT', 'JTI',
            'REPLAY'].map((id) => `ASSERTION-${id}`)];
    for (const id of atEndpoint) {
        assert.ok(refusals(cases.token).has(`CLIENT-${id}`), id);
    }
    const atCalls = ['MISSING', 'SCHEME', 'FORM', 'UNKNOWN', 'ALG', 'TYP', 'SIGNATURE', 'AUD', 'EXP',
        'PROVIDER', 'CERTIFICATE', 'SCOPE']; // the others: unit.test_caller_access
    for (const id of atCalls) {
        assert.ok(refusals(cases.calls).has(`ACCESS-TOKEN-${id}`), id);
    }
});

// --- independent clients -------------------------------------------------------------------------

const openIdMethods = {
    client_secret_basic: () => [{ client_secret: secrets.retail }],
    client_secret_post: () => [{ client_secret: secrets.retail }],
    private_key_jwt: async () => {
        const { kid, signingKey } = identities.retail;
        const key = createPrivateKey(readFileSync(signingKey));
        return [{ token_endpoint_auth_signing_alg: 'PS256' }, { keys: [{ ...(await exportJWK(key)), kid }] }];
    },
    tls_client_auth: () => [{}],
};

for (const [method, make] of Object.entries(openIdMethods)) {
    test(`openid-client finds the endpoint and gets a token by ${method}`, async () => {
        const { clientCert, clientKey } = identities.retail;
        const options = () => ({
            ca: readFileSync(demo.ozoneConnect.caFile),
            cert: readFileSync(clientCert),
            key: readFileSync(clientKey),
        });
        Issuer[custom.http_options] = options;
        const found = await Issuer.discover(`${issuer}/.well-known/oauth-authorization-server`);
        found[custom.http_options] = options;
        const [metadata, jwks] = await make();
        const client = new found.Client(
            { client_id: CLIENT_IDS.retail, token_endpoint_auth_method: method, ...metadata }, jwks);
        client[custom.http_options] = options;
        const token = await client.grant({ grant_type: 'client_credentials', scope: 'accounts payments' });
        assert.equal(token.scope, 'accounts payments');
        assert.equal((await callAccounts({}, { token: token.access_token })).reply.status, 200);
    });
}

const scripts = fileURLToPath(new URL('oauth_clients/', import.meta.url));

function environmentOfClient() {
    return {
        ...process.env,
        ISSUER: issuer,
        CA_FILE: demo.ozoneConnect.caFile,
        CLIENT_CERT: identities.retail.clientCert,
        CLIENT_KEY: identities.retail.clientKey,
        CLIENT_ID: CLIENT_IDS.retail,
        CLIENT_SECRET: secrets.retail,
        SCOPE: 'accounts payments',
    };
}

async function hasProgram(...command) {
    return run(command[0], command.slice(1)).then(() => true, () => false);
}

test("Python's standard library gets a token", async (t) => {
    if (!(await hasProgram('python3', '--version'))) {
        return t.skip('needs python3');
    }
    const { stdout } = await run('python3', [join(scripts, 'client.py')], { env: environmentOfClient() });
    assert.equal((await callAccounts({}, { token: stdout.trim() })).reply.status, 200);
});

test("Go's golang.org/x/oauth2/clientcredentials gets a token", async (t) => {
    if (process.env.LFI_LONG !== '1') {
        return t.skip('needs LFI_LONG=1');
    }
    const options = { cwd: join(scripts, 'go'), env: { ...environmentOfClient(), GOTOOLCHAIN: 'local' } };
    if (!(await hasProgram('go', 'version')) || !(await run('go', ['mod', 'download'], options).then(() => true, () => false))) {
        return t.skip('needs Go and the module golang.org/x/oauth2');
    }
    const { stdout } = await run('go', ['run', '.'], options);
    assert.equal((await callAccounts({}, { token: stdout.trim() })).reply.status, 200);
});

// --- what operators see --------------------------------------------------------------------------

test('an old secret in use after the new one is told once', async () => {
    const ask = (secret) => askToken('retail', {
        content: 'grant_type=client_credentials',
        headers: { authorization: `Basic ${basicOf(CLIENT_IDS.retail, secret)}` },
    });
    for (const secret of [secrets.next, secrets.retail, secrets.retail, secrets.next]) {
        assert.equal((await ask(secret)).status, 200);
    }
    assert.deepEqual(logged('secret-old').map(({ provider, secret }) => [provider, secret]), [['dhowretail', 'now']]);
});

test('token requests are counted by provider and status, refused clients in all', async () => {
    const metrics = await (await fetch(`${demo.adminBaseUrl}/metrics`)).text();
    const value = (name) => Number(metrics.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1] ?? 0);
    const requests = (provider, status) =>
        value(`lfi_requests_total{provider="${provider}",operation="issueToken",status="${status}"}`);
    const lines = logged('token-request').filter(({ operation }) => operation === 'issueToken');
    for (const provider of ['dhowretail', 'dhowbusiness', undefined]) {
        for (const status of [200, 400, 401]) {
            const expected = lines.filter((line) => line.provider === provider && line.status === status).length;
            assert.equal(requests(provider ?? 'none', status), expected, `${provider} ${status}`);
        }
    }
    assert.equal(value('lfi_refused_client_total'),
        lines.filter(({ status, refused }) => status === 401 && refused.startsWith('CLIENT-')).length);
    assert.ok(requests('dhowretail', 200) > 5 && requests('dhowretail', 401) > 5 && requests('none', 401) > 1);
});

// --- a reload, and another server's tokens -------------------------------------------------------

async function reload(adjust) {
    const file = join(demo.dir, 'server.json');
    const config = JSON.parse(readFileSync(file, 'utf8'));
    adjust?.(config);
    writeFileSync(file, JSON.stringify(config, null, 2));
    const ended = () => demo.serverLog().filter(({ event }) => /^reload/.test(event)).at(-1);
    const count = logged('reloaded').length;
    process.kill(demo.serverPid, 'SIGHUP');
    for (const until = Date.now() + 20_000; logged('reloaded').length === count; ) {
        assert.ok(Date.now() < until && ended()?.event !== 'reload-failed', JSON.stringify(ended()));
        await sleep(50);
    }
}

test('tokens and used assertions survive a reload', async () => {
    const [opaque, jwt] = [await getToken('retail'), await getToken('business')];
    const content = await bodyOf({ assertion: {} }, 'retail', valuesOf('retail'));
    assert.equal((await askToken('retail', { content })).status, 200);
    await reload();
    assert.equal((await callAccounts({}, { token: opaque })).reply.status, 200);
    const business = { provider: 'business', certificate: 'business' };
    assert.equal((await callAccounts(business, { token: jwt })).reply.status, 200);
    assert.equal((await askToken('retail', { content })).json.error, 'invalid_client');
});

test('a retired secret ends with the reload, tokens that it got do not', async () => {
    const token = await getToken('retail');
    const file = join(folder, 'retail.clients');
    const retired = spawnSync(join(BUILD_DIR, 'bin/lfi-server'), ['key', 'retire', '--file', file, '--id', 'now']);
    assert.equal(retired.status, 0);
    await reload();
    const ask = (secret) => askToken('retail', {
        content: 'grant_type=client_credentials',
        headers: { authorization: `Basic ${basicOf(CLIENT_IDS.retail, secret)}` },
    });
    assert.equal((await ask(secrets.retail)).json.error, 'invalid_client');
    assert.equal((await ask(secrets.next)).status, 200);
    assert.equal((await callAccounts({}, { token })).reply.status, 200);
    [secrets.old, secrets.retail] = [secrets.retail, secrets.next];
});

test('tokens survive a change of both keys', async () => {
    const tokensBefore = [await getToken('retail'), await getToken('business')];
    await reload((config) => {
        const session = join(folder, 'session.key');
        writeFileSync(session, randomBytes(32), { mode: 0o600 });
        config.journey.previousSessionKey = config.journey.sessionKey;
        config.journey.sessionKey = session;
        config.caller.previousTokenKey = config.caller.tokenKey;
        config.caller.tokenKey = makeRsaKey('token2.key');
    });
    const business = { provider: 'business', certificate: 'business' };
    for (const [opaque, jwt] of [tokensBefore, [await getToken('retail'), await getToken('business')]]) {
        assert.equal((await callAccounts({}, { token: opaque })).reply.status, 200);
        assert.equal((await callAccounts(business, { token: jwt })).reply.status, 200);
    }
    assert.equal((await clients.retail.send('GET', '/.well-known/jwks.json')).json.keys.length, 2);
});

describe("a bank's own authorisation server issues the tokens instead", () => {
    const business = { provider: 'business', certificate: 'business' };
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const keys = { rsa, rsaForPs256: rsa, ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
    let server;
    let url;
    let fetches = 0;

    before(async () => {
        const jwks = {
            keys: [
                { ...(await exportJWK(keys.rsa.publicKey)), kid: 'rsa', use: 'sig' },
                { ...(await exportJWK(keys.rsa.publicKey)), kid: 'rsaForPs256', use: 'sig', alg: 'PS256' },
                { ...(await exportJWK(keys.ec.publicKey)), kid: 'ec', use: 'sig', alg: 'ES256' },
            ],
        };
        const [key, cert] = ['key', 'pem'].map((end) => readFileSync(join(demo.dir, `pki/hub/S3.${end}`)));
        server = createServer({ key, cert }, (_, reply) => {
            fetches++;
            reply.end(JSON.stringify(jwks));
        });
        await new Promise((done) => server.listen(0, 'localhost', done));
        url = `https://localhost:${server.address().port}`;
    });
    after(() => server.close());

    const configure = (algorithms) => reload((config) => {
        config.providers.find(({ id }) => id === 'dhowbusiness').callerAuth = {
            mode: 'client-credentials',
            issuer: { issuer: url, jwksUrl: `${url}/jwks`, audience: 'ozone', scopes: ['corporate'], algorithms },
        };
    });

    /** A token of the server; with alg HS256 the secret is a public key, with none there is no real signature. */
    function make(claims, { alg = 'PS256', kid = 'rsa', signedBy = kid } = {}) {
        const fingerprint = new X509Certificate(readFileSync(identities.business.clientCert)).fingerprint256;
        const thumbprint = Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url');
        const header = { alg, typ: 'at+jwt', kid };
        const body = {
            client_id: 'hub', scope: 'corporate', cnf: { 'x5t#S256': thumbprint }, iss: url, aud: 'ozone', sub: 'hub',
            iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 300, ...claims,
        };
        const text = [header, body].map((part) => base64url(JSON.stringify(part))).join('.');
        if (alg === 'none') {
            return `${text}.AAAA`;
        }
        if (alg === 'HS256') {
            const secret = keys[kid].publicKey.export({ type: 'spki', format: 'pem' });
            return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
        }
        return new SignJWT(body).setProtectedHeader(header).sign(keys[signedBy].privateKey);
    }

    /** Asks again while our keys come too late for the bank, and counts only the fetch that did not. */
    async function judge(it, token) {
        const until = Date.now() + 20_000;
        const fetchesBefore = fetches;
        for (;;) {
            const refused = await refusedOf(await callAccounts(it, { token }));
            if (refused !== 'JWKS-UNAVAILABLE' || Date.now() > until) {
                return refused;
            }
            fetches = fetchesBefore;
            await sleep(1100); // a failure is answered for a second without another try
        }
    }

    test('its tokens are believed for what they say', async () => {
        await configure();
        assert.equal(await judge(business, await make({})), undefined);
        assert.equal(await judge(business, await make({ scope: 'other' })), 'ACCESS-TOKEN-SCOPE');
        assert.equal(await judge(business, await make({ cnf: undefined })), 'ACCESS-TOKEN-CERTIFICATE');
        assert.equal(await judge({ ...business, certificate: 'retail' }, await make({})),
            'ACCESS-TOKEN-CERTIFICATE');
        assert.equal(await judge({}, await make({})), 'ACCESS-TOKEN-ISS');
    });

    test('its client of our own endpoint is gone', async () => {
        const reply = await askToken('business', {
            content: 'grant_type=client_credentials',
            headers: { authorization: `Basic ${valuesOf('business').basic}` },
        });
        assert.equal(reply.status, 401);
    });

    test('a reload fetches its keys anew only with other authorities to believe', async () => {
        const fetchesAfter = async (adjust) => {
            await reload(adjust);
            assert.equal(await judge(business, await make({})), undefined);
            return fetches;
        };
        const bundle = join(folder, 'authorities.pem');
        assert.equal(fetches, 1);
        assert.equal(await fetchesAfter(), 1);
        assert.equal(await fetchesAfter((config) => {
            writeFileSync(bundle, readFileSync(join(demo.dir, config.caller.jwksCa)));
            config.caller.jwksCa = bundle;
        }), 1, 'the same bytes in another file');
        assert.equal(await fetchesAfter(() => {
            writeFileSync(bundle, readFileSync(join(sharedPki(), 'ca/root.pem')), { flag: 'a' });
        }), 2, 'other bytes in the same file');
    });

    let configured;
    for (const it of cases.issuer) {
        test(`algorithm: ${it.name}`, async () => {
            if (`${configured}` !== `${it.algorithms}`) {
                await configure(it.algorithms);
                configured = it.algorithms;
            }
            assert.equal(await judge(business, await make({}, it)), it.refused);
        });
    }
});

test('no secret, token or assertion is in any log', () => {
    const log = demo.readLog('server.log');
    for (const text of [...shown, ...Object.values(secrets)].filter(({ length }) => length > 20)) {
        assert.ok(!log.includes(text.slice(0, 24)), text.slice(0, 8));
    }
    assert.ok(shown.length > 50);
});
