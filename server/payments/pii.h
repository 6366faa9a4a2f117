/*
 * The personal data of a payment (PII): debtor, creditors and risk, which the TPP signs and then
 * encrypts for the bank, so that the Hub sees nothing of it. What was opened is secret: it lives in
 * the request's arena, which is overwritten at its end, and in a tree that pii_close overwrites;
 * no message and no detail of a refusal holds any of it. (Payment PII 1 to 6.)
 */
#ifndef PAYMENTS_PII_H
#define PAYMENTS_PII_H

#include "base/clock.h"
#include "base/log.h"
#include "http/metrics.h"
#include "http/refusal.h"
#include "jose/decrypt.h"
#include "payments/pii_query.h"

struct pii_reader; /* any thread */

struct pii_config {
    const struct jose_key_file *keys; /* Enc1, the retired ones too */
    size_t key_count;
    /* Verifying the TPP's signature, which is optional. */
    const char *jwks_base;    /* "https://keystore…": /{software statement}/application.jwks is
                                 appended; NULL: signatures are not verified */
    const char *jwks_ca_file; /* trust anchors of the key store; NULL: plain http only */
    const char *audience;     /* the bank's issuer, which aud must name */
    bool skip_later_times;    /* judges exp, nbf and iat at validation alone */
    /* Whose key sets are kept when they are fetched alike; asked in pii_reader_new alone. */
    const struct pii_reader *previous; /* NULL: none */
};

/* Prepares the schemas; as contract_init and contract_fini. */
int pii_init(struct lfi_error *error);
void pii_fini(void);

/* Reads the keys. Clock, log, metrics and the texts of verification must outlive it. */
int pii_reader_new(struct pii_reader **out, const struct pii_config *config,
                   const struct clock *clock, const struct log *log, struct metrics *metrics,
                   struct lfi_error *error);
void pii_reader_free(struct pii_reader *reader); /* NULL is fine */

/*
 * Decrypts alone: the clear bytes in the arena, which is overwritten at its end. Refusals: those of
 * pii_open up to PII-DECRYPT, and PII-UNABLE.
 */
int pii_decrypt(struct pii_reader *reader, struct lfi_slice compact, struct arena *arena,
                struct lfi_slice *out, struct refusal *refusal);

struct pii {
    struct lfi_slice jws;     /* as it was encrypted; in the arena */
    struct lfi_slice payload; /* JSON as the TPP signed it, with its claims; in the arena */
    cJSON *tree;              /* the same, read */
};

/*
 * Decrypts, verifies if configured, and checks the form. On success the caller ends `out` with
 * pii_close. Refusals, with codes for a payment:
 *   PII-MISSING, PII-SIZE, PII-SCHEMA                      400 Body.InvalidFormat
 *   PII-JWE-FORM, -ALG, -ENC, -CTY, -KID, -ZIP, -CRIT      400 JWE.InvalidHeader
 *   PII-DECRYPT                                            400 JWE.DecryptionError
 *   PII-JWS-FORM                                           400 JWS.Malformed
 *   PII-JWS-ALG, PII-JWS-CRIT, PII-JWS-KID                 400 JWS.InvalidHeader
 *   PII-JWS-KID-UNKNOWN, PII-JWS-SIGNATURE                 400 JWS.InvalidSignature
 *   PII-CLAIM-ISS, -SUB, -AUD, -EXP, -IAT, -NBF            400 JWS.InvalidClaim
 *   PII-KEYS-UNAVAILABLE, PII-UNABLE (memory is short)     500 GenericRecoverableError
 */
int pii_open(struct pii_reader *reader, const struct pii_query *query, struct arena *arena,
             struct pii *out, struct refusal *refusal);
void pii_close(struct pii *pii);

#endif
