/* Client credentials: an access token that the Hub has got beforehand. (Hub to bank 4.1.) */
#include "caller/access_check.h"
#include "caller/mode.h"

static int access_open(struct caller *caller, struct caller_member *member, struct lfi_error *error)
{
    (void)member;
    return caller_open_keystore(caller, error);
}

/* What the first provider of the mode says of a token that is none of theirs. */
static int check_anywhere(struct caller *caller, const struct request *request, int64_t now_s,
                          struct refusal *refusal)
{
    struct refusal first = {0};

    for (size_t i = 0; i < caller->config.provider_count; i++) {
        const struct caller_provider *provider = &caller->config.providers[i];
        if (provider->mode != CALLER_CLIENT_CREDENTIALS) {
            continue;
        }
        if (access_check(provider->access, caller->keystore, now_s, request, refusal) == 0) {
            return 0;
        }
        if (!first.id) {
            first = *refusal;
        }
    }
    *refusal = first;
    return -1;
}

static int access_authenticate(struct caller *caller, size_t provider,
                               const struct request *request, struct caller_identity *out,
                               struct refusal *refusal)
{
    const int64_t now_s = clock_now_s(caller->clock);

    (void)out;
    return provider == CALLER_NO_PROVIDER ? check_anywhere(caller, request, now_s, refusal)
                                          : access_check(caller->config.providers[provider].access,
                                                         caller->keystore, now_s, request, refusal);
}

const struct caller_mode_row caller_client_credentials = {.refused = METRICS_REFUSED_ACCESS_TOKEN,
                                                          .open = access_open,
                                                          .authenticate = access_authenticate};
