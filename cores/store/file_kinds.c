/* Which reader takes a file. */
#include "store/file_reader.h"

#include <string.h>
#include <strings.h>

static const struct file_reader_kind *const KINDS[] = {&file_pain001, &file_csv};
const char *const file_reader_types[] = {"pain.001.001.09", "CSV", NULL};

#define KIND_COUNT (sizeof(KINDS) / sizeof(KINDS[0]))

const struct file_reader_kind *file_reader_find(struct lfi_slice file_type)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strlen(KINDS[i]->name) == file_type.len &&
            memcmp(KINDS[i]->name, file_type.ptr, file_type.len) == 0) {
            return KINDS[i];
        }
    }
    return NULL;
}

/* Parameters, as charset, are left to the reader, which looks at the bytes. */
bool file_reader_takes(const struct file_reader_kind *kind, struct lfi_slice content_type)
{
    size_t len = 0;
    while (len < content_type.len && !memchr("; \t", content_type.ptr[len], 3)) {
        len++;
    }
    for (size_t i = 0; kind->media[i]; i++) {
        if (strlen(kind->media[i]) == len &&
            strncasecmp(kind->media[i], content_type.ptr, len) == 0) {
            return true;
        }
    }
    return false;
}
