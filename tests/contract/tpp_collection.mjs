// The calls of the public collection for TPPs, folder by folder, with its habits: fractional dates,
// assertions of 310 s that serve /par and /token, bodies valid for decades, a media type on each GET.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Customer } from '../support/customer.mjs';
import { Payer } from '../support/payer.mjs';
import { CONTROL_PARAMETERS, creditorOf, dayAhead } from '../support/payments.mjs';
import { accountAccess, approve, claimsOf } from '../support/tpp.mjs';
import { demo, ownFaults, tpp } from './tpp_shared.mjs';

const FOLDERS = JSON.parse(readFileSync(new URL('collection-calls.json', import.meta.url), 'utf8'));
const [{ discoveryUrl, users }] = demo.providers;
const payer = new Payer(tpp);
const REMNANTS = { 'x-fapi-financial-id': 'x', 'x-fapi-customer-last-logged-time': 'x' };
const IP = { 'x-fapi-customer-ip-address': '192.0.2.40' };

/** {name} stands for what is known of that name. */
const fill = (value, known) => JSON.parse(JSON.stringify(value).replace(/\{(\w+)\}/g, (whole, name) => {
    assert.ok(name in known, `${whole} is not known yet`);
    return known[name];
}));
const pick = (object, path) => path.split('.').reduce((at, name) => at?.[name], object);

class Run {
    constructor({ accounts, permissions }, kind) {
        const base = `${tpp.resources}/open-finance`;
        Object.assign(this, { accounts, permissions, kind, used: new Set() });
        this.known = {
            discovery: discoveryUrl, rs: tpp.resources, clientId: tpp.clientId, redirectUri: tpp.redirectUri,
            accounts: `${base}/account-information/v2.1`, payments: `${base}/payment/v2.1`,
            payee: `${base}/confirmation-of-payee/v2.1`, key: randomUUID(),
        };
    }

    /** One assertion for all endpoints, until one of them has seen it. */
    async assertionFor(url) {
        if (!this.assertion || this.used.has(url)) {
            const at = Date.now() / 1000;
            this.assertion = await tpp.assertion({ claims: { iat: at - 10, nbf: at - 10, exp: at + 300 } });
            this.used.clear();
        }
        this.used.add(url);
        return this.assertion;
    }

    async makeRequest() {
        const at = Date.now() / 1000;
        const endsToday = this.kind?.endsWith('DefinedSchedule'); // on its last date
        const dates = endsToday ? { ExpirationDateTime: `${dayAhead(0)}T23:59:59+04:00` } : {};
        const details = this.kind
            ? await payer.details(CONTROL_PARAMETERS[this.kind], { Permissions: this.permissions, ...dates })
            : accountAccess({ Permissions: this.accounts });
        const times = { nbf: at - 10, exp: at + 300, max_age: 3600 };
        const { request, verifier } = await tpp.requestObject(JSON.parse(JSON.stringify(details)), { claims: times });
        Object.assign(this.known, { request, verifier, ConsentId: details.consent.ConsentId });
    }

    /** The bank's part, which the collection plays by itself: here a customer decides. */
    async decide() {
        const { clientId, requestUri } = this.known;
        const query = `client_id=${clientId}&response_type=code&request_uri=${requestUri}`;
        const authorizeUrl = `${tpp.metadata.authorization_endpoint}?${query}`;
        const customer = await Customer.arrive(demo, { authorizeUrl });
        const user = this.kind ? users.find(({ login }) => login === 'rohan') : users[0];
        this.known.code = new URL(await approve(customer, user)).searchParams.get('code');
        assert.ok(this.known.code);
    }

    /** With what the TPP knows of the customer, which delegated authentication needs. */
    async makePayment() {
        const Authentication = {
            AuthenticationChannel: 'App', AuthenticationFlow: 'MFA', ChallengeOutcome: 'Pass',
            ChallengeDateTime: new Date().toISOString(),
            PossessionFactor: { IsUsed: true, Type: 'Passkey' }, InherenceFactor: { IsUsed: true, Type: 'Biometric' },
        };
        const Risk = { DebtorIndicators: { Authentication } };
        const PersonalIdentifiableInformation = await payer.seal({ Initiation: creditorOf(1), Risk });
        return payer.paymentOf(this.known.ConsentId, { PersonalIdentifiableInformation });
    }

    async sign(message, url) {
        const at = Date.now() / 1000;
        const one = url.includes('/payments') ? [tpp.issuer] : tpp.issuer;
        return tpp.sign({ iss: tpp.clientId, aud: one, nbf: 0, exp: at + at, iat: at, message });
    }

    async content({ form, json, signed }, url) {
        if (form) {
            const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
            const client = { client_assertion_type: type, client_assertion: await this.assertionFor(url) };
            return { form: { ...client, ...fill(form, this.known) } };
        }
        if (signed) {
            const { known } = this;
            const message = signed === 'payment' ? { Data: await this.makePayment() } : signed;
            const own = signed === 'payment'
                ? { 'x-idempotency-key': known.key, 'x-fapi-auth-date': new Date().toUTCString() } : {};
            const text = await this.sign(message, url);
            return { text, headers: { 'content-type': 'application/jwt', ...IP, ...own } };
        }
        const odd = { 'content-type': 'application/x-www-form-urlencoded', ...IP };
        return json ? { json, headers: IP } : { headers: odd };
    }

    async call(row) {
        if (row.form?.request) {
            await this.makeRequest();
        }
        const [method, url] = fill(row.call, this.known).split(' ');
        const { headers, ...content } = await this.content(row, url);
        const authorization = !row.form && this.known.bearer && `Bearer ${this.known.bearer}`;
        const accept = row.jwt ? 'application/jwt' : undefined;
        const all = { authorization: authorization || undefined, accept, ...REMNANTS, ...headers,
            ...fill(row.headers ?? {}, this.known) };
        const reply = await tpp.send(method, url, { headers: all, ...content });
        assert.equal(reply.status, row.status, reply.text);
        const isJwt = reply.headers['content-type']?.startsWith('application/jwt');
        assert.equal(isJwt ?? false, (row.jwt || row.signed === 'payment') ?? false);
        const message = isJwt ? claimsOf(reply.text).message : reply.json;
        for (const [name, path] of Object.entries(row.keep ?? {})) {
            this.known[name] = pick(message, path);
            assert.ok(this.known[name], path);
        }
    }
}

for (const folder of FOLDERS) {
    for (const kind of folder.pays ?? [undefined]) {
        test(`the collection's folder ${folder.folder}${kind ? `, ${kind}` : ''}`, async (t) => {
            const run = new Run(folder, kind);
            for (const row of folder.calls) {
                await t.test(row.call ?? 'the customer decides', () => (row.customer ? run.decide() : run.call(row)));
            }
            assert.deepEqual(ownFaults(), []);
        });
    }
}
