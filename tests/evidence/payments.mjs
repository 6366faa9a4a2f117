// The journeys of payments: each type with the fewest controls that a consent needs, and with all
// that it can have, as certification lists them.
import { CONTROL_PARAMETERS, creditorOf, dayAhead } from '../support/payments.mjs';

const AED = (Amount) => ({ Amount, Currency: 'AED' });
const PERIOD = { PeriodType: 'Month', PeriodStartDate: dayAhead(0) };
const TOTALS = { MaximumCumulativeNumberOfPayments: 12, MaximumCumulativeValueOfPayments: AED('600.00') };
const PER_PERIOD = {
    MaximumCumulativeNumberOfPaymentsPerPeriod: 3, MaximumCumulativeValueOfPaymentsPerPeriod: AED('150.00'),
};
const DAYS = [1, 31, 61].map(dayAhead);
const schedule = (name) => DAYS.map((PaymentExecutionDate) => ({ PaymentExecutionDate, [name]: AED('50.00') }));
const multi = (PeriodicSchedule, caps = TOTALS) => ({ ConsentSchedule: { MultiPayment: { ...caps, PeriodicSchedule } } });

const ALL = {
    FixedOnDemand: multi({ Type: 'FixedOnDemand', ...PERIOD, Amount: AED('50.00'), Controls: PER_PERIOD }),
    VariableOnDemand: multi({
        Type: 'VariableOnDemand', ...PERIOD, Controls: { MaximumIndividualAmount: AED('50.00'), ...PER_PERIOD },
    }),
    FixedPeriodicSchedule: multi({ Type: 'FixedPeriodicSchedule', ...PERIOD, Amount: AED('50.00') }),
    VariablePeriodicSchedule: multi({ Type: 'VariablePeriodicSchedule', ...PERIOD, MaximumIndividualAmount: AED('50.00') }),
    FixedDefinedSchedule: multi({ Type: 'FixedDefinedSchedule', Schedule: schedule('Amount') }),
    VariableDefinedSchedule: multi({ Type: 'VariableDefinedSchedule', Schedule: schedule('MaximumIndividualAmount') }),
};

/** The last day of a schedule is that of its consent. */
function expiryOf({ ConsentSchedule }) {
    const days = ConsentSchedule?.MultiPayment?.PeriodicSchedule.Schedule?.map(({ PaymentExecutionDate }) => PaymentExecutionDate);
    return `${days?.at(-1) ?? dayAhead(300)}T23:59:59+04:00`;
}

function payment(type, which) {
    const all = which === 'all';
    const control = (all && ALL[type]) || CONTROL_PARAMETERS[type];
    const open = all && ['VariableOnDemand', 'DelegatedAuthentication'].includes(type);
    const creditors = open ? [1, 2, 3].map((one) => creditorOf(one)) : [creditorOf(1)];
    return {
        id: `pay-${type}-${which}`,
        title: `${type.replace(/(?<=[a-z])(?=[A-Z])/g, ' ')}, with ${all ? 'all' : 'the fewest'} controls`,
        type: 'payment',
        login: 'rohan',
        consent: {
            ControlParameters: control,
            PersonalIdentifiableInformation: { Initiation: { Creditor: creditors } },
            PaymentPurposeCode: 'ACM',
            ExpirationDateTime: expiryOf(control),
            ...(all && {
                DebtorReference: 'Invoice 117', CreditorReference: 'Order 117',
                Permissions: ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadBalances', 'ReadRefundAccount'],
            }),
        },
        expect: { changes: ['PATCH Authorized', 'doConfirm'], back: { code: true } },
        async walk(walker) {
            await walker.toReview();
            await walker.screen('payment-amount', 'What is paid, to whom, when and within which rules');
            await walker.chooseAccount();
            await walker.picture('The account to pay from is chosen');
            await walker.at('approve').click();
            await walker.screen('step-up', 'The decision is confirmed once more');
            await walker.decideInApp('app-approve', 'The app names the payment');
        },
    };
}

export const paymentWalks = Object.keys(CONTROL_PARAMETERS)
    .flatMap((type) => ['few', 'all'].map((which) => [type, which]))
    .map(([type, which]) => payment(type, which));
