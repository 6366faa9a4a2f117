#include "http/message.h"

#include "base/json.h"
#include "base/text.h"

bool request_is_read(const struct request *request)
{
    return slice_equal_text(request->method, "GET") || slice_equal_text(request->method, "HEAD");
}

struct lfi_slice request_header(const struct request *request, const char *name, size_t *count)
{
    struct lfi_slice first = {NULL, 0};
    size_t found = 0, len = strlen(name);

    for (size_t i = 0; i < request->header_count; i++) {
        struct lfi_slice one = request->headers[i].name;
        if (one.len == len && slice_equal_letters(one.ptr, name, len) && found++ == 0) {
            first = request->headers[i].value;
        }
    }
    if (count) {
        *count = found;
    }
    return first;
}

struct lfi_slice request_decode(struct arena *arena, struct lfi_slice text, bool plus)
{
    const struct lfi_slice malformed = {NULL, 0};
    size_t len = 0;

    char *out = text.ptr ? arena_alloc(arena, text.len + 1) : NULL;
    if (!out) {
        return malformed;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = i + 2 < text.len ? text_hex_value(text.ptr[i + 1]) : -1;
            int low = i + 2 < text.len ? text_hex_value(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return malformed;
            }
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        out[len++] = c;
    }
    return (struct lfi_slice){out, len};
}

struct lfi_slice request_parameter(struct arena *arena, struct lfi_slice query, const char *name,
                                   size_t *count)
{
    struct lfi_slice first = {NULL, 0};
    struct lfi_slice pair;
    size_t found = 0;

    while (slice_next(&query, '&', &pair)) {
        struct lfi_slice value = pair;
        struct lfi_slice key;
        if (pair.len == 0 || !slice_next(&value, '=', &key)) {
            continue;
        }
        if (memchr(key.ptr, '%', key.len) || memchr(key.ptr, '+', key.len)) {
            key = request_decode(arena, key, true);
        }
        if (!slice_equal_text(key, name) || found++ > 0) {
            continue;
        }
        first = request_decode(arena, value.ptr ? value : SLICE(""), true);
    }
    if (count) {
        *count = found;
    }
    return first;
}

struct lfi_slice request_cookie(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct lfi_slice rest = request->headers[i].value;
        struct lfi_slice pair;
        if (!slice_equal_nocase(request->headers[i].name, "cookie")) {
            continue;
        }
        while (slice_next(&rest, ';', &pair)) {
            struct lfi_slice value = slice_trim(pair);
            struct lfi_slice key;
            if (slice_next(&value, '=', &key) && value.ptr && slice_equal_text(key, name)) {
                return value;
            }
        }
    }
    return (struct lfi_slice){NULL, 0};
}

static bool is_line(struct lfi_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

void reply_header(struct reply *reply, const char *name, struct lfi_slice value)
{
    if (!is_line(value)) {
        buf_fail(&reply->headers);
        return;
    }
    buf_append_text(&reply->headers, name);
    buf_append(&reply->headers, ": ", 2);
    buf_append_slice(&reply->headers, value);
    buf_append(&reply->headers, "\r\n", 2);
}

void reply_page_headers(struct reply *reply)
{
    reply_header(reply, "Content-Security-Policy",
                 SLICE("default-src 'self'; base-uri 'none'; object-src 'none'; "
                       "form-action 'self'; frame-ancestors 'none'"));
    reply_header(reply, "X-Content-Type-Options", SLICE("nosniff"));
    reply_header(reply, "Referrer-Policy", SLICE("no-referrer"));
    reply_header(reply, "Cross-Origin-Opener-Policy", SLICE("same-origin"));
}

void reply_file(struct reply *reply, const struct request *request, const struct static_file *file)
{
    if (!request_is_read(request)) {
        reply->status = 405;
        return;
    }
    reply_header(reply, "ETag", slice_of(file->etag));
    reply_header(reply, "Cache-Control", SLICE("no-cache"));
    if (slice_equal_text(request_header(request, "if-none-match", NULL), file->etag)) {
        reply->status = 304;
        return;
    }
    reply->status = 200;
    reply->content_type = file->type;
    buf_append_slice(&reply->body, file->bytes);
}

void reply_refusal(struct reply *reply, const struct refusal *refusal)
{
    struct json_writer w;

    reply->status = refusal->status;
    reply->content_type = "application/json";
    buf_clear(&reply->body);
    json_begin(&w, &reply->body);
    json_open_object(&w, NULL);
    if (refusal->error_code) {
        json_text(&w, "errorCode", refusal->error_code);
    }
    json_text(&w, "errorMessage", refusal->error_message);
    json_close_object(&w);
    if (refusal->status == 401) {
        reply_header(reply, "WWW-Authenticate", SLICE("Bearer")); /* RFC 9110 15.5.2 */
    }
}
