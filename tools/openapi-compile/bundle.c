#include "bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum section { SCHEMAS, PARAMETERS, RESPONSES, REQUEST_BODIES, SECTIONS };

static const char *const section_names[SECTIONS] = {"schemas", "parameters", "responses",
                                                    "requestBodies"};

/* What the document refers to, once each. */
struct component {
    struct node at;
    enum section section;
    const char *name;
    char *text; /* as JSON; NULL: not yet written */
};

struct bundle {
    struct source *source;
    FILE *out;
    const char *version; /* in place of info.version; NULL: as it stands */
    struct component *components;
    size_t count, room;
    struct node formats;          /* patterns of formats, by an overlay; absent: none */
    struct node samples, answers; /* absent: none */
    struct node sample, answer;   /* of the operation that is being written */
    struct node example;          /* of the next body; absent: none */
};

/* What a mapping's members are. */
struct position {
    enum section section; /* of a $ref here */
    bool names;           /* members have names of their own, not words of OpenAPI */
    bool references;      /* members are references: the mapping of a discriminator */
};

static void put_node(struct bundle *b, struct node node, struct position position);

/* --- JSON ------------------------------------------------------------------------------------- */

static void put_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c < 0x20) {
            fprintf(out, "\\u%04x", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

static void put_scalar(FILE *out, struct node node)
{
    enum node_kind kind = node_scalar(node);
    if (kind == NODE_TEXT) {
        put_string(out, node_text(node));
    } else if (kind == NODE_NULL) {
        fputs("null", out);
    } else if (kind == NODE_BOOLEAN) {
        fputs(node_bool(node, false) ? "true" : "false", out);
    } else {
        fputs(node_text(node), out);
    }
}

/* The name of a member, with a comma before all but the first. */
static void put_name(FILE *out, const char *name, bool *first)
{
    fputs(*first ? "" : ",", out);
    *first = false;
    put_string(out, name);
    fputc(':', out);
}

/* --- references ------------------------------------------------------------------------------- */

static bool is_taken(const struct bundle *b, enum section section, const char *name)
{
    for (size_t i = 0; i < b->count; i++) {
        if (b->components[i].section == section && strcmp(b->components[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The last part of a reference; with the file's name, and then a number, when another has the same.
 */
static const char *choose_name(struct bundle *b, struct node at, enum section section,
                               const char *reference)
{
    const char *name = strrchr(reference, '/') + 1;
    if (!is_taken(b, section, name)) {
        return name;
    }
    const char *slash = strrchr(at.file->name, '/');
    const char *file = slash ? slash + 1 : at.file->name;
    const char *own = source_format(b->source, "%s_%.*s", name, (int)strcspn(file, "."), file);
    const char *free = own;
    for (unsigned n = 2; is_taken(b, section, free); n++) {
        free = source_format(b->source, "%s_%u", own, n);
    }
    return free;
}

static const struct component *find_component(struct bundle *b, struct node reference,
                                              enum section section)
{
    const char *text = node_string(reference);
    struct node at = source_resolve(b->source, reference, text);
    for (size_t i = 0; i < b->count; i++) {
        if (b->components[i].at.raw == at.raw && b->components[i].section == section) {
            return &b->components[i];
        }
    }
    const char *name = choose_name(b, at, section, text);
    b->components =
        source_grow(b->source, b->components, b->count, &b->room, sizeof(*b->components));
    b->components[b->count] = (struct component){.at = at, .section = section, .name = name};
    return &b->components[b->count++];
}

static void put_reference(struct bundle *b, struct node reference, enum section section)
{
    const struct component *component = find_component(b, reference, section);
    fprintf(b->out, "\"#/components/%s/%s\"", section_names[section], component->name);
}

/* --- what operations get besides -------------------------------------------------------------- */

static struct node find_text(struct node map, struct node name)
{
    return map.raw ? node_get(map, node_string(name)) : (struct node){0};
}

/* Of an operation: its sample and its permissions. */
static void put_extras(struct bundle *b, struct node operation)
{
    bool first = false;
    struct node row = node_get(operation, "x-lfi");
    struct node permissions = row.raw ? node_get(row, "permissions") : row;
    if (permissions.raw) {
        put_name(b->out, "x-permissions", &first);
        put_node(b, permissions, (struct position){0});
    }
    if (b->sample.raw) {
        put_name(b->out, "x-sample", &first);
        put_node(b, b->sample, (struct position){.names = true});
    }
}

static bool is_answered_with(const struct bundle *b, const char *status)
{
    return b->answer.raw && strcmp(node_text(node_need(b->answer, "status")), status) == 0;
}

/* --- the document ----------------------------------------------------------------------------- */

static struct position position_of(const char *name, struct position outer)
{
    if (outer.names) {
        return (struct position){.section = outer.section};
    }
    if (strcmp(name, "properties") == 0 || strcmp(name, "paths") == 0) {
        return (struct position){.section = SCHEMAS, .names = true};
    }
    if (strcmp(name, "mapping") == 0) {
        return (struct position){.section = SCHEMAS, .names = true, .references = true};
    }
    if (strcmp(name, "responses") == 0) {
        return (struct position){.section = RESPONSES, .names = true};
    }
    return (struct position){.section = strcmp(name, "parameters") == 0    ? PARAMETERS
                                        : strcmp(name, "requestBody") == 0 ? REQUEST_BODIES
                                                                           : SCHEMAS};
}

static void put_member(struct bundle *b, const char *name, struct node value, struct position outer)
{
    if (outer.references || (!outer.names && strcmp(name, "$ref") == 0)) {
        put_reference(b, value, outer.section);
        return;
    }
    struct node example = {0};
    if (outer.names && outer.section == RESPONSES && is_answered_with(b, name)) {
        example = node_get(b->answer, "body");
    } else if (!outer.names && strcmp(name, "requestBody") == 0 && b->sample.raw) {
        example = node_get(b->sample, "body");
    }
    if (example.raw) {
        b->example = example;
    }
    put_node(b, value, position_of(name, outer));
    if (example.raw) {
        b->example = (struct node){0};
    }
}

/* Beside the schema of a body: its example. */
static void put_example(struct bundle *b, bool *first)
{
    struct node example = b->example;
    b->example = (struct node){0};
    put_name(b->out, "example", first);
    put_node(b, example, (struct position){.names = true});
}

/* The pattern that a format has in this version. */
static void put_pattern(struct bundle *b, struct node schema, bool *first)
{
    struct node format = node_get(schema, "format");
    struct node pattern = format.raw && !node_get(schema, "pattern").raw
                              ? find_text(b->formats, format)
                              : (struct node){0};
    if (pattern.raw) {
        put_name(b->out, "pattern", first);
        put_scalar(b->out, pattern);
    }
}

static void put_map(struct bundle *b, struct node map, struct position position)
{
    bool first = true;
    bool is_operation = !position.names && node_get(map, "operationId").raw;
    if (is_operation) {
        b->sample = find_text(b->samples, node_get(map, "operationId"));
        b->answer = find_text(b->answers, node_get(map, "operationId"));
    }
    fputc('{', b->out);
    for (size_t i = 0; i < node_count(map); i++) {
        const char *name;
        struct node value = node_member(map, i, &name);
        if (!position.names && strncmp(name, "x-lfi", strlen("x-lfi")) == 0) {
            continue;
        }
        put_name(b->out, name, &first);
        put_member(b, name, value, position);
        if (!position.names && strcmp(name, "schema") == 0 && b->example.raw) {
            put_example(b, &first);
        }
    }
    if (is_operation) {
        put_extras(b, map);
    } else if (!position.names) {
        put_pattern(b, map, &first);
    }
    fputc('}', b->out);
}

static void put_node(struct bundle *b, struct node node, struct position position)
{
    if (node_is_map(node)) {
        put_map(b, node, position);
    } else if (node_is_list(node)) {
        fputc('[', b->out);
        for (size_t i = 0; i < node_count(node); i++) {
            fputs(i > 0 ? "," : "", b->out);
            put_node(b, node_item(node, i), position);
        }
        fputc(']', b->out);
    } else {
        put_scalar(b->out, node);
    }
}

static void put_info(struct bundle *b, struct node info)
{
    bool first = true;
    fputc('{', b->out);
    for (size_t i = 0; i < node_count(info); i++) {
        const char *name;
        struct node value = node_member(info, i, &name);
        put_name(b->out, name, &first);
        if (b->version && strcmp(name, "version") == 0) {
            put_string(b->out, b->version);
        } else {
            put_node(b, value, (struct position){0});
        }
    }
    fputc('}', b->out);
}

/* Each component as text; writing one may find more. */
static void write_components(struct bundle *b)
{
    FILE *out = b->out;
    for (size_t i = 0; i < b->count; i++) {
        char *text = NULL;
        size_t len;
        b->out = open_memstream(&text, &len);
        if (!b->out) {
            node_fail((struct node){0}, "out of memory");
        }
        put_node(b, b->components[i].at, (struct position){.section = b->components[i].section});
        if (fclose(b->out) != 0) {
            node_fail((struct node){0}, "out of memory");
        }
        b->components[i].text = text;
    }
    b->out = out;
}

static void put_components(struct bundle *b)
{
    bool first_section = true;
    fputc('{', b->out);
    for (enum section section = 0; section < SECTIONS; section++) {
        bool first = true;
        for (size_t i = 0; i < b->count; i++) {
            const struct component *component = &b->components[i];
            if (component->section != section) {
                continue;
            }
            if (first) {
                put_name(b->out, section_names[section], &first_section);
                fputc('{', b->out);
            }
            put_name(b->out, component->name, &first);
            fputs(component->text, b->out);
        }
        fputs(first ? "" : "}", b->out);
    }
    fputc('}', b->out);
}

static void put_document(struct bundle *b, struct node root)
{
    bool first = true;
    fputc('{', b->out);
    for (size_t i = 0; i < node_count(root); i++) {
        const char *name;
        struct node value = node_member(root, i, &name);
        if (strcmp(name, "components") == 0) {
            continue; /* what is referred to is found by the references */
        }
        put_name(b->out, name, &first);
        if (strcmp(name, "info") == 0) {
            put_info(b, value);
        } else {
            put_node(b, value, position_of(name, (struct position){0}));
        }
    }
    write_components(b);
    put_name(b->out, "components", &first);
    put_components(b);
    fputs("}\n", b->out);
}

/* --- files ------------------------------------------------------------------------------------ */

/* The name of a document without folder and end. */
static const char *stem_of(struct source *source, const char *document)
{
    const char *slash = strrchr(document, '/');
    const char *name = slash ? slash + 1 : document;
    return source_format(source, "%.*s", (int)strcspn(name, "."), name);
}

static FILE *open_file(const char *path)
{
    FILE *out = fopen(path, "wb");
    if (!out) {
        node_fail((struct node){0}, "%s: %s", path, strerror(errno));
    }
    return out;
}

static void close_file(FILE *out)
{
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        node_fail((struct node){0}, "writing failed");
    }
}

static struct node open_map(struct source *source, const char *path)
{
    return path ? source_open(source, path, (struct node){0}) : (struct node){0};
}

static void write_document(struct set *set, size_t v, const struct bundle_options *options,
                           const char *document)
{
    struct set_version *version = &set->versions[v];
    struct source *source = &version->source;
    const char *name = v > 0 ? version->name : "";
    struct bundle b = {.source = source,
                       .formats = version->model.formats,
                       .samples = open_map(source, options->samples),
                       .answers = open_map(source, options->answers)};
    if (v > 0) {
        b.version = version->draft ? source_format(source, "%s-draft", name) : name;
    }
    b.out = open_file(source_format(source, "%s/%s%s%s.json", options->folder,
                                    stem_of(source, document), v > 0 ? "." : "", name));
    put_document(&b, source_open(source, document, (struct node){0}));
    for (size_t i = 0; i < b.count; i++) {
        free(b.components[i].text);
    }
    close_file(b.out);
}

/* What the document was made from, for the build system. */
static void write_dependencies(struct set *set, const struct bundle_options *options,
                               const char *document)
{
    struct source *pool = &set->versions[0].source;
    const char *stem = stem_of(pool, document);
    FILE *out = open_file(source_format(pool, "%s/%s.d", options->folder, stem));
    fprintf(out, "%s/%s.json:", options->folder, stem);
    for (size_t v = 0; v < set->version_count; v++) {
        const struct source_file *file = set->versions[v].source.files;
        for (; file; file = file->next) {
            fprintf(out, " %s", file->path);
        }
    }
    fputc('\n', out);
    close_file(out);
}

void bundle_write(struct set *set, const struct bundle_options *options, char *const *documents,
                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t v = 0; v < set->version_count; v++) {
            write_document(set, v, options, documents[i]);
        }
        write_dependencies(set, options, documents[i]);
    }
}
