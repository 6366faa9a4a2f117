/*
 * The skeleton's core, but it breaks on request: the login "crash" writes where nothing is, the
 * account "overflow" is looked for until the stack is full.
 */
#define lfi_core_get_ops skeleton_get_ops /* what the skeleton exports */
#include "skeleton.c"
#undef lfi_core_get_ops

#include <stdbool.h>

const struct lfi_core_ops *lfi_core_get_ops(void);

static volatile uintptr_t nowhere = 64;
static volatile unsigned deepest = (unsigned)-1;

static int crash_sign_in(void *context, const struct lfi_call *call, const struct lfi_login *login,
                         struct lfi_id *out, struct lfi_error *error)
{
    if (same(login->login, "crash")) {
        *(volatile int *)nowhere = 1;
    }
    return SIGNIN.sign_in(context, call, login, out, error);
}

static unsigned descend(unsigned depth)
{
    volatile char frame[1024];

    frame[depth % sizeof(frame)] = (char)depth;
    return depth == deepest ? 0 : descend(depth + 1) + (unsigned)frame[depth % sizeof(frame)];
}

static int crash_held(void *core, const struct lfi_call *call, const struct lfi_held_query *query,
                      struct lfi_answer *answer, struct lfi_error *error)
{
    bool overflow = query->account_count > 0 && same(query->account_ids[0], "overflow");

    if (overflow && descend(0) == 1) {
        return LFI_FAILED;
    }
    return ACCOUNTS.held(core, call, query, answer, error);
}

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    static struct lfi_core_ops ops;
    static struct lfi_accounts accounts;
    static struct lfi_signin signin;

    accounts = ACCOUNTS;
    accounts.held = crash_held;
    ops = OPS;
    ops.name = "crashing";
    signin = SIGNIN;
    signin.sign_in = crash_sign_in;
    ops.signin = &signin;
    ops.accounts = &accounts;
    return &ops;
}
