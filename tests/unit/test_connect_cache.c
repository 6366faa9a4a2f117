// link: lfi-connect lfi-caller lfi-http lfi-jose lfi-base
#include "connect/memo.h"

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
    struct memo *memo = memo_new();
    char text[32];
    int kept = 0;
    (void)state;
    for (int i = 0; i < KEYS; i++) {
        memo_put(memo, key(text, i), (uint64_t)i + 1, 1000);
    }
    for (int i = 0; i < KEYS; i++) {
        uint64_t value = memo_get(memo, key(text, i), 0);
        assert_true(value == 0 || value == (uint64_t)i + 1);
        kept += value != 0;
    }
    assert_true(kept > 1000 && kept < KEYS);
    memo_free(memo);
}

static void what_is_remembered_ends(void **state)
{
    struct memo *memo = memo_new();
    static char large[MEMO_KEY_BYTES + 1];
    (void)state;
    memo_put(memo, SLICE("k"), 7, 1000);
    assert_int_equal(memo_get(memo, SLICE("k"), 999), 7);
    assert_int_equal(memo_get(memo, SLICE("k"), 1000), 0);
    assert_int_equal(memo_get(memo, SLICE("K"), 0), 0);
    memo_put(memo, SLICE("k"), 7, 0); /* forgotten */
    assert_int_equal(memo_get(memo, SLICE("k"), 0), 0);

    memset(large, 'x', sizeof(large));
    for (size_t len = MEMO_KEY_BYTES; len <= MEMO_KEY_BYTES + 1; len++) {
        const struct lfi_slice long_key = {large, len};
        memo_put(memo, long_key, 7, 1000);
        assert_int_equal(memo_get(memo, long_key, 0), len == MEMO_KEY_BYTES ? 7 : 0);
    }
    memo_put(memo, (struct lfi_slice){NULL, 0}, 7, 1000); /* no memory for a key */
    assert_int_equal(memo_get(memo, (struct lfi_slice){NULL, 0}, 0), 0);
    memo_free(memo);
    memo_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_one_place_do_not_share_an_answer),
        cmocka_unit_test(what_is_remembered_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
