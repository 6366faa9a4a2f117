// link: lfi-payments
/*
 * Accounts that were asked for and quotes of exchange and of insurance on their way to the Hub's
 * logs: over a real store of the state, change feeds and a Hub that the test prepares.
 */
#include "state_fixture.h"

#include "base/limits.h"
#include "payments/fx.h"
#include "payments/opening.h"
#include "payments/quotes.h"

#define CHANGES 8

static struct world {
    struct lfi_opening_change openings[CHANGES];
    struct lfi_fx_change quotes[CHANGES];
    struct lfi_quote_entry covers[CHANGES];
    size_t opening_count, quote_count, cover_count;
    enum hub_outcome hub;
    unsigned calls;
    char bodies[CHANGES][512], ids[CHANGES][64];
    struct clock clock;
    struct log log;
    struct state *state;
    struct provider provider;
} w;

static enum hub_outcome note(struct lfi_slice id, struct lfi_slice patch, struct lfi_error *error)
{
    unsigned at = w.calls++ % CHANGES;
    (void)snprintf(w.ids[at], sizeof(w.ids[at]), "%.*s", SLICE_ARG(id));
    (void)snprintf(w.bodies[at], sizeof(w.bodies[at]), "%.*s", SLICE_ARG(patch));
    (void)snprintf(error->message, sizeof(error->message), "as the test wants it");
    return w.hub;
}

/* These stand in for hub/payment_log.c. */
enum hub_outcome hub_patch_opening(struct hub *hub, struct arena *arena,
                                   struct lfi_slice account_id, struct lfi_slice patch,
                                   struct lfi_error *error)
{
    (void)hub;
    (void)arena;
    return note(account_id, patch, error);
}

enum hub_outcome hub_patch_fx_quote(struct hub *hub, struct arena *arena, struct lfi_slice quote_id,
                                    struct lfi_slice patch, struct lfi_error *error)
{
    (void)hub;
    (void)arena;
    return note(quote_id, patch, error);
}

enum hub_outcome hub_patch_insurance_quote(struct hub *hub, struct arena *arena,
                                           struct lfi_slice quote_id, struct lfi_slice patch,
                                           struct lfi_error *error)
{
    (void)hub;
    (void)arena;
    return note(quote_id, patch, error);
}

static size_t behind(struct lfi_slice cursor)
{
    return cursor.ptr ? (size_t)(cursor.ptr[1] - '0') : 0;
}

static int opening_changes(void *core, const struct lfi_call *call,
                           const struct lfi_change_query *query, struct lfi_answer *answer,
                           struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)error;
    for (size_t i = behind(query->cursor); i < w.opening_count; i++) {
        if (answer->record(answer, text("{}"), &w.openings[i]) != 0) {
            return LFI_STOPPED;
        }
    }
    return LFI_OK;
}

static int fx_changes(void *core, const struct lfi_call *call, const struct lfi_change_query *query,
                      struct lfi_answer *answer, struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)error;
    for (size_t i = behind(query->cursor); i < w.quote_count; i++) {
        if (answer->record(answer, text("{}"), &w.quotes[i]) != 0) {
            return LFI_STOPPED;
        }
    }
    return LFI_OK;
}

static int cover_changes(void *core, const struct lfi_call *call,
                         const struct lfi_change_query *query, struct lfi_answer *answer,
                         struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)error;
    for (size_t i = behind(query->cursor); i < w.cover_count; i++) {
        if (answer->record(answer, text("{}"), &w.covers[i]) != 0) {
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
    static const struct lfi_opening opening = {.size = sizeof(opening), .changes = opening_changes};
    static const struct lfi_fx fx = {.size = sizeof(fx), .changes = fx_changes};
    static const struct lfi_quotes quotes = {.size = sizeof(quotes), .changes = cover_changes};
    static const struct lfi_host host = {.size = sizeof(host)};
    struct lfi_error error;
    assert_int_equal(set_up(state), 0);
    w = (struct world){.log = {.fd = -1, .level = LOG_ERROR}};
    w.log.clock = &w.clock;
    w.provider = (struct provider){
        .id = PROVIDER, .opening = &opening, .fx = &fx, .quotes = &quotes, .host = &host};
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

static void add_opening(const char *id, uint32_t number, enum lfi_opening_status status,
                        const char *information)
{
    struct lfi_opening_change *change = &w.openings[w.opening_count++];
    *change = (struct lfi_opening_change){
        .size = sizeof(*change),
        .number = number,
        .facts = {.size = sizeof(change->facts), .status = status},
    };
    (void)snprintf(change->cursor, sizeof(change->cursor), "c%zu", w.opening_count);
    (void)snprintf(change->facts.account_id, sizeof(change->facts.account_id), "%s", id);
    (void)snprintf(change->facts.information, sizeof(change->facts.information), "%s", information);
}

static void add_quote(const char *id, uint32_t number, enum lfi_fx_status status,
                      const char *information)
{
    struct lfi_fx_change *change = &w.quotes[w.quote_count++];
    *change = (struct lfi_fx_change){.size = sizeof(*change), .number = number};
    change->facts = (struct lfi_fx_facts){.size = sizeof(change->facts),
                                          .status = status,
                                          .trade = text("{\"SellAmount\":1}"),
                                          .commission = text("{\"CommissionAmount\":2}")};
    (void)snprintf(change->cursor, sizeof(change->cursor), "c%zu", w.quote_count);
    (void)snprintf(change->facts.quote_id, sizeof(change->facts.quote_id), "%s", id);
    (void)snprintf(change->facts.information, sizeof(change->facts.information), "%s", information);
}

static void add_cover(const char *id, uint32_t number, enum lfi_quote_status status,
                      const char *told)
{
    struct lfi_quote_entry *entry = &w.covers[w.cover_count++];
    *entry = (struct lfi_quote_entry){.size = sizeof(*entry), .number = number, .told = text(told)};
    entry->facts = (struct lfi_quote_facts){.size = sizeof(entry->facts), .status = status};
    (void)snprintf(entry->cursor, sizeof(entry->cursor), "c%zu", w.cover_count);
    (void)snprintf(entry->facts.quote_id, sizeof(entry->facts.quote_id), "%s", id);
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
        struct lfi_slice kind = json_get_string(record, "kind");
        (slice_equal(kind, text(FX_KIND))       ? fx_deliver
         : slice_equal(kind, text(QUOTES_KIND)) ? quotes_deliver
                                                : opening_deliver)(&push, NULL, arena, record);
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

static void each_change_of_an_opening_is_told_once_and_in_order(void **state)
{
    const struct push push = push_of();
    (void)state;
    add_opening("a-1", 1, LFI_OPENING_AWAITING_BANK, "");
    add_opening("a-1", 2, LFI_OPENING_REJECTED, "No.");
    assert_true(opening_read_feed(&push));
    assert_false(opening_read_feed(&push));
    assert_int_equal(deliver(), 0); /* the reply to the request first */
    at_second(LIMIT_PUSH_DELAY_S);
    assert_int_equal(deliver(), 2);
    assert_string_equal(w.ids[0], "a-1");
    assert_string_equal(w.bodies[0], "{\"OpeningStatus\":\"AwaitingLFIProcesses\"}");
    assert_string_equal(w.bodies[1],
                        "{\"OpeningStatus\":\"Rejected\",\"AdditionalStatusInformation\":\"No.\"}");
    at_second(3600);
    assert_int_equal(deliver(), 0);
    assert_int_equal(counts_now().kept, 0);
}

static void of_a_quote_all_but_the_acceptance_is_told(void **state)
{
    const struct push push = push_of();
    (void)state;
    add_quote("q-1", 1, LFI_FX_ACCEPTED, "");
    add_quote("q-1", 2, LFI_FX_FUNDED, "");
    add_quote("q-1", 3, LFI_FX_COMPLETED, "");
    add_quote("q-2", 1, LFI_FX_EXPIRED, "Late.");
    assert_true(fx_read_feed(&push));
    at_second(LIMIT_PUSH_DELAY_S);
    assert_int_equal(deliver(), 3);
    unsigned seen = 0;
    for (unsigned i = 0; i < 3; i++) {
        static const char *const bodies[] = {
            "{\"QuoteStatus\":\"Funded\"}",
            ("{\"QuoteStatus\":\"Completed\",\"Trade\":{\"SellAmount\":1},"
             "\"Commission\":{\"CommissionAmount\":2}}"),
            "{\"QuoteStatus\":\"Expired\",\"AdditionalStatusInformation\":\"Late.\"}",
        };
        for (unsigned b = 0; b < 3; b++) {
            seen |= (strcmp(w.bodies[i], bodies[b]) == 0 ? 1U : 0U) << b;
        }
    }
    assert_int_equal(seen, 7);
}

static void a_hub_that_is_away_holds_up_its_own_opening_alone(void **state)
{
    const struct push push = push_of();
    (void)state;
    add_opening("a-1", 1, LFI_OPENING_AWAITING_BANK, "");
    add_opening("a-1", 2, LFI_OPENING_COMPLETED, "");
    add_quote("q-1", 1, LFI_FX_EXPIRED, "");
    assert_true(opening_read_feed(&push));
    assert_true(fx_read_feed(&push));
    w.hub = HUB_UNREACHABLE;
    at_second(LIMIT_PUSH_DELAY_S);
    assert_int_equal(deliver(), 2); /* the second change waits for the first */
    w.hub = HUB_OK;
    w.calls = 0;
    at_second(4 * 24 * 3600);
    assert_int_equal(deliver(), 3);
    assert_int_equal(counts_now().kept, 0);
}

static void what_the_hub_refuses_waits_for_an_operator(void **state)
{
    const struct push push = push_of();
    (void)state;
    add_opening("a-1", 1, LFI_OPENING_COMPLETED, "");
    add_quote("q-1", 1, LFI_FX_EXPIRED, "");
    assert_true(opening_read_feed(&push));
    assert_true(fx_read_feed(&push));
    w.hub = HUB_REFUSED;
    at_second(LIMIT_PUSH_DELAY_S);
    assert_int_equal(deliver(), 2);
    at_second(24 * 3600);
    assert_int_equal(deliver(), 0);
    assert_int_equal(counts_now().parked, 2);
}

static void of_an_insurance_quote_what_the_log_knows_is_told(void **state)
{
    static const char *const bodies[] = {"{\"QuoteStatus\":\"ApplicationPending\"}",
                                         "{\"QuoteStatus\":\"PaymentRequired\",\"X\":[1]}",
                                         "{\"QuoteStatus\":\"Rejected\",\"Reason\":\"No.\"}"};
    const struct push push = push_of();
    (void)state;
    add_cover("q-1", 1, LFI_QUOTE_AVAILABLE, "{}");
    add_cover("q-1", 2, LFI_QUOTE_APPLIED, "{}");
    add_cover("q-1", 3, LFI_QUOTE_VERIFIED, "{}");
    add_cover("q-1", 4, LFI_QUOTE_PAYMENT_REQUIRED, "{\"X\":[1]}");
    add_cover("q-1", 5, LFI_QUOTE_REJECTED, "{\"Reason\":\"No.\"}");
    assert_true(quotes_read_feed(&push));
    at_second(LIMIT_PUSH_DELAY_S);
    assert_int_equal(deliver(), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(w.bodies[i], bodies[i]);
    }
}

/* Noted under v2.2, told under the setting of the moment; each in the order of its quote. */
static void an_insurance_quote_is_told_in_the_form_of_its_hub(void **state)
{
    static const char told[] =
        "{\"InsurancePolicyId\":\"p\",\"ConfirmedPolicyStartDate\":\"2026-12-01\","
        "\"ConfirmedPolicyEndDate\":\"2027-11-30\"}";
    static const struct {
        enum hub_form noted, told;
        const char *bodies[3];
    } cases[] = {
        {HUB_FORM_2_1,
         HUB_FORM_2_1,
         {"{\"QuoteStatus\":\"PolicyIssued\",\"InsurancePolicyId\":\"p\"}"}},
        {HUB_FORM_2_2,
         HUB_FORM_2_1,
         {"{\"QuoteStatus\":\"PolicyIssued\",\"InsurancePolicyId\":\"p\"}"}},
        {HUB_FORM_2_2,
         HUB_FORM_2_2,
         {"{\"QuoteStatus\":\"Available\"}",
          "{\"QuoteStatus\":\"PolicyIssued\",\"InsurancePolicyId\":\"p\","
          "\"ConfirmedPolicyStartDate\":\"2026-12-01\",\"ConfirmedPolicyEndDate\":\"2027-11-"
          "30\"}"}},
    };
    const struct push push = push_of();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char id[8];
        unsigned count = 0;
        (void)snprintf(id, sizeof(id), "q-%zu", i);
        w.provider.offers.quote_log = cases[i].noted;
        w.calls = 0;
        add_cover(id, 1, LFI_QUOTE_AVAILABLE, "{}");
        add_cover(id, 2, LFI_QUOTE_ISSUED, told);
        assert_true(quotes_read_feed(&push));
        w.provider.offers.quote_log = cases[i].told;
        at_second((int64_t)(i + 1) * 3600);
        (void)deliver();
        while (cases[i].bodies[count]) {
            assert_string_equal(w.bodies[count], cases[i].bodies[count]);
            count++;
        }
        assert_int_equal(w.calls, count);
        assert_int_equal(counts_now().kept, 0);
    }
}

/* The Hub may know the quote later: unlike of other logs, a refusal is told again, for a day. */
static void a_refused_state_of_an_insurance_quote_is_told_again(void **state)
{
    const struct push push = push_of();
    int64_t second = LIMIT_PUSH_DELAY_S;
    (void)state;
    add_cover("q-1", 1, LFI_QUOTE_APPLIED, "{}");
    add_cover("q-1", 2, LFI_QUOTE_APPROVED, "{}");
    assert_true(quotes_read_feed(&push));
    w.hub = HUB_REFUSED;
    for (int i = 0; i < LIMIT_TASK_TRIES; i++, second += 2 * LIMIT_TASK_GAP_S) {
        at_second(second);
        assert_int_equal(deliver(), 1);
        assert_int_equal(counts_now().parked, 0);
    }
    w.hub = HUB_OK;
    at_second(second);
    assert_int_equal(deliver(), 2);
    add_cover("q-2", 1, LFI_QUOTE_EXPIRED, "{}");
    assert_true(quotes_read_feed(&push));
    w.hub = HUB_REFUSED;
    for (int i = 0; i <= LIMIT_TASK_TRIES; i++) {
        at_second(second += 2 * LIMIT_TASK_GAP_S);
        assert_int_equal(deliver(), 1);
    }
    assert_int_equal(counts_now().parked, 1);
}

static void a_malformed_entry_moves_no_cursor(void **state)
{
    const struct push push = push_of();
    (void)state;
    add_opening("a-1", 1, (enum lfi_opening_status)99, "");
    add_quote("q-1", 1, LFI_FX_FUNDED, "");
    w.quotes[0].facts.trade = (struct lfi_slice){0};
    assert_false(opening_read_feed(&push));
    assert_false(fx_read_feed(&push));
    w.openings[0].facts.status = LFI_OPENING_COMPLETED;
    w.quotes[0].facts.trade = text("{}");
    assert_true(opening_read_feed(&push));
    assert_true(fx_read_feed(&push));
    at_second(LIMIT_PUSH_DELAY_S);
    assert_int_equal(deliver(), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(each_change_of_an_opening_is_told_once_and_in_order),
        TEST(of_a_quote_all_but_the_acceptance_is_told),
        TEST(a_hub_that_is_away_holds_up_its_own_opening_alone),
        TEST(what_the_hub_refuses_waits_for_an_operator),
        TEST(of_an_insurance_quote_what_the_log_knows_is_told),
        TEST(an_insurance_quote_is_told_in_the_form_of_its_hub),
        TEST(a_refused_state_of_an_insurance_quote_is_told_again),
        TEST(a_malformed_entry_moves_no_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
