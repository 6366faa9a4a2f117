// link: lfi-connect lfi-caller lfi-http lfi-jose lfi-base
#include "connect/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define KEYS 20000 /* several for each place of the table */

static struct lfi_slice key(char text[32], int i)
{
    int len = snprintf(text, 32, "dhowretail consent-%d", i);
    return (struct lfi_slice){text, (size_t)len};
}

/* A permission decision rests on it: keys that share a place must not share an answer. */
static void keys_of_one_place_do_not_share_an_answer(void **state)
{
    struct cache *cache = cache_new();
    char text[32];
    int kept = 0;
    (void)state;
    for (int i = 0; i < KEYS; i++) {
        cache_put(cache, key(text, i), (uint64_t)i + 1, 1000);
    }
    for (int i = 0; i < KEYS; i++) {
        uint64_t value = cache_get(cache, key(text, i), 0);
        assert_true(value == 0 || value == (uint64_t)i + 1);
        kept += value != 0;
    }
    assert_true(kept > 1000 && kept < KEYS);
    cache_free(cache);
}

static void what_is_remembered_ends(void **state)
{
    struct cache *cache = cache_new();
    static char large[CACHE_KEY_BYTES + 1];
    (void)state;
    cache_put(cache, SLICE("k"), 7, 1000);
    assert_int_equal(cache_get(cache, SLICE("k"), 999), 7);
    assert_int_equal(cache_get(cache, SLICE("k"), 1000), 0);
    assert_int_equal(cache_get(cache, SLICE("K"), 0), 0);
    cache_put(cache, SLICE("k"), 7, 0); /* forgotten */
    assert_int_equal(cache_get(cache, SLICE("k"), 0), 0);

    memset(large, 'x', sizeof(large));
    for (size_t len = CACHE_KEY_BYTES; len <= CACHE_KEY_BYTES + 1; len++) {
        const struct lfi_slice long_key = {large, len};
        cache_put(cache, long_key, 7, 1000);
        assert_int_equal(cache_get(cache, long_key, 0), len == CACHE_KEY_BYTES ? 7 : 0);
    }
    cache_put(cache, (struct lfi_slice){NULL, 0}, 7, 1000); /* no memory for a key */
    assert_int_equal(cache_get(cache, (struct lfi_slice){NULL, 0}, 0), 0);
    cache_free(cache);
    cache_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_one_place_do_not_share_an_answer),
        cmocka_unit_test(what_is_remembered_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
