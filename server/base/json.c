#include "base/json.h"

#include "base/limits.h"
#include "base/text.h"

#include <openssl/crypto.h>

#define ESCAPED_MAX 6 /* \u001f */
#define REPLACEMENT "\xef\xbf\xbd"

/* --- writing ---------------------------------------------------------------------------------- */

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* How many characters at the front stand for themselves, most of them or all. */
static size_t plain_run(struct lfi_slice text, size_t room)
{
    size_t most = text.len < room ? text.len : room;
    size_t run = 0;

    while (run < most && is_plain((unsigned char)text.ptr[run])) {
        run++;
    }
    return run;
}

/* The escape of one ASCII character; 0 when it stands for itself. */
static size_t escape_ascii(unsigned char c, char out[ESCAPED_MAX])
{
    static const char hex[] = "0123456789abcdef";
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char letter[] = "\"\\bfnrt";

    if (is_plain(c)) {
        return 0;
    }
    out[0] = '\\';
    const char *at = c != '\0' ? strchr(plain, c) : NULL;
    if (at) {
        out[1] = letter[at - plain];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return ESCAPED_MAX;
}

size_t json_escape(struct lfi_slice *text, char *out, size_t room)
{
    size_t written = 0;

    while (text->len > 0) {
        char escaped[ESCAPED_MAX];
        const char *from = text->ptr;
        size_t taken = plain_run(*text, room - written);
        if (taken == 0) {
            taken = text_sequence_length(text->ptr, text->ptr + text->len);
        }
        size_t len = taken;

        if (taken == 0) {
            from = REPLACEMENT;
            len = sizeof(REPLACEMENT) - 1;
            taken = 1;
        } else if (taken == 1) {
            size_t escape = escape_ascii((unsigned char)*text->ptr, escaped);
            if (escape > 0) {
                from = escaped;
                len = escape;
            }
        }
        if (len > room - written) {
            break;
        }
        memcpy(out + written, from, len);
        written += len;
        text->ptr += taken;
        text->len -= taken;
    }
    return written;
}

void json_append_string(struct buf *out, struct lfi_slice text)
{
    buf_append(out, "\"", 1);
    while (text.len > 0) {
        /* Most text needs no escape: ask for its own length and come back for the rest. */
        char *at = buf_reserve(out, text.len + ESCAPED_MAX);
        if (!at) {
            return;
        }
        out->len += json_escape(&text, at, text.len + ESCAPED_MAX);
    }
    buf_append(out, "\"", 1);
}

void json_begin(struct json_writer *w, struct buf *out)
{
    *w = (struct json_writer){.out = out};
}

static void begin_value(struct json_writer *w, const char *name)
{
    uint64_t level = UINT64_C(1) << w->depth;

    if (w->filled & level) {
        buf_append(w->out, ",", 1);
    }
    w->filled |= level;
    if (name) {
        json_append_string(w->out, slice_of(name));
        buf_append(w->out, ":", 1);
    }
}

static void open_level(struct json_writer *w, const char *name, const char *bracket)
{
    begin_value(w, name);
    buf_append(w->out, bracket, 1);
    if (w->depth >= LIMIT_JSON_DEPTH) {
        buf_fail(w->out);
        return;
    }
    w->depth++;
    w->filled &= ~(UINT64_C(1) << w->depth);
}

static void close_level(struct json_writer *w, const char *bracket)
{
    if (w->depth > 0) {
        w->depth--;
    }
    buf_append(w->out, bracket, 1);
}

void json_open_object(struct json_writer *w, const char *name)
{
    open_level(w, name, "{");
}

void json_close_object(struct json_writer *w)
{
    close_level(w, "}");
}

void json_open_array(struct json_writer *w, const char *name)
{
    open_level(w, name, "[");
}

void json_close_array(struct json_writer *w)
{
    close_level(w, "]");
}

void json_string(struct json_writer *w, const char *name, struct lfi_slice value)
{
    begin_value(w, name);
    json_append_string(w->out, value);
}

void json_text(struct json_writer *w, const char *name, const char *value)
{
    json_string(w, name, slice_of(value));
}

void json_string_if_any(struct json_writer *w, const char *name, struct lfi_slice value)
{
    if (value.len > 0) {
        json_string(w, name, value);
    }
}

void json_int(struct json_writer *w, const char *name, int64_t value)
{
    begin_value(w, name);
    text_append_number(w->out, value);
}

void json_bool(struct json_writer *w, const char *name, bool value)
{
    begin_value(w, name);
    buf_append_text(w->out, value ? "true" : "false");
}

void json_raw(struct json_writer *w, const char *name, struct lfi_slice json)
{
    begin_value(w, name);
    buf_append_slice(w->out, json);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* What cJSON would take although it must not: deep nesting, control characters, \u0000. */
static bool is_harmless(struct lfi_slice text)
{
    unsigned depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (in_string) {
            if (c < 0x20) {
                return false;
            }
            if (c == '\\') {
                if (text.len - i >= 6 && memcmp(text.ptr + i + 1, "u0000", 5) == 0) {
                    return false;
                }
                i++;
            }
        } else if (c == '\0' || ((c == '{' || c == '[') && ++depth > LIMIT_JSON_DEPTH)) {
            return false;
        } else if (c == '}' || c == ']') {
            depth -= depth > 0;
        }
        in_string ^= c == '"';
    }
    return true;
}

cJSON *json_parse(struct lfi_slice text)
{
    const char *end = NULL;

    if (!text.ptr || !is_harmless(text)) {
        return NULL;
    }
    cJSON *tree = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, 0);
    while (tree && end < text.ptr + text.len) {
        if (!strchr(" \t\r\n", *end)) {
            cJSON_Delete(tree);
            return NULL;
        }
        end++;
    }
    return tree;
}

static void wipe_texts(cJSON *item)
{
    for (; item; item = item->next) {
        if (item->valuestring) {
            OPENSSL_cleanse(item->valuestring, strlen(item->valuestring));
        }
        wipe_texts(item->child); /* as deep as json_parse allows */
    }
}

void json_wipe(cJSON *tree)
{
    wipe_texts(tree);
    cJSON_Delete(tree);
}

const cJSON *json_get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

struct lfi_slice json_get_string(const cJSON *object, const char *name)
{
    return slice_of(cJSON_GetStringValue(json_get(object, name)));
}

bool json_get_int(const cJSON *object, const char *name, int64_t *out)
{
    const double exact_max = 9007199254740992.0; /* 2^53: beyond it a double skips integers */
    const cJSON *item = json_get(object, name);

    if (!cJSON_IsNumber(item) || !(item->valuedouble >= -exact_max) ||
        !(item->valuedouble <= exact_max) ||
        (double)(int64_t)item->valuedouble < item->valuedouble ||
        (double)(int64_t)item->valuedouble > item->valuedouble) {
        return false;
    }
    *out = (int64_t)item->valuedouble;
    return true;
}

bool json_get_bool(const cJSON *object, const char *name, bool fallback)
{
    const cJSON *item = json_get(object, name);
    return cJSON_IsBool(item) ? cJSON_IsTrue(item) : fallback;
}

bool json_lists(const cJSON *array, struct lfi_slice text)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (cJSON_IsString(item) && slice_equal_text(text, item->valuestring)) {
            return true;
        }
    }
    return false;
}
