#include "rows.h"
#include "base/array.h"

#include <string.h>

static const struct row *row_at(const struct set *set, size_t form)
{
    return &set->forms[form].operation->row;
}

static bool is_same(const struct capability *a, const struct capability *b)
{
    return a->family && b->family
               ? strcmp(a->family, b->family) == 0 && strcmp(a->function, b->function) == 0
               : !a->family && !b->family;
}

static bool serve_the_same(const struct row *a, const struct row *b)
{
    return a->serves.family && is_same(&a->serves, &b->serves);
}

static bool is_first(const struct set *set, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (serve_the_same(row_at(set, i), row_at(set, at))) {
            if (!is_same(&row_at(set, i)->also, &row_at(set, at)->also)) {
                node_fail(row_at(set, at)->at,
                          "x-lfi: also differs from another row that serves it");
            }
            return false;
        }
    }
    return true;
}

/* A handler may serve a function whose arguments are its own; then only the offer is asked. */
static bool is_served_plainly(const struct set *set, const struct row *row)
{
    for (size_t i = 0; i < set->form_count; i++) {
        if (!row_at(set, i)->handler && serve_the_same(row_at(set, i), row)) {
            return true;
        }
    }
    return false;
}

static void put_prototypes(FILE *out, const struct set *set)
{
    for (size_t i = 0; i < set->form_count; i++) {
        const struct row *row = row_at(set, i);
        if (row->query) {
            fprintf(out, "flow_query_fn %s;\n", row->query);
        }
        if (row->shape) {
            fprintf(out, "flow_shape_fn %s;\n", row->shape);
        }
        if (row->handler) {
            fprintf(out, "flow_handler_fn %s;\n", row->handler);
        }
    }
}

static void put_functions(FILE *out, const struct set *set)
{
    for (size_t i = 0; i < set->form_count; i++) {
        const struct row *row = row_at(set, i);
        if (!row->serves.family || !is_first(set, i)) {
            continue;
        }
        fprintf(out,
                "static bool offers_%s_%s(const struct provider *provider)\n{\n"
                "    return PROVIDER_SERVES(provider, %s, %s)",
                row->serves.family, row->serves.function, row->serves.family, row->serves.function);
        if (row->also.family) {
            fprintf(out, " && PROVIDER_SERVES(provider, %s, %s)", row->also.family,
                    row->also.function);
        }
        fputs(";\n}\n\n", out);
        if (!is_served_plainly(set, row)) {
            continue;
        }
        fprintf(out,
                "static int serve_%s_%s(const struct provider *provider,\n"
                "    const struct lfi_call *call, const void *query, struct lfi_answer *answer,\n"
                "    struct lfi_error *error)\n{\n"
                "    return provider->%s->%s(provider->core, call, query, answer, error);\n}\n\n",
                row->serves.family, row->serves.function, row->serves.family, row->serves.function);
    }
}

static void put_word(FILE *out, const char *member, const char *prefix, const char *word)
{
    fprintf(out, ".%s = %s", member, prefix);
    output_upper(out, word);
    fputs(", ", out);
}

static void put_name(FILE *out, const char *member, const char *name)
{
    if (name) {
        fprintf(out, ".%s = %s, ", member, name);
    }
}

/* Stages are those of a customer's session: enum session_stage. */
static void put_stages(FILE *out, const struct row *row)
{
    for (size_t i = 0; i < row->stage_count; i++) {
        fputs(i == 0 ? ".stages = " : " | ", out);
        fputs("1U << SESSION_", out);
        output_upper(out, row->stages[i]);
    }
    fputs(row->stage_count > 0 ? ", " : "", out);
}

static bool has_stages(const struct set *set)
{
    for (size_t i = 0; i < set->form_count; i++) {
        if (row_at(set, i)->stage_count > 0) {
            return true;
        }
    }
    return false;
}

static bool has_parameter(const struct operation *operation, const char *name)
{
    for (size_t i = 0; i < operation->parameter_count; i++) {
        if (strcmp(operation->parameters[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void put_number(FILE *out, const struct set *set, const struct operation *operation,
                       const char *member, const char *name)
{
    if (has_parameter(operation, name)) {
        fprintf(out, ".%s = %d, ", member, set_parameter_number(set, name));
    }
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
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        if (needs[i].needed && !has_parameter(operation, needs[i].name)) {
            node_fail(row->at, "x-lfi: %s has no parameter %s", operation->id, needs[i].name);
        }
    }
}

void rows_put(const struct set *set, const struct operation *operation, FILE *out)
{
    const struct row *row = &operation->row;
    if (!row->at.raw) {
        node_fail(operation->at, "%s has no x-lfi", operation->id);
    }
    check_parameters(operation);
    fprintf(out, "    { /* %s %s */\n     ", operation->method, operation->path);
    if (row->serves.family) {
        fprintf(out, ".serves = \"%s.%s\", .offered = offers_%s_%s, ", row->serves.family,
                row->serves.function, row->serves.family, row->serves.function);
        if (!row->handler) {
            fprintf(out, ".serve = serve_%s_%s, ", row->serves.family, row->serves.function);
        }
    }
    if (row->select) {
        fputs(".select = LFI_", out);
        output_upper(out, row->select);
        fputs(", ", out);
    }
    put_word(out, "subject", "FLOW_", row->subject);
    put_word(out, "reply", "FLOW_", row->reply);
    if (row->record) {
        fputs(".record = ", out);
        output_quoted(out, row->record);
        fputs(", ", out);
    }
    put_name(out, "query", row->query);
    put_name(out, "shape", row->shape);
    put_name(out, "handler", row->handler);
    if (row->permission_count > 0) {
        fputs(".permissions = (const char *const[]){", out);
        for (size_t i = 0; i < row->permission_count; i++) {
            output_quoted(out, row->permissions[i]);
            fputs(", ", out);
        }
        fputs("NULL}, ", out);
    }
    put_stages(out, row);
    put_number(out, set, operation, "page", "page");
    put_number(out, set, operation, "page_size", "page-size");
    put_number(out, set, operation, "psu", "o3-psu-identifier");
    put_number(out, set, operation, "account", "accountId");
    put_number(out, set, operation, "interaction", "o3-ozone-interaction-id");
    put_number(out, set, operation, "consent", "o3-consent-id");
    put_number(out, set, operation, "tpp", "o3-caller-org-id");
    fprintf(out, ".later = %s, .stream = %s, .connect_token = %s},\n",
            row->later ? "true" : "false", row->stream ? "true" : "false",
            row->connect_token ? "true" : "false");
}

void rows_write(const struct set *set, const struct output *output)
{
    FILE *out = output_open(output, "rows", "h");
    fprintf(out, "#ifndef ROWS_%s\n#define ROWS_%s\n\n#include \"flow/row.h\"\n\n", output->name,
            output->name);
    put_prototypes(out, set);
    fprintf(out, "\nextern const struct flow_api flow_%s;\n\n#endif\n", output->name);
    output_close(out);

    out = output_open(output, "rows", "c");
    fprintf(out, "#include \"rows_%s.h\"\n\n#include \"contract_%s.h\"\n%s\n", output->name,
            output->name, has_stages(set) ? "#include \"psu/session.h\"\n" : "");
    put_functions(out, set);
    fputs("static const struct flow_row rows[] = {\n", out);
    for (size_t i = 0; i < set->form_count; i++) {
        fputs(set->forms[i].row, out);
    }
    fprintf(out, "};\n\nconst struct flow_api flow_%s = {&contract_%s, rows};\n", output->name,
            output->name);
    output_close(out);
}
