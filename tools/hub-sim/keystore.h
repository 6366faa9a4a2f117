/*
 * The key store of the directory: a JWK set for each owner of signing keys, at
 * /{OU}/{CN}/application.jwks. Filled at start, constant afterwards.
 */
#ifndef HUB_SIM_KEYSTORE_H
#define HUB_SIM_KEYSTORE_H

#include "base/message.h"
#include "certificate.h"
#include "jose/jose.h"

struct keystore;

struct keystore *keystore_new(void);
void keystore_free(struct keystore *keystore);
/* Adds the public half; -1 when the store is full or memory is short. */
int keystore_publish(struct keystore *keystore, const struct certificate_subject *owner,
                     const struct jose_signer *signer);
/* Answers a path without a prefix; 404 when nobody owns it. */
void keystore_reply(const struct keystore *keystore, const struct request *request,
                    struct lfi_slice path, struct reply *reply);

#endif
