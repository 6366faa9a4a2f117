// Whom the simulated Hub lets in: the bank's certificate and a right token, nothing else.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SignJWT, importPKCS8 } from 'jose';
import { makeToken } from '../support/client.mjs';
import { sharedPki } from '../support/demo.mjs';
import { recordHubCall } from '../support/recording.mjs';
import { Bank, identity, readSubjects, send, startHub } from './hub_support.mjs';

let hub, bank, consent;
before(async () => {
    hub = await startHub();
    bank = new Bank(hub);
    consent = await hub.newConsent();
});
after(async () => {
    bank?.close();
    await hub?.stop();
});

const read = (token, from = bank) =>
    from.consents('GET', `/consents/${consent.consentId}`, { token });
const now = () => Math.floor(Date.now() / 1000);

const faults = {
    'JWT-MISSING': () => null,
    'JWT-FORM': () => 'not.a.token',
    'JWT-TYP': () => makeToken(bank.who, 'dhowretail', { header: { typ: 'JWT' } }),
    'JWT-KID-UNKNOWN': () => makeToken(bank.who, 'dhowretail', { header: { kid: 'nobody' } }),
    'JWT-SIGNATURE': () => makeToken(bank.who, 'dhowretail', { key: identity('rogue/otherOrganisation', 'C4', 'Sig3').signingKey }),
    'JWT-ISS': () => makeToken(bank.who, 'dhowretail', { claims: { iss: 'Another Bank' } }),
    'JWT-SUB': () => makeToken(bank.who, 'dhowretail', { claims: { sub: 'another' } }),
    'JWT-AUD': () => makeToken(bank.who, 'somebody'),
    'JWT-AUD-PROVIDER': () => makeToken(bank.who, 'dhowbusiness'),
    'JWT-EXP': () => makeToken(bank.who, 'dhowretail', { claims: { iat: now() - 60, exp: now() - 30 } }),
    'JWT-IAT': () => makeToken(bank.who, 'dhowretail', { claims: { iat: now() + 60, exp: now() + 90 } }),
    'JWT-JTI': () => makeToken(bank.who, 'dhowretail', { claims: { jti: undefined } }),
    'JWT-ALG': async () =>
        new SignJWT({ iss: 'x' })
            .setProtectedHeader({ alg: 'RS256', typ: 'JOSE', cty: 'json', kid: bank.who.kid })
            .sign(await importPKCS8(readFileSync(bank.who.signingKey, 'utf8'), 'RS256')),
};

for (const [id, token] of Object.entries(faults)) {
    test(`${id} is refused and noted`, async () => {
        const { status, json } = await read(await token());
        assert.equal(status, 401);
        assert.equal(json.errorCode, 'GenericError');
        const finding = await hub.lastFinding();
        assert.equal(finding.id, id);
        assert.equal(finding.consentId, consent.consentId);
    });
}

test('Heimdall demands the token too', async () => {
    const { query } = await hub.newConsent();
    const { status, json } = await bank.heimdall('GET', `/auth?${query}`, { token: null });
    assert.equal(status, 401);
    assert.ok(json.error && json.error_description);
});

test('a right token is let in', async () => {
    assert.equal((await read()).status, 200);
    const hello = await bank.heimdall('GET', '/hello-mtls');
    assert.equal(hello.status, 200);
    assert.match(hello.json.clientCertificate.subject, /O=Dhow Bank/);
});

test('another organisation is not let in', async () => {
    const other = new Bank(hub, { who: identity('rogue/otherOrganisation', 'C4', 'Sig3') });
    const { status } = await read(undefined, other);
    assert.equal(status, 403);
    assert.equal((await hub.lastFinding()).id, 'CALLER-OU');
    other.close();
});

test('no certificate and one of another authority end the handshake', async () => {
    const nobody = new Bank(hub, { who: null });
    const otherCa = identity('rogue/otherOrganisation', 'C4', 'Sig3');
    otherCa.clientCert = otherCa.clientCert.replace('otherOrganisation', 'otherCa');
    otherCa.clientKey = otherCa.clientKey.replace('otherOrganisation', 'otherCa');
    const stranger = new Bank(hub, { who: otherCa });
    await assert.rejects(read('x', nobody));
    await assert.rejects(read('x', stranger));
    nobody.close();
    stranger.close();
});

test('the key store is open to all and has the keys of each owner', async () => {
    const ca = readFileSync(hub.config.https.clientCa);
    const get = async (path) => {
        const reply = await send(`https://localhost:${hub.base + 14}${path}`, { ca });
        recordHubCall({ method: 'GET', target: path, headers: {}, text: '' },
            { status: reply.status, type: reply.headers['content-type'], text: reply.text });
        return reply;
    };
    const subjects = readSubjects();
    for (const [folder, file] of [['hub/dhowretail', 'Sig3'], ['hub/dhowbusiness', 'Sig3'], ['bank', 'Sig4'], ['rogue/otherOrganisation', 'Sig3']]) {
        const { ou, cn } = subjects[folder];
        const { status, json } = await get(`/${ou}/${cn}/application.jwks`);
        assert.equal(status, 200, folder);
        const { kid } = identity(folder, file, file);
        assert.deepEqual(json.keys.filter(({ use }) => use === 'sig').map((key) => key.kid), [kid]);
        assert.equal(json.keys[0].d, undefined);
    }
    const { ou, cn } = subjects.bank;
    const { json: { keys } } = await get(`/${ou}/${cn}/application.jwks`);
    const enc = readFileSync(join(sharedPki(), 'bank/Enc1.kid'), 'utf8').trim();
    assert.deepEqual(keys.map(({ kid, use, d }) => [kid, use, d]).at(-1), [enc, 'enc', undefined]);
    const { tpps } = (await fetch(`${hub.url}/sim/setup`).then((reply) => reply.json()));
    for (const { slug, softwareStatementId } of tpps) {
        const tpp = await get(`/${softwareStatementId}/application.jwks`);
        const kid = readFileSync(join(sharedPki(), `tpp/${slug}/Sig1.kid`), 'utf8').trim();
        assert.deepEqual(tpp.json.keys.map((key) => [key.kid, key.use]), [[kid, 'sig']]);
        assert.deepEqual((await get(`/${softwareStatementId}/inactive/application.jwks`)).json, { keys: [] });
    }
    assert.equal((await get('/')).status, 200, 'it says what it is');
    for (const path of [`/${ou}/${cn}`, `/${ou}/x/application.jwks`, `/${ou}/${cn}/application.jwks/`]) {
        assert.equal((await get(path)).status, 404, path);
    }
});
