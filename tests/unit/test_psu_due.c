// link: lfi-psu
/* Customers who go away, and servers that die in the middle of a decision. */
#include "psu_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SESSION_US (INT64_C(600) * 1000000)
#define MINUTE_US (INT64_C(60) * 1000000)
#define AUTHORIZED                                                                                 \
    "PATCH {\"status\":\"Authorized\",\"psuIdentifiers\":{\"userId\":\"u-1\"},"                    \
    "\"accountIds\":[\"acc-1\"],\"authorizationChannel\":\"Web\"}\n"
#define REJECTED                                                                                   \
    "PATCH {\"status\":\"Rejected\",\"psuIdentifiers\":{\"userId\":\"u-1\"},"                      \
    "\"authorizationChannel\":\"Web\"}\n"
#define NOT_AUTHENTICATED "doFail access_denied user_failed_to_authenticate\n"
#define CONSENT(status, user)                                                                      \
    "{\"id\":\"c-1\",\"consentType\":\"cbuae-account-access-consents\",\"status\":\"" status "\"," \
    "\"psuIdentifiers\":{\"userId\":\"" user "\"},\"accountIds\":[\"acc-1\"]}"

static void wait_us(int64_t us)
{
    world.clock.offset_us += us;
}

static bool is_open(void)
{
    return world_task(SLICE("journey:i-1")) != NULL;
}

static void ends_what_was_left_as_the_table_says(void **state)
{
    static const char *const calls[] = {
        [SESSION_SIGN_IN] = NOT_AUTHENTICATED,
        [SESSION_APPROVAL] = NOT_AUTHENTICATED,
        [SESSION_REVIEW] = REJECTED "doFail access_denied session_expired\n",
    };
    for (enum session_stage stage = SESSION_SIGN_IN; stage <= SESSION_REVIEW; stage++) {
        world_tear_down(state);
        world_set_up(state);
        world_go(stage);
        assert_true(is_open());
        wait_us(SESSION_US);
        assert_false(psu_run_due(world.psu)); /* an open page ends it itself, and sooner */
        assert_string_equal(world.calls, "");
        wait_us(MINUTE_US);
        assert_true(psu_run_due(world.psu));
        assert_string_equal(world.calls, calls[stage]);
        assert_false(is_open());
        wait_us(SESSION_US);
        assert_false(psu_run_due(world.psu));
        world_post("/journey/state", "{}"); /* who comes back late is still sent back */
        assert_true(world_says("\"redirect\":\"" WORLD_BACK "\""));
        assert_string_equal(world.calls, calls[stage]);
    }
}

static void forgets_a_journey_that_has_ended(void **state)
{
    (void)state;
    world_go(SESSION_ENDED);
    assert_false(is_open());
    wait_us(SESSION_US + MINUTE_US);
    assert_false(psu_run_due(world.psu));
    assert_string_equal(world.calls, AUTHORIZED "doConfirm i-1\n");
}

static void remembers_nothing_of_the_consent(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    const struct world_task *task = world_task(SLICE("journey:i-1"));
    cJSON *record = json_parse(slice_of(task->record));
    static const char *const known[] = {"kind",       "interaction", "consent", "started",
                                        "extensions", "onPhone",     "user"};
    assert_int_equal(cJSON_GetArraySize(record), sizeof(known) / sizeof(known[0]));
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_non_null(json_get(record, known[i]));
    }
    cJSON_Delete(record);
}

static void tries_again_while_the_hub_is_away(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    wait_us(SESSION_US + MINUTE_US);
    world.read = HUB_UNREACHABLE;
    assert_true(psu_run_due(world.psu));
    assert_string_equal(world.calls, "");
    assert_true(is_open());
    assert_false(psu_run_due(world.psu)); /* held: no second instance tries at once */
    world.read = HUB_OK;
    wait_us(MINUTE_US);
    assert_true(psu_run_due(world.psu));
    assert_string_equal(world.calls, REJECTED "doFail access_denied session_expired\n");
}

static void gives_up_after_a_day(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.read = HUB_UNREACHABLE;
    wait_us(INT64_C(25) * 60 * MINUTE_US);
    assert_true(psu_run_due(world.psu));
    assert_false(is_open());
    assert_string_equal(world.calls, "");
}

static void leaves_a_decision_to_the_one_who_makes_it(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    wait_us(SESSION_US + MINUTE_US);
    struct world_claim *claim = world_find_claim(SLICE("decision:i-1"));
    snprintf(claim->key, sizeof(claim->key), "decision:i-1");
    claim->until_s = clock_now_s(&world.clock) + 5;
    assert_true(psu_run_due(world.psu));
    assert_string_equal(world.calls, "");
    assert_true(is_open());
}

/* Killed after PATCH Authorized: whoever comes back is taken on, whoever does not loses it. */
static void goes_on_or_revokes_after_a_crash_behind_the_patch(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.consent = CONSENT("Authorized", "u-1");
    world_post("/journey/state", "{}");
    assert_true(world_says("\"redirect\":\"" WORLD_BACK "\""));
    assert_string_equal(world.calls, "doConfirm i-1\n");

    world_tear_down(state);
    world_set_up(state);
    world_go(SESSION_REVIEW);
    world.consent = CONSENT("Authorized", "u-1");
    world.patch = HUB_REFUSED;
    wait_us(SESSION_US + MINUTE_US);
    assert_true(psu_run_due(world.psu));
    assert_string_equal(world.calls, REJECTED "revoke LFI\ndoFail access_denied session_expired\n");
}

/* Killed after PATCH Rejected: the ending stays the one that the customer chose. */
static void ends_as_chosen_after_a_crash_behind_the_rejection(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.consent = CONSENT("Rejected", "u-1");
    world.patch = HUB_REFUSED;
    world_post("/journey/cancel", WORLD_STEP);
    assert_string_equal(world.calls, REJECTED "doFail access_denied user_rejected_consent\n");
}

static void never_revokes_what_somebody_else_authorized(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.consent = CONSENT("Authorized", "u-2");
    world.patch = HUB_REFUSED;
    world_post("/journey/cancel", WORLD_STEP);
    assert_string_equal(world.calls, REJECTED "doFail server_error api_hub_communication_error\n");
}

static void turns_customers_away_over_capacity(void **state)
{
    (void)state;
    world.task_put_status = LFI_CORE_UNAVAILABLE;
    world_arrive();
    assert_int_equal(world.status, 303);
    assert_string_equal(world.location, WORLD_BACK);
    assert_string_equal(world.cookie, "");
    assert_string_equal(world.calls,
                        "doFail temporarily_unavailable lfi_temporarily_unavailable\n");

    world_tear_down(state);
    world_set_up(state);
    world.task_put_status = LFI_CORE_FAILED;
    world_arrive();
    assert_string_equal(world.calls, "doFail server_error lfi_internal_error\n");

    world_tear_down(state);
    world_set_up(state);
    world.task_put_status = LFI_CORE_UNAVAILABLE;
    world.fail = HUB_UNREACHABLE;
    world_arrive();
    assert_int_equal(world.status, 503);
    assert_string_equal(world.location, "");
    assert_true(world_says("data-testid=\"error-reference\""));

    world_tear_down(state);
    world_set_up(state);
    world_go(SESSION_APPROVAL);
    world.task_put_status = LFI_CORE_UNAVAILABLE;
    world.approval = LFI_APPROVAL_APPROVED;
    world_post("/journey/approval", WORLD_STEP);
    assert_string_equal(world.calls,
                        REJECTED "doFail temporarily_unavailable lfi_temporarily_unavailable\n");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(ends_what_was_left_as_the_table_says),
        CASE(forgets_a_journey_that_has_ended),
        CASE(remembers_nothing_of_the_consent),
        CASE(tries_again_while_the_hub_is_away),
        CASE(gives_up_after_a_day),
        CASE(leaves_a_decision_to_the_one_who_makes_it),
        CASE(goes_on_or_revokes_after_a_crash_behind_the_patch),
        CASE(ends_as_chosen_after_a_crash_behind_the_rejection),
        CASE(never_revokes_what_somebody_else_authorized),
        CASE(turns_customers_away_over_capacity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
