// The journeys in which a customer of an insurer shares policies.

const RIGHTS = ['ReadInsurancePolicies', 'ReadCustomerBasic', 'ReadCustomerDetail', 'ReadInsuranceProduct',
    'ReadCustomerClaims', 'ReadInsurancePremium', 'ReadCustomerPaymentDetails'];
const APPROVED = { changes: ['PATCH Authorized', 'doConfirm'], back: { code: true } };
const STEP_UP = '.journey.stepUp = ["payments", "data-sharing"]';

const terms = (sectors) => ({
    Permissions: sectors.map((InsuranceType) => ({ InsuranceType, Permissions: RIGHTS })),
    ExpirationDateTime: new Date(Date.now() + 300 * 86_400_000).toISOString(),
});

const choosePolicy = (walker) => walker.page.locator('input[name=policy]').first().check();

const refused = (error, description) => ({
    changes: ['PATCH Rejected', `doFail ${error} ${description}`],
    back: { error, error_description: description },
});

export const insuranceWalks = [
    {
        id: 'insurance-approve',
        title: 'The customer shares policies',
        devices: ['phone', 'desktop'],
        login: 'imran',
        expect: APPROVED,
        async walk(walker) {
            await walker.screen('sign-in-user', 'The first screen says that insurance is asked for');
            await walker.signIn();
            await walker.decideInApp('app-approve', 'The app shows what is asked');
            await walker.screen('approve', 'Policies that run, what is shared of each kind, until when');
            await walker.at('ended-policies').locator('summary').click();
            await walker.picture('Policies that have ended');
            await walker.at('approve').click();
            await walker.screen('review-error', 'At least one policy is needed');
            await choosePolicy(walker);
            await walker.picture('A policy is chosen');
            await walker.at('approve').click();
        },
    },
    {
        id: 'insurance-step-up',
        title: 'Policies are shared once the decision is confirmed',
        adjustServer: STEP_UP,
        login: 'imran',
        sectors: ['Motor', 'Home'],
        expect: APPROVED,
        async walk(walker) {
            await walker.toReview();
            await choosePolicy(walker);
            await walker.at('approve').click();
            await walker.screen('step-up', 'The decision is confirmed once more');
            await walker.decideInApp('app-approve', 'The app counts the policies');
        },
    },
    {
        id: 'insurance-cancel',
        title: 'The customer shares no policies',
        login: 'imran',
        expect: refused('access_denied', 'user_rejected_consent'),
        async walk(walker) {
            await walker.toReview();
            await walker.screen('cancel', 'Cancel is as easy to reach as approve');
            await walker.at('cancel').click();
        },
    },
    {
        id: 'insurance-no-policies',
        title: 'No eligible policy',
        login: 'rasha',
        expect: refused('invalid_request', 'user_lacks_eligible_policies'),
        async walk(walker) {
            await walker.signIn();
            await walker.decideInApp('app-approve');
            await walker.screen('refused-title', 'Nothing to share');
        },
    },
    {
        id: 'insurance-own-consents',
        title: 'The customer looks at what insurance is shared and stops it',
        devices: ['phone', 'desktop'],
        login: 'noura.falahi',
        sectors: ['Motor', 'Home'],
        expect: { changes: ['PATCH Authorized', 'doConfirm', 'revoke'], back: null },
        async walk(walker) {
            await walker.toReview();
            await choosePolicy(walker);
            await walker.at('approve').click();
            await walker.back();
            await walker.signInToOwnPages();
            await walker.page.goto(`${walker.demo.publicBaseUrl}/consents`);
            const card = `cmi-consent-${walker.consentId}`;
            await walker.screen(card, 'Current connections');
            await walker.at(card).click();
            await walker.at('cmi-permissions').click();
            await walker.screen('cmi-policy', 'The policies, and what is shared of each kind');
            await walker.at('cmi-revoke').click();
            await walker.screen('cmi-revoke-confirm', 'One question');
            await walker.at('cmi-revoke-confirm').click();
            await walker.screen('cmi-done', 'Stopped');
        },
    },
].map(({ sectors = ['Health', 'Motor', 'Home', 'Renters'], ...walk }) => ({
    type: 'insurance',
    providerId: 'dhowinsurance',
    consent: terms(sectors),
    ...walk,
}));
