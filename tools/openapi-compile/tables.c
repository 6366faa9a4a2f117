#include "tables.h"

#include "operations.h"
#include "rows.h"
#include "schemas.h"

#include <stdlib.h>
#include <string.h>

/* --- forms: an operation once for all versions in which it is the same ------------------------ */

static size_t add_form(struct set *set, const struct set_form *form)
{
    set->forms = source_grow(&set->versions[0].source, set->forms, set->form_count, &set->form_room,
                             sizeof(*set->forms));
    set->forms[set->form_count] = *form;
    return set->form_count++;
}

static struct set_form write_form(const struct set *set, struct schemas *schemas, bool rows,
                                  size_t slot, const struct operation *operation)
{
    struct set_form form = {.operation = operation, .slot = slot};
    size_t len;
    FILE *out = open_memstream(&form.text, &len);
    operations_put(set, schemas, slot, operation, out);
    fclose(out);
    out = open_memstream(&form.row, &len);
    if (rows) {
        rows_put(set, operation, out);
    }
    fclose(out);
    return form;
}

static void free_form(struct set_form *form)
{
    free(form->text);
    free(form->row);
}

/* The form that is the same, or form_count. */
static size_t find_form(const struct set *set, const struct set_form *form)
{
    size_t i = 0;
    while (i < set->form_count &&
           (set->forms[i].slot != form->slot || strcmp(set->forms[i].text, form->text) != 0 ||
            strcmp(set->forms[i].row, form->row) != 0)) {
        i++;
    }
    return i;
}

static void lay_out_forms(struct set *set, struct schemas *schemas, bool rows)
{
    for (size_t i = 0; i < set->slot_count; i++) {
        struct set_form form = write_form(set, schemas, rows, i, set_first(set, i));
        (void)add_form(set, &form);
    }
    for (size_t i = 0; i < set->slot_count; i++) {
        for (size_t v = 0; v < set->version_count; v++) {
            const struct operation *operation = set->slots[i].in[v];
            if (!operation) {
                continue;
            }
            struct set_form form = write_form(set, schemas, rows, i, operation);
            size_t found = find_form(set, &form);
            if (found < set->form_count) {
                free_form(&form);
            } else {
                found = add_form(set, &form);
            }
            set->slots[i].form[v] = found;
        }
    }
}

/* --- the files -------------------------------------------------------------------------------- */

static void put_versions(const struct set *set, FILE *out)
{
    if (set->version_count < 2) {
        return;
    }
    fputs("static const struct contract_version versions[] = {\n", out);
    for (size_t v = 0; v < set->version_count; v++) {
        const struct set_version *version = &set->versions[v];
        fprintf(out, "{CONTRACT_VERSION(%u, %u), %s, (const struct contract_operation *const[]){",
                version->major, version->minor, version->draft ? "true" : "false");
        for (size_t i = 0; i < set->slot_count; i++) {
            if (set->slots[i].in[v]) {
                fprintf(out, "&operations[%zu], ", set->slots[i].form[v]);
            } else {
                fputs("NULL, ", out);
            }
        }
        fputs("}},\n", out);
    }
    fputs("};\n\n", out);
}

static size_t put_operations(const struct set *set, FILE *out)
{
    if (set->slot_count == 0) {
        return 0;
    }
    fputs("static const struct contract_operation operations[] = {\n", out);
    for (size_t i = 0; i < set->form_count; i++) {
        fputs(set->forms[i].text, out);
    }
    fputs("};\n\n", out);
    put_versions(set, out);
    return operations_put_paths(set, out);
}

/* "Policy", and "Policy v2.2" as it is in a later version. How many there are. */
static size_t put_named(const struct set *set, struct schemas *schemas, FILE *out)
{
    size_t count = 0;
    for (size_t v = 0; v < set->version_count; v++) {
        const struct model *model = &set->versions[v].model;
        for (size_t i = 0; i < model->schema_count; i++, count++) {
            fputs(count == 0 ? "static const struct contract_named named[] = {\n{" : "{", out);
            output_quoted(out, v == 0
                                   ? model->schemas[i].name
                                   : source_format(schemas->source, "%s %s", model->schemas[i].name,
                                                   set->versions[v].name));
            fprintf(out, ", &schemas[%d]},\n", schemas_put(schemas, model->schemas[i].schema));
        }
    }
    fputs(count > 0 ? "};\n\n" : "", out);
    return count;
}

static void write_contract(struct set *set, struct schemas *schemas, const struct output *output)
{
    char *tables;
    size_t len;
    FILE *out = open_memstream(&tables, &len);
    size_t path_count = put_operations(set, out);
    size_t named_count = put_named(set, schemas, out);
    fclose(out);

    out = output_open(output, "contract", "c");
    fprintf(out, "#include \"contract_%s.h\"\n\n#include \"contract/tables.h\"\n\n", output->name);
    schemas_write(schemas, out);
    fputs(tables, out);
    free(tables);
    size_t version_count = set->version_count < 2 || set->slot_count == 0 ? 0 : set->version_count;
    fprintf(out,
            "const struct contract_api contract_%s = {\n    \"%s\", %s, %s, %s, %s, %s,\n"
            "    %zu, %zu, %zu, %zu, %zu};\n",
            output->name, output->name, set->slot_count ? "operations" : "NULL",
            set->slot_count ? "paths" : "NULL", named_count ? "named" : "NULL",
            schemas->pattern_count ? "patterns" : "NULL", version_count ? "versions" : "NULL",
            set->slot_count, path_count, named_count, schemas->pattern_count, version_count);
    output_close(out);
}

static void write_header(const struct set *set, const struct output *output)
{
    FILE *out = output_open(output, "contract", "h");
    fprintf(out,
            "#ifndef CONTRACT_TABLE_%s\n#define CONTRACT_TABLE_%s\n\n"
            "#include \"contract/contract.h\"\n\n",
            output->name, output->name);
    operations_put_parameters(set, out);
    fprintf(out, "extern const struct contract_api contract_%s;\n\n#endif\n", output->name);
    output_close(out);
}

static void write_dependencies(const struct set *set, const struct output *output)
{
    FILE *out = output_open(output, "contract", "d");
    fprintf(out, "%s/contract_%s.c:", output->folder, output->name);
    for (size_t v = 0; v < set->version_count; v++) {
        for (const struct source_file *file = set->versions[v].source.files; file;
             file = file->next) {
            fprintf(out, " %s", file->path);
        }
    }
    fputc('\n', out);
    output_close(out);
}

void tables_write(struct set *set, const struct output *output, bool rows)
{
    struct schemas schemas = {.source = &set->versions[0].source};
    lay_out_forms(set, &schemas, rows);
    write_contract(set, &schemas, output);
    write_header(set, output);
    write_dependencies(set, output);
    if (rows) {
        rows_write(set, output);
    }
    for (size_t i = 0; i < set->form_count; i++) {
        free_form(&set->forms[i]);
    }
}
