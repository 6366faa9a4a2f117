/* A file of payments at a Hub: its upload, and the bank's report on its payment. */
#include "bank.h"
#include "payment_terms.h"
#include "rows_hub_payment_initiation.h"
#include "tpp/answer.h"
#include "tpp/payment_found.h"

/* --- the upload ------------------------------------------------------------------------------- */

/* The consent must be one of this TPP, to a file, and not decided. */
static int check_consent(struct tpp_call *call, struct lfi_slice consent_id)
{
    struct store *store = call->base.sim->store;
    store_lock(store);
    struct consent *consent = store_find(store, call->base.hub, consent_id);
    bool own = consent && consent->tpp == call->tpp && consent->grant;
    bool to_file = own && payment_file_terms(consent);
    bool open = to_file &&
                slice_equal_text(consent_status(call->base.sim, consent), "AwaitingAuthorization");
    store_unlock(store);
    if (open) {
        return 0;
    }
    return resource_refuse(call, "TPP-CONSENT", 400, "Consent.Invalid",
                           to_file ? "The consent awaits no file any more."
                                   : "There is no such consent to a file of payments.");
}

int tpp_upload_file(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    struct bank_answer answer;
    struct refusal refusal = {0};
    struct lfi_slice id = request_decode(base->arena, base->found.contract.path_values[0], false);
    struct lfi_slice type = request_header(base->request, "content-type", NULL);
    if (resource_need_scope(call, "payments") != 0 || check_consent(call, id) != 0) {
        return -1;
    }
    (void)bank_ask_about(
        call->base.sim,
        &(struct bank_about){
            .consent_id = id,
            .method = "POST",
            .path = arena_format(base->arena, "/payment-consents/%.*s/file", SLICE_ARG(id)),
            .body = base->request->body,
            .content_type = arena_text(base->arena, type),
            .api_uri = tpp_api_uri(call),
            .interaction_id = call->interaction_id},
        base->arena, &answer, &refusal);
    int rc = answer_judge(call, &answer, &refusal, 204);
    if (rc == 0) {
        base->reply->content_type = NULL;
        base->reply->status = 200;
    }
    bank_answer_free(&answer);
    return rc;
}

/* --- the report ------------------------------------------------------------------------------- */

int tpp_show_report(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    struct bank_answer answer;
    struct refusal refusal = {0};
    struct payment_found found;
    struct lfi_slice id = request_decode(base->arena, base->found.contract.path_values[0], false);
    call->as_jwt = false; /* in the bank's own format */
    if (resource_need_scope(call, "payments") != 0 || !tpp_payment_find(call, id, true, &found)) {
        return -1;
    }
    (void)bank_ask_about(
        call->base.sim,
        &(struct bank_about){
            .consent_id = slice_of(found.consent_id),
            .method = "GET",
            .path = arena_format(base->arena, "/payments/%.*s/report-file", SLICE_ARG(id)),
            .api_uri = tpp_api_uri(call),
            .interaction_id = call->interaction_id},
        base->arena, &answer, &refusal);
    int rc = answer_judge(call, &answer, &refusal, 200);
    if (rc == 0) {
        buf_append_slice(&base->reply->body, buf_slice(&answer.http.body));
        base->reply->content_type = arena_text(base->arena, slice_of(answer.http.content_type));
        base->reply->status = 200;
    }
    bank_answer_free(&answer);
    tpp_payment_found_free(&found);
    return rc;
}
