/*
 * Numbers remembered for a while, in a table of fixed size: what page 1 of a list saw, what a
 * consent permits. Whole keys are compared. An entry may be overwritten before its time, so whoever
 * asks must be able to do without. Any thread.
 */
#ifndef CONNECT_MEMO_H
#define CONNECT_MEMO_H

#include "base/slice.h"

struct memo;

#define MEMO_KEY_BYTES 512 /* provider, consent, account and a filter; longer ones are not kept */

struct memo *memo_new(void);
void memo_free(struct memo *memo); /* NULL is fine */
void memo_put(struct memo *memo, struct lfi_slice key, uint64_t value, int64_t expires_us);
/* 0 when there is nothing for the key, or its time has passed. */
uint64_t memo_get(struct memo *memo, struct lfi_slice key, int64_t now_us);

#endif
