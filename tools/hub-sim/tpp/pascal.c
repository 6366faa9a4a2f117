#include "tpp/pascal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PATH_MAX_BYTES 160 /* the longest of the contract has some 60 */
#define NAME_MAX_BYTES 80

static const struct pascal_rule *rule_for(const struct pascal_rule *rules, const char *path)
{
    for (; rules->path; rules++) {
        if (strcmp(rules->path, path) == 0) {
            return rules;
        }
    }
    return NULL;
}

static cJSON *convert(const cJSON *value, const struct pascal_rule *rules, const char *path);

static cJSON *to_number(const cJSON *value)
{
    char *end = NULL;
    const char *text = cJSON_GetStringValue(value);
    double number = text ? strtod(text, &end) : 0;
    return text && *text != '\0' && *end == '\0' && isfinite(number) ? cJSON_CreateNumber(number)
                                                                     : NULL;
}

static cJSON *change(const cJSON *value, const struct pascal_rule *rule,
                     const struct pascal_rule *rules, const char *path)
{
    cJSON *wrapped;
    switch (rule ? rule->change : PASCAL_RENAME) {
    case PASCAL_DROP:
        return NULL;
    case PASCAL_KEEP:
        return cJSON_Duplicate(value, true);
    case PASCAL_NUMBER:
        return to_number(value);
    case PASCAL_FIRST:
        return cJSON_IsArray(value) ? cJSON_Duplicate(cJSON_GetArrayItem(value, 0), true)
                                    : convert(value, rules, path);
    case PASCAL_WRAP:
        wrapped = cJSON_CreateObject();
        cJSON_AddItemToObject(wrapped, rule->to, convert(value, rules, path));
        return wrapped;
    case PASCAL_RENAME:
        break;
    }
    return convert(value, rules, path);
}

/* The same name with a capital. */
static void write_name(char out[NAME_MAX_BYTES], const char *name)
{
    (void)snprintf(out, NAME_MAX_BYTES, "%s", name);
    if (out[0] >= 'a' && out[0] <= 'z') {
        out[0] = (char)(out[0] - 'a' + 'A');
    }
}

static void add_member(cJSON *out, const cJSON *member, const struct pascal_rule *rules,
                       const char *prefix)
{
    char path[PATH_MAX_BYTES], name[NAME_MAX_BYTES];
    (void)snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", member->string);
    const struct pascal_rule *rule = rule_for(rules, path);
    bool renamed = rule && rule->to && rule->change != PASCAL_WRAP;
    if (cJSON_IsString(member) && member->valuestring[0] == '\0') {
        return;
    }
    cJSON *value = change(member, rule, rules, path);
    if (value) {
        write_name(name, renamed ? rule->to : member->string);
        cJSON_AddItemToObject(out, name, value);
    }
}

static cJSON *convert(const cJSON *value, const struct pascal_rule *rules, const char *path)
{
    const cJSON *item;
    if (!cJSON_IsArray(value) && !cJSON_IsObject(value)) {
        return cJSON_Duplicate(value, false);
    }
    cJSON *out = cJSON_IsArray(value) ? cJSON_CreateArray() : cJSON_CreateObject();
    cJSON_ArrayForEach(item, value)
    {
        if (cJSON_IsArray(value)) {
            cJSON_AddItemToArray(out, convert(item, rules, path));
        } else {
            add_member(out, item, rules, path);
        }
    }
    return out;
}

cJSON *pascal_convert(const cJSON *record, const struct pascal_rule *rules)
{
    return convert(record, rules, "");
}
