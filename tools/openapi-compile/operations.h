/* The tables of operations and of the paths that lead to them. */
#ifndef OPENAPI_OPERATIONS_H
#define OPENAPI_OPERATIONS_H

#include "schemas.h"
#include "set.h"

/* One element of operations[]. */
void operations_put(const struct set *set, struct schemas *schemas, size_t slot,
                    const struct operation *operation, FILE *out);
/* Writes paths[], in the order in which they are tried; how many there are. */
size_t operations_put_paths(const struct set *set, FILE *out);
/* enum <name>_parameter: API_NAME_PARAMETER_NAME for each parameter. */
void operations_put_parameters(const struct set *set, FILE *out);

#endif
