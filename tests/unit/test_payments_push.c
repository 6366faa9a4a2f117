// link: lfi-payments
/*
 * Statuses of payments on their way to the Hub: over a real store of the state, a change feed and a
 * Hub that the test prepares.
 */
#include "state_fixture.h"

#include "base/limits.h"
#include "payments/push.h"

#define CHANGES 200

static struct world {
    struct lfi_payment_change feed[CHANGES];
    size_t count;
    bool feed_lost; /* the core knows no cursor */
    enum hub_outcome hub;
    unsigned calls;
    char bodies[8][512], ids[8][64];
    struct clock clock;
    struct log log;
    struct state *state;
    struct provider provider;
} w;

/* Stands in for hub/payment_log.c. */
enum hub_outcome hub_patch_payment(struct hub *hub, struct arena *arena,
                                   struct lfi_slice payment_id, struct lfi_slice patch,
                                   struct lfi_error *error)
{
    (void)hub;
    (void)arena;
    unsigned at = w.calls++ % 8;
    (void)snprintf(w.ids[at], sizeof(w.ids[at]), "%.*s", SLICE_ARG(payment_id));
    (void)snprintf(w.bodies[at], sizeof(w.bodies[at]), "%.*s", SLICE_ARG(patch));
    (void)snprintf(error->message, sizeof(error->message), "as the test wants it");
    return w.hub;
}

static int changes(void *core, const struct lfi_call *call, const struct lfi_change_query *query,
                   struct lfi_answer *answer, struct lfi_error *error)
{
    size_t at = 0;
    (void)core;
    (void)call;
    (void)error;
    if (query->cursor.ptr && w.feed_lost) {
        return LFI_UNKNOWN;
    }
    while (query->cursor.ptr && at < w.count &&
           !slice_equal_text(query->cursor, w.feed[at].cursor)) {
        at++;
    }
    at += query->cursor.ptr ? 1 : 0;
    for (size_t given = 0; at < w.count && given < query->limit; at++, given++) {
        if (answer->record(answer, text("{}"), &w.feed[at]) != 0) {
            return LFI_STOPPED;
        }
    }
    return LFI_OK;
}

/* The clocks of state and fixture are one: `seconds` after START_S. */
static void at_second(int64_t seconds)
{
    struct clock now = {0};
    atomic_store(&w.clock.offset_us, (START_S + seconds) * SECOND_US - clock_now_us(&now));
}

static int begin(void **state)
{
    static const struct lfi_payments payments = {.size = sizeof(payments), .changes = changes};
    static const struct lfi_host host = {.size = sizeof(host)};
    struct lfi_error error;
    assert_int_equal(set_up(state), 0);
    w = (struct world){.log = {.fd = -1, .level = LOG_ERROR}};
    w.log.clock = &w.clock;
    w.provider = (struct provider){.id = PROVIDER, .payments = &payments, .host = &host};
    at_second(0);
    assert_int_equal(state_new(&w.state, driver, f.store, &w.clock, &error), 0);
    f.store = NULL;
    return 0;
}

static int end(void **state)
{
    state_close(w.state);
    return tear_down(state);
}

static struct push push_of(void)
{
    return (struct push){&w.provider, &w.provider.offers, w.state, &w.clock, &w.log};
}

static void add(const char *id, uint32_t number, enum lfi_payment_status status)
{
    struct lfi_payment_change *change = &w.feed[w.count++];
    *change = (struct lfi_payment_change){.size = sizeof(*change), .number = number};
    (void)snprintf(change->cursor, sizeof(change->cursor), "c%zu", w.count);
    change->facts = (struct lfi_payment_facts){.size = sizeof(change->facts),
                                               .status = status,
                                               .rail = LFI_RAIL_AANI,
                                               .created_us = (START_S - 60) * SECOND_US};
    (void)snprintf(change->facts.payment_id, sizeof(change->facts.payment_id), "%s", id);
    if (status == LFI_PAYMENT_REJECTED) {
        change->facts.reason =
            (struct lfi_payment_reason){.by = LFI_RAIL_AANI, .code = "AC06", .message = "Blocked."};
    }
}

static void parse(void *ctx, struct lfi_slice json)
{
    *(cJSON **)ctx = json_parse(json);
}

/* Does what is due; how many tasks that were. */
static unsigned deliver(void)
{
    const struct push push = push_of();
    const struct state_ref all = {w.state, PROVIDER, {NULL, 0}};
    unsigned count = 0;
    for (;;) {
        cJSON *record = NULL;
        struct lfi_error error;
        const struct state_sink into = {parse, &record};
        if (state_task_take(&all, 10, &into, &error) != LFI_OK) {
            return count;
        }
        struct arena *arena = arena_new(1 << 16);
        push_deliver(&push, NULL, arena, record);
        arena_free(arena);
        cJSON_Delete(record);
        count++;
    }
}

static struct state_task_counts counts_now(void)
{
    struct lfi_error error;
    struct state_task_counts counts;
    const struct state_ref all = {w.state, PROVIDER, {NULL, 0}};
    assert_int_equal(state_task_counts(&all, &counts, &error), LFI_OK);
    return counts;
}

static void each_change_reaches_the_hub_once_and_in_order(void **state)
{
    const struct push push = push_of();
    (void)state;
    add("p-1", 1, LFI_PAYMENT_SETTLED);
    add("p-1", 2, LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING);
    assert_true(push_read_feed(&push));
    assert_false(push_read_feed(&push));
    assert_int_equal(deliver(), 2);
    assert_non_null(strstr(w.bodies[0], "\"AcceptedSettlementCompleted\""));
    assert_non_null(strstr(w.bodies[1], "\"AcceptedWithoutPosting\""));
    at_second(3600);
    assert_false(push_read_feed(&push));
    assert_int_equal(deliver(), 0);
    assert_int_equal(counts_now().kept, 0);
}

static void a_change_is_told_only_when_the_hub_knows_the_payment(void **state)
{
    const struct push push = push_of();
    (void)state;
    add("p-1", 1, LFI_PAYMENT_CREDITED);
    w.feed[0].facts.created_us = START_S * SECOND_US;
    assert_true(push_read_feed(&push));
    assert_int_equal(deliver(), 0);
    at_second(LIMIT_PUSH_DELAY_S);
    assert_int_equal(deliver(), 1);
}

static void a_hub_that_is_away_is_tried_for_ever(void **state)
{
    const struct push push = push_of();
    (void)state;
    add("p-1", 1, LFI_PAYMENT_SETTLED);
    add("p-1", 2, LFI_PAYMENT_CREDITED);
    assert_true(push_read_feed(&push));
    w.hub = HUB_UNREACHABLE;
    for (int64_t second = 0; second < 3 * 24 * 3600; second += 450) {
        at_second(second);
        assert_true(deliver() <= 1);
    }
    assert_true(w.calls > LIMIT_TASK_TRIES);
    assert_int_equal(counts_now().parked, 0);
    w.hub = HUB_OK;
    at_second(4 * 24 * 3600);
    w.calls = 0;
    assert_int_equal(deliver(), 2);
    assert_non_null(strstr(w.bodies[0], "\"AcceptedSettlementCompleted\""));
    assert_non_null(strstr(w.bodies[1], "\"AcceptedCreditSettlementCompleted\""));
}

static void what_the_hub_refuses_waits_for_an_operator(void **state)
{
    const struct push push = push_of();
    (void)state;
    add("p-1", 1, LFI_PAYMENT_SETTLED);
    add("p-1", 2, LFI_PAYMENT_CREDITED);
    add("p-2", 1, LFI_PAYMENT_REJECTED);
    assert_true(push_read_feed(&push));
    w.hub = HUB_REFUSED;
    assert_int_equal(deliver(), 3);
    at_second(24 * 3600);
    assert_int_equal(deliver(), 0);
    assert_int_equal(counts_now().parked, 3);
}

static void a_wrong_answer_is_not_believed_for_ever(void **state)
{
    const struct push push = push_of();
    (void)state;
    add("p-1", 1, LFI_PAYMENT_CREDITED);
    assert_true(push_read_feed(&push));
    w.hub = HUB_WRONG;
    for (int64_t second = 0; second < 24 * 3600; second += 450) {
        at_second(second);
        (void)deliver();
    }
    assert_int_equal(w.calls, LIMIT_TASK_REFUSED);
    assert_int_equal(counts_now().parked, 1);
}

static void what_was_refused_is_told_again_when_the_hub_asks_again(void **state)
{
    const struct push push = push_of();
    struct arena *arena = arena_new(1 << 16);
    (void)state;
    add("p-1", 1, LFI_PAYMENT_CREDITED);
    assert_true(push_read_feed(&push));
    w.hub = HUB_REFUSED;
    assert_int_equal(deliver(), 1);
    w.hub = HUB_OK;
    push_revive(&push, arena, &w.feed[0].facts);
    assert_int_equal(deliver(), 0); /* the reply first */
    at_second(LIMIT_PUSH_DELAY_S);
    assert_int_equal(deliver(), 1);
    assert_int_equal(counts_now().kept, 0);
    push_revive(&push, arena, &w.feed[0].facts);
    assert_int_equal(counts_now().kept, 0);
    arena_free(arena);
}

/* The Hub's refusal and its repeat of the order cross each other. */
static void what_is_refused_while_the_hub_asks_again_is_told_again(void **state)
{
    const struct push push = push_of();
    struct arena *arena = arena_new(1 << 16);
    (void)state;
    add("p-1", 1, LFI_PAYMENT_PENDING);
    push_revive(&push, arena, &w.feed[0].facts); /* it ends after the repeat */
    add("p-1", 1, LFI_PAYMENT_CREDITED);
    add("p-2", 1, LFI_PAYMENT_CREDITED);
    assert_true(push_read_feed(&push));
    w.hub = HUB_REFUSED;
    assert_int_equal(deliver(), 2);
    assert_int_equal(counts_now().parked, 1); /* nobody asked for p-2 */
    w.hub = HUB_OK;
    at_second(LIMIT_PUSH_DELAY_S);
    assert_int_equal(deliver(), 1);
    assert_int_equal(counts_now().kept, 1);
    arena_free(arena);
}

static void a_repeat_long_ago_explains_no_refusal(void **state)
{
    const struct push push = push_of();
    struct arena *arena = arena_new(1 << 16);
    (void)state;
    add("p-1", 1, LFI_PAYMENT_CREDITED);
    push_revive(&push, arena, &w.feed[0].facts);
    assert_true(push_read_feed(&push));
    w.hub = HUB_REFUSED;
    at_second(LIMIT_PUSH_REPEAT_S - 1);
    assert_int_equal(deliver(), 1);
    assert_int_equal(counts_now().parked, 0);
    at_second(LIMIT_PUSH_REPEAT_S);
    assert_int_equal(deliver(), 1);
    assert_int_equal(counts_now().parked, 1);
    arena_free(arena);
}

static void without_room_for_tasks_no_change_is_lost(void **state)
{
    const struct push push = push_of();
    (void)state;
    for (size_t i = 0; i <= f.config.max_tasks; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "p-%zu", i);
        add(id, 1, LFI_PAYMENT_CREDITED);
    }
    assert_false(push_read_feed(&push));
    assert_int_equal(counts_now().kept, 0);
    w.count--;
    assert_true(push_read_feed(&push));
    assert_int_equal(deliver(), f.config.max_tasks);
    w.count++;
    assert_true(push_read_feed(&push));
    assert_int_equal(deliver(), 1);
}

static void a_core_that_was_set_up_anew_is_read_from_its_start(void **state)
{
    const struct push push = push_of();
    (void)state;
    add("p-1", 1, LFI_PAYMENT_CREDITED);
    assert_true(push_read_feed(&push));
    assert_int_equal(deliver(), 1);
    w.count = 0;
    w.feed_lost = true;
    add("p-2", 1, LFI_PAYMENT_CREDITED);
    (void)snprintf(w.feed[0].cursor, sizeof(w.feed[0].cursor), "anew");
    assert_true(push_read_feed(&push));
    assert_int_equal(deliver(), 1);
    assert_string_equal(w.ids[1], "p-2");
}

static void pending_is_never_told(void **state)
{
    const struct push push = push_of();
    (void)state;
    add("p-1", 1, LFI_PAYMENT_PENDING);
    assert_true(push_read_feed(&push));
    assert_int_equal(deliver(), 0);
}

/* --- forms ------------------------------------------------------------------------------------ */

static void each_form_names_rail_and_reason_as_its_version_does(void **state)
{
#define R "paymentResponse."
    static const struct {
        enum hub_form version;
        enum lfi_payment_status status;
        enum lfi_rail rail, by;
        const char *code, *transaction, *body;
    } rows[] = {
        {HUB_FORM_2_1, LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING, LFI_RAIL_AANI, LFI_RAIL_NONE, "", "T1",
         "{\"" R "status\":\"AcceptedWithoutPosting\",\"" R "paymentTransactionId\":\"T1\"}"},
        {HUB_FORM_2_1, LFI_PAYMENT_REJECTED, LFI_RAIL_AANI, LFI_RAIL_AANI, "AM04", "",
         "{\"" R "status\":\"Rejected\",\"" R
         "rejectReasonCode\":[{\"code\":\"AANI.AM04\",\"message\":\"No.\"}]}"},
        {HUB_FORM_2_1, LFI_PAYMENT_REJECTED, LFI_RAIL_UAEFTS, LFI_RAIL_UAEFTS, "AC06", "",
         "{\"" R "status\":\"Rejected\",\"" R
         "rejectReasonCode\":[{\"code\":\"FTS.AC06\",\"message\":\"No.\"}]}"},
        {HUB_FORM_2_1, LFI_PAYMENT_REJECTED, LFI_RAIL_AANI, LFI_RAIL_NONE, "ScreeningRejected", "",
         "{\"" R "status\":\"Rejected\",\"" R
         "rejectReasonCode\":[{\"code\":\"LFI.ScreeningRejected\",\"message\":\"No.\"}]}"},
        {HUB_FORM_2_2, LFI_PAYMENT_REJECTED, LFI_RAIL_AANI, LFI_RAIL_NONE, "ScreeningRejected", "",
         "{\"" R "paymentRail\":\"AANI\",\"" R "status\":\"Rejected\",\"" R
         "rejectReasonCode\":[{\"code\":\"AANI.RR04\",\"message\":\"No.\"}]}"},
        {HUB_FORM_2_2, LFI_PAYMENT_REJECTED, LFI_RAIL_UAEFTS, LFI_RAIL_NONE, "Other", "",
         "{\"" R "paymentRail\":\"FTS\",\"" R "status\":\"Rejected\",\"" R
         "rejectReasonCode\":[{\"code\":\"FTS.MS03\",\"message\":\"No.\"}]}"},
        {HUB_FORM_2_2, LFI_PAYMENT_REJECTED, LFI_RAIL_NONE, LFI_RAIL_NONE,
         "CreditorBankNotReachable", "",
         "{\"" R "paymentRail\":\"LFI\",\"" R "status\":\"Rejected\",\"" R
         "rejectReasonCode\":[{\"code\":\"LFI.CreditorBankNotReachable\",\"message\":\"No.\"}]}"},
        {HUB_FORM_2_2, LFI_PAYMENT_CREDITED, LFI_RAIL_INTRA_BANK, LFI_RAIL_NONE, "", "T2",
         "{\"" R "paymentRail\":\"LFI\",\"" R "status\":\"AcceptedCreditSettlementCompleted\"}"},
        {HUB_FORM_2_2, LFI_PAYMENT_CREDITED, LFI_RAIL_UAEFTS, LFI_RAIL_NONE, "", "T3",
         "{\"" R "paymentRail\":\"FTS\",\"" R "status\":\"AcceptedCreditSettlementCompleted\",\"" R
         "paymentTransactionId\":\"T3\"}"},
    };
#undef R
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out;
        struct lfi_payment_facts facts = {
            .size = sizeof(facts), .status = rows[i].status, .rail = rows[i].rail};
        facts.reason.by = rows[i].by;
        (void)snprintf(facts.reason.code, sizeof(facts.reason.code), "%s", rows[i].code);
        (void)snprintf(facts.reason.message, sizeof(facts.reason.message), "No.");
        (void)snprintf(facts.transaction_id, sizeof(facts.transaction_id), "%s",
                       rows[i].transaction);
        buf_init(&out, 4096);
        push_write(&out, &facts, rows[i].version);
        if (!slice_equal_text(buf_slice(&out), rows[i].body)) {
            fail_msg("row %zu: %.*s", i, (int)out.len, out.ptr);
        }
        buf_free(&out);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(each_change_reaches_the_hub_once_and_in_order),
        T(a_change_is_told_only_when_the_hub_knows_the_payment),
        T(a_hub_that_is_away_is_tried_for_ever),
        T(what_the_hub_refuses_waits_for_an_operator),
        T(a_wrong_answer_is_not_believed_for_ever),
        T(what_was_refused_is_told_again_when_the_hub_asks_again),
        T(what_is_refused_while_the_hub_asks_again_is_told_again),
        T(a_repeat_long_ago_explains_no_refusal),
        T(without_room_for_tasks_no_change_is_lost),
        T(a_core_that_was_set_up_anew_is_read_from_its_start),
        T(pending_is_never_told),
        T(each_form_names_rail_and_reason_as_its_version_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
