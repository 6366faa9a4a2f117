// link: lfi-psu
#include "base/array.h"
#include "psu_world.h"

#include "psu/journey.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PATCHED                                                                                    \
    "PATCH {\"status\":\"Authorized\",\"psuIdentifiers\":{\"userId\":\"u-1\"},"                    \
    "\"accountIds\":[\"acc-1\"],\"authorizationChannel\":\"Web\"}\n"
#define REJECTED                                                                                   \
    "PATCH {\"status\":\"Rejected\",\"psuIdentifiers\":{\"userId\":\"u-1\"},"                      \
    "\"authorizationChannel\":\"Web\"}\n"
#define REDIRECTED "\"redirect\":\"" WORLD_BACK "\""

static void approves_with_one_patch_and_one_confirm(void **state)
{
    (void)state;
    world_arrive();
    assert_int_equal(world.status, 303);
    assert_string_equal(world.location, "/journey");
    world_post("/journey/state", "{}");
    assert_true(world_says("\"view\":\"sign-in\"") && world_says("\"tpp\":\"Falcon Budget\""));
    world_post("/journey/sign-in", WORLD_SIGN_IN);
    assert_true(world_says("\"view\":\"approval\"") && world_says("\"openApp\":\"/bank-app#"));
    assert_true(
        world_asks("{\"kind\":\"consent\",\"tpp\":\"Falcon Budget\",\"reference\":\"i-1\","));
    world_post("/journey/approval", WORLD_STEP);
    assert_true(world_says("\"view\":\"approval\""));
    world.approval = LFI_APPROVAL_APPROVED;
    world_post("/journey/approval", WORLD_STEP);
    assert_true(world_says("\"view\":\"review\"") && world_says("\"id\":\"acc-2\""));
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"view\":\"redirect\"") && world_says(REDIRECTED));
    assert_string_equal(world.calls, PATCHED "doConfirm i-1\n");
}

static void answers_a_second_submit_with_the_same_redirect(void **state)
{
    (void)state;
    char before[sizeof(world.cookie)];
    world_go(SESSION_REVIEW);
    memcpy(before, world.cookie, sizeof(before));
    world_post("/journey/approve", WORLD_APPROVE);
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"view\":\"redirect\"") && world_says(REDIRECTED));
    memcpy(world.cookie, before, sizeof(before)); /* the other click knew no new cookie */
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"view\":\"redirect\"") && world_says(REDIRECTED));
    memcpy(world.cookie, before, sizeof(before));
    world_post("/journey/cancel", WORLD_STEP);
    assert_true(world_says(REDIRECTED));
    assert_string_equal(world.calls, PATCHED "doConfirm i-1\n");
}

static void says_working_while_another_click_decides(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world_decide_elsewhere(false);
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"view\":\"working\""));
    assert_string_equal(world.calls, "");
}

/* PATCH, doConfirm, revoke and doFail may each take the Hub's 5 s. */
static void holds_a_decision_as_long_as_its_calls_may_take(void **state)
{
    (void)state;
    world_go(SESSION_ENDED);
    int64_t until_s = world_find_claim(world_key("decision"))->until_s;
    assert_true(until_s - clock_now_s(&world.clock) > 20);
}

static void goes_on_after_a_crash_between_patch_and_confirm(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.consent = "{\"id\":\"c-1\",\"consentType\":\"cbuae-account-access-consents\","
                    "\"status\":\"Authorized\",\"psuIdentifiers\":{\"userId\":\"u-1\"},"
                    "\"accountIds\":[\"acc-1\"]}";
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says(REDIRECTED));
    assert_string_equal(world.calls, "doConfirm i-1\n");
}

static void cancels_with_patch_before_do_fail(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world_post("/journey/cancel", WORLD_STEP);
    assert_true(world_says(REDIRECTED));
    assert_string_equal(world.calls, REJECTED "doFail access_denied user_rejected_consent\n");
}

static void shows_the_end_again_without_going_there(void **state)
{
    (void)state;
    world_go(SESSION_ENDED);
    world_post("/journey/state", "{}");
    assert_true(world_says("\"view\":\"ended\"") && world_says(REDIRECTED));
    world_arrive();
    assert_int_equal(world.auths, 1);
}

static void resumes_the_same_request_without_asking_the_hub(void **state)
{
    (void)state;
    world_go(SESSION_APPROVAL);
    world_arrive();
    assert_int_equal(world.status, 303);
    assert_int_equal(world.auths, 1);
    world_post("/journey/state", "{}");
    assert_true(world_says("\"view\":\"approval\""));
    world_get("/authorize", "client_id=x&request_uri=urn%3Aother");
    assert_int_equal(world.auths, 2);
    world_post("/journey/state", "{}");
    assert_true(world_says("\"view\":\"sign-in\""));
}

static void offers_three_tries_that_no_old_cookie_brings_back(void **state)
{
    (void)state;
    char before[sizeof(world.cookie)];
    world_arrive();
    memcpy(before, world.cookie, sizeof(before));
    world_post("/journey/sign-in", WORLD_SIGN_IN_WRONG);
    assert_true(world_says("\"problem\":\"wrong-credentials\"") && world_says("\"triesLeft\":2"));
    memcpy(world.cookie, before, sizeof(before));
    world_post("/journey/sign-in", WORLD_SIGN_IN_WRONG);
    assert_true(world_says("\"triesLeft\":1"));
    memcpy(world.cookie, before, sizeof(before));
    world_post("/journey/sign-in", WORLD_SIGN_IN_WRONG);
    assert_true(world_says(REDIRECTED));
    assert_string_equal(world.calls, "doFail access_denied user_failed_to_authenticate\n");
}

static void ends_for_each_failure_of_the_core(void **state)
{
    static const struct {
        int sign_in, approval_start;
        const char *calls;
    } cases[] = {
        {LFI_BLOCKED, LFI_OK, "doFail access_denied user_account_blocked\n"},
        {LFI_FAILED, LFI_OK, "doFail server_error lfi_internal_error\n"},
        {LFI_UNAVAILABLE, LFI_OK, "doFail temporarily_unavailable lfi_temporarily_unavailable\n"},
        {LFI_OK, LFI_FAILED, "doFail server_error lfi_internal_error\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_tear_down(state);
        world_set_up(state);
        world.sign_in = cases[i].sign_in;
        world.approval_start = cases[i].approval_start;
        world_go(SESSION_APPROVAL);
        assert_true(world_says(REDIRECTED));
        assert_string_equal(world.calls, cases[i].calls);
    }
}

static void ends_when_the_approval_is_denied_or_too_late(void **state)
{
    static const enum lfi_approval_state states[] = {LFI_APPROVAL_DENIED, LFI_APPROVAL_EXPIRED};
    for (size_t i = 0; i < 2; i++) {
        world_tear_down(state);
        world_set_up(state);
        world_go(SESSION_APPROVAL);
        world.approval = states[i];
        world_post("/journey/approval", WORLD_STEP);
        assert_string_equal(world.calls, "doFail access_denied user_failed_to_authenticate\n");
    }
}

static void time_out_depends_on_who_is_known(void **state)
{
    static const char *const calls[] = {
        [SESSION_SIGN_IN] = "doFail access_denied user_failed_to_authenticate\n",
        [SESSION_APPROVAL] = "doFail access_denied user_failed_to_authenticate\n",
        [SESSION_REVIEW] = REJECTED "doFail access_denied session_expired\n",
        [SESSION_STEP_UP] = REJECTED "doFail access_denied session_expired\n",
    };
    for (enum session_stage stage = SESSION_SIGN_IN; stage <= SESSION_STEP_UP; stage++) {
        world_tear_down(state);
        world_set_up(state);
        world_go(stage);
        world.clock.offset_us += INT64_C(600) * 1000000;
        world_post("/journey/state", "{}");
        assert_true(world_says(REDIRECTED));
        assert_string_equal(world.calls, calls[stage]);
    }
}

#define WORLD_ASSERTION                                                                            \
    "{\"journey\":\"i-1\",\"assertion\":{\"credential\":\"AAAA\",\"clientDataJSON\":\"AAAA\","     \
    "\"authenticatorData\":\"AAAA\",\"signature\":\"AAAA\"}}"

/* What the rules say, apart from the rows. */
static const struct walk {
    const char *path, *body;
    bool allowed[SESSION_ENDED]; /* in sign-in, approval, review, step-up */
} walks[] = {
    {"/journey/state", "{}", {true, true, true, true}},
    {"/journey/sign-in", WORLD_SIGN_IN, {true, false, false, false}},
    {"/journey/passkey-options", WORLD_STEP, {true, false, false, false}},
    {"/journey/passkey", WORLD_ASSERTION, {true, false, false, false}},
    {"/journey/hand-over", WORLD_STEP, {true, false, false, false}},
    {"/journey/wait", WORLD_STEP, {true, false, false, false}},
    {"/journey/approval", WORLD_STEP, {false, true, false, false}},
    {"/journey/approve", WORLD_APPROVE, {false, false, true, false}},
    {"/journey/step-up", WORLD_STEP, {false, false, false, true}},
    {"/journey/step-up-options", WORLD_STEP, {false, false, false, true}},
    {"/journey/step-up-passkey", WORLD_ASSERTION, {false, false, false, true}},
    {"/journey/extend", WORLD_STEP, {true, false, true, false}},
    {"/journey/cancel", WORLD_STEP, {true, true, true, true}},
};
#define WALKS ARRAY_LEN(walks)

/* Every step in every stage: allowed as the rules say, refused without any effect otherwise. */
static void allows_each_step_in_its_stages_only(void **state)
{
    for (size_t i = 0; i < WALKS; i++) {
        for (enum session_stage stage = SESSION_SIGN_IN; stage < SESSION_ENDED; stage++) {
            world_tear_down(state);
            world_set_up(state);
            world_go(stage);
            int reads = world.reads;
            world_post(walks[i].path, walks[i].body);
            assert_int_equal(world_says("\"error\":\"JOURNEY-ORDER\""), !walks[i].allowed[stage]);
            if (!walks[i].allowed[stage]) {
                assert_int_equal(world.status, 409);
                assert_string_equal(world.calls, "");
                assert_int_equal(world.reads, reads);
            }
        }
    }
}

/* Whatever is asked for afterwards, the way back is the same and the Hub hears nothing. */
static void answers_each_step_after_the_end_with_the_way_back(void **state)
{
    for (size_t i = 0; i < WALKS; i++) {
        world_tear_down(state);
        world_set_up(state);
        world_go(SESSION_ENDED);
        int reads = world.reads;
        world_post(walks[i].path, walks[i].body);
        assert_true(world_says(REDIRECTED));
        assert_string_equal(world.calls, PATCHED "doConfirm i-1\n");
        assert_int_equal(world.reads, reads);
    }
}

/* A row that is added has to be added above: take-over begins a session instead. */
static void walks_know_every_row(void **state)
{
    const struct contract_api *contract = journey_api.flow->contract;
    (void)state;
    for (size_t i = 0; i < contract_operation_count(contract); i++) {
        const char *path = contract_operation_path(contract_operation_at(contract, i));
        size_t at = 0;
        while (at < WALKS && strcmp(walks[at].path, path) != 0) {
            at++;
        }
        assert_true(at < WALKS || strcmp(path, "/journey/take-over") == 0);
    }
    assert_int_equal(contract_operation_count(contract), WALKS + 1);
}

/* Ten times more time, also by an old cookie; then the session ends as any other. */
static void extends_a_session_ten_times_only(void **state)
{
    (void)state;
    char first[sizeof(world.cookie)];
    world_go(SESSION_REVIEW);
    memcpy(first, world.cookie, sizeof(first));
    for (int i = 0; i < SESSION_EXTENSIONS_MAX; i++) {
        assert_true(world_says("\"view\"") && !world_says("\"extendable\":false"));
        world.clock.offset_us += INT64_C(500) * 1000000;
        world_post("/journey/extend", WORLD_STEP);
        assert_int_equal(world.status, 200);
        assert_true(world_says("\"view\":\"extended\""));
        assert_true(world_says("\"secondsLeft\":600") || world_says("\"secondsLeft\":59"));
    }
    assert_true(world_says("\"extendable\":false"));
    world_post("/journey/extend", WORLD_STEP);
    assert_int_equal(world.status, 409);
    assert_true(world_says("\"error\":\"SESSION-LONGEST\""));
    memcpy(world.cookie, first, sizeof(first)); /* the note counts, not the cookie */
    world_post("/journey/extend", WORLD_STEP);
    assert_int_equal(world.status, 409);
    assert_string_equal(world.calls, "");
    world.clock.offset_us += INT64_C(601) * 1000000;
    world_post("/journey/state", "{}");
    assert_true(world_says("\"reason\":\"expired\""));
    assert_string_equal(world.calls, REJECTED "doFail access_denied session_expired\n");
}

/* What the page tells before the customer goes back. */
static void says_why_and_to_whom_a_refused_customer_goes_back(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.accounts[0] = NULL;
    world_post("/journey/state", "{}");
    assert_true(world_says(REDIRECTED) && world_says("\"reason\":\"no-accounts\""));
    assert_true(world_says("\"tpp\":\"Falcon Budget\""));
    world_post("/journey/state", "{}"); /* loaded again */
    assert_true(world_says("\"view\":\"ended\"") && world_says("\"reason\":\"no-accounts\""));
    world_tear_down(state);
    world_set_up(state);
    world_go(SESSION_REVIEW);
    world_post("/journey/cancel", WORLD_STEP);
    assert_true(world_says(REDIRECTED) && !world_says("\"reason\""));
}

/* An old cookie of the same journey is only as good as its stage; one of the other kind is none. */
/* Nobody who knows the journey can tell the number of its next request. */
static void each_request_draws_its_own_number(void **state)
{
    char first[16] = "";
    bool differs = false;
    for (int i = 0; i < 20; i++) {
        world_arrive();
        world_post("/journey/sign-in", WORLD_SIGN_IN);
        const char *number = strstr(world.body, "\"number\":");
        assert_non_null(number);
        assert_in_range(atol(number + 9), 10, 99);
        differs = differs || (first[0] != '\0' && strncmp(first, number, 11) != 0);
        snprintf(first, sizeof(first), "%.11s", number);
        (void)world_tear_down(state);
        assert_int_equal(world_set_up(state), 0);
    }
    assert_true(differs);
}

static void cookies_are_good_for_their_own_purpose(void **state)
{
    (void)state;
    char early[sizeof(world.cookie)];
    world_go(SESSION_APPROVAL);
    memcpy(early, world.cookie, sizeof(early));
    world.approval = LFI_APPROVAL_APPROVED;
    world_post("/journey/approval", WORLD_STEP);
    memcpy(world.cookie, early, sizeof(early));
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"error\":\"JOURNEY-ORDER\""));
    memmove(world.cookie + strlen("__Host-customer"), strchr(world.cookie, '='),
            strlen(strchr(world.cookie, '=')) + 1);
    memcpy(world.cookie, "__Host-customer", strlen("__Host-customer"));
    world_post("/consents/api/list", WORLD_STEP);
    assert_int_equal(world.status, 401);
    assert_string_equal(world.calls, "");
}

static void refuses_parameters_of_any_length(void **state)
{
    (void)state;
    char *query = malloc(10050);
    char *body = malloc(10200);
    assert_true(query && body);
    snprintf(query, 10050, "client_id=x&request_uri=");
    memset(query + 24, 'y', 10000);
    query[10024] = '\0';
    world_get("/authorize", query); /* not ours to judge: the Hub does */
    assert_int_equal(world.status, 303);
    snprintf(body, 10200, "{\"journey\":\"i-1\",\"login\":\"%.10000s\",\"password\":\"x\"}",
             query + 24);
    world_post("/journey/sign-in", body);
    assert_int_equal(world.status, 400);
    assert_true(world_says("\"error\":\"JOURNEY-BODY\""));
    snprintf(body, 10200, "{\"journey\":\"%.10000s\"}", query + 24);
    world_post("/journey/cancel", body);
    assert_true(world_says("\"error\":\"JOURNEY-BODY\""));
    assert_string_equal(world.calls, "");
    free(query);
    free(body);
}

static void refuses_accounts_that_were_not_offered(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world_post("/journey/approve", "{\"journey\":\"i-1\",\"accountIds\":[\"acc-1\",\"acc-9\"]}");
    assert_int_equal(world.status, 400);
    assert_true(world_says("\"error\":\"JOURNEY-ACCOUNTS\""));
    assert_string_equal(world.calls, "");
    world_post("/journey/approve", "{\"journey\":\"i-1\",\"accountIds\":[]}");
    assert_true(world_says("\"error\":\"JOURNEY-BODY\""));
    world_post("/journey/approve", "{\"journey\":\"i-1\",\"accountIds\":[\"acc-2\",\"acc-1\"]}");
    assert_true(strstr(world.calls, "[\"acc-1\",\"acc-2\"]"));
}

static void refuses_a_step_of_another_journey(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world_post("/journey/approve", "{\"journey\":\"i-2\",\"accountIds\":[\"acc-1\"]}");
    assert_int_equal(world.status, 409);
    assert_true(world_says("\"error\":\"JOURNEY-OTHER\""));
    assert_string_equal(world.calls, "");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(approves_with_one_patch_and_one_confirm),
        CASE(answers_a_second_submit_with_the_same_redirect),
        CASE(says_working_while_another_click_decides),
        CASE(holds_a_decision_as_long_as_its_calls_may_take),
        CASE(goes_on_after_a_crash_between_patch_and_confirm),
        CASE(cancels_with_patch_before_do_fail),
        CASE(shows_the_end_again_without_going_there),
        CASE(resumes_the_same_request_without_asking_the_hub),
        CASE(offers_three_tries_that_no_old_cookie_brings_back),
        CASE(ends_for_each_failure_of_the_core),
        CASE(ends_when_the_approval_is_denied_or_too_late),
        CASE(time_out_depends_on_who_is_known),
        CASE(allows_each_step_in_its_stages_only),
        CASE(answers_each_step_after_the_end_with_the_way_back),
        CASE(walks_know_every_row),
        CASE(extends_a_session_ten_times_only),
        CASE(says_why_and_to_whom_a_refused_customer_goes_back),
        CASE(each_request_draws_its_own_number),
        CASE(cookies_are_good_for_their_own_purpose),
        CASE(refuses_parameters_of_any_length),
        CASE(refuses_accounts_that_were_not_offered),
        CASE(refuses_a_step_of_another_journey),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
