/* One call of the TPP app over mTLS, and how it is shown: without what is secret in it. */
#ifndef HUB_SIM_TPP_APP_WIRE_H
#define HUB_SIM_TPP_APP_WIRE_H

#include "tpp_app/app.h"

#define WIRE_HEADERS 8

struct wire_field {
    const char *name;
    struct lfi_slice value;
    bool secret; /* shown masked */
    bool token;  /* a JWT of this TPP: shown decoded */
};

struct wire_call {
    const char *step; /* "discovery", "par", "token", "keys", "resource", "payment", "payee" */
    const char *method;
    struct lfi_slice url;
    const char *access;                /* bearer token; NULL: none */
    const char *headers[WIRE_HEADERS]; /* further lines; NULL at the end */
    const struct wire_field *fields;   /* of a form; NULL: no body */
    size_t field_count;
    struct lfi_slice jwt; /* a signed body in place of the form; absent: none */
};

/* Calls and notes it with the flow. 0 with the answer, whatever its status; the caller ends it. */
int wire_send(struct tpp_app *app, const struct flow *flow, const struct wire_call *call,
              struct arena *arena, struct http_answer *answer, struct lfi_error *error);

#endif
