#include "oauth/ask.h"

int oauth_refuse_request(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 400, "invalid_request", message);
}

int oauth_refuse_client(struct refusal *refusal, const char *id, const char *detail)
{
    (void)refusal_set(refusal, id, 401, "invalid_client", "The client is not authenticated.");
    refusal_detail(refusal, "%s", detail);
    return -1;
}

int oauth_refuse_temporarily(struct refusal *refusal, const char *id, const char *detail)
{
    (void)refusal_set(refusal, id, 503, "temporarily_unavailable",
                      "The client cannot be authenticated at the moment.");
    refusal_detail(refusal, "%.190s", detail);
    return -1;
}
