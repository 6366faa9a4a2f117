// A TPP that calls a Hub as the guides tell it to: discovery, PAR with a signed request object, the
// customer at the bank, tokens, resources. With an independent JOSE library.
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { decodeJwt, SignJWT } from 'jose';
import { now } from './clock.mjs';
import { Customer } from './customer.mjs';
import { recordHubCall } from './recording.mjs';

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const TIMEOUT_MS = 30_000;
export const ACCOUNT_ACCESS = 'urn:openfinanceuae:account-access-consent:v2.1';
export const SERVICE_INITIATION = 'urn:openfinanceuae:service-initiation-consent:v2.1';
export const INSURANCE = 'urn:openfinanceuae:insurance-consent:v2.1';

const SCOPES = {
    [ACCOUNT_ACCESS]: 'openid accounts',
    [SERVICE_INITIATION]: 'openid accounts payments',
    [INSURANCE]: 'openid insurance',
};

export { now };

const withoutUndefined = (object) =>
    Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

export function pkce() {
    const verifier = randomBytes(32).toString('base64url');
    return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** authorization_details[0] of a consent to accounts; `consent` replaces members. */
export function accountAccess(consent = {}) {
    return {
        type: ACCOUNT_ACCESS,
        consent: withoutUndefined({
            ConsentId: randomUUID(),
            Permissions: ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadBalances', 'ReadTransactionsBasic',
                'ReadTransactionsDetail'],
            ExpirationDateTime: new Date(Date.now() + 90 * 86_400_000).toISOString(),
            OpenFinanceBilling: { UserType: 'Retail', Purpose: 'AccountAggregation' },
            ...consent,
        }),
    };
}

/** The same of a consent to insurance policies. */
export function insuranceAccess(consent = {}) {
    return {
        type: INSURANCE,
        consent: withoutUndefined({
            ConsentId: randomUUID(),
            ExpirationDateTime: new Date(Date.now() + 90 * 86_400_000).toISOString(),
            OpenFinanceBilling: { Purpose: 'PremiumHistory' },
            ...consent,
        }),
    };
}

export class Tpp {
    /** The TPP number `index` of a demonstration, at the Hub of a provider. */
    static async start(demo, { index = 0, providerId = 'dhowretail', certificate } = {}) {
        const tpp = new Tpp();
        const provider = demo.providers.find((one) => one.providerId === providerId);
        Object.assign(tpp, demo.tpps[index], { demo, resources: provider.resourceBaseUrl });
        tpp.redirectUri = tpp.redirectUris.at(-1);
        const own = certificate ?? tpp;
        tpp.agent = new Agent({
            keepAlive: true,
            timeout: TIMEOUT_MS,
            ca: readFileSync(demo.hub.caFile),
            cert: own.transportCert && readFileSync(own.transportCert),
            key: own.transportKey && readFileSync(own.transportKey),
        });
        const { status, json } = await tpp.send('GET', provider.discoveryUrl);
        assert.equal(status, 200);
        return Object.assign(tpp, { metadata: json, issuer: json.issuer });
    }

    close() {
        this.agent.destroy();
    }

    /** One HTTP exchange; `form` is sent as such, and `json` and `text` likewise. */
    send(method, url, { form, json, text, headers = {} } = {}) {
        const body = form ? new URLSearchParams(withoutUndefined(form)).toString() : json ? JSON.stringify(json) : text;
        const type = form ? 'application/x-www-form-urlencoded' : json && 'application/json';
        const all = withoutUndefined({ 'content-type': type, ...headers });
        return new Promise((resolve, reject) => {
            const call = request(url, { method, agent: this.agent, headers: all }, (reply) => {
                let got = '';
                reply.on('data', (chunk) => (got += chunk));
                reply.on('error', reject);
                reply.on('end', () => {
                    const { pathname, search } = new URL(url);
                    recordHubCall({ method, target: pathname + search, headers: all, text: body ?? '' },
                        { status: reply.statusCode, type: reply.headers['content-type'], text: got });
                    const isJson = /json/.test(reply.headers['content-type']);
                    resolve({
                        status: reply.statusCode,
                        headers: reply.headers,
                        text: got,
                        json: isJson ? JSON.parse(got) : undefined,
                    });
                });
            });
            call.on('error', reject);
            call.end(body);
        });
    }

    sign(claims, { header = {}, key = this.signingKey } = {}) {
        const secret = typeof key === 'string' ? createPrivateKey(readFileSync(key)) : key;
        const all = withoutUndefined({ alg: 'PS256', kid: this.kid, ...header });
        return new SignJWT(withoutUndefined(claims)).setProtectedHeader(all).sign(secret);
    }

    /** A client assertion; `claims` and `header` replace members, undefined removes them. */
    assertion({ claims = {}, ...how } = {}) {
        const { clientId: iss, issuer: aud } = this;
        const times = { iat: now(), exp: now() + 60 };
        return this.sign({ iss, sub: iss, aud, jti: randomUUID(), ...times, ...claims }, how);
    }

    /** A request object for `details`, with the verifier and state that belong to it. */
    async requestObject(details, { claims = {}, ...how } = {}) {
        const { verifier, challenge } = pkce();
        const all = {
            iss: this.clientId,
            client_id: this.clientId,
            aud: this.issuer,
            nbf: now(),
            exp: now() + 300,
            response_type: 'code',
            redirect_uri: this.redirectUri,
            scope: SCOPES[details.type.replace(/v[\d.]+$/, 'v2.1')] ?? 'openid accounts',
            code_challenge: challenge,
            code_challenge_method: 'S256',
            state: randomUUID(),
            nonce: randomUUID(),
            authorization_details: [details],
            ...claims,
        };
        return { request: await this.sign(all, how), verifier, claims: all };
    }

    async authenticated(form) {
        return { client_assertion_type: JWT_BEARER, client_assertion: await this.assertion(), ...form };
    }

    /** POST /par; `form` replaces members of the form. */
    async push(object, form = {}) {
        const { pushed_authorization_request_endpoint: url } = this.metadata;
        return this.send('POST', url, { form: await this.authenticated({ request: object.request, ...form }) });
    }

    async token(form) {
        return this.send('POST', this.metadata.token_endpoint, { form: await this.authenticated(form) });
    }

    exchange(code, verifier, form = {}) {
        return this.token({
            grant_type: 'authorization_code',
            code,
            redirect_uri: this.redirectUri,
            code_verifier: verifier,
            ...form,
        });
    }

    authorizeUrl(requestUri) {
        const query = new URLSearchParams({ client_id: this.clientId, request_uri: requestUri });
        return `${this.metadata.authorization_endpoint}?${query}`;
    }

    /**
     * Pushes a request and takes the customer through the bank. Resolves to what came back: `code`
     * or `error`, `state`, `iss`, with the request's claims, verifier and consent id.
     */
    async authorize(details, { user, claims, decide = approve } = {}) {
        const object = await this.requestObject(details, { claims });
        const pushed = await this.push(object);
        assert.equal(pushed.status, 201, pushed.text);
        const authorizeUrl = this.authorizeUrl(pushed.json.request_uri);
        const customer = await Customer.arrive(this.demo, { authorizeUrl });
        const goTo = await decide(customer, user ?? this.demo.providers[0].users[0]);
        const back = new URL(goTo);
        return {
            ...Object.fromEntries(back.searchParams),
            location: back,
            consentId: details.consent.ConsentId,
            claims: object.claims,
            verifier: object.verifier,
        };
    }

    /** The whole flow up to tokens. */
    async connect(details = accountAccess(), options = {}) {
        const back = await this.authorize(details, options);
        assert.ok(back.code, JSON.stringify(back));
        const { status, json, text } = await this.exchange(back.code, back.verifier);
        assert.equal(status, 200, text);
        return { ...json, consentId: back.consentId, claims: back.claims, code: back.code, verifier: back.verifier };
    }

    /** A token of the TPP itself. */
    async ownToken(scope) {
        const { status, json, text } = await this.token({ grant_type: 'client_credentials', scope });
        assert.equal(status, 200, text);
        return json.access_token;
    }

    /** A call of the resource server; `path` is below /open-finance. */
    call(method, path, token, { headers = {}, ...content } = {}) {
        const authorization = token && `Bearer ${token}`;
        const url = path.startsWith('https:') ? path : `${this.resources}${path}`;
        return this.send(method, url, { headers: { authorization, ...headers }, ...content });
    }
}

/**
 * Signs in and approves, for all accounts or policies that are offered or one account to pay from,
 * and once more in the app where the bank wants that; the address to go back to.
 */
export async function approve(customer, user) {
    const { journey } = customer;
    const { view, accounts = [], policies = [], ...rest } = await customer.reachReview(user);
    assert.ok(['review', 'policies', 'payment'].includes(view), JSON.stringify({ view, ...rest }));
    const ids = (view === 'policies' ? policies : accounts).map(({ id }) => id);
    const chosen = view === 'policies' ? { policyIds: ids }
        : { accountIds: ids.slice(0, view === 'payment' ? 1 : undefined) };
    const approved = await customer.post('/journey/approve', { journey, ...chosen });
    if (approved.view !== 'step-up') {
        return goTo(approved);
    }
    const device = approved.openApp.split('#')[1];
    const { asked: approvalId } = await customer.post('/bank-app/approvals', { device });
    await customer.post('/bank-app/decision', { device, approvalId, approve: true });
    return goTo(await customer.post('/journey/step-up', { journey }));
}

export async function cancel(customer, user) {
    await customer.reachReview(user);
    return goTo(await customer.post('/journey/cancel', { journey: customer.journey }));
}

function goTo(view) {
    const address = view.location ?? view.goTo ?? view.redirect ?? view.url;
    assert.ok(address, JSON.stringify(view));
    return address;
}

export const claimsOf = decodeJwt;
