#include "operator/figures.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "base/json.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define KEEP_US (INT64_C(60) * 1000000)
#define DAY_US (INT64_C(24) * 3600 * 1000000)
#define P95_MS 500            /* the regulator's limits: of each endpoint and day */
#define AVAILABLE_OF_1000 995 /* of each month */

static_assert(METRICS_BUCKETS == STATE_FIGURE_BUCKETS, "one bucket for each");

struct figures {
    const struct metrics *metrics;
    const struct state *state;
    size_t providers, operations;
    pthread_mutex_t lock;         /* of all that follows */
    int64_t *kept_us;             /* by provider: monotonic, when it was kept last */
    struct metrics_figures *told; /* by provider and operation: what is kept of the counters */
    struct metrics_figures *now;  /* room for one provider */
    struct state_figure *fresh;   /* the same */
};

struct figures *figures_new(const struct metrics *metrics, const struct state *state)
{
    struct figures *figures = calloc(1, sizeof(*figures));
    if (!figures) {
        return NULL;
    }
    *figures = (struct figures){.metrics = metrics,
                                .state = state,
                                .providers = metrics_provider_count(metrics),
                                .operations = metrics_operation_count(metrics)};
    (void)pthread_mutex_init(&figures->lock, NULL);
    figures->kept_us = calloc(figures->providers + 1, sizeof(*figures->kept_us));
    figures->told = calloc(figures->providers * figures->operations + 1, sizeof(*figures->told));
    figures->now = calloc(figures->operations + 1, sizeof(*figures->now));
    figures->fresh = calloc(figures->operations + 1, sizeof(*figures->fresh));
    if (!figures->kept_us || !figures->told || !figures->now || !figures->fresh) {
        figures_free(figures);
        return NULL;
    }
    return figures;
}

void figures_free(struct figures *figures)
{
    if (figures) {
        (void)pthread_mutex_destroy(&figures->lock);
        free(figures->kept_us);
        free(figures->told);
        free(figures->now);
        free(figures->fresh);
        free(figures);
    }
}

static int64_t day_of(int64_t utc_us)
{
    return (utc_us + DATETIME_GULF_OFFSET_US) / DAY_US;
}

/* --- keeping ---------------------------------------------------------------------------------- */

/* What came since; false: nothing. */
static bool take_fresh(const struct metrics_figures *now, const struct metrics_figures *told,
                       struct state_figure *out)
{
    bool any = now->failed != told->failed;
    out->failed = (uint32_t)(now->failed - told->failed);
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        out->buckets[i] = (uint32_t)(now->buckets[i] - told->buckets[i]);
        any = any || out->buckets[i] > 0;
    }
    return any;
}

/* Under the lock, in one transaction. */
static int keep(struct figures *figures, size_t provider, struct lfi_error *error)
{
    const struct clock system_time = {0};
    const struct state_ref ref = {
        figures->state, metrics_provider_name(figures->metrics, provider), {NULL, 0}};
    struct metrics_figures *told = &figures->told[provider * figures->operations];
    size_t count = 0;
    for (size_t i = 0; i < figures->operations; i++) {
        struct state_figure *fresh = &figures->fresh[count];
        metrics_read(figures->metrics, provider, i, &figures->now[i]);
        *fresh = (struct state_figure){.day = (uint32_t)day_of(clock_now_us(&system_time)),
                                       .operation =
                                           slice_of(metrics_operation_name(figures->metrics, i))};
        count += take_fresh(&figures->now[i], &told[i], fresh) ? 1 : 0;
    }
    int status = count > 0 ? state_figures_add(&ref, figures->fresh, count, error) : LFI_OK;
    for (size_t i = 0; i < figures->operations && status == LFI_OK; i++) {
        told[i] = figures->now[i];
    }
    return status;
}

int figures_keep(struct figures *figures, size_t provider, bool now, struct lfi_error *error)
{
    int64_t now_us = clock_monotonic_us();
    int status = LFI_OK;
    if (now) {
        (void)pthread_mutex_lock(&figures->lock);
    } else if (pthread_mutex_trylock(&figures->lock) != 0) {
        return LFI_OK; /* another worker is at it: none waits for the disk of another */
    }
    if (now || now_us - figures->kept_us[provider] >= KEEP_US) {
        figures->kept_us[provider] = now_us;
        status = keep(figures, provider, error);
    }
    (void)pthread_mutex_unlock(&figures->lock);
    return status;
}

/* --- showing ---------------------------------------------------------------------------------- */

struct rendering {
    struct json_writer w;
    const char *provider;
    uint32_t first_of_month;
    uint64_t requests, failed; /* of the provider in this month */
};

static void write_day(struct json_writer *w, const char *name, int64_t days)
{
    char text[16];
    int64_t year;
    unsigned month, day;
    datetime_civil_from_days(days, &year, &month, &day);
    (void)snprintf(text, sizeof(text), "%04d-%02u-%02u", (int)year, month, day);
    json_text(w, name, text);
}

/* The bound that 95 of 100 stayed within; absent when that is the last bucket. */
static void write_p95(struct json_writer *w, const struct state_figure *figure, uint64_t requests)
{
    uint64_t within = 0;
    for (size_t i = 0; i < STATE_FIGURE_BUCKETS; i++) {
        within += figure->buckets[i];
        if (within * 100 >= requests * 95) {
            if (metrics_bound_us(i) > 0) {
                json_int(w, "p95Us", metrics_bound_us(i));
            }
            return;
        }
    }
}

static bool write_figure(void *ctx, const struct state_figure *figure)
{
    struct rendering *r = ctx;
    uint64_t requests = 0;
    for (size_t i = 0; i < STATE_FIGURE_BUCKETS; i++) {
        requests += figure->buckets[i];
    }
    if (figure->day >= r->first_of_month) {
        r->requests += requests;
        r->failed += figure->failed;
    }
    json_open_object(&r->w, NULL);
    write_day(&r->w, "day", figure->day);
    json_text(&r->w, "provider", r->provider);
    json_string(&r->w, "operation", figure->operation);
    json_int(&r->w, "requests", (int64_t)requests);
    json_int(&r->w, "failed", figure->failed);
    write_p95(&r->w, figure, requests);
    json_close_object(&r->w);
    return true;
}

static uint32_t first_of_month(int64_t now_us)
{
    int64_t year;
    unsigned month, day;
    datetime_civil_from_days(day_of(now_us), &year, &month, &day);
    return (uint32_t)(day_of(now_us) - day + 1);
}

/* What the providers' months come to, after their days have been written. */
struct month {
    uint64_t requests, failed;
};

static void write_months(struct json_writer *w, const struct figures *figures,
                         const struct month *months)
{
    json_open_array(w, "months");
    for (size_t i = 0; i < figures->providers; i++) {
        json_open_object(w, NULL);
        json_text(w, "provider", metrics_provider_name(figures->metrics, i));
        json_int(w, "requests", (int64_t)months[i].requests);
        json_int(w, "failed", (int64_t)months[i].failed);
        json_close_object(w);
    }
    json_close_array(w);
}

int figures_render(const struct figures *figures, int64_t now_us, struct buf *out,
                   struct lfi_error *error)
{
    struct rendering r = {.first_of_month = first_of_month(now_us)};
    const struct state_figure_sink sink = {write_figure, &r};
    struct month *months = calloc(figures->providers + 1, sizeof(*months));
    int status = months ? LFI_OK : LFI_FAILED;
    json_begin(&r.w, out);
    json_open_object(&r.w, NULL);
    json_int(&r.w, "p95LimitUs", P95_MS * 1000);
    json_int(&r.w, "availablePerMille", AVAILABLE_OF_1000);
    write_day(&r.w, "today", day_of(now_us));
    write_day(&r.w, "monthBegan", r.first_of_month);
    json_open_array(&r.w, "days");
    for (size_t i = 0; i < figures->providers && status == LFI_OK; i++) {
        r.provider = metrics_provider_name(figures->metrics, i);
        r.requests = r.failed = 0;
        const struct state_ref ref = {figures->state, r.provider, {NULL, 0}};
        status = state_figures(&ref, &sink, error);
        months[i] = (struct month){r.requests, r.failed};
    }
    json_close_array(&r.w);
    if (months) {
        write_months(&r.w, figures, months);
    }
    json_close_object(&r.w);
    free(months);
    return status;
}
