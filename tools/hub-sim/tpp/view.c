#include "tpp/view.h"

#include "base/datetime.h"

#include <stdio.h>

#define ADDRESS_MAX 512

bool view_pays(const struct consent *consent)
{
    return consent_pays(consent);
}

static cJSON *describe_data(const struct consent *consent)
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

void view_add_payments(cJSON *links, const struct consent *consent, struct lfi_slice resources)
{
    char address[ADDRESS_MAX];
    const cJSON *payment;
    cJSON *related = cJSON_AddArrayToObject(links, "Related");
    cJSON_ArrayForEach(payment, consent->payments)
    {
        struct lfi_slice id = json_get_string(payment, "paymentId");
        (void)snprintf(address, sizeof(address), "%.*s/open-finance/payment/v2.1/payments/%.*s",
                       SLICE_ARG(resources), SLICE_ARG(id));
        cJSON_AddItemToArray(related, cJSON_CreateString(address));
    }
}

static void add_links(cJSON *view, const struct consent *consent, struct lfi_slice resources)
{
    char address[ADDRESS_MAX];
    bool pays = view_pays(consent);
    cJSON *links = cJSON_AddObjectToObject(view, "Links");
    (void)snprintf(address, sizeof(address), "%.*s/open-finance/%s/v2.1/%s/%s",
                   SLICE_ARG(resources), pays ? "payment" : "account-information",
                   pays ? "payment-consents" : "account-access-consents", consent->id);
    cJSON_AddStringToObject(links, "Self", address);
    if (pays) {
        view_add_payments(links, consent, resources);
    }
}

cJSON *view_consent(const struct sim *sim, struct consent *consent, struct lfi_slice resources)
{
    cJSON *view = cJSON_CreateObject();
    (void)consent_status(sim, consent);
    const cJSON *body = json_get(consent->data, "consentBody");
    const cJSON *subscription = json_get(body, "Subscription"), *meta = json_get(body, "Meta");
    cJSON_AddItemToObject(view, "Data", describe_data(consent));
    if (subscription) {
        cJSON_AddItemToObject(view, "Subscription", cJSON_Duplicate(subscription, true));
    }
    add_links(view, consent, resources);
    cJSON_AddItemToObject(view, "Meta", meta ? cJSON_Duplicate(meta, true) : cJSON_CreateObject());
    return view;
}
