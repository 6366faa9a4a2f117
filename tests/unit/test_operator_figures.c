// link: lfi-operator lfi-state
/*
 * Figures of service levels: the regulator's limit at its edge, what outlives a restart, two
 * instances over one state, and which days are kept.
 */
#include "base/clock.h"
#include "base/json.h"
#include "operator/figures.h"
#include "state_fixture.h"

#define DAY_US (INT64_C(24) * 3600 * 1000000)

static const char *const providers[] = {PROVIDER, OTHER};
static const char *const operations[] = {"getA", "getB"};

/* One instance of the server. */
static struct instance {
    struct metrics *metrics;
    struct state *state;
    struct figures *figures;
} one, two;

static const struct clock system_time = {0};

static void begin(struct instance *instance)
{
    const struct metrics_labels labels = {providers, 2, operations, 2, NULL, 0};
    close_store();
    instance->metrics = metrics_new(&labels);
    assert_int_equal(state_open(&instance->state, &f.config, &system_time, &f.error), 0);
    instance->figures = figures_new(instance->metrics, instance->state);
    assert_non_null(instance->figures);
}

static void end(struct instance *instance)
{
    figures_free(instance->figures);
    state_close(instance->state);
    metrics_free(instance->metrics);
    *instance = (struct instance){NULL, NULL, NULL};
}

static void count(const struct instance *instance, int times, int status, int64_t micros)
{
    for (int i = 0; i < times; i++) {
        metrics_request(instance->metrics, 0, 0, status, micros);
    }
}

static void keep_now(const struct instance *instance)
{
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(figures_keep(instance->figures, i, true, &f.error), LFI_OK);
    }
}

/* What the operator is told; cJSON_Delete. */
static cJSON *shown(const struct instance *instance, int64_t now_us)
{
    struct buf out;
    buf_init(&out, 1024 * 1024);
    assert_int_equal(figures_render(instance->figures, now_us, &out, &f.error), LFI_OK);
    cJSON *json = json_parse(buf_slice(&out));
    assert_non_null(json);
    buf_free(&out);
    return json;
}

static int64_t number(const cJSON *object, const char *name)
{
    int64_t value = -1;
    (void)json_get_int(object, name, &value);
    return value;
}

/* Of the only day that is shown. */
static int64_t of_day(const struct instance *instance, const char *name)
{
    cJSON *json = shown(instance, clock_now_us(&system_time));
    const cJSON *days = json_get(json, "days");
    assert_int_equal(cJSON_GetArraySize(days), 1);
    int64_t value = number(cJSON_GetArrayItem(days, 0), name);
    cJSON_Delete(json);
    return value;
}

static void the_limit_is_met_by_95_of_100_and_not_by_94(void **state)
{
    (void)state;
    begin(&one);
    count(&one, 95, 200, 500000);
    count(&one, 5, 200, 500001);
    keep_now(&one);
    assert_int_equal(of_day(&one, "p95Us"), 500000);
    count(&one, 1, 200, 6000000);
    keep_now(&one);
    assert_int_equal(of_day(&one, "p95Us"), 1000000);
    count(&one, 1000, 200, 6000000);
    keep_now(&one);
    assert_int_equal(of_day(&one, "p95Us"), -1); /* above the largest bound */
    end(&one);
}

static void only_errors_of_the_bank_count_as_failed(void **state)
{
    (void)state;
    begin(&one);
    count(&one, 3, 200, 1);
    count(&one, 2, 404, 1);
    count(&one, 1, 503, 1);
    count(&one, 1, 500, 1);
    keep_now(&one);
    assert_int_equal(of_day(&one, "requests"), 7);
    assert_int_equal(of_day(&one, "failed"), 2);
    cJSON *json = shown(&one, clock_now_us(&system_time));
    const cJSON *months = json_get(json, "months");
    assert_int_equal(number(cJSON_GetArrayItem(months, 0), "requests"), 7);
    assert_int_equal(number(cJSON_GetArrayItem(months, 0), "failed"), 2);
    assert_int_equal(number(cJSON_GetArrayItem(months, 1), "requests"), 0);
    cJSON_Delete(json);
    end(&one);
}

static void a_restart_and_another_instance_add_to_it(void **state)
{
    (void)state;
    begin(&one);
    count(&one, 3, 200, 1);
    keep_now(&one);
    keep_now(&one); /* nothing came since */
    end(&one);
    begin(&one);
    assert_int_equal(of_day(&one, "requests"), 3);
    count(&one, 2, 200, 1);
    assert_int_equal(figures_keep(one.figures, 0, false, &f.error), LFI_OK);
    int64_t soon = of_day(&one, "requests");
    assert_true(soon == 3 || soon == 5); /* the first minute of the machine itself */
    keep_now(&one);
    two = one;
    two.metrics = metrics_new(&(struct metrics_labels){providers, 2, operations, 2, NULL, 0});
    two.figures = figures_new(two.metrics, two.state);
    count(&two, 10, 200, 1);
    keep_now(&two);
    assert_int_equal(of_day(&one, "requests"), 15);
    figures_free(two.figures);
    metrics_free(two.metrics);
    end(&one);
}

/* The driver alone: a day, and how often it was counted. */
static void add_day(uint32_t day)
{
    const struct state_figure figure = {
        .day = day, .operation = text("getA"), .failed = 1, .buckets = {[3] = 2}};
    assert_int_equal(driver->figures_add(f.store, at(NULL), &figure, 1), LFI_OK);
}

struct seen {
    uint32_t first, last;
    unsigned count;
};

static bool see(void *ctx, const struct state_figure *figure)
{
    struct seen *seen = ctx;
    seen->first = seen->count == 0 ? figure->day : seen->first;
    seen->last = figure->day;
    seen->count++;
    assert_int_equal(figure->failed, 1);
    assert_int_equal(figure->buckets[3], 2);
    return true;
}

static struct seen look(const char *provider)
{
    struct seen seen = {0};
    const struct state_figure_sink sink_of_days = {see, &seen};
    assert_int_equal(driver->figures(f.store, call_of(provider, NULL), &sink_of_days), LFI_OK);
    return seen;
}

static void days_before_the_last_two_months_are_forgotten(void **state)
{
    (void)state;
    for (uint32_t day = 20000; day < 20000 + STATE_FIGURES_DAYS; day++) {
        add_day(day);
    }
    assert_int_equal(look(PROVIDER).count, STATE_FIGURES_DAYS);
    add_day(20000 + STATE_FIGURES_DAYS);
    struct seen seen = look(PROVIDER);
    assert_int_equal(seen.count, STATE_FIGURES_DAYS);
    assert_int_equal(seen.first, 20001);
    assert_int_equal(look(OTHER).count, 0);
}

static void a_sum_that_is_full_stays_full(void **state)
{
    const struct state_figure most = {
        .day = 20000, .operation = text("getA"), .failed = UINT32_MAX, .buckets = {UINT32_MAX}};
    char name[STATE_KEY_MAX + 2] = "";
    struct state_figure wrong = {.day = 20000};
    (void)state;
    memset(name, 'n', STATE_KEY_MAX + 1);
    wrong.operation = text(name);
    assert_int_equal(driver->figures_add(f.store, at(NULL), &most, 1), LFI_OK);
    assert_int_equal(driver->figures_add(f.store, at(NULL), &most, 1), LFI_OK);
    assert_int_equal(driver->figures_add(f.store, at(NULL), &wrong, 1), LFI_FAILED);
    close_store();
    open_store();
    begin(&one);
    cJSON *json = shown(&one, INT64_C(20000) * DAY_US);
    const cJSON *day = cJSON_GetArrayItem(json_get(json, "days"), 0);
    assert_int_equal(number(day, "requests"), UINT32_MAX);
    assert_int_equal(number(day, "failed"), UINT32_MAX);
    cJSON_Delete(json);
    end(&one);
}

/* The month is that of the Gulf, which is four hours ahead. */
static void a_month_begins_in_the_gulf(void **state)
{
    static const struct {
        int64_t now_us;
        const char *began;
    } rows[] = {
        {INT64_C(1772308799999999), "2026-02-01"}, /* 28 February, 19:59:59.999999 UTC */
        {INT64_C(1772308800000000), "2026-03-01"},
    };
    (void)state;
    begin(&one);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        cJSON *json = shown(&one, rows[i].now_us);
        struct lfi_slice began = json_get_string(json, "monthBegan");
        assert_true(slice_equal_text(began, rows[i].began));
        cJSON_Delete(json);
    }
    end(&one);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_limit_is_met_by_95_of_100_and_not_by_94),
        CASE(only_errors_of_the_bank_count_as_failed),
        CASE(a_restart_and_another_instance_add_to_it),
        CASE(days_before_the_last_two_months_are_forgotten),
        CASE(a_sum_that_is_full_stays_full),
        CASE(a_month_begins_in_the_gulf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
