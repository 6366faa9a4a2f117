// link: lfi-psu
/* Decisions as values, taken without a request to answer, as a background worker does. */
#include "psu_world.h"

#include "psu/decision.h"
#include "psu/journey_record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define REJECTED                                                                                   \
    "PATCH {\"status\":\"Rejected\",\"psuIdentifiers\":{\"userId\":\"u-1\"},"                      \
    "\"authorizationChannel\":\"Web\"}\n"
#define DENIED "doFail access_denied "
#define EARLY "user_failed_to_authenticate\n"

static struct session session;
static struct actor actor;
static struct decision decision;

static void begin(enum session_stage stage)
{
    session = (struct session){.kind = SESSION_JOURNEY,
                               .stage = stage,
                               .provider = SLICE("dhowretail"),
                               .interaction_id = SLICE("i-1"),
                               .consent_id = SLICE("c-1"),
                               .arrival = SLICE("a"),
                               .user_id = SLICE("u-1"),
                               .started_s = clock_now_s(&world.clock)};
    actor = (struct actor){.psu = world.psu,
                           .endpoint = &world.psu->endpoints[0],
                           .arena = arena_new(64 * 1024),
                           .session = &session};
    assert_non_null(actor.arena);
}

static void end(void)
{
    arena_free(actor.arena);
}

/* What the Hub is told of each ending, and what the browser. */
static void tells_of_every_ending_what_its_row_says(void **state)
{
    static const struct {
        const char *calls, *reason;
    } told[ENDINGS] = {
        [ENDING_NOT_AUTHENTICATED] = {DENIED EARLY, "tries"},
        [ENDING_DENIED] = {DENIED EARLY, "denied"},
        [ENDING_TIMED_OUT] = {DENIED EARLY, "expired"},
        [ENDING_LEFT] = {DENIED EARLY, NULL},
        [ENDING_BLOCKED] = {DENIED "user_account_blocked\n", "blocked"},
        [ENDING_NOT_OWNER] = {DENIED EARLY, "not-owner"},
        [ENDING_CONSENT_CLOSED] = {DENIED "session_expired\n", "closed"},
        [ENDING_FAILED_EARLY] = {"doFail server_error lfi_internal_error\n", "failed"},
        [ENDING_BUSY_EARLY] = {"doFail temporarily_unavailable lfi_temporarily_unavailable\n",
                               "busy"},
        [ENDING_HUB_EARLY] = {"doFail server_error api_hub_communication_error\n", "hub"},
        [ENDING_CANCELLED] = {REJECTED DENIED "user_rejected_consent\n", NULL},
        [ENDING_NO_ACCOUNTS] = {REJECTED "doFail invalid_request user_lacks_eligible_accounts\n",
                                "no-accounts"},
        [ENDING_NO_POLICIES] = {REJECTED "doFail invalid_request user_lacks_eligible_policies\n",
                                "no-policies"},
        [ENDING_NO_FILE] = {REJECTED "doFail server_error lfi_internal_error\n", "no-file"},
        [ENDING_NOT_DEBTOR] = {REJECTED "doFail invalid_request user_does_not_own_debtor_account\n",
                               "not-debtor"},
        [ENDING_NOT_SUPPORTED] = {REJECTED DENIED "consent_not_supported\n", "not-supported"},
        [ENDING_STEP_UP] = {REJECTED DENIED "user_failed_step_up_authentication\n", "step-up"},
        [ENDING_QUOTE] = {REJECTED DENIED "session_expired\n", "quote"},
        [ENDING_EXPIRED] = {REJECTED DENIED "session_expired\n", "expired"},
        [ENDING_FAILED] = {REJECTED "doFail server_error lfi_internal_error\n", "failed"},
        [ENDING_BUSY] = {REJECTED "doFail temporarily_unavailable lfi_temporarily_unavailable\n",
                         "busy"},
        [ENDING_HUB] = {REJECTED "doFail server_error api_hub_communication_error\n", "hub"},
    };
    for (int ending = 0; ending < ENDINGS; ending++) {
        world_tear_down(state);
        world_set_up(state);
        begin(SESSION_REVIEW);
        decision_refuse(actor, (enum ending)ending, &decision);
        assert_int_equal(decision.state, DECISION_MADE);
        assert_string_equal(world.calls, told[ending].calls);
        assert_true(slice_equal_text(decision.location, WORLD_BACK));
        assert_true(slice_equal(decision.reason, slice_of(told[ending].reason)));
        end();
    }
}

static void decides_once(void **state)
{
    (void)state;
    begin(SESSION_REVIEW);
    decision_find(actor, &decision);
    assert_int_equal(decision.state, DECISION_NONE);
    decision_refuse(actor, ENDING_CANCELLED, &decision);
    assert_int_equal(decision.state, DECISION_MADE);
    decision_refuse(actor, ENDING_EXPIRED, &decision);
    assert_int_equal(decision.state, DECISION_BEFORE);
    assert_true(slice_equal_text(decision.location, WORLD_BACK));
    decision_find(actor, &decision);
    assert_int_equal(decision.state, DECISION_BEFORE);
    assert_string_equal(world.calls, REJECTED DENIED "user_rejected_consent\n");
    end();
}

static void hides_a_code_from_a_browser_that_did_not_sign_in(void **state)
{
    (void)state;
    static const struct lfi_slice accounts[] = {{"acc-1", 5}};
    const struct decision_approval approval = {.ids = accounts, .count = 1};
    begin(SESSION_REVIEW);
    decision_approve(actor, &approval, &decision);
    assert_int_equal(decision.state, DECISION_MADE);
    assert_null(decision.reason.ptr);
    session.stage = SESSION_SIGN_IN;
    decision_refuse(actor, ENDING_TIMED_OUT, &decision);
    assert_int_equal(decision.state, DECISION_HIDDEN);
    end();
}

static void a_consent_to_payments_gets_its_connect_token(void **state)
{
    static const struct lfi_slice accounts[] = {{"acc-1", 5}};
    struct connect_tokens *tokens = NULL;
    struct buf token;
    (void)state;
    buf_init(&token, 64);
    assert_int_equal(connect_tokens_new(&tokens, SLICE("0123456789abcdef0123456789abcdef"),
                                        (struct lfi_slice){NULL, 0}, NULL),
                     0);
    assert_int_equal(connect_token_make(tokens, "dhowretail", SLICE("c-1"), &token), 0);
    buf_append(&token, "", 1);
    for (int i = 0; i < 3; i++) { /* a payment where tokens are given, and not; data sharing */
        const struct decision_approval approval = {.ids = accounts, .count = 1, .pays = i < 2};
        world_tear_down(state);
        world_set_up(state);
        begin(SESSION_REVIEW);
        world.psu->endpoints[0].connect_tokens = i == 1 ? NULL : tokens;
        decision_approve(actor, &approval, &decision);
        assert_int_equal(decision.state, DECISION_MADE);
        assert_null(decision.reason.ptr);
        assert_int_equal(strstr(world.calls, token.ptr) ? 1 : 0, i == 0);
        assert_int_equal(strstr(world.calls, "ConnectToken") ? 1 : 0, i == 0);
        end();
    }
    connect_tokens_free(tokens);
    buf_free(&token);
}

static void says_that_another_decides_or_that_it_cannot_be_said(void **state)
{
    (void)state;
    begin(SESSION_REVIEW);
    decision_refuse(actor, ENDING_EXPIRED, &decision);
    assert_int_equal(decision.state, DECISION_MADE);
    world.claims[0].settled = false; /* as if its calls were still out */
    decision_refuse(actor, ENDING_EXPIRED, &decision);
    assert_int_equal(decision.state, DECISION_UNDER_WAY);
    world.claim_status = LFI_UNAVAILABLE;
    decision_refuse(actor, ENDING_EXPIRED, &decision);
    assert_int_equal(decision.state, DECISION_UNKNOWN);
    assert_int_equal(decision.status, LFI_UNAVAILABLE);
    assert_string_equal(world.calls, REJECTED DENIED "session_expired\n");
    end();
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(tells_of_every_ending_what_its_row_says),
        CASE(decides_once),
        CASE(hides_a_code_from_a_browser_that_did_not_sign_in),
        CASE(a_consent_to_payments_gets_its_connect_token),
        CASE(says_that_another_decides_or_that_it_cannot_be_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
