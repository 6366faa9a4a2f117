// link: lfi-psu
/* What an old cookie, or that of another browser, gets; and that looking at a page keeps nothing.
 */
#include "base/array.h"
#include "psu_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define REDIRECTED "\"redirect\":\"" WORLD_BACK "\""
#define OVER "\"error\":\"JOURNEY-OVER\""

/* A cookie as it was at some time. */
struct cookie {
    char text[sizeof(world.cookie)];
};

static struct cookie keep_cookie(void)
{
    struct cookie kept;
    memcpy(kept.text, world.cookie, sizeof(kept.text));
    return kept;
}

static void play_back(const struct cookie *cookie)
{
    memcpy(world.cookie, cookie->text, sizeof(world.cookie));
}

/* --- after the end ---------------------------------------------------------------------------- */

/* Each step that an old cookie may ask for, once the customer has authorized. */
static void assert_no_code(const struct cookie *old)
{
    static const struct {
        const char *path, *body;
    } asked[] = {{"/journey/state", "{}"},
                 {"/journey/cancel", WORLD_STEP},
                 {"/journey/wait", WORLD_STEP},
                 {"/journey/approval", WORLD_STEP},
                 {"/journey/sign-in", WORLD_SIGN_IN_WRONG}};
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        play_back(old);
        world_post(asked[i].path, asked[i].body);
        assert_false(world_says(WORLD_BACK));
    }
    play_back(old);
    world_post("/journey/cancel", WORLD_STEP);
    assert_int_equal(world.status, 409);
    assert_true(world_says(OVER));
}

static void gives_no_code_to_a_cookie_from_before_sign_in(void **state)
{
    (void)state;
    world_go(SESSION_SIGN_IN);
    struct cookie nobody = keep_cookie();
    world_post("/journey/sign-in", WORLD_SIGN_IN);
    struct cookie password_alone = keep_cookie();
    world.approval = LFI_APPROVAL_APPROVED;
    world_post("/journey/approval", WORLD_STEP);
    struct cookie both = keep_cookie();
    world_post("/journey/approve", WORLD_APPROVE);
    assert_true(world_says(REDIRECTED));
    world.consent = "{\"id\":\"c-1\",\"consentType\":\"cbuae-account-access-consents\","
                    "\"status\":\"Consumed\"}";
    assert_no_code(&nobody);
    world.approval = LFI_APPROVAL_DENIED;
    assert_no_code(&password_alone);
    play_back(&both); /* the answer was lost on its way */
    world_post("/journey/cancel", WORLD_STEP);
    assert_true(world_says(REDIRECTED));
}

static void gives_no_code_to_another_customer(void **state)
{
    (void)state;
    world_go(SESSION_ENDED);
    struct session session;
    struct arena *arena = arena_new(65536);
    struct buf cookie;
    struct cookie theirs;
    struct lfi_slice value = {strchr(world.cookie, '=') + 1, strlen(world.cookie)};
    value.len = strlen(value.ptr);
    assert_true(session_open(world.psu->seal, arena, SESSION_JOURNEY, value, &session));
    buf_init(&cookie, sizeof(theirs.text) - 1);
    session.user_id = SLICE("u-2");
    session.stage = SESSION_REVIEW;
    buf_append_text(&cookie, "__Host-journey=");
    assert_int_equal(session_seal(world.psu->seal, &session, &cookie), 0);
    snprintf(theirs.text, sizeof(theirs.text), "%.*s", SLICE_ARG(buf_slice(&cookie)));
    assert_no_code(&theirs);
    buf_free(&cookie);
    arena_free(arena);
}

static void gives_no_code_after_the_time_of_the_session(void **state)
{
    (void)state;
    world_go(SESSION_ENDED);
    world.clock.offset_us += INT64_C(659) * 1000000;
    world_post("/journey/state", "{}");
    assert_true(world_says(REDIRECTED));
    world.clock.offset_us += INT64_C(2) * 1000000;
    world_post("/journey/state", "{}");
    assert_true(world.status == 409 && world_says(OVER));
    assert_false(world_says(WORLD_BACK));
}

/* What holds no code is told to whoever comes back late. */
static void tells_a_refusal_at_any_time(void **state)
{
    (void)state;
    world_go(SESSION_REVIEW);
    struct cookie before = keep_cookie();
    world_post("/journey/cancel", WORLD_STEP);
    world.clock.offset_us += INT64_C(3600) * 1000000;
    world_post("/journey/state", "{}");
    assert_true(world_says(REDIRECTED));
    play_back(&before);
    world_post("/journey/cancel", WORLD_STEP);
    assert_true(world_says(REDIRECTED));
}

/* --- looking ---------------------------------------------------------------------------------- */

static void looking_at_a_journey_keeps_nothing(void **state)
{
    for (enum session_stage stage = SESSION_SIGN_IN; stage < SESSION_STAGES; stage++) {
        world_tear_down(state);
        world_set_up(state);
        if (stage == SESSION_ENDED) {
            world_go(SESSION_REVIEW);
            world_post("/journey/approve", WORLD_APPROVE);
        } else {
            world_go(stage);
        }
        world.writes = 0;
        world_get("/journey", NULL);
        assert_int_equal(world.status, 200);
        world_post("/journey/state", "{}");
        assert_int_equal(world.status, 200);
        assert_int_equal(world.writes, 0);
    }
}

static void looking_at_own_consents_keeps_nothing(void **state)
{
    (void)state;
    char own[40], step[128];
    world.own = "[]";
    world_post("/consents/api/start", "{}");
    snprintf(own, sizeof(own), "%.36s", strstr(world.body, "\"journey\":\"") + 11);
    snprintf(step, sizeof(step), "{\"journey\":\"%s\",\"login\":\"layla\",\"password\":\"right\"}",
             own);
    world_post("/consents/api/sign-in", step);
    snprintf(step, sizeof(step), "{\"journey\":\"%s\"}", own);
    world.approval = LFI_APPROVAL_APPROVED;
    world_post("/consents/api/approval", step);
    world.writes = 0;
    world_get("/consents", NULL);
    world_post("/consents/api/state", "{}");
    assert_true(world_says("\"view\":\"consents\""));
    world_post("/consents/api/list", step);
    assert_true(world_says("\"view\":\"consents\""));
    assert_int_equal(world.writes, 0);
}

/* --- whose ------------------------------------------------------------------------------------ */

static void keys_of_two_customers_and_providers_differ(void **state)
{
    (void)state;
    struct provider other = {.id = "dhowsme"};
    struct psu_endpoint sme = {.provider = &other};
    struct arena *arena = arena_new(65536);
    const struct actor here = {
        .psu = world.psu, .endpoint = &world.psu->endpoints[0], .arena = arena};
    const struct actor elsewhere = {.psu = world.psu, .endpoint = &sme, .arena = arena};
    struct lfi_slice keys[] = {
        state_key(arena, "choice", SLICE("u-1"), SLICE("x")),
        state_key(arena, "choice", SLICE("u-2"), SLICE("x")),
        state_key(arena, "choice", SLICE("u-1"), SLICE("y")),
        state_key(arena, "choice", SLICE("u-"), SLICE("1x")),
        state_key(arena, "choice", (struct lfi_slice){0}, SLICE("u-1x")),
        state_key(arena, "note", SLICE("u-1"), SLICE("x")),
        actor_bind(here, state_key(arena, "choice", SLICE("u-1"), SLICE("x"))),
        actor_bind(elsewhere, state_key(arena, "choice", SLICE("u-1"), SLICE("x"))),
    };
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        assert_non_null(keys[i].ptr);
        for (size_t k = 0; k < i; k++) {
            assert_false(slice_equal(keys[i], keys[k]));
        }
    }
    assert_string_equal(actor_state(here, keys[0]).provider_id, "dhowretail");
    assert_string_equal(actor_state(elsewhere, keys[0]).provider_id, "dhowsme");
    assert_null(state_key(arena, "choice", (struct lfi_slice){0}, (struct lfi_slice){0}).ptr);
    assert_null(actor_bind(here, (struct lfi_slice){0}).ptr);
    arena_free(arena);
}

/* What one customer chose is not what another confirms, although all else is the same. */
static void confirms_no_choice_of_another_customer(void **state)
{
    (void)state;
    world_go(SESSION_STEP_UP);
    for (size_t i = 0; i < WORLD_CLAIMS; i++) { /* as if it had been kept for somebody else */
        struct world_claim *claim = &world.claims[i];
        if (strncmp(claim->key, "choice:", 7) == 0) {
            struct arena *arena = arena_new(4096);
            snprintf(claim->key, sizeof(claim->key), "%.*s",
                     SLICE_ARG(state_key(arena, "choice", SLICE("u-2"), SLICE("x"))));
            arena_free(arena);
        }
    }
    world.approval = LFI_APPROVAL_APPROVED;
    world_post("/journey/step-up", WORLD_STEP);
    assert_null(strstr(world.calls, "\"status\":\"Authorized\""));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(gives_no_code_to_a_cookie_from_before_sign_in),
        CASE(gives_no_code_to_another_customer),
        CASE(gives_no_code_after_the_time_of_the_session),
        CASE(tells_a_refusal_at_any_time),
        CASE(looking_at_a_journey_keeps_nothing),
        CASE(looking_at_own_consents_keeps_nothing),
        CASE(keys_of_two_customers_and_providers_differ),
        CASE(confirms_no_choice_of_another_customer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
