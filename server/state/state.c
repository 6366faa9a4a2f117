#include "state/state.h"

#include "base/array.h"
#include "base/error.h"
#include "base/id.h"

#include <stdlib.h>

struct state {
    const struct state_driver *driver;
    void *store;
    const struct clock *clock;
};

static const struct state_driver *const drivers[] = {&state_lmdb};

int state_new(struct state **out, const struct state_driver *driver, void *store,
              const struct clock *clock, struct lfi_error *error)
{
    struct state *state = calloc(1, sizeof(*state));
    if (!state) {
        return error_set(error, "out of memory");
    }
    *state = (struct state){.driver = driver, .store = store, .clock = clock};
    *out = state;
    return 0;
}

int state_open(struct state **out, const struct state_config *config, const struct clock *clock,
               struct lfi_error *error)
{
    *out = NULL;
    for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
        void *store = NULL;
        if (strcmp(drivers[i]->name, config->driver) != 0) {
            continue;
        }
        if (drivers[i]->open(&store, config, error) != LFI_OK) {
            return -1;
        }
        if (state_new(out, drivers[i], store, clock, error) != 0 && store) {
            drivers[i]->close(store);
        }
        return *out ? 0 : -1;
    }
    return error_set(error, "there is no driver %s", config->driver);
}

void state_close(struct state *state)
{
    if (state && state->store) {
        state->driver->close(state->store);
    }
    free(state);
}

struct lfi_slice state_key(struct arena *arena, const char *kind, struct lfi_slice customer,
                           struct lfi_slice about)
{
    if (!about.ptr && !customer.ptr) {
        return (struct lfi_slice){0};
    }
    /* The length keeps two pairs of texts apart that read the same when joined. */
    struct lfi_slice named =
        arena_format(arena, "%zu:%.*s%.*s", customer.len, SLICE_ARG(customer), SLICE_ARG(about));
    struct lfi_slice digest = named.ptr ? id_digest(arena, named) : named;
    return digest.ptr ? arena_format(arena, "%s:%.*s", kind, SLICE_ARG(digest)) : digest;
}

static struct state_call call_of(const struct state_ref *ref, struct lfi_error *error)
{
    return (struct state_call){.provider = slice_of(ref->provider_id),
                               .key = ref->key,
                               .now_us = clock_now_us(ref->state->clock),
                               .error = error};
}

/* A key is absent when there was no memory for it. */
static bool has_key(const struct state_call *call)
{
    if (!call->key.ptr) {
        (void)error_set(call->error, "out of memory");
    }
    return call->key.ptr;
}

int state_claim(const struct state_ref *ref, uint32_t ttl_s, const struct state_sink *sink,
                enum state_claim *out, struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->claim(state->store, &call, ttl_s, sink, out)
                          : LFI_FAILED;
}

int state_claim_settle(const struct state_ref *ref, struct lfi_slice result,
                       struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->claim_settle(state->store, &call, result) : LFI_FAILED;
}

int state_claim_find(const struct state_ref *ref, const struct state_sink *sink,
                     struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->claim_find(state->store, &call, sink) : LFI_FAILED;
}

int state_limit_take(const struct state_ref *ref, const struct state_allowance *allowance,
                     uint32_t *wait_s, struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->limit_take(state->store, &call, allowance, wait_s)
                          : LFI_FAILED;
}

int state_limit_give_back(const struct state_ref *ref, struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->limit_give_back(state->store, &call) : LFI_FAILED;
}

int state_task_put(const struct state_ref *ref, const struct state_task *task,
                   struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->task_put(state->store, &call, task) : LFI_FAILED;
}

int state_task_find(const struct state_ref *ref, const struct state_sink *sink,
                    struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->task_find(state->store, &call, sink) : LFI_FAILED;
}

int state_task_done(const struct state_ref *ref, struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->task_done(state->store, &call) : LFI_FAILED;
}

int state_cursor_find(const struct state_ref *ref, const struct state_sink *sink,
                      struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->cursor_find(state->store, &call, sink) : LFI_FAILED;
}

int state_cursor_move(const struct state_ref *ref, const struct state_cursor_move *move,
                      struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->cursor_move(state->store, &call, move) : LFI_FAILED;
}

int state_record_find(const struct state_ref *ref, const struct state_sink *sink,
                      struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->record_find(state->store, &call, sink) : LFI_FAILED;
}

int state_record_replace(const struct state_ref *ref, struct lfi_slice was, struct lfi_slice record,
                         struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->record_replace(state->store, &call, was, record)
                          : LFI_FAILED;
}

int state_passkey_add(const struct state_ref *ref, const struct state_passkey *passkey,
                      struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->passkey_add(state->store, &call, passkey) : LFI_FAILED;
}

int state_passkey_find(const struct state_ref *ref, const struct state_passkey_sink *sink,
                       struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->passkey_find(state->store, &call, sink) : LFI_FAILED;
}

int state_passkey_use(const struct state_ref *ref, struct lfi_slice user_id, uint32_t counter,
                      struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->passkey_use(state->store, &call, user_id, counter)
                          : LFI_FAILED;
}

int state_passkey_remove(const struct state_ref *ref, struct lfi_slice user_id,
                         struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return has_key(&call) ? state->driver->passkey_remove(state->store, &call, user_id)
                          : LFI_FAILED;
}

int state_task_take(const struct state_ref *ref, uint32_t hold_s, const struct state_sink *sink,
                    struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return state->driver->task_take(state->store, &call, hold_s, sink);
}

int state_task_counts(const struct state_ref *ref, struct state_task_counts *out,
                      struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return state->driver->task_counts(state->store, &call, out);
}

int state_tasks_parked(const struct state_ref *ref, const struct state_task_sink *sink,
                       struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return state->driver->tasks_parked(state->store, &call, sink);
}

int state_passkeys(const struct state_ref *ref, struct lfi_slice user_id,
                   const struct state_passkey_sink *sink, struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return state->driver->passkeys(state->store, &call, user_id, sink);
}

int state_forget(const struct state_ref *ref, struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return state->driver->forget(state->store, &call);
}

int state_health(const struct state *state, struct state_health *out, struct lfi_error *error)
{
    const struct state_call call = {.now_us = clock_now_us(state->clock), .error = error};
    return state->driver->health(state->store, &call, out);
}

int state_figures_add(const struct state_ref *ref, const struct state_figure *figures, size_t count,
                      struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return state->driver->figures_add(state->store, &call, figures, count);
}

int state_figures(const struct state_ref *ref, const struct state_figure_sink *sink,
                  struct lfi_error *error)
{
    const struct state *state = ref->state;
    const struct state_call call = call_of(ref, error);
    return state->driver->figures(state->store, &call, sink);
}
