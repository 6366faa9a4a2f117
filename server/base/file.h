/* Whole files, bounded. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/error.h"

/* Appends the file's bytes to `out`; -1 with a reason when it is missing, too large for `out`, … */
int file_read(const char *path, struct buf *out, struct lfi_error *error);
/* `path` itself when absolute, else base_dir/path. The caller frees it; NULL when memory is short.
 */
char *file_resolve(const char *base_dir, const char *path);

#endif
