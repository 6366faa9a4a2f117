// Headless Heimdall: three outcomes of GET /auth, and interactions that end once and rightly.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Bank, startHub } from './hub_support.mjs';

let hub, bank;
before(async () => {
    hub = await startHub();
    bank = new Bank(hub);
});
after(async () => {
    bank?.close();
    await hub?.stop();
});

const parameters = (reply) => Object.fromEntries(new URL(reply.headers.location).searchParams);
const auth = (query, options) => bank.heimdall('GET', `/auth?${query}`, options);

test('a good request starts an interaction', async () => {
    const consent = await hub.newConsent();
    const { status, json } = await auth(consent.query);
    assert.equal(status, 200);
    assert.deepEqual(json.interaction.consentIdsList, [consent.consentId]);
    assert.equal(json.interaction.params.client_id, json.tpp.clientId);
    assert.deepEqual(json.tpp.decodedSsa.redirect_uris, [`${hub.url}/tpp/callback`]);
    assert.deepEqual(await hub.findings(consent.consentId), []);
});

test('a request_uri is good once, for its client and its Hub, and not for long', async () => {
    const used = await hub.newConsent();
    const late = await hub.newConsent({ requestUriSeconds: 0 });
    const fresh = await hub.newConsent();
    const { json } = await hub.script('GET', '/sim/setup');
    await bank.begin(used);
    const cases = [
        auth(used.query),
        auth(late.query),
        auth(fresh.query.replace(/client_id=[^&]+/, `client_id=${json.tpps[1].clientId}`)),
        auth(fresh.query.replace(/request_uri=[^&]+/, `request_uri=urn%3Ax%3A${randomUUID()}`)),
        auth(fresh.query.replace(/request_uri=[^&]+/, '')),
        auth(fresh.query, { provider: 'dhowbusiness' }),
    ];
    for (const reply of await Promise.all(cases)) {
        assert.equal(reply.status, 303);
        assert.ok(reply.headers.location.startsWith(`${hub.url}/tpp/callback?`));
        assert.equal(parameters(reply).error, 'invalid_request_uri');
        assert.equal(parameters(reply).code, undefined);
        assert.match(parameters(reply).iss, /\/as\/dhow(retail|business)$/);
    }
});

test('an unknown client gets no redirect', async () => {
    const { query } = await hub.newConsent();
    for (const bad of [query.replace(/client_id=[^&]+/, `client_id=${randomUUID()}`), 'x=1', '']) {
        const { status, headers, json } = await auth(bad);
        assert.equal(status, 400);
        assert.equal(headers.location, undefined);
        assert.equal(json.error, 'invalid_client');
        assert.ok(json.error_description);
    }
});

test('a query that is not passed on byte for byte is found out', async () => {
    const changes = {
        're-encoded': (query) => String(new URLSearchParams(query)),
        'upper-case digits': (query) => query.replace(/%3a/g, '%3A'),
        'parameter dropped': (query) => query.replace('&flag', ''),
        'parameter added': (query) => `${query}&extra=1`,
        'order changed': (query) => query.split('&').reverse().join('&'),
    };
    for (const [name, change] of Object.entries(changes)) {
        const consent = await hub.newConsent();
        assert.equal((await auth(change(consent.query))).status, 200, name);
        assert.deepEqual(await hub.findings(consent.consentId), ['AUTH-QUERY-CHANGED'], name);
    }
});

test('a second GET /auth of an open interaction is found out', async () => {
    const consent = await hub.newConsent();
    await bank.begin(consent);
    assert.equal((await auth(consent.query)).status, 303);
    assert.deepEqual(await hub.findings(consent.consentId), ['AUTH-TWICE']);
});

test('doConfirm needs an authorized consent, and ends the interaction', async () => {
    const consent = await hub.newConsent();
    const interactionId = await bank.begin(consent);
    const confirm = () => bank.end(consent, interactionId, 'doConfirm', {});
    assert.equal((await confirm()).status, 400);
    assert.deepEqual(await hub.findings(consent.consentId), ['CONFIRM-BEFORE-PATCH']);

    await bank.decide(consent, 'Authorized');
    const reply = await confirm();
    assert.equal(reply.status, 303);
    const { code, state, iss } = parameters(reply);
    assert.ok(code);
    assert.equal(state, consent.state);
    assert.equal(iss, `${hub.url}/as/dhowretail`);

    assert.equal((await confirm()).status, 400);
    assert.equal((await bank.end(consent, interactionId, 'doFail', {})).status, 400);
    const ids = (await hub.findings(consent.consentId)).slice(1);
    assert.deepEqual(ids, ['INTERACTION-ENDED', 'INTERACTION-ENDED']);
});

test('doConfirm of a rejected consent is refused', async () => {
    const consent = await hub.newConsent();
    const interactionId = await bank.begin(consent);
    await bank.decide(consent, 'Rejected');
    assert.equal((await bank.end(consent, interactionId, 'doConfirm')).status, 400);
    assert.deepEqual(await hub.findings(consent.consentId), ['CONFIRM-BEFORE-PATCH']);
});

test('doConfirm has an empty body', async () => {
    const consent = await hub.newConsent();
    const interactionId = await bank.begin(consent);
    await bank.decide(consent, 'Authorized');
    const reply = await bank.end(consent, interactionId, 'doConfirm', { 'heimdall.life': '1' });
    assert.equal(reply.status, 303);
    assert.deepEqual(await hub.findings(consent.consentId), ['CONFIRM-BODY']);
});

test('doFail passes error values on and replaces those that no TPP knows', async () => {
    const cases = [
        ['access_denied', 'user_failed_to_authenticate', 'access_denied', []],
        ['server_error', 'lfi_internal_error', 'server_error', []],
        ['user_said_no', 'lfi_internal_error', 'invalid_request', ['FAIL-VALUES']],
        ['access_denied', 'The user rejected the consent', 'access_denied', ['FAIL-VALUES']],
        [undefined, undefined, 'access_denied', ['FAIL-VALUES']],
    ];
    for (const [error, description, expected, findings] of cases) {
        const consent = await hub.newConsent();
        const interactionId = await bank.begin(consent);
        const form = error ? { error, error_description: description } : undefined;
        const reply = await bank.end(consent, interactionId, 'doFail', form);
        assert.equal(reply.status, 303);
        assert.equal(parameters(reply).error, expected);
        assert.equal(parameters(reply).state, consent.state);
        assert.ok(parameters(reply).error_description);
        assert.deepEqual(await hub.findings(consent.consentId), findings, `${error}`);
    }
});

test('doFail and the state of the consent must fit', async () => {
    const cases = [
        ['user_rejected_consent', false, ['FAIL-STATE']],
        ['user_rejected_consent', true, []],
        ['user_failed_to_authenticate', true, ['FAIL-STATE']],
        ['user_account_blocked', true, ['FAIL-STATE']],
        ['user_account_blocked', false, []],
        ['session_expired', true, []],
        ['session_expired', false, []],
    ];
    for (const [error_description, rejectFirst, findings] of cases) {
        const consent = await hub.newConsent();
        const interactionId = await bank.begin(consent);
        if (rejectFirst) {
            await bank.decide(consent, 'Rejected');
        }
        await bank.end(consent, interactionId, 'doFail', { error: 'access_denied', error_description });
        assert.deepEqual(await hub.findings(consent.consentId), findings, error_description);
    }
});

test('an interaction belongs to its Hub', async () => {
    const consent = await hub.newConsent();
    const interactionId = await bank.begin(consent);
    const elsewhere = { providerId: 'dhowbusiness' };
    assert.equal((await bank.end(elsewhere, interactionId, 'doFail')).status, 400);
    assert.equal((await bank.end(consent, randomUUID(), 'doFail')).status, 400);
    assert.equal((await hub.lastFinding()).id, 'INTERACTION-UNKNOWN');
    assert.equal((await bank.end(consent, interactionId, 'doFail')).status, 303);
});

test('the customer comes back with the bytes of the Location', async () => {
    const consent = await hub.newConsent();
    const interactionId = await bank.begin(consent);
    await bank.decide(consent, 'Authorized');
    const { location } = (await bank.end(consent, interactionId, 'doConfirm')).headers;
    assert.equal((await hub.script('GET', `/sim/callbacks/${consent.state}`)).status, 404);

    const page = await fetch(location);
    const html = await page.text();
    const { code } = parameters({ headers: { location } });
    assert.match(page.headers.get('content-type'), /^text\/html/);
    assert.ok(html.includes(code));
    const { json } = await hub.script('GET', `/sim/callbacks/${consent.state}`);
    assert.equal(json.code, code);
    assert.equal(json.consentId, consent.consentId);
    assert.deepEqual(await hub.findings(consent.consentId), []);
});

test('a changed redirect is found out', async () => {
    const consent = await hub.newConsent();
    const interactionId = await bank.begin(consent);
    const { location } = (await bank.end(consent, interactionId, 'doFail', {
        error: 'access_denied',
        error_description: 'user_failed_to_authenticate',
    })).headers;
    await fetch(location.replace('%3a', '%3A'));
    assert.deepEqual(await hub.findings(consent.consentId), ['CALLBACK-CHANGED']);
});

test('the page shows an error as text', async () => {
    const evil = '<script>alert(1)</script>"{{code}}';
    const query = new URLSearchParams({ error: evil, state: 'nobody' });
    const html = await (await fetch(`${hub.url}/tpp/callback?${query}`)).text();
    assert.ok(!html.includes('<script>alert'));
    assert.ok(html.includes('&#60;script&#62;alert(1)&#60;/script&#62;&#34;{{code}}'));
});
