#include "http/metrics.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/memory.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* Statuses that the contracts know; the last entry stands for all others. */
static const int statuses[] = {200, 201, 202, 204, 303, 304, 400, 401, 403, 404, 405, 408, 409,
                               413, 414, 415, 422, 429, 431, 500, 501, 502, 503, 504, 0};
#define STATUSES ARRAY_LEN(statuses)

/* 500 ms is the regulator's limit for 95 of 100 requests. */
static const int64_t bounds_us[] = {100,   250,   500,    1000,   2500,   5000,    10000,
                                    25000, 50000, 100000, 250000, 500000, 1000000, 5000000};
#define BOUNDS ARRAY_LEN(bounds_us)
static_assert(BOUNDS + 1 == METRICS_BUCKETS, "a bucket for each bound, and one above");

struct series {
    atomic_uint_fast64_t by_status[STATUSES];
    atomic_uint_fast64_t by_latency[BOUNDS + 1]; /* each request in one; summed up on rendering */
    atomic_uint_fast64_t total_us;
};

static const char *const version_sources[] = {[METRICS_VERSION_URI] = "uri",
                                              [METRICS_VERSION_BASE_PATH] = "basePath",
                                              [METRICS_VERSION_DEFAULT] = "default"};
#define SOURCES ARRAY_LEN(version_sources)

struct metrics {
    const char **providers; /* one more than given: "none" */
    const char **operations;
    size_t provider_count; /* "none" included */
    size_t operation_count;
    int64_t started_us;
    struct series *series; /* provider_count × operation_count */
    uint32_t *versions;
    size_t version_count;
    atomic_uint_fast64_t *by_version; /* provider_count × (version_count + 2) × SOURCES */
    atomic_uint_fast64_t *misfits;    /* provider_count × METRICS_MISFITS */
    struct series listeners[METRICS_LISTENERS];
    atomic_uint_fast64_t listener_counters[METRICS_LISTENERS][METRICS_LISTENER_COUNTERS];
    atomic_uint_fast64_t counters[METRICS_COUNTERS];
};

static const char *const misfits[METRICS_MISFITS] = {
    [METRICS_MISFIT_LEFT_OUT] = "leftOut",
    [METRICS_MISFIT_TRANSLITERATED] = "transliterated",
    [METRICS_MISFIT_REFUSED] = "refused",
    [METRICS_MISFIT_LATER] = "later",
};

static const char *const listeners[METRICS_LISTENERS] = {"hub", "public", "admin"};

struct counter_text {
    const char *name, *help;
};

static const struct counter_text listener_counters[METRICS_LISTENER_COUNTERS] = {
    [METRICS_CONNECTIONS] = {"lfi_connections_total", "Connections accepted"},
    [METRICS_CONNECTIONS_DROPPED] = {"lfi_connections_dropped_total",
                                     "Slow connections ended, so that others find room"},
    [METRICS_ACCEPT_FAILED] = {"lfi_accept_failed_total",
                               "Failures to take a connection: open files, memory"},
    [METRICS_HANDSHAKE_FAILED] = {"lfi_handshake_failed_total",
                                  "TLS handshakes that failed, refused certificates included"},
    [METRICS_REFUSED_BUSY] = {"lfi_refused_busy_total", "Requests answered 503: no free worker"},
    [METRICS_REFUSED_MALFORMED] = {"lfi_refused_malformed_total",
                                   "Requests that broke a framing rule or limit"},
    [METRICS_REFUSED_CALLER] = {"lfi_refused_caller_total", "Requests of callers not accepted"},
    [METRICS_REFUSED_SHARE] = {"lfi_refused_share_total",
                               "Requests refused because their provider held all its workers"},
};

static const struct counter_text counters[METRICS_COUNTERS] = {
    [METRICS_CONTRACT_RESPONSE] = {"lfi_contract_response_total",
                                   "Replies that broke the contract"},
    [METRICS_REFUSED_JWT] = {"lfi_refused_jwt_total",
                             "Requests refused at providers of mode jwt for their credential"},
    [METRICS_REFUSED_API_KEY] =
        {"lfi_refused_api_key_total",
         "Requests refused at providers of mode api-key for their credential"},
    [METRICS_REFUSED_ACCESS_TOKEN] =
        {"lfi_refused_access_token_total",
         "Requests refused at providers of mode client-credentials for their credential"},
    [METRICS_REFUSED_CLIENT] = {"lfi_refused_client_total",
                                "Token requests refused for their client or its credential"},
    [METRICS_JWKS_FETCHED] = {"lfi_jwks_fetched_total", "Key sets fetched"},
    [METRICS_JWKS_FAILED] = {"lfi_jwks_failed_total", "Key sets that could not be had"},
    [METRICS_HUB_CALLS] = {"lfi_hub_calls_total", "Calls to the Hub"},
    [METRICS_HUB_FAILED] = {"lfi_hub_failed_total", "Calls to the Hub that failed"},
    [METRICS_CORE_UNAVAILABLE] = {"lfi_core_unavailable_total",
                                  "Calls that a core could not carry out at the moment, as "
                                  "with a full disk"},
    [METRICS_STATE_UNAVAILABLE] = {"lfi_state_unavailable_total",
                                   "Calls that the server's state could not carry out at the "
                                   "moment, as with a full disk"},
    [METRICS_SIGN_IN_WRONG] = {"lfi_sign_in_wrong_total", "Wrong logins or passwords"},
    [METRICS_SIGN_IN_LIMIT] = {"lfi_sign_in_limit_total",
                               "Sign-ins refused after too many wrong tries"},
    [METRICS_SIGN_IN_BUSY] = {"lfi_sign_in_busy_total",
                              "Sign-ins refused because too many were being judged"},
    [METRICS_APPROVAL_REFUSED] = {"lfi_approval_refused_total",
                                  "Requests in the app refused: one waits, or too many before"},
    [METRICS_CAAP_REGISTERED] = {"lfi_caap_registered_total", "Customers registered by CAAP"},
    [METRICS_CAAP_UNKNOWN] = {"lfi_caap_unknown_total",
                              "Emirates IDs in calls of CAAP that no customer has"},
    [METRICS_CAAP_CODE_SENT] = {"lfi_caap_code_sent_total", "Codes sent for CAAP"},
    [METRICS_CAAP_CODE_UNSENT] = {"lfi_caap_code_unsent_total",
                                  "Codes for CAAP not sent: a limit, or the channel failed"},
    [METRICS_CAAP_CODE_WRONG] = {"lfi_caap_code_wrong_total", "Wrong codes typed at CAAP"},
    [METRICS_CAAP_LIMIT] = {"lfi_caap_limit_total", "Calls of CAAP refused by a limit"},
    [METRICS_CAAP_DECRYPTED] = {"lfi_caap_decrypted_total",
                                "Texts of TPPs decrypted for CAAP on request"},
    [METRICS_VERSION_MIXED] =
        {"lfi_version_mixed_total",
         "Calls in another version of the standard than their consent or base "
         "path"},
};

static const char **copy_labels(const char *const *from, size_t count)
{
    const char **copy = calloc(count + 1, sizeof(*copy));
    if (copy) {
        for (size_t i = 0; i < count; i++) {
            copy[i] = from[i];
        }
        copy[count] = "none";
    }
    return copy;
}

struct metrics *metrics_new(const struct metrics_labels *labels)
{
    const struct clock system_time = {0};
    struct metrics *metrics = calloc(1, sizeof(*metrics));

    if (!metrics) {
        return NULL;
    }
    metrics->providers = copy_labels(labels->providers, labels->provider_count);
    metrics->operations = copy_labels(labels->operations, labels->operation_count);
    metrics->provider_count = labels->provider_count + 1;
    metrics->operation_count = labels->operation_count + 1;
    metrics->started_us = clock_now_us(&system_time);
    metrics->series =
        calloc(metrics->provider_count * metrics->operation_count, sizeof(*metrics->series));
    metrics->version_count = labels->version_count;
    metrics->versions = calloc(labels->version_count + 1, sizeof(*metrics->versions));
    metrics->by_version = calloc(metrics->provider_count * (labels->version_count + 2) * SOURCES,
                                 sizeof(*metrics->by_version));
    metrics->misfits = calloc(metrics->provider_count * METRICS_MISFITS, sizeof(*metrics->misfits));
    if (!metrics->providers || !metrics->operations || !metrics->series || !metrics->versions ||
        !metrics->by_version || !metrics->misfits) {
        metrics_free(metrics);
        return NULL;
    }
    for (size_t i = 0; i < labels->version_count; i++) {
        metrics->versions[i] = labels->versions[i];
    }
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (metrics) {
        free(metrics->providers);
        free(metrics->operations);
        free(metrics->series);
        free(metrics->versions);
        free(metrics->by_version);
        free(metrics->misfits);
        free(metrics);
    }
}

static void add(atomic_uint_fast64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static uint64_t get(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add_request(struct series *series, int status, int64_t micros)
{
    size_t status_at = 0;
    size_t bound_at = 0;

    while (status_at < STATUSES - 1 && statuses[status_at] != status) {
        status_at++;
    }
    while (bound_at < BOUNDS && micros > bounds_us[bound_at]) {
        bound_at++;
    }
    add(&series->by_status[status_at], 1);
    add(&series->by_latency[bound_at], 1);
    add(&series->total_us, micros > 0 ? (uint64_t)micros : 0);
}

/* Of the label with this index, of `count` with "none" at the end. */
static size_t place_of(size_t index, size_t count)
{
    return index == METRICS_NONE ? count - 1 : index;
}

void metrics_request(struct metrics *metrics, size_t provider, size_t operation, int status,
                     int64_t micros)
{
    if (!metrics) {
        return;
    }
    provider = place_of(provider, metrics->provider_count);
    operation = place_of(operation, metrics->operation_count);
    if (provider < metrics->provider_count && operation < metrics->operation_count) {
        add_request(&metrics->series[provider * metrics->operation_count + operation], status,
                    micros);
    }
}

/* Of a provider: those with a label, then "other", then "none". */
static atomic_uint_fast64_t *version_counter(const struct metrics *metrics, size_t provider,
                                             size_t version, size_t from)
{
    return &metrics
                ->by_version[(provider * (metrics->version_count + 2) + version) * SOURCES + from];
}

void metrics_version(struct metrics *metrics, size_t provider, uint32_t version,
                     enum metrics_version from)
{
    provider = metrics ? place_of(provider, metrics->provider_count) : provider;
    if (metrics && provider < metrics->provider_count) {
        size_t at = version == 0 ? metrics->version_count + 1 : 0;
        while (at < metrics->version_count && metrics->versions[at] != version) {
            at++;
        }
        add(version_counter(metrics, provider, at, from), 1);
    }
}

void metrics_misfits(struct metrics *metrics, size_t provider,
                     const unsigned counts[METRICS_MISFITS])
{
    provider = metrics ? place_of(provider, metrics->provider_count) : provider;
    for (size_t i = 0; metrics && provider < metrics->provider_count && i < METRICS_MISFITS; i++) {
        add(&metrics->misfits[provider * METRICS_MISFITS + i], counts[i]);
    }
}

uint64_t metrics_misfits_read(const struct metrics *metrics, size_t provider,
                              enum metrics_misfit misfit)
{
    return metrics && provider < metrics->provider_count
               ? get(&metrics->misfits[provider * METRICS_MISFITS + misfit])
               : 0;
}

void metrics_listener_request(struct metrics *metrics, enum metrics_listener listener, int status,
                              int64_t micros)
{
    if (metrics) {
        add_request(&metrics->listeners[listener], status, micros);
    }
}

void metrics_listener_count(struct metrics *metrics, enum metrics_listener listener,
                            enum metrics_listener_counter counter)
{
    if (metrics) {
        add(&metrics->listener_counters[listener][counter], 1);
    }
}

void metrics_count(struct metrics *metrics, enum metrics_counter counter)
{
    if (metrics) {
        add(&metrics->counters[counter], 1);
    }
}

int64_t metrics_bound_us(size_t bucket)
{
    return bucket < BOUNDS ? bounds_us[bucket] : 0;
}

size_t metrics_provider_count(const struct metrics *metrics)
{
    return metrics->provider_count - 1;
}

const char *metrics_provider_name(const struct metrics *metrics, size_t provider)
{
    return metrics->providers[provider];
}

size_t metrics_operation_count(const struct metrics *metrics)
{
    return metrics->operation_count - 1;
}

const char *metrics_operation_name(const struct metrics *metrics, size_t operation)
{
    return metrics->operations[operation];
}

void metrics_read(const struct metrics *metrics, size_t provider, size_t operation,
                  struct metrics_figures *out)
{
    const struct series *series = &metrics->series[provider * metrics->operation_count + operation];
    out->failed = 0;
    for (size_t i = 0; i < STATUSES; i++) {
        out->failed += statuses[i] >= 500 ? get(&series->by_status[i]) : 0;
    }
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        out->buckets[i] = get(&series->by_latency[i]);
    }
}

/* Text format 0.0.4: a header for each name, then its samples. */
static void render_header(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_append_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Who a series is about, as it stands between the braces: "listener=\"hub\"". */
#define LABELS_MAX 256
static void label(char out[LABELS_MAX], const struct metrics *metrics, size_t provider,
                  size_t operation)
{
    snprintf(out, LABELS_MAX, "provider=\"%s\",operation=\"%s\"", metrics->providers[provider],
             metrics->operations[operation]);
}

static void label_listener(char out[LABELS_MAX], size_t listener)
{
    snprintf(out, LABELS_MAX, "listener=\"%s\"", listeners[listener]);
}

static void render_statuses(const struct series *series, const char *name, const char *labels,
                            struct buf *out)
{
    for (size_t i = 0; i < STATUSES; i++) {
        uint64_t count = get(&series->by_status[i]);
        char status[16] = "other";
        if (count == 0) {
            continue;
        }
        if (statuses[i] != 0) {
            snprintf(status, sizeof(status), "%d", statuses[i]);
        }
        buf_append_format(out, "%s{%s,status=\"%s\"} %llu\n", name, labels, status,
                          (unsigned long long)count);
    }
}

static void render_latency(const struct series *series, const char *name, const char *labels,
                           struct buf *out)
{
    uint64_t upto[BOUNDS + 1];
    uint64_t sum = 0;

    for (size_t i = 0; i <= BOUNDS; i++) {
        sum += get(&series->by_latency[i]);
        upto[i] = sum;
    }
    if (sum == 0) {
        return;
    }
    for (size_t i = 0; i <= BOUNDS; i++) {
        char le[24] = "+Inf";
        if (i < BOUNDS) {
            snprintf(le, sizeof(le), "%lld.%06lld", (long long)(bounds_us[i] / 1000000),
                     (long long)(bounds_us[i] % 1000000));
        }
        buf_append_format(out, "%s_bucket{%s,le=\"%s\"} %llu\n", name, labels, le,
                          (unsigned long long)upto[i]);
    }
    uint64_t total = get(&series->total_us);
    buf_append_format(out, "%s_sum{%s} %llu.%06llu\n%s_count{%s} %llu\n", name, labels,
                      (unsigned long long)(total / 1000000), (unsigned long long)(total % 1000000),
                      name, labels, (unsigned long long)sum);
}

static void render_operations(const struct metrics *metrics, struct buf *out)
{
    static const char requests[] = "lfi_requests_total";
    static const char durations[] = "lfi_request_duration_seconds";
    size_t count = metrics->provider_count * metrics->operation_count;
    char labels[LABELS_MAX];

    render_header(out, requests, "counter", "Requests of the Hub answered");
    for (size_t i = 0; i < count; i++) {
        label(labels, metrics, i / metrics->operation_count, i % metrics->operation_count);
        render_statuses(&metrics->series[i], requests, labels, out);
    }
    render_header(out, durations, "histogram", "From request line to reply");
    for (size_t i = 0; i < count; i++) {
        label(labels, metrics, i / metrics->operation_count, i % metrics->operation_count);
        render_latency(&metrics->series[i], durations, labels, out);
    }
}

static void render_versions(const struct metrics *metrics, struct buf *out)
{
    static const char name[] = "lfi_version_requests_total";
    size_t versions = metrics->version_count + 2;

    render_header(out, name, "counter",
                  "Requests by the version of the standard they were served in, none when refused, "
                  "and by what told it");
    for (size_t i = 0; i < metrics->provider_count * versions * SOURCES; i++) {
        size_t provider = i / SOURCES / versions, at = i / SOURCES % versions, from = i % SOURCES;
        uint64_t count = get(version_counter(metrics, provider, at, from));
        char version[16] = "none";
        if (count == 0) {
            continue;
        }
        if (at < metrics->version_count) {
            snprintf(version, sizeof(version), "v%u.%u", metrics->versions[at] >> 16,
                     metrics->versions[at] & 0xffff);
        } else if (at == metrics->version_count) {
            snprintf(version, sizeof(version), "other");
        }
        buf_append_format(out, "%s{provider=\"%s\",version=\"%s\",from=\"%s\"} %llu\n", name,
                          metrics->providers[provider], version, version_sources[from],
                          (unsigned long long)count);
    }
}

static void render_misfits(const struct metrics *metrics, struct buf *out)
{
    static const char name[] = "lfi_name_misfits_total";

    render_header(out, name, "counter",
                  "Names in answers that the version does not take, by what became of them; later: "
                  "that only a later version will not take");
    for (size_t i = 0; i < metrics->provider_count * METRICS_MISFITS; i++) {
        uint64_t count = get(&metrics->misfits[i]);
        if (count > 0) {
            buf_append_format(out, "%s{provider=\"%s\",outcome=\"%s\"} %llu\n", name,
                              metrics->providers[i / METRICS_MISFITS], misfits[i % METRICS_MISFITS],
                              (unsigned long long)count);
        }
    }
}

static void render_listeners(const struct metrics *metrics, struct buf *out)
{
    static const char requests[] = "lfi_listener_requests_total";
    static const char durations[] = "lfi_listener_request_duration_seconds";
    char labels[LABELS_MAX];

    render_header(out, requests, "counter", "Requests answered by a listener, refusals included");
    for (size_t i = 0; i < METRICS_LISTENERS; i++) {
        label_listener(labels, i);
        render_statuses(&metrics->listeners[i], requests, labels, out);
    }
    render_header(out, durations, "histogram", "From request line to the end of the reply");
    for (size_t i = 0; i < METRICS_LISTENERS; i++) {
        label_listener(labels, i);
        render_latency(&metrics->listeners[i], durations, labels, out);
    }
    for (size_t c = 0; c < METRICS_LISTENER_COUNTERS; c++) {
        render_header(out, listener_counters[c].name, "counter", listener_counters[c].help);
        for (size_t i = 0; i < METRICS_LISTENERS; i++) {
            buf_append_format(out, "%s{listener=\"%s\"} %llu\n", listener_counters[c].name,
                              listeners[i],
                              (unsigned long long)get(&metrics->listener_counters[i][c]));
        }
    }
}

static void render_process(const struct metrics *metrics, struct buf *out)
{
    struct memory_use use;

    if (memory_look(&use)) {
        render_header(out, "process_resident_memory_bytes", "gauge", "Resident memory");
        buf_append_format(out, "process_resident_memory_bytes %zu\n", use.resident_bytes);
    }
    render_header(out, "process_start_time_seconds", "gauge", "Start, seconds since the epoch");
    buf_append_format(out, "process_start_time_seconds %lld\n",
                      (long long)(metrics->started_us / 1000000));
}

void metrics_render(const struct metrics *metrics, struct buf *out)
{
    render_operations(metrics, out);
    render_versions(metrics, out);
    render_misfits(metrics, out);
    render_listeners(metrics, out);
    for (size_t i = 0; i < METRICS_COUNTERS; i++) {
        render_header(out, counters[i].name, "counter", counters[i].help);
        buf_append_format(out, "%s %llu\n", counters[i].name,
                          (unsigned long long)get(&metrics->counters[i]));
    }
    render_process(metrics, out);
}
