/*
 * What a consent to insurance opens: its permissions, sector by sector. Pure; any thread.
 * (Insurance 4.4.)
 */
#ifndef CONSENT_POLICY_RIGHTS_H
#define CONSENT_POLICY_RIGHTS_H

#include "base/json.h"

#include <lfi/insurance.h>

enum policy_right {
    RIGHT_POLICIES, /* the base of every sector's block */
    RIGHT_BASIC,
    RIGHT_DETAIL,
    RIGHT_PRODUCT,
    RIGHT_CLAIMS,
    RIGHT_PREMIUM,
    RIGHT_PAYER,
    RIGHTS, /* how many there are */
};

/* As consents name them: "Motor"; "ReadCustomerClaims". */
const char *policy_sector_name(enum lfi_insurance_sector sector);
const char *policy_right_code(enum policy_right right);
/* LFI_INSURANCE_SECTORS: there is no such sector. */
enum lfi_insurance_sector policy_sector_named(struct lfi_slice name);

/*
 * Of one sector, 1U << enum policy_right each. `blocks` is Permissions of the consent's terms;
 * blocks of one sector add up, and unknown codes open nothing.
 */
unsigned policy_rights_of(const cJSON *blocks, enum lfi_insurance_sector sector);
/* What they open of a policy, 1U << enum lfi_policy_part each. */
unsigned policy_rights_parts(unsigned rights, enum lfi_insurance_sector sector);

/*
 * Appends "sectors" in the order of the blocks, with the permissions of each in the order of their
 * enum: [{"sector": "Motor", "permissions": ["ReadInsurancePolicies"]}]. Unknown codes of a sector
 * are one permission "other".
 */
void policy_rights_append_sectors(const cJSON *blocks, struct json_writer *writer);

#endif
