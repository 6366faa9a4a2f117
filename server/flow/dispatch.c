#include "flow/dispatch.h"

#include "contract/version.h"

#include <errno.h>
#include <string.h>

#define ALLOW_MAX 64 /* bytes: all methods there are */

/* A provider's own APIs, or those of CAAP. */
static enum apis_choice choice_of(const struct call *call)
{
    if (!call->provider) {
        return APIS_EITHER;
    }
    return call->provider->caap ? APIS_CAAP : APIS_OWN;
}

void dispatch_find(struct call *call, const struct apis *apis)
{
    errno = 0; /* see dispatch_was_memory */
    call->apis = apis;
    apis_find(apis, choice_of(call), call->request->method, call->request->path, &call->found);
    if (call->found.found == CONTRACT_FOUND) {
        call->operation = call->found.contract.operation;
        call->row = call->found.row;
    }
}

static int refuse_path(struct call *call)
{
    return refusal_set(call->refusal, "ROUTE-PATH", 404, "GenericError", "No such resource.");
}

/* A refused method is told which would do (RFC 9110 15.5.6). */
static void add_allow(const struct call *call)
{
    struct buf methods;
    buf_init(&methods, ALLOW_MAX);
    apis_append_methods(call->apis, choice_of(call), call->request->path, &methods);
    reply_header(call->reply, "Allow", buf_slice(&methods));
    buf_free(&methods);
}

int dispatch_route(struct call *call)
{
    switch (call->found.found) {
    case CONTRACT_FOUND:
        return 0;
    case CONTRACT_NO_PATH:
        return refuse_path(call);
    case CONTRACT_NO_METHOD:
        break;
    }
    add_allow(call);
    return refusal_set(call->refusal, "ROUTE-METHOD", 405, "GenericError",
                       "The resource does not offer this method.");
}

static int refuse_version(struct call *call)
{
    uint32_t asked = call->version.asked;
    (void)refusal_set(call->refusal, "VERSION-SERVED", 400, "GenericError",
                      "The version is not served.");
    refusal_detail(call->refusal, "the request is for v%u.%u", asked >> 16, asked & 0xffff);
    return -1;
}

static struct call_version read_version(const struct call *call, const uint32_t *served)
{
    uint32_t asked = version_of_address(request_header(call->request, "o3-api-uri", NULL));
    uint32_t base = call->found.base_version;
    struct call_version version = {VERSION_FROM_URI, asked, 0};
    if (asked == 0) {
        version.from = base != 0 ? VERSION_FROM_BASE_PATH : VERSION_BY_DEFAULT;
        version.asked = base != 0 ? base : served[0];
    }
    version.used = version_resolve(served, version.asked);
    return version;
}

int dispatch_version(struct call *call, const uint32_t *served)
{
    struct api_match *found = &call->found;
    if (!served || !found->api->versioned) {
        return 0;
    }
    call->version = read_version(call, served);
    if (call->version.used == 0) {
        return refuse_version(call);
    }
    call->operation = contract_operation_in(found->contract.operation, call->version.used);
    if (!call->operation) {
        return refuse_path(call);
    }
    found->contract.operation = call->operation;
    call->row = flow_row_of(found->api->flow, call->operation);
    return 0;
}

int dispatch_check_request(struct call *call)
{
    struct contract_violation violation;
    const char *in = "";
    if (contract_check_request(&call->found.contract, call->request, &call->parameters, &in,
                               &violation) == 0) {
        return 0;
    }
    struct lfi_slice place = slice_of(in);
    if (slice_equal_text(place, "path") && strcmp(violation.rule, "enum") == 0) {
        return refuse_path(call);
    }
    bool query = slice_equal_text(place, "query") || slice_equal_text(place, "path");
    struct lfi_slice message = arena_format(call->arena,
                                            query ? "A %s parameter has an invalid format: %s: %s."
                                                  : "The %s is invalid: %s: %s.",
                                            in, violation.where, violation.message);
    (void)refusal_set(call->refusal, query ? "CONTRACT-PARAMETER" : "CONTRACT-REQUEST", 400,
                      query ? "Resource.InvalidFormat" : "Body.InvalidFormat",
                      message.ptr ? message.ptr : "The request is invalid.");
    refusal_detail(call->refusal, "%s %s: %s", in, violation.where, violation.rule);
    return -1;
}

bool dispatch_was_memory(struct call *call)
{
    struct refusal *refusal = call->refusal;
    if (refusal->status >= 500 || (errno != ENOMEM && !arena_is_exhausted(call->arena))) {
        return false;
    }
    const char *check = refusal->id;
    (void)refusal_set(refusal, "REQUEST-MEMORY", 500, "GenericRecoverableError",
                      "The bank cannot answer at the moment.");
    refusal_detail(refusal, "out of memory at %s", check);
    return true;
}

void dispatch_refuse(struct call *call)
{
    struct refusal *refusal = call->refusal;
    (void)dispatch_was_memory(call);
    const struct contract_operation *operation = call->operation;
    if (operation && refusal->status == 403 && !contract_response_names(operation, 403) &&
        contract_response_names(operation, 401)) {
        refusal->status = 401;
    }
    if (operation && !contract_response_has(operation, refusal->status, "errorCode")) {
        refusal->error_code = NULL;
    }
    reply_refusal(call->reply, refusal);
    if (operation && !contract_response_has_body(operation, refusal->status)) {
        buf_clear(&call->reply->body);
        call->reply->content_type = NULL;
    }
}

int dispatch_check_reply(struct call *call, bool transliterate, struct buf *cut,
                         struct contract_violation *violation)
{
    struct reply *reply = call->reply;
    bool records = reply->status == 200 && call->records.depth > 0;
    const struct contract_reply checked = {.status = reply->status,
                                           .content_type = slice_of(reply->content_type),
                                           .body = &reply->body,
                                           .records = records ? &call->records : NULL,
                                           .transliterate = transliterate,
                                           .cut = cut};
    return contract_check_reply(call->operation, &checked, &call->misfits, violation);
}
