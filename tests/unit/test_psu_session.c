// link: lfi-psu
/* The session cookie: what is sealed comes back, and what lacks a part is no session. */
#include "base/array.h"
#include "base/limits.h"
#include "psu/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct seal *seal;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(LIMIT_ARENA_BYTES);
    return arena ? seal_new(&seal, SLICE("0123456789abcdef0123456789abcdef"), (struct lfi_slice){0},
                            NULL)
                 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    seal_free(seal);
    arena_free(arena);
    return 0;
}

static struct session complete(enum session_stage stage)
{
    return (struct session){.kind = SESSION_JOURNEY,
                            .stage = stage,
                            .provider = SLICE("dhowretail"),
                            .interaction_id = SLICE("i-1"),
                            .consent_id = SLICE("c-1"),
                            .arrival = SLICE("digest"),
                            .user_id = SLICE("u-1"),
                            .approval_id = SLICE("a-1"),
                            .decision = SLICE("d-1"),
                            .tpp = SLICE("Falcon Budget"),
                            .reason = SLICE("denied"),
                            .started_s = 1700000000,
                            .extensions = 2,
                            .on_phone = true};
}

static bool comes_back(const struct session *session, struct session *out)
{
    struct buf cookie;
    buf_init(&cookie, 8192);
    assert_int_equal(session_seal(seal, session, &cookie), 0);
    bool opened = session_open(seal, arena, session->kind, buf_slice(&cookie), out);
    buf_free(&cookie);
    return opened;
}

static void what_was_sealed_comes_back(void **state)
{
    (void)state;
    for (int stage = SESSION_SIGN_IN; stage < SESSION_STAGES; stage++) {
        struct session session = complete((enum session_stage)stage);
        struct session out;
        assert_true(comes_back(&session, &out));
        assert_int_equal(out.stage, stage);
        assert_true(slice_equal(out.consent_id, session.consent_id));
        assert_true(slice_equal(out.arrival, session.arrival));
        assert_true(slice_equal(out.user_id, session.user_id));
        assert_true(slice_equal(out.approval_id, session.approval_id));
        assert_true(slice_equal(out.decision, session.decision));
        assert_true(slice_equal(out.tpp, session.tpp));
        assert_true(slice_equal(out.reason, session.reason));
        assert_int_equal(out.started_s, session.started_s);
        assert_int_equal(out.extensions, 2);
        assert_true(out.on_phone);
    }
}

static void each_stage_has_what_it_needs(void **state)
{
    static const struct {
        size_t member;
        enum session_stage from, to; /* the stages that need it */
        bool journey_only;
    } cases[] = {
        {offsetof(struct session, provider), SESSION_SIGN_IN, SESSION_ENDED, false},
        {offsetof(struct session, interaction_id), SESSION_SIGN_IN, SESSION_ENDED, false},
        {offsetof(struct session, consent_id), SESSION_SIGN_IN, SESSION_ENDED, true},
        {offsetof(struct session, arrival), SESSION_SIGN_IN, SESSION_ENDED, true},
        {offsetof(struct session, user_id), SESSION_APPROVAL, SESSION_STEP_UP, false},
        {offsetof(struct session, decision), SESSION_STEP_UP, SESSION_STEP_UP, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int at = 0; at < (int)SESSION_STAGES * SESSION_KINDS; at++) {
            int stage = at / SESSION_KINDS;
            struct session session = complete((enum session_stage)stage);
            struct session out;
            session.kind = (enum session_kind)(at % SESSION_KINDS);
            memset((char *)&session + cases[i].member, 0, sizeof(struct lfi_slice));
            bool needed = stage >= (int)cases[i].from && stage <= (int)cases[i].to &&
                          (!cases[i].journey_only || session.kind == SESSION_JOURNEY);
            assert_true(comes_back(&session, &out) == !needed);
        }
    }
    for (int stage = 0; stage < SESSION_STAGES; stage++) {
        struct session session = complete((enum session_stage)stage);
        struct session out;
        session.approval_id = (struct lfi_slice){0};
        assert_true(comes_back(&session, &out) ==
                    (stage != SESSION_APPROVAL && stage != SESSION_STEP_UP));
    }
}

static void a_box_of_something_else_is_no_session(void **state)
{
#define REST "\"provider\":\"p\",\"interaction\":\"i\",\"consent\":\"c\",\"arrival\":\"a\"}"
    static const struct {
        const char *clear;
        bool opens;
    } cases[] = {
        {"{\"stage\":0,\"started\":1," REST, true},
        {"{\"started\":1," REST, false},
        {"{\"stage\":0," REST, false},
        {"{\"stage\":-1,\"started\":1," REST, false},
        {"{\"stage\":5,\"started\":1," REST, false},
        {"{\"stage\":\"0\",\"started\":1," REST, false},
        {"[]", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf box;
        struct session out;
        buf_init(&box, 4096);
        assert_int_equal(seal_close(seal, "journey", slice_of(cases[i].clear), &box), 0);
        assert_true(session_open(seal, arena, SESSION_JOURNEY, buf_slice(&box), &out) ==
                    cases[i].opens);
        assert_false(session_open(seal, arena, SESSION_CUSTOMER, buf_slice(&box), &out));
        buf_free(&box);
    }
}

/* Longer than a cookie may be, or than there is room for. */
static void what_does_not_fit_is_reported(void **state)
{
    char long_id[2049];
    struct session session = complete(SESSION_REVIEW);
    struct buf cookie;
    (void)state;
    memset(long_id, 'x', sizeof(long_id));
    session.tpp = (struct lfi_slice){long_id, sizeof(long_id)};
    buf_init(&cookie, 8192);
    assert_int_equal(session_seal(seal, &session, &cookie), -1);
    buf_free(&cookie);
    session = complete(SESSION_REVIEW);
    buf_init(&cookie, 16);
    assert_int_equal(session_seal(seal, &session, &cookie), -1);
    buf_free(&cookie);
}

#define NOWHERE SESSION_STAGES

/* Every event in every stage, of journeys and of customers' sessions. */
static void moves_as_the_table_says_and_no_other_way(void **state)
{
    static const enum session_stage to[SESSION_STAGES][SESSION_EVENTS] = {
        /* asked, signed in, chosen, reopened, over */
        [SESSION_SIGN_IN] = {SESSION_APPROVAL, SESSION_REVIEW, NOWHERE, NOWHERE, SESSION_ENDED},
        [SESSION_APPROVAL] = {NOWHERE, SESSION_REVIEW, NOWHERE, NOWHERE, SESSION_ENDED},
        [SESSION_REVIEW] = {NOWHERE, NOWHERE, SESSION_STEP_UP, SESSION_REVIEW, SESSION_ENDED},
        [SESSION_STEP_UP] = {NOWHERE, NOWHERE, NOWHERE, SESSION_REVIEW, SESSION_ENDED},
        [SESSION_ENDED] = {NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE},
    };
    (void)state;
    for (int i = 0; i < SESSION_KINDS * SESSION_STAGES * SESSION_EVENTS; i++) {
        enum session_event event = (enum session_event)(i % SESSION_EVENTS);
        enum session_stage from = (enum session_stage)(i / SESSION_EVENTS % SESSION_STAGES);
        struct session session = {.kind = (enum session_kind)(i / SESSION_EVENTS / SESSION_STAGES),
                                  .stage = from};
        bool moves = to[from][event] != NOWHERE;
        assert_int_equal(session_move(&session, event), moves);
        assert_int_equal(session.stage, moves ? to[from][event] : from);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_as_the_table_says_and_no_other_way),
        cmocka_unit_test(what_was_sealed_comes_back),
        cmocka_unit_test(each_stage_has_what_it_needs),
        cmocka_unit_test(a_box_of_something_else_is_no_session),
        cmocka_unit_test(what_does_not_fit_is_reported),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
