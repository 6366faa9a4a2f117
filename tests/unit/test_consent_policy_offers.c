// link: lfi-consent
#include "consent/policy_offers.h"

#include "base/array.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BLOCK(type) "{\"InsuranceType\":\"" type "\",\"Permissions\":[\"ReadInsurancePolicies\"]}"

/* --- a core with these policies --------------------------------------------------------------- */

static struct {
    enum lfi_insurance_sector sectors[POLICY_OFFERS_MAX + 1]; /* newest first */
    size_t count;
    uint32_t facts_size;
    uint64_t wanted; /* ids of the last query */
    int status;
} core;

static int held(void *self, const struct lfi_call *call,
                const struct lfi_held_policies_query *query, struct lfi_answer *answer,
                struct lfi_error *error)
{
    (void)self;
    (void)error;
    assert_true(slice_equal_text(query->base.subject_id, "user-1"));
    assert_true(slice_equal_text(call->user_id, "user-1"));
    core.wanted = query->policy_count;
    for (size_t i = 0; core.status == LFI_OK && i < core.count; i++) {
        struct lfi_policy_facts facts = {.size = core.facts_size, .sector = core.sectors[i]};
        (void)snprintf(facts.policy_id, sizeof(facts.policy_id), "policy-%zu", i);
        (void)snprintf(facts.status, sizeof(facts.status), "New");
        if (answer->record(answer, SLICE("{}"), &facts) != 0) {
            return LFI_STOPPED;
        }
    }
    return core.status;
}

static const struct lfi_insurance insurance = {.size = sizeof(insurance), .held = held};
static const struct provider provider = {.insurance = &insurance};
static const struct lfi_call customer = {.size = sizeof(customer), .user_id = {"user-1", 6}};

static struct arena *arena;
static cJSON *tree;
static struct policy_offers offers;
static struct lfi_error error;

static int set_up(void **state)
{
    (void)state;
    memset(&core, 0, sizeof(core));
    core.facts_size = sizeof(struct lfi_policy_facts);
    arena = arena_new(1024 * 1024);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    cJSON_Delete(tree);
    tree = NULL;
    return 0;
}

static void hold(const enum lfi_insurance_sector *sectors, size_t count)
{
    memcpy(core.sectors, sectors, count * sizeof(*sectors));
    core.count = count;
}

static int find(const char *blocks)
{
    tree = json_parse(slice_of(blocks));
    const struct consent consent = {.permissions = tree};
    return policy_offers_find(&provider, arena, &customer, &consent, &offers, &error);
}

/* --- what is offered -------------------------------------------------------------------------- */

static void offers_sectors_in_the_order_of_the_consent_and_no_others(void **state)
{
    static const enum lfi_insurance_sector sectors[] = {LFI_INSURANCE_MOTOR, LFI_INSURANCE_TRAVEL,
                                                        LFI_INSURANCE_LIFE, LFI_INSURANCE_MOTOR};
    static const char *const expected[] = {"policy-1", "policy-0", "policy-3"};
    (void)state;
    hold(sectors, ARRAY_LEN(sectors));
    assert_int_equal(
        find("[" BLOCK("Travel") "," BLOCK("Motor") "," BLOCK("Travel") "," BLOCK("Pet") "]"),
        LFI_OK);
    assert_int_equal(core.wanted, 0);
    assert_int_equal(offers.count, ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_string_equal(offers.items[i]->policy_id, expected[i]);
    }
}

static void offers_nothing_of_a_customer_without_policies(void **state)
{
    (void)state;
    assert_int_equal(find("[" BLOCK("Travel") "]"), LFI_OK);
    assert_int_equal(offers.count, 0);
}

static void says_what_is_held_of_a_policy(void **state)
{
    static const struct lfi_policy_facts rich = {.size = sizeof(rich),
                                                 .sector = LFI_INSURANCE_HOME,
                                                 .policy_id = "p-1",
                                                 .number = "DT-1",
                                                 .status = "New",
                                                 .ends = "2027-05-31",
                                                 .premium = "12.50",
                                                 .currency = "AED",
                                                 .product = "Dhow Cover"},
                                         bare = {.size = sizeof(bare),
                                                 .sector = LFI_INSURANCE_LIFE,
                                                 .policy_id = "p-2"};
    const struct lfi_policy_facts *items[] = {&rich, &bare};
    struct json_writer w;
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    json_begin(&w, &out);
    json_open_object(&w, NULL);
    policy_offers_append(&(struct policy_offers){items, ARRAY_LEN(items)}, "policies", &w);
    json_close_object(&w);
    buf_append(&out, "", 1);
    assert_string_equal(out.ptr,
                        "{\"policies\":[{\"id\":\"p-1\",\"sector\":\"Home\",\"number\":\"DT-1\","
                        "\"status\":\"New\",\"product\":\"Dhow Cover\",\"ends\":\"2027-05-31\","
                        "\"premium\":{\"value\":\"12.50\",\"currency\":\"AED\"}},"
                        "{\"id\":\"p-2\",\"sector\":\"Life\"}]}");
    buf_free(&out);
}

/* --- what was chosen -------------------------------------------------------------------------- */

static void asks_for_the_chosen_alone_and_for_nothing_without_any(void **state)
{
    static const enum lfi_insurance_sector sectors[] = {LFI_INSURANCE_LIFE};
    (void)state;
    hold(sectors, 1);
    tree = json_parse(SLICE("[\"policy-0\",\"policy-9\"]"));
    assert_int_equal(policy_offers_find_chosen(&provider, arena, &customer, tree, &offers, &error),
                     LFI_OK);
    assert_int_equal(core.wanted, 2);
    assert_int_equal(offers.count, 1);
    core.wanted = 77;
    assert_int_equal(policy_offers_find_chosen(&provider, arena, &customer, NULL, &offers, &error),
                     LFI_OK);
    assert_int_equal(offers.count, 0);
    assert_int_equal(core.wanted, 77);
}

/* --- what fails ------------------------------------------------------------------------------- */

static void fails_rather_than_offer_a_part(void **state)
{
    (void)state;
    for (size_t i = 0; i <= POLICY_OFFERS_MAX; i++) {
        core.sectors[i] = LFI_INSURANCE_TRAVEL;
    }
    core.count = POLICY_OFFERS_MAX + 1;
    assert_int_equal(find("[" BLOCK("Travel") "]"), LFI_FAILED);
    assert_string_equal(error.message, "more policies than can be offered");
    core.count = POLICY_OFFERS_MAX;
    cJSON_Delete(tree);
    assert_int_equal(find("[" BLOCK("Travel") "]"), LFI_OK);
    assert_int_equal(offers.count, POLICY_OFFERS_MAX);
}

static void fails_on_what_the_core_may_not_say(void **state)
{
    static const struct provider none = {.insurance = NULL};
    (void)state;
    core.sectors[0] = LFI_INSURANCE_TRAVEL;
    core.count = 1;
    core.facts_size = 8;
    assert_int_equal(find("[" BLOCK("Travel") "]"), LFI_FAILED);
    assert_string_equal(error.message, "a policy without its facts");
    core.status = LFI_UNAVAILABLE;
    cJSON_Delete(tree);
    assert_int_equal(find("[" BLOCK("Travel") "]"), LFI_UNAVAILABLE);
    const struct consent consent = {.permissions = tree};
    assert_int_equal(policy_offers_find(&none, arena, &customer, &consent, &offers, &error),
                     LFI_FAILED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(offers_sectors_in_the_order_of_the_consent_and_no_others),
        TEST(offers_nothing_of_a_customer_without_policies),
        TEST(says_what_is_held_of_a_policy),
        TEST(asks_for_the_chosen_alone_and_for_nothing_without_any),
        TEST(fails_rather_than_offer_a_part),
        TEST(fails_on_what_the_core_may_not_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
