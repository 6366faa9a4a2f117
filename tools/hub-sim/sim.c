#include "sim.h"

const struct sim_hub *sim_hub_of(const struct sim *sim, struct lfi_slice provider_id)
{
    for (size_t i = 0; i < sim->hub_count; i++) {
        if (slice_equal_text(provider_id, sim->hubs[i].config->provider_id)) {
            return &sim->hubs[i];
        }
    }
    return NULL;
}
