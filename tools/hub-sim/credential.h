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

/*
 * Appends the value of the Authorization header; nothing when the mode has none. An access token is
 * kept until shortly before its end, and fetched anew when `renew` says that the bank refused it.
 */
int credential_append(const struct sim *sim, const struct sim_hub *hub, bool renew, struct buf *out,
                      struct lfi_error *error);
/* Whether another try with a new credential makes sense after a 401. */
bool credential_can_renew(const struct sim_hub *hub);

#endif
