// link: lfi-caller lfi-jose lfi-base
#include "base/array.h"
#include "fake_client.h"
#include "jwks.h"
#include "keys.h"

#include "base/base64.h"
#include "base/limits.h"
#include "caller/access_check.h"
#include "caller/keystore.h"
#include "jose/jose.h"
#include "jose/seal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>

#define NOW INT64_C(1800000000)
#define ISSUER "https://bank.example"
#define OTHER_ISSUER "https://login.bank.example"

static const char *const both_scopes[] = {"accounts", "payments", NULL};
static const char *const one_scope[] = {"accounts", NULL}, *const no_scope[] = {NULL};

static struct fixture {
    struct clock clock;
    struct log log;
    struct arena *arena;
    char key_files[2][KEY_PATH_MAX];
    struct access_keys *keys;
    struct jose_signer *other; /* of the other authorisation server */
    char *other_jwks;
    struct keystore *keystore;
    X509 *certificate, *stranger;
} f;

static const char seal_key[] = "0123456789abcdef0123456789abcdef";
static const char other_key[] = "fedcba9876543210fedcba9876543210";

static struct access_rules own_rules(void)
{
    return (struct access_rules){
        .provider = "corporate", .client = "hub-1", .scopes = both_scopes, .keys = f.keys};
}

static struct access_rules foreign_rules(void)
{
    return (struct access_rules){.provider = "corporate",
                                 .scopes = one_scope,
                                 .issuer = OTHER_ISSUER,
                                 .audience = "ozone-connect",
                                 .jwks_url = "https://login.bank.example/jwks",
                                 .algorithms = JOSE_PS256};
}

static struct access_grant usual_grant(void)
{
    struct access_grant grant = {.provider = SLICE("corporate"),
                                 .client = SLICE("hub-1"),
                                 .scope = SLICE("accounts payments"),
                                 .exp_s = NOW + 300,
                                 .bound = true};
    assert_true(access_thumbprint(f.certificate, grant.thumbprint));
    return grant;
}

static struct access_keys *make_keys(const char *current, const char *previous, int signing)
{
    struct access_keys *keys = NULL;
    const struct access_keys_config config = {.issuer = ISSUER,
                                              .seal_key = {current, 32},
                                              .previous_seal_key = {previous, previous ? 32 : 0},
                                              .signing_key = f.key_files[signing],
                                              .previous_signing_key =
                                                  signing > 0 ? f.key_files[0] : NULL};
    assert_int_equal(access_keys_new(&keys, &config, NULL), 0);
    return keys;
}

static X509 *self_signed(const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = certificate_make((struct attribute[]){{"CN", name}, {NULL, NULL}});
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    EVP_PKEY_free(key);
    return certificate;
}

static int set_up_group(void **state)
{
    char path[KEY_PATH_MAX];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        EVP_PKEY *key = EVP_RSA_gen(2048);
        key_write(key, NULL, i < 2 ? f.key_files[i] : path);
        EVP_PKEY_free(key);
    }
    assert_int_equal(jose_signer_load(&f.other, path, "k", NULL), 0);
    unlink(path);
    f.other_jwks = jwks_of(f.other);
    f.certificate = self_signed("hub");
    f.stranger = self_signed("stranger");
    f.log = (struct log){.fd = open("/dev/null", O_WRONLY), .level = LOG_DEBUG, .clock = &f.clock};
    return f.log.fd < 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    unlink(f.key_files[0]);
    unlink(f.key_files[1]);
    jose_signer_free(f.other);
    free(f.other_jwks);
    X509_free(f.certificate);
    X509_free(f.stranger);
    close(f.log.fd);
    return 0;
}

static int set_up(void **state)
{
    const struct keystore_config keystore = {.clock = &f.clock, .log = &f.log, .timeout_ms = 1000};

    (void)state;
    f.arena = arena_new(LIMIT_ARENA_BYTES);
    f.keys = make_keys(seal_key, NULL, 0);
    fake_client.calls = 0;
    fake_client.status = 200;
    fake_client.body = f.other_jwks;
    return keystore_new(&f.keystore, &keystore, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    keystore_free(f.keystore);
    access_keys_free(f.keys);
    arena_free(f.arena);
    return 0;
}

static struct lfi_slice make(enum access_form form, const struct access_grant *grant)
{
    struct buf token;

    buf_init(&token, LIMIT_TOKEN_BYTES);
    assert_int_equal(access_token_make(f.keys, form, grant, NOW, &token, NULL), 0);
    struct lfi_slice out = arena_keep(f.arena, buf_slice(&token));
    buf_free(&token);
    return out;
}

/* A token of the other server with these claims. */
static struct lfi_slice make_other(const char *typ, const char *claims)
{
    struct buf token;

    buf_init(&token, LIMIT_TOKEN_BYTES);
    assert_int_equal(jose_sign_payload(f.other, typ, slice_of(claims), &token, NULL), 0);
    struct lfi_slice out = arena_keep(f.arena, buf_slice(&token));
    buf_free(&token);
    return out;
}

/* A compact text of this header and these claims with a signature that is none. */
static struct lfi_slice forge(const char *header, const char *claims)
{
    struct buf text;

    buf_init(&text, LIMIT_TOKEN_BYTES);
    base64_append_url(&text, header, strlen(header));
    buf_append_text(&text, ".");
    base64_append_url(&text, claims, strlen(claims));
    buf_append_text(&text, ".c2ln");
    struct lfi_slice out = arena_keep(f.arena, buf_slice(&text));
    buf_free(&text);
    return out;
}

/* The id of the refusal, "" when the token was accepted. */
static const char *check_header_lines(const struct access_rules *rules, const struct header *lines,
                                      size_t count, int64_t now_s)
{
    const struct request request = {
        .headers = lines, .header_count = count, .peer = f.certificate, .arena = f.arena};
    static struct refusal refusal;

    refusal = (struct refusal){.id = NULL};
    if (access_check(rules, f.keystore, now_s, &request, &refusal) == 0) {
        return "";
    }
    if (refusal.status == 401) {
        assert_string_equal(refusal.error_message, "The request is not authenticated.");
    } else if (refusal.status == 403) {
        assert_string_equal(refusal.error_code, "AccessToken.InvalidScope");
    } else {
        assert_int_equal(refusal.status, 500);
        assert_string_equal(refusal.error_code, "GenericRecoverableError");
    }
    return refusal.id;
}

static const char *check_at(const struct access_rules *rules, struct lfi_slice token, int64_t now_s)
{
    const struct header header = {SLICE("Authorization"),
                                  arena_format(f.arena, "Bearer %.*s", SLICE_ARG(token))};
    return check_header_lines(rules, &header, 1, now_s);
}

static const char *check(const struct access_rules *rules, struct lfi_slice token)
{
    return check_at(rules, token, NOW);
}

/* --- our own ---------------------------------------------------------------------------------- */

static const enum access_form forms[] = {ACCESS_OPAQUE, ACCESS_JWT};

static void a_token_opens_until_it_expires(void **state)
{
    const struct access_rules rules = own_rules();
    const struct access_grant grant = usual_grant();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct lfi_slice token = make(forms[i], &grant);
        assert_string_equal(check(&rules, token), "");
        assert_string_equal(check_at(&rules, token, NOW + 299), "");
        assert_string_equal(check_at(&rules, token, NOW + 300), "ACCESS-TOKEN-EXP");
    }
    assert_int_equal(fake_client.calls, 0);
}

static void an_opaque_token_shows_nothing_of_what_it_holds(void **state)
{
    const struct access_grant grant = usual_grant();
    struct lfi_slice token = make(ACCESS_OPAQUE, &grant);
    struct lfi_slice bytes = base64_decode_url(f.arena, token);

    (void)state;
    assert_non_null(bytes.ptr);
    assert_null(strstr(arena_text(f.arena, bytes), "corporate"));
    assert_true(token.len < 200);
    assert_false(slice_equal(token, make(ACCESS_OPAQUE, &grant)));
}

static void a_token_is_for_one_provider_one_client_and_one_certificate(void **state)
{
    const struct access_rules rules = own_rules();
    struct access_rules other = rules;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct access_grant grant = usual_grant();
        struct lfi_slice token = make(forms[i], &grant);
        other = rules;
        other.provider = "retail";
        assert_string_equal(check(&other, token),
                            forms[i] == ACCESS_JWT ? "ACCESS-TOKEN-AUD" : "ACCESS-TOKEN-PROVIDER");
        other = rules;
        other.client = "hub-2";
        assert_string_equal(check(&other, token), "ACCESS-TOKEN-CLIENT");
        assert_true(access_thumbprint(f.stranger, grant.thumbprint));
        assert_string_equal(check(&rules, make(forms[i], &grant)), "ACCESS-TOKEN-CERTIFICATE");
    }
}

static void every_configured_scope_is_needed(void **state)
{
    struct access_rules rules = own_rules();
    struct access_grant grant = usual_grant();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        grant.scope = SLICE("payments");
        assert_string_equal(check(&rules, make(forms[i], &grant)), "ACCESS-TOKEN-SCOPE");
        grant.scope = SLICE("account payments accounts2");
        assert_string_equal(check(&rules, make(forms[i], &grant)), "ACCESS-TOKEN-SCOPE");
        grant.scope = SLICE("payments more accounts");
        assert_string_equal(check(&rules, make(forms[i], &grant)), "");
        grant.scope = SLICE("");
        assert_string_equal(check(&rules, make(forms[i], &grant)), "ACCESS-TOKEN-SCOPE");
    }
    rules.scopes = no_scope;
    assert_string_equal(check(&rules, make(ACCESS_OPAQUE, &grant)), "");
}

static void the_header_is_one_bearer_token(void **state)
{
    const struct access_rules rules = own_rules();
    const struct access_grant grant = usual_grant();
    struct lfi_slice token = make(ACCESS_OPAQUE, &grant);
    struct header lines[2] = {{SLICE("Authorization"), SLICE("")},
                              {SLICE("authorization"), SLICE("")}};
    char *huge = arena_alloc(f.arena, LIMIT_TOKEN_BYTES + 2);

    (void)state;
    assert_string_equal(check_header_lines(&rules, lines, 0, NOW), "ACCESS-TOKEN-MISSING");
    assert_string_equal(check_header_lines(&rules, lines, 1, NOW), "ACCESS-TOKEN-SCHEME");
    lines[0].value = token;
    assert_string_equal(check_header_lines(&rules, lines, 1, NOW), "ACCESS-TOKEN-SCHEME");
    lines[0].value = arena_format(f.arena, "Basic %.*s", SLICE_ARG(token));
    assert_string_equal(check_header_lines(&rules, lines, 1, NOW), "ACCESS-TOKEN-SCHEME");
    lines[0].value = SLICE("Bearer");
    assert_string_equal(check_header_lines(&rules, lines, 1, NOW), "ACCESS-TOKEN-FORM");
    lines[0].value = arena_format(f.arena, "bearer   %.*s", SLICE_ARG(token));
    assert_string_equal(check_header_lines(&rules, lines, 1, NOW), "");
    assert_string_equal(check_header_lines(&rules, lines, 2, NOW), "ACCESS-TOKEN-FORM");
    memset(huge, 'A', LIMIT_TOKEN_BYTES + 1);
    assert_string_equal(check(&rules, (struct lfi_slice){huge, LIMIT_TOKEN_BYTES + 1}),
                        "ACCESS-TOKEN-FORM");
    assert_string_equal(check(&rules, (struct lfi_slice){huge, LIMIT_TOKEN_BYTES}),
                        "ACCESS-TOKEN-UNKNOWN");
}

static void a_changed_token_is_none(void **state)
{
    const struct access_rules rules = own_rules();
    const struct access_grant grant = usual_grant();
    struct lfi_slice token = make(ACCESS_OPAQUE, &grant);

    (void)state;
    for (size_t i = 0; i < token.len; i += 7) {
        char *changed = arena_text(f.arena, token);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_string_equal(check(&rules, slice_of(changed)), "ACCESS-TOKEN-UNKNOWN");
        assert_string_equal(check(&rules, (struct lfi_slice){token.ptr, i + 1}),
                            "ACCESS-TOKEN-UNKNOWN");
    }
    token = make(ACCESS_JWT, &grant);
    char *changed = arena_text(f.arena, token);
    changed[token.len - 100] = changed[token.len - 100] == 'A' ? 'B' : 'A';
    assert_string_equal(check(&rules, slice_of(changed)), "ACCESS-TOKEN-SIGNATURE");
}

/* A session of a customer is a box of the same key. */
static void a_box_of_another_purpose_is_no_token(void **state)
{
    const struct access_rules rules = own_rules();
    struct seal *seal = NULL;
    struct buf box;

    (void)state;
    buf_init(&box, LIMIT_TOKEN_BYTES);
    assert_int_equal(
        seal_new(&seal, (struct lfi_slice){seal_key, 32}, (struct lfi_slice){NULL, 0}, NULL), 0);
    static const char clear[64] = {0x7f};
    assert_int_equal(seal_close(seal, "session", (struct lfi_slice){clear, 64}, &box), 0);
    assert_string_equal(check(&rules, buf_slice(&box)), "ACCESS-TOKEN-UNKNOWN");
    buf_clear(&box);
    assert_int_equal(seal_close(seal, "access-token", (struct lfi_slice){clear, 39}, &box), 0);
    assert_string_equal(check(&rules, buf_slice(&box)), "ACCESS-TOKEN-UNKNOWN");
    buf_clear(&box);
    static const char no_end[64] = "................................................abc";
    assert_int_equal(seal_close(seal, "access-token", (struct lfi_slice){no_end, 50}, &box), 0);
    assert_string_equal(check(&rules, buf_slice(&box)), "ACCESS-TOKEN-UNKNOWN");
    seal_free(seal);
    buf_free(&box);
}

static void tokens_outlive_a_change_of_keys(void **state)
{
    const struct access_grant grant = usual_grant();
    struct lfi_slice tokens[] = {make(ACCESS_OPAQUE, &grant), make(ACCESS_JWT, &grant)};

    (void)state;
    access_keys_free(f.keys);
    f.keys = make_keys(other_key, seal_key, 1);
    struct access_rules rules = own_rules();
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(check(&rules, tokens[i]), "");
        assert_string_equal(check(&rules, make(forms[i], &grant)), "");
    }
    access_keys_free(f.keys);
    f.keys = make_keys(other_key, NULL, 0);
    rules = own_rules();
    assert_string_equal(check(&rules, tokens[0]), "ACCESS-TOKEN-UNKNOWN");
}

static void without_a_signing_key_there_is_no_jwt(void **state)
{
    const struct access_keys_config config = {.issuer = ISSUER, .seal_key = {seal_key, 32}};
    const struct access_grant grant = usual_grant();
    struct lfi_slice jwt = make(ACCESS_JWT, &grant);
    struct lfi_error error = {""};
    struct buf token;

    (void)state;
    buf_init(&token, LIMIT_TOKEN_BYTES);
    access_keys_free(f.keys);
    assert_int_equal(access_keys_new(&f.keys, &config, NULL), 0);
    const struct access_rules rules = own_rules();
    assert_string_equal(check(&rules, jwt), "ACCESS-TOKEN-UNKNOWN");
    assert_null(access_keys_jwks(f.keys));
    assert_int_equal(access_token_make(f.keys, ACCESS_JWT, &grant, NOW, &token, &error), -1);
    assert_string_equal(error.message, "there is no key to sign access tokens with");
    buf_free(&token);
}

/* --- another server's ------------------------------------------------------------------------- */

/* Claims as they should be, but for members that stand in place of the regular ones. */
static const char *claims_with(const char *members)
{
    struct buf thumbprint, out;
    unsigned char digest[ACCESS_THUMBPRINT_BYTES];
    static const char *const names[] = {"iss", "aud", "exp", "client_id", "scope", "cnf"};

    assert_true(access_thumbprint(f.certificate, digest));
    buf_init(&thumbprint, 64);
    base64_append_url(&thumbprint, digest, sizeof(digest));
    const char *regular[] = {
        "\"iss\":\"" OTHER_ISSUER "\"",
        "\"aud\":[\"x\",\"ozone-connect\"]",
        "\"exp\":1800000300",
        "\"client_id\":\"hub-1\"",
        "\"scope\":\"accounts\"",
        arena_format(f.arena, "\"cnf\":{\"x5t#S256\":\"%.*s\"}", SLICE_ARG(buf_slice(&thumbprint)))
            .ptr};
    buf_init(&out, LIMIT_TOKEN_BYTES);
    buf_append_text(&out, "{\"sub\":\"hub-1\"");
    for (size_t i = 0; i < 6; i++) {
        if (!strstr(members, names[i])) {
            buf_append_format(&out, ",%s", regular[i]);
        }
    }
    buf_append_format(&out, "%s%s}", members[0] == '"' ? "," : "",
                      members[0] == '"' ? members : "");
    const char *text = arena_text(f.arena, buf_slice(&out));
    buf_free(&out);
    buf_free(&thumbprint);
    return text;
}

static void another_servers_token_is_believed_by_its_keys(void **state)
{
    const struct access_rules rules = foreign_rules();

    (void)state;
    assert_string_equal(check(&rules, make_other("at+jwt", claims_with(""))), "");
    assert_string_equal(check(&rules, make_other("application/AT+JWT", claims_with(""))), "");
    assert_string_equal(fake_client.url, "https://login.bank.example/jwks");
    assert_int_equal(fake_client.calls, 1);
    assert_string_equal(
        check(&rules, make_other("at+jwt", claims_with("\"aud\":\"ozone-connect\""))), "");
    assert_string_equal(check(&rules, make_other("at+jwt", claims_with("\"exp\":1800000000.9"))),
                        "ACCESS-TOKEN-EXP");
    assert_string_equal(check(&rules, make_other("at+jwt", claims_with("\"exp\":1800000001"))), "");
    assert_string_equal(check(&rules, make_other("at+jwt", claims_with("\"nbf\":1800000010"))), "");
}

static void another_servers_token_must_say_all(void **state)
{
    static const struct {
        const char *members, *refused;
    } cases[] = {
        {"\"iss\":\"https://bank.example\"", "ACCESS-TOKEN-ISS"},
        {"\"iss\":1", "ACCESS-TOKEN-ISS"},
        {"\"aud\":\"other\"", "ACCESS-TOKEN-AUD"},
        {"\"aud\":[]", "ACCESS-TOKEN-AUD"},
        {"\"exp\":\"1800000300\"", "ACCESS-TOKEN-EXP"},
        {"\"exp\":1e300", "ACCESS-TOKEN-EXP"},
        {"\"exp\":1800000000", "ACCESS-TOKEN-EXP"},
        {"\"nbf\":1800000011", "ACCESS-TOKEN-NBF"},
        {"\"nbf\":\"now\"", "ACCESS-TOKEN-NBF"},
        {"\"client_id\":\"\"", "ACCESS-TOKEN-CLIENT"},
        {"\"client_id\":null", "ACCESS-TOKEN-CLIENT"},
        {"\"scope\":\"payments\"", "ACCESS-TOKEN-SCOPE"},
        {"\"scope\":[\"accounts\"]", "ACCESS-TOKEN-SCOPE"},
        {"\"cnf\":{\"jkt\":\"abc\"}", "ACCESS-TOKEN-CERTIFICATE"},
        {"\"cnf\":{\"x5t#S256\":\"abcd\"}", "ACCESS-TOKEN-CERTIFICATE"},
        {"\"cnf\":\"abc\"", "ACCESS-TOKEN-CERTIFICATE"},
        {"\"scope\":\"accounts\",\"scope\":\"accounts\"", "ACCESS-TOKEN-FORM"},
    };
    const struct access_rules rules = foreign_rules();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_string_equal(check(&rules, make_other("at+jwt", claims_with(cases[i].members))),
                            cases[i].refused);
    }
    assert_string_equal(check(&rules, make_other("JOSE", claims_with(""))), "ACCESS-TOKEN-TYP");
    assert_string_equal(check(&rules, SLICE("opaque")), "ACCESS-TOKEN-FORM");
}

static void an_unbound_token_needs_the_setting(void **state)
{
    struct access_rules rules = foreign_rules();
    struct lfi_slice unbound = make_other("at+jwt", claims_with("(no cnf)"));

    (void)state;
    assert_string_equal(check(&rules, unbound), "ACCESS-TOKEN-CERTIFICATE");
    rules.allow_unbound = true;
    assert_string_equal(check(&rules, unbound), "");
    X509 *own = f.certificate;
    struct lfi_slice bound = make_other("at+jwt", claims_with(""));
    f.certificate = f.stranger;
    assert_string_equal(check(&rules, bound), "ACCESS-TOKEN-CERTIFICATE");
    f.certificate = own;
}

static void a_configured_client_is_the_only_one(void **state)
{
    struct access_rules rules = foreign_rules();

    (void)state;
    rules.client = "hub-1";
    assert_string_equal(check(&rules, make_other("at+jwt", claims_with(""))), "");
    rules.client = "hub-2";
    assert_string_equal(check(&rules, make_other("at+jwt", claims_with(""))),
                        "ACCESS-TOKEN-CLIENT");
}

static void the_header_of_a_jwt_is_judged_before_keys_are_fetched(void **state)
{
    static const struct {
        const char *header, *refused;
    } cases[] = {
        {"{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"k\"}", "ACCESS-TOKEN-ALG"},
        {"{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"k\"}", "ACCESS-TOKEN-ALG"},
        {"{\"typ\":\"at+jwt\",\"kid\":\"k\"}", "ACCESS-TOKEN-ALG"},
        {"{\"alg\":\"PS256\",\"typ\":\"JWT\",\"kid\":\"k\"}", "ACCESS-TOKEN-TYP"},
        {"{\"alg\":\"PS256\",\"kid\":\"k\"}", "ACCESS-TOKEN-TYP"},
        {"{\"alg\":\"PS256\",\"typ\":\"at+jwt\"}", "ACCESS-TOKEN-KID"},
        {"{\"alg\":\"PS256\",\"typ\":\"at+jwt\",\"kid\":\"k\",\"crit\":[\"b64\"]}",
         "ACCESS-TOKEN-CRIT"},
        {"{\"alg\":\"PS256\",\"typ\":\"at+jwt\",\"kid\":\"k\",\"jku\":\"https://x\"}",
         "ACCESS-TOKEN-KEY-NAMED"},
        {"[]", "ACCESS-TOKEN-FORM"},
    };
    const struct access_rules rules = foreign_rules();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_string_equal(check(&rules, forge(cases[i].header, claims_with(""))),
                            cases[i].refused);
    }
    assert_int_equal(fake_client.calls, 0);
    assert_string_equal(check(&rules, forge("{\"alg\":\"PS256\",\"typ\":\"at+jwt\",\"kid\":\"k\"}",
                                            claims_with(""))),
                        "ACCESS-TOKEN-SIGNATURE");
    assert_string_equal(check(&rules, forge("{\"alg\":\"PS256\",\"typ\":\"at+jwt\",\"kid\":\"z\"}",
                                            claims_with(""))),
                        "ACCESS-TOKEN-KID-UNKNOWN");
}

static void an_issuers_algorithms_are_those_configured(void **state)
{
    static const char *const never[] = {"none", "HS256", "ES384", "ps256", ""};
    struct access_rules rules = foreign_rules();

    (void)state;
    for (size_t i = 0; jose_algorithm_names[i]; i++) {
        const char *name = jose_algorithm_names[i];
        struct lfi_slice header =
            arena_format(f.arena, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"k\"}", name);
        struct lfi_slice token = forge(header.ptr, claims_with(""));
        rules.algorithms = jose_algorithm(slice_of(name)); /* the key is published for PS256 */
        assert_string_equal(check(&rules, token), rules.algorithms == JOSE_PS256
                                                      ? "ACCESS-TOKEN-SIGNATURE"
                                                      : "ACCESS-TOKEN-KID-UNKNOWN");
        rules.algorithms = (JOSE_PS256 | JOSE_ES256 | JOSE_RS256) & ~rules.algorithms;
        assert_string_equal(check(&rules, token), "ACCESS-TOKEN-ALG");
    }
    rules.algorithms = JOSE_PS256 | JOSE_ES256 | JOSE_RS256;
    for (size_t i = 0; i < ARRAY_LEN(never); i++) {
        struct lfi_slice header =
            arena_format(f.arena, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"k\"}", never[i]);
        assert_string_equal(check(&rules, forge(header.ptr, claims_with(""))), "ACCESS-TOKEN-ALG");
    }
}

static void without_keys_no_token_is_judged(void **state)
{
    const struct access_rules rules = foreign_rules();

    (void)state;
    fake_client.status = 0;
    assert_string_equal(check(&rules, make_other("at+jwt", claims_with(""))), "JWKS-UNAVAILABLE");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_opens_until_it_expires),
        TEST(an_opaque_token_shows_nothing_of_what_it_holds),
        TEST(a_token_is_for_one_provider_one_client_and_one_certificate),
        TEST(every_configured_scope_is_needed),
        TEST(the_header_is_one_bearer_token),
        TEST(a_changed_token_is_none),
        TEST(a_box_of_another_purpose_is_no_token),
        TEST(tokens_outlive_a_change_of_keys),
        TEST(without_a_signing_key_there_is_no_jwt),
        TEST(another_servers_token_is_believed_by_its_keys),
        TEST(another_servers_token_must_say_all),
        TEST(an_unbound_token_needs_the_setting),
        TEST(a_configured_client_is_the_only_one),
        TEST(the_header_of_a_jwt_is_judged_before_keys_are_fetched),
        TEST(an_issuers_algorithms_are_those_configured),
        TEST(without_keys_no_token_is_judged),
    };
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
