/*
 * Who is calling: the organisation behind the client certificate, and on top of it the credential
 * of the provider's authentication mode: a signed token (JWT Auth, PS256, keys from the Hub's
 * JWKS), an API key, an access token (client credentials), or nothing more (mTLS only).
 *
 * The provider that o3-provider-id names decides the mode, and its credential is refused at every
 * other provider. A request that names no provider, or none that is served here, is tried as
 * the Hub of any provider: who passes as none of them is not authenticated, and learns
 * neither which providers there are nor which paths.
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

enum caller_mode {
    CALLER_MTLS_ONLY,
    CALLER_JWT,
    CALLER_API_KEY,
    CALLER_CLIENT_CREDENTIALS,
    CALLER_MODES
};

struct access_rules;   /* access_check.h */
struct api_keys;       /* api_key.h */
struct caller_binding; /* binding.h */
struct connect_tokens; /* connect_token.h */

struct caller_provider {
    const char *id; /* for the log */
    enum caller_mode mode;
    const char *audience;                  /* CALLER_JWT: aud of the Hub's tokens */
    const struct api_keys *api_keys;       /* CALLER_API_KEY */
    const struct access_rules *access;     /* CALLER_CLIENT_CREDENTIALS: what its tokens must say */
    bool takes_connect_tokens;             /* see caller_has_connect_token */
    const struct caller_binding *bindings; /* without any, those of every Hub */
    size_t binding_count;
};

/* Instead of a provider's index: the request names none that is served here. */
#define CALLER_NO_PROVIDER SIZE_MAX

struct caller_config {
    const char *const *allowed_ous; /* pinned subject OU of the Hub; without any, all are refused */
    size_t allowed_ou_count;
    const struct caller_provider *providers; /* in the order of the provider set */
    size_t provider_count;
    /* CALLER_JWT */
    const char *jwks_base;     /* "https://keystore…": /{OU}/{CN}/application.jwks is appended */
    const char *jwks_override; /* complete address used for every caller instead; NULL: none */
    const char *jwks_ca_file;  /* trust anchors of the key store; NULL: plain http only */
    int max_life_s;            /* exp - iat; LIMIT_TOKEN_LIFE_S */
    size_t replay_entries;     /* jti cache; 0: off */
    const struct connect_tokens *connect_tokens; /* NULL: no provider takes any */
    /* The caller that this one replaces, of the same providers; read by caller_new alone (see
       there). NULL: none. */
    const struct caller *previous;
    int workers; /* of the listener: three quarters of them may wait for keys; 0: all */
};

struct caller; /* any thread */

/*
 * Copies the configuration's own fields; arrays, texts, clock, log and metrics must outlive it. It
 * shares the replay cache of the previous caller, and its key sets when they are fetched with the
 * same authorities; both callers may be in use at the same time.
 */
int caller_new(struct caller **out, const struct caller_config *config, const struct clock *clock,
               const struct log *log, struct metrics *metrics, struct lfi_error *error);
/* To be called once it has replaced the previous caller: resizes the replay cache for it. */
void caller_commit(struct caller *caller);
void caller_free(struct caller *caller);

/* A caller that passed. In the request's arena. */
struct caller_identity {
    struct caller_subject subject;
};

/*
 * The organisation alone: CALLER-NO-CERT 401, CALLER-OU 403 GenericError.
 */
int caller_check_certificate(const struct caller *caller, const struct request *request,
                             struct caller_subject *out, struct refusal *refusal);
/*
 * The credential, for the provider with this index or CALLER_NO_PROVIDER, of a caller whose
 * certificate has passed: identity->subject is what caller_check_certificate gave. Refusals, all
 * 401 GenericError with the same words:
 *   CALLER-SUBJECT  no O, or no OU and CN that lead to a key set
 *   JWT-…           MISSING, SCHEME, FORM, ALG, TYP, CTY, CRIT, KEY-NAMED, KID, KID-UNKNOWN,
 *                   SIGNATURE, ISS, SUB, AUD, AUD-PROVIDER (made out for another provider), EXP,
 *                   IAT, NBF, JTI, LIFE, REPLAY (hub to bank 4.2 to 4.4)
 *   API-KEY-…       MISSING, FORM, UNKNOWN, OVER (retired, expired, not valid yet)
 *   ACCESS-TOKEN-…  see access_check.h; ACCESS-TOKEN-SCOPE is 403 AccessToken.InvalidScope
 * JWKS-UNAVAILABLE is 500 GenericRecoverableError.
 */
int caller_authenticate(struct caller *caller, size_t provider, const struct request *request,
                        struct caller_identity *identity, struct refusal *refusal);

/*
 * Whether the request proves itself with the ConnectToken of the consent in its o3-consent-id,
 * "Bearer TOKEN", and the provider takes such tokens. It is for operations that may be called with
 * one, after caller_check_certificate and before caller_authenticate: on false the caller may still
 * have the credential of the mode.
 */
bool caller_has_connect_token(const struct caller *caller, size_t provider,
                              const struct request *request);

/*
 * Where the holder of the certificate publishes his keys; absent when the subject leads to no
 * address, as one without CN. In the arena.
 */
struct lfi_slice caller_key_address(const struct caller *caller, struct arena *arena,
                                    const struct caller_subject *subject);
/*
 * The keys at such an address, to verify PS256; one owner of them is the caller
 * (jose_keyset_free): as keystore_acquire. There must be a provider whose mode verifies signatures.
 */
struct jose_keyset *caller_keys_at(struct caller *caller, struct lfi_slice address,
                                   struct lfi_slice kid, struct lfi_error *error);

/* "C=AE, O=…, OU=…, CN=…" of a name, most general attribute first, in the arena. */
struct lfi_slice caller_subject_text(struct arena *arena, const struct x509_st *certificate);
struct lfi_slice caller_issuer_text(struct arena *arena, const struct x509_st *certificate);

#endif
