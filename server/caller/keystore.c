#include "caller/keystore.h"

#include "base/limits.h"
#include "http/client.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define SECOND_US INT64_C(1000000)
#define ADDRESSES_MAX 64
#define CACHE_US (LIMIT_JWKS_CACHE_S * SECOND_US)
#define REFRESH_US (CACHE_US / 5 * 4) /* age at which the background thread fetches anew */
#define REFETCH_US (LIMIT_JWKS_REFETCH_S * SECOND_US)
#define REFETCH_GAP_US (LIMIT_JWKS_REFETCH_GAP_S * SECOND_US)
#define FAILURE_US SECOND_US /* how long a failure is answered without another try */
#define TICK_MS 1000         /* how often the background thread looks */
#define LEFT_OUT_BYTES 4096  /* of a log line, on entries that are left out */

/* Times are of the movable clock; INT64_MIN means never. */
struct entry {
    char *url;           /* NULL: the place is free */
    unsigned algorithms; /* of the keys that are read */
    struct jose_keyset *set;
    int64_t fetched_us;   /* when the fetch of `set` began */
    int64_t failed_us;    /* when the last fetch failed; never after a good one */
    int64_t refetched_us; /* when an unknown kid last caused a fetch */
    int64_t arrival_us;   /* rate limit of refetches (GCRA): the theoretical arrival time */
    int64_t used_us;
    bool fetching; /* another thread fetches: wait for `changed` */
    int waiting;   /* callers that fetch or wait. The place is kept meanwhile */
    char failure[sizeof(((struct lfi_error *)0)->message)];
};

struct keystore {
    atomic_uint owners;
    struct keystore_config config;
    struct http_client *client;
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t lock; /* guards what follows, never held during a fetch */
    pthread_cond_t changed;
    bool stopping;
    int waiting; /* of all entries */
    struct entry entries[ADDRESSES_MAX];
};

/* Also true when the clock was turned back behind `since`. */
static bool is_past(int64_t now, int64_t since, int64_t span)
{
    return since == INT64_MIN || now < since || now - since >= span;
}

static bool is_fresh(const struct entry *entry, int64_t now)
{
    return entry->set && !is_past(now, entry->fetched_us, CACHE_US);
}

/* --- waiting ---------------------------------------------------------------------------------- */

static struct timespec deadline_in(int ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static int init_waiting(struct keystore *store)
{
    pthread_condattr_t attributes;

    if (pthread_mutex_init(&store->lock, NULL) != 0 || pthread_condattr_init(&attributes) != 0) {
        return -1;
    }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int rc = pthread_cond_init(&store->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return rc;
}

/* --- fetching --------------------------------------------------------------------------------- */

/*
 * Nothing is published there: the holder's fault, not the key store's. An earlier set is kept as
 * long as it counts.
 */
static bool is_unpublished(const struct keystore *store, const struct entry *entry, int status)
{
    return status == 404 && !is_fresh(entry, clock_now_us(store->config.clock));
}

static int download(const struct keystore *store, const struct entry *entry,
                    struct jose_keyset **out, struct lfi_error *error)
{
    int rc = -1;
    const struct http_call call = {.method = "GET", .url = entry->url};
    struct http_answer answer;

    *out = NULL;
    http_answer_init(&answer, LIMIT_JWKS_BYTES);
    if (http_client_call(store->client, &call, &answer, error) != 0) {
        goto out;
    }
    if (is_unpublished(store, entry, answer.status)) {
        rc = jose_keyset_parse(out, SLICE("{\"keys\":[]}"), entry->algorithms, error);
        error_set(error, "the key store publishes nothing there (404)");
        goto out;
    }
    if (answer.status != 200) {
        error_set(error, "the key store answered %d", answer.status);
        goto out;
    }
    rc = jose_keyset_parse(out, buf_slice(&answer.body), entry->algorithms, error);
out:
    http_answer_free(&answer);
    return rc;
}

/* `why` there is no set, or an empty one; else "". */
static void report(const struct keystore *store, const char *url, int64_t micros,
                   const struct jose_keyset *set, const char *why)
{
    if (set) {
        struct buf left_out;
        buf_init(&left_out, LEFT_OUT_BYTES);
        jose_keyset_describe_left_out(set, &left_out);
        buf_append_text(&left_out, why);
        metrics_count(store->config.metrics, why[0] ? METRICS_JWKS_FAILED : METRICS_JWKS_FETCHED);
        LOG_EVENT(store->config.log, jose_keyset_usable(set) > 0 ? LOG_INFO : LOG_WARN,
                  "jwks-fetched", LOG_TEXT("url", slice_of(url)), LOG_NUMBER("us", micros),
                  LOG_NUMBER("keys", (int64_t)jose_keyset_usable(set)),
                  LOG_NUMBER("leftOut", (int64_t)jose_keyset_left_out(set)),
                  LOG_TEXT("reasons", buf_slice(&left_out)));
        buf_free(&left_out);
    } else {
        metrics_count(store->config.metrics, METRICS_JWKS_FAILED);
        LOG_EVENT(store->config.log, LOG_WARN, "jwks-failed", LOG_TEXT("url", slice_of(url)),
                  LOG_TEXT("reason", slice_of(why)), LOG_NUMBER("us", micros));
    }
}

/* Called with the lock held; gives it up for the fetch. The entry keeps its old set on failure. */
static void fetch(struct keystore *store, struct entry *entry)
{
    struct jose_keyset *set = NULL;
    struct lfi_error error = {""};
    const int64_t began_us = clock_now_us(store->config.clock);
    const int64_t began_monotonic_us = clock_monotonic_us();

    entry->fetching = true;
    pthread_mutex_unlock(&store->lock);
    int rc = download(store, entry, &set, &error);
    report(store, entry->url, clock_monotonic_us() - began_monotonic_us, set, error.message);
    pthread_mutex_lock(&store->lock);

    if (rc == 0) {
        jose_keyset_free(entry->set);
        entry->set = set;
        entry->fetched_us = began_us;
        entry->failed_us = INT64_MIN;
        entry->failure[0] = '\0';
    } else {
        entry->failed_us = clock_now_us(store->config.clock);
        memcpy(entry->failure, error.message, sizeof(entry->failure));
    }
    entry->fetching = false;
    pthread_cond_broadcast(&store->changed);
}

/* Old, still in use since it was fetched, and not just tried in vain. */
static bool wants_refresh(const struct entry *entry, int64_t now)
{
    return entry->set && !entry->fetching && entry->used_us >= entry->fetched_us &&
           is_past(now, entry->fetched_us, REFRESH_US) &&
           is_past(now, entry->failed_us, REFETCH_US);
}

static void *run_background(void *ctx)
{
    struct keystore *store = ctx;

    pthread_mutex_lock(&store->lock);
    while (!store->stopping) {
        const struct timespec until = deadline_in(TICK_MS);
        while (!store->stopping &&
               pthread_cond_timedwait(&store->changed, &store->lock, &until) != ETIMEDOUT) {
        }
        for (size_t i = 0; i < ADDRESSES_MAX && !store->stopping; i++) {
            if (wants_refresh(&store->entries[i], clock_now_us(store->config.clock))) {
                fetch(store, &store->entries[i]);
            }
        }
    }
    pthread_mutex_unlock(&store->lock);
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

int keystore_new(struct keystore **out, const struct keystore_config *config,
                 struct lfi_error *error)
{
    const struct http_client_config client = {.ca_file = config->ca_file,
                                              .timeout_ms = config->timeout_ms,
                                              .reply_bytes = LIMIT_JWKS_BYTES};
    struct keystore *store = calloc(1, sizeof(*store));

    *out = NULL;
    if (!store || init_waiting(store) != 0) {
        free(store);
        return error_set(error, "out of memory");
    }
    atomic_init(&store->owners, 1);
    store->config = *config;
    store->config.previous = NULL;
    if (http_client_new(&store->client, &client, error) != 0) {
        goto fail;
    }
    if (config->previous && http_client_is_same(store->client, config->previous->client)) {
        keystore_free(store);
        atomic_fetch_add_explicit(&config->previous->owners, 1, memory_order_relaxed);
        *out = config->previous;
        return 0;
    }
    if (pthread_create(&store->thread, NULL, run_background, store) != 0) {
        error_set(error, "no thread for the key sets");
        goto fail;
    }
    store->has_thread = true;
    *out = store;
    return 0;
fail:
    keystore_free(store);
    return -1;
}

void keystore_free(struct keystore *store)
{
    if (!store || atomic_fetch_sub_explicit(&store->owners, 1, memory_order_acq_rel) > 1) {
        return;
    }
    if (store->has_thread) {
        pthread_mutex_lock(&store->lock);
        store->stopping = true;
        pthread_cond_broadcast(&store->changed);
        pthread_mutex_unlock(&store->lock);
        pthread_join(store->thread, NULL);
    }
    for (size_t i = 0; i < ADDRESSES_MAX; i++) {
        free(store->entries[i].url);
        jose_keyset_free(store->entries[i].set);
    }
    http_client_free(store->client);
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

/* --- asking ----------------------------------------------------------------------------------- */

static bool is_for(const struct entry *entry, struct lfi_slice url, unsigned algorithms)
{
    return entry->url && slice_equal_text(url, entry->url) && entry->algorithms == algorithms;
}

/* The entry of this address, made when there is none; NULL when every place is needed. */
static struct entry *find_entry(struct keystore *store, struct lfi_slice url, unsigned algorithms)
{
    struct entry *place = NULL;

    for (size_t i = 0; i < ADDRESSES_MAX; i++) {
        struct entry *entry = &store->entries[i];
        if (is_for(entry, url, algorithms)) {
            return entry;
        }
        if (entry->fetching || entry->waiting > 0 || (place && !place->url)) {
            continue;
        }
        if (!place || !entry->url || entry->used_us < place->used_us) {
            place = entry;
        }
    }
    char *copy = place ? strndup(url.ptr, url.len) : NULL;
    if (!copy) {
        return NULL;
    }
    free(place->url);
    jose_keyset_free(place->set);
    *place = (struct entry){.url = copy,
                            .algorithms = algorithms,
                            .fetched_us = INT64_MIN,
                            .failed_us = INT64_MIN,
                            .refetched_us = INT64_MIN,
                            .arrival_us = INT64_MIN};
    return place;
}

/* Until the fetch that is under way has ended, or has taken too long. */
static void wait_for_fetch(struct keystore *store, const struct entry *entry)
{
    const struct timespec until = deadline_in(store->config.timeout_ms);

    while (entry->fetching) {
        if (pthread_cond_timedwait(&store->changed, &store->lock, &until) == ETIMEDOUT) {
            break;
        }
    }
}

/*
 * Whether an unknown kid may cause a fetch now, which is then counted. The rate limit allows a
 * fetch every LIMIT_JWKS_REFETCH_S and LIMIT_JWKS_REFETCHES in a burst, so that a kid that was
 * unknown a moment too early does not keep a newly published key waiting.
 */
static bool claim_refetch(struct entry *entry, int64_t now)
{
    if (!is_past(now, entry->refetched_us, REFETCH_GAP_US)) {
        return false;
    }
    /* Too far ahead: the clock was turned back. */
    bool ahead =
        entry->arrival_us > now && entry->arrival_us - now <= LIMIT_JWKS_REFETCHES * REFETCH_US;
    int64_t arrival_us = ahead ? entry->arrival_us : now;
    if (arrival_us - now > (LIMIT_JWKS_REFETCHES - 1) * REFETCH_US) {
        return false;
    }
    entry->arrival_us = arrival_us + REFETCH_US;
    entry->refetched_us = now;
    return true;
}

static bool may_wait(const struct keystore *store, const struct entry *entry)
{
    int all = store->config.waiting_max;
    return all == 0 || (store->waiting < all && entry->waiting < (2 * all + 2) / 3);
}

/* Fetches the set, or waits for who does, unless that was just tried. */
static void update(struct keystore *store, struct entry *entry, int64_t now)
{
    store->waiting++;
    entry->waiting++;
    if (entry->fetching) {
        wait_for_fetch(store, entry);
    } else if (is_fresh(entry, now) ? claim_refetch(entry, now)
                                    : is_past(now, entry->failed_us, FAILURE_US)) {
        fetch(store, entry);
    }
    entry->waiting--;
    store->waiting--;
}

struct jose_keyset *keystore_acquire(struct keystore *store, struct lfi_slice url,
                                     unsigned algorithms, struct lfi_slice kid,
                                     struct lfi_error *error)
{
    struct jose_keyset *set = NULL;

    pthread_mutex_lock(&store->lock);
    int64_t now = clock_now_us(store->config.clock);
    struct entry *entry = find_entry(store, url, algorithms);
    if (!entry) {
        error_set(error, "too many key sets are being fetched");
        goto out;
    }
    entry->used_us = now;
    if (!is_fresh(entry, now) || !jose_keyset_has(entry->set, kid)) {
        if (!may_wait(store, entry)) {
            error_set(error, "too many callers wait for key sets");
            goto out;
        }
        update(store, entry, now);
    }
    if (is_fresh(entry, clock_now_us(store->config.clock))) {
        set = jose_keyset_share(entry->set);
    } else {
        error_set(error, "%s", entry->fetching ? "timed out" : entry->failure);
    }
out:
    pthread_mutex_unlock(&store->lock);
    return set;
}
