/* The route table: one handler per operation, named after it, so that none can be forgotten. */
#include "emit.h"

#include <ctype.h>
#include <string.h>

/* findAccountById becomes find_account_by_id, getATM get_atm. */
static const char *snake_case(struct source *source, const char *id)
{
    char *out = source_alloc(source, 2 * strlen(id) + 1), *to = out;
    for (const char *p = id; *p; p++) {
        bool upper = isupper((unsigned char)*p);
        bool starts = upper && p > id &&
                      (islower((unsigned char)p[-1]) || isdigit((unsigned char)p[-1]) ||
                       (isupper((unsigned char)p[-1]) && islower((unsigned char)p[1])));
        if (starts)
            *to++ = '_';
        *to++ = isalnum((unsigned char)*p) ? (char)tolower((unsigned char)*p) : '_';
    }
    return out;
}

void emit_routes(struct model *model, const struct emit_options *options)
{
    FILE *out = emit_open(options, "routes", "h");
    fprintf(out, "#ifndef ROUTES_%s\n#define ROUTES_%s\n\n#include \"connect/call.h\"\n\n",
            options->name, options->name);
    for (size_t i = 0; i < model->operation_count; i++)
        if (!model->operations[i].later)
            fprintf(out, "connect_operation_fn %s%s;\n", options->routes,
                    snake_case(model->source, model->operations[i].id));
    fputs("\n#endif\n", out);
    emit_close(out);

    out = emit_open(options, "routes", "c");
    fprintf(out, "#include \"routes_%s.h\"\n\n", options->name);
    fprintf(out, "connect_operation_fn *const %soperations[] = {\n", options->routes);
    for (size_t i = 0; i < model->operation_count; i++) {
        const struct operation *operation = &model->operations[i];
        if (operation->later)
            fprintf(out, "    NULL, /* %s */\n", operation->id);
        else
            fprintf(out, "    %s%s,\n", options->routes, snake_case(model->source, operation->id));
    }
    fputs("};\n", out);
    emit_close(out);
}
