/*
 * What a TPP signs: client assertions, request objects, bodies. A compact JWS with PS256 by a key
 * that the TPP publishes. What was wrong is a fault; each user has ids of its own for them.
 */
#ifndef HUB_SIM_TPP_SIGNED_H
#define HUB_SIM_TPP_SIGNED_H

#include "jose/jose.h"

struct sim;

/* Name of the fault, end of its id, what is told. */
#define SIGNED_FAULTS(X)                                                                           \
    X(FORM, "not a compact JWS with a JSON object as payload")                                     \
    X(ALG, "alg must be PS256")                                                                    \
    X(TYP, "typ does not fit")                                                                     \
    X(CRIT, "crit is not supported")                                                               \
    X(KEY, "kid alone may name the key")                                                           \
    X(KID, "kid must name a key of this client")                                                   \
    X(SIGNATURE, "the signature does not verify")                                                  \
    X(ISS, "iss must be the client id")                                                            \
    X(SUB, "sub must be the client id")                                                            \
    X(CLIENT, "client_id must be the authenticated client")                                        \
    X(AUD, "aud must be the issuer, as a single text")                                             \
    X(EXP, "expired, or exp is missing or no number")                                              \
    X(NBF, "nbf is in the future, too old, missing or no number")                                  \
    X(IAT, "iat is in the future, missing or no number")                                           \
    X(LIFE, "valid for too long")                                                                  \
    X(JTI, "jti is missing, or too long")                                                          \
    X(REPLAY, "it was used before")

#define SIGNED_FAULT(name, text) SIGNED_##name,
enum signed_fault { SIGNED_GOOD, SIGNED_FAULTS(SIGNED_FAULT) SIGNED_COUNT };
#undef SIGNED_FAULT

/* For tables of ids: SIGNED_FAULTS(SIGNED_ID) with SIGNED_PREFIX defined as a literal. */
#define SIGNED_ID(name, text) [SIGNED_##name] = SIGNED_PREFIX "-" #name,

/* What was wrong, for people. */
const char *signed_fault_text(enum signed_fault fault);

struct signed_text {
    struct jose_token token;
    cJSON *claims; /* not trustworthy before signed_verify; the reader ends it */
};

/* Reads and checks the header; `typs` ends with NULL, and a missing typ is always fine. */
enum signed_fault signed_read(struct arena *arena, struct lfi_slice compact, size_t max,
                              const char *const *typs, struct signed_text *out);
enum signed_fault signed_verify(const struct signed_text *text, const struct jose_keyset *keys);

/*
 * exp must be a date that has not passed; nbf and iat, where they are, dates that have come; with
 * the switch `skew` to spare.
 */
enum signed_fault signed_check_dates(const struct sim *sim, const cJSON *claims);

#endif
