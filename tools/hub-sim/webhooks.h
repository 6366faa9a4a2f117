/*
 * Tells TPPs of what happens to their consents and payments: an event is signed with the Hub's
 * Sig2, encrypted for the TPP's Enc2 and sent to the address of the consent's subscription, as long
 * as that is active. Those of a consent, its payments' among them, go out in order. What is not
 * acknowledged is sent again as the configuration says, then given up; each try is a step of the
 * consent. What waits outlives the simulator, with the tries that it has had; an event whose answer
 * was on its way at the end is sent once more. (TPP side 18.)
 */
#ifndef HUB_SIM_WEBHOOKS_H
#define HUB_SIM_WEBHOOKS_H

#include "sim.h"

#define WEBHOOK_URL_MAX 1000

/* Fills sim->webhooks, unless TPPs are not served. `sim` must outlive it. */
int webhooks_open(struct sim *sim, struct lfi_error *error);
/* Sends from now on: after the listeners, one of which may be the receiver. */
int webhooks_start(struct sim *sim, struct lfi_error *error);
/* Waits for the one under way; what is queued stays in the file only. */
void webhooks_close(struct sim *sim);

/*
 * NULL, or why a Hub takes no such subscription of a consent ({"Webhook"}; NULL: none is asked
 * for): the address must be https, or http on this machine.
 */
const char *webhooks_why_not(const cJSON *subscription);

/*
 * That the consent has come into another state, or the payment (else NULL). Under the store's lock,
 * after the change. Without sim->webhooks nothing is sent.
 */
void webhooks_announce(const struct sim *sim, const struct consent *consent, const cJSON *payment);

#endif
