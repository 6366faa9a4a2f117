// A Hub and its TPP that pay a file at a bank: the consent, the file, the decision, the payment.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { request } from 'node:https';
import { Bank } from '../contract/hub_support.mjs';
import { until } from '../journey/support.mjs';
import { HubClient, hubHeaders } from './client.mjs';
import { termsOf } from './files.mjs';

const PROVIDER = 'dhowretail';
const LOGIN = 'rohan'; // has accounts to pay from
const END_MS = 30_000;
const XML = 'application/xml';

export class FilePayer {
    /** `at` is the demonstration as seen through the instance that is called, if not its own. */
    static async prepare(demo, at = demo) {
        const payer = new FilePayer();
        payer.demo = demo;
        payer.hub = new HubClient(at, PROVIDER);
        payer.bank = new Bank({ base: demo.portBase, config: { https: { clientCa: demo.ozoneConnect.caFile } } }, { who: demo.bank });
        payer.user = demo.providers[0].users.find(({ login }) => login === LOGIN);
        const client = new HubClient(demo, PROVIDER);
        const { accountIds, userId } = payer.user;
        const query = { accountIds: accountIds.join(), page: 1, 'page-size': 100 };
        const accounts = (await client.get('/accounts', { userId, query })).json.data;
        client.close();
        payer.accountId = accounts.find(({ accountSubType, status }) => accountSubType === 'CurrentAccount' && status === 'Active').id;
        return payer;
    }

    close() {
        this.hub.close();
        this.bank.close();
    }

    /** A consent of the Hub to a file, which awaits authorization; `more` goes to the simulator. */
    async stage(terms, more = {}) {
        const made = await fetch(`${this.demo.hub.baseUrl}/sim/consents`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({
                providerId: PROVIDER,
                type: 'payment',
                consent: {
                    ControlParameters: { ConsentSchedule: { FilePayment: terms } },
                    PersonalIdentifiableInformation: { Initiation: {} },
                },
                ...more,
            }),
        });
        const text = await made.text();
        assert.equal(made.status, 201, text);
        const { consentId } = JSON.parse(text);
        const { consent } = await (await fetch(`${this.demo.hub.baseUrl}/sim/consents/${consentId}`)).json();
        this.orgId = consent.tpp.orgId; // also for consents that are none
        return { consentId, providerId: PROVIDER, orgId: this.orgId };
    }

    /** As the Hub calls for the TPP of the consent. */
    who({ consentId, orgId = this.orgId }, headers = {}) {
        return { userId: this.user.userId, consentId, headers: { 'o3-caller-org-id': orgId, ...headers } };
    }

    expectFile(consent, terms, options) {
        const body = { consentId: consent.consentId, request: terms };
        return this.hub.call('POST', '/payment-consents', { ...this.who(consent), body, ...options });
    }

    /** A consent that waits for this file, at Hub and bank. */
    async waiting(file, instructions, more = {}) {
        const terms = termsOf(file, instructions, more);
        const consent = await this.stage(terms);
        const reply = await this.expectFile(consent, terms);
        assert.equal(reply.status, 201, reply.text);
        assert.equal(reply.text, '');
        return consent;
    }

    upload(consent, file, { type = XML, headers = {}, ...options } = {}) {
        return this.hub.call('POST', `/payment-consents/${consent.consentId}/file`,
            { ...this.who(consent, { 'content-type': type, ...headers }), body: file, ...options });
    }

    /** An upload in pieces: `write` gets the request; resolves to {status, text} or {error}. */
    async stream(consent, headers, write) {
        const path = `/payment-consents/${consent.consentId}/file`;
        const { providerId } = this.hub.provider;
        const who = this.who(consent);
        const all = { ...hubHeaders({ providerId, ...who, method: 'POST', path }), ...who.headers,
            authorization: `Bearer ${await this.hub.token()}`,
            'content-type': XML, connection: 'close', ...headers };
        const { ca, cert, key } = this.hub.agent.options;
        return new Promise((resolve) => {
            const options = { ca, cert, key, agent: false, method: 'POST', headers: all };
            const outgoing = request(this.hub.base + path, options, (reply) => {
                let text = '';
                reply.on('data', (data) => (text += data));
                reply.on('end', () => resolve({ status: reply.statusCode, text }));
            });
            outgoing.on('error', (error) => resolve({ error: error.code }));
            write(outgoing);
        });
    }

    authorize(consent) {
        return this.bank.decide(consent, 'Authorized', { userId: this.user.userId, accountIds: [this.accountId] });
    }

    orderOf({ consentId }, { key = randomUUID(), data = {} } = {}) {
        const id = randomUUID();
        return {
            paymentType: 'cbuae-file-payment',
            request: { Data: { ConsentId: consentId, PaymentPurposeCode: 'SAL', ...data } },
            requestHeaders: { 'x-idempotency-key': key },
            tpp: { clientId: id, orgId: id, softwareStatementId: id, tppId: id, tppName: 'T', decodedSsa: {} },
        };
    }

    pay(consent, options) {
        return this.hub.call('POST', '/payments', { ...this.who(consent), body: this.orderOf(consent, options) });
    }

    find(consent, id) {
        return this.hub.get(`/payments/${id}`, this.who(consent));
    }

    report(consent, id) {
        return this.hub.get(`/payments/${id}/report-file`, this.who(consent));
    }

    /** The payment, once its file is processed. */
    async processed(consent, id) {
        let data;
        await until(async () => {
            ({ data } = (await this.find(consent, id)).json);
            return data.openFinanceBilling || data.status === 'Rejected';
        }, 'the file is processed', END_MS);
        return data;
    }
}
