/* Payments: what the functions of server/payments need, out of a call. */
#include "connect/operation.h"
#include "payments/create.h"
#include "payments/file.h"
#include "payments/find.h"
#include "payments/fx.h"
#include "payments/opening.h"

#include "contract_service_initiation.h"
#include "rows_service_initiation.h"

static struct payment_means means_of(const struct call *call)
{
    const struct contract_parameters *parameters = &call->parameters;
    const struct connect *connect = call->connect;
    size_t provider = provider_index(connect->config.providers, call->provider);
    return (struct payment_means){
        .offers = call_offers(call),
        .hub = call->peers->hubs[provider],
        .copies = connect->copies,
        .pii = call->peers->pii,
        .state = connect->config.state,
        .clock = connect->clock,
        .log = connect->log,
        .client_id = contract_parameter(parameters, SERVICE_INITIATION_O3_CALLER_CLIENT_ID),
        .software_id =
            contract_parameter(parameters, SERVICE_INITIATION_O3_CALLER_SOFTWARE_STATEMENT_ID)};
}

int connect_create_payment(struct call *call)
{
    const struct payment_means means = means_of(call);
    return means.pii ? payment_create(call, &means) : outcome_not_offered(call);
}

int connect_find_payment(struct call *call)
{
    return payment_find(call, contract_parameter(&call->parameters, SERVICE_INITIATION_PAYMENT_ID));
}

int connect_refund_account(struct call *call)
{
    const struct payment_means means = means_of(call);
    return payment_refund_account(
        call, &means, contract_parameter(&call->parameters, SERVICE_INITIATION_CONSENT_ID));
}

int connect_request_opening(struct call *call)
{
    return opening_request(
        call, contract_parameter(&call->parameters, SERVICE_INITIATION_O3_CALLER_CLIENT_ID));
}

int connect_find_opening(struct call *call)
{
    const struct contract_parameters *parameters = &call->parameters;
    return opening_find(call,
                        contract_parameter(parameters, SERVICE_INITIATION_O3_CALLER_CLIENT_ID),
                        contract_parameter(parameters, SERVICE_INITIATION_ACCOUNT_ID));
}

int connect_quote_fx(struct call *call)
{
    return fx_quote(call,
                    contract_parameter(&call->parameters, SERVICE_INITIATION_O3_CALLER_CLIENT_ID));
}

int connect_find_fx_quote(struct call *call)
{
    const struct contract_parameters *parameters = &call->parameters;
    return fx_find(call, contract_parameter(parameters, SERVICE_INITIATION_O3_CALLER_CLIENT_ID),
                   contract_parameter(parameters, SERVICE_INITIATION_FX_QUOTE_ID));
}

int connect_accept_fx_quote(struct call *call)
{
    const struct contract_parameters *parameters = &call->parameters;
    return fx_accept(call, contract_parameter(parameters, SERVICE_INITIATION_O3_CALLER_CLIENT_ID),
                     contract_parameter(parameters, SERVICE_INITIATION_FX_QUOTE_ID));
}

int connect_expect_file(struct call *call)
{
    const struct payment_means means = means_of(call);
    return file_expect(call, &means);
}

int connect_take_file(struct call *call)
{
    const struct payment_means means = means_of(call);
    return file_take(call, &means,
                     contract_parameter(&call->parameters, SERVICE_INITIATION_CONSENT_ID));
}

int connect_report_file(struct call *call)
{
    return file_report(call, contract_parameter(&call->parameters, SERVICE_INITIATION_PAYMENT_ID));
}
