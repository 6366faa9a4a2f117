/*
 * What the bank reads in a consent of the Hub, and whether it may be decided on. Pure: no call, no
 * state.
 */
#ifndef PSU_CONSENT_H
#define PSU_CONSENT_H

#include "base/json.h"

enum consent_verdict {
    CONSENT_OPEN,        /* may be decided on */
    CONSENT_CLOSED,      /* decided already, or past a deadline */
    CONSENT_UNSUPPORTED, /* open, but of a kind that this bank does not offer */
};

/* Texts are borrowed from the tree. */
struct consent {
    struct lfi_slice type;   /* "cbuae-account-access-consents" */
    struct lfi_slice status; /* "AwaitingAuthorization" */
    struct lfi_slice tpp_name;
    struct lfi_slice on_behalf_of; /* trading name; absent when the TPP acts for itself */
    struct lfi_slice expires;      /* date-time as sent */
    struct lfi_slice from, to;     /* dates of the data asked for; absent: open */
    struct lfi_slice base_id;      /* the consent that this one renews; absent: none */
    struct lfi_slice user_id;      /* who authorised it; absent before */
    const cJSON *account_ids;
    const cJSON *permissions;
    const cJSON *account_types;     /* absent or empty: any */
    const cJSON *account_sub_types; /* the same */
    struct lfi_slice deadline;      /* AuthorizationExpirationDateTime; absent: none */
    struct lfi_slice purpose;       /* what the TPP wants it for: "AccountAggregation" */
};

/* Reads the `data` object of GET /consents/{consentId}. */
void consent_read(const cJSON *data, struct consent *out);
/* Consent journey 3: awaiting authorization, and before both deadlines. */
enum consent_verdict consent_judge(const struct consent *consent, int64_t now_us);
bool consent_is_data_sharing(const struct consent *consent);
/* Whom the customer gives the data to. */
struct lfi_slice consent_beneficiary(const struct consent *consent);
/* Whether an array of texts holds `text`. */
bool consent_lists(const cJSON *array, struct lfi_slice text);

/*
 * Appends the permissions by groups that a person understands, in a fixed order. A permission that
 * includes another is preceded by it, so that each line of words says only what it adds:
 * [{"group": "transactions", "permissions": ["ReadTransactionsBasic", "ReadTransactionsDetail"]}].
 * Codes that are not known are one group "other" with the permission "other".
 */
void consent_append_groups(const struct consent *consent, struct json_writer *writer);

#endif
