// link: lfi-psu
/*
 * Decisions when memory is short: every call that may fail fails once, and the memory of a request
 * ends at every place. The customer is told, the Hub hears of one decision at most, and what is
 * kept in the state never lies under a key that several customers share.
 */
#include "base/array.h"
#include "psu_world.h"

#include "failing.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

FAILING(void *, NULL, malloc, (size_t size), (size))
FAILING(void *, NULL, realloc, (void *old, size_t size), (old, size))
FAILING(char *, NULL, cJSON_PrintUnformatted, (const cJSON *tree), (tree))
FAILING(int, -1, session_seal,
        (const struct seal *seal, const struct session *session, struct buf *out),
        (seal, session, out))
FAILING(struct lfi_slice, ((struct lfi_slice){0}), arena_keep,
        (struct arena * arena, struct lfi_slice text), (arena, text))

#define STEP_BYTES 16 /* to which the arena rounds */
#define ENOUGH_BYTES 65536

static const struct decision {
    const char *name, *path, *body;
    bool step_up, confirmed; /* where the customer is */
    const char *call;        /* what the Hub hears when nothing fails; NULL: nothing */
} decisions[] = {
    {"approve", "/journey/approve", WORLD_APPROVE, false, false, "doConfirm"},
    {"cancel", "/journey/cancel", WORLD_STEP, false, false, "user_rejected_consent"},
    {"ask for the step-up", "/journey/approve", WORLD_APPROVE, true, false, NULL},
    {"confirm by the step-up", "/journey/step-up", WORLD_STEP, true, true, "doConfirm"},
};

static void walk(const struct decision *decision)
{
    world_go(SESSION_REVIEW);
    world.psu->step_up_data_sharing = decision->step_up;
    if (decision->step_up) {
        world.approval = LFI_APPROVAL_WAITING;
    }
    if (decision->confirmed) {
        world_post("/journey/approve", WORLD_APPROVE);
        assert_true(world_says("\"view\":\"step-up\""));
        world.approval = LFI_APPROVAL_APPROVED;
    }
    assert_string_equal(world.calls, "");
}

static int count_calls(const char *what)
{
    int count = 0;
    for (const char *at = world.calls; (at = strstr(at, what)); at++) {
        count++;
    }
    return count;
}

/* What must hold whatever failed. */
static void assert_sound(const struct decision *decision)
{
    for (size_t i = 0; i < WORLD_CLAIMS; i++) {
        const struct world_claim *claim = &world.claims[i];
        const char *colon = strchr(claim->key, ':');
        bool shared = claim->key[0] == '\0' ? claim->settled : !colon || colon[1] == '\0';
        if (shared) {
            fail_msg("%s: a claim under the key '%s'", decision->name, claim->key);
        }
    }
    assert_in_range(count_calls("doConfirm") + count_calls("doFail"), 0, 1);
    if (count_calls("doConfirm") > 0) {
        assert_int_equal(count_calls("\"accountIds\":[\"acc-1\"]"), 1);
        assert_int_equal(count_calls("\"Rejected\""), 0);
    }
    if (world.status == 200 && world_says("\"redirect\"")) {
        assert_int_equal(count_calls("doConfirm") + count_calls("doFail"), 1);
    }
}

/* Decides again, from the same place, and lets the customer go on with memory. */
static void decide(const struct decision *decision, const struct world *before, long call,
                   size_t arena_bytes)
{
    world = *before;
    world.arena_bytes = arena_bytes;
    atomic_store(&failing.hit, false);
    atomic_store(&failing.left, call);
    world_post(decision->path, decision->body);
    atomic_store(&failing.left, 0);
    world.arena_bytes = 0;
    assert_int_not_equal(world.status, 0);
    assert_sound(decision);
    world_post("/journey/state", "{}");
    assert_int_not_equal(world.status, 0);
    assert_sound(decision);
}

static void assert_done(const struct decision *decision)
{
    if (decision->call) {
        assert_int_equal(count_calls(decision->call), 1);
    } else {
        assert_string_equal(world.calls, "");
        assert_true(world_says("\"view\":\"step-up\""));
    }
}

static void decisions_survive_each_call_that_fails(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(decisions); i++) {
        struct world before;
        long call = 0;
        world_tear_down(state);
        world_set_up(state);
        walk(&decisions[i]);
        before = world;
        do {
            decide(&decisions[i], &before, ++call, 0);
        } while (atomic_load(&failing.hit));
        assert_true(call > 20);
        assert_done(&decisions[i]);
    }
}

static void decisions_survive_the_end_of_memory_at_each_place(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(decisions); i++) {
        struct world before;
        world_tear_down(state);
        world_set_up(state);
        walk(&decisions[i]);
        before = world;
        for (size_t bytes = STEP_BYTES; bytes <= ENOUGH_BYTES; bytes += STEP_BYTES) {
            decide(&decisions[i], &before, 0, bytes);
            if (bytes == STEP_BYTES) {
                assert_string_equal(world.calls, "");
            }
        }
        assert_done(&decisions[i]);
    }
}

static void a_customer_is_signed_out_or_told(void **state)
{
    char body[128];
    struct world before;
    long call = 0;
    (void)state;
    world_post("/consents/api/start", "{}");
    const char *at = strstr(world.body, "\"journey\":\"");
    assert_non_null(at);
    (void)snprintf(body, sizeof(body), "{%.48s}", at);
    before = world;
    do {
        world = before;
        atomic_store(&failing.hit, false);
        atomic_store(&failing.left, ++call);
        world_post("/consents/api/sign-out", body);
        atomic_store(&failing.left, 0);
        assert_true(world.status != 200 || world_says("\"view\":\"signed-out\""));
        assert_string_equal(world.calls, "");
    } while (atomic_load(&failing.hit));
    assert_int_equal(world.status, 200);
    assert_true(call > 10);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(decisions_survive_each_call_that_fails),
        CASE(decisions_survive_the_end_of_memory_at_each_place),
        CASE(a_customer_is_signed_out_or_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
