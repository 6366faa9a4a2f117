#include "psu/known_browser.h"

#include "base/id.h"
#include "base/limits.h"

#define PURPOSE "known-browser"
#define COOKIE_BYTES 1000

static const char *cookie_name(const struct psu *psu)
{
    return psu->secure ? "__Host-known" : "known";
}

/* Says of which login without naming it. */
static struct lfi_slice login_key(struct visit *visit, struct lfi_slice login)
{
    return actor_bind(visit_actor(visit),
                      state_key(visit->arena, PURPOSE, (struct lfi_slice){0}, login));
}

struct lfi_slice known_browser_find(struct visit *visit, struct lfi_slice login)
{
    struct lfi_slice value = request_cookie(visit->request, cookie_name(visit->psu));
    struct lfi_slice clear = value.ptr ? seal_open(visit->psu->seal, visit->arena, PURPOSE, value)
                                       : (struct lfi_slice){0};
    cJSON *tree = clear.ptr ? json_parse(clear) : NULL;
    struct lfi_slice name = {0};
    int64_t until_s = 0;
    if (json_get_int(tree, "until", &until_s) && clock_now_s(visit->psu->clock) < until_s &&
        slice_equal(json_get_string(tree, "login"), login_key(visit, login))) {
        name = arena_keep(visit->arena, json_get_string(tree, "name"));
    }
    cJSON_Delete(tree);
    return name;
}

void known_browser_keep(struct visit *visit, struct lfi_slice login)
{
    char name[ID_UUID_MAX];
    struct buf clear;
    struct buf cookie;
    struct json_writer w;
    if (!id_uuid4(name)) {
        return;
    }
    buf_init(&clear, COOKIE_BYTES);
    buf_init(&cookie, COOKIE_BYTES);
    json_begin(&w, &clear);
    json_open_object(&w, NULL);
    json_string(&w, "login", login_key(visit, login));
    json_text(&w, "name", name);
    json_int(&w, "until", clock_now_s(visit->psu->clock) + LIMIT_KNOWN_BROWSER_S);
    json_close_object(&w);
    buf_append_format(&cookie, "%s=", cookie_name(visit->psu));
    bool sealed =
        !clear.failed && seal_close(visit->psu->seal, PURPOSE, buf_slice(&clear), &cookie) == 0;
    buf_append_format(&cookie, "; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s",
                      LIMIT_KNOWN_BROWSER_S, visit->psu->secure ? "; Secure" : "");
    if (sealed && !cookie.failed) { /* else it stays unknown, which costs nothing but patience */
        reply_header(visit->reply, "Set-Cookie", buf_slice(&cookie));
    }
    buf_free(&clear);
    buf_free(&cookie);
}
