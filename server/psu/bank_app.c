#include "psu/bank_app.h"

#include "base/array.h"
#include "base/core_answer.h"
#include "psu/sealed_box.h"
#include "psu/steps.h"
#include "rows_bank_app.h"

#define LINK_BYTES 2000

/* The device that a link stands for, as long as the journey it was made for could last. */
struct device {
    struct lfi_slice provider, user_id;
    struct lfi_slice approval_id; /* that of the journey which made the link: shown first */
    int64_t until_s;
};

static const struct box_member device_members[] = {
    {"provider", BOX_TEXT, offsetof(struct device, provider), true},
    {"user", BOX_TEXT, offsetof(struct device, user_id), true},
    {"approval", BOX_TEXT, offsetof(struct device, approval_id), false},
    {"until", BOX_UNTIL, offsetof(struct device, until_s), true},
};

static const struct box_format device_format = {"device", device_members,
                                                ARRAY_LEN(device_members)};

void bank_app_append_link(struct actor actor, struct json_writer *writer)
{
    const struct session *session = actor.session;
    const struct device device = {.provider = session->provider,
                                  .user_id = session->user_id,
                                  .approval_id = session->approval_id,
                                  .until_s = session->started_s + actor.psu->session_s};
    struct buf link;
    buf_init(&link, LINK_BYTES);
    buf_append_text(&link, "/bank-app#");
    if (sealed_box_close(actor.psu->seal, &device_format, &device, &link) == 0) {
        json_string(writer, "openApp", buf_slice(&link));
    }
    buf_free(&link);
}

static bool open_link(struct context *context, struct lfi_slice link, struct device *out)
{
    const struct psu *psu = context->psu;
    return sealed_box_open(psu->seal, context->arena, &device_format, link, clock_now_s(psu->clock),
                           out) &&
           context_find_endpoint(context, out->provider);
}

static int append_record(void *ctx, struct lfi_slice json, const void *facts)
{
    (void)facts;
    json_raw(ctx, NULL, json);
    return 0;
}

/* The device of the call, whose core may be asked. False, having answered. */
static bool enter(struct call *call, struct device *out)
{
    struct context *context = step_context(call);
    if (!open_link(context, json_get_string(step_body(call), "device"), out)) {
        context_refuse(context, 401, "APP-LINK", NULL);
        return false;
    }
    return context_enter_or_refuse(context, contract_operation_path(call->operation) + 1);
}

int bank_app_list(struct call *call)
{
    struct context *context = step_context(call);
    struct device device;
    struct json_writer w;
    struct lfi_error error = {{0}};
    if (!enter(call, &device)) {
        return 0;
    }
    struct core_answer answer = core_answer(append_record, &w);
    const struct provider *provider = context->endpoint->provider;
    const struct lfi_call core = core_call(provider->host, context->request->cancellation);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = device.user_id};
    context_begin_view(context, &w, "approvals");
    json_string(&w, "asked", device.approval_id);
    json_open_array(&w, "approvals");
    int status =
        provider->signin->approvals_waiting(provider->core, &core, &query, &answer.base, &error);
    json_close_array(&w);
    if (status == LFI_OK && PROVIDER_SERVES(provider, signin, messages)) {
        json_open_array(&w, "messages");
        status = provider->signin->messages(provider->core, &core, &query, &answer.base, &error);
        json_close_array(&w);
    }
    json_close_object(&w);
    if (status != LFI_OK) {
        (void)context_refuse_failed(context, STEP_APP, status, &error);
    }
    return 0;
}

int bank_app_decide(struct call *call)
{
    struct context *context = step_context(call);
    struct device device;
    struct json_writer w;
    struct lfi_error error = {{0}};
    if (!enter(call, &device)) {
        return 0;
    }
    const struct provider *provider = context->endpoint->provider;
    const struct lfi_call core = core_call(provider->host, context->request->cancellation);
    const struct lfi_approval approval = {.size = sizeof(approval),
                                          .user_id = device.user_id,
                                          .approval_id =
                                              json_get_string(step_body(call), "approvalId")};
    int status = provider->signin->approval_decide(
        provider->core, &core, &approval, json_get_bool(step_body(call), "approve", false), &error);
    if (status != LFI_OK) {
        (void)context_refuse_failed(context, STEP_APP, status, &error);
        return 0;
    }
    context_begin_view(context, &w, "decided");
    json_close_object(&w);
    return 0;
}

const struct step_api bank_app_api = {.flow = &flow_bank_app, .prefix = "/bank-app/"};
