#include "contract/body.h"

#include <stdio.h>

int contract_violate(struct contract_violation *violation, const char *rule, const char *where,
                     const char *message)
{
    violation->rule = rule;
    violation->offset = 0;
    snprintf(violation->where, sizeof(violation->where), "%s", where);
    snprintf(violation->message, sizeof(violation->message), "%s", message);
    return -1;
}

static bool is_media(struct lfi_slice content_type, const char *name)
{
    struct lfi_slice type;
    return slice_next(&content_type, ';', &type) && slice_equal_nocase(slice_trim(type), name);
}

/* A form is an object of texts. Members that are not declared pass unless the object is closed. */
static int check_form(const struct contract_object_rules *rules, struct lfi_slice form,
                      struct arena *arena, struct contract_violation *violation)
{
    for (size_t i = 0; i < rules->member_count; i++) {
        const struct contract_member *member = &rules->members[i];
        size_t count;
        struct lfi_slice value = request_parameter(arena, form, member->name.ptr, &count);
        if (count > 1) {
            return contract_violate(violation, "repeated", member->name.ptr, "is duplicated");
        }
        if (count == 0 && rules->required & UINT64_C(1) << i) {
            return contract_violate(violation, "required", member->name.ptr, "is missing");
        }
        if (count == 0) {
            continue;
        }
        if (!value.ptr) {
            return contract_violate(violation, "encoding", member->name.ptr,
                                    "has invalid percent-encoding");
        }
        if (member->schema && contract_check_text(member->schema, value, violation) != 0) {
            snprintf(violation->where, sizeof(violation->where), "%s", member->name.ptr);
            return -1;
        }
    }
    return 0;
}

static int check_bytes(const struct contract_body_rules *rules, struct lfi_slice body,
                       struct contract_violation *violation)
{
    bool small = body.len < rules->min_bytes;
    if (!small && (rules->max_bytes == 0 || body.len <= rules->max_bytes)) {
        return 0;
    }
    contract_violate(violation, small ? "minLength" : "maxLength", "$", "");
    snprintf(violation->message, sizeof(violation->message), "must have at %s %u bytes",
             small ? "least" : "most", (unsigned)(small ? rules->min_bytes : rules->max_bytes));
    return -1;
}

int contract_check_media(const struct contract_body_rules *rules, struct lfi_slice content_type,
                         struct contract_violation *violation)
{
    bool form = rules->media == CONTRACT_MEDIA_FORM;
    const char *media = form ? "application/x-www-form-urlencoded" : "application/json";
    if (is_media(content_type, media)) {
        return 0;
    }
    contract_violate(violation, "contentType", "$", "");
    snprintf(violation->message, sizeof(violation->message), "must be %s", media);
    return -1;
}

int contract_check_body(const struct contract_body_rules *rules, struct lfi_slice content_type,
                        struct lfi_slice body, struct arena *arena,
                        struct contract_violation *violation)
{
    if (rules->media == CONTRACT_MEDIA_ANY) {
        return check_bytes(rules, body, violation);
    }
    if (contract_check_media(rules, content_type, violation) != 0) {
        return -1;
    }
    if (rules->media != CONTRACT_MEDIA_FORM) {
        return contract_check_json(rules->schema, body, violation);
    }
    if (!rules->schema || !rules->schema->object) {
        return 0;
    }
    return check_form(rules->schema->object, body, arena, violation);
}
