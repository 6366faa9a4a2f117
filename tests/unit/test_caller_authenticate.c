// link: lfi-caller lfi-jose lfi-base
#include "base/array.h"
#include "fake_client.h"
#include "jwks.h"
#include "keys.h"

#include "base/limits.h"
#include "caller/caller.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>

#define HUB                                                                                        \
    {"C", "AE"}, {"O", "Hub Operator"}, {"OU", "ou-1"}, {"CN", "cn-1"},                            \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }

static const char *const pinned[] = {"ou-0", "ou-1"};
static const struct caller_provider providers[] = {
    {.id = "dhowretail", .mode = CALLER_JWT, .audience = "retail"},
    {.id = "dhowbusiness", .mode = CALLER_JWT, .audience = "business"},
    {.id = "dhowopen", .mode = CALLER_MTLS_ONLY},
};
enum { RETAIL, BUSINESS, OPEN };

static struct fixture {
    struct clock clock;
    struct log log;
    struct arena *arena;
    struct jose_signer *signer, *stranger;
    char *jwks;
    struct caller *caller;
    X509 *certificate;
} f;

static const struct caller_config usual = {.allowed_ous = pinned,
                                           .allowed_ou_count = 2,
                                           .providers = providers,
                                           .provider_count = 2,
                                           .jwks_base = "https://keys.example",
                                           .max_life_s = LIMIT_TOKEN_LIFE_S};

static struct jose_signer *make_signer(const char *kid)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    struct jose_signer *signer = NULL;
    char path[KEY_PATH_MAX];

    key_write(key, NULL, path);
    assert_int_equal(jose_signer_load(&signer, path, kid, NULL), 0);
    unlink(path);
    EVP_PKEY_free(key);
    return signer;
}

static int set_up_group(void **state)
{

    (void)state;
    f.signer = make_signer("a");
    f.stranger = make_signer("a");
    f.jwks = jwks_of(f.signer);
    f.log = (struct log){.fd = open("/dev/null", O_WRONLY), .level = LOG_DEBUG, .clock = &f.clock};
    return f.log.fd < 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    jose_signer_free(f.signer);
    jose_signer_free(f.stranger);
    free(f.jwks);
    close(f.log.fd);
    return 0;
}

static void use(const struct caller_config *config)
{
    caller_free(f.caller);
    assert_int_equal(caller_new(&f.caller, config, &f.clock, &f.log, NULL, NULL), 0);
}

static int set_up(void **state)
{
    (void)state;
    f.clock.offset_us = 0;
    f.arena = arena_new(LIMIT_ARENA_BYTES);
    f.certificate = certificate_make((struct attribute[]){HUB});
    fake_client.calls = 0;
    fake_client.status = 200;
    fake_client.body = f.jwks;
    use(&usual);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    caller_free(f.caller);
    f.caller = NULL;
    X509_free(f.certificate);
    arena_free(f.arena);
    return 0;
}

static struct lfi_slice make_token(const struct jose_signer *signer, const char *aud, int64_t at_s)
{
    const struct jose_claims claims = {"Hub Operator", "ou-1", aud, at_s, 20};
    struct buf token;

    buf_init(&token, LIMIT_TOKEN_BYTES);
    assert_int_equal(jose_sign(signer, &claims, &token, NULL), 0);
    struct lfi_slice out = arena_format(f.arena, "Bearer %.*s", SLICE_ARG(buf_slice(&token)));
    buf_free(&token);
    return out;
}

static int judge(size_t provider, const struct request *request, struct refusal *refusal)
{
    struct caller_identity identity;

    return caller_check_certificate(f.caller, request, &identity.subject, refusal) != 0
               ? -1
               : caller_authenticate(f.caller, provider, request, &identity, refusal);
}

/* The id of the refusal at this provider, "" when the caller was let in. */
static const char *authenticate_at(size_t provider, struct lfi_slice authorization)
{
    const struct header header = {SLICE("Authorization"), authorization};
    const struct request request = {.headers = &header,
                                    .header_count = authorization.ptr ? 1 : 0,
                                    .peer = f.certificate,
                                    .arena = f.arena};
    struct refusal refusal = {.id = NULL};

    if (judge(provider, &request, &refusal) == 0) {
        assert_null(refusal.id);
        return "";
    }
    if (refusal.status == 401) {
        assert_string_equal(refusal.error_message, "The request is not authenticated.");
    }
    assert_string_equal(refusal.error_code,
                        refusal.status == 500 ? "GenericRecoverableError" : "GenericError");
    if (authorization.len > 40) {
        assert_null(strstr(refusal.detail, authorization.ptr + authorization.len - 40));
    }
    return refusal.id;
}

static const char *authenticate(struct lfi_slice authorization)
{
    return authenticate_at(RETAIL, authorization);
}

static struct lfi_slice good_token(void)
{
    return make_token(f.signer, "retail", clock_now_s(&f.clock));
}

static void use_certificate(const struct attribute *attributes)
{
    X509_free(f.certificate);
    f.certificate = certificate_make(attributes);
}

static void the_hub_is_let_in(void **state)
{
    (void)state;
    assert_string_equal(authenticate(good_token()), "");
    assert_string_equal(fake_client.url, "https://keys.example/ou-1/cn-1/application.jwks");
}

static void a_token_is_refused_at_another_provider(void **state)
{
    (void)state;
    assert_string_equal(authenticate_at(BUSINESS, good_token()), "JWT-AUD-PROVIDER");
    assert_int_equal(fake_client.calls, 0);
    assert_string_equal(
        authenticate_at(BUSINESS, make_token(f.signer, "business", clock_now_s(&f.clock))), "");
}

static void the_certificate_comes_first(void **state)
{
    struct lfi_slice token = good_token();
    struct lfi_slice none = {NULL, 0};

    (void)state;
    X509_free(f.certificate);
    f.certificate = NULL;
    assert_string_equal(authenticate(token), "CALLER-NO-CERT");
    assert_string_equal(authenticate(none), "CALLER-NO-CERT");
    use_certificate(
        (struct attribute[]){{"O", "Hub Operator"}, {"OU", "ou-2"}, {"CN", "cn-1"}, {NULL, NULL}});
    assert_string_equal(authenticate(token), "CALLER-OU");
    use_certificate((struct attribute[]){{"O", "Hub Operator"}, {"CN", "cn-1"}, {NULL, NULL}});
    assert_string_equal(authenticate(token), "CALLER-OU");
    use_certificate((struct attribute[]){
        {"O", "Hub Operator"}, {"OU", "ou-1"}, {"OU", "ou-2"}, {"CN", "cn-1"}, {NULL, NULL}});
    assert_string_equal(authenticate(token), "CALLER-OU");
    use_certificate(
        (struct attribute[]){{"O", "Hub Operator"}, {"CN", "cn, OU=ou-1"}, {NULL, NULL}});
    assert_string_equal(authenticate(token), "CALLER-OU");
    use_certificate((struct attribute[]){{"O", "Hub Operator"}, {"OU", "ou-1"}, {NULL, NULL}});
    assert_string_equal(authenticate(token), "CALLER-SUBJECT");
    use_certificate((struct attribute[]){{"OU", "ou-1"}, {"CN", "cn-1"}, {NULL, NULL}});
    assert_string_equal(authenticate(token), "CALLER-SUBJECT");
    assert_int_equal(fake_client.calls, 0);
}

/* What is wrong with a certificate, or with what it leads to, is no failure of ours. */
static void an_odd_certificate_is_refused_with_401(void **state)
{
    static const struct attribute names[][4] = {
        {{"OU", "ou-1"}, {NULL, NULL}},
        {{"O", "Hub Operator"}, {"OU", "ou-1"}, {NULL, NULL}},
        {{"O", "Hub Operator"}, {"OU", "ou-1"}, {"CN", ".."}, {NULL, NULL}},
        {{"O", "Hub Operator"}, {"OU", "ou-1"}, {"CN", "a/b"}, {NULL, NULL}},
        {{"O", "Hub Operator"}, {"OU", "ou-1"}, {"CN", "a\tb"}, {NULL, NULL}},
        {{"O", "Hub Operator"}, {"OU", "ou-1"}, {"CN", "\xd8\xa8 %2e?#"}, {NULL, NULL}},
        {{"O", "Hub Operator"}, {"OU", "ou-1"}, {"CN", "nobody"}, {NULL, NULL}},
    };
    struct lfi_slice token = good_token();

    (void)state;
    fake_client.status = 404; /* nobody publishes keys there */
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct header header = {SLICE("Authorization"), token};
        struct refusal refusal = {.id = NULL};
        use_certificate(names[i]);
        const struct request request = {
            .headers = &header, .header_count = 1, .peer = f.certificate, .arena = f.arena};
        assert_int_equal(judge(RETAIL, &request, &refusal), -1);
        assert_int_equal(refusal.status, 401);
        assert_string_equal(refusal.id, i < 5 ? "CALLER-SUBJECT" : "JWT-KID-UNKNOWN");
    }
}

static void a_certificate_alone_can_be_checked(void **state)
{
    struct request request = {.peer = f.certificate, .arena = f.arena};
    struct caller_subject subject;
    struct refusal refusal = {.id = NULL};

    (void)state;
    assert_int_equal(caller_check_certificate(f.caller, &request, &subject, &refusal), 0);
    assert_true(slice_equal_text(subject.cn, "cn-1"));
    request.peer = NULL;
    assert_int_equal(caller_check_certificate(f.caller, &request, &subject, &refusal), -1);
    assert_int_equal(refusal.status, 401);
    use_certificate((struct attribute[]){{"OU", "ou-2"}, {NULL, NULL}});
    request.peer = f.certificate;
    assert_int_equal(caller_check_certificate(f.caller, &request, &subject, &refusal), -1);
    assert_string_equal(refusal.id, "CALLER-OU");
    assert_int_equal(refusal.status, 403);
}

static void with_nobody_pinned_nobody_passes(void **state)
{
    struct caller_config config = usual;

    (void)state;
    config.allowed_ou_count = 0;
    use(&config);
    assert_string_equal(authenticate(good_token()), "CALLER-OU");
}

static void an_override_needs_no_cn(void **state)
{
    struct caller_config config = usual;

    (void)state;
    config.jwks_override = "https://keys.example/hub.jwks";
    use(&config);
    use_certificate((struct attribute[]){{"O", "Hub Operator"}, {"OU", "ou-1"}, {NULL, NULL}});
    assert_string_equal(authenticate(good_token()), "");
    assert_string_equal(fake_client.url, "https://keys.example/hub.jwks");
}

static void bad_tokens_are_refused_without_asking_for_keys(void **state)
{
    (void)state;
    assert_string_equal(authenticate((struct lfi_slice){NULL, 0}), "JWT-MISSING");
    assert_string_equal(authenticate(SLICE("Basic dTpw")), "JWT-SCHEME");
    assert_string_equal(authenticate(SLICE("Bearer a.b.c")), "JWT-FORM");
    assert_string_equal(authenticate(SLICE("Bearer e30.e30.c2ln")), "JWT-ALG");
    assert_string_equal(authenticate(make_token(f.signer, "other", clock_now_s(&f.clock))),
                        "JWT-AUD");
    assert_string_equal(authenticate(make_token(f.signer, "retail", clock_now_s(&f.clock) + 15)),
                        "JWT-IAT");
    assert_int_equal(fake_client.calls, 0);
}

/* A name as long as certificates and keys may have shows in the log in part at most. */
static void long_names_are_cut_in_the_detail(void **state)
{
    static const char name[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct jose_signer *unknown = make_signer("0123456789abcdef0123456789abcdef0123456789abcdef"
                                              "0123456789abcdefghi");
    struct lfi_slice token = make_token(unknown, "retail", clock_now_s(&f.clock));
    const struct header header = {SLICE("Authorization"), token};
    struct request request = {
        .headers = &header, .header_count = 1, .peer = f.certificate, .arena = f.arena};
    struct refusal refusal = {.id = NULL};

    (void)state;
    assert_int_equal(judge(RETAIL, &request, &refusal), -1);
    assert_string_equal(refusal.id, "JWT-KID-UNKNOWN");
    assert_non_null(strstr(refusal.detail, name));
    assert_null(strstr(refusal.detail, "fghi"));
    use_certificate((struct attribute[]){{"OU", name}, {NULL, NULL}});
    request.peer = f.certificate;
    assert_int_equal(judge(RETAIL, &request, &refusal), -1);
    assert_string_equal(refusal.id, "CALLER-OU");
    assert_non_null(strstr(refusal.detail, name));
    jose_signer_free(unknown);
}

static void the_clock_decides(void **state)
{
    struct lfi_slice token = good_token();

    (void)state;
    f.clock.offset_us += INT64_C(29000000);
    assert_string_equal(authenticate(token), "");
    f.clock.offset_us += INT64_C(3000000);
    assert_string_equal(authenticate(token), "JWT-EXP");
}

static void the_signature_decides(void **state)
{
    struct jose_signer *unknown = make_signer("b");
    struct lfi_slice token = good_token();
    char *changed = arena_text(f.arena, token);

    (void)state;
    changed[token.len - 100] = changed[token.len - 100] == 'A' ? 'B' : 'A';
    assert_string_equal(authenticate((struct lfi_slice){changed, token.len}), "JWT-SIGNATURE");
    assert_string_equal(authenticate(make_token(f.stranger, "retail", clock_now_s(&f.clock))),
                        "JWT-SIGNATURE");
    assert_int_equal(fake_client.calls, 1);
    assert_string_equal(authenticate(make_token(unknown, "retail", clock_now_s(&f.clock))),
                        "JWT-KID-UNKNOWN");
    assert_int_equal(fake_client.calls, 2);
    assert_string_equal(authenticate(good_token()), "");
    jose_signer_free(unknown);
}

static void without_keys_nobody_is_judged(void **state)
{
    (void)state;
    fake_client.status = 0;
    assert_string_equal(authenticate(good_token()), "JWKS-UNAVAILABLE");
    fake_client.status = 200;
    f.clock.offset_us += INT64_C(2000000);
    assert_string_equal(authenticate(good_token()), "");
}

static void a_token_may_come_again_unless_replays_are_remembered(void **state)
{
    struct caller_config config = usual;
    struct lfi_slice token = good_token();

    (void)state;
    assert_string_equal(authenticate(token), "");
    assert_string_equal(authenticate(token), "");
    config.replay_entries = 100;
    config.workers = 1; /* it may wait for keys even so */
    use(&config);
    assert_string_equal(authenticate(token), "");
    assert_string_equal(authenticate(token), "JWT-REPLAY");
    assert_string_equal(authenticate(good_token()), "");

    /* A forged token does not use up an id. */
    token = good_token();
    char *changed = arena_text(f.arena, token);
    changed[token.len - 100] = changed[token.len - 100] == 'A' ? 'B' : 'A';
    assert_string_equal(authenticate((struct lfi_slice){changed, token.len}), "JWT-SIGNATURE");
    assert_string_equal(authenticate(token), "");
}

/* As a reload does: the new rules are made while the old ones still let callers in. */
static struct caller *make_next(const struct caller_config *config)
{
    struct caller_config with_previous = *config;
    struct caller *next = NULL;

    with_previous.previous = f.caller;
    assert_int_equal(caller_new(&next, &with_previous, &f.clock, &f.log, NULL, NULL), 0);
    return next;
}

static void change_to(struct caller *next)
{
    struct caller *old = f.caller;

    f.caller = next;
    caller_commit(next);
    caller_free(old);
}

static void a_token_counts_once_across_reloads(void **state)
{
    static const size_t entries[] = {100, 100, 10, 100000};
    struct caller_config config = usual;
    struct lfi_slice token = good_token();

    (void)state;
    config.replay_entries = 100;
    use(&config);
    assert_string_equal(authenticate(token), "");
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        struct lfi_slice late = good_token();
        config.replay_entries = entries[i];
        struct caller *next = make_next(&config);
        assert_string_equal(authenticate(late), ""); /* meanwhile */
        change_to(next);
        assert_string_equal(authenticate(late), "JWT-REPLAY");
        assert_string_equal(authenticate(token), "JWT-REPLAY");
    }
    caller_free(make_next(&config)); /* a reload that fails */
    assert_string_equal(authenticate(token), "JWT-REPLAY");
    assert_string_equal(authenticate(good_token()), "");
}

static void replays_can_be_switched_by_a_reload(void **state)
{
    struct caller_config config = usual;
    struct lfi_slice token = good_token();

    (void)state;
    config.replay_entries = 100;
    change_to(make_next(&config));
    assert_string_equal(authenticate(token), "");
    assert_string_equal(authenticate(token), "JWT-REPLAY");
    change_to(make_next(&usual));
    assert_string_equal(authenticate(token), "");
}

static void a_reload_fetches_keys_only_with_other_authorities(void **state)
{
    struct caller_config config = usual;

    (void)state;
    config.jwks_ca_file = "one.pem";
    use(&config);
    assert_string_equal(authenticate(good_token()), "");
    change_to(make_next(&config));
    fake_client.status = 0; /* the key store is down meanwhile */
    assert_string_equal(authenticate(good_token()), "");
    assert_int_equal(fake_client.calls, 1);
    config.jwks_ca_file = "other.pem";
    change_to(make_next(&config));
    fake_client.status = 200;
    assert_string_equal(authenticate(good_token()), "");
    assert_int_equal(fake_client.calls, 2);
}

static void use_all(void)
{
    struct caller_config config = usual;

    config.provider_count = ARRAY_LEN(providers);
    use(&config);
}

static void mtls_only_asks_for_no_token(void **state)
{
    const struct lfi_slice none = {NULL, 0};

    (void)state;
    use_all();
    assert_string_equal(authenticate_at(OPEN, none), "");
    assert_string_equal(authenticate_at(RETAIL, none), "JWT-MISSING");
    use_certificate((struct attribute[]){{"OU", "ou-2"}, {NULL, NULL}});
    assert_string_equal(authenticate_at(OPEN, none), "CALLER-OU");
}

/* Who names no provider must prove to be one of the Hubs all the same. */
static void without_a_provider_every_mode_is_tried(void **state)
{
    const struct lfi_slice none = {NULL, 0};

    (void)state;
    assert_string_equal(authenticate_at(CALLER_NO_PROVIDER, good_token()), "");
    assert_string_equal(authenticate_at(CALLER_NO_PROVIDER,
                                        make_token(f.signer, "business", clock_now_s(&f.clock))),
                        "");
    assert_string_equal(authenticate_at(CALLER_NO_PROVIDER, none), "JWT-MISSING");
    use_all();
    assert_string_equal(authenticate_at(CALLER_NO_PROVIDER, none), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_hub_is_let_in),
        TEST(a_token_is_refused_at_another_provider),
        TEST(the_certificate_comes_first),
        TEST(an_odd_certificate_is_refused_with_401),
        TEST(a_certificate_alone_can_be_checked),
        TEST(with_nobody_pinned_nobody_passes),
        TEST(an_override_needs_no_cn),
        TEST(bad_tokens_are_refused_without_asking_for_keys),
        TEST(long_names_are_cut_in_the_detail),
        TEST(the_clock_decides),
        TEST(the_signature_decides),
        TEST(without_keys_nobody_is_judged),
        TEST(a_token_may_come_again_unless_replays_are_remembered),
        TEST(a_token_counts_once_across_reloads),
        TEST(replays_can_be_switched_by_a_reload),
        TEST(a_reload_fetches_keys_only_with_other_authorities),
        TEST(mtls_only_asks_for_no_token),
        TEST(without_a_provider_every_mode_is_tried),
    };
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
