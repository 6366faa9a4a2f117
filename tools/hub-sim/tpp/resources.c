#include "tpp/resources.h"

#include "base/limits.h"

int resource_refuse(struct tpp_call *call, const char *id, int status, const char *code,
                    const char *message)
{
    return refusal_set(call->base.base.refusal, id, status, code, message);
}

int resource_need_scope(struct tpp_call *call, const char *scope)
{
    return access_has_scope(call->access.scope, scope)
               ? 0
               : resource_refuse(call, "TPP-SCOPE", 403, "AccessToken.InvalidScope",
                                 "The access token does not have the scope.");
}

int resource_need_client(struct tpp_call *call)
{
    return tpp_switch(call, SWITCH_CONSENT_READ_TOKEN) == CONSENT_READ_BOTH ||
                   !call->access.consent_id.ptr
               ? 0
               : resource_refuse(call, "TPP-SCOPE", 403, "AccessToken.InvalidScope",
                                 "The access token must be of client_credentials.");
}

int resource_need_customer(struct tpp_call *call)
{
    return call->access.consent_id.ptr
               ? 0
               : resource_refuse(call, "TPP-SCOPE", 403, "AccessToken.InvalidScope",
                                 "The access token is not for a customer's consent.");
}

/* --- links ------------------------------------------------------------------------------------ */

/* The address of the call, with another page when it is not 0. */
static void add_link(cJSON *links, const char *name, const struct tpp_call *call, int64_t page)
{
    struct lfi_slice rest = call->base.base.request->query, pair;
    struct buf url;
    bool first = true;
    buf_init(&url, LIMIT_QUERY_BYTES * 2);
    buf_append_text(&url, call->base.sim->config->tpp_url);
    buf_append_slice(&url, call->full_path);
    while (slice_next(&rest, '&', &pair)) {
        if (pair.len > 0 && (page == 0 || !slice_starts_with(pair, "page="))) {
            buf_append_text(&url, first ? "?" : "&");
            buf_append_slice(&url, pair);
            first = false;
        }
    }
    if (page > 0) {
        buf_append_format(&url, "%spage=%lld", first ? "?" : "&", (long long)page);
    }
    buf_append(&url, "", 1);
    cJSON_AddStringToObject(links, name, url.failed ? "" : url.ptr);
    buf_free(&url);
}

cJSON *resource_add_self(cJSON *message, struct tpp_call *call)
{
    cJSON *links = cJSON_AddObjectToObject(message, "Links");
    add_link(links, "Self", call, 0);
    return links;
}

void resource_add_pages(cJSON *message, struct tpp_call *call, int64_t pages)
{
    struct call *base = &call->base.base;
    uint64_t number = 1;
    slice_to_u64(request_parameter(base->arena, base->request->query, "page", NULL), &number);
    int64_t page = (int64_t)number;
    cJSON *links = resource_add_self(message, call);
    if (pages > 1) {
        add_link(links, "First", call, 1);
        if (page > 1) {
            add_link(links, "Prev", call, page - 1);
        }
        if (page < pages) {
            add_link(links, "Next", call, page + 1);
        }
        add_link(links, "Last", call, pages);
    }
    cJSON_AddNumberToObject(cJSON_AddObjectToObject(message, "Meta"), "TotalPages", (double)pages);
}
