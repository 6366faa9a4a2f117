#include "psu/note.h"

#include "psu/task.h"

#define RECORD_BYTES 2048
#define GRACE_S 5 /* a page that is still open ends the journey itself, and sooner */

struct lfi_slice note_key(struct visit *visit)
{
    return visit_key(visit, NOTE_KIND, (struct lfi_slice){0}, visit->session.interaction_id);
}

/* Due when the session is over. */
static int put(struct visit *visit, struct lfi_slice record, struct lfi_error *error)
{
    const struct state_ref ref = visit_state(visit, note_key(visit));
    int64_t due_s = visit->session.started_s + visit->psu->session_s + GRACE_S;
    return state_task_put(&ref, due_s, record, error);
}

int note_keep(struct visit *visit, struct lfi_error *error)
{
    const struct session *session = &visit->session;
    struct buf record;
    struct json_writer w;
    buf_init(&record, RECORD_BYTES);
    json_begin(&w, &record);
    json_open_object(&w, NULL);
    json_text(&w, "kind", NOTE_KIND);
    json_string(&w, "interaction", session->interaction_id);
    json_string(&w, "consent", session->consent_id);
    json_int(&w, "started", session->started_s);
    json_int(&w, "extensions", session->extensions);
    json_bool(&w, "onPhone", session->on_phone);
    if (session->stage == SESSION_REVIEW) {
        json_string(&w, "user", session->user_id);
    }
    json_close_object(&w);
    int status = record.failed ? LFI_CORE_FAILED : put(visit, buf_slice(&record), error);
    buf_free(&record);
    return status;
}

static void parse_record(void *ctx, struct lfi_slice json)
{
    *(cJSON **)ctx = json_parse(json);
}

static int find(struct visit *visit, cJSON **record, struct lfi_error *error)
{
    const struct state_ref ref = visit_state(visit, note_key(visit));
    const struct state_sink sink = {.take = parse_record, .ctx = record};
    return state_task_find(&ref, &sink, error);
}

static int put_again(struct visit *visit, const cJSON *record, struct lfi_error *error)
{
    char *text = cJSON_PrintUnformatted(record);
    int status = text ? put(visit, slice_of(text), error) : LFI_CORE_FAILED;
    cJSON_free(text);
    return status;
}

/* What else the record says stays. */
static int put_extended(struct visit *visit, cJSON *record, struct lfi_error *error)
{
    const struct session *session = &visit->session;
    cJSON_DeleteItemFromObjectCaseSensitive(record, "started");
    cJSON_DeleteItemFromObjectCaseSensitive(record, "extensions");
    if (!cJSON_AddNumberToObject(record, "started", (double)session->started_s) ||
        !cJSON_AddNumberToObject(record, "extensions", (double)session->extensions)) {
        return LFI_CORE_FAILED;
    }
    return put_again(visit, record, error);
}

static bool read_extension(const cJSON *record, int64_t *started_s, int64_t *extensions)
{
    if (!json_get_int(record, "extensions", extensions)) {
        *extensions = 0;
    }
    return json_get_int(record, "started", started_s);
}

int note_extend(struct visit *visit, struct lfi_error *error)
{
    struct session *session = &visit->session;
    bool kept = session->kind == SESSION_JOURNEY;
    cJSON *record = NULL;
    int64_t started_s = 0;
    int64_t extensions = session->extensions;
    int status = kept ? find(visit, &record, error) : LFI_CORE_OK;
    if (status == LFI_CORE_OK && kept && !read_extension(record, &started_s, &extensions)) {
        status = LFI_CORE_FAILED;
    }
    if (status == LFI_CORE_OK && extensions >= SESSION_EXTENSIONS_MAX) {
        status = LFI_CORE_DENIED;
    }
    if (status == LFI_CORE_OK) {
        session->started_s = clock_now_s(visit->psu->clock);
        session->extensions = extensions + 1;
        status = kept ? put_extended(visit, record, error) : LFI_CORE_OK;
    }
    cJSON_Delete(record);
    return status;
}

bool note_adopt_extension(struct visit *visit)
{
    struct session *session = &visit->session;
    cJSON *record = NULL;
    struct lfi_error error;
    int64_t started_s = 0;
    int64_t extensions = 0;
    if (session->kind == SESSION_JOURNEY && find(visit, &record, &error) == LFI_CORE_OK &&
        read_extension(record, &started_s, &extensions) && started_s > session->started_s) {
        session->started_s = started_s;
        session->extensions = extensions;
    }
    cJSON_Delete(record);
    return visit_seconds_left(visit) > 0;
}

int note_find(struct visit *visit, bool *taken, struct lfi_error *error)
{
    cJSON *record = NULL;
    int status = find(visit, &record, error);
    struct lfi_slice link = json_get_string(record, "taken");
    *taken = link.len > 0 && slice_equal(link, json_get_string(record, "link"));
    cJSON_Delete(record);
    return status;
}

static void read_customer(struct visit *visit, const cJSON *record)
{
    struct lfi_slice user = json_get_string(record, "user");
    if (user.len > 0 && session_move(&visit->session, SESSION_SIGNED_IN)) {
        visit->session.user_id = arena_keep(visit->arena, user);
    }
}

void note_adopt_customer(struct visit *visit)
{
    cJSON *record = NULL;
    struct lfi_error error;
    if (visit->session.kind == SESSION_JOURNEY && visit->session.stage < SESSION_REVIEW &&
        find(visit, &record, &error) == LFI_CORE_OK) {
        read_customer(visit, record);
    }
    cJSON_Delete(record);
}

bool note_open(struct visit *visit, const cJSON *record)
{
    visit->session = (struct session){
        .kind = SESSION_JOURNEY,
        .stage = SESSION_SIGN_IN,
        .provider = slice_of(visit->endpoint->provider->id),
        .interaction_id = arena_keep(visit->arena, json_get_string(record, "interaction")),
        .consent_id = arena_keep(visit->arena, json_get_string(record, "consent")),
        .on_phone = json_get_bool(record, "onPhone", false),
    };
    return read_extension(record, &visit->session.started_s, &visit->session.extensions) &&
           visit->session.interaction_id.len > 0 && visit->session.consent_id.len > 0;
}

int note_resume(struct visit *visit, struct lfi_slice interaction, struct lfi_slice link,
                struct lfi_error *error)
{
    cJSON *record = NULL;
    visit->session.interaction_id = interaction;
    int status = find(visit, &record, error);
    if (status == LFI_CORE_OK && !slice_equal(json_get_string(record, "link"), link)) {
        status = LFI_CORE_UNKNOWN;
    }
    if (status == LFI_CORE_OK && !note_open(visit, record)) {
        status = LFI_CORE_FAILED;
    }
    cJSON_Delete(record);
    return status;
}

/* Gives the record's member `name` a new text. */
static int put_member(struct visit *visit, const char *name, struct lfi_slice value,
                      struct lfi_error *error)
{
    cJSON *record = NULL;
    const char *text = arena_text(visit->arena, value);
    int status = text ? find(visit, &record, error) : LFI_CORE_FAILED;
    cJSON_DeleteItemFromObjectCaseSensitive(record, name);
    if (status == LFI_CORE_OK) {
        status = cJSON_AddStringToObject(record, name, text) ? put_again(visit, record, error)
                                                             : LFI_CORE_FAILED;
    }
    cJSON_Delete(record);
    return status;
}

int note_set_link(struct visit *visit, struct lfi_slice link, struct lfi_error *error)
{
    return put_member(visit, "link", link, error);
}

int note_set_taken(struct visit *visit, struct lfi_slice link, struct lfi_error *error)
{
    return put_member(visit, "taken", link, error);
}

void note_forget(struct visit *visit)
{
    task_done(visit, note_key(visit));
}
