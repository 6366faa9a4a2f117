#include "rules.h"

bool rules_offer(const struct flow_row *row)
{
    return row->serves;
}

bool rules_need_consent(const struct flow_row *row)
{
    return row->permissions;
}

static int refuse(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 403, id, message);
}

static bool is_permitted(const struct flow_row *row, const cJSON *granted)
{
    for (const char *const *code = row->permissions; *code; code++) {
        if (json_lists(granted, slice_of(*code))) {
            return true;
        }
    }
    return false;
}

int rules_check(const struct sim *sim, struct consent *consent, const struct flow_row *row,
                struct lfi_slice account, struct refusal *refusal)
{
    const cJSON *terms = json_get(json_get(consent->data, "consentBody"), "Data");
    if (!slice_equal_text(consent_status(sim, consent), "Authorized")) {
        return refuse(refusal, "SIM-CONSENT-STATE", "The consent is not authorized.");
    }
    if (!is_permitted(row, json_get(terms, "Permissions"))) {
        return refuse(refusal, "SIM-PERMISSION", "The consent does not permit this.");
    }
    if (account.ptr && !json_lists(json_get(consent->data, "accountIds"), account)) {
        return refuse(refusal, "SIM-ACCOUNT", "The consent does not cover this account.");
    }
    return 0;
}
