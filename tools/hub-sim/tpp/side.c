#include "tpp/side.h"

#include "about.h"
#include "base/array.h"
#include "base/id.h"
#include "base/limits.h"
#include "flow/dispatch.h"
#include "flow/flow.h"
#include "rows_hub_account_information.h"
#include "rows_hub_account_opening.h"
#include "rows_hub_atm_directory.h"
#include "rows_hub_authorization.h"
#include "rows_hub_discovery.h"
#include "rows_hub_fx_quotes.h"
#include "rows_hub_insurance.h"
#include "rows_hub_payee_confirmation.h"
#include "rows_hub_payment_initiation.h"
#include "rows_hub_product_catalogue.h"
#include "rows_hub_tpp_registration.h"
#include "rows_hub_utilities.h"
#include "tpp/body.h"
#include "tpp/call.h"
#include "tpp/client.h"
#include "tpp/request_object.h"
#include "versions.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SHORT_RESOURCES 4
#define KEY_BYTES 32
#define KEY_FILE "tokens.key"

/* --- opening ---------------------------------------------------------------------------------- */

#define FAMILY(document, name)                                                                     \
    {.flow = &flow_hub_##document, .base_path = "/open-finance/" name "/v2.1"},                    \
    {                                                                                              \
        .flow = &flow_hub_##document, .base_path = "/open-finance/" name "/v2.2"                   \
    }

static int open_apis(struct tpp_side *side, struct lfi_error *error)
{
    static const struct api issuer[] = {{.flow = &flow_hub_discovery}};
    static const struct api authorization[] = {{.flow = &flow_hub_authorization}};
    static const struct api resources[] = {
        FAMILY(account_information, "account-information"),
        FAMILY(product_catalogue, "product"),
        FAMILY(atm_directory, "atm"),
        FAMILY(fx_quotes, "fx"),
        FAMILY(account_opening, "account-opening"),
        FAMILY(insurance, "insurance"),
        FAMILY(payee_confirmation, "confirmation-of-payee"),
        FAMILY(payment_initiation, "payment"),
        {.flow = &flow_hub_tpp_registration},
        {.flow = &flow_hub_utilities},
        {.flow = &flow_hub_tpp_registration, .base_path = "/open-finance/onboarding/v2.1"},
        /* of older guides, the last SHORT_RESOURCES */
        {.flow = &flow_hub_account_information, .base_path = "/open-finance/v2.1"},
        {.flow = &flow_hub_payment_initiation, .base_path = "/open-finance/v2.1"},
        {.flow = &flow_hub_payment_initiation,
         .base_path = "/open-finance/service-initiation/v2.1"},
        {.flow = &flow_hub_payment_initiation,
         .base_path = "/open-finance/bank-service-initiation/v2.1"}};
    return apis_new(&side->apis[TPP_ISSUER], issuer, 1, error) ||
                   apis_new(&side->apis[TPP_AUTHORIZATION], authorization, 1, error) ||
                   apis_new(&side->apis[TPP_RESOURCES], resources,
                            ARRAY_LEN(resources) - SHORT_RESOURCES, error) ||
                   apis_new(&side->short_resources, resources, ARRAY_LEN(resources), error)
               ? -1
               : 0;
}

/* A key of its own, made once and kept beside the consents; without a folder for this run only. */
static int read_key(const struct sim *sim, unsigned char key[KEY_BYTES], struct lfi_error *error)
{
    const char *folder = sim->config->state_folder;
    char path[512];
    if (!folder) {
        return id_random(key, KEY_BYTES) ? 0 : error_set(error, "no random numbers");
    }
    (void)snprintf(path, sizeof(path), "%s/" KEY_FILE, folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t got = read(fd, key, KEY_BYTES);
        (void)close(fd);
        return got == KEY_BYTES ? 0 : error_set(error, "%s: not a key", path);
    }
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool made = fd >= 0 && id_random(key, KEY_BYTES) && write(fd, key, KEY_BYTES) == KEY_BYTES;
    if (fd >= 0) {
        (void)close(fd);
    }
    return made ? 0 : error_set(error, "%s: cannot be written", path);
}

static int open_seal(struct tpp_side *side, struct lfi_error *error)
{
    unsigned char key[KEY_BYTES];
    if (read_key(side->sim, key, error) != 0) {
        return -1;
    }
    return seal_new(&side->keys.seal, (struct lfi_slice){(const char *)key, sizeof(key)},
                    (struct lfi_slice){NULL, 0}, error);
}

/* As they are published, below the bank's organisation. */
static int open_hub_keys(struct tpp_side *side, struct lfi_error *error)
{
    struct buf jwks;
    buf_init(&jwks, LIMIT_JWKS_BYTES);
    int rc = directory_append_keys(side->sim->directory, slice_of(side->sim->config->bank_ou),
                                   SLICE(""), &jwks)
                 ? jose_keyset_parse(&side->keys.hubs, buf_slice(&jwks), JOSE_PS256, error)
                 : error_set(error, "the directory has no keys of the Hubs");
    buf_free(&jwks);
    return rc;
}

/* What each TPP signs with, as the directory publishes it. */
static int open_tpp(struct tpp_side *side, const struct config_tpp *config, struct lfi_error *error)
{
    const struct tpp *tpp = tpp_of_slug(slice_of(config->slug));
    struct buf keys;
    buf_init(&keys, LIMIT_JWKS_BYTES);
    int rc = -1;
    if (directory_append_keys(side->sim->directory, slice_of(tpp->software_id), SLICE(""), &keys)) {
        side->registered[tpp - tpps] = config;
        rc = jose_keyset_parse(&side->keysets[tpp - tpps], buf_slice(&keys), JOSE_PS256, error);
    } else {
        error_set(error, "the directory has no keys of %s", config->slug);
    }
    buf_free(&keys);
    return rc;
}

static int check_config(const struct sim *sim, struct lfi_error *error)
{
    if (!sim->config->keystore_url) {
        return error_set(error, "tppListener needs keystore.url");
    }
    for (size_t i = 0; i < sim->hub_count; i++) {
        if (!sim->hubs[i].responses) {
            return error_set(error, "tppListener needs a responseKey of the Hub %s",
                             sim->hubs[i].config->provider_id);
        }
    }
    return 0;
}

static int fill(struct tpp_side *side, struct lfi_error *error)
{
    const struct sim_config *config = side->sim->config;
    if (check_config(side->sim, error) || open_apis(side, error) || open_seal(side, error) ||
        open_hub_keys(side, error) ||
        used_open(&side->used, side->sim->store, side->sim->clock, error)) {
        return -1;
    }
    for (size_t i = 0; i < config->tpp_count; i++) {
        if (open_tpp(side, &config->tpps[i], error)) {
            return -1;
        }
    }
    return 0;
}

int tpp_side_open(struct tpp_side **out, struct sim *sim, struct lfi_error *error)
{
    *out = NULL;
    if (!sim->config->tpp.address) {
        return 0;
    }
    struct tpp_side *side = calloc(1, sizeof(*side));
    if (!side) {
        return error_set(error, "out of memory");
    }
    side->sim = sim;
    side->keys.sim = sim;
    if (request_object_init(error) != 0) {
        free(side);
        return -1;
    }
    if (body_init(error) != 0) {
        request_object_fini();
        free(side);
        return -1;
    }
    if (fill(side, error) != 0) {
        tpp_side_close(side);
        return -1;
    }
    *out = side;
    return 0;
}

void tpp_side_close(struct tpp_side *side)
{
    if (!side) {
        return;
    }
    for (size_t i = 0; i < TPP_PARTS; i++) {
        apis_free(side->apis[i]);
    }
    used_close(side->used);
    for (size_t i = 0; i < SIM_TPPS; i++) {
        jose_keyset_free(side->keysets[i]);
    }
    seal_free(side->keys.seal);
    jose_keyset_free(side->keys.hubs);
    apis_free(side->short_resources);
    request_object_fini();
    body_fini();
    free(side);
}

/* --- a call ----------------------------------------------------------------------------------- */

/* "/PART.PROVIDER.apihub/rest": the part of a Hub, and the rest. False: there is none. */
static bool split_path(const struct sim *sim, struct lfi_slice *path, enum tpp_part *part,
                       const struct sim_hub **hub)
{
    struct lfi_slice rest = *path, empty, first, name, provider, suffix;
    if (!slice_next(&rest, '/', &empty) || empty.len > 0 || !slice_next(&rest, '/', &first) ||
        !rest.ptr || !slice_next(&first, '.', &name) || !slice_next(&first, '.', &provider) ||
        !slice_next(&first, '.', &suffix) || !slice_equal_text(suffix, "apihub") || first.ptr) {
        return false;
    }
    *path = (struct lfi_slice){rest.ptr - 1, rest.len + 1};
    *hub = sim_hub_of(sim, provider);
    for (*part = TPP_ISSUER; *part < TPP_PARTS; ++*part) {
        if (slice_equal_text(name, tpp_part_names[*part])) {
            return *hub;
        }
    }
    return false;
}

/* Echoed; what is missing or no UUIDv4 is replaced. */
static struct lfi_slice read_interaction_id(const struct request *request, bool *given)
{
    struct lfi_slice id = request_header(request, "x-fapi-interaction-id", NULL);
    char fresh[ID_UUID_MAX] = "";
    *given = id.len == ID_UUID_MAX - 1 && id.ptr[8] == '-' && id.ptr[14] == '4' &&
             strspn(id.ptr, "0123456789abcdefABCDEF-") >= id.len;
    if (*given) {
        return id;
    }
    return id_uuid4(fresh) ? arena_keep(request->arena, slice_of(fresh))
                           : (struct lfi_slice){NULL, 0};
}

static void run(struct tpp_call *call, enum tpp_part part)
{
    static void (*const runs[TPP_PARTS])(struct tpp_call * call) = {
        tpp_run_issuer, tpp_run_authorization, tpp_run_resources};
    struct call *base = &call->base.base;
    (void)client_read_certificate(call);
    bool guides = part == TPP_RESOURCES && tpp_switch(call, SWITCH_SHORT_PATHS);
    dispatch_find(base, guides ? call->side->short_resources : call->side->apis[part]);
    runs[part](call);
    if (call->interaction_id.ptr) {
        reply_header(base->reply, "x-fapi-interaction-id", call->interaction_id);
    }
    if (base->operation) {
        sim_check_reply(&call->base);
    }
    if (call->as_jwt && base->reply->body.len > 0) {
        tpp_sign_reply(call);
    }
}

/* What a fault of payments hits. */
static bool makes_payment(const struct request *request)
{
    static const char *const paths[] = {
        "/open-finance/payment/v2.1/payments", "/open-finance/payment/v2.1/file-payments",
        "/open-finance/payment/v2.2/payments", "/open-finance/payment/v2.2/file-payments"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        if (slice_equal_text(request->path, paths[i])) {
            return slice_equal_text(request->method, "POST");
        }
    }
    return false;
}

void tpp_side_handle(void *ctx, const struct request *request, struct reply *reply)
{
    struct tpp_side *side = ctx;
    struct request inner = *request; /* its path is the part's own */
    struct refusal refusal = {0};
    const struct sim_hub *hub = NULL;
    enum tpp_part part = TPP_ISSUER;
    bank_clock_follow(side->sim->bank_clock);
    if (!split_path(side->sim, &inner.path, &part, &hub)) {
        static const struct about about = {
            "The Hubs as TPPs call them: issuer, authorization server, resource server",
            "/auth1.{provider}.apihub/.well-known/openid-configuration"};
        about_answer(side->sim, &about, request, reply);
        return;
    }
    struct tpp_call call = {.base = {.base = {.request = &inner,
                                              .arena = request->arena,
                                              .reply = reply,
                                              .refusal = &refusal},
                                     .sim = side->sim,
                                     .hub = hub},
                            .side = side,
                            .full_path = request->path};
    call.interaction_id = read_interaction_id(request, &call.named_itself);
    if (!makes_payment(&inner) || !faults_apply(side->sim->faults, FAULT_PAYMENTS, reply)) {
        run(&call, part);
    }
    char version[VERSION_TEXT_MAX], consent_version[VERSION_TEXT_MAX];
    version_format(call.base.base.found.base_version, version);
    version_format(call.consent_version, consent_version);
    LOG_EVENT(side->sim->log, LOG_INFO, "tpp-call",
              LOG_TEXT("provider", slice_of(hub->config->provider_id)),
              LOG_TEXT("part", slice_of(tpp_part_names[part])),
              LOG_TEXT("interactionId", call.interaction_id), LOG_TEXT("method", inner.method),
              LOG_TEXT("path", inner.path), LOG_TEXT("version", slice_of(version)),
              LOG_TEXT("consentVersion", slice_of(consent_version)),
              LOG_TEXT("client", slice_of(call.tpp ? call.tpp->client_id : NULL)),
              LOG_NUMBER("status", reply->status), LOG_TEXT("refused", slice_of(refusal.id)),
              LOG_TEXT("reason", slice_of(refusal.id ? refusal.error_message : NULL)));
}
