#include "connect/caap.h"

#include "contract_caap.h"
#include "rows_caap.h"

bool caap_is_choice(const struct call *call)
{
    return slice_equal_text(
        contract_parameter(&call->parameters, CAAP_O3_IS_CAAP_CONSENT_OPERATION), "true");
}

int caap_check_choice(struct call *call)
{
    struct caap_user user;
    if (!caap_is_choice(call)) {
        return 0;
    }
    if (caap_user_of(call, call->core.user_id, &user) != 0) {
        return -1;
    }
    return user.link.state == LINK_LINKED || !call->provider->caap_rules.require_link
               ? 0
               : caap_refuse_user(call, "the user is not registered");
}
