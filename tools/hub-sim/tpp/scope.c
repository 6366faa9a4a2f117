#include "tpp/scope.h"

#include "base/array.h"
#include "roles.h"

static const struct {
    const char *name;
    unsigned roles; /* to whom it is open: any of these will do */
} scopes[] = {
    {"openid", TPP_ALL_ROLES},
    {"accounts", TPP_READS_ACCOUNTS | TPP_PAYS},
    {"products", TPP_READS_ACCOUNTS},
    {"atm", TPP_READS_ACCOUNTS},
    {"payments", TPP_PAYS},
    {"confirmation-of-payee", TPP_PAYS},
    {"fx", TPP_PAYS},
    {"account-opening", TPP_PAYS},
    {"insurance", TPP_INSURES},
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
            return scopes[i].roles & registered->roles
                       ? NULL
                       : "the client's role does not have this scope";
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
