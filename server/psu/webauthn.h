/*
 * WebAuthn (Level 2, 7.1 and 7.2): what a browser hands over when a passkey is made or used,
 * checked against what we are. The key and signature arithmetic is libfido2's. Pure: challenges are
 * opaque here, and nothing is kept. Any thread.
 *
 * Each check answers NULL, or the id of the refusal for the log: WEBAUTHN-FORMAT, WEBAUTHN-TYPE,
 * WEBAUTHN-ORIGIN, WEBAUTHN-RP, WEBAUTHN-PRESENCE, WEBAUTHN-VERIFICATION, WEBAUTHN-KEY,
 * WEBAUTHN-SIGNATURE.
 */
#ifndef PSU_WEBAUTHN_H
#define PSU_WEBAUTHN_H

#include "base/arena.h"
#include "base/slice.h"

#define WEBAUTHN_CREDENTIAL_MAX 1023 /* bytes of a credential id */

/* Who we are to a browser. */
struct webauthn_party {
    const char *id;     /* host of the public address */
    const char *origin; /* its origin */
};

enum webauthn_ceremony { WEBAUTHN_CREATE, WEBAUTHN_GET };

/* A public key: a COSE algorithm and the key as libfido2 lays it out. */
struct webauthn_key {
    int algorithm; /* -7 ES256, -8 EdDSA, -257 RS256 */
    struct lfi_slice bytes;
};

/* The algorithms that we ask for, best first. */
#define WEBAUTHN_ALGORITHMS 3
extern const int webauthn_algorithms[WEBAUTHN_ALGORITHMS];

/* Checks ceremony, origin and that no other page had ours in a frame; the challenge in the arena.
 */
const char *webauthn_check_client(const struct webauthn_party *party,
                                  enum webauthn_ceremony ceremony, struct arena *arena,
                                  struct lfi_slice client_data, struct lfi_slice *challenge);

struct webauthn_credential {
    struct lfi_slice id; /* of the authenticator's choosing; in the arena, as is the key */
    struct webauthn_key key;
    uint32_t counter;
};

/* A new passkey. No attestation is asked for, so none is judged. */
const char *webauthn_check_creation(const struct webauthn_party *party, struct arena *arena,
                                    struct lfi_slice authenticator_data,
                                    struct webauthn_credential *out);

struct webauthn_assertion {
    struct lfi_slice client_data, authenticator_data, signature;
};

/* A passkey in use: the customer was there and verified, and the signature is the key's. */
const char *webauthn_check_assertion(const struct webauthn_party *party,
                                     const struct webauthn_key *key,
                                     const struct webauthn_assertion *assertion, uint32_t *counter);

#endif
