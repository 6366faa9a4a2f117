/* The tables of operations and of the paths that lead to them. */
#include "emit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS_MAX 63 /* CONTRACT_PARAMETERS, of which number 0 stands for none */
#define PATH_PARAMETERS_MAX 4

/* Whether no operation before the i-th has a parameter of this name. */
static bool is_first_use(const struct model *model, size_t i, const char *name)
{
    while (i-- > 0)
        for (size_t k = 0; k < model->operations[i].parameter_count; k++)
            if (strcmp(model->operations[i].parameters[k].name, name) == 0)
                return false;
    return true;
}

int emit_parameter_number(const struct model *model, const char *name)
{
    int number = 1;
    for (size_t i = 0; i < model->operation_count; i++) {
        const struct operation *operation = &model->operations[i];
        for (size_t k = 0; k < operation->parameter_count; k++) {
            const char *other = operation->parameters[k].name;
            if (!is_first_use(model, i, other))
                continue;
            if (strcmp(other, name) == 0)
                return number;
            number++;
        }
    }
    return 0;
}

/* fromBookingDateTime becomes FROM_BOOKING_DATE_TIME, page-size PAGE_SIZE. */
static void put_upper_snake(FILE *out, const char *name)
{
    for (const char *p = name; *p; p++) {
        if (isupper((unsigned char)*p) && p > name && islower((unsigned char)p[-1]))
            fputc('_', out);
        fputc(isalnum((unsigned char)*p) ? toupper((unsigned char)*p) : '_', out);
    }
}

void emit_parameters(const struct model *model, const char *name, FILE *out)
{
    int number = 1;
    for (size_t i = 0; i < model->operation_count; i++) {
        const struct operation *operation = &model->operations[i];
        for (size_t k = 0; k < operation->parameter_count; k++) {
            const struct parameter *parameter = &operation->parameters[k];
            if (!is_first_use(model, i, parameter->name))
                continue;
            if (number > PARAMETERS_MAX)
                node_fail(parameter->at, "more than %d parameters in one API", PARAMETERS_MAX);
            if (number == 1)
                fprintf(out, "enum %s_parameter {\n", name);
            fputs("    ", out);
            put_upper_snake(out, name);
            fputc('_', out);
            put_upper_snake(out, parameter->name);
            fprintf(out, " = %d,\n", number++);
        }
    }
    fputs(number > 1 ? "};\n\n" : "", out);
}

static void put_body(struct emitter *emitter, const struct body *body)
{
    static const char *const medias[] = {"NONE", "JSON", "FORM"};
    fprintf(emitter->out, "{CONTRACT_MEDIA_%s, %s, ", medias[body->media],
            body->required ? "true" : "false");
    if (body->schema)
        fprintf(emitter->out, "&schemas[%d]}", emit_schema(emitter, body->schema));
    else
        fputs("NULL}", emitter->out);
}

static int path_index(const struct parameter *parameter, const char *path)
{
    int index = 0;
    if (parameter->place != IN_PATH)
        return 0;
    for (const char *p = path; (p = strchr(p, '{')) != NULL; p++, index++)
        if (strncmp(p + 1, parameter->name, strlen(parameter->name)) == 0 &&
            p[1 + strlen(parameter->name)] == '}')
            break;
    if (index >= PATH_PARAMETERS_MAX)
        node_fail(parameter->at, "more than %d parameters in a path", PATH_PARAMETERS_MAX);
    return index;
}

static void put_parameters(struct emitter *emitter, const struct operation *operation)
{
    static const char *const places[] = {"PATH", "QUERY", "HEADER"};
    FILE *out = emitter->out;
    fputs(operation->parameter_count ? "(const struct contract_parameter_rules[]){" : "NULL", out);
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct parameter *parameter = &operation->parameters[i];
        const char *fallback = parameter->schema->fallback;
        bool demanded = parameter->required && !parameter->deprecated && !fallback;
        fputs("\n    {", out);
        emit_text(out, parameter->name);
        fprintf(out, ", CONTRACT_IN_%s, %d, %d, %s, %s, ", places[parameter->place],
                emit_parameter_number(emitter->model, parameter->name),
                path_index(parameter, operation->path), demanded ? "true" : "false",
                parameter->lenient ? "true" : "false");
        if (fallback)
            emit_text(out, fallback);
        else
            fputs("{NULL, 0}", out);
        fprintf(out, ", &schemas[%d]},", emit_schema(emitter, parameter->schema));
    }
    fputs(operation->parameter_count ? "}" : "", out);
}

static void put_operation(struct emitter *emitter, const struct operation *operation,
                          const char *api)
{
    FILE *out = emitter->out;
    fprintf(out, "{&contract_%s, ", api);
    emit_quoted(out, operation->id);
    fprintf(out, ", \"%s\", ", operation->method);
    emit_quoted(out, operation->path);
    fprintf(out, ", %s, ", operation->row.open ? "true" : "false");
    put_parameters(emitter, operation);
    fprintf(out, ", %zu, %zu,\n ", operation->parameter_count, operation->response_count);
    put_body(emitter, &operation->body);
    fputs(", (const struct contract_response_rules[]){", out);
    for (size_t i = 0; i < operation->response_count; i++) {
        fprintf(out, "{%d, ", operation->responses[i].status);
        put_body(emitter, &operation->responses[i].body);
        fputs("},", out);
    }
    fputs("}},\n", out);
}

/* Compares templates segment by segment, parameters last; 0 when they match the same paths. */
static int compare_paths(const void *a, const void *b)
{
    const char *left = (*(const struct operation *const *)a)->path + 1;
    const char *right = (*(const struct operation *const *)b)->path + 1;
    for (;;) {
        size_t left_len = strcspn(left, "/"), right_len = strcspn(right, "/");
        bool left_open = *left == '{', right_open = *right == '{';
        if (left_open != right_open)
            return left_open ? 1 : -1;
        if (!left_open) {
            size_t len = left_len < right_len ? left_len : right_len;
            int order = strncmp(left, right, len);
            if (order != 0 || left_len != right_len)
                return order != 0 ? order : left_len < right_len ? -1 : 1;
        }
        left += left_len;
        right += right_len;
        if (!*left || !*right)
            return (*left != 0) - (*right != 0);
        left++;
        right++;
    }
}

static void put_path(struct emitter *emitter, const struct operation *const *group, size_t count)
{
    FILE *out = emitter->out;
    size_t segments = 0;
    fputs("{(const struct contract_text[]){", out);
    for (const char *p = group[0]->path; *p == '/'; segments++) {
        size_t len = strcspn(p + 1, "/");
        if (p[1] == '{' && p[len] == '}')
            fputs("{NULL, 0},", out);
        else if (len == 0 || memchr(p + 1, '{', len))
            node_fail(group[0]->at, "path %s: a segment is a fixed text or one parameter",
                      group[0]->path);
        else
            emit_text(out, source_format(emitter->model->source, "%.*s", (int)len, p + 1)),
                fputc(',', out);
        p += len + 1;
    }
    fputs("}, (const struct contract_operation *const[]){", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "&operations[%td], ", group[i] - emitter->model->operations);
    fprintf(out, "}, %zu, %zu},\n", segments, count);
}

static size_t put_paths(struct emitter *emitter)
{
    struct model *model = emitter->model;
    size_t count = model->operation_count, paths = 0;
    const struct operation **sorted = source_array(model->source, count, sizeof(*sorted));
    for (size_t i = 0; i < count; i++)
        sorted[i] = &model->operations[i];
    qsort(sorted, count, sizeof(*sorted), compare_paths);
    fputs("static const struct contract_path paths[] = {\n", emitter->out);
    for (size_t i = 0, next; i < count; i = next, paths++) {
        for (next = i + 1; next < count && compare_paths(&sorted[i], &sorted[next]) == 0; next++)
            ;
        put_path(emitter, &sorted[i], next - i);
    }
    fputs("};\n\n", emitter->out);
    return paths;
}

size_t emit_operations(struct emitter *emitter, const char *name)
{
    struct model *model = emitter->model;
    if (model->operation_count == 0)
        return 0;
    fputs("static const struct contract_operation operations[] = {\n", emitter->out);
    for (size_t i = 0; i < model->operation_count; i++)
        put_operation(emitter, &model->operations[i], name);
    fputs("};\n\n", emitter->out);
    return put_paths(emitter);
}
