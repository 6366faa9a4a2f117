#include "caller/secret_use.h"

#define TELL_S 3600

/* Whether the newest one used is newer than this. */
static bool is_old(struct secret_use *use, int64_t not_before_s)
{
    int64_t newest_s = atomic_load_explicit(&use->newest_s, memory_order_relaxed);
    while (newest_s < not_before_s &&
           !atomic_compare_exchange_weak_explicit(&use->newest_s, &newest_s, not_before_s,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
    return newest_s > not_before_s;
}

void secret_use_note(struct secret_use *use, const struct caller_secrets *secrets, size_t index,
                     const char *provider, int64_t now_s, const struct log *log)
{
    const struct caller_secret *secret = caller_secrets_at(secrets, index);
    if (!is_old(use, secret->not_before_s)) {
        return;
    }
    int64_t told_s = atomic_load_explicit(&use->told_s[index], memory_order_relaxed);
    if ((told_s == 0 || now_s - told_s >= TELL_S) &&
        atomic_compare_exchange_strong_explicit(&use->told_s[index], &told_s, now_s,
                                                memory_order_relaxed, memory_order_relaxed)) {
        LOG_EVENT(log, LOG_WARN, "secret-old", LOG_TEXT("provider", slice_of(provider)),
                  LOG_TEXT("secret", slice_of(secret->id)));
    }
}

void secret_use_continue(struct secret_use *use, const struct secret_use *previous,
                         const struct caller_secrets *secrets)
{
    int64_t newest_s = atomic_load_explicit(&previous->newest_s, memory_order_relaxed);

    for (size_t i = 0; i < caller_secrets_count(secrets); i++) {
        const struct caller_secret *secret = caller_secrets_at(secrets, i);
        if (newest_s != 0 && !secret->retired && secret->not_before_s == newest_s) {
            atomic_store_explicit(&use->newest_s, newest_s, memory_order_relaxed);
        }
    }
}
