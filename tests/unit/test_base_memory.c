// link: lfi-base
/* When memory is given back; that malloc then does it is the C library's matter. */
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define MIB ((size_t)1024 * 1024)

static char *take(size_t bytes)
{
    char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(at, MAP_FAILED);
    memset(at, 1, bytes);
    return at;
}

static size_t own_bytes(void)
{
    struct memory_use use;

    assert_true(memory_look(&use));
    assert_true(use.resident_bytes >= use.own_bytes);
    return use.own_bytes;
}

static void tells_own_memory(void **state)
{
    (void)state;
    size_t before = own_bytes();
    char *taken = take(16 * MIB);
    assert_in_range(own_bytes(), before + 15 * MIB, before + 17 * MIB);
    munmap(taken, 16 * MIB);
    assert_in_range(own_bytes(), before > MIB ? before - MIB : 0, before + MIB);
}

static void gives_back_after_growth_alone(void **state)
{
    (void)state;
    struct memory_keeper keeper = {.kept_bytes = own_bytes()};
    size_t first = keeper.kept_bytes;

    char *little = take(MIB);
    assert_false(memory_give_back(&keeper));
    char *more = take(4 * MIB);
    assert_true(memory_give_back(&keeper));
    assert_in_range(keeper.kept_bytes, first + 4 * MIB, first + 6 * MIB);
    assert_false(keeper.again); /* nothing was free */
    assert_false(memory_give_back(&keeper));
    munmap(little, MIB);
    munmap(more, 4 * MIB);
    assert_false(memory_give_back(&keeper)); /* and remembers that it shrank */
    more = take(4 * MIB);
    assert_true(memory_give_back(&keeper));
    munmap(more, 4 * MIB);
}

/* What is freed after a time that gave much back makes no growth. */
static void gives_back_once_more(void **state)
{
    (void)state;
    struct memory_keeper keeper = {.kept_bytes = own_bytes(), .again = true};

    assert_true(memory_give_back(&keeper));
    assert_false(memory_give_back(&keeper));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_own_memory),
        cmocka_unit_test(gives_back_after_growth_alone),
        cmocka_unit_test(gives_back_once_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
