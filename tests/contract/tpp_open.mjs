// Open data and Confirmation of Payee at a Hub's resource server: no customer's consent is needed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { accountAccess, now } from '../support/tpp.mjs';
import { assertRefused, demo, reader, tpp } from './tpp_shared.mjs';

const PRODUCTS = '/open-finance/product/v2.1';
const PAYEE = '/open-finance/confirmation-of-payee/v2.1';
const headers = { 'x-fapi-customer-ip-address': '192.0.2.20' };

// --- products, leads, ATMs ----------------------------------------------------------------------

test('products and ATMs are read with a token of the TPP itself', async () => {
    const token = await tpp.ownToken('openid products atm');
    const products = await tpp.call('GET', `${PRODUCTS}/products?ProductCategory=SavingsAccount`, token, { headers });
    assert.equal(products.status, 200, products.text);
    assert.ok(products.json.Data.length > 0);
    assert.match(products.json.Links.Self, /\?ProductCategory=SavingsAccount$/);
    const atms = await tpp.call('GET', '/open-finance/atm/v2.1/atms', token);
    assert.equal(atms.status, 200, atms.text);
    assert.equal(atms.json.Meta.TotalRecords, atms.json.Data.length);
});

test('products need the address of the customer, and the scope', async () => {
    const [token, wrong] = [await tpp.ownToken('products'), await tpp.ownToken('accounts')];
    const without = await tpp.call('GET', `${PRODUCTS}/products`, token);
    await assertRefused(without, 400, 'Resource.InvalidFormat', 'TPP-ADDRESS');
    const other = await tpp.call('GET', `${PRODUCTS}/products`, wrong, { headers });
    await assertRefused(other, 403, 'AccessToken.InvalidScope', 'TPP-SCOPE');
});

test('a lead reaches the bank, and gets an id', async () => {
    const token = await tpp.ownToken('products');
    const Data = {
        Name: { GivenName: 'Salma', LastName: 'Al Noor' }, Email: 'salma@tpp.example',
        EmiratesId: '784-1990-1234567-1', MarketingOptOut: true, ProductCategories: ['SavingsAccount'],
    };
    const { status, json, text } = await tpp.call('POST', `${PRODUCTS}/leads`, token, { json: { Data }, headers });
    assert.equal(status, 201, text);
    assert.ok(json.Data.LeadId);
    const bad = await tpp.call('POST', `${PRODUCTS}/leads`, token, { json: { Data: { Email: 'x' } }, headers });
    await assertRefused(bad, 400, 'Body.InvalidFormat', 'TPP-REQUEST');
});

// --- Confirmation of Payee ----------------------------------------------------------------------

async function ask(path, data, { claims = {}, token } = {}) {
    const text = await tpp.sign({
        iss: tpp.clientId, aud: tpp.issuer, nbf: now() - 10, exp: now() + 300, message: { Data: data }, ...claims,
    });
    return tpp.call('POST', `${PAYEE}${path}`, token ?? (await tpp.ownToken('confirmation-of-payee')), {
        text, headers: { 'content-type': 'application/jwt' },
    });
}

async function messageOf({ status, text }) {
    assert.equal(status, 200, text);
    const { keys } = (await tpp.send('GET', tpp.metadata.jwks_uri)).json;
    const options = { issuer: tpp.issuer, audience: tpp.clientId, algorithms: ['PS256'] };
    return (await jwtVerify(text, createLocalJWKSet({ keys }), options)).payload.message;
}

const account = (Identification) => ({ SchemeName: 'IBAN', Identification });

test('the bank of an IBAN is found, and asked at the address that was found', async () => {
    const { Data } = await messageOf(await ask('/discovery', account('AE079991234567890123456')));
    const found = await tpp.send('GET', Data.DiscoveryEndpointUrl);
    assert.equal(found.json.token_endpoint, tpp.metadata.token_endpoint);
    assert.equal(Data.ResourceServerUrl, tpp.resources);
    await assertRefused(await ask('/discovery', account('AE070331234567890123456')), 404, '', 'TPP-PAYEE');
});

test('an IBAN that the bank does not know is answered without a verdict', async () => {
    const Name = { FullName: 'Salma Al Noor' };
    const { status, text } = await ask('/confirmation', { ...account('AE079991234567890123456'), Name });
    assert.deepEqual([status, text], [204, '']);
});

test('a name is judged, and shown masked unless it is right', async () => {
    const { iban, name } = await knownHolder();
    const right = await messageOf(await ask('/confirmation', { ...account(iban), Name: { FullName: name } }));
    assert.deepEqual(right.Data, { NameMatchIndicator: 'ConfirmationOfPayee.Yes' });
    const wrong = await messageOf(
        await ask('/confirmation', { ...account(iban), Name: { FullName: 'Quentin Zebedee' } }));
    assert.equal(wrong.Data.NameMatchIndicator, 'ConfirmationOfPayee.No');
    assert.ok(wrong.Data.MaskedName.includes('*'));
});

/** An account of a customer, with its holder's name, as a consent to both tells them. */
async function knownHolder() {
    const { access_token } = await tpp.connect(accountAccess({
        Permissions: ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadPartyUser'],
    }));
    const base = '/open-finance/account-information/v2.1';
    const { json } = await tpp.call('GET', `${base}/accounts`, access_token);
    const party = await tpp.call('GET', `${base}/parties`, access_token);
    const iban = json.Data.Account.flatMap(({ AccountIdentifiers = [] }) => AccountIdentifiers)
        .find(({ SchemeName }) => SchemeName === 'IBAN').Identification;
    return { iban, name: party.json.Data.Party.VerifiedClaims[0].Claims.FullName };
}

test('the audience of a signed answer is a text, as documented', async () => {
    const { iban, name } = await knownHolder();
    for (const reply of [await ask('/discovery', account(iban)),
        await ask('/confirmation', { ...account(iban), Name: { FullName: name } })]) {
        assert.equal(reply.status, 200, reply.text);
        assert.equal(decodeJwt(reply.text).aud, tpp.clientId);
    }
});

test('what is not signed, or not of the form, is refused', async () => {
    const data = account('AE079991234567890123456');
    const cases = [
        [ask('/discovery', { ...data, Colour: 'red' }), 400, 'Body.InvalidFormat', 'TPP-BODY'],
        [ask('/discovery', data, { claims: { aud: 'x' } }), 400, 'JWS.InvalidClaim', 'JWS-AUD'],
        [ask('/discovery', data, { token: await tpp.ownToken('accounts') }), 403, 'AccessToken.InvalidScope',
            'TPP-SCOPE'],
    ];
    for (const [answer, ...expected] of cases) {
        await assertRefused(await answer, ...expected);
    }
    const plain = await tpp.call('POST', `${PAYEE}/discovery`, await tpp.ownToken('confirmation-of-payee'), {
        json: { Data: data },
    });
    await assertRefused(plain, 415, '', 'TPP-MEDIA');
    const token = await reader.token({ grant_type: 'client_credentials', scope: 'confirmation-of-payee' });
    await assertRefused(token, 400, 'invalid_scope', 'TOKEN-SCOPE');
});
