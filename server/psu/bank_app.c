#include "psu/bank_app.h"

#include "base/array.h"
#include "base/core_answer.h"
#include "psu/password.h"
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
           context_find_provider(context, out->provider);
}

/* A page whose customer has signed in to the app itself, for as long as a journey lasts. */
static void reply_device(struct context *context, struct lfi_slice provider,
                         const struct lfi_id *user_id)
{
    const struct psu *psu = context->psu;
    const struct device device = {.provider = provider,
                                  .user_id = slice_of(user_id->text),
                                  .until_s = clock_now_s(psu->clock) + psu->session_s};
    struct buf link;
    struct json_writer w;
    buf_init(&link, LINK_BYTES);
    if (sealed_box_close(psu->seal, &device_format, &device, &link) != 0) {
        context_refuse(context, 500, "INTERNAL", "the link cannot be sealed");
    } else {
        context_begin_view(context, &w, "device");
        json_string(&w, "device", buf_slice(&link));
        json_close_object(&w);
    }
    buf_free(&link);
}

int bank_app_sign_in(struct call *call)
{
    struct context *context = step_context(call);
    const cJSON *body = step_body(call);
    struct lfi_slice provider = json_get_string(body, "provider");
    struct rate_limit_uses uses;
    struct lfi_id user_id = {{0}};
    struct lfi_error error = {{0}};
    if (!context_find_provider(context, provider) || !context->endpoint->provider->signin) {
        context_refuse(context, 404, "PROVIDER-UNKNOWN", NULL);
        return 0;
    }
    context->session.provider = provider;
    if (!context_enter_or_refuse(context, "bank-app/sign-in") ||
        !password_take_try(context, json_get_string(body, "login"), &uses)) {
        return 0;
    }
    int status = password_check(context, body, &user_id, &error);
    if (status != LFI_DENIED) {
        rate_limit_give_back(context_actor(context), &uses);
    }
    if (status == LFI_OK) {
        reply_device(context, provider, &user_id);
    } else if (status == LFI_DENIED || status == LFI_BLOCKED) {
        struct json_writer w;
        context_begin_view(context, &w, "sign-in");
        json_text(&w, "problem", "wrong-credentials");
        json_close_object(&w);
    } else if (status != LFI_STOPPED) {
        (void)context_refuse_failed(context, STEP_APP, status, &error);
    }
    return 0;
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
