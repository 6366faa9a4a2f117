// link: lfi-http
/* The last calls in memory: what is kept, what replaces what, and which are found. */
#include "base/json.h"
#include "base/limits.h"
#include "http/call_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct call_log *calls;

static int set_up(void **state)
{
    (void)state;
    calls = call_log_new();
    return calls ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    call_log_free(calls);
    return 0;
}

static void add(const char *provider, const char *consent, const char *check)
{
    const struct logged_call one = {.direction = CALL_FROM_HUB,
                                    .at_us = 1,
                                    .status = check ? 403 : 200,
                                    .provider = provider,
                                    .operation = "findAccounts",
                                    .interaction = SLICE("hub-1"),
                                    .caller_interaction = SLICE("tpp-1"),
                                    .consent = slice_of(consent),
                                    .check = check,
                                    .detail = check ? "expected a, received b" : NULL};
    call_log_add(calls, &one);
}

/* The caller frees it. */
static cJSON *read_calls(const struct call_filter *filter, size_t max)
{
    struct buf out;
    buf_init(&out, 4 * 1024 * 1024);
    call_log_render(calls, filter, max, &out);
    cJSON *json = json_parse(buf_slice(&out));
    assert_non_null(json);
    buf_free(&out);
    return json;
}

static int count_of(const struct call_filter *filter)
{
    cJSON *json = read_calls(filter, LIMIT_CALL_LOG);
    int count = cJSON_GetArraySize(json_get(json, "calls"));
    cJSON_Delete(json);
    return count;
}

static void the_newest_replaces_the_oldest(void **state)
{
    int64_t last = 0, first = 0;
    (void)state;
    for (size_t i = 0; i < LIMIT_CALL_LOG + 1; i++) {
        add("bank", "c", NULL);
    }
    cJSON *json = read_calls(&(struct call_filter){.after = 0}, SIZE_MAX);
    const cJSON *list = json_get(json, "calls");
    assert_true(json_get_int(json, "last", &last));
    assert_int_equal(last, LIMIT_CALL_LOG + 1);
    assert_int_equal(cJSON_GetArraySize(list), LIMIT_CALL_LOG);
    assert_true(json_get_int(cJSON_GetArrayItem(list, 0), "number", &last));
    assert_int_equal(last, LIMIT_CALL_LOG + 1);
    assert_true(json_get_int(cJSON_GetArrayItem(list, LIMIT_CALL_LOG - 1), "number", &first));
    assert_int_equal(first, 2);
    cJSON_Delete(json);
}

static void only_what_is_new_is_told_and_no_more_than_wanted(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        add("bank", "c", NULL);
    }
    assert_int_equal(count_of(&(struct call_filter){.after = 3}), 2);
    assert_int_equal(count_of(&(struct call_filter){.after = 5}), 0);
    assert_int_equal(count_of(&(struct call_filter){.before = 3}), 2);
    assert_int_equal(count_of(&(struct call_filter){.before = 1}), 0);
    cJSON *json = read_calls(&(struct call_filter){.after = 0}, 3);
    assert_int_equal(cJSON_GetArraySize(json_get(json, "calls")), 3);
    cJSON_Delete(json);
}

static void each_filter_finds_its_own(void **state)
{
    (void)state;
    add("bank", "c-1", NULL);
    add("other", "c-2", "JWT-AUD");
    const struct logged_call out = {.direction = CALL_TO_HUB, .provider = "bank", .detail = "no"};
    call_log_add(calls, &out);
    assert_int_equal(count_of(&(struct call_filter){.provider = SLICE("bank")}), 2);
    assert_int_equal(count_of(&(struct call_filter){.consent = SLICE("c-2")}), 1);
    assert_int_equal(count_of(&(struct call_filter){.interaction = SLICE("tpp-1")}), 2);
    assert_int_equal(count_of(&(struct call_filter){.interaction = SLICE("hub-1")}), 2);
    assert_int_equal(count_of(&(struct call_filter){.interaction = SLICE("hub")}), 0);
    assert_int_equal(count_of(&(struct call_filter){.direction = CALL_TO_HUB}), 1);
    assert_int_equal(count_of(&(struct call_filter){.direction = CALL_FROM_HUB}), 2);
    assert_int_equal(count_of(&(struct call_filter){.refused = true}), 2);
}

static void an_id_that_is_too_long_is_left_out_and_a_text_is_cut(void **state)
{
    char id[66], detail[400];
    (void)state;
    memset(id, 'x', sizeof(id));
    memset(detail, 'd', sizeof(detail));
    detail[sizeof(detail) - 1] = '\0';
    const struct logged_call fits = {.consent = {id, 64}, .detail = detail};
    const struct logged_call longer = {.consent = {id, 65}};
    call_log_add(calls, &fits);
    call_log_add(calls, &longer);
    cJSON *json = read_calls(&(struct call_filter){.after = 0}, 2);
    const cJSON *list = json_get(json, "calls");
    assert_null(json_get(cJSON_GetArrayItem(list, 0), "consentId"));
    assert_int_equal(json_get_string(cJSON_GetArrayItem(list, 1), "consentId").len, 64);
    assert_int_equal(json_get_string(cJSON_GetArrayItem(list, 1), "detail").len, 192);
    cJSON_Delete(json);
}

static void without_a_log_nothing_is_kept(void **state)
{
    const struct logged_call one = {.status = 200};
    (void)state;
    call_log_add(NULL, &one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_replaces_the_oldest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_is_new_is_told_and_no_more_than_wanted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_filter_finds_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_id_that_is_too_long_is_left_out_and_a_text_is_cut,
                                        set_up, tear_down),
        cmocka_unit_test(without_a_log_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
