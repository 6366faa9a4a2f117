/* The check of a parameter's value: the same rules as for JSON, read from plain text. */
#include "contract/check.h"

#include <stdio.h>

struct text_check {
    struct lfi_slice text;
    size_t points;
    struct contract_violation *violation;
    struct contract_scratch scratch;
};

static bool fail(struct text_check *c, const char *rule)
{
    c->violation->rule = rule;
    c->violation->offset = 0;
    return false;
}

/* -?\d+ within int64: what an operation can use. */
static bool is_integer(struct lfi_slice text)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    uint64_t value;
    if (!slice_to_u64((struct lfi_slice){text.ptr + negative, text.len - negative}, &value)) {
        return false;
    }
    return value <= (uint64_t)INT64_MAX + negative;
}

static unsigned kinds_of(struct lfi_slice text)
{
    unsigned kinds = CONTRACT_STRING;
    bool integer;
    if (slice_equal_text(text, "true") || slice_equal_text(text, "false")) {
        kinds |= CONTRACT_BOOLEAN;
    }
    if (is_integer(text)) {
        kinds |= CONTRACT_INTEGER | CONTRACT_NUMBER;
    } else if (contract_scan_number(text.ptr, text.ptr + text.len, &integer) ==
                   text.ptr + text.len &&
               !integer) {
        kinds |= CONTRACT_NUMBER;
    }
    return kinds;
}

/* 2026-01-31T09:15:00+04:00 loses its + when the sender did not encode it. */
static struct lfi_slice mend_offset(struct lfi_slice text, char out[40])
{
    if (text.len < 20 || text.len > 40 || text.ptr[text.len - 6] != ' ') {
        return text;
    }
    memcpy(out, text.ptr, text.len);
    out[text.len - 6] = '+';
    return (struct lfi_slice){out, text.len};
}

static bool check_plain(struct text_check *c, const struct contract_schema *schema)
{
    unsigned kinds = kinds_of(c->text) & schema->kinds;
    const char *rule = NULL;
    char mended[40];
    if (kinds == 0) {
        contract_describe_kinds(schema->kinds, c->violation->message,
                                sizeof(c->violation->message));
        return fail(c, "type");
    }
    if (kinds & CONTRACT_STRING && schema->text) {
        struct lfi_slice text = c->text;
        if (schema->text->format == CONTRACT_FORMAT_DATE_TIME) {
            text = mend_offset(text, mended);
        }
        rule = contract_broken_text_rule(schema->text, text, c->points, &c->scratch);
        if (rule) {
            contract_describe_text_rule(schema->text, rule, c->violation->message,
                                        sizeof(c->violation->message));
        }
    } else if (kinds & (CONTRACT_INTEGER | CONTRACT_NUMBER) && schema->number) {
        rule = contract_broken_number_rule(schema->number, c->text);
        if (rule) {
            contract_describe_number_rule(schema->number, rule, c->violation->message,
                                          sizeof(c->violation->message));
        }
    }
    return rule ? fail(c, rule) : true;
}

static bool check(struct text_check *c, const struct contract_schema *schema);

static bool check_combination(struct text_check *c, const struct contract_combination *combination)
{
    static const char *const rules[] = {"allOf", "anyOf", "oneOf", "not", "discriminator"};
    size_t fitting = 0, count = combination->count;
    for (size_t i = 0; i < count; i++) {
        fitting += check(c, combination->branches[i]);
    }
    bool fits = combination->kind == CONTRACT_ALL_OF   ? fitting == count
                : combination->kind == CONTRACT_ANY_OF ? fitting > 0
                : combination->kind == CONTRACT_ONE_OF ? fitting == 1
                                                       : fitting == 0;
    if (fits) {
        return true;
    }
    snprintf(c->violation->message, sizeof(c->violation->message),
             "does not fit the forms allowed");
    return fail(c, rules[combination->kind]);
}

static bool check(struct text_check *c, const struct contract_schema *schema)
{
    if (!check_plain(c, schema)) {
        return false;
    }
    for (size_t i = 0; i < schema->combination_count; i++) {
        if (!check_combination(c, &schema->combinations[i])) {
            return false;
        }
    }
    return true;
}

int contract_check_text(const struct contract_schema *schema, struct lfi_slice text,
                        struct contract_violation *violation)
{
    struct text_check c = {.text = text, .violation = violation};
    if (!c.text.ptr) {
        c.text.ptr = "";
    }
    c.points = contract_count_points(c.text);
    if (c.points == SIZE_MAX || memchr(c.text.ptr, '\0', c.text.len)) {
        snprintf(violation->message, sizeof(violation->message), "is not UTF-8 text");
        fail(&c, "encoding");
        return -1;
    }
    bool fits = check(&c, schema);
    contract_scratch_end(&c.scratch);
    return fits ? 0 : -1;
}
