#include "tpp/scope.h"

#include "base/array.h"

static const struct {
    const char *name;
    bool reads, pays; /* to whom it is open: either role will do */
} scopes[] = {
    {"openid", true, true},    {"accounts", true, true},
    {"products", true, false}, {"atm", true, false},
    {"payments", false, true}, {"confirmation-of-payee", false, true},
    {"fx", false, true},       {"account-opening", false, true},
};

void scope_describe(cJSON *list)
{
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
        cJSON_AddItemToArray(list, cJSON_CreateString(scopes[i].name));
    }
}

static const char *why_not(struct lfi_slice name, const struct config_tpp *registered)
{
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
        if (slice_equal_text(name, scopes[i].name)) {
            bool open =
                (scopes[i].reads && registered->reads) || (scopes[i].pays && registered->pays);
            return open ? NULL : "the client's role does not have this scope";
        }
    }
    return "scope names what is not known";
}

const char *scope_why_not(struct lfi_slice scope, const struct config_tpp *registered)
{
    struct lfi_slice name;
    const char *why = scope.len > 0 ? NULL : "scope is missing";
    while (!why && slice_next(&scope, ' ', &name)) {
        why = why_not(name, registered);
    }
    return why;
}
