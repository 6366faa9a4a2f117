// link: lfi-base
/* What is in memory stays there: no core dump, and no look at it from outside. */
#include "base/crash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* In a child, since a process that may not be traced cannot be looked through for leaks either. */
static void no_core_is_written(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {1, 1};
        bool forbidden = crash_forbid_core() && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                         getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0;
        _exit(forbidden ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_SUCCESS);
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_core_is_written)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
