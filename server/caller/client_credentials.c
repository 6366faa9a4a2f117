/* Client credentials: an access token that the Hub has got beforehand. (Hub to bank 4.1.) */
#include "caller/access_check.h"
#include "caller/mode.h"

static int access_open(struct caller *caller, struct caller_member *member, struct lfi_error *error)
{
    (void)member;
    return caller_open_keystore(caller, error);
}

static int access_authenticate(struct caller *caller, size_t provider,
                               const struct request *request, struct caller_identity *out,
                               struct refusal *refusal)
{
    (void)out;
    return access_check(caller->config.providers[provider].access, caller->keystore,
                        clock_now_s(caller->clock), request, refusal);
}

const struct caller_mode_row caller_client_credentials = {.refused = METRICS_REFUSED_ACCESS_TOKEN,
                                                          .open = access_open,
                                                          .authenticate = access_authenticate};
