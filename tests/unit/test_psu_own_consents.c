// link: lfi-psu
#include "base/array.h"
#include "psu/own_consents.h"
#include "psu_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CONSENT(id, user, status, more)                                                            \
    "{\"id\":\"" id "\",\"consentType\":\"cbuae-account-access-consents\",\"status\":\"" status    \
    "\",\"psuIdentifiers\":{\"userId\":\"" user "\"},\"tpp\":{\"tppName\":\"Falcon Budget\"},"     \
    "\"updatedAt\":1795242474244,\"accountIds\":[\"acc-1\",\"acc-2\"],"                            \
    "\"consentBody\":{\"Data\":{\"Permissions\":[\"ReadBalances\"]" more "}}}"
#define MINE CONSENT("c-1", "u-1", "Authorized", "")
#define THEIRS CONSENT("c-9", "u-9", "Authorized", "")

static char visit_id[64];

/* Keeps the id under which the server knows this session. */
static void note_visit(void)
{
    const char *at = strstr(world.body, "\"journey\":\"");
    assert_non_null(at);
    snprintf(visit_id, sizeof(visit_id), "%.*s", 36, at + 11);
}

static void post(const char *step, const char *more)
{
    char path[64], body[512];
    snprintf(path, sizeof(path), "/consents/api/%s", step);
    snprintf(body, sizeof(body), "{\"journey\":\"%s\"%s}", visit_id, more);
    world_post(path, body);
}

static void go(enum session_stage stage)
{
    world.consent = MINE;
    world.own = "[" MINE "," THEIRS "]";
    world_post("/consents/api/start", "{}");
    note_visit();
    if (stage >= SESSION_APPROVAL) {
        post("sign-in", ",\"login\":\"layla\",\"password\":\"right\"");
    }
    if (stage >= SESSION_REVIEW) {
        world.approval = LFI_APPROVAL_APPROVED;
        post("approval", "");
    }
    if (stage == SESSION_ENDED) {
        post("sign-out", "");
    }
}

static void shows_own_consents_alone(void **state)
{
    (void)state;
    go(SESSION_REVIEW);
    assert_true(world_says("\"view\":\"consents\""));
    assert_true(world_says("\"id\":\"c-1\""));
    assert_false(world_says("\"c-9\""));
    assert_true(world_says("\"accounts\":2"));
    assert_true(world_says("\"updated\":1795242474244"));
    assert_string_equal(world.calls, ""); /* and nobody was told anything */
}

/* Signed out is who the core knows to be: until then the customer is told that it failed. */
static void signs_nobody_out_without_the_core(void **state)
{
    (void)state;
    go(SESSION_REVIEW);
    world.settle_status = LFI_UNAVAILABLE;
    post("sign-out", "");
    assert_true(world.status == 503 && world_says("\"error\":\"STATE-UNAVAILABLE\""));
    assert_false(world_says("signed-out"));
    world.settle_status = LFI_OK;
    world.claim_status = LFI_UNAVAILABLE;
    post("list", "");
    assert_true(world.status == 503 && world_says("\"error\":\"STATE-UNAVAILABLE\""));
    assert_false(world_says("\"c-1\""));
}

/* In which stages the row of a step allows it. */
static unsigned stages_of(const char *step)
{
    char path[64];
    struct contract_match match;
    const struct flow_api *flow = own_consents_api.flow;
    snprintf(path, sizeof(path), "/consents/api/%s", step);
    assert_int_equal(contract_match(flow->contract, SLICE("POST"), slice_of(path), &match),
                     CONTRACT_FOUND);
    return flow_row_of(flow, match.operation)->stages;
}

static void steps_have_their_stages(void **state)
{
    static const char *const names[] = {"sign-in", "approval", "list", "consent", "revoke"};
    static const char *const more[] = {",\"login\":\"layla\",\"password\":\"right\"", "", "",
                                       ",\"consentId\":\"c-1\"", ",\"consentId\":\"c-1\""};
    static const bool allowed[][3] = {{true, false, false},
                                      {false, true, false},
                                      {false, false, true},
                                      {false, false, true},
                                      {false, false, true}};
    (void)state;
    for (int stage = SESSION_SIGN_IN; stage <= SESSION_REVIEW; stage++) {
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            assert_int_equal((stages_of(names[i]) >> stage & 1) == 1, allowed[i][stage]);
            if (!allowed[i][stage]) {
                go((enum session_stage)stage);
                post(names[i], more[i]);
                assert_int_equal(world.status, 409);
                assert_true(world_says("JOURNEY-ORDER"));
                assert_string_equal(world.calls, "");
            }
        }
    }
    go(SESSION_ENDED);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        post(names[i], more[i]);
        assert_true(world_says("\"view\":\"signed-out\""));
    }
}

static void a_consent_of_somebody_else_does_not_exist(void **state)
{
    (void)state;
    go(SESSION_REVIEW);
    world.consent = THEIRS;
    post("consent", ",\"consentId\":\"c-9\"");
    assert_int_equal(world.status, 404);
    assert_true(world_says("CONSENT-UNKNOWN"));
    post("revoke", ",\"consentId\":\"c-9\"");
    assert_int_equal(world.status, 404);
    assert_string_equal(world.calls, "");
}

static void revokes_what_is_not_ended(void **state)
{
    static const struct {
        const char *consent;
        bool revoked;
    } rows[] = {
        {CONSENT("c-1", "u-1", "AwaitingAuthorization", ""), true},
        {CONSENT("c-1", "u-1", "Authorized", ""), true},
        {CONSENT("c-1", "u-1", "Suspended", ""), true},
        {CONSENT("c-1", "u-1", "Revoked", ""), false},
        {CONSENT("c-1", "u-1", "Expired", ""), false},
        {CONSENT("c-1", "u-1", "Rejected", ""), false},
        {CONSENT("c-1", "u-1", "Consumed", ""), false},
        {CONSENT("c-1", "u-1", "Unheard", ""), false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        go(SESSION_REVIEW);
        world.calls[0] = '\0';
        world.consent = rows[i].consent;
        post("revoke", ",\"consentId\":\"c-1\"");
        assert_int_equal(world.status, 200);
        assert_true(world_says(rows[i].revoked ? "\"revocable\":true" : "\"revocable\":false"));
        assert_string_equal(world.calls, rows[i].revoked ? "revoke LFI.InitiatedByUser\n" : "");
    }
}

static void the_chain_leaves_out_others(void **state)
{
    static const char mine[] = CONSENT("c-1", "u-1", "Authorized", ",\"BaseConsentId\":\"c-0\"");
    (void)state;
    go(SESSION_REVIEW);
    world.consent = mine;
    world.own = "[" THEIRS "," CONSENT("c-0", "u-1", "Revoked", "") "," MINE "]";
    post("consent", ",\"consentId\":\"c-1\"");
    assert_int_equal(world.status, 200);
    assert_true(world_says("\"chain\":[{\"id\":\"c-0\""));
    assert_false(world_says("\"c-9\""));
}

static void says_that_the_hub_is_down(void **state)
{
    (void)state;
    go(SESSION_REVIEW);
    world.list = HUB_UNREACHABLE;
    post("list", "");
    assert_int_equal(world.status, 503);
    assert_true(world_says("HUB-DOWN"));
    world.list = HUB_OK;
    post("list", "");
    assert_int_equal(world.status, 200);
    assert_true(world_says("\"pending\":false"));
}

static void keeps_what_the_hub_cannot_be_told(void **state)
{
    (void)state;
    go(SESSION_REVIEW);
    world.revoke = HUB_UNREACHABLE;
    post("revoke", ",\"consentId\":\"c-1\"");
    assert_int_equal(world.status, 200);
    assert_true(world_says("\"view\":\"revocation-kept\""));
    post("list", "");
    assert_true(world_says("\"pending\":true"));
    assert_true(world_says("\"revocable\":false"));
}

/* Revokes with the proof that the last list gave for the consent; `proof_of` NULL: with none. */
static void post_revoke(const char *consent_id, const char *proof_of)
{
    char more[512], named[64], proof[400] = "";
    snprintf(named, sizeof(named), "\"id\":\"%s\"", proof_of ? proof_of : "");
    const char *at = proof_of ? strstr(world.body, named) : NULL;
    at = at ? strstr(at, "\"proof\":\"") : NULL;
    if (at) {
        snprintf(proof, sizeof(proof), ",\"proof\":\"%.*s\"", (int)strcspn(at + 9, "\""), at + 9);
    }
    snprintf(more, sizeof(more), ",\"consentId\":\"%s\"%s", consent_id, proof);
    post("revoke", more);
}

#define OWN(id)                                                                                    \
    "{\"id\":\"" id "\",\"status\":\"Authorized\",\"psuIdentifiers\":{\"userId\":\"u-1\"}}"

/* What the customer was shown before is known to be theirs; made-up ids, and others' are not. */
static void keeps_nothing_that_was_not_shown_as_the_customers(void **state)
{
    static const struct {
        const char *id, *proof_of;
        bool kept;
    } cases[] = {{"c-2", "c-2", true},
                 {"c-2", NULL, false},
                 {"made-up", NULL, false},
                 {"made-up", "c-2", false},
                 {"c-3", "c-2", false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_tear_down(state);
        world_set_up(state);
        go(SESSION_REVIEW);
        world.own = "[" OWN("c-2") "," OWN("c-3") "]";
        post("list", "");
        world.read = HUB_UNREACHABLE;
        post_revoke(cases[i].id, cases[i].proof_of);
        assert_int_equal(world.status, cases[i].kept ? 200 : 503);
        assert_true(world_says(cases[i].kept ? "\"view\":\"revocation-kept\"" : "HUB-DOWN"));
        assert_int_equal(world.tasks[0].key[0] != '\0', cases[i].kept);
    }
}

/* One past the quota is refused; what is kept already is not counted again. */
static void keeps_no_more_than_a_customer_may(void **state)
{
    static const struct {
        const char *id;
        bool kept;
    } cases[] = {{"c-2", true}, {"c-2", true}, {"c-3", true}, {"c-4", false}, {"c-3", true}};
    (void)state;
    go(SESSION_REVIEW);
    world.own = "[" OWN("c-2") "," OWN("c-3") "," OWN("c-4") "]";
    world.allow_most = 2;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        post("list", "");
        world.read = HUB_UNREACHABLE;
        post_revoke(cases[i].id, cases[i].id);
        world.read = HUB_OK;
        assert_int_equal(world.status, cases[i].kept ? 200 : 429);
        assert_true(world_says(cases[i].kept ? "\"view\":\"revocation-kept\""
                                             : "\"error\":\"REVOCATION-LIMIT\""));
    }
}

/* Half of the table is for journeys; the Hub is told all the same when it can be. */
static void leaves_room_for_journeys(void **state)
{
    (void)state;
    go(SESSION_REVIEW);
    world.own = "[" OWN("c-2") "," OWN("c-3") "]";
    world.task_limit = 2;
    for (int i = 2; i <= 3; i++) {
        post("list", "");
        world.read = HUB_UNREACHABLE;
        post_revoke(i == 2 ? "c-2" : "c-3", i == 2 ? "c-2" : "c-3");
        world.read = HUB_OK;
        assert_int_equal(world.status, i == 2 ? 200 : 503);
    }
    assert_true(world_says("STATE-UNAVAILABLE"));
    post("revoke", ",\"consentId\":\"c-1\"");
    assert_int_equal(world.status, 200);
    assert_string_equal(world.calls, "revoke LFI.InitiatedByUser\n");
    world.revoke = HUB_UNREACHABLE;
    post("revoke", ",\"consentId\":\"c-1\"");
    assert_int_equal(world.status, 503);
}

/* Killed between the Hub's carrying it out and its answer: the task was there before the call. */
static void a_revocation_is_kept_before_the_hub_is_reported(void **state)
{
    (void)state;
    go(SESSION_REVIEW);
    world.revoke = HUB_UNREACHABLE;
    post("revoke", ",\"consentId\":\"c-1\"");
    assert_true(world_says("\"view\":\"revocation-kept\""));
    assert_true(world.tasks_when_told > 0);
    world.revoke = HUB_OK;
    post("revoke", ",\"consentId\":\"c-1\"");
    assert_int_equal(world.tasks[0].key[0], '\0'); /* and done with its answer */
}

static void a_blocked_customer_is_shown_out(void **state)
{
    (void)state;
    go(SESSION_SIGN_IN);
    world.sign_in = LFI_BLOCKED;
    post("sign-in", ",\"login\":\"layla\",\"password\":\"right\"");
    assert_true(world_says("\"reason\":\"blocked\""));
    assert_string_equal(world.calls, "");
}

static void the_sessions_of_the_two_kinds_are_not_exchangeable(void **state)
{
    (void)state;
    go(SESSION_REVIEW);
    assert_non_null(strstr(world.cookie, "__Host-customer="));
    char swapped[4096];
    snprintf(swapped, sizeof(swapped), "__Host-journey=%s", strchr(world.cookie, '=') + 1);
    snprintf(world.cookie, sizeof(world.cookie), "%s", swapped);
    world_post("/journey/state", "{}");
    assert_int_equal(world.status, 401);
}

static void a_session_that_was_left_stays_over(void **state)
{
    char kept[4096];
    (void)state;
    go(SESSION_REVIEW);
    snprintf(kept, sizeof(kept), "%s", world.cookie);
    post("sign-out", "");
    snprintf(world.cookie, sizeof(world.cookie), "%s", kept);
    post("list", "");
    assert_true(world_says("\"view\":\"signed-out\""));
}

static void an_unknown_provider_is_refused(void **state)
{
    (void)state;
    world_post("/consents/api/start", "{\"provider\":\"nobody\"}");
    assert_int_equal(world.status, 404);
    assert_true(world_says("PROVIDER-UNKNOWN"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shows_own_consents_alone, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(steps_have_their_stages, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(signs_nobody_out_without_the_core, world_set_up,
                                        world_tear_down),
        cmocka_unit_test_setup_teardown(a_consent_of_somebody_else_does_not_exist, world_set_up,
                                        world_tear_down),
        cmocka_unit_test_setup_teardown(revokes_what_is_not_ended, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(the_chain_leaves_out_others, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(says_that_the_hub_is_down, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(keeps_what_the_hub_cannot_be_told, world_set_up,
                                        world_tear_down),
        cmocka_unit_test_setup_teardown(keeps_no_more_than_a_customer_may, world_set_up,
                                        world_tear_down),
        cmocka_unit_test_setup_teardown(keeps_nothing_that_was_not_shown_as_the_customers,
                                        world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(leaves_room_for_journeys, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(a_revocation_is_kept_before_the_hub_is_reported,
                                        world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(a_blocked_customer_is_shown_out, world_set_up,
                                        world_tear_down),
        cmocka_unit_test_setup_teardown(the_sessions_of_the_two_kinds_are_not_exchangeable,
                                        world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(a_session_that_was_left_stays_over, world_set_up,
                                        world_tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_provider_is_refused, world_set_up,
                                        world_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
