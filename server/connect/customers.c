/* Who the customer is. (Data sharing 9.2.) */
#include "connect/call.h"

#include "routes_ozone_connect.h"

/* Found by the PSU identifier alone: neither consent nor account plays a part. */
int connect_find_customer(struct call *call)
{
    struct lfi_slice user_id;
    struct lfi_error error = {""};
    if (!PROVIDER_HAS(call->provider, customer)) {
        return outcome_not_offered(call);
    }
    if (access_user(call, &user_id) != 0) {
        return -1;
    }
    int rc =
        call->provider->ops->customer(call->provider->core, user_id, single_sink(call), &error);
    return outcome_check(call, OUTCOME_USER, rc, &error) == 0 ? single_end(call) : -1;
}
