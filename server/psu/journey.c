#include "psu/journey.h"

#include "psu/consents.h"
#include "psu/ending.h"
#include "psu/hand_over.h"
#include "psu/steps.h"

void step_fail_core(struct visit *visit, int status, const char *call,
                    const struct lfi_error *error)
{
    LOG_EVENT(visit->psu->log, LOG_ERROR, "core_failed", LOG_TEXT("call", slice_of(call)),
              LOG_TEXT("interaction", visit->session.interaction_id), LOG_NUMBER("status", status),
              LOG_TEXT("reason", slice_of(error->message)));
    ending_refuse(visit, ending_of_core(visit->session.stage, status));
}

bool step_load_consent(struct visit *visit, cJSON **tree, struct consent *consent)
{
    struct lfi_error error;
    if (hub_get_consent(visit->endpoint->hub, visit->arena, visit->session.consent_id, tree,
                        &error) != HUB_OK) {
        ending_refuse(visit, ending_of_hub(visit->session.stage));
        return false;
    }
    consent_read(*tree, consent);
    return true;
}

static bool is_offered(const struct visit *visit, struct lfi_slice type)
{
    const char *const *offered = visit->endpoint->provider->offers.consent_types;
    while (*offered != NULL && !slice_equal_text(type, *offered)) {
        offered++;
    }
    return *offered != NULL;
}

bool step_check_open(struct visit *visit, const struct consent *consent)
{
    enum consent_verdict verdict = consent_judge(consent, clock_now_us(visit->psu->clock));
    if (verdict == CONSENT_CLOSED) {
        ending_refuse(visit, ENDING_CONSENT_CLOSED);
        return false;
    }
    bool supported = verdict != CONSENT_UNSUPPORTED && is_offered(visit, consent->type);
    if (!supported && visit->session.stage == SESSION_REVIEW) {
        ending_refuse(visit, ENDING_NOT_SUPPORTED);
        return false;
    }
    return true;
}

void step_show_signed_in(struct visit *visit)
{
    (visit->session.kind == SESSION_JOURNEY ? step_show_review : consents_show)(visit);
}

void step_show(struct visit *visit)
{
    if (visit->session.stage == SESSION_SIGN_IN) {
        step_show_sign_in(visit);
    } else if (visit->session.stage == SESSION_APPROVAL) {
        step_show_approval(visit);
    } else {
        step_show_review(visit);
    }
}

static void show(struct visit *visit, const cJSON *body)
{
    (void)body;
    step_show(visit);
}

/* --- what is allowed when --------------------------------------------------------------------- */

static const struct step steps[] = {
    {"state", "State", IN(SESSION_SIGN_IN) | IN(SESSION_APPROVAL) | IN(SESSION_REVIEW), show},
    {"sign-in", "SignIn", IN(SESSION_SIGN_IN), step_sign_in},
    {"passkey-options", "Step", IN(SESSION_SIGN_IN), step_offer_passkey},
    {"passkey", "UsePasskey", IN(SESSION_SIGN_IN), step_use_passkey},
    {"hand-over", "Step", IN(SESSION_SIGN_IN), step_hand_over},
    {"wait", "Step", IN(SESSION_SIGN_IN), step_wait},
    {"take-over", "TakeOver", STEP_WITHOUT_SESSION, step_take_over},
    {"approval", "Step", IN(SESSION_APPROVAL), step_check_approval},
    {"approve", "Approve", IN(SESSION_REVIEW), step_approve},
    {"cancel", "Step", IN(SESSION_SIGN_IN) | IN(SESSION_APPROVAL) | IN(SESSION_REVIEW),
     step_cancel},
};

const struct api journey_api = {
    .prefix = "/journey/",
    .kind = SESSION_JOURNEY,
    .steps = steps,
    .count = sizeof(steps) / sizeof(steps[0]),
    .repeat = ending_repeat,
};
