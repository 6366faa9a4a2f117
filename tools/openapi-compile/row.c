/* x-lfi: the meaning of an operation in one line of its document. */
#include "model.h"

#include <string.h>

/* One of the words, or the first when absent. */
static const char *read_word(struct node row, const char *name, const char *const *words)
{
    struct node node = node_get(row, name);
    if (!node.raw) {
        return words[0];
    }
    const char *text = node_string(node);
    for (size_t i = 0; words[i]; i++) {
        if (strcmp(text, words[i]) == 0) {
            return words[i];
        }
    }
    node_fail(node, "x-lfi: %s %s is not understood", name, text);
}

static void check_identifier(struct node node, const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (len == 0 || text[len] || strchr("0123456789_", text[0])) {
        node_fail(node, "x-lfi: %s is not a name in snake_case", text);
    }
}

/* The name of a C function. */
static const char *read_function(struct node row, const char *name)
{
    struct node node = node_get(row, name);
    if (!node.raw) {
        return NULL;
    }
    check_identifier(node, node_string(node));
    return node_string(node);
}

/* FAMILY.FUNCTION of the core's interface; stays NULL when absent. */
static void read_capability(struct model *model, struct node row, const char *name,
                            struct capability *out)
{
    struct node node = node_get(row, name);
    if (!node.raw) {
        return;
    }
    const char *text = node_string(node);
    const char *dot = strchr(text, '.');
    if (!dot) {
        node_fail(node, "x-lfi: %s must be FAMILY.FUNCTION", name);
    }
    out->family = source_format(model->source, "%.*s", (int)(dot - text), text);
    out->function = dot + 1;
    check_identifier(node, out->family);
    check_identifier(node, out->function);
}

/* A list of texts; NULL and 0 when absent. */
static const char **read_list(struct model *model, struct node row, const char *name,
                              const char *what, size_t *count)
{
    struct node node = node_get(row, name);
    *count = 0;
    if (!node.raw) {
        return NULL;
    }
    if (!node_is_list(node) || node_count(node) == 0) {
        node_fail(node, "x-lfi: %s must be a list of %s", name, what);
    }
    *count = node_count(node);
    const char **texts = source_array(model->source, *count, sizeof(char *));
    for (size_t i = 0; i < *count; i++) {
        texts[i] = node_string(node_item(node, i));
    }
    return texts;
}

/* Which of the things that a family serves alike: LFI_WORD of the core's interface. */
static const char *read_select(const struct row *row, struct node node)
{
    if (!node.raw) {
        return NULL;
    }
    check_identifier(node, node_string(node));
    if (!row->serves.family) {
        node_fail(node, "x-lfi: select needs serves");
    }
    return node_string(node);
}

static void read_stages(struct model *model, struct row *out, struct node row)
{
    out->stages = read_list(model, row, "stages", "stages of a session", &out->stage_count);
    for (size_t i = 0; i < out->stage_count; i++) {
        check_identifier(node_item(node_get(row, "stages"), i), out->stages[i]);
    }
}

/* What cannot be carried out. */
static void check_row(const struct row *row)
{
    bool plain = strcmp(row->reply, "other") != 0;
    if (row->later) {
        return;
    }
    if (row->also.family && !row->serves.family) {
        node_fail(row->at, "x-lfi: also needs serves");
    }
    if (!row->handler && (!row->serves.family || !plain)) {
        node_fail(row->at, "x-lfi: without a handler, serves and reply are needed");
    }
    if (row->handler && (plain || row->query || row->shape || row->record)) {
        node_fail(row->at, "x-lfi: a handler does all by hand: no reply, record, query or shape");
    }
    if (row->stream && !row->handler) {
        node_fail(row->at, "x-lfi: a stream needs a handler, which reads it");
    }
    if (row->record && strcmp(row->subject, "account") != 0) {
        node_fail(row->at, "x-lfi: record needs the subject account");
    }
    if ((row->record || row->shape) && strcmp(row->reply, "one") == 0) {
        node_fail(row->at, "x-lfi: record and shape are for lists");
    }
}

void model_read_row(struct model *model, struct row *out, struct node node)
{
    static const char *const known[] = {"serves", "also",   "subject", "reply",       "record",
                                        "query",  "shape",  "handler", "permissions", "later",
                                        "auth",   "stages", "select",  "stream",      NULL};
    static const char *const subjects[] = {"nobody", "user", "account", NULL};
    static const char *const replies[] = {"other", "one", "list", "pages", NULL};
    static const char *const auths[] = {"hub", "none", "connect-token", NULL};
    *out = (struct row){.at = node, .subject = subjects[0], .reply = replies[0]};
    if (!node.raw) {
        return;
    }
    node_only(node, "x-lfi", known);
    out->subject = read_word(node, "subject", subjects);
    out->reply = read_word(node, "reply", replies);
    const char *auth = read_word(node, "auth", auths);
    out->open = strcmp(auth, "none") == 0;
    out->connect_token = strcmp(auth, "connect-token") == 0;
    out->later = node_bool(node_get(node, "later"), false);
    out->stream = node_bool(node_get(node, "stream"), false);
    out->query = read_function(node, "query");
    out->shape = read_function(node, "shape");
    out->handler = read_function(node, "handler");
    struct node record = node_get(node, "record");
    out->record = record.raw ? node_string(record) : NULL;
    read_capability(model, node, "serves", &out->serves);
    read_capability(model, node, "also", &out->also);
    out->select = read_select(out, node_get(node, "select"));
    out->permissions = read_list(model, node, "permissions", "codes", &out->permission_count);
    read_stages(model, out, node);
    check_row(out);
}
