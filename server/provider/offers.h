/*
 * What a provider's customers may consent to at all, and in which versions of the standard it is
 * called: configuration, apart from what its core can do. Each list ends with NULL.
 */
#ifndef PROVIDER_OFFERS_H
#define PROVIDER_OFFERS_H

#include "base/slice.h"
#include "contract/family.h"

/* The version of the Consent Manager in whose form one of its logs is patched. */
enum hub_form { HUB_FORM_2_1, HUB_FORM_2_2 };

struct offers {
    const char *const *consent_types;     /* "cbuae-account-access-consents", … */
    const char *const *account_types;     /* "Retail", "SME", "Corporate" */
    const char *const *account_sub_types; /* "CurrentAccount", … */
    /*
     * Versions of the standard in which each API family is served, as contract/version.h reads
     * them, 0 at the end; the first is taken for what a request does not name. NULL: one for all.
     */
    const uint32_t *versions[CONTRACT_FAMILIES];
    const uint32_t *closing; /* of these: no new consents. 0 at the end; NULL: none */
    bool transliterate;      /* required names that a version does not take; else answers fail */
    const char *const *payment_types; /* flags of ApiMetadata that are true; NULL: all */
    enum hub_form payment_log, quote_log;
};

static inline bool offers_list(const char *const *list, struct lfi_slice value)
{
    while (*list && !slice_equal_text(value, *list)) {
        list++;
    }
    return *list;
}

#endif
