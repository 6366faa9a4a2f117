// link: lfi-store lfi-base
/* Accounts that are asked for: what the clock makes of them, identities, and the feed. */
#include "payments_bank.h"

#define LIFE_S 86400
#define OTHER_CURSOR "0000000000000000" /* of no core that there is */

static const char PERSON[] =
    "{\"Party\":{\"Claims\":{\"IdentityType\":\"Person\",\"FullName\":\"Layla Qamar\","
    "\"EmiratesIdExpiryDate\":\"2026-06-30\"}}}";
static const char EXPIRED[] =
    "{\"Party\":{\"Claims\":{\"IdentityType\":\"Person\",\"FullName\":\"Layla Qamar\","
    "\"EmiratesIdExpiryDate\":\"2026-06-29\"}}}";

struct given {
    struct lfi_answer base;
    unsigned count;
    char json[1024], cursor[65];
    struct lfi_opening_facts facts;
    unsigned number;
    bool changes;
};

static int take(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    struct given *given = (struct given *)answer;
    assert_true(json.len < sizeof(given->json));
    memcpy(given->json, json.ptr, json.len);
    given->json[json.len] = '\0';
    given->count++;
    if (given->changes) {
        const struct lfi_opening_change *change = facts;
        assert_int_equal(change->size, sizeof(*change));
        given->facts = change->facts;
        given->number = change->number;
        memcpy(given->cursor, change->cursor, sizeof(given->cursor));
    } else {
        given->facts = *(const struct lfi_opening_facts *)facts;
    }
    return 0;
}

static struct given given_of(void *summary)
{
    return (struct given){.base = {sizeof(struct lfi_answer), take, 0, summary}};
}

/* Whether it was taken, and as what. */
static bool ask(struct pay_bank *bank, unsigned char identity, const char *json, struct given *out)
{
    struct lfi_error error = {""};
    struct lfi_opening_summary summary = {.size = sizeof(summary)};
    const struct lfi_opening_request request = {.size = sizeof(request),
                                                .identity_life_s = LIFE_S,
                                                .identity = {identity},
                                                .client_id = pay_text("client-1"),
                                                .json = pay_text(json)};
    *out = given_of(&summary);
    assert_int_equal(store_opening.request(bank->store, &bank->call, &request, &out->base, &error),
                     LFI_OK);
    assert_int_equal(out->count, summary.repeated ? 0 : 1);
    return !summary.repeated;
}

static struct given find(struct pay_bank *bank, const char *id)
{
    struct lfi_error error = {""};
    struct given found = given_of(NULL);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = pay_text(id)};
    assert_int_equal(store_opening.find(bank->store, &bank->call, &query, &found.base, &error),
                     LFI_OK);
    return found;
}

static int read_feed(struct pay_bank *bank, const char *cursor, uint32_t limit, struct given *out)
{
    struct lfi_error error = {""};
    const struct lfi_change_query query = {
        .size = sizeof(query), .cursor = pay_text(cursor), .limit = limit};
    *out = given_of(NULL);
    out->changes = true;
    return store_opening.changes(bank->store, &bank->call, &query, &out->base, &error);
}

static void test_the_clock_moves_it(void **state)
{
    struct pay_bank *bank = *state;
    struct given asked, good;
    assert_true(ask(bank, 1, PERSON, &good));
    assert_true(ask(bank, 2, EXPIRED, &asked));
    assert_int_equal(asked.facts.status, LFI_OPENING_PENDING);
    bank->now_us += 2 * BANK_SECOND - 1;
    assert_int_equal(find(bank, asked.facts.account_id).facts.status, LFI_OPENING_PENDING);
    bank->now_us += 1;
    assert_int_equal(find(bank, asked.facts.account_id).facts.status, LFI_OPENING_AWAITING_BANK);
    bank->now_us += 3 * BANK_SECOND;
    struct given rejected = find(bank, asked.facts.account_id);
    assert_int_equal(rejected.facts.status, LFI_OPENING_REJECTED);
    assert_string_equal(rejected.facts.information, "The Emirates ID has expired.");
    struct given opened = find(bank, good.facts.account_id);
    assert_int_equal(opened.facts.status, LFI_OPENING_COMPLETED);
    assert_non_null(strstr(opened.json, "\"2026-06-30T12:00:05+04:00\""));
    assert_non_null(strstr(opened.json, "\"DHWBAED9\""));
    bank->now_us -= 60 * BANK_SECOND; /* what has ended does not begin again */
    assert_int_equal(find(bank, good.facts.account_id).facts.status, LFI_OPENING_COMPLETED);
}

static void test_an_identity_counts_for_its_life_unless_rejected(void **state)
{
    struct pay_bank *bank = *state;
    struct given asked;
    assert_true(ask(bank, 1, PERSON, &asked));
    assert_false(ask(bank, 1, EXPIRED, &asked));
    bank->now_us += LIFE_S * BANK_SECOND - 1;
    assert_false(ask(bank, 1, PERSON, &asked));
    bank->now_us += 1;
    assert_true(ask(bank, 1, EXPIRED, &asked));
    assert_false(ask(bank, 1, EXPIRED, &asked));
    bank->now_us += 5 * BANK_SECOND;
    assert_true(ask(bank, 1, EXPIRED, &asked));
}

static void test_the_feed_tells_each_change_once_in_order(void **state)
{
    struct pay_bank *bank = *state;
    struct given asked, change;
    assert_int_equal(read_feed(bank, NULL, 10, &change), LFI_OK);
    assert_int_equal(change.count, 0);
    assert_true(ask(bank, 1, PERSON, &asked));
    bank->now_us += 3600 * BANK_SECOND; /* both steps are due at once */
    assert_int_equal(read_feed(bank, NULL, 1, &change), LFI_OK);
    assert_int_equal(change.count, 1);
    assert_int_equal(change.facts.status, LFI_OPENING_AWAITING_BANK);
    assert_null(strstr(change.json, "Completed"));
    assert_string_equal(change.facts.client_id, "client-1");
    assert_string_equal(change.facts.account_id, asked.facts.account_id);
    assert_int_equal(change.number, 1);
    char cursor[65];
    memcpy(cursor, change.cursor, sizeof(cursor));
    store_close(bank->store);
    pay_open(bank);
    assert_int_equal(read_feed(bank, cursor, 10, &change), LFI_OK);
    assert_int_equal(change.count, 1);
    assert_int_equal(change.facts.status, LFI_OPENING_COMPLETED);
    assert_int_equal(change.number, 2);
    memcpy(cursor, change.cursor, sizeof(cursor));
    assert_int_equal(read_feed(bank, cursor, 10, &change), LFI_OK);
    assert_int_equal(change.count, 0);
}

static void test_a_cursor_of_another_core_is_unknown(void **state)
{
    struct pay_bank *bank = *state;
    struct given asked, change;
    assert_true(ask(bank, 1, PERSON, &asked));
    bank->now_us += 60 * BANK_SECOND;
    assert_int_equal(read_feed(bank, OTHER_CURSOR OTHER_CURSOR, 10, &change), LFI_UNKNOWN);
    assert_int_equal(read_feed(bank, "x", 10, &change), LFI_UNKNOWN);
    assert_int_equal(read_feed(bank, NULL, 10, &change), LFI_OK);
    change.cursor[16] = 'f'; /* behind an entry that is not there */
    char cursor[65];
    memcpy(cursor, change.cursor, sizeof(cursor));
    assert_int_equal(read_feed(bank, cursor, 10, &change), LFI_UNKNOWN);
}

static void test_a_long_name_is_cut_between_characters(void **state)
{
    struct pay_bank *bank = *state;
    struct given asked;
    char name[200 * 2 + 1] = "", json[600];
    for (size_t i = 0; i < 200; i++) {
        memcpy(name + 2 * i, "ل", 2);
    }
    (void)snprintf(json, sizeof(json),
                   "{\"Party\":{\"Claims\":{\"IdentityType\":\"Business\",\"BusinessName\":\"%s\","
                   "\"TradeLicenceNumber\":\"1\"}}}",
                   name);
    assert_true(ask(bank, 1, json, &asked));
    bank->now_us += 60 * BANK_SECOND;
    cJSON *record = cJSON_Parse(find(bank, asked.facts.account_id).json);
    const cJSON *identifier =
        cJSON_GetArrayItem(cJSON_GetObjectItem(record, "AccountIdentifiers"), 0);
    name[70 * 2] = '\0';
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(identifier, "Name")), name);
    cJSON_Delete(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_clock_moves_it, pay_setup, pay_teardown),
        cmocka_unit_test_setup_teardown(test_an_identity_counts_for_its_life_unless_rejected,
                                        pay_setup, pay_teardown),
        cmocka_unit_test_setup_teardown(test_the_feed_tells_each_change_once_in_order, pay_setup,
                                        pay_teardown),
        cmocka_unit_test_setup_teardown(test_a_cursor_of_another_core_is_unknown, pay_setup,
                                        pay_teardown),
        cmocka_unit_test_setup_teardown(test_a_long_name_is_cut_between_characters, pay_setup,
                                        pay_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
