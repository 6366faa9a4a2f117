/*
 * The plain listener: calls for scripts, the TPP app, and the key store for the simulator itself.
 * Bodies are JSON, checked against scripting.schema.yaml; a refusal is {"errorCode",
 * "errorMessage"} with a SIM-… id as its code.
 *
 *   POST   /sim/consents         plays a TPP's pushed authorization request: 201 {"consentId",
 *                                "authorizeUrl", "state"}; 400 when the terms break the contract;
 *                                422 {"status", "body"} when the bank finds the consent invalid
 *   GET    /sim/consents         the newest consents, in short
 *   GET    /sim/consents/{id}    the consent, its history, exchanges with the bank, steps on the
 *                                TPP's side and findings; of these only the notes after number N
 *                                with ?since=N
 *   GET    /sim/callbacks/{state} what the customer brought back; 404 until then
 *   POST   /sim/call             an authorised request of the TPP: {"status", "headers", "body",
 *                                "interactionId", "finding"} of the bank; 403 when the consent does
 *                                not cover it, 502 when the bank gives no answer. With a providerId
 *                                in place of a consentId for what needs no consent
 *   POST   /sim/payee-check      confirmation of payee: the bank's answer to the query as above,
 *                                "verdict" and "maskedName" as the Hub tells them to the TPP;
 *                                no verdict: the TPP receives 204
 *   POST   /sim/faults           misbehaves towards the bank; DELETE ends it. Both 204
 *   GET    /sim/setup            the Hubs and TPPs there are
 *   GET    /sim/findings         all findings, also those that belong to no consent
 *   GET    /tpp/callback         where the journey ends: a page
 *   GET    /keystore/{OU}/{CN}/application.jwks   as on the key store's own port, without faults
 */
#ifndef HUB_SIM_SCRIPTING_H
#define HUB_SIM_SCRIPTING_H

#include "sim.h"

/* http_handler_fn of the plain listener; ctx is the struct sim. */
void scripting_handle(void *sim, const struct request *request, struct reply *reply);

#endif
