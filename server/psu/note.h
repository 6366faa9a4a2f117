/*
 * What the state remembers of an open journey, so that it ends although nobody comes back, and so
 * that every browser in it can tell what the others did: ids, who signed in, since when. Never what
 * the consent says or whether it was given. Kept as a task that is due when the session is over.
 * Internal to this room.
 */
#ifndef PSU_NOTE_H
#define PSU_NOTE_H

#include "psu/actor.h"

#define NOTE_KIND "journey"

/* Notes the session as it is now. LFI_OK, or the state's status with the reason. */
int note_keep(struct actor actor, struct lfi_error *error);
/*
 * LFI_OK while the journey is open, LFI_UNKNOWN when it has ended. *taken: its
 * live link was used.
 */
int note_find(struct actor actor, bool *taken, struct lfi_error *error);
/*
 * Another browser of this journey may have signed in: then this session becomes that customer's,
 * so that the journey ends as theirs.
 */
void note_adopt_customer(struct actor actor);
/*
 * More time for the session and for the journey's note. LFI_OK, LFI_DENIED: it was
 * extended as often as possible; LFI_UNKNOWN: the journey has ended; or the state's status.
 */
int note_extend(struct actor actor, struct lfi_error *error);
/*
 * For a session without time left: another browser of this journey may have asked for more. Whether
 * there is time now.
 */
bool note_adopt_extension(struct actor actor);
/* A session for the journey that a note tells of, before anybody has signed in; false: no note. */
bool note_open(struct actor actor, const cJSON *record);
/*
 * The same for the journey of an interaction, by its live link. LFI_OK, LFI_UNKNOWN: it
 * is not open, or another link was made since.
 */
int note_resume(struct actor actor, struct lfi_slice interaction, struct lfi_slice link,
                struct lfi_error *error);
/* Makes `link` the journey's only live one. LFI_OK, or the state's status with the reason. */
int note_set_link(struct actor actor, struct lfi_slice link, struct lfi_error *error);
/* Notes that the link was used, which note_find tells the first browser and whoever opens it. */
int note_set_taken(struct actor actor, struct lfi_slice link, struct lfi_error *error);
/* The key of the journey's task. */
struct lfi_slice note_key(struct actor actor);
/* The journey is over. */
void note_forget(struct actor actor);

#endif
