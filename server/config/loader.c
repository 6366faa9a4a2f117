#include "config/loader.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "config/locate.h"
#include "contract/contract.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- messages --------------------------------------------------------------------------------- */

int config_error(const struct config *config, const char *path, const char *cause,
                 struct lfi_error *error)
{
    struct lfi_slice at = config_locate(config->text, path);
    size_t line = contract_line_of(config->text, (size_t)(at.ptr - config->text.ptr));
    return error_set(error, "%s:%zu: %s: %s", config->path, line, path, cause);
}

/* The first mistake is the one that is reported, with the value that is wrong. */
void loader_fail(struct loader *loader, const char *path, const char *cause)
{
    const struct lfi_slice text = loader->config.text;
    struct buf message;
    if (loader->failed) {
        return;
    }
    loader->failed = true;
    buf_init(&message, sizeof(loader->error->message));
    buf_append_text(&message, cause);
    contract_append_value(text, (size_t)(config_locate(text, path).ptr - text.ptr), &message);
    buf_append(&message, "", 1);
    (void)config_error(&loader->config, path, message.failed ? cause : message.ptr, loader->error);
    buf_free(&message);
}

void loader_fail_memory(struct loader *loader)
{
    if (!loader->failed) {
        error_set(loader->error, "%s: out of memory", loader->config.path);
    }
    loader->failed = true;
}

const char *loader_join(char out[PATH_ROOM], const char *path, const char *name)
{
    snprintf(out, PATH_ROOM, "%.64s.%.62s", path, name); /* all are much shorter */
    return out;
}

/* --- values ----------------------------------------------------------------------------------- */

const char *loader_keep(struct loader *loader, const char *text)
{
    char *copy = arena_text(loader->arena, slice_of(text));
    if (!copy) {
        loader_fail_memory(loader);
    }
    return copy;
}

const char *loader_text(struct loader *loader, const cJSON *object, const char *name,
                        const char *fallback)
{
    const cJSON *value = json_get(object, name);
    return value ? loader_keep(loader, value->valuestring) : fallback;
}

/*
 * The place of a member's text among the words, which are the schema's enum; -1 when it is absent.
 * A word that only the schema knows is refused, not taken for another.
 */
int loader_word(struct loader *loader, const cJSON *object, const char *path, const char *name,
                const char *const *words)
{
    char where[PATH_ROOM];
    const cJSON *value = json_get(object, name);
    if (!value) {
        return -1;
    }
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], value->valuestring) == 0) {
            return i;
        }
    }
    loader_fail(loader, loader_join(where, path, name), "is not supported");
    return -1;
}

int loader_word_or(int word, int fallback)
{
    return word < 0 ? fallback : word;
}

int loader_int(const cJSON *object, const char *name, int fallback)
{
    int64_t value;
    return json_get_int(object, name, &value) ? (int)value : fallback;
}

static void refuse_file(struct loader *loader, const char *where, const char *file)
{
    struct lfi_error cause;
    const char *why = access(file, R_OK) != 0 ? strerror(errno) : "it is no file";
    error_set(&cause, "there is no such file, or it cannot be read: %s: %s", file, why);
    loader_fail(loader, where, cause.message);
}

/* A file that must be there and readable; NULL when it is not configured. */
const char *loader_file(struct loader *loader, const cJSON *object, const char *path,
                        const char *name)
{
    char where[PATH_ROOM];
    const cJSON *value = json_get(object, name);
    if (!value) {
        return NULL;
    }
    char *resolved = file_resolve(loader->config.base_dir, value->valuestring);
    const char *kept = resolved ? loader_keep(loader, resolved) : NULL;
    free(resolved);
    struct stat status;
    if (!kept) {
        loader_fail_memory(loader);
    } else if (loader->config.file_count == CONFIG_FILES_MAX) {
        loader_fail(loader, loader_join(where, path, name),
                    "too many files are configured: at most 256");
    } else if (stat(kept, &status) != 0 || !S_ISREG(status.st_mode) || access(kept, R_OK) != 0) {
        refuse_file(loader, loader_join(where, path, name), kept);
    } else {
        loader->config.files[loader->config.file_count++] = kept;
    }
    return kept;
}

/* An address to call. Plain HTTP is for development. */
const char *loader_url(struct loader *loader, const cJSON *object, const char *path,
                       const char *name)
{
    char where[PATH_ROOM];
    const char *url = loader_text(loader, object, name, NULL);
    if (url && strncmp(url, "https:", 6) != 0 && !loader->config.development) {
        loader_fail(loader, loader_join(where, path, name), "must be https outside development");
    }
    return url;
}

void loader_check_key_store(struct loader *loader, const char *path, const char *url,
                            const char *ca)
{
    const bool secure = strncmp(url, "https:", 6) == 0;
    if (secure && !ca) {
        loader_fail(loader, path, "a key store with https needs jwksCa");
    } else if (!secure && ca) {
        loader_fail(loader, path,
                    "with jwksCa keys are fetched by https alone: change http: to https:, or "
                    "remove jwksCa");
    }
}

/* A list that ends with NULL. */
const char *const *loader_texts(struct loader *loader, const cJSON *object, const char *name,
                                const char *const *fallback)
{
    size_t count = 0;
    const cJSON *list = json_get(object, name), *item;
    if (!list) {
        return fallback;
    }
    const char **texts =
        arena_array(loader->arena, (size_t)cJSON_GetArraySize(list) + 1, sizeof(*texts));
    if (!texts) {
        loader_fail_memory(loader);
        return fallback;
    }
    cJSON_ArrayForEach(item, list)
    {
        texts[count++] = loader_keep(loader, item->valuestring);
    }
    texts[count] = NULL;
    return texts;
}
