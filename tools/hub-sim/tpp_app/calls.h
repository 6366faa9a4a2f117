/* What the calls of the app's pages share. */
#ifndef HUB_SIM_TPP_APP_CALLS_H
#define HUB_SIM_TPP_APP_CALLS_H

#include "script.h"
#include "tpp_app/app.h"

#define CALLS_PAYMENTS "openid payments" /* scope of the TPP's own token for payments */

/* The browser's flow with this state or consent id; -1 with a refusal. */
int calls_find_flow(struct sim_call *call, struct lfi_slice id, struct flow *out);
/* Hub and TPP that the body names; -1 with a refusal. */
int calls_begin_flow(struct sim_call *call, struct flow *flow);
/* What the Hub answered, or with rc -1 why nothing came; `wire` is told with the answer, NULL: the
 * flow keeps it. Ends answer and wire. */
int calls_reply(struct sim_call *call, int rc, struct app_answer *answer, cJSON *wire,
                const struct lfi_error *error);
int calls_refuse_hub(struct sim_call *call, const struct lfi_error *error);

#endif
