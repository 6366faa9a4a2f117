/*
 * The keys of the directory: a JWK set for each owner of keys. Filled at start, constant
 * afterwards.
 */
#ifndef HUB_SIM_DIRECTORY_H
#define HUB_SIM_DIRECTORY_H

#include "base/buf.h"
#include "certificate.h"

struct directory;

struct directory *directory_new(void);
void directory_free(struct directory *directory);
/* Adds a JWK object; -1 when the store is full or memory is short. Absent: an owner of no key. */
int directory_publish(struct directory *directory, const struct certificate_subject *owner,
                      struct lfi_slice jwk);
/* Appends the JWK set of an owner; false when there is none of these names. Any thread. */
bool directory_append_keys(const struct directory *directory, struct lfi_slice ou,
                           struct lfi_slice cn, struct buf *out);

#endif
