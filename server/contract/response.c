#include "contract/body.h"

/* The exact status, else its class (2XX), else default. */
static const struct contract_response_rules *find_rules(const struct contract_operation *operation,
                                                        int status)
{
    const struct contract_response_rules *found = NULL;
    for (size_t i = 0; i < operation->response_count; i++) {
        const struct contract_response_rules *rules = &operation->responses[i];
        if (rules->status == status)
            return rules;
        if (rules->status == -(status / 100) ||
            (rules->status == CONTRACT_STATUS_DEFAULT && !found))
            found = rules;
    }
    return found;
}

int contract_check_response(const struct contract_operation *operation, int status,
                            struct lfi_slice content_type, struct lfi_slice body,
                            struct contract_violation *violation)
{
    const struct contract_response_rules *rules = find_rules(operation, status);
    if (!rules)
        return contract_violate(violation, "status", "$", "is not a status of this operation");
    if (rules->body.media != CONTRACT_MEDIA_NONE)
        return contract_check_body(&rules->body, content_type, body, NULL, violation);
    /* a redirect may carry a note for people */
    if (body.len > 0 && status / 100 != 3)
        return contract_violate(violation, "body", "$", "there should be none");
    return 0;
}
