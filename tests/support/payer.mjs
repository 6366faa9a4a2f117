// A TPP that pays: consents to payments, payments under them, and the signed answers to both.
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { now } from './clock.mjs';
import { CONTROL_PARAMETERS, creditorOf } from './payments.mjs';
import { encryptPii, signPii } from './pii.mjs';
import { SERVICE_INITIATION } from './tpp.mjs';

export const PAYMENTS = '/open-finance/payment/v2.1';
const LOGIN = 'rohan'; // has accounts to pay from

export class Payer {
    constructor(tpp, version = 'v2.1') {
        this.tpp = tpp;
        this.version = version;
        this.base = `/open-finance/payment/${version}`;
    }

    async keys() {
        return (await this.tpp.send('GET', this.tpp.metadata.jwks_uri)).json.keys;
    }

    /** Personal data as a TPP sends it, encrypted with the key that the Hub's key set has for it. */
    async seal(payload) {
        const { demo, clientId, issuer, signingKey, kid } = this.tpp;
        const { encryption } = demo.providers[0];
        assert.ok((await this.keys()).some((key) => key.use === 'enc' && key.kid === encryption.kid));
        const claims = { iss: clientId, aud: issuer, iat: now(), exp: now() + 300, jti: randomUUID(), ...payload };
        const privateKey = createPrivateKey(readFileSync(signingKey));
        const signed = await signPii(claims, { privateKey }, { kid });
        const publicKey = createPublicKey(readFileSync(encryption.publicKeyFile));
        return encryptPii(signed, { publicKey }, { kid: encryption.kid });
    }

    /** authorization_details[0] of a consent to payments; `consent` replaces members. */
    async details(controls = CONTROL_PARAMETERS.SingleInstantPayment, consent = {}) {
        const Creditor = [creditorOf(1)];
        return {
            type: SERVICE_INITIATION.replace('v2.1', this.version),
            consent: {
                ConsentId: randomUUID(),
                ControlParameters: controls,
                PersonalIdentifiableInformation: await this.seal({ Initiation: { Creditor }, Risk: {} }),
                PaymentPurposeCode: 'ACM',
                ExpirationDateTime: new Date(Date.now() + 30 * 86_400_000).toISOString(),
                ...consent,
            },
        };
    }

    /** `more` are further members of authorization_details[0]. */
    async connect(controls, consent, more = {}) {
        const user = this.tpp.demo.providers[0].users.find(({ login }) => login === LOGIN);
        return this.tpp.connect({ ...(await this.details(controls, consent)), ...more }, { user });
    }

    /** Data of a payment that fits these details; `more` replaces members. */
    async paymentOf(consentId, more = {}) {
        return {
            ConsentId: consentId,
            Instruction: { Amount: { Amount: '10.00', Currency: 'AED' } },
            PaymentPurposeCode: 'ACM',
            OpenFinanceBilling: { Type: 'PushP2P' },
            PersonalIdentifiableInformation: await this.seal({ Initiation: creditorOf(1), Risk: {} }),
            ...more,
        };
    }

    async post(token, message, { key = randomUUID(), claims = {}, headers = {}, path = '/payments' } = {}) {
        const { tpp } = this;
        const times = { nbf: 0, exp: now() + 300 };
        const text = await tpp.sign({ iss: tpp.clientId, aud: [tpp.issuer], ...times, message, ...claims });
        return tpp.call('POST', this.base + path, token, {
            text,
            headers: {
                'content-type': 'application/jwt',
                'x-idempotency-key': key ?? undefined,
                'x-fapi-customer-ip-address': '192.0.2.30',
                'x-fapi-auth-date': new Date(now() * 1000).toUTCString(),
                ...headers,
            },
        });
    }

    /** What a signed answer says, verified with the keys that the Hub publishes. */
    async messageOf({ status, text }, expected) {
        assert.equal(status, expected, text);
        const { payload } = await jwtVerify(text, createLocalJWKSet({ keys: await this.keys() }), {
            issuer: this.tpp.issuer,
            audience: this.tpp.clientId,
            algorithms: ['PS256'],
            currentDate: new Date(now() * 1000),
        });
        return payload.message;
    }

    async read(path, token, more) {
        return this.messageOf(await this.tpp.call('GET', `${this.base}${path}`, token, more), 200);
    }
}
