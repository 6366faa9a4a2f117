/* Writing the model as C tables. */
#ifndef OPENAPI_EMIT_H
#define OPENAPI_EMIT_H

#include "model.h"

struct emit_options {
    const char *name;   /* of the API: contract_<name> */
    const char *folder; /* where files are written */
    const char *routes; /* prefix of the handlers, NULL: no route table */
};

/* Writes contract_<name>.c and .h, and with routes also routes_<name>.c and .h. */
void emit_tables(struct model *model, const struct emit_options *options);
void emit_routes(struct model *model, const struct emit_options *options);
/* Opens FOLDER/STEM NAME.END for writing, or ends the program. */
FILE *emit_open(const struct emit_options *options, const char *stem, const char *end);
void emit_close(FILE *file);

#endif
