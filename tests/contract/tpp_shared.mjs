// One demonstration for all tests of the side that TPPs see, since starting it takes seconds.
import { after } from 'node:test';
import { startDemo } from '../support/demo.mjs';
import { accountAccess, Tpp } from '../support/tpp.mjs';

const ALL = ['ReadAccountsBasic', 'ReadAccountsDetail', 'ReadBalances', 'ReadBeneficiariesBasic',
    'ReadBeneficiariesDetail', 'ReadTransactionsBasic', 'ReadTransactionsDetail', 'ReadProduct',
    'ReadProductFinanceRates', 'ReadScheduledPaymentsBasic', 'ReadScheduledPaymentsDetail', 'ReadDirectDebits',
    'ReadStandingOrdersBasic', 'ReadStandingOrdersDetail', 'ReadStatements', 'ReadParty', 'ReadPartyUser',
    'ReadPartyUserIdentity'];

export const demo = await startDemo();
export const tpp = await Tpp.start(demo);
export const other = await Tpp.start(demo, { index: 1 });
/** Of the role BDSP alone. */
export const reader = await Tpp.start(demo, { index: 2 });

/** Tokens: under a consent to everything, and of the TPP itself. Here, before a test uses the same customer. */
export const whole = await tpp.connect(accountAccess({ Permissions: ALL }));
export const own = await tpp.ownToken('openid accounts payments');

/** Where the Hub answered against its own contract, as its log tells it. */
export const ownFaults = () => demo.hubLog().filter(({ event }) => event === 'own-reply');

after(async () => {
    for (const one of [tpp, other, reader]) {
        one.close();
    }
    await demo.stop();
});
