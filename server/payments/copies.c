#include "payments/copies.h"

#include "base/array.h"
#include "base/limits.h"
#include "base/secret_cache.h"

#include <stdlib.h>

#define STOPPED_KIND "consent-stopped"

struct consent_copies {
    struct secret_cache *kept;
    const struct state *state;
    const struct log *log;
};

struct consent_copies *consent_copies_new(const struct state *state, const struct clock *clock,
                                          const struct log *log)
{
    struct consent_copies *copies = calloc(1, sizeof(*copies));
    if (copies) {
        copies->kept = secret_cache_new(clock, LIMIT_COPIES_BYTES, LIMIT_COPIES_S);
        copies->state = state;
        copies->log = log;
    }
    if (copies && !copies->kept) {
        consent_copies_free(copies);
        return NULL;
    }
    return copies;
}

void consent_copies_free(struct consent_copies *copies)
{
    if (copies) {
        secret_cache_free(copies->kept);
        free(copies);
    }
}

static bool make_key(const struct consent_ref *ref, unsigned char out[SECRET_CACHE_KEY])
{
    const struct lfi_slice of[] = {slice_of(ref->provider_id), ref->consent_id};
    return ref->consent_id.len > 0 && secret_cache_key(of, ARRAY_LEN(of), out);
}

static struct state_ref stopped(const struct consent_copies *copies, const struct consent_ref *ref,
                                struct arena *arena)
{
    return (struct state_ref){
        copies->state, ref->provider_id,
        state_key(arena, STOPPED_KIND, (struct lfi_slice){0}, ref->consent_id)};
}

static void note_failure(const struct consent_copies *copies, const struct consent_ref *ref,
                         const struct lfi_error *error)
{
    LOG_EVENT(copies->log, LOG_WARN, "consent-copy-unchecked",
              LOG_TEXT("provider", slice_of(ref->provider_id)),
              LOG_TEXT("reason", slice_of(error->message)));
}

/* --- taking ----------------------------------------------------------------------------------- */

static void cut(cJSON *tree)
{
    static const char *const needed[] = {"id",      "consentType",    "consentBody",
                                         "request", "rarType",        "standardVersion",
                                         "status",  "psuIdentifiers", "accountIds"};
    cJSON *next;
    for (cJSON *member = tree->child; member; member = next) {
        next = member->next;
        bool keep = false;
        for (size_t i = 0; !keep && i < ARRAY_LEN(needed); i++) {
            keep = strcmp(member->string, needed[i]) == 0;
        }
        if (!keep) {
            cJSON_Delete(cJSON_DetachItemViaPointer(tree, member));
        }
    }
}

static void keep(struct consent_copies *copies, const struct consent_ref *ref, cJSON *tree)
{
    unsigned char key[SECRET_CACHE_KEY];
    cut(tree);
    char *text = make_key(ref, key) ? cJSON_PrintUnformatted(tree) : NULL;
    if (text) {
        secret_cache_put(copies->kept, key, slice_of(text));
    }
    cJSON_free(text);
}

void consent_copies_take(struct consent_copies *copies, const struct consent_ref *ref, cJSON *tree,
                         struct arena *arena)
{
    struct consent consent;
    struct lfi_error error = {"out of memory"};
    consent_read(tree, &consent);
    if (!copies->state || !consent.kind->pays ||
        slice_equal_text(consent.status, "AwaitingAuthorization")) {
        return;
    }
    bool pays = consent_may_pay(&consent);
    keep(copies, ref, tree);
    if (pays) {
        return;
    }
    const struct state_ref where = stopped(copies, ref, arena);
    if (!where.key.ptr || state_claim_settle(&where, SLICE("{}"), &error) != LFI_OK) {
        note_failure(copies, ref, &error);
    }
}

/* --- finding ---------------------------------------------------------------------------------- */

static void ignore(void *ctx, struct lfi_slice text)
{
    (void)ctx;
    (void)text;
}

/* Where this cannot be told, it may be. */
static bool may_be_stopped(const struct consent_copies *copies, const struct consent_ref *ref,
                           struct arena *arena)
{
    struct lfi_error error = {"out of memory"};
    const struct state_sink sink = {.take = ignore};
    const struct state_ref where = stopped(copies, ref, arena);
    int status = where.key.ptr ? state_claim_find(&where, &sink, &error) : LFI_FAILED;
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        note_failure(copies, ref, &error);
    }
    return status != LFI_UNKNOWN;
}

cJSON *consent_copies_find(struct consent_copies *copies, const struct consent_ref *ref,
                           struct arena *arena)
{
    unsigned char key[SECRET_CACHE_KEY];
    struct lfi_slice text = {0};
    if (copies->state && make_key(ref, key)) {
        arena_hold_secret(arena);
        text = secret_cache_get(copies->kept, key, arena);
    }
    return text.ptr && !may_be_stopped(copies, ref, arena) ? json_parse(text) : NULL;
}
