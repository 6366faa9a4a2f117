// link: lfi-psu
/* A decision that must be confirmed once more: nothing reaches the Hub before, and only what was
 * confirmed afterwards. */
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
#define FAILED REJECTED "doFail access_denied user_failed_step_up_authentication\n"

#define ASSERTION                                                                                  \
    "{\"credential\":\"YQ\",\"clientDataJSON\":\"YQ\",\"authenticatorData\":\"YQ\",\"signature\":" \
    "\"YQ\"}"

static int set_up(void **state)
{
    int result = world_set_up(state);
    world.psu->step_up_data_sharing = true;
    return result;
}

/* The customer has decided and is asked to confirm. */
static void decide(void)
{
    world_go(SESSION_REVIEW);
    world.approval = LFI_APPROVAL_WAITING;
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"view\":\"step-up\"") && world_says("\"openApp\""));
    assert_string_equal(world.calls, "");
}

static void approves_after_the_confirmation_only(void **state)
{
    (void)state;
    decide();
    assert_true(world_asks("{\"kind\":\"step-up\",\"tpp\":\"Falcon Budget\",\"accounts\":1,"
                           "\"reference\":\"i-1\","));
    world_post("/journey/step-up", WORLD_STEP);
    assert_true(world_says("\"view\":\"step-up\""));
    world_post("/journey/state", "{}");
    assert_true(world_says("\"view\":\"step-up\""));
    assert_string_equal(world.calls, "");
    world.approval = LFI_APPROVAL_APPROVED;
    world_post("/journey/step-up", WORLD_STEP);
    assert_true(world_says("\"redirect\":\"" WORLD_BACK "\""));
    assert_string_equal(world.calls, PATCHED "doConfirm i-1\n");
}

static void rejects_when_it_is_denied_or_too_late(void **state)
{
    static const enum lfi_approval_state states[] = {LFI_APPROVAL_DENIED, LFI_APPROVAL_EXPIRED};
    for (size_t i = 0; i < 2; i++) {
        world_tear_down(state);
        set_up(state);
        decide();
        world.approval = states[i];
        world_post("/journey/step-up", WORLD_STEP);
        assert_string_equal(world.calls, FAILED);
    }
}

static void leaving_and_time_out_are_as_in_the_review(void **state)
{
    decide();
    world_post("/journey/cancel", WORLD_STEP);
    assert_string_equal(world.calls, REJECTED "doFail access_denied user_rejected_consent\n");
    world_tear_down(state);
    set_up(state);
    decide();
    world.clock.offset_us += INT64_C(600) * 1000000;
    world_post("/journey/step-up", WORLD_STEP);
    assert_string_equal(world.calls, REJECTED "doFail access_denied session_expired\n");
}

/* The approval that let the customer in confirms nothing: it is another one that is asked. */
static void confirms_only_in_its_stage_and_only_the_choice(void **state)
{
    (void)state;
    char review[sizeof(world.cookie)];
    world_go(SESSION_REVIEW);
    memcpy(review, world.cookie, sizeof(review));
    world_post("/journey/step-up", WORLD_STEP);
    assert_int_equal(world.status, 409);
    world.approval = LFI_APPROVAL_WAITING;
    world_post("/journey/approve", WORLD_APPROVE);
    world_post("/journey/approve", "{\"journey\":\"i-1\",\"accountIds\":[\"acc-2\"]}");
    assert_int_equal(world.status, 409);
    assert_true(world_says("\"error\":\"JOURNEY-ORDER\""));
    char asked[sizeof(world.cookie)];
    memcpy(asked, world.cookie, sizeof(asked));
    memcpy(world.cookie, review, sizeof(review)); /* an old cookie chooses something else */
    world_post("/journey/approve", "{\"journey\":\"i-1\",\"accountIds\":[\"acc-2\"]}");
    assert_true(world_says("\"view\":\"step-up\""));
    world_post("/journey/state", "{}");
    memcpy(world.cookie, review, sizeof(review)); /* or the same once more */
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says("\"view\":\"step-up\""));
    memcpy(world.cookie, asked, sizeof(asked)); /* what the first asked for is still the first */
    world.approval = LFI_APPROVAL_APPROVED;
    world_post("/journey/step-up", WORLD_STEP);
    assert_string_equal(world.calls, PATCHED "doConfirm i-1\n");
}

static void lets_choose_again_when_an_account_went_away(void **state)
{
    (void)state;
    decide();
    world.accounts[0] = WORLD_ACCOUNT("acc-1", "CurrentAccount", "Closed");
    world.approval = LFI_APPROVAL_APPROVED;
    world_post("/journey/step-up", WORLD_STEP);
    assert_int_equal(world.status, 400);
    assert_true(world_says("\"error\":\"JOURNEY-ACCOUNTS\""));
    assert_string_equal(world.calls, "");
    world_post("/journey/state", "{}");
    assert_true(world_says("\"view\":\"review\""));
}

static void goes_on_after_a_crash_between_patch_and_confirm(void **state)
{
    (void)state;
    decide();
    world.consent = "{\"id\":\"c-1\",\"consentType\":\"cbuae-account-access-consents\","
                    "\"status\":\"Authorized\",\"psuIdentifiers\":{\"userId\":\"u-1\"},"
                    "\"accountIds\":[\"acc-1\"]}";
    world.approval = LFI_APPROVAL_APPROVED;
    world_post("/journey/step-up", WORLD_STEP);
    assert_string_equal(world.calls, "doConfirm i-1\n");
}

static void ends_for_each_failure_of_the_core(void **state)
{
    world_go(SESSION_REVIEW);
    world.approval_start = LFI_UNAVAILABLE;
    world_post("/journey/approve", WORLD_APPROVE);
    assert_string_equal(world.calls,
                        REJECTED "doFail temporarily_unavailable lfi_temporarily_unavailable\n");
    world_tear_down(state);
    set_up(state);
    decide();
    static const char *const passkeys[] = {"/journey/step-up-options", "/journey/step-up-passkey"};
    for (size_t i = 0; i < 2; i++) { /* this core keeps none */
        world_post(passkeys[i],
                   i == 0 ? WORLD_STEP : "{\"journey\":\"i-1\",\"assertion\":" ASSERTION "}");
        assert_int_equal(world.status, 404);
        assert_true(world_says("\"error\":\"PASSKEY-NONE\""));
    }
}

/* Nothing is asked of the customer that could not be carried out afterwards. */
static void ends_when_the_choice_cannot_be_kept(void **state)
{
    static const char *const busy =
        REJECTED "doFail temporarily_unavailable lfi_temporarily_unavailable\n";
    world_go(SESSION_REVIEW);
    world.settle_status = LFI_UNAVAILABLE;
    world_post("/journey/approve", WORLD_APPROVE);
    assert_string_equal(world.calls, busy);
    world_tear_down(state);
    set_up(state);
    decide();
    world.approval = LFI_APPROVAL_APPROVED;
    world.claim_status = LFI_UNAVAILABLE;
    world_post("/journey/step-up", WORLD_STEP);
    assert_true(world.status == 503 && world_says("\"error\":\"STATE-UNAVAILABLE\""));
    assert_string_equal(world.calls, "");
}

static int no_state(void *core, const struct lfi_call *call, const struct lfi_approval *approval,
                    enum lfi_approval_state *out, struct lfi_error *error)
{
    (void)core, (void)call, (void)approval, (void)error;
    *out = LFI_APPROVAL_APPROVED;
    return LFI_UNAVAILABLE;
}

static void rejects_when_the_core_cannot_say_what_was_confirmed(void **state)
{
    struct lfi_signin signin = world_signin;
    (void)state;
    decide();
    signin.approval_state = no_state;
    world.provider.signin = &signin;
    world_post("/journey/step-up", WORLD_STEP);
    assert_string_equal(world.calls,
                        REJECTED "doFail temporarily_unavailable lfi_temporarily_unavailable\n");
}

/* The core has lost what was chosen: nothing else is approved in its place. */
static void rejects_when_the_choice_is_gone(void **state)
{
    static const char *const lost[] = {NULL, "", "no JSON"};
    for (size_t i = 0; i < 3; i++) {
        world_tear_down(state);
        set_up(state);
        decide();
        for (size_t c = 0; c < WORLD_CLAIMS; c++) {
            struct world_claim *claim = &world.claims[c];
            if (strncmp(claim->key, "choice:", 7) == 0) {
                claim->settled = lost[i];
                claim->until_s = 0;
                snprintf(claim->result, sizeof(claim->result), "%s", lost[i] ? lost[i] : "");
            }
        }
        world.approval = LFI_APPROVAL_APPROVED;
        world_post("/journey/step-up", WORLD_STEP);
        assert_string_equal(world.calls, REJECTED "doFail server_error lfi_internal_error\n");
    }
}

static void links_to_the_app_of_the_demonstration_alone(void **state)
{
    (void)state;
    decide();
    world.psu->demo_app = false;
    world_post("/journey/step-up", WORLD_STEP);
    assert_true(world_says("\"view\":\"step-up\""));
    assert_false(world_says("\"openApp\""));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(approves_after_the_confirmation_only),
        CASE(rejects_when_it_is_denied_or_too_late),
        CASE(leaving_and_time_out_are_as_in_the_review),
        CASE(confirms_only_in_its_stage_and_only_the_choice),
        CASE(lets_choose_again_when_an_account_went_away),
        CASE(goes_on_after_a_crash_between_patch_and_confirm),
        CASE(ends_for_each_failure_of_the_core),
        CASE(ends_when_the_choice_cannot_be_kept),
        CASE(rejects_when_the_core_cannot_say_what_was_confirmed),
        CASE(rejects_when_the_choice_is_gone),
        CASE(links_to_the_app_of_the_demonstration_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
