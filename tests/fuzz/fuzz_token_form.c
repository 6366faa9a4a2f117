// link: lfi-oauth lfi-caller lfi-jose lfi-base
/*
 * The body of a token request: what passes has each parameter once, decoded and without control
 * characters; an assertion in it is taken apart as far as it names its client.
 */
#include "oauth/assertion.h"
#include "oauth/form.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void judge_form(const struct form *form)
{
    expect(form->count <= LIMIT_TOKEN_FIELDS);
    for (size_t i = 0; i < form->count; i++) {
        struct lfi_slice name = form->fields[i].name, value = form->fields[i].value;
        expect(name.len > 0 && value.ptr);
        expect(!memchr(name.ptr, '\0', name.len) && !memchr(value.ptr, '\0', value.len));
        for (size_t k = 0; k < i; k++) {
            expect(!slice_equal(name, form->fields[k].name));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    struct form form;
    struct lfi_error error = {""};

    if (form_parse(arena, (struct lfi_slice){(const char *)data, size}, &form, &error) == 0) {
        judge_form(&form);
        struct lfi_slice assertion = form_get(&form, "client_assertion");
        if (assertion.ptr) {
            struct lfi_slice subject = assertion_subject(arena, assertion);
            expect(subject.ptr || subject.len == 0);
        }
    } else {
        expect(error.message[0] != '\0');
    }
    arena_free(arena);
    return 0;
}
