/*
 * The form of a token request (RFC 6749 3.2, application/x-www-form-urlencoded), read strictly: a
 * parameter that comes twice is refused, whether it is known or not, and so are control characters.
 */
#ifndef OAUTH_FORM_H
#define OAUTH_FORM_H

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"

struct form {
    size_t count;
    struct {
        struct lfi_slice name, value; /* decoded */
    } fields[LIMIT_TOKEN_FIELDS];
};

/* Decodes into the arena. -1: `error` says what is wrong, without any of the values. */
int form_parse(struct arena *arena, struct lfi_slice body, struct form *out,
               struct lfi_error *error);
/* Absent when it was not sent, or without a value, which is the same (RFC 6749 3.2). */
struct lfi_slice form_get(const struct form *form, const char *name);

#endif
