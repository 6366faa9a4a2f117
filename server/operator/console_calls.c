/* What the console asks besides: a session, the last calls, providers, certificates. */
#include "base/array.h"
#include "base/datetime.h"
#include "base/file.h"
#include "base/limits.h"
#include "contract/version.h"
#include "contract_operator.h"
#include "flow/row.h"
#include "lfi_version.h"
#include "operator/call.h"
#include "operator/session.h"
#include "reference_files.h"
#include "rows_operator.h"

#define CALLS_SHOWN 200

/* --- session ---------------------------------------------------------------------------------- */

int operator_sign_in(struct call *call)
{
    const struct operator_call *op = operator_call_of(call);
    if (!operator_is_own_page(call->request)) {
        return operator_refuse(call, "LEVER-ORIGIN", 403,
                               "A session begins on the console's own page; programs send the "
                               "token as Bearer.");
    }
    if (!slice_equal_secret(json_get_string(op->body, "token"), op->token)) {
        return operator_refuse(call, "LEVER-TOKEN", 401, "This is not the operator's token.");
    }
    if (operator_session_begin(op->seal, call->request, op->now_s, call->reply) != 0) {
        return operator_refuse(call, "LEVER-FAILED", 500, "Out of memory.");
    }
    call->reply->status = 204;
    return 0;
}

int operator_sign_out(struct call *call)
{
    operator_session_end(call->request, call->reply);
    call->reply->status = 204;
    return 0;
}

/* --- calls ------------------------------------------------------------------------------------ */

static enum call_direction direction_of(struct lfi_slice word)
{
    if (!word.ptr) {
        return CALL_ANY;
    }
    return slice_equal_text(word, "to-hub") ? CALL_TO_HUB : CALL_FROM_HUB;
}

/* A number that the contract check has passed; absent: 0. */
static uint64_t number_of(struct lfi_slice digits)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits.len && number < UINT64_MAX / 10 - 1; i++) {
        number = number * 10 + (uint64_t)(digits.ptr[i] - '0');
    }
    return number;
}

int operator_list_calls(struct call *call)
{
    struct operator_call *op = operator_call_of(call);
    const struct contract_parameters *given = &call->parameters;
    const struct call_filter filter = {
        .after = number_of(contract_parameter(given, OPERATOR_AFTER)),
        .before = number_of(contract_parameter(given, OPERATOR_BEFORE)),
        .direction = direction_of(contract_parameter(given, OPERATOR_DIRECTION)),
        .refused = slice_equal_text(contract_parameter(given, OPERATOR_REFUSED), "true"),
        .provider = contract_parameter(given, OPERATOR_PROVIDER_ID),
        .consent = contract_parameter(given, OPERATOR_CONSENT_ID),
        .interaction = contract_parameter(given, OPERATOR_INTERACTION_ID)};
    call_log_render(op->config->calls, &filter, CALLS_SHOWN, &call->reply->body);
    call->reply->status = 200;
    op->level = LOG_DEBUG; /* the console asks all the time */
    return 0;
}

/* --- providers -------------------------------------------------------------------------------- */

/* NULL: it is offered. */
static const char *why_not_offered(const struct apis *apis, size_t number,
                                   const struct provider *provider)
{
    const struct flow_row *row = apis_row_at(apis, number);
    if (row->later) {
        return "later";
    }
    if (!apis_is_for(apis, number, provider)) {
        return "authorization";
    }
    if (flow_offers(row, provider)) {
        return NULL;
    }
    return row->select != 0 && provider->insurance && row->offered(provider) ? "sector" : "core";
}

static void append_operation(struct json_writer *w, const struct apis *apis, size_t number,
                             const struct provider *provider)
{
    struct buf path;
    const struct contract_operation *operation = apis_operation_at(apis, number);
    const struct flow_row *row = apis_row_at(apis, number);
    const char *why = why_not_offered(apis, number, provider);
    buf_init(&path, LIMIT_OPERATOR_BODY);
    apis_append_path(apis, contract_operation_id(operation), &path);
    json_open_object(w, NULL);
    json_text(w, "operation", contract_operation_id(operation));
    json_text(w, "method", contract_operation_method(operation));
    json_string(w, "path", buf_slice(&path));
    json_bool(w, "offered", !why);
    if (row->serves) {
        json_text(w, "needs", row->serves);
    }
    if (why) {
        json_text(w, "notOffered", why);
    }
    json_close_object(w);
    buf_free(&path);
}

static void append_versions(struct json_writer *w, const char *name, const uint32_t *versions)
{
    char text[VERSION_TEXT_MAX];
    json_open_array(w, name);
    for (; versions && *versions; versions++) {
        version_format(*versions, text);
        json_text(w, NULL, text);
    }
    json_close_array(w);
}

static void append_all_versions(struct json_writer *w, const struct offers *offers)
{
    static const enum contract_family families[] = {CONTRACT_DATA_SHARING, CONTRACT_PRODUCTS,
                                                    CONTRACT_OPEN_DATA, CONTRACT_SERVICE_INITIATION,
                                                    CONTRACT_INSURANCE};
    json_open_object(w, "versions");
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        append_versions(w, contract_family_names[families[i]], offers->versions[families[i]]);
    }
    json_close_object(w);
    append_versions(w, "closing", offers->closing);
}

/* In which forms the Hub is called. */
static void append_forms(struct json_writer *w, const struct offers *offers)
{
    static const char *const forms[] = {[HUB_FORM_2_1] = "v2.1", [HUB_FORM_2_2] = "v2.2"};
    json_text(w, "paymentLog", forms[offers->payment_log]);
    json_text(w, "quoteLog", forms[offers->quote_log]);
}

/* Names that a version of the standard does not take, since the start. */
static void append_names(struct json_writer *w, const struct operator_config *config, size_t index,
                         bool transliterate)
{
    static const struct {
        const char *name;
        enum metrics_misfit misfit;
    } members[] = {{"leftOut", METRICS_MISFIT_LEFT_OUT},
                   {"transliterated", METRICS_MISFIT_TRANSLITERATED},
                   {"refused", METRICS_MISFIT_REFUSED},
                   {"later", METRICS_MISFIT_LATER}};
    json_open_object(w, "unfitNames");
    json_text(w, "required", transliterate ? "transliterate" : "refuse");
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        json_int(w, members[i].name,
                 (int64_t)metrics_misfits_read(config->metrics, index, members[i].misfit));
    }
    json_close_object(w);
}

struct offered {
    struct json_writer *w;
    const struct operator_config *config;
    size_t provider;
};

static void append_offered(void *ctx, struct hub *hub, const struct offers *offers)
{
    const struct offered *offered = ctx;
    (void)hub;
    append_forms(offered->w, offers);
    append_names(offered->w, offered->config, offered->provider, offers->transliterate);
    append_all_versions(offered->w, offers);
}

/* What a reload changes of a provider. */
static void append_reloaded(struct json_writer *w, const struct operator_config *config,
                            size_t provider)
{
    struct offered offered = {w, config, provider};
    if (config->use_hub) {
        config->use_hub(config->use_hub_ctx, provider, append_offered, &offered);
    } else {
        append_offered(&offered, NULL, &provider_at(config->providers, provider)->offers);
    }
    if (config->append_callers) {
        config->append_callers(config->append_callers_ctx, provider, w);
    }
}

int operator_list_providers(struct call *call)
{
    struct json_writer w;
    const struct operator_config *config = operator_call_of(call)->config;
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_text(&w, "version", LFI_VERSION);
    json_open_array(&w, "providers");
    for (size_t i = 0; i < provider_count(config->providers); i++) {
        const struct provider *provider = provider_at(config->providers, i);
        json_open_object(&w, NULL);
        json_text(&w, "provider", provider->id);
        json_text(&w, "segment", provider->segment);
        json_text(&w, "authorization", provider->caap ? "caap" : "own");
        append_reloaded(&w, config, i);
        json_open_array(&w, "operations");
        for (size_t k = 0; k < apis_operation_count(config->apis); k++) {
            append_operation(&w, config->apis, k, provider);
        }
        json_close_array(&w);
        json_close_object(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
    call->reply->status = 200;
    return 0;
}

/* --- figures ---------------------------------------------------------------------------------- */

/* With what was counted until now. */
int operator_list_figures(struct call *call)
{
    struct lfi_error error = {""};
    struct operator_call *op = operator_call_of(call);
    struct figures *figures = op->config->figures;
    int status = LFI_OK;
    for (size_t i = 0; i < provider_count(op->config->providers) && status == LFI_OK; i++) {
        status = figures_keep(figures, i, true, &error);
    }
    if (status == LFI_OK) {
        status = figures_render(figures, op->now_s * 1000000, &call->reply->body, &error);
    }
    if (status != LFI_OK) {
        (void)operator_refuse(call, "LEVER-FAILED", 500, "The figures cannot be read.");
        refusal_detail(call->refusal, "%s", error.message);
        return -1;
    }
    op->level = LOG_DEBUG; /* the console asks all the time */
    call->reply->status = 200;
    return 0;
}

/* --- documents -------------------------------------------------------------------------------- */

static void append_document(struct json_writer *w, const struct embed_file *file)
{
    cJSON *document = json_parse((struct lfi_slice){(const char *)file->bytes, file->len});
    const cJSON *info = json_get(document, "info");
    json_open_object(w, NULL);
    json_text(w, "file", file->path);
    json_string(w, "title", json_get_string(info, "title"));
    json_string(w, "version", json_get_string(info, "version"));
    json_close_object(w);
    cJSON_Delete(document);
}

int operator_list_documents(struct call *call)
{
    struct json_writer w;
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_open_array(&w, "documents");
    for (size_t i = 0; i < reference_files.count; i++) {
        append_document(&w, &reference_files.files[i]);
    }
    json_close_array(&w);
    json_close_object(&w);
    call->reply->status = 200;
    return 0;
}

/* --- places ----------------------------------------------------------------------------------- */

/* What tools/run wrote, into `text`. */
static int read_file(struct call *call, const char *file, struct buf *text)
{
    struct lfi_error error = {""};
    buf_init(text, LIMIT_REPLY_BYTES);
    if (file_read(file, text, &error) == 0) {
        return 0;
    }
    (void)operator_refuse(call, "LEVER-FAILED", 500,
                          "A file of the demonstration is not readable.");
    refusal_detail(call->refusal, "%s", error.message);
    buf_free(text);
    return -1;
}

/* Read each time: it is asked for when a person opens the table. */
int operator_list_places(struct call *call)
{
    struct buf text = {0};
    struct buf *out = &call->reply->body;
    const char *file = operator_call_of(call)->config->places_file;
    if (file && read_file(call, file, &text) != 0) {
        return -1;
    }
    buf_append_text(out, "{\"places\":");
    buf_append_slice(out, file ? slice_trim(buf_slice(&text)) : SLICE("[]"));
    buf_append_text(out, "}");
    buf_free(&text);
    call->reply->status = 200;
    return 0;
}

int operator_read_demonstration(struct call *call)
{
    struct buf text;
    const char *file = operator_call_of(call)->config->demonstration_file;
    if (!file) {
        return operator_refuse(call, "LEVER-UNKNOWN", 404,
                               "This is no demonstration: adminListener.demonstration is not set.");
    }
    if (read_file(call, file, &text) != 0) {
        return -1;
    }
    buf_append_slice(&call->reply->body, slice_trim(buf_slice(&text)));
    buf_free(&text);
    call->reply->status = 200;
    return 0;
}

/* --- certificates ----------------------------------------------------------------------------- */

static void append_certificate(struct json_writer *w, const struct material_certificate *one,
                               time_t now)
{
    char ends[DATETIME_TEXT_MAX];
    (void)datetime_format_utc_ms((int64_t)one->not_after * 1000000, ends);
    json_open_object(w, NULL);
    json_text(w, "setting", one->setting);
    json_text(w, "subject", one->subject);
    json_string_if_any(w, "serial", slice_of(one->serial));
    json_text(w, "notAfter", ends);
    json_int(w, "daysLeft", material_days_left(one, now));
    json_close_object(w);
}

int operator_list_certificates(struct call *call)
{
    struct json_writer w;
    struct material material = {.count = 0};
    const struct operator_call *op = operator_call_of(call);
    struct readiness *readiness = atomic_load(op->config->readiness);
    if (readiness) {
        readiness_get_material(readiness, &material);
    }
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_open_array(&w, "certificates");
    for (size_t i = 0; i < material.count; i++) {
        append_certificate(&w, &material.certificates[i], (time_t)op->now_s);
    }
    json_close_array(&w);
    json_close_object(&w);
    call->reply->status = 200;
    return 0;
}
