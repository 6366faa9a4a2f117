/*
 * What a store of the server's state offers: the table that a driver fills in. One driver is built
 * in, LMDB (lmdb_driver.c); the table holds nothing of it, so that others can follow.
 *
 * Every function is atomic, and what it changed is durable, for all instances of the server, when
 * it returns LFI_OK; otherwise it changed nothing. It returns an lfi_status:
 * LFI_UNAVAILABLE when there is no room or the store cannot be reached, which passes;
 * LFI_FAILED for what does not; both with a reason. Any thread, several at once. Times are the
 * caller's: a driver reads no clock.
 *
 * What is passed in is borrowed until the function returns, what is handed to a callback until the
 * callback returns; callbacks call nothing of the store.
 */
#ifndef STATE_DRIVER_H
#define STATE_DRIVER_H

#include <lfi/base.h>
#include <stdbool.h>

/* Limits that every driver keeps, in bytes or as said; more is LFI_FAILED. */
#define STATE_KEY_MAX 192 /* a destination's too */
#define STATE_PROVIDER_MAX 64
#define STATE_RESULT_MAX 16384 /* of a claim */
#define STATE_RECORD_MAX 4096  /* of a task or a passkey, or alone */
#define STATE_ID_MAX 64        /* of a customer or a passkey */
#define STATE_CURSOR_MAX 64    /* of a feed */
#define STATE_MOVE_TASKS 64    /* kept with one move of a cursor */
#define STATE_PASSKEYS_MAX 10  /* passkeys of a customer: LFI_DENIED */
#define STATE_USES_MAX 64      /* uses of a rate limit within its window */
#define STATE_WINDOW_MAX_S (24 * 3600)
#define STATE_FIGURE_BUCKETS 15     /* of a figure's times */
#define STATE_FIGURES_DAYS 62       /* figures of earlier days are forgotten */
#define STATE_SETTLED_S (24 * 3600) /* late repeats get the same result for so long */

/* When a task is due that waits for an operator: at no time of any clock. */
#define STATE_PARKED_S INT64_C(253402300800) /* 10000-01-01 */

/* What a store is opened with; borrowed until then. */
struct state_config {
    const char *driver; /* name of a table */
    const char *path;   /* folder */
    bool create;        /* make what is not there; else only see whether it could be made */
    uint32_t max_megabytes;
    uint32_t max_tasks; /* of each provider, parked ones included */
    uint32_t instances; /* how many processes share it */
    uint32_t threads;   /* how many may call at once in this process */
};

/* Which provider's key is meant, and when it is. */
struct state_call {
    struct lfi_slice provider;
    struct lfi_slice key; /* absent where the function names none */
    int64_t now_us;       /* UTC */
    struct lfi_error *error;
};

/* Receives a claim's result or a task's record. */
struct state_sink {
    void (*take)(void *ctx, struct lfi_slice text);
    void *ctx;
};

enum state_claim {
    STATE_CLAIM_YOURS,   /* the caller is the first: it acts, then settles */
    STATE_CLAIM_TAKEN,   /* another request or instance acts right now */
    STATE_CLAIM_SETTLED, /* done before; the result was handed to the sink */
};

/*
 * A rate limit: at least gap_s apart, at most `times` within window_s. Besides, when growing_gap_s
 * is not 0: after `free` uses within window_s the next one is allowed growing_gap_s later, and each
 * after that twice as late.
 */
struct state_allowance {
    uint32_t gap_s, times, window_s;
    uint32_t free, growing_gap_s;
};

/*
 * Tasks of one destination are done in order: from when the first is taken until it is done or
 * parked, whatever the tries in between, no other one is handed out on any instance.
 */
struct state_task {
    struct lfi_slice destination; /* absent: that of the task it replaces; a new one has none */
    int64_t due_s;
    struct lfi_slice record;
};

/* A task under its own key. */
struct state_keyed_task {
    struct lfi_slice key;
    struct state_task task;
};

/* A step along a feed, and the tasks that were made of what lies between. */
struct state_cursor_move {
    struct lfi_slice from; /* absent: it was never moved */
    struct lfi_slice to;
    const struct state_keyed_task *tasks;
    size_t task_count;
};

/* Receives a parked task; false: no more. */
struct state_task_sink {
    bool (*take)(void *ctx, struct lfi_slice key, struct lfi_slice record);
    void *ctx;
};

struct state_task_counts {
    uint64_t kept, limit; /* parked ones count */
    uint64_t parked;
};

/* `record` is a JSON object that means nothing to the store. */
struct state_passkey {
    struct lfi_slice passkey_id; /* unique over all customers of the provider; adding: the key */
    struct lfi_slice user_id;
    struct lfi_slice record;
    uint32_t counter; /* of signatures, as of the last use */
    int64_t used_s;   /* 0: never */
};

/* Receives a passkey; false: no more. */
struct state_passkey_sink {
    bool (*take)(void *ctx, const struct state_passkey *passkey);
    void *ctx;
};

/* How requests of one operation were answered on one day. */
struct state_figure {
    uint32_t day; /* since 1970-01-01 */
    struct lfi_slice operation;
    uint32_t failed;                        /* of all */
    uint32_t buckets[STATE_FIGURE_BUCKETS]; /* all, by how long they took; what that is, is the
                                               caller's */
};

/* Receives a figure; false: no more. */
struct state_figure_sink {
    bool (*take)(void *ctx, const struct state_figure *figure);
    void *ctx;
};

/* 0: not known. */
struct state_health {
    uint64_t used_bytes, limit_bytes;
};

struct state_driver {
    uint32_t size; /* sizeof(struct state_driver) as compiled; members are added at the end */
    const char *name;

    /* Without config->create, *out stays NULL when there is no store yet but could be one. */
    int (*open)(void **out, const struct state_config *config, struct lfi_error *error);
    void (*close)(void *store); /* never while another function runs */

    /* --- idempotency claims -------------------------------------------------------------------
     */

    /* Exactly one caller is told STATE_CLAIM_YOURS, until it has settled or ttl_s is over. */
    int (*claim)(void *store, const struct state_call *call, uint32_t ttl_s,
                 const struct state_sink *sink, enum state_claim *out);
    /* Settles the key, claimed or not, with the result that later claims get. */
    int (*claim_settle)(void *store, const struct state_call *call, struct lfi_slice result);
    /* The result of a settled claim; writes nothing. LFI_UNKNOWN: it is not settled. */
    int (*claim_find)(void *store, const struct state_call *call, const struct state_sink *sink);

    /* --- rate limits --------------------------------------------------------------------------
     */

    /* Takes one use: *wait_s is 0; or takes none: the seconds after which there is one. */
    int (*limit_take)(void *store, const struct state_call *call,
                      const struct state_allowance *allowance, uint32_t *wait_s);
    /* Gives back the newest use, if there is one: what it was taken for did not count. */
    int (*limit_give_back)(void *store, const struct state_call *call);

    /* --- tasks --------------------------------------------------------------------------------
     */

    /*
     * Keeps a task; one with the same key is replaced. LFI_UNAVAILABLE when the provider has
     * max_tasks already.
     */
    int (*task_put)(void *store, const struct state_call *call, const struct state_task *task);
    /*
     * Takes the provider's task that has been due longest of those that no other of their
     * destination keeps waiting; on no instance is it due again before hold_s seconds have passed.
     * LFI_UNKNOWN: there is none.
     */
    int (*task_take)(void *store, const struct state_call *call, uint32_t hold_s,
                     const struct state_sink *sink);
    /* The record of a task. LFI_UNKNOWN: there is none. */
    int (*task_find)(void *store, const struct state_call *call, const struct state_sink *sink);
    /* Forgets a task. LFI_UNKNOWN: there is none. */
    int (*task_done)(void *store, const struct state_call *call);
    /* How many there are; cheap. */
    int (*task_counts)(void *store, const struct state_call *call, struct state_task_counts *out);
    /* The tasks that are due at STATE_PARKED_S, by key. */
    int (*tasks_parked)(void *store, const struct state_call *call,
                        const struct state_task_sink *sink);

    /* --- cursors: how far a feed has been turned into tasks -----------------------------------
     */

    /* LFI_UNKNOWN: it was never moved. */
    int (*cursor_find)(void *store, const struct state_call *call, const struct state_sink *sink);
    /*
     * Moves it and keeps the tasks, in one step. LFI_DENIED: it is not at `from`, another instance
     * has moved it. LFI_UNAVAILABLE as for task_put.
     */
    int (*cursor_move)(void *store, const struct state_call *call,
                       const struct state_cursor_move *move);

    /* --- records: small facts under a key, changed by one at a time ----------------------------
     */

    /* LFI_UNKNOWN: there is none. */
    int (*record_find)(void *store, const struct state_call *call, const struct state_sink *sink);
    /*
     * Puts `record` in the place of `was`, whole texts of at most STATE_RECORD_MAX bytes; an absent
     * `was`: there is none yet. LFI_DENIED: it is another one, somebody was faster.
     */
    int (*record_replace)(void *store, const struct state_call *call, struct lfi_slice was,
                          struct lfi_slice record);

    /* --- passkeys; the key is the passkey's id ------------------------------------------------
     */

    /* LFI_DENIED when the id is taken, or the customer has STATE_PASSKEYS_MAX. */
    int (*passkey_add)(void *store, const struct state_call *call,
                       const struct state_passkey *passkey);
    /* LFI_UNKNOWN: there is none. */
    int (*passkey_find)(void *store, const struct state_call *call,
                        const struct state_passkey_sink *sink);
    /*
     * Counts a use whose signature was right. LFI_DENIED unless `counter` is above the one
     * kept, or both are 0: a copy of the key may be about. LFI_UNKNOWN: not this customer's.
     */
    int (*passkey_use)(void *store, const struct state_call *call, struct lfi_slice user_id,
                       uint32_t counter);
    /* LFI_UNKNOWN: not this customer's. */
    int (*passkey_remove)(void *store, const struct state_call *call, struct lfi_slice user_id);
    /* The customer's passkeys, by id; the call has no key. */
    int (*passkeys)(void *store, const struct state_call *call, struct lfi_slice user_id,
                    const struct state_passkey_sink *sink);

    /* --- figures of days; the call has no key ---------------------------------------------------
     */

    /* Adds each to what is kept of its day and operation. */
    int (*figures_add)(void *store, const struct state_call *call,
                       const struct state_figure *figures, size_t count);
    /* Those of the provider, by day, then operation. */
    int (*figures)(void *store, const struct state_call *call,
                   const struct state_figure_sink *sink);

    /* --- all of it ----------------------------------------------------------------------------
     */

    /* Forgets everything of the call's provider. */
    int (*forget)(void *store, const struct state_call *call);
    /*
     * Whether it can be read and written, and how full it is; asked every few seconds. The call has
     * neither provider nor key.
     */
    int (*health)(void *store, const struct state_call *call, struct state_health *out);
};

extern const struct state_driver state_lmdb;

#endif
