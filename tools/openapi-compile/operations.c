#include "operations.h"

#include "contract/tables.h"
#include "others.h"
#include "output.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- parameters ------------------------------------------------------------------------------- */

/* fromBookingDateTime becomes FROM_BOOKING_DATE_TIME, page-size PAGE_SIZE. */
static void put_upper_snake(FILE *out, const char *name)
{
    for (const char *p = name; *p; p++) {
        if (isupper((unsigned char)*p) && p > name && islower((unsigned char)p[-1])) {
            fputc('_', out);
        }
        fputc(isalnum((unsigned char)*p) ? toupper((unsigned char)*p) : '_', out);
    }
}

void operations_put_parameters(const struct set *set, FILE *out)
{
    if (set->parameter_count == 0) {
        return;
    }
    fprintf(out, "enum %s_parameter {\n", set->name);
    for (size_t i = 0; i < set->parameter_count; i++) {
        fputs("    ", out);
        put_upper_snake(out, set->name);
        fputc('_', out);
        put_upper_snake(out, set->parameters[i]);
        fprintf(out, " = %zu,\n", i + 1);
    }
    fputs("};\n\n", out);
}

static int path_index(const struct parameter *parameter, const char *path)
{
    int index = 0;
    if (parameter->place != IN_PATH) {
        return 0;
    }
    for (const char *p = path; (p = strchr(p, '{')); p++, index++) {
        if (strncmp(p + 1, parameter->name, strlen(parameter->name)) == 0 &&
            p[1 + strlen(parameter->name)] == '}') {
            break;
        }
    }
    if (index >= CONTRACT_PATH_PARAMETERS) {
        node_fail(parameter->at, "more than %d parameters in a path", CONTRACT_PATH_PARAMETERS);
    }
    return index;
}

static void put_parameters(const struct set *set, struct schemas *schemas,
                           const struct operation *operation, FILE *out)
{
    static const char *const places[] = {"PATH", "QUERY", "HEADER"};
    fputs(operation->parameter_count ? "(const struct contract_parameter_rules[]){" : "NULL", out);
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct parameter *parameter = &operation->parameters[i];
        const char *fallback = parameter->schema->fallback;
        bool demanded = parameter->required && !parameter->deprecated && !fallback;
        fputs("\n    {", out);
        output_text(out, parameter->name);
        fprintf(out, ", CONTRACT_IN_%s, %d, %d, %s, %s, ", places[parameter->place],
                set_parameter_number(set, parameter->name), path_index(parameter, operation->path),
                demanded ? "true" : "false", parameter->lenient ? "true" : "false");
        if (fallback) {
            output_text(out, fallback);
        } else {
            fputs("{NULL, 0}", out);
        }
        fprintf(out, ", &schemas[%d]},", schemas_put(schemas, parameter->schema));
    }
    fputs(operation->parameter_count ? "}" : "", out);
}

/* --- operations ------------------------------------------------------------------------------- */

/* A size in bytes; 0: none. */
static void put_bytes(FILE *out, const struct schema *schema)
{
    long long least = schema ? schema->min_length : 0;
    long long most = schema && schema->max_length != NO_LIMIT ? schema->max_length : 0;
    fprintf(out, "NULL, %lld, %lld}", least, most);
}

static void put_body(struct schemas *schemas, const struct body *body, FILE *out)
{
    static const char *const medias[] = {"NONE", "JSON", "FORM", "ANY"};
    fprintf(out, "{CONTRACT_MEDIA_%s, %s, ", medias[body->media],
            body->required ? "true" : "false");
    if (body->media == MEDIA_ANY) {
        put_bytes(out, body->schema);
    } else if (body->schema) {
        fprintf(out, "&schemas[%d], 0, 0}", schemas_put(schemas, body->schema));
    } else {
        fputs("NULL, 0, 0}", out);
    }
}

void operations_put(const struct set *set, struct schemas *schemas, size_t slot,
                    const struct operation *operation, FILE *out)
{
    fprintf(out, "{&contract_%s, ", set->name);
    output_quoted(out, operation->id);
    fprintf(out, ", \"%s\", ", operation->method);
    output_quoted(out, operation->path);
    fputs(", ", out);
    if (operation->summary) {
        output_quoted(out, operation->summary);
    } else {
        fputs("NULL", out);
    }
    fprintf(out, ", %zu, %s, ", slot, operation->row.open ? "true" : "false");
    put_parameters(set, schemas, operation, out);
    fprintf(out, ", %zu, %zu,\n ", operation->parameter_count, operation->response_count);
    put_body(schemas, &operation->body, out);
    fputs(", (const struct contract_response_rules[]){", out);
    for (size_t i = 0; i < operation->response_count; i++) {
        fprintf(out, "{%d, ", operation->responses[i].status);
        struct schema *schema = operation->responses[i].body.schema;
        put_body(schemas, &operation->responses[i].body, out);
        fprintf(out, ", %s, %s, %s},", others_are_in(schema) ? "true" : "false",
                others_tolerant_in(schema) ? "true" : "false",
                others_later_in(schema) ? "true" : "false");
    }
    fputs("}},\n", out);
}

/* --- paths ------------------------------------------------------------------------------------ */

/* For qsort, which hands over no context. */
struct sorted {
    const struct operation *operation;
    size_t slot;
};

/* Compares templates segment by segment, parameters last; 0 when they match the same paths. */
static int compare_paths(const void *a, const void *b)
{
    const char *left = ((const struct sorted *)a)->operation->path + 1;
    const char *right = ((const struct sorted *)b)->operation->path + 1;
    for (;;) {
        size_t left_len = strcspn(left, "/"), right_len = strcspn(right, "/");
        bool left_open = *left == '{', right_open = *right == '{';
        if (left_open != right_open) {
            return left_open ? 1 : -1;
        }
        if (!left_open) {
            size_t len = left_len < right_len ? left_len : right_len;
            int order = strncmp(left, right, len);
            if (order != 0 || left_len != right_len) {
                return order != 0 ? order : left_len < right_len ? -1 : 1;
            }
        }
        left += left_len;
        right += right_len;
        if (!*left || !*right) {
            return (*left != 0) - (*right != 0);
        }
        left++;
        right++;
    }
}

static void put_segment(FILE *out, const char *text, size_t len)
{
    char *segment = strndup(text, len);
    if (!segment) {
        abort();
    }
    output_text(out, segment);
    fputc(',', out);
    free(segment);
}

static void put_segments(FILE *out, const struct operation *operation, size_t *count)
{
    fputs("{(const struct contract_text[]){", out);
    for (const char *p = operation->path; *p == '/'; ++*count) {
        size_t len = strcspn(p + 1, "/");
        if (p[1] == '{' && p[len] == '}') {
            fputs("{NULL, 0},", out);
        } else if (len == 0 || memchr(p + 1, '{', len)) {
            node_fail(operation->at, "path %s: a segment is a fixed text or one parameter",
                      operation->path);
        } else {
            put_segment(out, p + 1, len);
        }
        p += len + 1;
    }
}

size_t operations_put_paths(const struct set *set, FILE *out)
{
    size_t count = set->slot_count, paths = 0;
    struct sorted *sorted = calloc(count, sizeof(*sorted));
    if (!sorted) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (struct sorted){set_first(set, i), i};
    }
    qsort(sorted, count, sizeof(*sorted), compare_paths);
    fputs("static const struct contract_path paths[] = {\n", out);
    for (size_t i = 0, next; i < count; i = next, paths++) {
        size_t segments = 0;
        put_segments(out, sorted[i].operation, &segments);
        fputs("}, (const struct contract_operation *const[]){", out);
        for (next = i; next < count && compare_paths(&sorted[i], &sorted[next]) == 0; next++) {
            fprintf(out, "&operations[%zu], ", sorted[next].slot);
        }
        fprintf(out, "}, %zu, %zu},\n", segments, next - i);
    }
    fputs("};\n\n", out);
    free(sorted);
    return paths;
}
