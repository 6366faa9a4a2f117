/*
 * Inside of the scripting calls: what a route's function gets, and those functions that do not live
 * in scripting.c.
 */
#ifndef HUB_SIM_SCRIPT_H
#define HUB_SIM_SCRIPT_H

#include "sim.h"
#include "store.h"

struct script_call {
    struct sim *sim;
    const struct request *request;
    struct lfi_slice rest; /* of the path, decoded */
    const cJSON *body;     /* checked against the schema of the route */
    struct reply *reply;
    struct refusal *refusal;
};

/* 0: the reply is filled; -1: the refusal is. */
typedef int script_fn(struct script_call *call);

/* A scripting call that cannot be done: {"errorCode", "errorMessage"}. Returns -1. */
int script_refuse(struct script_call *call, const char *id, int status, const char *message);
/* The value of a JSON text, or the text itself. */
cJSON *script_json_or_text(struct lfi_slice text, struct arena *arena);

script_fn script_create_consent, script_list_consents, script_show_consent, script_show_callback;
script_fn script_call_bank, script_check_payee;

#endif
