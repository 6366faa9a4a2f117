/*
 * What the readers of the configuration's parts share. The first mistake is the one that is
 * reported: a reader calls loader_fail and goes on, and the configuration is refused in the end.
 * `path` is that of an object, "$.hub"; a member's own path is put together with loader_join. Texts
 * are kept in the configuration's arena. Internal to this room.
 */
#ifndef CONFIG_LOADER_H
#define CONFIG_LOADER_H

#include "base/arena.h"
#include "config/config.h"

#include <cjson/cJSON.h>

#define PATH_ROOM 128 /* of "$.providers[15].consentManager" */

struct loader {
    struct config config; /* first: config_free gets its address */
    struct arena *arena;
    struct lfi_error *error;
    bool failed;
};

void loader_fail(struct loader *loader, const char *path, const char *cause);
void loader_fail_memory(struct loader *loader);
/* "$.hub" and "key" give "$.hub.key", in `out`. */
const char *loader_join(char out[PATH_ROOM], const char *path, const char *name);

/* NULL: out of memory, which is reported. */
const char *loader_keep(struct loader *loader, const char *text);
const char *loader_text(struct loader *loader, const cJSON *object, const char *name,
                        const char *fallback);
/* The place of a member's text among the words, which are the schema's enum; -1: it is absent. */
int loader_word(struct loader *loader, const cJSON *object, const char *path, const char *name,
                const char *const *words);
int loader_word_or(int word, int fallback);
int loader_int(const cJSON *object, const char *name, int fallback);
/* A file that must be there, by its whole path; it is added to the files that are watched. */
const char *loader_file(struct loader *loader, const cJSON *object, const char *path,
                        const char *name);
/* An address to call. Plain HTTP is for development. */
const char *loader_url(struct loader *loader, const cJSON *object, const char *path,
                       const char *name);
/*
 * An address of key sets beside the jwksCa to believe there, NULL: none. With it keys are fetched
 * by https alone, without it by http alone.
 */
void loader_check_key_store(struct loader *loader, const char *path, const char *url,
                            const char *ca);
/* A list of texts, ending with NULL. */
const char *const *loader_texts(struct loader *loader, const cJSON *object, const char *name,
                                const char *const *fallback);

/* How a provider's Hub proves itself: its own callerAuth, or the mode that all share (callers.c).
 */
void loader_read_caller_auth(struct loader *loader, const cJSON *root, const cJSON *provider,
                             struct config_provider *out, const char *path);
/* Keys for the personal data of payments, and whose signatures are believed (encryption.c). */
void loader_read_encryption(struct loader *loader, const cJSON *root);
/* Where customers decide, and how they are registered at CAAP (caap.c). After callerAuth. */
void loader_read_caap(struct loader *loader, const cJSON *root, const cJSON *provider,
                      struct config_provider *out, const char *path);
/* What is taken of payments, and how (payments.c). */
void loader_read_payments(struct loader *loader, const cJSON *provider, struct config_provider *out,
                          const char *path);

#endif
