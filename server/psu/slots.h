/*
 * Concurrency limit of password checks, whose hashes cost processor time: half the processors check
 * passwords, the others are left to reads. Any thread. Internal to this room.
 */
#ifndef PSU_SLOTS_H
#define PSU_SLOTS_H

#include <stdbool.h>

struct slots;

/* NULL: out of memory. */
struct slots *slots_new(void);
void slots_free(struct slots *slots);
/* Waits for a free slot. False: too many wait, or it takes too long. */
bool slots_take(struct slots *slots);
void slots_release(struct slots *slots);

#endif
