#include "overlay.h"

#include <string.h>

/* A node of the edited file by its number: adding nodes moves them in memory. */
struct place {
    struct source_file *file;
    int number;
};

static struct node at(struct place place)
{
    return (struct node){place.file, yaml_document_get_node(&place.file->document, place.number)};
}

/* --- values ----------------------------------------------------------------------------------- */

static bool same(struct node a, struct node b);

static bool same_members(struct node a, struct node b)
{
    if (node_count(a) != node_count(b)) {
        return false;
    }
    for (size_t i = 0; i < node_count(a); i++) {
        const char *name;
        struct node value = node_member(a, i, &name), other = node_get(b, name);
        if (!other.raw || !same(value, other)) {
            return false;
        }
    }
    return true;
}

static bool same_items(struct node a, struct node b)
{
    if (node_count(a) != node_count(b)) {
        return false;
    }
    for (size_t i = 0; i < node_count(a); i++) {
        if (!same(node_item(a, i), node_item(b, i))) {
            return false;
        }
    }
    return true;
}

static bool same(struct node a, struct node b)
{
    if (a.raw->type != b.raw->type) {
        return false;
    }
    if (node_is_map(a)) {
        return same_members(a, b);
    }
    if (node_is_list(a)) {
        return same_items(a, b);
    }
    return node_scalar(a) == node_scalar(b) && strcmp(node_text(a), node_text(b)) == 0;
}

static size_t find_text(struct node list, const char *text)
{
    size_t i = 0;
    while (i < node_count(list) && strcmp(node_string(node_item(list, i)), text) != 0) {
        i++;
    }
    return i;
}

static size_t find_name(struct node map, const char *wanted)
{
    size_t i = 0;
    for (const char *name; i < node_count(map); i++) {
        (void)node_member(map, i, &name);
        if (strcmp(name, wanted) == 0) {
            break;
        }
    }
    return i;
}

/* --- the edits -------------------------------------------------------------------------------- */

static void set(struct place target, struct node value)
{
    if (same(at(target), value)) {
        node_fail(value, "set changes nothing");
    }
    int copy = source_graft(target.file, value);
    yaml_node_t *old = at(target).raw;
    yaml_node_t *new = yaml_document_get_node(&target.file->document, copy);
    yaml_node_t kept = *old; /* each is freed once, wherever it stands */
    *old = *new;
    *new = kept;
}

static void add(struct place target, struct node value)
{
    bool list = node_is_list(at(target));
    if (node_is_map(value) != node_is_map(at(target)) || node_is_list(value) != list) {
        node_fail(value, "add needs a mapping for a mapping, a list for a list");
    }
    if (node_count(value) == 0) {
        node_fail(value, "add changes nothing");
    }
    for (size_t i = 0; i < node_count(value); i++) {
        const char *name = NULL;
        struct node part = list ? node_item(value, i) : node_member(value, i, &name);
        if (!list && node_get(at(target), name).raw) {
            node_fail(part, "add: %s is there already", name);
        }
        int copy = source_graft(target.file, part);
        if (list) {
            source_append_item(target.file, target.number, copy);
        } else {
            source_append_member(target.file, target.number, name, copy);
        }
    }
}

static void remove_one(struct place target, struct node name)
{
    struct node from = at(target);
    const char *text = node_string(name);
    size_t i = node_is_list(from) ? find_text(from, text) : find_name(from, text);
    if (i == node_count(from)) {
        node_fail(name, "remove: there is no %s", text);
    }
    source_remove(from, i);
}

static void require(struct place target, struct node names)
{
    if (!node_is_map(at(target)) || !node_is_list(names) || node_count(names) == 0) {
        node_fail(names, "require is a list of names, for a schema");
    }
    struct node required = node_get(at(target), "required");
    if (!required.raw) {
        int copy = source_graft(target.file, names);
        source_append_member(target.file, target.number, "required", copy);
        return;
    }
    int number = (int)(required.raw - target.file->document.nodes.start) + 1;
    for (size_t i = 0; i < node_count(names); i++) {
        struct node name = node_item(names, i);
        struct place list = {target.file, number};
        if (find_text(at(list), node_string(name)) < node_count(at(list))) {
            node_fail(name, "require: %s is required already", node_string(name));
        }
        source_append_item(list.file, list.number, source_graft(list.file, name));
    }
}

/* Nothing changes in the schema: what it says is for answers of versions before (others.h). */
static void check_moved(struct place target, struct node moved, struct node more)
{
    if (!node_is_map(moved) || node_count(moved) == 0) {
        node_fail(moved, "moved is a mapping of names to older names");
    }
    for (size_t i = 0; i < node_count(moved); i++) {
        const char *name;
        struct node older = node_member(moved, i, &name);
        if (!node_is_map(more) || !node_get(more, name).raw) {
            node_fail(older, "moved: %s is not added here", name);
        }
        if (!node_get(at(target), node_string(older)).raw ||
            node_get(more, node_string(older)).raw) {
            node_fail(older, "moved: there was no %s", node_string(older));
        }
    }
}

static void apply_edit(struct source *source, struct node edit)
{
    static const char *const known[] = {"in",      "set",   "add", "remove",
                                        "require", "moved", "why", NULL};
    node_only(edit, "an edit", known);
    (void)node_string(node_need(edit, "why"));
    struct node in = node_need(edit, "in");
    struct node found = source_find(source, in, node_string(in));
    if (!found.raw) {
        node_fail(in, "%s: there is nothing to edit", node_string(in));
    }
    if (found.file == edit.file) {
        node_fail(in, "an overlay does not edit itself");
    }
    const struct place target = {found.file,
                                 (int)(found.raw - found.file->document.nodes.start) + 1};
    struct node value = node_get(edit, "set"), more = node_get(edit, "add"),
                less = node_get(edit, "remove"), names = node_get(edit, "require"),
                moved = node_get(edit, "moved");
    if (!value.raw && !more.raw && !less.raw && !names.raw) {
        node_fail(edit, "an edit needs set, add, remove or require");
    }
    if (value.raw) {
        set(target, value);
    }
    if (more.raw) {
        add(target, more);
    }
    if (moved.raw) {
        check_moved(target, moved, more);
    }
    for (size_t i = 0; less.raw && i < node_count(less); i++) {
        remove_one(target, node_item(less, i));
    }
    if (names.raw) {
        require(target, names);
    }
}

/* The overlay of the same version that is applied before. */
static struct overlay_head apply_before(struct source *source, struct node after,
                                        const struct overlay_head *head)
{
    struct node file =
        source_resolve(source, after, source_format(source, "%s#/", node_string(after)));
    if (file.file == after.file) {
        node_fail(after, "an overlay is not applied before itself");
    }
    struct overlay_head before = overlay_apply(source, file.file->path);
    if (strcmp(before.version, head->version) != 0 || strcmp(before.over, head->over) != 0) {
        node_fail(after, "%s: %s over %s is another version", node_string(after), before.version,
                  before.over);
    }
    return before;
}

struct node overlay_edits(struct source *source, struct node overlay, size_t part)
{
    static const char *const known[] = {"edits", NULL};
    struct node root = overlay, parts = node_get(overlay, "parts");
    if (part > 0) {
        if (!parts.raw || part > node_count(parts)) {
            return (struct node){0};
        }
        struct node name = node_item(parts, part - 1);
        root = source_resolve(source, name, source_format(source, "%s#/", node_string(name)));
        node_only(root, "a part of an overlay", known);
    }
    struct node edits = node_need(root, "edits");
    if (!node_is_list(edits) || node_count(edits) == 0) {
        node_fail(edits, "edits must be a list with at least one");
    }
    return edits;
}

struct overlay_head overlay_apply(struct source *source, const char *path)
{
    static const char *const known[] = {"version", "over",  "draft",   "after",
                                        "parts",   "edits", "formats", NULL};
    static const char *const formats[] = {"date", "date-time", "email", "uri", "uuid", NULL};
    struct node root = source_open(source, path, (struct node){0});
    node_only(root, "an overlay", known);
    struct overlay_head head = {.at = root,
                                .version = node_string(node_need(root, "version")),
                                .over = node_string(node_need(root, "over")),
                                .draft = node_bool(node_get(root, "draft"), false),
                                .formats = node_get(root, "formats")};
    if (head.formats.raw) {
        node_only(head.formats, "formats", formats);
    }
    struct node edits, after = node_get(root, "after");
    if (after.raw) {
        struct overlay_head before = apply_before(source, after, &head);
        head.formats = head.formats.raw ? head.formats : before.formats;
    }
    for (size_t part = 0; (edits = overlay_edits(source, root, part)).raw; part++) {
        for (size_t i = 0; i < node_count(edits); i++) {
            apply_edit(source, node_item(edits, i));
        }
    }
    return head;
}
