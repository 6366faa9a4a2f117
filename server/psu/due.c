/* What is done without a request: tasks of the cores whose time has come. */
#include "base/crash.h"
#include "psu/consent.h"
#include "psu/ending.h"
#include "psu/note.h"
#include "psu/psu.h"
#include "psu/revocation.h"

#define SCRATCH_BYTES (256 * 1024)
#define GIVE_UP_S (24 * 3600) /* by then the Hub has long closed the interaction */

struct taken {
    cJSON *record;
};

static int parse_record(void *ctx, struct lfi_slice json)
{
    struct taken *taken = ctx;
    taken->record = json_parse(json);
    return 0;
}

/* The customer is gone: the time-out row of the table, and nobody to send back. */
static void end_journey(struct visit *visit)
{
    cJSON *tree = NULL;
    struct lfi_error error;
    if (clock_now_s(visit->psu->clock) > visit->session.started_s + GIVE_UP_S) {
        LOG_EVENT(visit->psu->log, LOG_ERROR, "journey_abandoned",
                  LOG_TEXT("interaction", visit->session.interaction_id),
                  LOG_TEXT("consent", visit->session.consent_id));
        note_forget(visit);
        return;
    }
    enum hub_outcome outcome = hub_get_consent(visit->endpoint->hub, visit->arena,
                                               visit->session.consent_id, &tree, &error);
    cJSON_Delete(tree);
    if (outcome == HUB_OK || outcome == HUB_REFUSED) {
        ending_refuse_unseen(visit, ending_of_time(visit->session.stage));
    } /* else the Hub is asked again when the task is due again */
}

static void run_task(const struct psu *psu, const struct psu_endpoint *endpoint,
                     const cJSON *record)
{
    struct reply reply = {0};
    struct request request = {.path = SLICE("due"), .arena = arena_new(SCRATCH_BYTES)};
    struct visit visit = {.psu = psu,
                          .request = &request,
                          .reply = &reply,
                          .arena = request.arena,
                          .endpoint = endpoint};
    buf_init(&reply.headers, SCRATCH_BYTES);
    buf_init(&reply.body, SCRATCH_BYTES);
    struct lfi_slice kind = json_get_string(record, "kind");
    if (request.arena == NULL) {
        LOG_EVENT(psu->log, LOG_ERROR, "task_failed", LOG_TEXT("reason", SLICE("out of memory")));
    } else if (slice_equal_text(kind, NOTE_KIND) && note_open(&visit, record)) {
        note_adopt_customer(&visit);
        end_journey(&visit);
    } else if (slice_equal_text(kind, REVOCATION_KIND)) {
        revocation_deliver(&visit, record);
    } else {
        LOG_EVENT(psu->log, LOG_ERROR, "task_unknown", LOG_TEXT("kind", kind));
    }
    buf_free(&reply.headers);
    buf_free(&reply.body);
    arena_free(request.arena);
}

bool psu_run_due(struct psu *psu)
{
    bool any = false;
    for (size_t i = 0; i < psu->endpoint_count; i++) {
        const struct psu_endpoint *endpoint = &psu->endpoints[i];
        const struct provider *provider = endpoint->provider;
        struct taken taken = {NULL};
        struct lfi_sink sink = {.record = parse_record, .ctx = &taken};
        struct lfi_error error = {{0}};
        if (!PROVIDER_HAS(provider, task_take)) {
            continue;
        }
        crash_note(provider->id, "task");
        int status =
            provider->ops->task_take(provider->core, ending_longest_s(endpoint), sink, &error);
        if (status == LFI_CORE_OK) {
            any = true;
            run_task(psu, endpoint, taken.record);
        } else if (status != LFI_CORE_UNKNOWN) {
            LOG_EVENT(psu->log, LOG_ERROR, "core_failed", LOG_TEXT("call", SLICE("task_take")),
                      LOG_NUMBER("status", status), LOG_TEXT("reason", slice_of(error.message)));
        }
        crash_note(NULL, NULL);
        cJSON_Delete(taken.record);
    }
    return any;
}
