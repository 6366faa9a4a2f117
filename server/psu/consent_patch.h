/*
 * What the bank changes of a journey's consent at the Hub, in the customer's name. Internal to this
 * room.
 */
#ifndef PSU_CONSENT_PATCH_H
#define PSU_CONSENT_PATCH_H

#include "consent/authorizers.h"
#include "payments/exchange.h"
#include "psu/actor.h"

struct consent;

/* What the customer approves. */
struct decision_approval {
    const struct lfi_slice *ids; /* of accounts; or of policies */
    size_t count;
    bool policies; /* the consent is one to insurance */
    bool pays;     /* to payments */
    bool patched;  /* the Hub has it already: an earlier try was cut off after the PATCH */
    /* Others must approve too, until then: MultipleAuthorizers, for the Hub; absent: nobody else.
     */
    struct lfi_slice authorizers;
    int64_t deadline_s;
    struct fx_terms agreed; /* of an exchange; absent members: none */
};

/* Status Rejected. */
enum hub_outcome consent_patch_reject(struct actor actor, struct lfi_error *error);
/*
 * Status Authorized, for these accounts or policies; when it pays, with its ConnectToken where the
 * endpoint gives any. With authorizers no status: others decide as well. False: the Hub does not
 * say that it is so.
 */
bool consent_patch_authorize(struct actor actor, const struct decision_approval *approval);
/* The list of those who approve `consent`, with the status that it leads to. */
enum hub_outcome consent_patch_authorizers(struct actor actor, const struct consent *consent,
                                           struct lfi_slice authorizers,
                                           enum authorization authorization,
                                           struct lfi_error *error);
/* The action revoke, in the bank's name. */
enum hub_outcome consent_patch_revoke(struct actor actor, struct lfi_error *error);
/*
 * Sees to it that the consent is not left open: rejected, or revoked when it is authorized for this
 * customer. HUB_OK: it is known to be closed, or *foreign: another customer has authorized it.
 */
enum hub_outcome consent_patch_close(struct actor actor, bool *foreign, struct lfi_error *error);

#endif
