/* Inside the resource server: how its operations refuse. */
#ifndef HUB_SIM_TPP_RESOURCES_H
#define HUB_SIM_TPP_RESOURCES_H

#include "tpp/call.h"

/* {"Errors": [{"Code", "Message"}]}, or no body where the standard has none. Returns -1. */
int resource_refuse(struct tpp_call *call, const char *id, int status, const char *code,
                    const char *message);

/* Refused: TPP-SCOPE 403 unless the token's scope has this name. */
int resource_need_scope(struct tpp_call *call, const char *scope);

/* Refused: TPP-SCOPE 403 unless a customer's consent is behind the token. */
/* Refuses a customer's token where the switch consentReadToken wants the TPP's own. */
int resource_need_client(struct tpp_call *call);
int resource_need_customer(struct tpp_call *call);

/* Links with Self, and First to Last where there are several pages; Meta with TotalPages. */
void resource_add_pages(cJSON *message, struct tpp_call *call, int64_t pages);
/* Links with Self alone; these are returned, borrowed. */
cJSON *resource_add_self(cJSON *message, struct tpp_call *call);

#endif
