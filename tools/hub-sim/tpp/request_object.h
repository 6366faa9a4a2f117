/*
 * The request object of a pushed authorization request: what a TPP asks for, signed (FAPI 2.0
 * Message Signing 5.3; RFC 9101, RFC 9396).
 */
#ifndef HUB_SIM_TPP_REQUEST_OBJECT_H
#define HUB_SIM_TPP_REQUEST_OBJECT_H

#include "consent/kind.h"
#include "tpp/call.h"
#include "tpp/family.h"

#define REQUEST_OBJECT_S 600  /* from nbf to exp */
#define REQUEST_STATE_MAX 200 /* characters of state and nonce; a callback has room for it */
#define REQUEST_MAX_AGE_S 3600

struct request_object {
    cJSON *claims;        /* the reader ends it */
    const cJSON *details; /* the one element of authorization_details */
    const cJSON *terms;   /* its consent */
    const struct tpp_family *family;
    const struct consent_kind *kind; /* of the family */
    uint32_t version;                /* of the standard, that the type names */
};

/* Prepares the schemas of authorization_details; as contract_init and contract_fini. */
int request_object_init(struct lfi_error *error);
void request_object_fini(void);

/*
 * Reads and judges the one of call->form; `out` is to be ended whatever comes. Refused:
 * PAR-REQUEST, PAR-RESPONSE-TYPE, -RESPONSE-MODE, -NESTED, -REDIRECT-URI, -PKCE, -STATE, -NONCE,
 * -MAX-AGE, -CLAIMS, -DETAILS, -DETAILS-TYPE, -DETAILS-FORM invalid_request; PAR-SCOPE
 * invalid_scope; PAR-ROLE unauthorized_client; REQUEST-OBJECT-… with the names of signed.h
 * invalid_request_object or, as the switch requestObjectError has it, invalid_request.
 */
int request_object_read(struct tpp_call *call, struct request_object *out);
void request_object_end(struct request_object *object);

/* What the consent remembers of it; grant.h. */
cJSON *request_object_grant(const struct request_object *object);

#endif
