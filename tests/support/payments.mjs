// Payments as a TPP asks for them: consents of every type, and the personal data in them.
import { createPublicKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { encryptPii, makeKey, signPii } from './pii.mjs';

const AMOUNT = { Amount: '10.00', Currency: 'AED' };
/** A day in the Gulf, as the standard writes it. */
export const dayAhead = (days) => new Date(Date.now() + (days * 24 + 4) * 3600_000).toISOString().slice(0, 10);
const PERIOD = { PeriodType: 'Month', PeriodStartDate: dayAhead(0) };
const CONTROLS = { MaximumCumulativeNumberOfPaymentsPerPeriod: 3 };
const DATE = { PaymentExecutionDate: dayAhead(0) };
const multi = (PeriodicSchedule, caps) => ({ ConsentSchedule: { MultiPayment: { ...caps, PeriodicSchedule } } });
const TWELVE = { MaximumCumulativeNumberOfPayments: 12 };

/** ControlParameters of each type, with the fewest controls that the Hub takes. */
export const CONTROL_PARAMETERS = {
    SingleInstantPayment: { ConsentSchedule: { SinglePayment: { Type: 'SingleInstantPayment', Amount: AMOUNT } } },
    FixedOnDemand: multi({ Type: 'FixedOnDemand', ...PERIOD, Amount: AMOUNT, Controls: CONTROLS }),
    VariableOnDemand: multi({ Type: 'VariableOnDemand', ...PERIOD, Controls: CONTROLS }),
    FixedPeriodicSchedule: multi({ Type: 'FixedPeriodicSchedule', ...PERIOD, Amount: AMOUNT }, TWELVE),
    VariablePeriodicSchedule: multi({ Type: 'VariablePeriodicSchedule', ...PERIOD, MaximumIndividualAmount: AMOUNT }, TWELVE),
    FixedDefinedSchedule: multi({ Type: 'FixedDefinedSchedule', Schedule: [{ ...DATE, Amount: AMOUNT }] }),
    VariableDefinedSchedule: multi({
        Type: 'VariableDefinedSchedule', Schedule: [{ ...DATE, MaximumIndividualAmount: AMOUNT }],
    }),
    DelegatedAuthentication: { IsDelegatedAuthentication: true },
};

/** An IBAN of the country; the check digits are by ISO 7064. */
function ibanAt(bank, number) {
    const account = `${bank}${String(number).padStart(16, '0')}`;
    const check = 98n - (BigInt(`${account}101400`) % 97n);
    return `AE${String(check).padStart(2, '0')}${account}`;
}

/** Ordinary accounts at Sidr Bank. */
export const creditorIban = (number) => ibanAt('990', number);
/** At the bank itself, which has issued none like it. */
export const ownIban = (number) => ibanAt('999', number);

export const creditorOf = (number, name = 'Zumurrud Trading') => ({
    CreditorAccount: { SchemeName: 'IBAN', Identification: creditorIban(number), Name: { en: name } },
});

/** What a TPP signs, with this many creditors; none: the member is left out. */
export function piiOf(creditors = 1) {
    const now = Math.floor(Date.now() / 1000);
    const Creditor = Array.from({ length: creditors }, (_, i) => creditorOf(i + 1));
    return {
        Initiation: creditors ? { Creditor } : {},
        Risk: { TransactionIndicators: { IsCustomerPresent: true } },
        iss: 'https://tpp.example.com', iat: now, exp: now + 300, jti: randomUUID(),
    };
}

let signer; // one for all: a key takes a while to make

/** Signs as some TPP, and encrypts for the bank behind a provider of demo.json. */
export async function sealPii(payload, { encryption }) {
    signer ??= makeKey();
    const publicKey = createPublicKey(readFileSync(encryption.publicKeyFile));
    return encryptPii(await signPii(payload, signer, { kid: 'tpp' }), { publicKey }, { kid: encryption.kid });
}
