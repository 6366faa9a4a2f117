#include "psu/page_texts.h"

#include "psu/texts.h"
#include "web_files.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#define LOCALES "locales/"
#define SCRIPT ".js"
#define DEFAULT_LANGUAGE "en"

void page_asset_set(struct page_asset *asset, const char *name, const char *type,
                    struct lfi_slice bytes)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    snprintf(asset->name, sizeof(asset->name), "%s", name);
    asset->type = type;
    asset->bytes = bytes;
    SHA256((const unsigned char *)bytes.ptr, bytes.len, digest);
    snprintf(asset->etag, sizeof(asset->etag), "\"%02x%02x%02x%02x%02x%02x%02x%02x\"", digest[0],
             digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]);
}

/* A text that no page has would never be seen: it is refused. */
static int replace_texts(struct page_locale *locale, const cJSON *own, struct lfi_error *error)
{
    const cJSON *text;
    cJSON_ArrayForEach(text, own)
    {
        if (!cJSON_IsString(text) || !json_get(locale->texts, text->string) ||
            !cJSON_ReplaceItemInObjectCaseSensitive(locale->texts, text->string,
                                                    cJSON_CreateString(text->valuestring))) {
            return error_set(error, "brand.texts.%s: there is no text %s, or it is no string",
                             locale->language, text->string);
        }
    }
    return 0;
}

static int add_locale(struct page_texts *texts, const struct embed_file *file,
                      const struct brand *brand, struct lfi_error *error)
{
    const char *name = file->path + strlen(LOCALES);
    size_t len = strcspn(name, ".");
    struct page_locale *locale = &texts->locales[texts->locale_count];
    if (texts->locale_count == LANGUAGES_MAX || len >= sizeof(locale->language)) {
        return error_set(error, "%s: too many languages, or too long a name", file->path);
    }
    texts->locale_count++;
    memcpy(locale->language, name, len);
    locale->texts = json_parse((struct lfi_slice){(const char *)file->bytes, file->len});
    if (!locale->texts) {
        return error_set(error, "%s: not JSON", file->path);
    }
    if (replace_texts(locale, brand ? brand_texts(brand, locale->language) : NULL, error) != 0) {
        return -1;
    }
    size_t used = strlen(texts->languages);
    snprintf(texts->languages + used, sizeof(texts->languages) - used, "%s%s", used > 0 ? " " : "",
             locale->language);
    return 0;
}

/* "journey.en.json": of each script the texts that it shows. */
static int add_texts(struct page_texts *texts, const struct page_locale *locale,
                     struct lfi_error *error)
{
    struct text_index *index = text_index_new(locale->texts);
    if (!index) {
        return error_set(error, "out of memory");
    }
    for (size_t i = 0; i < web_files.count; i++) {
        const struct embed_file *file = &web_files.files[i];
        char name[sizeof(texts->assets->name)];
        size_t len = strlen(file->path);
        if (len <= strlen(SCRIPT) || strcmp(file->path + len - strlen(SCRIPT), SCRIPT) != 0) {
            continue;
        }
        snprintf(name, sizeof(name), "%.*s.%s.json", (int)(len - strlen(SCRIPT)), file->path,
                 locale->language);
        char *json = texts_of_script(&web_files, file, index);
        if (!json) {
            text_index_free(index);
            return error_set(error, "out of memory");
        }
        page_asset_set(&texts->assets[texts->asset_count++], name, "application/json",
                       slice_of(json));
    }
    text_index_free(index);
    return 0;
}

const struct page_locale *page_texts_find(const struct page_texts *texts, struct lfi_slice language)
{
    for (size_t i = 0; i < texts->locale_count; i++) {
        if (slice_equal_nocase(language, texts->locales[i].language)) {
            return &texts->locales[i];
        }
    }
    return NULL;
}

static int read_locales(struct page_texts *texts, const struct brand *brand,
                        struct lfi_error *error)
{
    for (size_t i = 0; i < web_files.count; i++) {
        const struct embed_file *file = &web_files.files[i];
        if (slice_starts_with(slice_of(file->path), LOCALES) &&
            add_locale(texts, file, brand, error) != 0) {
            return -1;
        }
    }
    return page_texts_find(texts, SLICE(DEFAULT_LANGUAGE))
               ? 0
               : error_set(error, "no texts in the default language");
}

int page_texts_new(struct page_texts **out, const struct brand *brand, struct lfi_error *error)
{
    *out = NULL;
    struct page_texts *texts = calloc(1, sizeof(*texts));
    if (!texts) {
        return error_set(error, "out of memory");
    }
    texts->assets = calloc(web_files.count * LANGUAGES_MAX, sizeof(*texts->assets));
    int status =
        texts->assets ? read_locales(texts, brand, error) : error_set(error, "out of memory");
    for (size_t i = 0; i < texts->locale_count && status == 0; i++) {
        status = add_texts(texts, &texts->locales[i], error);
    }
    if (status != 0) {
        page_texts_free(texts);
        return -1;
    }
    *out = texts;
    return 0;
}

void page_texts_free(struct page_texts *texts)
{
    if (!texts) {
        return;
    }
    for (size_t i = 0; i < texts->locale_count; i++) {
        cJSON_Delete(texts->locales[i].texts);
    }
    for (size_t i = 0; i < texts->asset_count; i++) {
        cJSON_free((char *)texts->assets[i].bytes.ptr);
    }
    free(texts->assets);
    free(texts);
}
