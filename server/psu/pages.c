#include "psu/pages.h"

#include "base/json.h"
#include "web_files.h"

#include <stdio.h>
#include <stdlib.h>

#define LOCALES "locales/"
#define DEFAULT_LANGUAGE "en"
#define LANGUAGES_MAX 8

struct locale {
    char language[9];
    cJSON *texts; /* flat: "signIn.title" → text */
};

struct pages {
    struct locale locales[LANGUAGES_MAX];
    size_t locale_count;
    char languages[LANGUAGES_MAX * 9]; /* "ar en" */
};

static int add_locale(struct pages *pages, const struct embed_file *file, struct lfi_error *error)
{
    const char *name = file->path + strlen(LOCALES);
    size_t len = strcspn(name, ".");
    struct locale *locale = &pages->locales[pages->locale_count];
    if (pages->locale_count == LANGUAGES_MAX || len >= sizeof(locale->language)) {
        return error_set(error, "%s: too many languages, or too long a name", file->path);
    }
    locale->texts = json_parse((struct lfi_slice){(const char *)file->bytes, file->len});
    if (locale->texts == NULL) {
        return error_set(error, "%s: not JSON", file->path);
    }
    memcpy(locale->language, name, len);
    size_t used = strlen(pages->languages);
    snprintf(pages->languages + used, sizeof(pages->languages) - used, "%s%s", used > 0 ? " " : "",
             locale->language);
    pages->locale_count++;
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

int pages_new(struct pages **out, struct lfi_error *error)
{
    *out = NULL;
    struct pages *pages = calloc(1, sizeof(*pages));
    if (pages == NULL) {
        return error_set(error, "out of memory");
    }
    for (size_t i = 0; i < web_files.count; i++) {
        const struct embed_file *file = &web_files.files[i];
        if (slice_starts_with(slice_of(file->path), LOCALES) &&
            add_locale(pages, file, error) != 0) {
            pages_free(pages);
            return -1;
        }
    }
    if (find_locale(pages, SLICE(DEFAULT_LANGUAGE)) == NULL) {
        pages_free(pages);
        return error_set(error, "no texts in the default language");
    }
    *out = pages;
    return 0;
}

void pages_free(struct pages *pages)
{
    if (pages == NULL) {
        return;
    }
    for (size_t i = 0; i < pages->locale_count; i++) {
        cJSON_Delete(pages->locales[i].texts);
    }
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
        if (locale != NULL && weight > best_weight) {
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
    if (locale == NULL) {
        locale = prefer_locale(pages, request_header(request, "Accept-Language", NULL));
    }
    return locale != NULL ? locale : find_locale(pages, SLICE(DEFAULT_LANGUAGE));
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

static struct lfi_slice error_text(const struct locale *locale, const struct page *page,
                                   const char *part)
{
    char name[80];
    snprintf(name, sizeof(name), "error.%s.%s", page->error_id, part);
    struct lfi_slice text = json_get_string(locale->texts, name);
    if (text.ptr == NULL) {
        snprintf(name, sizeof(name), "error.INTERNAL.%s", part);
        text = json_get_string(locale->texts, name);
    }
    return text;
}

/* What a name in a page stands for. */
static struct lfi_slice value_of(const struct pages *pages, const struct locale *locale,
                                 const struct page *page, struct lfi_slice name)
{
    char key[64];
    if (slice_equal_text(name, "lang")) {
        return slice_of(locale->language);
    }
    if (slice_equal_text(name, "languages")) {
        return slice_of(pages->languages);
    }
    if (slice_equal_text(name, "bank")) {
        return slice_of(page->bank_name);
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
    snprintf(key, sizeof(key), "%.*s", SLICE_ARG(name));
    return json_get_string(locale->texts, key);
}

void pages_render(const struct pages *pages, const struct request *request, const struct page *page,
                  struct reply *reply)
{
    const struct embed_file *file = embed_find(&web_files, slice_of(page->name));
    const struct locale *locale = choose_locale(pages, request);
    reply->status = 200;
    reply->content_type = file->type;
    buf_clear(&reply->body);

    const char *at = (const char *)file->bytes; /* embedded files end with a NUL */
    for (;;) {
        const char *open = strstr(at, "{{");
        const char *close = open == NULL ? NULL : strstr(open, "}}");
        if (close == NULL) {
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
    if (file == NULL || slice_starts_with(slice_of(file->type), "text/html")) {
        return false;
    }
    reply_header(reply, "ETag", slice_of(file->etag));
    reply_header(reply, "Cache-Control", SLICE("no-cache"));
    if (slice_equal_text(request_header(request, "If-None-Match", NULL), file->etag)) {
        reply->status = 304;
        return true;
    }
    reply->status = 200;
    reply->content_type = file->type;
    buf_append(&reply->body, file->bytes, file->len);
    return true;
}

void pages_add_headers(struct reply *reply, bool secure)
{
    reply_header(reply, "Content-Security-Policy",
                 SLICE("default-src 'self'; base-uri 'none'; object-src 'none'; "
                       "form-action 'self'; frame-ancestors 'none'"));
    reply_header(reply, "X-Content-Type-Options", SLICE("nosniff"));
    reply_header(reply, "Referrer-Policy", SLICE("no-referrer"));
    if (secure) {
        reply_header(reply, "Strict-Transport-Security", SLICE("max-age=31536000"));
    }
}
