/*
 * The personal data of payments (PII) as TPPs send it: signed with the TPP's key, then encrypted
 * for the bank with the key that the bank publishes for that. (Payment PII 1.)
 */
#ifndef HUB_SIM_PII_H
#define HUB_SIM_PII_H

#include "sim.h"
#include "tpps.h"

/* Who seals, and for the bank behind which Hub. */
struct pii_sender {
    const struct sim *sim;
    const struct sim_hub *hub;
    const struct tpp *tpp;
    const struct jwe_key *key; /* that the bank publishes; NULL: as the simulator knows it */
};
/*
 * Appends a compact JWE. The signature's claims are added beside `plain`, where it has none of its
 * own. -1 with a reason, also when TPP or bank have no key.
 */
int pii_seal(const struct pii_sender *sender, const cJSON *plain, struct buf *out,
             struct lfi_error *error);
/*
 * Seals PersonalIdentifiableInformation of an object when it is an object itself; what is a text
 * stays as it is.
 */
int pii_seal_member(const struct pii_sender *sender, cJSON *terms, struct lfi_error *error);

#endif
