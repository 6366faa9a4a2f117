#include "tpp_app/flow_record.h"

#include "base/array.h"
#include "tpps.h"
#include "versions.h"

#include <stddef.h>
#include <stdio.h>

#define TEXT(member)                                                                               \
    {                                                                                              \
#member, offsetof(struct flow, member), sizeof(((struct flow *)NULL)->member)              \
    }

/* The Hub's key set is fetched anew, and so is the TPP's own token. */
static const struct text {
    const char *name;
    size_t offset, room;
} texts[] = {TEXT(browser),  TEXT(state),     TEXT(nonce),    TEXT(consent_id),
             TEXT(verifier), TEXT(scope),     TEXT(issuer),   TEXT(authorize_url),
             TEXT(par_url),  TEXT(token_url), TEXT(jwks_uri), TEXT(resources),
             TEXT(access),   TEXT(refresh),   TEXT(error),    TEXT(description)};

cJSON *flow_record_write(const struct flow *flow)
{
    char version[VERSION_TEXT_MAX];
    cJSON *record = cJSON_CreateObject();
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        cJSON_AddStringToObject(record, texts[i].name, (const char *)flow + texts[i].offset);
    }
    cJSON_AddStringToObject(record, "hub", flow->hub->config->provider_id);
    cJSON_AddStringToObject(record, "tpp", flow->tpp->slug);
    version_format(flow->version, version);
    cJSON_AddStringToObject(record, "version", version);
    cJSON_AddNumberToObject(record, "askedS", (double)flow->asked_s);
    cJSON_AddBoolToObject(record, "pays", flow->pays);
    cJSON_AddBoolToObject(record, "arrived", flow->arrived);
    return record;
}

bool flow_record_read(const struct sim *sim, const cJSON *record, struct flow *out)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct lfi_slice text = json_get_string(record, texts[i].name);
        if (!text.ptr || text.len >= texts[i].room) {
            return false;
        }
        (void)snprintf((char *)out + texts[i].offset, texts[i].room, "%.*s", SLICE_ARG(text));
    }
    out->hub = sim_hub_of(sim, json_get_string(record, "hub"));
    out->tpp = tpp_of_slug(json_get_string(record, "tpp"));
    out->version = version_read(json_get_string(record, "version"));
    if (out->version == 0) {
        out->version = VERSION_FIRST; /* of a simulator that knew one version */
    }
    out->pays = json_get_bool(record, "pays", false);
    out->arrived = json_get_bool(record, "arrived", false);
    return json_get_int(record, "askedS", &out->asked_s) && out->hub && out->tpp && out->state[0] &&
           out->browser[0];
}
