// The journeys that evidence is made of: what the customer does, and what the rules demand of the
// end. A walk gets a `Walker` and says where it stands by walker.screen().
import { breakHub, terms } from '../journey/support.mjs';
import { insuranceWalks } from './insurance.mjs';
import { paymentWalks } from './payments.mjs';

/** The end of a walk: what the Hub must be told, and what the TPP must be given. */
const refused = (error, description, patch) => ({
    changes: [...(patch ? ['PATCH Rejected'] : []), `doFail ${error} ${description}`],
    back: { error, error_description: description },
});
const APPROVED = { changes: ['PATCH Authorized', 'doConfirm'], back: { code: true } };
const NOTHING = { changes: [], back: null };

const SHORTEST_SESSION = '.journey.sessionSeconds = 60';
const STEP_UP = '.journey.stepUp = ["payments", "data-sharing"]';
const IMPATIENT = '.hub.timeoutMs = 1500';

export const walks = [
    {
        id: 'approve',
        title: 'The customer shares accounts',
        devices: ['phone', 'desktop'],
        expect: APPROVED,
        async walk(walker) {
            await walker.screen('sign-in-user', 'The first screen: sign in');
            await walker.signIn();
            await walker.screen('second-factor', 'The second factor is asked for');
            await walker.decideInApp('app-approve', 'The app shows what is asked');
            await walker.screen('approve', 'Accounts, permissions, duration');
            await walker.at('approve').click();
            await walker.screen('review-error', 'At least one account is needed');
            await walker.chooseAccount();
            await walker.picture('An account is chosen');
            await walker.at('approve').click();
        },
    },
    {
        id: 'approve-business',
        title: 'A business shares accounts',
        providerId: 'dhowbusiness',
        expect: APPROVED,
        async walk(walker) {
            await walker.toReview();
            await walker.screen('approve', 'Accounts of the business');
            await walker.chooseAccount();
            await walker.at('approve').click();
        },
    },
    {
        id: 'on-behalf',
        title: 'Another company receives the data',
        consent: { OnBehalfOf: { TradingName: 'Marigold Lending' }, FromDate: '2025-01-01' },
        expect: APPROVED,
        async walk(walker) {
            await walker.toReview();
            await walker.screen('approve', 'Who receives the data, through whom, and from when');
            await walker.chooseAccount();
            await walker.at('approve').click();
        },
    },
    {
        id: 'cancel',
        title: 'The customer declines',
        devices: ['phone', 'desktop'],
        expect: refused('access_denied', 'user_rejected_consent', true),
        async walk(walker) {
            await walker.toReview();
            await walker.screen('cancel', 'Cancel is as easy to reach as approve');
            await walker.at('cancel').click();
        },
    },
    {
        id: 'leave',
        title: 'The customer leaves before signing in',
        expect: refused('access_denied', 'user_failed_to_authenticate', false),
        async walk(walker) {
            await walker.screen('leave', 'Leaving is possible before anything is known');
            await walker.at('leave').click();
        },
    },
    {
        id: 'wrong-password',
        title: 'Three failed tries end the attempt',
        login: 'hessa', // locked afterwards, so nobody else's
        expect: refused('access_denied', 'user_failed_to_authenticate', false),
        async walk(walker) {
            for (const left of [2, 1]) {
                await walker.signIn({ password: 'not the password' });
                await walker.screen('sign-in-error', `A wrong password: ${left} left`);
            }
            await walker.signIn({ password: 'not the password' });
        },
    },
    {
        id: 'app-denied',
        title: 'The second factor is refused in the app',
        expect: refused('access_denied', 'user_failed_to_authenticate', false),
        async walk(walker) {
            await walker.signIn();
            await walker.decideInApp('app-deny', 'Refusing in the app');
        },
    },
    {
        id: 'blocked',
        title: 'A blocked customer',
        login: 'ghassan',
        expect: refused('access_denied', 'user_account_blocked', false),
        walk: (walker) => walker.signIn(),
    },
    {
        id: 'no-accounts',
        title: 'No eligible account',
        login: 'lanqing',
        expect: refused('invalid_request', 'user_lacks_eligible_accounts', true),
        async walk(walker) {
            await walker.signIn();
            await walker.decideInApp('app-approve');
        },
    },
    {
        id: 'timeout-before',
        title: 'Time runs out before the customer is known',
        adjustServer: SHORTEST_SESSION,
        expect: refused('access_denied', 'user_failed_to_authenticate', false),
        walk: (walker) => walker.screen('sign-in-user', 'Left waiting at sign-in'),
    },
    {
        id: 'timeout-after',
        title: 'Time runs out on the review page',
        adjustServer: SHORTEST_SESSION,
        expect: refused('access_denied', 'session_expired', true),
        async walk(walker) {
            await walker.toReview();
            await walker.screen('approve', 'Left waiting at the decision');
        },
    },
    {
        id: 'consent-unreadable',
        title: 'The consent cannot be read from the Hub',
        adjustServer: IMPATIENT,
        expect: refused('server_error', 'api_hub_communication_error', false),
        before: (demo) => breakHub(demo, 'consent-manager', '500', { times: 1 }),
        walk: () => undefined,
    },
    {
        id: 'hub-fails-at-decision',
        title: 'The Hub does not answer at the decision',
        adjustServer: IMPATIENT,
        expect: refused('server_error', 'api_hub_communication_error', false), // no PATCH gets through
        async walk(walker) {
            await walker.toReview();
            await walker.chooseAccount();
            await breakHub(walker.demo, 'consent-manager', '500');
            await walker.at('approve').click();
        },
    },
    {
        id: 'hub-unreachable',
        title: 'The Hub cannot be reached at the start',
        adjustServer: IMPATIENT,
        expect: NOTHING,
        before: (demo) => breakHub(demo, 'heimdall', 'down'),
        walk: (walker) => walker.screen('error-title', 'Temporarily unavailable, with a reference'),
    },
    {
        id: 'invalid-request',
        title: 'A request that the Hub refuses',
        address: '/authorize/dhowretail?client_id=nobody&request_uri=urn%3Anothing',
        expect: NOTHING,
        walk: (walker) => walker.screen('error-title', 'A page of the bank, and no redirect'),
    },
    {
        id: 'passkey',
        title: 'Signing in with a passkey',
        device: true,
        expect: APPROVED,
        async walk(walker) {
            await walker.signInToOwnPages();
            await walker.page.goto(`${walker.demo.publicBaseUrl}/passkeys`);
            await walker.screen('passkey-add', 'The customer\'s passkeys');
            const had = await walker.at('passkey').count();
            await walker.at('passkey-add').click();
            await walker.at('passkey').nth(had).waitFor();
            await walker.picture('A passkey was added');
            await walker.page.goto(walker.authorizeUrl);
            await walker.screen('passkey-sign-in', 'Sign in with a passkey');
            await walker.at('passkey-sign-in').click();
            await walker.screen('approve', 'Both factors at once');
            await walker.chooseAccount();
            await walker.at('approve').click();
        },
    },
    {
        id: 'on-the-phone',
        title: 'Begun on a computer, decided on the phone',
        devices: ['desktop'],
        expect: APPROVED,
        async walk(walker) {
            await walker.at('use-phone').click();
            await walker.screen('handover-qr', 'The code for the phone');
            const link = await walker.at('handover-link').getAttribute('href');
            const phone = await walker.onPhone(link);
            await phone.screen('take-over-number', 'On the phone: did you start this?');
            await phone.at('take-over-confirm').click();
            await phone.screen('sign-in-user', 'On the phone: sign in');
            await phone.toReview();
            await phone.screen('approve', 'On the phone: review');
            await phone.chooseAccount();
            await phone.at('approve').click();
            await phone.screen('handed-back', 'On the phone: done');
        },
    },
    {
        id: 'step-up',
        title: 'A decision that is confirmed once more',
        adjustServer: STEP_UP,
        expect: APPROVED,
        async walk(walker) {
            await walker.toReview();
            await walker.chooseAccount();
            await walker.at('approve').click();
            await walker.screen('step-up', 'The step-up confirmation');
            await walker.decideInApp('app-approve', 'The app says what is confirmed');
        },
    },
    {
        id: 'step-up-refused',
        title: 'The confirmation is refused',
        adjustServer: STEP_UP,
        expect: refused('access_denied', 'user_failed_step_up_authentication', true),
        async walk(walker) {
            await walker.toReview();
            await walker.chooseAccount();
            await walker.at('approve').click();
            await walker.screen('step-up', 'The step-up confirmation');
            await walker.decideInApp('app-deny');
        },
    },
    {
        id: 'abandoned',
        title: 'The browser is closed, and the bank ends the journey by itself',
        adjustServer: SHORTEST_SESSION,
        expect: { ...refused('access_denied', 'session_expired', true), back: null },
        async walk(walker) {
            await walker.toReview();
            await walker.screen('approve', 'Closed here');
            await walker.page.close();
            await walker.untilEnded();
        },
    },
    {
        id: 'own-consents',
        title: 'The customer looks at a connection and stops it',
        devices: ['phone', 'desktop'],
        expect: {
            changes: ['PATCH Authorized', 'doConfirm', 'revoke'],
            back: null,
        },
        async walk(walker) {
            await walker.toReview();
            await walker.chooseAccount();
            await walker.at('approve').click();
            await walker.back();
            await walker.signInToOwnPages();
            await walker.page.goto(`${walker.demo.publicBaseUrl}/consents`);
            const card = `cmi-consent-${walker.consentId}`;
            await walker.screen(card, 'Current connections');
            await walker.at(card).click();
            await walker.at('cmi-permissions').click();
            await walker.screen('cmi-id', 'One connection in full');
            await walker.at('cmi-revoke').click();
            await walker.screen('cmi-revoke-confirm', 'One question');
            await walker.at('cmi-revoke-confirm').click();
            await walker.page.waitForFunction(() => !document.querySelector('[data-testid=cmi-revoke-confirm]'));
            await walker.screen('cmi-back', 'Stopped');
            await walker.at('cmi-back').click();
            await walker.at('cmi-tab-history').click();
            await walker.screen(card, 'History');
            await walker.at('sign-out').click();
            await walker.screen('signed-out', 'Signed out');
        },
    },
].map((walk) => ({ ...walk, consent: terms(walk.consent) })).concat(paymentWalks, insuranceWalks).map((walk) => ({
    devices: ['phone'],
    providerId: 'dhowretail',
    ...walk,
}));
