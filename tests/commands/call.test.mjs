// tools/call: the README's commands as they stand, and what it says when something is wrong.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { environment, http, postman, requestsOf } from '../../server/operator/web/collection.js';
import { fillIn, operator, readDocuments, send } from '../support/collection.mjs';
import { ROOT, startDemo } from '../support/demo.mjs';

let demo;
const scratch = mkdtempSync(join(tmpdir(), 'lfi-call-'));

before(async () => (demo = await startDemo()));
after(async () => {
    rmSync(scratch, { recursive: true });
    await demo?.stop();
});

function shell(command, data = demo.dir) {
    const env = { ...process.env, LFI_DATA: data };
    return spawnSync('bash', ['-c', command], { cwd: ROOT, env, encoding: 'utf8' });
}

const [first] = readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n')
    .filter((line) => line.startsWith('tools/call'));

test('every call of the README is copied and works', () => {
    const lines = readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n')
        .filter((line) => line.startsWith('tools/call'));
    assert.ok(lines.length >= 4);
    for (const line of lines) {
        let { status, stdout, stderr } = shell(line);
        assert.equal(status, 0, `${line}: ${stderr}`);
        if (line.includes('--curl')) {
            assert.match(stdout, /^curl /);
            ({ status, stdout } = shell(stdout));
            assert.equal(status, 0);
            assert.ok(JSON.parse(stdout).data);
        } else {
            const [, code, body] = /^(\d+)\n([^]*)$/.exec(stdout);
            assert.equal(code, '200', line);
            assert.ok(JSON.parse(body).data, line);
        }
    }
});

test('the customer\'s accounts stand for {accountId} and {accountIds}', () => {
    const { login, accountIds } = demo.providers[0].users.find((user) => user.accountIds.length > 1);
    const all = shell(`tools/call --as ${login} GET '/accounts?accountIds={accountIds}'`);
    assert.deepEqual(JSON.parse(all.stdout.replace(/^\d+\n/, '')).data.map(({ id }) => id), accountIds);
    const bare = shell(`tools/call --as ${login} GET /accounts`);
    assert.equal(bare.stdout, all.stdout);
    const one = shell(`tools/call --as ${login} --curl GET '/accounts/{accountId}/balances'`);
    assert.ok(one.stdout.includes(`/accounts/${accountIds[0]}/balances`));
});

test('a body comes from the command or a file, quotes and all', () => {
    const name = { fullName: 'It\'s "nobody"' };
    const body = { data: { account: { schemeName: 'IBAN', identification: 'none', name } } };
    const file = join(scratch, 'body.json');
    writeFileSync(file, JSON.stringify(body));
    const path = '/customers/action/cop-query';
    for (const argument of [`@${file}`, `"$(cat ${file})"`]) {
        const { status, stdout } = shell(`tools/call POST ${path} ${argument}`);
        assert.equal(status, 0);
        assert.deepEqual(JSON.parse(stdout.replace(/^\d+\n/, '')).data, []);
    }
    const pasted = shell(shell(`tools/call --curl POST ${path} @${file}`).stdout);
    assert.deepEqual(JSON.parse(pasted.stdout).data, []);
});

test('a refusal says why', () => {
    const { status, stdout, stderr } = shell('tools/call GET /accounts/never-issued');
    assert.equal(status, 1);
    assert.match(stdout, /^403\n/);
    assert.match(stderr, /^why: ACCOUNT-NOT-HELD/);
});

test('what cannot work is said', () => {
    const missing = shell(first, scratch);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /no demo is running: there is no .*demo\.json\. Start tools\/run/);
    const nobody = shell('tools/call --as nobody GET /customer');
    assert.equal(nobody.status, 1);
    assert.match(nobody.stderr, /no such login: nobody\. Logins: dhowretail: /);
    const elsewhere = shell('tools/call --provider nowhere GET /customer');
    assert.match(elsewhere.stderr, /no such provider: nowhere/);
    for (const wrong of ['', 'GET', 'get /customer', 'GET customer', '--as', '--more GET /', 'GET / {} x',
        'POST / @/nowhere/body']) {
        const { status, stderr } = shell(`tools/call ${wrong}`);
        assert.equal(status, 2, wrong);
        assert.match(stderr, /tools\/call \[--data DIR\]/, wrong);
    }
    const help = shell('tools/call --help');
    assert.equal(help.status, 0);
    assert.match(help.stdout, /--curl/);
});

const RECORD = 'tools/collection --record, against a demonstration as of 2026-06-30, writes it anew';

/** Every $ref of a document resolves in it. */
function assertWhole(file, document) {
    const look = (node) => {
        if (node === null || typeof node !== 'object') {
            return;
        }
        if (typeof node.$ref === 'string') {
            assert.match(node.$ref, /^#\//, file);
            const found = node.$ref.slice(2).split('/').reduce((at, name) => at?.[name], document);
            assert.ok(found, `${file}: ${node.$ref}`);
        }
        Object.values(node).forEach(look);
    };
    look(document);
}

/** Names of all members, those of lists' items once: "data[].id". */
function membersOf(value, at = '', found = new Set()) {
    if (Array.isArray(value)) {
        value.forEach((one) => membersOf(one, `${at}[]`, found));
    } else if (value !== null && typeof value === 'object') {
        for (const [name, one] of Object.entries(value)) {
            found.add(`${at}.${name}`);
            membersOf(one, `${at}.${name}`, found);
        }
    }
    return [...found].sort();
}

/** The requests of a Postman collection, and of an .http file, in one form. */
const ofPostman = (collection) => collection.item.flatMap(({ item }) => item.map(({ name, request }) => ({
    name, method: request.method, url: request.url, body: request.body?.raw,
    headers: Object.fromEntries(request.header.map(({ key, value }) => [key, value])),
})));

function ofHttp(text) {
    return text.split(/^### /m).slice(1).map((part) => {
        const [head, ...rest] = part.trim().split('\n');
        const [line, ...lines] = rest;
        const end = lines.includes('') ? lines.indexOf('') : lines.length;
        const [method, url] = line.split(' ');
        return {
            name: /: (.*),/.exec(head)[1], method, url, body: lines.slice(end + 1).join('\n') || undefined,
            headers: Object.fromEntries(lines.slice(0, end).map((header) => header.split(/: (.*)/s, 2))),
        };
    });
}

test('the documents are whole, and every request of the collection is answered as they say', async () => {
    const documents = await readDocuments(demo);
    documents.forEach(([file, document]) => assertWhole(file, document));
    const requests = requestsOf(documents, demo.ozoneConnect.basePaths);
    const variables = await fillIn(demo, requests);
    // What the environment alone fills in, as after an import of it and of an older collection.
    const imported = Object.fromEntries(environment(variables).values.filter(({ enabled }) => enabled)
        .map(({ key, value }) => [key, value]));
    const collected = ofPostman(JSON.parse(JSON.stringify(postman(requests, variables))));
    assert.deepEqual(ofHttp(http(requests, variables)), collected);

    const { providers } = await operator(demo, '/operator/providers');
    const offered = providers.flatMap(({ operations }) => operations.filter((one) => one.offered));
    // Policies need a consent that the demonstration's insurer does not offer.
    // Those of CAAP take the platform's certificate, and the collection sends as the Hub: journey.caap.
    const ofHub = ({ path, operation }) => !/-insurance-policies|^[/](users|consent[/]actions)[/]/.test(path) && !operation.startsWith('caap');
    for (const { operation } of offered.filter(ofHub)) {
        assert.ok(requests.some((one) => one.operation === operation), `${operation}: openapi/samples.json has no sample of it`);
    }
    const operations = new Map(documents.flatMap(([, document]) => Object.values(document.paths)
        .flatMap((item) => Object.values(item).filter((one) => one['x-sample']).map((one) => [one.operationId, one]))));
    for (const request of requests) {
        const operationId = request.operation;
        const { responses } = operations.get(operationId);
        const sent = { ...request, ...collected.find(({ name }) => name === operationId) };
        const { status, text } = await send(demo, sent, imported);
        assert.equal(status, request.status, `${operationId}: ${text}`);
        const { example } = responses[request.status].content?.['application/json'] ?? {};
        if (example) {
            const now = membersOf(JSON.parse(text));
            const gone = membersOf(example).filter((member) => !now.includes(member));
            assert.deepEqual(gone, [], `${operationId}: the example is old; ${RECORD}`);
        }
    }
});

test('tools/collection writes its files, and says when there is nothing to ask', () => {
    const made = shell(`tools/collection --data ${demo.dir} --out ${scratch}`);
    assert.equal(made.status, 0, made.stderr);
    const [first, second, third] = made.stdout.trim().split('\n');
    const { variable } = JSON.parse(readFileSync(first, 'utf8'));
    const { values, _postman_variable_scope: scope } = JSON.parse(readFileSync(second, 'utf8'));
    assert.equal(scope, 'environment');
    for (const list of [variable, values]) {
        assert.match(list.find(({ key }) => key === 'authorization_dhowretail').value, /^Bearer /);
    }
    assert.deepEqual(values.map(({ key }) => key), variable.map(({ key }) => key));
    assert.equal(statSync(second).mode & 0o777, 0o600);
    assert.doesNotMatch(readFileSync(third, 'utf8'), /^@\w+ = *$/m);
    const missing = shell(`tools/collection --data ${scratch}`);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /no demo is running/);
    assert.equal(shell('tools/collection --nothing').status, 2);
});

test('a credential alone is printed for a command to take', () => {
    const { status, stdout } = shell('tools/call --provider dhowretail --authorization');
    assert.equal(status, 0);
    assert.match(stdout, /^Bearer [\w-]+\.[\w-]+\.[\w-]+\n$/);
    assert.equal(shell('tools/call --authorization GET /customer').status, 2);
});
