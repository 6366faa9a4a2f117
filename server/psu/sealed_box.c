#include "psu/sealed_box.h"

#include "base/json.h"

#define CLEAR_BYTES 2048

static void write_member(struct json_writer *w, const struct box_member *member, const void *record)
{
    const void *value = (const char *)record + member->offset;
    switch (member->type) {
    case BOX_TEXT:
        json_string_if_any(w, member->name, *(const struct lfi_slice *)value);
        break;
    case BOX_INT:
    case BOX_UNTIL:
        json_int(w, member->name, *(const int64_t *)value);
        break;
    case BOX_BOOL:
        json_bool(w, member->name, *(const bool *)value);
        break;
    }
}

int sealed_box_close(const struct seal *seal, const struct box_format *format, const void *record,
                     struct buf *out)
{
    struct buf clear;
    struct json_writer w;
    buf_init_secret(&clear, CLEAR_BYTES);
    json_begin(&w, &clear);
    json_open_object(&w, NULL);
    for (size_t i = 0; i < format->count; i++) {
        write_member(&w, &format->members[i], record);
    }
    json_close_object(&w);
    int result = clear.failed ? -1 : seal_close(seal, format->purpose, buf_slice(&clear), out);
    buf_free(&clear);
    return out->failed ? -1 : result;
}

/* Whether the member may be as it is. */
static bool read_member(struct arena *arena, const cJSON *tree, const struct box_member *member,
                        int64_t now_s, void *record)
{
    void *value = (char *)record + member->offset;
    switch (member->type) {
    case BOX_TEXT: {
        struct lfi_slice text = arena_keep(arena, json_get_string(tree, member->name));
        *(struct lfi_slice *)value = text;
        return text.len > 0 || !member->required;
    }
    case BOX_INT:
        *(int64_t *)value = 0;
        return json_get_int(tree, member->name, value) || !member->required;
    case BOX_BOOL:
        *(bool *)value = json_get_bool(tree, member->name, false);
        return json_get(tree, member->name) || !member->required;
    case BOX_UNTIL:
        return json_get_int(tree, member->name, value) && now_s < *(int64_t *)value;
    }
    return false;
}

bool sealed_box_open(const struct seal *seal, struct arena *arena, const struct box_format *format,
                     struct lfi_slice box, int64_t now_s, void *record)
{
    arena_hold_secret(arena);
    struct lfi_slice clear = seal_open(seal, arena, format->purpose, box);
    cJSON *tree = clear.ptr ? json_parse(clear) : NULL;
    bool sound = tree;
    for (size_t i = 0; sound && i < format->count; i++) {
        sound = read_member(arena, tree, &format->members[i], now_s, record);
    }
    json_wipe(tree);
    return sound;
}
