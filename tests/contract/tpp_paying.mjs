// How a TPP pays: consents to payments, payments under them, and the signed answers to both.
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { CONTROL_PARAMETERS, creditorOf } from '../support/payments.mjs';
import { encryptPii, signPii } from '../support/pii.mjs';
import { SERVICE_INITIATION } from '../support/tpp.mjs';
import { demo, now, tpp } from './tpp_shared.mjs';

export const BASE = '/open-finance/payment/v2.1';
const keysOf = async () => (await tpp.send('GET', tpp.metadata.jwks_uri)).json.keys;

/** Personal data as a TPP sends it, encrypted with the key that the Hub's key set has for it. */
async function seal(payload) {
    const { kid, publicKeyFile } = demo.providers[0].encryption;
    assert.ok((await keysOf()).some((key) => key.use === 'enc' && key.kid === kid));
    const claims = { iss: tpp.clientId, aud: tpp.issuer, iat: now(), exp: now() + 300, jti: randomUUID(), ...payload };
    const privateKey = createPrivateKey(readFileSync(tpp.signingKey));
    const signed = await signPii(claims, { privateKey }, { kid: tpp.kid });
    return encryptPii(signed, { publicKey: createPublicKey(readFileSync(publicKeyFile)) }, { kid });
}

export async function details(controls = CONTROL_PARAMETERS.SingleInstantPayment, consent = {}) {
    return {
        type: SERVICE_INITIATION,
        consent: {
            ConsentId: randomUUID(),
            ControlParameters: controls,
            PersonalIdentifiableInformation: await seal({ Initiation: { Creditor: [creditorOf(1)] }, Risk: {} }),
            PaymentPurposeCode: 'ACM',
            ExpirationDateTime: new Date(Date.now() + 30 * 86_400_000).toISOString(),
            ...consent,
        },
    };
}

const payer = demo.providers[0].users.find(({ login }) => login === 'rohan');
export const connect = async (...how) => tpp.connect(await details(...how), { user: payer });

export async function paymentOf(consentId, more = {}) {
    return {
        ConsentId: consentId,
        Instruction: { Amount: { Amount: '10.00', Currency: 'AED' } },
        PaymentPurposeCode: 'ACM',
        OpenFinanceBilling: { Type: 'PushP2P' },
        PersonalIdentifiableInformation: await seal({ Initiation: creditorOf(1), Risk: {} }),
        ...more,
    };
}

export async function post(token, message, { key = randomUUID(), claims = {}, headers = {} } = {}) {
    const text = await tpp.sign({ iss: tpp.clientId, aud: [tpp.issuer], nbf: 0, exp: now() + 300, message, ...claims });
    return tpp.call('POST', `${BASE}/payments`, token, {
        text,
        headers: {
            'content-type': 'application/jwt', 'x-idempotency-key': key ?? undefined,
            'x-fapi-customer-ip-address': '192.0.2.30', 'x-fapi-auth-date': new Date(now() * 1000).toUTCString(), ...headers,
        },
    });
}

export async function messageOf({ status, text }, expected) {
    assert.equal(status, expected, text);
    const currentDate = new Date(now() * 1000);
    const options = { issuer: tpp.issuer, audience: tpp.clientId, algorithms: ['PS256'], currentDate };
    return (await jwtVerify(text, createLocalJWKSet({ keys: await keysOf() }), options)).payload.message;
}

export const errorOf = async (reply, status = 400) => (await messageOf(reply, status)).Errors[0].Code;
