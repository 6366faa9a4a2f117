// link: lfi-caller lfi-jose lfi-base
#include "base/array.h"
#include "base/limits.h"
#include "caller/token.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW 1700000000
#define BOUND "\"iss\":\"Hub Operator\",\"sub\":\"ou-1\","
#define DATES "\"iat\":1700000000,\"exp\":1700000020,"
#define JTI "\"jti\":\"id-1\""

static int set_up(void **state)
{
    *state = arena_new(LIMIT_ARENA_BYTES);
    return !*state;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static void assert_refused_with(const struct refusal *refusal, const char *id)
{
    assert_string_equal(refusal->id, id);
    assert_int_equal(refusal->status, 401);
    assert_string_equal(refusal->error_code, "GenericError");
    assert_string_equal(refusal->error_message, "The request is not authenticated.");
}

/* --- claims ----------------------------------------------------------------------------------- */

/* The id of the refusal, "" when the claims passed. */
static const char *judge(struct arena *arena, struct lfi_slice payload, struct token_claims *out)
{
    static const char *const audiences[] = {"retail", "business"};
    static const struct caller_subject subject = {.o = {"Hub Operator", 12}, .ou = {"ou-1", 4}};
    const struct token_rules rules = {.subject = &subject,
                                      .audiences = audiences,
                                      .audience_count = 2,
                                      .now_s = NOW,
                                      .max_life_s = 300};
    struct refusal refusal = {.id = NULL};

    if (token_check_claims(&rules, payload, arena, out, &refusal) == 0) {
        assert_null(refusal.id);
        return "";
    }
    assert_refused_with(&refusal, refusal.id);
    return refusal.id;
}

static void assert_judged(struct arena *arena, const char *payload, const char *expected)
{
    struct token_claims claims;
    const char *id = judge(arena, slice_of(payload), &claims);

    if (strcmp(id, expected) != 0) {
        print_message("%s\n", payload);
    }
    assert_string_equal(id, expected);
}

static void good_claims_pass(void **state)
{
    struct token_claims claims;

    assert_string_equal(
        judge(*state, SLICE("{" BOUND "\"aud\":\"business\"," DATES JTI ",\"more\":[1]}"), &claims),
        "");
    assert_int_equal(claims.exp_s, NOW + 20);
    assert_true(slice_equal_text(claims.jti, "id-1"));
    assert_int_equal(claims.audience_count, 1);
    assert_string_equal(claims.audiences[0], "business");
}

static void audience_may_be_a_list(void **state)
{
    struct token_claims claims;

    assert_string_equal(
        judge(*state,
              SLICE("{" BOUND "\"aud\":[\"other\",7,\"business\",\"retail\"]," DATES JTI "}"),
              &claims),
        "");
    assert_int_equal(claims.audience_count, 2);
    assert_string_equal(claims.audiences[0], "retail");
    assert_string_equal(claims.audiences[1], "business");
}

static void claims_are_judged(void **state)
{
    static const struct {
        const char *payload, *id;
    } cases[] = {
        {"", "JWT-FORM"},
        {"[]", "JWT-FORM"},
        {"{", "JWT-FORM"},
        {"{}", "JWT-ISS"},
        {"{" BOUND "\"iss\":\"Hub Operator\",\"aud\":\"retail\"," DATES JTI "}", "JWT-FORM"},
        {"{" BOUND "\"aud\":\"x\",\"aud\":\"retail\"," DATES JTI "}", "JWT-FORM"},
        {"{" BOUND "\"aud\":\"retail\"," DATES "\"exp\":1800000000," JTI "}", "JWT-FORM"},
        {"{" BOUND "\"aud\":\"retail\"," DATES "\"iat\":1," JTI "}", "JWT-FORM"},
        {"{" BOUND "\"aud\":\"retail\",\"nbf\":1,\"nbf\":1," DATES JTI "}", "JWT-FORM"},
        {"{" BOUND "\"aud\":\"retail\"," DATES JTI "," JTI "}", "JWT-FORM"},
        {"{\"iss\":\"hub operator\",\"sub\":\"ou-1\",\"aud\":\"retail\"," DATES JTI "}", "JWT-ISS"},
        {"{\"iss\":\"\",\"sub\":\"ou-1\",\"aud\":\"retail\"," DATES JTI "}", "JWT-ISS"},
        {"{\"iss\":[\"Hub Operator\"],\"sub\":\"ou-1\"," DATES JTI "}", "JWT-ISS"},
        {"{\"iss\":\"Hub Operator\",\"aud\":\"retail\"," DATES JTI "}", "JWT-SUB"},
        {"{\"iss\":\"Hub Operator\",\"sub\":\"ou-2\",\"aud\":\"retail\"," DATES JTI "}", "JWT-SUB"},
        {"{" BOUND DATES JTI "}", "JWT-AUD"},
        {"{" BOUND "\"aud\":null," DATES JTI "}", "JWT-AUD"},
        {"{" BOUND "\"aud\":\"\"," DATES JTI "}", "JWT-AUD"},
        {"{" BOUND "\"aud\":\"Retail\"," DATES JTI "}", "JWT-AUD"},
        {"{" BOUND "\"aud\":[]," DATES JTI "}", "JWT-AUD"},
        {"{" BOUND "\"aud\":[\"x\",null,[\"retail\"]]," DATES JTI "}", "JWT-AUD"},
        {"{" BOUND "\"aud\":{\"x\":\"retail\"}," DATES JTI "}", "JWT-AUD"},
        {"{" BOUND "\"aud\":\"retail\"," DATES "\"jti\":\"\"}", "JWT-JTI"},
        {"{" BOUND "\"aud\":\"retail\"," DATES "\"jti\":7}", "JWT-JTI"},
        {"{" BOUND "\"aud\":\"retail\"," DATES "\"x\":1}", "JWT-JTI"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_judged(*state, cases[i].payload, cases[i].id);
    }
}

static void dates_are_judged_to_the_second(void **state)
{
    static const struct {
        const char *dates, *id;
    } cases[] = {
        {"\"iat\":1699999900,\"exp\":1699999991,", ""}, /* 9 s ago */
        {"\"iat\":1699999900,\"exp\":1699999990,", ""}, /* 10 s */
        {"\"iat\":1699999900,\"exp\":1699999989,", "JWT-EXP"},
        {"\"iat\":1699999900,\"exp\":1699999989.9,", "JWT-EXP"},
        {"\"iat\":1699999900,\"exp\":1699999990.1,", ""},
        {"\"iat\":1700000009,\"exp\":1700000020,", ""},
        {"\"iat\":1700000010,\"exp\":1700000020,", ""},
        {"\"iat\":1700000011,\"exp\":1700000020,", "JWT-IAT"},
        {"\"iat\":1700000010.5,\"exp\":1700000020,", "JWT-IAT"},
        {"\"iat\":1700000000,\"exp\":1700000020,\"nbf\":1700000009,", ""},
        {"\"iat\":1700000000,\"exp\":1700000020,\"nbf\":1700000010,", ""},
        {"\"iat\":1700000000,\"exp\":1700000020,\"nbf\":1700000011,", "JWT-NBF"},
        {"\"iat\":1700000000,\"exp\":1700000020,\"nbf\":0,", ""},
        {"\"iat\":1700000000,\"exp\":1700000300,", ""}, /* the longest life */
        {"\"iat\":1700000000,\"exp\":1700000301,", "JWT-LIFE"},
        {"\"iat\":0,\"exp\":1700000020,", "JWT-LIFE"},
        {"\"iat\":1.7e9,\"exp\":1.70000002e9,", ""},
        {"\"iat\":1700000000,", "JWT-EXP"},
        {"\"exp\":1700000020,", "JWT-IAT"},
        {"\"iat\":1700000000,\"exp\":\"1700000020\",", "JWT-EXP"},
        {"\"iat\":1700000000,\"exp\":null,", "JWT-EXP"},
        {"\"iat\":1700000000,\"exp\":true,", "JWT-EXP"},
        {"\"iat\":1700000000,\"exp\":1e999,", "JWT-EXP"},
        {"\"iat\":-1e999,\"exp\":1700000020,", "JWT-IAT"},
        {"\"iat\":1700000000,\"exp\":1e300,", "JWT-LIFE"},
        {"\"iat\":-1e300,\"exp\":1700000020,", "JWT-LIFE"},
        {"\"iat\":1700000000,\"exp\":-1,", "JWT-EXP"},
        {"\"iat\":1700000000,\"exp\":1700000020,\"nbf\":\"0\",", "JWT-NBF"},
        {"\"iat\":1700000000,\"exp\":1700000020,\"nbf\":null,", "JWT-NBF"},
        {"\"iat\":1700000000000,\"exp\":1700000020000,", "JWT-IAT"}, /* milliseconds */
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct lfi_slice payload =
            arena_format(*state, "{" BOUND "\"aud\":\"retail\",%s" JTI "}", cases[i].dates);
        assert_judged(*state, payload.ptr, cases[i].id);
    }
}

static void jti_has_at_most_128_characters(void **state)
{
    char jti[130];

    memset(jti, 'j', sizeof(jti));
    for (int len = 128; len <= 129; len++) {
        struct lfi_slice payload = arena_format(
            *state, "{" BOUND "\"aud\":\"retail\"," DATES "\"jti\":\"%.*s\"}", len, jti);
        assert_judged(*state, payload.ptr, len == 128 ? "" : "JWT-JTI");
    }
}

static void a_certificate_without_o_matches_no_iss(void **state)
{
    static const char *const audiences[] = {"retail"};
    const struct caller_subject subject = {.ou = SLICE("ou-1")};
    const struct token_rules rules = {
        .subject = &subject, .audiences = audiences, .audience_count = 1, .now_s = NOW};
    struct token_claims claims;
    struct refusal refusal;

    assert_int_equal(token_check_claims(&rules, SLICE("{\"iss\":\"\",\"sub\":\"ou-1\"}"), *state,
                                        &claims, &refusal),
                     -1);
    assert_refused_with(&refusal, "JWT-ISS");
}

/* --- header ----------------------------------------------------------------------------------- */

static struct jose_token good_token(void)
{
    return (struct jose_token){
        .alg = SLICE("PS256"), .typ = SLICE("JOSE"), .cty = SLICE("json"), .kid = SLICE("k")};
}

static void assert_header(struct jose_token token, const char *id)
{
    struct refusal refusal = {.id = NULL};

    assert_int_equal(token_check_header(&token, &refusal), !id ? 0 : -1);
    if (id) {
        assert_refused_with(&refusal, id);
    }
}

static void header_is_judged(void **state)
{
    struct jose_token token = good_token();

    (void)state;
    assert_header(token, NULL);
    token.alg = SLICE("RS256");
    assert_header(token, "JWT-ALG");
    token.alg = SLICE("none");
    assert_header(token, "JWT-ALG");
    token.alg = SLICE("ps256");
    assert_header(token, "JWT-ALG");
    token.alg = (struct lfi_slice){NULL, 0};
    assert_header(token, "JWT-ALG");
    token = good_token();
    token.typ = SLICE("JWT");
    assert_header(token, "JWT-TYP");
    token.typ = SLICE("jose");
    assert_header(token, "JWT-TYP");
    token = good_token();
    token.cty = (struct lfi_slice){NULL, 0};
    assert_header(token, "JWT-CTY");
    token = good_token();
    token.has_crit = true;
    assert_header(token, "JWT-CRIT");
    token = good_token();
    token.names_key = true;
    assert_header(token, "JWT-KEY-NAMED");
    token = good_token();
    token.kid = SLICE("");
    assert_header(token, "JWT-KID");
    token.kid = (struct lfi_slice){NULL, 0};
    assert_header(token, "JWT-KID");
}

static void long_values_are_cut_in_the_detail(void **state)
{
    char alg[4000];
    struct jose_token token = good_token();
    struct refusal refusal;

    (void)state;
    memset(alg, 'x', sizeof(alg));
    token.alg = (struct lfi_slice){alg, sizeof(alg)};
    assert_int_equal(token_check_header(&token, &refusal), -1);
    assert_int_equal(strspn(strchr(refusal.detail, 'x'), "x"), 1); /* of "expected" */
    assert_int_equal(strlen(strstr(refusal.detail, "xx")), 48);
}

/* --- Authorization header --------------------------------------------------------------------- */

static void authorization_is_found(void **state)
{
    static const struct {
        const char *value, *token, *id;
    } cases[] = {
        {"Bearer a.b.c", "a.b.c", NULL},
        {"bearer a.b.c", "a.b.c", NULL},
        {"BEARER  a.b.c", "a.b.c", NULL},
        {"Ozone-Connect-JWT-Auth a.b.c", "a.b.c", NULL},
        {"ozone-connect-jwt-auth a.b.c", "a.b.c", NULL},
        {"Bearer a.b.c d", "a.b.c d", NULL}, /* the token's alphabet is judged later */
        {"", NULL, "JWT-SCHEME"},
        {"a.b.c", NULL, "JWT-SCHEME"},
        {"Basic a.b.c", NULL, "JWT-SCHEME"},
        {"Bearer\ta.b.c", NULL, "JWT-SCHEME"},
        {"Bearera.b.c", NULL, "JWT-SCHEME"},
        {"Bearer", NULL, "JWT-FORM"},
        {"Bearer  ", NULL, "JWT-FORM"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct header headers[] = {{SLICE("Host"), SLICE("x")},
                                         {SLICE("AUTHORIZATION"), slice_of(cases[i].value)}};
        const struct request request = {.headers = headers, .header_count = 2};
        struct lfi_slice token = {NULL, 0};
        struct refusal refusal = {.id = NULL};
        int rc = token_find(&request, &token, &refusal);

        assert_int_equal(rc, !cases[i].id ? 0 : -1);
        if (rc == 0) {
            assert_true(slice_equal_text(token, cases[i].token));
        } else {
            assert_refused_with(&refusal, cases[i].id);
        }
    }
}

static void there_is_one_authorization_header(void **state)
{
    const struct header headers[] = {{SLICE("Authorization"), SLICE("Bearer a.b.c")},
                                     {SLICE("authorization"), SLICE("Bearer a.b.c")}};
    struct request request = {.headers = headers, .header_count = 2};
    struct lfi_slice token;
    struct refusal refusal;

    (void)state;
    assert_int_equal(token_find(&request, &token, &refusal), -1);
    assert_refused_with(&refusal, "JWT-FORM");
    request.header_count = 0;
    assert_int_equal(token_find(&request, &token, &refusal), -1);
    assert_refused_with(&refusal, "JWT-MISSING");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(good_claims_pass),
        TEST(audience_may_be_a_list),
        TEST(claims_are_judged),
        TEST(dates_are_judged_to_the_second),
        TEST(jti_has_at_most_128_characters),
        TEST(a_certificate_without_o_matches_no_iss),
        TEST(header_is_judged),
        TEST(long_values_are_cut_in_the_detail),
        TEST(authorization_is_found),
        TEST(there_is_one_authorization_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
