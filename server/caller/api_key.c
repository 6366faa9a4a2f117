/* API key: the Authorization header holds a secret that both sides know. (Hub to bank 4.1.) */
#include "caller/api_key.h"

#include "base/limits.h"
#include "caller/mode.h"
#include "caller/secret_use.h"
#include "caller/secrets.h"

#include <stdlib.h>

struct made {
    struct caller_secrets *secrets;
    struct secret_use use;
};

static int key_open(struct caller *caller, struct caller_member *member, struct lfi_error *error)
{
    const struct caller *previous = caller->config.previous;
    const size_t index = (size_t)(member - caller->members);
    struct made *made = calloc(1, sizeof(*made));
    if (!made) {
        return error_set(error, "out of memory");
    }
    member->made = made;
    if (caller_secrets_load(&made->secrets, member->provider->api_keys->file, error) != 0) {
        return -1;
    }
    if (previous && previous->config.providers[index].mode == CALLER_API_KEY) {
        const struct made *before = previous->members[index].made;
        secret_use_continue(&made->use, &before->use, made->secrets);
    }
    return 0;
}

static void key_close(void *ctx)
{
    struct made *made = ctx;
    caller_secrets_free(made->secrets);
    free(made);
}

/* The key of the one Authorization header, without the prefix. */
static int find_key(const struct request *request, const char *prefix, struct lfi_slice *out,
                    struct refusal *refusal)
{
    size_t count = 0;
    const struct lfi_slice start = slice_of(prefix);
    struct lfi_slice value = request_header(request, "authorization", &count);

    if (count == 0 || value.len == 0) {
        return caller_refuse(refusal, "API-KEY-MISSING");
    }
    if (count > 1) {
        caller_refuse(refusal, "API-KEY-FORM");
        refusal_detail(refusal, "%zu Authorization headers", count);
        return -1;
    }
    if (!slice_starts_with(value, prefix)) {
        caller_refuse(refusal, "API-KEY-FORM");
        refusal_detail(refusal, "without the prefix that is configured");
        return -1;
    }
    *out = (struct lfi_slice){value.ptr + start.len, value.len - start.len};
    if (out->len == 0 || out->len > LIMIT_API_KEY_BYTES) {
        caller_refuse(refusal, "API-KEY-FORM");
        refusal_detail(refusal, "a key of %zu bytes; it has 1 to %d", out->len,
                       LIMIT_API_KEY_BYTES);
        return -1;
    }
    return 0;
}

static int key_authenticate(struct caller *caller, size_t provider, const struct request *request,
                            struct caller_identity *out, struct refusal *refusal)
{
    size_t found = 0;
    struct lfi_slice key;
    const struct caller_member *member = &caller->members[provider];
    struct made *made = member->made;
    const int64_t now_s = clock_now_s(caller->clock);

    (void)out;
    if (find_key(request, member->provider->api_keys->prefix, &key, refusal) != 0) {
        return -1;
    }
    if (!caller_secrets_find(made->secrets, key, &found)) {
        return caller_refuse(refusal, "API-KEY-UNKNOWN");
    }
    const struct caller_secret *secret = caller_secrets_at(made->secrets, found);
    if (!caller_secret_is_valid(secret, now_s)) {
        caller_refuse(refusal, "API-KEY-OVER");
        refusal_detail(refusal, "key %s is %s", secret->id, caller_secret_state(secret, now_s));
        return -1;
    }
    secret_use_note(&made->use, made->secrets, found, member->provider->id, now_s, caller->log);
    return 0;
}

const struct caller_mode_row caller_api_key = {.refused = METRICS_REFUSED_API_KEY,
                                               .open = key_open,
                                               .close = key_close,
                                               .authenticate = key_authenticate};
