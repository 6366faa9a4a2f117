// Two versions of the standard at the side that TPPs see: retail serves v2.1 and v2.2, business v2.1 alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startDemo } from '../support/demo.mjs';
import { refusalsOf } from '../support/refusals.mjs';
import { accountAccess, Tpp } from '../support/tpp.mjs';

const BOTH = ['v2.1', 'v2.2'];
const FAMILIES = ['account-access-consent', 'service-initiation-consent', 'insurance-consent'];
const accounts = (version) => `/open-finance/account-information/${version}/accounts`;

let demo, tpp, business, refusalOf;

before(async () => {
    demo = await startDemo({
        adjustServer: `.providers[0].offers.standardVersions = ${JSON.stringify(BOTH)}`,
    });
    refusalOf = refusalsOf(demo);
    tpp = await Tpp.start(demo);
    business = await Tpp.start(demo, { providerId: 'dhowbusiness' });
});

after(async () => {
    tpp?.close();
    business?.close();
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
