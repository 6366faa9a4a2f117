/*
 * What differs between the families of customers' consents on the side that TPPs see, a row each.
 * Constant; any thread.
 */
#ifndef HUB_SIM_TPP_FAMILY_H
#define HUB_SIM_TPP_FAMILY_H

#include "consent.h"

struct tpp_family {
    const char *kind;   /* consent_kind_named */
    const char *type;   /* of authorization_details, without its version */
    const char *schema; /* of that, in authorization-details.yaml */
    const char *scope;
    unsigned role;           /* enum tpp_role, which the client must have */
    const char *base, *path; /* of its consents, below /open-finance: BASE/VERSION/PATH */
    const char *patch;   /* schema of a change, in tpp-messages.yaml; NULL: the document has it */
    const char *base_id; /* the query's parameter of a list */
    bool signs;          /* what is told about its consents is signed, both ways */
    bool lists_data;     /* a list has one Links and Meta for all, and not for each */
};

/* The row of authorization_details' type, and the version that it names; NULL: there is none. */
const struct tpp_family *family_of_type(struct lfi_slice type, uint32_t *version);
/* Of a consent; that of accounts for a kind without a row. Never NULL. */
const struct tpp_family *family_of_consent(const struct consent *consent);
/* Of an operation on consents, by its path. Never NULL. */
const struct tpp_family *family_of_path(const char *path);

#endif
