/* Insurance policies in CAAP's form: those of a consent, or all to choose from. (CAAP 12.) */
#include "connect/caap.h"
#include "connect/policies.h"

#include "contract_caap.h"
#include "rows_caap.h"

int connect_caap_policies(struct call *call)
{
    struct policy_ids ids = {NULL, 0};
    struct lfi_slice text = contract_parameter(&call->parameters, CAAP_INSURANCE_POLICY_IDS);
    bool choice = caap_is_choice(call);
    if (list_page(call) != 0 || access_read_user(call) != 0 || caap_check_choice(call) != 0 ||
        (!(choice && text.len == 0) && policies_read_ids(call, text, &ids) != 0)) {
        return -1;
    }
    return choice ? policies_list_choices(call, &ids) : policies_list_consented(call, &ids);
}
