#include "tpp/access.h"

#include "base/json.h"
#include "sim.h"

#define ACCESS "hub-access"
#define REFRESH "hub-refresh"

static int close_as(const struct seal *seal, const char *purpose, const struct access *access,
                    struct buf *out)
{
    struct buf json;
    struct json_writer w;
    buf_init(&json, ACCESS_TOKEN_BYTES);
    json_begin(&w, &json);
    json_open_object(&w, NULL);
    json_text(&w, "hub", access->hub->config->provider_id);
    json_text(&w, "client", access->tpp->client_id);
    json_string(&w, "scope", access->scope);
    json_string_if_any(&w, "consent", access->consent_id);
    json_int(&w, "generation", access->generation);
    json_string_if_any(&w, "thumbprint", access->thumbprint);
    json_int(&w, "until", access->until_s);
    json_int(&w, "rotation", access->rotation);
    json_close_object(&w);
    int rc = json.failed ? -1 : seal_close(seal, purpose, buf_slice(&json), out);
    buf_free(&json);
    return rc != 0 || out->failed ? -1 : 0;
}

int access_close(const struct seal *seal, const struct access *access, struct buf *out)
{
    return close_as(seal, ACCESS, access, out);
}

int access_close_refresh(const struct seal *seal, const struct access *access, struct buf *out)
{
    return close_as(seal, REFRESH, access, out);
}

static bool open_as(const struct sim *sim, const struct seal *seal, struct arena *arena,
                    const char *purpose, struct lfi_slice token, struct access *out)
{
    struct lfi_slice clear = seal_open(seal, arena, purpose, token);
    cJSON *json = clear.ptr ? json_parse(clear) : NULL;
    if (!json) {
        return false;
    }
    *out = (struct access){
        .hub = sim_hub_of(sim, json_get_string(json, "hub")),
        .tpp = tpp_find(json_get_string(json, "client")),
        .scope = arena_keep(arena, json_get_string(json, "scope")),
        .consent_id = arena_keep(arena, json_get_string(json, "consent")),
        .thumbprint = arena_keep(arena, json_get_string(json, "thumbprint")),
    };
    bool whole = json_get_int(json, "generation", &out->generation) &&
                 json_get_int(json, "until", &out->until_s) &&
                 json_get_int(json, "rotation", &out->rotation);
    cJSON_Delete(json);
    return whole && out->hub && out->tpp && out->scope.ptr;
}

bool access_open(const struct sim *sim, const struct seal *seal, struct arena *arena,
                 struct lfi_slice token, struct access *out)
{
    return open_as(sim, seal, arena, ACCESS, token, out);
}

bool access_open_refresh(const struct sim *sim, const struct seal *seal, struct arena *arena,
                         struct lfi_slice token, struct access *out)
{
    return open_as(sim, seal, arena, REFRESH, token, out);
}

bool access_has_scope(struct lfi_slice scope, const char *name)
{
    struct lfi_slice one;
    while (slice_next(&scope, ' ', &one)) {
        if (slice_equal_text(one, name)) {
            return true;
        }
    }
    return false;
}
