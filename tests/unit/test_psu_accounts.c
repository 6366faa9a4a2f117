// link: lfi-psu
#include "base/array.h"
#include "psu_world.h"

#include "psu/accounts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct lfi_call call = {.size = sizeof(call), .user_id = {"u-1", 3}};

/* The ids of the accounts offered for a consent, in order: "a b ". */
static const char *offered(const char *types, const char *sub_types)
{
    static char ids[128];
    struct arena *arena = arena_new(1024 * 1024);
    struct account_offers offers;
    struct consent consent = {.kind = consent_kind_named("data-sharing"),
                              .account_types = types ? json_parse(slice_of(types)) : NULL,
                              .account_sub_types =
                                  sub_types ? json_parse(slice_of(sub_types)) : NULL};
    assert_int_equal(accounts_find(&world.provider, arena, &call, &consent, &offers, NULL), LFI_OK);
    ids[0] = '\0';
    for (size_t i = 0; i < offers.count; i++) {
        snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids), "%.*s ",
                 SLICE_ARG(offers.items[i].id));
    }
    cJSON_Delete((cJSON *)(uintptr_t)consent.account_types);
    cJSON_Delete((cJSON *)(uintptr_t)consent.account_sub_types);
    arena_free(arena);
    return ids;
}

static void offers_readable_accounts_of_the_types_asked_for(void **state)
{
    (void)state;
    world.accounts[0] = WORLD_ACCOUNT("a", "CurrentAccount", "Active");
    world.accounts[1] = WORLD_ACCOUNT("b", "Savings", "Inactive");
    world.accounts[2] = WORLD_ACCOUNT("c", "CreditCard", "Dormant");
    world.accounts[3] = WORLD_ACCOUNT("d", "CurrentAccount", "Closed");
    world.accounts[4] = WORLD_ACCOUNT("e", "CurrentAccount", "Suspended");
    world.accounts[5] = WORLD_ACCOUNT("f", "CurrentAccount", "Deceased");
    world.accounts[6] = WORLD_ACCOUNT("g", "CurrentAccount", "Unclaimed");
    assert_string_equal(offered(NULL, NULL), "a b c ");
    assert_string_equal(offered("[]", "[]"), "a b c ");
    assert_string_equal(offered("[\"Retail\"]", NULL), "a b c ");
    assert_string_equal(offered("[\"SME\",\"Corporate\"]", NULL), "");
    assert_string_equal(offered("[\"SME\",\"Retail\"]", "[\"Savings\",\"CreditCard\"]"), "b c ");
    assert_string_equal(offered(NULL, "[\"Mortgage\"]"), "");
}

static void says_why_an_account_is_left_out(void **state)
{
    (void)state;
    static const char *const whys[][2] = {
        {"OFFER-STATUS", "account b: expected Active, Inactive or Dormant, received Closed"},
        {"OFFER-SUB-TYPE", "account c: expected [\"Savings\",\"Finance\"], received CreditCard"},
    };
    struct arena *arena = arena_new(1024 * 1024);
    struct account_offers offers;
    struct consent consent = {.kind = consent_kind_named("data-sharing"),
                              .account_sub_types = json_parse(SLICE("[\"Savings\",\"Finance\"]"))};
    world.accounts[0] = WORLD_ACCOUNT("a", "Savings", "Active");
    world.accounts[1] = WORLD_ACCOUNT("b", "CurrentAccount", "Closed");
    world.accounts[2] = WORLD_ACCOUNT("c", "CreditCard", "Active");
    assert_int_equal(accounts_find(&world.provider, arena, &call, &consent, &offers, NULL), LFI_OK);
    assert_int_equal(offers.count, 1);
    assert_int_equal(offers.left_out_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(offers.left_out[i].check, whys[i][0]);
        assert_string_equal(offers.left_out[i].detail, whys[i][1]);
    }
    cJSON_Delete((cJSON *)(uintptr_t)consent.account_sub_types);
    arena_free(arena);
}

static void refuses_records_of_the_core_that_cannot_be_offered(void **state)
{
    static const char *const broken[] = {"", "{", "[]", "{\"status\":\"Active\"}",
                                         "{\"id\":7,\"status\":\"Active\"}"};
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    const struct consent consent = {.kind = consent_kind_named("data-sharing")};
    struct account_offers offers;
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        world.accounts[0] = broken[i];
        assert_int_equal(accounts_find(&world.provider, arena, &call, &consent, &offers, NULL),
                         LFI_FAILED);
    }
    arena_free(arena);
}

static void session_survives_sealing_and_nothing_else_opens(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct session session = {.stage = SESSION_REVIEW,
                              .provider = SLICE("dhowretail"),
                              .interaction_id = SLICE("i\"1"),
                              .consent_id = SLICE("c-1"),
                              .arrival = SLICE("x"),
                              .user_id = SLICE("u-1"),
                              .approval_id = SLICE("a-1"),
                              .started_s = 1800000000};
    struct session opened;
    struct buf sealed;
    buf_init(&sealed, 4000);
    assert_int_equal(session_seal(world.psu->seal, &session, &sealed), 0);
    assert_true(session_open(world.psu->seal, arena, SESSION_JOURNEY, buf_slice(&sealed), &opened));
    assert_int_equal(opened.stage, SESSION_REVIEW);
    assert_true(slice_equal(opened.interaction_id, session.interaction_id));
    assert_true(slice_equal(opened.user_id, session.user_id));
    assert_int_equal(opened.started_s, session.started_s);

    session.user_id = (struct lfi_slice){0}; /* nobody has signed in, yet the review is claimed */
    buf_clear(&sealed);
    assert_int_equal(session_seal(world.psu->seal, &session, &sealed), 0);
    assert_false(
        session_open(world.psu->seal, arena, SESSION_JOURNEY, buf_slice(&sealed), &opened));

    static const char *const broken[] = {"", "x", "{}", "{\"stage\":9}"};
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        buf_clear(&sealed);
        assert_int_equal(seal_close(world.psu->seal, "journey", slice_of(broken[i]), &sealed), 0);
        assert_false(
            session_open(world.psu->seal, arena, SESSION_JOURNEY, buf_slice(&sealed), &opened));
        assert_false(
            session_open(world.psu->seal, arena, SESSION_JOURNEY, slice_of(broken[i]), &opened));
    }
    buf_free(&sealed);
    arena_free(arena);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(offers_readable_accounts_of_the_types_asked_for),
        CASE(says_why_an_account_is_left_out),
        CASE(refuses_records_of_the_core_that_cannot_be_offered),
        CASE(session_survives_sealing_and_nothing_else_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
