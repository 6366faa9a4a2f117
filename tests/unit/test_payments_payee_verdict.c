// link: lfi-payments lfi-caller lfi-jose lfi-base
/* Verdicts of Confirmation of Payee, signed by a library that shares no code with the server. */
#include "base/array.h"
#include "fake_client.h"

#include "base/json.h"
#include "base/limits.h"
#include "payments/payee_verdict.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define VECTORS LFI_SOURCE_DIR "/tests/unit/payee-verdicts.json"

static struct fixture {
    struct clock clock;
    struct log log;
    cJSON *vectors;
    char *keys;
    struct arena *arena;
    struct verdict_judge *judge;
} f;

static int set_up_group(void **state)
{
    char text[64 * 1024];
    FILE *file = fopen(VECTORS, "r");
    (void)state;
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof(text), file);
    (void)fclose(file);
    f.vectors = json_parse((struct lfi_slice){text, len});
    f.keys = cJSON_PrintUnformatted(json_get(f.vectors, "keys"));
    f.log = (struct log){.fd = open("/dev/null", O_WRONLY), .level = LOG_DEBUG, .clock = &f.clock};
    return !f.keys || f.log.fd < 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    cJSON_Delete(f.vectors);
    cJSON_free(f.keys);
    return close(f.log.fd);
}

static void make_judge(const char *const *urls)
{
    const struct verdict_config config = {.jwks_urls = urls};
    struct lfi_error error;
    assert_int_equal(verdict_judge_new(&f.judge, &config, &f.clock, &f.log, NULL, &error), 0);
}

static int set_up(void **state)
{
    static const char *const urls[] = {"http://a.example/jwks", "http://b.example/jwks", NULL};
    (void)state;
    fake_client.status = 200;
    fake_client.body = f.keys;
    f.arena = arena_new(1 << 16);
    make_judge(urls);
    return !f.arena;
}

static int tear_down(void **state)
{
    (void)state;
    verdict_judge_free(f.judge);
    arena_free(f.arena);
    return 0;
}

static enum payee_verdict judge(struct verdict_judge *by, const char *name)
{
    struct lfi_slice text = json_get_string(json_get(f.vectors, "texts"), name);
    assert_true(text.len > 0);
    return payee_verdict_read(by, text, f.arena);
}

static void what_is_verified_is_believed(void **state)
{
    (void)state;
    assert_int_equal(judge(f.judge, "match"), PAYEE_MATCH);
    assert_int_equal(judge(f.judge, "part"), PAYEE_MATCH_IN_PART);
    assert_int_equal(judge(f.judge, "none"), PAYEE_NO_MATCH);
    assert_int_equal(judge(f.judge, "unheard"), PAYEE_NOT_KNOWN);
}

static void a_wrong_signature_says_nothing(void **state)
{
    static const char *const names[] = {"match-other-key", "part-other-key", "none-other-key",
                                        "match-rs256",     "part-rs256",     "none-rs256"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_int_equal(judge(f.judge, names[i]), PAYEE_NOT_KNOWN);
    }
}

/* One character of the payload, or of the signature, is another. */
static void a_changed_verdict_says_nothing(void **state)
{
    struct lfi_slice text = json_get_string(json_get(f.vectors, "texts"), "none");
    char changed[4096];
    (void)state;
    (void)snprintf(changed, sizeof(changed), "%.*s", SLICE_ARG(text));
    char *end = strrchr(changed, '.');
    end[10] = end[10] == 'A' ? 'B' : 'A';
    assert_int_equal(payee_verdict_read(f.judge, slice_of(changed), f.arena), PAYEE_NOT_KNOWN);
    assert_int_equal(payee_verdict_read(f.judge, SLICE("a.b.c"), f.arena), PAYEE_NOT_KNOWN);
    assert_int_equal(payee_verdict_read(f.judge, SLICE(""), f.arena), PAYEE_NOT_KNOWN);
}

static void expect_warnings_alone(struct verdict_judge *by, const char *suffix)
{
    char name[32];
    (void)snprintf(name, sizeof(name), "match%s", suffix);
    assert_int_equal(judge(by, name), PAYEE_NOT_KNOWN);
    (void)snprintf(name, sizeof(name), "part%s", suffix);
    assert_int_equal(judge(by, name), PAYEE_MATCH_IN_PART);
    (void)snprintf(name, sizeof(name), "none%s", suffix);
    assert_int_equal(judge(by, name), PAYEE_NO_MATCH);
}

static void what_cannot_be_verified_warns_and_never_assures(void **state)
{
    static const char *const none[] = {NULL};
    (void)state;
    expect_warnings_alone(f.judge, "-other-kid");
    verdict_judge_free(f.judge);
    make_judge(none);
    expect_warnings_alone(f.judge, "");
    expect_warnings_alone(NULL, "");
}

static void a_key_store_that_is_away_verifies_nothing(void **state)
{
    (void)state;
    fake_client.status = 0;
    expect_warnings_alone(f.judge, "");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(what_is_verified_is_believed),
        T(a_wrong_signature_says_nothing),
        T(a_changed_verdict_says_nothing),
        T(what_cannot_be_verified_warns_and_never_assures),
        T(a_key_store_that_is_away_verifies_nothing),
    };
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
