/* Writes what a set is compiled to. */
#ifndef OPENAPI_TABLES_H
#define OPENAPI_TABLES_H

#include "output.h"
#include "set.h"

/* contract_<name>.c, .h and .d (what they were made from, for the build system), and with `rows`
 * also rows_<name>.c and .h. */
void tables_write(struct set *set, const struct output *output, bool rows);

#endif
