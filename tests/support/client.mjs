// The Hub as the bank sees it: calls to Ozone Connect over mutual TLS with a signed token. The
// tokens are made by an independent library, not by the code under test.
import { randomUUID, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { setImmediate } from 'node:timers/promises';
import { importPKCS8, SignJWT } from 'jose';
import { bankCall, recordExchange, recordHubCall } from './recording.mjs';

const TOKEN_SECONDS = 30;
const TIMEOUT_MS = 30_000;

/** C, O, OU and CN of a certificate's subject. */
export function subjectOf(certificateFile) {
    const { subject } = new X509Certificate(readFileSync(certificateFile));
    return Object.fromEntries(subject.split('\n').map((part) => part.split(/=(.*)/s, 2)));
}

/** A token as the Hub makes it for `identity`; `claims` and `header` replace, undefined removes. */
export async function makeToken(identity, audience, { claims = {}, header = {}, key } = {}) {
    const now = Math.floor(Date.now() / 1000);
    const { O, OU } = subjectOf(identity.clientCert);
    const all = {
        iss: O,
        sub: OU,
        aud: audience,
        iat: now,
        exp: now + TOKEN_SECONDS,
        jti: randomUUID(),
        ...claims,
    };
    const protectedHeader = { alg: 'PS256', typ: 'JOSE', cty: 'json', kid: identity.kid, ...header };
    const pem = readFileSync(key ?? identity.signingKey, 'utf8');
    return new SignJWT(withoutUndefined(all))
        .setProtectedHeader(withoutUndefined(protectedHeader))
        .sign(await importPKCS8(pem, 'PS256'));
}

/** The headers that the Hub sends for a consent of a customer; `undefined` removes one. */
export function hubHeaders({ providerId, userId, consentId, method = 'GET', path = '/' }) {
    const interactionId = randomUUID();
    return withoutUndefined({
        'o3-provider-id': providerId,
        'o3-aspsp-id': providerId,
        'o3-caller-org-id': '7a0e5f0c-5bb1-4a0e-9d0b-2f6a7a1c0001',
        'o3-caller-client-id': '7a0e5f0c-5bb1-4a0e-9d0b-2f6a7a1c0002',
        'o3-caller-software-statement-id': '7a0e5f0c-5bb1-4a0e-9d0b-2f6a7a1c0003',
        'o3-api-uri': path,
        'o3-api-operation': method,
        'o3-consent-id': consentId ?? randomUUID(),
        'o3-caller-interaction-id': interactionId,
        'o3-ozone-interaction-id': interactionId,
        'o3-psu-identifier': userId && encodePsu({ userId }),
    });
}

export function encodePsu(psuIdentifiers) {
    return Buffer.from(JSON.stringify(psuIdentifiers)).toString('base64');
}

/**
 * A client of the bank that plays the Hub of `providerId`. `identity` is whose certificate and key
 * it uses: by default the provider's own, else for example one of demo.rogue.
 */
export class HubClient {
    constructor(demo, providerId, { identity, tls = {} } = {}) {
        this.provider = demo.providers.find((provider) => provider.providerId === providerId);
        this.identity = identity ?? this.provider;
        this.base = demo.ozoneConnect.baseUrl;
        this.asksBank = this.identity !== demo.bank; // else it is the bank, at a Hub
        this.caap = demo.caap;
        this.basePaths = Object.values(demo.ozoneConnect.basePaths ?? {});
        this.agent = new Agent({
            keepAlive: true,
            // Without one it ignores what Keep-Alive says; were it the requests' own, a request
            // on a kept connection would go by the time for idle ones.
            timeout: TIMEOUT_MS + 1,
            ca: readFileSync(demo.ozoneConnect.caFile),
            cert: this.identity.clientCert && readFileSync(this.identity.clientCert),
            key: this.identity.clientKey && readFileSync(this.identity.clientKey),
            ...tls,
        });
    }

    close() {
        this.agent.destroy();
    }

    /** The token of a call: the Hub's own, an API key, or one of the token endpoint, kept for a while. */
    token(options) {
        if (this.provider.callerAuth === 'api-key') {
            return readFileSync(this.provider.apiKeyFile, 'utf8').trim();
        }
        if (this.provider.callerAuth !== 'client-credentials') {
            return makeToken(this.identity, this.provider.audience, options);
        }
        if (!this.access || this.access.until < Date.now()) {
            this.access = { text: this.fetchToken(), until: Date.now() + 60_000 };
        }
        return this.access.text;
    }

    async fetchToken() {
        const { clientId, clientSecretFile, scope, endpoint } = this.provider.token;
        const pair = `${clientId}:${readFileSync(clientSecretFile, 'utf8').trim()}`;
        const reply = await this.send('POST', new URL(endpoint).pathname, {
            headers: {
                authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
                'content-type': 'application/x-www-form-urlencoded',
            },
            content: new URLSearchParams({ grant_type: 'client_credentials', scope }).toString(),
        });
        return reply.json.access_token;
    }

    /**
     * One request. `query` is an object or ready text; `headers` replace the Hub's (undefined
     * removes one, an array sends it repeatedly); `token` replaces the token (null: none); `body`
     * is sent as JSON unless it is text or bytes. Resolves to {status, headers, text, json}.
     */
    async call(method, path, { query, headers = {}, userId, consentId, token, body } = {}) {
        const { providerId, callerAuth } = this.provider;
        const scheme = callerAuth === 'api-key' ? '' : 'Bearer ';
        const credential = token === undefined ? await this.token() : token;
        const plain = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
        const content = plain ? body : JSON.stringify(body);
        return this.send(method, path + queryText(query), {
            headers: withoutUndefined({
                ...hubHeaders({ providerId, userId, consentId, method, path }),
                authorization: credential === null ? undefined : scheme + credential,
                accept: 'application/json',
                'content-type': content === undefined ? undefined : 'application/json',
                ...headers,
            }),
            content,
        });
    }

    get(path, options) {
        return this.call('GET', path, options);
    }

    /** A request with exactly these headers. */
    async send(method, target, { headers = {}, content } = {}) {
        await setImmediate(); // else a connection that ended during synchronous work is used once more
        return new Promise((resolve, reject) => {
            const options = { method, headers, agent: this.agent, timeout: TIMEOUT_MS };
            const outgoing = request(this.base + target, options, (reply) => {
                const chunks = [];
                reply.on('data', (chunk) => chunks.push(chunk));
                reply.on('error', reject);
                reply.on('end', () => {
                    const text = Buffer.concat(chunks).toString('utf8');
                    this.record({ method, target, headers, content }, reply, text);
                    resolve(new Reply(reply.statusCode, reply.headers, text));
                });
            });
            outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
            outgoing.on('error', reject);
            outgoing.end(content);
        });
    }

    /** For the checks that come last. */
    record({ method, target, headers, content }, reply, text) {
        const asked = { target, headers, text: content === undefined ? '' : Buffer.from(content).toString('utf8') };
        const told = { status: reply.statusCode, type: reply.headers['content-type'], text };
        if (!this.asksBank) {
            recordHubCall({ method, ...asked }, told);
            return;
        }
        const caap = this.identity === this.caap || this.provider?.authorization === 'caap';
        const about = bankCall({ target, headers, caap, basePaths: this.basePaths });
        recordExchange({ ...about, method, byTest: true }, asked, told);
    }
}

class Reply {
    constructor(status, headers, text) {
        Object.assign(this, { status, headers, text });
    }

    get json() {
        return JSON.parse(this.text);
    }
}

function queryText(query) {
    if (!query) {
        return '';
    }
    return '?' + (typeof query === 'string' ? query : new URLSearchParams(query));
}

function withoutUndefined(object) {
    return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
