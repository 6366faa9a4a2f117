#include "consent/policy_rights.h"
#include "base/array.h"

static const char *const sectors[LFI_INSURANCE_SECTORS] = {
    [LFI_INSURANCE_EMPLOYMENT] = "Employment",
    [LFI_INSURANCE_HEALTH] = "Health",
    [LFI_INSURANCE_HOME] = "Home",
    [LFI_INSURANCE_LIFE] = "Life",
    [LFI_INSURANCE_MOTOR] = "Motor",
    [LFI_INSURANCE_RENTERS] = "Renters",
    [LFI_INSURANCE_TRAVEL] = "Travel",
};

static const char *const codes[RIGHTS] = {
    [RIGHT_POLICIES] = "ReadInsurancePolicies",   [RIGHT_BASIC] = "ReadCustomerBasic",
    [RIGHT_DETAIL] = "ReadCustomerDetail",        [RIGHT_PRODUCT] = "ReadInsuranceProduct",
    [RIGHT_CLAIMS] = "ReadCustomerClaims",        [RIGHT_PREMIUM] = "ReadInsurancePremium",
    [RIGHT_PAYER] = "ReadCustomerPaymentDetails",
};

const char *policy_sector_name(enum lfi_insurance_sector sector)
{
    return sectors[sector];
}

const char *policy_right_code(enum policy_right right)
{
    return codes[right];
}

enum lfi_insurance_sector policy_sector_named(struct lfi_slice name)
{
    unsigned sector = LFI_INSURANCE_EMPLOYMENT;
    while (sector < LFI_INSURANCE_SECTORS && !slice_equal_text(name, sectors[sector])) {
        sector++;
    }
    return (enum lfi_insurance_sector)sector;
}

unsigned policy_rights_of(const cJSON *blocks, enum lfi_insurance_sector sector)
{
    unsigned rights = 0;
    const cJSON *block;
    cJSON_ArrayForEach(block, blocks)
    {
        if (!slice_equal_text(json_get_string(block, "InsuranceType"), sectors[sector])) {
            continue;
        }
        for (unsigned right = 0; right < RIGHTS; right++) {
            if (json_lists(json_get(block, "Permissions"), slice_of(codes[right]))) {
                rights |= 1U << right;
            }
        }
    }
    return rights;
}

unsigned policy_rights_parts(unsigned rights, enum lfi_insurance_sector sector)
{
    static const struct {
        enum policy_right right;
        enum lfi_policy_part part;
    } opened[] = {
        {RIGHT_BASIC, LFI_POLICY_HOLDER},    {RIGHT_DETAIL, LFI_POLICY_EMPLOYMENT},
        {RIGHT_DETAIL, LFI_POLICY_IDENTITY}, {RIGHT_PRODUCT, LFI_POLICY_PRODUCT},
        {RIGHT_CLAIMS, LFI_POLICY_CLAIMS},   {RIGHT_PREMIUM, LFI_POLICY_PREMIUM},
    };
    unsigned parts = 0;
    for (size_t i = 0; i < ARRAY_LEN(opened); i++) {
        /* In employment insurance the holder is part of the detail. */
        bool of_detail = sector == LFI_INSURANCE_EMPLOYMENT && opened[i].part == LFI_POLICY_HOLDER;
        if (rights & 1U << (of_detail ? RIGHT_DETAIL : opened[i].right)) {
            parts |= 1U << opened[i].part;
        }
    }
    return parts;
}

/* --- for the pages ---------------------------------------------------------------------------- */

static bool is_known(struct lfi_slice code)
{
    for (unsigned right = 0; right < RIGHTS; right++) {
        if (slice_equal_text(code, codes[right])) {
            return true;
        }
    }
    return false;
}

static bool has_unknown(const cJSON *blocks, enum lfi_insurance_sector sector)
{
    const cJSON *block, *code;
    cJSON_ArrayForEach(block, blocks)
    {
        cJSON_ArrayForEach(code, json_get(block, "Permissions"))
        {
            if (slice_equal_text(json_get_string(block, "InsuranceType"), sectors[sector]) &&
                !is_known(slice_of(cJSON_GetStringValue(code)))) {
                return true;
            }
        }
    }
    return false;
}

static void append_sector(const cJSON *blocks, enum lfi_insurance_sector sector,
                          struct json_writer *w)
{
    unsigned rights = policy_rights_of(blocks, sector);
    json_open_object(w, NULL);
    json_text(w, "sector", sectors[sector]);
    json_open_array(w, "permissions");
    for (unsigned right = 0; right < RIGHTS; right++) {
        if (rights & 1U << right) {
            json_text(w, NULL, codes[right]);
        }
    }
    if (has_unknown(blocks, sector)) {
        json_text(w, NULL, "other");
    }
    json_close_array(w);
    json_close_object(w);
}

void policy_rights_append_sectors(const cJSON *blocks, struct json_writer *w)
{
    unsigned done =
        1U << LFI_INSURANCE_SECTORS; /* an unknown one is refused when it is asked for */
    const cJSON *block;
    json_open_array(w, "sectors");
    cJSON_ArrayForEach(block, blocks)
    {
        enum lfi_insurance_sector sector =
            policy_sector_named(json_get_string(block, "InsuranceType"));
        if (!(done & 1U << sector)) {
            append_sector(blocks, sector, w);
            done |= 1U << sector;
        }
    }
    json_close_array(w);
}
