/* Those the server calls: the key store, Headless Heimdall and the Consent Manager, their clock. */
#include "doctor.h"

#include "base/clock.h"
#include "base/limits.h"
#include "caller/subject.h"
#include "config/material.h"
#include "config/pem.h"
#include "http/client.h"
#include "hub/hub.h"
#include "jose/jose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ARENA_BYTES (4 * 1024 * 1024)
#define TOKEN_LIFE_S 30
#define CLOCK_WARN_S 3 /* the Date header has whole seconds */
#define NAME_MAX_BYTES 100

/* The pair towards the Hub that would be presented now. */
static struct config_pair pair_in_use(const struct config *config)
{
    const struct clock system_time = {0};
    struct material_validity dates[CONFIG_PAIRS];
    size_t count = 0;

    for (; count < CONFIG_PAIRS && config->hub_pairs[count].certificate; count++) {
        STACK_OF(X509) *chain = pem_certificates(config->hub_pairs[count].certificate);
        const X509 *leaf = chain ? sk_X509_value(chain, 0) : NULL;
        dates[count] = leaf ? (struct material_validity){pem_time(X509_get0_notBefore(leaf)),
                                                         pem_time(X509_get0_notAfter(leaf))}
                            : (struct material_validity){0, 0};
        pem_free_certificates(chain);
    }
    return config->hub_pairs[material_choose(dates, count, (time_t)clock_now_s(&system_time))];
}

/* --- key store -------------------------------------------------------------------------------- */

/* The set at `url`, for these algorithms; NULL with a reason. */
static struct jose_keyset *fetch_set(const struct config *config, const char *url,
                                     unsigned algorithms, struct lfi_error *error)
{
    const bool secure = strncasecmp(url, "https:", 6) == 0;
    const struct http_client_config settings = {.ca_file = secure ? config->jwks_ca : NULL,
                                                .timeout_ms = LIMIT_JWKS_FETCH_MS,
                                                .reply_bytes = LIMIT_JWKS_BYTES};
    const struct http_call call = {.method = "GET", .url = url};
    struct http_client *client = NULL;
    struct jose_keyset *set = NULL;
    struct http_answer answer;

    if (http_client_new(&client, &settings, error) != 0) {
        return NULL;
    }
    http_answer_init(&answer, LIMIT_JWKS_BYTES);
    if (http_client_call(client, &call, &answer, error) == 0) {
        if (answer.status != 200) {
            error_set(error, "it answers %d", answer.status);
        } else {
            (void)jose_keyset_parse(&set, buf_slice(&answer.body), algorithms, error);
        }
    }
    http_answer_free(&answer);
    http_client_free(client);
    return set;
}

/* Whether what we sign verifies with the set: its kid is there, and it is that of the key. */
static int sign_and_verify(const struct config *config, const struct jose_keyset *set,
                           struct arena *arena, struct lfi_error *error)
{
    const struct clock system_time = {0};
    const struct jose_claims claims = {.iss = "doctor",
                                       .sub = "doctor",
                                       .aud = "doctor",
                                       .now_s = clock_now_s(&system_time),
                                       .life_s = TOKEN_LIFE_S};
    struct jose_signer *signer = NULL;
    struct jose_token token;
    struct buf text;
    int status = -1;

    buf_init(&text, LIMIT_TOKEN_BYTES);
    if (jose_signer_load(&signer, config->hub_signing_key, config->hub_kid, error) == 0 &&
        jose_sign(signer, &claims, &text, error) == 0 &&
        jose_token_parse(arena, buf_slice(&text), &token, error) == 0) {
        status = jose_verify(set, &token, error);
    }
    buf_free(&text);
    jose_signer_free(signer);
    return status;
}

/* The address of the keys of our own application, which has C3's subject. NULL: none. */
static const char *own_address(const struct config *config, struct arena *arena)
{
    const struct config_pair pair = pair_in_use(config);
    STACK_OF(X509) *chain = pem_certificates(pair.certificate);
    const char *address = NULL;

    if (chain) {
        struct caller_subject subject = subject_of(arena, sk_X509_value(chain, 0));
        struct lfi_slice url = subject_key_address(arena, config->jwks_base, &subject);
        address = url.ptr ? arena_text(arena, url) : NULL;
    }
    pem_free_certificates(chain);
    return address;
}

static void check_own_keys(struct doctor_job *job, const struct jose_keyset *set, const char *url,
                           struct arena *arena)
{
    struct lfi_error error = {""};

    if (!job->config->hub_signing_key) {
        doctor_report(job, DOCTOR_OK, "key store", "answers at %s", url);
    } else if (sign_and_verify(job->config, set, arena, &error) != 0) {
        doctor_report(
            job, DOCTOR_FAIL, "key store",
            "the Hub will refuse our tokens: %s: publish the public key of hub.signingKey "
            "at %s under hub.kid, or correct hub.kid",
            error.message, url);
    } else {
        doctor_report(job, DOCTOR_OK, "key store",
                      "answers, and verifies what hub.signingKey signs (%s)", url);
    }
}

void doctor_check_key_store(struct doctor_job *job)
{
    const struct config *config = job->config;
    const bool override = config->jwks_override;
    struct arena *arena = arena_new(ARENA_BYTES);
    struct lfi_error error = {""};

    if (!arena || (!override && !config->jwks_base)) {
        arena_free(arena); /* no caller's key is looked up */
        return;
    }
    const char *url = override ? config->jwks_override : own_address(config, arena);
    struct jose_keyset *set = url ? fetch_set(config, url, JOSE_PS256, &error) : NULL;
    if (!url) {
        doctor_report(job, DOCTOR_WARN, "key store",
                      "not asked: hub.certificate has no OU and CN that lead to a key set");
    } else if (!set) {
        doctor_report(job, DOCTOR_FAIL, "key store",
                      "%s: %s: see caller.jwksBase, caller.jwksCa and the way out of this network",
                      url, error.message);
    } else if (jose_keyset_usable(set) == 0) {
        doctor_report(job, DOCTOR_FAIL, "key store",
                      "%s has no key that can verify: it needs RSA keys with a kid, for signing",
                      url);
    } else if (override) {
        doctor_report(job, DOCTOR_OK, "key store", "%s has %zu keys", url, jose_keyset_usable(set));
    } else {
        check_own_keys(job, set, url, arena);
    }
    jose_keyset_free(set);
    arena_free(arena);
}

/* Keys of another authorisation server of the bank. */
void doctor_check_issuer(struct doctor_job *job)
{
    const struct config_provider *provider = &job->config->providers[job->index];
    const struct access_rules *rules = &provider->access;
    struct lfi_error error = {""};
    char name[NAME_MAX_BYTES];

    if (!rules->jwks_url) {
        return;
    }
    struct jose_keyset *set = fetch_set(job->config, rules->jwks_url, rules->algorithms, &error);
    snprintf(name, sizeof(name), "issuer of %s", provider->id);
    if (!set) {
        doctor_report(
            job, DOCTOR_FAIL, name,
            "%s: %s: see callerAuth.issuer.jwksUrl, caller.jwksCa and the way out of this "
            "network",
            rules->jwks_url, error.message);
    } else if (jose_keyset_usable(set) == 0) {
        doctor_report(job, DOCTOR_FAIL, name,
                      "%s has no key with a kid for callerAuth.issuer.algorithms: see by which its "
                      "tokens are signed",
                      rules->jwks_url);
    } else {
        doctor_report(job, DOCTOR_OK, name, "%s has %zu keys", rules->jwks_url,
                      jose_keyset_usable(set));
    }
    jose_keyset_free(set);
}

/* --- Hub -------------------------------------------------------------------------------------- */

/* Keeps the largest difference of several Hubs' clocks. */
static void keep_clock(struct doctor_findings *findings, int64_t ahead_s)
{
    const int64_t kept_s = atomic_load(&findings->clock_ahead_s);

    if (kept_s == DOCTOR_UNKNOWN || llabs(ahead_s) > llabs(kept_s)) {
        atomic_store(&findings->clock_ahead_s, ahead_s);
    }
}

static void ask_side(struct doctor_job *job, struct hub *hub, enum hub_side side)
{
    const struct config_provider *provider = &job->config->providers[job->index];
    const struct clock system_time = {0};
    const char *url = side == HUB_HEIMDALL ? provider->heimdall_url : provider->consent_manager_url;
    struct arena *arena = arena_new(ARENA_BYTES);
    struct lfi_error error = {""};
    char name[NAME_MAX_BYTES], delay[DOCTOR_TIME_BYTES];
    int64_t date_s = -1;

    if (!arena) {
        return;
    }
    snprintf(name, sizeof(name), "%s of %s", side == HUB_HEIMDALL ? "Heimdall" : "Consent Manager",
             provider->id);
    int64_t before_us = clock_now_us(&system_time);
    int64_t began_us = clock_monotonic_us();
    enum hub_outcome outcome = hub_hello(hub, arena, side, &date_s, &error);
    int64_t now_us = clock_now_us(&system_time);
    if (date_s >= 0) {
        int64_t ours_s = (before_us + (now_us - before_us) / 2) / 1000000;
        keep_clock(job->findings, date_s - ours_s);
    }
    if (outcome == HUB_OK) {
        doctor_report(job, DOCTOR_OK, name, "takes our certificate%s",
                      doctor_delay(began_us, delay));
    } else {
        doctor_report(job, DOCTOR_FAIL, name,
                      "%s/hello-mtls: %s: see its address, hub.ca, hub.certificate and whether the "
                      "Hub knows them",
                      url, error.message);
    }
    arena_free(arena);
}

static void tell_not_called(struct doctor_job *job, const struct config_provider *provider)
{
    char name[NAME_MAX_BYTES];
    snprintf(name, sizeof(name), "Hub of %s", provider->id);
    doctor_report(job, DOCTOR_OK, name, "%s",
                  provider->caap
                      ? "not called: its customers decide at CAAP, and consentManager "
                        "is not set"
                      : "not called: authorizePath is not set, so customers cannot decide");
}

/* What the server calls, no more: both sides for the bank's own pages, one for CAAP. */
void doctor_check_hub(struct doctor_job *job)
{
    const struct config *config = job->config;
    const struct config_provider *provider = &config->providers[job->index];
    const struct clock system_time = {0};
    const struct log silent = {.fd = -1, .level = LOG_ERROR};
    const struct config_pair pair = pair_in_use(config);
    struct lfi_error error = {""};
    struct hub_identity *identity = NULL;
    struct hub *hub = NULL;

    const bool asks_caap = provider->caap && provider->consent_manager_url;
    if (!provider->authorize_path && !asks_caap) {
        tell_not_called(job, provider);
        return;
    }
    if (config->hub_signing_key &&
        hub_identity_new(&identity, pair.certificate, config->hub_signing_key, config->hub_kid,
                         &error) != 0) {
        doctor_report(job, DOCTOR_FAIL, provider->id, "the Hub was not called: %s", error.message);
        return;
    }
    const struct hub_config settings = {
        .provider_id = provider->id,
        .heimdall_url = provider->heimdall_url,
        .consent_manager_url = provider->consent_manager_url,
        .ca_file = config->hub_ca,
        .certificate = pair.certificate,
        .key = pair.key,
        .identity = identity,
        .audience = provider->hub_audience,
        .timeout_ms = config->hub_timeout_ms,
    };
    if (hub_new(&hub, &settings, &system_time, &silent, NULL, &error) != 0) {
        doctor_report(job, DOCTOR_FAIL, provider->id, "the Hub was not called: %s", error.message);
        goto out;
    }
    if (provider->authorize_path) {
        ask_side(job, hub, HUB_HEIMDALL);
    }
    ask_side(job, hub, HUB_CONSENT_MANAGER);
out:
    hub_free(hub);
    hub_identity_free(identity);
}

/* --- clock ------------------------------------------------------------------------------------ */

void doctor_check_clock(struct doctor_job *job)
{
    const int64_t ahead_s = atomic_load(&job->findings->clock_ahead_s);

    if (ahead_s == DOCTOR_UNKNOWN) {
        doctor_report(job, DOCTOR_WARN, "clock", "not compared: the Hub did not tell its time");
        return;
    }
    const long long off = llabs(ahead_s);
    const char *way = ahead_s > 0 ? "behind" : "ahead of";
    if (off > LIMIT_TOKEN_SKEW_S) {
        doctor_report(job, DOCTOR_FAIL, "clock",
                      "%lld s %s the Hub's: tokens are refused beyond %d s; run NTP", off, way,
                      LIMIT_TOKEN_SKEW_S);
    } else if (off > CLOCK_WARN_S) {
        doctor_report(job, DOCTOR_WARN, "clock", "%lld s %s the Hub's: run NTP", off, way);
    } else {
        doctor_report(job, DOCTOR_OK, "clock", "agrees with the Hub's");
    }
}
