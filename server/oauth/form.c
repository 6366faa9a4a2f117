#include "oauth/form.h"

#include "http/message.h"

static bool has_control(struct lfi_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == 0x7f) {
            return true;
        }
    }
    return false;
}

static bool is_sent(const struct form *form, struct lfi_slice name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (slice_equal(form->fields[i].name, name)) {
            return true;
        }
    }
    return false;
}

static int add_field(struct arena *arena, struct lfi_slice pair, struct form *out,
                     struct lfi_error *error)
{
    struct lfi_slice value = pair, name;

    (void)slice_next(&value, '=', &name);
    name = request_decode(arena, name, true);
    value = request_decode(arena, value.ptr ? value : SLICE(""), true);
    if (!name.ptr || !value.ptr) {
        return error_set(error, "a parameter has an invalid percent-encoding");
    }
    if (name.len == 0 || has_control(name) || has_control(value)) {
        return error_set(error, name.len == 0 ? "a parameter has no name"
                                              : "a parameter has a control character");
    }
    if (is_sent(out, name)) {
        return error_set(error, "a parameter is duplicated");
    }
    if (out->count == LIMIT_TOKEN_FIELDS) {
        return error_set(error, "more than %d parameters", LIMIT_TOKEN_FIELDS);
    }
    out->fields[out->count].name = name;
    out->fields[out->count++].value = value;
    return 0;
}

int form_parse(struct arena *arena, struct lfi_slice body, struct form *out,
               struct lfi_error *error)
{
    struct lfi_slice pair;

    out->count = 0;
    while (slice_next(&body, '&', &pair)) {
        if (pair.len > 0 && add_field(arena, pair, out, error) != 0) {
            return -1;
        }
    }
    return 0;
}

struct lfi_slice form_get(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (slice_equal_text(form->fields[i].name, name) && form->fields[i].value.len > 0) {
            return form->fields[i].value;
        }
    }
    return (struct lfi_slice){NULL, 0};
}
