#include "tpp/view.h"

#include "base/array.h"
#include "base/datetime.h"
#include "payment_terms.h"
#include "tpp/family.h"
#include "tpp/pascal.h"
#include "versions.h"

#include <stdio.h>

/* Of the bank's words for a payment. */
static const struct pascal_rule payment_rules[] = {
    {"id", PASCAL_RENAME, "PaymentId"},
    {"openFinanceBilling.NumberOfSuccessfulTransactions", PASCAL_DROP, NULL},
    {NULL, PASCAL_RENAME, NULL}};

/* Of a file the amount is told by what the consent says of it. */
static const struct pascal_rule file_rules[] = {{"id", PASCAL_RENAME, "PaymentId"},
                                                {"instruction", PASCAL_DROP, NULL},
                                                {"paymentTransactionId", PASCAL_DROP, NULL},
                                                {"debtorReference", PASCAL_DROP, NULL},
                                                {"openFinanceBilling.Type", PASCAL_DROP, NULL},
                                                {NULL, PASCAL_RENAME, NULL}};

cJSON *view_consent_data(const struct consent *consent)
{
    char at[DATETIME_TEXT_MAX];
    const cJSON *updated = json_get(consent->data, "updatedAt");
    cJSON *data = cJSON_Duplicate(json_get(json_get(consent->data, "consentBody"), "Data"), true);
    if (!json_get(data, "StatusUpdateDateTime")) {
        datetime_format_utc_ms(updated ? (int64_t)updated->valuedouble * 1000 : 0, at);
        cJSON_AddStringToObject(data, "StatusUpdateDateTime", at);
    }
    return data;
}

/* "HUB/open-finance/FAMILY/v2.1/". */
static size_t put_base(const struct consent *consent, const char *family, uint32_t version,
                       char out[VIEW_ADDRESS_MAX])
{
    char number[VERSION_TEXT_MAX];
    version_format(version != 0 ? version : consent_version(consent), number);
    int len = snprintf(out, VIEW_ADDRESS_MAX, "%s/open-finance/%s/%s/", consent->hub->resources,
                       family, number);
    return len < VIEW_ADDRESS_MAX ? (size_t)len : VIEW_ADDRESS_MAX - 1;
}

void view_consent_address(const struct consent *consent, uint32_t version,
                          char out[VIEW_ADDRESS_MAX])
{
    const struct tpp_family *family = family_of_consent(consent);
    size_t len = put_base(consent, family->base, version, out);
    (void)snprintf(out + len, VIEW_ADDRESS_MAX - len, "%s/%s", family->path, consent->id);
}

void view_add_payments(cJSON *links, const struct consent *consent, uint32_t version)
{
    char address[VIEW_ADDRESS_MAX];
    const cJSON *payment;
    cJSON *related = cJSON_AddArrayToObject(links, "Related");
    cJSON_ArrayForEach(payment, consent->payments)
    {
        view_payment_address(consent, json_get_string(payment, "paymentId"), version, address);
        cJSON_AddItemToArray(related, cJSON_CreateString(address));
    }
}

static void add_links(cJSON *view, const struct consent *consent, uint32_t version)
{
    char address[VIEW_ADDRESS_MAX];
    cJSON *links = cJSON_AddObjectToObject(view, "Links");
    view_consent_address(consent, version, address);
    cJSON_AddStringToObject(links, "Self", address);
    if (consent_pays(consent)) {
        view_add_payments(links, consent, version);
    }
}

cJSON *view_consent(const struct sim *sim, struct consent *consent, uint32_t version)
{
    cJSON *view = cJSON_CreateObject();
    (void)consent_status(sim, consent);
    const cJSON *body = json_get(consent->data, "consentBody");
    const cJSON *subscription = json_get(body, "Subscription"), *meta = json_get(body, "Meta");
    cJSON_AddItemToObject(view, "Data", view_consent_data(consent));
    if (subscription) {
        cJSON_AddItemToObject(view, "Subscription", cJSON_Duplicate(subscription, true));
    }
    add_links(view, consent, version);
    cJSON_AddItemToObject(view, "Meta", meta ? cJSON_Duplicate(meta, true) : cJSON_CreateObject());
    return view;
}

/* --- payments --------------------------------------------------------------------------------- */

void view_copy_if_missing(cJSON *to, const cJSON *from, const char *name)
{
    const cJSON *value = json_get(from, name);
    if (value && !json_get(to, name)) {
        cJSON_AddItemToObject(to, name, cJSON_Duplicate(value, true));
    }
}

static void copy_missing(cJSON *data, const cJSON *asked, const char *const *names)
{
    for (; *names; names++) {
        view_copy_if_missing(data, asked, *names);
    }
}

cJSON *view_payment_data(const cJSON *told, const cJSON *asked, const cJSON *file)
{
    static const char *const names[] = {"ConsentId",
                                        "Instruction",
                                        "PaymentPurposeCode",
                                        "OpenFinanceBilling",
                                        "DebtorReference",
                                        "CurrencyRequest",
                                        NULL};
    static const char *const file_names[] = {"ConsentId", "Instruction", "PaymentPurposeCode",
                                             NULL};
    cJSON *data = pascal_convert(told, file ? file_rules : payment_rules);
    copy_missing(data, asked, file ? file_names : names);
    if (file && !json_get(data, "Instruction")) {
        cJSON_AddItemToObject(data, "Instruction", cJSON_Duplicate(file, true));
    }
    return data;
}

void view_add_rail(cJSON *data, const cJSON *payment)
{
    const cJSON *rail = json_get(payment, "rail");
    if (rail) {
        cJSON_AddItemToObject(data, "PaymentRail", cJSON_Duplicate(rail, false));
    }
}

void view_payment_address(const struct consent *consent, struct lfi_slice payment_id,
                          uint32_t version, char out[VIEW_ADDRESS_MAX])
{
    size_t len = put_base(consent, "payment", version, out);
    (void)snprintf(out + len, VIEW_ADDRESS_MAX - len, "%s/%.*s",
                   payment_file_terms(consent) ? "file-payments" : "payments",
                   SLICE_ARG(payment_id));
}
