/* oneOf, anyOf, allOf, not and the choice by a discriminator. */
#include "contract/checker.h"

/* Tries a branch without reporting an error; *reached says how far it came when it does not fit. */
static bool try_branch(struct checker *c, const struct contract_schema *branch, const char *p,
                       const char **reached)
{
    const char *far = c->far;
    unsigned depth = c->depth;
    size_t hashes = c->hash_count;
    c->far = p;
    c->quiet++;
    bool fits = contract_check_value(c, branch, p);
    c->quiet--;
    *reached = c->far;
    c->far = far > c->far ? far : c->far;
    c->depth = depth;
    c->hash_count = hashes;
    return fits;
}

/* anyOf and oneOf. When nothing fits, the branch that came furthest tells what is wrong. */
static bool check_branches(struct checker *c, const struct contract_combination *combination,
                           const char *p)
{
    bool one = combination->kind == CONTRACT_ONE_OF;
    const char *rule = one ? "oneOf" : "anyOf", *furthest = p, *reached;
    const struct contract_schema *nearest = NULL;
    size_t fitting = 0;
    for (size_t i = 0; i < combination->count; i++) {
        if (try_branch(c, combination->branches[i], p, &reached)) {
            if (!one) {
                return true;
            }
            fitting++;
        } else if (reached > furthest) {
            furthest = reached;
            nearest = combination->branches[i];
        }
    }
    if (fitting == 1) {
        return true;
    }
    if (fitting > 1) {
        contract_fail(c, p, rule,
                      "must match exactly one of the allowed schemas, and matches several");
    } else if (nearest) {
        contract_check_value(c, nearest, p);
    } else {
        contract_fail(c, p, rule, "matches none of the allowed schemas");
    }
    return false;
}

/* The text of a member of the object at p, which is known to be JSON; absent when it has none. */
static struct lfi_slice find_text(struct checker *c, const char *p, struct contract_text wanted)
{
    struct contract_string string;
    const char *at, *end = c->end;
    for (p = text_skip_space(p + 1, end); *p == '"'; p = text_skip_space(p + (*p == ','), end)) {
        p = contract_scan_string(p, end, &string, &at);
        bool found = contract_compare_text(&wanted, string.raw) == 0;
        p = text_skip_space(text_skip_space(p, end) + 1, end);
        if (found) {
            return *p == '"' && contract_scan_string(p, end, &string, &at) ? string.raw
                                                                           : (struct lfi_slice){0};
        }
        p = text_skip_space(contract_check_value(c, &contract_anything, p), end);
    }
    return (struct lfi_slice){0};
}

static bool check_chosen(struct checker *c, const struct contract_combination *combination,
                         const char *p)
{
    struct lfi_slice value = {0};
    if (*p == '{') {
        value = find_text(c, p, combination->discriminator);
    }
    for (size_t i = 0; value.ptr && i < combination->count; i++) {
        if (contract_compare_text(&combination->texts[i], value) == 0) {
            return contract_check_value(c, combination->branches[i], p);
        }
    }
    struct lfi_slice name = {combination->discriminator.ptr, combination->discriminator.len};
    contract_fail(c, p, "discriminator", "is not one of the allowed values");
    contract_push_name(c, name);
    return false;
}

bool contract_check_combination(struct checker *c, const struct contract_combination *combination,
                                const char *p)
{
    const char *reached;
    switch (combination->kind) {
    case CONTRACT_ALL_OF:
        for (size_t i = 0; i < combination->count; i++) {
            if (!contract_check_value(c, combination->branches[i], p)) {
                return false;
            }
        }
        return true;
    case CONTRACT_NOT:
        if (!try_branch(c, combination->branches[0], p, &reached)) {
            return true;
        }
        contract_fail(c, p, "not", "matches a schema that is not allowed here");
        return false;
    case CONTRACT_CHOSEN:
        return check_chosen(c, combination, p);
    default:
        return check_branches(c, combination, p);
    }
}
