// The review says all that a permission gives away: each member that the contract has for it is
// named by a word of the permission's lines, for each permission alone, in both languages.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Customer, newConsent } from '../support/customer.mjs';
import { ROOT, startDemo } from '../support/demo.mjs';
import { userOf } from './support.mjs';

const LOCALES = join(ROOT, 'server/psu/web/locales');
const texts = Object.fromEntries(['en', 'ar'].map((language) =>
    [language, JSON.parse(readFileSync(join(LOCALES, `${language}.json`), 'utf8'))]));

/** The members of a schema of the contract. */
function membersOf(file, schema) {
    const text = readFileSync(join(ROOT, 'openapi/components', file), 'utf8');
    const [, block] = new RegExp(`^${schema}:\\n((?: .*\\n|\\n|#.*\\n)*)`, 'm').exec(text);
    return [...block.matchAll(/^ {4}(\w+):/gm)].map(([, name]) => name);
}

// What says nothing of a person's money or life: ids that the bank makes up, and technical marks.
const TECHNICAL = ['id', 'accountId', 'AccountId', 'statementId', 'StatementId', 'transactionId', 'timestamp', 'localTimeZone',
    'transactionMutability', 'flags', 'isPrimaryInstrument', 'directDebitId', 'standingOrderId', 'scheduledPaymentId',
    'beneficiaryId', 'supplementaryData', 'allocations', 'statusUpdateDateTime', 'identityType', 'updatedAt'];

const PAYEE = [[/^(creditor|debtor)(Agent|Account)$|^accountHolder/, /[Ww]ho (is|was|will be) paid.*account.*bank/s, /يستلم|استلم/]];
// Permission: its schemas, and rows of [members, English words, Arabic words].
const DATA = {
    ReadAccountsBasic: [[['account.yaml', 'Account']], [
        [/^(accountNumbers)$/, /Account number/, /رقم الحساب/], [/^account(Sub)?Type$/, /type/, /ونوعه/],
        [/^status/, /status/, /وحالته/], [/^currency$/, /currency/, /وعملته/], [/^nickName$/, /nickname/, /المختصر/],
        [/^(accountHolder|customers|businessCustomer)/, /names of the account holders/, /أسماء أصحاب/],
        [/^multiAuth$/, /several people/, /عدة أشخاص/], [/^product$/, /product/, /المنتج/],
        [/^isSharia/, /Sharia/, /الشريعة/], [/^servicer$/, /bank/, /البنك/],
            [/^maturityDate$/, /maturity date/, /استحقاقه/],
    ], ['description', 'openingDate']],
    ReadAccountsDetail: [[['account.yaml', 'Account']], [
        [/^description$/, /description/, /وصف/], [/^openingDate$/, /opening/, /فتحه/], [/^maturityDate$/, /maturity date/, /استحقاقه/],
        [/./, /Account number.*type.*currency.*status.*nickname.*holders/s, /رقم الحساب/],
    ]],
    ReadBalances: [[['balance.yaml', 'Balance']], [
        [/^(amount|balanceType|creditDebitIndicator)$/, /How much is in each account or owed/, /المبلغ الموجود/],
        [/^creditLines$/, /credit lines/, /حدود الائتمان/], [/^components$/, /make it up/, /يتكوّن/],
    ]],
    ReadTransactionsBasic: [[['transaction.yaml', 'Transaction']], [
        [/DateTime$/, /Date and time/, /التاريخ والوقت/], [/^amount$|Indicator$/, /amount.*in and out/, /المبلغ/],
        [/^charge/, /charges/, /الرسوم/], [/[tT]ransactionType$|TransactionCode$/, /type/, /النوع/], [/^status$/, /status/, /الحالة/],
        [/^transactionInformation$/, /description/, /الوصف/], [/Reference$/, /references/, /المراجع/],
        [/^paymentModes$/, /how it was paid/, /طريقة الدفع/], [/^balance$/, /balance/, /الرصيد/],
    ], ['currencyExchange', 'creditorAgent', 'creditorAccount', 'debtorAgent', 'debtorAccount', 'cardInstrument', 'terminalId',
        'merchantDetails', 'geoLocation', 'billDetails', 'paymentPurposeCode']],
    ReadTransactionsDetail: [[['transaction.yaml', 'Transaction']], [
        ...PAYEE, [/^currencyExchange$/, /currency exchange/, /صرف العملات/], [/^cardInstrument$/, /card/, /البطاقة/],
        [/^terminalId$/, /terminal/, /جهاز/], [/^merchantDetails$/, /merchant and its category/, /التاجر/],
        [/^geoLocation$/, /location/, /الموقع/], [/^billDetails$/, /bill/, /الفاتورة/], [/^paymentPurposeCode$/, /purpose/, /الغرض/],
        [/./, /Date and time, amount, charges, type, status, description/, /التاريخ/],
    ]],
    ReadFXTransactionsBasic: [[['transaction.yaml', 'Transaction']], [
        [/DateTime$/, /Date and time/, /التاريخ والوقت/], [/^amount$|Indicator$/, /amount/, /المبلغ/], [/^charge/, /charges/, /الرسوم/],
        [/[tT]ransactionType$/, /type/, /النوع/], [/^status$/, /status/, /الحالة/], [/^transactionInformation$/, /description/, /الوصف/],
        [/Reference$/, /references/, /المراجع/], [/^paymentModes$/, /type/, /النوع/], [/^currencyExchange$/, /exchange with its rate/, /صرف العملات/],
    ], ['creditorAgent', 'creditorAccount', 'debtorAgent', 'debtorAccount', 'cardInstrument', 'terminalId', 'merchantDetails', 'geoLocation',
        'billDetails', 'paymentPurposeCode', 'balance', 'bankTransactionCode', 'proprietaryBankTransactionCode']],
    ReadStatements: [[['statement.yaml', 'Statement']], [
        [/Date$/, /dates/, /بتواريخها/], [/Balance$/, /balances/, /أرصدتها/], [/^CreditLine$/, /credit line/, /الائتمان/],
        [/^Summary$/, /totals/, /المجاميع/], [/^(ExpectedNextStatement|NextPayment)$/, /due next/, /يُستحق/],
    ]],
    ReadDirectDebits: [[['direct-debit.yaml', 'DirectDebit']], [
        [/^mandate/, /mandate/, /التفويض/], [/Status/, /status/, /الحالة/], [/^name$/, /name/, /الاسم/],
        [/^frequency$/, /how often/, /التكرار/], [/^previous/, /date and amount of the last/, /آخر تحصيل/],
    ]],
    ReadStandingOrdersBasic: [[['standing-order.yaml', 'StandingOrder']], [
        [/^standingOrderType$/, /type/, /النوع/], [/Status/, /status/, /الحالة/], [/^frequency$/, /how often/, /التكرار/],
        [/^numberOfPayments$/, /number of payments/, /عدد الدفعات/], [/Payment(DateTime|Amount)$/, /first, next, last and final date and amount/, /أول دفعة/],
        [/^creditorReference$/, /reference/, /المرجع/], [/^purpose$/, /purpose/, /الغرض/], ...PAYEE,
    ]],
    ReadScheduledPaymentsBasic: [[['scheduled-payment.yaml', 'ScheduledPayment']], [
        [/^scheduledType$/, /type/, /نوع/], [/DateTime$/, /Date/, /تاريخ/], [/^instructedAmount$/, /amount/, /مبلغ/],
    ], ['accountHolderName', 'accountHolderShortName', 'creditorReference', 'debtorReference', 'creditorAgent', 'creditorAccount']],
    ReadScheduledPaymentsDetail: [[['scheduled-payment.yaml', 'ScheduledPayment']], [
        [/Reference$/, /references/, /المراجع/], ...PAYEE, [/./, /Date, amount and type/, /تاريخ ومبلغ/],
    ]],
    ReadBeneficiariesBasic: [[['beneficiary.yaml', 'Beneficiary']], [
        [/^beneficiaryType$/, /type/, /النوع/], [/^addedViaOF$/, /added through Open Finance/, /التمويل المفتوح/],
        [/^accountHolder/, /name/, /الاسم/], [/^reference$/, /reference/, /المرجع/], [/^servicer$/, /bank/, /البنك/],
        [/^creditorAccount$/, /account/, /الحساب/],
    ]],
    ReadProduct: [[['account-product.yaml', 'AccountProduct']], [
        [/^ShariaStructure$/, /Sharia/, /الشرعي/], [/^Charges$/, /Charges/, /الرسوم/], [/^DepositRates$/, /deposit rates/, /معدلات الإيداع/],
        [/^(IsSecured|AssetBacked)$/, /security and underlying asset/, /الضمان والأصل/], [/^IsSalary/, /your salary must/, /تحويل الراتب/], [/^Tenor$/, /term/, /المدة/],
        [/^Rewards/, /rewards and benefits/, /المكافآت/],
    ], ['FinanceRates']],
    ReadProductFinanceRates: [[['account-product.yaml', 'AccountProduct']], [
        [/^FinanceRates$/, /rates of interest or profit.*code.*give to \{tpp\}/s, /رمزًا/],
    ], ['ShariaStructure', 'Charges', 'DepositRates', 'IsSecured', 'IsSalaryTransferRequired', 'Tenor', 'AssetBacked', 'RewardsBenefits']],
    ReadPartyUser: [[['customer.yaml', 'PersonFacts']], [
        [/[nN]ame$|^salutation$/, /Name/, /الاسم/], [/^birthDate$/, /date of birth/, /تاريخ الميلاد/], [/^language$/, /language/, /اللغة/], [/^mobileNumber$/, /phone/, /الهاتف/],
        [/^email$/, /email/, /البريد/], [/^residentialAddress$/, /home address/, /عنوان السكن/],
    ], ['emiratesId', 'emiratesIdExpiryDate', 'sourceOfIncome', 'salary', 'nationality', 'maritalStatus',
        'profession', 'employerName', 'employmentSinceDate', 'salaryTransfer', 'powerofAttorney']],
    ReadPartyUserIdentity: [[['customer.yaml', 'PersonFacts']], [
        [/^emiratesId/, /Emirates ID and its expiry/, /الهوية الإماراتية/], [/^(sourceOfIncome|salary)/, /salary and source of income/, /الراتب/],
        [/^nationality$/, /nationality/, /الجنسية/], [/^language$/, /language/, /اللغة/], [/^maritalStatus$/, /marital status/, /الاجتماعية/],
        [/^profession$/, /profession/, /المهنة/], [/^employ/, /employer/, /جهة العمل/], [/^powerofAttorney$/, /power of attorney/, /الوكالة/],
        [/./, /Name, date of birth, language, phone, email and home address/, /الاسم وتاريخ الميلاد/],
    ]],
};

let demo;

before(async () => {
    demo = await startDemo();
});
after(() => demo?.stop());

/** The lines of words that the review has for a consent of these permissions. */
async function linesOf(permissions) {
    const request = await newConsent(demo, permissions);
    const customer = await Customer.arrive(demo, request);
    const review = await customer.reachReview(userOf(demo, { login: 'hessa' }));
    await customer.post('/journey/cancel', { journey: customer.journey });
    return review.permissions.flatMap(({ permissions: codes }) => codes);
}

for (const [permission, [schemas, rows, withheld = []]] of Object.entries(DATA)) {
    test(`${permission}: each member has its word`, async () => {
        const lines = await linesOf(permission.startsWith('ReadAccounts') ? [permission] : ['ReadAccountsBasic', permission]);
        const own = lines.filter((code) => permission.startsWith('ReadAccounts') || code !== 'ReadAccountsBasic');
        assert.equal(own.at(-1), permission);
        const words = (language) => own.map((code) => texts[language][`permission.${code}`]).join('\n');
        const members = schemas.flatMap(([file, schema]) => membersOf(file, schema));
        assert.ok(members.length > 3, `${schemas} has members`);
        for (const member of members.filter((name) => !withheld.includes(name) && !TECHNICAL.includes(name))) {
            const row = rows.find(([name]) => name.test(member));
            assert.ok(row, `${member} has no word`);
            assert.match(words('en'), row[1], member);
            assert.match(words('ar'), row[2], member);
        }
    });
}

test('every permission that the bank accepts has its line and its group', async () => {
    const rows = readFileSync(join(ROOT, 'openapi/bank-data-sharing.yaml'), 'utf8');
    const opened = [...rows.matchAll(/\bRead[A-Z]\w+/g)].map(([code]) => code); // by an operation
    const codes = [...new Set([...opened, 'ReadConsents', 'ReadRefundAccount'])];
    assert.ok(codes.length >= 20, `${codes}`);
    for (const code of codes) {
        assert.ok(texts.en[`permission.${code}`] && texts.ar[`permission.${code}`], code);
    }
    const shown = await linesOf(codes);
    assert.deepEqual([...shown].sort(), [...codes].sort());
});
