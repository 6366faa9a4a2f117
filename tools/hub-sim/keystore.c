#include "keystore.h"

#include "about.h"
#include "contract_hub_keystore.h"
#include "flow/dispatch.h"
#include "flow/flow.h"
#include "participants.h"
#include "rows_hub_keystore.h"
#include "sim_call.h"
#include "software.h"
#include "tpps.h"

int keystore_open(struct sim *sim, struct lfi_error *error)
{
    static const struct api api = {.flow = &flow_hub_keystore};
    return apis_new(&sim->key_apis, &api, 1, error);
}

static int show(struct call *call, struct lfi_slice ou, struct lfi_slice cn)
{
    struct reply *reply = call->reply;
    bool known = directory_append_keys(sim_call_of(call)->sim->directory, ou, cn, &reply->body);
    reply->status = known ? 200 : 404;
    reply->content_type = known ? "application/json" : NULL;
    return 0;
}

int keystore_show_keys(struct call *call)
{
    return show(call, contract_parameter(&call->parameters, HUB_KEYSTORE_OU),
                contract_parameter(&call->parameters, HUB_KEYSTORE_CN));
}

int keystore_show_software_keys(struct call *call)
{
    return show(call, contract_parameter(&call->parameters, HUB_KEYSTORE_SOFTWARE_STATEMENT_ID),
                SLICE(""));
}

/* The one of an organisation's software; NULL: there is none, or the directory does not know it. */
static const struct tpp *find_software(const struct sim *sim, struct lfi_slice organisation,
                                       struct lfi_slice software)
{
    for (size_t i = 0; i < tpp_count; i++) {
        if (slice_equal_text(organisation, tpps[i].org_id) &&
            slice_equal_text(software, tpps[i].software_id) && sim->tpp_signers[i]) {
            return &tpps[i];
        }
    }
    return NULL;
}

int keystore_show_assertion(struct call *call)
{
    const struct sim *sim = sim_call_of(call)->sim;
    const struct tpp *tpp =
        find_software(sim, contract_parameter(&call->parameters, HUB_KEYSTORE_ORGANISATION_ID),
                      contract_parameter(&call->parameters, HUB_KEYSTORE_SOFTWARE_STATEMENT_ID));
    if (!tpp || !sim->directory_signer) {
        call->reply->status = 404;
        return 0;
    }
    bool made = software_append_assertion(sim, tpp, &call->reply->body) == 0;
    call->reply->status = made ? 200 : 500;
    call->reply->content_type = made ? "application/jwt" : NULL;
    return 0;
}

int keystore_show_participants(struct call *call)
{
    sim_reply_json(call->reply, 200, participants_describe(sim_call_of(call)->sim));
    reply_header(call->reply, "Cache-Control", SLICE("max-age=900"));
    return 0;
}

void keystore_handle(void *ctx, const struct request *request, struct reply *reply)
{
    struct sim *sim = ctx;
    struct refusal refusal = {0};
    struct sim_call call = {
        .base = {.request = request, .arena = request->arena, .reply = reply, .refusal = &refusal},
        .sim = sim};
    static const struct about about = {"The directory: participants and their public keys",
                                       "/participants"};
    if (slice_equal_text(request->path, "/")) {
        about_answer(sim, &about, request, reply);
    } else if (!faults_apply(sim->faults, FAULT_KEYSTORE, reply)) {
        dispatch_find(&call.base, sim->key_apis);
        if (dispatch_route(&call.base) != 0 || dispatch_check_request(&call.base) != 0 ||
            flow_run(&call.base) != 0) {
            reply->status = refusal.status; /* who asks for keys looks at nothing else */
        }
    }
    LOG_EVENT(sim->log, LOG_INFO, "keystore", LOG_TEXT("path", request->path),
              LOG_NUMBER("status", reply->status));
}
