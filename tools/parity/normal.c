/*
 * The normal form: allOf is merged away, choices that contain each other are reduced, lists are
 * ordered, and what no reader checks (unknown formats) is gone.
 */
#include "parity.h"

#include <stdlib.h>
#include <string.h>

static void merge(struct source *source, struct schema *into, const struct schema *part);
static void reduce(struct source *source, struct schema *schema);

bool normal_is_open(const struct schema *s)
{
    return !s || (s->kinds == 0 && !s->format && !s->text_count && !s->pattern && !s->min_length &&
                  s->max_length == NO_LIMIT && !s->min_items && s->max_items == NO_LIMIT &&
                  !s->min_members && s->max_members == NO_LIMIT && !s->minimum && !s->maximum &&
                  !s->unique_items && !s->items && !s->member_count && !s->closed &&
                  !s->additional && !s->any_of.count && !s->one_of.count && !s->not_one);
}

/* A text schema that says no more than "a text". */
static bool is_any_text(const struct schema *s)
{
    struct schema copy = *s;
    copy.kinds = 0;
    return s->kinds == SCHEMA_STRING && normal_is_open(&copy);
}

/* Nothing but an enum. */
static bool is_enum(const struct schema *s)
{
    struct schema copy = *s;
    copy.kinds = 0;
    copy.text_count = 0;
    return s->kinds == SCHEMA_STRING && s->text_count && normal_is_open(&copy);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_texts(struct schema *schema)
{
    size_t kept = 0;
    if (schema->text_count == 0)
        return;
    qsort(schema->texts, schema->text_count, sizeof(*schema->texts), by_text);
    for (size_t i = 0; i < schema->text_count; i++)
        if (kept == 0 || strcmp(schema->texts[kept - 1], schema->texts[i]) != 0)
            schema->texts[kept++] = schema->texts[i];
    schema->text_count = kept;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static struct member *find_member(struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->member_count; i++)
        if (strcmp(schema->members[i].name, name) == 0)
            return &schema->members[i];
    return NULL;
}

static struct schema *copy_of(struct source *source, const struct schema *schema)
{
    struct schema *copy = source_alloc(source, sizeof(*copy));
    *copy = *schema;
    copy->members = source_array(source, schema->member_count, sizeof(*copy->members));
    if (schema->member_count)
        memcpy(copy->members, schema->members, schema->member_count * sizeof(*copy->members));
    copy->texts = source_array(source, schema->text_count, sizeof(*copy->texts));
    if (schema->text_count)
        memcpy(copy->texts, schema->texts, schema->text_count * sizeof(*copy->texts));
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

/* --- merging: what satisfies both ------------------------------------------------------------- */

static struct schema *both(struct source *source, struct schema *a, const struct schema *b)
{
    if (normal_is_open(b) || a == b)
        return a;
    if (normal_is_open(a))
        return copy_of(source, b);
    struct schema *out = copy_of(source, a);
    merge(source, out, b);
    reduce(source, out);
    return out;
}

static unsigned merge_kinds(unsigned a, unsigned b)
{
    if (!a || !b)
        return a | b;
    if (a & SCHEMA_NUMBER)
        a |= SCHEMA_INTEGER;
    if (b & SCHEMA_NUMBER)
        b |= SCHEMA_INTEGER;
    unsigned kinds = a & b;
    if (kinds & SCHEMA_NUMBER)
        kinds &= ~(unsigned)SCHEMA_INTEGER;
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
    if (!part->text_count)
        return;
    if (!into->text_count) {
        into->texts = part->texts;
        into->text_count = part->text_count;
        return;
    }
    size_t kept = 0;
    for (size_t i = 0; i < into->text_count; i++)
        if (bsearch(&into->texts[i], part->texts, part->text_count, sizeof(*part->texts), by_text))
            into->texts[kept++] = into->texts[i];
    into->text_count = kept;
    if (kept == 0)
        into->kinds = KIND_NEVER;
}

static void merge_text_rules(struct source *source, struct schema *into, const struct schema *part)
{
    merge_texts(into, part);
    if (part->format && into->format && strcmp(part->format, into->format) != 0)
        node_fail(into->at, "two formats cannot be merged");
    if (!into->format)
        into->format = part->format;
    if (!into->pattern)
        into->pattern = part->pattern;
    else if (part->pattern && strcmp(part->pattern, into->pattern) != 0)
        into->pattern = source_format(source, "%s and %s", into->pattern, part->pattern);
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
    if (!closed->closed)
        return;
    for (size_t i = 0; i < schema->member_count; i++) {
        struct member *member = &schema->members[i];
        if (find_member(closed, member->name))
            schema->members[kept++] = *member;
        else if (member->required)
            schema->members[kept++] =
                (struct member){member->name, never(source, schema->at), true};
    }
    schema->member_count = kept;
}

static void merge_members(struct source *source, struct schema *into, const struct schema *original)
{
    struct schema *part = copy_of(source, original);
    if (into->additional || part->additional)
        node_fail(into->at, "additionalProperties with a schema cannot be merged");
    if (into->closed && part->closed) {
        /* read literally, nothing could satisfy it: compare what its author must have meant */
        into->halves = true;
    } else {
        forbid_members(source, into, part);
        forbid_members(source, part, into);
    }
    size_t room = into->member_count + part->member_count;
    struct member *members = source_array(source, room, sizeof(*members));
    if (into->member_count)
        memcpy(members, into->members, into->member_count * sizeof(*members));
    into->members = members;
    for (size_t i = 0; i < part->member_count; i++) {
        struct member *own = find_member(into, part->members[i].name);
        if (!own) {
            into->members[into->member_count++] = part->members[i];
            continue;
        }
        own->schema = both(source, own->schema, part->members[i].schema);
        own->required |= part->members[i].required;
    }
    qsort(into->members, into->member_count, sizeof(*into->members), by_name);
    into->closed |= part->closed;
    into->min_members = most_of(into->min_members, part->min_members);
    into->max_members = least_of(into->max_members, part->max_members);
}

static void merge_not(struct source *source, struct schema *into, const struct schema *part)
{
    if (!part->not_one)
        return;
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

static void merge(struct source *source, struct schema *into, const struct schema *part)
{
    if ((into->any_of.count && part->any_of.count) || (into->one_of.count && part->one_of.count))
        node_fail(into->at, "two choices cannot be merged");
    into->kinds = merge_kinds(into->kinds, part->kinds);
    merge_text_rules(source, into, part);
    merge_number_rules(into, part);
    into->min_items = most_of(into->min_items, part->min_items);
    into->max_items = least_of(into->max_items, part->max_items);
    into->unique_items |= part->unique_items;
    if (part->items)
        into->items = both(source, into->items, part->items);
    merge_members(source, into, part);
    if (part->any_of.count)
        into->any_of = part->any_of;
    if (part->one_of.count)
        into->one_of = part->one_of;
    if (part->discriminator) {
        into->discriminator = part->discriminator;
        into->choices = part->choices;
        into->choice_count = part->choice_count;
    }
    merge_not(source, into, part);
}

/* --- reducing --------------------------------------------------------------------------------- */

static void append(struct source *source, struct schema_list *list, struct schema *item)
{
    struct schema **items = source_array(source, list->count + 1, sizeof(struct schema *));
    if (list->count)
        memcpy(items, list->items, list->count * sizeof(struct schema *));
    items[list->count++] = item;
    list->items = items;
}

/* anyOf: any text swallows each other text, enums become one. */
static void reduce_any_of(struct source *source, struct schema *schema)
{
    struct schema_list list = schema->any_of, kept = {0};
    struct schema *texts = NULL;
    bool any_text = false;
    for (size_t i = 0; i < list.count; i++)
        any_text |= is_any_text(list.items[i]);
    for (size_t i = 0; i < list.count; i++) {
        struct schema *item = list.items[i];
        if (any_text && item->kinds == SCHEMA_STRING && !is_any_text(item))
            continue;
        if (!is_enum(item) || !texts) {
            append(source, &kept, is_enum(item) ? (texts = copy_of(source, item)) : item);
            continue;
        }
        const char **more =
            source_array(source, texts->text_count + item->text_count, sizeof(*more));
        memcpy(more, texts->texts, texts->text_count * sizeof(*more));
        memcpy(more + texts->text_count, item->texts, item->text_count * sizeof(*more));
        texts->texts = more;
        texts->text_count += item->text_count;
        sort_texts(texts);
    }
    schema->any_of = kept;
}

/* Takes what `not` forbids out of an enum or a closed list of members, where that says it all. */
static bool apply_not(struct source *source, struct schema *schema, const struct schema *not_one)
{
    struct schema rest = *not_one;
    if (not_one->any_of.count) {
        struct schema_list left = {0};
        for (size_t i = 0; i < not_one->any_of.count; i++)
            if (!apply_not(source, schema, not_one->any_of.items[i]))
                append(source, &left, not_one->any_of.items[i]);
        if (left.count == 0)
            return true;
        struct schema *either = copy_of(source, not_one);
        either->any_of = left;
        schema->not_one = left.count == 1 ? left.items[0] : either;
        return false;
    }
    rest.kinds = 0;
    rest.text_count = 0;
    if (not_one->text_count && schema->text_count && normal_is_open(&rest)) {
        size_t kept = 0;
        for (size_t i = 0; i < schema->text_count; i++)
            if (!bsearch(&schema->texts[i], not_one->texts, not_one->text_count,
                         sizeof(*not_one->texts), by_text))
                schema->texts[kept++] = schema->texts[i];
        schema->text_count = kept;
        return true;
    }
    rest.member_count = 0;
    if (not_one->member_count == 1 && not_one->members[0].required &&
        normal_is_open(not_one->members[0].schema) && normal_is_open(&rest) && schema->closed) {
        struct member *member = find_member(schema, not_one->members[0].name);
        if (member)
            *member = schema->members[--schema->member_count];
        qsort(schema->members, schema->member_count, sizeof(*schema->members), by_name);
        return true;
    }
    return false;
}

struct schema *normal_chosen(struct source *source, struct schema *branch, const char *name,
                             const char *value)
{
    struct schema *out = copy_of(source, branch);
    struct member *member = find_member(out, name);
    if (!member || !member->schema || member->schema->text_count < 2)
        return branch;
    member->schema = copy_of(source, member->schema);
    member->schema->texts[0] = value;
    member->schema->text_count = 1;
    return out;
}

/* A branch for kind a or b is a branch for each, so that both ways of writing it are equal. */
static void split_choices(struct source *source, struct schema *schema)
{
    struct schema_list list = schema->one_of, kept = {0};
    for (size_t i = 0; schema->discriminator && i < list.count; i++) {
        struct member *member = find_member(list.items[i], schema->discriminator);
        if (!member || !member->schema || member->schema->text_count < 2) {
            append(source, &kept, list.items[i]);
            continue;
        }
        for (size_t t = 0; t < member->schema->text_count; t++)
            append(source, &kept,
                   normal_chosen(source, list.items[i], schema->discriminator,
                                 member->schema->texts[t]));
    }
    if (kept.count)
        schema->one_of = kept;
}

static void reduce(struct source *source, struct schema *schema)
{
    struct schema_list *lists[] = {&schema->any_of, &schema->one_of};
    reduce_any_of(source, schema);
    split_choices(source, schema);
    for (size_t l = 0; l < 2; l++) {
        struct schema_list list = *lists[l];
        bool same = list.count > 0;
        for (size_t i = 0; i < list.count; i++)
            same &= list.items[i]->kinds == schema->kinds;
        if (list.count == 1) {
            lists[l]->count = 0;
            merge(source, schema, list.items[0]);
        } else if (same) {
            schema->kinds = 0;
        }
    }
    const struct schema *not_one = schema->not_one;
    if (not_one && apply_not(source, schema, not_one))
        schema->not_one = NULL;
}

/* {3,3} and {3} are the same, and so are {0,1} and ?. */
static const char *normal_pattern(struct source *source, const char *pattern)
{
    char *out = source_format(source, "%s", pattern), *to = out;
    for (const char *p = pattern; *p;) {
        char *comma, *end;
        unsigned long least = *p == '{' ? strtoul(p + 1, &comma, 10) : 0;
        if (*p == '{' && *comma == ',' && strtoul(comma + 1, &end, 10) == least && *end == '}' &&
            end > comma + 1) {
            memcpy(to, p, (size_t)(comma - p));
            to += comma - p;
            *to++ = '}';
            p = end + 1;
        } else if (strncmp(p, "{0,1}", 5) == 0) {
            *to++ = '?';
            p += 5;
        } else {
            *to++ = *p++;
        }
    }
    *to = '\0';
    return out;
}

static const char *normal_format(const char *format)
{
    static const char *const checked[] = {"date", "date-time", "email", "uri",   "uuid",     "byte",
                                          "ipv4", "ipv6",      "int32", "int64", "duration", NULL};
    for (size_t i = 0; format && checked[i]; i++)
        if (strcmp(checked[i], format) == 0)
            return format;
    return NULL;
}

static void normal_list(struct source *source, struct schema_list *list)
{
    struct schema_list out = {0};
    for (size_t i = 0; i < list->count; i++)
        append(source, &out, normal_schema(source, list->items[i]));
    *list = out;
}

struct schema *normal_schema(struct source *source, struct schema *schema)
{
    if (!schema || schema->normal)
        return schema ? schema->normal : NULL;
    struct schema *out = copy_of(source, schema);
    schema->normal = out;
    sort_texts(out);
    out->format = normal_format(out->format);
    if (out->kinds && !(out->kinds & SCHEMA_OBJECT)) { /* rules for objects say nothing then */
        out->closed = false;
        out->member_count = 0;
    }
    if (out->pattern)
        out->pattern = normal_pattern(source, out->pattern);
    out->items = normal_schema(source, out->items);
    for (size_t i = 0; i < out->member_count; i++)
        out->members[i].schema = normal_schema(source, out->members[i].schema);
    if (out->member_count)
        qsort(out->members, out->member_count, sizeof(*out->members), by_name);
    out->additional = normal_schema(source, out->additional);
    if (normal_is_open(out->additional))
        out->additional = NULL;
    out->not_one = normal_schema(source, out->not_one);
    normal_list(source, &out->any_of);
    normal_list(source, &out->one_of);
    struct schema_list parts = out->all_of;
    out->all_of.count = 0;
    for (size_t i = 0; i < parts.count; i++)
        merge(source, out, normal_schema(source, parts.items[i]));
    reduce(source, out);
    return out;
}
