// Insurance at a Hub's resource server: policies that a customer shares and quotes, in all sectors;
// the consents to them; who may ask, and what is refused. Requests are the documents' samples.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { compactDecrypt, createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { until } from '../journey/support.mjs';
import { Customer } from '../support/customer.mjs';
import { ROOT } from '../support/demo.mjs';
import { INSURANCE, insuranceAccess, now, Tpp } from '../support/tpp.mjs';
import { assertRefused, demo, own, ownFaults, reader, tpp } from './tpp_shared.mjs';

const PROVIDER = 'dhowinsurance';
const BASE = '/open-finance/insurance/v2.1';
const SECTORS = ['Employment', 'Health', 'Home', 'Life', 'Motor', 'Renters', 'Travel'];
const OPENS = {
    ReadCustomerBasic: 'PolicyHolder',
    ReadCustomerDetail: 'Identity',
    ReadInsuranceProduct: 'Product',
    ReadCustomerClaims: 'Claims',
    ReadInsurancePremium: 'Premium',
};
const ALL = ['ReadInsurancePolicies', ...Object.keys(OPENS), 'ReadCustomerPaymentDetails'];
const END_MS = 60_000;
const ROUNDS_MOST = 2_000_000;
const JWT = { 'content-type': 'application/jwt' };

const broker = await Tpp.start(demo, { providerId: PROVIDER });
const rival = await Tpp.start(demo, { index: 1, providerId: PROVIDER });
const banker = await Tpp.start(demo, { index: 2, providerId: PROVIDER });
after(() => [broker, rival, banker].forEach((one) => one.close()));

const provider = demo.providers.find((one) => one.providerId === PROVIDER);
const customer = (login) => provider.users.find((one) => one.login === login);
const imran = customer('imran');
const policyOf = (type, { policies } = imran) => policies.find((one) => one.type === type).id;
const path = (type, rest) => `${BASE}/${type.toLowerCase()}-insurance-${rest}`;
const blocks = (codes, sectors = SECTORS) =>
    sectors.map((InsuranceType) => ({ InsuranceType, Permissions: codes }));

const connect = (codes, { user = imran, sectors } = {}) =>
    broker.connect(insuranceAccess({ Permissions: blocks(codes, sectors) }), { user });

const whole = await connect(ALL);
const token = await broker.ownToken('insurance');

const read = (where, { as = whole.access_token, who = broker, ...more } = {}) => who.call('GET', where, as, more);
const signed = (message, claims = {}, who = broker) => who.sign({
    iss: who.clientId, aud: [who.issuer], iat: now(), nbf: now() - 10, exp: now() + 300, message, ...claims,
});
const send = async (method, where, message, { as = token, who = broker, claims } = {}) =>
    who.call(method, where, as, { text: await signed(message, claims, who), headers: JWT });

async function messageOf({ text, headers }) {
    assert.match(headers['content-type'], /^application\/jwt/);
    const { keys } = (await broker.send('GET', broker.metadata.jwks_uri)).json;
    const options = { issuer: broker.issuer, audience: broker.clientId, algorithms: ['PS256'] };
    return (await jwtVerify(text, createLocalJWKSet({ keys }), options)).payload.message;
}

// --- policies -----------------------------------------------------------------------------------

test('each sector lists its own policies of the consent, and none of another', async () => {
    for (const type of SECTORS) {
        const { status, json, text } = await read(path(type, 'policies'));
        assert.equal(status, 200, text);
        assert.deepEqual(json.Data.Policies.map(({ InsurancePolicyId }) => InsurancePolicyId),
            imran.policies.filter((one) => one.type === type).map(({ id }) => id));
        assert.deepEqual([json.Links.Self, json.Meta], [`${broker.resources}${path(type, 'policies')}`, { TotalPages: 1 }]);
    }
});

test('each permission opens its own part of a policy, in every sector', async () => {
    for (const [code, part] of Object.entries(OPENS)) {
        const { access_token: as } = await connect(['ReadInsurancePolicies', code]);
        for (const type of SECTORS) {
            const id = policyOf(type);
            const { status, json, text } = await read(path(type, `policies/${id}`), { as });
            assert.equal(status, 200, text);
            const employed = type === 'Employment';
            const parts = code === 'ReadCustomerBasic' && employed ? []
                : code === 'ReadCustomerDetail' && employed ? ['Identity', 'PolicyHolder'] : [part];
            assert.deepEqual(Object.keys(json.Data).sort(), ['InsurancePolicyId', ...parts].sort(), `${code} ${type}`);
            assert.equal(json.Data.InsurancePolicyId, id);
        }
        await assertRefused(await read(path('Motor', `policies/${policyOf('Motor')}/payment-details`), { as }),
            403, 'AccessToken.InvalidScope', 'TPP-PERMISSION');
    }
});

test('the account that premiums are paid from, or no content', async () => {
    for (const type of SECTORS) {
        const { status, json, text } = await read(path(type, `policies/${policyOf(type)}/payment-details`));
        assert.equal(status, 200, text);
        assert.equal(json.Data.Account.SchemeName, 'IBAN');
    }
    const hiroko = customer('hiroko');
    const { access_token: as } = await connect(ALL, { user: hiroko });
    const none = await read(path('Home', `policies/${policyOf('Home', hiroko)}/payment-details`), { as });
    assert.deepEqual([none.status, none.text], [204, '']);
});

test('a JWT has the message that JSON would have', async () => {
    const where = path('Motor', `policies/${policyOf('Motor')}`);
    const reply = await read(where, { headers: { accept: 'application/jwt' } });
    assert.deepEqual(await messageOf(reply), (await read(where)).json);
});

test('what a consent does not cover is refused before the bank is asked', async () => {
    const { access_token: as } = await connect(ALL, { sectors: ['Motor'] });
    await assertRefused(await read(path('Home', 'policies'), { as }), 403, 'AccessToken.InvalidScope', 'TPP-PERMISSION');
    const foreign = policyOf('Motor', customer('noura.falahi'));
    for (const id of [foreign, randomUUID()]) {
        for (const rest of ['', '/payment-details']) {
            await assertRefused(await read(path('Motor', `policies/${id}${rest}`), { as }),
                403, 'Consent.PermanentPolicyAccessFailure', 'TPP-POLICY');
        }
    }
    const otherSector = await read(path('Motor', `policies/${policyOf('Home')}`));
    await assertRefused(otherSector, 403, 'Consent.PermanentPolicyAccessFailure', 'TPP-BANK');
    await assertRefused(await read(path('Pet', 'policies')), 404, '', 'ROUTE-PATH');
});

/** What the bank has written to the customer's device. */
async function messagesTo(user) {
    const pushed = await broker.push(await broker.requestObject(insuranceAccess({ Permissions: blocks(ALL) })));
    const browser = await Customer.arrive(demo, { authorizeUrl: broker.authorizeUrl(pushed.json.request_uri) });
    await browser.signIn(user);
    const { asked: approvalId, messages } = await browser.openApp();
    await browser.post('/bank-app/decision', { device: browser.device, approvalId, approve: true });
    return messages;
}

const decrypt = async (jwe, code) => JSON.parse(new TextDecoder().decode((await compactDecrypt(
    jwe, new TextEncoder().encode(code), {
        maxPBES2Count: ROUNDS_MOST,
        keyManagementAlgorithms: ['PBES2-HS512+A256KW'],
        contentEncryptionAlgorithms: ['A256GCM'],
    })).plaintext));

test('a premium that the insurer protects comes as a JWE, for a code that the customer alone gets', async () => {
    const ines = customer('ines');
    const where = path('Motor', `policies/${policyOf('Motor', ines)}`);
    const without = await connect(['ReadInsurancePolicies', 'ReadInsuranceProduct'], { user: ines });
    assert.equal((await read(where, { as: without.access_token })).json.Data.Premium, undefined);
    assert.deepEqual(await messagesTo(ines), [], 'no code without the permission');
    const { access_token: as } = await connect(ALL, { user: ines });
    const reply = await read(where, { as });
    assert.equal(reply.status, 200, reply.text);
    const { Premium } = reply.json.Data;
    assert.deepEqual(decodeProtectedHeader(Premium).kid, 'OneTimeCode');
    const [{ text }] = await messagesTo(ines);
    for (const language of [text.en, text.ar]) {
        assert.ok(language.includes('Karak Money') && !language.includes('1050'), language);
    }
    const [, code] = / (\d{6}) /.exec(text.en);
    const clear = await decrypt(Premium, code);
    assert.deepEqual(clear.Premium, { TotalPremiumAmount: { Currency: 'AED', Amount: '1050.00' }, PaymentFrequency: 'BiAnnual' });
    assert.equal(clear.exp - clear.iat, 1800);
    await assert.rejects(decrypt(Premium, code === '000000' ? '000001' : '000000'));
    await assertRefused(await read(where, { as }), 429, '', 'TPP-BANK');
    assert.equal((await messagesTo(ines)).length, 1, 'nothing was sent for the refused one');
    const inClear = await read(path('Home', `policies/${policyOf('Home', ines)}`), { as });
    assert.equal(inClear.json.Data.Premium.TotalPremiumAmount.Amount, '1050.00');
    const log = demo.readLog('server.log');
    assert.ok(log.includes('premium-code-sent') && !log.includes(`"${code}"`));
});

// --- consents -----------------------------------------------------------------------------------

test('a consent is read, listed, and ends when its TPP revokes it', async () => {
    const { consentId, access_token: as } = await connect(ALL, { sectors: ['Travel'] });
    const one = `${BASE}/insurance-consents/${consentId}`;
    const shown = await read(one, { as: token });
    assert.equal(shown.status, 200, shown.text);
    assert.equal(shown.json.Data.Status, 'Authorized');
    assert.deepEqual(shown.json.Data.Permissions, blocks(ALL, ['Travel']));
    assert.equal(shown.json.Links.Self, `${broker.resources}${one}`);
    const list = await read(`${BASE}/insurance-consents?BaseConsentId=${consentId}`, { as: token });
    assert.equal(list.status, 200, list.text);
    assert.deepEqual(list.json.Data.map(({ ConsentId }) => ConsentId), [consentId]);
    assert.equal(list.json.Meta.TotalPages, 1);
    const rivals = await rival.ownToken('insurance');
    await assertRefused(await read(one, { as: rivals, who: rival }), 404, '', 'TPP-CONSENT');
    await assertRefused(await send('PATCH', one, { Data: { Status: 'Suspended' } }), 400, 'Body.InvalidFormat', 'TPP-REQUEST');
    const revoked = await send('PATCH', one, { Data: { Status: 'Revoked', RevokedBy: 'TPP.InitiatedByUser' } });
    assert.deepEqual([revoked.status, revoked.text], [204, '']);
    assert.equal((await read(one, { as: token })).json.Data.Status, 'Revoked');
    await assertRefused(await read(path('Travel', 'policies'), { as }), 400, 'Consent.Invalid', 'TPP-CONSENT');
});

/** Name, what replaces members of the consent, error, id of the refusal. */
const CONSENTS = [
    ['a sector twice', { Permissions: [...blocks(ALL), ...blocks(ALL, ['Life'])] }, 'PAR-PERMISSIONS'],
    ['no sector', { Permissions: [] }, 'PAR-DETAILS-FORM'],
    ['an unknown sector', { Permissions: blocks(ALL, ['Pet']) }, 'PAR-DETAILS-FORM'],
    ['a permission of accounts', { Permissions: blocks(['ReadAccountsBasic']) }, 'PAR-DETAILS-FORM'],
    ['a block without its base', { Permissions: blocks(['ReadCustomerClaims']) }, 'PAR-BANK'],
    ['an end in the past', { ExpirationDateTime: new Date(0).toISOString() }, 'PAR-EXPIRY'],
    ['another purpose', { OpenFinanceBilling: { Purpose: 'Curiosity' } }, 'PAR-DETAILS-FORM'],
    ['an unknown member', { AccountType: ['Retail'] }, 'PAR-DETAILS-FORM'],
    ['a base consent of nobody', { BaseConsentId: randomUUID() }, 'PAR-BASE-CONSENT'],
];
for (const [name, change, id] of CONSENTS) {
    test(`refused in a pushed request for insurance: ${name}`, async () => {
        const details = insuranceAccess({ Permissions: blocks(ALL), ...change });
        await assertRefused(await broker.push(await broker.requestObject(details)), 400, 'invalid_request', id);
    });
}

test('a bank without insurance refuses the consent', async () => {
    const reply = await tpp.push(await tpp.requestObject(insuranceAccess({ Permissions: blocks(ALL) })));
    await assertRefused(reply, 400, 'invalid_request', 'PAR-BANK');
});

test('a client without the role ISP gets neither consent nor token, and the directory says so', async () => {
    for (const scope of ['insurance', 'openid insurance']) {
        const refused = await banker.token({ grant_type: 'client_credentials', scope });
        await assertRefused(refused, 400, 'invalid_scope', 'TOKEN-SCOPE');
    }
    const details = insuranceAccess({ Permissions: blocks(ALL) });
    await assertRefused(await banker.push(await banker.requestObject(details)), 400, 'unauthorized_client', 'PAR-ROLE');
    const scope = 'openid accounts';
    await assertRefused(await broker.push(await broker.requestObject(details, { claims: { scope } })),
        400, 'invalid_scope', 'PAR-SCOPE');
    const participants = (await broker.send('GET', `${new URL(broker.metadata.jwks_uri).origin}/participants`)).json;
    const rolesOf = ({ orgId, organisationId = orgId }) => participants
        .find(({ OrganisationId }) => OrganisationId === organisationId).OrgDomainRoleClaims
        .map(({ Role, Metadata }) => [Role, Metadata[0].Name]);
    assert.deepEqual(rolesOf(demo.tpps[0]).at(-1), ['ISP', INSURANCE]);
    assert.deepEqual(rolesOf(demo.tpps[2]).map(([role]) => role), ['BDSP']);
});

test('each call needs its scope, and a customer behind it or none', async () => {
    const accounts = await broker.ownToken('accounts');
    for (const where of [path('Motor', 'policies'), path('Life', `quotes/${randomUUID()}`),
        `${BASE}/insurance-consents/${randomUUID()}`]) {
        await assertRefused(await read(where, { as: accounts }), 403, 'AccessToken.InvalidScope', 'TPP-SCOPE');
    }
    await assertRefused(await read(path('Motor', 'policies'), { as: token }), 403, 'AccessToken.InvalidScope', 'TPP-SCOPE');
    await assertRefused(await read(path('Motor', 'policies'), { as: own }), 401, '', 'TPP-TOKEN');
    await assertRefused(await read(path('Motor', 'policies'), { as: whole.access_token, who: reader }), 401, '', 'TPP-TOKEN');
});

// --- quotes -------------------------------------------------------------------------------------

const samples = JSON.parse(readFileSync(join(ROOT, 'openapi/samples.json'), 'utf8'));

function quoteRequest(type, set = {}) {
    const at = `/${type.toLowerCase()}-insurance-quotes`;
    const { body } = Object.values(samples).find((one) => one.path === at && one.body);
    return { Data: { ...structuredClone(body.data), QuoteReference: randomUUID(), ...set } };
}

const ask = (type, message, { who = broker, as = token } = {}) =>
    who.call('POST', path(type, 'quotes'), as, { json: message });

async function quoteOf(type, set) {
    const reply = await ask(type, quoteRequest(type, set));
    assert.equal(reply.status, 201, reply.text);
    assert.equal(reply.json.Links.Self, `${broker.resources}${path(type, 'quotes')}`);
    assert.deepEqual(reply.json.Meta, {});
    return reply.json.Data[0];
}

function acceptanceOf(type, quote, set = {}) {
    const { CommissionAmount, PaymentMethod } = quote.Commission;
    return { Data: {
        QuoteStatus: 'ApplicationPending',
        QuoteReference: quote.QuoteReference,
        InsuranceSubType: 'Standard',
        Premium: quote.Premium,
        Commission: { CommissionAmount, PaymentMethod },
        QuoteCreationDateTime: quote.CreationDateTime,
        ExpirationDateTime: quote.ExpirationDateTime,
        ...(type === 'Health' && { CustomerSalary: 'Over4K' }),
        ...(type === 'Renters' && { VerifiedDetails: { Policy: quoteRequest(type).Data.Policy } }),
        ...set,
    } };
}

const look = (type, id, options = {}) => read(path(type, `quotes/${id}`), { as: token, ...options });

async function reaches(type, id, wanted) {
    let reply;
    await until(async () => {
        reply = await look(type, id);
        assert.equal(reply.status, 200, reply.text);
        return wanted.includes(reply.json.Data.QuoteStatus);
    }, `${wanted} of ${id}`, END_MS);
    return reply.json.Data;
}

/** Sectors whose insurer lets a TPP carry on what it wishes to. */
const CARRIED_ON = ['Health', 'Home', 'Motor', 'Renters'];
const PolicyIssuanceRequest = { CustomerVerification: true, Payment: true, PolicyDocuments: true };

for (const type of SECTORS) {
    test(`${type}: a quote is asked for, read, accepted, and made a policy`, async () => {
        const asked = await quoteOf(type, { PolicyIssuanceRequest });
        const quote = await reaches(type, asked.QuoteId, ['Available']);
        const where = path(type, `quotes/${quote.QuoteId}`);
        const accepted = await send('PATCH', where, acceptanceOf(type, quote));
        assert.equal(accepted.status, CARRIED_ON.includes(type) ? 200 : 204, accepted.text);
        if (accepted.status === 200) {
            const { Data, Links, Meta } = await messageOf(accepted);
            assert.deepEqual(Data.PolicyIssuanceAllowed, quote.PolicyIssuanceAllowed);
            assert.equal(Links.PaymentUrl !== undefined, quote.PolicyIssuanceAllowed.Payment);
            assert.equal(Links.Self, `${broker.resources}${where}`);
            assert.equal(Meta, undefined);
        }
        await assertRefused(await send('PATCH', where, acceptanceOf(type, quote)), 400, 'Quote.InvalidState', 'TPP-BANK');
        if (accepted.status === 204) {
            const issued = await send('POST', path(type, 'policies'), { Data: { QuoteId: quote.QuoteId } });
            assert.equal(issued.status, 201, issued.text);
            const { Data, Links } = await messageOf(issued);
            assert.ok(Data.InsurancePolicyId && Links.CreateInsurancePolicyRedirectUrl);
        }
    });
}

test('policies and quotes are told in the form of the call, v2.2 too', async () => {
    const later = (where) => where.replace('/v2.1/', '/v2.2/');
    const details = insuranceAccess({ Permissions: blocks(ALL) });
    details.type = details.type.replace('v2.1', 'v2.2');
    const { access_token: as } = await broker.connect(details, { user: imran });
    for (const type of SECTORS) {
        for (const rest of ['policies', `policies/${policyOf(type)}`, `policies/${policyOf(type)}/payment-details`]) {
            const { status, json, text } = await read(later(path(type, rest)), { as });
            assert.equal(status, 200, text);
            assert.equal(json.Links.Self, `${broker.resources}${later(path(type, rest))}`);
        }
        const asked = await broker.call('POST', later(path(type, 'quotes')), token, { json: quoteRequest(type) });
        assert.equal(asked.status, 201, asked.text);
        const quote = await reaches(type, asked.json.Data[0].QuoteId, ['Available']);
        const same = await read(later(path(type, `quotes/${quote.QuoteId}`)), { as: token });
        assert.equal(same.status, 200, same.text);
        assert.ok(same.json.Data.PolicyStartDate && same.json.Data.PolicyEndDate, same.text);
        assert.ok(same.json.Data.CoverType, same.text);
        assert.deepEqual([quote.PolicyStartDate, quote.PolicyEndDate, quote.CoverType], [undefined, undefined, undefined]);
    }
    const placed = quoteRequest('Home');
    placed.Data.PropertyDetails.InsuredPropertyAddress =
        { AddressLine: ['Villa 7, Reef Street'], Country: 'AE', Longitude: '55.2708', Latitude: '25.2048' };
    for (const [where, status] of [[later(path('Home', 'quotes')), 201], [path('Home', 'quotes'), 400]]) { // forms are closed
        const reply = await broker.call('POST', where, token, { json: placed });
        assert.equal(reply.status, status, reply.text);
    }
});

test('what the insurer declines has no body', async () => {
    const reply = await ask('Travel', quoteRequest('Travel', {
        Policy: { ...quoteRequest('Travel').Data.Policy, PolicyStartDate: '2020-01-01', PolicyEndDate: '2020-02-01' },
    }));
    assert.deepEqual([reply.status, reply.text], [204, '']);
});

test('another TPP sees, accepts and issues nothing of a quote', async () => {
    const as = await rival.ownToken('insurance');
    const quote = await quoteOf('Travel');
    const options = { as, who: rival };
    await assertRefused(await look('Travel', quote.QuoteId, options), 404, '', 'TPP-BANK');
    const where = path('Travel', `quotes/${quote.QuoteId}`);
    await assertRefused(await send('PATCH', where, acceptanceOf('Travel', quote), options), 404, '', 'TPP-BANK');
    await assertRefused(await send('POST', path('Travel', 'policies'), { Data: { QuoteId: quote.QuoteId } }, options),
        404, '', 'TPP-BANK');
    await assertRefused(await look('Motor', quote.QuoteId), 404, '', 'TPP-BANK');
});

test('what is wrong is refused before the bank hears of it', async () => {
    const quote = await quoteOf('Motor');
    const where = path('Motor', `quotes/${quote.QuoteId}`);
    const good = acceptanceOf('Motor', quote);
    const WRONG = [
        [() => ask('Motor', {}), 400, 'Body.InvalidFormat', 'TPP-REQUEST'],
        [() => ask('Motor', { ...quoteRequest('Motor'), More: 1 }), 400, 'Body.InvalidFormat', 'TPP-REQUEST'],
        [() => ask('Motor', quoteRequest('Motor', { More: 1 })), 400, 'Body.InvalidFormat', 'TPP-REQUEST'],
        [() => ask('Motor', quoteRequest('Motor', { QuoteType: 'Swap' })), 400, 'Body.InvalidFormat', 'TPP-REQUEST'],
        [() => broker.call('POST', path('Motor', 'quotes'), token, { text: 'x', headers: { 'content-type': 'text/plain' } }),
            415, '', 'TPP-MEDIA'],
        [() => broker.call('PATCH', where, token, { json: good }), 415, '', 'TPP-MEDIA'],
        [() => broker.call('POST', path('Motor', 'policies'), token, { json: { Data: { QuoteId: quote.QuoteId } } }),
            415, '', 'TPP-MEDIA'],
        [() => send('PATCH', where, good, { claims: { iss: 'somebody' } }), 400, 'JWS.InvalidClaim', 'JWS-ISS'],
        [() => send('PATCH', where, undefined), 400, 'Body.InvalidFormat', 'TPP-BODY'],
        [() => send('PATCH', where, {}), 400, 'Body.InvalidFormat', 'TPP-BODY'],
        [() => send('PATCH', where, { Data: { ...good.Data, QuoteStatus: 'Completed' } }), 400, 'Body.InvalidFormat', 'TPP-REQUEST'],
        [() => send('PATCH', where, { ...good, Subscription: { Webhook: { IsActive: true } } }),
            400, 'Body.InvalidFormat', 'TPP-SUBSCRIPTION'],
    ];
    for (const [call, status, code, id] of WRONG) {
        await assertRefused(await call(), status, code, id);
    }
    assert.equal((await look('Motor', quote.QuoteId)).json.Data.QuoteStatus, 'Available');
});

test('a request for a quote may be signed, and so may the answer', async () => {
    const text = await signed(quoteRequest('Home'));
    const reply = await broker.call('POST', path('Home', 'quotes'), token, { text, headers: { ...JWT, accept: 'application/jwt' } });
    assert.equal(reply.status, 201, reply.text);
    assert.equal((await messageOf(reply)).Data.length, 3);
});

test('nothing of this broke the contract of the Hub', () => {
    assert.deepEqual(ownFaults(), []);
});
