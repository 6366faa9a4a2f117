#include "psu/known_browser.h"

#include "base/array.h"
#include "base/id.h"
#include "base/limits.h"
#include "psu/sealed_box.h"

#define PURPOSE "known-browser"
#define COOKIE_BYTES 1000

struct known {
    struct lfi_slice login; /* login_key() */
    struct lfi_slice name;  /* of the browser */
    int64_t until_s;
};

static const struct box_member members[] = {
    {"login", BOX_TEXT, offsetof(struct known, login), true},
    {"name", BOX_TEXT, offsetof(struct known, name), true},
    {"until", BOX_UNTIL, offsetof(struct known, until_s), true},
};

static const struct box_format format = {PURPOSE, members, ARRAY_LEN(members)};

static const char *cookie_name(const struct psu *psu)
{
    return psu->secure ? "__Host-known" : "known";
}

/* Says of which login without naming it. */
static struct lfi_slice login_key(struct actor actor, struct lfi_slice login)
{
    return actor_bind(actor, state_key(actor.arena, PURPOSE, (struct lfi_slice){0}, login));
}

struct lfi_slice known_browser_find(struct actor actor, const struct request *request,
                                    struct lfi_slice login)
{
    const struct psu *psu = actor.psu;
    struct lfi_slice cookie = request_cookie(request, cookie_name(psu));
    struct known known;
    bool is_known =
        cookie.ptr &&
        sealed_box_open(psu->seal, actor.arena, &format, cookie, clock_now_s(psu->clock), &known) &&
        slice_equal(known.login, login_key(actor, login));
    return is_known ? known.name : (struct lfi_slice){0};
}

void known_browser_keep(struct actor actor, struct lfi_slice login, struct reply *reply)
{
    char name[ID_UUID_MAX];
    struct buf cookie;
    if (!id_uuid4(name)) {
        return;
    }
    const struct known known = {.login = login_key(actor, login),
                                .name = slice_of(name),
                                .until_s = clock_now_s(actor.psu->clock) + LIMIT_KNOWN_BROWSER_S};
    buf_init(&cookie, COOKIE_BYTES);
    buf_append_format(&cookie, "%s=", cookie_name(actor.psu));
    bool sealed = sealed_box_close(actor.psu->seal, &format, &known, &cookie) == 0;
    buf_append_format(&cookie, "; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s",
                      LIMIT_KNOWN_BROWSER_S, actor.psu->secure ? "; Secure" : "");
    if (sealed && !cookie.failed) { /* else the browser stays unknown */
        reply_header(reply, "Set-Cookie", buf_slice(&cookie));
    }
    buf_free(&cookie);
}
