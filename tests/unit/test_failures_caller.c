// link: lfi-caller lfi-jose lfi-base
/* Every call of server/caller that may fail fails once: nobody is let in, and nothing leaks. */
#include "fake_client.h"
#include "keys.h"

#include "base/limits.h"
#include "caller/caller.h"
#include "caller/replay.h"
#include "caller/subject.h"

#include "failing.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NO_CLIENT error_set(error, "no client")

FAILING(void *, NULL, calloc, (size_t count, size_t size), (count, size))
FAILING(char *, NULL, strndup, (const char *text, size_t len), (text, len))
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

static const char *const ous[] = {"ou-1"};
static const struct caller_provider retail = {
    .id = "retail", .mode = CALLER_JWT, .audience = "retail"};

static struct fixture {
    struct clock clock;
    struct log log;
    X509 *certificate;
    char *jwks;
    char token[LIMIT_TOKEN_BYTES];
} f;

static int set_up(void **state)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    struct jose_signer *signer = NULL;
    const struct jose_claims claims = {"Hub Operator", "ou-1", "retail", clock_now_s(&f.clock), 30};
    struct buf token, jwks;
    char path[KEY_PATH_MAX];

    (void)state;
    f.log = (struct log){.fd = open("/dev/null", O_WRONLY), .level = LOG_DEBUG, .clock = &f.clock};
    f.certificate = certificate_make(
        (struct attribute[]){{"O", "Hub Operator"}, {"OU", "ou-1"}, {"CN", "cn-1"}, {NULL, NULL}});
    key_write(key, NULL, path);
    EVP_PKEY_free(key);
    assert_int_equal(jose_signer_load(&signer, path, "a", NULL), 0);
    unlink(path);
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
    free(f.jwks);
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

static void nobody_is_let_in_when_a_check_cannot_be_made(void **state)
{
    int silent;

    (void)state;
    assert_true(fail_each(start_and_authenticate, NULL, &silent) > 20);
    assert_int_equal(silent, 0);
}

/* --- names ------------------------------------------------------------------------------------ */

static int read_names(void *ctx)
{
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    int rc = -1;

    (void)ctx;
    if (arena) {
        struct caller_subject subject = subject_of(arena, f.certificate);
        struct lfi_slice text = caller_subject_text(arena, f.certificate);
        struct lfi_slice address = subject_key_address(arena, "https://keys.example", &subject);
        if (subject.o.ptr && text.ptr && address.ptr) {
            assert_true(slice_equal_text(text, "O=Hub Operator, OU=ou-1, CN=cn-1"));
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
        cmocka_unit_test(nobody_is_let_in_when_a_check_cannot_be_made),
        cmocka_unit_test(a_name_that_cannot_be_read_is_absent),
        cmocka_unit_test(an_id_that_cannot_be_remembered_counts_as_used),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
