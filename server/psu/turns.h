/*
 * Turns at judging passwords, whose hashes cost processor time: half the processors judge, the
 * others are left to reads. Any thread. Internal to this room.
 */
#ifndef PSU_TURNS_H
#define PSU_TURNS_H

#include <stdbool.h>

struct turns;

/* NULL: out of memory. */
struct turns *turns_new(void);
void turns_free(struct turns *turns);
/* Waits for a turn. False: too many wait, or it takes too long. */
bool turns_begin(struct turns *turns);
void turns_end(struct turns *turns);

#endif
