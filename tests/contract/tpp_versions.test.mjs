// Two versions of the standard at the side that TPPs see: retail serves v2.1 and v2.2, business v2.1 alone, and the bank
// behind corporate v2.2 alone, though its TPPs may call in both.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startDemo } from '../support/demo.mjs';
import { Payer } from '../support/payer.mjs';
import { refusalsOf } from '../support/refusals.mjs';
import { accountAccess, now, Tpp } from '../support/tpp.mjs';
import { laterIn } from '../support/versions.mjs';
import { openEvent, Receiver, until } from '../support/webhooks.mjs';

const BOTH = ['v2.1', 'v2.2'];
const FAMILIES = ['account-access-consent', 'service-initiation-consent', 'insurance-consent'];
const accounts = (version) => `/open-finance/account-information/${version}/accounts`;

let demo, tpp, business, corporate, refusalOf;

before(async () => {
    demo = await startDemo({
        adjustServer: `.providers[0].offers.standardVersions = ${JSON.stringify(BOTH)}
            | .providers[0].paymentLog = "v2.2"
            | (.providers[] | select(.id == "dhowcorporate")).offers.standardVersions = ["v2.2"]`,
    });
    refusalOf = refusalsOf(demo);
    tpp = await Tpp.start(demo);
    business = await Tpp.start(demo, { providerId: 'dhowbusiness' });
    corporate = await Tpp.start(demo, { providerId: 'dhowcorporate' });
});

after(async () => {
    tpp?.close();
    business?.close();
    corporate?.close();
    await demo?.stop();
});

/** authorization_details as they are in the version. */
const inVersion = (version, details) => ({ ...details, type: details.type.replace(/v[\d.]+$/, version) });

async function knownOf(consentId) {
    const reply = await fetch(`${demo.hub.baseUrl}/sim/consents/${consentId}`, { headers: { connection: 'close' } });
    return reply.json();
}

/** What the bank was told to be called, by the path at the bank. */
const urisOf = ({ exchanges }) => exchanges.filter(({ interface: name }) => name === 'ozone-connect')
    .map(({ path, requestHeaders }) => [path, requestHeaders['o3-api-uri']]);

async function assertRefused(reply, status, error, id) {
    const { json = {}, text } = reply;
    assert.deepEqual([reply.status, json.error ?? json.Errors?.[0].Code ?? text, await refusalOf(reply)], [status, error, id], text);
}

/* --- what is told ---------------------------------------------------------------------------- */

test('discovery and the directory tell the versions of each Hub', async () => {
    const typesOf = (versions) => versions.flatMap((version) => FAMILIES.map((name) => `urn:openfinanceuae:${name}:${version}`));
    assert.deepEqual(tpp.metadata.authorization_details_types_supported, typesOf(BOTH));
    assert.deepEqual(business.metadata.authorization_details_types_supported, typesOf(['v2.1']));
    const { json } = await tpp.send('GET', `${new URL(tpp.metadata.jwks_uri).origin}/participants`);
    const servers = json.flatMap(({ AuthorisationServers }) => AuthorisationServers);
    const accountsOf = ({ issuer, resources }) => servers.find(({ Issuer }) => Issuer === issuer).ApiResources
        .filter(({ ApiFamilyType }) => ApiFamilyType === 'account-information')
        .map(({ ApiVersion, ApiDiscoveryEndpoints: [{ ApiEndpoint }] }) => [ApiVersion, ApiEndpoint.replace(resources, '')]);
    assert.deepEqual(accountsOf(tpp), [['2.1', accounts('v2.1')], ['2.2', accounts('v2.2')]]);
    assert.deepEqual(accountsOf(business), [['2.1', accounts('v2.1')]]);
    const { OrgDomainRoleClaims: roles } = json.find(({ OrganisationId }) => OrganisationId === tpp.organisationId);
    assert.deepEqual(roles.find(({ Role }) => Role === 'BDSP').Metadata.map(({ Name }) => Name),
        BOTH.map((version) => `urn:openfinanceuae:account-access-consent:${version}`));
});

/* --- accounts -------------------------------------------------------------------------------- */

for (const version of BOTH) {
    test(`the journey of the guide under ${version}`, async () => {
        const details = inVersion(version, accountAccess());
        const { access_token: token, refresh_token: refresh, authorization_details: [told], consentId } = await tpp.connect(details);
        assert.equal(told.type, details.type);
        assert.ok(told.consent.Links.Self.startsWith(`${tpp.resources}/open-finance/account-information/${version}/`), told.consent.Links.Self);
        const { status, json, text } = await tpp.call('GET', accounts(version), token);
        assert.equal(status, 200, text);
        assert.equal(json.Links.Self, `${tpp.resources}${accounts(version)}`);
        const [{ AccountId }] = json.Data.Account;
        for (const path of [`/${AccountId}`, `/${AccountId}/balances`, `/${AccountId}/transactions`]) {
            const reply = await tpp.call('GET', `${accounts(version)}${path}`, token);
            assert.equal(reply.status, 200, reply.text);
        }
        const renewed = await tpp.token({ grant_type: 'refresh_token', refresh_token: refresh });
        assert.equal(renewed.json.authorization_details[0].type, details.type);
        const path = `/open-finance/account-information/${version}/account-access-consents/${consentId}`;
        const own = await tpp.ownToken('openid accounts');
        assert.equal((await tpp.call('GET', path, own)).json.Links.Self, `${tpp.resources}${path}`);

        const known = await knownOf(consentId);
        assert.deepEqual([known.consent.standardVersion, known.consent.rarType, known.consent.request.type],
            [version, details.type, details.type]);
        assert.deepEqual(known.findings ?? [], []);
        const uris = Object.fromEntries(urisOf(known));
        assert.equal(uris['/accounts'], accounts(version));
        assert.equal(uris[`/accounts/${AccountId}/balances`], `${accounts(version)}/{AccountId}/balances`);
        assert.match(uris['/consent/action/validate'], new RegExp(`/${version}/`));
    });
}

test('a Hub that serves v2.1 alone knows no v2.2', async () => {
    const details = accountAccess();
    const pushed = await business.push(await business.requestObject(inVersion('v2.2', details)));
    await assertRefused(pushed, 400, 'invalid_request', 'PAR-DETAILS-TYPE');
    const token = await business.ownToken('openid accounts');
    const path = '/open-finance/account-information/v2.2/account-access-consents?baseConsentId=x';
    await assertRefused(await business.call('GET', path, token), 404, '', 'TPP-VERSION');
    assert.equal((await business.call('GET', path.replace('v2.2', 'v2.1'), token)).status, 200);
});

test('no Hub serves v2.0 or v2.3', async () => {
    const token = await tpp.ownToken('openid accounts');
    for (const version of ['v2.0', 'v2.3', 'v2.21', 'V2.2']) {
        await assertRefused(await tpp.call('GET', accounts(version), token), 404, '', 'ROUTE-PATH');
        const pushed = await tpp.push(await tpp.requestObject(inVersion(version, accountAccess())));
        await assertRefused(pushed, 400, 'invalid_request', 'PAR-DETAILS-TYPE');
    }
});

/* --- consents of one version, calls of the other ---------------------------------------------- */

const OTHER = { 'v2.1': 'v2.2', 'v2.2': 'v2.1' };
for (const version of BOTH) {
    test(`a consent of ${version} is used by calls of ${OTHER[version]}, in their form`, async () => {
        const called = OTHER[version];
        const { access_token: token, consentId } = await tpp.connect(inVersion(version, accountAccess()));
        const { status, json, headers } = await tpp.call('GET', accounts(called), token);
        assert.deepEqual([status, json.Links.Self], [200, `${tpp.resources}${accounts(called)}`]);
        const known = await knownOf(consentId);
        assert.equal(known.consent.standardVersion, version);
        assert.equal(Object.fromEntries(urisOf(known))['/accounts'], accounts(called));
        const logged = () => demo.hubLog().find(({ event, interactionId }) => event === 'tpp-call' && interactionId === headers['x-fapi-interaction-id']);
        const { version: told, consentVersion } = await until(logged, 'the call is logged');
        assert.deepEqual([told, consentVersion], [called, version]);
    });
}

test('members that v2.2 adds are in its answers and not in those of v2.1', async () => {
    const details = inVersion('v2.2', accountAccess({
        Permissions: ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadBalances', 'ReadProduct', 'ReadProductFinanceRates'],
    }));
    const user = demo.providers[0].users.find(({ login }) => login === 'hessa');
    const { access_token: token } = await tpp.connect(details, { user });
    const { json: { Data: { Account: all } } } = await tpp.call('GET', accounts('v2.2'), token);
    const found = { 'v2.1': new Set(), 'v2.2': new Set() };
    for (const version of BOTH) {
        for (const { AccountId } of all) {
            for (const part of ['product', 'balances']) {
                const reply = await tpp.call('GET', `${accounts(version)}/${AccountId}/${part}`, token);
                assert.equal(reply.status, 200, reply.text);
                laterIn(reply.json, found[version]);
            }
        }
    }
    assert.deepEqual([...found['v2.1']], []);
    assert.ok(found['v2.2'].size > 0);
});

test('products are told in the form of the call', async () => {
    const headers = { 'x-fapi-customer-ip-address': '192.0.2.7' };
    const token = await tpp.ownToken('products');
    const inForm = async (version) => {
        const { status, json, text } = await tpp.call('GET', `/open-finance/product/${version}/products`, token, { headers });
        assert.equal(status, 200, text);
        return laterIn(json);
    };
    assert.deepEqual([...await inForm('v2.1')], []);
    assert.ok((await inForm('v2.2')).size > 0);
});

/* --- consents -------------------------------------------------------------------------------- */

const inADay = (offset) => `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 19)}${offset}`;

test('strict forms of date-times are demanded in v2.2 alone', async () => {
    const push = async (version, ExpirationDateTime) => tpp.push(await tpp.requestObject(inVersion(version, accountAccess({ ExpirationDateTime }))));
    for (const loose of [inADay('-00:00'), inADay('-13:00'), inADay('Z').replace('T', 't')]) {
        const taken = await push('v2.1', loose);
        assert.equal(taken.status, 201, `${loose} ${taken.text}`);
        await assertRefused(await push('v2.2', loose), 400, 'invalid_request', 'PAR-DETAILS-FORM');
    }
    for (const strict of [inADay('Z'), inADay('+04:00'), inADay('-01:30')]) {
        assert.equal((await push('v2.2', strict)).status, 201, strict);
    }
});

test('the customer of a consent to data may authorize until when the TPP says, in v2.2', async () => {
    const push = async (version, AuthorizationExpirationDateTime) =>
        tpp.push(await tpp.requestObject(inVersion(version, accountAccess({ AuthorizationExpirationDateTime }))));
    await assertRefused(await push('v2.1', inADay('Z')), 400, 'invalid_request', 'PAR-DETAILS-FORM');
    for (const bad of ['2020-01-01T00:00:00Z', `${new Date(Date.now() + 91 * 86_400_000).toISOString()}`]) {
        await assertRefused(await push('v2.2', bad), 400, 'invalid_request', 'PAR-DEADLINE');
    }
    const AuthorizationExpirationDateTime = inADay('Z');
    const { consentId } = await tpp.connect(inVersion('v2.2', accountAccess({ AuthorizationExpirationDateTime })));
    const own = await tpp.ownToken('openid accounts');
    const shown = async (version) => {
        const { status, json, text } = await tpp.call('GET', `/open-finance/account-information/${version}/account-access-consents/${consentId}`, own);
        assert.equal(status, 200, text);
        return json.Data.AuthorizationExpirationDateTime;
    };
    assert.deepEqual([await shown('v2.2'), await shown('v2.1')], [AuthorizationExpirationDateTime, undefined]);
});

/* --- payments -------------------------------------------------------------------------------- */

test('a payment under v2.2 tells its rail once it is known, to calls and events of v2.2', async (t) => {
    const payer = new Payer(tpp, 'v2.2');
    const receiver = await Receiver.start();
    t.after(() => receiver.stop());
    const OnBehalfOf = { TradingName: 'Dune Payments', IdentifierType: 'Other', Identifier: 'D-1' };
    const { access_token: token, consentId } =
        await payer.connect(undefined, { OnBehalfOf }, { subscription: receiver.subscription() });
    const own = await tpp.ownToken('openid payments');
    const made = await payer.messageOf(await payer.post(token, { Data: await payer.paymentOf(consentId) }), 201);
    assert.equal(Object.fromEntries(urisOf(await knownOf(consentId)))['/payments'], `${payer.base}/payments`);
    const { PaymentId } = made.Data;
    assert.equal(made.Links.Self, `${tpp.resources}${payer.base}/payments/${PaymentId}`);
    assert.equal('PaymentRail' in made.Data, false);
    const routed = await until(async () => {
        const { Data } = await payer.read(`/payments/${PaymentId}`, own);
        return Data.PaymentRail && Data;
    }, 'the payment has a rail');
    assert.equal(routed.PaymentRail, 'AANI');

    const older = new Payer(tpp);
    const { Data } = await older.read(`/payments/${PaymentId}`, own);
    assert.equal(Data.PaymentId, PaymentId);
    assert.equal('PaymentRail' in Data, false);

    const consentIn = async (one) => (await one.read(`/payment-consents/${consentId}`, own)).Data.OnBehalfOf;
    assert.deepEqual([await consentIn(payer), await consentIn(older)], [OnBehalfOf, undefined]);
    const known = await knownOf(consentId);
    assert.deepEqual(known.consent.consentBody.Data.OnBehalfOf, OnBehalfOf);
    assert.deepEqual(known.findings ?? [], []);

    const keys = await payer.keys();
    const event = await until(async () => {
        const messages = await Promise.all(receiver.calls.map(async (call) => (await openEvent(call, tpp, keys)).claims.message));
        return messages.find((message) => message.Data.PaymentRail);
    }, 'an event with the rail');
    assert.deepEqual([event.Data.PaymentRail, event.Meta.EventResource], ['AANI', made.Links.Self]);
});

test('a payment consent of v2.1 is for nobody else', async () => {
    const payer = new Payer(tpp);
    const details = await payer.details(undefined, { OnBehalfOf: { TradingName: 'Dune Payments' } });
    await assertRefused(await tpp.push(await tpp.requestObject(details)), 400, 'invalid_request', 'PAR-DETAILS-FORM');
});

/* --- Confirmation of Payee ------------------------------------------------------------------- */

async function askPayee(version, path, data, one = tpp) {
    const text = await one.sign({ iss: one.clientId, aud: one.issuer, nbf: now() - 10, exp: now() + 300, message: { Data: data } });
    return one.call('POST', `/open-finance/confirmation-of-payee/${version}${path}`, await one.ownToken('confirmation-of-payee'), {
        text, headers: { 'content-type': 'application/jwt' },
    });
}
const account = (Identification) => ({ SchemeName: 'IBAN', Identification });
const messageOf = (reply) => new Payer(tpp).messageOf(reply, 200);

test('discovery tells one source in v2.1, and a list of them in v2.2', async () => {
    const ours = account('AE079991234567890123456'), foreign = account('AE070331234567890123456');
    const source = { DiscoveryEndpointUrl: demo.providers[0].discoveryUrl, ResourceServerUrl: tpp.resources };
    assert.deepEqual((await messageOf(await askPayee('v2.1', '/discovery', ours))).Data, source);
    // the Hub that was asked is the first; business serves no v2.2
    const next = { DiscoveryEndpointUrl: `${corporate.issuer}/.well-known/openid-configuration`, ResourceServerUrl: corporate.resources };
    assert.deepEqual((await messageOf(await askPayee('v2.2', '/discovery', ours))).Data, { ConfirmationSource: [source, next] });
    assert.deepEqual((await messageOf(await askPayee('v2.2', '/discovery', foreign))).Data, { ConfirmationSource: [] });
    await assertRefused(await askPayee('v2.1', '/discovery', foreign), 404, '', 'TPP-PAYEE');
});

for (const version of BOTH) {
    test(`a name is judged under ${version}`, async () => {
        const { access_token: token } = await tpp.connect(accountAccess({
            Permissions: ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadPartyUser'],
        }));
        const { json } = await tpp.call('GET', accounts('v2.1'), token);
        const party = await tpp.call('GET', '/open-finance/account-information/v2.1/parties', token);
        const { FullName } = party.json.Data.Party.VerifiedClaims[0].Claims;
        const { Identification } = json.Data.Account.flatMap(({ AccountIdentifiers = [] }) => AccountIdentifiers)
            .find(({ SchemeName }) => SchemeName === 'IBAN');
        const confirm = (iban, Name) => askPayee(version, '/confirmation', { ...account(iban), Name });
        assert.deepEqual((await messageOf(await confirm(Identification, { FullName }))).Data, { NameMatchIndicator: 'ConfirmationOfPayee.Yes' });
        const wrong = await messageOf(await confirm(Identification, { FullName: 'Quentin Zebedee' }));
        assert.equal(wrong.Data.NameMatchIndicator, 'ConfirmationOfPayee.No');
        assert.ok(wrong.Data.MaskedName.includes('*'));
        assert.equal((await confirm('AE079991234567890123456', { FullName })).status, 204);
    });
}

/* --- a bank of v2.2 alone --------------------------------------------------------------------- */

test('TPPs of v2.1 get what they know of a bank that serves v2.2 alone', async () => {
    const provider = demo.providers.find(({ providerId }) => providerId === 'dhowcorporate');
    for (const version of BOTH) {
        const details = inVersion(version, accountAccess({
            Permissions: ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadBalances', 'ReadProduct'],
        }));
        const { access_token: token, consentId } = await corporate.connect(details, { user: provider.users[0] });
        const { json } = await corporate.call('GET', accounts(version), token);
        const headers = { 'x-fapi-customer-ip-address': '192.0.2.7' };
        const products = await corporate.call('GET', `/open-finance/product/${version}/products`, await corporate.ownToken('products'), { headers });
        assert.equal(products.status, 200, products.text);
        const found = laterIn(products.json);
        for (const { AccountId } of json.Data.Account) {
            for (const part of ['product', 'balances']) {
                const { status, text } = await corporate.call('GET', `${accounts(version)}/${AccountId}/${part}`, token);
                assert.equal(status, 200, text);
                laterIn(JSON.parse(text), found);
            }
        }
        assert.ok(found.size === 0 || version === 'v2.2', [...found].join());
        const known = await knownOf(consentId);
        assert.deepEqual(known.findings ?? [], []);
        const { Identification } = json.Data.Account.flatMap(({ AccountIdentifiers = [] }) => AccountIdentifiers)
            .find(({ SchemeName }) => SchemeName === 'IBAN');
        const Name = { FullName: 'Quentin Zebedee' };
        const wrong = await askPayee(version, '/confirmation', { ...account(Identification), Name }, corporate);
        assert.equal((await new Payer(corporate).messageOf(wrong, 200)).Data.NameMatchIndicator, 'ConfirmationOfPayee.No');
    }
});

test('nothing that the Hubs answered breaks their own contract', () => {
    assert.deepEqual(demo.hubLog().filter(({ event }) => event === 'own-reply'), []);
});
