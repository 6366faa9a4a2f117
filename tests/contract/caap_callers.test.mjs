// Whose certificate may call what: the Hub's and CAAP's at a provider whose customers decide at CAAP, and
// two such providers that the certificate alone tells apart.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HubClient, makeToken } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';

const LITE = 'dhowlite';
const PINNED = ['dhowprivate', 'dhowcorporate'];
const NOBODY = { data: { userId: 'nobody' } };
let demo;
const clients = {};

before(async () => {
    demo = await startDemo({
        adjustServer: `(.providers[] | select(.id | IN("dhowprivate", "dhowcorporate"))) |= (.authorization = "caap"
            | .callerAuth = {mode: "mtls"} | del(.authorizePath) | .callers = [bound($subjects["hub/\\(.id)"]; "both")])`,
        adjustHub: `(.hubs[] | select(.providerId | IN("dhowprivate", "dhowcorporate"))).callerAuth = {mode: "mtls"}`,
    });
    clients.hub = new HubClient(demo, LITE);
    clients.caap = new HubClient(demo, LITE, { identity: demo.caap });
    clients.otherHub = new HubClient(demo, LITE, { identity: clientOf('dhowretail') });
    for (const id of PINNED) {
        clients[id] = new HubClient(demo, id);
    }
});

after(async () => {
    Object.values(clients).forEach((client) => client.close());
    await demo?.stop();
});

const clientOf = (id) => demo.providers.find(({ providerId }) => providerId === id);
const lastCheck = () => demo.serverLog().filter(({ event, refused }) => event === 'request' && refused).at(-1)?.refused;
const user = () => clients.hub.provider.users[0];
const deregister = (who, headers = {}) => clients[who].send('POST', '/users/actions/deregister', {
    headers: { 'content-type': 'application/json', ...headers }, content: JSON.stringify(NOBODY),
});
const bearer = async (who, identity) => ({ authorization: `Bearer ${await makeToken(identity ?? clients[who].identity, LITE)}` });
const NOT_ACCEPTED = { errorCode: 'GenericError', errorMessage: 'The caller is not accepted.' };

async function accounts(who) {
    const { userId, accountIds: [id] } = user();
    return clients[who].get('/accounts', { userId, query: { accountIds: id, page: 1, 'page-size': 10 } });
}

test('CAAP may ask about users, the Hub may not', async () => {
    assert.equal((await deregister('caap', await bearer('caap'))).status, 400);
    assert.equal(lastCheck(), 'CAAP-USER');
    const named = await deregister('hub', { ...await bearer('hub'), 'o3-provider-id': LITE });
    assert.deepEqual([named.status, named.json, lastCheck()], [403, NOT_ACCEPTED, 'CALLER-BINDING']);
    const unnamed = await deregister('hub', await bearer('hub'));
    assert.deepEqual([unnamed.status, lastCheck()], [400, 'PROVIDER-MISSING'], unnamed.text);
});

test('what both have a form of, both may call', async () => {
    for (const who of ['hub', 'caap']) {
        assert.equal((await accounts(who)).status, 200, who);
    }
});

test('CAAP may call none of the other operations', async () => {
    const { userId, accountIds: [id] } = user();
    for (const path of [`/accounts/${id}/balances`, '/customer']) {
        assert.notDeepEqual((await clients.hub.get(path, { userId })).json, NOT_ACCEPTED, path);
        const refused = await clients.caap.get(path, { userId });
        assert.deepEqual([refused.status, refused.json, lastCheck()], [403, NOT_ACCEPTED, 'CALLER-BINDING'], path);
    }
});

test('the C4 of another Hub is refused, with a token made out for this one', async () => {
    const refused = await accounts('otherHub');
    assert.deepEqual([refused.status, refused.json, lastCheck()], [403, NOT_ACCEPTED, 'CALLER-BINDING']);
});

test('a certificate and a token of two organisations are refused, either way round', async () => {
    for (const [who, other] of [['hub', 'caap'], ['caap', 'hub']]) {
        const refused = await deregister(who, { ...await bearer(who, clients[other].identity), 'o3-provider-id': LITE });
        assert.equal(refused.status, 401, refused.text);
        assert.match(lastCheck(), /^JWT-/);
    }
});

test('CAAP is of no use at a provider that it does not serve', async () => {
    const retail = new HubClient(demo, 'dhowretail', { identity: demo.caap });
    try {
        const [{ userId, accountIds: [id] }] = retail.provider.users;
        const refused = await retail.get('/accounts', { userId, query: { accountIds: id, page: 1, 'page-size': 10 } });
        assert.equal(refused.status, 403, refused.text);
        assert.equal(lastCheck(), 'CALLER-BINDING');
    } finally {
        retail.close();
    }
});

test('the certificate tells two providers apart that have no credential', async () => {
    for (const id of PINNED) {
        assert.equal((await deregister(id)).status, 400);
        assert.equal(demo.serverLog().filter(({ event }) => event === 'request').at(-1).provider, id);
    }
});

test('a certificate of one and the name of the other are in conflict', async () => {
    const reply = await deregister(PINNED[0], { 'o3-provider-id': PINNED[1] });
    assert.deepEqual([reply.status, reply.json.errorCode, lastCheck()], [403, 'GenericError', 'PROVIDER-CONFLICT']);
});
