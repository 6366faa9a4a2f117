#include "set.h"

#include "contract/tables.h"
#include "overlay.h"

#include <stdio.h>
#include <string.h>

/* --- versions --------------------------------------------------------------------------------- */

static struct set_version *add_version(struct set *set, const char *name, struct node at)
{
    if (set->version_count == SET_VERSIONS) {
        node_fail(at, "more than %d versions", SET_VERSIONS);
    }
    struct set_version *version = &set->versions[set->version_count++];
    version->model.source = &version->source;
    version->name = name;
    return version;
}

/* "v2.1" */
static bool read_number(struct set_version *version)
{
    int end = 0;
    return sscanf(version->name, "v%3u.%3u%n", &version->major, &version->minor, &end) == 2 &&
           version->name[end] == '\0';
}

/* info.version v2.1.11 is of v2.1. */
static void check_document_version(struct set_version *version, const char *document)
{
    struct node root = source_open(&version->source, document, (struct node){0});
    struct node number = node_need(node_need(root, "info"), "version");
    size_t len = strlen(version->name);
    const char *text = node_string(number);
    if (strncmp(text, version->name, len) != 0 || (text[len] != '\0' && text[len] != '.')) {
        node_fail(number, "version %s: the overlay is over %s", text, version->name);
    }
}

/* The versions that the overlays make, each with its overlays applied. */
static void read_overlays(struct set *set, const char *const *overlays, size_t count)
{
    struct set_version *base = &set->versions[0];
    for (size_t k = 0; k < count; k++) {
        struct set_version *before = &set->versions[k];
        struct set_version *version = add_version(set, NULL, (struct node){0});
        struct overlay_head head = {0};
        for (size_t i = 0; i <= k; i++) {
            head = overlay_apply(&version->source, overlays[i]);
            if (head.formats.raw) {
                version->model.formats = head.formats;
            }
        }
        if (k == 0) {
            base->name = head.over;
        }
        version->name = head.version;
        version->draft = head.draft;
        if (strcmp(before->name, head.over) != 0) {
            node_fail(head.at, "over %s: the version before is %s", head.over, before->name);
        }
        if (!read_number(before) || !read_number(version)) {
            node_fail(head.at, "a version has the form v2.1");
        }
        if (version->major * 1000 + version->minor <= before->major * 1000 + before->minor) {
            node_fail(head.at, "%s is not after %s", version->name, before->name);
        }
    }
}

/* --- operations and parameters side by side --------------------------------------------------- */

static struct set_slot *find_slot(struct set *set, const struct operation *operation)
{
    for (size_t i = 0; i < set->slot_count; i++) {
        const struct operation *first = set_first(set, i);
        bool same_id = strcmp(first->id, operation->id) == 0;
        bool same_path = strcmp(first->path, operation->path) == 0 &&
                         strcmp(first->method, operation->method) == 0;
        if (same_id && same_path) {
            return &set->slots[i];
        }
        if (same_id || same_path) {
            node_fail(operation->at, "operation %s %s %s: %s %s %s in another version",
                      operation->id, operation->method, operation->path, first->id, first->method,
                      first->path);
        }
    }
    set->slots = source_grow(&set->versions[0].source, set->slots, set->slot_count, &set->slot_room,
                             sizeof(*set->slots));
    return &set->slots[set->slot_count++];
}

static void add_parameters(struct set *set, const struct operation *operation)
{
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct parameter *parameter = &operation->parameters[i];
        if (set_parameter_number(set, parameter->name) > 0) {
            continue;
        }
        if (set->parameter_count == CONTRACT_PARAMETERS - 1) {
            node_fail(parameter->at, "more than %d parameters in one API", CONTRACT_PARAMETERS - 1);
        }
        set->parameters =
            source_grow(&set->versions[0].source, set->parameters, set->parameter_count,
                        &set->parameter_room, sizeof(*set->parameters));
        set->parameters[set->parameter_count++] = parameter->name;
    }
}

static void lay_out(struct set *set)
{
    for (size_t v = 0; v < set->version_count; v++) {
        const struct model *model = &set->versions[v].model;
        for (size_t i = 0; i < model->operation_count; i++) {
            find_slot(set, &model->operations[i])->in[v] = &model->operations[i];
            add_parameters(set, &model->operations[i]);
        }
    }
}

const struct operation *set_first(const struct set *set, size_t slot)
{
    size_t v = 0;
    while (!set->slots[slot].in[v]) {
        v++;
    }
    return set->slots[slot].in[v];
}

int set_parameter_number(const struct set *set, const char *name)
{
    for (size_t i = 0; i < set->parameter_count; i++) {
        if (strcmp(set->parameters[i], name) == 0) {
            return (int)i + 1;
        }
    }
    return 0;
}

/* --- entry ------------------------------------------------------------------------------------ */

void set_read_versions(struct set *set, const char *const *overlays, size_t count)
{
    add_version(set, NULL, (struct node){0});
    read_overlays(set, overlays, count);
}

void set_read_documents(struct set *set, char *const *documents, size_t count)
{
    for (size_t v = 0; v < set->version_count; v++) {
        for (size_t i = 0; i < count; i++) {
            if (v == 0 && set->version_count > 1) {
                check_document_version(&set->versions[v], documents[i]);
            }
            model_add_document(&set->versions[v].model, documents[i]);
        }
    }
    lay_out(set);
}

void set_read_schemas(struct set *set, const char *path)
{
    for (size_t v = 0; v < set->version_count; v++) {
        model_add_schemas(&set->versions[v].model, path);
    }
}

void set_free(struct set *set)
{
    for (size_t i = set->version_count; i-- > 0;) {
        source_free(&set->versions[i].source);
    }
}
