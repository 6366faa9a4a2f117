/*
 * The steps of the journey and what they share. Each answers its visit. Internal to this room.
 */
#ifndef PSU_STEPS_H
#define PSU_STEPS_H

#include "consent/consent.h"
#include "psu/visit.h"

/* First factor, and asking for the second. */
void step_sign_in(struct visit *visit, const cJSON *body);
/* Both factors at once. */
void step_offer_passkey(struct visit *visit, const cJSON *body);
void step_use_passkey(struct visit *visit, const cJSON *body);
/* More time for a customer who asks for it. */
void step_extend(struct visit *visit, const cJSON *body);
/* How far the second factor is. */
void step_check_approval(struct visit *visit, const cJSON *body);
/* The decision. */
void step_approve(struct visit *visit, const cJSON *body);
void step_cancel(struct visit *visit, const cJSON *body);

/* How far the step-up is; or both at once, by passkey. */
void step_check_step_up(struct visit *visit, const cJSON *body);
void step_offer_step_up_passkey(struct visit *visit, const cJSON *body);
void step_use_step_up_passkey(struct visit *visit, const cJSON *body);
void step_show_step_up(struct visit *visit);

/* What to show in each stage of a journey. */
void step_show_sign_in(struct visit *visit);
void step_show_approval(struct visit *visit);
void step_show_review(struct visit *visit);

/*
 * The consent from the Hub, for this step; the caller deletes *tree. False: the journey has ended
 * and the answer is given.
 */
bool step_load_consent(struct visit *visit, cJSON **tree, struct consent *consent);
/*
 * Whether the customer may decide on it; on false the reply is written. That a kind is not
 * supported is said only after sign-in: the Hub must be told who rejects.
 */
bool step_check_open(struct visit *visit, const struct consent *consent);

#endif
