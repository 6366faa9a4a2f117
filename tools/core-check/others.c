/* Customers, payees, ATMs and products. */
#include "check.h"

#include "contract/check.h"

#include <string.h>

#define PAYEE_NAME_MAX 140 /* characters, in the contract since v2.2 */

/* --- customers -------------------------------------------------------------------------------- */

static void customer(struct run *run)
{
    const struct lfi_customers *customers = run->provider->customers;
    if (!PROVIDER_SERVES(run->provider, customers, customer)) {
        not_checked(run, "the core offers no customer record");
        return;
    }
    for (size_t i = 0; i <= run->user_count; i++) {
        bool known = i < run->user_count;
        struct lfi_error error = {""};
        struct records records = {.total = 0};
        struct core_answer answer = records_answer(&records);
        const char *user = known ? run->users[i] : CHECK_ID_UNKNOWN;
        struct lfi_call call = call_of(run, user);
        const struct lfi_query query = {.size = sizeof(query), .subject_id = slice_of(user)};
        int status = customers->customer(run->provider->core, &call, &query, &answer.base, &error);
        watch(run, "customers.customer", &call, status, &error);
        if (records_take(run, "customers.customer", &answer, &records)) {
            if (status != (known ? LFI_OK : LFI_UNKNOWN) || records.count != (known ? 1 : 0)) {
                broken(run, "user %s: %s and %zu records", user, status_name(status),
                       records.count);
            } else if (known) {
                (void)fits_contract(run, "customers.customer", &records.items[0]);
            }
        }
        records_free(&records);
    }
}

static void billing(struct run *run)
{
    const struct lfi_customers *customers = run->provider->customers;
    if (!PROVIDER_SERVES(run->provider, customers, billing)) {
        not_checked(run, "the core says nothing of billing");
        return;
    }
    for (size_t i = 0; i <= run->user_count; i++) {
        bool known = i < run->user_count;
        struct lfi_error error = {""};
        struct lfi_billing out = {.size = sizeof(out)};
        const char *user = known ? run->users[i] : CHECK_ID_UNKNOWN;
        struct lfi_call call = call_of(run, user);
        int status = customers->billing(run->provider->core, &call, slice_of(user), &out, &error);
        watch(run, "customers.billing", &call, status, &error);
        if (status != (known ? LFI_OK : LFI_UNKNOWN)) {
            broken(run, "user %s: %s", user, status_name(status));
        } else if ((unsigned)out.large_corporate > LFI_NO) {
            broken(run, "user %s: large_corporate is %d", user, (int)out.large_corporate);
        }
    }
}

/* --- payees ----------------------------------------------------------------------------------- */

/* Hands holders on, after a look at what is no longer there once they were taken. */
struct holders {
    struct core_answer records;
    bool misnamed; /* a further name does not fit */
};

static bool is_name(struct lfi_slice text)
{
    size_t count = contract_count_points(text);
    return count >= 1 && count <= PAYEE_NAME_MAX;
}

static bool are_names(const void *facts)
{
    struct lfi_payee_facts names = {.size = 0};
    uint32_t size = *(const uint32_t *)facts;
    memcpy(&names, facts, size < sizeof(names) ? size : sizeof(names));
    if (names.arabic_name.ptr && !is_name(names.arabic_name)) {
        return false;
    }
    for (size_t i = 0; i < LFI_PAYEE_OTHER_NAMES; i++) {
        if (names.other_names[i].ptr && !is_name(names.other_names[i])) {
            return false;
        }
    }
    return true;
}

static int take_holder(void *ctx, struct lfi_slice json, const void *facts)
{
    struct holders *holders = ctx;
    holders->misnamed |= facts && !are_names(facts);
    return holders->records.base.record(&holders->records.base, json, NULL);
}

/* *misnamed is set, never cleared. */
static int ask_named(struct run *run, const char *iban, struct records *out,
                     struct lfi_payee_summary *summary, bool *misnamed)
{
    struct lfi_error error = {""};
    struct holders holders = {.records = records_answer(out)};
    struct core_answer answer = core_answer(take_holder, &holders);
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = slice_of(iban)};
    *summary = (struct lfi_payee_summary){.size = sizeof(*summary), .state = LFI_PAYEE_HIDDEN};
    answer.base.summary = summary;
    int status =
        run->provider->payee->holders(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, "payee.holders", &call, status, &error);
    (void)records_take(run, "payee.holders", &answer, out);
    *misnamed |= holders.misnamed;
    return status;
}

int ask_holders(struct run *run, const char *iban, struct records *out,
                struct lfi_payee_summary *summary)
{
    bool misnamed = false;
    return ask_named(run, iban, out, summary, &misnamed);
}

const char *iban_of(const struct record *account)
{
    const cJSON *number;
    cJSON_ArrayForEach(number, json_get(account->tree, "accountNumbers"))
    {
        const cJSON *text = json_get(number, "identification");
        if (slice_equal(json_get_string(number, "schemeName"), SLICE("IBAN")) &&
            cJSON_IsString(text)) {
            return text->valuestring;
        }
    }
    return NULL;
}

static void payee_known(struct run *run, const char *iban)
{
    struct lfi_payee_summary summary;
    struct records records = {.total = 0};
    int status = ask_holders(run, iban, &records, &summary);
    bool shown = summary.state == LFI_PAYEE_SHOWN;
    if (status != LFI_OK || (unsigned)summary.state > LFI_PAYEE_BLOCKED_FOR_GOOD ||
        shown != (records.count > 0)) {
        broken(run, "an account of a user: %s, state %d, %zu holders", status_name(status),
               (int)summary.state, records.count);
    }
    for (size_t i = 0; i < records.count; i++) {
        (void)fits_contract(run, "payee.holders", &records.items[i]);
    }
    records_free(&records);
}

static void payees(struct run *run)
{
    struct lfi_payee_summary summary;
    struct records records = {.total = 0};
    if (!PROVIDER_SERVES(run->provider, payee, holders)) {
        not_checked(run, "the core offers no confirmation of payee");
        return;
    }
    for (size_t u = 0; u < run->user_count; u++) {
        for (size_t i = 0; i < run->held[u].count; i++) {
            const char *iban = iban_of(&run->held[u].items[i]);
            if (iban) {
                payee_known(run, iban);
            }
        }
    }
    int status = ask_holders(run, "AE000000000000000000000", &records, &summary);
    if (status != LFI_OK || summary.state != LFI_PAYEE_HIDDEN || records.count > 0) {
        broken(run, "an IBAN that nobody has: %s, state %d, %zu holders; it must look hidden",
               status_name(status), (int)summary.state, records.count);
    }
    records_free(&records);
}

static void payee_names(struct run *run)
{
    bool misnamed = false;
    if (!PROVIDER_SERVES(run->provider, payee, holders)) {
        not_checked(run, "the core offers no confirmation of payee");
        return;
    }
    for (size_t u = 0; u < run->user_count; u++) {
        for (size_t i = 0; i < run->held[u].count; i++) {
            struct lfi_payee_summary summary;
            struct records records = {.total = 0};
            const char *iban = iban_of(&run->held[u].items[i]);
            if (iban) {
                (void)ask_named(run, iban, &records, &summary, &misnamed);
                records_free(&records);
            }
        }
    }
    if (misnamed) {
        broken(run, "a further name of a holder is not of 1 to %d characters", PAYEE_NAME_MAX);
    }
}

/* --- open data -------------------------------------------------------------------------------- */

static void atms(struct run *run)
{
    if (!PROVIDER_SERVES(run->provider, open_data, atms)) {
        not_checked(run, "the core offers no ATMs");
        return;
    }
    struct lfi_error error = {""};
    struct lfi_atm_summary summary = {.size = sizeof(summary)};
    struct records records = {.total = 0};
    struct core_answer answer = records_answer(&records);
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_query query = {.size = sizeof(query)};
    answer.base.summary = &summary;
    int status =
        run->provider->open_data->atms(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, "open_data.atms", &call, status, &error);
    if (records_take(run, "open_data.atms", &answer, &records) && status != LFI_OK) {
        broken(run, "%s", status_name(status));
    }
    for (size_t i = 0; i < records.count; i++) {
        const char *id = record_text(&records.items[i], "ATMId");
        if (i > 0 && strcmp(record_text(&records.items[i - 1], "ATMId"), id) >= 0) {
            broken(run, "ATM %s does not follow the one before by id", id);
        }
        if (json_get(records.items[i].tree, "LFIId")) {
            broken(run, "ATM %s has an LFIId, which the server adds", id);
        }
        (void)fits_contract(run, "open_data.atms", &records.items[i]);
    }
    records_free(&records);
}

static int ask_catalogue(struct run *run, struct lfi_product_query *query, struct records *out)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, NULL);
    query->base.size = sizeof(*query);
    query->updated_since_us = INT64_MIN;
    query->by_id = 1;
    int status = run->provider->open_data->catalogue(run->provider->core, &call, query,
                                                     &answer.base, &error);
    watch(run, "open_data.catalogue", &call, status, &error);
    (void)records_take(run, "open_data.catalogue", &answer, out);
    return status;
}

static void catalogue(struct run *run)
{
    struct records all = {.total = 0}, sharia = {.total = 0}, others = {.total = 0};
    struct lfi_product_query query = {.base.window = {0, 1000}, .sharia = -1};
    if (!PROVIDER_SERVES(run->provider, open_data, catalogue)) {
        not_checked(run, "the core offers no products");
        return;
    }
    int status = ask_catalogue(run, &query, &all);
    if (status != LFI_OK || all.total != all.count) {
        broken(run, "%s, %zu products", status_name(status), all.count);
    }
    for (size_t i = 0; i < all.count; i++) {
        (void)fits_contract(run, "open_data.catalogue", &all.items[i]);
        if (i > 0 && strcmp(record_text(&all.items[i - 1], "ProductId"),
                            record_text(&all.items[i], "ProductId")) >= 0) {
            broken(run, "product %s does not follow the one before by id",
                   record_text(&all.items[i], "ProductId"));
        }
    }
    query.sharia = 1;
    (void)ask_catalogue(run, &query, &sharia);
    query.sharia = 0;
    (void)ask_catalogue(run, &query, &others);
    if (sharia.count + others.count != all.count) {
        broken(run, "%zu products comply with Sharia, %zu do not, and there are %zu", sharia.count,
               others.count, all.count);
    }
    records_free(&others);
    records_free(&sharia);
    records_free(&all);
}

const struct rule RULES_OTHERS[] = {
    {"customer", "A user has one customer record of the contract's shape, a stranger none.",
     customer},
    {"billing", "How a user is billed is known or not; a stranger is nobody.", billing},
    {"payee", "Holders are given when they may be shown; an unknown IBAN looks hidden.", payees},
    {"payee-names", "Further names of a holder have 1 to 140 characters each.", payee_names},
    {"atms", "ATMs come by id, without LFIId, in the contract's shape.", atms},
    {"catalogue", "Products come by id, in the contract's shape, and filters divide them.",
     catalogue},
    {NULL, NULL, NULL},
};
