// Prepares payments for the load generator, against a running demonstration:
//
//   node payments.mjs DEMO-FOLDER OUT-FOLDER [CONSENTS]
//
// Makes consents that take any number of payments, and writes OUT-FOLDER/rows (a line each: consent
// id, tab, personal data of the payment as a JWE), OUT-FOLDER/payment.json (the body of a payment
// with $1 and $2 in it) and OUT-FOLDER/user, whose consents they are. The creditor is one whose
// payments stay pending, so that no rail and no push takes part in what is measured.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bank } from '../contract/hub_support.mjs';
import { HubClient } from '../support/client.mjs';
import { CONTROL_PARAMETERS, sealPii } from '../support/payments.mjs';

const [dir, out, count = '64'] = process.argv.slice(2);
const demo = JSON.parse(readFileSync(join(dir, 'demo.json'), 'utf8'));
const [provider] = demo.providers;
const user = provider.users.find(({ login }) => login === 'rohan');
const rows = JSON.parse(readFileSync(new URL('../../fixtures/common/payments.json', import.meta.url), 'utf8'));
const { creditor } = rows.find(({ place }) => place === 'pay-referred');
const named = {
    CreditorAccount: { SchemeName: 'IBAN', Identification: creditor, Name: { en: 'Zumurrud Trading' } },
};

async function findAccount() {
    const hub = new HubClient(demo, provider.providerId);
    const { json } = await hub.get('/accounts', {
        userId: user.userId,
        query: { accountIds: user.accountIds.join(), page: 1, 'page-size': 100 },
    });
    hub.close();
    return json.data.find(({ accountSubType, status }) => accountSubType === 'CurrentAccount' && status === 'Active').id;
}

async function makeConsent(bank, accountId) {
    const made = await fetch(`${demo.hub.baseUrl}/sim/consents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
            providerId: provider.providerId,
            type: 'payment',
            consent: {
                ControlParameters: CONTROL_PARAMETERS.VariablePeriodicSchedule,
                PersonalIdentifiableInformation: { Initiation: { Creditor: [named] } },
            },
        }),
    });
    const text = await made.text();
    assert.equal(made.status, 201, text);
    const { consentId } = JSON.parse(text);
    const consent = { consentId, providerId: provider.providerId };
    await bank.decide(consent, 'Authorized', { userId: user.userId, accountIds: [accountId] });
    return consentId;
}

const config = { https: { clientCa: demo.ozoneConnect.caFile } };
const base = Number(new URL(demo.hub.baseUrl).port) - 10; // as tools/run lays ports out
const bank = new Bank({ base, config }, { who: demo.bank });
const accountId = await findAccount();
const lines = [];
for (let i = 0; i < Number(count); i++) {
    const pii = await sealPii({ Initiation: named, Risk: {} }, provider);
    lines.push(`${await makeConsent(bank, accountId)}\t${pii}`);
}
bank.close();
const id = randomUUID();
writeFileSync(join(out, 'rows'), `${lines.join('\n')}\n`);
writeFileSync(join(out, 'user'), user.userId);
writeFileSync(join(out, 'payment.json'), JSON.stringify({
    paymentType: 'cbuae-payment',
    request: {
        Data: {
            ConsentId: '$1',
            Instruction: { Amount: { Amount: '0.01', Currency: 'AED' } },
            PersonalIdentifiableInformation: '$2',
            PaymentPurposeCode: 'ACM',
            OpenFinanceBilling: { Type: 'PushP2P' },
        },
    },
    requestHeaders: { 'x-idempotency-key': `${id.slice(0, 8)}-$0`, 'x-fapi-customer-ip-address': '192.0.2.7' },
    tpp: { clientId: id, orgId: id, softwareStatementId: id, tppId: id, tppName: 'T', decodedSsa: {} },
}));
