#include "tpp/body.h"

#include "base/limits.h"
#include "caller/token.h"
#include "contract_hub_tpp_messages.h"
#include "tpp/signed.h"
#include "versions.h"

#define SIGNED_PREFIX "JWS"
static const char *const ids[SIGNED_COUNT] = {SIGNED_FAULTS(SIGNED_ID)};

int body_init(struct lfi_error *error)
{
    return contract_init(&contract_hub_tpp_messages, error);
}

void body_fini(void)
{
    contract_fini(&contract_hub_tpp_messages);
}

static int refuse(struct tpp_call *call, enum signed_fault fault)
{
    const char *code = fault == SIGNED_FORM                               ? "JWS.Malformed"
                       : fault == SIGNED_KID || fault == SIGNED_SIGNATURE ? "JWS.InvalidSignature"
                       : fault >= SIGNED_ISS                              ? "JWS.InvalidClaim"
                                                                          : "JWS.InvalidHeader";
    return resource_refuse(call, ids[fault], 400, code, signed_fault_text(fault));
}

static bool is_media(const struct tpp_call *call, const char *name)
{
    struct lfi_slice header = request_header(call->base.base.request, "content-type", NULL);
    struct lfi_slice type;
    return slice_next(&header, ';', &type) && slice_equal_nocase(slice_trim(type), name);
}

/* How long it is good for is the TPP's business. */
static enum signed_fault check_claims(const struct tpp_call *call, const cJSON *claims)
{
    if (!slice_equal_text(json_get_string(claims, "iss"), call->tpp->client_id)) {
        return SIGNED_ISS;
    }
    if (!token_names_audience(json_get(claims, "aud"), call->base.hub->issuer)) {
        return SIGNED_AUD;
    }
    return signed_check_dates(call->base.sim, claims);
}

static int open_signed(struct tpp_call *call, cJSON **out)
{
    static const char *const typs[] = {"JWT", "JOSE", NULL};
    struct signed_text text;
    enum signed_fault fault =
        signed_read(call->base.base.arena, slice_trim(call->base.base.request->body),
                    LIMIT_BODY_BYTES, typs, &text);
    if (fault == SIGNED_GOOD) {
        fault = signed_verify(&text, call->side->keysets[call->tpp - tpps]);
    }
    if (fault == SIGNED_GOOD) {
        fault = check_claims(call, text.claims);
    }
    if (fault == SIGNED_GOOD) {
        *out = cJSON_DetachItemFromObjectCaseSensitive(text.claims, "message");
    }
    cJSON_Delete(text.claims);
    return fault == SIGNED_GOOD ? 0 : refuse(call, fault);
}

static int refuse_form(struct tpp_call *call, const char *where, const char *message)
{
    struct lfi_slice text = arena_format(call->base.base.arena, "%s: %s", where, message);
    return resource_refuse(call, "TPP-BODY", 400, "Body.InvalidFormat",
                           text.ptr ? text.ptr : message);
}

static int check_form(struct tpp_call *call, const char *schema, const cJSON *message)
{
    struct contract_violation violation;
    if (!message) {
        return refuse_form(call, "$.message", "is missing");
    }
    char *text = cJSON_PrintUnformatted(message);
    int rc = text ? contract_check_json(
                        schema_in_version(&contract_hub_tpp_messages, schema, tpp_version(call)),
                        slice_of(text), &violation)
                  : 0;
    cJSON_free(text);
    return rc == 0 ? 0 : refuse_form(call, violation.where, violation.message);
}

/* The headers, but for the type of the body that was signed. */
static const struct header *headers_of_json(const struct request *request)
{
    struct header *headers = arena_alloc(request->arena, request->header_count * sizeof(*headers));
    for (size_t i = 0; headers && i < request->header_count; i++) {
        headers[i] = request->headers[i];
        if (slice_equal_nocase(headers[i].name, "content-type")) {
            headers[i].value = SLICE("application/json");
        }
    }
    return headers;
}

static int replace_body(struct tpp_call *call, const cJSON *message)
{
    struct call *base = &call->base.base;
    char *text = message ? cJSON_PrintUnformatted(message) : NULL;
    call->opened = *base->request;
    call->opened.body = text ? arena_keep(base->arena, slice_of(text)) : (struct lfi_slice){0};
    call->opened.headers = headers_of_json(base->request);
    cJSON_free(text);
    if (!message) {
        return refuse_form(call, "$.message", "is missing");
    }
    if (!call->opened.body.ptr || !call->opened.headers) {
        return resource_refuse(call, "TPP-BODY", 500, "GenericError", "out of memory");
    }
    base->request = &call->opened;
    call->signed_body = true;
    return 0;
}

int body_open(struct tpp_call *call)
{
    struct call *base = &call->base.base;
    cJSON *message = NULL;
    if (!contract_operation_takes_json(base->operation) || is_media(call, "application/json")) {
        return 0;
    }
    if (!is_media(call, "application/jwt")) {
        return resource_refuse(call, "TPP-MEDIA", 415, NULL,
                               "The body must be application/json or application/jwt.");
    }
    int rc = open_signed(call, &message) == 0 ? replace_body(call, message) : -1;
    cJSON_Delete(message);
    return rc;
}

/* What body_open has read. */
static int take_message(struct tpp_call *call, bool plain, cJSON **out)
{
    if (!plain && !call->signed_body) {
        return resource_refuse(call, "TPP-MEDIA", 415, NULL, "The body must be application/jwt.");
    }
    *out = json_parse(call->base.base.request->body);
    return *out ? 0 : refuse_form(call, "$", "not JSON");
}

int body_read(struct tpp_call *call, const char *schema, bool plain, cJSON **out)
{
    int rc = 0;
    *out = NULL;
    if (!schema) {
        return take_message(call, plain, out);
    }
    if (is_media(call, "application/jwt")) {
        rc = open_signed(call, out);
    } else if (plain && is_media(call, "application/json")) {
        *out = json_parse(call->base.base.request->body);
        rc = *out ? 0 : refuse_form(call, "$", "not JSON");
    } else {
        rc = resource_refuse(call, "TPP-MEDIA", 415, NULL, "The body must be application/jwt.");
    }
    if (rc == 0) {
        rc = check_form(call, schema, *out);
    }
    if (rc != 0) {
        cJSON_Delete(*out);
        *out = NULL;
    }
    return rc;
}
