/*
 * The TPP's signature under the PII of a payment: its header and its time claims are always judged,
 * the signature itself and who made it only when that is configured. (Payment PII 4.)
 */
#ifndef PAYMENTS_SIGNATURE_H
#define PAYMENTS_SIGNATURE_H

#include "base/clock.h"
#include "base/log.h"
#include "http/metrics.h"
#include "http/refusal.h"
#include "jose/jose.h"
#include "payments/pii_query.h"

struct signature_judge; /* any thread */

struct signature_config {
    const char *jwks_base, *jwks_ca_file, *audience; /* as in struct pii_config */
    bool skip_later_times;                           /* the same */
    const struct signature_judge *previous; /* its key sets are kept, as in keystore_config */
};

/* The configuration's texts, clock, log and metrics must outlive it. */
int signature_judge_new(struct signature_judge **out, const struct signature_config *config,
                        const struct clock *clock, const struct log *log, struct metrics *metrics,
                        struct lfi_error *error);
void signature_judge_free(struct signature_judge *judge); /* NULL is fine */

/* Refusals of all: see pii_open. */
int signature_check_header(const struct jose_token *token, struct refusal *refusal);
/*
 * Looks for the key among those that the TPP signs with, and later than at validation also among
 * those that it no longer uses: a consent may outlive them. May wait for the key store.
 */
int signature_verify(struct signature_judge *judge, const struct pii_query *query,
                     const struct jose_token *token, struct arena *arena, struct refusal *refusal);
/*
 * Of a consent exp, iat and nbf are judged against now, whichever are there. Later only when
 * signatures are verified: against the consent's creation or, for what was signed afresh, now.
 */
int signature_check_claims(const struct signature_judge *judge, const struct pii_query *query,
                           const cJSON *claims, struct refusal *refusal);

#endif
