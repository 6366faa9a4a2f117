/*
 * Makes the n-th call of some functions fail, for every n in turn. A test program names each
 * function with FAILING, at the start of a line; the build wraps it (`ld --wrap`). Calls from the
 * libraries under test go through here, calls inside a shared library or one source file do not.
 */
#ifndef TESTS_FAILING_H
#define TESTS_FAILING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

static struct {
    atomic_long left; /* calls until the one that fails; 0: none fails */
    atomic_bool hit;
} failing;

static inline bool failing_now(void)
{
    if (atomic_load(&failing.left) == 0 || atomic_fetch_sub(&failing.left, 1) != 1) {
        return false;
    }
    atomic_store(&failing.hit, true);
    return true;
}

/* The wrapper of `name`: returns `failure` when it is this call's turn to fail. */
#define FAILING(type, failure, name, params, args)                                                 \
    type __real_##name params;                                                                     \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params                                                                      \
    {                                                                                              \
        return failing_now() ? failure : __real_##name args;                                       \
    }

/*
 * Calls `run` with the first, second, … call failing until a run meets none that fails, and
 * returns how many there were. `run` gives 0 when it got its result and looked at it, and -1 when
 * it was told of a failure; a failure of which nobody was told, or a failure without a cause, is
 * counted in `*silent`.
 */
static inline int fail_each(int (*run)(void *ctx), void *ctx, int *silent)
{
    *silent = 0;
    for (int n = 1;; n++) {
        atomic_store(&failing.hit, false);
        atomic_store(&failing.left, n);
        int rc = run(ctx);
        atomic_store(&failing.left, 0);
        bool hit = atomic_load(&failing.hit);
        if (hit != (rc != 0)) {
            fprintf(stderr, "call %d %s, and the run returned %d\n", n, hit ? "failed" : "did not",
                    rc);
            (*silent)++;
        }
        if (!hit) {
            return n - 1;
        }
    }
}

#endif
