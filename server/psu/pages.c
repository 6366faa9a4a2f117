#include "psu/pages.h"

#include "base/json.h"
#include "web_files.h"

#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_LANGUAGE "en"

struct pages {
    char address[80];              /* of the brand's files: "/brand/dhowretail" */
    char images[BRAND_IMAGES][96]; /* addresses of its pictures, or of ours */
    struct brand brand;
    const struct page_texts *texts;
    struct page_texts *own_texts;               /* the same where the brand has texts; else NULL */
    struct page_asset assets[1 + BRAND_IMAGES]; /* the style, the pictures */
    size_t asset_count;
};

static void add_asset(struct pages *pages, const char *name, const char *type,
                      struct lfi_slice bytes)
{
    page_asset_set(&pages->assets[pages->asset_count++], name, type, bytes);
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

int pages_new(struct pages **out, const char *provider_id, const struct brand_config *brand,
              const struct page_texts *texts, struct lfi_error *error)
{
    *out = NULL;
    struct pages *pages = calloc(1, sizeof(*pages));
    if (!pages) {
        return error_set(error, "out of memory");
    }
    snprintf(pages->address, sizeof(pages->address), "/brand/%s", provider_id);
    if (brand_read(&pages->brand, brand, error) != 0 ||
        (brand_has_texts(&pages->brand) &&
         page_texts_new(&pages->own_texts, &pages->brand, error) != 0)) {
        pages_free(pages);
        return -1;
    }
    pages->texts = pages->own_texts ? pages->own_texts : texts;
    add_asset(pages, "style.css", "text/css", buf_slice(&pages->brand.style));
    for (size_t i = 0; i < BRAND_IMAGES; i++) {
        add_image(pages, (enum brand_image)i);
    }
    *out = pages;
    return 0;
}

void pages_free(struct pages *pages)
{
    if (!pages) {
        return;
    }
    page_texts_free(pages->own_texts);
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
static const struct page_locale *prefer_locale(const struct pages *pages,
                                               struct lfi_slice languages)
{
    const struct page_locale *best = NULL;
    int best_weight = 0;
    struct lfi_slice item;
    while (slice_next(&languages, ',', &item)) {
        struct lfi_slice range, primary;
        (void)slice_next(&item, ';', &range);
        range = slice_trim(range);
        (void)slice_next(&range, '-', &primary);
        const struct page_locale *locale = page_texts_find(pages->texts, primary);
        int weight = read_weight(item);
        if (locale && weight > best_weight) {
            best = locale;
            best_weight = weight;
        }
    }
    return best;
}

/* The customer's choice, else the browser's, else English. */
static const struct page_locale *choose_locale(const struct pages *pages,
                                               const struct request *request)
{
    const struct page_locale *locale =
        page_texts_find(pages->texts, request_cookie(request, "language"));
    if (!locale) {
        locale = prefer_locale(pages, request_header(request, "Accept-Language", NULL));
    }
    return locale ? locale : page_texts_find(pages->texts, SLICE(DEFAULT_LANGUAGE));
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

static struct lfi_slice error_text(const struct page_locale *locale, const struct web_page *page,
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
static struct lfi_slice value_of(const struct pages *pages, const struct page_locale *locale,
                                 const struct web_page *page, struct lfi_slice name)
{
    char key[64];
    if (slice_equal_text(name, "lang")) {
        return slice_of(locale->language);
    }
    if (slice_equal_text(name, "languages")) {
        return slice_of(pages->texts->languages);
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
    const struct page_locale *locale = choose_locale(pages, request);
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

static const struct page_asset *find_asset(const struct page_asset *assets, size_t count,
                                           struct lfi_slice name)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_text(name, assets[i].name)) {
            return &assets[i];
        }
    }
    return NULL;
}

bool pages_serve_brand(const struct pages *pages, const struct request *request,
                       struct lfi_slice name, struct reply *reply)
{
    const struct page_texts *texts = pages->texts;
    const struct page_asset *asset = find_asset(texts->assets, texts->asset_count, name);
    if (!asset) {
        asset = find_asset(pages->assets, pages->asset_count, name);
    }
    if (!asset) {
        return false;
    }
    const struct static_file one = {asset->type, asset->etag, asset->bytes};
    reply_file(reply, request, &one);
    return true;
}

void pages_add_headers(struct reply *reply, bool secure)
{
    reply_page_headers(reply);
    if (secure) {
        reply_header(reply, "Strict-Transport-Security",
                     SLICE("max-age=31536000; includeSubDomains"));
    }
}
