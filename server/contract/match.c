/* Which operation a method and a path mean, and what is known of operations. */
#include "contract/tables.h"

static bool fits(const struct contract_path *path, struct lfi_slice rest,
                 struct lfi_slice values[CONTRACT_PATH_PARAMETERS])
{
    size_t value_count = 0;
    for (size_t i = 0; i < path->segment_count; i++) {
        const struct contract_text *segment = &path->segments[i];
        if (rest.len == 0 || rest.ptr[0] != '/') {
            return false;
        }
        rest.ptr++;
        rest.len--;
        const char *slash = memchr(rest.ptr, '/', rest.len);
        size_t len = slash ? (size_t)(slash - rest.ptr) : rest.len;
        if (!segment->ptr && len > 0) {
            values[value_count++] = (struct lfi_slice){rest.ptr, len};
        } else if (!segment->ptr || len != segment->len ||
                   memcmp(segment->ptr, rest.ptr, len) != 0) {
            return false;
        }
        rest.ptr += len;
        rest.len -= len;
    }
    if (rest.len > 0) {
        return false;
    }
    while (value_count < CONTRACT_PATH_PARAMETERS) { /* of others that fitted in part */
        values[value_count++] = (struct lfi_slice){NULL, 0};
    }
    return true;
}

enum contract_found contract_match(const struct contract_api *api, struct lfi_slice method,
                                   struct lfi_slice path, struct contract_match *out)
{
    for (size_t p = 0; p < api->path_count; p++) {
        const struct contract_path *candidate = &api->paths[p];
        if (!fits(candidate, path, out->path_values)) {
            continue;
        }
        for (size_t i = 0; i < candidate->operation_count; i++) {
            out->operation = candidate->operations[i];
            if (slice_equal_text(method, out->operation->method)) {
                return CONTRACT_FOUND;
            }
        }
        return CONTRACT_NO_METHOD;
    }
    return CONTRACT_NO_PATH;
}

static bool lists_method(const struct buf *methods, const char *method)
{
    struct lfi_slice item, rest = buf_slice(methods);
    while (slice_next(&rest, ',', &item)) {
        if (slice_equal_text(slice_trim(item), method)) {
            return true;
        }
    }
    return false;
}

void contract_append_methods(const struct contract_api *api, struct lfi_slice path, struct buf *out)
{
    struct lfi_slice values[CONTRACT_PATH_PARAMETERS];
    for (size_t p = 0; p < api->path_count; p++) {
        const struct contract_path *candidate = &api->paths[p];
        for (size_t i = 0; i < candidate->operation_count && fits(candidate, path, values); i++) {
            const char *method = candidate->operations[i]->method;
            if (!lists_method(out, method)) {
                buf_append_text(out, out->len > 0 ? ", " : "");
                buf_append_text(out, method);
            }
        }
    }
}

size_t contract_operation_count(const struct contract_api *api)
{
    return api->operation_count;
}

const struct contract_operation *contract_operation_at(const struct contract_api *api, size_t i)
{
    return &api->operations[i];
}

size_t contract_operation_index(const struct contract_operation *operation)
{
    return operation->index;
}

size_t contract_operation_row(const struct contract_operation *operation)
{
    return (size_t)(operation - operation->api->operations);
}

const struct contract_operation *contract_operation_in(const struct contract_operation *operation,
                                                       uint32_t version)
{
    const struct contract_api *api = operation->api;
    if (api->version_count == 0) {
        return operation;
    }
    size_t i = api->version_count - 1u;
    while (i > 0 && api->versions[i].number > version) {
        i--;
    }
    return api->versions[i].operations[operation->index];
}

size_t contract_version_count(const struct contract_api *api)
{
    return api->version_count;
}

uint32_t contract_version_at(const struct contract_api *api, size_t i)
{
    return api->versions[i].number;
}

enum contract_standing contract_standing_of(const struct contract_api *api, uint32_t version)
{
    for (size_t i = 0; i < api->version_count; i++) {
        if (api->versions[i].number == version) {
            return api->versions[i].draft ? CONTRACT_DRAFT : CONTRACT_FINAL;
        }
    }
    return CONTRACT_UNKNOWN;
}

const char *contract_operation_id(const struct contract_operation *operation)
{
    return operation->id;
}

const char *contract_operation_method(const struct contract_operation *operation)
{
    return operation->method;
}

const char *contract_operation_summary(const struct contract_operation *operation)
{
    return operation->summary;
}

const char *contract_operation_path(const struct contract_operation *operation)
{
    return operation->path;
}

bool contract_operation_open(const struct contract_operation *operation)
{
    return operation->open;
}

bool contract_operation_takes_json(const struct contract_operation *operation)
{
    return operation->body.media == CONTRACT_MEDIA_JSON;
}

const struct contract_schema *contract_schema_named(const struct contract_api *api,
                                                    const char *name)
{
    for (size_t i = 0; i < api->schema_count; i++) {
        if (strcmp(api->schemas[i].name, name) == 0) {
            return api->schemas[i].schema;
        }
    }
    return NULL;
}
