/* OpenAPI documents: paths, operations, parameters, bodies, responses. */
#include "base/array.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

static enum media read_media(const struct model *model, struct node at, const char *name)
{
    const char *semicolon = strchr(name, ';');
    size_t len = semicolon ? (size_t)(semicolon - name) : strlen(name);
    if (len == 16 && strncmp(name, "application/json", len) == 0) {
        return MEDIA_JSON;
    }
    if (len == 33 && strncmp(name, "application/x-www-form-urlencoded", len) == 0) {
        return MEDIA_FORM;
    }
    if (len == 3 && strncmp(name, "*/*", len) == 0) {
        return MEDIA_ANY;
    }
    if (model->foreign) {
        return MEDIA_NONE;
    }
    node_fail(at, "%s: media type not understood", name);
}

/* Of a body of any media type only the size can be checked. */
static void check_bytes(const struct schema *schema, struct node media)
{
    if (schema && (schema->kinds != SCHEMA_STRING || schema->text_count > 0 || schema->pattern ||
                   schema->all_of.count + schema->any_of.count + schema->one_of.count > 0 ||
                   schema->not_one || schema->max_length == 0 ||
                   (schema->format && strcmp(schema->format, "binary") != 0))) {
        node_fail(
            node_get(media, "schema"),
            "*/*: a string, with minLength and maxLength in bytes, is all that can be checked");
    }
}

/*
 * Foreign documents have a body in several types: a form is compared where there is one, since it
 * is what is sent then, else JSON.
 */
static struct node pick_media(const struct model *model, struct node content, const char **name)
{
    static const enum media order[] = {MEDIA_FORM, MEDIA_JSON};
    size_t count = node_count(content);
    if (count == 0 || (count > 1 && !model->foreign)) {
        node_fail(content, "one media type is expected here");
    }
    for (size_t k = 0; k < ARRAY_LEN(order); k++) {
        for (size_t i = 0; i < count; i++) {
            struct node media = node_member(content, i, name);
            if (read_media(model, media, *name) == order[k]) {
                return media;
            }
        }
    }
    return node_member(content, 0, name);
}

/* What a signed body has as `message`; absent when it has none. */
static struct node find_message(struct model *model, struct node schema)
{
    schema = source_follow(model->source, schema);
    struct node properties = node_get(schema, "properties"), parts = node_get(schema, "allOf");
    struct node message =
        node_is_map(properties) ? node_get(properties, "message") : (struct node){0};
    for (size_t i = 0; !message.raw && parts.raw && i < node_count(parts); i++) {
        message = find_message(model, node_item(parts, i));
    }
    return message;
}

static struct body read_content(struct model *model, struct node content)
{
    static const char *const known[] = {"schema", "example", "examples", NULL};
    struct body body = {0};
    if (!content.raw) {
        return body;
    }
    const char *name;
    struct node media = pick_media(model, content, &name);
    body.media = read_media(model, media, name);
    if (!node_is_map(media)) {
        return body;
    }
    model_only(model, media, "content", known);
    struct node schema = node_get(media, "schema");
    if (schema.raw && model->foreign && strncmp(name, "application/jwt", 15) == 0) {
        struct node message = find_message(model, schema);
        body.media = message.raw ? MEDIA_JSON : MEDIA_ANY;
        schema = message.raw ? message : schema;
    }
    if (schema.raw) {
        body.schema = model_schema(model, schema);
    }
    if (body.media == MEDIA_ANY && !model->foreign) {
        check_bytes(body.schema, media);
    }
    return body;
}

static struct body read_request_body(struct model *model, struct node node)
{
    static const char *const known[] = {"content", "required", "description", NULL};
    if (!node.raw) {
        return (struct body){0};
    }
    node = source_follow(model->source, node);
    model_only(model, node, "a request body", known);
    struct body body = read_content(model, node_need(node, "content"));
    body.required = node_bool(node_get(node, "required"), false);
    return body;
}

static enum place read_place(struct node node)
{
    const char *text = node_string(node);
    if (strcmp(text, "path") == 0) {
        return IN_PATH;
    }
    if (strcmp(text, "query") == 0) {
        return IN_QUERY;
    }
    if (strcmp(text, "header") == 0) {
        return IN_HEADER;
    }
    node_fail(node, "in: %s is not understood", text);
}

static void read_parameter(struct model *model, struct parameter *out, struct node node)
{
    static const char *const known[] = {"name", "in", "required", "deprecated", "schema", "style",
                                        "explode", "x-lfi-lenient", "allowEmptyValue",
                                        /* said to people only */
                                        "description", "example", "examples", NULL};
    node = source_follow(model->source, node);
    model_only(model, node, "a parameter", known);
    out->at = node;
    out->name = node_string(node_need(node, "name"));
    out->place = read_place(node_need(node, "in"));
    out->required = node_bool(node_get(node, "required"), false);
    out->deprecated = node_bool(node_get(node, "deprecated"), false);
    out->lenient = node_bool(node_get(node, "x-lfi-lenient"), false);
    out->schema = model_schema(model, node_need(node, "schema"));
    struct node empty = node_get(node, "allowEmptyValue");
    if (empty.raw && !model->foreign) {
        node_fail(empty, "allowEmptyValue: not understood in a parameter");
    }
    struct node style = node_get(node, "style");
    const char *usual = out->place == IN_QUERY ? "form" : "simple";
    if (style.raw && strcmp(node_string(style), usual) != 0) {
        node_fail(style, "style %s is not understood", node_string(style));
    }
    if (out->schema->kinds & (SCHEMA_ARRAY | SCHEMA_OBJECT) && !model->foreign) {
        node_fail(node, "a parameter must be a single value");
    }
}

static void read_parameters(struct model *model, struct operation *operation, struct node shared,
                            struct node own)
{
    struct node lists[] = {shared, own};
    size_t room = (shared.raw ? node_count(shared) : 0) + (own.raw ? node_count(own) : 0);
    operation->parameters = source_array(model->source, room, sizeof(struct parameter));
    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; lists[l].raw && i < node_count(lists[l]); i++) {
            struct parameter *out = &operation->parameters[operation->parameter_count];
            read_parameter(model, out, node_item(lists[l], i));
            for (size_t k = 0; k < operation->parameter_count; k++) {
                if (operation->parameters[k].place == out->place &&
                    strcmp(operation->parameters[k].name, out->name) == 0) {
                    node_fail(out->at, "parameter %s is duplicated in %s", out->name,
                              operation->id);
                }
            }
            operation->parameter_count++;
        }
    }
}

/* Every {name} of the template needs its parameter, and the other way round. */
static void check_path(const struct operation *operation)
{
    size_t templated = 0, declared = 0;
    for (const char *p = operation->path; (p = strchr(p, '{')); p++) {
        templated++;
    }
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct parameter *parameter = &operation->parameters[i];
        if (parameter->place != IN_PATH) {
            continue;
        }
        declared++;
        const char *at = strstr(operation->path, parameter->name);
        if (!at || at[-1] != '{' || at[strlen(parameter->name)] != '}') {
            node_fail(parameter->at, "%s is not in the path %s", parameter->name, operation->path);
        }
        if (!parameter->required) {
            node_fail(parameter->at, "%s is in the path, so it must be required", parameter->name);
        }
    }
    if (templated != declared) {
        node_fail(operation->at, "%s: a parameter of the path is not declared", operation->path);
    }
}

static int read_status(struct node at, const char *text)
{
    if (strcmp(text, "default") == 0) {
        return 0;
    }
    if (strlen(text) == 3 && text[0] >= '1' && text[0] <= '5') {
        if (strcmp(text + 1, "XX") == 0) {
            return -(text[0] - '0');
        }
        if (strspn(text, "0123456789") == 3) {
            return (int)strtol(text, NULL, 10);
        }
    }
    node_fail(at, "%s is not a status", text);
}

static void read_responses(struct model *model, struct operation *operation, struct node node)
{
    static const char *const known[] = {"content", "description", "headers", NULL};
    operation->response_count = node_count(node);
    operation->responses =
        source_array(model->source, operation->response_count, sizeof(struct response));
    for (size_t i = 0; i < operation->response_count; i++) {
        const char *status;
        struct node response = node_member(node, i, &status);
        operation->responses[i].status = read_status(response, status);
        response = source_follow(model->source, response);
        model_only(model, response, "a response", known);
        operation->responses[i].body = read_content(model, node_get(response, "content"));
        if (operation->responses[i].body.media == MEDIA_FORM) {
            node_fail(response, "a response cannot be a form");
        }
    }
}

static const char *upper_case(struct source *source, const char *text)
{
    char *out = source_format(source, "%s", text);
    for (char *p = out; *p; p++) {
        *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
    }
    return out;
}

static void read_operation(struct model *model, const char *path, const char *method,
                           struct node shared, struct node node)
{
    static const char *const known[] = {
        "operationId", "parameters", "requestBody", "responses", "x-lfi",
        /* said to people, or to other tools */
        "summary", "description", "tags", "deprecated", "security", NULL};
    model_only(model, node, "an operation", known);
    const char *id = node_string(node_need(node, "operationId"));
    struct node summary = node_get(node, "summary");
    for (size_t i = 0; i < model->operation_count; i++) {
        if (strcmp(model->operations[i].id, id) == 0) {
            node_fail(node, "operationId %s is taken by %s:%zu", id,
                      node_file(model->operations[i].at), node_line(model->operations[i].at));
        } else if (strcmp(model->operations[i].path, path) == 0 &&
                   strcmp(model->operations[i].method, upper_case(model->source, method)) == 0) {
            node_fail(node, "%s %s is duplicated", method, path);
        }
    }
    model->operations = source_grow(model->source, model->operations, model->operation_count,
                                    &model->operation_room, sizeof(*model->operations));
    struct operation *operation = &model->operations[model->operation_count++];
    *operation = (struct operation){
        .at = node,
        .id = id,
        .path = path,
        .method = upper_case(model->source, method),
        .summary = summary.raw ? node_string(summary) : NULL,
    };
    model_read_row(model, &operation->row, node_get(node, "x-lfi"));
    read_parameters(model, operation, shared, node_get(node, "parameters"));
    check_path(operation);
    operation->body = read_request_body(model, node_get(node, "requestBody"));
    read_responses(model, operation, node_need(node, "responses"));
}

static void read_path(struct model *model, const char *path, struct node node)
{
    static const char *const methods[] = {"get", "post", "put", "patch", "delete", NULL};
    static const char *const known[] = {"get",        "post",        "put",     "patch", "delete",
                                        "parameters", "description", "summary", NULL};
    if (path[0] != '/') {
        node_fail(node, "path %s must start with a slash", path);
    }
    model_only(model, node, "a path", known);
    for (size_t i = 0; methods[i]; i++) {
        if (node_get(node, methods[i]).raw) {
            read_operation(model, path, methods[i], node_get(node, "parameters"),
                           node_get(node, methods[i]));
        }
    }
}

void model_add_document(struct model *model, const char *path)
{
    static const char *const known[] = {"openapi", "info", "paths", "components", "x-lfi-closed",
                                        /* said to people, or to other tools */
                                        "servers", "tags", "security", "externalDocs", NULL};
    struct node root = source_open(model->source, path, (struct node){0});
    model_only(model, root, "a document", known);
    const char *version = node_string(node_need(root, "openapi"));
    /* a foreign one of 3.1 may be, while it keeps to what 3.0 has: other words are refused */
    if (strncmp(version, "3.0.", 4) != 0 && !(model->foreign && strncmp(version, "3.1.", 4) == 0)) {
        node_fail(root, "openapi %s is not understood", version);
    }
    struct node paths = node_need(root, "paths");
    bool closed = node_bool(node_get(root, "x-lfi-closed"), false);
    if (model->operation_count > 0 && closed != model->closed) {
        node_fail(root, "x-lfi-closed: it must be the same in all documents of a set");
    }
    model->closed = closed;
    for (size_t i = 0; i < node_count(paths); i++) {
        const char *name;
        struct node node = node_member(paths, i, &name);
        read_path(model, name, node);
    }
}

void model_add_schemas(struct model *model, const char *path)
{
    struct node root = source_open(model->source, path, (struct node){0});
    for (size_t i = 0; i < node_count(root); i++) {
        const char *name;
        struct node node = node_member(root, i, &name);
        model->schemas = source_grow(model->source, model->schemas, model->schema_count,
                                     &model->schema_room, sizeof(*model->schemas));
        for (size_t k = 0; k < model->schema_count; k++) {
            if (strcmp(model->schemas[k].name, name) == 0) {
                node_fail(node, "schema %s is duplicated", name);
            }
        }
        model->schemas[model->schema_count++] =
            (struct named_schema){name, model_schema(model, node)};
    }
}
