// link: hub-sim-parts lfi-payments lfi-jose lfi-base
/* What a TPP sealed is opened; with memory short at any call it is not taken for wrong. */
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "keys.h"
#include "payments/pii.h"
#include "pii.h"

#include "failing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PLAIN                                                                                      \
    "{\"Initiation\":{\"Creditor\":[{\"CreditorAccount\":{\"SchemeName\":\"IBAN\","                \
    "\"Identification\":\"AE219900000000000000001\",\"Name\":{\"en\":\"Zumurrud Trading\"}}}]}}"

static void *short_of_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

FAILING(void *, short_of_memory(), calloc, (size_t count, size_t size), (count, size))
FAILING(void *, short_of_memory(), malloc, (size_t size), (size))
FAILING(void *, short_of_memory(), arena_alloc, (struct arena * arena, size_t size), (arena, size))
FAILING(bool, false, id_random, (void *out, size_t len), (out, len))
FAILING(EVP_CIPHER_CTX *, NULL, EVP_CIPHER_CTX_new, (void), ())
FAILING(EVP_PKEY_CTX *, NULL, EVP_PKEY_CTX_dup, (const EVP_PKEY_CTX *ctx), (ctx))

static void *fail_or_allocate(size_t size)
{
    return failing_now() ? short_of_memory() : malloc(size);
}

struct world {
    char key_file[KEY_PATH_MAX], certificate[KEY_PATH_MAX];
    struct clock clock;
    struct log log;
    struct sim sim;
    struct pii_reader *reader;
    cJSON *sealed;
    struct refusal refusal;
};

static void write_certificate(EVP_PKEY *key, char path[KEY_PATH_MAX])
{
    X509 *x509 = certificate_make((const struct attribute[]){{"O", "Bank"}, {NULL, NULL}});
    snprintf(path, KEY_PATH_MAX, "/tmp/lfi-certificate-XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    assert_non_null(file);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 60);
    assert_int_equal(X509_set_pubkey(x509, key), 1);
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(file, x509), 1);
    assert_int_equal(fclose(file), 0);
    X509_free(x509);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct lfi_error error = {""};
    struct buf sealed;
    cJSON *plain = cJSON_Parse(PLAIN);
    EVP_PKEY *key = EVP_RSA_gen(2048);
    assert_non_null(w);
    *state = w;
    key_write(key, NULL, w->key_file);
    write_certificate(key, w->certificate);
    EVP_PKEY_free(key);
    const struct jose_key_file keys[] = {{NULL, w->key_file}};
    const struct pii_config config = {.keys = keys, .key_count = 1};
    w->log = (struct log){.fd = 2, .level = LOG_ERROR, .clock = &w->clock};
    w->sim.clock = &w->clock;
    w->sim.hub_count = 1;
    assert_int_equal(pii_init(&error), 0);
    assert_int_equal(pii_reader_new(&w->reader, &config, &w->clock, &w->log, NULL, &error), 0);
    assert_int_equal(pii_key_new(&w->sim.bank_key, w->certificate, NULL, &error), 0);
    assert_int_equal(jose_signer_load(&w->sim.tpp_signers[0], w->key_file, NULL, &error), 0);
    const struct pii_sender sender = {&w->sim, &w->sim.hubs[0], &tpps[0]};
    buf_init(&sealed, LIMIT_PII_BYTES);
    assert_int_equal(pii_seal(&sender, plain, &sealed, &error), 0);
    buf_append(&sealed, "", 1);
    w->sealed = cJSON_CreateString(sealed.ptr);
    buf_free(&sealed);
    cJSON_Delete(plain);
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    cJSON_Delete(w->sealed);
    jose_signer_free(w->sim.tpp_signers[0]);
    pii_key_free(w->sim.bank_key);
    pii_reader_free(w->reader);
    pii_fini();
    unlink(w->key_file);
    unlink(w->certificate);
    free(w);
    return 0;
}

static int open_sealed(void *ctx)
{
    struct world *w = ctx;
    struct pii pii;
    const struct pii_query query = {.member = w->sealed, .stage = PII_OF_CONSENT};
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    int rc = -1;
    w->refusal = (struct refusal){.id = "ARENA", .status = 500};
    if (arena) {
        rc = pii_open(w->reader, &query, arena, &pii, &w->refusal);
    }
    if (rc == 0) {
        const cJSON *creditors = json_get(json_get(pii.tree, "Initiation"), "Creditor");
        assert_int_equal(cJSON_GetArraySize(creditors), 1);
        assert_string_equal(json_get(pii.tree, "iss")->valuestring, tpps[0].client_id);
        pii_close(&pii);
    } else if (w->refusal.status != 500) {
        fail_msg("%s: %s", w->refusal.id, w->refusal.error_message);
    }
    arena_free(arena);
    return rc;
}

static void what_a_tpp_sealed_is_opened(void **state)
{
    assert_int_equal(open_sealed(*state), 0);
}

static void with_memory_short_it_is_not_called_wrong(void **state)
{
    cJSON_Hooks failing_hooks = {fail_or_allocate, free};
    int silent;
    cJSON_InitHooks(&failing_hooks);
    int count = fail_each(open_sealed, *state, &silent);
    cJSON_InitHooks(NULL);
    assert_int_equal(silent, 0);
    assert_true(count > 30);
}

static void what_has_no_key_is_not_sealed(void **state)
{
    struct world *w = *state;
    struct lfi_error error = {""};
    const struct pii_sender sender = {&w->sim, &w->sim.hubs[0], &tpps[1]};
    cJSON *terms = cJSON_Parse("{\"PersonalIdentifiableInformation\":{}}");
    assert_int_equal(pii_seal_member(&sender, terms, &error), -1);
    assert_string_equal(error.message,
                        "PersonalIdentifiableInformation cannot be sealed: the TPP has no key");
    cJSON_Delete(terms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_tpp_sealed_is_opened),
        cmocka_unit_test(with_memory_short_it_is_not_called_wrong),
        cmocka_unit_test(what_has_no_key_is_not_sealed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
