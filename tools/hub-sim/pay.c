#include "pay.h"

#include "payments.h"
#include "software.h"

#define PAYMENT_TYPE "cbuae-payment"
#define FILE_PAYMENT_TYPE "cbuae-file-payment"
#define WAIT_MS 15000 /* for the call that has the same key; longer than a bank takes */

static int refuse_unknown(struct refusal *refusal)
{
    return refusal_set(refusal, "SIM-CONSENT-UNKNOWN", 404, "SIM-CONSENT-UNKNOWN",
                       "There is no such consent.");
}

static void answer_again(const cJSON *payment, struct bank_answer *out)
{
    out->http.status = 201;
    out->shown = cJSON_CreateObject();
    cJSON_AddItemToObject(out->shown, "data", cJSON_Duplicate(json_get(payment, "answer"), true));
    cJSON_AddObjectToObject(out->shown, "meta");
}

static cJSON *write_body(const struct sim *sim, const struct consent *consent,
                         const struct payment_ask *ask)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "paymentType", ask->file ? FILE_PAYMENT_TYPE : PAYMENT_TYPE);
    cJSON_AddItemToObject(cJSON_AddObjectToObject(body, "request"), "Data",
                          cJSON_Duplicate(ask->data, true));
    cJSON_AddItemToObject(body, "requestHeaders", cJSON_Duplicate(ask->headers, true));
    cJSON_AddItemToObject(body, "tpp", software_describe_tpp(sim, consent->tpp));
    transcript_add_text(body, "requestUrl", ask->url, ask->url.len);
    return body;
}

static void note_refused(struct sim *sim, struct consent *consent, const struct payment_ask *ask,
                         const struct refusal *refusal)
{
    char *text = cJSON_PrintUnformatted(ask->data);
    store_note_step(sim->store, consent,
                    &(struct exchange){.interface = "refused",
                                       .method = SLICE("POST"),
                                       .path = SLICE("/payments"),
                                       .request_body = slice_of(text),
                                       .status = refusal->status,
                                       .reply_body = slice_of(refusal->error_message),
                                       .refused = refusal->id});
    cJSON_free(text);
}

/* NULL: there is none, or it went while this waited. */
static struct consent *wait_for_key(struct sim *sim, const struct payment_ask *ask)
{
    int64_t end_us = clock_monotonic_us() + WAIT_MS * INT64_C(1000);
    struct consent *consent;
    while ((consent = store_find(sim->store, NULL, ask->consent_id)) &&
           payments_is_reserved(consent, ask->idempotency_key) && store_wait(sim->store, end_us)) {
    }
    return consent;
}

/* Under the lock: *body, or the answer of then in `out`, or a refusal. */
static int prepare(struct sim *sim, const struct payment_ask *ask, cJSON **body,
                   struct bank_answer *out, struct refusal *refusal)
{
    const cJSON *known = NULL;
    struct consent *consent = wait_for_key(sim, ask);
    if (!consent) {
        return refuse_unknown(refusal);
    }
    if (payments_is_reserved(consent, ask->idempotency_key)) {
        return refusal_set(refusal, "SIM-KEY-BUSY", 500, "GenericRecoverableError",
                           "A payment with this idempotency key is being made.");
    }
    if (!ask->unchecked &&
        (payments_find_key(sim, consent, ask->idempotency_key, ask->data, &known, refusal) != 0 ||
         (!known && payments_check(sim, consent, ask->data, refusal) != 0))) {
        note_refused(sim, consent, ask, refusal);
        return -1;
    }
    if (known) {
        answer_again(known, out);
        return 0;
    }
    *body = write_body(sim, consent, ask);
    payments_reserve(consent, ask->idempotency_key, ask->data);
    return 0;
}

static void note_outcome(struct sim *sim, const struct payment_ask *ask, const cJSON *body,
                         const struct bank_answer *answer)
{
    struct consent *consent = store_find(sim->store, NULL, ask->consent_id);
    const cJSON *data = json_get(answer->shown, "data");
    if (!consent) {
        return;
    }
    if (answer->http.status == 201 && data && !answer->wrong) {
        payments_add(sim, consent,
                     &(struct payment_made){.request = body,
                                            .data = data,
                                            .idempotency_key = ask->idempotency_key,
                                            .interaction_id = answer->interaction_id});
    } else {
        payments_release(consent, ask->idempotency_key);
    }
}

int pay(struct sim *sim, const struct payment_ask *ask, struct arena *arena,
        struct bank_answer *out, struct refusal *refusal)
{
    cJSON *body = NULL;
    memset(out, 0, sizeof(*out));
    store_lock(sim->store);
    int rc = prepare(sim, ask, &body, out, refusal);
    store_unlock(sim->store);
    if (body) {
        char *text = cJSON_PrintUnformatted(body);
        rc = bank_ask_about(sim,
                            &(struct bank_about){.consent_id = ask->consent_id,
                                                 .method = "POST",
                                                 .path = SLICE("/payments"),
                                                 .api_uri = ask->api_uri,
                                                 .body = slice_of(text)},
                            arena, out, refusal);
        cJSON_free(text);
        store_lock(sim->store);
        note_outcome(sim, ask, body, out);
        store_unlock(sim->store);
    }
    cJSON_Delete(body);
    return rc;
}
