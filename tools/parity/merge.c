/* Two schemas made one: what satisfies both. */
#include "parity.h"

#include <stdlib.h>
#include <string.h>

int normal_by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int normal_by_name(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

struct member *normal_member(struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->member_count; i++) {
        if (strcmp(schema->members[i].name, name) == 0) {
            return &schema->members[i];
        }
    }
    return NULL;
}

struct schema *normal_copy(struct source *source, const struct schema *schema)
{
    struct schema *copy = source_alloc(source, sizeof(*copy));
    *copy = *schema;
    copy->members = source_array(source, schema->member_count, sizeof(*copy->members));
    if (schema->member_count) {
        memcpy(copy->members, schema->members, schema->member_count * sizeof(*copy->members));
    }
    copy->texts = source_array(source, schema->text_count, sizeof(*copy->texts));
    if (schema->text_count) {
        memcpy(copy->texts, schema->texts, schema->text_count * sizeof(*copy->texts));
    }
    copy->normal = copy;
    return copy;
}

static struct schema *never(struct source *source, struct node at)
{
    struct schema *schema = source_alloc(source, sizeof(*schema));
    *schema = (struct schema){.at = at,
                              .kinds = KIND_NEVER,
                              .max_length = NO_LIMIT,
                              .max_items = NO_LIMIT,
                              .max_members = NO_LIMIT};
    schema->normal = schema;
    return schema;
}

static struct schema *both(struct source *source, struct schema *a, const struct schema *b)
{
    if (normal_is_open(b) || a == b) {
        return a;
    }
    if (normal_is_open(a)) {
        return normal_copy(source, b);
    }
    struct schema *out = normal_copy(source, a);
    normal_merge(source, out, b);
    normal_reduce(source, out);
    return out;
}

static unsigned merge_kinds(unsigned a, unsigned b)
{
    if (!a || !b) {
        return a | b;
    }
    if (a & SCHEMA_NUMBER) {
        a |= SCHEMA_INTEGER;
    }
    if (b & SCHEMA_NUMBER) {
        b |= SCHEMA_INTEGER;
    }
    unsigned kinds = a & b;
    if (kinds & SCHEMA_NUMBER) {
        kinds &= ~(unsigned)SCHEMA_INTEGER;
    }
    return kinds ? kinds : KIND_NEVER;
}

static long long least_of(long long a, long long b)
{
    return a == NO_LIMIT ? b : b == NO_LIMIT ? a : a < b ? a : b;
}

static long long most_of(long long a, long long b)
{
    return a > b ? a : b;
}

static void merge_texts(struct schema *into, const struct schema *part)
{
    if (!part->text_count) {
        return;
    }
    if (!into->text_count) {
        into->texts = part->texts;
        into->text_count = part->text_count;
        return;
    }
    size_t kept = 0;
    for (size_t i = 0; i < into->text_count; i++) {
        if (bsearch(&into->texts[i], part->texts, part->text_count, sizeof(*part->texts),
                    normal_by_text)) {
            into->texts[kept++] = into->texts[i];
        }
    }
    into->text_count = kept;
    if (kept == 0) {
        into->kinds = KIND_NEVER;
    }
}

static void merge_text_rules(struct source *source, struct schema *into, const struct schema *part)
{
    merge_texts(into, part);
    if (part->format && into->format && strcmp(part->format, into->format) != 0) {
        node_fail(into->at, "two formats cannot be merged");
    }
    if (!into->format) {
        into->format = part->format;
    }
    if (!into->pattern) {
        into->pattern = part->pattern;
    } else if (part->pattern && strcmp(part->pattern, into->pattern) != 0) {
        into->pattern = source_format(source, "%s and %s", into->pattern, part->pattern);
    }
    into->min_length = most_of(into->min_length, part->min_length);
    into->max_length = least_of(into->max_length, part->max_length);
}

static void merge_number_rules(struct schema *into, const struct schema *part)
{
    if (part->minimum &&
        (!into->minimum || strtod(part->minimum, NULL) >= strtod(into->minimum, NULL))) {
        into->minimum = part->minimum;
        into->exclusive_minimum = part->exclusive_minimum;
    }
    if (part->maximum &&
        (!into->maximum || strtod(part->maximum, NULL) <= strtod(into->maximum, NULL))) {
        into->maximum = part->maximum;
        into->exclusive_maximum = part->exclusive_maximum;
    }
}

/* Members that the other side's closed list lacks may not be there. */
static void forbid_members(struct source *source, struct schema *schema, struct schema *closed)
{
    size_t kept = 0;
    if (!closed->closed) {
        return;
    }
    for (size_t i = 0; i < schema->member_count; i++) {
        struct member *member = &schema->members[i];
        if (normal_member(closed, member->name)) {
            schema->members[kept++] = *member;
        } else if (member->required) {
            schema->members[kept++] =
                (struct member){member->name, never(source, schema->at), true};
        }
    }
    schema->member_count = kept;
}

static void merge_members(struct source *source, struct schema *into, const struct schema *original)
{
    struct schema *part = normal_copy(source, original);
    if (into->additional || part->additional) {
        node_fail(into->at, "additionalProperties with a schema cannot be merged");
    }
    if (into->closed && part->closed) {
        /* read literally, nothing could satisfy it: compare what its author must have meant */
        into->halves = true;
    } else {
        forbid_members(source, into, part);
        forbid_members(source, part, into);
    }
    size_t room = into->member_count + part->member_count;
    struct member *members = source_array(source, room, sizeof(*members));
    if (into->member_count) {
        memcpy(members, into->members, into->member_count * sizeof(*members));
    }
    into->members = members;
    for (size_t i = 0; i < part->member_count; i++) {
        struct member *own = normal_member(into, part->members[i].name);
        if (!own) {
            into->members[into->member_count++] = part->members[i];
            continue;
        }
        own->schema = both(source, own->schema, part->members[i].schema);
        own->required |= part->members[i].required;
    }
    qsort(into->members, into->member_count, sizeof(*into->members), normal_by_name);
    into->closed |= part->closed;
    into->min_members = most_of(into->min_members, part->min_members);
    into->max_members = least_of(into->max_members, part->max_members);
}

static void merge_not(struct source *source, struct schema *into, const struct schema *part)
{
    if (!part->not_one) {
        return;
    }
    if (!into->not_one) {
        into->not_one = part->not_one;
        return;
    }
    struct schema *either = never(source, into->at);
    either->kinds = 0;
    either->any_of.items = source_array(source, 2, sizeof(struct schema *));
    either->any_of.items[0] = into->not_one;
    either->any_of.items[1] = part->not_one;
    either->any_of.count = 2;
    into->not_one = either;
}

void normal_merge(struct source *source, struct schema *into, const struct schema *part)
{
    if ((into->any_of.count && part->any_of.count) || (into->one_of.count && part->one_of.count)) {
        node_fail(into->at, "two choices cannot be merged");
    }
    into->kinds = merge_kinds(into->kinds, part->kinds);
    merge_text_rules(source, into, part);
    merge_number_rules(into, part);
    into->min_items = most_of(into->min_items, part->min_items);
    into->max_items = least_of(into->max_items, part->max_items);
    into->unique_items |= part->unique_items;
    if (part->items) {
        into->items = both(source, into->items, part->items);
    }
    merge_members(source, into, part);
    if (part->any_of.count) {
        into->any_of = part->any_of;
    }
    if (part->one_of.count) {
        into->one_of = part->one_of;
    }
    if (part->discriminator) {
        into->discriminator = part->discriminator;
        into->choices = part->choices;
        into->choice_count = part->choice_count;
    }
    merge_not(source, into, part);
}
