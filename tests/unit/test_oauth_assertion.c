// link: lfi-oauth lfi-caller lfi-state lfi-jose lfi-base
/* private_key_jwt where its keys, or what remembers assertions, cannot be had. */
#include "base/array.h"
#include "fake_client.h"
#include "jwks.h"
#include "keys.h"

#include "base/limits.h"
#include "caller/access_check.h"
#include "oauth/assertion.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>

#define ISSUER "https://bank.example"

static const char *const none[] = {NULL};
static const struct client settings = {.id = "hub",
                                       .provider = "retail",
                                       .methods = 1u << CLIENT_PRIVATE_KEY_JWT | 1u << CLIENT_TLS,
                                       .subjects = none,
                                       .scopes = none};
static const struct oauth_client client = {.settings = &settings};

static struct fixture {
    struct clock clock;
    int64_t now_s; /* of assertions and of the calls that bring them */
    struct log log;
    struct arena *arena;
    struct jose_signer *signer;
    char *jwks;
    struct caller *caller;
    struct state *state;
    X509 *certificate;
    int claim_status;
    char claimed[256]; /* the only key that is remembered */
    uint32_t ttl_s;
} f;

/* A store that remembers one claim, or fails. */
static int claim(void *store, const struct state_call *call, uint32_t ttl_s,
                 const struct state_sink *sink, enum state_claim *out)
{
    (void)store;
    (void)sink;
    if (f.claim_status != LFI_OK) {
        return error_set(call->error, "the disk is full"), f.claim_status;
    }
    assert_true(slice_equal_text(call->provider, "retail"));
    *out = slice_equal_text(call->key, f.claimed) ? STATE_CLAIM_TAKEN : STATE_CLAIM_YOURS;
    snprintf(f.claimed, sizeof(f.claimed), "%.*s", SLICE_ARG(call->key));
    f.ttl_s = ttl_s;
    return LFI_OK;
}

static int set_up(void **state)
{
    static const struct state_driver driver = {
        .size = sizeof(driver), .name = "fake", .claim = claim};
    static const char *const ous[] = {"ou-1"};
    static const struct access_rules access = {.provider = "retail", .scopes = none};
    static const struct caller_provider provider = {
        .id = "retail", .mode = CALLER_CLIENT_CREDENTIALS, .access = &access};
    const struct caller_config config = {.allowed_ous = ous,
                                         .allowed_ou_count = 1,
                                         .providers = &provider,
                                         .provider_count = 1,
                                         .jwks_base = "https://keys.example"};
    EVP_PKEY *key = EVP_RSA_gen(2048);
    char path[KEY_PATH_MAX];

    (void)state;
    key_write(key, NULL, path);
    EVP_PKEY_free(key);
    assert_int_equal(jose_signer_load(&f.signer, path, "k", NULL), 0);
    unlink(path);
    f.jwks = jwks_of(f.signer);
    fake_client.status = 200;
    fake_client.body = f.jwks;
    f.claim_status = LFI_OK;
    f.claimed[0] = '\0';
    f.log = (struct log){.fd = open("/dev/null", O_WRONLY), .level = LOG_DEBUG, .clock = &f.clock};
    f.now_s = clock_now_s(&f.clock);
    f.arena = arena_new(LIMIT_ARENA_BYTES);
    f.certificate = certificate_make(
        (struct attribute[]){{"O", "Hub Operator"}, {"OU", "ou-1"}, {"CN", "cn-1"}, {NULL, NULL}});
    assert_int_equal(state_new(&f.state, &driver, NULL, &f.clock, NULL), 0);
    return caller_new(&f.caller, &config, &f.clock, &f.log, NULL, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    caller_free(f.caller);
    state_close(f.state);
    X509_free(f.certificate);
    arena_free(f.arena);
    jose_signer_free(f.signer);
    free(f.jwks);
    return close(f.log.fd);
}

static struct lfi_slice make_assertion(const char *jti, int64_t life_s)
{
    struct buf token;
    struct lfi_slice claims = arena_format(f.arena,
                                           "{\"iss\":\"hub\",\"sub\":\"hub\",\"aud\":\"" ISSUER
                                           "\",\"exp\":%lld,\"jti\":\"%s\"}",
                                           (long long)(f.now_s + life_s), jti);

    buf_init(&token, LIMIT_TOKEN_BYTES);
    assert_int_equal(jose_sign_payload(f.signer, "JWT", claims, &token, NULL), 0);
    struct lfi_slice out = arena_keep(f.arena, buf_slice(&token));
    buf_free(&token);
    return out;
}

/* The id of the refusal, "" when the assertion was accepted. */
static const char *judge(struct lfi_slice assertion)
{
    const struct request request = {.peer = f.certificate, .arena = f.arena};
    struct form form = {.count = 0};
    struct caller_subject subject;
    static struct refusal refusal;

    refusal = (struct refusal){.id = NULL};
    assert_int_equal(caller_check_certificate(f.caller, &request, &subject, &refusal), 0);
    const struct oauth_ask ask = {.request = &request,
                                  .form = &form,
                                  .subject = &subject,
                                  .caller = f.caller,
                                  .state = f.state,
                                  .issuer = ISSUER,
                                  .endpoint = ISSUER "/token",
                                  .now_s = f.now_s};
    if (assertion_check(&client, &ask, assertion, &refusal) == 0) {
        return "";
    }
    const bool ours =
        strcmp(refusal.id, "JWKS-UNAVAILABLE") == 0 || strcmp(refusal.id, "CLIENT-STATE") == 0;
    assert_int_equal(refusal.status, ours ? 503 : 401);
    assert_string_equal(refusal.error_code,
                        refusal.status == 401 ? "invalid_client" : "temporarily_unavailable");
    return refusal.id;
}

static void an_assertion_counts_once(void **state)
{
    struct lfi_slice assertion = make_assertion("one", 60);

    (void)state;
    assert_string_equal(judge(assertion), "");
    assert_in_range(f.ttl_s, 60, 60 + LIMIT_TOKEN_SKEW_S + 1);
    assert_string_equal(judge(assertion), "CLIENT-ASSERTION-REPLAY");
    assert_string_equal(judge(make_assertion("two", 60)), "");
}

static void its_life_is_bounded(void **state)
{
    (void)state;
    assert_string_equal(judge(make_assertion("a", LIMIT_CLIENT_ASSERTION_S + LIMIT_TOKEN_SKEW_S)),
                        "");
    assert_string_equal(
        judge(make_assertion("b", LIMIT_CLIENT_ASSERTION_S + LIMIT_TOKEN_SKEW_S + 2)),
        "CLIENT-ASSERTION-LIFE");
    assert_string_equal(judge(make_assertion("c", -LIMIT_TOKEN_SKEW_S)), "");
    assert_string_equal(judge(make_assertion("d", -LIMIT_TOKEN_SKEW_S - 2)),
                        "CLIENT-ASSERTION-EXP");
}

/* An assertion that cannot be recorded is refused: it could be replayed. */
static void an_assertion_that_cannot_be_remembered_is_refused(void **state)
{
    (void)state;
    f.claim_status = LFI_FAILED;
    assert_string_equal(judge(make_assertion("one", 60)), "CLIENT-STATE");
    f.claim_status = LFI_OK;
    assert_string_equal(judge(make_assertion("one", 60)), "");
}

static void without_keys_no_assertion_is_judged(void **state)
{
    (void)state;
    fake_client.status = 0;
    assert_string_equal(judge(make_assertion("one", 60)), "JWKS-UNAVAILABLE");
    assert_string_equal(f.claimed, "");
}

/* The certificate is the client's: what is wrong with it is no failure of ours. */
static void a_certificate_that_leads_to_no_keys_is_refused(void **state)
{
    static const struct attribute names[][3] = {
        {{"OU", "ou-1"}, {NULL, NULL}},
        {{"OU", "ou-1"}, {"CN", "../x"}, {NULL, NULL}},
        {{"OU", "ou-1"}, {"CN", "a/b"}, {NULL, NULL}},
        {{"OU", "ou-1"}, {"CN", "a\nb"}, {NULL, NULL}},
    };

    (void)state;
    fake_client.calls = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        X509_free(f.certificate);
        f.certificate = certificate_make(names[i]);
        assert_string_equal(judge(make_assertion("one", 60)), "CLIENT-CERTIFICATE");
    }
    assert_int_equal(fake_client.calls, 0);
    X509_free(f.certificate);
    f.certificate =
        certificate_make((struct attribute[]){{"OU", "ou-1"}, {"CN", "nobody"}, {NULL, NULL}});
    fake_client.status = 404;
    assert_string_equal(judge(make_assertion("one", 60)), "CLIENT-ASSERTION-KID-UNKNOWN");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_assertion_counts_once),
        TEST(its_life_is_bounded),
        TEST(an_assertion_that_cannot_be_remembered_is_refused),
        TEST(without_keys_no_assertion_is_judged),
        TEST(a_certificate_that_leads_to_no_keys_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
