/* Bodies that a TPP has signed: the message in the JWT, checked. */
#ifndef HUB_SIM_TPP_BODY_H
#define HUB_SIM_TPP_BODY_H

#include "tpp/resources.h"

/* Prepares the schemas of the messages; as contract_init and contract_fini. */
int body_init(struct lfi_error *error);
void body_fini(void);

/*
 * Where the document of the operation describes the message itself: puts it in the place of the
 * signed body, so that the contract is checked as if the message had come as JSON. Nothing to do
 * for other operations. Refused: JWS-… as below, TPP-MEDIA 415 for what is neither.
 */
int body_open(struct tpp_call *call);

/*
 * The message of the call's body, which must be of the schema (openapi/hub/tpp-messages.yaml); the
 * caller ends it with cJSON_Delete, and it is NULL after a refusal. No schema: the contract has
 * checked what body_open has read. `plain`: JSON without a signature will do. Refused, 400: JWS-…
 * with the names of signed.h and the codes of the standard, TPP-BODY Body.InvalidFormat; TPP-MEDIA
 * 415.
 */
int body_read(struct tpp_call *call, const char *schema, bool plain, cJSON **out);

#endif
