/*
 * What the server itself must remember, durably and for all its instances: idempotency claims, rate
 * limits, tasks, cursors of feeds, small records, passkeys. One store for the whole server, opened
 * at start by the driver that the configuration names. What the bank owns is the core's, what the
 * Hub owns is read from the Hub.
 *
 * Used by psu, connect, the background workers and the operator. Functions return an
 * lfi_status as driver.h says, which also says what each does. Any thread.
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include "base/arena.h"
#include "base/clock.h"
#include "state/driver.h"

struct state;

/* `clock` must outlive it. Fails with a reason when the store cannot be used as it is. */
int state_open(struct state **out, const struct state_config *config, const struct clock *clock,
               struct lfi_error *error);
/* The same over a store that is open; the state closes it. */
int state_new(struct state **out, const struct state_driver *driver, void *store,
              const struct clock *clock, struct lfi_error *error);
void state_close(struct state *state); /* NULL is fine */

/* A key of one provider: no key of one means anything of another's. Absent keys are refused. */
struct state_ref {
    const struct state *state;
    const char *provider_id;
    struct lfi_slice key;
};

/*
 * The text of a key, in the arena: its kind, and the digest of the customer who caused it and of
 * what it is about. `customer` is absent where none is known yet, `about` where the customer says
 * it all; one of them is there. Absent when out of memory.
 */
struct lfi_slice state_key(struct arena *arena, const char *kind, struct lfi_slice customer,
                           struct lfi_slice about);

int state_claim(const struct state_ref *ref, uint32_t ttl_s, const struct state_sink *sink,
                enum state_claim *out, struct lfi_error *error);
int state_claim_settle(const struct state_ref *ref, struct lfi_slice result,
                       struct lfi_error *error);
int state_claim_find(const struct state_ref *ref, const struct state_sink *sink,
                     struct lfi_error *error);

int state_limit_take(const struct state_ref *ref, const struct state_allowance *allowance,
                     uint32_t *wait_s, struct lfi_error *error);
int state_limit_give_back(const struct state_ref *ref, struct lfi_error *error);

int state_task_put(const struct state_ref *ref, const struct state_task *task,
                   struct lfi_error *error);
int state_task_find(const struct state_ref *ref, const struct state_sink *sink,
                    struct lfi_error *error);
int state_task_done(const struct state_ref *ref, struct lfi_error *error);

int state_cursor_find(const struct state_ref *ref, const struct state_sink *sink,
                      struct lfi_error *error);
int state_cursor_move(const struct state_ref *ref, const struct state_cursor_move *move,
                      struct lfi_error *error);

int state_record_find(const struct state_ref *ref, const struct state_sink *sink,
                      struct lfi_error *error);
int state_record_replace(const struct state_ref *ref, struct lfi_slice was, struct lfi_slice record,
                         struct lfi_error *error);

int state_passkey_add(const struct state_ref *ref, const struct state_passkey *passkey,
                      struct lfi_error *error);
int state_passkey_find(const struct state_ref *ref, const struct state_passkey_sink *sink,
                       struct lfi_error *error);
int state_passkey_use(const struct state_ref *ref, struct lfi_slice user_id, uint32_t counter,
                      struct lfi_error *error);
int state_passkey_remove(const struct state_ref *ref, struct lfi_slice user_id,
                         struct lfi_error *error);

/* These are about all keys of a provider: the reference has none. */

int state_figures_add(const struct state_ref *ref, const struct state_figure *figures, size_t count,
                      struct lfi_error *error);
int state_figures(const struct state_ref *ref, const struct state_figure_sink *sink,
                  struct lfi_error *error);

int state_task_take(const struct state_ref *ref, uint32_t hold_s, const struct state_sink *sink,
                    struct lfi_error *error);
int state_task_counts(const struct state_ref *ref, struct state_task_counts *out,
                      struct lfi_error *error);
int state_tasks_parked(const struct state_ref *ref, const struct state_task_sink *sink,
                       struct lfi_error *error);
int state_passkeys(const struct state_ref *ref, struct lfi_slice user_id,
                   const struct state_passkey_sink *sink, struct lfi_error *error);
int state_forget(const struct state_ref *ref, struct lfi_error *error);

int state_health(const struct state *state, struct state_health *out, struct lfi_error *error);

#endif
