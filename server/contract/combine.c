/* oneOf, anyOf, allOf, not and the choice by a discriminator. */
#include "contract/checker.h"
#include "contract/misfit.h"

/* What a check has moved on, to be put back when it was in vain. */
struct place {
    unsigned depth;
    size_t hash_count;
    uint64_t record_count;
    const char *record_at;
    bool unidentified;
    size_t cut_count;
    struct contract_misfit_place misfits;
};

static inline struct place place_of(const struct checker *c)
{
    struct place place = {.depth = c->depth,
                          .hash_count = c->hash_count,
                          .record_count = c->record_count,
                          .record_at = c->record_at,
                          .unidentified = c->unidentified,
                          .cut_count = c->cuts ? c->cuts->count : 0};
    if (c->texts) {
        place.misfits = contract_misfit_place(c);
    }
    return place;
}

static void go_back(struct checker *c, const struct place *place)
{
    c->depth = place->depth;
    c->hash_count = place->hash_count;
    c->record_count = place->record_count;
    c->record_at = place->record_at;
    c->unidentified = place->unidentified;
    if (c->cuts) {
        c->cuts->count = place->cut_count;
    }
    if (c->texts) {
        contract_keep_misfits(c, place->misfits);
    }
}

/* Tries a branch without reporting an error; *reached says how far it came when it does not fit. */
static const char *try_branch(struct checker *c, const struct contract_schema *branch,
                              const char *p, const char **reached)
{
    const char *far = c->far;
    const struct place before = place_of(c);
    c->far = p;
    c->quiet++;
    const char *after = contract_check_value(c, branch, p);
    c->quiet--;
    *reached = c->far;
    c->far = far > c->far ? far : c->far;
    if (!after) {
        go_back(c, &before);
    }
    return after;
}

/* anyOf and oneOf. When nothing fits, the branch that came furthest tells what is wrong. */
static const char *check_branches(struct checker *c, const struct contract_combination *combination,
                                  const char *p)
{
    bool one = combination->kind == CONTRACT_ONE_OF;
    const char *rule = one ? "oneOf" : "anyOf", *furthest = p, *fitting = NULL, *reached;
    const struct contract_schema *nearest = NULL;
    for (size_t i = 0; i < combination->count; i++) {
        const char *after = try_branch(c, combination->branches[i], p, &reached);
        if (after && fitting) {
            return contract_fail(
                c, p, rule, "must match exactly one of the allowed schemas, and matches several");
        }
        if (after && !one) {
            return after;
        }
        fitting = after ? after : fitting;
        if (!after && reached > furthest) {
            furthest = reached;
            nearest = combination->branches[i];
        }
    }
    if (fitting) {
        return fitting;
    }
    if (nearest && c->quiet == 0) {
        (void)contract_check_value(c, nearest, p);
        return NULL;
    }
    return contract_fail(c, p, rule, "matches none of the allowed schemas");
}

/* The text of a member of the object at p; absent when it has none, or is no JSON. */
static struct lfi_slice find_text(struct checker *c, const char *p, struct contract_text wanted)
{
    struct contract_string string;
    const char *at, *end = c->end;
    for (p = text_skip_space(p + 1, end); p < end && *p == '"'; p = text_skip_space(p + 1, end)) {
        p = contract_scan_string(p, end, &string, &at);
        p = p ? text_skip_space(p, end) : end;
        if (p == end || *p != ':') {
            break;
        }
        p = text_skip_space(p + 1, end);
        if (contract_compare_text(&wanted, string.raw) == 0) {
            return p < end && *p == '"' && contract_scan_string(p, end, &string, &at)
                       ? string.raw
                       : (struct lfi_slice){0};
        }
        p = contract_check_value(c, &contract_anything, p);
        p = p ? text_skip_space(p, end) : end;
        if (p == end || *p != ',') {
            break;
        }
    }
    return (struct lfi_slice){0};
}

static struct lfi_slice
find_discriminator(struct checker *c, const struct contract_combination *combination, const char *p)
{
    const struct contract_records *records = c->records;
    const struct place before = place_of(c);
    c->records = NULL; /* they are counted when the branch reads them */
    c->unidentified = false;
    c->quiet++;
    struct lfi_slice value = find_text(c, p, combination->discriminator);
    c->quiet--;
    c->records = records;
    go_back(c, &before);
    return value;
}

static const char *check_chosen(struct checker *c, const struct contract_combination *combination,
                                const char *p)
{
    struct lfi_slice value = {0};
    if (*p == '{') {
        value = find_discriminator(c, combination, p);
    }
    for (size_t i = 0; value.ptr && i < combination->count; i++) {
        if (contract_compare_text(&combination->texts[i], value) == 0) {
            return contract_check_value(c, combination->branches[i], p);
        }
    }
    struct lfi_slice name = {combination->discriminator.ptr, combination->discriminator.len};
    contract_fail(c, p, "discriminator", "is not one of the allowed values");
    contract_push_name(c, name);
    return NULL;
}

const char *contract_check_combination(struct checker *c,
                                       const struct contract_combination *combination,
                                       const char *p)
{
    const char *after = NULL, *reached;
    switch (combination->kind) {
    case CONTRACT_ALL_OF:
        for (size_t i = 0; i < combination->count; i++) {
            after = contract_check_value(c, combination->branches[i], p);
            if (!after) {
                return NULL;
            }
        }
        return after;
    case CONTRACT_NOT:
        return try_branch(c, combination->branches[0], p, &reached)
                   ? contract_fail(c, p, "not", "matches a schema that is not allowed here")
                   : p;
    case CONTRACT_CHOSEN:
        return check_chosen(c, combination, p);
    default:
        return check_branches(c, combination, p);
    }
}

bool contract_is_combined(const struct contract_schema *schema, const char *p)
{
    return schema->combination_count > 0 && schema->combinations[0].kind != CONTRACT_NOT &&
           !schema->text && !schema->number && !schema->array && !schema->object &&
           (schema->kinds == CONTRACT_ANY || (*p == '{' && (schema->kinds & CONTRACT_OBJECT)));
}

const char *contract_try_combined(struct checker *c, const struct contract_schema *schema,
                                  const char *p)
{
    const char *far = c->far;
    const struct place before = place_of(c);
    c->quiet++;
    const char *after = contract_check_combination(c, &schema->combinations[0], p);
    for (size_t i = 1; after && i < schema->combination_count; i++) {
        after = contract_check_combination(c, &schema->combinations[i], p) ? after : NULL;
    }
    c->quiet--;
    if (!after && c->quiet == 0) {
        c->far = far;
        go_back(c, &before);
    }
    return after;
}
