// link: lfi-consent
/* Consents that several approve: quorum, groups, refusals, repeats, people who are named no more.
 */
#include "base/array.h"
#include "consent/authorizers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two of the three of M, and one of F; "f2" is of no group that must approve. */
static struct authorizers rule_of(uint32_t of_m, uint32_t of_f)
{
    static const struct {
        const char *id, *group;
    } people[] = {{"m1", "M"}, {"m2", "M"}, {"m3", "M"}, {"f1", "F"}};
    struct authorizers out = {.count = 0};
    for (size_t i = 0; i < ARRAY_LEN(people); i++) {
        struct lfi_approver *one = &out.items[out.count++];
        (void)snprintf(one->user_id, sizeof(one->user_id), "%s", people[i].id);
        (void)snprintf(one->group, sizeof(one->group), "%s", people[i].group);
    }
    (void)snprintf(out.rule.groups[0].name, sizeof(out.rule.groups[0].name), "M");
    out.rule.groups[0].required = of_m;
    out.rule.group_count = 1;
    if (of_f > 0) {
        (void)snprintf(out.rule.groups[1].name, sizeof(out.rule.groups[1].name), "F");
        out.rule.groups[1].required = of_f;
        out.rule.group_count = 2;
    }
    return out;
}

/* Decisions one after the other: "m1+ f1-". The last list is in *list. */
static enum authorization decide_all(const struct authorizers *rule, const char *decisions,
                                     cJSON **list)
{
    enum authorization last = AUTHORIZATION_WAITS;
    *list = NULL;
    for (const char *at = decisions; *at; at += at[3] == ' ' ? 4 : 3) {
        struct buf out;
        const struct authorizer_decision decision = {{at, 2}, at[2] == '+', 1800000000000000};
        buf_init(&out, AUTHORIZERS_BYTES);
        last = authorizers_decide(rule, *list, &decision, &out);
        cJSON_Delete(*list);
        *list = json_parse(buf_slice(&out));
        assert_non_null(*list);
        buf_free(&out);
    }
    return last;
}

static void each_rule_is_met_by_just_enough(void **state)
{
    static const struct {
        uint32_t of_m, of_f;
        const char *decisions;
        enum authorization ends;
    } rows[] = {
        {2, 0, "m1+", AUTHORIZATION_WAITS},
        {2, 0, "m1+ m1+", AUTHORIZATION_WAITS}, /* the same person counts once */
        {2, 0, "m1+ f1+", AUTHORIZATION_WAITS}, /* not of the group */
        {2, 0, "m1+ m3+", AUTHORIZATION_GIVEN},
        {1, 1, "m1+", AUTHORIZATION_WAITS},
        {1, 1, "m1+ m2+", AUTHORIZATION_WAITS}, /* two of one group are not one of each */
        {1, 1, "m2+ f1+", AUTHORIZATION_GIVEN},
        {1, 1, "m1+ f1-", AUTHORIZATION_REFUSED},
        {2, 1, "m1- m2+", AUTHORIZATION_REFUSED}, /* a refusal stays */
        {2, 1, "m1- m1+", AUTHORIZATION_REFUSED}, /* nobody decides twice */
        {2, 1, "m1+ m2+ f1+", AUTHORIZATION_GIVEN},
        {2, 1, "zz+ m1+", AUTHORIZATION_WAITS}, /* a stranger is not listed */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct authorizers rule = rule_of(rows[i].of_m, rows[i].of_f);
        cJSON *list;
        if (decide_all(&rule, rows[i].decisions, &list) != rows[i].ends) {
            fail_msg("row %zu: %s", i, rows[i].decisions);
        }
        cJSON_Delete(list);
    }
}

static void the_list_has_everybody_and_when_they_decided(void **state)
{
    const struct authorizers rule = rule_of(1, 1);
    int64_t total = 0;
    cJSON *list;
    (void)state;
    (void)decide_all(&rule, "m2+", &list);
    const cJSON *all = json_get(list, "Authorizations");
    assert_true(json_get_int(list, "TotalRequired", &total));
    assert_int_equal(total, 2);
    assert_int_equal(cJSON_GetArraySize(all), 4);
    const cJSON *first = cJSON_GetArrayItem(all, 0), *second = cJSON_GetArrayItem(all, 1);
    assert_null(json_get(first, "AuthorizationDate"));
    assert_string_equal(json_get(first, "AuthorizationStatus")->valuestring, "Pending");
    assert_string_equal(json_get(second, "AuthorizationDate")->valuestring,
                        "2027-01-15T08:00:00.000Z");
    assert_string_equal(json_get(second, "AuthorizerType")->valuestring, "M");
    cJSON_Delete(list);
}

static void an_approval_of_somebody_who_is_named_no_more_does_not_count(void **state)
{
    struct authorizers rule = rule_of(1, 1);
    struct buf out;
    cJSON *list;
    const struct authorizer_decision decision = {SLICE("f1"), true, 0};
    (void)state;
    (void)decide_all(&rule, "m1+", &list);
    memmove(&rule.items[0], &rule.items[1], 3 * sizeof(rule.items[0])); /* m1 has left */
    rule.count = 3;
    buf_init(&out, AUTHORIZERS_BYTES);
    assert_int_equal(authorizers_decide(&rule, list, &decision, &out), AUTHORIZATION_WAITS);
    assert_null(authorizers_find(&rule, SLICE("m1")));
    cJSON_Delete(list);
    list = json_parse(buf_slice(&out));
    assert_true(slice_equal_text(authorizers_status(list, SLICE("m1")), "Approved"));
    assert_int_equal(cJSON_GetArraySize(json_get(list, "Authorizations")), 4);
    cJSON_Delete(list);
    buf_free(&out);
}

static void without_a_rule_nothing_is_given(void **state)
{
    const struct authorizers rule = {.count = 0};
    cJSON *list;
    (void)state;
    assert_int_equal(decide_all(&rule, "m1+", &list), AUTHORIZATION_WAITS);
    cJSON_Delete(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_is_met_by_just_enough),
        cmocka_unit_test(the_list_has_everybody_and_when_they_decided),
        cmocka_unit_test(an_approval_of_somebody_who_is_named_no_more_does_not_count),
        cmocka_unit_test(without_a_rule_nothing_is_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
