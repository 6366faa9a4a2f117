/*
 * Operator overrides of an operation's next replies, so that a conformance
 * run can see its own handling of faults. Kept in memory, each for a number of replies and a time.
 * Any thread; while there is none, asking costs one atomic read.
 */
#ifndef OPERATOR_OVERRIDE_H
#define OPERATOR_OVERRIDE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct override {
    struct lfi_slice provider;  /* LFI code */
    struct lfi_slice operation; /* operationId */
    int status;                 /* 0: the operation's own answer */
    struct lfi_slice body;      /* JSON; absent: the error body that goes with the status */
    int delay_ms;
    bool cut;           /* end the connection without an answer */
    uint32_t times;     /* replies it is good for */
    int64_t expires_us; /* UTC */
};

struct overrides;

struct overrides *overrides_new(void);
void overrides_free(struct overrides *overrides);
/* Copies; -1 beyond LIMIT_OPERATOR_OVERRIDES. */
int overrides_add(struct overrides *overrides, const struct override *override,
                  struct lfi_error *error);
void overrides_clear(struct overrides *overrides);
/* Appends {"overrides":[…]}, oldest first, those that have not expired. */
void overrides_render(struct overrides *overrides, int64_t now_us, struct buf *out);
/* Takes one use of the oldest that fits; its texts are copied into the arena. */
bool overrides_take(struct overrides *overrides, struct arena *arena, const char *provider,
                    const char *operation, int64_t now_us, struct override *out);

#endif
