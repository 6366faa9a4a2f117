// Runs the Hub simulator alone, and plays the bank, the TPP and the customer's browser towards it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeToken } from '../support/client.mjs';
import { bankCall, recordHubCall, recordRequest } from '../support/recording.mjs';
import { Tpp } from '../support/tpp.mjs';
import { assertNoSanitizerReport, BUILD_DIR, freePortBase, ROOT, sharedPki } from '../support/demo.mjs';

const READY_MS = 20_000;
const { providers } = JSON.parse(readFileSync(join(ROOT, 'fixtures/bank.json'), 'utf8'));
const PROVIDERS = providers.filter(({ id }) => ['dhowretail', 'dhowbusiness', 'dhowinsurance'].includes(id));
export const HUB_SIM = join(BUILD_DIR, 'bin/hub-sim');

/** Certificate and keys in a folder of the PKI. */
export function identity(folder, certificate, signing) {
    const at = join(sharedPki(), folder);
    return {
        clientCert: join(at, `${certificate}.pem`),
        clientKey: join(at, `${certificate}.key`),
        signingKey: join(at, `${signing}.key`),
        kid: readFileSync(join(at, `${signing}.kid`), 'utf8').trim(),
    };
}

/** O, OU and CN by folder of the PKI. */
export function readSubjects() {
    return JSON.parse(readFileSync(join(sharedPki(), 'pki.json'), 'utf8'));
}

export function hubConfig(base) {
    const pki = sharedPki();
    const at = (offset) => ({ address: '127.0.0.1', port: base + offset });
    return {
        http: { ...at(10), url: `http://localhost:${base + 10}` },
        https: {
            ...at(13),
            certificate: join(pki, 'hub/S3.pem'),
            key: join(pki, 'hub/S3.key'),
            clientCa: join(pki, 'ca/bundle.pem'),
        },
        keystore: at(14),
        bank: {
            ozoneConnectUrl: `https://localhost:${base + 3}`,
            caFile: join(pki, 'ca/bundle.pem'),
            organisationUnit: readSubjects().bank.ou,
            encryption: { certificate: join(pki, 'bank/Enc1.pem') },
        },
        tpps: ['karak', 'dune', 'pearl'].map((slug) => ({ slug, signingKey: join(pki, `tpp/${slug}/Sig1.key`) })),
        hubs: PROVIDERS.map(({ id: providerId, segment, name, text, accountTypes: [userType] }) => ({
            providerId,
            segment,
            name,
            text,
            userType,
            audience: providerId,
            clientCertificate: join(pki, `hub/${providerId}/C4.pem`),
            clientKey: join(pki, `hub/${providerId}/C4.key`),
            signingKey: join(pki, `hub/${providerId}/Sig3.key`),
            authorizeUrl: `http://bank.test/authorize/${providerId}`,
        })),
        published: [
            { certificate: join(pki, 'bank/C3.pem'), key: join(pki, 'bank/Sig4.key') },
            {
                certificate: join(pki, 'rogue/otherOrganisation/C4.pem'),
                key: join(pki, 'rogue/otherOrganisation/Sig3.key'),
            },
        ],
    };
}

/** For `adjust` of startHub: TPPs are served too, and get events. */
export function withTppSide(config) {
    const pki = sharedPki();
    const { address, port } = config.http;
    config.keystore.url = `https://localhost:${port + 4}`;
    config.tppListener = { address, port: port + 5, url: `https://localhost:${port + 5}` };
    for (const hub of config.hubs) {
        hub.responseKey = join(pki, `hub/${hub.providerId}/Sig2.key`);
    }
    for (const tpp of config.tpps) {
        tpp.encryptionKey = join(pki, `tpp/${tpp.slug}/Enc2.key`);
        tpp.transportCert = join(pki, `tpp/${tpp.slug}/C1.pem`);
        tpp.transportKey = join(pki, `tpp/${tpp.slug}/C1.key`);
    }
}

/** The first of its TPPs, at a provider of a simulator that serves TPPs. */
export async function hubTpp(hub, { providerId = 'dhowretail', index = 0 } = {}) {
    const { json } = await hub.script('GET', '/sim/setup');
    const { tppListener, http, tpps, https } = hub.config;
    const known = json.tpps.find(({ slug }) => slug === tpps[index].slug);
    const at = join(sharedPki(), `tpp/${known.slug}`);
    const kid = (name) => readFileSync(join(at, `${name}.kid`), 'utf8').trim();
    const part = (name) => `${tppListener.url}/${name}.${providerId}.apihub`;
    return Tpp.start({
        hub: { caFile: https.clientCa },
        tpps: [{
            ...known, ...tpps[index], kid: kid('Sig1'), encryptionKid: kid('Enc2'),
            redirectUris: [`${http.url}/tpp/callback`],
        }],
        providers: [{
            providerId,
            discoveryUrl: `${part('auth1')}/.well-known/openid-configuration`,
            resourceBaseUrl: part('rs1'),
        }],
    }, { providerId });
}

/**
 * Starts a simulator; `adjust` may change its configuration. stop() fails when it ended badly. A
 * `dir` that the caller gives is kept.
 */
export async function startHub({ adjust = () => {}, dir: given, base: ports } = {}) {
    const dir = given ?? mkdtempSync(join(tmpdir(), 'lfi-hub-'));
    const base = ports ?? (await freePortBase());
    const config = hubConfig(base);
    adjust(config);
    writeFileSync(join(dir, 'hub.json'), JSON.stringify(config));
    const child = spawn(HUB_SIM, ['--config', join(dir, 'hub.json')], {
        stdio: ['ignore', 'ignore', 'pipe'],
    });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    let log = '';
    child.stderr.on('data', (chunk) => (log += chunk));
    const exited = new Promise((resolve) => child.once('close', resolve));

    const deadline = Date.now() + READY_MS;
    // By its log too: another program could answer at the port of one that was ended before.
    while (!log.includes('"started"') || !(await fetch(`${config.http.url}/sim/setup`).catch(() => null))) {
        assert.equal(child.exitCode, null, log);
        assert.ok(Date.now() < deadline, log);
        await sleep(50);
    }
    return Object.assign(new Hub(config), {
        base,
        process: child,
        exited,
        log: () => log.split('\n').filter(Boolean).map((line) => JSON.parse(line)),
        /** Its end without warning. */
        async kill() {
            kill();
            await exited;
            process.off('exit', kill);
        },
        async stop() {
            child.kill('SIGTERM');
            assert.equal(await exited, 0, log);
            process.off('exit', kill);
            assertNoSanitizerReport(log);
            assert.doesNotMatch(log, /"own-reply"/, 'a Hub answered against its own contract');
            if (!given) {
                rmSync(dir, { recursive: true });
            }
        },
    });
}

/**
 * Ozone Connect of a bank that answers what the test says: `answer(url)` gives {status, body} and
 * perhaps headers, or {hang} or {cut} for none at all. `seen` is the last request.
 */
export async function startFakeBank(hub) {
    const file = (name) => readFileSync(join(sharedPki(), name));
    const fake = { seen: null, answer: () => ({ status: 500, body: {} }) };
    const options = {
        cert: file('bank/S4.pem'),
        key: file('bank/S4.key'),
        ca: file('ca/bundle.pem'),
        requestCert: true,
        rejectUnauthorized: true,
    };
    const server = createServer(options, (incoming, reply) => {
        let body = '';
        incoming.on('data', (chunk) => (body += chunk));
        incoming.on('end', () => {
            const { method, url, headers, socket } = incoming;
            const { subject } = socket.getPeerCertificate();
            fake.seen = { method, url, headers, body, subject };
            const answer = fake.answer(new URL(url, 'https://bank.test'));
            if (answer.hang || answer.cut) {
                answer.cut && socket.destroy();
                return;
            }
            const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
            if (answer.status < 400) { // the Hub's request, whatever the test has answered
                const about = { ...bankCall({ target: url, headers, caap: false }), method };
                recordRequest(about, { target: url, headers, text: body }, answer.status);
            }
            reply.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
            reply.end(text);
        });
    });
    await new Promise((resolve) => server.listen(hub.base + 3, '127.0.0.1', resolve));
    fake.stop = () => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
    };
    return fake;
}

/** The simulator's plain side: the scripting calls, and the browser's view. */
class Hub {
    constructor(config) {
        this.config = config;
        this.url = config.http.url;
    }

    async script(method, path, body) {
        const init = { method, headers: { connection: 'close' } }; // none is kept until it is ended meanwhile
        if (body !== undefined) {
            init.body = typeof body === 'string' ? body : JSON.stringify(body);
            init.headers['content-type'] = 'application/json';
        }
        const reply = await fetch(this.url + path, init).catch((error) => {
            throw new Error(`${method} ${path}: ${error.cause ?? error}`); // "fetch failed" says nothing
        });
        const text = await reply.text();
        recordHubCall({ method, target: path, headers: init.headers, text: init.body ?? '' },
            { status: reply.status, type: reply.headers.get('content-type'), text });
        return { status: reply.status, json: text ? JSON.parse(text) : null };
    }

    /** A consent as a TPP asks for it, with `query` that the browser takes to the bank. */
    async newConsent({ providerId = 'dhowretail', consent = {}, ...more } = {}) {
        const terms = { Permissions: ['ReadAccountsBasic', 'ReadBalances'], ...consent };
        const body = { providerId, type: 'data-sharing', consent: terms, probes: true, ...more };
        const { status, json } = await this.script('POST', '/sim/consents', body);
        assert.equal(status, 201, JSON.stringify(json));
        return { ...json, providerId, query: json.authorizeUrl.split(/\?(.*)/s)[1] };
    }

    async consent(consentId) {
        const { status, json } = await this.script('GET', `/sim/consents/${consentId}`);
        assert.equal(status, 200);
        return json;
    }

    /** The ids of what the simulator found wrong with a consent. */
    async findings(consentId) {
        return (await this.consent(consentId)).findings.map(({ id }) => id);
    }

    async lastFinding() {
        const { json } = await this.script('GET', '/sim/findings');
        return json.findings.at(-1);
    }
}

/** The bank's side: calls to Heimdall and the Consent Manager with C3 and Sig4. */
export class Bank {
    /** `recorded` false: what it hears is not for contract.replies. */
    constructor(hub, { who = identity('bank', 'C3', 'Sig4'), tls = {}, port = hub.base + 13, recorded = true } = {}) {
        this.who = who;
        this.recorded = recorded;
        this.base = `https://localhost:${port}`;
        this.agent = new Agent({
            keepAlive: true,
            timeout: READY_MS, // without one it does not heed what Keep-Alive says
            ca: readFileSync(hub.config.https.clientCa),
            cert: who && readFileSync(who.clientCert),
            key: who && readFileSync(who.clientKey),
            ...tls,
        });
    }

    close() {
        this.agent.destroy();
    }

    /** `token` null: none; a string: this one. `json` is sent as such, `form` as form fields. */
    async call(method, path, { provider = 'dhowretail', token, json, form, headers = {} } = {}) {
        const bearer = token === undefined ? await makeToken(this.who, provider) : token;
        const all = { ...headers };
        let body;
        if (bearer !== null) {
            all.authorization = `Bearer ${bearer}`;
        }
        if (json !== undefined) {
            body = typeof json === 'string' ? json : JSON.stringify(json);
            all['content-type'] ??= 'application/json';
        } else if (form !== undefined) {
            body = String(new URLSearchParams(form));
            all['content-type'] ??= 'application/x-www-form-urlencoded';
        }
        const reply = await send(this.base + path, { method, headers: all, agent: this.agent }, body);
        if (this.recorded) {
            recordHubCall({ method, target: path, headers: all, text: body ?? '' },
                { status: reply.status, type: reply.headers['content-type'], text: reply.text }, false);
        }
        return reply;
    }

    heimdall(method, path, options = {}) {
        return this.call(method, `/heimdall/${options.provider ?? 'dhowretail'}${path}`, options);
    }

    consents(method, path, options = {}) {
        const provider = options.provider ?? 'dhowretail';
        return this.call(method, `/consent-manager/${provider}${path}`, options);
    }

    /** GET /auth as the customer arrived; resolves to the interaction's id. */
    async begin({ query, providerId }) {
        const reply = await this.heimdall('GET', `/auth?${query}`, { provider: providerId });
        assert.equal(reply.status, 200, reply.text);
        return reply.json.interaction.interactionId;
    }

    patch({ consentId, providerId }, change) {
        return this.consents('PATCH', `/consents/${consentId}`, {
            provider: providerId,
            json: change,
        });
    }

    /** PATCH that authorizes or rejects, as a right bank does. */
    async decide(consent, status, { userId = 'user-1', accountIds = ['account-1'], insurancePolicyIds } = {}) {
        const change = { status, psuIdentifiers: { userId }, authorizationChannel: 'Web' };
        if (status === 'Authorized') {
            Object.assign(change, insurancePolicyIds ? { insurancePolicyIds } : { accountIds });
        }
        const reply = await this.patch(consent, change);
        assert.equal(reply.status, 204, reply.text);
    }

    end({ providerId }, interactionId, how, form) {
        return this.heimdall('POST', `/auth/${interactionId}/${how}`, { provider: providerId, form });
    }

    /** A TPP's customer, who authorizes; resolves to the consent and what the TPP's exchange() needs. */
    async authorize(tpp, details) {
        const object = await tpp.requestObject(details);
        const pushed = await tpp.push(object);
        assert.equal(pushed.status, 201, pushed.text);
        const consent = { consentId: details.consent.ConsentId, providerId: 'dhowretail' };
        const query = new URL(tpp.authorizeUrl(pushed.json.request_uri)).search.slice(1);
        const interactionId = await this.begin({ ...consent, query });
        await this.decide(consent, 'Authorized');
        const { headers } = await this.end(consent, interactionId, 'doConfirm');
        return { ...consent, code: new URL(headers.location).searchParams.get('code'), verifier: object.verifier };
    }
}

/** One request over TLS; resolves to {status, headers, text, json}. */
export function send(url, options, body) {
    return new Promise((resolve, reject) => {
        const outgoing = request(url, options, (reply) => {
            const chunks = [];
            reply.on('data', (chunk) => chunks.push(chunk));
            reply.on('error', reject);
            reply.on('end', () => {
                const text = Buffer.concat(chunks).toString('utf8');
                const json = /json/.test(reply.headers['content-type']) ? tryJson(text) : undefined;
                resolve({ status: reply.statusCode, headers: reply.headers, text, json });
            });
        });
        outgoing.on('error', reject);
        outgoing.end(body);
    });
}

function tryJson(text) {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}
