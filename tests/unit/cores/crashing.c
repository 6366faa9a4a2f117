/*
 * The skeleton's core, but it breaks on request: the login "crash" writes where nothing is, the
 * account "overflow" is looked for until the stack is full.
 */
#define lfi_core_get_ops skeleton_get_ops /* what the skeleton exports */
#include "skeleton.c"
#undef lfi_core_get_ops

const struct lfi_core_ops *lfi_core_get_ops(void);

static volatile uintptr_t nowhere = 64;
static volatile unsigned deepest = (unsigned)-1;

static int crash_sign_in(void *context, struct lfi_slice login, struct lfi_slice password,
                         struct lfi_id *out, struct lfi_error *error)
{
    if (same(login, "crash")) {
        *(volatile int *)nowhere = 1;
    }
    return OPS.sign_in(context, login, password, out, error);
}

static unsigned descend(unsigned depth)
{
    volatile char frame[1024];

    frame[depth % sizeof(frame)] = (char)depth;
    return depth == deepest ? 0 : descend(depth + 1) + (unsigned)frame[depth % sizeof(frame)];
}

static int crash_account_access(void *context, struct lfi_slice user_id, struct lfi_slice account,
                                enum lfi_account_status *out, struct lfi_error *error)
{
    if (same(account, "overflow") && descend(0) == 1) {
        return LFI_CORE_FAILED;
    }
    return OPS.account_access(context, user_id, account, out, error);
}

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    static struct lfi_core_ops ops;

    ops = OPS;
    ops.name = "crashing";
    ops.sign_in = crash_sign_in;
    ops.account_access = crash_account_access;
    return &ops;
}
