// Every operation that the Hub and CAAP call, from the documents as the server publishes them, and a
// request to each that passes the contract's checks: the base of tests that go over all operations.
import { randomUUID } from 'node:crypto';
import { HubClient } from './client.mjs';
import { encryptPii, makeKey } from './pii.mjs';
import { operator, readDocuments } from './collection.mjs';

const UUID = '7a0e5f0c-5bb1-4a0e-9d0b-2f6a7a1c0bad'; // of nothing

const TPP = {
    clientId: randomUUID(), orgId: randomUUID(), softwareStatementId: randomUUID(), tppId: 'tpp-1', tppName: 'T',
    decodedSsa: {},
};

/** A consent as CAAP sends it, of a customer. */
function consentOf(userId) {
    const type = 'urn:openfinanceuae:account-access-consent:v2.1';
    const asked = {
        ConsentId: UUID, ExpirationDateTime: '2030-06-01T00:00:00.000Z', Permissions: ['ReadAccountsBasic'],
        OpenFinanceBilling: { UserType: 'Retail', Purpose: 'AccountAggregation' },
    };
    return {
        id: UUID, consentType: 'cbuae-account-access-consents', rarType: type, standardVersion: 'v2.1',
        request: { type, consent: asked }, requestHeaders: {}, tpp: TPP,
        consentBody: { Data: { ...asked, Status: 'AwaitingAuthorization', CreationDateTime: '2026-01-01T00:00:00Z' } },
        ...(userId && { psuIdentifiers: { userId } }),
    };
}

/** Bodies of operations that have no sample; `jwe` is an encrypted text. */
const BODIES = {
    InitializeUserRegistration_initializeRegistration: (userId, jwe) =>
        ({ verificationTypes: ['EFR'], personalIdentifiableInformation: jwe }),
    CompleteUserRegistration_completeRegistration: (userId) => ({ userId, challengeResponse: '000000' }),
    DeregistrationUser_deregisterUser: (userId) => ({ userId }),
    CreateUserChallenge_initializeUserChallenge: (userId) => ({ userId }),
    CompleteUserChallenge_completeUserChallenge: (userId) =>
        ({ userId, challengeId: UUID, challengeResponseData: '000000' }),
    QueryUserChallenge_queryUserChallenge: (userId) => ({ userId, challengeId: UUID }),
    DecryptPii_decryptPii: (userId, jwe) => ({ personalIdentifiableInformation: jwe, tpp: TPP }),
    ValidateConsentOperation: (userId) => consentOf(userId),
    AugmentConsentOperation: (userId) => consentOf(userId),
};

/** What a variable of a sample stands for: something that there is not. */
function valueOf(name) {
    return name.endsWith('Created') ? '2026-01-01T00:00:00Z' : name.endsWith('Pii') ? 'a.b.c.d.e' : UUID;
}

const fillIn = (value) => JSON.parse(JSON.stringify(value).replaceAll(/\{\{(\w+)\}\}/g, (_, name) => valueOf(name)));

const at = (document, node) => node.$ref
    ? node.$ref.slice(2).split('/').reduce((one, name) => one[name], document)
    : node;

/** {operation, method, path, file, parameters, sample, takesBody, answers} of each, of the version that is in force. */
export async function readOperations(demo) {
    const { providers } = await operator(demo, '/operator/providers');
    const known = new Set(providers.flatMap(({ operations }) => operations.map((one) => `${one.operation} ${one.path}`)));
    const documents = await readDocuments(demo);
    const all = documents.flatMap(([file, document]) => Object.entries(document.paths).flatMap(([path, item]) =>
        Object.entries(item).map(([method, one]) => ({
            operation: one.operationId,
            method: method.toUpperCase(),
            path,
            file,
            parameters: (one.parameters ?? []).map((node) => at(document, node)),
            sample: one['x-sample'],
            takesBody: Boolean(one.requestBody),
            answers: Object.keys(one.responses),
        }))));
    return { providers, operations: all.filter(({ operation, path }) => known.has(`${operation} ${path}`)) };
}

/** A well-formed encrypted text that only its maker could open. */
export const strangeJwe = () => encryptPii('{}', makeKey(), { kid: 'unknown' });

/**
 * What HubClient.call takes for a request of `userId`; path parameters are `ids` by name, or of nothing.
 * `jwe` stands where the contract has an encrypted text.
 */
export function requestTo({ operation, method, path, parameters, sample, takesBody }, { userId, ids = {}, jwe }) {
    const query = {};
    for (const { name, in: where, required, schema = {} } of parameters) {
        if (where === 'query' && (required || ids[name])) {
            query[name] = ids[name] ?? (/^page/.test(name) ? 1 : schema.type === 'boolean' ? false : UUID);
        }
    }
    const needsAddress = parameters.some(({ name, required }) => name === 'x-fapi-customer-ip-address' && required);
    const bodies = BODIES[operation];
    const body = bodies ? { data: bodies(userId, jwe) } : sample?.body && fillIn(sample.body);
    return [method, path.replaceAll(/\{(\w+)\}/g, (_, name) => ids[name] ?? (name === 'operation' ? 'post' : UUID)), {
        userId,
        consentId: body?.id ?? (sample?.consentId ? UUID : undefined),
        query: Object.keys(query).length > 0 ? query : undefined,
        body: takesBody ? body ?? sample?.text : undefined,
        headers: {
            ...(sample?.contentType && { 'content-type': sample.contentType }),
            ...(needsAddress && { 'x-fapi-customer-ip-address': '192.0.2.1' }),
        },
    }];
}

/** A client of each provider, and of CAAP under `caap`. */
export function clientsOf(demo) {
    const clients = demo.providers.map(({ providerId }) => [providerId, new HubClient(demo, providerId)]);
    return { ...Object.fromEntries(clients), caap: new HubClient(demo, 'dhowlite', { identity: demo.caap }) };
}
