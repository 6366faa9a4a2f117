/*
 * One clock for the demonstration: the operator of the bank may move the bank's clock, and the
 * simulator follows, so that tokens and consents fit on both sides. The bank is asked before a call
 * is handled; while it does not answer, the last offset stays.
 */
#ifndef HUB_SIM_BANK_CLOCK_H
#define HUB_SIM_BANK_CLOCK_H

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

struct bank_clock;

struct bank_clock_config {
    const char *url;        /* GET: {"offsetSeconds": n} */
    const char *token_file; /* of the operator */
};

/* `clock` is moved from now on. The texts of `config` are not kept. */
int bank_clock_new(struct bank_clock **out, const struct bank_clock_config *config,
                   struct clock *clock, const struct log *log, struct lfi_error *error);
void bank_clock_free(struct bank_clock *bank_clock);

/* Moves the clock to where the bank's is. Any thread; NULL: nothing to follow. */
void bank_clock_follow(struct bank_clock *bank_clock);

#endif
