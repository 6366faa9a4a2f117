#include "caap/link.h"

#include "base/array.h"
#include "base/error.h"
#include "base/json.h"

#include <stdio.h>

static const char *const state_names[LINK_STATES] = {"none", "pending", "linked"};

/* --- the record ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    {"madeS", offsetof(struct challenge, made_s)},
    {"untilS", offsetof(struct challenge, until_s)},
    {"changedUs", offsetof(struct challenge, changed_us)},
    {"triesLeft", offsetof(struct challenge, tries_left)},
};

static void write_challenge(struct json_writer *w, const struct challenge *challenge)
{
    json_open_object(w, NULL);
    json_text(w, "id", challenge->id);
    json_int(w, "purpose", challenge->purpose);
    json_int(w, "channel", challenge->channel);
    json_int(w, "status", challenge->status);
    json_int(w, "end", challenge->end);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        int64_t value;
        memcpy(&value, (const char *)challenge + numbers[i].offset, sizeof(value));
        json_int(w, numbers[i].name, value);
    }
    json_text(w, "box", challenge->box);
    json_close_object(w);
}

static bool read_word(const cJSON *object, const char *name, int64_t end, int64_t *out)
{
    return json_get_int(object, name, out) && *out >= 0 && *out < end;
}

static bool copy_text(char *out, size_t room, const cJSON *object, const char *name)
{
    struct lfi_slice text = json_get_string(object, name);
    if (text.len == 0 || text.len >= room) {
        return false;
    }
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

static bool read_challenge(const cJSON *object, struct challenge *out)
{
    int64_t purpose, channel, status, end;
    if (!read_word(object, "purpose", CHALLENGE_PURPOSES, &purpose) ||
        !read_word(object, "channel", LFI_CHANNEL_EMAIL + 1, &channel) ||
        !read_word(object, "status", CHALLENGE_STATUSES, &status) ||
        !read_word(object, "end", CHALLENGE_ENDS, &end) ||
        !copy_text(out->id, sizeof(out->id), object, "id") ||
        !copy_text(out->box, sizeof(out->box), object, "box")) {
        return false;
    }
    out->purpose = (enum challenge_purpose)purpose;
    out->channel = (enum lfi_channel)channel;
    out->status = (enum challenge_status)status;
    out->end = (enum challenge_end)end;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        int64_t value;
        if (!json_get_int(object, numbers[i].name, &value)) {
            return false;
        }
        memcpy((char *)out + numbers[i].offset, &value, sizeof(value));
    }
    return true;
}

static bool read_record(const cJSON *tree, struct link *out)
{
    const cJSON *item;
    struct lfi_slice state = json_get_string(tree, "state");
    size_t found = 0;
    while (found < LINK_STATES && !slice_equal_text(state, state_names[found])) {
        found++;
    }
    out->state = (enum link_state)found;
    cJSON_ArrayForEach(item, json_get(tree, "challenges"))
    {
        if (out->count == LINK_CHALLENGES || !read_challenge(item, &out->challenges[out->count])) {
            return false;
        }
        out->count++;
    }
    return found < LINK_STATES;
}

/* --- kept ------------------------------------------------------------------------------------- */

struct taken {
    struct arena *arena;
    struct lfi_slice text;
};

static void take(void *ctx, struct lfi_slice text)
{
    struct taken *taken = ctx;
    taken->text = arena_keep(taken->arena, text);
}

static struct state_ref ref_of(const struct link_ref *ref)
{
    return (struct state_ref){
        ref->state, ref->provider_id,
        state_key(ref->arena, "caap-link", ref->user_id, (struct lfi_slice){NULL, 0})};
}

int link_read(const struct link_ref *ref, struct link *out, struct lfi_error *error)
{
    const struct state_ref key = ref_of(ref);
    struct taken taken = {.arena = ref->arena};
    const struct state_sink sink = {take, &taken};
    *out = (struct link){.state = LINK_NONE};
    int status = state_record_find(&key, &sink, error);
    if (status != LFI_OK) {
        return status == LFI_UNKNOWN ? LFI_OK : status;
    }
    cJSON *tree = json_parse(taken.text);
    bool whole = read_record(tree, out);
    cJSON_Delete(tree);
    if (!whole) {
        error_set(error, "the record of a link is malformed");
        return LFI_FAILED;
    }
    out->text = taken.text;
    for (size_t i = 0; i < out->count; i++) {
        challenge_expire(&out->challenges[i], ref->now_us);
    }
    const struct challenge *newest = link_newest(out, CHALLENGE_OF_REGISTRATION);
    if (out->state == LINK_PENDING && (!newest || newest->end != CHALLENGE_OPEN)) {
        out->state = LINK_NONE; /* the code was not given in time */
    }
    return LFI_OK;
}

int link_write(const struct link_ref *ref, const struct link *link, struct lfi_error *error)
{
    struct buf text;
    struct json_writer w;
    const struct state_ref key = ref_of(ref);
    buf_init(&text, STATE_RECORD_MAX);
    json_begin(&w, &text);
    json_open_object(&w, NULL);
    json_text(&w, "state", state_names[link->state]);
    json_open_array(&w, "challenges");
    for (size_t i = 0; i < link->count; i++) {
        write_challenge(&w, &link->challenges[i]);
    }
    json_close_array(&w);
    json_close_object(&w);
    int status = LFI_FAILED;
    if (text.failed) {
        error_set(error, "out of memory");
    } else {
        status = state_record_replace(&key, link->text, buf_slice(&text), error);
    }
    buf_free(&text);
    return status;
}

/* --- challenges ------------------------------------------------------------------------------- */

struct challenge *link_newest(struct link *link, enum challenge_purpose purpose)
{
    for (size_t i = 0; i < link->count; i++) {
        if (link->challenges[i].purpose == purpose) {
            return &link->challenges[i];
        }
    }
    return NULL;
}

struct challenge *link_challenge(struct link *link, struct lfi_slice id)
{
    for (size_t i = 0; i < link->count; i++) {
        if (slice_equal_text(id, link->challenges[i].id)) {
            return &link->challenges[i];
        }
    }
    return NULL;
}

void link_add(struct link *link, const struct challenge *challenge, int64_t now_us)
{
    for (size_t i = 0; i < link->count; i++) {
        if (link->challenges[i].purpose == challenge->purpose) {
            (void)challenge_move(&link->challenges[i], CHALLENGE_NEWER, now_us);
        }
    }
    size_t kept = link->count < LINK_CHALLENGES ? link->count : LINK_CHALLENGES - 1;
    memmove(&link->challenges[1], &link->challenges[0], kept * sizeof(link->challenges[0]));
    link->challenges[0] = *challenge;
    link->count = kept + 1;
}
