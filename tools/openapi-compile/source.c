#include "source.h"

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE_CHAIN 16

struct pool_block {
    struct pool_block *next;
    max_align_t data[];
};

static _Noreturn void fail_memory(void)
{
    fputs("out of memory\n", stderr);
    exit(1);
}

void *source_alloc(struct source *source, size_t size)
{
    struct pool_block *block = calloc(1, sizeof(*block) + size);
    if (!block) {
        fail_memory();
    }
    block->next = source->pool;
    source->pool = block;
    return block->data;
}

void *source_array(struct source *source, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / 2 / size) {
        fail_memory();
    }
    return source_alloc(source, count * size);
}

void *source_grow(struct source *source, void *items, size_t used, size_t *room, size_t size)
{
    if (used < *room) {
        return items;
    }
    *room = *room ? *room * 2 : 16;
    void *more = source_array(source, *room, size);
    if (used > 0) {
        memcpy(more, items, used * size);
    }
    return more;
}

char *source_format(struct source *source, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *out = source_alloc(source, (size_t)len + 1);
    vsnprintf(out, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return out;
}

void source_free(struct source *source)
{
    for (struct source_file *file = source->files; file; file = file->next) {
        yaml_document_delete(&file->document);
    }
    while (source->pool) {
        struct pool_block *next = source->pool->next;
        free(source->pool);
        source->pool = next;
    }
    source->files = NULL;
}

size_t node_line(struct node node)
{
    return node.raw->start_mark.line + 1;
}

/* A grafted node has a mark that no file is long enough for. */
const char *node_file(struct node node)
{
    size_t graft = SIZE_MAX - node.raw->start_mark.index;
    return graft < node.file->graft_count ? node.file->grafts[graft] : node.file->name;
}

void node_fail(struct node at, const char *format, ...)
{
    va_list args;
    if (at.raw) {
        fprintf(stderr, "%s:%zu: ", node_file(at), node_line(at));
    }
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static const char *scalar(const yaml_node_t *raw)
{
    return (const char *)raw->data.scalar.value;
}

/* Names must be plain texts and occur once; tags and aliases are not for these documents. */
static void check_nodes(struct source_file *file)
{
    size_t count = (size_t)(file->document.nodes.top - file->document.nodes.start);
    for (size_t i = 0; i < count; i++) {
        struct node node = {file, &file->document.nodes.start[i]};
        if (node.raw->tag && strncmp((const char *)node.raw->tag, "tag:yaml.org,2002:", 18) != 0) {
            node_fail(node, "tag %s", (const char *)node.raw->tag);
        }
        if (node.raw->type != YAML_MAPPING_NODE) {
            continue;
        }
        for (size_t m = 0; m < node_count(node); m++) {
            yaml_node_pair_t *pair = &node.raw->data.mapping.pairs.start[m];
            struct node key = {file, yaml_document_get_node(&file->document, pair->key)};
            if (key.raw->type != YAML_SCALAR_NODE) {
                node_fail(key, "the name of a member must be a text");
            }
            struct node first = node_get(node, scalar(key.raw));
            if (first.raw != yaml_document_get_node(&file->document, pair->value)) {
                node_fail(key, "%s is duplicated", scalar(key.raw));
            }
        }
    }
}

static void parse_file(struct source_file *file, struct node from)
{
    FILE *in = fopen(file->path, "rb");
    yaml_parser_t parser;
    if (!in) {
        node_fail(from, "%s: cannot be read", file->name);
    }
    if (!yaml_parser_initialize(&parser)) {
        fail_memory();
    }
    yaml_parser_set_input_file(&parser, in);
    if (!yaml_parser_load(&parser, &file->document)) {
        fprintf(stderr, "%s:%zu: %s\n", file->name, parser.problem_mark.line + 1, parser.problem);
        exit(1);
    }
    yaml_parser_delete(&parser);
    fclose(in);
    if (!yaml_document_get_root_node(&file->document)) {
        node_fail(from, "%s: is empty", file->name);
    }
    check_nodes(file);
}

struct node source_open(struct source *source, const char *path, struct node from)
{
    char *resolved = realpath(path, NULL);
    if (!resolved) {
        node_fail(from, "%s: cannot be read", path);
    }
    struct source_file *file = source->files;
    while (file && strcmp(file->path, resolved) != 0) {
        file = file->next;
    }
    if (!file) {
        file = source_alloc(source, sizeof(*file));
        file->path = source_format(source, "%s", resolved);
        file->name = source_format(source, "%s", path);
        parse_file(file, from);
        file->next = source->files;
        source->files = file;
    }
    free(resolved);
    return (struct node){file, yaml_document_get_root_node(&file->document)};
}

/* One step of a JSON pointer: ~1 is a slash, ~0 a tilde. */
static struct node step(struct source *source, struct node at, const char *from, size_t len)
{
    char *name = source_alloc(source, len + 1);
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        char c = from[i];
        if (c == '~' && i + 1 < len) {
            i++;
            c = from[i] == '1' ? '/' : '~';
        }
        name[used++] = c;
    }
    return node_is_map(at) ? node_get(at, name) : (struct node){0};
}

struct node source_find(struct source *source, struct node at, const char *reference)
{
    const char *hash = strchr(reference, '#');
    if (!hash || hash[1] != '/') {
        node_fail(at, "$ref %s: must end in #/NAME", reference);
    }
    struct node target = {at.file, yaml_document_get_root_node(&at.file->document)};
    if (hash != reference) {
        const char *slash = strrchr(at.file->name, '/');
        int folder = slash ? (int)(slash - at.file->name) + 1 : 0;
        char *path = source_format(source, "%.*s%.*s", folder, at.file->name,
                                   (int)(hash - reference), reference);
        target = source_open(source, path, at);
    }
    for (const char *p = hash[2] ? hash + 1 : ""; *p && target.raw;) { /* "#/" is the whole file */
        size_t len = strcspn(p + 1, "/");
        target = step(source, target, p + 1, len);
        p += len + 1;
    }
    return target;
}

struct node source_resolve(struct source *source, struct node at, const char *reference)
{
    struct node target = source_find(source, at, reference);
    if (!target.raw) {
        node_fail(at, "$ref %s: there is no such thing", reference);
    }
    return target;
}

struct node source_follow(struct source *source, struct node node)
{
    static const char *const beside[] = {"$ref", "description", NULL};
    struct node first = node;
    for (int i = 0; node_is_map(node); i++) {
        struct node reference = node_get(node, "$ref");
        if (!reference.raw) {
            break;
        }
        if (i == REFERENCE_CHAIN) {
            node_fail(first, "$ref goes in a circle");
        }
        node_only(node, "a $ref", beside);
        node = source_resolve(source, reference, node_string(reference));
    }
    return node;
}

/* --- editing ---------------------------------------------------------------------------------- */

static size_t graft_number(struct source_file *to, struct node from)
{
    const char *name = node_file(from);
    for (size_t i = 0; i < to->graft_count; i++) {
        if (strcmp(to->grafts[i], name) == 0) {
            return i;
        }
    }
    if (to->graft_count == SOURCE_GRAFTS) {
        node_fail(from, "more than %d files edit %s", SOURCE_GRAFTS, to->name);
    }
    to->grafts[to->graft_count] = name;
    return to->graft_count++;
}

static int check_number(int number)
{
    if (number == 0) {
        fail_memory();
    }
    return number;
}

static int copy_scalar(yaml_document_t *to, const char *text, yaml_scalar_style_t style)
{
    return check_number(
        yaml_document_add_scalar(to, NULL, (const yaml_char_t *)text, (int)strlen(text), style));
}

int source_graft(struct source_file *to, struct node from)
{
    yaml_document_t *document = &to->document;
    int copy;
    if (node_is_map(from)) {
        copy = check_number(yaml_document_add_mapping(document, NULL, YAML_ANY_MAPPING_STYLE));
        for (size_t i = 0; i < node_count(from); i++) {
            const char *name;
            struct node value = node_member(from, i, &name);
            source_append_member(to, copy, name, source_graft(to, value));
        }
    } else if (node_is_list(from)) {
        copy = check_number(yaml_document_add_sequence(document, NULL, YAML_ANY_SEQUENCE_STYLE));
        for (size_t i = 0; i < node_count(from); i++) {
            source_append_item(to, copy, source_graft(to, node_item(from, i)));
        }
    } else {
        copy = copy_scalar(document, scalar(from.raw), from.raw->data.scalar.style);
    }
    yaml_node_t *node = yaml_document_get_node(document, copy);
    node->start_mark = from.raw->start_mark;
    node->start_mark.index = SIZE_MAX - graft_number(to, from);
    return copy;
}

void source_append_member(struct source_file *file, int mapping, const char *name, int value)
{
    int key = copy_scalar(&file->document, name, YAML_ANY_SCALAR_STYLE);
    yaml_node_t *at = yaml_document_get_node(&file->document, value);
    yaml_document_get_node(&file->document, key)->start_mark = at->start_mark;
    if (!yaml_document_append_mapping_pair(&file->document, mapping, key, value)) {
        fail_memory();
    }
}

void source_append_item(struct source_file *file, int list, int item)
{
    if (!yaml_document_append_sequence_item(&file->document, list, item)) {
        fail_memory();
    }
}

void source_remove(struct node from, size_t i)
{
    if (node_is_map(from)) {
        yaml_node_pair_t *pair = &from.raw->data.mapping.pairs.start[i];
        memmove(pair, pair + 1,
                (size_t)(from.raw->data.mapping.pairs.top - pair - 1) * sizeof(*pair));
        from.raw->data.mapping.pairs.top--;
    } else {
        yaml_node_item_t *item = &from.raw->data.sequence.items.start[i];
        memmove(item, item + 1,
                (size_t)(from.raw->data.sequence.items.top - item - 1) * sizeof(*item));
        from.raw->data.sequence.items.top--;
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

bool node_is_map(struct node node)
{
    return node.raw && node.raw->type == YAML_MAPPING_NODE;
}

bool node_is_list(struct node node)
{
    return node.raw && node.raw->type == YAML_SEQUENCE_NODE;
}

size_t node_count(struct node node)
{
    if (node_is_map(node)) {
        return (size_t)(node.raw->data.mapping.pairs.top - node.raw->data.mapping.pairs.start);
    }
    if (node_is_list(node)) {
        return (size_t)(node.raw->data.sequence.items.top - node.raw->data.sequence.items.start);
    }
    node_fail(node, "a list or mapping is expected here");
}

struct node node_item(struct node list, size_t i)
{
    if (!node_is_list(list)) {
        node_fail(list, "a list is expected here");
    }
    yaml_node_item_t item = list.raw->data.sequence.items.start[i];
    return (struct node){list.file, yaml_document_get_node(&list.file->document, item)};
}

struct node node_member(struct node map, size_t i, const char **name)
{
    if (!node_is_map(map)) {
        node_fail(map, "a mapping is expected here");
    }
    yaml_node_pair_t *pair = &map.raw->data.mapping.pairs.start[i];
    *name = scalar(yaml_document_get_node(&map.file->document, pair->key));
    return (struct node){map.file, yaml_document_get_node(&map.file->document, pair->value)};
}

struct node node_get(struct node map, const char *name)
{
    if (!node_is_map(map)) {
        node_fail(map, "a mapping is expected here");
    }
    for (size_t i = 0; i < node_count(map); i++) {
        const char *found;
        struct node value = node_member(map, i, &found);
        if (strcmp(found, name) == 0) {
            return value;
        }
    }
    return (struct node){map.file, NULL};
}

struct node node_need(struct node map, const char *name)
{
    struct node value = node_get(map, name);
    if (!value.raw) {
        node_fail(map, "%s is missing", name);
    }
    return value;
}

void node_only(struct node map, const char *what, const char *const *names)
{
    for (size_t i = 0; i < node_count(map); i++) {
        const char *name;
        struct node value = node_member(map, i, &name);
        size_t n = 0;
        while (names[n] && strcmp(names[n], name) != 0) {
            n++;
        }
        if (!names[n]) {
            node_fail(value, "%s: not understood in %s", name, what);
        }
    }
}

static bool any_of(const char *text, const char *const *words)
{
    while (*words && strcmp(*words, text) != 0) {
        words++;
    }
    return *words;
}

enum node_kind node_scalar(struct node node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const booleans[] = {"true", "True", "TRUE", "false", "False", "FALSE", NULL};
    if (!node.raw || node.raw->type != YAML_SCALAR_NODE) {
        node_fail(node, "a single value is expected here");
    }
    const char *text = scalar(node.raw);
    if (node.raw->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
        return NODE_TEXT;
    }
    if (any_of(text, nulls)) {
        return NODE_NULL;
    }
    if (any_of(text, booleans)) {
        return NODE_BOOLEAN;
    }
    const char *digits = text + (*text == '-' || *text == '+');
    size_t len = strlen(digits);
    if (len > 0 && strspn(digits, "0123456789") == len) {
        return NODE_INTEGER;
    }
    char *end;
    if ((*digits == '.' || (*digits >= '0' && *digits <= '9')) && (strtod(text, &end), !*end)) {
        return NODE_NUMBER;
    }
    return NODE_TEXT;
}

const char *node_text(struct node node)
{
    node_scalar(node);
    return scalar(node.raw);
}

const char *node_string(struct node node)
{
    if (node_scalar(node) != NODE_TEXT) {
        node_fail(node, "%s: a text is expected here (quotes missing?)", scalar(node.raw));
    }
    return scalar(node.raw);
}

bool node_bool(struct node node, bool fallback)
{
    if (!node.raw) {
        return fallback;
    }
    if (node_scalar(node) != NODE_BOOLEAN) {
        node_fail(node, "%s: true or false is expected here", scalar(node.raw));
    }
    return scalar(node.raw)[0] == 't' || scalar(node.raw)[0] == 'T';
}

long long node_size(struct node node, long long fallback)
{
    if (!node.raw) {
        return fallback;
    }
    long long value =
        node_scalar(node) == NODE_INTEGER ? strtoll(scalar(node.raw), NULL, 10) : LLONG_MIN;
    if (value < 0 || value > INT_MAX) {
        node_fail(node, "%s: a whole number from 0 is expected here", scalar(node.raw));
    }
    return value;
}
