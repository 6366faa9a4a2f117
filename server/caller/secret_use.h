/*
 * Tells that an older secret is still used although a newer one was used already: the
 * rotation is not complete at the Hub. Told in the log as secret-old, once an hour for each secret.
 * Any thread.
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

/* That the secret with this index was used now, by the provider's Hub. */
void secret_use_note(struct secret_use *use, const struct caller_secrets *secrets, size_t index,
                     const char *provider, int64_t now_s, const struct log *log);

#endif
