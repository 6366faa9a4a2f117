// link: lfi-psu
/*
 * Bodies of the journey's API in each stage: the first byte chooses the stage and the step. Every
 * answer is a view; without a sound body the Hub hears nothing.
 */
#include "../unit/psu_world.h"

#include "psu/journey.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void judge(bool sound)
{
    cJSON *view = json_parse(slice_of(world.body));
    bool whole = json_get_string(view, "view").len > 0;
    cJSON_Delete(view);
    if (!whole || world.status < 200 || world.status > 503 ||
        (!sound && (world.status < 400 || world.calls[0] != '\0'))) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char path[64];
    char body[32 * 1024];
    void *state = NULL;
    if (len == 0 || len > sizeof(body)) {
        return 0;
    }
    const struct contract_api *contract = journey_api.flow->contract;
    size_t step = (size_t)bytes[0] / 4 % contract_operation_count(contract);
    snprintf(path, sizeof(path), "%s",
             contract_operation_path(contract_operation_at(contract, step)));
    snprintf(body, sizeof(body), "%.*s", (int)(len - 1), (const char *)bytes + 1);
    if (world_set_up(&state) != 0) {
        abort();
    }
    world_go((enum session_stage)(bytes[0] % 3));
    world.calls[0] = '\0';
    cJSON *parsed = json_parse(slice_of(body));
    world_post(path, body);
    judge(parsed);
    cJSON_Delete(parsed);
    world_tear_down(&state);
    return 0;
}
