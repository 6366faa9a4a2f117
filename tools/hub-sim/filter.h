/*
 * Which members of the bank's answer a Hub hands on to a TPP: a permission covers a list of
 * members, and what no granted permission covers is left out. The standard publishes no list of
 * fields; the table follows the words of the consent page. Which permission opens which operation
 * stands in the rows of the bank's documents, and a test holds the table against them.
 */
#ifndef HUB_SIM_FILTER_H
#define HUB_SIM_FILTER_H

#include "base/json.h"

/* A permission and the members that it covers, in one record of the list, separated by blanks. */
struct filter_cover {
    const char *path, *permission, *members; /* path: the operation's template */
};
extern const struct filter_cover filter_covers[];
extern const size_t filter_cover_count;

/*
 * Removes from `body`, a right answer to the operation of the template `path`, what `permissions`
 * (an array of texts) do not cover. An operation that the table does not name is left whole.
 */
void filter_answer(cJSON *body, const char *path, const cJSON *permissions);

#endif
