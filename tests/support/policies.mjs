// Consents to insurance policies, as a Hub has them once the customer has agreed.
import assert from 'node:assert/strict';

const CODES = ['ReadInsurancePolicies', 'ReadCustomerBasic', 'ReadCustomerDetail', 'ReadInsuranceProduct',
    'ReadCustomerClaims', 'ReadInsurancePremium', 'ReadCustomerPaymentDetails'];

/** The id of an authorised consent to the policies, whether or not the customer holds them. */
export async function consentToPolicies(demo, bank, { types, userId, insurancePolicyIds }) {
    const providerId = 'dhowinsurance';
    const made = await fetch(`${demo.hub.baseUrl}/sim/consents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
            providerId, type: 'insurance',
            consent: { Permissions: types.map((InsuranceType) => ({ InsuranceType, Permissions: CODES })) },
        }),
    });
    assert.equal(made.status, 201, await made.clone().text());
    const { consentId } = await made.json();
    const patched = await bank.consents('PATCH', `/consents/${consentId}`, {
        provider: providerId,
        json: { status: 'Authorized', psuIdentifiers: { userId }, insurancePolicyIds, authorizationChannel: 'Web' },
    });
    assert.equal(patched.status, 204, JSON.stringify(patched.body));
    return consentId;
}
