#include "base/limits.h"
#include "caller/binding.h"
#include "caller/connect_token.h"
#include "caller/keystore.h"
#include "caller/mode.h"
#include "caller/replay.h"
#include "caller/subject.h"

#include <stdlib.h>

/* mTLS only: the certificate has been checked already, so this refuses no request. */
static int accept(struct caller *caller, size_t provider, const struct request *request,
                  struct caller_identity *out, struct refusal *refusal)
{
    (void)caller, (void)provider, (void)request, (void)out, (void)refusal;
    return 0;
}

const struct caller_mode_row caller_mtls = {.authenticate = accept};

static const struct caller_mode_row *const modes[CALLER_MODES] = {
    [CALLER_MTLS_ONLY] = &caller_mtls,
    [CALLER_JWT] = &caller_jwt,
    [CALLER_API_KEY] = &caller_api_key,
    [CALLER_CLIENT_CREDENTIALS] = &caller_client_credentials};

/* --- life ------------------------------------------------------------------------------------- */

static int open_members(struct caller *caller, struct lfi_error *error)
{
    size_t count = caller->config.provider_count;

    caller->members = calloc(count, sizeof(*caller->members));
    caller->audiences = calloc(count, sizeof(*caller->audiences));
    if (!caller->members || !caller->audiences) {
        return error_set(error, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        struct caller_member *member = &caller->members[i];
        member->provider = &caller->config.providers[i];
        const struct caller_mode_row *mode = modes[member->provider->mode];
        if (mode->open && mode->open(caller, member, error) != 0) {
            return -1;
        }
    }
    return 0;
}

int caller_new(struct caller **out, const struct caller_config *config, const struct clock *clock,
               const struct log *log, struct metrics *metrics, struct lfi_error *error)
{
    struct caller *caller = calloc(1, sizeof(*caller));

    *out = NULL;
    if (!caller) {
        return error_set(error, "out of memory");
    }
    caller->config = *config;
    caller->clock = clock;
    caller->log = log;
    caller->metrics = metrics;
    if (open_members(caller, error) != 0) {
        caller_free(caller);
        return -1;
    }
    caller->config.previous = NULL;
    *out = caller;
    return 0;
}

void caller_commit(struct caller *caller)
{
    if (caller->resize &&
        !replay_resize(caller->replay, caller->resize, clock_now_s(caller->clock))) {
        LOG_EVENT(
            caller->log, LOG_WARN, "replay-entries-kept",
            LOG_TEXT("reason", SLICE("more token ids still count than caller.replayEntries")));
    }
    caller->resize = NULL;
}

void caller_free(struct caller *caller)
{
    if (!caller) {
        return;
    }
    for (size_t i = 0; caller->members && i < caller->config.provider_count; i++) {
        struct caller_member *member = &caller->members[i];
        if (member->made) {
            modes[member->provider->mode]->close(member->made);
        }
    }
    keystore_free(caller->keystore);
    replay_table_free(caller->resize);
    replay_free(caller->replay);
    free(caller->audiences);
    free(caller->members);
    free(caller);
}

/* --- certificate ------------------------------------------------------------------------------ */

int caller_check_certificate(const struct caller *caller, const struct request *request,
                             struct caller_subject *out, struct refusal *refusal)
{
    if (!request->peer) {
        return caller_refuse(refusal, "CALLER-NO-CERT");
    }
    *out = subject_of(request->arena, request->peer);
    if (!caller_is_pinned(&caller->config, out->ou)) {
        refusal_set(refusal, "CALLER-OU", 403, "GenericError", "The caller is not accepted.");
        refusal_detail(refusal, "OU of the certificate: %.*s",
                       (int)(out->ou.len < 64 ? out->ou.len : 64), out->ou.ptr ? out->ou.ptr : "");
        return -1;
    }
    return 0;
}

/* --- credential ------------------------------------------------------------------------------- */

/* Tries the mode of every provider. When all refuse, the refusal is that of the first. */
static int authenticate_anywhere(struct caller *caller, const struct request *request,
                                 struct caller_identity *identity, struct refusal *refusal)
{
    struct refusal first = {0};

    for (size_t i = 0; i < caller->config.provider_count; i++) {
        *refusal = (struct refusal){0};
        if (modes[caller->config.providers[i].mode]->authenticate(caller, i, request, identity,
                                                                  refusal) == 0) {
            return 0;
        }
        if (!first.id) {
            first = *refusal;
        }
    }
    *refusal = first;
    return -1;
}

/* The value of the only header of this name; absent when there is none, or more than one. */
static struct lfi_slice only_header(const struct request *request, const char *name)
{
    size_t count = 0;
    struct lfi_slice value = request_header(request, name, &count);
    return count == 1 ? value : (struct lfi_slice){NULL, 0};
}

bool caller_has_connect_token(const struct caller *caller, size_t provider,
                              const struct request *request)
{
    struct lfi_slice scheme, rest = only_header(request, "authorization");

    if (provider >= caller->config.provider_count ||
        !caller->config.providers[provider].takes_connect_tokens ||
        !slice_next(&rest, ' ', &scheme) || !slice_equal_nocase(scheme, "bearer")) {
        return false;
    }
    return connect_token_is(caller->config.connect_tokens, caller->config.providers[provider].id,
                            only_header(request, "o3-consent-id"), slice_trim(rest));
}

int caller_authenticate(struct caller *caller, size_t provider, const struct request *request,
                        struct caller_identity *identity, struct refusal *refusal)
{
    if (provider == CALLER_NO_PROVIDER) {
        return authenticate_anywhere(caller, request, identity, refusal);
    }
    const struct caller_mode_row *mode = modes[caller->config.providers[provider].mode];
    if (mode->authenticate(caller, provider, request, identity, refusal) != 0) {
        metrics_count(caller->metrics, mode->refused);
        return -1;
    }
    return 0;
}
