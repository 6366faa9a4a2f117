/*
 * What the Hub must still be told of a journey that has ended, because one of its answers was lost:
 * the customer was told of an error, so the consent must not stay open, and the interaction must
 * end. A task, tried until the outcome is known. Internal to this room.
 */
#ifndef PSU_UNDO_H
#define PSU_UNDO_H

#include "psu/actor.h"

#define UNDO_KIND "undo"

struct undo {
    bool close;              /* the consent may be open */
    const char *error;       /* what doFail tells the TPP */
    const char *description; /* likewise */
};

/* Keeps it for the actor's journey. False: it could not be kept. */
bool undo_keep(struct actor actor, const struct undo *undo);
/* Tells the Hub what the record of a task says, or keeps it for later. */
void undo_deliver(struct actor actor, cJSON *record);

#endif
