/*
 * The tables. Each distinct schema becomes one element of schemas[]; equal ones share it: the text
 * of a schema's initialiser, which names its parts by number, is its identity. A schema that
 * contains itself gets its number before its parts are known and is not shared.
 */
#include "emit.h"

#include <stdlib.h>
#include <string.h>

#define MEMBERS_MAX 64     /* CONTRACT_MEMBERS */
#define NAME_BYTES_MAX 128 /* CONTRACT_NAME_BYTES */

static void *grow(struct emitter *emitter, void *items, size_t used, size_t *room, size_t size)
{
    if (used < *room)
        return items;
    *room = *room ? *room * 2 : 64;
    void *more = source_array(emitter->model->source, *room, size);
    if (used > 0)
        memcpy(more, items, used * size);
    return more;
}

void emit_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c > 0x7e || c == '?')
            fprintf(out, "\\%03o", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

void emit_text(FILE *out, const char *text)
{
    fputc('{', out);
    emit_quoted(out, text);
    fprintf(out, ", %zu}", strlen(text));
}

static size_t pattern_index(struct emitter *emitter, const char *text)
{
    size_t i = 0;
    while (i < emitter->pattern_count && strcmp(emitter->patterns[i], text) != 0)
        i++;
    if (i == emitter->pattern_count) {
        emitter->patterns = grow(emitter, emitter->patterns, emitter->pattern_count,
                                 &emitter->pattern_room, sizeof(*emitter->patterns));
        emitter->patterns[emitter->pattern_count++] = text;
    }
    return i;
}

static const char *format_name(const struct schema *schema)
{
    static const char *const names[][2] = {
        {"date", "DATE"}, {"date-time", "DATE_TIME"}, {"email", "EMAIL"},
        {"uri", "URI"},   {"uuid", "UUID"},           {"byte", "BYTE"},
        {"ipv4", "IPV4"}, {"ipv6", "IPV6"},           {"duration", "DURATION"}};
    if (!schema->format || !(schema->kinds & SCHEMA_STRING))
        return NULL;
    if (strcmp(schema->format, "base64") == 0) /* no format of OpenAPI: a hint for people */
        return NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i][0], schema->format) == 0)
            return names[i][1];
    node_fail(schema->at, "format %s is not understood", schema->format);
}

static int compare_texts(const void *a, const void *b)
{
    const char *left = *(const char *const *)a, *right = *(const char *const *)b;
    size_t left_len = strlen(left), right_len = strlen(right);
    if (left_len != right_len)
        return left_len < right_len ? -1 : 1;
    return memcmp(left, right, left_len);
}

static void put_text_rules(struct emitter *emitter, FILE *out, const struct schema *schema)
{
    const char *format = format_name(schema);
    if (!format && !schema->pattern && !schema->text_count && schema->min_length == 0 &&
        schema->max_length == NO_LIMIT)
        return;
    if (schema->max_length == 0)
        node_fail(schema->at, "maxLength 0 allows nothing but the empty text");
    fprintf(out, ".text = &(const struct contract_text_rules){%lld, %lld, ", schema->min_length,
            schema->max_length == NO_LIMIT ? 0 : schema->max_length);
    if (schema->text_count) {
        fputs("(const struct contract_text[]){", out);
        qsort(schema->texts, schema->text_count, sizeof(*schema->texts), compare_texts);
        for (size_t i = 0; i < schema->text_count; i++) {
            if (strlen(schema->texts[i]) >= NAME_BYTES_MAX)
                node_fail(schema->at, "enum value too long");
            emit_text(out, schema->texts[i]);
            fputc(',', out);
        }
        fprintf(out, "}, %zu, ", schema->text_count);
    } else {
        fputs("NULL, 0, ", out);
    }
    fprintf(out, "CONTRACT_FORMAT_%s, ", format ? format : "NONE");
    if (schema->pattern)
        fprintf(out, "&patterns[%zu]}, ", pattern_index(emitter, schema->pattern));
    else
        fputs("NULL}, ", out);
}

static void put_bound(FILE *out, const char *bound, const char *implied, bool exclusive)
{
    if (!bound)
        bound = implied;
    if (bound)
        fprintf(out, "{%.17g, true, %s}, ", strtod(bound, NULL), exclusive ? "true" : "false");
    else
        fputs("{0, false, false}, ", out);
}

static void put_number_rules(FILE *out, const struct schema *schema)
{
    const char *least = NULL, *most = NULL;
    if (schema->format && (schema->kinds & (SCHEMA_INTEGER | SCHEMA_NUMBER))) {
        if (strcmp(schema->format, "int32") == 0) {
            least = "-2147483648";
            most = "2147483647";
        } else if (strcmp(schema->format, "int64") == 0) {
            least = "-9223372036854775808";
            most = "9223372036854775807";
        } else if (strcmp(schema->format, "double") != 0 && strcmp(schema->format, "float") != 0) {
            node_fail(schema->at, "format %s is not understood", schema->format);
        }
    }
    if (!least && !schema->minimum && !schema->maximum)
        return;
    fputs(".number = &(const struct contract_number_rules){", out);
    put_bound(out, schema->minimum, least, schema->exclusive_minimum);
    put_bound(out, schema->maximum, most, schema->exclusive_maximum);
    fputs("}, ", out);
}

static void put_most(FILE *out, long long most)
{
    if (most == NO_LIMIT)
        fputs("UINT32_MAX", out);
    else
        fprintf(out, "%lld", most);
}

static void put_array_rules(struct emitter *emitter, FILE *out, const struct schema *schema)
{
    if (!schema->items && schema->min_items == 0 && schema->max_items == NO_LIMIT &&
        !schema->unique_items)
        return;
    fputs(".array = &(const struct contract_array_rules){", out);
    if (schema->items)
        fprintf(out, "&schemas[%d], ", emit_schema(emitter, schema->items));
    else
        fputs("NULL, ", out);
    fprintf(out, "%lld, ", schema->min_items);
    put_most(out, schema->max_items);
    fprintf(out, ", %s}, ", schema->unique_items ? "true" : "false");
}

static void put_object_rules(struct emitter *emitter, FILE *out, const struct schema *schema)
{
    unsigned long long required = 0;
    if (!schema->member_count && !schema->closed && !schema->additional &&
        schema->min_members == 0 && schema->max_members == NO_LIMIT)
        return;
    if (schema->member_count > MEMBERS_MAX)
        node_fail(schema->at, "more than %d members", MEMBERS_MAX);
    fputs(".object = &(const struct contract_object_rules){", out);
    fputs(schema->member_count ? "(const struct contract_member[]){" : "NULL", out);
    for (size_t i = 0; i < schema->member_count; i++) {
        const struct member *member = &schema->members[i];
        if (strlen(member->name) >= NAME_BYTES_MAX)
            node_fail(schema->at, "name too long");
        if (strpbrk(member->name, "\"\\"))
            node_fail(schema->at, "name with a quote or backslash");
        fputc('{', out);
        emit_text(out, member->name);
        if (member->schema)
            fprintf(out, ", &schemas[%d]}, ", emit_schema(emitter, member->schema));
        else
            fputs(", NULL}, ", out);
        if (member->required)
            required |= 1ull << i;
    }
    fprintf(out, "%s, %zu, %s, 0x%llxu, ", schema->member_count ? "}" : "", schema->member_count,
            schema->closed ? "true" : "false", required);
    if (schema->additional)
        fprintf(out, "&schemas[%d], ", emit_schema(emitter, schema->additional));
    else
        fputs("NULL, ", out);
    fprintf(out, "%lld, ", schema->min_members);
    put_most(out, schema->max_members);
    fputs("}, ", out);
}

static void put_branches(struct emitter *emitter, FILE *out, const char *kind,
                         struct schema_list list)
{
    if (list.count == 0)
        return;
    fprintf(out, "{.kind = CONTRACT_%s, .count = %zu, .branches = ", kind, list.count);
    fputs("(const struct contract_schema *const[]){", out);
    for (size_t i = 0; i < list.count; i++)
        fprintf(out, "&schemas[%d], ", emit_schema(emitter, list.items[i]));
    fputs("}}, ", out);
}

static void put_chosen(struct emitter *emitter, FILE *out, const struct schema *schema)
{
    fprintf(out, "{CONTRACT_CHOSEN, %zu, (const struct contract_schema *const[]){",
            schema->choice_count);
    for (size_t i = 0; i < schema->choice_count; i++)
        fprintf(out, "&schemas[%d], ", emit_schema(emitter, schema->choices[i].schema));
    fputs("}, ", out);
    emit_text(out, schema->discriminator);
    fputs(", (const struct contract_text[]){", out);
    for (size_t i = 0; i < schema->choice_count; i++) {
        emit_text(out, schema->choices[i].value);
        fputc(',', out);
    }
    fputs("}}, ", out);
}

static void put_combinations(struct emitter *emitter, FILE *out, const struct schema *schema)
{
    int count = (schema->all_of.count > 0) + (schema->any_of.count > 0) +
                (schema->one_of.count > 0) + (schema->not_one != NULL);
    if (count == 0)
        return;
    struct schema_list chosen = {0}, not_one = {(struct schema *[]){schema->not_one}, 1};
    fprintf(out, ".combination_count = %d, .combinations = ", count);
    fputs("(const struct contract_combination[]){", out);
    put_branches(emitter, out, "ALL_OF", schema->all_of);
    if (schema->discriminator)
        put_chosen(emitter, out, schema);
    put_branches(emitter, out, "ANY_OF",
                 schema->discriminator && !schema->one_of.count ? chosen : schema->any_of);
    put_branches(emitter, out, "ONE_OF", schema->discriminator ? chosen : schema->one_of);
    if (schema->not_one)
        put_branches(emitter, out, "NOT", not_one);
    fputs("}, ", out);
}

static void put_kinds(FILE *out, unsigned kinds)
{
    static const char *const names[] = {"NULL",   "BOOLEAN", "INTEGER", "NUMBER",
                                        "STRING", "ARRAY",   "OBJECT"};
    if (kinds & SCHEMA_NUMBER)
        kinds |= SCHEMA_INTEGER;
    fputs("{.kinds = ", out);
    if (kinds == 0)
        fputs("CONTRACT_ANY", out);
    for (size_t i = 0, first = 1; i < sizeof(names) / sizeof(names[0]); i++)
        if (kinds & (1u << i)) {
            fprintf(out, "%sCONTRACT_%s", first ? "" : " | ", names[i]);
            first = 0;
        }
    fputs(", ", out);
}

static int new_schema(struct emitter *emitter, const char *initialiser)
{
    size_t room = (size_t)emitter->schema_room;
    emitter->initialisers = grow(emitter, emitter->initialisers, (size_t)emitter->schema_count,
                                 &room, sizeof(*emitter->initialisers));
    emitter->schema_room = (int)room;
    emitter->initialisers[emitter->schema_count] = initialiser;
    return emitter->schema_count++;
}

int emit_schema(struct emitter *emitter, struct schema *schema)
{
    if (schema->id >= 0)
        return schema->id;
    if (schema->busy)
        return schema->id = new_schema(emitter, NULL);
    schema->busy = true;

    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    put_kinds(out, schema->kinds);
    put_text_rules(emitter, out, schema);
    put_number_rules(out, schema);
    put_array_rules(emitter, out, schema);
    put_object_rules(emitter, out, schema);
    put_combinations(emitter, out, schema);
    fputs("},\n", out);
    fclose(out);
    char *initialiser = source_format(emitter->model->source, "%s", text);
    free(text);
    schema->busy = false;

    if (schema->id >= 0) {
        emitter->initialisers[schema->id] = initialiser;
        return schema->id;
    }
    for (int i = 0; i < emitter->schema_count; i++)
        if (emitter->initialisers[i] && strcmp(emitter->initialisers[i], initialiser) == 0)
            return schema->id = i;
    return schema->id = new_schema(emitter, initialiser);
}

static void put_named(struct emitter *emitter)
{
    struct model *model = emitter->model;
    if (model->schema_count == 0)
        return;
    fputs("static const struct contract_named named[] = {\n", emitter->out);
    for (size_t i = 0; i < model->schema_count; i++) {
        fputc('{', emitter->out);
        emit_quoted(emitter->out, model->schemas[i].name);
        fprintf(emitter->out, ", &schemas[%d]},\n", emit_schema(emitter, model->schemas[i].schema));
    }
    fputs("};\n\n", emitter->out);
}

static void write_file(const struct emitter *emitter, const struct emit_options *options,
                       const char *operations, size_t path_count)
{
    FILE *out = emit_open(options, "contract", "c");
    const struct model *model = emitter->model;
    fprintf(out, "#include \"contract_%s.h\"\n\n#include \"contract/tables.h\"\n\n", options->name);
    fprintf(out, "static const struct contract_schema schemas[%d];\n", emitter->schema_count);
    if (emitter->pattern_count)
        fprintf(out, "static struct contract_pattern patterns[%zu] = {\n", emitter->pattern_count);
    for (size_t i = 0; i < emitter->pattern_count; i++) {
        fputs("    {", out);
        emit_quoted(out, emitter->patterns[i]);
        fputs(", NULL, 0},\n", out);
    }
    fputs(emitter->pattern_count ? "};\n\n" : "\n", out);
    fprintf(out, "static const struct contract_schema schemas[%d] = {\n", emitter->schema_count);
    for (int i = 0; i < emitter->schema_count; i++)
        fprintf(out, "/* %d */ %s", i, emitter->initialisers[i]);
    fprintf(out, "};\n\n%s", operations);
    fprintf(out,
            "const struct contract_api contract_%s = {\n    \"%s\", %s, %s, %s, %s,\n"
            "    %zu, %zu, %zu, %zu};\n",
            options->name, options->name, model->operation_count ? "operations" : "NULL",
            model->operation_count ? "paths" : "NULL", model->schema_count ? "named" : "NULL",
            emitter->pattern_count ? "patterns" : "NULL", model->operation_count, path_count,
            model->schema_count, emitter->pattern_count);
    emit_close(out);

    out = emit_open(options, "contract", "h");
    fprintf(out,
            "#ifndef CONTRACT_TABLE_%s\n#define CONTRACT_TABLE_%s\n\n"
            "#include \"contract/contract.h\"\n\n",
            options->name, options->name);
    emit_parameters(model, options->name, out);
    fprintf(out, "extern const struct contract_api contract_%s;\n\n#endif\n", options->name);
    emit_close(out);
}

void emit_tables(struct model *model, const struct emit_options *options)
{
    struct emitter emitter = {.model = model};
    char *operations;
    size_t len;
    emitter.out = open_memstream(&operations, &len);
    size_t path_count = emit_operations(&emitter, options->name);
    put_named(&emitter);
    fclose(emitter.out);
    write_file(&emitter, options, operations, path_count);
    free(operations);
}
