/*
 * What Confirmation of Payee said of a creditor: a JWS that the Hub of the payee's bank signed, and
 * that the TPP hands on with the consent. It names neither name nor IBAN: the TPP vouches that it
 * is of these. (Authorization pages for payments 4.)
 */
#ifndef PAYMENTS_PAYEE_VERDICT_H
#define PAYMENTS_PAYEE_VERDICT_H

#include "base/clock.h"
#include "base/log.h"
#include "http/metrics.h"
#include "jose/jose.h"

struct verdict_judge; /* any thread */

struct verdict_config {
    const char *const *jwks_urls; /* key sets of the Hubs (Sig2); ends with NULL */
    const char *jwks_ca_file;     /* trust anchors of the key store; NULL: plain http only */
    const struct verdict_judge *previous; /* its key sets are kept, as in keystore_config */
};

/* Without addresses nothing can be verified. The configuration, clock, log and metrics must outlive
 * it. */
int verdict_judge_new(struct verdict_judge **out, const struct verdict_config *config,
                      const struct clock *clock, const struct log *log, struct metrics *metrics,
                      struct lfi_error *error);
void verdict_judge_free(struct verdict_judge *judge); /* NULL is fine */

enum payee_verdict {
    PAYEE_NOT_KNOWN,     /* no verdict, or none to believe */
    PAYEE_MATCH,         /* verified */
    PAYEE_MATCH_IN_PART, /* this and the next: verified, or not verifiable */
    PAYEE_NO_MATCH,
};

/*
 * May wait for the key store. A JWS that is wrong is logged as payee-verdict-refused, with the id
 * PAYEE-VERDICT-FORM, -ALG, -CRIT or -SIGNATURE. A match that cannot be verified, for no key set
 * has the key or can be read, is PAYEE_NOT_KNOWN. `judge` NULL: nothing can be verified.
 */
enum payee_verdict payee_verdict_read(struct verdict_judge *judge, struct lfi_slice response,
                                      struct arena *arena);

#endif
