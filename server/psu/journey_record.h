/*
 * Persistent record of an open journey: ids, the customer who signed in, its start. By it the
 * journey is ended after the customer has left, and its browsers learn of each other. It holds
 * nothing of the consent and no decision. A task, due when the session is over. Internal to this
 * room.
 */
#ifndef PSU_JOURNEY_RECORD_H
#define PSU_JOURNEY_RECORD_H

#include "psu/actor.h"

#define JOURNEY_RECORD_KIND "journey"

/* Writes the session as it is now. LFI_OK, or the state's status with the reason. */
int journey_record_keep(struct actor actor, struct lfi_error *error);
/*
 * LFI_OK while the journey is open, LFI_UNKNOWN when it has ended. *taken: its
 * live link was used.
 */
int journey_record_find(struct actor actor, bool *taken, struct lfi_error *error);
/*
 * Another browser of this journey may have signed in: then this session becomes that customer's,
 * so that the journey ends as theirs.
 */
void journey_record_adopt_customer(struct actor actor);
/*
 * More time for the session and for the journey's record. LFI_OK, LFI_DENIED: it was
 * extended as often as possible; LFI_UNKNOWN: the journey has ended; or the state's status.
 */
int journey_record_extend(struct actor actor, struct lfi_error *error);
/*
 * For a session without time left: another browser of this journey may have asked for more. Whether
 * there is time now.
 */
bool journey_record_adopt_extension(struct actor actor);
/* The session of a record, before anybody has signed in; false: it is no such record. */
bool journey_record_open(struct actor actor, const cJSON *record);
/*
 * The same for the journey of an interaction, by its live link. LFI_OK, LFI_UNKNOWN: it
 * is not open, or another link was made since.
 */
int journey_record_resume(struct actor actor, struct lfi_slice interaction, struct lfi_slice link,
                          struct lfi_error *error);
/* Makes `link` the journey's only live one. LFI_OK, or the state's status with the reason. */
int journey_record_set_link(struct actor actor, struct lfi_slice link, struct lfi_error *error);
/* Records that the link was used, which journey_record_find tells the first browser and whoever
 * opens it. */
int journey_record_set_taken(struct actor actor, struct lfi_slice link, struct lfi_error *error);
/* The key of the journey's task. */
struct lfi_slice journey_record_key(struct actor actor);
/* The journey is over. */
void journey_record_forget(struct actor actor);

#endif
