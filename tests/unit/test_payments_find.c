// link: lfi-payments
/* Payments that were made, and where a refund goes. */
#include "payment_world.h"

static int call_find(struct call *call, const struct payment_means *means, void *id)
{
    (void)means;
    return payment_find(call, slice_of(id));
}

static struct answer look_up(const char *id)
{
    return run(call_find, (void *)(uintptr_t)id, "");
}

static void a_payment_is_found_under_its_consent_alone(void **state)
{
    (void)state;
    assert_string_equal(look_up("payment-1").id, "PAYMENT-UNKNOWN");
    w.kept = true;
    assert_int_equal(look_up("payment-1").status, 200);
    struct answer answer = look_up("payment-2");
    assert_int_equal(answer.status, 404);
    assert_string_equal(answer.code, "Resource.NotFound");
    w.kept_consent = "consent-2";
    assert_string_equal(look_up("payment-1").id, "PAYMENT-UNKNOWN");
}

static void a_payment_from_a_blocked_account_is_not_shown(void **state)
{
    (void)state;
    w.kept = true;
    w.account = LFI_ACCOUNT_SUSPENDED;
    struct answer answer = look_up("payment-1");
    assert_int_equal(answer.status, 403);
    assert_string_equal(answer.code, "Consent.AccountTemporarilyBlocked");
    w.account = LFI_ACCOUNT_CLOSED;
    assert_string_equal(look_up("payment-1").code, "Consent.PermanentAccountAccessFailure");
}

static int call_refund(struct call *call, const struct payment_means *means, void *id)
{
    return payment_refund_account(call, means, slice_of(id));
}

static struct answer refund(const char *consent_id, const char *status)
{
    struct documents d = documents_for(single);
    change(d.consent, "status", status);
    w.consent = d.consent;
    struct answer answer = run(call_refund, (void *)(uintptr_t)consent_id, "");
    cJSON_Delete(d.body);
    cJSON_Delete(d.consent);
    cJSON_Delete(d.pii);
    cJSON_Delete(d.agreed);
    w.consent = NULL;
    return answer;
}

static void a_refund_goes_to_the_account_that_paid(void **state)
{
    (void)state;
    w.refund = (struct lfi_refund_account){.size = sizeof(w.refund),
                                           .iban = "AE219990000000000000001",
                                           .name_en = "Rohan",
                                           .name_ar = "روهان"};
    struct answer answer = refund(CONSENT, "\"Consumed\"");
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body,
                        "{\"data\":{\"consentId\":\"consent-1\",\"refundAccount\":{\"schemeName\":"
                        "\"IBAN\",\"identification\":\"AE219990000000000000001\",\"name\":{\"en\":"
                        "\"Rohan\",\"ar\":\"روهان\"}}},\"meta\":{}}");
    assert_int_equal(refund(CONSENT, "\"Expired\"").status, 200);
    assert_string_equal(refund("consent-2", "\"Consumed\"").id, "PAYMENT-CONSENT-ID");
}

static void no_refund_goes_to_an_account_that_is_blocked(void **state)
{
    static const struct {
        enum lfi_account_status account;
        const char *code;
    } rows[] = {
        {LFI_ACCOUNT_SUSPENDED, "Consent.AccountTemporarilyBlocked"},
        {LFI_ACCOUNT_CLOSED, "Consent.PermanentAccountAccessFailure"},
        {LFI_ACCOUNT_DECEASED, "Consent.PermanentAccountAccessFailure"},
        {LFI_ACCOUNT_UNCLAIMED, "Consent.PermanentAccountAccessFailure"},
    };
    (void)state;
    w.refund = (struct lfi_refund_account){
        .size = sizeof(w.refund), .iban = "AE219990000000000000001", .name_en = "Rohan"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        w.refund.status = rows[i].account;
        struct answer answer = refund(CONSENT, "\"Authorized\"");
        assert_int_equal(answer.status, 403);
        assert_string_equal(answer.code, rows[i].code);
        assert_string_equal(answer.message,
                            "The debtor account is blocked from receiving payments.");
    }
    w.refund.status = LFI_ACCOUNT_DORMANT;
    assert_int_equal(refund(CONSENT, "\"Authorized\"").status, 200);
}

static void a_long_name_is_cut_between_characters(void **state)
{
    (void)state;
    w.refund = (struct lfi_refund_account){.size = sizeof(w.refund), .iban = "AE21"};
    for (size_t i = 0; i < 70; i++) {
        memcpy(w.refund.name_ar + 2 * i, "ر", 2);
    }
    (void)snprintf(w.refund.name_en, sizeof(w.refund.name_en), "%0140d", 0);
    struct answer answer = refund(CONSENT, "\"Authorized\"");
    assert_int_equal(answer.status, 200);
    cJSON *tree = parse(answer.body);
    const cJSON *name = json_get(json_get(json_get(tree, "data"), "refundAccount"), "name");
    assert_int_equal(json_get_string(name, "en").len, 70);
    assert_int_equal(json_get_string(name, "ar").len, 140);
    cJSON_Delete(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_payment_is_found_under_its_consent_alone, begin),
        cmocka_unit_test_setup(a_payment_from_a_blocked_account_is_not_shown, begin),
        cmocka_unit_test_setup(a_refund_goes_to_the_account_that_paid, begin),
        cmocka_unit_test_setup(no_refund_goes_to_an_account_that_is_blocked, begin),
        cmocka_unit_test_setup(a_long_name_is_cut_between_characters, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
