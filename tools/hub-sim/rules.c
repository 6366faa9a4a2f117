#include "rules.h"

#include "consent/policy_rights.h"

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

static bool names_one(const struct flow_row *row, const cJSON *granted)
{
    for (const char *const *code = row->permissions; *code; code++) {
        if (json_lists(granted, slice_of(*code))) {
            return true;
        }
    }
    return false;
}

/* Permissions of insurance come in blocks, each of a sector. */
static bool is_permitted(const struct flow_row *row, const cJSON *permissions)
{
    const cJSON *block;
    if (!row->select) {
        return names_one(row, permissions);
    }
    const char *sector = policy_sector_name((enum lfi_insurance_sector)row->select);
    cJSON_ArrayForEach(block, permissions)
    {
        if (slice_equal_text(json_get_string(block, "InsuranceType"), sector) &&
            names_one(row, json_get(block, "Permissions"))) {
            return true;
        }
    }
    return false;
}

int rules_check(const struct sim *sim, struct consent *consent, const struct flow_row *row,
                struct lfi_slice id, struct refusal *refusal)
{
    const cJSON *terms = json_get(json_get(consent->data, "consentBody"), "Data");
    if (!slice_equal_text(consent_status(sim, consent), "Authorized")) {
        return refuse(refusal, "SIM-CONSENT-STATE", "The consent is not authorized.");
    }
    if (!is_permitted(row, json_get(terms, "Permissions"))) {
        return refuse(refusal, "SIM-PERMISSION", "The consent does not permit this.");
    }
    if (id.ptr && row->select && !json_lists(json_get(consent->data, "insurancePolicyIds"), id)) {
        return refuse(refusal, "SIM-POLICY", "The consent does not cover this policy.");
    }
    if (id.ptr && !row->select && !json_lists(json_get(consent->data, "accountIds"), id)) {
        return refuse(refusal, "SIM-ACCOUNT", "The consent does not cover this account.");
    }
    return 0;
}
