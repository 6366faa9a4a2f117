/*
 * Bundles: a document with all that it refers to, as one JSON file for readers and clients of the
 * API. The $ref of another file become $ref of its own `components`; of x-lfi only the permissions
 * stay, as x-permissions. A later version says so in info.version.
 *
 * From the samples an operation gets `x-sample`, how to ask the demonstration's bank for it, and
 * its body as example of the request; from the answers the example of the response.
 *
 *   samples: {OPERATION: {"path", "body"?, …}}    answers: {OPERATION: {"status", "body"}}
 */
#ifndef OPENAPI_BUNDLE_H
#define OPENAPI_BUNDLE_H

#include "set.h"

struct bundle_options {
    const char *folder; /* must exist; files are DOCUMENT.json and DOCUMENT.VERSION.json */
    const char *samples, *answers; /* files; NULL: none */
};

/* Writes one file for each document and version of the set, and DOCUMENT.d, what they are made
 * from. */
void bundle_write(struct set *set, const struct bundle_options *options, char *const *documents,
                  size_t count);

#endif
