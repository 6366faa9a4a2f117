/*
 * The JSON check: one pass over the bytes, schema and text side by side. A value under oneOf, anyOf
 * or allOf is read by each branch. Valid input allocates nothing. On failure each caller
 * prepends its path segment, so that the path grows from the inside out.
 */
#include "contract/checker.h"
#include "contract/misfit.h"

#include <stdio.h>
#include <stdlib.h>

const struct contract_schema contract_anything = {.kinds = CONTRACT_ANY};
static const struct contract_object_rules open_object = {.max_members = UINT32_MAX};

/* --- what is wrong ---------------------------------------------------------------------------- */

const char *contract_fail(struct checker *c, const char *at, const char *rule, const char *message)
{
    if (at > c->far) {
        c->far = at;
    }
    if (c->quiet == 0) {
        c->violation->rule = rule;
        c->violation->offset = (size_t)(at - c->start);
        snprintf(c->violation->message, sizeof(c->violation->message), "%s", message);
    }
    return NULL;
}

__attribute__((cold)) static const char *fail_json(struct checker *c, const char *at,
                                                   const char *message)
{
    return contract_fail(c, at, "json", at >= c->end ? "ends too early" : message);
}

/* A string that is broken at this byte. */
__attribute__((cold)) static const char *fail_string(struct checker *c, const char *at)
{
    const char *message = "has an invalid escape";
    if (at < c->end && *at != '\\') {
        message = (unsigned char)*at < 0x20 ? "has a control character, which must be escaped"
                                            : "is not UTF-8";
    } else if (c->end - at >= 6 && memcmp(at, "\\u0000", 6) == 0) {
        message = "must not contain U+0000";
    }
    return fail_json(c, at, message);
}

static const char *fail_type(struct checker *c, const struct contract_schema *schema,
                             const char *at)
{
    char message[100] = "";
    if (c->quiet == 0) {
        contract_describe_kinds(schema->kinds, message, sizeof(message));
    }
    return contract_fail(c, at, "type", message);
}

/* Puts ".name" or "[i]" before the place so far; of a long one the inner end is kept. */
static void push_where(struct checker *c, const char *text, size_t len)
{
    if (c->quiet > 0) {
        return;
    }
    size_t room = len < c->where_at ? len : c->where_at;
    c->where_at -= room;
    memcpy(c->where + c->where_at, text + len - room, room);
}

/* Names with more digits are likely personal data and are masked; no member of a document has more.
 */
#define NAME_DIGITS 4

static size_t count_digits(struct lfi_slice name)
{
    size_t digits = 0;
    for (size_t i = 0; i < name.len; i++) {
        digits += name.ptr[i] >= '0' && name.ptr[i] <= '9';
    }
    return digits;
}

/* Names of members that the contract does not know are shown only as far as they are harmless. */
void contract_push_name(struct checker *c, struct lfi_slice name)
{
    char text[48];
    size_t used = 0;
    bool number = count_digits(name) > NAME_DIGITS;
    text[used++] = '.';
    for (size_t i = 0; i < name.len && used < sizeof(text); i++) {
        char ch = name.ptr[i];
        bool harmless = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                        (ch >= '0' && ch <= '9' && !number) || ch == '-' || ch == '_' || ch == '.';
        text[used++] = harmless ? ch : '?';
    }
    push_where(c, text, used);
}

static void push_index(struct checker *c, size_t index)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "[%zu]", index);
    push_where(c, text, (size_t)len);
}

/* --- doubles ---------------------------------------------------------------------------------- */

/* Adds a hash to those since `from`; -1 when it is there already, -2 when there are too many. */
static int add_hash(struct checker *c, size_t from, uint64_t hash)
{
    for (size_t i = from; i < c->hash_count; i++) {
        if (c->hashes[i] == hash) {
            return -1;
        }
    }
    if (c->hash_count == LIMIT_JSON_NAMES) {
        return -2;
    }
    c->hashes[c->hash_count++] = hash;
    return 0;
}

/* --- texts and numbers ------------------------------------------------------------------------ */

static const char *broken_escaped(struct checker *c, const struct contract_text_rules *rules,
                                  const struct contract_string *string)
{
    char small[512], *value = small;
    if (string->raw.len > sizeof(small)) {
        value = malloc(string->raw.len);
    }
    if (!value) {
        return "json";
    }
    size_t len = contract_unescape(string->raw, value);
    const char *rule = contract_broken_text_rule(rules, (struct lfi_slice){value, len},
                                                 string->points, &c->scratch);
    if (value != small) {
        free(value);
    }
    return rule;
}

static const char *broken_rule(struct checker *c, const struct contract_text_rules *rules,
                               const struct contract_string *string)
{
    return string->escaped
               ? broken_escaped(c, rules, string)
               : contract_broken_text_rule(rules, string->raw, string->points, &c->scratch);
}

static const char *check_string(struct checker *c, const struct contract_schema *schema,
                                const char *p)
{
    struct contract_string string;
    const char *at;
    const char *after = contract_scan_string(p, c->end, &string, &at);
    if (!after) {
        return fail_string(c, at);
    }
    if (!(schema->kinds & CONTRACT_STRING)) {
        return fail_type(c, schema, p);
    }
    if (!schema->text) {
        return after;
    }
    const char *rule = broken_rule(c, schema->text, &string);
    if (c->texts && schema->text->later) {
        const char *later = broken_rule(c, schema->text->later, &string);
        if (later) {
            contract_foresee_misfit(c, later, p);
        }
    }
    if (!rule || (c->texts && contract_admit_misfit(c, schema->text, rule, p, after))) {
        return after;
    }
    char message[160] = "";
    if (c->quiet == 0) {
        contract_describe_text_rule(schema->text, rule, message, sizeof(message));
    }
    return contract_fail(c, p, rule, message);
}

static const char *check_number(struct checker *c, const struct contract_schema *schema,
                                const char *p)
{
    bool integer;
    const char *after = contract_scan_number(p, c->end, &integer);
    if (!after) {
        return fail_json(c, p, "is not a JSON value");
    }
    if (!(schema->kinds & (integer ? CONTRACT_INTEGER : CONTRACT_NUMBER))) {
        return fail_type(c, schema, p);
    }
    const char *rule = NULL;
    if (schema->number) {
        rule =
            contract_broken_number_rule(schema->number, (struct lfi_slice){p, (size_t)(after - p)});
    }
    if (!rule) {
        return after;
    }
    char message[100] = "";
    contract_describe_number_rule(schema->number, rule, message, sizeof(message));
    return contract_fail(c, p, rule, message);
}

static const char *check_word(struct checker *c, const struct contract_schema *schema,
                              const char *p, const char *word, unsigned kind)
{
    size_t len = strlen(word);
    if ((size_t)(c->end - p) < len || memcmp(p, word, len) != 0) {
        return fail_json(c, p, "is not a JSON value");
    }
    return schema->kinds & kind ? p + len : fail_type(c, schema, p);
}

/* --- lists and objects ------------------------------------------------------------------------ */

/* After a value inside a list or object: the place after the comma, or at the closing bracket. */
static const char *next_part(struct checker *c, const char *p, char closing)
{
    p = text_skip_space(p, c->end);
    if (p < c->end && *p == closing) {
        return p;
    }
    if (p == c->end || *p != ',') {
        return fail_json(c, p,
                         closing == '}' ? "must go on with a comma or a closing brace"
                                        : "must go on with a comma or a closing bracket");
    }
    p = text_skip_space(p + 1, c->end);
    if (p < c->end && *p == closing) {
        return fail_json(c, p, "has a comma without a value after it");
    }
    return p;
}

static const char *fail_count(struct checker *c, const char *at, const char *rule, const char *text,
                              uint32_t limit)
{
    char message[100];
    snprintf(message, sizeof(message), text, (unsigned)limit);
    return contract_fail(c, at, rule, message);
}

static const char *check_items(struct checker *c, const struct contract_array_rules *rules,
                               const char *p)
{
    const struct contract_schema *items = rules && rules->items ? rules->items : &contract_anything;
    const char *open = p;
    size_t count = 0, hashes = c->hash_count;
    p = text_skip_space(p + 1, c->end);
    while (p < c->end && *p != ']') {
        const char *item = p;
        p = contract_check_value(c, items, p);
        if (p && rules && rules->unique) {
            uint64_t hash = contract_hash_value((struct lfi_slice){item, (size_t)(p - item)});
            int added = add_hash(c, hashes, hash);
            if (added < 0) {
                p = contract_fail(c, item, "uniqueItems",
                                  added == -1 ? "is duplicated" : "is one item too many");
            }
        }
        if (!p) {
            push_index(c, count);
            return NULL;
        }
        count++;
        p = next_part(c, p, ']');
        if (!p) {
            return NULL;
        }
    }
    c->hash_count = hashes;
    if (p == c->end) {
        return fail_json(c, p, "");
    }
    if (rules && count < rules->min_items) {
        return fail_count(c, open, "minItems", "must have at least %u items", rules->min_items);
    }
    if (rules && count > rules->max_items) {
        return fail_count(c, open, "maxItems", "must have at most %u items", rules->max_items);
    }
    return p + 1;
}

/*
 * The member whose name begins at p, behind the quote; member_count when it is none that is known.
 * Members mostly come in the order of the contract: looks from where the last one was. Names of the
 * contract are plain, so one that is there to its closing quote need not be scanned.
 */
static unsigned find_member(const struct contract_object_rules *rules, const char *p,
                            const char *end, unsigned from)
{
    unsigned count = rules->member_count;
    for (unsigned n = 0, i = from; n < count; n++, i++) {
        if (i >= count) {
            i = 0;
        }
        const struct contract_text *known = &rules->members[i].name;
        if (known->len < (size_t)(end - p) && p[known->len] == '"' &&
            memcmp(known->ptr, p, known->len) == 0) {
            return i;
        }
    }
    return count;
}

static unsigned find_escaped(const struct contract_object_rules *rules,
                             const struct contract_string *name)
{
    char value[6 * CONTRACT_NAME_BYTES + 1];
    if (name->raw.len >= sizeof(value)) {
        return rules->member_count;
    }
    size_t len = contract_unescape(name->raw, value);
    value[len] = '"';
    return memchr(value, '"', len) ? rules->member_count
                                   : find_member(rules, value, value + len + 1, 0);
}

/* The value at p, up to `end`, of a member of a record: false when it is another than asked for. */
__attribute__((noinline)) static bool
is_wanted(struct checker *c, const struct contract_string *name, const char *p, const char *end)
{
    const struct contract_records *records = c->records;
    if (c->depth != records->depth || !slice_equal_text(name->raw, records->member)) {
        return true;
    }
    c->unidentified = false;
    uint64_t at = records->one_each ? c->record_count - 1 : 0;
    struct lfi_slice wanted =
        at < records->count || !records->one_each ? records->values[at] : (struct lfi_slice){0};
    char value[512];
    size_t len = (size_t)(end - p);
    if (len < 2 || len > sizeof(value) || *p != '"') {
        return false;
    }
    struct lfi_slice raw = {p + 1, len - 2};
    if (!memchr(raw.ptr, '\\', raw.len)) {
        return slice_equal(raw, wanted);
    }
    len = contract_unescape(raw, value);
    return slice_equal((struct lfi_slice){value, len}, wanted);
}

/* What a name that the rules do not have is in another version; NULL: nothing. */
static const struct contract_other *find_other(const struct checker *c,
                                               const struct contract_object_rules *rules,
                                               const struct contract_string *name)
{
    size_t i = 0, count = c->cuts ? rules->other_count : 0;
    while (i < count && contract_compare_text(&rules->others[i].name, name->raw) != 0) {
        i++;
    }
    return i < count ? &rules->others[i] : NULL;
}

struct members {
    const struct contract_object_rules *rules;
    struct lfi_slice moved; /* the name of the one that has moved; absent: there is none */
    const char *moved_end;  /* behind its value */
    unsigned moved_to;
    uint64_t seen;
    unsigned next;
    uint32_t count;
    size_t hashes;
};

/* The schema of member i, whose name was read; NULL with a violation when it may not be there. */
static const struct contract_schema *admit_member(struct checker *c, struct members *members,
                                                  unsigned i, const struct contract_string *name,
                                                  const struct contract_other *other)
{
    const struct contract_object_rules *rules = members->rules;
    const char *at = name->raw.ptr - 1;
    members->count++;
    if (i < rules->member_count) {
        uint64_t bit = UINT64_C(1) << i;
        if (members->seen & bit) {
            contract_fail(c, at, "json", "is duplicated");
            return NULL;
        }
        members->seen |= bit;
        members->next = i + 1;
        return rules->members[i].schema ? rules->members[i].schema : &contract_anything;
    }
    if (rules->closed && !other) {
        contract_fail(c, at, "additionalProperties", "is not allowed here");
        c->violation->closed = c->quiet == 0 ? rules : c->violation->closed;
        return NULL;
    }
    int added = add_hash(c, members->hashes, contract_hash_string(name));
    if (added < 0) {
        contract_fail(c, at, "json", added == -1 ? "is duplicated" : "is one member too many");
        return NULL;
    }
    const struct contract_schema *schema = rules->additional;
    if (other) {
        members->count--;
        schema = other->moved >= 0 ? rules->members[other->moved].schema : NULL;
    }
    return schema ? schema : &contract_anything;
}

static void cut_member(struct checker *c, struct lfi_slice name, const char *end)
{
    contract_note_cut(c->cuts, (struct contract_range){(size_t)(name.ptr - 1 - c->start),
                                                       (size_t)(end - c->start), NULL});
}

/* A member of another version was read. One that has moved waits until all members are known. */
__attribute__((noinline)) static void note_other(struct checker *c, struct members *members,
                                                 const struct contract_other *other,
                                                 struct lfi_slice name, const char *end)
{
    if (other->moved < 0) {
        cut_member(c, name, end);
        return;
    }
    members->moved = name;
    members->moved_end = end;
    members->moved_to = (unsigned)other->moved;
}

/* The object is read: what has moved takes its place, unless that is taken. */
__attribute__((noinline)) static void settle_moved(struct checker *c, struct members *members)
{
    uint64_t bit = UINT64_C(1) << members->moved_to;
    if (members->seen & bit) {
        cut_member(c, members->moved, members->moved_end);
        return;
    }
    members->seen |= bit;
    members->count++;
    size_t from = (size_t)(members->moved.ptr - c->start);
    const struct contract_text *name = &members->rules->members[members->moved_to].name;
    contract_note_cut(c->cuts, (struct contract_range){from, from + members->moved.len, name});
}

static const char *check_member(struct checker *c, struct members *members, const char *p)
{
    const struct contract_object_rules *rules = members->rules;
    const struct contract_other *other = NULL;
    struct contract_string name = {.raw.ptr = p + 1};
    const char *at;
    if (*p != '"') {
        return fail_json(c, p, "must have member names in double quotes");
    }
    unsigned i = find_member(rules, p + 1, c->end, members->next);
    if (i < rules->member_count) {
        name.raw.len = rules->members[i].name.len;
        p += name.raw.len + 2;
    } else {
        p = contract_scan_string(p, c->end, &name, &at);
        if (!p) {
            return fail_string(c, at);
        }
        if (name.escaped) {
            i = find_escaped(rules, &name);
        }
        other = i == rules->member_count ? find_other(c, rules, &name) : NULL;
    }
    const struct contract_schema *schema = admit_member(c, members, i, &name, other);
    p = text_skip_space(p, c->end);
    if (schema && (p == c->end || *p != ':')) {
        return fail_json(c, p, "must have a colon after each member name");
    }
    const char *value = schema ? text_skip_space(p + 1, c->end) : NULL;
    p = value ? contract_check_value(c, schema, value) : NULL;
    if (p && c->unidentified && !is_wanted(c, &name, value, p)) {
        p = contract_fail(c, value, "record", "is not the one that was asked for");
    }
    if (!p) {
        contract_push_name(c, name.raw);
    } else if (other) {
        note_other(c, members, other, name.raw, p);
    } else if (c->texts && i < rules->member_count && rules->required >> i & 1) {
        contract_require_misfit(c, value);
    }
    return p;
}

static const char *fail_required(struct checker *c, const struct members *members, const char *open,
                                 const char *close)
{
    const struct contract_object_rules *rules = members->rules;
    uint64_t missing = rules->required & ~members->seen;
    const struct contract_text *name = &rules->members[__builtin_ctzll(missing)].name;
    contract_fail(c, close, "required", "is missing");
    contract_push_name(c, (struct lfi_slice){name->ptr, name->len});
    if (c->quiet == 0) {
        c->violation->offset = (size_t)(open - c->start);
    }
    return NULL;
}

static const char *check_members(struct checker *c, const struct contract_object_rules *rules,
                                 const char *p)
{
    struct members members = {.rules = rules, .hashes = c->hash_count};
    const char *open = p;
    p = text_skip_space(p + 1, c->end);
    while (p < c->end && *p != '}') {
        p = check_member(c, &members, p);
        p = p ? next_part(c, p, '}') : NULL;
        if (!p) {
            return NULL;
        }
    }
    c->hash_count = members.hashes;
    if (p == c->end) {
        return fail_json(c, p, "");
    }
    if (members.moved.ptr) {
        settle_moved(c, &members);
    }
    if (rules->required & ~members.seen) {
        return fail_required(c, &members, open, p);
    }
    if (members.count < rules->min_members) {
        return fail_count(c, open, "minProperties", "must have at least %u members",
                          rules->min_members);
    }
    if (members.count > rules->max_members) {
        return fail_count(c, open, "maxProperties", "must have at most %u members",
                          rules->max_members);
    }
    return p + 1;
}

static const char *check_structure(struct checker *c, const struct contract_schema *schema,
                                   const char *p)
{
    if (!(schema->kinds & (*p == '{' ? CONTRACT_OBJECT : CONTRACT_ARRAY))) {
        return fail_type(c, schema, p);
    }
    if (++c->depth > LIMIT_JSON_DEPTH) {
        return contract_fail(c, p, "json", "is nested too deeply");
    }
    if (c->records && c->depth == c->records->depth && *p == '{' && p > c->record_at) {
        c->record_at = p;
        c->record_count++;
        c->unidentified = c->records->member;
    }
    p = *p == '{' ? check_members(c, schema->object ? schema->object : &open_object, p)
                  : check_items(c, schema->array, p);
    c->depth--;
    return p;
}

const char *contract_check_value(struct checker *c, const struct contract_schema *schema,
                                 const char *p)
{
    const char *after;
    if (p == c->end) {
        return fail_json(c, p, "");
    }
    if (schema->combination_count > 0 && contract_is_combined(schema, p)) {
        after = contract_try_combined(c, schema, p);
        if (after || c->quiet > 0) {
            return after;
        }
        /* What is no JSON is told first, by the path below. */
    }
    switch (*p) {
    case '"':
        after = check_string(c, schema, p);
        break;
    case '{':
    case '[':
        after = check_structure(c, schema, p);
        break;
    case 't':
        after = check_word(c, schema, p, "true", CONTRACT_BOOLEAN);
        break;
    case 'f':
        after = check_word(c, schema, p, "false", CONTRACT_BOOLEAN);
        break;
    case 'n':
        after = check_word(c, schema, p, "null", CONTRACT_NULL);
        break;
    default:
        after = check_number(c, schema, p);
    }
    for (size_t i = 0; after && i < schema->combination_count; i++) {
        if (!contract_check_combination(c, &schema->combinations[i], p)) {
            return NULL;
        }
    }
    return after;
}

/* --- entry ------------------------------------------------------------------------------------ */

int contract_check_json(const struct contract_schema *schema, struct lfi_slice json,
                        struct contract_violation *violation)
{
    return contract_check_tree(schema, NULL, json, NULL, violation);
}

int contract_check_tree(const struct contract_schema *schema,
                        const struct contract_records *records, struct lfi_slice json,
                        struct contract_cuts *cuts, struct contract_violation *violation)
{
    struct checker c; /* not initialised whole: the hashes are many */
    c.start = c.far = json.ptr ? json.ptr : "";
    c.end = c.start + json.len;
    c.depth = c.quiet = 0;
    c.violation = violation;
    c.where_at = sizeof(c.where);
    c.scratch.match = NULL;
    c.hash_count = 0;
    c.records = records;
    c.record_count = 0;
    c.record_at = NULL;
    c.unidentified = false;
    c.cuts = cuts;
    c.texts = cuts && (cuts->misfits || cuts->later);

    const char *p = contract_check_value(&c, schema ? schema : &contract_anything,
                                         text_skip_space(c.start, c.end));
    contract_scratch_end(&c.scratch);
    if (p) {
        p = text_skip_space(p, c.end);
        if (p < c.end) {
            contract_fail(&c, p, "json", "has trailing data");
        } else if (records && c.record_count != records->count) {
            contract_fail(&c, c.start, "record", "has more or fewer records than were given");
        } else {
            return 0;
        }
    }
    size_t room = sizeof(violation->where) - 2, len = sizeof(c.where) - c.where_at;
    len = len < room ? len : room;
    violation->where[0] = '$';
    memcpy(violation->where + 1, c.where + sizeof(c.where) - len, len);
    violation->where[len + 1] = '\0';
    return -1;
}
