/*
 * Shares of the workers: a provider whose core hangs fills its own and what is common, never what
 * is kept for the others. Half of the workers are kept in equal parts, one at least where there are
 * more workers than providers; the others are common. Any thread.
 */
#ifndef PROVIDER_SHARE_H
#define PROVIDER_SHARE_H

#include <stddef.h>

struct shares;

enum share { SHARE_NONE, SHARE_OWN, SHARE_COMMON };

/* `workers`: how many requests of all providers are served at once. NULL when memory is short. */
struct shares *shares_new(size_t provider_count, int workers);
void shares_free(struct shares *shares);
/* Takes a place for a request; SHARE_NONE: the provider has no more. */
enum share share_take(struct shares *shares, size_t provider);
void share_give_back(struct shares *shares, size_t provider, enum share share);

#endif
