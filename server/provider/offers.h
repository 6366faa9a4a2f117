/*
 * What a provider's customers may consent to at all: configuration, apart from what its core can
 * do. Each list ends with NULL.
 */
#ifndef PROVIDER_OFFERS_H
#define PROVIDER_OFFERS_H

#include "base/slice.h"

struct offers {
    const char *const *consent_types;     /* "cbuae-account-access-consents", … */
    const char *const *account_types;     /* "Retail", "SME", "Corporate" */
    const char *const *account_sub_types; /* "CurrentAccount", … */
    const char *const *standard_versions; /* "v2.1": earlier minors are served too */
};

static inline bool offers_list(const char *const *list, struct lfi_slice value)
{
    while (*list && !slice_equal_text(value, *list)) {
        list++;
    }
    return *list != NULL;
}

#endif
