// A disk without room: what writes is refused and may be tried again, reads go on, an operator can
// see it, and everything works again when there is room. The server's own limit of a file's size
// plays the disk: below it there is nothing but the head of the store.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../journey/support.mjs';
import { HubClient } from '../support/client.mjs';
import { Customer, newConsent } from '../support/customer.mjs';
import { startDemo } from '../support/demo.mjs';
import { startProgram, writeConfig } from '../support/program.mjs';

const PHONE = {
    'o3-consent-id': undefined, 'o3-psu-identifier': undefined, 'o3-aspsp-id': undefined,
    'x-fapi-customer-ip-address': '192.0.2.7',
};

const HEAD_BYTES = 8192;

let demo;
let own;
let program;
let hub;

before(async () => {
    demo = await startDemo();
    const config = JSON.parse(readFileSync(join(demo.dir, 'server.json'), 'utf8'));
    cpSync(join(demo.dir, 'store/retail'), join(demo.dir, 'store/own'), { recursive: true });
    own = await writeConfig(demo, config, 'own.json', (c) => {
        c.providers[0].core.settings.store = 'store/own';
        c.state.path = 'state-own';
    });
    program = await startProgram(own);
    hub = new HubClient({ ...demo, ozoneConnect: { ...demo.ozoneConnect, baseUrl: own.hub } }, 'dhowretail');
});
after(async () => {
    hub?.close();
    program?.child.kill('SIGTERM');
    assert.equal((await program?.ended)?.code, 0, program?.log);
    await demo?.stop();
});

function limitFiles(size) {
    const set = spawnSync('prlimit', ['--pid', `${program.child.pid}`, `--fsize=${size}:`], { encoding: 'utf8' });
    assert.equal(set.status, 0, set.stderr);
}

const lead = () => hub.call('POST', '/leads', {
    headers: PHONE,
    body: {
        data: {
            Email: 'zahra.lead@mail.example.org',
            Name: { GivenName: 'Zahra', LastName: 'Leadington' },
            EmiratesId: '784-1991-0000808-8',
            MarketingOptOut: true,
            ProductCategories: ['Mortgage', 'Finance'],
        },
    },
});
const ready = async () => (await fetch(`${own.admin}/readyz`)).status;
const arrive = async () => {
    const { authorizeUrl } = await newConsent(demo, ['ReadAccountsBasic'], {
        ExpirationDateTime: new Date(Date.now() + 86_400_000).toISOString(),
    });
    const { pathname, search } = new URL(authorizeUrl);
    return fetch(own.publicUrl + pathname + search, { redirect: 'manual' });
};
async function counted(what) {
    const metrics = await (await fetch(`${own.admin}/metrics`)).text();
    return Number(new RegExp(`^lfi_${what}_unavailable_total (\\d+)$`, 'm').exec(metrics)[1]);
}

test('a full disk refuses what is to be kept, nothing else, and passes', async () => {
    const open = await arrive();
    assert.equal(open.headers.get('location'), '/journey');
    const customer = new Customer();
    Object.assign(customer, { base: own.publicUrl, origin: demo.publicBaseUrl });
    customer.keepCookies(open);
    ({ journey: customer.journey } = await customer.post('/journey/state', {}));

    limitFiles(HEAD_BYTES);
    const refused = await lead();
    assert.equal(refused.status, 500, refused.text);
    assert.equal(refused.json.errorCode, 'GenericRecoverableError');
    assert.ok((await counted('core')) > 0);
    assert.equal(await counted('state'), 0);

    const turnedAway = await arrive();
    assert.equal(turnedAway.status, 303);
    assert.match(turnedAway.headers.get('location'), /error_description=lfi_temporarily_unavailable/);
    const left = await customer.post('/journey/cancel', { journey: customer.journey });
    assert.equal(left.error, 'STATE-UNAVAILABLE');
    assert.ok((await counted('state')) > 0);
    await until(async () => (await ready()) === 503, '/readyz tells it', 45_000);
    await until(async () => {
        const { parts } = await (await fetch(`${own.admin}/readyz`)).json();
        const failing = parts.filter(({ status }) => status === 'failing').map(({ part }) => part);
        return failing.includes('core dhowretail') && failing.includes('state');
    }, '/readyz names core and state', 45_000);
    assert.equal((await hub.get('/atm', { headers: PHONE })).status, 200);

    limitFiles('unlimited');
    assert.equal((await lead()).status, 201);
    const back = await customer.post('/journey/cancel', { journey: customer.journey });
    assert.match(back.redirect, /error=access_denied/);
    assert.equal((await arrive()).headers.get('location'), '/journey');
    await until(async () => (await ready()) === 200, '/readyz tells it', 45_000);
    assert.match(program.log, /"event":"state-failed"/);
});
