/*
 * Who is calling: the organisation behind the client certificate and the application-layer
 * credential. JWT Auth (PS256 tokens of the Hub, keys from its JWKS) and mTLS only.
 *
 * Nothing about why a caller was refused leaves the server: the answer is 401 with a fixed message,
 * the refusal's id and detail go to the log.
 */
#ifndef CALLER_CALLER_H
#define CALLER_CALLER_H

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "http/message.h"
#include "http/metrics.h"
#include "jose/jose.h"

/* Subject of a client certificate, walked by attribute; absent when the attribute is missing or
 * occurs more than once. Texts in the request's arena, UTF-8. */
struct caller_subject {
    struct lfi_slice o, ou, cn;
};

enum caller_mode { CALLER_MTLS_ONLY, CALLER_JWT };

struct caller_config {
    enum caller_mode mode;
    const char *const *allowed_ous; /* pinned subject OU of the Hub; with none nobody passes */
    size_t allowed_ou_count;
    const char *const *audiences; /* all providers' audiences */
    size_t audience_count;
    const char *jwks_base;     /* "https://keystore…": /{OU}/{CN}/application.jwks is appended */
    const char *jwks_override; /* complete address used for every caller instead; NULL: none */
    const char *jwks_ca_file;  /* trust anchors of the key store; NULL: plain http only */
    int max_life_s;            /* exp - iat; LIMIT_TOKEN_LIFE_S */
    size_t replay_entries;     /* jti cache; 0: off */
};

struct caller; /* any thread */

/* Copies the configuration's own fields; arrays, texts, clock, log and metrics must outlive it. */
int caller_new(struct caller **out, const struct caller_config *config, const struct clock *clock,
               const struct log *log, struct metrics *metrics, struct lfi_error *error);
void caller_free(struct caller *caller);

/* A caller that passed. In the request's arena. */
struct caller_identity {
    struct caller_subject subject;
    const char *const *audiences; /* those of the token that we know; mTLS only: all configured */
    size_t audience_count;
};

/*
 * The organisation alone: CALLER-NO-CERT 401, CALLER-OU 403 GenericError (callers of health
 * operations turn it into their 401 without errorCode).
 */
int caller_check_certificate(const struct caller *caller, const struct request *request,
                             struct caller_subject *out, struct refusal *refusal);
/*
 * Certificate and credential. Refusals: CALLER-… (CALLER-SUBJECT: no O, or no OU and CN that lead
 * to a key set), JWT-MISSING, JWT-SCHEME, JWT-FORM, JWT-ALG, JWT-TYP, JWT-CTY, JWT-CRIT,
 * JWT-KEY-NAMED, JWT-KID, JWT-KID-UNKNOWN, JWT-SIGNATURE, JWT-ISS, JWT-SUB, JWT-AUD, JWT-EXP,
 * JWT-IAT, JWT-NBF, JWT-JTI, JWT-LIFE, JWT-REPLAY: 401 GenericError; JWKS-UNAVAILABLE 500
 * GenericRecoverableError. (Hub to bank 4.2 to 4.4.)
 */
int caller_authenticate(struct caller *caller, const struct request *request,
                        struct caller_identity *out, struct refusal *refusal);
/* Whether the credential was made out for this audience; else JWT-AUD-PROVIDER 401. */
int caller_check_audience(const struct caller_identity *identity, const char *audience,
                          struct refusal *refusal);

/* "C=AE, O=…, OU=…, CN=…" of a name, most general attribute first, in the arena. */
struct lfi_slice caller_subject_text(struct arena *arena, const struct x509_st *certificate);
struct lfi_slice caller_issuer_text(struct arena *arena, const struct x509_st *certificate);

#endif
