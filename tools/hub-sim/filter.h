/*
 * Which members of the bank's answer a Hub hands on to a TPP: a permission covers a list of
 * members, and what no granted permission covers is left out. The standard publishes no list of
 * fields; the table in filter.c follows the words of the consent page.
 */
#ifndef HUB_SIM_FILTER_H
#define HUB_SIM_FILTER_H

#include "base/json.h"

/*
 * Removes from `body`, a right answer to the operation of the template `path`, what `permissions`
 * (an array of texts) do not cover. An operation that the table does not name is left whole.
 */
void filter_answer(cJSON *body, const char *path, const cJSON *permissions);

#endif
