// link: lfi-config lfi-contract lfi-base
/* How a provider takes payments, in the configuration file. */
#include "config_file.h"

#include <lfi/identity.h>
#include <string.h>

static void takes_the_payments_that_are_advertised(void **state)
{
    struct config *config;
    struct lfi_error error;
    char *text = replaced("\"retail\",", "\"retail\", \"payments\": {\"types\": ["
                                         "\"FixedOnDemand.Supported\"]},");
    assert_int_equal(load(*state, text, &config, &error), 0);
    free(text);
    assert_string_equal(config->providers[0].offers.payment_types[0], "FixedOnDemand.Supported");
    assert_null(config->providers[0].offers.payment_types[1]);
    assert_null(config->providers[1].offers.payment_types);
    config_free(config);
    text = replaced("\"retail\",", "\"retail\", \"payments\": {\"types\": [\"FixedOnDemand\"]},");
    assert_int_equal(load(*state, text, &config, &error), -1);
    assert_non_null(strstr(error.message, "$.providers[0].payments.types[0]: is not one of"));
    free(text);
}

#define SIGNED                                                                                     \
    "\"encryption\": {\"keys\": [{\"key\": \"a.key\"}], \"signatures\": {\"jwksCa\": \"ca.pem\","  \
    "\"jwksBase\": \"https://keys.example\", \"audience\": \"bank\"%s}},"

static void takes_how_a_bank_judges_payments(void **state)
{
    struct config *config;
    struct lfi_error error;
    char text[8192];
    assert_int_equal(load(*state, good, &config, &error), 0);
    const struct payment_rules *rules = &config->providers[0].payment_rules;
    assert_false(rules->any_references || rules->other_pii_forms);
    assert_null(rules->test_ibans);
    assert_null(rules->pii_audience);
    assert_int_equal(rules->proof_age_s, 300);
    assert_int_equal(rules->proof_skew_s, 10);
    assert_int_equal(rules->key_life_s, 86400);
    config_free(config);
    char *one = replaced("\"retail\",",
                         "\"retail\", \"payments\": {\"references\": \"v2.1.7\","
                         "\"otherPiiForms\": true, \"testIbans\": [\"AE460090000000101010101\"],"
                         "\"proofSeconds\": 60, \"proofSkewSeconds\": 0,"
                         "\"idempotencySeconds\": 3600, \"piiAudience\": \"retail-hub\"},");
    (void)snprintf(text, sizeof(text), "{\"development\": true," SIGNED "%s",
                   ", \"judgeTimesLater\": false", one + 1);
    free(one);
    if (load(*state, text, &config, &error) != 0) {
        fail_msg("%s", error.message);
    }
    rules = &config->providers[0].payment_rules;
    assert_true(rules->any_references && rules->other_pii_forms);
    assert_string_equal(rules->test_ibans[0], "AE460090000000101010101");
    assert_null(rules->test_ibans[1]);
    assert_string_equal(rules->pii_audience, "retail-hub");
    assert_int_equal(rules->proof_age_s, 60);
    assert_int_equal(rules->proof_skew_s, 0);
    assert_int_equal(rules->key_life_s, 3600);
    assert_false(config->encryption.judge_times_later);
    config_free(config);
}

static void refuses_payment_settings_that_mean_nothing(void **state)
{
    static const struct {
        const char *payments, *message;
    } rows[] = {
        {"\"references\": \"v2.1\"", "payments.references: must be one of v2.1.7, v2.1.8"},
        {"\"testIbans\": [\"AE460090000000101010101\"]",
         "payments.testIbans: is for development alone"},
        {"\"testIbans\": [\"AE46 0090000000101010101\"]", "payments.testIbans[0]: "},
        {"\"proofSeconds\": 29", "payments.proofSeconds: "},
        {"\"proofSeconds\": 3601", "payments.proofSeconds: "},
        {"\"proofSkewSeconds\": 301", "payments.proofSkewSeconds: "},
        {"\"idempotencySeconds\": 3599", "payments.idempotencySeconds: "},
        {"\"idempotencySeconds\": 2592001", "payments.idempotencySeconds: "},
        {"\"piiAudience\": \"hub\"", "payments.piiAudience: needs encryption.signatures"},
        {"\"otherPiiForm\": true", "payments.otherPiiForm: "},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct config *config;
        struct lfi_error error;
        char with[256];
        (void)snprintf(with, sizeof(with), "\"retail\", \"payments\": {%s},", rows[i].payments);
        char *text = replaced("\"retail\",", with);
        assert_int_equal(load(*state, text, &config, &error), -1);
        free(text);
        if (!strstr(error.message, rows[i].message)) {
            fail_msg("%s: %s", rows[i].payments, error.message);
        }
    }
}

#define KEYS "\"encryption\": {\"keys\": [{\"key\": \"a.key\"}]}, "

/* The good file with members of the first provider, and of the whole. */
static char *with_caap(const char *members, const char *whole)
{
    char provider[512];
    (void)snprintf(provider, sizeof(provider), "\"retail\", \"authorization\": \"caap\"%s,",
                   members);
    char *one = replaced("\"retail\",", provider);
    size_t room = strlen(one) + strlen(whole) + 2;
    char *text = malloc(room);
    assert_non_null(text);
    (void)snprintf(text, room, "{%s%s", whole, one + 1);
    free(one);
    return text;
}

static void customers_decide_at_caap(void **state)
{
    struct config *config;
    struct lfi_error error;
    char *text =
        with_caap(", \"caap\": {\"challenge\": \"never\", \"channels\": [\"sms\", \"app\"],"
                  "\"requireLink\": false, \"messageLanguage\": \"both\"}",
                  KEYS);
    if (load(*state, text, &config, &error) != 0) {
        fail_msg("%s", error.message);
    }
    free(text);
    const struct caap_rules *rules = &config->providers[0].caap_rules;
    assert_true(config->providers[0].caap && !config->providers[1].caap);
    assert_int_equal(rules->challenge, CAAP_CHALLENGE_NEVER);
    assert_int_equal(rules->channel_count, 2);
    assert_int_equal(rules->channels[0], LFI_CHANNEL_SMS);
    assert_int_equal(rules->language, CAAP_BOTH);
    assert_false(rules->require_link || rules->clear_identity);
    rules = &config->providers[1].caap_rules;
    assert_int_equal(rules->challenge, CAAP_CHALLENGE_ALWAYS);
    assert_int_equal(rules->channels[0], LFI_CHANNEL_APP);
    assert_true(rules->require_link);
    config_free(config);
}

static void refuses_caap_that_cannot_be(void **state)
{
    static const struct {
        const char *members, *whole, *refused;
    } rows[] = {
        {"", "", "$.providers[0].authorization: caap needs encryption.keys"},
        {", \"authorizePath\": \"/a\", \"heimdall\": \"https://h\", \"consentManager\": "
         "\"https://c\"",
         KEYS, "$.providers[0].authorizePath: customers of this provider decide at CAAP"},
        {", \"caap\": {\"allowClearIdentity\": true}", KEYS,
         "$.providers[0].caap.allowClearIdentity: is for development only"},
        {", \"caap\": {\"channels\": [\"post\"]}", KEYS,
         "$.providers[0].caap.channels[0]: must be one of"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct config *config;
        struct lfi_error error;
        char *text = with_caap(rows[i].members, rows[i].whole);
        assert_int_equal(load(*state, text, &config, &error), -1);
        free(text);
        if (!strstr(error.message, rows[i].refused)) {
            fail_msg("%s: %s", rows[i].refused, error.message);
        }
    }
}

static void refuses_two_caap_providers_that_look_alike(void **state)
{
    struct config *config;
    struct lfi_error error;
    static const struct {
        const char *audience;
        int status;
    } rows[] = {{"two", 0}, {"one", -1}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char second[128];
        (void)snprintf(second, sizeof(second),
                       "\"sme\", \"authorization\": \"caap\", \"audience\": \"%s\",",
                       rows[i].audience);
        char *one = with_caap("", KEYS);
        char *own = replaced_in(one, "      \"authorizePath\": \"/authorize/two\",\n", "");
        char *text = replaced_in(own, "\"sme\",", second);
        assert_int_equal(load(*state, text, &config, &error), rows[i].status);
        if (rows[i].status == 0) {
            config_free(config);
        } else {
            assert_non_null(strstr(error.message, "could be of either"));
        }
        free(text);
        free(own);
        free(one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_payments_that_are_advertised),
        cmocka_unit_test(takes_how_a_bank_judges_payments),
        cmocka_unit_test(refuses_payment_settings_that_mean_nothing),
        cmocka_unit_test(customers_decide_at_caap),
        cmocka_unit_test(refuses_caap_that_cannot_be),
        cmocka_unit_test(refuses_two_caap_providers_that_look_alike),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
