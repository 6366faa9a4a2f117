// link: hub-sim-parts lfi-payments lfi-jose lfi-base
/* What a TPP sealed is opened; with memory short at any call it is not taken for wrong. */
#include "pii_world.h"

#include "base/id.h"
#include "failing.h"

#include <errno.h>

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

static int open_sealed(void *ctx)
{
    struct pii_world *w = ctx;
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
    struct pii_world *w = *state;
    struct lfi_error error = {""};
    const struct pii_sender sender = {&w->sim, &w->sim.hubs[0], &tpps[1], NULL};
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
    return cmocka_run_group_tests(tests, pii_set_up, pii_tear_down);
}
