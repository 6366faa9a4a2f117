/* Writing C: files and texts. */
#ifndef OPENAPI_OUTPUT_H
#define OPENAPI_OUTPUT_H

#include <stdio.h>

/* Where the generated files go. */
struct output {
    const char *name;   /* of the API */
    const char *folder; /* must exist */
};

/* Opens FOLDER/STEM_NAME.END for writing, or ends the program. */
FILE *output_open(const struct output *output, const char *stem, const char *end);
void output_close(FILE *file);

void output_quoted(FILE *out, const char *text); /* as a C string */
void output_text(FILE *out, const char *text);   /* as a struct contract_text */
void output_upper(FILE *out, const char *word);  /* in capitals */

#endif
