#include "file_announce.h"

#include "payment_terms.h"

int file_announce(struct sim *sim, struct consent *made, struct arena *arena,
                  struct bank_answer *answer, struct refusal *refusal)
{
    const cJSON *terms = payment_file_terms(made);
    memset(answer, 0, sizeof(*answer));
    if (!terms) {
        return 0;
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "consentId", made->id);
    cJSON_AddItemToObject(body, "request", cJSON_Duplicate(terms, true));
    char *text = cJSON_PrintUnformatted(body);
    cJSON_Delete(body);
    const struct bank_about about = {.consent_id = slice_of(made->id),
                                     .made = made,
                                     .method = "POST",
                                     .path = SLICE("/payment-consents"),
                                     .body = slice_of(text)};
    int rc = bank_ask_about(sim, &about, arena, answer, refusal);
    cJSON_free(text);
    return rc == 0 && answer->http.status == 201 && !answer->wrong ? 0 : -1;
}
