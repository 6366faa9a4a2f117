// What the simulated Hub adds for a TPP: a pushed request, a token of each grant, a read beside the same read at
// the bank itself, against a running demonstration, one after the other.
//
//   node tpp.mjs DEMO-FOLDER [TIMES]
//
// Prints the median of each in milliseconds. Exit status 1 when one is above its limit.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HubClient } from '../support/client.mjs';
import { accountAccess, Tpp } from '../support/tpp.mjs';
import { Bank } from '../contract/hub_support.mjs';

const LIMITS_MS = { par: 10, token: 10, code: 10, refresh: 10, added: 3 };

const [folder, times = '200'] = process.argv.slice(2);
const demo = JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8'));
const tpp = await Tpp.start(demo);
const hub = new HubClient(demo, 'dhowretail');
const BASE = '/open-finance/account-information/v2.1';

/** The median of the exchange alone: what `prepare` does is not timed. */
async function median(prepare, exchange, status) {
    const taken = [];
    for (let i = 0; i < Number(times); i++) {
        const prepared = await prepare();
        const begun = performance.now();
        const reply = await exchange(prepared);
        taken.push(performance.now() - begun);
        if (reply.status !== status) {
            throw new Error(`status ${reply.status}: ${reply.text}`);
        }
    }
    return taken.sort((a, b) => a - b)[taken.length >> 1];
}

const { access_token: token, refresh_token, consentId } = await tpp.connect();
const { json } = await tpp.call('GET', `${BASE}/accounts`, token);
const path = `/accounts/${json.Data.Account[0].AccountId}/balances`;
const { consent } = await (await fetch(`${demo.hub.baseUrl}/sim/consents/${consentId}`)).json();
const { userId } = consent.psuIdentifiers;

const par = await median(
    async () => tpp.authenticated({ request: (await tpp.requestObject(accountAccess())).request }),
    (form) => tpp.send('POST', tpp.metadata.pushed_authorization_request_endpoint, { form }), 201);
const access = await median(
    () => tpp.authenticated({ grant_type: 'client_credentials', scope: 'accounts' }),
    (form) => tpp.send('POST', tpp.metadata.token_endpoint, { form }), 200);
const bank = new Bank({ config: { https: { clientCa: demo.hub.caFile } } },
    { who: demo.bank, port: new URL(demo.hub.consentManagerUrl).port });

/** What redeems a code: a customer has decided at the bank, whose part is played here. */
async function decided() {
    const details = accountAccess();
    const object = await tpp.requestObject(details);
    const pushed = await tpp.push(object);
    const consent = { consentId: details.consent.ConsentId, providerId: 'dhowretail' };
    const interactionId = await bank.begin({ ...consent, query: new URL(tpp.authorizeUrl(pushed.json.request_uri)).search.slice(1) });
    await bank.decide(consent, 'Authorized', { userId });
    const { headers } = await bank.end(consent, interactionId, 'doConfirm');
    return tpp.authenticated({
        grant_type: 'authorization_code',
        code: new URL(headers.location).searchParams.get('code'),
        redirect_uri: tpp.redirectUri,
        code_verifier: object.verifier,
    });
}

const redeem = (form) => tpp.send('POST', tpp.metadata.token_endpoint, { form });
const code = await median(decided, redeem, 200);
const refresh = await median(() => tpp.authenticated({ grant_type: 'refresh_token', refresh_token }), redeem, 200);
const read = await median(() => undefined, () => tpp.call('GET', `${BASE}${path}`, token), 200);
const direct = await median(
    () => hub.token(), (bearer) => hub.call('GET', path, { userId, consentId, token: bearer }), 200);
tpp.close();
hub.close();
bank.close();

const figures = { par, token: access, code, refresh, added: read - direct };
console.log(`PAR ${par.toFixed(1)} ms, token ${access.toFixed(1)} ms, by code ${code.toFixed(1)} ms, ` +
    `by refresh token ${refresh.toFixed(1)} ms, balances ${read.toFixed(1)} ms, ` +
    `of which the bank ${direct.toFixed(1)} ms`);
for (const [name, limit] of Object.entries(LIMITS_MS)) {
    if (figures[name] > limit) {
        console.error(`tpp.mjs: ${name} takes ${figures[name].toFixed(1)} ms, the limit is ${limit} ms`);
        process.exitCode = 1;
    }
}
