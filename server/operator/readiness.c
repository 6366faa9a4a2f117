#include "operator/readiness.h"

#include "base/array.h"
#include "base/crash.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/notify.h"
#include "provider/core_call.h"

#include <lfi/core.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_S 2       /* between two questions to a core, and two looks at the rest */
#define ANSWER_MS 5000 /* a core that takes longer does not answer */
#define DAY_US INT64_C(86400000000)

/* One core, or the state, and the thread that asks it. */
struct probe {
    struct readiness *readiness;
    const struct provider *provider; /* NULL: the state is asked */
    pthread_t thread;
    bool started;
    int64_t asked_us; /* 0: no call runs */
    bool failing;
    char reason[160];
    struct lfi_health health;
};

struct readiness {
    struct readiness_config config;
    pthread_mutex_t lock; /* guards all below, and what the probes have found */
    pthread_cond_t wake;
    bool stopping;
    size_t listener_count; /* 0 when they are about to end */
    struct material material;
    int64_t warned_us; /* when certificates about to expire were told last */
    bool expired_told[MATERIAL_MAX];
    pthread_t watcher;
    bool watching;
    size_t probe_count;
    struct probe *probes;            /* of each provider's core, then of the state */
    struct state_task_counts *tasks; /* by provider index */
    struct state_task_counts *asked; /* the same, while the state is being asked */
};

static time_t now_s(void)
{
    const struct clock system_time = {0};

    return (time_t)(clock_now_us(&system_time) / 1000000);
}

/* --- cores and state -------------------------------------------------------------------------- */

int readiness_ask_core(const struct provider *provider, struct lfi_health *out,
                       struct lfi_error *error)
{
    const struct lfi_call call = core_call(provider->host, NULL);
    if (PROVIDER_HAS(provider, health)) {
        return provider->ops->health(provider->core, &call, out, error);
    }
    int status = provider->customers->exists(provider->core, &call, SLICE("readiness"), error);
    return status == LFI_UNKNOWN ? LFI_OK : status;
}

static int ask_state(struct readiness *readiness, struct lfi_health *out, struct lfi_error *error)
{
    const struct provider_set *providers = readiness->config.providers;
    struct state_health health;
    int status = state_health(readiness->config.state, &health, error);

    out->used_bytes = health.used_bytes;
    out->limit_bytes = health.limit_bytes;
    for (size_t i = 0; i < provider_count(providers) && status == LFI_OK; i++) {
        const struct state_ref all = {.state = readiness->config.state,
                                      .provider_id = provider_at(providers, i)->id};
        status = state_task_counts(&all, &readiness->asked[i], error);
    }
    return status;
}

static void tell_change(const struct probe *probe, bool failing, const char *reason)
{
    static const char *const events[2][2] = {{"state-works", "state-failing"},
                                             {"core-works", "core-failing"}};

    LOG_EVENT(probe->readiness->config.log, failing ? LOG_ERROR : LOG_INFO,
              events[probe->provider ? 1 : 0][failing],
              LOG_TEXT("provider", slice_of(probe->provider ? probe->provider->id : NULL)),
              LOG_TEXT("reason", slice_of(failing ? reason : NULL)));
}

static void ask_once(struct probe *probe)
{
    struct readiness *readiness = probe->readiness;
    struct lfi_error error = {""};
    struct lfi_health health = {.size = sizeof(health)};

    pthread_mutex_lock(&readiness->lock);
    probe->asked_us = clock_monotonic_us();
    pthread_mutex_unlock(&readiness->lock);
    crash_note(probe->provider ? probe->provider->id : NULL, "readiness");
    int status = probe->provider ? readiness_ask_core(probe->provider, &health, &error)
                                 : ask_state(readiness, &health, &error);
    bool failing = status != LFI_OK;
    crash_note(NULL, NULL);
    pthread_mutex_lock(&readiness->lock);
    bool changed = failing != probe->failing;
    probe->asked_us = 0;
    probe->failing = failing;
    probe->health = health;
    if (!probe->provider && !failing) {
        memcpy(readiness->tasks, readiness->asked,
               provider_count(readiness->config.providers) * sizeof(*readiness->tasks));
    }
    snprintf(probe->reason, sizeof(probe->reason), "%.150s",
             error.message[0] != '\0' ? error.message : "the call failed");
    pthread_mutex_unlock(&readiness->lock);
    if (changed) {
        tell_change(probe, failing, error.message);
    }
}

/* Returns false when it is time to end. */
static bool pause_a_while(struct readiness *readiness)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LOOK_S;
    pthread_mutex_lock(&readiness->lock);
    if (!readiness->stopping) {
        (void)pthread_cond_timedwait(&readiness->wake, &readiness->lock, &until);
    }
    bool more = !readiness->stopping;
    pthread_mutex_unlock(&readiness->lock);
    return more;
}

static void *ask_again(void *ctx)
{
    struct probe *probe = ctx;

    crash_thread_begin();
    while (pause_a_while(probe->readiness)) {
        ask_once(probe);
    }
    crash_thread_end();
    return NULL;
}

/* --- certificates, memory and the service manager --------------------------------------------- */

static bool ends_now(const struct material_certificate *one)
{
    return one->not_after != 0 && one->not_after <= now_s();
}

/* Each that has ended, once; those that are about to, once a day. */
static void tell_certificates(struct readiness *readiness)
{
    struct material material;
    bool ended[MATERIAL_MAX] = {false};

    pthread_mutex_lock(&readiness->lock);
    bool due = clock_monotonic_us() - readiness->warned_us >= DAY_US;
    if (due) {
        readiness->warned_us = clock_monotonic_us();
    }
    material = readiness->material;
    for (size_t i = 0; i < material.count; i++) {
        bool over = ends_now(&material.certificates[i]);
        ended[i] = over && !readiness->expired_told[i];
        readiness->expired_told[i] = over;
    }
    pthread_mutex_unlock(&readiness->lock);
    for (size_t i = 0; i < material.count; i++) {
        int days = material_days_left(&material.certificates[i], now_s());
        const struct material_certificate *one = &material.certificates[i];
        if (ended[i]) {
            LOG_EVENT(readiness->config.log, LOG_ERROR,
                      one->secret ? "secret-expired" : "certificate-expired",
                      LOG_TEXT("setting", slice_of(one->setting)),
                      LOG_TEXT("subject", slice_of(one->subject)));
        } else if (due && !one->covered && days < MATERIAL_WARN_DAYS) {
            LOG_EVENT(readiness->config.log, LOG_WARN,
                      one->secret ? "secret-expires" : "certificate-expires",
                      LOG_TEXT("setting", slice_of(one->setting)),
                      LOG_TEXT("subject", slice_of(one->subject)), LOG_NUMBER("daysLeft", days));
        }
    }
}

static bool listeners_are_alive(struct readiness *readiness)
{
    bool alive = true;

    pthread_mutex_lock(&readiness->lock);
    for (size_t i = 0; i < readiness->listener_count; i++) {
        alive = alive && http_listener_is_alive(readiness->config.listeners[i].listener);
    }
    pthread_mutex_unlock(&readiness->lock);
    return alive;
}

/* A core that hangs is no reason to be started again: it would take the others along. */
static void *watch(void *ctx)
{
    struct readiness *readiness = ctx;
    struct memory_keeper keeper = {0};

    do {
        tell_certificates(readiness);
        (void)memory_give_back(&keeper);
        if (listeners_are_alive(readiness)) {
            notify_service_manager("WATCHDOG=1");
        }
    } while (pause_a_while(readiness));
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static int start_threads(struct readiness *readiness, struct lfi_error *error)
{
    const struct provider_set *providers = readiness->config.providers;

    size_t cores = provider_count(providers);

    for (; readiness->probe_count < cores + 1; readiness->probe_count++) {
        struct probe *probe = &readiness->probes[readiness->probe_count];
        probe->readiness = readiness;
        probe->provider =
            readiness->probe_count < cores ? provider_at(providers, readiness->probe_count) : NULL;
        ask_once(probe);
        probe->started = pthread_create(&probe->thread, NULL, ask_again, probe) == 0;
        if (!probe->started) {
            return error_set(error, "no thread for readiness");
        }
    }
    readiness->warned_us = clock_monotonic_us();
    readiness->watching = pthread_create(&readiness->watcher, NULL, watch, readiness) == 0;
    return readiness->watching ? 0 : error_set(error, "no thread for readiness");
}

int readiness_start(struct readiness **out, const struct readiness_config *config,
                    struct lfi_error *error)
{
    pthread_condattr_t attributes;
    struct readiness *readiness = calloc(1, sizeof(*readiness));

    if (!readiness) {
        return error_set(error, "out of memory");
    }
    readiness->config = *config;
    readiness->listener_count = READINESS_LISTENERS;
    pthread_mutex_init(&readiness->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&readiness->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    size_t cores = provider_count(config->providers);
    readiness->probes = calloc(cores + 1, sizeof(*readiness->probes));
    readiness->tasks = calloc(cores, sizeof(*readiness->tasks));
    readiness->asked = calloc(cores, sizeof(*readiness->asked));
    bool has_memory = readiness->probes && readiness->tasks && readiness->asked;
    if (!has_memory || start_threads(readiness, error) != 0) {
        if (!has_memory) {
            error_set(error, "out of memory");
        }
        readiness_stop(readiness);
        return -1;
    }
    *out = readiness;
    return 0;
}

void readiness_stop(struct readiness *readiness)
{
    if (!readiness) {
        return;
    }
    pthread_mutex_lock(&readiness->lock);
    readiness->stopping = true;
    pthread_cond_broadcast(&readiness->wake);
    pthread_mutex_unlock(&readiness->lock);
    for (size_t i = 0; readiness->probes && i <= provider_count(readiness->config.providers); i++) {
        if (readiness->probes[i].started) {
            pthread_join(readiness->probes[i].thread, NULL);
        }
    }
    if (readiness->watching) {
        pthread_join(readiness->watcher, NULL);
    }
    pthread_cond_destroy(&readiness->wake);
    pthread_mutex_destroy(&readiness->lock);
    free(readiness->probes);
    free(readiness->tasks);
    free(readiness->asked);
    free(readiness);
}

void readiness_forget_listeners(struct readiness *readiness)
{
    if (readiness) {
        pthread_mutex_lock(&readiness->lock);
        readiness->listener_count = 0;
        pthread_mutex_unlock(&readiness->lock);
    }
}

void readiness_set_material(struct readiness *readiness, const struct material *material)
{
    pthread_mutex_lock(&readiness->lock);
    readiness->material = *material;
    memset(readiness->expired_told, 0, sizeof(readiness->expired_told));
    pthread_mutex_unlock(&readiness->lock);
}

/* Bundles may have the same certificate twice. */
static bool is_repeated(const struct material *material, size_t index)
{
    const struct material_certificate *one = &material->certificates[index];

    for (size_t i = 0; i < index; i++) {
        const struct material_certificate *other = &material->certificates[i];
        if (strcmp(one->setting, other->setting) == 0 && strcmp(one->serial, other->serial) == 0 &&
            strcmp(one->subject, other->subject) == 0) {
            return true;
        }
    }
    return false;
}

void readiness_get_material(struct readiness *readiness, struct material *out)
{
    out->count = 0;
    pthread_mutex_lock(&readiness->lock);
    for (size_t i = 0; i < readiness->material.count; i++) {
        if (!is_repeated(&readiness->material, i)) {
            out->certificates[out->count++] = readiness->material.certificates[i];
        }
    }
    pthread_mutex_unlock(&readiness->lock);
}

/* --- what is told ----------------------------------------------------------------------------- */

/* One part. `reason` NULL: it works; else `status` says how badly it does not. */
static void append_status(struct buf *out, const char *part, const char *status, const char *reason)
{
    char escaped[512];

    buf_append_format(out, "%s{\"part\":\"%s\",\"status\":\"%s\"",
                      out->ptr[out->len - 1] == '[' ? "" : ",", part, reason ? status : "ok");
    if (reason) {
        struct lfi_slice text = slice_of(reason);
        size_t len = json_escape(&text, escaped, sizeof(escaped));
        buf_append_format(out, ",\"reason\":\"%.*s\"", (int)len, escaped);
    }
    buf_append_text(out, "}");
}

static void append_part(struct buf *out, const char *kind, const char *name, const char *reason)
{
    char part[512];

    snprintf(part, sizeof(part), "%s %s", kind, name);
    append_status(out, part, "failing", reason);
}

/* Parked tasks wait for an operator; no instance would serve better. */
static void append_tasks(struct buf *out, const char *provider, uint64_t parked)
{
    char part[128];
    char reason[128];

    snprintf(part, sizeof(part), "tasks %s", provider);
    snprintf(reason, sizeof(reason), "%llu parked: GET /operator/%s/tasks",
             (unsigned long long)parked, provider);
    append_status(out, part, "degraded", parked > 0 ? reason : NULL);
}

static const char *fault_of(const struct probe *probe)
{
    if (probe->asked_us != 0 &&
        clock_monotonic_us() - probe->asked_us > (int64_t)ANSWER_MS * 1000) {
        return probe->provider ? "the core does not answer" : "the state does not answer";
    }
    return probe->failing ? probe->reason : NULL;
}

bool readiness_append(struct readiness *readiness, bool stopping, struct buf *out)
{
    struct buf parts;
    bool ready = !stopping;

    buf_init(&parts, 64 * 1024);
    buf_append_text(&parts, "[");
    pthread_mutex_lock(&readiness->lock);
    for (size_t i = 0; i < readiness->listener_count; i++) {
        bool alive = http_listener_is_alive(readiness->config.listeners[i].listener);
        append_part(&parts, "listener", readiness->config.listeners[i].name,
                    alive ? NULL : "its accepting thread stands still");
        ready = ready && alive;
    }
    for (size_t i = 0; i < readiness->probe_count; i++) {
        const struct provider *provider = readiness->probes[i].provider;
        const char *fault = fault_of(&readiness->probes[i]);
        if (provider) {
            append_part(&parts, "core", provider->id, fault);
            append_tasks(&parts, provider->id, readiness->tasks[i].parked);
        } else {
            append_status(&parts, "state", "failing", fault);
        }
        ready = ready && !fault;
    }
    for (size_t i = 0; i < readiness->material.count; i++) {
        const struct material_certificate *one = &readiness->material.certificates[i];
        bool over = ends_now(one);
        if (one->needed) {
            append_part(&parts, "certificate", one->setting, over ? "has expired" : NULL);
            ready = ready && !over;
        }
    }
    pthread_mutex_unlock(&readiness->lock);
    buf_append_format(out, "{\"status\":\"%s\",\"parts\":%.*s]}\n",
                      stopping ? "stopping" : (ready ? "ready" : "not ready"),
                      (int)buf_slice(&parts).len, buf_slice(&parts).ptr);
    buf_free(&parts);
    return ready;
}

static void append_gauge(struct buf *out, const char *name, const char *help)
{
    buf_append_format(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* How much of each listener's limits is in use; the caller has the lock. */
static void append_listeners(const struct readiness *readiness, struct buf *out)
{
    static const struct {
        const char *name, *help;
        size_t offset;
    } gauges[] = {
        {"lfi_workers", "Requests that are served at once, at most",
         offsetof(struct http_listener_use, workers)},
        {"lfi_workers_busy", "Workers with a connection",
         offsetof(struct http_listener_use, workers_busy)},
        {"lfi_connections_limit", "Connections that are kept, at most",
         offsetof(struct http_listener_use, connections_limit)},
        {"lfi_connections", "Open connections", offsetof(struct http_listener_use, connections)},
    };

    for (size_t i = 0; i < ARRAY_LEN(gauges); i++) {
        append_gauge(out, gauges[i].name, gauges[i].help);
        for (size_t at = 0; at < readiness->listener_count; at++) {
            struct http_listener_use use;
            int value;
            http_listener_look(readiness->config.listeners[at].listener, &use);
            memcpy(&value, (const char *)&use + gauges[i].offset, sizeof(value));
            buf_append_format(out, "%s{listener=\"%s\"} %d\n", gauges[i].name,
                              readiness->config.listeners[at].name, value);
        }
    }
}

struct gauge {
    const char *name, *help;
    size_t offset; /* of a uint64_t in what is measured of each provider */
};

static void append_of_provider(struct buf *out, const struct gauge *gauge,
                               const struct provider *provider, const void *measured)
{
    uint64_t value;

    memcpy(&value, (const char *)measured + gauge->offset, sizeof(value));
    buf_append_format(out, "%s{provider=\"%s\"} %llu\n", gauge->name, provider->id,
                      (unsigned long long)value);
}

static void append_cores(const struct readiness *readiness, struct buf *out)
{
    static const struct gauge of_store[] = {
        {"lfi_store_used_bytes", "What the core's store holds",
         offsetof(struct lfi_health, used_bytes)},
        {"lfi_store_limit_bytes", "What the core's store can hold",
         offsetof(struct lfi_health, limit_bytes)},
    };
    static const struct gauge of_tasks[] = {
        {"lfi_tasks_kept", "Tasks to be done later, parked ones included",
         offsetof(struct state_task_counts, kept)},
        {"lfi_tasks_limit", "How many tasks there may be",
         offsetof(struct state_task_counts, limit)},
        {"lfi_tasks_parked", "Tasks that wait for an operator",
         offsetof(struct state_task_counts, parked)},
    };
    size_t count = provider_count(readiness->config.providers);

    append_gauge(out, "lfi_core_up", "Whether the core answers");
    for (size_t i = 0; i < count; i++) {
        buf_append_format(out, "lfi_core_up{provider=\"%s\"} %d\n",
                          readiness->probes[i].provider->id,
                          fault_of(&readiness->probes[i]) ? 0 : 1);
    }
    for (size_t g = 0; g < ARRAY_LEN(of_store); g++) {
        append_gauge(out, of_store[g].name, of_store[g].help);
        for (size_t i = 0; i < count; i++) {
            append_of_provider(out, &of_store[g], readiness->probes[i].provider,
                               &readiness->probes[i].health);
        }
    }
    for (size_t g = 0; g < ARRAY_LEN(of_tasks); g++) {
        append_gauge(out, of_tasks[g].name, of_tasks[g].help);
        for (size_t i = 0; i < count; i++) {
            append_of_provider(out, &of_tasks[g], readiness->probes[i].provider,
                               &readiness->tasks[i]);
        }
    }
}

static void append_state(const struct readiness *readiness, struct buf *out)
{
    const struct probe *probe = &readiness->probes[readiness->probe_count - 1];

    append_gauge(out, "lfi_state_up", "Whether the server's state can be read and written");
    buf_append_format(out, "lfi_state_up %d\n", fault_of(probe) ? 0 : 1);
    append_gauge(out, "lfi_state_used_bytes", "What the server's state holds");
    buf_append_format(out, "lfi_state_used_bytes %llu\n",
                      (unsigned long long)probe->health.used_bytes);
    append_gauge(out, "lfi_state_limit_bytes", "What the server's state can hold");
    buf_append_format(out, "lfi_state_limit_bytes %llu\n",
                      (unsigned long long)probe->health.limit_bytes);
}

/* The value of a label, escaped: the text comes from a certificate. */
static void append_label(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\' || *text == '\n') {
            buf_append_text(out, "\\");
        }
        buf_append(out, *text == '\n' ? "n" : text, 1);
    }
}

static void append_ends(const struct readiness *readiness, struct buf *out)
{
    static const struct {
        const char *name, *help;
        bool secret;
        long long unit_s;
    } gauges[] = {
        {"lfi_certificate_expiry_seconds", "Seconds until the certificate expires", false, 1},
        {"lfi_certificate_days_left", "Whole days until then", false, 86400},
        {"lfi_secret_expiry_seconds", "Seconds until the API key or client secret ends", true, 1},
        {"lfi_secret_days_left", "Whole days until then", true, 86400},
    };
    const struct material *material = &readiness->material;

    for (size_t g = 0; g < ARRAY_LEN(gauges); g++) {
        append_gauge(out, gauges[g].name, gauges[g].help);
        for (size_t i = 0; i < material->count; i++) {
            const struct material_certificate *one = &material->certificates[i];
            if (one->secret != gauges[g].secret || is_repeated(material, i)) {
                continue;
            }
            long long left = (long long)one->not_after - (long long)now_s();
            buf_append_format(out, "%s{setting=\"%s\",subject=\"", gauges[g].name, one->setting);
            append_label(out, one->subject);
            buf_append_format(out, "\",serial=\"%s\"} %lld\n", one->serial,
                              gauges[g].unit_s == 1 ? left : material_days_left(one, now_s()));
        }
    }
}

void readiness_append_metrics(struct readiness *readiness, struct buf *out)
{
    pthread_mutex_lock(&readiness->lock);
    append_listeners(readiness, out);
    append_ends(readiness, out);
    append_cores(readiness, out);
    append_state(readiness, out);
    pthread_mutex_unlock(&readiness->lock);
}
