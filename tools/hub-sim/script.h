/*
 * Inside the scripting API: what its operations see. The functions that openapi/sim.yaml names are
 * in script_*.c.
 */
#ifndef HUB_SIM_SCRIPT_H
#define HUB_SIM_SCRIPT_H

#include "flow/call.h"
#include "rows_sim.h"
#include "sim.h"
#include "store.h"

struct script_call {
    struct call base; /* first: an operation gets its address */
    struct sim *sim;
    cJSON *body; /* checked; NULL: the operation takes none */
};

static inline struct script_call *script_call_of(struct call *call)
{
    return (struct script_call *)call;
}

/* A scripting call that cannot be done: {"errorCode", "errorMessage"}. Returns -1. */
int script_refuse(struct call *call, const char *id, int status, const char *message);
/* The value of a JSON text, or the text itself. */
cJSON *script_json_or_text(struct lfi_slice text, struct arena *arena);

#endif
