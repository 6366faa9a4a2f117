#include "psu/journey_record.h"

#include "psu/task.h"

#define RECORD_BYTES 2048
#define GRACE_S 5 /* an open page ends the journey first */

struct lfi_slice journey_record_key(struct actor actor)
{
    return state_key(actor.arena, JOURNEY_RECORD_KIND, (struct lfi_slice){0},
                     actor.session->interaction_id);
}

/* Due when the session is over. */
static int put(struct actor actor, struct lfi_slice record, struct lfi_error *error)
{
    const struct state_ref ref = actor_state(actor, journey_record_key(actor));
    const struct state_task task = {
        .destination = task_destination(actor, actor.session->consent_id),
        .due_s = actor.session->started_s + actor.psu->session_s + GRACE_S,
        .record = record};
    return state_task_put(&ref, &task, error);
}

int journey_record_keep(struct actor actor, struct lfi_error *error)
{
    const struct session *session = actor.session;
    struct buf record;
    struct json_writer w;
    buf_init(&record, RECORD_BYTES);
    json_begin(&w, &record);
    json_open_object(&w, NULL);
    json_text(&w, "kind", JOURNEY_RECORD_KIND);
    json_string(&w, "interaction", session->interaction_id);
    json_string(&w, "consent", session->consent_id);
    json_int(&w, "started", session->started_s);
    json_int(&w, "extensions", session->extensions);
    json_bool(&w, "onPhone", session->on_phone);
    if (session->stage == SESSION_REVIEW) {
        json_string(&w, "user", session->user_id);
    }
    json_close_object(&w);
    int status = record.failed ? LFI_FAILED : put(actor, buf_slice(&record), error);
    buf_free(&record);
    return status;
}

static void parse_record(void *ctx, struct lfi_slice json)
{
    *(cJSON **)ctx = json_parse(json);
}

static int find(struct actor actor, cJSON **record, struct lfi_error *error)
{
    const struct state_ref ref = actor_state(actor, journey_record_key(actor));
    const struct state_sink sink = {.take = parse_record, .ctx = record};
    return state_task_find(&ref, &sink, error);
}

static int put_again(struct actor actor, const cJSON *record, struct lfi_error *error)
{
    char *text = cJSON_PrintUnformatted(record);
    int status = text ? put(actor, slice_of(text), error) : LFI_FAILED;
    cJSON_free(text);
    return status;
}

/* What else the record says stays. */
static int put_extended(struct actor actor, cJSON *record, struct lfi_error *error)
{
    const struct session *session = actor.session;
    cJSON_DeleteItemFromObjectCaseSensitive(record, "started");
    cJSON_DeleteItemFromObjectCaseSensitive(record, "extensions");
    if (!cJSON_AddNumberToObject(record, "started", (double)session->started_s) ||
        !cJSON_AddNumberToObject(record, "extensions", (double)session->extensions)) {
        return LFI_FAILED;
    }
    return put_again(actor, record, error);
}

static bool read_extension(const cJSON *record, int64_t *started_s, int64_t *extensions)
{
    if (!json_get_int(record, "extensions", extensions)) {
        *extensions = 0;
    }
    return json_get_int(record, "started", started_s);
}

int journey_record_extend(struct actor actor, struct lfi_error *error)
{
    struct session *session = actor.session;
    bool kept = session->kind == SESSION_JOURNEY;
    cJSON *record = NULL;
    int64_t started_s = 0;
    int64_t extensions = session->extensions;
    int status = kept ? find(actor, &record, error) : LFI_OK;
    if (status == LFI_OK && kept && !read_extension(record, &started_s, &extensions)) {
        status = LFI_FAILED;
    }
    if (status == LFI_OK && extensions >= SESSION_EXTENSIONS_MAX) {
        status = LFI_DENIED;
    }
    if (status == LFI_OK) {
        session->started_s = clock_now_s(actor.psu->clock);
        session->extensions = extensions + 1;
        status = kept ? put_extended(actor, record, error) : LFI_OK;
    }
    cJSON_Delete(record);
    return status;
}

bool journey_record_adopt_extension(struct actor actor)
{
    struct session *session = actor.session;
    cJSON *record = NULL;
    struct lfi_error error;
    int64_t started_s = 0;
    int64_t extensions = 0;
    if (session->kind == SESSION_JOURNEY && find(actor, &record, &error) == LFI_OK &&
        read_extension(record, &started_s, &extensions) && started_s > session->started_s) {
        session->started_s = started_s;
        session->extensions = extensions;
    }
    cJSON_Delete(record);
    return actor_seconds_left(actor) > 0;
}

int journey_record_find(struct actor actor, bool *taken, struct lfi_error *error)
{
    cJSON *record = NULL;
    int status = find(actor, &record, error);
    struct lfi_slice link = json_get_string(record, "taken");
    *taken = link.len > 0 && slice_equal(link, json_get_string(record, "link"));
    cJSON_Delete(record);
    return status;
}

static void read_customer(struct actor actor, const cJSON *record)
{
    struct lfi_slice user = json_get_string(record, "user");
    if (user.len > 0 && session_move(actor.session, SESSION_SIGNED_IN)) {
        actor.session->user_id = arena_keep(actor.arena, user);
    }
}

void journey_record_adopt_customer(struct actor actor)
{
    cJSON *record = NULL;
    struct lfi_error error;
    if (actor.session->kind == SESSION_JOURNEY && actor.session->stage < SESSION_REVIEW &&
        find(actor, &record, &error) == LFI_OK) {
        read_customer(actor, record);
    }
    cJSON_Delete(record);
}

bool journey_record_open(struct actor actor, const cJSON *record)
{
    *actor.session = (struct session){
        .kind = SESSION_JOURNEY,
        .stage = SESSION_SIGN_IN,
        .provider = slice_of(actor.endpoint->provider->id),
        .interaction_id = arena_keep(actor.arena, json_get_string(record, "interaction")),
        .consent_id = arena_keep(actor.arena, json_get_string(record, "consent")),
        .on_phone = json_get_bool(record, "onPhone", false),
    };
    return read_extension(record, &actor.session->started_s, &actor.session->extensions) &&
           actor.session->interaction_id.len > 0 && actor.session->consent_id.len > 0;
}

int journey_record_resume(struct actor actor, struct lfi_slice interaction, struct lfi_slice link,
                          struct lfi_error *error)
{
    cJSON *record = NULL;
    actor.session->interaction_id = interaction;
    int status = find(actor, &record, error);
    if (status == LFI_OK && !slice_equal(json_get_string(record, "link"), link)) {
        status = LFI_UNKNOWN;
    }
    if (status == LFI_OK && !journey_record_open(actor, record)) {
        status = LFI_FAILED;
    }
    cJSON_Delete(record);
    return status;
}

/* Gives the record's member `name` a new text. */
static int put_member(struct actor actor, const char *name, struct lfi_slice value,
                      struct lfi_error *error)
{
    cJSON *record = NULL;
    const char *text = arena_text(actor.arena, value);
    int status = text ? find(actor, &record, error) : LFI_FAILED;
    cJSON_DeleteItemFromObjectCaseSensitive(record, name);
    if (status == LFI_OK) {
        status = cJSON_AddStringToObject(record, name, text) ? put_again(actor, record, error)
                                                             : LFI_FAILED;
    }
    cJSON_Delete(record);
    return status;
}

int journey_record_set_link(struct actor actor, struct lfi_slice link, struct lfi_error *error)
{
    return put_member(actor, "link", link, error);
}

int journey_record_set_taken(struct actor actor, struct lfi_slice link, struct lfi_error *error)
{
    return put_member(actor, "taken", link, error);
}

void journey_record_forget(struct actor actor)
{
    task_done(actor, journey_record_key(actor));
}
