#include "filter.h"

#include "base/array.h"
#include "base/slice.h"

#include <stdio.h>

#define MEMBER_MAX 128 /* bytes of a dotted name; the longest of the contract has 40 */

#define ACCOUNT_BASIC                                                                              \
    "id status statusUpdateDateTime currency accountType accountSubType accountHolderName "        \
    "accountHolderShortName nickName servicer maturityDate isShariaCompliant"
#define BENEFICIARY_BASIC                                                                          \
    "accountId beneficiaryId beneficiaryType addedViaOF accountHolderName "                        \
    "accountHolderShortName reference servicer.schemeName servicer.identification servicer.name "  \
    "creditorAccount supplementaryData"
#define SCHEDULED_BASIC                                                                            \
    "accountId scheduledPaymentId scheduledType scheduledPaymentDateTime instructedAmount "        \
    "accountHolderName accountHolderShortName"
#define TRANSACTION_BASIC                                                                          \
    "accountId transactionId transactionReference statementReference transactionDateTime "         \
    "bookingDateTime valueDateTime localTimeZone transactionType subTransactionType "              \
    "creditDebitIndicator status transactionMutability flags paymentModes "                        \
    "transactionInformation amount chargeAmount chargeAmountVat"
#define TRANSACTION_DETAIL                                                                         \
    TRANSACTION_BASIC                                                                              \
    " currencyExchange bankTransactionCode proprietaryBankTransactionCode balance allocations "    \
    "creditorAgent creditorAccount debtorAgent debtorAccount cardInstrument isPrimaryInstrument "  \
    "terminalId merchantDetails geoLocation billDetails paymentPurposeCode supplementaryData"
#define CLAIMS "verifiedClaims.claims."
#define NAMES                                                                                      \
    CLAIMS "identityType " CLAIMS "fullName " CLAIMS "givenName " CLAIMS "familyName " CLAIMS      \
           "middleName " CLAIMS "nickname " CLAIMS "salutation " CLAIMS "businessName"
#define USER                                                                                       \
    "id number customerCategory " NAMES " " CLAIMS "birthDate " CLAIMS                             \
    "residentialAddress " CLAIMS "mobileNumber " CLAIMS "email " CLAIMS "language " CLAIMS         \
    "dateOfIncorporation " CLAIMS "corporateAddress " CLAIMS "corporateContactEmail " CLAIMS       \
    "corporateContactPhoneNumber"

const struct filter_cover filter_covers[] = {
    {"/accounts", "ReadAccountsBasic", ACCOUNT_BASIC},
    {"/accounts", "ReadAccountsDetail", ACCOUNT_BASIC " accountNumbers openingDate"},
    {"/accounts/{accountId}", "ReadAccountsBasic", ACCOUNT_BASIC},
    {"/accounts/{accountId}", "ReadAccountsDetail", ACCOUNT_BASIC " accountNumbers openingDate"},
    {"/accounts/{accountId}/beneficiaries", "ReadBeneficiariesBasic", BENEFICIARY_BASIC},
    {"/accounts/{accountId}/beneficiaries", "ReadBeneficiariesDetail",
     BENEFICIARY_BASIC " servicer"},
    {"/accounts/{accountId}/scheduled-payments", "ReadScheduledPaymentsBasic", SCHEDULED_BASIC},
    {"/accounts/{accountId}/scheduled-payments", "ReadScheduledPaymentsDetail",
     SCHEDULED_BASIC " creditorReference debtorReference creditorAgent creditorAccount"},
    {"/accounts/{accountId}/transactions", "ReadTransactionsBasic", TRANSACTION_BASIC},
    {"/accounts/{accountId}/transactions", "ReadTransactionsDetail", TRANSACTION_DETAIL},
    {"/accounts/{accountId}/transactions", "ReadFXTransactionsBasic",
     TRANSACTION_BASIC " currencyExchange"},
    {"/accounts/{accountId}/transactions", "ReadFXTransactionsDetail", TRANSACTION_DETAIL},
    {"/accounts/{accountId}/products", "ReadProduct",
     "AccountId ShariaStructure Charges DepositRates IsSecured IsSalaryTransferRequired Tenor "
     "AssetBacked RewardsBenefits"},
    {"/accounts/{accountId}/products", "ReadProductFinanceRates", "AccountId FinanceRates"},
    {"/accounts/{accountId}/customer", "ReadParty",
     "id number customerType customerCategory accountRole " NAMES},
    {"/customer", "ReadPartyUser", USER},
    {"/customer", "ReadPartyUserIdentity", USER " verifiedClaims"},
};

#define COVERS ARRAY_LEN(filter_covers)
const size_t filter_cover_count = COVERS;

enum reach { REACH_NONE, REACH_INSIDE, REACH_WHOLE };

/* Whether a list of members names `member`, or something inside of it. */
static enum reach reach_of(const char *members, const char *member)
{
    struct lfi_slice rest = slice_of(members), one;
    size_t len = strlen(member);
    enum reach reach = REACH_NONE;
    while (slice_next(&rest, ' ', &one)) {
        if (slice_equal_text(one, member)) {
            return REACH_WHOLE;
        }
        if (one.len > len && one.ptr[len] == '.' && slice_starts_with(one, member)) {
            reach = REACH_INSIDE;
        }
    }
    return reach;
}

struct grant {
    const char *path;
    const cJSON *permissions;
};

static enum reach granted_reach(const struct grant *grant, const char *member)
{
    enum reach reach = REACH_NONE;
    for (size_t i = 0; i < COVERS; i++) {
        if (strcmp(filter_covers[i].path, grant->path) == 0 &&
            json_lists(grant->permissions, slice_of(filter_covers[i].permission))) {
            enum reach one = reach_of(filter_covers[i].members, member);
            reach = one > reach ? one : reach;
        }
    }
    return reach;
}

/* Removes what is not covered from an object, or from each object of a list. */
static void prune(cJSON *value, const struct grant *grant, const char *prefix)
{
    cJSON *item = value ? value->child : NULL;
    bool is_list = cJSON_IsArray(value);
    while (item) {
        cJSON *next = item->next;
        char member[MEMBER_MAX];
        (void)snprintf(member, sizeof(member), "%s%s%s", prefix, is_list || !*prefix ? "" : ".",
                       is_list ? "" : item->string);
        enum reach reach = is_list ? REACH_INSIDE : granted_reach(grant, member);
        if (reach == REACH_NONE) {
            cJSON_Delete(cJSON_DetachItemViaPointer(value, item));
        } else if (reach == REACH_INSIDE) {
            prune(item, grant, member);
        }
        item = next;
    }
}

void filter_answer(cJSON *body, const char *path, const cJSON *permissions)
{
    const struct grant grant = {path, permissions};
    for (size_t i = 0; i < COVERS; i++) {
        if (strcmp(filter_covers[i].path, path) == 0) {
            prune(cJSON_GetObjectItemCaseSensitive(body, "data"), &grant, "");
            return;
        }
    }
}
