/*
 * A copy of the demo bank's files in a folder of its own, to be changed by a test: the shared files
 * and one persona.
 */
#ifndef TESTS_FIXTURE_FOLDER_H
#define TESTS_FIXTURE_FOLDER_H

#include "base/array.h"
#include "document.h"

#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MAX 256

static inline void folder_remove(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        char inner[FOLDER_MAX * 2];
        snprintf(inner, sizeof(inner), "%.255s/%.255s", path, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            folder_remove(inner);
        }
    }
    if (folder) {
        closedir(folder);
    }
    (void)remove(path);
}

/* Writes a file of the folder; `from` is replaced by `to` once, and must be there. */
static inline bool folder_put(const char *folder, const char *name, const struct buf *text,
                              const char *from, const char *to)
{
    char path[FOLDER_MAX * 2];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file) {
        return false;
    }
    const char *at = from ? strstr(text->ptr, from) : NULL;
    size_t before = at ? (size_t)(at - text->ptr) : text->len;
    bool ok = (at || !from) && fwrite(text->ptr, 1, before, file) == before;
    if (ok && at) {
        size_t rest = text->len - before - strlen(from);
        ok = fputs(to, file) >= 0 && fwrite(at + strlen(from), 1, rest, file) == rest;
    }
    return fclose(file) == 0 && ok;
}

/* Copies a file of fixtures/, changed. */
static inline bool folder_copy(const char *folder, const char *name, const char *from,
                               const char *to)
{
    char path[FOLDER_MAX * 4];
    struct buf text;
    struct lfi_error error;
    snprintf(path, sizeof(path), "%s/fixtures/%s", LFI_SOURCE_DIR, name);
    buf_init(&text, DOCUMENT_MAX);
    bool ok = file_read(path, &text, &error) == 0;
    buf_append(&text, "", 1);
    text.len -= ok ? 1 : 0;
    ok = ok && folder_put(folder, name, &text, from, to);
    buf_free(&text);
    return ok;
}

#define FOLDER_PERSONA "retail/r01-salaried-expatriate.json"

/* Makes the folder from a template ending in XXXXXX. */
static inline bool folder_make(char *folder)
{
    static const char *const parts[] = {"retail", "sme", "common", "open-data"};
    static const char *const files[] = {"bank.json",
                                        "common/banks.json",
                                        "common/parties.json",
                                        "common/payments.json",
                                        "common/merchants.json",
                                        "common/products.json",
                                        "common/events.json",
                                        "open-data/atms.json",
                                        "open-data/products.json",
                                        FOLDER_PERSONA};
    bool ok = mkdtemp(folder);
    for (size_t i = 0; ok && i < 4; i++) {
        char path[FOLDER_MAX * 2];
        snprintf(path, sizeof(path), "%s/%s", folder, parts[i]);
        ok = mkdir(path, 0700) == 0;
    }
    for (size_t i = 0; ok && i < ARRAY_LEN(files); i++) {
        ok = folder_copy(folder, files[i], NULL, NULL);
    }
    return ok;
}

#endif
