// Policies made of quotes, as a TPP through its Hub has them made: the requests are the documents'
// samples.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './demo.mjs';

const NO_CONSENT = { 'o3-aspsp-id': undefined, 'o3-consent-id': undefined, 'o3-psu-identifier': undefined };
const WAIT_MS = 90_000;
const LOOK_MS = 200;

const samples = JSON.parse(readFileSync(join(ROOT, 'openapi/samples.json'), 'utf8'));

async function until(done, what) {
    for (const start = Date.now(); !(await done());) {
        assert.ok(Date.now() - start < WAIT_MS, what);
        await sleep(LOOK_MS);
    }
}

/** A request whose holder is the person of the Emirates ID. */
function requestOf(type, number) {
    const path = `/${type.toLowerCase()}-insurance-quotes`;
    const sample = Object.values(samples).find((one) => one.path === path && one.body);
    const data = { ...structuredClone(sample.body.data), CustomerId: 'c-1', QuoteReference: randomUUID() };
    const Identity = number && { EmiratesId: { EmiratesIdNumber: number } };
    if (type === 'Employment') {
        data.PolicyHolder = { FirstName: 'Imran', LastName: 'Holder', Gender: 'Male' };
        data.Identity = Identity;
    } else if (type === 'Life') {
        data.InsuredParties[0].Identity = Identity;
    } else {
        data.PolicyHolder = { Gender: 'Male', DateOfBirth: '1986-04-12', Nationality: 'ARE', ...data.PolicyHolder, Identity };
    }
    if (type === 'Motor') {
        data.MainDriver = {
            DateOfBirth: '1986-04-12', Nationality: 'ARE',
            DrivingLicenseHistory: { DrivingLicenseNumber: '1234567', TimeDrivingInUAE: 'P5Y' },
            MotorClaims: { MotorClaimInLast24Months: false, NoClaimsCertificate: 'NoNCD' },
        };
    }
    return { data };
}

/**
 * Asks `call` (method, path, body) for a quote: {quote, look, apply}, the first plan once it has a price, how it stands,
 * and what accepts it. `set` replaces members of the request's data.
 */
export async function askQuote(call, type, { number, set = {} } = {}) {
    const where = `/${type.toLowerCase()}-insurance-quotes`;
    const { data } = requestOf(type, number);
    const asked = await call('POST', where, { data: { ...data, ...set } });
    assert.equal(asked.status, 201, asked.text);
    const [{ QuoteId }] = asked.json.data;
    const look = async () => (await call('GET', `${where}/${QuoteId}`)).json.data;
    await until(async () => (await look()).QuoteStatus === 'Available', 'a price');
    const quote = await look();
    const { CommissionAmount, PaymentMethod } = quote.Commission;
    const apply = async () => {
        const accepted = await call('PATCH', `${where}/${QuoteId}`, { data: {
            QuoteStatus: 'ApplicationPending', QuoteReference: quote.QuoteReference, InsuranceSubType: 'Standard',
            Premium: quote.Premium, Commission: { CommissionAmount, PaymentMethod },
            QuoteCreationDateTime: quote.CreationDateTime, ExpirationDateTime: quote.ExpirationDateTime,
            ...(type === 'Health' && { CustomerSalary: 'Over4K' }),
        } });
        assert.equal(accepted.status, 204, accepted.text);
    };
    return { quote: { QuoteId, ...quote }, look, apply };
}

/** Accepts the first plan; what came of it, as soon as the policy has an id. */
export async function startPolicy(hub, type, number) {
    const call = (method, path, body) => hub.call(method, path, { body, headers: NO_CONSENT });
    const { quote, look, apply } = await askQuote(call, type, { number });
    await apply();
    const made = await call('POST', `/${type.toLowerCase()}-insurance-policies`, { data: { QuoteId: quote.QuoteId } });
    assert.equal(made.status, 201, made.text);
    const issued = () => until(async () => (await look()).QuoteStatus === 'Completed', 'the policy');
    return { id: made.json.data.InsurancePolicyId, quote, issued };
}
