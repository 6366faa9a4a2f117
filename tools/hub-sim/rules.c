#include "rules.h"

static const struct rule rules[] = {
    {"GET", "/accounts", {"ReadAccountsBasic", "ReadAccountsDetail"}, .paged = true},
    {"GET", "/accounts/{accountId}", {"ReadAccountsBasic", "ReadAccountsDetail"}, .paged = false},
    {"GET", "/accounts/{accountId}/balances", {"ReadBalances"}, .paged = true},
    {"GET",
     "/accounts/{accountId}/beneficiaries",
     {"ReadBeneficiariesBasic", "ReadBeneficiariesDetail"},
     .paged = true},
    {"GET", "/accounts/{accountId}/customer", {"ReadParty"}, .paged = true},
    {"GET", "/accounts/{accountId}/direct-debits", {"ReadDirectDebits"}, .paged = true},
    {"GET",
     "/accounts/{accountId}/products",
     {"ReadProduct", "ReadProductFinanceRates"},
     .paged = true},
    {"GET",
     "/accounts/{accountId}/scheduled-payments",
     {"ReadScheduledPaymentsBasic", "ReadScheduledPaymentsDetail"},
     .paged = true},
    {"GET",
     "/accounts/{accountId}/standing-orders",
     {"ReadStandingOrdersBasic", "ReadStandingOrdersDetail"},
     .paged = true},
    {"GET", "/accounts/{accountId}/statements", {"ReadStatements"}, .paged = true},
    {"GET",
     "/accounts/{accountId}/transactions",
     {"ReadTransactionsBasic", "ReadTransactionsDetail", "ReadFXTransactionsBasic",
      "ReadFXTransactionsDetail"},
     .paged = true},
    {"GET", "/customer", {"ReadPartyUser", "ReadPartyUserIdentity"}, .paged = false},
    {"POST", "/customers/action/cop-query", {NULL}, .paged = true},
    {"GET", "/atm", {NULL}, .paged = false},
    {"GET", "/products", {NULL}, .paged = true, .address = true},
    {"POST", "/leads", {NULL}, .address = true},
};

const struct rule *rules_find(const struct contract_match *match)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strcmp(rules[i].path, contract_operation_path(match->operation)) == 0 &&
            strcmp(rules[i].method, contract_operation_method(match->operation)) == 0) {
            return &rules[i];
        }
    }
    return NULL;
}

bool rules_need_consent(const struct rule *rule)
{
    return rule->permissions[0] != NULL;
}

static bool contains(const cJSON *texts, struct lfi_slice wanted)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, texts)
    {
        if (slice_equal_text(wanted, item->valuestring)) {
            return true;
        }
    }
    return false;
}

static int refuse(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 403, id, message);
}

int rules_check(const struct sim *sim, struct consent *consent, const struct rule *rule,
                struct lfi_slice account, struct refusal *refusal)
{
    const cJSON *terms = json_get(json_get(consent->data, "consentBody"), "Data");
    bool permitted = false;
    if (!slice_equal_text(consent_status(sim, consent), "Authorized")) {
        return refuse(refusal, "SIM-CONSENT-STATE", "The consent is not authorized.");
    }
    for (size_t i = 0; i < 4 && rule->permissions[i]; i++) {
        permitted |= contains(json_get(terms, "Permissions"), slice_of(rule->permissions[i]));
    }
    if (!permitted) {
        return refuse(refusal, "SIM-PERMISSION", "The consent does not permit this.");
    }
    if (account.ptr && !contains(json_get(consent->data, "accountIds"), account)) {
        return refuse(refusal, "SIM-ACCOUNT", "The consent does not cover this account.");
    }
    return 0;
}
