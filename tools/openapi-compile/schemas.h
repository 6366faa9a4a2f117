/* The tables of schemas and patterns, shared by all versions of an API. */
#ifndef OPENAPI_SCHEMAS_H
#define OPENAPI_SCHEMAS_H

#include "model.h"

#include <stdio.h>

struct schemas {
    struct source *source;     /* whose memory is used */
    const char **initialisers; /* of schemas[] */
    int schema_count, schema_room;
    const char **patterns;
    size_t pattern_count, pattern_room;
};

/* The schema's number in schemas[]. */
int schemas_put(struct schemas *schemas, struct schema *schema);
/* Writes patterns[] and schemas[]. */
void schemas_write(const struct schemas *schemas, FILE *out);

#endif
