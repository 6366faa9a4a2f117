// What the bank says of consents to payments: the catalogue of payment-consent-cases.json, a line for
// each check and what keeps it. A case says what differs from a right consent with one creditor:
//   type, creditors  of the payments; SingleInstantPayment and 1 when absent
//   control, terms, consent  members of ControlParameters, of Data and request, and of the consent
//   pii, creditor    members of what the TPP signs, by path; of its first creditor
//   for, jwe, inside, jwsHeader  how it is encrypted and signed; sent: what stands in its place
//   base             a consent of this kind is made at the Hub, and named as the base
// null removes a member; "@place" is the IBAN of that place. `code` must come of it, or "valid".
import assert from 'node:assert/strict';
import { createPublicKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { compactDecrypt, compactVerify, createRemoteJWKSet, importPKCS8 } from 'jose';
import { HubClient } from '../support/client.mjs';
import { newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';
import { CONTROL_PARAMETERS, piiOf, sealPii } from '../support/payments.mjs';
import { encryptPii, makeKey, signPii } from '../support/pii.mjs';

const cases = JSON.parse(readFileSync(new URL('payment-consent-cases.json', import.meta.url), 'utf8'));
const TYPE = 'urn:openfinanceuae:service-initiation-consent:v2.1';
const FEW = ['VariableOnDemand.MultipleBeneficiariesSupported', 'DelegatedAuthentication.OpenBeneficiariesSupported'];

let demo;
let retail;
let business;
const keys = {};
const ibans = new Map();

before(async () => {
    demo = await startDemo({ adjustServer: `.providers[1].payments = {types: ${JSON.stringify(FEW)}}` });
    [retail, business] = ['dhowretail', 'dhowbusiness'].map((id) => new HubClient(demo, id));
    for (const { place, segment, number } of JSON.parse(readFileSync(join(demo.dir, 'places.json'), 'utf8'))) {
        ibans.set(`${segment} ${place}`, number);
    }
    [keys.tpp, keys.stranger] = [makeKey(), makeKey()];
});

after(async () => {
    [retail, business].forEach((client) => client.close());
    await demo?.stop();
});

function put(object, path, value) {
    const names = path.split('.');
    const last = names.pop();
    names.reduce((at, name) => (at[name] ??= {}), object)[last] = value === null ? undefined : value;
}

const putAll = (object, members = {}) =>
    Object.entries(members).forEach(([path, value]) => put(object, path, structuredClone(value)));

/** Puts the IBANs of places where they are named. */
function resolve(value) {
    const text = JSON.stringify(value).replace(/"@([a-z-]+)"/g, (_, place) => {
        assert.ok(ibans.has(`retail ${place}`), place);
        return JSON.stringify(ibans.get(`retail ${place}`));
    });
    return JSON.parse(text.replace('"@FixedOnDemand"',
        JSON.stringify(CONTROL_PARAMETERS.FixedOnDemand.ConsentSchedule.MultiPayment)));
}

const base64url = (text) => Buffer.from(text).toString('base64url');

async function sealedOf(one, { encryption }) {
    if ('sent' in one) {
        return one.sent;
    }
    const payload = piiOf(one.creditors);
    putAll(payload, one.pii);
    putAll(payload.Initiation.Creditor?.[0], one.creditor);
    const text = JSON.stringify(payload);
    const jws = one.inside ?? (one.jwsHeader
        ? [JSON.stringify(one.jwsHeader), text, 'signature'].map(base64url).join('.')
        : await signPii(text, keys.tpp, { kid: 'tpp' }));
    const { kid = encryption.kid, ...header } = one.jwe ?? {};
    const key = one.for ? keys[one.for] : { publicKey: createPublicKey(readFileSync(encryption.publicKeyFile)) };
    return encryptPii(jws, key, { ...header, ...(kid && { kid }) });
}

async function consentOf(given, provider = demo.providers[0]) {
    const one = resolve(given);
    const id = randomUUID();
    const ControlParameters = structuredClone(CONTROL_PARAMETERS[one.type ?? 'SingleInstantPayment']);
    putAll(ControlParameters, one.control);
    const asked = {
        ConsentId: id, ExpirationDateTime: '2030-06-01T00:00:00.000Z', ControlParameters, PaymentPurposeCode: 'ACM',
        ...one.terms,
    };
    if (one.base) {
        asked.BaseConsentId = (await newConsent(demo, ['ReadAccountsBasic'])).consentId;
    }
    const now = '2026-01-01T00:00:00Z';
    return {
        id,
        consentType: 'cbuae-service-initiation-consents',
        rarType: TYPE,
        standardVersion: 'v2.1',
        request: { type: TYPE, consent: { ...asked, PersonalIdentifiableInformation: await sealedOf(one, provider) } },
        requestHeaders: {},
        consentBody: { Data: { ...asked, Status: 'AwaitingAuthorization', CreationDateTime: now, StatusUpdateDateTime: now } },
        tpp: { clientId: randomUUID(), orgId: randomUUID(), softwareStatementId: randomUUID(), tppId: 'tpp-1', tppName: 'Some TPP', decodedSsa: {} },
        ...one.consent,
    };
}

const post = (client, path, consent) => client.call('POST', path, { consentId: consent.id, body: consent });

const SECRETS = ['Zumurrud', 'AE2199', 'AE0099', 'AE2203', 'a.b.c.d.e'];

async function judged(client, consent, name) {
    const reply = await post(client, '/consent/action/validate', consent);
    assert.equal(reply.status, 200, `${name}: ${reply.text}`);
    const { data, meta, ...rest } = reply.json;
    assert.deepEqual({ meta, rest }, { meta: {}, rest: {} }, name);
    assert.equal(data.status, data.code ? 'invalid' : 'valid', name);
    assert.equal(data.description !== undefined, data.code !== undefined, name);
    SECRETS.forEach((secret) => assert.ok(!reply.text.includes(secret), `${name}: ${reply.text}`));
    return data.code ?? 'valid';
}

/** A bank that is busy may not read the base in its time: then nothing is said against it. */
async function judgedWithBase(one) {
    for (;;) {
        const consent = await consentOf(one);
        const code = await judged(retail, consent, one.name);
        if (!demo.serverLog().some(({ event, consent: id }) => event === 'base-consent-unread' && id === consent.id)) {
            return code;
        }
    }
}

test('every case of the catalogue has its answer', async () => {
    for (const one of cases) {
        const code = one.base ? await judgedWithBase(one) : await judged(retail, await consentOf(one), one.name);
        assert.equal(code, one.code ?? 'valid', one.name);
    }
});

test('types and numbers of creditors that are not advertised', async () => {
    const [, provider] = demo.providers;
    const all = Object.keys(CONTROL_PARAMETERS).flatMap((type) => [0, 1, 2].map((creditors) => ({ type, creditors })));
    const valid = [];
    for (const one of all) {
        const code = await judged(business, await consentOf(one, provider), JSON.stringify(one));
        if (code === 'valid') {
            valid.push(`${one.type} ${one.creditors}`);
        } else {
            const varies = /VariableOnDemand|Delegated/.test(one.type);
            assert.equal(code, varies || one.creditors === 1 ? 'PaymentTypeNotSupported' : 'InvalidCreditor');
        }
    }
    assert.deepEqual(valid, ['VariableOnDemand 2', 'DelegatedAuthentication 0']);
});

test('augment adds nothing, and events are taken note of, whatever is inside', async () => {
    for (const one of [{}, { sent: 'a.b.c.d.e' }, { sent: { Initiation: {} } }]) {
        const consent = await consentOf(one);
        assert.equal((await post(retail, '/consent/action/augment', consent)).text, '{}');
        for (const status of ['AwaitingAuthorization', 'Authorized', 'Consumed']) {
            const event = { ...consent, status };
            assert.equal((await post(retail, '/consent/event/patch', event)).status, 204);
        }
    }
});

test('the simulated TPPs make consents of all types, sealed for the bank alone', async () => {
    const key = await importPKCS8(readFileSync(join(demo.dir, 'pki/bank/Enc1.key'), 'utf8'), 'RSA-OAEP-256');
    const create = (body) => fetch(`${demo.hub.baseUrl}/sim/consents`, {
        method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ providerId: 'dhowretail', type: 'payment', ...body }),
    });
    const { Initiation, Risk } = piiOf(1);
    const PersonalIdentifiableInformation = { Initiation, Risk };
    for (const [type, ControlParameters] of Object.entries(CONTROL_PARAMETERS)) {
        const made = await create({ consent: { ControlParameters, PersonalIdentifiableInformation } });
        const text = await made.text();
        assert.equal(made.status, 201, `${type}: ${text}`);
        const shown = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${JSON.parse(text).consentId}`)).text();
        assert.ok(!shown.includes('Zumurrud'), type);
        const { consentType, request, tpp } = JSON.parse(shown).consent;
        assert.equal(consentType, 'cbuae-service-initiation-consents');
        const { plaintext, protectedHeader } =
            await compactDecrypt(request.consent.PersonalIdentifiableInformation, key);
        assert.equal(protectedHeader.kid, demo.providers[0].encryption.kid);
        const keystore = `${demo.hub.baseUrl}/keystore/${tpp.softwareStatementId}/application.jwks`;
        const { payload } = await compactVerify(plaintext, createRemoteJWKSet(new URL(keystore)));
        const inside = JSON.parse(new TextDecoder().decode(payload));
        assert.deepEqual([inside.Initiation, inside.iss, inside.sub], [Initiation, tpp.clientId, tpp.clientId]);
    }
    const sealed = await create({ consent: {
        ControlParameters: CONTROL_PARAMETERS.SingleInstantPayment,
        PersonalIdentifiableInformation: await sealPii(piiOf(1), demo.providers[0]),
    } });
    assert.equal(sealed.status, 201, await sealed.text());
    const refused = await create({ consent: {
        ControlParameters: CONTROL_PARAMETERS.SingleInstantPayment, PersonalIdentifiableInformation: piiOf(2),
    } });
    assert.equal(refused.status, 422);
    assert.equal((await refused.json()).body.data.code, 'InvalidCreditor');
});

test('nothing personal is in the log', () => {
    const log = demo.readLog('server.log') + demo.readLog('hub.log');
    SECRETS.forEach((secret) => assert.ok(!log.includes(secret), secret));
    assert.match(log, /InvalidPII/);
});
