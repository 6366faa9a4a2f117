#include "others.h"

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
static void find_in_edit(struct set *set, size_t k, struct node edit, const char *overlay)
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
        struct node from = source_open(&version->source, overlay, (struct node){0});
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
        struct node root = source_open(source, overlays[k - 1], (struct node){0});
        struct node edits = node_need(root, "edits");
        for (size_t i = 0; i < node_count(edits); i++) {
            find_in_edit(set, k, node_item(edits, i), overlays[k - 1]);
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
