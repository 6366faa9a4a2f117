// link: lfi-psu
#include "base/array.h"
#include "base/datetime.h"
#include "psu_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define AUTHORIZED                                                                                 \
    "PATCH {\"status\":\"Authorized\",\"psuIdentifiers\":{\"userId\":\"u-1\"},"                    \
    "\"accountIds\":[\"acc-1\"],\"authorizationChannel\":\"Web\"}\n"
#define REJECTED                                                                                   \
    "PATCH {\"status\":\"Rejected\",\"psuIdentifiers\":{\"userId\":\"u-1\"},"                      \
    "\"authorizationChannel\":\"Web\"}\n"
#define HUB_FAILED "doFail server_error api_hub_communication_error\n"
#define CONSENT(type, status, expires, more)                                                       \
    "{\"id\":\"c-1\",\"consentType\":\"" type "\",\"status\":\"" status "\","                      \
    "\"tpp\":{\"tppName\":\"Falcon Budget\"},\"consentBody\":{\"Data\":{\"Permissions\":"          \
    "[\"ReadBalances\"],\"ExpirationDateTime\":\"" expires "\"" more "}}}"
#define ACCESS "cbuae-account-access-consents"
#define LATER "2099-01-01T00:00:00Z"

/* What the Hub is told when the customer reaches the review of this consent. */
static void expect_at_review(void **state, const char *consent, const char *calls)
{
    world_tear_down(state);
    world_set_up(state);
    world.consent = consent;
    world_go(SESSION_REVIEW);
    assert_true(world_says("\"redirect\":\"" WORLD_BACK "\""));
    assert_string_equal(world.calls, calls);
}

static void does_not_confirm_when_the_patch_fails(void **state)
{
    static const enum hub_outcome outcomes[] = {HUB_REFUSED, HUB_UNREACHABLE, HUB_WRONG};
    for (size_t i = 0; i < 3; i++) {
        world_tear_down(state);
        world_set_up(state);
        world_go(SESSION_REVIEW);
        world.patch = outcomes[i];
        world_post("/journey/approve", WORLD_APPROVE);
        assert_string_equal(world.calls, AUTHORIZED REJECTED REJECTED HUB_FAILED);
    }
}

static void revokes_when_the_confirmation_fails(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.confirm = HUB_UNREACHABLE;
    world_post("/journey/approve", WORLD_APPROVE);
    assert_string_equal(world.calls, AUTHORIZED "doConfirm i-1\nrevoke LFI\n" HUB_FAILED);
}

static void tells_the_communication_error_when_a_rejection_fails(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.patch = HUB_UNREACHABLE;
    world_post("/journey/cancel", WORLD_STEP); /* still open when looked at: tried once more */
    assert_string_equal(world.calls, REJECTED REJECTED HUB_FAILED);
}

static void shows_an_error_when_there_is_no_way_back(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.fail = HUB_UNREACHABLE;
    world_post("/journey/cancel", WORLD_STEP);
    assert_int_equal(world.status, 503);
    assert_true(world_says("\"error\":\"HUB-UNAVAILABLE\"") && world_says("\"journey\":\"i-1\""));
    world.fail = HUB_OK;
    world_post("/journey/cancel", WORLD_STEP);
    assert_true(world_says("\"error\":\"HUB-UNAVAILABLE\""));
    assert_string_equal(world.calls, REJECTED "doFail access_denied user_rejected_consent\n");
}

static void ends_when_the_consent_cannot_be_read(void **state)
{
    static const struct {
        enum session_stage stage;
        const char *path, *body, *calls;
    } cases[] = {
        {SESSION_SIGN_IN, "/journey/state", "{}", HUB_FAILED},
        {SESSION_SIGN_IN, "/journey/sign-in", WORLD_SIGN_IN, HUB_FAILED},
        {SESSION_REVIEW, "/journey/state", "{}", REJECTED HUB_FAILED},
        {SESSION_REVIEW, "/journey/approve", WORLD_APPROVE, REJECTED HUB_FAILED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_tear_down(state);
        world_set_up(state);
        world_go(cases[i].stage);
        world.read = HUB_WRONG;
        world_post(cases[i].path, cases[i].body);
        assert_true(world_says("\"redirect\":\"" WORLD_BACK "\""));
        assert_string_equal(world.calls, cases[i].calls);
    }
}

static void ends_before_sign_in_when_the_consent_is_closed(void **state)
{
    static const char *const consents[] = {
        CONSENT(ACCESS, "Rejected", LATER, ""),
        CONSENT(ACCESS, "Authorized", LATER, ""),
        CONSENT(ACCESS, "AwaitingAuthorization", "1999-01-01T00:00:00Z", ""),
        CONSENT(ACCESS, "AwaitingAuthorization", LATER,
                ",\"AuthorizationExpirationDateTime\":\"1999-01-01T00:00:00Z\""),
        CONSENT(ACCESS, "AwaitingAuthorization", "tomorrow", ""),
    };
    for (size_t i = 0; i < ARRAY_LEN(consents); i++) {
        world_tear_down(state);
        world_set_up(state);
        world.consent = consents[i];
        world_arrive();
        world_post("/journey/state", "{}");
        assert_true(world_says("\"redirect\""));
        assert_string_equal(world.calls, "doFail access_denied session_expired\n");
    }
}

/* The session would go on; who sets Rejected is the Hub, so nothing is patched. */
static void ends_when_the_time_to_authorise_passes_on_the_way(void **state)
{
    static const struct {
        enum session_stage stage;
        const char *path, *body;
    } cases[] = {
        {SESSION_SIGN_IN, "/journey/sign-in", WORLD_SIGN_IN},
        {SESSION_REVIEW, "/journey/approve", WORLD_APPROVE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char until[DATETIME_TEXT_MAX], consent[1024];
        world_tear_down(state);
        world_set_up(state);
        (void)datetime_format_utc_ms(clock_now_us(&world.clock) + INT64_C(100000000), until);
        (void)snprintf(consent, sizeof(consent),
                       CONSENT(ACCESS, "AwaitingAuthorization", LATER,
                               ",\"AuthorizationExpirationDateTime\":\"%s\""),
                       until);
        world.consent = consent;
        world_go(cases[i].stage);
        assert_string_equal(world.calls, "");
        world.clock.offset_us += INT64_C(101000000);
        world_post(cases[i].path, cases[i].body);
        assert_true(world_says("\"redirect\":\"" WORLD_BACK "\""));
        assert_string_equal(world.calls, "doFail access_denied session_expired\n");
    }
}

static void rejects_kinds_that_are_not_supported_after_sign_in(void **state)
{
    expect_at_review(state, CONSENT("cbuae-insurance-consents", "AwaitingAuthorization", LATER, ""),
                     REJECTED "doFail access_denied consent_not_supported\n");
    static const char *const none[] = {NULL};
    world_tear_down(state);
    world_set_up(state);
    world.provider.offers.consent_types = none;
    world_go(SESSION_REVIEW);
    assert_string_equal(world.calls, REJECTED "doFail access_denied consent_not_supported\n");
}

static void rejects_when_no_account_is_eligible(void **state)
{
    expect_at_review(
        state,
        CONSENT(ACCESS, "AwaitingAuthorization", LATER, ",\"AccountSubType\":[\"Mortgage\"]"),
        REJECTED "doFail invalid_request user_lacks_eligible_accounts\n");
    world_tear_down(state);
    world_set_up(state);
    world.accounts[0] = NULL;
    world_go(SESSION_REVIEW);
    assert_string_equal(world.calls,
                        REJECTED "doFail invalid_request user_lacks_eligible_accounts\n");
}

static void rejects_when_the_core_cannot_list_accounts(void **state)
{
    (void)state;
    world.accounts_status = LFI_FAILED;
    world_go(SESSION_REVIEW);
    assert_string_equal(world.calls, REJECTED "doFail server_error lfi_internal_error\n");
}

#define RENEWAL CONSENT(ACCESS, "AwaitingAuthorization", LATER, ",\"BaseConsentId\":\"base\"")

static void renews_only_for_the_person_who_gave_the_consent(void **state)
{
    static const char *const others[] = {
        "{\"id\":\"base\",\"psuIdentifiers\":{\"userId\":\"u-2\"}}",
        "{\"id\":\"base\"}",
    };
    (void)state;
    world.consent = RENEWAL;
    world.base = "{\"id\":\"base\",\"psuIdentifiers\":{\"userId\":\"u-1\"}}";
    world_go(SESSION_REVIEW);
    assert_true(world_says("\"view\":\"review\""));
    world.base = others[0];
    world_post("/journey/approve", WORLD_APPROVE);
    assert_string_equal(world.calls, "doFail access_denied user_failed_to_authenticate\n");
    for (size_t i = 0; i < 2; i++) {
        world_tear_down(state);
        world_set_up(state);
        world.consent = RENEWAL;
        world.base = others[i];
        world_go(SESSION_REVIEW);
        assert_string_equal(world.calls, "doFail access_denied user_failed_to_authenticate\n");
    }
}

static void decides_nothing_when_the_core_cannot_claim(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.claim_status = LFI_UNAVAILABLE;
    world_post("/journey/approve", WORLD_APPROVE);
    assert_int_equal(world.status, 503);
    assert_true(world_says("\"error\":\"STATE-UNAVAILABLE\""));
    assert_string_equal(world.calls, "");
}

/* An ending is told again from what the core keeps; without it nothing is invented. */
static void repeats_no_ending_that_the_core_cannot_tell(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world_post("/journey/approve", WORLD_APPROVE);
    assert_string_equal(world.calls, AUTHORIZED "doConfirm i-1\n");
    world.claim_status = LFI_UNAVAILABLE;
    world_post("/journey/state", "{}");
    assert_true(world.status == 503 && world_says("\"error\":\"STATE-UNAVAILABLE\""));
    world.claim_status = LFI_OK;
    world_post("/journey/state", "{}");
    assert_true(world_says("\"redirect\":\"" WORLD_BACK "\""));
    assert_string_equal(world.calls, AUTHORIZED "doConfirm i-1\n");
}

#define CUT_OFF(user)                                                                              \
    "{\"id\":\"c-1\",\"consentType\":\"" ACCESS "\",\"status\":\"Authorized\","                    \
    "\"psuIdentifiers\":{\"userId\":\"" user "\"},\"accountIds\":[\"acc-1\"]}"

/* The Hub refuses the rejection: what an earlier try authorized is revoked, if it is theirs. */
static void says_that_the_hub_failed_when_nothing_is_closed(void **state)
{
    static const struct {
        const char *consent;
        enum hub_outcome read, revoke;
        const char *calls;
    } cases[] = {
        {CUT_OFF("u-1"), HUB_OK, HUB_OK,
         REJECTED "revoke LFI\ndoFail access_denied user_rejected_consent\n"},
        {CUT_OFF("u-1"), HUB_OK, HUB_UNREACHABLE, REJECTED "revoke LFI\n" HUB_FAILED},
        {CUT_OFF("u-2"), HUB_OK, HUB_OK, REJECTED HUB_FAILED},
        {CUT_OFF("u-1"), HUB_WRONG, HUB_OK, REJECTED HUB_FAILED},
        {WORLD_CONSENT, HUB_OK, HUB_OK, REJECTED REJECTED HUB_FAILED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_tear_down(state);
        world_set_up(state);
        world_go(SESSION_REVIEW);
        world.patch = HUB_REFUSED;
        world.consent = cases[i].consent;
        world.read = cases[i].read;
        world.revoke = cases[i].revoke;
        world_post("/journey/cancel", WORLD_STEP);
        assert_string_equal(world.calls, cases[i].calls);
    }
}

/* Nobody is at the page: who began the decision first keeps it. */
static void times_out_unseen_once_and_only_with_the_core(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.clock.offset_us += INT64_C(700) * 1000000;
    world.claim_status = LFI_UNAVAILABLE;
    assert_true(world_run_due());
    assert_string_equal(world.calls, "");
    world.claim_status = LFI_OK;
    world_decide_elsewhere(true);
    world.clock.offset_us += INT64_C(700) * 1000000;
    assert_true(world_run_due());
    assert_string_equal(world.calls, "");
    world.clock.offset_us += INT64_C(700) * 1000000;
    assert_false(world_run_due()); /* forgotten */
}

static void goes_back_although_the_result_cannot_be_kept(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world.settle_status = LFI_FAILED;
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"redirect\":\"" WORLD_BACK "\""));
}

/* The operator makes a step fail: the row depends on how far the customer has come. */
static void fails_as_the_operator_wants(void **state)
{
    static const struct {
        enum session_stage stage;
        const char *step, *path, *body;
        int status;
        const char *calls;
    } cases[] = {
        {SESSION_SIGN_IN, "journey/state", "/journey/state", "{}", 503,
         "doFail temporarily_unavailable lfi_temporarily_unavailable\n"},
        {SESSION_SIGN_IN, "journey/sign-in", "/journey/sign-in", WORLD_SIGN_IN, 500,
         "doFail server_error lfi_internal_error\n"},
        {SESSION_APPROVAL, "journey/approval", "/journey/approval", WORLD_STEP, 500,
         "doFail server_error lfi_internal_error\n"},
        {SESSION_REVIEW, "journey/approve", "/journey/approve", WORLD_APPROVE, 503,
         REJECTED "doFail temporarily_unavailable lfi_temporarily_unavailable\n"},
        {SESSION_REVIEW, "journey/approve", "/journey/approve", WORLD_APPROVE, 500,
         REJECTED "doFail server_error lfi_internal_error\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_tear_down(state);
        world_set_up(state);
        world_go(cases[i].stage);
        world_override(cases[i].step, cases[i].status, false);
        world_post(cases[i].path, cases[i].body);
        assert_true(world_says("\"redirect\":\"" WORLD_BACK "\""));
        assert_string_equal(world.calls, cases[i].calls);
    }
    assert_true(psu_is_step(SLICE("journey/approve")));
    assert_false(psu_is_step(SLICE("journey/nothing")));
    assert_false(psu_is_step(SLICE("journey")));
    assert_false(psu_is_step(SLICE("approve")));
}

static void hangs_up_as_the_operator_wants(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    world_override("journey/approve", 0, true);
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world.hung_up);
    assert_string_equal(world.calls, "");
    world_post("/journey/approve", WORLD_APPROVE);
    assert_false(world.hung_up);
    assert_true(world_says("\"redirect\":\"" WORLD_BACK "\""));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(does_not_confirm_when_the_patch_fails),
        CASE(revokes_when_the_confirmation_fails),
        CASE(tells_the_communication_error_when_a_rejection_fails),
        CASE(shows_an_error_when_there_is_no_way_back),
        CASE(ends_when_the_consent_cannot_be_read),
        CASE(ends_before_sign_in_when_the_consent_is_closed),
        CASE(ends_when_the_time_to_authorise_passes_on_the_way),
        CASE(rejects_kinds_that_are_not_supported_after_sign_in),
        CASE(rejects_when_no_account_is_eligible),
        CASE(rejects_when_the_core_cannot_list_accounts),
        CASE(renews_only_for_the_person_who_gave_the_consent),
        CASE(decides_nothing_when_the_core_cannot_claim),
        CASE(repeats_no_ending_that_the_core_cannot_tell),
        CASE(says_that_the_hub_failed_when_nothing_is_closed),
        CASE(times_out_unseen_once_and_only_with_the_core),
        CASE(goes_back_although_the_result_cannot_be_kept),
        CASE(fails_as_the_operator_wants),
        CASE(hangs_up_as_the_operator_wants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
