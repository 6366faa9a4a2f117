// Names that v2.2 does not take: what need not be told is left out, what must be told is
// transliterated where the provider is set to that, and else the answer fails. v2.1 tells them as
// they are, and how many are to be cleaned is counted before the switch.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { HubClient } from '../support/client.mjs';
import { startDemo } from '../support/demo.mjs';

const PROVIDERS = ['dhowretail', 'dhowbusiness'];
const uri = (version) => ({ 'o3-api-uri': `/open-finance/account-information/${version}/x` });
const NAMES = ['fullName', 'givenName', 'familyName', 'nickname', 'businessName'];

async function start(unfitNames) {
    const offers = { standardVersions: ['v2.1', 'v2.2'], unfitNames };
    const demo = await startDemo({
        adjustServer: `.providers[0].offers = ${JSON.stringify(offers)} | .providers[1].offers = ${JSON.stringify(offers)}`,
    });
    const clients = Object.fromEntries(PROVIDERS.map((id) => [id, new HubClient(demo, id)]));
    const bank = {
        demo,
        /** The answers of the two operations that tell of customers. */
        async ask(provider, login, version) {
            const client = clients[provider];
            const { userId, accountIds } = client.provider.users.find((one) => one.login === login);
            const headers = uri(version);
            return [
                await client.get(`/accounts/${accountIds[0]}/customer`, { userId, headers, query: { page: 1, 'page-size': 100 } }),
                await client.get('/customer', { userId, headers }),
            ];
        },
        async told(provider) {
            const token = readFileSync(demo.operatorTokenFile, 'utf8').trim();
            const reply = await fetch(`${demo.adminBaseUrl}/operator/providers`, { headers: { authorization: `Bearer ${token}` } });
            return (await reply.json()).providers.find((one) => one.provider === provider).unfitNames;
        },
        metrics: async () => (await fetch(`${demo.adminBaseUrl}/metrics`)).text(),
        async stop() {
            Object.values(clients).forEach((client) => client.close());
            await demo.stop();
        },
    };
    return bank;
}

const namesIn = ({ json: { data } }) => {
    const [{ claims }] = [data].flat()[0].verifiedClaims;
    return Object.fromEntries(NAMES.filter((name) => name in claims).map((name) => [name, claims[name]]));
};

const FIT = [
    ['dhowretail', 'oneil', { fullName: "O'Neil-Smith Jr.", givenName: 'Conor', familyName: "O'Neil-Smith Jr." }],
    ['dhowbusiness', 'alnoor', { businessName: 'Al Noor (F.Z.E.) & Sons' }],
];
const STORED = { fullName: 'Zoë Müller', givenName: 'Zoë', familyName: 'Müller', nickname: 'Zoë' };

test('names are told in plain letters where the provider is set to that', async () => {
    const bank = await start('transliterate');
    try {
        assert.deepEqual(await bank.told('dhowretail'), { required: 'transliterate', leftOut: 0, transliterated: 0, refused: 0, later: 0 });
        for (const [provider, login, names] of FIT) {
            for (const version of ['v2.1', 'v2.2']) {
                for (const reply of await bank.ask(provider, login, version)) {
                    assert.equal(reply.status, 200, reply.text);
                    assert.deepEqual(namesIn(reply), names);
                }
            }
        }
        const older = await bank.ask('dhowretail', 'zoe', 'v2.1');
        assert.deepEqual(older.map(namesIn), [STORED, STORED]);
        assert.deepEqual(await bank.told('dhowretail'), { required: 'transliterate', leftOut: 0, transliterated: 0, refused: 0, later: 8 });
        const newer = await bank.ask('dhowretail', 'zoe', 'v2.2');
        const plain = { fullName: 'Zoe Muller', givenName: 'Zoe', familyName: 'Muller' };
        assert.deepEqual(newer.map(namesIn), [plain, plain]);
        for (const i of [0, 1]) { // nothing else differs
            const without = structuredClone(older[i].json);
            const claims = [without.data].flat()[0].verifiedClaims[0].claims;
            Object.assign(claims, plain);
            delete claims.nickname;
            assert.deepEqual(newer[i].json, without);
        }
        assert.deepEqual(await bank.told('dhowretail'), { required: 'transliterate', leftOut: 2, transliterated: 6, refused: 0, later: 8 });
        assert.equal((await bank.told('dhowbusiness')).later, 0);
        const metrics = await bank.metrics();
        for (const [outcome, count] of [['leftOut', 2], ['transliterated', 6], ['later', 8]]) {
            assert.match(metrics, new RegExp(`^lfi_name_misfits_total{provider="dhowretail",outcome="${outcome}"} ${count}$`, 'm'));
        }
        const lines = bank.demo.serverLog().filter(({ event }) => event === 'name-misfit');
        assert.deepEqual(lines.map(({ leftOut, transliterated, refused }) => [leftOut, transliterated, refused]), [[1, 3, 0], [1, 3, 0]]);
        assert.ok(lines.every(({ interaction, provider }) => interaction && provider === 'dhowretail'));
        assert.deepEqual(bank.demo.serverLog().filter(({ event }) => event === 'contract-response'), []);
    } finally {
        await bank.stop();
    }
});

test('without it an answer in v2.2 fails for a name that must be told, and says so without the name', async () => {
    const bank = await start();
    try {
        for (const [provider, login, names] of FIT) {
            for (const reply of await bank.ask(provider, login, 'v2.2')) {
                assert.equal(reply.status, 200, reply.text);
                assert.deepEqual(namesIn(reply), names);
            }
        }
        for (const reply of await bank.ask('dhowretail', 'zoe', 'v2.2')) {
            assert.equal(reply.status, 500, reply.text);
            assert.doesNotMatch(reply.text, /Zo|ller/);
        }
        assert.deepEqual((await bank.ask('dhowretail', 'zoe', 'v2.1')).map(namesIn), [STORED, STORED]);
        assert.deepEqual(await bank.told('dhowretail'), { required: 'refuse', leftOut: 0, transliterated: 0, refused: 6, later: 8 });
        const log = bank.demo.serverLog();
        const lines = log.filter(({ event }) => event === 'name-misfit');
        assert.deepEqual(lines.map(({ leftOut, transliterated, refused }) => [leftOut, transliterated, refused]), [[0, 0, 3], [0, 0, 3]]);
        const broken = log.filter(({ event }) => event === 'contract-response').map(({ where, rule }) => [where, rule]);
        assert.deepEqual(broken, [
            ['$.data[0].verifiedClaims[0].claims.fullName', 'pattern'], ['$.data.verifiedClaims[0].claims.fullName', 'pattern'],
        ]);
        assert.doesNotMatch(JSON.stringify(log), /Zoë|Müller|Zo\\u/);
    } finally {
        await bank.stop();
    }
});
