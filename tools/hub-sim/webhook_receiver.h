/*
 * The simulated TPPs' receiver of events: decrypts with the TPP's Enc2, verifies with the keys that
 * the Hubs publish, and keeps the event with its consent.
 */
#ifndef HUB_SIM_WEBHOOK_RECEIVER_H
#define HUB_SIM_WEBHOOK_RECEIVER_H

#include "http/refusal.h"
#include "sim.h"

#define WEBHOOK_RECEIVER_PATH "/tpp/webhook"

/* Fills sim->receiver, unless TPPs are not served or none has an Enc2. */
int webhook_receiver_open(struct sim *sim, struct lfi_error *error);
void webhook_receiver_close(struct sim *sim);

/*
 * Takes the body of a call. Refused with 400: SIM-WEBHOOK-JWE (no JWE for one of the TPPs),
 * SIM-WEBHOOK-JWS (what is in it is not signed by a Hub, or not for this TPP), SIM-WEBHOOK-CONSENT
 * (the event is of no consent of this Hub and TPP).
 */
int webhook_receive(const struct sim *sim, struct arena *arena, struct lfi_slice body,
                    struct refusal *refusal);

#endif
