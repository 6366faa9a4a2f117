#include "psu/bank_app.h"

#include "base/core_answer.h"
#include "psu/steps.h"
#include "rows_bank_app.h"

#define PURPOSE "device"
#define LINK_BYTES 2000

struct device {
    const struct provider *provider;
    struct lfi_slice user_id;
    struct lfi_slice approval_id; /* that of the journey which made the link: shown first */
};

void bank_app_append_link(struct visit *visit, struct json_writer *writer)
{
    struct buf clear;
    struct buf link;
    struct json_writer w;
    buf_init(&clear, LINK_BYTES);
    buf_init(&link, LINK_BYTES);
    json_begin(&w, &clear);
    json_open_object(&w, NULL);
    json_string(&w, "provider", visit->session.provider);
    json_string(&w, "user", visit->session.user_id);
    json_string(&w, "approval", visit->session.approval_id);
    json_int(&w, "started", visit->session.started_s);
    json_close_object(&w);
    buf_append_text(&link, "/bank-app#");
    if (!clear.failed && seal_close(visit->psu->seal, PURPOSE, buf_slice(&clear), &link) == 0 &&
        !link.failed) {
        json_string(writer, "openApp", buf_slice(&link));
    }
    buf_free(&clear);
    buf_free(&link);
}

/* The device that a link stands for, as long as the journey it was made for could last. */
static bool open_link(struct visit *visit, struct lfi_slice link, struct device *out)
{
    const struct psu *psu = visit->psu;
    struct lfi_slice clear = seal_open(psu->seal, visit->arena, PURPOSE, link);
    cJSON *tree = !clear.ptr ? NULL : json_parse(clear);
    struct lfi_slice provider = json_get_string(tree, "provider");
    int64_t started = 0;
    *out = (struct device){
        .user_id = arena_keep(visit->arena, json_get_string(tree, "user")),
        .approval_id = arena_keep(visit->arena, json_get_string(tree, "approval")),
    };
    bool valid = json_get_int(tree, "started", &started) &&
                 clock_now_s(psu->clock) < started + psu->session_s &&
                 visit_find_endpoint(visit, provider) && out->user_id.len > 0;
    out->provider = valid ? visit->endpoint->provider : NULL;
    cJSON_Delete(tree);
    return valid;
}

static int append_record(void *ctx, struct lfi_slice json, const void *facts)
{
    (void)facts;
    json_raw(ctx, NULL, json);
    return 0;
}

static void refuse_core(struct visit *visit, int status, const struct lfi_error *error)
{
    if (status == LFI_UNKNOWN) {
        visit_refuse(visit, 404, "APP-UNKNOWN", NULL);
    } else if (status == LFI_DENIED) {
        visit_refuse(visit, 409, "APP-DECIDED", NULL);
    } else {
        visit_refuse(visit, 503, "CORE-UNAVAILABLE", error->message);
    }
}

/* The device of the call, whose core may be asked. False, having answered. */
static bool enter(struct call *call, struct device *out)
{
    struct visit *visit = step_visit(call);
    if (!open_link(visit, json_get_string(step_body(call), "device"), out)) {
        visit_refuse(visit, 401, "APP-LINK", NULL);
        return false;
    }
    return visit_enter_or_refuse(visit, contract_operation_path(call->operation) + 1);
}

int bank_app_list(struct call *call)
{
    struct visit *visit = step_visit(call);
    struct device device;
    struct json_writer w;
    struct lfi_error error = {{0}};
    if (!enter(call, &device)) {
        return 0;
    }
    struct core_answer answer = core_answer(append_record, &w);
    const struct provider *provider = device.provider;
    const struct lfi_call core = core_call(provider->host, visit->request->cancellation);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = device.user_id};
    visit_begin_view(visit, &w, "approvals");
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
        refuse_core(visit, status, &error);
    }
    return 0;
}

int bank_app_decide(struct call *call)
{
    struct visit *visit = step_visit(call);
    struct device device;
    struct json_writer w;
    struct lfi_error error = {{0}};
    if (!enter(call, &device)) {
        return 0;
    }
    const struct provider *provider = device.provider;
    const struct lfi_call core = core_call(provider->host, visit->request->cancellation);
    const struct lfi_approval approval = {.size = sizeof(approval),
                                          .user_id = device.user_id,
                                          .approval_id =
                                              json_get_string(step_body(call), "approvalId")};
    int status = provider->signin->approval_decide(
        provider->core, &core, &approval, json_get_bool(step_body(call), "approve", false), &error);
    if (status != LFI_OK) {
        refuse_core(visit, status, &error);
        return 0;
    }
    visit_begin_view(visit, &w, "decided");
    json_close_object(&w);
    return 0;
}

const struct step_api bank_app_api = {.flow = &flow_bank_app, .prefix = "/bank-app/"};
