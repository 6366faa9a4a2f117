/* Account information: what a customer's consent lets a TPP read, in the standard's form. */
#include "base/array.h"
#include "contract_hub_account_information.h"
#include "rows_hub_account_information.h"
#include "tpp/answer.h"
#include "tpp/pascal.h"

#define PATH_MAX_BYTES 256

#define END                                                                                        \
    {                                                                                              \
        NULL, PASCAL_RENAME, NULL                                                                  \
    }

static const struct pascal_rule account_rules[] = {
    {"id", PASCAL_RENAME, "AccountId"},
    {"accountNumbers", PASCAL_RENAME, "AccountIdentifiers"},
    {"nickName", PASCAL_RENAME, "Nickname"},
    {"multiAuth", PASCAL_DROP, NULL},
    {"product", PASCAL_DROP, NULL},
    {"businessCustomer", PASCAL_DROP, NULL},
    {"customers", PASCAL_DROP, NULL},
    END,
};
static const struct pascal_rule balance_rules[] = {
    {"accountId", PASCAL_DROP, NULL},
    {"balanceType", PASCAL_RENAME, "Type"},
    {"timestamp", PASCAL_RENAME, "DateTime"},
    {"creditLines", PASCAL_RENAME, "CreditLine"},
    {"creditLines.creditType", PASCAL_RENAME, "Type"},
    END,
};
static const struct pascal_rule transaction_rules[] = {
    {"accountId", PASCAL_DROP, NULL},
    {"balance.balanceType", PASCAL_RENAME, "Type"},
    {"statementReference", PASCAL_FIRST, NULL},
    {"terminalId", PASCAL_NUMBER, NULL},
    {"merchantDetails.merchantId", PASCAL_NUMBER, NULL},
    {"billDetails.BillerID", PASCAL_NUMBER, "BillerId"},
    {"currencyExchange.exchangeRate", PASCAL_NUMBER, NULL},
    {"supplementaryData", PASCAL_KEEP, NULL},
    END,
};
static const struct pascal_rule beneficiary_rules[] = {
    {"accountId", PASCAL_DROP, NULL},
    {"servicer", PASCAL_RENAME, "CreditorAgent"},
    {"supplementaryData", PASCAL_KEEP, NULL},
    END,
};
static const struct pascal_rule party_rules[] = {
    {"id", PASCAL_RENAME, "PartyId"},
    {"number", PASCAL_RENAME, "PartyNumber"},
    {"customerType", PASCAL_RENAME, "PartyType"},
    {"customerCategory", PASCAL_RENAME, "PartyCategory"},
    {"verifiedClaims.claims.familyName", PASCAL_RENAME, "Surname"},
    {"verifiedClaims.claims.birthDate", PASCAL_RENAME, "DateOfBirth"},
    {"verifiedClaims.claims.salary", PASCAL_NUMBER, NULL},
    {"verifiedClaims.verification.evidence.attachments", PASCAL_WRAP,
     "AEPartyIdentityEvidenceAttachments"},
    END,
};
static const struct pascal_rule product_rules[] = {{"AccountId", PASCAL_DROP, NULL}, END};
static const struct pascal_rule other_rules[] = {
    {"accountId", PASCAL_DROP, NULL}, {"supplementaryData", PASCAL_KEEP, NULL}, END};

enum shape {
    SHAPE_LIST,    /* Data{AccountId, NAME[]}; without AccountId where the path has none */
    SHAPE_ONE,     /* Data{AccountId, NAME{}} */
    SHAPE_AS_DATA, /* the bank's data are Data already */
};

static const struct share {
    const char *path, *bank; /* what follows the account id, if there is one */
    bool of_account;
    enum shape shape;
    const char *name;
    const struct pascal_rule *rules;
} shares[] = {
    {"/accounts", "/accounts", false, SHAPE_LIST, "Account", account_rules},
    {"/parties", "/customer", false, SHAPE_ONE, "Party", party_rules},
    {"/accounts/{AccountId}", "", true, SHAPE_ONE, "Account", account_rules},
    {"/accounts/{AccountId}/balances", "/balances", true, SHAPE_LIST, "Balance", balance_rules},
    {"/accounts/{AccountId}/transactions", "/transactions", true, SHAPE_LIST, "Transaction",
     transaction_rules},
    {"/accounts/{AccountId}/beneficiaries", "/beneficiaries", true, SHAPE_LIST, "Beneficiary",
     beneficiary_rules},
    {"/accounts/{AccountId}/direct-debits", "/direct-debits", true, SHAPE_LIST, "DirectDebit",
     other_rules},
    {"/accounts/{AccountId}/scheduled-payments", "/scheduled-payments", true, SHAPE_LIST,
     "ScheduledPayment", other_rules},
    {"/accounts/{AccountId}/standing-orders", "/standing-orders", true, SHAPE_LIST, "StandingOrder",
     other_rules},
    {"/accounts/{AccountId}/product", "/products", true, SHAPE_LIST, "Product", product_rules},
    {"/accounts/{AccountId}/parties", "/customer", true, SHAPE_LIST, "Party", party_rules},
    {"/accounts/{AccountId}/statements", "/statements", true, SHAPE_AS_DATA, "Statements",
     other_rules},
};

static const struct share *share_of(const struct call *call)
{
    const char *path = contract_operation_path(call->operation);
    for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
        if (strcmp(shares[i].path, path) == 0) {
            return &shares[i];
        }
    }
    return NULL;
}

/* --- the answer ------------------------------------------------------------------------------- */

static cJSON *describe_data(struct tpp_call *call, const struct share *share, const cJSON *body)
{
    const cJSON *data = json_get(body, "data");
    struct lfi_slice account =
        contract_parameter(&call->base.base.parameters, HUB_ACCOUNT_INFORMATION_ACCOUNT_ID);
    if (share->shape == SHAPE_AS_DATA) {
        return cJSON_Duplicate(data, true);
    }
    cJSON *out = cJSON_CreateObject(), *records = pascal_convert(data, share->rules);
    if (share->of_account) { /* it stands beside the record and not in it */
        const char *id = arena_text(call->base.base.arena, account);
        cJSON_AddStringToObject(out, "AccountId", id ? id : "");
        cJSON_DeleteItemFromObjectCaseSensitive(records, "AccountId");
    }
    cJSON_AddItemToObject(out, share->name, records);
    return out;
}

/* The pages of the set: their number, and links to the neighbours. */
static int64_t count_pages(const cJSON *body, const struct share *share)
{
    const cJSON *meta = json_get(body, "meta");
    int64_t pages = 1;
    bool paged = share->shape == SHAPE_AS_DATA || json_get_bool(meta, "paginated", false);
    return paged && json_get_int(meta, "totalPages", &pages) ? pages : 1;
}

int tpp_share_data(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    const struct share *share = share_of(base);
    struct bank_answer answer;
    struct lfi_slice account = base->found.contract.path_values[0];
    struct lfi_slice path = share->of_account ? arena_format(base->arena, "/accounts/%.*s%s",
                                                             SLICE_ARG(account), share->bank)
                                              : slice_of(share->bank);
    struct bank_request request = {.method = SLICE("GET"),
                                   .path = path,
                                   .query = base->request->query,
                                   .consent_id = call->access.consent_id};
    if (resource_need_scope(call, "accounts") != 0 || resource_need_customer(call) != 0) {
        return -1;
    }
    int rc = answer_from_bank(call, &request, 200, &answer);
    if (rc == 0) {
        cJSON *message = cJSON_CreateObject();
        cJSON_AddItemToObject(message, "Data", describe_data(call, share, answer.shown));
        resource_add_pages(message, call, count_pages(answer.shown, share));
        sim_reply_json(base->reply, 200, message);
    }
    bank_answer_free(&answer);
    return rc;
}
