/* What the steps share. */
#include "psu/steps.h"

#include "psu/finish.h"
#include "psu/note.h"
#include "rows_journey.h"

#define TPP_NAME_BYTES 120 /* in the cookie; escaped it may take six times as much */

bool step_load_consent(struct visit *visit, cJSON **tree, struct consent *consent)
{
    struct lfi_error error;
    if (hub_get_consent(visit->endpoint->hub, visit->arena, visit->session.consent_id, tree,
                        &error) != HUB_OK) {
        finish_refuse(visit, ending_of_hub(visit->session.stage));
        return false;
    }
    consent_read(*tree, consent);
    visit->session.tpp =
        arena_keep(visit->arena, slice_cut(consent_beneficiary(consent), TPP_NAME_BYTES));
    return true;
}

bool step_check_open(struct visit *visit, const struct consent *consent)
{
    if (!consent_is_open(consent, clock_now_us(visit->psu->clock))) {
        finish_refuse(visit, ENDING_CONSENT_CLOSED);
        return false;
    }
    bool supported =
        consent->kind->journey && consent_is_offered(consent, &visit->endpoint->provider->offers);
    if (!supported && visit->session.stage >= SESSION_REVIEW) {
        finish_refuse(visit, ENDING_NOT_SUPPORTED);
        return false;
    }
    return true;
}

int step_extend(struct call *call)
{
    struct visit *visit = step_visit(call);
    struct json_writer w;
    struct lfi_error error = {{0}};
    int status = visit->session.extensions < SESSION_EXTENSIONS_MAX
                     ? note_extend(visit_actor(visit), &error)
                     : LFI_DENIED;
    if (status != LFI_OK) {
        (void)visit_refuse_failed(visit, STEP_EXTENSION, status, &error);
    } else if (visit_keep_session(visit) == 0) {
        visit_begin_view(visit, &w, "extended");
        json_close_object(&w);
    }
    return 0;
}
