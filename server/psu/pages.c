#include "psu/pages.h"

#include "base/json.h"
#include "psu/texts.h"
#include "web_files.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#define LOCALES "locales/"
#define SCRIPT ".js"
#define DEFAULT_LANGUAGE "en"
#define LANGUAGES_MAX 8

/* A file of the brand. */
struct asset {
    char name[48];
    const char *type;
    struct lfi_slice bytes;
    char etag[20]; /* quoted */
};

struct locale {
    char language[9];
    cJSON *texts; /* flat: "signIn.title" → text */
};

struct pages {
    char address[80];              /* of the brand's files: "/brand/dhowretail" */
    char images[BRAND_IMAGES][96]; /* addresses of its pictures, or of ours */
    struct brand brand;
    struct locale locales[LANGUAGES_MAX];
    size_t locale_count;
    char languages[LANGUAGES_MAX * 9]; /* "ar en" */
    struct asset *assets; /* the texts of each script in each language, the style, the pictures */
    size_t asset_count;
    size_t owned_count; /* of assets: those whose bytes are ours, the texts, which come first */
};

static void add_asset(struct pages *pages, const char *name, const char *type,
                      struct lfi_slice bytes)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct asset *asset = &pages->assets[pages->asset_count++];
    snprintf(asset->name, sizeof(asset->name), "%s", name);
    asset->type = type;
    asset->bytes = bytes;
    SHA256((const unsigned char *)bytes.ptr, bytes.len, digest);
    snprintf(asset->etag, sizeof(asset->etag), "\"%02x%02x%02x%02x%02x%02x%02x%02x\"", digest[0],
             digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]);
}

/* The brand's own picture, or the one that ships. */
static void add_image(struct pages *pages, enum brand_image image)
{
    static const struct {
        const char *name, *shipped;
    } known[BRAND_IMAGES] = {[BRAND_LOGO] = {"logo", "mark.svg"},
                             [BRAND_SCHEME_LOGO] = {"scheme-logo", "scheme.svg"},
                             [BRAND_SCHEME_MARK] = {"scheme-mark", "scheme-mark.svg"}};
    const struct buf *bytes = &pages->brand.images[image].bytes;
    char *address = pages->images[image];
    if (bytes->len > 0) {
        add_asset(pages, known[image].name, pages->brand.images[image].type, buf_slice(bytes));
        snprintf(address, sizeof(pages->images[0]), "%s/%s", pages->address, known[image].name);
    } else {
        snprintf(address, sizeof(pages->images[0]), "/assets/%s", known[image].shipped);
    }
}

/* A text that no page has would never be seen: it is refused. */
static int replace_texts(struct locale *locale, const cJSON *own, struct lfi_error *error)
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

static int add_locale(struct pages *pages, const struct embed_file *file, struct lfi_error *error)
{
    const char *name = file->path + strlen(LOCALES);
    size_t len = strcspn(name, ".");
    struct locale *locale = &pages->locales[pages->locale_count];
    if (pages->locale_count == LANGUAGES_MAX || len >= sizeof(locale->language)) {
        return error_set(error, "%s: too many languages, or too long a name", file->path);
    }
    pages->locale_count++;
    memcpy(locale->language, name, len);
    locale->texts = json_parse((struct lfi_slice){(const char *)file->bytes, file->len});
    if (!locale->texts) {
        return error_set(error, "%s: not JSON", file->path);
    }
    if (replace_texts(locale, brand_texts(&pages->brand, locale->language), error) != 0) {
        return -1;
    }
    size_t used = strlen(pages->languages);
    snprintf(pages->languages + used, sizeof(pages->languages) - used, "%s%s", used > 0 ? " " : "",
             locale->language);
    return 0;
}

/* "journey.en.json": of each script the texts that it shows. */
static int add_texts(struct pages *pages, const struct locale *locale, struct lfi_error *error)
{
    struct text_index *index = text_index_new(locale->texts);
    if (!index) {
        return error_set(error, "out of memory");
    }
    for (size_t i = 0; i < web_files.count; i++) {
        const struct embed_file *file = &web_files.files[i];
        char name[sizeof(pages->assets->name)];
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
        add_asset(pages, name, "application/json", slice_of(json));
        pages->owned_count++;
    }
    text_index_free(index);
    return 0;
}

static const struct locale *find_locale(const struct pages *pages, struct lfi_slice language)
{
    for (size_t i = 0; i < pages->locale_count; i++) {
        if (slice_equal_nocase(language, pages->locales[i].language)) {
            return &pages->locales[i];
        }
    }
    return NULL;
}

int pages_new(struct pages **out, const char *provider_id, const struct brand_config *brand,
              struct lfi_error *error)
{
    *out = NULL;
    struct pages *pages = calloc(1, sizeof(*pages));
    if (!pages) {
        return error_set(error, "out of memory");
    }
    pages->assets =
        calloc(web_files.count * LANGUAGES_MAX + 1 + BRAND_IMAGES, sizeof(struct asset));
    if (!pages->assets) {
        error_set(error, "out of memory");
        goto fail;
    }
    snprintf(pages->address, sizeof(pages->address), "/brand/%s", provider_id);
    if (brand_read(&pages->brand, brand, error) != 0) {
        goto fail;
    }
    for (size_t i = 0; i < web_files.count; i++) {
        const struct embed_file *file = &web_files.files[i];
        if (slice_starts_with(slice_of(file->path), LOCALES) &&
            add_locale(pages, file, error) != 0) {
            goto fail;
        }
    }
    if (!find_locale(pages, SLICE(DEFAULT_LANGUAGE))) {
        error_set(error, "no texts in the default language");
        goto fail;
    }
    for (size_t i = 0; i < pages->locale_count; i++) {
        if (add_texts(pages, &pages->locales[i], error) != 0) {
            goto fail;
        }
    }
    add_asset(pages, "style.css", "text/css", buf_slice(&pages->brand.style));
    for (size_t i = 0; i < BRAND_IMAGES; i++) {
        add_image(pages, (enum brand_image)i);
    }
    *out = pages;
    return 0;
fail:
    pages_free(pages);
    return -1;
}

void pages_free(struct pages *pages)
{
    if (!pages) {
        return;
    }
    for (size_t i = 0; i < pages->locale_count; i++) {
        cJSON_Delete(pages->locales[i].texts);
    }
    for (size_t i = 0; i < pages->owned_count; i++) {
        cJSON_free((char *)pages->assets[i].bytes.ptr);
    }
    free(pages->assets);
    brand_free(&pages->brand);
    free(pages);
}

/* "q=0.8" in thousandths; anything else counts fully (RFC 9110 12.4.2). */
static int read_weight(struct lfi_slice parameter)
{
    char number[8];
    struct lfi_slice text = slice_trim(parameter);
    if (!slice_starts_with(text, "q=") || text.len - 2 >= sizeof(number)) {
        return 1000;
    }
    int weight = 0;
    int unit = 1000;
    for (size_t i = 2; i < text.len; i++) {
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9') {
            weight += (text.ptr[i] - '0') * unit;
            unit /= 10;
        }
    }
    return weight < 1000 ? weight : 1000;
}

/* The language that the browser likes best among those that we speak; NULL: none. */
static const struct locale *prefer_locale(const struct pages *pages, struct lfi_slice languages)
{
    const struct locale *best = NULL;
    int best_weight = 0;
    struct lfi_slice item;
    while (slice_next(&languages, ',', &item)) {
        struct lfi_slice range, primary;
        (void)slice_next(&item, ';', &range);
        range = slice_trim(range);
        (void)slice_next(&range, '-', &primary);
        const struct locale *locale = find_locale(pages, primary);
        int weight = read_weight(item);
        if (locale && weight > best_weight) {
            best = locale;
            best_weight = weight;
        }
    }
    return best;
}

/* The customer's choice, else the browser's, else English. */
static const struct locale *choose_locale(const struct pages *pages, const struct request *request)
{
    const struct locale *locale = find_locale(pages, request_cookie(request, "language"));
    if (!locale) {
        locale = prefer_locale(pages, request_header(request, "Accept-Language", NULL));
    }
    return locale ? locale : find_locale(pages, SLICE(DEFAULT_LANGUAGE));
}

static void append_escaped(struct buf *out, struct lfi_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '&':
            buf_append_text(out, "&amp;");
            break;
        case '<':
            buf_append_text(out, "&lt;");
            break;
        case '>':
            buf_append_text(out, "&gt;");
            break;
        case '"':
            buf_append_text(out, "&quot;");
            break;
        default:
            buf_append(out, &text.ptr[i], 1);
        }
    }
}

static struct lfi_slice error_text(const struct locale *locale, const struct web_page *page,
                                   const char *part)
{
    char name[80];
    snprintf(name, sizeof(name), "error.%s.%s", page->error_id, part);
    struct lfi_slice text = json_get_string(locale->texts, name);
    if (!text.ptr) {
        snprintf(name, sizeof(name), "error.INTERNAL.%s", part);
        text = json_get_string(locale->texts, name);
    }
    return text;
}

/* What a name in a page stands for. */
static struct lfi_slice value_of(const struct pages *pages, const struct locale *locale,
                                 const struct web_page *page, struct lfi_slice name)
{
    char key[64];
    if (slice_equal_text(name, "lang")) {
        return slice_of(locale->language);
    }
    if (slice_equal_text(name, "languages")) {
        return slice_of(pages->languages);
    }
    if (slice_equal_text(name, "bank")) {
        return brand_name(&pages->brand, locale->language);
    }
    if (slice_equal_text(name, "brand")) {
        return slice_of(pages->address);
    }
    if (slice_equal_text(name, "logo")) {
        return slice_of(pages->images[BRAND_LOGO]);
    }
    if (slice_equal_text(name, "schemeLogo")) {
        return slice_of(pages->images[BRAND_SCHEME_LOGO]);
    }
    if (slice_equal_text(name, "schemeMark")) {
        return slice_of(pages->images[BRAND_SCHEME_MARK]);
    }
    if (slice_equal_text(name, "errorTitle")) {
        return error_text(locale, page, "title");
    }
    if (slice_equal_text(name, "errorText")) {
        return error_text(locale, page, "text");
    }
    if (slice_equal_text(name, "reference")) {
        return page->reference;
    }
    if (slice_equal_text(name, "demoHidden")) {
        return page->demo ? SLICE("") : SLICE("hidden");
    }
    snprintf(key, sizeof(key), "%.*s", SLICE_ARG(name));
    return json_get_string(locale->texts, key);
}

void pages_render(const struct pages *pages, const struct request *request,
                  const struct web_page *page, struct reply *reply)
{
    const struct embed_file *file = embed_find(&web_files, slice_of(page->name));
    const struct locale *locale = choose_locale(pages, request);
    reply->status = 200;
    reply->content_type = file->type;
    buf_clear(&reply->body);

    const char *at = (const char *)file->bytes; /* embedded files end with a NUL */
    for (;;) {
        const char *open = strstr(at, "{{");
        const char *close = !open ? NULL : strstr(open, "}}");
        if (!close) {
            break;
        }
        buf_append(&reply->body, at, (size_t)(open - at));
        struct lfi_slice name = {open + 2, (size_t)(close - open - 2)};
        append_escaped(&reply->body, value_of(pages, locale, page, name));
        at = close + 2;
    }
    buf_append_text(&reply->body, at);
}

bool pages_serve_file(const struct request *request, struct lfi_slice path, struct reply *reply)
{
    const struct embed_file *file = embed_find(&web_files, path);
    if (!file || slice_starts_with(slice_of(file->type), "text/html")) {
        return false;
    }
    const struct static_file one = {file->type, file->etag, {(const char *)file->bytes, file->len}};
    reply_file(reply, request, &one);
    return true;
}

bool pages_serve_brand(const struct pages *pages, const struct request *request,
                       struct lfi_slice name, struct reply *reply)
{
    for (size_t i = 0; i < pages->asset_count; i++) {
        const struct asset *asset = &pages->assets[i];
        if (slice_equal_text(name, asset->name)) {
            const struct static_file one = {asset->type, asset->etag, asset->bytes};
            reply_file(reply, request, &one);
            return true;
        }
    }
    return false;
}

void pages_add_headers(struct reply *reply, bool secure)
{
    reply_page_headers(reply);
    if (secure) {
        reply_header(reply, "Strict-Transport-Security",
                     SLICE("max-age=31536000; includeSubDomains"));
    }
}
