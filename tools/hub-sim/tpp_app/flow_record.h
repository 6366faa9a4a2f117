/* A flow as it is written down. */
#ifndef HUB_SIM_TPP_APP_FLOW_RECORD_H
#define HUB_SIM_TPP_APP_FLOW_RECORD_H

#include "tpp_app/flow.h"

/* With its secrets; the caller frees it. */
cJSON *flow_record_write(const struct flow *flow);
/* False: it is none, or of a Hub or TPP that is no more. */
bool flow_record_read(const struct sim *sim, const cJSON *record, struct flow *out);

#endif
