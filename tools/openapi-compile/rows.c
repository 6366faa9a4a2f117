/*
 * The rows: flow_<name> of server/flow/row.h. Each family function that is served gets two small C
 * functions, so that the compiler checks that it exists and takes what it is given.
 */
#include "emit.h"

#include <string.h>

static bool is_first(const struct model *model, size_t at)
{
    const struct row *row = &model->operations[at].row;
    for (size_t i = 0; i < at; i++) {
        const struct row *other = &model->operations[i].row;
        if (other->family && strcmp(other->family, row->family) == 0 &&
            strcmp(other->function, row->function) == 0)
            return false;
    }
    return true;
}

/* A handler may serve a function whose arguments are its own; then only the offer is asked. */
static bool is_served_plainly(const struct model *model, const struct row *row)
{
    for (size_t i = 0; i < model->operation_count; i++) {
        const struct row *other = &model->operations[i].row;
        if (other->family && !other->handler && strcmp(other->family, row->family) == 0 &&
            strcmp(other->function, row->function) == 0)
            return true;
    }
    return false;
}

static void put_prototypes(FILE *out, const struct model *model)
{
    for (size_t i = 0; i < model->operation_count; i++) {
        const struct row *row = &model->operations[i].row;
        if (row->query)
            fprintf(out, "flow_query_fn %s;\n", row->query);
        if (row->shape)
            fprintf(out, "flow_shape_fn %s;\n", row->shape);
        if (row->handler)
            fprintf(out, "flow_handler_fn %s;\n", row->handler);
    }
}

static void put_functions(FILE *out, const struct model *model)
{
    for (size_t i = 0; i < model->operation_count; i++) {
        const struct row *row = &model->operations[i].row;
        if (!row->family || !is_first(model, i))
            continue;
        fprintf(out,
                "static bool offers_%s_%s(const struct provider *provider)\n{\n"
                "    return PROVIDER_SERVES(provider, %s, %s);\n}\n\n",
                row->family, row->function, row->family, row->function);
        if (!is_served_plainly(model, row))
            continue;
        fprintf(out,
                "static int serve_%s_%s(const struct provider *provider,\n"
                "    const struct lfi_call *call, const void *query, struct lfi_answer *answer,\n"
                "    struct lfi_error *error)\n{\n"
                "    return provider->%s->%s(provider->core, call, query, answer, error);\n}\n\n",
                row->family, row->function, row->family, row->function);
    }
}

static void put_word(FILE *out, const char *member, const char *prefix, const char *word)
{
    fprintf(out, ".%s = %s", member, prefix);
    for (const char *p = word; *p; p++)
        fputc(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p, out);
    fputs(", ", out);
}

static void put_name(FILE *out, const char *member, const char *name)
{
    if (name)
        fprintf(out, ".%s = %s, ", member, name);
}

static bool has_parameter(const struct operation *operation, const char *name)
{
    for (size_t i = 0; i < operation->parameter_count; i++)
        if (strcmp(operation->parameters[i].name, name) == 0)
            return true;
    return false;
}

static void put_number(FILE *out, const struct model *model, const struct operation *operation,
                       const char *member, const char *name)
{
    if (has_parameter(operation, name))
        fprintf(out, ".%s = %d, ", member, emit_parameter_number(model, name));
}

/* What a row that is carried out without a handler reads from the request. */
static void check_parameters(const struct operation *operation)
{
    const struct row *row = &operation->row;
    bool list = strcmp(row->reply, "list") == 0 || strcmp(row->reply, "pages") == 0;
    bool user = strcmp(row->subject, "user") == 0, account = strcmp(row->subject, "account") == 0;
    const struct {
        bool needed;
        const char *name;
    } needs[] = {{list, "page"},
                 {list, "page-size"},
                 {user || account, "o3-psu-identifier"},
                 {account, "accountId"}};
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
        if (needs[i].needed && !has_parameter(operation, needs[i].name))
            node_fail(row->at, "x-lfi: %s has no parameter %s", operation->id, needs[i].name);
}

static void put_row(FILE *out, const struct model *model, const struct operation *operation)
{
    const struct row *row = &operation->row;
    fprintf(out, "    { /* %s %s */\n     ", operation->method, operation->path);
    if (row->family) {
        fprintf(out, ".serves = \"%s.%s\", .offered = offers_%s_%s, ", row->family, row->function,
                row->family, row->function);
        if (!row->handler)
            fprintf(out, ".serve = serve_%s_%s, ", row->family, row->function);
    }
    put_word(out, "subject", "FLOW_", row->subject);
    put_word(out, "reply", "FLOW_", row->reply);
    if (row->record) {
        fputs(".record = ", out);
        emit_quoted(out, row->record);
        fputs(", ", out);
    }
    put_name(out, "query", row->query);
    put_name(out, "shape", row->shape);
    put_name(out, "handler", row->handler);
    if (row->permission_count > 0) {
        fputs(".permissions = (const char *const[]){", out);
        for (size_t i = 0; i < row->permission_count; i++) {
            emit_quoted(out, row->permissions[i]);
            fputs(", ", out);
        }
        fputs("NULL}, ", out);
    }
    put_number(out, model, operation, "page", "page");
    put_number(out, model, operation, "page_size", "page-size");
    put_number(out, model, operation, "psu", "o3-psu-identifier");
    put_number(out, model, operation, "account", "accountId");
    put_number(out, model, operation, "interaction", "o3-ozone-interaction-id");
    put_number(out, model, operation, "consent", "o3-consent-id");
    put_number(out, model, operation, "tpp", "o3-caller-org-id");
    fprintf(out, ".later = %s},\n", row->later ? "true" : "false");
}

void emit_rows(struct model *model, const struct emit_options *options)
{
    for (size_t i = 0; i < model->operation_count; i++)
        if (!model->operations[i].row.at.raw)
            node_fail(model->operations[i].at, "%s has no x-lfi", model->operations[i].id);
        else
            check_parameters(&model->operations[i]);
    FILE *out = emit_open(options, "rows", "h");
    fprintf(out, "#ifndef ROWS_%s\n#define ROWS_%s\n\n#include \"flow/row.h\"\n\n", options->name,
            options->name);
    put_prototypes(out, model);
    fprintf(out, "\nextern const struct flow_api flow_%s;\n\n#endif\n", options->name);
    emit_close(out);

    out = emit_open(options, "rows", "c");
    fprintf(out, "#include \"rows_%s.h\"\n\n#include \"contract_%s.h\"\n\n", options->name,
            options->name);
    put_functions(out, model);
    fputs("static const struct flow_row rows[] = {\n", out);
    for (size_t i = 0; i < model->operation_count; i++)
        put_row(out, model, &model->operations[i]);
    fprintf(out, "};\n\nconst struct flow_api flow_%s = {&contract_%s, rows};\n", options->name,
            options->name);
    emit_close(out);
}
