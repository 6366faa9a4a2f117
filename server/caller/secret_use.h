/*
 * Logs that an older secret is used after a newer one was: the rotation is not complete at the Hub.
 * The event is secret-old, once an hour for each secret. Any thread.
 */
#ifndef CALLER_SECRET_USE_H
#define CALLER_SECRET_USE_H

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "caller/secrets.h"

#include <stdatomic.h>

struct secret_use {
    _Atomic int64_t newest_s; /* not-before of the newest that was used; 0: none was */
    _Atomic int64_t told_s[LIMIT_SECRETS];
};

/* Notes that the provider's Hub used the secret with this index now. */
void secret_use_note(struct secret_use *use, const struct caller_secrets *secrets, size_t index,
                     const char *provider, int64_t now_s, const struct log *log);

/*
 * Begins with what was noted of the file before a reload: its newest use counts on as long as that
 * secret is still there, and not retired.
 */
void secret_use_continue(struct secret_use *use, const struct secret_use *previous,
                         const struct caller_secrets *secrets);

#endif
