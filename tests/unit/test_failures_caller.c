// link: lfi-caller lfi-jose lfi-base
/* Every call of server/caller that may fail fails once: nobody is let in, and nothing leaks. */
#include "fake_client.h"
#include "keys.h"

#include "base/id.h"
#include "base/limits.h"
#include "caller/access_check.h"
#include "caller/caller.h"
#include "caller/connect_token.h"
#include "caller/replay.h"
#include "caller/subject.h"

#include "failing.h"

#include <fcntl.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NO_CLIENT error_set(error, "no client")

FAILING(void *, NULL, calloc, (size_t count, size_t size), (count, size))
FAILING(char *, NULL, strndup, (const char *text, size_t len), (text, len))
FAILING(char *, NULL, strdup, (const char *text), (text))
FAILING(void *, NULL, arena_alloc, (struct arena * arena, size_t size), (arena, size))
FAILING(struct lfi_slice, ((struct lfi_slice){0}), arena_keep,
        (struct arena * arena, struct lfi_slice text), (arena, text))
FAILING(int, NO_CLIENT, http_client_new,
        (struct http_client * *out, const struct http_client_config *config,
         struct lfi_error *error),
        (out, config, error))
FAILING(int, 11, pthread_condattr_init, (pthread_condattr_t * attributes), (attributes))
FAILING(int, 11, pthread_create,
        (pthread_t * thread, const pthread_attr_t *attributes, void *(*start)(void *), void *ctx),
        (thread, attributes, start, ctx))
FAILING(int, -1, ASN1_STRING_to_UTF8, (unsigned char **out, const ASN1_STRING *in), (out, in))
FAILING(BIO *, NULL, BIO_new, (const BIO_METHOD *method), (method))
FAILING(int, -1, X509_NAME_print_ex,
        (BIO * out, const X509_NAME *name, int indent, unsigned long flags),
        (out, name, indent, flags))
FAILING(int, 0, EVP_Digest,
        (const void *bytes, size_t len, unsigned char *out, unsigned *size, const EVP_MD *md,
         ENGINE *engine),
        (bytes, len, out, size, md, engine))

FAILING(int, 0, X509_digest,
        (const X509 *certificate, const EVP_MD *md, unsigned char *out, unsigned *len),
        (certificate, md, out, len))
FAILING(unsigned char *, NULL, HMAC,
        (const EVP_MD *md, const void *key, int key_len, const unsigned char *data, size_t len,
         unsigned char *out, unsigned *out_len),
        (md, key, key_len, data, len, out, out_len))
FAILING(bool, false, id_random, (void *out, size_t len), (out, len))
FAILING(bool, false, id_uuid4, (char out[ID_UUID_MAX]), (out))

static const char *const ous[] = {"ou-1"};
static const struct caller_provider retail = {
    .id = "retail", .mode = CALLER_JWT, .audience = "retail"};

static struct fixture {
    struct clock clock;
    struct log log;
    X509 *certificate, *arabic; /* the O of the other has to be converted */
    char *jwks;
    char token[LIMIT_TOKEN_BYTES];
    char key_file[KEY_PATH_MAX];
} f;

static int set_up(void **state)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    struct jose_signer *signer = NULL;
    const struct jose_claims claims = {"Hub Operator", "ou-1", "retail", clock_now_s(&f.clock), 30};
    struct buf token, jwks;

    (void)state;
    f.log = (struct log){.fd = open("/dev/null", O_WRONLY), .level = LOG_DEBUG, .clock = &f.clock};
    f.certificate = certificate_make(
        (struct attribute[]){{"O", "Hub Operator"}, {"OU", "ou-1"}, {"CN", "cn-1"}, {NULL, NULL}});
    f.arabic = certificate_make((struct attribute[]){
        {"O", "\xd8\xa8\xd9\x86\xd9\x83"}, {"OU", "ou-1"}, {"CN", "cn-1"}, {NULL, NULL}});
    assert_true(X509_set_pubkey(f.certificate, key) && X509_sign(f.certificate, key, EVP_sha256()));
    key_write(key, NULL, f.key_file);
    EVP_PKEY_free(key);
    assert_int_equal(jose_signer_load(&signer, f.key_file, "a", NULL), 0);
    buf_init(&jwks, LIMIT_JWKS_BYTES);
    buf_append_text(&jwks, "{\"keys\":[");
    jose_signer_append_jwk(signer, &jwks);
    buf_append_text(&jwks, "]}");
    f.jwks = strndup(jwks.ptr, jwks.len);
    buf_init(&token, LIMIT_TOKEN_BYTES);
    assert_int_equal(jose_sign(signer, &claims, &token, NULL), 0);
    snprintf(f.token, sizeof(f.token), "Bearer %.*s", SLICE_ARG(buf_slice(&token)));
    buf_free(&token);
    buf_free(&jwks);
    jose_signer_free(signer);
    fake_client.status = 200;
    fake_client.body = f.jwks;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    X509_free(f.certificate);
    X509_free(f.arabic);
    free(f.jwks);
    unlink(f.key_file);
    return close(f.log.fd);
}

/* --- who is let in ---------------------------------------------------------------------------- */

/* Starts with no key known, and lets the Hub in once; a second time is a replay. */
static int start_and_authenticate(void *ctx)
{
    const struct caller_config config = {.allowed_ous = ous,
                                         .allowed_ou_count = 1,
                                         .providers = &retail,
                                         .provider_count = 1,
                                         .jwks_base = "https://keys.example",
                                         .max_life_s = LIMIT_TOKEN_LIFE_S,
                                         .replay_entries = 10};
    const struct header header = {SLICE("Authorization"), slice_of(f.token)};
    struct caller *caller = NULL;
    struct caller_identity identity;
    struct refusal refusal = {.id = NULL};
    struct lfi_error error = {""};
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);

    (void)ctx;
    if (!arena) {
        return -1;
    }
    int rc = caller_new(&caller, &config, &f.clock, &f.log, NULL, &error);
    assert_true((rc == 0) == (error.message[0] == '\0'));
    assert_true(!caller == (rc != 0));
    if (rc == 0) {
        const struct request request = {
            .headers = &header, .header_count = 1, .peer = f.certificate, .arena = arena};
        rc = caller_check_certificate(caller, &request, &identity.subject, &refusal) != 0
                 ? -1
                 : caller_authenticate(caller, 0, &request, &identity, &refusal);
        assert_true((rc == 0) == (!refusal.id));
    }
    caller_free(caller);
    arena_free(arena);
    return rc;
}

/* Rules that follow others, with room for more token ids. */
static int follow(void *ctx)
{
    struct caller_config config = {.providers = &retail,
                                   .provider_count = 1,
                                   .jwks_base = "https://keys.example",
                                   .max_life_s = LIMIT_TOKEN_LIFE_S,
                                   .replay_entries = 10};
    struct caller *previous = NULL, *next = NULL;
    struct lfi_error error = {""};

    (void)ctx;
    int rc = caller_new(&previous, &config, &f.clock, &f.log, NULL, &error);
    if (rc == 0) {
        config.previous = previous;
        config.replay_entries = 20;
        rc = caller_new(&next, &config, &f.clock, &f.log, NULL, &error);
        assert_true((rc == 0) == (error.message[0] == '\0'));
    }
    if (rc == 0) {
        caller_commit(next);
    }
    caller_free(previous);
    caller_free(next);
    return rc;
}

static void new_rules_that_fail_leave_the_old_ones(void **state)
{
    int silent;

    (void)state;
    assert_true(fail_each(follow, NULL, &silent) >= 15);
    assert_int_equal(silent, 0);
}

/* Issues an access token and lets its client in. */
static int issue_and_check(void *ctx)
{
    static const char *const scopes[] = {"a", NULL};
    const struct access_keys_config config = {.issuer = "https://bank.example",
                                              .seal_key = SLICE("0123456789abcdef0123456789abcdef"),
                                              .signing_key = f.key_file,
                                              .previous_signing_key = f.key_file};
    struct access_grant grant = {.provider = SLICE("retail"),
                                 .client = SLICE("hub"),
                                 .scope = SLICE("a"),
                                 .exp_s = 100,
                                 .bound = true};
    struct access_rules rules = {.provider = "retail", .client = "hub", .scopes = scopes};
    struct access_keys *keys = NULL;
    struct refusal refusal = {.id = NULL};
    struct lfi_error error = {""};
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    struct buf token;
    int rc = -1;

    buf_init(&token, LIMIT_TOKEN_BYTES);
    buf_append_text(&token, "Bearer ");
    if (arena && access_keys_new(&keys, &config, &error) == 0 &&
        access_thumbprint(f.certificate, grant.thumbprint) &&
        access_token_make(keys, *(const enum access_form *)ctx, &grant, 1, &token, &error) == 0) {
        const struct header header = {SLICE("Authorization"), buf_slice(&token)};
        const struct request request = {
            .headers = &header, .header_count = 1, .peer = f.certificate, .arena = arena};
        rules.keys = keys;
        rc = access_check(&rules, NULL, 1, &request, &refusal);
        assert_true((rc == 0) == (!refusal.id));
    }
    buf_free(&token);
    access_keys_free(keys);
    arena_free(arena);
    return rc;
}

static void no_token_is_issued_or_taken_when_a_call_fails(void **state)
{
    int silent;

    (void)state;
    for (enum access_form form = ACCESS_OPAQUE; form <= ACCESS_JWT; form++) {
        assert_true(fail_each(issue_and_check, &form, &silent) >= 15);
        assert_int_equal(silent, 0);
    }
}

static void nobody_is_let_in_when_a_check_cannot_be_made(void **state)
{
    int silent;

    (void)state;
    assert_true(fail_each(start_and_authenticate, NULL, &silent) > 20);
    assert_int_equal(silent, 0);
}

/* --- ConnectTokens ---------------------------------------------------------------------------- */

static int make_connect_token(void *ctx)
{
    const struct lfi_slice key = SLICE("0123456789abcdef0123456789abcdef");
    struct connect_tokens *tokens = NULL;
    struct buf token;
    int rc = -1;

    (void)ctx;
    buf_init(&token, LIMIT_TOKEN_BYTES);
    if (connect_tokens_new(&tokens, key, (struct lfi_slice){NULL, 0}, NULL) == 0 &&
        connect_token_make(tokens, "retail", SLICE("consent-1"), &token) == 0 &&
        connect_token_is(tokens, "retail", SLICE("consent-1"), buf_slice(&token))) {
        rc = 0;
    }
    buf_free(&token);
    connect_tokens_free(tokens);
    return rc;
}

static void a_connect_token_that_cannot_be_computed_is_none(void **state)
{
    int silent;

    (void)state;
    assert_true(fail_each(make_connect_token, NULL, &silent) >= 3);
    assert_int_equal(silent, 0);
}

/* --- names ------------------------------------------------------------------------------------ */

static int read_names(void *ctx)
{
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    int rc = -1;

    (void)ctx;
    if (arena) {
        struct caller_subject subject = subject_of(arena, f.arabic);
        struct lfi_slice text = caller_subject_text(arena, f.arabic);
        struct lfi_slice address = subject_key_address(arena, "https://keys.example", &subject);
        if (subject.o.ptr && text.ptr && address.ptr) {
            assert_true(slice_equal_text(text, "O=\xd8\xa8\xd9\x86\xd9\x83, OU=ou-1, CN=cn-1"));
            assert_true(
                slice_equal_text(address, "https://keys.example/ou-1/cn-1/application.jwks"));
            rc = 0;
        }
    }
    arena_free(arena);
    return rc;
}

static void a_name_that_cannot_be_read_is_absent(void **state)
{
    int silent;

    (void)state;
    assert_true(fail_each(read_names, NULL, &silent) > 8);
    assert_int_equal(silent, 0);
}

/* --- replays ---------------------------------------------------------------------------------- */

static void an_id_that_cannot_be_remembered_counts_as_used(void **state)
{
    struct replay *replay = replay_new(10);

    (void)state;
    assert_non_null(replay);
    atomic_store(&failing.left, 1); /* EVP_Digest */
    assert_false(replay_remember(replay, SLICE("id"), 20, 10));
    assert_true(replay_remember(replay, SLICE("id"), 20, 10));
    assert_false(replay_remember(replay, SLICE("id"), 20, 10));
    replay_free(replay);
    replay_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_token_is_issued_or_taken_when_a_call_fails),
        cmocka_unit_test(nobody_is_let_in_when_a_check_cannot_be_made),
        cmocka_unit_test(new_rules_that_fail_leave_the_old_ones),
        cmocka_unit_test(a_connect_token_that_cannot_be_computed_is_none),
        cmocka_unit_test(a_name_that_cannot_be_read_is_absent),
        cmocka_unit_test(an_id_that_cannot_be_remembered_counts_as_used),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
