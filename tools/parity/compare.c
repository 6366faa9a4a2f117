/* Two schemas or operations side by side, in normal form. */
#include "base/array.h"
#include "parity.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void compare_add(struct comparison *c, struct node at, const char *where, const char *format, ...)
{
    char what[400];
    va_list args;
    if (c->quiet > 0) {
        return;
    }
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    c->differences =
        source_grow(c->source, c->differences, c->count, &c->room, sizeof(*c->differences));
    c->differences[c->count++] = (struct difference){source_format(c->source, "%s", where),
                                                     source_format(c->source, "%s", what), at};
}

static size_t differ(struct comparison *c, const struct schema *ours, const char *where,
                     const char *rule, const char *own, const char *official)
{
    own = own ? own : "none";
    official = official ? official : "none";
    if (strcmp(own, official) == 0) {
        return 0;
    }
    compare_add(c, ours->at, where, "%s: ours %s, official %s", rule, own, official);
    return 1;
}

static size_t differ_number(struct comparison *c, const struct schema *ours, const char *where,
                            const char *rule, const long long numbers[2])
{
    char own[24], official[24];
    snprintf(own, sizeof(own), "%lld", numbers[0]);
    snprintf(official, sizeof(official), "%lld", numbers[1]);
    return differ(c, ours, where, rule, numbers[0] == NO_LIMIT ? NULL : own,
                  numbers[1] == NO_LIMIT ? NULL : official);
}

static const char *kinds_text(struct source *source, unsigned kinds)
{
    static const char *const names[] = {"null",   "boolean", "integer", "number",
                                        "string", "array",   "object"};
    const char *out = kinds == 0 ? "any" : kinds & KIND_NEVER ? "never" : "";
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (kinds & (1u << i)) {
            out = source_format(source, "%s%s%s", out, *out ? "|" : "", names[i]);
        }
    }
    return out;
}

static const char *bound_text(struct source *source, const char *bound, bool exclusive)
{
    if (!bound) {
        return NULL;
    }
    return source_format(source, "%.17g%s", strtod(bound, NULL), exclusive ? " excluded" : "");
}

static size_t compare_texts(struct comparison *c, const struct schema *a, const struct schema *b,
                            const char *where)
{
    size_t count = 0, i = 0, k = 0;
    if (!a->text_count != !b->text_count) {
        return differ(c, a, where, "enum", a->text_count ? "some" : NULL,
                      b->text_count ? "some" : NULL);
    }
    while (i < a->text_count || k < b->text_count) {
        int order = i == a->text_count   ? 1
                    : k == b->text_count ? -1
                                         : strcmp(a->texts[i], b->texts[k]);
        if (order != 0) {
            compare_add(c, a->at, where, "enum: only %s has %s", order < 0 ? "ours" : "official",
                        order < 0 ? a->texts[i] : b->texts[k]);
            count++;
        }
        i += order <= 0;
        k += order >= 0;
    }
    return count;
}

static size_t compare_values(struct comparison *c, const struct schema *a, const struct schema *b,
                             const char *where)
{
    struct source *source = c->source;
    size_t count =
        differ(c, a, where, "type", kinds_text(source, a->kinds), kinds_text(source, b->kinds));
    count += differ(c, a, where, "format", a->format, b->format);
    count += differ(c, a, where, "pattern", a->pattern, b->pattern);
    count += differ(c, a, where, "minimum", bound_text(source, a->minimum, a->exclusive_minimum),
                    bound_text(source, b->minimum, b->exclusive_minimum));
    count += differ(c, a, where, "maximum", bound_text(source, a->maximum, a->exclusive_maximum),
                    bound_text(source, b->maximum, b->exclusive_maximum));
    count += differ(c, a, where, "multipleOf", bound_text(source, a->multiple, false),
                    bound_text(source, b->multiple, false));
    count += differ(c, a, where, "uniqueItems", a->unique_items ? "true" : NULL,
                    b->unique_items ? "true" : NULL);
    const struct {
        const char *rule;
        long long numbers[2];
    } sizes[] = {
        {"minLength", {a->min_length, b->min_length}},
        {"maxLength", {a->max_length, b->max_length}},
        {"minItems", {a->min_items, b->min_items}},
        {"maxItems", {a->max_items, b->max_items}},
        {"minProperties", {a->min_members, b->min_members}},
        {"maxProperties", {a->max_members, b->max_members}},
    };
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        count += differ_number(c, a, where, sizes[i].rule, sizes[i].numbers);
    }
    return count + compare_texts(c, a, b, where);
}

static size_t compare_members(struct comparison *c, const struct schema *a, const struct schema *b,
                              const char *where)
{
    size_t count = differ(c, a, where, "additionalProperties", a->closed ? "false" : "true",
                          b->closed ? "false" : "true");
    bool closed = a->closed || b->closed;
    count += differ(c, a, where, "closed parts that forbid each other's members",
                    a->halves ? "yes" : "no", b->halves ? "yes" : "no");
    for (size_t i = 0, k = 0; i < a->member_count || k < b->member_count;) {
        int order = i == a->member_count   ? 1
                    : k == b->member_count ? -1
                                           : strcmp(a->members[i].name, b->members[k].name);
        const struct member *own = order <= 0 ? &a->members[i] : NULL;
        const struct member *official = order >= 0 ? &b->members[k] : NULL;
        const struct member *any = own ? own : official;
        const char *inner = source_format(c->source, "%s.%s", where, any->name);
        if ((own && own->required) != (official && official->required)) {
            compare_add(c, a->at, inner, "required: only %s",
                        own && own->required ? "ours" : "official");
            count++;
        }
        if (own && official) {
            count += compare_schemas(c, own->schema, official->schema, inner);
        } else if (closed || !normal_is_open(any->schema)) {
            compare_add(c, a->at, inner, "member: only %s", own ? "ours" : "official");
            count++;
        }
        i += order <= 0;
        k += order >= 0;
    }
    return count;
}

/* The branch not yet taken that is most like ours. */
static size_t most_alike(struct comparison *c, struct schema *ours, struct schema_list official,
                         const bool *taken, const char *where)
{
    size_t best = official.count, least = SIZE_MAX;
    c->quiet++;
    for (size_t k = 0; k < official.count; k++) {
        size_t count = taken[k] ? SIZE_MAX : compare_schemas(c, ours, official.items[k], where);
        if (count < least) {
            least = count;
            best = k;
        }
    }
    c->quiet--;
    return best;
}

/* The order of branches plays no part: each is compared with the one that is most like it. */
static size_t compare_lists(struct comparison *c, const struct schema *at, struct schema_list ours,
                            struct schema_list official, const char *where)
{
    bool *taken = source_array(c->source, official.count + 1, sizeof(*taken));
    size_t count = 0;
    if (ours.count != official.count) {
        compare_add(c, at->at, where, "ours has %zu branches, official %zu", ours.count,
                    official.count);
        return 1;
    }
    for (size_t i = 0; i < ours.count; i++) {
        size_t k = most_alike(c, ours.items[i], official, taken, where);
        taken[k] = true;
        count += compare_schemas(c, ours.items[i], official.items[k],
                                 source_format(c->source, "%s(%zu)", where, k));
    }
    return count;
}

static struct schema *chosen(struct comparison *c, const struct schema *schema, size_t i)
{
    return normal_chosen(c->source, normal_schema(c->source, schema->choices[i].schema),
                         schema->discriminator, schema->choices[i].value);
}

static size_t compare_choices(struct comparison *c, const struct schema *a, const struct schema *b,
                              const char *where)
{
    size_t count = differ(c, a, where, "discriminator", a->discriminator, b->discriminator);
    if (count || !a->discriminator) {
        return count;
    }
    for (size_t i = 0; i < a->choice_count; i++) {
        size_t k = 0;
        while (k < b->choice_count && strcmp(a->choices[i].value, b->choices[k].value) != 0) {
            k++;
        }
        if (k == b->choice_count) {
            compare_add(c, a->at, where, "discriminator: only ours has %s", a->choices[i].value);
            count++;
        } else {
            count += compare_schemas(c, chosen(c, a, i), chosen(c, b, k), where);
        }
    }
    if (a->choice_count < b->choice_count) {
        compare_add(c, a->at, where, "discriminator: official has %zu more",
                    b->choice_count - a->choice_count);
        count++;
    }
    return count;
}

static bool seen_before(struct comparison *c, const struct schema *a, const struct schema *b)
{
    for (size_t i = 0; i < c->seen_count; i++) {
        if (c->seen[i].ours == a && c->seen[i].official == b) {
            return true;
        }
    }
    c->seen = source_grow(c->source, c->seen, c->seen_count, &c->seen_room, sizeof(*c->seen));
    c->seen[c->seen_count++] = (struct pair){a, b};
    return false;
}

size_t compare_schemas(struct comparison *c, struct schema *ours, struct schema *official,
                       const char *where)
{
    static struct schema anything = {
        .max_length = NO_LIMIT, .max_items = NO_LIMIT, .max_members = NO_LIMIT};
    const struct schema *a = ours ? normal_schema(c->source, ours) : &anything;
    const struct schema *b = official ? normal_schema(c->source, official) : &anything;
    size_t before = c->seen_count;
    if (a == b || seen_before(c, a, b)) {
        return 0;
    }
    size_t count = compare_values(c, a, b, where);
    count += compare_members(c, a, b, where);
    if (a->items || b->items) {
        count += compare_schemas(c, a->items, b->items, source_format(c->source, "%s[]", where));
    }
    if (a->additional || b->additional) {
        count += compare_schemas(c, a->additional, b->additional,
                                 source_format(c->source, "%s.*", where));
    }
    if (a->not_one || b->not_one) {
        count +=
            compare_schemas(c, a->not_one, b->not_one, source_format(c->source, "%s not", where));
    }
    count += compare_lists(c, a, a->any_of, b->any_of, source_format(c->source, "%s anyOf", where));
    count += compare_lists(c, a, a->one_of, b->one_of, source_format(c->source, "%s oneOf", where));
    count += compare_choices(c, a, b, where);
    if (c->quiet > 0) { /* an attempt must not hide the pair from the real comparison */
        c->seen_count = before;
    }
    return count;
}

/* --- operations ------------------------------------------------------------------------------- */

static const struct parameter *find_parameter(const struct operation *operation,
                                              const struct parameter *wanted)
{
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct parameter *found = &operation->parameters[i];
        if (found->place == wanted->place &&
            (wanted->place == IN_HEADER ? strcasecmp : strcmp)(found->name, wanted->name) == 0) {
            return found;
        }
    }
    return NULL;
}

static void compare_flag(struct comparison *c, struct node at, const char *where, const char *name,
                         const bool flags[2])
{
    if (flags[0] != flags[1]) {
        compare_add(c, at, where, "%s: only %s", name, flags[0] ? "ours" : "official");
    }
}

static void compare_parameters(struct comparison *c, const struct operation *ours,
                               const struct operation *official)
{
    for (size_t i = 0; i < ours->parameter_count; i++) {
        const struct parameter *own = &ours->parameters[i];
        const struct parameter *other = find_parameter(official, own);
        const char *where = source_format(c->source, "%s %s", ours->id, own->name);
        if (!other) {
            compare_add(c, own->at, where, "parameter: only ours");
            continue;
        }
        compare_flag(c, own->at, where, "required", (bool[]){own->required, other->required});
        compare_flag(c, own->at, where, "deprecated", (bool[]){own->deprecated, other->deprecated});
        differ(c, own->schema, where, "default", own->schema->fallback, other->schema->fallback);
        compare_schemas(c, own->schema, other->schema, where);
    }
    for (size_t i = 0; i < official->parameter_count; i++) {
        if (!find_parameter(ours, &official->parameters[i])) {
            compare_add(c, ours->at,
                        source_format(c->source, "%s %s", ours->id, official->parameters[i].name),
                        "parameter: only official");
        }
    }
}

static void compare_bodies(struct comparison *c, struct node at, const struct body *ours,
                           const struct body *official, const char *where)
{
    static const char *const names[] = {"none", "JSON", "a form", "any bytes"};
    if (ours->media != official->media) {
        compare_add(c, at, where, "content: ours %s, official %s", names[ours->media],
                    names[official->media]);
        return;
    }
    compare_flag(c, at, where, "required", (bool[]){ours->required, official->required});
    compare_schemas(c, ours->schema, official->schema, source_format(c->source, "%s $", where));
}

static const char *status_text(struct source *source, int status)
{
    if (status == 0) {
        return "default";
    }
    return status < 0 ? source_format(source, "%dXX", -status)
                      : source_format(source, "%d", status);
}

static void compare_responses(struct comparison *c, const struct operation *ours,
                              const struct operation *official)
{
    for (size_t i = 0; i < ours->response_count; i++) {
        const char *where = source_format(c->source, "%s %s", ours->id,
                                          status_text(c->source, ours->responses[i].status));
        size_t k = 0;
        while (k < official->response_count &&
               official->responses[k].status != ours->responses[i].status) {
            k++;
        }
        if (k == official->response_count) {
            compare_add(c, ours->at, where, "status: only ours");
        } else {
            compare_bodies(c, ours->at, &ours->responses[i].body, &official->responses[k].body,
                           where);
        }
    }
    for (size_t k = 0; k < official->response_count; k++) {
        size_t i = 0;
        while (i < ours->response_count &&
               official->responses[k].status != ours->responses[i].status) {
            i++;
        }
        if (i == ours->response_count) {
            compare_add(c, ours->at,
                        source_format(c->source, "%s %s", ours->id,
                                      status_text(c->source, official->responses[k].status)),
                        "status: only official");
        }
    }
}

void compare_operations(struct comparison *c, const struct operation *ours,
                        const struct operation *official)
{
    if (strcmp(ours->id, official->id) != 0) {
        compare_add(c, ours->at, ours->id, "operationId: official %s", official->id);
    }
    compare_parameters(c, ours, official);
    compare_bodies(c, ours->at, &ours->body, &official->body,
                   source_format(c->source, "%s body", ours->id));
    compare_responses(c, ours, official);
}
