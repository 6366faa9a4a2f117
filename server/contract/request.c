#include "contract/body.h"

#include <stdio.h>

bool contract_operation_has_parameter(const struct contract_operation *operation, const char *name)
{
    for (size_t i = 0; i < operation->parameter_count; i++) {
        if (strcmp(operation->parameters[i].name.ptr, name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *place_name(enum contract_place place)
{
    return place == CONTRACT_IN_PATH ? "path" : place == CONTRACT_IN_QUERY ? "query" : "header";
}

/* The value as sent; *count is 0 when it was not. Absent although sent: it cannot be decoded. */
static struct lfi_slice find_value(const struct contract_match *match,
                                   const struct request *request,
                                   const struct contract_parameter_rules *rules, size_t *count)
{
    switch (rules->place) {
    case CONTRACT_IN_PATH:
        *count = 1;
        return request_decode(request->arena, match->path_values[rules->path_index], false);
    case CONTRACT_IN_QUERY:
        return request_parameter(request->arena, request->query, rules->name.ptr, count);
    default: {
        /* A header without a value is taken as missing: an empty consent or TPP names none. */
        struct lfi_slice value = request_header(request, rules->name.ptr, count);
        *count = *count == 1 && value.len == 0 ? 0 : *count;
        return value;
    }
    }
}

static bool is_missing(const struct contract_match *match, const struct request *request,
                       const struct contract_parameter_rules *rules)
{
    size_t count = 0;
    if (rules->demanded) {
        (void)find_value(match, request, rules, &count);
    }
    return rules->demanded && count == 0;
}

size_t contract_append_missing(const struct contract_match *match, const struct request *request,
                               struct buf *out)
{
    size_t missing = 0;
    for (size_t i = 0; i < match->operation->parameter_count; i++) {
        if (is_missing(match, request, &match->operation->parameters[i])) {
            buf_append_text(out, missing++ > 0 ? ", " : "");
            buf_append_text(out, match->operation->parameters[i].name.ptr);
        }
    }
    return missing;
}

/* Names every missing parameter, so that one reply tells a client's author all of them. */
static int refuse_missing(const struct contract_match *match, const struct request *request,
                          struct contract_violation *violation)
{
    struct buf names;
    buf_init(&names, sizeof(violation->where) - 1);
    size_t missing = contract_append_missing(match, request, &names);
    contract_violate(violation, "required", "", missing > 1 ? "are missing" : "is missing");
    snprintf(violation->where, sizeof(violation->where), "%.*s", SLICE_ARG(buf_slice(&names)));
    buf_free(&names);
    return -1;
}

static int check_parameter(const struct contract_parameter_rules *rules, struct lfi_slice *value,
                           size_t count, struct contract_violation *violation)
{
    const char *name = rules->name.ptr;
    if (count > 1) {
        return contract_violate(violation, "repeated", name, "is duplicated");
    }
    if (count == 0) {
        *value = (struct lfi_slice){rules->fallback.ptr, rules->fallback.len};
        return 0;
    }
    if (!value->ptr) {
        return contract_violate(violation, "encoding", name, "has invalid percent-encoding");
    }
    if (rules->lenient || contract_check_text(rules->schema, *value, violation) == 0) {
        return 0;
    }
    snprintf(violation->where, sizeof(violation->where), "%s", name);
    return -1;
}

static int check_request_body(const struct contract_body_rules *rules,
                              const struct request *request, struct contract_violation *violation)
{
    size_t count;
    if (rules->media == CONTRACT_MEDIA_NONE) {
        return 0;
    }
    if (request->body.len == 0) {
        return rules->required ? contract_violate(violation, "required", "$", "is missing") : 0;
    }
    struct lfi_slice content_type = request_header(request, "Content-Type", &count);
    return contract_check_body(rules, content_type, request->body, request->arena, violation);
}

int contract_check_request(const struct contract_match *match, const struct request *request,
                           struct contract_parameters *out, const char **in,
                           struct contract_violation *violation)
{
    const struct contract_operation *operation = match->operation;
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct contract_parameter_rules *rules = &operation->parameters[i];
        struct lfi_slice *value = &out->values[rules->number];
        size_t count = 0;
        *value = find_value(match, request, rules, &count);
        *in = place_name(rules->place);
        if (rules->demanded && count == 0) {
            return refuse_missing(match, request, violation);
        }
        if (check_parameter(rules, value, count, violation) != 0) {
            return -1;
        }
    }
    *in = "body";
    return check_request_body(&operation->body, request, violation);
}
