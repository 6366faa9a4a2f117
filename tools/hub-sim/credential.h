/*
 * What a Hub presents to the bank beside its certificate, by the mode that the bank chose for it: a
 * token of its own for each call, an API key, an access token of the bank, or nothing.
 */
#ifndef HUB_SIM_CREDENTIAL_H
#define HUB_SIM_CREDENTIAL_H

#include "sim.h"

struct credential; /* of one Hub; any thread */

/* Reads the files that the mode needs. */
int credential_open(struct credential **out, const struct config_hub *config,
                    struct lfi_error *error);
void credential_free(struct credential *credential); /* NULL is fine */

enum credential_use {
    CREDENTIAL_USUAL,   /* an access token is kept until shortly before its end */
    CREDENTIAL_RENEW,   /* the bank refused the access token: another one */
    CREDENTIAL_EXPIRED, /* a signed token that has ended, or the kept access token, ended or not */
    CREDENTIAL_RETIRED  /* the API key that the bank has retired */
};

/* Appends the value of the Authorization header; nothing when the mode has none. */
int credential_append(const struct sim *sim, const struct sim_hub *hub, enum credential_use use,
                      struct buf *out, struct lfi_error *error);
/* Whether another try with a new credential makes sense after a 401. */
bool credential_can_renew(const struct sim_hub *hub);

#endif
