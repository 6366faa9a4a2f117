/* Who takes part, as the directory tells it to TPPs: the bank with its Hubs, and the TPPs. */
#ifndef HUB_SIM_PARTICIPANTS_H
#define HUB_SIM_PARTICIPANTS_H

#include "sim.h"

/* An array of organisations; the caller frees it. */
cJSON *participants_describe(const struct sim *sim);

#endif
