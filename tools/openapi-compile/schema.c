/* Schemas: from YAML to struct schema, refusing what is not understood or cannot be meant. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/array.h"
#include "model.h"

#include "contract/tables.h"

#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_BITS 12

struct schema_entry {
    struct schema_entry *next;
    struct schema *schema;
};

struct schema_table {
    struct schema_entry *slots[1 << TABLE_BITS];
};

static struct schema_entry **find_slot(struct model *model, struct node node)
{
    if (!model->table) {
        model->table = source_alloc(model->source, sizeof(*model->table));
    }
    size_t hash = ((uintptr_t)node.raw / sizeof(*node.raw)) & ((1 << TABLE_BITS) - 1);
    struct schema_entry **slot = &model->table->slots[hash];
    while (*slot && (*slot)->schema->at.raw != node.raw) {
        slot = &(*slot)->next;
    }
    return slot;
}

static const struct {
    const char *name;
    unsigned kind;
} kinds[] = {{"boolean", SCHEMA_BOOLEAN}, {"integer", SCHEMA_INTEGER}, {"number", SCHEMA_NUMBER},
             {"string", SCHEMA_STRING},   {"array", SCHEMA_ARRAY},     {"object", SCHEMA_OBJECT}};

static unsigned read_kind(struct node node)
{
    if (!node.raw) {
        return 0;
    }
    const char *text = node_string(node);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(text, kinds[i].name) == 0) {
            return kinds[i].kind;
        }
    }
    node_fail(node, "type %s: there is no such type", text);
}

static void read_texts(struct model *model, struct schema *schema, struct node list)
{
    if (!list.raw) {
        return;
    }
    schema->text_count = node_count(list);
    if (schema->text_count == 0) {
        node_fail(list, "enum is empty");
    }
    schema->texts = source_array(model->source, schema->text_count, sizeof(*schema->texts));
    for (size_t i = 0; i < schema->text_count; i++) {
        struct node item = node_item(list, i);
        schema->texts[i] = node_string(item);
        for (size_t k = 0; k < i && !model->foreign; k++) {
            if (strcmp(schema->texts[k], schema->texts[i]) == 0) {
                node_fail(item, "enum names %s twice", schema->texts[i]);
            }
        }
    }
}

static const char *read_pattern(struct node node)
{
    int number;
    PCRE2_SIZE offset;
    if (!node.raw) {
        return NULL;
    }
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)node_string(node), PCRE2_ZERO_TERMINATED,
                                     CONTRACT_PATTERN_OPTIONS, &number, &offset, NULL);
    if (!code) {
        PCRE2_UCHAR message[120];
        pcre2_get_error_message(number, message, sizeof(message));
        node_fail(node, "pattern: %s at %zu", (const char *)message, offset);
    }
    pcre2_code_free(code);
    return node_string(node);
}

static const char *read_bound(struct node node)
{
    if (!node.raw) {
        return NULL;
    }
    enum node_kind kind = node_scalar(node);
    if (kind != NODE_INTEGER && kind != NODE_NUMBER) {
        node_fail(node, "%s: a number is expected here", node_text(node));
    }
    return node_text(node);
}

/* Must be positive. */
static const char *read_multiple(struct node node)
{
    const char *text = read_bound(node);
    if (text && (*text == '-' || strspn(text, "+0.") == strcspn(text, "eE"))) {
        node_fail(node, "multipleOf %s: must be more than 0", text);
    }
    return text;
}

static struct schema_list read_list(struct model *model, struct node list)
{
    struct schema_list out = {0};
    if (!list.raw) {
        return out;
    }
    out.count = node_count(list);
    if (out.count == 0) {
        node_fail(list, "there must be at least one schema");
    }
    out.items = source_array(model->source, out.count, sizeof(*out.items));
    for (size_t i = 0; i < out.count; i++) {
        out.items[i] = model_schema(model, node_item(list, i));
    }
    return out;
}

static struct member *find_member(struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->member_count; i++) {
        if (strcmp(schema->members[i].name, name) == 0) {
            return &schema->members[i];
        }
    }
    return NULL;
}

static void read_additional(struct model *model, struct schema *schema, struct node node,
                            bool usually_open)
{
    if (node_is_map(node)) {
        schema->additional = model_schema(model, node);
    } else {
        schema->closed = !node_bool(node, usually_open);
    }
}

static void read_others(struct model *model, struct schema *schema, struct node properties)
{
    size_t room = 0;
    for (size_t i = 0; i < model->other_count; i++) {
        if (model->others[i].properties == properties.raw) {
            schema->others = source_grow(model->source, schema->others, schema->other_count, &room,
                                         sizeof(*schema->others));
            schema->others[schema->other_count++] = model->others[i].member;
        }
    }
}

static void read_members(struct model *model, struct schema *schema, struct node node)
{
    struct node properties = node_get(node, "properties"), required = node_get(node, "required");
    size_t count = properties.raw ? node_count(properties) : 0;
    size_t extra = required.raw ? node_count(required) : 0;

    read_additional(model, schema, node_get(node, "additionalProperties"),
                    !model->closed || !properties.raw);
    schema->members = source_array(model->source, count + extra, sizeof(*schema->members));
    for (size_t i = 0; i < count; i++) {
        struct node value = node_member(properties, i, &schema->members[i].name);
        schema->members[i].schema = model_schema(model, value);
        schema->member_count++;
    }
    if (properties.raw) {
        read_others(model, schema, properties);
    }
    for (size_t i = 0; i < extra; i++) {
        struct node item = node_item(required, i);
        const char *name = node_string(item);
        struct member *member = find_member(schema, name);
        if (member && member->required && !model->foreign) {
            node_fail(item, "required names %s twice", name);
        }
        if (!member && schema->closed && !model->foreign) {
            node_fail(item, "required names %s, which additionalProperties forbids", name);
        }
        if (!member) {
            member = &schema->members[schema->member_count++];
            member->name = name;
        }
        member->required = true;
    }
}

static void read_discriminator(struct model *model, struct schema *schema, struct node node)
{
    static const char *const known[] = {"propertyName", "mapping", NULL};
    if (!node.raw) {
        return;
    }
    struct schema_list *list = schema->one_of.count ? &schema->one_of : &schema->any_of;
    struct node mapping = node_get(node, "mapping");
    model_only(model, node, "a discriminator", known);
    if (model->foreign && (list->count == 0 || !mapping.raw)) {
        return;
    }
    if (list->count == 0) {
        node_fail(node, "discriminator without oneOf or anyOf");
    }
    schema->discriminator = node_string(node_need(node, "propertyName"));
    node_need(node, "mapping");
    schema->choice_count = node_count(mapping);
    schema->choices = source_array(model->source, schema->choice_count, sizeof(*schema->choices));
    for (size_t i = 0; i < schema->choice_count; i++) {
        struct choice *choice = &schema->choices[i];
        struct node target = node_member(mapping, i, &choice->value);
        choice->schema =
            model_schema(model, source_resolve(model->source, target, node_string(target)));
        size_t k = 0;
        while (k < list->count && list->items[k] != choice->schema) {
            k++;
        }
        if (k == list->count) {
            node_fail(target, "discriminator maps %s to a schema that is not a branch",
                      choice->value);
        }
    }
}

/* A rule for a kind of value that the type excludes would never be used: a slip of the author. */
static void check_use(struct schema *schema, struct node node)
{
    static const struct {
        const char *name;
        unsigned kinds;
    } rules[] = {
        {"enum", SCHEMA_STRING},
        {"pattern", SCHEMA_STRING},
        {"x-lfi-tolerant", SCHEMA_STRING},
        {"minLength", SCHEMA_STRING},
        {"maxLength", SCHEMA_STRING},
        {"minimum", SCHEMA_INTEGER | SCHEMA_NUMBER},
        {"maximum", SCHEMA_INTEGER | SCHEMA_NUMBER},
        {"exclusiveMinimum", SCHEMA_INTEGER | SCHEMA_NUMBER},
        {"exclusiveMaximum", SCHEMA_INTEGER | SCHEMA_NUMBER},
        {"multipleOf", SCHEMA_INTEGER | SCHEMA_NUMBER},
        {"items", SCHEMA_ARRAY},
        {"minItems", SCHEMA_ARRAY},
        {"maxItems", SCHEMA_ARRAY},
        {"uniqueItems", SCHEMA_ARRAY},
        {"properties", SCHEMA_OBJECT},
        {"required", SCHEMA_OBJECT},
        {"additionalProperties", SCHEMA_OBJECT},
        {"minProperties", SCHEMA_OBJECT},
        {"maxProperties", SCHEMA_OBJECT},
    };
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        struct node found = node_get(node, rules[i].name);
        if (found.raw && !(schema->kinds & rules[i].kinds) && schema->kinds != 0) {
            node_fail(found, "%s says nothing of this type", rules[i].name);
        }
    }
    if ((schema->min_length > schema->max_length && schema->max_length != NO_LIMIT) ||
        (schema->min_items > schema->max_items && schema->max_items != NO_LIMIT) ||
        (schema->min_members > schema->max_members && schema->max_members != NO_LIMIT)) {
        node_fail(node, "the least is more than the most");
    }
    if (schema->exclusive_minimum && !schema->minimum) {
        node_fail(node, "exclusiveMinimum without minimum");
    }
    if (schema->exclusive_maximum && !schema->maximum) {
        node_fail(node, "exclusiveMaximum without maximum");
    }
}

static void check_default(struct schema *schema, struct node node)
{
    if (!node.raw) {
        return;
    }
    if (node_is_map(node) && node_count(node) == 0) {
        schema->fallback = "{}";
        return;
    }
    enum node_kind kind = node_scalar(node);
    unsigned fits = kind == NODE_BOOLEAN   ? SCHEMA_BOOLEAN
                    : kind == NODE_INTEGER ? SCHEMA_INTEGER | SCHEMA_NUMBER
                    : kind == NODE_NUMBER  ? SCHEMA_NUMBER
                    : kind == NODE_TEXT    ? SCHEMA_STRING
                                           : SCHEMA_NULL;
    if (schema->kinds != 0 && !(schema->kinds & fits)) {
        node_fail(node, "default is of another type");
    }
    schema->fallback = node_text(node);
}

static void read_schema(struct model *model, struct schema *schema, struct node node)
{
    static const char *const known[] = {
        "type", "format", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems",
        "items", "properties", "required", "additionalProperties", "minProperties", "maxProperties",
        "allOf", "anyOf", "oneOf", "not", "nullable", "discriminator", "default", "x-lfi-tolerant",
        /* said to people only */
        "description", "title", "summary", "deprecated", "example", "examples", NULL};
    if (!node_is_map(node)) {
        node_fail(node, "a schema is expected here");
    }
    model_only(model, node, "a schema", known);
    schema->kinds = read_kind(node_get(node, "type"));
    if (node_bool(node_get(node, "nullable"), false)) {
        if (!schema->kinds) {
            node_fail(node, "nullable without type");
        }
        if (node_get(node, "enum").raw) {
            node_fail(node, "nullable with enum: null would have to be one of its values");
        }
        schema->kinds |= SCHEMA_NULL;
    }
    struct node format = node_get(node, "format");
    schema->format = format.raw ? node_string(format) : NULL;
    schema->pattern = read_pattern(node_get(node, "pattern"));
    if (!schema->pattern && schema->format && model->formats.raw) {
        schema->pattern = read_pattern(node_get(model->formats, schema->format));
    }
    schema->tolerant = node_bool(node_get(node, "x-lfi-tolerant"), false);
    if (schema->tolerant && !schema->pattern) {
        node_fail(node, "x-lfi-tolerant without pattern");
    }
    read_texts(model, schema, node_get(node, "enum"));
    schema->min_length = node_size(node_get(node, "minLength"), 0);
    schema->max_length = node_size(node_get(node, "maxLength"), NO_LIMIT);
    schema->min_items = node_size(node_get(node, "minItems"), 0);
    schema->max_items = node_size(node_get(node, "maxItems"), NO_LIMIT);
    schema->min_members = node_size(node_get(node, "minProperties"), 0);
    schema->max_members = node_size(node_get(node, "maxProperties"), NO_LIMIT);
    schema->minimum = read_bound(node_get(node, "minimum"));
    schema->maximum = read_bound(node_get(node, "maximum"));
    schema->exclusive_minimum = node_bool(node_get(node, "exclusiveMinimum"), false);
    schema->exclusive_maximum = node_bool(node_get(node, "exclusiveMaximum"), false);
    schema->multiple = read_multiple(node_get(node, "multipleOf"));
    schema->unique_items = node_bool(node_get(node, "uniqueItems"), false);
    struct node items = node_get(node, "items"), not_one = node_get(node, "not");
    schema->items = items.raw ? model_schema(model, items) : NULL;
    schema->not_one = not_one.raw ? model_schema(model, not_one) : NULL;
    read_members(model, schema, node);
    schema->all_of = read_list(model, node_get(node, "allOf"));
    schema->any_of = read_list(model, node_get(node, "anyOf"));
    schema->one_of = read_list(model, node_get(node, "oneOf"));
    read_discriminator(model, schema, node_get(node, "discriminator"));
    check_default(schema, node_get(node, "default"));
    if (!model->foreign) {
        check_use(schema, node);
    }
}

struct schema *model_schema(struct model *model, struct node node)
{
    node = source_follow(model->source, node);
    struct schema_entry **slot = find_slot(model, node);
    if (*slot) {
        return (*slot)->schema;
    }
    struct schema *schema = source_alloc(model->source, sizeof(*schema));
    *slot = source_alloc(model->source, sizeof(**slot));
    (*slot)->schema = schema;
    schema->at = node;
    schema->id = -1;
    read_schema(model, schema, node);
    return schema;
}

void model_only(const struct model *model, struct node map, const char *what,
                const char *const *names)
{
    if (!model->foreign) {
        node_only(map, what, names);
        return;
    }
    for (size_t i = 0; i < node_count(map); i++) {
        const char *name;
        struct node value = node_member(map, i, &name);
        size_t n = 0;
        while (names[n] && strcmp(names[n], name) != 0) {
            n++;
        }
        if (!names[n] && strncmp(name, "x-", 2) != 0) {
            node_fail(value, "%s: not understood in %s", name, what);
        }
    }
}
