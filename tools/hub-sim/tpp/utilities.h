/* What the utilities of a sandbox have in common; openapi/hub/utilities.yaml has their calls. */
#ifndef HUB_SIM_TPP_UTILITIES_H
#define HUB_SIM_TPP_UTILITIES_H

#include "tpp/resources.h"

/* 404 where the switch `utilities` is off: UTILITY-OFF. */
int utility_need(struct tpp_call *call);

#endif
