/*
 * Counters for Prometheus: the Hub's requests by provider, operation and status, and by version of
 * the standard, every listener's requests by status, both with a latency histogram, and named
 * counters of a listener or of the whole program. Any thread; no lock on the request path (atomics
 * in a table fixed at start).
 */
#ifndef HTTP_METRICS_H
#define HTTP_METRICS_H

#include "base/buf.h"

struct metrics;

/* The label values are borrowed for the object's life. */
struct metrics_labels {
    const char *const *providers;
    size_t provider_count;
    const char *const *operations;
    size_t operation_count;
    const uint32_t *versions; /* of the standard, major in the upper half */
    size_t version_count;
};

struct metrics *metrics_new(const struct metrics_labels *labels); /* copies the arrays */
void metrics_free(struct metrics *metrics);

/* `provider` and `operation` index the labels; each may be METRICS_NONE. */
#define METRICS_NONE SIZE_MAX
void metrics_request(struct metrics *metrics, size_t provider, size_t operation, int status,
                     int64_t micros);

/* What told the version of a request. */
enum metrics_version { METRICS_VERSION_URI, METRICS_VERSION_BASE_PATH, METRICS_VERSION_DEFAULT };

/* In which version a request was served; 0: in none. One without a label counts as "other". */
void metrics_version(struct metrics *metrics, size_t provider, uint32_t version,
                     enum metrics_version from);

/* Texts of answers that a version of the standard does not take: contract_check_reply. */
enum metrics_misfit {
    METRICS_MISFIT_LEFT_OUT,
    METRICS_MISFIT_TRANSLITERATED,
    METRICS_MISFIT_REFUSED,
    METRICS_MISFIT_LATER, /* that a later version would not take */
    METRICS_MISFITS,
};
/* Adds what was found in an answer. */
void metrics_misfits(struct metrics *metrics, size_t provider,
                     const unsigned counts[METRICS_MISFITS]);
/* Those of a provider since the start; NULL: none. */
uint64_t metrics_misfits_read(const struct metrics *metrics, size_t provider,
                              enum metrics_misfit misfit);

enum metrics_listener { METRICS_HUB, METRICS_PUBLIC, METRICS_ADMIN, METRICS_LISTENERS };

/* Whatever was answered, refusals of the framing rules included. */
void metrics_listener_request(struct metrics *metrics, enum metrics_listener listener, int status,
                              int64_t micros);

enum metrics_listener_counter {
    METRICS_CONNECTIONS,         /* accepted */
    METRICS_CONNECTIONS_DROPPED, /* too slow, or too many of one peer */
    METRICS_ACCEPT_FAILED,       /* no descriptor or memory for a new connection */
    METRICS_HANDSHAKE_FAILED,    /* certificates that are refused among them */
    METRICS_REFUSED_BUSY,        /* answered 503: pool full */
    METRICS_REFUSED_MALFORMED,   /* refused by the framing rules */
    METRICS_REFUSED_CALLER,      /* 401 and 403 of the caller stage */
    METRICS_REFUSED_SHARE,       /* a provider without a free worker */
    METRICS_LISTENER_COUNTERS,
};
void metrics_listener_count(struct metrics *metrics, enum metrics_listener listener,
                            enum metrics_listener_counter counter); /* NULL: nothing */

enum metrics_counter {
    METRICS_CONTRACT_RESPONSE, /* replies that broke the contract */
    METRICS_REFUSED_JWT,       /* credentials of this mode at a provider of this mode */
    METRICS_REFUSED_API_KEY,
    METRICS_REFUSED_ACCESS_TOKEN,
    METRICS_REFUSED_CLIENT, /* at the token endpoint */
    METRICS_JWKS_FETCHED,
    METRICS_JWKS_FAILED,
    METRICS_HUB_CALLS,
    METRICS_HUB_FAILED,
    METRICS_CORE_UNAVAILABLE,  /* calls that a core could not carry out at the moment */
    METRICS_STATE_UNAVAILABLE, /* the same of the state */
    METRICS_SIGN_IN_WRONG,     /* passwords that were wrong */
    METRICS_SIGN_IN_LIMIT,     /* sign-ins refused because there were too many wrong ones */
    METRICS_SIGN_IN_BUSY,      /* sign-ins refused because too many were being judged */
    METRICS_APPROVAL_REFUSED,  /* requests in the app not made: one waits, or too many */
    METRICS_CAAP_REGISTERED,   /* customers whom CAAP registered, or again */
    METRICS_CAAP_UNKNOWN,      /* Emirates IDs there that nobody of the segment has */
    METRICS_CAAP_CODE_SENT,
    METRICS_CAAP_CODE_UNSENT, /* for a limit, or because the channel failed */
    METRICS_CAAP_CODE_WRONG,
    METRICS_CAAP_LIMIT, /* calls of CAAP refused by a limit */
    METRICS_CAAP_DECRYPTED,
    METRICS_VERSION_MIXED, /* calls of another version than their consent or base path */
    METRICS_COUNTERS,
};
void metrics_count(struct metrics *metrics, enum metrics_counter counter); /* NULL: nothing */

/* What was counted of an operation at a provider since the start. */
#define METRICS_BUCKETS 15
struct metrics_figures {
    uint64_t failed;                   /* answered with 5xx */
    uint64_t buckets[METRICS_BUCKETS]; /* all, by latency: up to metrics_bound_us, the last: more */
};
/* 0 for the last bucket. */
int64_t metrics_bound_us(size_t bucket);
size_t metrics_provider_count(const struct metrics *metrics); /* with a label */
const char *metrics_provider_name(const struct metrics *metrics, size_t provider);
size_t metrics_operation_count(const struct metrics *metrics); /* with a label */
const char *metrics_operation_name(const struct metrics *metrics, size_t operation);
void metrics_read(const struct metrics *metrics, size_t provider, size_t operation,
                  struct metrics_figures *out);

/* Prometheus text format 0.0.4, process memory and start time included. */
void metrics_render(const struct metrics *metrics, struct buf *out);

#endif
