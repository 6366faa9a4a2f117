/*
 * The insurance policies that a customer may share under a consent: held by this customer as the
 * policyholder, of the sectors asked for, running or ended no longer than five years ago, in every
 * status. (Insurance 4.3, 10.)
 */
#ifndef CONSENT_POLICY_OFFERS_H
#define CONSENT_POLICY_OFFERS_H

#include "base/arena.h"
#include "base/error.h"
#include "consent/consent.h"
#include "provider/provider.h"

#define POLICY_OFFERS_MAX 200 /* offered to one customer; more is an error, not a cut list */

struct policy_offers {
    const struct lfi_policy_facts **items; /* in the arena; sectors in the consent's order, of one
                                              the newest policy first */
    size_t count;
};

/* Asks the core for those of call->user_id. LFI_OK, or the core's status with the reason. None
 * is no error. */
int policy_offers_find(const struct provider *provider, struct arena *arena,
                       const struct lfi_call *call, const struct consent *consent,
                       struct policy_offers *out, struct lfi_error *error);
/* The same for policies that were chosen: those of `ids`, an array of texts, that are still held.
 */
int policy_offers_find_chosen(const struct provider *provider, struct arena *arena,
                              const struct lfi_call *call, const cJSON *ids,
                              struct policy_offers *out, struct lfi_error *error);
/* Appends the array `name` for the pages: id, sector, number, status, and where held: product,
 * ends, premium. */
void policy_offers_append(const struct policy_offers *offers, const char *name,
                          struct json_writer *writer);

#endif
