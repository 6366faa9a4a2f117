/*
 * A consent to a file of payments: the bank is told which file will come, before it comes. (Other
 * service initiation 1.1.)
 */
#ifndef HUB_SIM_FILE_ANNOUNCE_H
#define HUB_SIM_FILE_ANNOUNCE_H

#include "bank.h"

/*
 * Asks the bank about the file of a consent that is not stored yet, and must not be when the bank
 * refuses it; a consent to none is left alone. 0: the bank waits for it, or there is none; -1:
 * *answer says no, or `refusal` that it was not asked.
 * `answer` must be freed with bank_answer_free in either case.
 */
int file_announce(struct sim *sim, struct consent *made, struct arena *arena,
                  struct bank_answer *answer, struct refusal *refusal);

#endif
