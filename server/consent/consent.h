/*
 * A consent of the Hub as the bank reads it, and what follows from its content and state alone.
 * Pure: no call, no state; any thread.
 */
#ifndef CONSENT_CONSENT_H
#define CONSENT_CONSENT_H

#include "base/json.h"
#include "consent/kind.h"
#include "consent/payment_type.h"
#include "provider/offers.h"

/* Read from a tree and borrowed from it; absent texts and NULL: not there. */
struct consent {
    const struct consent_kind *kind;    /* never NULL */
    const struct payment_type *payment; /* NULL: not to payments, or of no type that is served */
    struct lfi_slice id;
    struct lfi_slice rar_type; /* "urn:openfinanceuae:account-access-consent:v2.1" */
    struct lfi_slice type;     /* "cbuae-account-access-consents" */
    struct lfi_slice version;  /* of the standard: "v2.1" */
    struct lfi_slice status;   /* "AwaitingAuthorization" */
    struct lfi_slice tpp_name;
    struct lfi_slice on_behalf_of; /* trading name; absent when the TPP acts for itself */
    struct lfi_slice expires;      /* date-time as sent */
    struct lfi_slice from, to;     /* dates of the data asked for; absent: open */
    struct lfi_slice base_id;      /* the first of the chain that this one renews */
    struct lfi_slice user_id;      /* who authorised it; absent before */
    const cJSON *data;             /* consentBody.Data: the terms */
    const cJSON *schedule;         /* of a payment: the ConsentSchedule that was asked for */
    const cJSON *account_ids;
    const cJSON *policy_ids; /* of insurance */
    const cJSON *permissions;
    const cJSON *account_types;     /* absent or empty: any */
    const cJSON *account_sub_types; /* the same */
    struct lfi_slice deadline;      /* AuthorizationExpirationDateTime */
    struct lfi_slice purpose;       /* what the TPP wants it for: "AccountAggregation" */
    struct lfi_slice created, last_shared;
    struct lfi_slice last_paid; /* when a payment was last asked for */
    const cJSON *authorizers; /* of a payment that several approve: TotalRequired, Authorizations */
    const cJSON *updated;     /* a number since the epoch, in seconds or milliseconds */
};

/* Reads the `data` object of GET /consents/{consentId}, or the body of an event. */
void consent_read(const cJSON *tree, struct consent *out);

/* Of the standard: what standardVersion names, else the end of rarType; 0: neither is a version. */
uint32_t consent_standard_version(const struct consent *consent);
/* Whether the provider offers consents of this type. */
bool consent_is_offered(const struct consent *consent, const struct offers *offers);
/* Consent journey 3: whether it awaits authorization, and is before both deadlines. */
bool consent_is_open(const struct consent *consent, int64_t now_us);
/* Whether nobody may authorise it any more, by its AuthorizationExpirationDateTime alone; false of
 * one that was authorised, or ended, before. (Versions 5.5: of every kind, in every version.) */
bool consent_is_overdue(const struct consent *consent, int64_t now_us);
/* When it has to be authorized by, in seconds: the earlier deadline; INT64_MAX: there is none. */
int64_t consent_deadline_s(const struct consent *consent);
/* Whether ExpirationDateTime has passed. */
bool consent_is_expired(const struct consent *consent, int64_t now_us);
/* When it was made, in seconds; 0: not known. */
int64_t consent_created_s(const struct consent *consent);
/* Of a payment: whether the Hub has it in force; it may have noted a single payment already. */
bool consent_may_pay(const struct consent *consent);
/* Whether the consent says that it is this customer's. Others are not shown, however they came. */
bool consent_is_of(const struct consent *consent, struct lfi_slice user_id);
/* Ids of what the customer chose: of insurance the policies, else the accounts. NULL: nothing yet.
 */
const cJSON *consent_chosen(const struct consent *consent);
/* Whether the customer may end it: only what is not ended yet. */
bool consent_is_revocable(const struct consent *consent);
/* Whom the customer gives the data to; for a payment, who asks, as OnBehalfOf is not for display.
 */
struct lfi_slice consent_beneficiary(const struct consent *consent);

#endif
