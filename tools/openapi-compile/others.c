#include "others.h"

#include "overlay.h"

#include <string.h>

static void note(struct model *model, struct node properties, struct other_member member)
{
    if (!node_is_map(properties) || node_get(properties, member.name).raw) {
        return;
    }
    model->others = source_grow(model->source, model->others, model->other_count,
                                &model->other_room, sizeof(*model->others));
    model->others[model->other_count++] = (struct other){properties.raw, member};
}

/* What the added member was before; NULL: nothing. */
static const char *older_name(struct node moved, const char *name)
{
    struct node older = moved.raw ? node_get(moved, name) : moved;
    return older.raw ? node_string(older) : NULL;
}

static bool is_of_properties(const char *in)
{
    static const char end[] = "/properties";
    size_t len = strlen(in);
    return len >= sizeof(end) && strcmp(in + len - (sizeof(end) - 1), end) == 0;
}

/* What an edit of version `k` adds is missing before, what it removes from there on. */
static void find_in_edit(struct set *set, size_t k, struct node edit)
{
    struct node in = node_need(edit, "in");
    struct node more = node_get(edit, "add"), less = node_get(edit, "remove"),
                moved = node_get(edit, "moved");
    const char *place = node_string(in), *name;
    if (!is_of_properties(place)) {
        return;
    }
    for (size_t v = 0; v < set->version_count; v++) {
        struct set_version *version = &set->versions[v];
        struct node from = source_open(&version->source, edit.file->path, (struct node){0});
        struct node properties = source_find(&version->source, from, place);
        for (size_t i = 0; v < k && more.raw && i < node_count(more); i++) {
            (void)node_member(more, i, &name);
            note(&version->model, properties, (struct other_member){name, older_name(moved, name)});
        }
        for (size_t i = 0; v >= k && less.raw && i < node_count(less); i++) {
            note(&version->model, properties,
                 (struct other_member){node_string(node_item(less, i)), NULL});
        }
    }
}

void others_find(struct set *set, const char *const *overlays, size_t count)
{
    for (size_t k = 1; k <= count; k++) {
        struct source *source = &set->versions[k].source;
        struct node edits, root = source_open(source, overlays[k - 1], (struct node){0});
        for (size_t part = 0; (edits = overlay_edits(source, root, part)).raw; part++) {
            for (size_t i = 0; i < node_count(edits); i++) {
                find_in_edit(set, k, node_item(edits, i));
            }
        }
    }
}

static bool has_others(const struct schema *schema)
{
    return schema->other_count > 0;
}

static bool is_tolerant(const struct schema *schema)
{
    return schema->tolerant;
}

static bool any_in(struct schema *schema, bool (*test)(const struct schema *));

static bool any_in_list(struct schema_list list, bool (*test)(const struct schema *))
{
    bool found = false;
    for (size_t i = 0; i < list.count && !found; i++) {
        found = any_in(list.items[i], test);
    }
    return found;
}

static bool any_in(struct schema *schema, bool (*test)(const struct schema *))
{
    if (!schema || schema->busy) { /* one that contains itself is being searched already */
        return false;
    }
    schema->busy = true;
    bool found = test(schema) || any_in(schema->items, test) || any_in(schema->additional, test) ||
                 any_in_list(schema->all_of, test) || any_in_list(schema->any_of, test) ||
                 any_in_list(schema->one_of, test);
    for (size_t i = 0; i < schema->member_count && !found; i++) {
        found = any_in(schema->members[i].schema, test);
    }
    schema->busy = false;
    return found;
}

bool others_are_in(struct schema *schema)
{
    return any_in(schema, has_others);
}

bool others_tolerant_in(struct schema *schema)
{
    return any_in(schema, is_tolerant);
}

static bool has_later(const struct schema *schema)
{
    return schema->later;
}

bool others_later_in(struct schema *schema)
{
    return any_in(schema, has_later);
}

static void find_later(struct source *pool, struct schema **at, struct schema *later);

static void find_later_in_list(struct source *pool, struct schema_list list,
                               struct schema_list later)
{
    for (size_t i = 0; i < list.count && i < later.count; i++) {
        find_later(pool, &list.items[i], later.items[i]);
    }
}

static void find_later_in_members(struct source *pool, struct schema *schema,
                                  const struct schema *later)
{
    for (size_t i = 0; i < schema->member_count; i++) {
        struct member *member = &schema->members[i];
        for (size_t k = 0; k < later->member_count; k++) {
            if (strcmp(later->members[k].name, member->name) == 0) {
                find_later(pool, &member->schema, later->members[k].schema);
            }
        }
    }
}

/* The same place in this version and in the last. Other places may share the schema of a text. */
static void find_later(struct source *pool, struct schema **at, struct schema *later)
{
    struct schema *schema = *at;
    if (!schema || !later || schema->busy || schema->later) {
        return;
    }
    if (later->tolerant && !schema->tolerant) {
        *at = source_alloc(pool, sizeof(**at));
        **at = *schema;
        (*at)->later = later;
        return;
    }
    schema->busy = true;
    find_later(pool, &schema->items, later->items);
    find_later(pool, &schema->additional, later->additional);
    find_later_in_members(pool, schema, later);
    find_later_in_list(pool, schema->all_of, later->all_of);
    find_later_in_list(pool, schema->any_of, later->any_of);
    find_later_in_list(pool, schema->one_of, later->one_of);
    schema->busy = false;
}

static void find_later_in_operation(struct source *pool, const struct operation *operation,
                                    const struct operation *later)
{
    for (size_t i = 0; i < operation->response_count; i++) {
        struct response *response = &operation->responses[i];
        for (size_t k = 0; k < later->response_count; k++) {
            struct response *last = &later->responses[k];
            if (last->status == response->status && others_tolerant_in(last->body.schema)) {
                find_later(pool, &response->body.schema, last->body.schema);
            }
        }
    }
}

void others_find_later(struct set *set)
{
    size_t last = set->version_count - 1;
    for (size_t i = 0; i < set->slot_count; i++) {
        const struct operation *const *in = set->slots[i].in;
        for (size_t v = 0; v < last && in[last]; v++) {
            if (in[v]) {
                find_later_in_operation(&set->versions[v].source, in[v], in[last]);
            }
        }
    }
}
