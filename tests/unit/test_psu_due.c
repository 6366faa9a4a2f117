// link: lfi-psu
/* Customers who go away, and servers that die in the middle of a decision. */
#include "base/array.h"
#include "psu_world.h"

#include "base/limits.h"
#include "psu/task.h"

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
#define HUB_FAILED "doFail server_error api_hub_communication_error\n"
#define CONSENT(status, user)                                                                      \
    "{\"id\":\"c-1\",\"consentType\":\"cbuae-account-access-consents\",\"status\":\"" status "\"," \
    "\"psuIdentifiers\":{\"userId\":\"" user "\"},\"accountIds\":[\"acc-1\"]}"

static void wait_us(int64_t us)
{
    world.clock.offset_us += us;
}

static bool is_open(void)
{
    return world_task(world_key("journey"));
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
        assert_false(world_run_due()); /* an open page ends it itself, and sooner */
        assert_string_equal(world.calls, "");
        wait_us(MINUTE_US);
        assert_true(world_run_due());
        assert_string_equal(world.calls, calls[stage]);
        assert_false(is_open());
        wait_us(SESSION_US);
        assert_false(world_run_due());
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
    assert_false(world_run_due());
    assert_string_equal(world.calls, AUTHORIZED "doConfirm i-1\n");
}

static void remembers_nothing_of_the_consent(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    const struct world_task *task = world_task(world_key("journey"));
    cJSON *record = json_parse(slice_of(task->record));
    static const char *const known[] = {"kind",       "interaction", "consent", "started",
                                        "extensions", "onPhone",     "user"};
    assert_int_equal(cJSON_GetArraySize(record), ARRAY_LEN(known));
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
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
    assert_true(world_run_due());
    assert_string_equal(world.calls, "");
    assert_true(is_open());
    assert_false(world_run_due()); /* held: no second instance tries at once */
    world.read = HUB_OK;
    wait_us(MINUTE_US);
    assert_true(world_run_due());
    assert_string_equal(world.calls, REJECTED "doFail access_denied session_expired\n");
}

/* The number of tries until the task is parked; each comes after the longest gap at most. */
static int tries_until_parked(struct lfi_slice key)
{
    int tries = 0;
    const struct world_task *task = world_task(key);
    assert_non_null(task);
    while (task->due_s != STATE_PARKED_S && tries <= LIMIT_TASK_TRIES) {
        wait_us(LIMIT_TASK_GAP_S * INT64_C(1000000));
        assert_true(world_run_due());
        tries++;
    }
    assert_false(world_run_due());
    return tries;
}

static void a_try_comes_after_gaps_that_double(void **state)
{
    static const int gaps_s[] = {2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
    (void)state;
    world_go(SESSION_REVIEW);
    wait_us(SESSION_US + MINUTE_US);
    world.read = HUB_UNREACHABLE;
    for (size_t i = 0; i < ARRAY_LEN(gaps_s); i++) {
        assert_true(world_run_due());
        int64_t wait_s = world_task(world_key("journey"))->due_s - clock_now_s(&world.clock);
        assert_int_equal(wait_s, gaps_s[i]);
        wait_us((wait_s - 1) * 1000000);
        assert_false(world_run_due());
        wait_us(1000000);
    }
}

static void a_task_is_parked_when_the_hub_stays_away(void **state)
{
    struct lfi_error error;
    (void)state;
    world_go(SESSION_REVIEW);
    wait_us(SESSION_US);
    world.read = HUB_UNREACHABLE;
    assert_int_equal(tries_until_parked(world_key("journey")), LIMIT_TASK_TRIES);
    assert_true(is_open());
    assert_string_equal(world.calls, "");

    world.read = HUB_OK; /* the operator has it tried again */
    int64_t now_s = clock_now_s(&world.clock);
    const struct state_ref journey = world_ref(world_key("journey"));
    assert_int_equal(task_retry(&journey, now_s, &error), LFI_OK);
    assert_int_equal(task_retry(&journey, now_s, &error), LFI_UNKNOWN);
    assert_true(world_run_due());
    assert_string_equal(world.calls, REJECTED "doFail access_denied session_expired\n");
    assert_false(is_open());
}

static void a_task_is_parked_when_the_hub_answers_wrongly(void **state)
{
    struct lfi_error error;
    (void)state;
    world_go(SESSION_REVIEW);
    wait_us(SESSION_US);
    world.read = HUB_WRONG;
    const struct state_ref journey = world_ref(world_key("journey"));
    assert_int_equal(task_drop(&journey, &error), LFI_UNKNOWN);
    assert_int_equal(tries_until_parked(world_key("journey")), LIMIT_TASK_REFUSED);
    assert_int_equal(task_drop(&journey, &error), LFI_OK);
    assert_false(is_open());
}

/* --- answers that were lost ------------------------------------------------------------------- */

/* PATCH, its look and all after it fail; what the consent is then; what the Hub is told later. */
static void undoes_what_the_hub_may_have_applied(void **state)
{
    static const struct {
        const char *step, *consent, *told;
    } cases[] = {
        {"approve", CONSENT("Authorized", "u-1"), "revoke LFI\n" HUB_FAILED},
        {"approve", CONSENT("AwaitingAuthorization", "u-1"), REJECTED HUB_FAILED},
        {"approve", CONSENT("Rejected", "u-1"), HUB_FAILED},
        {"approve", CONSENT("Authorized", "u-2"), HUB_FAILED},
        {"cancel", CONSENT("AwaitingAuthorization", "u-1"), REJECTED HUB_FAILED},
        {"cancel", CONSENT("Rejected", "u-1"), HUB_FAILED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_tear_down(state);
        world_set_up(state);
        world_go(SESSION_REVIEW);
        world.patch = world.fail = HUB_UNREACHABLE;
        if (strcmp(cases[i].step, "approve") == 0) {
            world.reads_after_patch = HUB_UNREACHABLE;
            world_post("/journey/approve", WORLD_APPROVE);
        } else {
            world.read = HUB_UNREACHABLE;
            world_post("/journey/cancel", WORLD_STEP);
        }
        assert_int_equal(world.status, 503);
        assert_false(is_open());
        assert_non_null(world_task(world_key("undo")));
        wait_us(1000000);
        assert_true(world_run_due()); /* still away */
        assert_non_null(world_task(world_key("undo")));

        world.calls[0] = '\0';
        world.patch = world.fail = world.read = world.reads_after_patch = HUB_OK;
        world.consent = cases[i].consent;
        wait_us(MINUTE_US);
        assert_true(world_run_due());
        assert_string_equal(world.calls, cases[i].told);
        assert_null(world_task(world_key("undo")));
        wait_us(SESSION_US);
        assert_false(world_run_due());
    }
}

static void takes_a_lost_answer_for_what_the_consent_says(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.patch = HUB_UNREACHABLE;
    world.consent_after_patch = CONSENT("Authorized", "u-1");
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"redirect\":\"" WORLD_BACK "\""));
    assert_string_equal(world.calls, AUTHORIZED "doConfirm i-1\n");
}

static void keeps_the_note_when_the_undoing_cannot_be_kept(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.patch = world.fail = HUB_UNREACHABLE;
    world.task_put_status = LFI_UNAVAILABLE;
    world_post("/journey/cancel", WORLD_STEP);
    assert_null(world_task(world_key("undo")));
    assert_true(is_open());
    world.patch = world.fail = world.task_put_status = LFI_OK;
    world.calls[0] = '\0';
    wait_us(SESSION_US + MINUTE_US);
    assert_true(world_run_due());
    assert_string_equal(world.calls, REJECTED "doFail access_denied session_expired\n");
}

static void revokes_again_when_the_answer_to_the_revocation_was_lost(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.confirm = world.revoke = HUB_UNREACHABLE;
    world_post("/journey/approve", WORLD_APPROVE);
    assert_string_equal(world.calls, AUTHORIZED "doConfirm i-1\nrevoke LFI\n" HUB_FAILED);
    world.consent = CONSENT("Authorized", "u-1");
    world.revoke = HUB_OK;
    world.calls[0] = '\0';
    wait_us(MINUTE_US);
    assert_true(world_run_due());
    assert_string_equal(world.calls, "revoke LFI\n" HUB_FAILED);
    wait_us(SESSION_US);
    assert_false(world_run_due());
}

static void tells_the_hub_of_the_end_when_it_is_back(void **state)
{
    (void)state;
    world_go(SESSION_SIGN_IN);
    world.fail = HUB_UNREACHABLE;
    world_post("/journey/cancel", WORLD_STEP);
    world.fail = HUB_OK;
    world.calls[0] = '\0';
    wait_us(MINUTE_US);
    assert_true(world_run_due());
    assert_string_equal(world.calls, NOT_AUTHENTICATED); /* and the consent is tied to nobody */
    assert_false(world_run_due());
}

static void leaves_a_decision_to_the_one_who_makes_it(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    wait_us(SESSION_US + MINUTE_US);
    world_decide_elsewhere(false);
    assert_true(world_run_due());
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
    assert_true(world_run_due());
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
    world.task_put_status = LFI_UNAVAILABLE;
    world_arrive();
    assert_int_equal(world.status, 303);
    assert_string_equal(world.location, WORLD_BACK);
    assert_string_equal(world.cookie, "");
    assert_string_equal(world.calls,
                        "doFail temporarily_unavailable lfi_temporarily_unavailable\n");

    world_tear_down(state);
    world_set_up(state);
    world.task_put_status = LFI_FAILED;
    world_arrive();
    assert_string_equal(world.calls, "doFail server_error lfi_internal_error\n");

    world_tear_down(state);
    world_set_up(state);
    world.task_put_status = LFI_UNAVAILABLE;
    world.fail = HUB_UNREACHABLE;
    world_arrive();
    assert_int_equal(world.status, 503);
    assert_string_equal(world.location, "");
    assert_true(world_says("data-testid=\"error-reference\""));

    world_tear_down(state);
    world_set_up(state);
    world_go(SESSION_APPROVAL);
    world.task_put_status = LFI_UNAVAILABLE;
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
        CASE(a_try_comes_after_gaps_that_double),
        CASE(a_task_is_parked_when_the_hub_stays_away),
        CASE(a_task_is_parked_when_the_hub_answers_wrongly),
        CASE(undoes_what_the_hub_may_have_applied),
        CASE(takes_a_lost_answer_for_what_the_consent_says),
        CASE(keeps_the_note_when_the_undoing_cannot_be_kept),
        CASE(revokes_again_when_the_answer_to_the_revocation_was_lost),
        CASE(tells_the_hub_of_the_end_when_it_is_back),
        CASE(leaves_a_decision_to_the_one_who_makes_it),
        CASE(goes_on_or_revokes_after_a_crash_behind_the_patch),
        CASE(ends_as_chosen_after_a_crash_behind_the_rejection),
        CASE(never_revokes_what_somebody_else_authorized),
        CASE(turns_customers_away_over_capacity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
