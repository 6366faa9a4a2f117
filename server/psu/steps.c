/* What the steps share. */
#include "psu/steps.h"

#include "psu/finish.h"
#include "psu/journey_record.h"
#include "rows_journey.h"

#define TPP_NAME_BYTES 120 /* in the cookie; escaped it may take six times as much */

bool step_load_consent(struct context *context, cJSON **tree, struct consent *consent)
{
    struct lfi_error error;
    if (hub_get_consent(context->endpoint->hub, context->arena, context->session.consent_id, tree,
                        &error) != HUB_OK) {
        finish_refuse(context, ending_of_hub(context->session.stage));
        return false;
    }
    consent_read(*tree, consent);
    context->session.tpp =
        arena_keep(context->arena, slice_cut(consent_beneficiary(consent), TPP_NAME_BYTES));
    return true;
}

bool step_check_open(struct context *context, const struct consent *consent)
{
    if (!consent_is_open(consent, clock_now_us(context->psu->clock))) {
        finish_refuse(context, ENDING_CONSENT_CLOSED);
        return false;
    }
    bool supported =
        consent->kind->journey &&
        consent_is_offered(consent, &context->endpoint->provider->offers) &&
        (!consent->kind->pays || consent->payment) &&
        (!consent->payment || !consent->payment->file || context->endpoint->provider->files);
    if (!supported && context->session.stage >= SESSION_REVIEW) {
        finish_refuse(context, ENDING_NOT_SUPPORTED);
        return false;
    }
    return true;
}

int step_extend(struct call *call)
{
    struct context *context = step_context(call);
    struct json_writer w;
    struct lfi_error error = {{0}};
    int status = context->session.extensions < SESSION_EXTENSIONS_MAX
                     ? journey_record_extend(context_actor(context), &error)
                     : LFI_DENIED;
    if (status != LFI_OK) {
        (void)context_refuse_failed(context, STEP_EXTENSION, status, &error);
    } else if (context_keep_session(context) == 0) {
        context_begin_view(context, &w, "extended");
        json_close_object(&w);
    }
    return 0;
}
