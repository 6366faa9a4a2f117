/* Whose changes are told to which Hub, and where they wait meanwhile. */
#ifndef PAYMENTS_PUSH_CONTEXT_H
#define PAYMENTS_PUSH_CONTEXT_H

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "hub/hub.h"
#include "provider/provider.h"
#include "state/state.h"

struct push {
    const struct provider *provider;
    const struct offers *offers; /* of the provider, as they are now */
    const struct state *state;
    const struct clock *clock;
    const struct log *log;
};

#endif
