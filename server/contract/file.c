/* Checks of files that people write: each message says where, what is wrong, and what was there. */
#include "base/buf.h"
#include "contract/contract.h"
#include "contract/tables.h"

#include <string.h>

#define MESSAGE_BYTES 1024
#define VALUE_BYTES 60 /* what is longer is not shown */

size_t contract_line_of(struct lfi_slice text, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset && i < text.len; i++) {
        line += text.ptr[i] == '\n';
    }
    return line;
}

/* The text or number that begins there as it is written; absent for anything else. */
static struct lfi_slice scalar_at(struct lfi_slice rest)
{
    size_t len = 0;
    if (rest.len > 0 && rest.ptr[0] == '"') {
        for (len = 1; len < rest.len && rest.ptr[len] != '"'; len++) {
            len += rest.ptr[len] == '\\';
        }
        len++;
    } else {
        while (len < rest.len && memchr("+-.0123456789Eaeflnrstu", rest.ptr[len], 23)) {
            len++;
        }
    }
    return len > 0 && len <= rest.len && len <= VALUE_BYTES ? (struct lfi_slice){rest.ptr, len}
                                                            : (struct lfi_slice){NULL, 0};
}

void contract_append_value(struct lfi_slice text, size_t offset, struct buf *out)
{
    size_t at = offset < text.len ? offset : text.len;
    struct lfi_slice value = scalar_at((struct lfi_slice){text.ptr + at, text.len - at});
    if (value.ptr) {
        buf_append_format(out, " (it is %.*s)", SLICE_ARG(value));
    }
}

static void append_members(const struct contract_object_rules *object, struct buf *out)
{
    buf_append_text(out, ": what may stand there is ");
    for (size_t i = 0; i < object->member_count; i++) {
        buf_append_format(out, "%s%s", i > 0 ? ", " : "", object->members[i].name.ptr);
    }
}

/* Whether the value breaks a rule, so that it helps to see it. */
static bool is_about_value(const char *rule)
{
    return strcmp(rule, "json") != 0 && strcmp(rule, "required") != 0;
}

int contract_check_file(const struct contract_schema *schema, const char *name,
                        struct lfi_slice text, struct lfi_error *error)
{
    struct contract_violation violation = {.rule = ""};
    struct buf message;
    if (contract_check_json(schema, text, &violation) == 0) {
        return 0;
    }
    buf_init(&message, MESSAGE_BYTES);
    buf_append_text(&message, violation.message);
    if (violation.closed) {
        append_members(violation.closed, &message);
    } else if (is_about_value(violation.rule)) {
        contract_append_value(text, violation.offset, &message);
    }
    error_set(error, "%s:%zu: %s: %.*s", name, contract_line_of(text, violation.offset),
              violation.where, SLICE_ARG(buf_slice(&message)));
    buf_free(&message);
    return -1;
}
