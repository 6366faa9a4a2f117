/*
 * Calls to the Hub: Headless Heimdall and the Consent Manager, with C3 on the connection and a
 * fresh Sig4 token on every call when the Hub expects one. One struct hub per provider.
 *
 * Every answer is checked against openapi/hub before it is believed. Redirects are data, never
 * followed. Nothing is retried here unless said. Any thread.
 */
#ifndef HUB_HUB_H
#define HUB_HUB_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "http/call_log.h"
#include "http/metrics.h"

/*
 * As whom the bank signs: the names of C3's subject, and Sig4, whose `kid` is derived from it when
 * NULL. One does for all Hubs. Any thread.
 */
struct hub_identity;

int hub_identity_new(struct hub_identity **out, const char *certificate, const char *signing_key,
                     const char *kid, struct lfi_error *error);
void hub_identity_free(struct hub_identity *identity);

struct hub_config {
    const char *provider_id;
    const char *heimdall_url; /* no trailing slash; NULL: never called */
    const char *consent_manager_url;
    const char *ca_file;
    const char *certificate; /* C3 */
    const char *key;
    const struct hub_identity *identity; /* outlives the hub; NULL: mTLS only */
    const char *audience;                /* PROVIDER_ID that the Hub expects */
    int timeout_ms;
    struct call_log *calls; /* for the console; NULL: not kept */
};

struct hub;

int hub_new(struct hub **out, const struct hub_config *config, const struct clock *clock,
            const struct log *log, struct metrics *metrics, struct lfi_error *error);
void hub_free(struct hub *hub);
/* The longest that one call may take. */
int hub_timeout_ms(const struct hub *hub);

enum hub_outcome {
    HUB_OK = 0,
    HUB_REFUSED = -1,     /* the Hub answered and said no (4xx, or GET /auth 400) */
    HUB_UNREACHABLE = -2, /* no answer in time, TLS fault, 5xx */
    HUB_WRONG = -3,       /* an answer that breaks the Hub's own contract */
};

/*
 * GET /hello-mtls of one of the two: whether the Hub takes our certificate, and our token when we
 * send one. *date_s: the Hub's clock, -1 when the answer does not tell it.
 */
enum hub_side { HUB_HEIMDALL, HUB_CONSENT_MANAGER };
enum hub_outcome hub_hello(struct hub *hub, struct arena *arena, enum hub_side side,
                           int64_t *date_s, struct lfi_error *error);

/* --- Headless Heimdall ------------------------------------------------------------------------ */

struct hub_authorization {
    bool redirect;             /* 303: send the browser to `location`, nothing more */
    struct lfi_slice location; /* exact bytes */
    struct lfi_slice interaction_id;
    struct lfi_slice consent_id;
    struct lfi_slice error; /* HUB_REFUSED: values of the 400 body */
    struct lfi_slice error_description;
};

/* GET /auth with the query exactly as the browser sent it. Texts live in the arena. */
enum hub_outcome hub_get_auth(struct hub *hub, struct arena *arena, struct lfi_slice raw_query,
                              struct hub_authorization *out, struct lfi_error *error);
/* Both give the Location of the 303, exact bytes, in the arena. */
enum hub_outcome hub_do_confirm(struct hub *hub, struct arena *arena,
                                struct lfi_slice interaction_id, struct lfi_slice *location,
                                struct lfi_error *error);
enum hub_outcome hub_do_fail(struct hub *hub, struct arena *arena, struct lfi_slice interaction_id,
                             const char *error_value, const char *error_description,
                             struct lfi_slice *location, struct lfi_error *error);

/* --- Consent Manager -------------------------------------------------------------------------- */

/* GET /consents/{consentId}: the checked `data` object as a tree; the caller frees it. */
enum hub_outcome hub_get_consent(struct hub *hub, struct arena *arena, struct lfi_slice consent_id,
                                 cJSON **out, struct lfi_error *error);
/*
 * GET /psu/{userId}/consents and GET /consent-groups/{consentGroupId}/consents: all pages, as one
 * array of consents, which the caller frees. None is an empty array. More than HUB_LIST_MAX are
 * HUB_WRONG: a list that is cut would hide a consent. A group's consents may be those of others:
 * the caller must look at psuIdentifiers.userId. `status` NULL: all; one alone, as v2.1 knows no
 * lists of them. (Versions 4, change 1.)
 */
#define HUB_LIST_MAX 2000
enum hub_outcome hub_list_of_user(struct hub *hub, struct arena *arena, struct lfi_slice user_id,
                                  const char *status, cJSON **out, struct lfi_error *error);
enum hub_outcome hub_list_of_group(struct hub *hub, struct arena *arena, struct lfi_slice group_id,
                                   cJSON **out, struct lfi_error *error);
/*
 * GET /consents: every consent of the provider, page by page; `visit` gets each page as an array.
 * More than HUB_EACH_MAX are HUB_WRONG, longer than HUB_EACH_MS is HUB_UNREACHABLE; pages that came
 * before have been visited. A consent that changes meanwhile may come twice, or not at all.
 */
#define HUB_EACH_MAX 50000
#define HUB_EACH_MS 20000
struct hub_visitor {
    void (*visit)(void *ctx, cJSON *page);
    void *ctx;
};
enum hub_outcome hub_each_consent(struct hub *hub, struct hub_visitor visitor,
                                  struct lfi_error *error);
/*
 * Variant of hub_get_consent with bounded latency: gives up after LIMIT_HUB_FIND_MS. HUB_REFUSED
 * only when there is no such consent (400 or 404), not when the Hub refuses us.
 */
enum hub_outcome hub_find_consent(struct hub *hub, struct arena *arena, struct lfi_slice consent_id,
                                  cJSON **out, struct lfi_error *error);
/* The same for a payment or a read under the consent, within LIMIT_HUB_PAYMENT_MS. */
enum hub_outcome hub_find_payment_consent(struct hub *hub, struct arena *arena,
                                          struct lfi_slice consent_id, cJSON **out,
                                          struct lfi_error *error);
/* PATCH /consents/{consentId}; `patch` is checked against the closed schemas before it is sent. */
enum hub_outcome hub_patch_consent(struct hub *hub, struct arena *arena,
                                   struct lfi_slice consent_id, struct lfi_slice patch,
                                   struct lfi_error *error);
/*
 * GET /payment-log: the payments of a consent in an array, which the caller frees; in no order. All
 * in one answer (http/client.h has its most bytes) or, since v2.2, in pages of 25. Too many are
 * HUB_WRONG. (Versions 5.7.)
 */
enum hub_outcome hub_list_payments(struct hub *hub, struct arena *arena,
                                   struct lfi_slice consent_id, cJSON **out,
                                   struct lfi_error *error);
/* PATCH /payment-log/{id}; checked as a consent's. */
enum hub_outcome hub_patch_payment(struct hub *hub, struct arena *arena,
                                   struct lfi_slice payment_id, struct lfi_slice patch,
                                   struct lfi_error *error);
/* PATCH /account-opening-log/{logId}; checked as a consent's. */
enum hub_outcome hub_patch_opening(struct hub *hub, struct arena *arena,
                                   struct lfi_slice account_id, struct lfi_slice patch,
                                   struct lfi_error *error);
/* PATCH /fx-quote-log/{logId}; the same. */
enum hub_outcome hub_patch_fx_quote(struct hub *hub, struct arena *arena, struct lfi_slice quote_id,
                                    struct lfi_slice patch, struct lfi_error *error);
/* PATCH /insurance-quote-log/{logId}; the same. */
enum hub_outcome hub_patch_insurance_quote(struct hub *hub, struct arena *arena,
                                           struct lfi_slice quote_id, struct lfi_slice patch,
                                           struct lfi_error *error);
/* POST /consents/{consentId}/action/revoke, which ends tokens too. `revoked_by`: "LFI", … */
enum hub_outcome hub_revoke_consent(struct hub *hub, struct arena *arena,
                                    struct lfi_slice consent_id, const char *revoked_by,
                                    struct lfi_error *error);

#endif
