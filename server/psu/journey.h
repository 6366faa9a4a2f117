/* The journey's API: openapi/psu/journey.yaml. */
#ifndef PSU_JOURNEY_H
#define PSU_JOURNEY_H

#include "psu/api.h"

extern const struct step_api journey_api;

#endif
