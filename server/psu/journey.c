#include "psu/journey.h"

#include "psu/finish.h"
#include "psu/hand_over.h"
#include "psu/steps.h"

static void show(struct visit *visit, const cJSON *body)
{
    (void)body;
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

/* --- what is allowed when --------------------------------------------------------------------- */

#define ANY (IN(SESSION_SIGN_IN) | IN(SESSION_APPROVAL) | IN(SESSION_REVIEW) | IN(SESSION_STEP_UP))

static const struct step steps[] = {
    {"state", "State", ANY, show},
    {"sign-in", "SignIn", IN(SESSION_SIGN_IN), step_sign_in},
    {"passkey-options", "Step", IN(SESSION_SIGN_IN), step_offer_passkey},
    {"passkey", "UsePasskey", IN(SESSION_SIGN_IN), step_use_passkey},
    {"hand-over", "Step", IN(SESSION_SIGN_IN), step_hand_over},
    {"wait", "Step", IN(SESSION_SIGN_IN), step_wait},
    {"take-over", "TakeOver", STEP_WITHOUT_SESSION, step_take_over},
    {"approval", "Step", IN(SESSION_APPROVAL), step_check_approval},
    {"approve", "Approve", IN(SESSION_REVIEW), step_approve},
    {"step-up", "Step", IN(SESSION_STEP_UP), step_check_step_up},
    {"step-up-options", "Step", IN(SESSION_STEP_UP), step_offer_step_up_passkey},
    {"step-up-passkey", "UsePasskey", IN(SESSION_STEP_UP), step_use_step_up_passkey},
    {"extend", "Step", IN(SESSION_SIGN_IN) | IN(SESSION_REVIEW), step_extend},
    {"cancel", "Step", ANY, step_cancel},
};

const struct api journey_api = {
    .prefix = "/journey/",
    .kind = SESSION_JOURNEY,
    .steps = steps,
    .count = sizeof(steps) / sizeof(steps[0]),
    .repeat = finish_repeat,
};
