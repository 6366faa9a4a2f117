/*
 * The key store of the directory: a JWK set for each owner of signing keys, at
 * /{OU}/{CN}/application.jwks. Filled at start, constant afterwards.
 */
#ifndef HUB_SIM_DIRECTORY_H
#define HUB_SIM_DIRECTORY_H

#include "certificate.h"
#include "http/message.h"
#include "jose/jose.h"

struct directory;

struct directory *directory_new(void);
void directory_free(struct directory *directory);
/* Adds the public half; -1 when the store is full or memory is short. */
int directory_publish(struct directory *directory, const struct certificate_subject *owner,
                      const struct jose_signer *signer);
/* Answers a path without a prefix; 404 when nobody owns it. */
void directory_reply(const struct directory *directory, const struct request *request,
                     struct lfi_slice path, struct reply *reply);

#endif
