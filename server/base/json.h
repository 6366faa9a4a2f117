/*
 * JSON: a writer that appends to a struct buf, and reading through cJSON. Other files use cJSON's
 * tree type and iteration; parsing and freeing rules are here.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

#include <cjson/cJSON.h>

/*
 * Escapes as much of *text as fits into `room`, cuts that off *text and returns the bytes written.
 * Bytes that are not UTF-8 become U+FFFD; a character is never split.
 */
size_t json_escape(struct lfi_slice *text, char *out, size_t room);
/* Appends "text" quoted and escaped as above. */
void json_append_string(struct buf *out, struct lfi_slice text);

/* Writer: commas are its business. Depth at most 32. Names are string literals or C strings. */
struct json_writer {
    struct buf *out;
    uint64_t filled; /* bit per depth: something was written at this level */
    unsigned depth;
};

void json_begin(struct json_writer *w, struct buf *out);
/* name NULL inside arrays and at the top */
void json_open_object(struct json_writer *w, const char *name);
void json_close_object(struct json_writer *w);
void json_open_array(struct json_writer *w, const char *name);
void json_close_array(struct json_writer *w);
void json_string(struct json_writer *w, const char *name, struct lfi_slice value);
void json_text(struct json_writer *w, const char *name, const char *value);
/* Writes no member when the value is absent or empty. */
void json_string_if_any(struct json_writer *w, const char *name, struct lfi_slice value);
void json_int(struct json_writer *w, const char *name, int64_t value);
void json_bool(struct json_writer *w, const char *name, bool value);
void json_raw(struct json_writer *w, const char *name, struct lfi_slice json); /* already JSON */

/*
 * Reading. json_parse refuses trailing text, nesting beyond LIMIT_JSON_DEPTH, and NUL and other
 * control characters in strings; that names are not doubled is the contract check's business.
 * The tree is freed with cJSON_Delete. NULL when it is not JSON.
 */
cJSON *json_parse(struct lfi_slice text);
/* Frees a tree after its texts, which may be secrets, were overwritten; NULL is fine. */
void json_wipe(cJSON *tree);
/* The string value of a member, absent slice when missing or of another type. */
struct lfi_slice json_get_string(const cJSON *object, const char *name);
const cJSON *json_get(const cJSON *object, const char *name); /* case-sensitive, may be NULL */
bool json_get_int(const cJSON *object, const char *name, int64_t *out); /* exact integers only */
bool json_get_bool(const cJSON *object, const char *name, bool fallback);
/* Whether an array of texts holds `text`; false for NULL. */
bool json_lists(const cJSON *array, struct lfi_slice text);

#endif
