#include "psu/journey.h"

#include "psu/finish.h"
#include "rows_journey.h"

const struct step_api journey_api = {
    .flow = &flow_journey,
    .prefix = "/journey/",
    .kind = SESSION_JOURNEY,
    .repeat = finish_repeat,
};
