/*
 * The texts of the pages in each language, and of each script those that it shows, as the file that
 * browsers load with it. Those of the program alone are made once for all providers. Constant after
 * page_texts_new(), any thread.
 */
#ifndef PSU_PAGE_TEXTS_H
#define PSU_PAGE_TEXTS_H

#include "base/error.h"
#include "base/json.h"
#include "psu/brand.h"

#define LANGUAGES_MAX 8

/* A file that is not among those of web/. */
struct page_asset {
    char name[48]; /* "journey.en.json", "logo" */
    const char *type;
    struct lfi_slice bytes;
    char etag[20]; /* quoted */
};

struct page_locale {
    char language[9];
    cJSON *texts; /* flat: "signIn.title" → text */
};

struct page_texts {
    struct page_locale locales[LANGUAGES_MAX];
    size_t locale_count;
    char languages[LANGUAGES_MAX * 9]; /* "ar en" */
    struct page_asset *assets;         /* of each script in each language; their bytes are ours */
    size_t asset_count;
};

/* The brand's texts replace those of the same key; NULL: none do. */
int page_texts_new(struct page_texts **out, const struct brand *brand, struct lfi_error *error);
void page_texts_free(struct page_texts *texts);
/* NULL: there is none. */
const struct page_locale *page_texts_find(const struct page_texts *texts,
                                          struct lfi_slice language);
/* `type` and `bytes` are borrowed. */
void page_asset_set(struct page_asset *asset, const char *name, const char *type,
                    struct lfi_slice bytes);

#endif
