/*
 * The rows: flow_<name> of server/flow/row.h, one for each element of operations[]. Each family
 * function that is served gets two small C functions, so that the compiler checks that it exists
 * and takes what it is given.
 */
#ifndef OPENAPI_ROWS_H
#define OPENAPI_ROWS_H

#include "output.h"
#include "set.h"

/* One element of rows[]; refuses an operation without a row, or without what its row reads. */
void rows_put(const struct set *set, const struct operation *operation, FILE *out);
/* Writes rows_<name>.c and .h from the set's forms. */
void rows_write(const struct set *set, const struct output *output);

#endif
