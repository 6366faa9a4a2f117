/*
 * Files built into the program by lfi_embed() (tools/embed.cmake). Constant, any thread.
 */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include "base/slice.h"

struct embed_file {
    const char *path;           /* relative to the embedded folder: "locales/en.json" */
    const char *type;           /* media type */
    const char *etag;           /* quoted, of the contents */
    const unsigned char *bytes; /* a NUL follows the last */
    size_t len;
};

struct embed_set {
    const struct embed_file *files; /* by path ascending */
    size_t count;
};

/* NULL when no such file was built in. */
const struct embed_file *embed_find(const struct embed_set *set, struct lfi_slice path);

#endif
