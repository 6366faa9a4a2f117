// link: lfi-psu
#include "base/array.h"
#include "psu/webauthn.h"

#include "authenticator.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ORIGIN "https://auth.bank.example"
#define CHALLENGE SLICE("AAECAwQFBgc") /* bytes 0 to 7 */

static const struct webauthn_party us = {.id = "auth.bank.example", .origin = ORIGIN};

struct scene {
    struct arena *arena;
    struct authenticator from;
    struct webauthn_credential credential;
    struct bytes data, signature;
    char client[2048];
    struct webauthn_assertion assertion;
    uint32_t counter;
};

static void use(struct scene *s)
{
    authenticator_data(&s->from, 0, &s->data);
    s->assertion.client_data = client_data_of(s->client, "webauthn.get", CHALLENGE, ORIGIN);
    authenticator_sign(&s->from, &s->data, s->assertion.client_data, &s->signature);
    s->assertion.authenticator_data = bytes_slice(&s->data);
    s->assertion.signature = bytes_slice(&s->signature);
}

static const char *judge(struct scene *s)
{
    return webauthn_check_assertion(&us, &s->credential.key, &s->assertion, &s->counter);
}

static const char *create(struct scene *s)
{
    struct bytes data = {.len = 0};
    authenticator_create(&s->from, &data);
    return webauthn_check_creation(&us, s->arena, bytes_slice(&data), &s->credential);
}

/* A passkey that was made, and used once. */
static struct scene *scene_new(int algorithm)
{
    struct scene *s = calloc(1, sizeof(*s));
    s->arena = arena_new(1024 * 1024);
    s->from = authenticator_new(algorithm);
    assert_null(create(s));
    s->from.counter = 7;
    use(s);
    return s;
}

static void scene_free(struct scene *s)
{
    EVP_PKEY_free(s->from.key);
    arena_free(s->arena);
    free(s);
}

/* --- what is right ---------------------------------------------------------------------------- */

static void accepts_each_algorithm(void **state)
{
    (void)state;
    for (size_t i = 0; i < WEBAUTHN_ALGORITHMS; i++) {
        struct scene *s = scene_new(webauthn_algorithms[i]);
        assert_int_equal(s->credential.key.algorithm, webauthn_algorithms[i]);
        assert_true(slice_equal(s->credential.id, s->from.credential_id));
        assert_int_equal(s->credential.counter, 1);
        assert_null(judge(s));
        assert_int_equal(s->counter, 7);
        scene_free(s);
    }
}

static void reads_the_challenge(void **state)
{
    (void)state;
    char text[2048];
    struct lfi_slice challenge;
    struct arena *arena = arena_new(65536);
    struct lfi_slice client = client_data_of(text, "webauthn.get", CHALLENGE, ORIGIN);
    assert_null(webauthn_check_client(&us, WEBAUTHN_GET, arena, client, &challenge));
    assert_int_equal(challenge.len, 8);
    assert_memory_equal(challenge.ptr, "\0\1\2\3\4\5\6\7", 8);
    arena_free(arena);
}

/* --- what is not ------------------------------------------------------------------------------ */

static void refuses_client_data(void **state)
{
    (void)state;
    static const struct {
        const char *json, *refused;
    } cases[] = {
        {"", "WEBAUTHN-FORMAT"},
        {"[]", "WEBAUTHN-FORMAT"},
        {"{\"type\":\"webauthn.get\"", "WEBAUTHN-FORMAT"},
        {"{\"type\":\"webauthn.get\",\"origin\":\"" ORIGIN "\"}", "WEBAUTHN-FORMAT"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"\",\"origin\":\"" ORIGIN "\"}",
         "WEBAUTHN-FORMAT"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"a+b/\",\"origin\":\"" ORIGIN "\"}",
         "WEBAUTHN-FORMAT"},
        {"{\"type\":\"webauthn.get\",\"challenge\":7,\"origin\":\"" ORIGIN "\"}",
         "WEBAUTHN-FORMAT"},
        {"{\"type\":\"webauthn.create\",\"challenge\":\"AAEC\",\"origin\":\"" ORIGIN "\"}",
         "WEBAUTHN-TYPE"},
        {"{\"challenge\":\"AAEC\",\"origin\":\"" ORIGIN "\"}", "WEBAUTHN-TYPE"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"AAEC\"}", "WEBAUTHN-ORIGIN"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"AAEC\",\"origin\":\"https://bank.example\"}",
         "WEBAUTHN-ORIGIN"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"AAEC\",\"origin\":\"" ORIGIN ".test\"}",
         "WEBAUTHN-ORIGIN"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"AAEC\",\"origin\":\"" ORIGIN
         "\",\"crossOrigin\":true}",
         "WEBAUTHN-ORIGIN"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"AAEC\",\"origin\":\"" ORIGIN
         "\",\"topOrigin\":\"https://tpp.example\"}",
         "WEBAUTHN-ORIGIN"},
    /* each member of another type than its own */
#define RIGHT "{\"type\":\"webauthn.get\",\"challenge\":\"AAEC\",\"origin\":\"" ORIGIN "\""
        {RIGHT ",\"crossOrigin\":\"true\"}", "WEBAUTHN-FORMAT"},
        {RIGHT ",\"crossOrigin\":\"false\"}", "WEBAUTHN-FORMAT"},
        {RIGHT ",\"crossOrigin\":1}", "WEBAUTHN-FORMAT"},
        {RIGHT ",\"crossOrigin\":null}", "WEBAUTHN-FORMAT"},
        {RIGHT ",\"topOrigin\":null}", "WEBAUTHN-FORMAT"},
        {RIGHT ",\"tokenBinding\":\"present\"}", "WEBAUTHN-FORMAT"},
        {"{\"type\":1,\"challenge\":\"AAEC\",\"origin\":\"" ORIGIN "\"}", "WEBAUTHN-FORMAT"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"AAEC\",\"origin\":[\"" ORIGIN "\"]}",
         "WEBAUTHN-FORMAT"},
        {"{\"type\":\"webauthn.get\",\"challenge\":[\"AAEC\"],\"origin\":\"" ORIGIN "\"}",
         "WEBAUTHN-FORMAT"},
    };
    struct arena *arena = arena_new(65536);
    struct lfi_slice challenge;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *refused =
            webauthn_check_client(&us, WEBAUTHN_GET, arena, slice_of(cases[i].json), &challenge);
        assert_non_null(refused);
        assert_string_equal(refused, cases[i].refused);
    }
    arena_free(arena);
}

static void refuses_another_party(void **state)
{
    (void)state;
    struct scene *s = scene_new(ES256);
    s->from.party = "bank.example";
    use(s);
    assert_string_equal(judge(s), "WEBAUTHN-RP");
    assert_string_equal(create(s), "WEBAUTHN-RP");
    scene_free(s);
}

static void refuses_an_absent_or_unverified_customer(void **state)
{
    (void)state;
    struct scene *s = scene_new(ES256);
    s->from.flags = VERIFIED;
    use(s);
    assert_string_equal(judge(s), "WEBAUTHN-PRESENCE");
    assert_string_equal(create(s), "WEBAUTHN-PRESENCE");
    s->from.flags = PRESENT;
    use(s);
    assert_string_equal(judge(s), "WEBAUTHN-VERIFICATION");
    assert_string_equal(create(s), "WEBAUTHN-VERIFICATION");
    scene_free(s);
}

static void refuses_a_backup_of_what_cannot_be_backed_up(void **state)
{
    (void)state;
    struct scene *s = scene_new(ES256);
    s->from.flags |= 0x10;
    use(s);
    assert_string_equal(judge(s), "WEBAUTHN-FORMAT");
    scene_free(s);
}

/* A bit anywhere in what was signed, or in the signature. */
static void refuses_what_was_tampered_with(void **state)
{
    (void)state;
    for (size_t i = 0; i < WEBAUTHN_ALGORITHMS; i++) {
        struct scene *s = scene_new(webauthn_algorithms[i]);
        s->data.at[s->data.len - 1] ^= 1;
        assert_string_equal(judge(s), "WEBAUTHN-SIGNATURE");
        use(s);
        s->client[10] ^= 1;
        assert_string_equal(judge(s), "WEBAUTHN-SIGNATURE");
        use(s);
        s->signature.at[s->signature.len / 2] ^= 1;
        assert_string_equal(judge(s), "WEBAUTHN-SIGNATURE");
        scene_free(s);
    }
}

static void refuses_the_signature_of_another_key(void **state)
{
    (void)state;
    struct scene *s = scene_new(ES256);
    EVP_PKEY_free(s->from.key);
    s->from = authenticator_new(ES256);
    use(s);
    assert_string_equal(judge(s), "WEBAUTHN-SIGNATURE");
    s->credential.key.algorithm = EDDSA;
    assert_string_equal(judge(s), "WEBAUTHN-SIGNATURE");
    s->credential.key.algorithm = -36;
    assert_string_equal(judge(s), "WEBAUTHN-SIGNATURE");
    scene_free(s);
}

static void refuses_data_cut_short(void **state)
{
    (void)state;
    struct scene *s = scene_new(ES256);
    struct bytes whole = {.len = 0};
    authenticator_create(&s->from, &whole);
    for (size_t len = 0; len < whole.len; len++) {
        char *exact = malloc(len + 1); /* so that reading past it is seen */
        memcpy(exact, whole.at, len);
        const char *refused =
            webauthn_check_creation(&us, s->arena, (struct lfi_slice){exact, len}, &s->credential);
        assert_non_null(refused);
        assert_string_equal(refused, len < 37 ? "WEBAUTHN-FORMAT" : "WEBAUTHN-KEY");
        free(exact);
    }
    s->assertion.authenticator_data.len = 36;
    assert_string_equal(judge(s), "WEBAUTHN-FORMAT");
    s->assertion.signature = (struct lfi_slice){NULL, 0};
    s->assertion.authenticator_data.len = 37;
    assert_string_equal(judge(s), "WEBAUTHN-SIGNATURE");
    scene_free(s);
}

/* An array of 3.6 billion items, said in five octets: memory for them was taken. */
static void takes_no_memory_for_what_is_only_said_to_be_there(void **state)
{
    static const char *const heads[] = {"\x9a\xda\xda\xda\xda", "\xba\xda\xda\xda\xda",
                                        "\x5b\xff\xff\xff\xff\xff\xff\xff\xff", "\x9f\xff", "\x1c"};
    (void)state;
    struct scene *s = scene_new(ES256);
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        struct bytes data = {.len = 0};
        authenticator_create(&s->from, &data);
        data.len = 37 + 16 + 2 + s->from.credential_id.len;
        bytes_add(&data, heads[i], strlen(heads[i]));
        assert_string_equal(
            webauthn_check_creation(&us, s->arena, bytes_slice(&data), &s->credential),
            "WEBAUTHN-KEY");
        s->from.flags = PRESENT | VERIFIED | 0x80; /* extensions are there */
        use(s);
        bytes_add(&s->data, heads[i], strlen(heads[i]));
        s->assertion.authenticator_data = bytes_slice(&s->data);
        assert_string_equal(judge(s), "WEBAUTHN-FORMAT");
        s->from.flags = PRESENT | VERIFIED;
    }
    scene_free(s);
}

static void refuses_keys_that_are_none(void **state)
{
    (void)state;
    struct scene *s = scene_new(ES256);
    struct bytes data = {.len = 0};
    authenticator_create(&s->from, &data);
    data.at[data.len - 1] ^= 1; /* no longer on the curve */
    assert_string_equal(webauthn_check_creation(&us, s->arena, bytes_slice(&data), &s->credential),
                        "WEBAUTHN-KEY");
    data.len = 37 + 16 + 2 + s->from.credential_id.len;
    bytes_add(&data, "\xa1\x01\x02", 3);
    assert_string_equal(webauthn_check_creation(&us, s->arena, bytes_slice(&data), &s->credential),
                        "WEBAUTHN-KEY");
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_each_algorithm),
        cmocka_unit_test(reads_the_challenge),
        cmocka_unit_test(refuses_client_data),
        cmocka_unit_test(refuses_another_party),
        cmocka_unit_test(refuses_an_absent_or_unverified_customer),
        cmocka_unit_test(refuses_a_backup_of_what_cannot_be_backed_up),
        cmocka_unit_test(refuses_what_was_tampered_with),
        cmocka_unit_test(refuses_the_signature_of_another_key),
        cmocka_unit_test(refuses_data_cut_short),
        cmocka_unit_test(takes_no_memory_for_what_is_only_said_to_be_there),
        cmocka_unit_test(refuses_keys_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
