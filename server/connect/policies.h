/* Lists of insurance policies, in the form of insurance and in CAAP's. Internal to this room. */
#ifndef CONNECT_POLICIES_H
#define CONNECT_POLICIES_H

#include "connect/operation.h"
#include "consent/policy_rights.h"

/* Distinct ids of policies, in the arena. */
struct policy_ids {
    struct lfi_slice *items;
    size_t count;
};

/* The ids of insurancePolicyIds. POLICY-IDS 400: there is none. */
int policies_read_ids(struct call *call, struct lfi_slice text, struct policy_ids *out);
/*
 * Replies with those of the ids that are of the operation's sector, all on one page: an empty list
 * could not carry the totals of pages. The consent must be for all of them. Refused as
 * call_consent_rights says, POLICY-RIGHT 403, and when the user does not hold every one.
 * (Insurance 2.3.)
 */
int policies_list_consented(struct call *call, const struct policy_ids *ids);
/* The same for a customer who chooses, who has no consent yet: with what CAAP shows of each; no
 * ids: all that can be offered. (CAAP 12.) */
int policies_list_choices(struct call *call, const struct policy_ids *ids);
/* POLICY-RIGHT 403. */
int policies_refuse_right(struct call *call, enum policy_right right);

#endif
