/*
 * The skeleton's core, but it breaks on request: the login "crash" writes where nothing is, the
 * account "overflow" is looked for until the stack is full, the account "slow" until the call is
 * cancelled.
 */
#define lfi_core_get_ops skeleton_get_ops /* what the skeleton exports */
#include "skeleton.c"
#undef lfi_core_get_ops

#include <time.h>

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

static int look_slowly(const struct lfi_call *call, struct lfi_error *error)
{
    const struct timespec pause = {0, 10 * 1000 * 1000};

    call->host->log(call->host, call, LFI_LOG_INFO, "asked", "a slow account");
    while (!lfi_is_cancelled(call)) {
        (void)nanosleep(&pause, NULL);
    }
    (void)snprintf(error->message, sizeof(error->message), "cancelled, %s its deadline",
                   call->host->monotonic_us(call->host) < call->deadline_us ? "before" : "at");
    return LFI_UNAVAILABLE;
}

static int crash_held(void *core, const struct lfi_call *call, const struct lfi_held_query *query,
                      struct lfi_answer *answer, struct lfi_error *error)
{
    struct lfi_slice first =
        query->account_count > 0 ? query->account_ids[0] : query->base.subject_id;

    if (same(first, "slow")) {
        return look_slowly(call, error);
    }
    if (same(first, "overflow") && descend(0) == 1) {
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
