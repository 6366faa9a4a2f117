/*
 * Each distinct schema becomes one element of schemas[]; equal ones share it: the text of a
 * schema's initialiser, which names its parts by number, is its identity. A schema that contains
 * itself gets its number before its parts are known and is not shared.
 */
#include "schemas.h"

#include "base/array.h"
#include "contract/tables.h"
#include "output.h"

#include <stdlib.h>
#include <string.h>

static size_t pattern_index(struct schemas *schemas, const char *text)
{
    size_t i = 0;
    while (i < schemas->pattern_count && strcmp(schemas->patterns[i], text) != 0) {
        i++;
    }
    if (i == schemas->pattern_count) {
        schemas->patterns = source_grow(schemas->source, schemas->patterns, schemas->pattern_count,
                                        &schemas->pattern_room, sizeof(*schemas->patterns));
        schemas->patterns[schemas->pattern_count++] = text;
    }
    return i;
}

static const char *format_name(const struct schema *schema)
{
    static const char *const names[][2] = {
        {"date", "DATE"}, {"date-time", "DATE_TIME"}, {"email", "EMAIL"},
        {"uri", "URI"},   {"uuid", "UUID"},           {"byte", "BYTE"},
        {"ipv4", "IPV4"}, {"ipv6", "IPV6"},           {"duration", "DURATION"}};
    if (!schema->format || !(schema->kinds & SCHEMA_STRING)) {
        return NULL;
    }
    if (strcmp(schema->format, "base64") == 0) { /* no format of OpenAPI: a hint for people */
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i][0], schema->format) == 0) {
            return names[i][1];
        }
    }
    node_fail(schema->at, "format %s is not understood", schema->format);
}

static int compare_texts(const void *a, const void *b)
{
    const char *left = *(const char *const *)a, *right = *(const char *const *)b;
    size_t left_len = strlen(left), right_len = strlen(right);
    if (left_len != right_len) {
        return left_len < right_len ? -1 : 1;
    }
    return memcmp(left, right, left_len);
}

static void put_text_rules(struct schemas *schemas, FILE *out, const struct schema *schema)
{
    const char *format = format_name(schema);
    if (schema->max_length == 0) {
        node_fail(schema->at, "maxLength 0 allows nothing but the empty text");
    }
    fprintf(out, "&(const struct contract_text_rules){%lld, %lld, ", schema->min_length,
            schema->max_length == NO_LIMIT ? 0 : schema->max_length);
    if (schema->text_count) {
        fputs("(const struct contract_text[]){", out);
        qsort(schema->texts, schema->text_count, sizeof(*schema->texts), compare_texts);
        for (size_t i = 0; i < schema->text_count; i++) {
            if (strlen(schema->texts[i]) >= CONTRACT_NAME_BYTES) {
                node_fail(schema->at, "enum value too long");
            }
            output_text(out, schema->texts[i]);
            fputc(',', out);
        }
        fprintf(out, "}, %zu, ", schema->text_count);
    } else {
        fputs("NULL, 0, ", out);
    }
    fprintf(out, "CONTRACT_FORMAT_%s, ", format ? format : "NONE");
    if (schema->pattern) {
        fprintf(out, "&patterns[%zu], %s, ", pattern_index(schemas, schema->pattern),
                schema->tolerant ? "true" : "false");
    } else {
        fputs("NULL, false, ", out);
    }
    if (schema->later) {
        put_text_rules(schemas, out, schema->later);
    } else {
        fputs("NULL", out);
    }
    fputc('}', out);
}

static void put_text(struct schemas *schemas, FILE *out, const struct schema *schema)
{
    if (format_name(schema) || schema->pattern || schema->text_count || schema->min_length > 0 ||
        schema->max_length != NO_LIMIT || schema->later) {
        fputs(".text = ", out);
        put_text_rules(schemas, out, schema);
        fputs(", ", out);
    }
}

static void put_bound(FILE *out, const char *bound, const char *implied, bool exclusive)
{
    if (!bound) {
        bound = implied;
    }
    if (bound) {
        fprintf(out, "{%.17g, true, %s}, ", strtod(bound, NULL), exclusive ? "true" : "false");
    } else {
        fputs("{0, false, false}, ", out);
    }
}

/* 2.50 is 25 / 10^1. */
static void put_multiple(FILE *out, const struct schema *schema)
{
    unsigned long long divisor = 0;
    long decimals = 0;
    int digits = 0;
    if (!schema->multiple) {
        fputs("{NULL, 0, 0}, ", out);
        return;
    }
    const char *p = schema->multiple + (*schema->multiple == '+');
    bool fraction = false;
    for (; (*p >= '0' && *p <= '9') || (*p == '.' && !fraction); p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        digits += digits > 0 || *p != '0';
        divisor = divisor * 10 + (unsigned long long)(*p - '0');
        decimals += fraction;
        if (digits > CONTRACT_MULTIPLE_DIGITS) {
            node_fail(schema->at, "multipleOf %s: more than %d digits", schema->multiple,
                      CONTRACT_MULTIPLE_DIGITS);
        }
    }
    char *end = (char *)p;
    if (*p == 'e' || *p == 'E') {
        decimals -= strtol(p + 1, &end, 10);
    }
    for (; divisor > 0 && divisor % 10 == 0; divisor /= 10) {
        decimals--;
    }
    if (*end || decimals > 100 || decimals < -100) {
        node_fail(schema->at, "multipleOf %s: not understood", schema->multiple);
    }
    fputc('{', out);
    output_quoted(out, schema->multiple);
    fprintf(out, ", %lluu, %ld}, ", divisor, decimals);
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
    if (!least && !schema->minimum && !schema->maximum && !schema->multiple) {
        return;
    }
    fputs(".number = &(const struct contract_number_rules){", out);
    put_bound(out, schema->minimum, least, schema->exclusive_minimum);
    put_bound(out, schema->maximum, most, schema->exclusive_maximum);
    put_multiple(out, schema);
    fputs("}, ", out);
}

static void put_most(FILE *out, long long most)
{
    if (most == NO_LIMIT) {
        fputs("UINT32_MAX", out);
    } else {
        fprintf(out, "%lld", most);
    }
}

static void put_array_rules(struct schemas *schemas, FILE *out, const struct schema *schema)
{
    if (!schema->items && schema->min_items == 0 && schema->max_items == NO_LIMIT &&
        !schema->unique_items) {
        return;
    }
    fputs(".array = &(const struct contract_array_rules){", out);
    if (schema->items) {
        fprintf(out, "&schemas[%d], ", schemas_put(schemas, schema->items));
    } else {
        fputs("NULL, ", out);
    }
    fprintf(out, "%lld, ", schema->min_items);
    put_most(out, schema->max_items);
    fprintf(out, ", %s}, ", schema->unique_items ? "true" : "false");
}

/* Where the member is that this version has in place of the other's; -1: nowhere. */
static long find_older(const struct schema *schema, const struct other_member *other)
{
    size_t i = other->older ? 0 : schema->member_count;
    while (i < schema->member_count && strcmp(schema->members[i].name, other->older) != 0) {
        i++;
    }
    return i < schema->member_count ? (long)i : -1;
}

static void put_others(FILE *out, const struct schema *schema)
{
    size_t moved = 0;
    fputs(schema->other_count > 0 ? ", (const struct contract_other[]){" : ", NULL", out);
    for (size_t i = 0; i < schema->other_count; i++) {
        long older = find_older(schema, &schema->others[i]);
        fputc('{', out);
        output_text(out, schema->others[i].name);
        fprintf(out, ", %ld}, ", older);
        moved += older >= 0;
    }
    if (moved > 1) {
        node_fail(schema->at, "more than one member has moved");
    }
    fprintf(out, "%s, %zu}, ", schema->other_count > 0 ? "}" : "", schema->other_count);
}

static void put_object_rules(struct schemas *schemas, FILE *out, const struct schema *schema)
{
    unsigned long long required = 0;
    if (!schema->member_count && !schema->closed && !schema->additional &&
        schema->min_members == 0 && schema->max_members == NO_LIMIT) {
        return;
    }
    if (schema->member_count > CONTRACT_MEMBERS) {
        node_fail(schema->at, "more than %d members", CONTRACT_MEMBERS);
    }
    fputs(".object = &(const struct contract_object_rules){", out);
    fputs(schema->member_count ? "(const struct contract_member[]){" : "NULL", out);
    for (size_t i = 0; i < schema->member_count; i++) {
        const struct member *member = &schema->members[i];
        if (strlen(member->name) >= CONTRACT_NAME_BYTES) {
            node_fail(schema->at, "name too long");
        }
        if (strpbrk(member->name, "\"\\")) {
            node_fail(schema->at, "name with a quote or backslash");
        }
        fputc('{', out);
        output_text(out, member->name);
        if (member->schema) {
            fprintf(out, ", &schemas[%d]}, ", schemas_put(schemas, member->schema));
        } else {
            fputs(", NULL}, ", out);
        }
        if (member->required) {
            required |= 1ull << i;
        }
    }
    fprintf(out, "%s, %zu, %s, 0x%llxu, ", schema->member_count ? "}" : "", schema->member_count,
            schema->closed ? "true" : "false", required);
    if (schema->additional) {
        fprintf(out, "&schemas[%d], ", schemas_put(schemas, schema->additional));
    } else {
        fputs("NULL, ", out);
    }
    fprintf(out, "%lld, ", schema->min_members);
    put_most(out, schema->max_members);
    put_others(out, schema);
}

static void put_branches(struct schemas *schemas, FILE *out, const char *kind,
                         struct schema_list list)
{
    if (list.count == 0) {
        return;
    }
    fprintf(out, "{.kind = CONTRACT_%s, .count = %zu, .branches = ", kind, list.count);
    fputs("(const struct contract_schema *const[]){", out);
    for (size_t i = 0; i < list.count; i++) {
        fprintf(out, "&schemas[%d], ", schemas_put(schemas, list.items[i]));
    }
    fputs("}}, ", out);
}

static void put_chosen(struct schemas *schemas, FILE *out, const struct schema *schema)
{
    fprintf(out, "{CONTRACT_CHOSEN, %zu, (const struct contract_schema *const[]){",
            schema->choice_count);
    for (size_t i = 0; i < schema->choice_count; i++) {
        fprintf(out, "&schemas[%d], ", schemas_put(schemas, schema->choices[i].schema));
    }
    fputs("}, ", out);
    output_text(out, schema->discriminator);
    fputs(", (const struct contract_text[]){", out);
    for (size_t i = 0; i < schema->choice_count; i++) {
        output_text(out, schema->choices[i].value);
        fputc(',', out);
    }
    fputs("}}, ", out);
}

static void put_combinations(struct schemas *schemas, FILE *out, const struct schema *schema)
{
    int count = (schema->all_of.count > 0) + (schema->any_of.count > 0) +
                (schema->one_of.count > 0) + (schema->not_one ? 1 : 0);
    if (count == 0) {
        return;
    }
    struct schema_list chosen = {0}, not_one = {(struct schema *[]){schema->not_one}, 1};
    fprintf(out, ".combination_count = %d, .combinations = ", count);
    fputs("(const struct contract_combination[]){", out);
    put_branches(schemas, out, "ALL_OF", schema->all_of);
    if (schema->discriminator) {
        put_chosen(schemas, out, schema);
    }
    put_branches(schemas, out, "ANY_OF",
                 schema->discriminator && !schema->one_of.count ? chosen : schema->any_of);
    put_branches(schemas, out, "ONE_OF", schema->discriminator ? chosen : schema->one_of);
    if (schema->not_one) {
        put_branches(schemas, out, "NOT", not_one);
    }
    fputs("}, ", out);
}

static void put_kinds(FILE *out, unsigned kinds)
{
    static const char *const names[] = {"NULL",   "BOOLEAN", "INTEGER", "NUMBER",
                                        "STRING", "ARRAY",   "OBJECT"};
    if (kinds & SCHEMA_NUMBER) {
        kinds |= SCHEMA_INTEGER;
    }
    fputs("{.kinds = ", out);
    if (kinds == 0) {
        fputs("CONTRACT_ANY", out);
    }
    for (size_t i = 0, first = 1; i < ARRAY_LEN(names); i++) {
        if (kinds & (1u << i)) {
            fprintf(out, "%sCONTRACT_%s", first ? "" : " | ", names[i]);
            first = 0;
        }
    }
    fputs(", ", out);
}

static int new_schema(struct schemas *schemas, const char *initialiser)
{
    size_t room = (size_t)schemas->schema_room;
    schemas->initialisers =
        source_grow(schemas->source, schemas->initialisers, (size_t)schemas->schema_count, &room,
                    sizeof(*schemas->initialisers));
    schemas->schema_room = (int)room;
    schemas->initialisers[schemas->schema_count] = initialiser;
    return schemas->schema_count++;
}

int schemas_put(struct schemas *schemas, struct schema *schema)
{
    if (schema->id >= 0) {
        return schema->id;
    }
    if (schema->busy) {
        return schema->id = new_schema(schemas, NULL);
    }
    schema->busy = true;

    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    put_kinds(out, schema->kinds);
    put_text(schemas, out, schema);
    put_number_rules(out, schema);
    put_array_rules(schemas, out, schema);
    put_object_rules(schemas, out, schema);
    put_combinations(schemas, out, schema);
    fputs("},\n", out);
    fclose(out);
    char *initialiser = source_format(schemas->source, "%s", text);
    free(text);
    schema->busy = false;

    if (schema->id >= 0) {
        schemas->initialisers[schema->id] = initialiser;
        return schema->id;
    }
    for (int i = 0; i < schemas->schema_count; i++) {
        if (schemas->initialisers[i] && strcmp(schemas->initialisers[i], initialiser) == 0) {
            return schema->id = i;
        }
    }
    return schema->id = new_schema(schemas, initialiser);
}

static void put_patterns(const struct schemas *schemas, FILE *out)
{
    if (schemas->pattern_count == 0) {
        return;
    }
    fprintf(out, "static struct contract_pattern patterns[%zu] = {\n", schemas->pattern_count);
    for (size_t i = 0; i < schemas->pattern_count; i++) {
        fputs("    {", out);
        output_quoted(out, schemas->patterns[i]);
        fputs(", NULL, 0},\n", out);
    }
    fputs("};\n\n", out);
}

void schemas_write(const struct schemas *schemas, FILE *out)
{
    fprintf(out, "static const struct contract_schema schemas[%d];\n", schemas->schema_count);
    put_patterns(schemas, out);
    fprintf(out, "static const struct contract_schema schemas[%d] = {\n", schemas->schema_count);
    for (int i = 0; i < schemas->schema_count; i++) {
        fprintf(out, "/* %d */ %s", i, schemas->initialisers[i]);
    }
    fputs("};\n\n", out);
}
