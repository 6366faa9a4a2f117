#include "psu/journey.h"

#include "psu/finish.h"
#include "psu/steps.h"
#include "rows_journey.h"

static void show(struct visit *visit)
{
    if (visit->session.stage == SESSION_SIGN_IN) {
        step_show_sign_in(visit);
    } else if (visit->session.stage == SESSION_APPROVAL) {
        step_show_approval(visit);
    } else if (visit->session.stage == SESSION_STEP_UP) {
        step_show_step_up(visit);
    } else {
        step_show_review(visit);
    }
}

const struct step_api journey_api = {
    .flow = &flow_journey,
    .prefix = "/journey/",
    .kind = SESSION_JOURNEY,
    .show = show,
    .repeat = finish_repeat,
};
