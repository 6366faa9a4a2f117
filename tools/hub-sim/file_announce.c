#include "file_announce.h"

#include "payment_terms.h"

/* The body for the bank; NULL: the consent is to no file. */
static char *write_body(struct sim *sim, const char *consent_id)
{
    char *text = NULL;
    store_lock(sim->store);
    const struct consent *consent = store_find(sim->store, NULL, slice_of(consent_id));
    const cJSON *terms = consent ? payment_file_terms(consent) : NULL;
    if (terms) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "consentId", consent_id);
        cJSON_AddItemToObject(body, "request", cJSON_Duplicate(terms, true));
        text = cJSON_PrintUnformatted(body);
        cJSON_Delete(body);
    }
    store_unlock(sim->store);
    return text;
}

int file_announce(struct sim *sim, const char *consent_id, struct arena *arena,
                  struct bank_answer *answer, struct refusal *refusal)
{
    char *body = write_body(sim, consent_id);
    memset(answer, 0, sizeof(*answer));
    if (!body) {
        return 0;
    }
    const struct bank_about about = {.consent_id = slice_of(consent_id),
                                     .method = "POST",
                                     .path = SLICE("/payment-consents"),
                                     .body = slice_of(body)};
    int rc = bank_ask_about(sim, &about, arena, answer, refusal);
    cJSON_free(body);
    return rc == 0 && answer->http.status == 201 ? 0 : -1;
}
