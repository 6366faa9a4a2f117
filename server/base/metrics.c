#include "base/metrics.h"

#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Statuses that the contracts know; the last entry stands for all others. */
static const int statuses[] = {200, 201, 202, 204, 303, 304, 400, 401, 403, 404, 405, 408, 409,
                               413, 414, 415, 422, 429, 431, 500, 501, 502, 503, 504, 0};
#define STATUSES (sizeof(statuses) / sizeof(statuses[0]))

static const int64_t bounds_us[] = {100,   250,   500,    1000,   2500,    5000,   10000,
                                    25000, 50000, 100000, 250000, 1000000, 5000000};
#define BOUNDS (sizeof(bounds_us) / sizeof(bounds_us[0]))

struct series {
    atomic_uint_fast64_t by_status[STATUSES];
    atomic_uint_fast64_t by_latency[BOUNDS + 1]; /* each request in one; summed up on rendering */
    atomic_uint_fast64_t total_us;
};

struct metrics {
    const char **providers; /* one more than given: "none" */
    const char **operations;
    size_t provider_count; /* "none" included */
    size_t operation_count;
    int64_t started_us;
    struct series *series; /* provider_count × operation_count */
    atomic_uint_fast64_t counters[METRICS_COUNTERS];
};

static const struct {
    const char *name, *help;
} counters[METRICS_COUNTERS] = {
    [METRICS_REFUSED_BUSY] = {"lfi_refused_busy_total", "Requests answered 503: no free worker"},
    [METRICS_REFUSED_MALFORMED] = {"lfi_refused_malformed_total",
                                   "Requests that broke a framing rule or limit"},
    [METRICS_CONNECTIONS_DROPPED] = {"lfi_connections_dropped_total",
                                     "Slow connections ended, so that others find room"},
    [METRICS_ACCEPT_FAILED] = {"lfi_accept_failed_total",
                               "Failures to take a connection: open files, memory"},
    [METRICS_REFUSED_CALLER] = {"lfi_refused_caller_total", "Requests of callers not accepted"},
    [METRICS_REFUSED_SHARE] = {"lfi_refused_share_total",
                               "Requests refused because their provider held all its workers"},
    [METRICS_CONTRACT_RESPONSE] = {"lfi_contract_response_total",
                                   "Replies that broke the contract"},
    [METRICS_JWKS_FETCHED] = {"lfi_jwks_fetched_total", "Key sets fetched"},
    [METRICS_JWKS_FAILED] = {"lfi_jwks_failed_total", "Key sets that could not be had"},
    [METRICS_HUB_CALLS] = {"lfi_hub_calls_total", "Calls to the Hub"},
    [METRICS_HUB_FAILED] = {"lfi_hub_failed_total", "Calls to the Hub that failed"},
};

static const char **copy_labels(const char *const *from, size_t count)
{
    const char **copy = calloc(count + 1, sizeof(*copy));
    if (copy != NULL) {
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

    if (metrics == NULL) {
        return NULL;
    }
    metrics->providers = copy_labels(labels->providers, labels->provider_count);
    metrics->operations = copy_labels(labels->operations, labels->operation_count);
    metrics->provider_count = labels->provider_count + 1;
    metrics->operation_count = labels->operation_count + 1;
    metrics->started_us = clock_now_us(&system_time);
    metrics->series =
        calloc(metrics->provider_count * metrics->operation_count, sizeof(*metrics->series));
    if (metrics->providers == NULL || metrics->operations == NULL || metrics->series == NULL) {
        metrics_free(metrics);
        return NULL;
    }
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (metrics != NULL) {
        free(metrics->providers);
        free(metrics->operations);
        free(metrics->series);
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

void metrics_request(struct metrics *metrics, size_t provider, size_t operation, int status,
                     int64_t micros)
{
    size_t status_at = 0;
    size_t bound_at = 0;

    if (metrics == NULL || provider >= metrics->provider_count ||
        operation >= metrics->operation_count) {
        return;
    }
    struct series *series = &metrics->series[provider * metrics->operation_count + operation];
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

void metrics_count(struct metrics *metrics, enum metrics_counter counter)
{
    if (metrics != NULL) {
        add(&metrics->counters[counter], 1);
    }
}

/* Text format 0.0.4: a header for each name, then its samples. */
static void render_header(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_append_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void render_statuses(const struct metrics *metrics, size_t provider, size_t operation,
                            struct buf *out)
{
    const struct series *series = &metrics->series[provider * metrics->operation_count + operation];

    for (size_t i = 0; i < STATUSES; i++) {
        uint64_t count = get(&series->by_status[i]);
        char status[16] = "other";
        if (count == 0) {
            continue;
        }
        if (statuses[i] != 0) {
            snprintf(status, sizeof(status), "%d", statuses[i]);
        }
        buf_append_format(
            out, "lfi_requests_total{provider=\"%s\",operation=\"%s\",status=\"%s\"} %llu\n",
            metrics->providers[provider], metrics->operations[operation], status,
            (unsigned long long)count);
    }
}

static void render_latency(const struct metrics *metrics, size_t provider, size_t operation,
                           struct buf *out)
{
    const struct series *series = &metrics->series[provider * metrics->operation_count + operation];
    const char *p = metrics->providers[provider];
    const char *o = metrics->operations[operation];
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
        buf_append_format(
            out,
            "lfi_request_duration_seconds_bucket{provider=\"%s\",operation=\"%s\",le=\"%s\"} "
            "%llu\n",
            p, o, le, (unsigned long long)upto[i]);
    }
    uint64_t total = get(&series->total_us);
    buf_append_format(
        out,
        "lfi_request_duration_seconds_sum{provider=\"%s\",operation=\"%s\"} %llu.%06llu\n"
        "lfi_request_duration_seconds_count{provider=\"%s\",operation=\"%s\"} %llu\n",
        p, o, (unsigned long long)(total / 1000000), (unsigned long long)(total % 1000000), p, o,
        (unsigned long long)sum);
}

static void render_process(const struct metrics *metrics, struct buf *out)
{
    unsigned long long pages = 0;

    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL) {
        if (fscanf(file, "%*u %llu", &pages) != 1) {
            pages = 0;
        }
        fclose(file);
    }
    if (pages > 0) {
        render_header(out, "process_resident_memory_bytes", "gauge", "Resident memory");
        buf_append_format(out, "process_resident_memory_bytes %llu\n",
                          pages * (unsigned long long)sysconf(_SC_PAGESIZE));
    }
    render_header(out, "process_start_time_seconds", "gauge", "Start, seconds since the epoch");
    buf_append_format(out, "process_start_time_seconds %lld\n",
                      (long long)(metrics->started_us / 1000000));
}

void metrics_render(const struct metrics *metrics, struct buf *out)
{
    render_header(out, "lfi_requests_total", "counter", "Requests answered");
    for (size_t p = 0; p < metrics->provider_count; p++) {
        for (size_t o = 0; o < metrics->operation_count; o++) {
            render_statuses(metrics, p, o, out);
        }
    }
    render_header(out, "lfi_request_duration_seconds", "histogram", "From request line to reply");
    for (size_t p = 0; p < metrics->provider_count; p++) {
        for (size_t o = 0; o < metrics->operation_count; o++) {
            render_latency(metrics, p, o, out);
        }
    }
    for (size_t i = 0; i < METRICS_COUNTERS; i++) {
        render_header(out, counters[i].name, "counter", counters[i].help);
        buf_append_format(out, "%s %llu\n", counters[i].name,
                          (unsigned long long)get(&metrics->counters[i]));
    }
    render_process(metrics, out);
}
