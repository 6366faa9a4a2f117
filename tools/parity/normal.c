/*
 * The normal form: allOf is merged away, choices that contain each other are reduced, lists are
 * ordered, and what no reader checks (unknown formats) is gone.
 */
#include "parity.h"

#include <stdlib.h>
#include <string.h>

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

static void sort_texts(struct schema *schema)
{
    size_t kept = 0;
    if (schema->text_count == 0) {
        return;
    }
    qsort(schema->texts, schema->text_count, sizeof(*schema->texts), normal_by_text);
    for (size_t i = 0; i < schema->text_count; i++) {
        if (kept == 0 || strcmp(schema->texts[kept - 1], schema->texts[i]) != 0) {
            schema->texts[kept++] = schema->texts[i];
        }
    }
    schema->text_count = kept;
}

/* --- reducing --------------------------------------------------------------------------------- */

static void append(struct source *source, struct schema_list *list, struct schema *item)
{
    struct schema **items = source_array(source, list->count + 1, sizeof(struct schema *));
    if (list->count) {
        memcpy(items, list->items, list->count * sizeof(struct schema *));
    }
    items[list->count++] = item;
    list->items = items;
}

/* anyOf: any text swallows each other text, enums become one. */
static void reduce_any_of(struct source *source, struct schema *schema)
{
    struct schema_list list = schema->any_of, kept = {0};
    struct schema *texts = NULL;
    bool any_text = false;
    for (size_t i = 0; i < list.count; i++) {
        any_text |= is_any_text(list.items[i]);
    }
    for (size_t i = 0; i < list.count; i++) {
        struct schema *item = list.items[i];
        if (any_text && item->kinds == SCHEMA_STRING && !is_any_text(item)) {
            continue;
        }
        if (!is_enum(item) || !texts) {
            append(source, &kept, is_enum(item) ? (texts = normal_copy(source, item)) : item);
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
        for (size_t i = 0; i < not_one->any_of.count; i++) {
            if (!apply_not(source, schema, not_one->any_of.items[i])) {
                append(source, &left, not_one->any_of.items[i]);
            }
        }
        if (left.count == 0) {
            return true;
        }
        struct schema *either = normal_copy(source, not_one);
        either->any_of = left;
        schema->not_one = left.count == 1 ? left.items[0] : either;
        return false;
    }
    rest.kinds = 0;
    rest.text_count = 0;
    if (not_one->text_count && schema->text_count && normal_is_open(&rest)) {
        size_t kept = 0;
        for (size_t i = 0; i < schema->text_count; i++) {
            if (!bsearch(&schema->texts[i], not_one->texts, not_one->text_count,
                         sizeof(*not_one->texts), normal_by_text)) {
                schema->texts[kept++] = schema->texts[i];
            }
        }
        schema->text_count = kept;
        return true;
    }
    rest.member_count = 0;
    if (not_one->member_count == 1 && not_one->members[0].required &&
        normal_is_open(not_one->members[0].schema) && normal_is_open(&rest) && schema->closed) {
        struct member *member = normal_member(schema, not_one->members[0].name);
        if (member) {
            *member = schema->members[--schema->member_count];
        }
        qsort(schema->members, schema->member_count, sizeof(*schema->members), normal_by_name);
        return true;
    }
    return false;
}

struct schema *normal_chosen(struct source *source, struct schema *branch, const char *name,
                             const char *value)
{
    struct schema *out = normal_copy(source, branch);
    struct member *member = normal_member(out, name);
    if (!member || !member->schema || member->schema->text_count < 2) {
        return branch;
    }
    member->schema = normal_copy(source, member->schema);
    member->schema->texts[0] = value;
    member->schema->text_count = 1;
    return out;
}

/* A branch for kind a or b is a branch for each, so that both ways of writing it are equal. */
static void split_choices(struct source *source, struct schema *schema)
{
    struct schema_list list = schema->one_of, kept = {0};
    for (size_t i = 0; schema->discriminator && i < list.count; i++) {
        struct member *member = normal_member(list.items[i], schema->discriminator);
        if (!member || !member->schema || member->schema->text_count < 2) {
            append(source, &kept, list.items[i]);
            continue;
        }
        for (size_t t = 0; t < member->schema->text_count; t++) {
            append(source, &kept,
                   normal_chosen(source, list.items[i], schema->discriminator,
                                 member->schema->texts[t]));
        }
    }
    if (kept.count) {
        schema->one_of = kept;
    }
}

void normal_reduce(struct source *source, struct schema *schema)
{
    struct schema_list *lists[] = {&schema->any_of, &schema->one_of};
    reduce_any_of(source, schema);
    split_choices(source, schema);
    for (size_t l = 0; l < 2; l++) {
        struct schema_list list = *lists[l];
        bool same = list.count > 0;
        for (size_t i = 0; i < list.count; i++) {
            same &= list.items[i]->kinds == schema->kinds;
        }
        if (list.count == 1) {
            lists[l]->count = 0;
            normal_merge(source, schema, list.items[0]);
        } else if (same) {
            schema->kinds = 0;
        }
    }
    const struct schema *not_one = schema->not_one;
    if (not_one && apply_not(source, schema, not_one)) {
        schema->not_one = NULL;
    }
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
    for (size_t i = 0; format && checked[i]; i++) {
        if (strcmp(checked[i], format) == 0) {
            return format;
        }
    }
    return NULL;
}

static void normal_list(struct source *source, struct schema_list *list)
{
    struct schema_list out = {0};
    for (size_t i = 0; i < list->count; i++) {
        append(source, &out, normal_schema(source, list->items[i]));
    }
    *list = out;
}

struct schema *normal_schema(struct source *source, struct schema *schema)
{
    if (!schema || schema->normal) {
        return schema ? schema->normal : NULL;
    }
    struct schema *out = normal_copy(source, schema);
    schema->normal = out;
    sort_texts(out);
    out->format = normal_format(out->format);
    if (out->kinds && !(out->kinds & SCHEMA_OBJECT)) { /* rules for objects say nothing then */
        out->closed = false;
        out->member_count = 0;
    }
    if (out->pattern) {
        out->pattern = normal_pattern(source, out->pattern);
    }
    out->items = normal_schema(source, out->items);
    for (size_t i = 0; i < out->member_count; i++) {
        out->members[i].schema = normal_schema(source, out->members[i].schema);
    }
    if (out->member_count) {
        qsort(out->members, out->member_count, sizeof(*out->members), normal_by_name);
    }
    out->additional = normal_schema(source, out->additional);
    if (normal_is_open(out->additional)) {
        out->additional = NULL;
    }
    out->not_one = normal_schema(source, out->not_one);
    normal_list(source, &out->any_of);
    normal_list(source, &out->one_of);
    struct schema_list parts = out->all_of;
    out->all_of.count = 0;
    for (size_t i = 0; i < parts.count; i++) {
        normal_merge(source, out, normal_schema(source, parts.items[i]));
    }
    normal_reduce(source, out);
    return out;
}
