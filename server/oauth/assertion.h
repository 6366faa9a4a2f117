/* A client's assertion, private_key_jwt (RFC 7523 3): PS256 alone, each used once. */
#ifndef OAUTH_ASSERTION_H
#define OAUTH_ASSERTION_H

#include "oauth/ask.h"

/* The subject of an assertion that nobody has verified yet: it names the client. In the arena;
 * absent when it cannot be read. */
struct lfi_slice assertion_subject(struct arena *arena, struct lfi_slice assertion);

/*
 * Whether the client made it. The key is the one that the holder of the connection's certificate
 * publishes, as for JWT Auth. Refused: CLIENT-ASSERTION-FORM, -ALG, -TYP, -CRIT, -KEY-NAMED, -KID,
 * -ISS, -SUB, -AUD, -EXP, -LIFE, -NBF, -IAT, -JTI, -KID-UNKNOWN, -SIGNATURE, -REPLAY.
 */
int assertion_check(const struct oauth_client *client, const struct oauth_ask *ask,
                    struct lfi_slice assertion, struct refusal *refusal);

#endif
