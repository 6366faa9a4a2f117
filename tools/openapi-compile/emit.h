/* Writing the model as C tables. */
#ifndef OPENAPI_EMIT_H
#define OPENAPI_EMIT_H

#include "model.h"

struct emit_options {
    const char *name;   /* of the API: contract_<name> */
    const char *folder; /* where files are written */
    bool rows;          /* every operation has an x-lfi */
};

/* Writes contract_<name>.c and .h, and with rows also rows_<name>.c and .h. */
void emit_tables(struct model *model, const struct emit_options *options);
void emit_rows(struct model *model, const struct emit_options *options);
/* Opens FOLDER/STEM_NAME.END for writing, or ends the program. */
FILE *emit_open(const struct emit_options *options, const char *stem, const char *end);
void emit_close(FILE *file);

/* --- shared by the files that write the tables ------------------------------------------------ */

struct emitter {
    struct model *model;
    FILE *out;
    const char **initialisers; /* of schemas[] */
    int schema_count, schema_room;
    const char **patterns;
    size_t pattern_count, pattern_room;
};

/* The parameter's number in its API, the same in every operation; 0: no operation has it. */
int emit_parameter_number(const struct model *model, const char *name);
/* enum <name>_parameter: API_NAME_PARAMETER_NAME for each. */
void emit_parameters(const struct model *model, const char *name, FILE *out);
void emit_quoted(FILE *out, const char *text); /* as a C string */
void emit_text(FILE *out, const char *text);   /* as a struct contract_text */
/* The schema's number in schemas[]. */
int emit_schema(struct emitter *emitter, struct schema *schema);
/* Writes operations[] and paths[] to emitter->out; how many paths there are. */
size_t emit_operations(struct emitter *emitter, const char *name);

#endif
