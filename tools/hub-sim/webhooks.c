#include "webhooks.h"

#include "base/array.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "jwe_key.h"
#include "kept_queue.h"
#include "outbox.h"
#include "payment_terms.h"
#include "payments.h"
#include "tpp/view.h"
#include "versions.h"

#include <stdio.h>
#include <stdlib.h>

#define LIFE_S 3600        /* exp - iat, as the guides' sample has it */
#define SEND_MS 2500       /* the end of the simulator waits for it */
#define ANSWER_BYTES 16384 /* of a receiver; it has nothing to say */

struct webhooks {
    struct sim *sim;
    struct http_client *tls, *plain;
    struct outbox *outbox;
    struct kept_queue *queue; /* what is in the outbox, over a restart */
};

/* An event that waits. */
struct webhook {
    const struct sim_hub *hub;
    const struct tpp *tpp;
    char consent_id[OUTBOX_KEY_MAX];
    char *message;  /* JSON */
    int64_t number; /* in the queue */
    size_t retries;
};

/* --- where to --------------------------------------------------------------------------------- */

static bool is_local(struct lfi_slice host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len = strlen(names[i]);
        if (slice_starts_with(host, names[i]) && (host.len == len || host.ptr[len] == ':')) {
            return true;
        }
    }
    return false;
}

/* https, or http on this machine; neither user nor fragment. */
static bool may_call(struct lfi_slice url)
{
    bool tls = slice_starts_with(url, "https://");
    size_t scheme = tls ? sizeof("https://") - 1 : sizeof("http://") - 1;
    if (url.len > WEBHOOK_URL_MAX || (!tls && !slice_starts_with(url, "http://"))) {
        return false;
    }
    for (size_t i = 0; i < url.len; i++) {
        if (url.ptr[i] <= ' ' || url.ptr[i] > '~' || strchr("#@\"<>\\^`{|}", url.ptr[i])) {
            return false;
        }
    }
    struct lfi_slice host = {url.ptr + scheme, 0};
    while (scheme + host.len < url.len && !strchr("/?", host.ptr[host.len])) {
        host.len++;
    }
    return host.len > 0 && host.ptr[0] != ':' && (tls || is_local(host));
}

const char *webhooks_why_not(const cJSON *subscription)
{
    const cJSON *webhook = json_get(subscription, "Webhook"), *url = json_get(webhook, "Url");
    if (!url && json_get_bool(webhook, "IsActive", false)) {
        return "Webhook.Url is missing";
    }
    return !url || may_call(json_get_string(webhook, "Url"))
               ? NULL
               : "Webhook.Url must be an https address, or http on this machine, of at most 1000 "
                 "characters";
}

/* The absent slice when the TPP has not subscribed, or cannot read what it would get. */
static struct lfi_slice subscribed_url(const struct sim *sim, const struct consent *consent)
{
    const cJSON *body = json_get(consent->data, "consentBody");
    const cJSON *webhook = json_get(json_get(body, "Subscription"), "Webhook");
    struct lfi_slice url = json_get_string(webhook, "Url");
    return json_get_bool(webhook, "IsActive", false) && sim->tpp_keys[consent->tpp - tpps] &&
                   may_call(url)
               ? url
               : (struct lfi_slice){NULL, 0};
}

/* --- sending ---------------------------------------------------------------------------------- */

/* One try. */
struct delivery {
    char url[WEBHOOK_URL_MAX + 1], interaction_id[ID_UUID_MAX];
    struct buf claims, jwe;
    struct http_answer answer;
    struct lfi_error error;
    int64_t elapsed_us;
};

static int seal(const struct webhooks *webhooks, const struct webhook *webhook,
                struct delivery *delivery)
{
    int64_t now_s = clock_now_s(webhooks->sim->clock);
    struct json_writer w;
    struct buf jws;
    json_begin(&w, &delivery->claims);
    json_open_object(&w, NULL);
    json_text(&w, "iss", webhook->hub->issuer);
    json_open_array(&w, "aud");
    json_text(&w, NULL, webhook->tpp->client_id);
    json_close_array(&w);
    json_int(&w, "iat", now_s);
    json_int(&w, "nbf", now_s);
    json_int(&w, "exp", now_s + LIFE_S);
    json_raw(&w, "message", slice_of(webhook->message));
    json_close_object(&w);
    buf_init(&jws, 2 * LIMIT_BODY_BYTES);
    int rc = delivery->claims.failed
                 ? error_set(&delivery->error, "the event is too large")
                 : jose_sign_payload(webhook->hub->responses, "JWT", buf_slice(&delivery->claims),
                                     &jws, &delivery->error);
    if (rc == 0) {
        rc = jwe_key_encrypt(webhooks->sim->tpp_keys[webhook->tpp - tpps], buf_slice(&jws),
                             &delivery->jwe, &delivery->error);
    }
    buf_free(&jws);
    return rc;
}

static int post(const struct webhooks *webhooks, struct delivery *delivery)
{
    char line[64];
    const char *const headers[] = {line, NULL};
    bool tls = slice_starts_with(slice_of(delivery->url), "https:");
    int64_t begun_us = clock_monotonic_us();
    (void)snprintf(line, sizeof(line), "x-fapi-interaction-id: %s", delivery->interaction_id);
    int rc = http_client_call(tls ? webhooks->tls : webhooks->plain,
                              &(struct http_call){.method = "POST",
                                                  .url = delivery->url,
                                                  .headers = headers,
                                                  .content_type = "application/jwe",
                                                  .body = buf_slice(&delivery->jwe)},
                              &delivery->answer, &delivery->error);
    delivery->elapsed_us = clock_monotonic_us() - begun_us;
    return rc;
}

/* The event in clear stands for what was sent. */
static void note(const struct webhooks *webhooks, const struct webhook *webhook,
                 const struct delivery *delivery, const char *refused)
{
    struct store *store = webhooks->sim->store;
    const struct header headers[] = {
        {SLICE("content-type"), SLICE("application/jwe")},
        {SLICE("x-fapi-interaction-id"), slice_of(delivery->interaction_id)}};
    int status = delivery->answer.status;
    store_lock(store);
    struct consent *consent = store_find(store, webhook->hub, slice_of(webhook->consent_id));
    if (consent) {
        store_note_step(store, consent,
                        &(struct exchange){.interface = "webhook",
                                           .method = SLICE("POST"),
                                           .path = slice_of(delivery->url),
                                           .headers = headers,
                                           .header_count = ARRAY_LEN(headers),
                                           .request_body = buf_slice(&delivery->claims),
                                           .status = status,
                                           .reply_type = slice_of(delivery->answer.content_type),
                                           .reply_body = status > 0
                                                             ? buf_slice(&delivery->answer.body)
                                                             : slice_of(delivery->error.message),
                                           .elapsed_us = delivery->elapsed_us,
                                           .refused = refused});
    }
    store_unlock(store);
}

/* The address is that of now: an event is not sent to one whose subscription has ended. */
static bool find_url(const struct webhooks *webhooks, const struct webhook *webhook,
                     char out[WEBHOOK_URL_MAX + 1])
{
    struct store *store = webhooks->sim->store;
    store_lock(store);
    const struct consent *consent = store_find(store, webhook->hub, slice_of(webhook->consent_id));
    struct lfi_slice url =
        consent ? subscribed_url(webhooks->sim, consent) : (struct lfi_slice){NULL, 0};
    (void)snprintf(out, WEBHOOK_URL_MAX + 1, "%.*s", SLICE_ARG(url));
    store_unlock(store);
    return url.ptr;
}

/* Whether the receiver took it; noted in either case. */
static bool deliver(const struct webhooks *webhooks, const struct webhook *webhook, bool last,
                    struct delivery *delivery)
{
    int rc = seal(webhooks, webhook, delivery) == 0 ? post(webhooks, delivery) : -1;
    int status = delivery->answer.status;
    bool taken = rc == 0 && (status == 202 || status == 204);
    const char *refused = taken ? NULL : last ? "WEBHOOK-GIVEN-UP" : "WEBHOOK-REFUSED";
    note(webhooks, webhook, delivery, refused);
    LOG_EVENT(webhooks->sim->log, taken ? LOG_INFO : LOG_WARN, "webhook",
              LOG_TEXT("consentId", slice_of(webhook->consent_id)), LOG_NUMBER("status", status),
              LOG_NUMBER("us", delivery->elapsed_us), LOG_TEXT("refused", slice_of(refused)),
              LOG_TEXT("reason", slice_of(rc == 0 ? NULL : delivery->error.message)));
    return taken;
}

static size_t retries_of(const struct sim *sim)
{
    return (size_t)switches_get(&sim->switches, SWITCH_WEBHOOK_RETRIES);
}

/* Before a further try, counted from 1; the last one of the configuration repeats. */
static int64_t wait_before(const struct sim_config *config, size_t retry)
{
    size_t known = config->webhook_retry_count;
    return known == 0
               ? 0
               : config->webhook_retry_ms[retry < known ? retry - 1 : known - 1] * INT64_C(1000);
}

static int64_t send_webhook(void *ctx, void *message)
{
    const struct webhooks *webhooks = ctx;
    struct webhook *webhook = message;
    struct delivery delivery = {.error = {""}};
    bool last = webhook->retries >= retries_of(webhooks->sim), taken = true;
    buf_init(&delivery.claims, LIMIT_BODY_BYTES);
    buf_init(&delivery.jwe, 4 * LIMIT_BODY_BYTES);
    http_answer_init(&delivery.answer, ANSWER_BYTES);
    if (find_url(webhooks, webhook, delivery.url) && id_uuid4(delivery.interaction_id)) {
        taken = deliver(webhooks, webhook, last, &delivery);
    }
    buf_free(&delivery.claims);
    buf_free(&delivery.jwe);
    http_answer_free(&delivery.answer);
    if (taken || last) {
        kept_queue_end(webhooks->queue, webhook->number);
        return OUTBOX_DONE;
    }
    int64_t wait_us = wait_before(webhooks->sim->config, ++webhook->retries);
    kept_queue_retry(webhooks->queue, webhook->number, webhook->retries, wait_us);
    return wait_us;
}

static void drop_webhook(void *message)
{
    struct webhook *webhook = message;
    cJSON_free(webhook->message);
    free(webhook);
}

/* --- events ----------------------------------------------------------------------------------- */

/* NULL when memory is short. */
static struct webhook *new_webhook(const struct sim_hub *hub, const struct tpp *tpp,
                                   const char *consent_id, const cJSON *message)
{
    struct webhook *webhook = calloc(1, sizeof(*webhook));
    char *text = cJSON_PrintUnformatted(message);
    if (!webhook || !text) {
        free(webhook);
        cJSON_free(text);
        return NULL;
    }
    *webhook = (struct webhook){.hub = hub, .tpp = tpp, .message = text};
    (void)snprintf(webhook->consent_id, sizeof(webhook->consent_id), "%s", consent_id);
    return webhook;
}

static bool enqueue(const struct webhooks *webhooks, const struct consent *consent,
                    const cJSON *message)
{
    struct webhook *webhook = new_webhook(consent->hub, consent->tpp, consent->id, message);
    if (!webhook) {
        return false;
    }
    int64_t number = webhook->number = kept_queue_add(
        webhooks->queue, &(struct kept_entry){.provider_id = webhook->hub->config->provider_id,
                                              .client_id = webhook->tpp->client_id,
                                              .consent_id = webhook->consent_id,
                                              .message = message});
    bool fits = outbox_add(webhooks->outbox, consent->id, webhook, 0);
    if (!fits) {
        kept_queue_end(webhooks->queue, number);
    }
    return fits;
}

/* Takes `data` over. */
static void add(const struct sim *sim, const struct consent *consent, const char *resource,
                cJSON *data)
{
    char now[DATETIME_TEXT_MAX];
    cJSON *message = cJSON_CreateObject(), *meta = cJSON_AddObjectToObject(message, "Meta");
    datetime_format_utc_ms(clock_now_us(sim->clock), now);
    cJSON_AddStringToObject(meta, "EventDateTime", now);
    cJSON_AddStringToObject(meta, "EventResource", resource);
    cJSON_AddStringToObject(meta, "EventType", "Resource.Updated");
    cJSON_AddStringToObject(meta, "ConsentId", consent->id);
    cJSON_AddItemToObject(message, "Data", data);
    bool fits = enqueue(sim->webhooks, consent, message);
    cJSON_Delete(message);
    if (!fits) {
        LOG_EVENT(sim->log, LOG_WARN, "webhook-lost", LOG_TEXT("consentId", slice_of(consent->id)));
    }
}

void webhooks_announce(const struct sim *sim, const struct consent *consent, const cJSON *payment)
{
    char resource[VIEW_ADDRESS_MAX];
    if (!sim->webhooks || !subscribed_url(sim, consent).ptr) {
        return;
    }
    if (!payment) {
        view_consent_address(consent, 0, resource);
        add(sim, consent, resource, view_consent_data(consent));
        return;
    }
    cJSON *told = payments_told(payment);
    view_payment_address(consent, json_get_string(payment, "paymentId"), 0, resource);
    cJSON *data = view_payment_data(told, json_get(json_get(payment, "requestBody"), "Data"),
                                    payment_file_terms(consent));
    if (consent_version(consent) > VERSION_FIRST) {
        view_add_rail(data, payment);
    }
    add(sim, consent, resource, data);
    cJSON_Delete(told);
}

/* --- opening ---------------------------------------------------------------------------------- */

/* The rest of the wait before a try; the system's time may have been set meanwhile. */
static int64_t rest_of_wait(const struct sim_config *config, const struct kept_entry *entry)
{
    int64_t most_us = entry->retries > 0 ? wait_before(config, entry->retries) : 0;
    return entry->wait_us < most_us ? entry->wait_us : most_us;
}

/* An event of before the restart; of a Hub or TPP that is no more, it comes to its end. */
static void resume(void *ctx, const struct kept_entry *entry)
{
    const struct webhooks *webhooks = ctx;
    const struct sim_hub *hub = sim_hub_of(webhooks->sim, slice_of(entry->provider_id));
    const struct tpp *tpp = tpp_find(slice_of(entry->client_id));
    struct webhook *webhook =
        hub && tpp ? new_webhook(hub, tpp, entry->consent_id, entry->message) : NULL;
    if (webhook) {
        webhook->number = entry->number;
        webhook->retries = entry->retries;
    }
    if (!webhook || !outbox_add(webhooks->outbox, entry->consent_id, webhook,
                                rest_of_wait(webhooks->sim->config, entry))) {
        kept_queue_end(webhooks->queue, entry->number);
    }
}

int webhooks_open(struct sim *sim, struct lfi_error *error)
{
    static const struct outbox_kind kind = {send_webhook, drop_webhook};
    const struct http_client_config plain = {.timeout_ms = SEND_MS, .reply_bytes = ANSWER_BYTES};
    struct http_client_config tls = plain;
    if (!sim->config->tpp_url) {
        return 0;
    }
    sim->webhooks = calloc(1, sizeof(*sim->webhooks));
    if (!sim->webhooks) {
        return error_set(error, "out of memory");
    }
    sim->webhooks->sim = sim;
    tls.ca_file = sim->config->webhook_ca;
    if (http_client_new(&sim->webhooks->tls, &tls, error) ||
        http_client_new(&sim->webhooks->plain, &plain, error)) {
        return -1;
    }
    sim->webhooks->outbox = outbox_new(&kind, sim->webhooks);
    if (!sim->webhooks->outbox) {
        return error_set(error, "out of memory");
    }
    return kept_queue_open(&sim->webhooks->queue, sim, "webhooks", error) ||
                   kept_queue_read(sim->webhooks->queue, resume, sim->webhooks, error)
               ? -1
               : 0;
}

int webhooks_start(struct sim *sim, struct lfi_error *error)
{
    return sim->webhooks && outbox_start(sim->webhooks->outbox)
               ? error_set(error, "no thread for webhooks")
               : 0;
}

void webhooks_close(struct sim *sim)
{
    if (sim->webhooks) {
        outbox_stop(sim->webhooks->outbox);
        kept_queue_close(sim->webhooks->queue);
        http_client_free(sim->webhooks->tls);
        http_client_free(sim->webhooks->plain);
        free(sim->webhooks);
        sim->webhooks = NULL;
    }
}
