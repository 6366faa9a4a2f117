// Prepares reads of insurance for the load generator, against a running demonstration:
//
//   node policies.mjs DEMO-FOLDER OUT-FOLDER
//
// Makes a consent to all policies of a customer who has one in each sector, and writes
// OUT-FOLDER/policies.json: {userId, consentId, list, policy}, the last two of them paths.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bank } from '../contract/hub_support.mjs';

const [dir, out] = process.argv.slice(2);
const demo = JSON.parse(readFileSync(join(dir, 'demo.json'), 'utf8'));
const provider = demo.providers.find(({ providerId }) => providerId === 'dhowinsurance');
const { userId, policies } = provider.users.find(({ login }) => login === 'imran');
const Permissions = [
    'ReadInsurancePolicies', 'ReadCustomerBasic', 'ReadCustomerDetail', 'ReadInsuranceProduct', 'ReadCustomerClaims',
    'ReadInsurancePremium', 'ReadCustomerPaymentDetails',
];
const sectors = [...new Set(policies.map(({ type }) => type))];

const made = await fetch(`${demo.hub.baseUrl}/sim/consents`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
        providerId: provider.providerId,
        type: 'insurance',
        consent: { Permissions: sectors.map((InsuranceType) => ({ InsuranceType, Permissions })) },
    }),
});
const text = await made.text();
assert.equal(made.status, 201, text);
const { consentId } = JSON.parse(text);

const config = { https: { clientCa: demo.ozoneConnect.caFile } };
const base = Number(new URL(demo.hub.baseUrl).port) - 10; // as tools/run lays ports out
const bank = new Bank({ base, config }, { who: demo.bank });
const patched = await bank.consents('PATCH', `/consents/${consentId}`, {
    provider: provider.providerId,
    json: {
        status: 'Authorized',
        psuIdentifiers: { userId },
        insurancePolicyIds: policies.map(({ id }) => id),
        authorizationChannel: 'Web',
    },
});
assert.equal(patched.status, 204, JSON.stringify(patched.body));
bank.close();

const health = policies.find(({ type }) => type === 'Health').id;
writeFileSync(join(out, 'policies.json'), JSON.stringify({
    userId,
    consentId,
    list: `/health-insurance-policies?insurancePolicyIds=${health}&page=1&page-size=100`,
    policy: `/health-insurance-policies/${health}`,
}));
