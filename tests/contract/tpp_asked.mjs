// Quotes of currency exchange and accounts at a Hub's resource server: no customer's consent is needed.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { until } from '../journey/support.mjs';
import { now } from '../support/tpp.mjs';
import { assertRefused, other, ownFaults, reader, tpp } from './tpp_shared.mjs';

const FX = '/open-finance/fx/v2.1/fx-quotes';
const ACCOUNTS = '/open-finance/account-opening/v2.1/accounts';
const END_MS = 60_000;
const JWT = { 'content-type': 'application/jwt' };

const quoteRequest = (set = {}) => ({ Data: {
    QuoteReference: randomUUID(), TransactionType: 'Spot', UnitCurrency: 'AED', QuotedCurrency: 'INR',
    TradeAmount: { Amount: '500.00', Currency: 'AED' }, ...set,
} });

const accountRequest = (set = {}) => ({ Data: {
    Account: { SchemeName: 'IBAN', Identification: 'AE070331234567890123456', Name: 'Huda Salem' },
    Party: { Claims: {
        IdentityType: 'Person', FullName: 'Huda Salem', GivenName: 'Huda', Surname: 'Salem',
        EmiratesId: `784-${randomUUID()}`, EmiratesIdExpiryDate: '2035-01-31',
        ResidentialAddress: { AddressType: 'Residential', AddressLine: ['Villa 7'], Country: 'AE' },
    } },
    ...set,
} });

const signed = (message, claims = {}, who = tpp) => who.sign({
    iss: who.clientId, aud: [who.issuer], iat: now(), nbf: now() - 10, exp: now() + 300, message, ...claims,
});

async function send(method, path, scope, message, { claims, who = tpp } = {}) {
    const text = await signed(message, claims, who);
    return who.call(method, path, await who.ownToken(scope), { text, headers: JWT });
}

async function messageOf({ text }) {
    const { keys } = (await tpp.send('GET', tpp.metadata.jwks_uri)).json;
    const options = { issuer: tpp.issuer, audience: tpp.clientId, algorithms: ['PS256'] };
    return (await jwtVerify(text, createLocalJWKSet({ keys }), options)).payload.message;
}

const read = async (path, scope, who = tpp) => who.call('GET', path, await who.ownToken(scope));

const acceptanceOf = ({ QuoteReference, SellAmount, BuyAmount, Commission }) => ({ Data: {
    QuoteReference, QuoteStatus: 'Accepted', Trade: { SellAmount, BuyAmount }, Commission,
} });

test('a quote is asked for, accepted, and leads to an account and a trade', async () => {
    const asked = await tpp.call('POST', FX, await tpp.ownToken('fx'), { json: quoteRequest() });
    assert.equal(asked.status, 201, asked.text);
    const { Data: quote, Links, Meta } = asked.json;
    assert.ok(Links.LiabilityPolicy && Links.RefundCancellationPolicy);
    assert.deepEqual(Meta, {});
    assert.ok(Links.Self.endsWith(`${FX}/${quote.FxQuoteId}`), Links.Self);
    const one = `${FX}/${quote.FxQuoteId}`;
    const before = await read(one, 'fx');
    assert.equal(before.status, 200, before.text);
    assert.deepEqual([before.json.Data.QuoteStatus, before.json.Links.Self], ['Available', Links.Self]);

    const accepted = await send('PATCH', one, 'fx', acceptanceOf(quote));
    assert.deepEqual([accepted.status, accepted.text], [204, '']);
    await assertRefused(await send('PATCH', one, 'fx', acceptanceOf(quote)), 400, 'GenericError', 'TPP-BANK');

    const request = accountRequest({ LinkedOperations: { FxQuoteId: quote.FxQuoteId } });
    const opening = await send('POST', ACCOUNTS, 'account-opening', request);
    assert.equal(opening.status, 201, opening.text);
    const { Data: account, Links: links } = await messageOf(opening);
    assert.ok(links.Self.endsWith(`${ACCOUNTS}/${account.AccountId}/status`), links.Self);
    await until(async () => (await read(one, 'fx')).json.Data.QuoteStatus === 'Completed', 'the trade', END_MS);
    const opened = await read(`${ACCOUNTS}/${account.AccountId}/status`, 'account-opening');
    assert.equal(opened.status, 200, opened.text);
    assert.equal(opened.json.Data.OpeningStatus, 'Completed');
    assert.deepEqual(ownFaults(), []);
});

test('a request for a quote may be signed, and so may the answer', async () => {
    const text = await signed(quoteRequest());
    const reply = await tpp.call('POST', FX, await tpp.ownToken('fx'), { text, headers: { ...JWT, accept: 'application/jwt' } });
    assert.equal(reply.status, 201, reply.text);
    assert.equal((await messageOf(reply)).Data.SellAmount.Amount, '500.00');
});

test('what the bank does not quote has no body', async () => {
    const json = quoteRequest({ QuotedCurrency: 'XAU' });
    const reply = await tpp.call('POST', FX, await tpp.ownToken('fx'), { json });
    assert.deepEqual([reply.status, reply.text], [204, '']);
});

test('another TPP sees neither the quote nor the account', async () => {
    const { json } = await tpp.call('POST', FX, await tpp.ownToken('fx'), { json: quoteRequest() });
    const one = `${FX}/${json.Data.FxQuoteId}`;
    await assertRefused(await read(one, 'fx', other), 404, '', 'TPP-BANK');
    await assertRefused(await send('PATCH', one, 'fx', acceptanceOf(json.Data), { who: other }), 404, '', 'TPP-BANK');
    const opening = await messageOf(await send('POST', ACCOUNTS, 'account-opening', accountRequest()));
    const status = `${ACCOUNTS}/${opening.Data.AccountId}/status`;
    await assertRefused(await read(status, 'account-opening', other), 404, '', 'TPP-BANK');
    assert.equal((await read(one, 'fx')).json.Data.QuoteStatus, 'Available');
});

test('what is wrong is refused before the bank hears of it', async () => {
    const fx = await tpp.ownToken('fx');
    const call = (json) => tpp.call('POST', FX, fx, { json });
    await assertRefused(await call({}), 400, 'Body.InvalidFormat', 'TPP-BODY');
    await assertRefused(await call(quoteRequest({ TransactionType: 'Swap' })), 400, 'Body.InvalidFormat', 'TPP-BODY');
    await assertRefused(await call({ ...quoteRequest(), More: 1 }), 400, 'Body.InvalidFormat', 'TPP-BODY');
    const foreign = quoteRequest({ TradeAmount: { Amount: '1.00', Currency: 'USD' } });
    await assertRefused(await call(foreign), 400, 'Body.InvalidFormat', 'TPP-BANK');
    const subscribed = { ...accountRequest(), Subscription: { Webhook: { Url: 'https://tpp.example/x', IsActive: true } } };
    await assertRefused(await send('POST', ACCOUNTS, 'account-opening', subscribed), 400, 'Body.InvalidFormat', 'TPP-SUBSCRIPTION');
    const plain = await tpp.call('POST', ACCOUNTS, await tpp.ownToken('account-opening'), { json: accountRequest() });
    await assertRefused(plain, 415, '', 'TPP-MEDIA');
    const forged = await send('POST', ACCOUNTS, 'account-opening', accountRequest(), { claims: { iss: 'somebody' } });
    await assertRefused(forged, 400, 'JWS.InvalidClaim', 'JWS-ISS');
    await assertRefused(await send('POST', ACCOUNTS, 'account-opening', { Data: { Party: accountRequest().Data.Party } }),
        400, 'Body.InvalidFormat', 'TPP-BODY');
});

test('each side needs its scope, which is open to those who initiate services', async () => {
    const [fx, opening] = [await tpp.ownToken('fx'), await tpp.ownToken('account-opening')];
    const quote = (token) => tpp.call('POST', FX, token, { json: quoteRequest() });
    await assertRefused(await quote(opening), 403, 'AccessToken.InvalidScope', 'TPP-SCOPE');
    const account = await tpp.call('POST', ACCOUNTS, fx, { text: await signed(accountRequest()), headers: JWT });
    await assertRefused(account, 403, 'AccessToken.InvalidScope', 'TPP-SCOPE');
    for (const path of [`${FX}/${randomUUID()}`, `${ACCOUNTS}/x/status`]) {
        const token = path.startsWith(FX) ? opening : fx;
        await assertRefused(await tpp.call('GET', path, token), 403, 'AccessToken.InvalidScope', 'TPP-SCOPE');
    }
    const refused = await reader.token({ grant_type: 'client_credentials', scope: 'fx' });
    assert.deepEqual([refused.status, refused.json.error], [400, 'invalid_scope']);
});
