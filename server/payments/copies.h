/*
 * Consents to payments as the Hub has told of them in events, kept for a while so that a payment
 * need not wait for them to be read. The Hub alone knows whether a consent is in force, and checks
 * it before it asks for a payment; so a copy may let a payment pass, and never refuses one: whoever
 * would refuse because of a copy reads the consent from the Hub first. A consent that the Hub says
 * has ended or rests is remembered as such in the state, for all instances, and its copies count no
 * more. A Hub that sends no events has no copies here. (Consent events 3.3 and 5, payments 1.)
 *
 * Any thread.
 */
#ifndef PAYMENTS_COPIES_H
#define PAYMENTS_COPIES_H

#include "base/log.h"
#include "consent/consent.h"
#include "state/state.h"

struct consent_copies;

/* NULL when memory is short. What it is given must outlive it. */
struct consent_copies *consent_copies_new(const struct state *state, const struct clock *clock,
                                          const struct log *log);
void consent_copies_free(struct consent_copies *copies); /* NULL is fine */

/* Whose consent it is; the id is the Hub's. */
struct consent_ref {
    const char *provider_id;
    struct lfi_slice consent_id;
};

/* Takes what an event says of a consent; members that no payment needs are cut from the tree. */
void consent_copies_take(struct consent_copies *copies, const struct consent_ref *ref, cJSON *tree,
                         struct arena *arena);
/* The consent as it was told last, freed by the caller; NULL: there is none that counts. */
cJSON *consent_copies_find(struct consent_copies *copies, const struct consent_ref *ref,
                           struct arena *arena);

#endif
