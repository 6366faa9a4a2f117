/* Inside the scripting API. The functions that openapi/sim.yaml names are in script_*.c. */
#ifndef HUB_SIM_SCRIPT_H
#define HUB_SIM_SCRIPT_H

#include "rows_sim.h"
#include "sim_call.h"

/* A scripting call that cannot be done: {"errorCode", "errorMessage"}. Returns -1. */
int script_refuse(struct call *call, const char *id, int status, const char *message);
/* The bank's answer as scripting calls tell it. */
struct bank_answer;
cJSON *script_describe_answer(const struct bank_answer *answer, struct arena *arena);
/* The value of a JSON text, or the text itself. */
cJSON *script_json_or_text(struct lfi_slice text, struct arena *arena);

#endif
