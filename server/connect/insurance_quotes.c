/* Quotes of insurance. (Insurance 6, 7.) */
#include "connect/operation.h"
#include "payments/quotes.h"

#include "contract_insurance.h"
#include "rows_insurance.h"

static struct lfi_slice client_of(const struct call *call)
{
    return contract_parameter(&call->parameters, INSURANCE_O3_CALLER_CLIENT_ID);
}

int connect_request_quote(struct call *call)
{
    return quotes_request(call, client_of(call));
}

int connect_find_quote(struct call *call)
{
    return quotes_find(call, client_of(call),
                       contract_parameter(&call->parameters, INSURANCE_QUOTE_ID));
}

int connect_update_quote(struct call *call)
{
    return quotes_update(call, client_of(call),
                         contract_parameter(&call->parameters, INSURANCE_QUOTE_ID));
}

int connect_issue_policy(struct call *call)
{
    return quotes_issue(call, client_of(call));
}
